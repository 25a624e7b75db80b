"""Pages of plans: what is agreed, what it comes to, and how finance changes it."""

from __future__ import annotations

from datetime import date

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.commission.actions import add_version, create_plan
from agentnet.commission.forms import PlanForm, VersionForm
from agentnet.commission.models import Plan
from agentnet.commission.queries import (
    locked_months,
    plan_by_code,
    plan_lines,
    require_company_wide,
    tenders,
    versions_of,
)
from agentnet.commission.rules import Component, commission_of, version_on
from agentnet.commission.words import Words
from agentnet.core.clock import Month, today
from agentnet.core.errors import Refusal
from agentnet.core.money import Fen
from agentnet.infra.forms import show_refusal
from agentnet.infra.templating import tell
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

EXAMPLE_FEN = (20_00, 100_00, 203_50, 500_00, 2_000_00)
"""Bills the worked example goes through: small, a round one, a usual one, two large."""

Answer = Response | str | tuple[str, int]


def worked_example(components: tuple[Component, ...]) -> list[tuple[Component, list[Fen]]]:
    """Return what each component pays for each example bill."""
    return [(one, [commission_of(one, amount) for amount in EXAMPLE_FEN]) for one in components]


@needs(Permission.COMMISSION_READ)
def plans() -> str:
    """List the plans."""
    return render_template(
        "commission/plans.html",
        lines=plan_lines(),
        words=Words(tenders()),
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
        example=worked_example(current.components) if current else [],
        amounts=EXAMPLE_FEN,
        words=Words(tenders()),
        may_edit=may(viewer(), Permission.COMMISSION_EDIT),
    )


def _earliest_start() -> date:
    """Return the first day a new version may start: after the locked months, by itself the 1st of next month."""
    locked = max(locked_months(), default=None)
    return locked.ends_on if locked else Month.of(today()).starts_on


@needs(Permission.COMMISSION_EDIT)
def new_version(code: str) -> Answer:
    """Show the form of a new version, its rows changed by buttons, or save it."""
    found = plan_by_code(code)
    form = VersionForm()
    if request.method == "GET":
        require_company_wide(viewer(), Permission.COMMISSION_EDIT)
        versions = [version for _row, version in versions_of(found)]
        current = version_on(versions, Month.of(today()).next().starts_on)
        form.show(current.components if current else ())
        form.starts_on.data = max(Month.of(today()).next().starts_on, _earliest_start())
    return _answer(form, found)


@needs(Permission.COMMISSION_EDIT)
def new_plan() -> Answer:
    """Show the form of a new plan, or save it."""
    form = PlanForm()
    if request.method == "GET":
        require_company_wide(viewer(), Permission.COMMISSION_EDIT)
        form.starts_on.data = max(Month.of(today()).starts_on, _earliest_start())
    return _answer(form, None)


def _answer(form: VersionForm, found: Plan | None) -> Answer:
    form.offer(tenders())
    if request.method == "GET":
        return _page(form, found)
    if "add" in request.form:
        form.add_row()
        form.offer(tenders())
        return _page(form, found)
    if "remove" in request.form:
        form.remove_row(request.form.get("remove", -1, int))
        return _page(form, found)
    if not form.validate():
        return _page(form, found), 422
    if "check" in request.form:
        return _page(form, found, form.new_version().components)
    try:
        if isinstance(form, PlanForm):
            made = create_plan(form.code.data, form.name.data, form.new_version(), viewer())
            tell(_("已新建方案“%(name)s”", name=made.name))
            return redirect(url_for("commission.plan", code=made.code), 303)
        assert found is not None
        version = add_version(found.code, form.new_version(), viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(form, found), refusal.status
    tell(_("已保存第 %(number)d 版，%(day)s 起生效", number=version.number, day=version.starts_on.isoformat()))
    return redirect(url_for("commission.plan", code=found.code), 303)


def _page(form: VersionForm, found: Plan | None, checked: tuple[Component, ...] = ()) -> str:
    return render_template(
        "commission/version_form.html",
        form=form,
        plan=found,
        example=worked_example(checked),
        amounts=EXAMPLE_FEN,
        words=Words(tenders()),
        earliest=_earliest_start(),
    )
