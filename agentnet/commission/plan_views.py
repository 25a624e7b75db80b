"""Pages of plans: what is agreed, what it comes to, how finance asks for a change, and plans as files."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.approvals.queries import pending_of
from agentnet.commission.actions import judge_terms, require_usable
from agentnet.commission.engine.language import Plan as PlanDocument
from agentnet.commission.engine.language import Version
from agentnet.commission.engine.reading import read_version
from agentnet.commission.engine.writing import write_plan
from agentnet.commission.models import Plan
from agentnet.commission.plan_faults import show_refused_file, show_refused_version
from agentnet.commission.plan_files import AT_FILE, newest, read_document
from agentnet.commission.plan_forms import PlanFileForm, PlanForm, VersionForm
from agentnet.commission.plan_requests import ASKED, NewVersion, ask_for_version
from agentnet.commission.queries import (
    locked_months,
    partners,
    plan_by_code,
    plan_page,
    require_company_wide,
    tenders,
    versions_of,
)
from agentnet.commission.rules import version_on
from agentnet.commission.whatif.ask_views import ask_about
from agentnet.commission.whatif.queries import tried_version
from agentnet.commission.words import Words
from agentnet.commission.worked_example import worked_example
from agentnet.core.clock import Month, today
from agentnet.core.errors import Refusal
from agentnet.core.ids import new_id
from agentnet.infra.i18n import refusal_text
from agentnet.infra.templating import tell
from agentnet.outlets.campaigns.queries import campaign_names
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]


@needs(Permission.COMMISSION_READ)
def plans() -> str:
    """List the plans."""
    return render_template(
        "commission/plans.html",
        page=plan_page(request.args),
        words=Words(tenders),
        may_edit=may(viewer(), Permission.COMMISSION_EDIT),
    )


@needs(Permission.COMMISSION_READ)
def plan(code: str) -> str:
    """Show a plan with its versions and a worked example of the one in force."""
    found = plan_by_code(code)
    versions = versions_of(found)
    current = version_on([version for _row, version in versions], today())
    return render_template(
        "commission/plan.html",
        plan=found,
        versions=versions,
        current=current,
        example=worked_example(current.says, tenders()) if current else None,
        words=Words(tenders),
        waiting=pending_of(ASKED, "PLAN", found.code),
        may_edit=may(viewer(), Permission.COMMISSION_EDIT),
    )


@needs(Permission.COMMISSION_READ)
def plan_file(code: str) -> Response:
    """Answer a plan with every version as a document in the plan language."""
    found = plan_by_code(code)
    versions = sorted((version for _row, version in versions_of(found)), key=lambda one: one.number)
    document = write_plan(PlanDocument(found.code, found.name, tuple(version.says for version in versions)))
    name = f"plan-{found.code}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(document, mimetype="application/json", headers=headers)


def _earliest_start() -> date:
    """Return the first day a new version may start: after the locked months, by itself the 1st of next month."""
    locked = max(locked_months(), default=None)
    return locked.ends_on if locked else Month.of(today()).starts_on


@needs(Permission.COMMISSION_EDIT)
def new_version(code: str) -> Answer:
    """Show the form of a new version, its rows changed by buttons, or ask for it."""
    found = plan_by_code(code)
    form = VersionForm()
    if request.method == "GET":
        require_company_wide(viewer(), Permission.COMMISSION_EDIT)
        versions = [version for _row, version in versions_of(found)]
        starts_on = max(Month.of(today()).next().starts_on, _earliest_start())
        current = version_on(versions, starts_on)
        tried = tried_version(request.args.get("trial", ""))
        form.show(tried or (current.says if current else Version(starts_on, ())))
        form.starts_on.data = tried.starts_on if tried and tried.starts_on > today() else starts_on
        form.note.data = tried.note if tried else None
    return _answer(form, found)


@needs(Permission.COMMISSION_EDIT)
def new_plan() -> Answer:
    """Show the form of a new plan, or ask for it."""
    form = PlanForm()
    if request.method == "GET":
        require_company_wide(viewer(), Permission.COMMISSION_EDIT)
        form.starts_on.data = max(Month.of(today()).starts_on, _earliest_start())
    return _answer(form, None)


@needs(Permission.COMMISSION_EDIT)
def fill_from_file(code: str) -> Answer:
    """Fill the form of a new version from a plan document; nothing is asked for yet."""
    found = plan_by_code(code)
    require_company_wide(viewer(), Permission.COMMISSION_EDIT)
    sent, form = PlanFileForm(), VersionForm(formdata=None)
    _offer(form)
    if not sent.validate():
        return _page(form, found, file_form=sent), 422
    try:
        version = newest(read_document(request.files.get("file")))
        require_usable(version)
        form.show(version)
    except Refusal as refusal:
        show_refused_file(sent, refusal, AT_FILE)
        form.show(Version(_earliest_start(), ()))
        _offer(form)
        return _page(form, found, file_form=sent), refusal.status
    form.starts_on.data = max(version.starts_on, _earliest_start())
    form.note.data = version.note
    _offer(form)
    return _page(form, found)


def _offer(form: VersionForm) -> None:
    form.offer(tenders(), partners(), campaign_names())


def _answer(form: VersionForm, found: Plan | None) -> Answer:
    _offer(form)
    if request.method == "GET":
        return _page(form, found)
    if "draft" in request.form:
        return _drafted(form, found)
    if form.change_rows(request.form):
        _offer(form)
        return _page(form, found)
    if request.form.keys() & {"check", "try"}:
        form.leave_note_open()
    if not form.validate():
        return _page(form, found), 422
    try:
        if "check" in request.form:
            judge_terms(form.version())
            return _page(form, found, form.version())
        if "try" in request.form:
            judge_terms(form.version())
            if found is not None:
                return ask_about(form.version(), found.name, home=found.code)
            return ask_about(form.version(), str(form.name.data), new_code=str(form.code.data))
        asked = _asked(form, found)
        ask_for_version(asked, viewer())
    except Refusal as refusal:
        show_refused_version(form, refusal)
        return _page(form, found), refusal.status
    tell(_("已提交审批。另一个人同意后，新版本从 %(day)s 起生效", day=asked.says.starts_on.isoformat()))
    return redirect(url_for("commission.plan", code=found.code) if found else url_for("commission.plans"), 303)


def _drafted(form: VersionForm, found: Plan | None) -> Answer:
    """Go on with a version that was carried to the page of trials and back."""
    require_company_wide(viewer(), Permission.COMMISSION_EDIT)
    try:
        draft = read_version(request.form.get("content", ""))
        form.show(draft)
    except Refusal as refusal:
        form.form_errors.append(refusal_text(refusal))
        return _page(form, found), refusal.status
    form.id.data, form.starts_on.data, form.note.data = new_id(), draft.starts_on, draft.note
    if isinstance(form, PlanForm):
        form.code.data = request.form.get("new_code", "")
    _offer(form)
    return _page(form, found)


def _asked(form: VersionForm, found: Plan | None) -> NewVersion:
    id_ = UUID(str(form.id.data))
    if isinstance(form, PlanForm):
        return NewVersion(id_, form.code.data or "", form.version(), form.name.data or "")
    assert found is not None
    return NewVersion(id_, found.code, form.version())


def _page(
    form: VersionForm,
    found: Plan | None,
    checked: Version | None = None,
    file_form: PlanFileForm | None = None,
) -> str:
    form.begin_parts()
    return render_template(
        "commission/version_form.html",
        form=form,
        file_form=file_form or PlanFileForm(formdata=None),
        plan=found,
        example=worked_example(checked, tenders()) if checked else None,
        words=Words(tenders),
        earliest=_earliest_start(),
    )
