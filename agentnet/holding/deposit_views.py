"""What an outlet left with the utility: its guarantee deposit and its float, what came in and what went back.

Each move is shown on a page of its own before it is made; what goes back waits for a second person of finance.
"""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.core.clock import today
from agentnet.core.errors import Missing, Refusal
from agentnet.holding import queries
from agentnet.holding.deposit_actions import receive_deposit
from agentnet.holding.forms import DepositForm, PayBackForm
from agentnet.holding.models import DepositMove, FloatPayBack
from agentnet.holding.pay_back_actions import judge_pay_back, request_pay_back
from agentnet.holding.rules import DepositKind, NewDeposit, NewPayBack, PayBackOf, require_deposit
from agentnet.holding.words import DEPOSIT_KINDS, HELD_NAMES, PAY_BACKS
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import money_text
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.outlets.rules import State
from agentnet.settlement.slips import require_fresh_slip
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]


@needs(Permission.SETTLEMENT_READ)
def deposit(code: str) -> str:
    """Show what an outlet has with the utility, and what came in and went back."""
    outlet = outlet_for(viewer(), code, Permission.SETTLEMENT_READ)
    moves, float_backs = queries.deposit_moves(outlet.id), queries.float_pay_backs(outlet.id)
    recorded: list[DepositMove | FloatPayBack] = [*moves, *float_backs]
    people = [id_ for row in recorded for id_ in (row.user_id, row.approved_by_id)]
    return render_template(
        "holding/deposit.html",
        outlet=outlet,
        held={of: queries.held_of(outlet.id, of) for of in PayBackOf},
        held_names=HELD_NAMES,
        pay_backs=PAY_BACKS,
        waiting=queries.pay_backs_waiting(outlet.id),
        moves=moves,
        float_backs=float_backs,
        people=queries.names_of(people),
        kinds=DEPOSIT_KINDS,
        may_edit=may(viewer(), Permission.DEPOSIT_EDIT),
        may_receive=outlet.state != State.CLOSED,
    )


def _asked_outlet(code: str) -> Outlet:
    return outlet_for(viewer(), code, Permission.DEPOSIT_EDIT)


@needs(Permission.DEPOSIT_EDIT)
def receive(code: str) -> Answer:
    """Ask for the bank's slip; posted, show the deposit once more in full before it is recorded."""
    outlet, form = _asked_outlet(code), DepositForm()
    if request.method == "GET":
        form.moved_on.data = today()
        return _receive_page(form, outlet)
    if not form.validate():
        return _receive_page(form, outlet), 422
    new = _new_deposit(form, outlet)
    try:
        require_deposit(new, today())
        require_fresh_slip(outlet.id, new.slip_no)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _receive_page(form, outlet), refusal.status
    held_fen = queries.held_of(outlet.id, PayBackOf.DEPOSIT)
    return render_template(
        "holding/deposit_check.html",
        form=form,
        outlet=outlet,
        words=DEPOSIT_KINDS[DepositKind.RECEIVED],
        held_words=HELD_NAMES[PayBackOf.DEPOSIT],
        held_fen=held_fen,
        after_fen=held_fen + new.amount_fen,
        note=new.note,
        send_to=url_for(".receive_record", code=outlet.code),
        back_to=url_for(".receive", code=outlet.code),
    )


def _receive_page(form: DepositForm, outlet: Outlet) -> str:
    ask_at = url_for(".receive", code=outlet.code)
    return _form_page(form, outlet, DEPOSIT_KINDS[DepositKind.RECEIVED], PayBackOf.DEPOSIT, ask_at, asks=False)


def _form_page(
    form: DepositForm | PayBackForm, outlet: Outlet, words: str, of: PayBackOf, ask_at: str, *, asks: bool
) -> str:
    return render_template(
        "holding/deposit_form.html",
        form=form,
        outlet=outlet,
        words=words,
        held_words=HELD_NAMES[of],
        held_fen=queries.held_of(outlet.id, of),
        ask_at=ask_at,
        asks=asks,
    )


def _new_deposit(form: DepositForm, outlet: Outlet) -> NewDeposit:
    return NewDeposit(
        id=UUID(str(form.id.data)),
        outlet_code=outlet.code,
        amount_fen=form.amount.data or 0,
        moved_on=form.moved_on.data,
        slip_no=str(form.slip_no.data),
        note=str(form.note.data or ""),
    )


@needs(Permission.DEPOSIT_EDIT)
def receive_record(code: str) -> Answer:
    """Record the deposit; the same page sent twice is one deposit."""
    outlet, form = _asked_outlet(code), DepositForm()
    if not form.validate():
        return _receive_page(form, outlet), 422
    new = _new_deposit(form, outlet)
    try:
        receive_deposit(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _receive_page(form, outlet), refusal.status
    words = DEPOSIT_KINDS[DepositKind.RECEIVED]
    tell(_("已登记：%(what)s %(amount)s", what=_(words), amount=money_text(new.amount_fen)))
    return redirect(url_for(".deposit", code=outlet.code), 303)


def _what(what: str) -> PayBackOf:
    try:
        return PayBackOf(what.upper())
    except ValueError:
        raise Missing("page_missing", "没有这个页面") from None


@needs(Permission.DEPOSIT_EDIT)
def pay_back(code: str, what: str) -> Answer:
    """Ask for the bank's slip and why; posted, show it once more before it goes to a second person."""
    of, outlet, form = _what(what), _asked_outlet(code), PayBackForm()
    if request.method == "GET":
        form.moved_on.data = today()
        form.amount.data = queries.held_of(outlet.id, of) or None
        return _pay_back_page(form, outlet, of)
    if not form.validate():
        return _pay_back_page(form, outlet, of), 422
    new = _new_pay_back(form, outlet, of)
    try:
        judge_pay_back(new, outlet.id)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _pay_back_page(form, outlet, of), refusal.status
    held_fen = queries.held_of(outlet.id, of)
    return render_template(
        "holding/deposit_check.html",
        form=form,
        outlet=outlet,
        words=PAY_BACKS[of],
        held_words=HELD_NAMES[of],
        held_fen=held_fen,
        after_fen=held_fen - new.amount_fen,
        note=new.reason,
        send_to=url_for(".pay_back_record", code=outlet.code, what=what),
        back_to=url_for(".pay_back", code=outlet.code, what=what),
        asks=True,
    )


def _pay_back_page(form: PayBackForm, outlet: Outlet, of: PayBackOf) -> str:
    ask_at = url_for(".pay_back", code=outlet.code, what=of.lower())
    return _form_page(form, outlet, PAY_BACKS[of], of, ask_at, asks=True)


def _new_pay_back(form: PayBackForm, outlet: Outlet, of: PayBackOf) -> NewPayBack:
    return NewPayBack(
        id=UUID(str(form.id.data)),
        outlet_code=outlet.code,
        of=of,
        amount_fen=form.amount.data or 0,
        moved_on=form.moved_on.data,
        slip_no=str(form.slip_no.data),
        reason=str(form.reason.data),
    )


@needs(Permission.DEPOSIT_EDIT)
def pay_back_record(code: str, what: str) -> Answer:
    """Hand it to a second person; the same page sent twice is one request."""
    of, outlet, form = _what(what), _asked_outlet(code), PayBackForm()
    if not form.validate():
        return _pay_back_page(form, outlet, of), 422
    new = _new_pay_back(form, outlet, of)
    try:
        request_pay_back(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _pay_back_page(form, outlet, of), refusal.status
    words = PAY_BACKS[of]
    tell(_("%(what)s %(amount)s 已提出，等另一位财务审批", what=_(words), amount=money_text(new.amount_fen)))
    return redirect(url_for("approvals.approval", id_=new.id), 303)
