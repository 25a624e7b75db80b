"""Docking: a village is connected to the network, served at an outlet or by its managers alone (S33, S38)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date

from sqlalchemy import or_, select

from agentnet.core.errors import Invalid, Missing
from agentnet.divisions.models import Division
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.outlets.actions.assignment import require_staying
from agentnet.outlets.actions.common import once
from agentnet.outlets.actions.outlet import require_not_closed
from agentnet.outlets.models import Docking, DockingManager, Outlet
from agentnet.outlets.queries import manager_for, outlet_for, village_for
from agentnet.users.permissions import Permission

MOST_MANAGERS = 2
"""S36: one or two contact persons for a docked village."""


def dock_village(
    division_code: str,
    starts_on: date,
    by: Actor,
    outlet_code: str | None = None,
    manager_codes: Collection[str] = (),
    request_id: uuid.UUID | None = None,
) -> str:
    """Dock a village from a day on; return its division code.

    At an outlet, the outlet's managers are its contact persons unless others are named. Without an outlet one or two
    must be.

    Raises:
        Forbidden, Missing: village, outlet or manager is not in the territory.
        Conflict: ``id_reused``.
        Invalid: ``already_docked``, ``outlet_closed``, ``manager_left``, ``docking_managers``.
    """

    def work() -> str:
        village = village_for(by, division_code, Permission.ASSIGNMENT_EDIT)
        managers = [manager_for(by, code, Permission.ASSIGNMENT_EDIT) for code in dict.fromkeys(manager_codes)]
        for manager in managers:
            require_staying(manager)
        outlet = outlet_for(by, outlet_code, Permission.ASSIGNMENT_EDIT, for_change=True) if outlet_code else None
        if outlet:
            require_not_closed(outlet)
        if len(managers) > MOST_MANAGERS or (outlet is None and not managers):
            raise Invalid("docking_managers", "不设网点的村要有 1 到 2 名对接经理", field="managers")
        overlapping = select(Docking.id).where(
            Docking.division_code == village.code, or_(Docking.ends_on.is_(None), Docking.ends_on > starts_on)
        )
        if db.session.scalar(overlapping):
            raise Invalid("already_docked", "%(village)s已经对接", field="village", village=village.name)
        begin_docking(village, outlet, [manager.id for manager in managers], starts_on, by)
        return village.code

    content = {
        "village": division_code,
        "starts_on": starts_on,
        "outlet": outlet_code,
        "managers": sorted(manager_codes),
    }
    return once(request_id, "dock_village", by, content, work)


def undock_village(division_code: str, on: date, by: Actor) -> None:
    """End a village's docking on a day.

    Raises:
        Forbidden, Missing: the village is not in the territory; ``docking_missing``.
        Invalid: ``docking_period``.
    """
    village = village_for(by, division_code, Permission.ASSIGNMENT_EDIT)
    row = db.session.scalar(
        select(Docking).where(Docking.division_code == village.code, Docking.ends_on.is_(None)).with_for_update()
    )
    if row is None:
        raise Missing("docking_missing", "这个村还没有对接")
    if on <= row.starts_on:
        raise Invalid("docking_period", "结束的日期要晚于对接开始的日期", field="on")
    end_docking(row, on, by)


def begin_docking(village: Division, outlet: Outlet | None, manager_ids: list[int], on: date, by: Actor) -> None:
    """Insert a docking with its managers and audit line; the caller has judged it."""
    row = Docking(division_code=village.code, outlet_id=outlet.id if outlet else None, starts_on=on)
    db.session.add(row)
    db.session.flush()
    db.session.add_all(DockingManager(docking_id=row.id, manager_id=manager_id) for manager_id in manager_ids)
    db.session.flush()
    after = {
        "outlet": outlet.code if outlet else None,
        "manager_ids": sorted(manager_ids),
        "starts_on": on.isoformat(),
    }
    write_audit(by, "dock_village", "village", village.code, None, after)


def end_docking(row: Docking, on: date, by: Actor) -> None:
    """End a docking with its audit line."""
    row.ends_on = on
    db.session.flush()
    write_audit(by, "undock_village", "village", row.division_code, None, {"ends_on": on.isoformat()})
