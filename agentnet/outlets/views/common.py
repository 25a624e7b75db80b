"""What the register's pages do alike: try an action for a form, offer units, managers and partners as choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from agentnet.core.clock import today
from agentnet.core.errors import Forbidden, Missing, Refusal
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.forms import HouseForm, show_refusal
from agentnet.infra.i18n import in_english
from agentnet.infra.templating import tell
from agentnet.outlets.forms import EndForm
from agentnet.outlets.models import Manager, Outlet, Partner
from agentnet.outlets.queries import in_post, units_of, visible_managers
from agentnet.outlets.queries.managers import outlets_held
from agentnet.users.permissions import Permission

Answer = Response | str | tuple[str, int]

EDIT = ["GET", "POST"]


def attempt(form: HouseForm, work: Callable[[], Any], fields: Mapping[str, str] | None = None) -> int:
    """Do the work inside a savepoint; return 0, or the status of the refusal now shown on the form.

    What lies outside the viewer's territory is not a mistake in a form: it flies on.
    """
    try:
        with db.session.begin_nested():
            work()
    except Refusal as refusal:
        if isinstance(refusal, Forbidden) or (isinstance(refusal, Missing) and refusal.field is None):
            raise
        show_refusal(form, refusal, fields)
        return refusal.status
    return 0


def end_page(
    form: EndForm,
    outlet: Outlet | None,
    words: Mapping[str, str],
    end: Callable[[date], Any],
    told: str,
    back: str,
    *,
    fields: Mapping[str, str] | None = None,
    careful: bool = False,
) -> Answer:
    """Ask for the day something ends (today unless said), end it, say so and go back to an address."""
    status = 200
    if request.method == "GET":
        form.on.data = today()
    elif form.validate_on_submit():
        status = attempt(form, lambda: end(form.on.data), fields)
        if not status:
            tell(told, careful=careful)
            return redirect(back, 303)
    else:
        status = 422
    return render_template("outlets/end.html", form=form, outlet=outlet, **words), status


def unit_choices(viewer: Actor, permission: Permission, leading: str | None = None) -> list[tuple[str, str]]:
    """Return the org units of the territory as choices, indented as the tree is."""
    return choices_of(units_of(viewer, permission), leading)


def choices_of(units: Sequence[Any], leading: str | None = None) -> list[tuple[str, str]]:
    """Return org units in the order of the tree as choices."""
    top, english = min((unit.path.count("/") for unit in units), default=0), in_english()
    pairs = [
        (unit.code, "\u3000" * (unit.path.count("/") - top) + ((english and unit.name_en) or unit.name))
        for unit in units
    ]
    return pairs if leading is None else [("", leading), *pairs]


_PARTNERS = select(Partner.code, Partner.name).order_by(Partner.name)


def partner_choices(leading: str) -> list[tuple[str, str]]:
    """Return the company's partners as choices."""
    return [("", leading), *rows_of(_PARTNERS)]


def manager_choices(viewer: Actor, without: Iterable[int] = ()) -> list[tuple[str, str]]:
    """Return the managers in post of the territory as choices, each with the number of outlets they hold."""
    rows = db.session.execute(
        select(Manager.code, Manager.name, outlets_held(today()).label("held"))
        .where(visible_managers(viewer, Permission.ASSIGNMENT_EDIT), in_post(today()), Manager.left_on.is_(None))
        .where(Manager.id.not_in(list(without)))
        .order_by(Manager.name)
    )
    return [
        (
            row.code,
            _(
                "%(name)s（%(code)s，%(outlets)s）",
                name=row.name,
                code=row.code,
                outlets=ngettext("现有 %(num)d 个网点", "现有 %(num)d 个网点", row.held),
            ),
        )
        for row in rows
    ]
