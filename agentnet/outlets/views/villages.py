"""Docking: how much of each county is connected, village by village, and docking one or ending it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.divisions.models import Division
from agentnet.infra.db import db
from agentnet.infra.i18n import refusal_text
from agentnet.infra.pages import SortBy, chosen, page_of, typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.actions import dock_village, undock_village
from agentnet.outlets.display import listed
from agentnet.outlets.forms import DockForm, EndForm
from agentnet.outlets.models import Docking, Outlet
from agentnet.outlets.queries import docking_coverage, outlet_for, village_for, village_list
from agentnet.outlets.queries.villages import contact_persons, significant
from agentnet.outlets.views.common import Answer, attempt, end_page, manager_choices
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

COLUMNS = {
    "code": SortBy(Division.code),
    "name": SortBy(Division.name),
    "outlet": SortBy(Outlet.code, nullable=True),
    "since": SortBy(Docking.starts_on, type(today()), nullable=True),
}


@needs(Permission.MANAGER_READ)
def dockings() -> Answer:
    """Show docking coverage by org unit and the villages themselves."""
    coverage = docking_coverage(viewer(), Permission.MANAGER_READ)
    units = {one.unit.code: one.unit for one in coverage}
    unit = units.get(request.args.get("unit", ""))
    statement = village_list(viewer(), Permission.MANAGER_READ)
    if unit is not None:
        statement = statement.where(Division.code.startswith(significant(unit.division_code or "")))
    words = typed_text(request.args, "q", 60)
    if words:
        statement = statement.where(
            Division.code.startswith(words) if words.isdecimal() else Division.name.contains(words, autoescape=True)
        )
    docked = chosen(request.args, "docked", {"yes": "yes", "no": "no"}, "")
    if docked:
        statement = statement.where(Docking.id.is_not(None) if docked == "yes" else Docking.id.is_(None))
    page = page_of(db.session(), statement, request.args, columns=COLUMNS, default="code", key=SortBy(Division.code))
    return render_template(
        "outlets/dockings.html",
        coverage=coverage,
        page=page,
        docked=docked,
        narrowed=bool(words or unit or docked),
        people={id_: listed(names) for id_, names in contact_persons(page.items, today()).items()},
        may_edit=may(viewer(), Permission.ASSIGNMENT_EDIT),
    )


@needs(Permission.ASSIGNMENT_EDIT)
def dock(division_code: str) -> Answer:
    """Dock a village."""
    village = village_for(viewer(), division_code, Permission.ASSIGNMENT_EDIT)
    form = DockForm()
    form.managers.choices = manager_choices(viewer())
    if request.method == "GET":
        form.on.data = today()
        return render_template("outlets/dock.html", form=form, village=village)
    status = 422
    if form.validate_on_submit():
        outlet_code = (form.outlet.data or "").upper() or None
        known = outlet_code is None or _outlet_exists(form, outlet_code)
        if known:
            status = attempt(
                form,
                lambda: dock_village(
                    division_code, form.on.data, viewer(), outlet_code, form.managers.data or (), form.id.data
                ),
                {"already_docked": "on"},
            )
            if not status:
                tell(_("%(village)s已对接", village=village.name))
                return redirect(url_for("outlets.dockings"), 303)
    return render_template("outlets/dock.html", form=form, village=village), status


def _outlet_exists(form: DockForm, code: str) -> bool:
    """Say at the field when there is no such outlet, rather than turning the whole page into "not found"."""
    try:
        outlet_for(viewer(), code, Permission.ASSIGNMENT_EDIT)
    except Missing as missing:
        form.outlet.errors = [refusal_text(missing)]
        return False
    return True


@needs(Permission.ASSIGNMENT_EDIT)
def undock(division_code: str) -> Answer:
    """End a village's docking."""
    village = village_for(viewer(), division_code, Permission.ASSIGNMENT_EDIT)
    form = EndForm()
    words = {
        "title": _("结束%(village)s的对接", village=village.name),
        "lead": _("村将不再计入已对接，对接记录会保留。"),
        "button": _("结束对接"),
        "back": url_for("outlets.dockings"),
    }
    form.on.label.text = _("从哪天起不再对接")
    del form.reason
    return end_page(
        form,
        None,
        words,
        lambda day: undock_village(division_code, day, viewer()),
        _("%(village)s的对接已结束", village=village.name),
        url_for("outlets.dockings"),
    )
