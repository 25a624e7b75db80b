"""A manager's whole round passes to others in one step, when they leave or are away for long."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from agentnet.core.clock import today
from agentnet.core.errors import Conflict, Invalid
from agentnet.divisions.models import Division
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.outlets.actions.assignment import (
    begin,
    end,
    pass_on,
    require_not_last_primary,
    require_staying,
    rows_from,
)
from agentnet.outlets.actions.common import once
from agentnet.outlets.actions.manager import manager_to_change
from agentnet.outlets.actions.village import begin_docking, end_docking
from agentnet.outlets.models import Assignment, Docking, DockingManager, Manager, Outlet
from agentnet.outlets.queries import manager_for, visible_outlets
from agentnet.outlets.queries.managers import round_from
from agentnet.outlets.rules import Slot, earliest_change
from agentnet.users.permissions import Permission


@dataclass(frozen=True, slots=True)
class HandOver:
    """Who follows a manager where, from a day on."""

    on: date
    successors: Mapping[str, str | None]
    """Outlet code, or 12-digit code of a village served without an outlet, to the successor's code; None leaves a
    deputy's place empty."""
    reason: str
    leaves: bool = True
    """Whether the manager leaves the post that day, or only this round."""


def hand_over_all(manager_code: str, plan: HandOver, by: Actor, request_id: uuid.UUID | None = None) -> str:
    """Pass everything a manager holds from a day on to the successors named for each place; return their code.

    History stays: every row ends on that day and the successor's begins. What was planned for later begins with the
    successor instead.

    Raises:
        Forbidden, Missing: the manager or a successor is not in the territory.
        Conflict: ``id_reused``; ``round_changed`` if the places are not the ones the manager holds now.
        Invalid: ``reason_missing``, ``manager_left``, ``outside_territory``, ``last_primary``, ``too_far_back``,
            ``hand_over_same_day``, ``already_assigned``, ``docking_managers``.
    """

    def work() -> str:
        manager = manager_to_change(by, manager_code, None)
        if not plan.reason.strip():
            raise Invalid("reason_missing", "请写明原因", field="reason")
        earliest = earliest_change(today(), date.min, date.min)
        if plan.on < earliest:
            raise Invalid("too_far_back", "日期不能早于 %(day)s", field="on", day=earliest.isoformat())
        held = round_from(manager.id, plan.on)
        if {place.code for place in held} != set(plan.successors):
            raise Conflict("round_changed", "这位经理负责的网点已有变化，请重新核对交接名单")
        people = _successors(plan, manager, by)
        for outlet, row in _locked_rows(manager, plan.on, by):
            successor = people.get(plan.successors[outlet.code] or "")
            _pass_row(outlet, row, successor, plan, by)
        _pass_villages(manager, plan, people, by)
        if plan.leaves:
            manager.left_on = plan.on
            manager.version += 1
        db.session.flush()
        after = {
            "on": plan.on.isoformat(),
            "reason": plan.reason.strip(),
            "leaves": plan.leaves,
            "places": len(plan.successors),
        }
        write_audit(by, "hand_over_all", "manager", manager.code, None, after)
        return manager.code

    content = {
        "manager": manager_code,
        "on": plan.on,
        "successors": dict(plan.successors),
        "reason": plan.reason,
        "leaves": plan.leaves,
    }
    return once(request_id, "hand_over_all", by, content, work)


def _successors(plan: HandOver, manager: Manager, by: Actor) -> dict[str, Manager]:
    """Return the successors by code, locked in one order."""
    people = {}
    for code in sorted({code for code in plan.successors.values() if code}):
        successor = manager_for(by, code, Permission.ASSIGNMENT_EDIT, for_change=True)
        require_staying(successor)
        if successor.id == manager.id:
            raise Invalid("successor_is_self", "不能交接给本人", field="successors")
        people[code] = successor
    return people


def _locked_rows(manager: Manager, on: date, by: Actor) -> list[tuple[Outlet, Assignment]]:
    """Return what the manager holds on a day or later, each outlet locked and in the territory."""
    later = (Assignment.manager_id == manager.id, or_(Assignment.ends_on.is_(None), Assignment.ends_on > on))
    ids = set(db.session.scalars(select(Assignment.outlet_id).where(*later)))
    outlets = db.session.scalars(
        select(Outlet)
        .where(Outlet.id.in_(ids), visible_outlets(by, Permission.ASSIGNMENT_EDIT))
        .order_by(Outlet.id)
        .with_for_update(of=Outlet)
    ).all()
    if len(outlets) != len(ids):
        raise Invalid("outside_territory", "其中有不归您管辖的网点，请由上级办理交接")
    by_id = {outlet.id: outlet for outlet in outlets}
    rows = db.session.scalars(select(Assignment).where(*later).order_by(Assignment.starts_on, Assignment.id)).all()
    return [(by_id[row.outlet_id], row) for row in rows]


def _pass_row(outlet: Outlet, row: Assignment, successor: Manager | None, plan: HandOver, by: Actor) -> None:
    slot = Slot(row.slot)
    if successor is None:
        require_not_last_primary(outlet, slot)
    if row.starts_on < plan.on:
        if successor is None:
            end(outlet, row, plan.on, plan.reason, by)
        else:
            pass_on(outlet, row, successor, plan.on, plan.reason, by)
        return
    if row.starts_on <= today():
        end(outlet, row, plan.on, plan.reason, by)  # refused by name: it began on that very day or after it
    kept = {"assignment_id": row.id, "slot": slot, "starts_on": row.starts_on.isoformat()}
    starts_on, ends_on = row.starts_on, row.ends_on
    db.session.delete(row)
    db.session.flush()
    write_audit(by, "cancel_assignment", "outlet", outlet.code, kept, None)
    if successor is None:
        return
    if any(
        other.manager_id == successor.id and (ends_on is None or other.starts_on < ends_on)
        for other in rows_from(outlet.id, starts_on)
    ):
        raise Invalid("already_assigned", "%(name)s已经在这个网点对接", field="manager", name=successor.name)
    begin(outlet, successor, slot, starts_on, ends_on, plan.reason, by)


def _pass_villages(manager: Manager, plan: HandOver, people: Mapping[str, Manager], by: Actor) -> None:
    """Dock anew, with the successor, every village that names the manager as a contact person."""
    rows = db.session.execute(
        select(Docking, Division, Outlet)
        .join(DockingManager, DockingManager.docking_id == Docking.id)
        .join(Division, Division.code == Docking.division_code)
        .outerjoin(Outlet, Outlet.id == Docking.outlet_id)
        .where(DockingManager.manager_id == manager.id, Docking.ends_on.is_(None))
        .order_by(Docking.id)
        .with_for_update(of=Docking)
    ).all()
    for docking, village, outlet in rows:
        named = set(
            db.session.scalars(select(DockingManager.manager_id).where(DockingManager.docking_id == docking.id))
        )
        code = plan.successors.get(outlet.code if outlet else village.code)
        named = (named - {manager.id}) | ({people[code].id} if code else set())
        if outlet is None and not named:
            raise Invalid("docking_managers", "不设网点的村要有 1 到 2 名对接经理", field="successors")
        if plan.on <= docking.starts_on:
            raise Invalid(
                "hand_over_same_day",
                "这段对接从 %(day)s 才开始，请选更晚的日期",
                field="on",
                day=docking.starts_on.isoformat(),
            )
        end_docking(docking, plan.on, by)
        begin_docking(village, outlet, sorted(named), plan.on, by)
