"""District managers: the list with their loads, a manager's page, the record and the photo."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from agentnet.core.clock import today
from agentnet.core.errors import Missing, Refusal
from agentnet.divisions.models import OrgUnit
from agentnet.infra import files
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.pages import SortBy, chosen, page_of, typed_text
from agentnet.infra.pictures import clean_jpeg
from agentnet.infra.preparing import prepared, prepared_by
from agentnet.infra.statements import built_once
from agentnet.infra.templating import tell
from agentnet.outlets.actions import ManagerFacts, change_manager, register_manager, set_manager_photo
from agentnet.outlets.forms import ManagerForm
from agentnet.outlets.models import Manager
from agentnet.outlets.queries import manager_for, units_of
from agentnet.outlets.queries.managers import load_of, lookalike_managers, manager_list, outlets_held, round_from
from agentnet.outlets.queries.story import manager_history
from agentnet.outlets.rules import clean_code
from agentnet.outlets.views.common import Answer, attempt, choices_of, unit_choices
from agentnet.users.guard import needs, viewer
from agentnet.users.models import User
from agentnet.users.permissions import Permission, may

PHOTO_SIDE = 800
"""Longest side of a manager's photo in pixels: enough for the printed notice at 35 mm."""


@needs(Permission.MANAGER_READ)
def managers() -> Answer:
    """List the managers of the territory with the outlets each holds."""
    units = units_of(viewer(), Permission.MANAGER_READ)
    paths = {unit.code: unit.path for unit in units}
    posts = {"": _("在岗"), "idle": _("没有网点的"), "consent": _("未登记同意公示的"), "left": _("已离岗")}
    post = chosen(request.args, "post", {key: key for key in posts}, "")
    statement = manager_list(
        viewer(), typed_text(request.args, "q", 60), paths.get(request.args.get("unit", ""), ""), post
    )
    page = page_of(
        db.session(), statement, request.args, columns=_columns(), default="code", key=SortBy(Manager.id, int)
    )
    return render_template(
        "outlets/managers.html",
        page=page,
        load=load_of(viewer()),
        posts=list(posts.items()),
        post=post,
        narrowed=any(request.args.get(name) for name in ("q", "unit", "post")),
        units=choices_of(units, _("全部单位")),
    )


@built_once
def _columns() -> dict[str, SortBy]:
    return {
        "code": SortBy(Manager.code),
        "name": SortBy(Manager.name),
        "unit": SortBy(OrgUnit.path),
        "held": SortBy(outlets_held(today()), int),
    }


@needs(Permission.MANAGER_READ)
def manager(code: str) -> Answer:
    """Show a manager: who they are, what they hold, what they held."""
    row = manager_for(viewer(), code)
    return render_template(
        "outlets/manager.html",
        manager=row,
        unit=db.session.get_one(OrgUnit, row.org_unit_id),
        user=db.session.get(User, row.user_id) if row.user_id else None,
        held=round_from(row.id, today()),
        history=manager_history(row.id),
        may_edit=_may_edit(row),
    )


def _may_edit(row: Manager) -> bool:
    gone = row.left_on is not None and row.left_on <= today()
    return may(viewer(), Permission.MANAGER_EDIT) and not gone


@needs(Permission.MANAGER_READ)
def photo(code: str) -> Response:
    """Show a manager's photo.

    Raises:
        Missing: ``photo_missing``.
    """
    row = manager_for(viewer(), code)
    if row.photo_sha256 is None:
        raise Missing("photo_missing", "还没有照片")
    return Response(files.read(row.photo_sha256), content_type="image/jpeg")


def _stored_photo() -> str | None:
    """Store the uploaded photo, cleaned and shrunk, and return its SHA-256; None when none was sent."""
    sent = request.files.get("photo")
    if sent is None or not sent.filename:
        return None
    return files.put(clean_jpeg(sent.stream.read(), PHOTO_SIDE))


@needs(Permission.MANAGER_EDIT)
@prepared_by(_stored_photo)
def new_manager() -> Answer:
    """Enter a manager."""
    form = _form()
    return _saved(form, None) if request.method == "POST" else _page(form, None, 200)


@needs(Permission.MANAGER_EDIT)
@prepared_by(_stored_photo)
def edit_manager(code: str) -> Answer:
    """Change a manager's record."""
    row = manager_for(viewer(), code, Permission.MANAGER_EDIT)
    form = _form()
    del form.code, form.id
    if request.method == "POST":
        return _saved(form, row)
    for name in ("version", "name", "work_phone", "consent_on"):
        form[name].data = getattr(row, name)
    form.unit.data = db.session.get_one(OrgUnit, row.org_unit_id).code
    if "username" in form:
        form.username.data = db.session.get_one(User, row.user_id).username if row.user_id else ""
    return _page(form, row, 200)


def _form() -> ManagerForm:
    form = ManagerForm()
    form.unit.choices = unit_choices(viewer(), Permission.MANAGER_EDIT)
    if not may(viewer(), Permission.USER_EDIT):
        del form.username
    return form


def _page(form: ManagerForm, row: Manager | None, status: int, lookalikes: list[Manager] | None = None) -> Answer:
    page = render_template("outlets/manager_edit.html", form=form, manager=row, lookalikes=lookalikes or [])
    return page, status


def _saved(form: ManagerForm, row: Manager | None) -> Answer:
    if not form.validate_on_submit():
        return _page(form, row, 422)
    lookalikes = [] if form.really_another.data else _lookalikes(form, row)
    if lookalikes:
        return _page(form, row, 422, lookalikes)
    try:
        sha256 = prepared()
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(form, row, refusal.status)
    status = attempt(form, lambda: _write(form, row, sha256))
    if status:
        return _page(form, row, status)
    tell(_("已保存%(name)s的资料", name=form.name.data))
    return redirect(url_for("outlets.manager", code=row.code if row else clean_code(form.code.data)), 303)


def _lookalikes(form: ManagerForm, row: Manager | None) -> list[Manager]:
    phone = "".join(character for character in form.work_phone.data or "" if character.isdigit())
    if row is not None and row.work_phone == phone:
        return []
    return [one for one in lookalike_managers(viewer(), phone) if row or one.code != (form.code.data or "").upper()]


def _write(form: ManagerForm, row: Manager | None, sha256: str | None) -> None:
    if "username" in form:
        username = form.username.data or None
    else:
        user = db.session.get(User, row.user_id) if row is not None and row.user_id else None
        username = user.username if user else None
    facts = ManagerFacts(
        name=form.name.data,
        work_phone=form.work_phone.data,
        unit_code=form.unit.data,
        consent_on=form.consent_on.data,
        username=username,
    )
    if row is None:
        code = register_manager(form.code.data or "", facts, viewer(), form.id.data)
    else:
        code = row.code
        change_manager(code, facts, viewer(), form.version.data)
    if sha256 is not None:
        set_manager_photo(code, sha256, viewer())
