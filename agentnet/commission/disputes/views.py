"""Pages of disputes: raise one, the list, and one of them with its answer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.commission.disputes import queries
from agentnet.commission.disputes.actions import (
    NewDispute,
    raise_dispute,
    refuse_dispute,
    take_on_dispute,
    withdraw_dispute,
)
from agentnet.commission.disputes.forms import DisputeForm, RefuseForm, StepForm
from agentnet.commission.disputes.models import Dispute
from agentnet.commission.disputes.queries import Asked, LineKey
from agentnet.commission.disputes.rules import LATE_DAYS, State
from agentnet.commission.disputes.words import STATES, line_text
from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.queries import closed_months
from agentnet.core.clock import Month, now, today
from agentnet.core.errors import Missing, Refusal
from agentnet.infra.dates import month_text
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for, visible_outlets
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]
AGES = {"3": 3, "10": 10, "30": 30}
READ = Permission.COMMISSION_READ


@needs(READ)
def disputes() -> str:
    """List the disputes of the viewer's outlets; the open ones first of all."""
    state = request.args.get("state", State.OPEN)
    age = AGES.get(request.args.get("age", ""))
    months = {str(month): month for month in closed_months()}
    asked = Asked(
        state=state if state in STATES else "",
        month=months.get(request.args.get("month", "")),
        outlet=typed_text(request.args, "outlet", 32),
        raised_before=now() - timedelta(days=age) if age else None,
        owner_id=viewer().user_id if request.args.get("owner") == "me" else None,
    )
    page = queries.disputes_page(viewer(), request.args, asked)
    return render_template(
        "disputes/disputes.html",
        page=page,
        month_names={month: month_text(month) for month in {one.line.month for one in page.items}},
        asked=asked,
        age=str(age or ""),
        ages=AGES,
        months=months,
        mine=asked.owner_id is not None,
        narrowed=bool(asked.month or asked.outlet or age or asked.owner_id) or asked.state != State.OPEN,
        states=STATES,
        line_text=line_text,
        late=LATE_DAYS,
        may_answer=may(viewer(), Permission.COMMISSION_EDIT),
        may_raise=may(viewer(), Permission.COMMISSION_DISPUTE),
    )


def asked_key() -> LineKey:
    """Return the line the address names.

    Raises:
        Missing: ``line_missing``.
    """
    for name in ("line", "monthly"):
        text = request.args.get(name, "")
        if text.isascii() and text.isdigit() and len(text) < 18:
            return LineKey(**{f"{name}_id": int(text)})
    raise Missing("line_missing", "这个月的结算单上没有这一项，请从网点的月份页面选择")


@needs(Permission.COMMISSION_DISPUTE)
def new(code: str) -> Answer:
    """Show the line and ask what is wrong with it; then raise the dispute."""
    outlet = outlet_for(viewer(), code, Permission.COMMISSION_DISPUTE)
    month, key = Month.parse(request.args.get("month", "")), asked_key()
    line = queries.line_of(outlet, month, key)
    form, status = DisputeForm(), 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                found = NewDispute(UUID(str(form.id.data)), outlet.code, month, key, form.reason.data or "")
                dispute = raise_dispute(found, viewer())
                tell(_("异议已提出，财务会答复；结果也会印在下一张结算单上"))
                return redirect(url_for(".dispute", dispute_id=dispute.id), 303)
            except Refusal as refusal:
                show_refusal(form, refusal)
                status = refusal.status
    return (
        render_template(
            "disputes/new.html",
            form=form,
            outlet=outlet,
            line=line,
            line_text=line_text,
            already=queries.open_dispute_of(key),
        ),
        status,
    )


@needs(READ)
def dispute(dispute_id: UUID) -> str:
    """Show a dispute: the line, the reason, the answer, and what may be done."""
    return _page(*queries.dispute_for(viewer(), dispute_id))


def _page(found: Dispute, outlet: Outlet, form: RefuseForm | None = None) -> str:
    is_open = found.state == State.OPEN
    adjustment = db.session.get(CommissionAdjustment, found.adjustment_id) if found.adjustment_id else None
    return render_template(
        "disputes/dispute.html",
        found=found,
        outlet=outlet,
        line=queries.lines_of([found])[found.id],
        line_text=line_text,
        adjustment=adjustment,
        months={
            text: month_text(Month.parse(text)) for text in (found.answered_in, adjustment and adjustment.month) if text
        },
        people=queries.people_of(found),
        age=queries.age_of(found, today()),
        late=LATE_DAYS,
        states=STATES,
        mine=found.owner_id == viewer().user_id,
        may_answer=is_open and _holds(Permission.COMMISSION_EDIT, outlet),
        may_withdraw=is_open and _holds(Permission.COMMISSION_DISPUTE, outlet),
        form=form or RefuseForm(formdata=None),
        step=StepForm(formdata=None),
    )


def _holds(permission: Permission, outlet: Outlet) -> bool:
    """Return whether the viewer holds a permission at an outlet."""
    if not may(viewer(), permission):
        return False
    here = db.session.query(Outlet.id).filter(Outlet.id == outlet.id, visible_outlets(viewer(), permission))
    return here.first() is not None


def _step(dispute_id: UUID, permission: Permission) -> tuple[Dispute, Outlet, UUID | None]:
    found, outlet = queries.dispute_for(viewer(), dispute_id, permission)
    form = StepForm()
    return found, outlet, UUID(str(form.id.data)) if form.validate() and form.id.data else None


@needs(Permission.COMMISSION_DISPUTE)
def withdraw(dispute_id: UUID) -> Answer:
    """Take an open dispute back."""
    found, outlet, id_ = _step(dispute_id, Permission.COMMISSION_DISPUTE)
    if id_ is None:
        return _page(found, outlet), 422
    withdraw_dispute(dispute_id, id_, viewer())
    tell(_("异议已撤回"))
    return redirect(url_for(".dispute", dispute_id=dispute_id), 303)


@needs(Permission.COMMISSION_EDIT)
def take(dispute_id: UUID) -> Answer:
    """Take a dispute on."""
    found, outlet, id_ = _step(dispute_id, Permission.COMMISSION_EDIT)
    if id_ is None:
        return _page(found, outlet), 422
    take_on_dispute(dispute_id, id_, viewer())
    tell(_("这条异议现在由您负责"))
    return redirect(url_for(".dispute", dispute_id=dispute_id), 303)


@needs(Permission.COMMISSION_EDIT)
def refuse(dispute_id: UUID) -> Answer:
    """Answer that the line is right."""
    found, outlet = queries.dispute_for(viewer(), dispute_id, Permission.COMMISSION_EDIT)
    form = RefuseForm()
    if not form.validate():
        return _page(found, outlet, form), 422
    try:
        refuse_dispute(dispute_id, UUID(str(form.id.data)), form.reason.data or "", viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(found, outlet, form), refusal.status
    tell(_("已答复，会印在下一张结算单上"))
    return redirect(url_for(".dispute", dispute_id=dispute_id), 303)
