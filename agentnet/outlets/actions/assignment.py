"""Who answers for an outlet: assigning, handing over, ending (S36). One primary, one deputy at most, all dated.

What has begun is never rewritten: a hand-over ends one row and begins the next on the same day, so an active outlet
is never without a primary. Managers are locked before outlets, everywhere, so that two writers cannot wait in a circle.
"""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import or_, select

from agentnet.core.clock import today
from agentnet.core.errors import Invalid
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.outlets.actions.common import once
from agentnet.outlets.actions.outlet import require_not_closed
from agentnet.outlets.models import Assignment, Manager, Outlet
from agentnet.outlets.queries import manager_for, outlet_for
from agentnet.outlets.rules import Slot, State, earliest_change
from agentnet.users.permissions import Permission


def assign_manager(
    outlet_code: str,
    manager_code: str,
    slot: Slot,
    starts_on: date,
    by: Actor,
    reason: str = "",
    request_id: uuid.UUID | None = None,
) -> str:
    """Put a manager into an empty slot of an outlet from a day on; return the outlet's code.

    Raises:
        Forbidden, Missing: outlet or manager is not in the territory.
        Conflict: ``id_reused``.
        Invalid: ``outlet_closed``, ``manager_left``, ``too_far_back``, ``slot_taken``, ``already_assigned``.
    """

    def work() -> str:
        manager = manager_for(by, manager_code, Permission.ASSIGNMENT_EDIT, for_change=True)
        outlet = outlet_for(by, outlet_code, Permission.ASSIGNMENT_EDIT, for_change=True)
        require_not_closed(outlet)
        require_staying(manager)
        _require_day(outlet, starts_on, "starts_on")
        for row in rows_from(outlet.id, starts_on):
            if row.slot == slot:
                raise Invalid("slot_taken", "这个位置已经有人，请办理交接", field="slot")
            if row.manager_id == manager.id:
                raise Invalid("already_assigned", "%(name)s已经在这个网点对接", field="manager", name=manager.name)
        begin(outlet, manager, slot, starts_on, None, reason, by)
        return outlet.code

    content = {"outlet": outlet_code, "manager": manager_code, "slot": slot, "starts_on": starts_on, "reason": reason}
    return once(request_id, "assign_manager", by, content, work)


def hand_over(
    outlet_code: str,
    slot: Slot,
    manager_code: str,
    on: date,
    by: Actor,
    reason: str = "",
    request_id: uuid.UUID | None = None,
) -> str:
    """Pass a slot to another manager on a day, which may be any day of the week; return the outlet's code.

    The successor takes over from that day; a deputy who becomes primary leaves the deputy's slot on the same day.

    Raises:
        Forbidden, Missing: outlet or manager is not in the territory.
        Conflict: ``id_reused``.
        Invalid: ``outlet_closed``, ``slot_empty``, ``manager_left``, ``too_far_back``, ``hand_over_same_day``,
            ``already_assigned``.
    """

    def work() -> str:
        successor = manager_for(by, manager_code, Permission.ASSIGNMENT_EDIT, for_change=True)
        outlet = outlet_for(by, outlet_code, Permission.ASSIGNMENT_EDIT, for_change=True)
        require_not_closed(outlet)
        _require_day(outlet, on, "on")
        pass_on(outlet, _holder(outlet, slot, on), successor, on, reason, by)
        return outlet.code

    content = {"outlet": outlet_code, "manager": manager_code, "slot": slot, "on": on, "reason": reason}
    return once(request_id, "hand_over", by, content, work)


def end_assignment(outlet_code: str, slot: Slot, on: date, by: Actor, reason: str = "") -> None:
    """End a slot without a successor: a deputy's, or the primary's of an outlet that is not active.

    Raises:
        Forbidden, Missing: as ``outlet_for``.
        Invalid: ``outlet_closed``, ``slot_empty``, ``last_primary``, ``in_future``, ``too_far_back``,
            ``hand_over_same_day``.
    """
    outlet = outlet_for(by, outlet_code, Permission.ASSIGNMENT_EDIT, for_change=True)
    require_not_closed(outlet)
    if on > today():
        raise Invalid("in_future", "日期不能晚于今天", field="on")
    _require_day(outlet, on, "on")
    row = _holder(outlet, slot, on)
    require_not_last_primary(outlet, slot)
    end(outlet, row, on, reason, by)


def pass_on(outlet: Outlet, row: Assignment, successor: Manager, on: date, reason: str, by: Actor) -> None:
    """End a row on a day and begin the successor's; both rows are locked with their outlet."""
    require_staying(successor)
    if successor.id == row.manager_id:
        raise Invalid("already_assigned", "%(name)s已经在这个网点对接", field="manager", name=successor.name)
    for other in rows_from(outlet.id, on):
        if other.manager_id != successor.id or (row.ends_on is not None and other.starts_on >= row.ends_on):
            continue
        if row.slot != Slot.PRIMARY or other.starts_on > on:
            raise Invalid("already_assigned", "%(name)s已经在这个网点对接", field="manager", name=successor.name)
        end(outlet, other, on, reason, by)
    ends_on = row.ends_on
    end(outlet, row, on, reason, by)
    begin(outlet, successor, Slot(row.slot), on, ends_on, reason, by)


def begin(
    outlet: Outlet, manager: Manager, slot: Slot, starts_on: date, ends_on: date | None, reason: str, by: Actor
) -> None:
    """Insert an assignment with its audit line; the caller has judged it."""
    db.session.add(
        Assignment(
            outlet_id=outlet.id,
            manager_id=manager.id,
            slot=slot,
            starts_on=starts_on,
            ends_on=ends_on,
            reason=reason.strip(),
        )
    )
    db.session.flush()
    after = {"manager": manager.code, "slot": slot, "starts_on": starts_on.isoformat(), "reason": reason.strip()}
    write_audit(by, "assign_manager", "outlet", outlet.code, None, after)


def end(outlet: Outlet, row: Assignment, on: date, reason: str, by: Actor) -> None:
    """End a row on a day after its first, with its audit line.

    Raises:
        Invalid: ``hand_over_same_day``.
    """
    if on <= row.starts_on:
        raise Invalid(
            "hand_over_same_day", "这段对接从 %(day)s 才开始，请选更晚的日期", field="on", day=row.starts_on.isoformat()
        )
    before = {"assignment_id": row.id, "ends_on": row.ends_on.isoformat() if row.ends_on else None}
    row.ends_on = on
    db.session.flush()
    after = {"assignment_id": row.id, "ends_on": on.isoformat(), "reason": reason.strip()}
    write_audit(by, "end_assignment", "outlet", outlet.code, before, after)


def rows_from(outlet_id: int, day: date) -> list[Assignment]:
    """Return an outlet's assignments that hold on a day or later."""
    return list(
        db.session.scalars(
            select(Assignment)
            .where(Assignment.outlet_id == outlet_id, or_(Assignment.ends_on.is_(None), Assignment.ends_on > day))
            .order_by(Assignment.starts_on, Assignment.slot.desc())
        )
    )


def require_staying(manager: Manager) -> None:
    """Refuse a manager who has left or is about to.

    Raises:
        Invalid: ``manager_left``.
    """
    if manager.left_on is not None:
        raise Invalid("manager_left", "%(name)s已经离岗", field="manager", name=manager.name)


def require_not_last_primary(outlet: Outlet, slot: Slot) -> None:
    """Refuse to leave an active outlet without a primary.

    Raises:
        Invalid: ``last_primary``.
    """
    if slot is Slot.PRIMARY and outlet.state == State.ACTIVE:
        raise Invalid(
            "last_primary", "%(outlet)s营业中，主责经理不能空缺，请指定接任的人", field="manager", outlet=outlet.name
        )


def _holder(outlet: Outlet, slot: Slot, on: date) -> Assignment:
    """Return the row that holds a slot on a day.

    Raises:
        Invalid: ``slot_empty``.
    """
    for row in rows_from(outlet.id, on):
        if row.slot == slot and row.starts_on <= on:
            return row
    raise Invalid("slot_empty", "这个位置当天没有人，请直接指派", field="slot")


def _require_day(outlet: Outlet, on: date, field: str) -> None:
    earliest = earliest_change(today(), outlet.opened_on, outlet.applied_on)
    if on < earliest:
        raise Invalid("too_far_back", "日期不能早于 %(day)s", field=field, day=earliest.isoformat())
