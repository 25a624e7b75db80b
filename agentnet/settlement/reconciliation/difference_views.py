"""Differences: the queue, and one of them with both its sides, its history and its ends."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.approvals.words import STATES as APPROVAL_STATES
from agentnet.collecting.models import Collection
from agentnet.core.clock import business_date, now, today
from agentnet.core.errors import Refusal
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.pages import typed_day, typed_text
from agentnet.infra.templating import tell
from agentnet.settlement.reconciliation import queries
from agentnet.settlement.reconciliation.difference_actions import end, take_on, waiting_for
from agentnet.settlement.reconciliation.difference_list import Asked, differences_page
from agentnet.settlement.reconciliation.forms import ReasonForm
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.remedy_actions import remedy_of, request_of_remedy
from agentnet.settlement.reconciliation.rules import WORST_AGE_DAYS, State, age_days
from agentnet.settlement.reconciliation.words import (
    KINDS,
    MOVED,
    MOVES_NOTHING,
    REMEDIES,
    SOURCES,
    STATES,
    VERBS,
    advice,
    explanation,
    proposed,
)
from agentnet.settlement.reconciliation.write_offs import ask_write_off, moves_of
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]
AGES = {"3": 3, "7": 7, "30": 30}


@needs(Permission.RECONCILIATION_READ)
def differences() -> str:
    """List the differences of the territory; the open ones first of all."""
    state = request.args.get("state", State.OPEN)
    age = AGES.get(request.args.get("age", ""))
    file_id = request.args.get("file", "")
    asked = Asked(
        kind=request.args.get("kind", "") if request.args.get("kind", "") in KINDS else "",
        state=state if state in STATES else "",
        outlet=typed_text(request.args, "outlet", 32),
        day=typed_day(request.args, "day"),
        file_id=int(file_id) if file_id.isascii() and file_id.isdigit() and len(file_id) < 18 else None,
        opened_before=now() - timedelta(days=age) if age else None,
        owner_id=viewer().user_id if request.args.get("owner") == "me" else None,
    )
    return render_template(
        "reconciliation/differences.html",
        page=differences_page(viewer(), request.args, asked),
        asked=asked,
        age=str(age or ""),
        ages=AGES,
        mine=asked.owner_id is not None,
        narrowed=bool(asked.kind or asked.outlet or asked.day or asked.file_id or age or asked.owner_id)
        or asked.state != State.OPEN,
        kinds=KINDS,
        states=STATES,
        proposed=proposed,
        late=WORST_AGE_DAYS,
    )


def _age(found: Difference) -> int:
    return age_days(business_date(found.opened_at), business_date(found.ended_at) if found.ended_at else today())


@needs(Permission.RECONCILIATION_READ)
def difference(difference_id: int) -> str:
    """Show a difference: both sides, what is proposed, what happened to it."""
    return _page(queries.difference_for(viewer(), difference_id))


def _page(found: Difference, form: ReasonForm | None = None) -> str:
    waiting = waiting_for(found) if found.state == State.OPEN else None
    may_act = found.state == State.OPEN and may(viewer(), Permission.RECONCILE)
    asked = request_of_remedy(found)
    remedy = remedy_of(found) if found.state == State.OPEN else None
    booked = db.session.get(Collection, found.booked_id) if found.booked_id is not None else None
    return render_template(
        "reconciliation/difference.html",
        found=found,
        sides=queries.sides_of(found),
        steps=queries.steps_of(found.id),
        age=_age(found),
        late=WORST_AGE_DAYS,
        waiting=waiting,
        may_act=may_act,
        remedy=remedy if may_act else None,
        explained=explanation(found, remedy),
        advised=advice(found, remedy),
        remedies=REMEDIES,
        asked=asked,
        asked_words=APPROVAL_STATES,
        booked=booked,
        write_off=_write_off_words(found) if may_act else "",
        mine=found.owner_id == viewer().user_id,
        form=form or ReasonForm(formdata=None),
        take_form=ReasonForm(formdata=None),
        kinds=KINDS,
        states=STATES,
        verbs=VERBS,
        sources=SOURCES,
    )


def _write_off_words(found: Difference) -> str:
    moves = moves_of(found)
    return str(_(MOVED[moves] if moves else MOVES_NOTHING))


@needs(Permission.RECONCILE)
def take(difference_id: int) -> Answer:
    """Take a difference on."""
    found = queries.difference_for(viewer(), difference_id, Permission.RECONCILE)
    form = ReasonForm()
    if not form.validate():
        return _page(found), 422
    take_on(found.id, UUID(str(form.id.data)), viewer())
    tell(_("这个差异现在由您负责"))
    return redirect(url_for(".difference", difference_id=difference_id), 303)


@needs(Permission.RECONCILE)
def finish(difference_id: int) -> Answer:
    """End a difference as explained or adjusted, or ask to write it off."""
    found = queries.difference_for(viewer(), difference_id, Permission.RECONCILE)
    form = ReasonForm()
    if not form.validate():
        return _page(found, form), 422
    how, reason, id_ = request.form.get("how", ""), form.reason.data or "", UUID(str(form.id.data))
    try:
        if how == "WRITE_OFF":
            ask_write_off(found.id, id_, reason, viewer())
            tell(_("已申请核销，等另一个人批准"))
        else:
            end(found.id, id_, State.ADJUSTED if how == State.ADJUSTED else State.EXPLAINED, reason, viewer())
            tell(_("差异已办结"))
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(found, form), refusal.status
    return redirect(url_for(".difference", difference_id=difference_id), 303)
