"""The life cycle: applied, site check, approved, active, suspended, closed; each step with its day and reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from flask import current_app
from sqlalchemy import func, or_, select

from agentnet.core.clock import now, today
from agentnet.core.errors import Invalid
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.outlets.actions.common import require_version
from agentnet.outlets.actions.outlet import require_hosts_nobody
from agentnet.outlets.models import Assignment, Docking, Outlet, OutletState
from agentnet.outlets.queries import outlet_for, readiness_on
from agentnet.outlets.queries.left import hold_money, left_at
from agentnet.outlets.rules import (
    State,
    earliest_change,
    require_day_of_step,
    require_emptied,
    require_ready,
    require_step,
)
from agentnet.users.permissions import Permission

NEEDS_REASON = frozenset({State.SUSPENDED, State.CLOSED})


def advance_outlet(code: str, to: State, on: date, by: Actor, reason: str = "", version: int | None = None) -> None:
    """Take an outlet one step along its life cycle, from a day on.

    Opening asks for a primary manager, an agreement in force, opening hours and tenders, on that day and today.
    Closing ends its assignments and dockings; no money may be left with it, nor of its own with the utility.

    Raises:
        Forbidden, Missing: as ``outlet_for``.
        Conflict: ``changed_meanwhile``.
        Invalid: ``step_not_allowed``, ``reason_missing``, ``in_future``, ``too_far_back``, ``hosts_others``,
            ``cash_left``, ``transit_left``, ``float_left``, ``deposit_left``, what a higher feature waits for, and what
            ``rules.require_ready`` finds missing.
    """
    if to is State.CLOSED:  # money is held before its outlet, as whoever moves it does
        hold_money(outlet_for(by, code, Permission.OUTLET_EDIT).id)
    outlet = outlet_for(by, code, Permission.OUTLET_EDIT, for_change=True)
    require_version(outlet.version, version)
    before = State(outlet.state)
    require_step(before, to)
    if to in NEEDS_REASON and not reason.strip():
        raise Invalid("reason_missing", "请写明原因", field="reason")
    require_day_of_step(on, today(), earliest_step(outlet))
    if to is State.ACTIVE:
        for day in {on, today()}:
            require_ready(readiness_on(outlet.id, day))
        outlet.opened_on = outlet.opened_on or on
    if to is State.CLOSED:
        require_hosts_nobody(outlet)
        require_settled(outlet.id)
        outlet.closed_on = on
        _end_assignments(outlet, on, by)
        _end_dockings(outlet, on, by)
    outlet.state = to
    outlet.version += 1
    db.session.add(
        OutletState(
            outlet_id=outlet.id,
            state=to,
            reason=reason.strip(),
            effective_on=on,
            changed_at=now(),
            user_id=by.user_id,
        )
    )
    db.session.flush()
    write_audit(
        by,
        "advance_outlet",
        "outlet",
        code,
        {"state": before},
        {"state": to, "effective_on": on.isoformat(), "reason": reason.strip()},
    )


def require_settled(outlet_id: int) -> None:
    """Refuse to close an outlet with something a higher feature waits for, or with money left.

    What waits is judged first: where an account was never used there is nothing to hold, and what is decided in between
    is then counted as money.

    Raises:
        Invalid: what the features named in ``create_app`` say; as ``rules.require_emptied``.
    """
    before_closing: Sequence[Callable[[int], None]] = current_app.extensions["agentnet.before_closing"]
    for require in before_closing:
        require(outlet_id)
    require_emptied(left_at(outlet_id))


def earliest_step(outlet: Outlet) -> date:
    """Return the earliest day the next step may be dated: not before the last one, nor too far back."""
    last = db.session.scalar(select(func.max(OutletState.effective_on)).where(OutletState.outlet_id == outlet.id))
    earliest = earliest_change(today(), outlet.opened_on, outlet.applied_on)
    return max(earliest, last) if last else earliest


def _end_assignments(outlet: Outlet, on: date, by: Actor) -> None:
    """End what holds on the closing day or begins later; what has not begun by today never does."""
    rows = db.session.scalars(
        select(Assignment)
        .where(Assignment.outlet_id == outlet.id)
        .where(or_(Assignment.ends_on.is_(None), Assignment.ends_on > on))
    ).all()
    for row in rows:
        kept = {"manager_id": row.manager_id, "slot": row.slot, "starts_on": row.starts_on.isoformat()}
        if row.starts_on > today():
            db.session.delete(row)
            write_audit(by, "cancel_assignment", "outlet", outlet.code, kept, None)
        else:
            row.ends_on = max(on, row.starts_on + timedelta(days=1))
            write_audit(by, "end_assignment", "outlet", outlet.code, kept, {"ends_on": row.ends_on.isoformat()})
    db.session.flush()


def _end_dockings(outlet: Outlet, on: date, by: Actor) -> None:
    rows = db.session.scalars(select(Docking).where(Docking.outlet_id == outlet.id, Docking.ends_on.is_(None))).all()
    for row in rows:
        row.ends_on = max(on, row.starts_on + timedelta(days=1))
        write_audit(by, "undock_village", "village", row.division_code, None, {"ends_on": row.ends_on.isoformat()})
    db.session.flush()
