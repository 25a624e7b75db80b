"""Passing on a manager's whole round: choose successors, see who gets what, change it, confirm."""

from __future__ import annotations

from collections.abc import Mapping

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from agentnet.core.clock import today
from agentnet.infra.templating import tell
from agentnet.outlets.actions import HandOver, hand_over_all
from agentnet.outlets.forms import LeavingForm
from agentnet.outlets.models import Manager
from agentnet.outlets.queries import manager_for
from agentnet.outlets.queries.managers import Place, loads_of, round_from
from agentnet.outlets.rules import Slot, split_among
from agentnet.outlets.views.common import Answer, attempt, manager_choices
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

PREFIX = "to-"
"""A place's successor travels in a field named after the place's code."""


@needs(Permission.MANAGER_EDIT)
def leave(code: str) -> Answer:
    """Pass a manager's round to one successor or several, with or without leaving the post."""
    manager = manager_for(viewer(), code, Permission.MANAGER_EDIT)
    form = LeavingForm()
    people = manager_choices(viewer(), [manager.id])
    form.successors.choices = people
    form.leaves.choices = [("yes", _("离岗，不再担任台区经理")), ("no", _("仍在岗，只移交网点"))]
    if request.method == "GET":
        form.on.data, form.leaves.data = today(), "yes"
        return _choose(form, manager, 200)
    places = round_from(manager.id, form.on.data or today())
    if not places:
        form.successors.validators = []
    if not form.validate_on_submit() or request.form.get("confirmed") == "back":
        return _choose(form, manager, 200 if request.form.get("confirmed") == "back" else 422)
    plan = _plan(form, places)
    if request.form.get("confirmed") != "yes":
        return _confirm(form, manager, places, plan, 200)
    wish = HandOver(form.on.data, plan, form.reason.data or "", form.leaves.data == "yes")
    status = attempt(form, lambda: hand_over_all(code, wish, viewer(), form.id.data))
    if status:
        return _confirm(form, manager, round_from(manager.id, form.on.data), plan, status)
    tell(ngettext("已交接 %(num)d 处，从 %(day)s 起", "已交接 %(num)d 处，从 %(day)s 起", len(plan), day=wish.on))
    return redirect(url_for("outlets.manager", code=code), 303)


def _plan(form: LeavingForm, places: list[Place]) -> dict[str, str | None]:
    """Return the successor of each place: as chosen on the confirming page, else split evenly."""
    if request.form.get("confirmed") == "yes":
        sent = {key.removeprefix(PREFIX): value for key, value in request.form.items() if key.startswith(PREFIX)}
        return {key: value or None for key, value in sent.items()}
    successors = form.successors.data or []
    return split_among([place.served for place in places], successors, loads_of(successors, form.on.data))


def _choose(form: LeavingForm, manager: Manager, status: int) -> Answer:
    places = round_from(manager.id, form.on.data or today())
    return render_template("outlets/leave.html", form=form, manager=manager, held=places), status


def _confirm(
    form: LeavingForm, manager: Manager, places: list[Place], plan: Mapping[str, str | None], status: int
) -> Answer:
    names = dict(form.successors.choices)
    offered = {
        place.code: [(one, names[one]) for one in names if place.slot is Slot.PRIMARY or one != place.other_manager]
        for place in places
    }
    return (
        render_template(
            "outlets/leave_confirm.html",
            form=form,
            manager=manager,
            held=places,
            plan=plan,
            offered=offered,
            prefix=PREFIX,
        ),
        status,
    )
