"""The guarantee deposit of an outlet: its history, and each move on a page of its own before it is made."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.core.clock import today
from agentnet.core.errors import Missing, Refusal
from agentnet.holding import queries
from agentnet.holding.deposit_actions import record_deposit, require_unused
from agentnet.holding.forms import DepositForm
from agentnet.holding.rules import DepositKind, NewDeposit, require_deposit
from agentnet.holding.words import DEPOSIT_KINDS
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import money_text
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]

VERBS = {"receive": DepositKind.RECEIVED, "pay-back": DepositKind.PAID_BACK}


def _kind(verb: str) -> DepositKind:
    try:
        return VERBS[verb]
    except KeyError:
        raise Missing("page_missing", "没有这个页面") from None


@needs(Permission.SETTLEMENT_READ)
def deposit(code: str) -> str:
    """Show what an outlet left as a guarantee, and what came in and went back."""
    outlet = outlet_for(viewer(), code, Permission.SETTLEMENT_READ)
    moves = queries.deposit_moves(outlet.id)
    return render_template(
        "holding/deposit.html",
        outlet=outlet,
        held_fen=queries.deposit_fen(outlet.id),
        moves=moves,
        people=queries.names_of([move.user_id for move in moves]),
        kinds=DEPOSIT_KINDS,
        may_edit=may(viewer(), Permission.DEPOSIT_EDIT),
    )


@needs(Permission.DEPOSIT_EDIT)
def move_deposit(code: str, verb: str) -> Answer:
    """Ask for the bank's slip; posted, show the move once more in full before it is made."""
    kind = _kind(verb)
    outlet = outlet_for(viewer(), code, Permission.DEPOSIT_EDIT)
    form = DepositForm()
    if request.method == "GET":
        form.moved_on.data = today()
        if kind is DepositKind.PAID_BACK:
            form.amount.data = queries.deposit_fen(outlet.id) or None
        return _form_page(form, outlet, verb)
    if not form.validate():
        return _form_page(form, outlet, verb), 422
    new = _new(form, outlet, kind)
    try:
        require_deposit(new, queries.deposit_fen(outlet.id), today())
        require_unused(outlet.id, kind, new.slip_no)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _form_page(form, outlet, verb), refusal.status
    held_fen = queries.deposit_fen(outlet.id)
    after_fen = held_fen + (new.amount_fen if kind is DepositKind.RECEIVED else -new.amount_fen)
    return render_template(
        "holding/deposit_check.html",
        form=form,
        outlet=outlet,
        verb=verb,
        words=DEPOSIT_KINDS[kind],
        held_fen=held_fen,
        after_fen=after_fen,
    )


def _form_page(form: DepositForm, outlet: Outlet, verb: str) -> str:
    return render_template(
        "holding/deposit_form.html",
        form=form,
        outlet=outlet,
        verb=verb,
        words=DEPOSIT_KINDS[_kind(verb)],
        held_fen=queries.deposit_fen(outlet.id),
    )


def _new(form: DepositForm, outlet: Outlet, kind: DepositKind) -> NewDeposit:
    return NewDeposit(
        id=UUID(str(form.id.data)),
        outlet_code=outlet.code,
        kind=kind,
        amount_fen=form.amount.data or 0,
        moved_on=form.moved_on.data,
        slip_no=str(form.slip_no.data),
        note=str(form.note.data or ""),
    )


@needs(Permission.DEPOSIT_EDIT)
def move_deposit_record(code: str, verb: str) -> Answer:
    """Record the move; the same page sent twice is one move."""
    kind = _kind(verb)
    outlet = outlet_for(viewer(), code, Permission.DEPOSIT_EDIT)
    form = DepositForm()
    if not form.validate():
        return _form_page(form, outlet, verb), 422
    new = _new(form, outlet, kind)
    try:
        record_deposit(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _form_page(form, outlet, verb), refusal.status
    tell(_("已登记：%(what)s %(amount)s", what=_(DEPOSIT_KINDS[kind]), amount=money_text(new.amount_fen)))
    return redirect(url_for(".deposit", code=outlet.code), 303)
