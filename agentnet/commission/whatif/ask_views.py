"""The page where finance asks what a plan would have cost."""

from __future__ import annotations

import uuid

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from agentnet.approvals.models import Approval
from agentnet.approvals.rules import ApprovalState
from agentnet.commission.engine.language import Version
from agentnet.commission.engine.reading import read_version
from agentnet.commission.engine.writing import write_version
from agentnet.commission.models import Plan, PlanVersion
from agentnet.commission.plan_faults import show_refused_file
from agentnet.commission.plan_files import AT_FILE, newest, read_document
from agentnet.commission.plan_requests import ASKED
from agentnet.commission.queries import closed_months, plan_lines, require_company_wide, tenders
from agentnet.commission.whatif.actions import MOST_MONTHS, NewWhatIf, ask_what_if
from agentnet.commission.whatif.forms import WhatIfForm
from agentnet.commission.words import Words
from agentnet.core.clock import Month
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.ids import canonical
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

Answer = Response | str | tuple[str, int]


def _choices() -> dict[str, tuple[str, str]]:
    """Return what can be tried by its name in the form: what it is called, and what it says in the plan language."""
    names = {line.plan.code: line.plan.name for line in plan_lines()}
    found = {}
    for one in db.session.scalars(
        select(Approval).where(Approval.kind == ASKED, Approval.state == ApprovalState.PENDING).order_by(Approval.id)
    ):
        name = one.content["new_name"] or names.get(one.content["plan"], one.content["plan"])
        content = canonical(one.content["version"]).decode()
        found[f"pending:{one.id}"] = (_("%(plan)s，等待审批的版本", plan=name), content)
    rows = db.session.execute(
        select(PlanVersion.id, PlanVersion.number, PlanVersion.content, Plan.name)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .order_by(Plan.is_default.desc(), Plan.code, PlanVersion.number.desc())
    )
    for row in rows:
        found[f"version:{row.id}"] = (_("%(plan)s，第 %(number)d 版", plan=row.name, number=row.number), row.content)
    return found


def _offered(form: WhatIfForm) -> dict[str, tuple[str, str]]:
    choices = _choices()
    plans = [(line.plan.code, line.plan.name) for line in plan_lines()]
    form.offer([(key, name) for key, (name, _content) in choices.items()], closed_months(), plans)
    return choices


def _page(form: WhatIfForm, given: Version | None = None) -> str:
    return render_template(
        "commission/whatif/form.html",
        form=form,
        given=given,
        any_closed=bool(closed_months()),
        most=MOST_MONTHS,
        words=Words(tenders),
    )


def ask_about(says: Version, name: str, home: str = "", new_code: str = "") -> Answer:
    """Show the page for a version somebody is writing; nothing of it is stored yet, so the page carries it back."""
    require_company_wide(viewer(), Permission.COMMISSION_EDIT)
    form = WhatIfForm(formdata=None)
    _offered(form)
    _usual_months(form)
    form.content.data, form.name.data = write_version(says), name
    form.home.data, form.new_code.data = home, new_code
    return _page(form, says)


def _usual_months(form: WhatIfForm) -> None:
    months = closed_months()[:MOST_MONTHS]
    if months:
        form.first_month.data, form.last_month.data = str(months[-1]), str(months[0])


@needs(Permission.COMMISSION_EDIT)
def new_what_if() -> Answer:
    """Show what can be tried, or try it."""
    require_company_wide(viewer(), Permission.COMMISSION_EDIT)
    form = WhatIfForm()
    choices = _offered(form)
    if request.method == "GET":
        form.version.data = request.args.get("version", "")
        _usual_months(form)
        return _page(form)
    given = None
    try:
        given = read_version(form.content.data) if form.content.data else None
        if not form.validate():
            return _page(form, given), 422
        asked = ask_what_if(_new(form, given, choices), viewer())
    except Refusal as refusal:
        if given is None:
            show_refused_file(form, refusal, AT_FILE)
        else:
            show_refusal(form, refusal)
        return _page(form, given), refusal.status
    return redirect(url_for("commission.what_if", what_if_id=asked.id), 303)


def _new(form: WhatIfForm, given: Version | None, choices: dict[str, tuple[str, str]]) -> NewWhatIf:
    name, source, says = _version(form, given, choices)
    return NewWhatIf(
        id=uuid.UUID(str(form.id.data)),
        name=name[:120],
        source=source,
        says=says,
        first_month=Month.parse(str(form.first_month.data)),
        last_month=Month.parse(str(form.last_month.data)),
        plan_code=form.plan.data or None,
    )


def _version(form: WhatIfForm, given: Version | None, choices: dict[str, tuple[str, str]]) -> tuple[str, str, Version]:
    """Return the version to try with its name and where it comes from: the form's own, else the file, else the choice.

    Raises:
        Invalid: ``version_missing``; as reading a plan document.
    """
    if given is not None:
        return form.name.data or _("未提交的版本"), "FORM", given
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        document = read_document(sent)
        return document.name or document.code, "FILE", newest(document)
    if form.version.data in choices:
        name, content = choices[form.version.data]
        return name, "PENDING" if form.version.data.startswith("pending:") else "VERSION", read_version(content)
    raise Invalid("version_missing", "请选择要试算的方案，或选一个方案文件", field="version")
