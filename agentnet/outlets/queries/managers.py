"""District managers: their round, their load, and the list of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, or_, select

from agentnet.core.clock import today
from agentnet.divisions.models import Division, OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.revisions import REGISTER, remembered
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Assignment, Docking, DockingManager, Manager, Outlet
from agentnet.outlets.queries.permitted import held_on, in_post, visible_managers
from agentnet.outlets.rules import Served, Slot
from agentnet.users.permissions import Permission


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a manager's round: an outlet, or a village served without one."""

    code: str
    """Outlet code, or the village's 12-digit division code."""
    name: str
    slot: Slot
    since: date
    outlet: Outlet | None
    other_manager: str | None
    """Code of who holds the other slot there."""

    @property
    def served(self) -> Served:
        return Served(self.code, self.slot, self.other_manager)


def round_from(manager_id: int, day: date) -> list[Place]:
    """Return every place a manager holds on a day or is to hold later: outlets, then villages without one."""
    other = (
        select(Manager.code)
        .join(Assignment, Assignment.manager_id == Manager.id)
        .where(Assignment.outlet_id == Outlet.id, Manager.id != manager_id, held_on(day))
        .limit(1)
        .scalar_subquery()
    )
    outlets = db.session.execute(
        select(Outlet, Assignment, other.label("other"))
        .join(Assignment, Assignment.outlet_id == Outlet.id)
        .where(Assignment.manager_id == manager_id)
        .where(or_(Assignment.ends_on.is_(None), Assignment.ends_on > day))
        .order_by(Outlet.code, Assignment.starts_on)
    ).all()
    places = {
        row.Outlet.code: Place(
            row.Outlet.code, row.Outlet.name, Slot(row.Assignment.slot), row.Assignment.starts_on, row.Outlet, row.other
        )
        for row in reversed(outlets)
    }
    return [*(places[code] for code in sorted(places)), *_villages(manager_id)]


def _villages(manager_id: int) -> list[Place]:
    others = DockingManager.__table__.alias()
    other = (
        select(Manager.code)
        .join(others, others.c.manager_id == Manager.id)
        .where(others.c.docking_id == Docking.id, Manager.id != manager_id)
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Division, Docking, other.label("other"))
        .join(Docking, Docking.division_code == Division.code)
        .join(DockingManager, DockingManager.docking_id == Docking.id)
        .where(DockingManager.manager_id == manager_id, Docking.outlet_id.is_(None), Docking.ends_on.is_(None))
        .order_by(Division.code)
    ).all()
    return [
        Place(
            row.Division.code,
            row.Division.name,
            Slot.DEPUTY if row.other else Slot.PRIMARY,
            row.Docking.starts_on,
            None,
            row.other,
        )
        for row in rows
    ]


def outlets_held(day: date, slot: Slot | None = None) -> ScalarSelect[int]:
    """Return the number of outlets a ``Manager`` holds on a day, as a column of a select over managers."""
    counted = select(func.count(Assignment.id)).where(Assignment.manager_id == Manager.id, held_on(day))
    if slot is not None:
        counted = counted.where(Assignment.slot == slot)
    return counted.correlate(Manager).scalar_subquery()


def loads_of(codes: Collection[str], day: date) -> Mapping[str, int]:
    """Return how many outlets each of these managers holds on a day."""
    rows = db.session.execute(select(Manager.code, outlets_held(day)).where(Manager.code.in_(codes)))
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class Load:
    """Outlets shared out among the managers in post."""

    managers: int
    outlets: int
    """Outlets held, counted once for each manager at them."""
    most: int
    idle: int


def load_of(viewer: Actor) -> Load:
    """Return how the outlets of the viewer's territory are shared out today."""

    def counted() -> Load:
        row = db.session.connection().execute(_load(viewer)).one()
        return Load(*(int(value) for value in row))

    return remembered(REGISTER, ("load", viewer), counted)


@built_once
def _load(viewer: Actor) -> Select[int, int, int, int]:
    # Everybody's outlets are counted in one pass: asking for each manager apart took four times as long.
    counted = (
        select(Assignment.manager_id, func.count().label("held"))
        .where(held_on(today()))
        .group_by(Assignment.manager_id)
        .subquery()
    )
    held = func.coalesce(counted.c.held, 0)
    return (
        select(
            func.count(),
            func.coalesce(func.sum(held), 0),
            func.coalesce(func.max(held), 0),
            func.count().filter(held == 0),
        )
        .select_from(Manager)
        .outerjoin(counted, counted.c.manager_id == Manager.id)
        .where(visible_managers(viewer), in_post(today()))
    )


@built_once
def manager_list(viewer: Actor, words: str = "", unit_path: str = "", post: str = "") -> Select[*tuple[Any, ...]]:
    """Return the select of managers in the territory with their unit and outlets held as primary and as deputy.

    ``post`` is ``in`` (in post, the usual), ``left``, ``idle`` (without an outlet), ``consent`` (none on record).
    """
    day = today()
    statement: Select[*tuple[Any, ...]] = (
        select(
            Manager.code,
            Manager.name,
            Manager.work_phone,
            Manager.consent_on,
            Manager.left_on,
            OrgUnit.name.label("unit_name"),
            OrgUnit.name_en.label("unit_name_en"),
            outlets_held(day, Slot.PRIMARY).label("primary"),
            outlets_held(day, Slot.DEPUTY).label("deputy"),
        )
        .join(OrgUnit, OrgUnit.id == Manager.org_unit_id)
        .where(visible_managers(viewer, Permission.MANAGER_READ))
    )
    if words:
        statement = statement.where(
            or_(
                Manager.name.contains(words, autoescape=True),
                Manager.code.icontains(words, autoescape=True),
                Manager.work_phone.contains(words, autoescape=True),
            )
        )
    if unit_path:
        statement = statement.where(OrgUnit.path.startswith(unit_path, autoescape=True))
    if post == "left":
        return statement.where(~in_post(day))
    statement = statement.where(in_post(day))
    if post == "idle":
        return statement.where(outlets_held(day) == 0)
    return statement.where(Manager.consent_on.is_(None)) if post == "consent" else statement


def lookalike_managers(viewer: Actor, work_phone: str) -> list[Manager]:
    """Return managers in post who have the same work phone: perhaps one person entered twice."""
    return list(
        db.session.scalars(
            select(Manager)
            .where(Manager.work_phone == work_phone, in_post(today()), visible_managers(viewer))
            .order_by(Manager.code)
            .limit(5)
        )
    )
