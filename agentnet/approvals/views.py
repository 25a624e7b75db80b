"""Requests that wait, each on its page, decided on a page of its own; and who stands in for whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.approvals import queries
from agentnet.approvals.actions import approve as approve_request
from agentnet.approvals.actions import end_delegation, name_delegate
from agentnet.approvals.actions import reject as reject_request
from agentnet.approvals.actions import withdraw as withdraw_request
from agentnet.approvals.forms import ApproveForm, DelegateForm, RejectForm, WithdrawForm
from agentnet.approvals.kinds import kinds
from agentnet.approvals.models import Approval
from agentnet.approvals.rules import ApprovalState, NewDelegation
from agentnet.approvals.words import STATES, subject_text
from agentnet.core.clock import today
from agentnet.core.errors import Forbidden, Refusal
from agentnet.core.ids import parse_id
from agentnet.divisions.models import OrgUnit
from agentnet.infra.db import db
from agentnet.infra.forms import HouseForm, show_refusal
from agentnet.infra.i18n import refusal_text
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]


@needs(Permission.APPROVAL_READ)
def approvals() -> str:
    """List requests: those that wait for the viewer, else the viewer's own, or all of the territory."""
    may_decide = may(viewer(), Permission.APPROVAL_DECIDE)
    usual = queries.WAITING if may_decide else queries.MINE
    show = request.args.get("show", usual)
    show = show if show in (queries.WAITING, queries.MINE, queries.ALL) else usual
    words = typed_text(request.args, "q", 80)
    return render_template(
        "approvals/list.html",
        page=queries.approvals_page(viewer(), request.args, show, words),
        show=show,
        search_words=words,
        may_decide=may_decide,
        kinds=kinds(),
        states=STATES,
        subject_text=subject_text,
    )


@needs(Permission.APPROVAL_READ)
def approval(id_: str) -> str:
    """Show a request: what, who, why, what changes; who may decide finds two buttons."""
    return _page(queries.approval_for(viewer(), parse_id(id_)))


def _page(found: Approval, withdraw_form: WithdrawForm | None = None) -> str:
    return render_template(
        "approvals/show.html",
        **_shown(found),
        may_decide=found.state == ApprovalState.PENDING and _may_decide(found),
        may_withdraw=found.state == ApprovalState.PENDING and found.requested_by_id == viewer().user_id,
        form=withdraw_form or WithdrawForm(formdata=None),
    )


def _shown(found: Approval) -> dict[str, object]:
    kind = kinds()[found.kind]
    return {
        "found": found,
        "kind": kind,
        "subject": subject_text(found.subject_kind, found.subject_label),
        "described": kind.describe(found),
        "state": STATES[found.state],
        "people": queries.names_of([found.requested_by_id, found.decided_by_id, found.on_behalf_of_id]),
        "unit": db.session.get_one(OrgUnit, found.org_unit_id),
    }


def _may_decide(found: Approval) -> bool:
    if not may(viewer(), Permission.APPROVAL_DECIDE):
        return False
    try:
        queries.in_whose_name(viewer(), found)
    except Forbidden:
        return False
    return True


@needs(Permission.APPROVAL_DECIDE)
def approve(id_: str) -> Answer:
    """Show once more what will be done, then do it."""
    form = ApproveForm()

    def decide(found: Approval) -> None:
        seen, note = str(form.seen.data), str(form.note.data or "")
        approve_request(found.id, UUID(str(form.id.data)), seen, note, viewer())
        tell(_("已同意并办理：%(subject)s", subject=subject_text(found.subject_kind, found.subject_label)))

    return _decision("approvals/approve.html", parse_id(id_), form, decide)


@needs(Permission.APPROVAL_DECIDE)
def reject(id_: str) -> Answer:
    """Ask why not, then send the request back."""
    form = RejectForm()

    def decide(found: Approval) -> None:
        reject_request(found.id, UUID(str(form.id.data)), str(form.note.data or ""), viewer())
        tell(_("没有同意：%(subject)s", subject=subject_text(found.subject_kind, found.subject_label)), careful=True)

    return _decision("approvals/reject.html", parse_id(id_), form, decide)


def _decision(template: str, id_: UUID, form: HouseForm, decide: Callable[[Approval], None]) -> Answer:
    found = queries.approval_for(viewer(), id_)
    there = redirect(url_for(".approval", id_=found.id), 303)
    if request.method == "GET":
        try:
            behalf = queries.in_whose_name(viewer(), found)
        except Forbidden as refusal:
            tell(refusal_text(refusal), careful=True)
            return there
        return there if found.state != ApprovalState.PENDING else _ask(template, found, form, behalf)
    if not form.validate():
        return _ask(template, found, form, None), 422
    try:
        decide(found)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _ask(template, found, form, None), refusal.status
    return there


def _ask(template: str, found: Approval, form: HouseForm, behalf: int | None) -> str:
    in_the_name_of = queries.names_of([behalf]).get(behalf or 0)
    return render_template(template, **_shown(found), form=form, in_the_name_of=in_the_name_of)


@needs(Permission.APPROVAL_READ)
def withdraw(id_: str) -> Answer:
    """Take one's own request back."""
    found = queries.approval_for(viewer(), parse_id(id_))
    form = WithdrawForm()
    if not form.validate():
        return _page(found, form), 422
    try:
        withdraw_request(found.id, UUID(str(form.id.data)), viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(found, form), refusal.status
    tell(_("已撤回：%(subject)s", subject=subject_text(found.subject_kind, found.subject_label)))
    return redirect(url_for(".approval", id_=found.id), 303)


@needs(Permission.APPROVAL_DECIDE)
def delegates() -> Answer:
    """Show who stands in for whom, and name a delegate for some days."""
    form = DelegateForm()
    if request.method == "GET":
        form.starts_on.data = today()
        return _delegates_page(form)
    if not form.validate():
        return _delegates_page(form), 422
    new = NewDelegation(
        UUID(str(form.id.data)), str(form.username.data), form.starts_on.data, form.until.data + timedelta(days=1)
    )
    try:
        name_delegate(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _delegates_page(form), refusal.status
    tell(_("已委托；对方可以用您的名义审批，但不能审批自己提的申请"))
    return redirect(url_for(".delegates"), 303)


def _delegates_page(form: DelegateForm) -> str:
    rows = queries.delegations_of(viewer())
    return render_template(
        "approvals/delegates.html",
        form=form,
        given=[row for row in rows if row.user_id == viewer().user_id],
        received=[row for row in rows if row.user_id != viewer().user_id],
        one_day=timedelta(days=1),
    )


@needs(Permission.APPROVAL_DECIDE)
def end_delegate(id_: str) -> Response:
    """Take a delegation back from today on."""
    end_delegation(parse_id(id_), viewer())
    tell(_("委托已收回"))
    return redirect(url_for(".delegates"), 303)
