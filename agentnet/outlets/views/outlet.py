"""An outlet's page, and registering, changing and moving it."""

from __future__ import annotations

from flask import current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _

from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.divisions.models import Division, Setting
from agentnet.infra.db import db
from agentnet.infra.templating import tell
from agentnet.outlets.actions import NewOutlet, OutletFacts, change_outlet, move_outlet, register_outlet
from agentnet.outlets.display import SETTINGS, choices
from agentnet.outlets.forms import MoveForm, OutletForm
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries import outlet_for, villages_named
from agentnet.outlets.queries.lists import lookalike_outlets, suggested_code
from agentnet.outlets.queries.story import OutletPage, outlet_history, outlet_page
from agentnet.outlets.rules import NEXT_STATES, OutletKind, State
from agentnet.outlets.views.common import Answer, attempt, partner_choices, unit_choices
from agentnet.outlets.words import COORDINATE_SOURCES, OUTLET_KINDS
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may


@needs(Permission.OUTLET_READ)
def show(code: str) -> Answer:
    """Show an outlet with all its facts and its history; features above add their parts (``agentnet.outlet_story``)."""
    outlet = outlet_for(viewer(), code)
    page = outlet_page(outlet, today())
    return render_template(
        "outlets/show.html",
        outlet=outlet,
        page=page,
        history=outlet_history(outlet.id),
        next_states=_next_states(page),
        may_edit=_may_edit(outlet),
        story=[part(viewer(), outlet) for part in current_app.extensions.get("agentnet.outlet_story", ())],
    )


def _may_edit(outlet: Outlet) -> bool:
    """Return whether the viewer edits this very outlet; reading it is not enough."""
    if not may(viewer(), Permission.OUTLET_EDIT):
        return False
    try:
        return outlet_for(viewer(), outlet.code, Permission.OUTLET_EDIT).state != State.CLOSED
    except Missing:
        return False


def _next_states(page: OutletPage) -> list[State]:
    return [state for state in State if state in NEXT_STATES[State(page.outlet.state)]]


@needs(Permission.OUTLET_EDIT)
def new() -> Answer:
    """Register an outlet."""
    form = _form()
    if request.method == "GET":
        form.code.data = suggested_code(viewer())
        form.applied_on.data = today()
        form.setting.data = Setting.RURAL
        return render_template("outlets/edit.html", form=form, outlet=None)
    lookalikes: list[Outlet] = []
    villages: list[Division] = []
    status = 422
    if form.validate_on_submit():
        villages = _villages(form)
        lookalikes = _lookalikes(form)
        if len(villages) == 1 and not lookalikes:
            facts = _facts(form, villages[0].code)
            application = NewOutlet(form.code.data or "", form.unit.data or "", form.applied_on.data or today(), facts)
            status = attempt(form, lambda: register_outlet(application, viewer(), form.id.data))
            if not status:
                tell(
                    _("已登记 %(name)s。下一步：安排现场核查，同时可以登记协议、营业时间和台区经理。", name=facts.name)
                )
                return redirect(url_for("outlets.show", code=application.code.strip().upper()), 303)
    return (
        render_template("outlets/edit.html", form=form, outlet=None, lookalikes=lookalikes, villages=villages),
        status,
    )


@needs(Permission.OUTLET_EDIT)
def edit(code: str) -> Answer:
    """Change an outlet's facts."""
    outlet = outlet_for(viewer(), code, Permission.OUTLET_EDIT)
    form = _form(outlet)
    if request.method == "GET":
        _fill(form, outlet)
        return render_template("outlets/edit.html", form=form, outlet=outlet)
    lookalikes: list[Outlet] = []
    villages: list[Division] = []
    status = 422
    if form.validate_on_submit():
        villages = _villages(form)
        lookalikes = _lookalikes(form, outlet)
        if len(villages) == 1 and not lookalikes:
            facts = _facts(form, villages[0].code)
            status = attempt(form, lambda: change_outlet(code, facts, viewer(), form.version.data))
            if not status:
                tell(_("已保存 %(name)s 的资料", name=facts.name))
                return redirect(url_for("outlets.show", code=code), 303)
            if status == 409:
                form.version.data = outlet_for(viewer(), code, Permission.OUTLET_EDIT).version
    return (
        render_template("outlets/edit.html", form=form, outlet=outlet, lookalikes=lookalikes, villages=villages),
        status,
    )


@needs(Permission.OUTLET_EDIT)
def move(code: str) -> Answer:
    """Move an outlet to another org unit."""
    outlet = outlet_for(viewer(), code, Permission.OUTLET_EDIT)
    form = MoveForm()
    form.unit.choices = [("", _("请选择")), *unit_choices(viewer(), Permission.OUTLET_EDIT)]
    if request.method == "GET":
        form.version.data, form.on.data = outlet.version, today()
        return render_template("outlets/move.html", form=form, outlet=outlet)
    status = 422
    if form.validate_on_submit():
        status = attempt(form, lambda: move_outlet(code, form.unit.data, form.on.data, viewer(), form.version.data))
        if not status:
            tell(_("%(name)s 已划归新的管理单位", name=outlet.name))
            return redirect(url_for("outlets.show", code=code), 303)
    return render_template("outlets/move.html", form=form, outlet=outlet), status


def _form(outlet: Outlet | None = None) -> OutletForm:
    form = OutletForm()
    form.kind.choices = choices(OUTLET_KINDS, _("请选择"))
    form.setting.choices = choices(SETTINGS)
    form.unit.choices = unit_choices(viewer(), Permission.OUTLET_EDIT, _("请选择"))
    form.partner.choices = partner_choices(_("没有，公司直接管理"))
    sources = COORDINATE_SOURCES
    if outlet is not None and outlet.coordinate_source and outlet.coordinate_source not in sources:
        sources = {**sources, outlet.coordinate_source: outlet.coordinate_source}
    form.coordinate_source.choices = choices(sources, _("没有位置"))
    if outlet is not None:
        del form.code, form.unit, form.applied_on, form.id
    return form


def _fill(form: OutletForm, outlet: Outlet) -> None:
    for name in (
        "version", "name", "kind", "setting", "address", "phone", "keeper_name", "staffed", "partner_outlet_no",
        "longitude", "latitude", "coordinate_source", "coordinate_synthetic",
    ):  # fmt: skip
        form[name].data = getattr(outlet, name)
    form.village.data = outlet.division_code
    partner = db.session.get(Partner, outlet.partner_id) if outlet.partner_id else None
    host = db.session.get(Outlet, outlet.hosted_by_id) if outlet.hosted_by_id else None
    form.partner.data = partner.code if partner else ""
    form.host.data = host.code if host else ""


def _villages(form: OutletForm) -> list[Division]:
    """Return the village that was meant; several when the name fits several, with a word at the field."""
    found = list(villages_named(viewer(), form.village.data or "", Permission.OUTLET_EDIT))
    exact = [village for village in found if form.village.data in (village.code, village.name)]
    if len(exact) == 1:
        return exact
    if not found:
        form.village.errors = [_("没有这个村（社区），请核对名称或 12 位代码")]
    elif len(found) > 1:
        form.village.errors = [_("有多个村符合，请从下面选一个，把代码填到这里")]
    return found


def _lookalikes(form: OutletForm, outlet: Outlet | None = None) -> list[Outlet]:
    """Return outlets that may be this one registered twice, unless the person has said that they are others."""
    if form.really_another.data:
        return []
    phone = "".join(character for character in form.phone.data or "" if character.isdigit())
    if outlet is not None and (outlet.phone, outlet.longitude, outlet.latitude) == (
        phone or None,
        form.longitude.data,
        form.latitude.data,
    ):
        return []
    return lookalike_outlets(
        viewer(),
        phone or None,
        form.longitude.data,
        form.latitude.data,
        outlet.code if outlet else (form.code.data or "").upper(),
    )


def _facts(form: OutletForm, division_code: str) -> OutletFacts:
    return OutletFacts(
        name=form.name.data or "",
        kind=OutletKind(form.kind.data),
        setting=Setting(form.setting.data),
        division_code=division_code,
        address=form.address.data or "",
        phone=form.phone.data or None,
        keeper_name=form.keeper_name.data or None,
        partner_code=form.partner.data or None,
        partner_outlet_no=form.partner_outlet_no.data or None,
        host_code=(form.host.data or "").upper() or None,
        staffed=bool(form.staffed.data),
        longitude=form.longitude.data,
        latitude=form.latitude.data,
        coordinate_source=form.coordinate_source.data or None,
        coordinate_synthetic=bool(form.coordinate_synthetic.data),
    )
