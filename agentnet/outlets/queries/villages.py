"""Villages and their docking: which lie in a person's territory, which are docked, and what share (S38)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, func, or_, select, true

from agentnet.core.errors import Missing
from agentnet.divisions.models import Division, DivisionLevel, OrgUnit, Setting
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.revisions import REGISTER, mark_of, remembered, remembered_under
from agentnet.infra.statements import built_once, written
from agentnet.outlets.models import Assignment, Docking, DockingManager, Manager, Outlet
from agentnet.outlets.queries.permitted import held_on
from agentnet.users.permissions import Permission, org_paths, require

VILLAGES = "villages"
"""What is remembered of villages and their docking until one of either changes."""


def significant(division_code: str) -> str:
    """Return the digits of a division code that all divisions inside it share (GB/T 2260, GB/T 10114).

    >>> [significant(code) for code in ("330400000000", "331081000000", "331081100000", "331081001204")]
    ['3304', '331081', '331081100', '331081001204']
    """
    for length in (2, 4, 6, 9):
        if division_code[length:] == "0" * (12 - length):
            return division_code[:length]
    return division_code


def villages_of(viewer: Actor, permission: Permission) -> ColumnElement[bool]:
    """Return the condition on ``Division`` that it lies in the viewer's territory.

    An org unit covers the divisions under its own division; one without a division (a supply station) covers those
    of the nearest unit above that has one.
    """
    return _inside(_prefixes_of(viewer, permission))


def _inside(prefixes: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the condition on ``Division`` that its code begins with one of the prefixes."""
    begins = (Division.code.startswith(written(prefix)) for prefix in prefixes)
    return true() if "" in prefixes else or_(false(), *begins)


def _prefixes_of(viewer: Actor, permission: Permission) -> tuple[str, ...]:
    paths = org_paths(viewer, permission)
    if "/" in paths:
        return ("",)
    return remembered(REGISTER, ("villages inside", paths), lambda: _prefixes_below(paths))


def _prefixes_below(paths: tuple[str, ...]) -> tuple[str, ...]:
    ancestors = {part for path in paths for part in _lineage(path)}
    rows = rows_of(_divided(paths), {"ancestors": list(ancestors)})
    prefixes: set[str] = set()
    for path in paths:
        inside = [row.division_code for row in rows if row.path.startswith(path)]
        above = sorted((row for row in rows if path.startswith(row.path)), key=lambda row: len(row.path))
        prefixes |= {significant(code) for code in inside or [row.division_code for row in above[-1:]]}
    return tuple(sorted(prefixes))


@built_once
def _divided(paths: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """Return the select of units with a division below the paths, and of the ``ancestors`` that have one."""
    above = OrgUnit.path.in_(bindparam("ancestors", expanding=True))
    below = [OrgUnit.path.startswith(path, autoescape=True) for path in paths]
    return select(OrgUnit.path, OrgUnit.division_code).where(
        OrgUnit.division_code.is_not(None), or_(above, *below, false())
    )


def _lineage(path: str) -> list[str]:
    """Return the paths from the company down to this one.

    >>> _lineage("/1/2/3/")
    ['/1/', '/1/2/', '/1/2/3/']
    """
    parts = path.strip("/").split("/")
    return [f"/{'/'.join(parts[:count])}/" for count in range(1, len(parts) + 1)]


def village_for(viewer: Actor, code: str, permission: Permission) -> Division:
    """Return the village with this 12-digit code if it lies in the viewer's territory.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``village_missing``.
    """
    require(viewer, permission)
    village = db.session.scalar(
        select(Division).where(
            Division.code == code, Division.level == DivisionLevel.VILLAGE, villages_of(viewer, permission)
        )
    )
    if village is None:
        raise Missing("village_missing", "没有找到这个村（社区），或它不在您的管辖范围内", field="village")
    return village


def villages_named(viewer: Actor, words: str, permission: Permission, limit: int = 12) -> Sequence[Division]:
    """Return the villages a person may mean: by code, else by name; an exact name before names that contain it."""
    condition = Division.code == words if words.isdecimal() else Division.name.contains(words, autoescape=True)
    return db.session.scalars(
        select(Division)
        .where(Division.level == DivisionLevel.VILLAGE, condition, villages_of(viewer, permission))
        .order_by(Division.name != words, func.length(Division.name), Division.code)
        .limit(limit)
    ).all()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many villages of an org unit are docked, of those in the register and of those the programme declared."""

    unit: Any
    """An org unit as its columns."""
    docked: Mapping[str, int]
    """By setting."""
    registered: Mapping[str, int]
    """By setting."""

    @property
    def docked_total(self) -> int:
        return sum(self.docked.values())

    @property
    def registered_total(self) -> int:
        return sum(self.registered.values())


def docking_coverage(viewer: Actor, permission: Permission) -> list[Coverage]:
    """Return the coverage of every org unit in the territory that stands for a division, in the order of the tree.

    Two queries, however many units, and none until a unit, a village or a docking changes.
    """
    require(viewer, permission)
    paths = org_paths(viewer, permission)
    known_by = f"{mark_of(REGISTER)} {mark_of(VILLAGES)}"
    return remembered_under(known_by, ("coverage", paths), lambda: _coverage(paths))


def _coverage(paths: tuple[str, ...]) -> list[Coverage]:
    units = rows_of(_units(paths))
    prefixes = {unit.id: significant(unit.division_code or "") for unit in units}
    told = tuple(sorted(set(prefixes.values())))
    counted = _by_township(told)
    registered = [(township, setting, count) for township, setting, count, _docked in counted]
    docked = [(township, setting, count) for township, setting, _registered, count in counted]
    return [
        Coverage(unit, docked=_sum(docked, prefixes[unit.id]), registered=_sum(registered, prefixes[unit.id]))
        for unit in units
    ]


@built_once
def _units(paths: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return (
        select(OrgUnit)
        .where(OrgUnit.division_code.is_not(None), or_(false(), *(OrgUnit.path.startswith(path) for path in paths)))
        .order_by(OrgUnit.path)
    )


def _present() -> ColumnElement[bool]:
    """Return the condition that joins a village to its docking without an end; there is at most one."""
    return and_(Docking.division_code == Division.code, Docking.ends_on.is_(None))


def _by_township(prefixes: tuple[str, ...]) -> list[tuple[str, str, int, int]]:
    """Return township, setting, villages registered and villages docked."""
    rows = db.session.execute(_counted(prefixes))
    return [(code, setting or Setting.RURAL, count, docked) for code, setting, count, docked in rows]


@built_once
def _counted(prefixes: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    township = func.substr(Division.code, 1, 9)
    return (
        select(township, Division.setting, func.count(), func.count(Docking.id))
        .outerjoin(Docking, _present())
        .where(Division.level == DivisionLevel.VILLAGE, _inside(prefixes))
        .group_by(township, Division.setting)
    )


def _sum(counts: list[tuple[str, str, int]], prefix: str) -> dict[str, int]:
    total = {Setting.URBAN.value: 0, Setting.RURAL.value: 0}
    for township, setting, count in counts:
        if township.startswith(prefix[:9]):
            total[setting] += count
    return total


def village_list(viewer: Actor, permission: Permission) -> Select[*tuple[Any, ...]]:
    """Return the select of villages in the territory, each with its present docking and outlet, where there are any."""
    return _listed(_prefixes_of(viewer, permission))


@built_once
def _listed(prefixes: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Division.code,
            Division.name,
            Division.setting,
            Docking.id.label("docking_id"),
            Docking.starts_on,
            Docking.outlet_id,
            Outlet.code.label("outlet_code"),
            Outlet.name.label("outlet_name"),
        )
        .outerjoin(Docking, _present())
        .outerjoin(Outlet, Outlet.id == Docking.outlet_id)
        .where(Division.level == written(DivisionLevel.VILLAGE.value), _inside(prefixes))
    )


def contact_persons(villages: Sequence[Any], day: date) -> Mapping[int, list[str]]:
    """Return the names of each docking's contact persons: those named, else the outlet's managers of the day.

    ``villages`` are rows of ``village_list``; the names stand by the docking's id.
    """
    named: dict[int, list[str]] = {one.docking_id: [] for one in villages if one.docking_id is not None}
    for docking_id, name in rows_of(_NAMED, {"dockings": list(named)}):
        named[docking_id].append(name)
    without = {id_: one.outlet_id for one in villages if (id_ := one.docking_id) and one.outlet_id and not named[id_]}
    names_at: dict[int, list[str]] = {}
    if without:
        for outlet_id, name in rows_of(_managing(day), {"outlets": list(set(without.values()))}):
            names_at.setdefault(outlet_id, []).append(name)
    return named | {docking_id: names_at.get(outlet_id, []) for docking_id, outlet_id in without.items()}


_NAMED = (
    select(DockingManager.docking_id, Manager.name)
    .join(Manager, Manager.id == DockingManager.manager_id)
    .where(DockingManager.docking_id.in_(bindparam("dockings", expanding=True)))
    .order_by(Manager.name)
)


@built_once
def _managing(day: date) -> Select[*tuple[Any, ...]]:
    return (
        select(Assignment.outlet_id, Manager.name)
        .join(Manager, Manager.id == Assignment.manager_id)
        .where(Assignment.outlet_id.in_(bindparam("outlets", expanding=True)), held_on(day))
        .order_by(Assignment.slot.desc())
    )
