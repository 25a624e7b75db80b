"""Topping up: the keeper's float with what was paid in, and the page on which finance decides."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.collecting.queries import drawer_of
from agentnet.collecting.views import chosen_outlet
from agentnet.collecting.words import ROOM_WORDS
from agentnet.core.clock import today
from agentnet.core.errors import Refusal
from agentnet.core.ids import parse_id
from agentnet.holding import queries
from agentnet.holding.forms import ConfirmForm, RejectForm, TopUpForm
from agentnet.holding.models import TopUp
from agentnet.holding.rules import NewTopUp, TopUpState
from agentnet.holding.top_up_actions import confirm_top_up, declare_top_up, judge_top_up, reject_top_up
from agentnet.holding.words import TOP_UP_STATES
from agentnet.infra.db import db
from agentnet.infra.forms import HouseForm, carried_out, show_refusal, status_of
from agentnet.infra.i18n import money_text
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]


def _outlet() -> Outlet:
    return chosen_outlet(typed_text(request.values, "outlet", 32))


@needs(Permission.TOP_UP_DECLARE)
def float_page() -> Answer:
    """Show the float, how long it lasts, and what was topped up."""
    outlet = _outlet()
    drawer = drawer_of(outlet, today())
    return render_template(
        "holding/float.html",
        outlet=outlet,
        drawer=drawer,
        drawer_word=ROOM_WORDS.get(drawer.word or ""),
        top_ups=queries.top_ups_page(viewer(), {}, code=outlet.code).items[:10],
        states=TOP_UP_STATES,
    )


@needs(Permission.TOP_UP_DECLARE)
def top_up() -> Answer:
    """Ask what was paid in; posted, show it once more in full before it is declared."""
    outlet = _outlet()
    form = TopUpForm()
    if request.method == "GET":
        form.outlet.data, form.paid_on.data = outlet.code, today()
        return _form_page(form, outlet)
    if not form.validate():
        return _form_page(form, outlet), 422
    try:
        judge_top_up(_new_top_up(form, outlet), outlet)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _form_page(form, outlet), refusal.status
    drawer = drawer_of(outlet, today())
    return render_template("holding/top_up_check.html", form=form, outlet=outlet, drawer=drawer)


def _form_page(form: TopUpForm, outlet: Outlet) -> str:
    return render_template(
        "holding/top_up_form.html",
        form=form,
        outlet=outlet,
        drawer=drawer_of(outlet, today()),
        first=not queries.has_top_up(outlet.id),
    )


def _new_top_up(form: TopUpForm, outlet: Outlet) -> NewTopUp:
    return NewTopUp(
        id=UUID(str(form.id.data)),
        outlet_code=outlet.code,
        slip_no=str(form.slip_no.data),
        amount_fen=form.amount.data or 0,
        paid_on=form.paid_on.data,
    )


@needs(Permission.TOP_UP_DECLARE)
def top_up_record() -> Answer:
    """Declare the top-up; the same page sent twice is one top-up."""
    outlet = _outlet()
    form = TopUpForm()
    if not form.validate():
        return _form_page(form, outlet), 422
    new = _new_top_up(form, outlet)
    try:
        declare_top_up(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _form_page(form, outlet), refusal.status
    tell(_("已报充值 %(amount)s，财务确认后可用", amount=money_text(new.amount_fen)))
    return redirect(url_for(".float", outlet=outlet.code), 303)


@needs(Permission.SETTLEMENT_READ)
def top_ups() -> str:
    """List the top-ups of the territory, newest first."""
    state = request.args.get("state", "")
    code = typed_text(request.args, "outlet", 32)
    return render_template(
        "holding/top_ups.html",
        page=queries.top_ups_page(viewer(), request.args, state, code),
        states=TOP_UP_STATES,
        state_asked=state if state in tuple(TopUpState) else "",
        code=code,
    )


@needs(Permission.SETTLEMENT_READ)
def top_up_page(id_: str) -> str:
    """Show a top-up; finance finds the two ways to decide it."""
    return _page(queries.top_up_for(viewer(), parse_id(id_), Permission.SETTLEMENT_READ))


def _page(found: TopUp, confirm: ConfirmForm | None = None, reject: RejectForm | None = None) -> str:
    may_decide = found.state == TopUpState.DECLARED and may(viewer(), Permission.TOP_UP_CONFIRM)
    return render_template(
        "holding/top_up.html",
        found=found,
        outlet=db.session.get_one(Outlet, found.outlet_id),
        state=TOP_UP_STATES[found.state],
        people=queries.names_of([found.user_id, found.decided_by_id]),
        may_decide=may_decide and found.user_id != viewer().user_id,
        confirm=confirm or ConfirmForm(formdata=None),
        reject=reject or RejectForm(formdata=None),
    )


@needs(Permission.TOP_UP_CONFIRM)
def confirm(id_: str) -> Answer:
    """Confirm that the bank received the money shown."""
    form = ConfirmForm()
    found = queries.top_up_for(viewer(), parse_id(id_), Permission.TOP_UP_CONFIRM)

    def decide() -> None:
        confirm_top_up(found.id, UUID(str(form.id.data)), viewer())
        tell(_("已充值 %(amount)s", amount=money_text(found.amount_fen)))

    return _decided(form, decide, found) or (_page(found, confirm=form), status_of(form))


@needs(Permission.TOP_UP_CONFIRM)
def reject(id_: str) -> Answer:
    """Send back a top-up whose money did not arrive."""
    form = RejectForm()
    found = queries.top_up_for(viewer(), parse_id(id_), Permission.TOP_UP_CONFIRM)

    def decide() -> None:
        reject_top_up(found.id, UUID(str(form.id.data)), str(form.note.data or ""), viewer())
        tell(_("已退回，网点的预存款没有变"), careful=True)

    return _decided(form, decide, found) or (_page(found, reject=form), status_of(form))


def _decided(form: HouseForm, decide: Callable[[], None], found: TopUp) -> Response | None:
    """Decide and go back to the page; None if the form has to be put right."""
    return redirect(url_for(".top_up_page", id_=found.id), 303) if carried_out(form, decide) else None
