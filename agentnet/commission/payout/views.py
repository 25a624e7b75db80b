"""Pages of payouts: batches and their steps, each confirmed before money moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.approvals.queries import about, pending_of
from agentnet.commission.payout import pages
from agentnet.commission.payout.actions import APPROVAL, cancel, check, draw_up
from agentnet.commission.payout.answers import confirm, send_back
from agentnet.commission.payout.forms import BatchForm, ReasonForm, StepForm
from agentnet.commission.payout.models import PayoutBatch, PayoutPayment
from agentnet.commission.payout.pages import StateSum
from agentnet.commission.payout.paying import pay
from agentnet.commission.payout.queries import (
    batch_for,
    batch_plan,
    batch_shown,
    held_now_in,
    people_of,
    require_office,
)
from agentnet.commission.payout.rules import BatchState
from agentnet.commission.payout.words import BATCH_STATES, PAYMENT_STATES, REASONS, TYPES, share_text
from agentnet.commission.queries import closed_months
from agentnet.core.clock import Month, today
from agentnet.core.errors import Invalid, Missing
from agentnet.core.ids import parse_id
from agentnet.infra.dates import month_text
from agentnet.infra.db import db
from agentnet.infra.forms import HouseForm, show_refusal
from agentnet.infra.i18n import money_text, say
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.views.common import attempt
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, covers_company

Answer = Response | str | tuple[str, int]
READ, EDIT = Permission.PAYOUT_READ, Permission.PAYOUT_EDIT
NOTHING = StateSum(0, 0)
UNPAID = frozenset({BatchState.DRAFT, BatchState.CHECKED, BatchState.APPROVED})


@needs(READ)
def batches() -> str:
    """List the batches, newest first."""
    state = request.args.get("state", "")
    state = state if state in BATCH_STATES else ""
    page = pages.batches_page(viewer(), request.args, state)
    return render_template(
        "payout/batches.html",
        month_of=Month.parse,
        page=page,
        state_asked=state,
        states=BATCH_STATES,
        may_edit=covers_company(viewer(), EDIT),
        any_closed=bool(page.items or closed_months()),  # a batch is of a closed month
    )


@needs(EDIT)
def new_batch() -> Answer:
    """Show what a month's batch would pay and hold; posted, draw it up."""
    require_office(viewer())
    form = BatchForm()
    months = closed_months()
    form.offer(months)
    if request.method == "GET":
        asked = request.args.get("month", "")
        form.month.data = asked if asked in map(str, months) else str(months[0]) if months else ""
        form.pay_on.data = today()
        return _new_page(form)
    if not form.validate():
        return _new_page(form), 422
    status = attempt(form, lambda: draw_up(form.new_batch(), viewer()))
    if status:
        return _new_page(form), status
    tell(_("已制单，请核对后送审批"))
    return redirect(url_for(".batch", id_=form.id.data), 303)


def _new_page(form: BatchForm) -> str:
    plan = None
    if form.month.data and form.pay_on.data:
        try:
            plan = batch_plan(Month.parse(str(form.month.data)), form.pay_on.data)
        except Invalid as refusal:  # a month that was typed into the address
            show_refusal(form, refusal)
    return render_template(
        "payout/new_batch.html",
        month_of=Month.parse,
        form=form,
        plan=plan,
        reasons=REASONS,
        share_text=share_text,
        most=pages.MOST_HELD,
    )


def _shown(id_: str) -> PayoutBatch:
    return batch_for(viewer(), parse_id(id_))


def _edited(id_: str) -> PayoutBatch:
    """Return a batch for who pays it; outside the office it is missing or forbidden."""
    found = _shown(id_)
    require_office(viewer())
    return found


@needs(READ)
def batch(id_: str) -> str:
    """Show a batch: its sums, steps, payments, and what is held and why."""
    found, names = batch_shown(viewer(), parse_id(id_))
    return _batch_page(found, names=names)


def _batch_page(found: Any, form: HouseForm | None = None, names: Mapping[int, str] | None = None) -> str:
    """Return the page of a batch, which may be one or its columns; ``names`` of who took its steps, where known."""
    who = viewer()
    state, words = request.args.get("state", ""), typed_text(request.args, "q")
    state = state if state in PAYMENT_STATES else ""
    page = pages.payments_page(who, found, request.args, state, words)
    sums = pages.state_sums(found) if found.state == BatchState.PAID else {}
    parts = pages.parts_of_payments(who, found, [one.number for one in page.items])
    held = pages.held_of(who, found)
    own_gross_fen, own_held_fen = pages.own_sums(who, found, held)
    every = [*held, *(part for several in parts.values() for part in several)]
    may_edit = covers_company(who, EDIT)
    return render_template(
        "payout/batch.html",
        found=found,
        whole=covers_company(who, READ),
        own_gross_fen=own_gross_fen,
        own_held_fen=own_held_fen,
        state=BATCH_STATES[found.state],
        states={name: (say(said), tone) for name, (said, tone) in PAYMENT_STATES.items()},
        state_asked=state,
        words=words,
        page=page,
        parts=parts,
        held=held,
        month_names={text: month_text(Month.parse(text)) for text in {part.month for part in every}},
        share_names={share: share_text(share) for share in {part.share for part in every}},
        most=pages.MOST_HELD,
        sums={name: sums.get(name, NOTHING) for name in PAYMENT_STATES},
        reasons=REASONS,
        types={name: say(said) for name, said in TYPES.items()},
        names=pages.names_of(people_of(found)) if names is None else names,
        waiting=pending_of(APPROVAL, "PAYOUT", str(found.id)) if found.state == BatchState.CHECKED else None,
        approvals=about(who, "PAYOUT", str(found.id)) if found.checked_at else [],
        on_hold=held_now_in(found.id, who) if found.state in UNPAID else [],
        layouts=pages.layouts() if may_edit and found.state == BatchState.PAID else [],
        may_edit=may_edit,
        form=form or StepForm(formdata=None),
        month=Month.parse(found.month),
    )  # fmt: skip


def _step(found: PayoutBatch, work: Callable[[UUID], object], told: str) -> Answer:
    """Take a step from the batch's page; what refuses it is said there."""
    form = StepForm()
    if not form.validate():
        return _batch_page(found, form), 422
    status = attempt(form, lambda: work(form.id.data))
    if status:
        return _batch_page(found, form), status
    tell(told)
    return redirect(url_for(".batch", id_=found.id), 303)


@needs(EDIT)
def check_batch(id_: str) -> Answer:
    """Say that the batch was checked, and ask for its approval."""
    found = _edited(id_)
    return _step(found, lambda sent: check(found.id, sent, viewer()), _("已核对并送审批"))


@needs(EDIT)
def pay_batch(id_: str) -> Answer:
    """Show once more what goes out; posted, pay it."""
    found = _edited(id_)
    form = StepForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            status = attempt(form, lambda: pay(found.id, form.id.data, viewer()))
            if not status:
                tell(_("已登记付款 %(amount)s，请下载银行文件送银行", amount=money_text(found.net_fen)))
                return redirect(url_for(".batch", id_=found.id), 303)
    page = render_template(
        "payout/pay.html", month_of=Month.parse, found=found, form=form, state=BATCH_STATES[found.state]
    )
    return page if status == 200 else (page, status)


@needs(EDIT)
def cancel_batch(id_: str) -> Answer:
    """Ask why a batch is cancelled; posted, cancel it."""
    found = _edited(id_)
    form = ReasonForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            status = attempt(form, lambda: cancel(found.id, form.id.data, str(form.reason.data), viewer()))
            if not status:
                tell(_("已作废，这一批里的代办费可以重新制单"))
                return redirect(url_for(".batch", id_=found.id), 303)
    page = render_template("payout/cancel.html", month_of=Month.parse, found=found, form=form)
    return page if status == 200 else (page, status)


@needs(EDIT)
def confirm_all(id_: str) -> Answer:
    """Note that every payment that waits reached its payee."""
    found = _edited(id_)
    return _step(found, lambda sent: confirm(found.id, None, sent, viewer()), _("已登记全部到账"))


def _payment(id_: str) -> PayoutPayment:
    payment_id = parse_id(id_)
    payment = db.session.get(PayoutPayment, payment_id)
    if payment is None:
        raise Missing("payment_missing", "没有找到这笔付款")
    _edited(str(payment.batch_id))
    return payment


@needs(EDIT)
def confirm_payment(id_: str) -> Answer:
    """Note that one payment reached its payee."""
    payment = _payment(id_)
    found = db.session.get_one(PayoutBatch, payment.batch_id)

    def work(sent: UUID) -> None:
        confirm(found.id, [payment.id], sent, viewer())

    return _step(found, work, _("已登记到账"))


@needs(EDIT)
def return_payment(id_: str) -> Answer:
    """Ask why the bank returned a payment; posted, take it back."""
    payment = _payment(id_)
    found = db.session.get_one(PayoutBatch, payment.batch_id)
    form = ReasonForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            status = attempt(form, lambda: send_back(payment.id, form.id.data, str(form.reason.data), viewer()))
            if not status:
                tell(_("已登记退回 %(amount)s，下一批再付", amount=money_text(payment.net_fen)))
                return redirect(url_for(".batch", id_=found.id), 303)
    page = render_template("payout/return.html", month_of=Month.parse, payment=payment, found=found, form=form)
    return page if status == 200 else (page, status)
