"""The organisation tree: shown whole, edited by whoever administers it."""

from __future__ import annotations

import json
from dataclasses import asdict

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.administration.forms import MoveForm, UnitForm
from agentnet.core.errors import Invalid
from agentnet.divisions import actions
from agentnet.divisions.actions import UnitFacts, facts_of
from agentnet.divisions.models import OrgKind, OrgUnit
from agentnet.divisions.words import ORG_KINDS
from agentnet.infra.db import db
from agentnet.infra.i18n import in_english
from agentnet.infra.templating import tell
from agentnet.outlets.queries import units_of
from agentnet.outlets.views.common import attempt, unit_choices
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

Answer = Response | str | tuple[str, int]


def unit_name(unit: OrgUnit) -> str:
    """Return a unit's name in the reader's language."""
    return (unit.name_en if in_english() else None) or unit.name


@needs(Permission.ORG_EDIT)
def units() -> Answer:
    """Show the tree the viewer administers."""
    found = units_of(viewer(), Permission.ORG_EDIT)
    top = min((unit.path.count("/") for unit in found), default=0)
    return render_template(
        "administration/units.html",
        units=[(unit, unit.path.count("/") - top) for unit in found],
        unit_name=unit_name,
        kinds=ORG_KINDS,
    )


@needs(Permission.ORG_EDIT)
def new_unit() -> Answer:
    """Add a unit below another."""
    form = UnitForm()
    form.parent.choices = unit_choices(viewer(), Permission.ORG_EDIT, _("请选择"))
    status = 200
    if request.method == "GET":
        form.parent.data = request.args.get("parent", "")
    elif form.validate():
        code = form.code.data
        status = attempt(form, lambda: actions.add_unit(code, form.parent.data, _facts(form), viewer()))
        if not status:
            tell(_("已新增%(name)s", name=form.name.data))
            return redirect(url_for("administration.units"), 303)
    else:
        status = 422
    return render_template("administration/unit.html", form=form, unit=None), status


@needs(Permission.ORG_EDIT)
def edit_unit(code: str) -> Answer:
    """Rename a unit or correct what is written down about it."""
    unit = actions.unit_to_edit(code, viewer())
    form = UnitForm()
    del form.code, form.parent
    status = 200
    if request.method == "GET":
        form.name.data, form.name_en.data, form.kind.data = unit.name, unit.name_en, unit.kind
        form.division_code.data, form.declared_villages.data = unit.division_code, unit.declared_villages
        form.seen.data = json.dumps(asdict(facts_of(unit)))
    elif form.validate():
        seen = _seen(form.seen.data)
        status = attempt(form, lambda: actions.change_unit(code, _facts(form), viewer(), seen))
        if not status:
            tell(_("已保存%(name)s", name=form.name.data))
            return redirect(url_for("administration.units"), 303)
    else:
        status = 422
    return render_template("administration/unit.html", form=form, unit=unit, unit_name=unit_name), status


@needs(Permission.ORG_EDIT)
def move_unit(code: str) -> Answer:
    """Hang a unit, with all below it, under another parent."""
    unit = actions.unit_to_edit(code, viewer())
    form = MoveForm()
    below = {other.code for other in units_of(viewer(), Permission.ORG_EDIT) if other.path.startswith(unit.path)}
    choices = unit_choices(viewer(), Permission.ORG_EDIT, _("请选择"))
    form.parent.choices = [(value, words) for value, words in choices if value not in below]
    status = 200
    if request.method == "POST" and form.validate():
        status = attempt(form, lambda: actions.move_unit(code, form.parent.data, viewer()))
        if not status:
            tell(_("已移动%(name)s，下级单位一并移动", name=unit_name(unit)))
            return redirect(url_for("administration.units"), 303)
    elif request.method == "POST":
        status = 422
    parent = db.session.get(OrgUnit, unit.parent_id) if unit.parent_id else None
    return render_template(
        "administration/move_unit.html",
        form=form,
        unit=unit,
        parent=parent,
        unit_name=unit_name,
        below=len(below) - 1,
    ), status


def _facts(form: UnitForm) -> UnitFacts:
    return UnitFacts(
        name=form.name.data,
        kind=OrgKind(form.kind.data),
        name_en=form.name_en.data or None,
        division_code=form.division_code.data,
        declared_villages=form.declared_villages.data,
    )


def _seen(text: str) -> UnitFacts:
    """Return what the editor had on the screen.

    Raises:
        Invalid: ``form_stale`` if the form lost it.
    """
    try:
        values = json.loads(text)
        return UnitFacts(**{**values, "kind": OrgKind(values["kind"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Invalid("form_stale", "页面内容不完整，请刷新后再填一次") from None
