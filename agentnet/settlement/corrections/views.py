"""Asking for corrections from a receipt, paying refunds out, and the list of what was put right.

What is asked for is shown once more on a page of its own before it goes to a second person.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.collecting.actions import reverse_collection
from agentnet.collecting.queries import echo_of, household_by_no
from agentnet.collecting.rules import CASH
from agentnet.core.errors import Refusal
from agentnet.core.ids import parse_id
from agentnet.infra.forms import HouseForm, show_refusal
from agentnet.infra.i18n import money_text, refusal_text
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.queries import outlet_for
from agentnet.settlement.corrections import queries
from agentnet.settlement.corrections.actions import pay_refund
from agentnet.settlement.corrections.forms import (
    AdjustForm,
    MoveForm,
    PayBankForm,
    PayCashForm,
    RefundForm,
    ReverseForm,
)
from agentnet.settlement.corrections.queries import Corrected
from agentnet.settlement.corrections.requests import (
    left_to_correct,
    request_adjustment,
    request_move,
    request_refund,
)
from agentnet.settlement.corrections.rules import (
    BY_BANK,
    BY_CASH,
    NewAdjustment,
    NewMove,
    NewRefund,
    require_adjustment,
    require_another_household,
    require_refund,
)
from agentnet.settlement.corrections.words import ADJUSTMENT_WORDS, KINDS, PAY_BY, REVERSALS
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]


def _receipt(receipt_no: str) -> Response:
    return redirect(url_for("collecting.receipt", receipt_no=receipt_no), 303)


def _correctable(receipt_no: str) -> Corrected:
    return queries.correctable(viewer(), receipt_no, Permission.CORRECTION_REQUEST)


def _refused(form: HouseForm, refusal: Refusal, page: Callable[[], str]) -> Answer:
    """Show a refusal on the form it can be put right on."""
    show_refusal(form, refusal)
    return page(), refusal.status


def _not_now(receipt_no: str, refusal: Refusal) -> Response:
    """Go back to the receipt, which shows what became of it, with the reason."""
    tell(refusal_text(refusal), careful=True)
    return _receipt(receipt_no)


@needs(Permission.CORRECTION_REQUEST)
def refund(receipt_no: str) -> Answer:
    """Ask how much is given back; posted, show it once more before it goes to finance."""
    found = _correctable(receipt_no)
    try:
        standing = left_to_correct(found)
    except Refusal as refusal:
        return _not_now(receipt_no, refusal)
    form = _refund_form(found)
    if request.method == "GET":
        form.amount.data = standing.total_fen
        form.pay_by.data = form.pay_by.choices[0].value
        return _refund_page(form, found)
    if not form.validate():
        return _refund_page(form, found), 422
    try:
        require_refund(form.amount.data or 0, standing, found.collection.tender, form.pay_by.data)
    except Refusal as refusal:
        return _refused(form, refusal, lambda: _refund_page(form, found))
    return render_template("corrections/refund_check.html", form=form, found=found, pay_by=PAY_BY)


def _refund_form(found: Corrected) -> RefundForm:
    form = RefundForm()
    ways = (BY_CASH, BY_BANK) if found.collection.tender == CASH else (BY_BANK,)
    form.pay_by.offer([(way, _(PAY_BY[way])) for way in ways])
    return form


def _refund_page(form: RefundForm, found: Corrected) -> str:
    left_fen = found.standing.total_fen if found.standing else 0
    return render_template("corrections/refund.html", form=form, found=found, left_fen=left_fen)


@needs(Permission.CORRECTION_REQUEST)
def refund_record(receipt_no: str) -> Answer:
    """Hand the refund to finance; the same page sent twice is one request."""
    found = _correctable(receipt_no)
    form = _refund_form(found)
    if not form.validate():
        return _refund_page(form, found), 422
    new = NewRefund(UUID(str(form.id.data)), receipt_no, form.amount.data or 0, form.pay_by.data, str(form.reason.data))
    try:
        request_refund(new, viewer())
    except Refusal as refusal:
        return _refused(form, refusal, lambda: _refund_page(form, found))
    tell(_("退费 %(amount)s 已提出，等财务审批", amount=money_text(new.amount_fen)))
    return _receipt(receipt_no)


@needs(Permission.CORRECTION_REQUEST)
def move(receipt_no: str) -> Answer:
    """Ask for the right household; posted, echo it like at the counter before the request goes to a second person."""
    found = _correctable(receipt_no)
    try:
        standing = left_to_correct(found)
    except Refusal as refusal:
        return _not_now(receipt_no, refusal)
    form = MoveForm()
    if request.method == "GET":
        return _move_page(form, found)
    if not form.validate():
        return _move_page(form, found), 422
    try:
        household = household_by_no(str(form.household_no.data))
        require_another_household(standing.household_id, household.id)
    except Refusal as refusal:
        return _refused(form, refusal, lambda: _move_page(form, found))
    echo = echo_of(household)
    due_fen = sum(bill.total_fen for bill in echo.bills)
    return render_template(
        "corrections/move_check.html", form=form, found=found, echo=echo, due_fen=due_fen, left_fen=standing.total_fen
    )


def _move_page(form: MoveForm, found: Corrected) -> str:
    left_fen = found.standing.total_fen if found.standing else 0
    return render_template("corrections/move.html", form=form, found=found, left_fen=left_fen)


@needs(Permission.CORRECTION_REQUEST)
def move_record(receipt_no: str) -> Answer:
    """Hand the correction to a second person; the same page sent twice is one request."""
    found = _correctable(receipt_no)
    form = MoveForm()
    if not form.validate():
        return _move_page(form, found), 422
    new = NewMove(UUID(str(form.id.data)), receipt_no, str(form.household_no.data), str(form.reason.data))
    try:
        request_move(new, viewer())
    except Refusal as refusal:
        return _refused(form, refusal, lambda: _move_page(form, found))
    tell(_("更正户号已提出，等主管或财务审批"))
    return _receipt(receipt_no)


@needs(Permission.COLLECTION_REVERSE)
def reverse(receipt_no: str) -> Answer:
    """Ask what failed, then undo the collection."""
    found = queries.correctable(viewer(), receipt_no, Permission.COLLECTION_REVERSE)
    form = ReverseForm()
    form.reason_code.offer([(code, _(words)) for code, words in REVERSALS.items()])
    if request.method == "GET":
        return render_template("corrections/reverse.html", form=form, found=found)
    if not form.validate():
        return render_template("corrections/reverse.html", form=form, found=found), 422
    id_, code, note = UUID(str(form.id.data)), form.reason_code.data, str(form.reason.data)
    try:
        reverse_collection(found.collection.id, id_, code, note, viewer())
    except Refusal as refusal:
        return _refused(form, refusal, lambda: render_template("corrections/reverse.html", form=form, found=found))
    tell(_("已冲正 %(amount)s", amount=money_text(found.collection.amount_fen)), careful=True)
    return _receipt(receipt_no)


@needs(Permission.REFUND_PAY_CASH)
def pay_cash(id_: str) -> Answer:
    """Show the refund once more, then take it out of the drawer."""
    return _pay(id_, PayCashForm(), Permission.REFUND_PAY_CASH)


@needs(Permission.REFUND_PAY_BANK)
def pay_bank(id_: str) -> Answer:
    """Ask for the bank's number of the payment, then book it."""
    return _pay(id_, PayBankForm(), Permission.REFUND_PAY_BANK)


def _pay(id_: str, form: Any, permission: Permission) -> Answer:
    found = queries.payable(viewer(), parse_id(id_), permission)

    def page() -> str:
        return render_template("corrections/pay.html", form=form, found=found, pay_by=PAY_BY)

    if request.method == "GET":
        return _receipt(found.receipt_no) if found.paid else page()
    if not form.validate():
        return page(), 422
    reference = None if permission is Permission.REFUND_PAY_CASH else str(form.reference.data)
    try:
        pay_refund(found.correction.id, UUID(str(form.id.data)), reference, viewer())
    except Refusal as refusal:
        return _refused(form, refusal, page)
    tell(_("已记下退给客户 %(amount)s", amount=money_text(found.correction.amount_fen)))
    return _receipt(found.receipt_no)


@needs(Permission.SETTLEMENT_READ)
def corrections() -> str:
    """List what was put right in the territory, newest first; refunds that wait to be paid out are one filter away."""
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    code = typed_text(request.args, "outlet", 32)
    unpaid = request.args.get("only") == "unpaid"
    return render_template(
        "corrections/list.html",
        page=queries.corrections_page(viewer(), request.args, kind, code, unpaid),
        kinds=KINDS,
        pay_by=PAY_BY,
        adjustments=ADJUSTMENT_WORDS,
        kind=kind,
        code=code,
        unpaid=unpaid,
        may_adjust=may(viewer(), Permission.ADJUSTMENT_REQUEST),
        may_pay={
            BY_CASH: may(viewer(), Permission.REFUND_PAY_CASH),
            BY_BANK: may(viewer(), Permission.REFUND_PAY_BANK),
        },
    )


def _adjust_form() -> AdjustForm:
    form = AdjustForm()
    form.adjustment.offer([("", _("请选择")), *((code, _(words)) for code, words in ADJUSTMENT_WORDS.items())])
    return form


@needs(Permission.ADJUSTMENT_REQUEST)
def adjust() -> Answer:
    """Ask what is to be adjusted; posted, show it once more before it goes to a second person of finance."""
    form = _adjust_form()
    if request.method == "GET":
        form.outlet.data = typed_text(request.args, "outlet", 32)
        return render_template("corrections/adjust.html", form=form)
    if not form.validate():
        return render_template("corrections/adjust.html", form=form), 422
    try:
        outlet = outlet_for(viewer(), str(form.outlet.data).upper(), Permission.ADJUSTMENT_REQUEST)
        kind = require_adjustment(form.adjustment.data, form.amount.data or 0)
    except Refusal as refusal:
        return _adjust_refused(form, refusal)
    return render_template("corrections/adjust_check.html", form=form, outlet=outlet, kind=kind)


@needs(Permission.ADJUSTMENT_REQUEST)
def adjust_record() -> Answer:
    """Hand the adjustment to a second person; the same page sent twice is one request."""
    form = _adjust_form()
    if not form.validate():
        return render_template("corrections/adjust.html", form=form), 422
    new = NewAdjustment(
        UUID(str(form.id.data)),
        str(form.outlet.data).upper(),
        form.adjustment.data,
        form.amount.data or 0,
        str(form.reason.data),
    )
    try:
        request_adjustment(new, viewer())
    except Refusal as refusal:
        return _adjust_refused(form, refusal)
    tell(_("调整 %(amount)s 已提出，等另一位财务审批", amount=money_text(new.amount_fen)))
    return redirect(url_for("approvals.approval", id_=new.id), 303)


def _adjust_refused(form: AdjustForm, refusal: Refusal) -> Answer:
    show_refusal(form, refusal, {"outlet_missing": "outlet"})
    return render_template("corrections/adjust.html", form=form), refusal.status
