"""The life cycle on screen: choose day and reason, see what the step does, confirm."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.infra.templating import tell
from agentnet.outlets.actions import advance_outlet
from agentnet.outlets.actions.lifecycle import NEEDS_REASON, earliest_step, require_settled
from agentnet.outlets.forms import StepForm
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import managers_of, outlet_for, readiness_on
from agentnet.outlets.queries.left import left_at
from agentnet.outlets.rules import NEXT_STATES, State
from agentnet.outlets.views.common import Answer, attempt
from agentnet.outlets.words import LEFT_WORDS, STATES
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

CONFIRMED_STEPS = frozenset({State.ACTIVE, State.SUSPENDED, State.CLOSED})
"""Steps that open or shut a counter; they are shown once more before they happen."""


@needs(Permission.OUTLET_EDIT)
def step(code: str, state: str) -> Answer:
    """Take an outlet one step along its life cycle.

    Raises:
        Missing: ``step_missing`` for a state that cannot follow.
    """
    outlet = outlet_for(viewer(), code, Permission.OUTLET_EDIT)
    to = _following(outlet, state)
    form = StepForm()
    if request.method == "GET":
        form.version.data, form.on.data = outlet.version, today()
        return _page(form, outlet, to)
    if not form.validate_on_submit() or form.confirmed.data == "back":
        return _page(form, outlet, to, 200 if form.confirmed.data == "back" else 422)
    if to in NEEDS_REASON and not form.reason.data:
        form.reason.errors = [_("请写明原因")]
        return _page(form, outlet, to, 422)
    if to is State.CLOSED and (status := attempt(form, lambda: require_settled(outlet.id))):
        return _page(form, outlet, to, status)
    if to in CONFIRMED_STEPS and form.confirmed.data != "yes":
        return render_template(
            "outlets/step_confirm.html", form=form, outlet=outlet, to=to, managers=managers_of(outlet.id, today())
        )
    status = attempt(
        form,
        lambda: advance_outlet(code, to, form.on.data, viewer(), form.reason.data or "", form.version.data),
        {"step_not_allowed": "on"},
    )
    if status:
        return _page(form, outlet, to, status)
    tell(_("%(name)s：%(state)s", name=outlet.name, state=_(STATES[to])))
    return redirect(url_for("outlets.show", code=code), 303)


def _following(outlet: Outlet, state: str) -> State:
    for one in NEXT_STATES[State(outlet.state)]:
        if one == state:
            return one
    raise Missing("step_missing", "网点当前的状态不能走这一步，请返回网点页查看可办的步骤")


def _page(form: StepForm, outlet: Outlet, to: State, status: int = 200) -> tuple[str, int]:
    return (
        render_template(
            "outlets/step.html",
            form=form,
            outlet=outlet,
            to=to,
            readiness=readiness_on(outlet.id, form.on.data or today()) if to is State.ACTIVE else None,
            left=left_at(outlet.id) if to is State.CLOSED else {},
            left_words=LEFT_WORDS,
            earliest=earliest_step(outlet),
            needs_reason=to in NEEDS_REASON,
        ),
        status,
    )
