"""Who answers for an outlet: assign, hand over, end."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.infra.templating import tell
from agentnet.outlets.actions import assign_manager, end_assignment, hand_over
from agentnet.outlets.forms import AssignForm, EndForm
from agentnet.outlets.queries import ManagerAt, managers_of, outlet_for
from agentnet.outlets.rules import Slot
from agentnet.outlets.views.common import Answer, attempt, end_page, manager_choices
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission


@needs(Permission.ASSIGNMENT_EDIT)
def assign(code: str, slot: str) -> Answer:
    """Assign a manager to a place, or hand the place over when somebody holds it."""
    outlet = outlet_for(viewer(), code, Permission.ASSIGNMENT_EDIT)
    place = _slot(slot)
    held = managers_of(outlet.id, today())
    present = next((one for one in held if one.slot is place), None)
    form = AssignForm()
    if request.method == "GET":
        form.manager.choices = [("", _("请选择")), *manager_choices(viewer(), _not_offered(place, present, held))]
        form.on.data = today()
        form.seen.data = present.manager.code if present else ""
        return _page(form, code, place, present)
    form.manager.choices = [("", _("请选择")), *manager_choices(viewer())]  # a form sent again names the new holder
    status = 422
    if form.validate_on_submit():
        more = (form.on.data, viewer(), form.reason.data or "", form.id.data)
        status = attempt(
            form,
            lambda: (
                hand_over(code, place, form.manager.data, *more)
                if form.seen.data
                else assign_manager(code, form.manager.data, place, *more)
            ),
            {"too_far_back": "on", "slot_taken": "on", "slot_empty": "on"},
        )
        if not status:
            name = next(words for value, words in form.manager.choices if value == form.manager.data)
            tell(_("%(outlet)s：%(manager)s 从 %(day)s 起对接", outlet=outlet.name, manager=name, day=form.on.data))
            return redirect(url_for("outlets.show", code=code), 303)
    return _page(form, code, place, present, status)


def _not_offered(place: Slot, present: ManagerAt | None, held: list[ManagerAt]) -> list[int]:
    """Return who cannot take the place: its holder; and for the deputy's place also the primary."""
    return [one.manager.id for one in held if one is present or place is Slot.DEPUTY or present is None]


@needs(Permission.ASSIGNMENT_EDIT)
def end(code: str, slot: str) -> Answer:
    """End a place without a successor."""
    outlet = outlet_for(viewer(), code, Permission.ASSIGNMENT_EDIT)
    place = _slot(slot)
    form = EndForm()
    words = {
        "title": _("结束协助对接") if place is Slot.DEPUTY else _("结束主责对接"),
        "lead": _("对接记录会保留。营业中的网点不能没有主责经理。"),
        "button": _("结束对接"),
    }
    form.on.label.text = _("从哪天起不再对接")
    return end_page(
        form,
        outlet,
        words,
        lambda day: end_assignment(code, place, day, viewer(), form.reason.data or ""),
        _("%(name)s 的对接已结束", name=outlet.name),
        url_for("outlets.show", code=code),
        fields={"slot_empty": "on", "last_primary": "on"},
    )


def _page(form: AssignForm, code: str, place: Slot, present: ManagerAt | None, status: int = 200) -> tuple[str, int]:
    outlet = outlet_for(viewer(), code, Permission.ASSIGNMENT_EDIT)
    page = render_template("outlets/assign.html", form=form, outlet=outlet, slot=place, present=present)
    return page, status


def _slot(text: str) -> Slot:
    for slot in Slot:
        if slot.lower() == text:
            return slot
    raise Missing("slot_missing", "没有这个对接位置")
