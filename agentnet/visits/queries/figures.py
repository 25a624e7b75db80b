"""Compliance: what was due, done and missed, by week, place, outlet or manager, urban and rural always apart.

For weeks, places and outlets a duty is one duty. For managers it is counted in days, seven to a duty, by the rule in
``visits.rules``. A duty lies where its outlet lay when it was planned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from agentnet.core.clock import IsoWeek, today
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.revisions import FIELD, remembered
from agentnet.outlets.models import Manager, Outlet
from agentnet.outlets.queries import under
from agentnet.users.permissions import Permission, org_paths, require
from agentnet.visits.models import Duty
from agentnet.visits.queries.permitted import visited_duty
from agentnet.visits.queries.planning import active_by_outlet
from agentnet.visits.queries.weeks import Holding, holdings
from agentnet.visits.rules import DAYS_OF_A_DUTY, DutyState, Span, Tally, counted, days_in, in_common, share_of, total

MOST_NAMED = 500
"""More outlets than this are not named in a statement: reading the dated rows of all is cheaper."""


class Breakdown(StrEnum):
    """What compliance is asked by."""

    MANAGER = "manager"
    OUTLET = "outlet"
    STATION = "station"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Compliance:
    """One row: ``code`` names it in addresses, ``unit`` is how much one duty counts (1, or 7 days for managers)."""

    code: str
    name: str
    urban: Tally
    rural: Tally
    unit: int = 1
    name_en: str | None = None
    whole: Tally = field(init=False)
    """Urban and rural together."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", self.urban + self.rural)


@dataclass(slots=True)
class _Settings:
    urban: Tally = field(default_factory=Tally)
    rural: Tally = field(default_factory=Tally)

    def add(self, setting: str, tally: Tally) -> None:
        if setting == Setting.URBAN:
            self.urban += tally
        else:
            self.rural += tally


def compliance(
    viewer: Actor, by: Breakdown, first: IsoWeek, last: IsoWeek, *, unit_path: str | None = None
) -> list[Compliance]:
    """Return the duties of the weeks ``first`` to ``last`` (both included) in the viewer's territory, counted.

    ``unit_path`` narrows it to an org unit and below. Weeks come in order, everything else the worst first.

    Raises:
        Forbidden: ``not_permitted``.
    """
    require(viewer, Permission.COMPLIANCE_READ)
    paths = org_paths(viewer, Permission.COMPLIANCE_READ)
    question = ("compliance", paths, by, first, last, unit_path)
    return list(remembered(FIELD, question, lambda: _compliance(paths, by, first, last, unit_path)))


def in_order(
    rows: Sequence[Compliance], question: Hashable, order: Callable[[Compliance], Any], *, descending: bool
) -> Sequence[Compliance]:
    """Return rows that ``compliance`` answered to a question in another order."""
    return remembered(FIELD, ("in order", question), lambda: sorted(rows, key=order, reverse=descending))


def _compliance(
    paths: tuple[str, ...], by: Breakdown, first: IsoWeek, last: IsoWeek, unit_path: str | None
) -> list[Compliance]:
    where = [*weeks_between(first, last), Duty.org_unit_id.in_(_units(paths, unit_path))]
    if by is Breakdown.MANAGER:
        found = _by_manager(where, first, last)
    elif by is Breakdown.WEEK:
        found = _by_week(where)
    elif by is Breakdown.OUTLET:
        found = _by_outlet(where)
    else:
        found = _by_station(where)
    return found if by is Breakdown.WEEK else sorted(found, key=_worst_first)


def territory_total(viewer: Actor, first: IsoWeek, last: IsoWeek, *, unit_path: str | None = None) -> Compliance:
    """Return the duties of a territory in one row, each counted once.

    Raises:
        Forbidden: ``not_permitted``.
    """
    weeks = compliance(viewer, Breakdown.WEEK, first, last, unit_path=unit_path)
    return summed(weeks)


def summed(rows: Iterable[Compliance]) -> Compliance:
    """Return the sum of rows of one unit."""
    listed = list(rows)
    unit = listed[0].unit if listed else 1
    return Compliance("", "", total(row.urban for row in listed), total(row.rural for row in listed), unit)


def weeks_between(first: IsoWeek, last: IsoWeek) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions on ``Duty`` that its week lies between two, both included.

    Weeks as written (``2026-W07``) sort as they pass, and an index leads to them.
    """
    return Duty.week >= str(first), Duty.week <= str(last)


def outcome() -> ColumnElement[str]:
    """Return the SQL twin of ``rules.duty_state`` on ``Duty``, as of today."""
    running = IsoWeek.of(today())
    return case(
        (visited_duty(), DutyState.DONE.value),
        (Duty.exempt.is_(True), DutyState.EXEMPT.value),
        (Duty.starts_on < running.starts_on, DutyState.MISSED.value),
        else_=DutyState.DUE.value,
    )


def _units(paths: tuple[str, ...], unit_path: str | None) -> Select[int]:
    statement = select(OrgUnit.id).where(under(paths))
    if unit_path is not None:
        statement = statement.where(OrgUnit.path.startswith(unit_path, autoescape=True))
    return statement


def _worst_first(row: Compliance) -> tuple[int, int, str]:
    """Most missed first, then by code."""
    return -row.whole.missed, -row.whole.due, row.code


def _counted(key: Any, where: Sequence[ColumnElement[bool]]) -> Mapping[Any, _Settings]:
    """Return tallies by a column of ``Duty``; one grouped statement."""
    state = outcome().label("state")
    rows = db.session.execute(
        select(key.label("key"), Duty.setting, state, func.count().label("duties"))
        .where(*where)
        .group_by(key, Duty.setting, state)
    )
    found: dict[Any, _Settings] = defaultdict(_Settings)
    for row in rows:
        found[row.key].add(row.setting, counted(DutyState(row.state), row.duties))
    return found


def _by_week(where: Sequence[ColumnElement[bool]]) -> list[Compliance]:
    found = _counted(Duty.week, where)
    return [Compliance(week, week, found[week].urban, found[week].rural) for week in sorted(found)]


def _by_outlet(where: Sequence[ColumnElement[bool]]) -> list[Compliance]:
    found = _counted(Duty.outlet_id, where)
    owed = select(Duty.outlet_id).where(*where)
    rows = db.session.execute(select(Outlet.id, Outlet.code, Outlet.name).where(Outlet.id.in_(owed)))
    return [Compliance(row.code, row.name, found[row.id].urban, found[row.id].rural) for row in rows]


def _by_station(where: Sequence[ColumnElement[bool]]) -> list[Compliance]:
    found = _counted(Duty.org_unit_id, where)
    rows = db.session.execute(
        select(OrgUnit.id, OrgUnit.code, OrgUnit.name, OrgUnit.name_en).where(OrgUnit.id.in_(found))
    )
    return [
        Compliance(row.code, row.name, found[row.id].urban, found[row.id].rural, name_en=row.name_en) for row in rows
    ]


def _by_manager(where: Sequence[ColumnElement[bool]], first: IsoWeek, last: IsoWeek) -> list[Compliance]:
    found = manager_tallies(where, first, last)
    rows = db.session.execute(select(Manager.id, Manager.code, Manager.name).where(Manager.id.in_(found)))
    return [
        Compliance(row.code, row.name, found[row.id].urban, found[row.id].rural, unit=DAYS_OF_A_DUTY) for row in rows
    ]


def manager_tallies(where: Sequence[ColumnElement[bool]], first: IsoWeek, last: IsoWeek) -> Mapping[int, _Settings]:
    """Return, by manager, the duties that meet the conditions, in days by the rule of shares."""
    rows = db.session.execute(
        select(Duty.outlet_id, Duty.week, Duty.setting, outcome().label("state")).where(*where)
    ).all()
    shares = Shares(first, last, {row.outlet_id for row in rows})
    weeks = {text: IsoWeek.parse(text) for text in {row.week for row in rows}}
    found: dict[int, _Settings] = defaultdict(_Settings)
    for row in rows:
        for manager_id, days in shares.of(row.outlet_id, weeks[row.week]).items():
            found[manager_id].add(row.setting, share_of(DutyState(row.state), days))
    return {manager_id: tallies for manager_id, tallies in found.items() if tallies != _Settings()}


class Shares:
    """Knows who held which outlet on how many days of each week of a period."""

    def __init__(self, first: IsoWeek, last: IsoWeek, outlet_ids: Collection[int]) -> None:
        among = None if len(outlet_ids) > MOST_NAMED else outlet_ids
        since, until = first.starts_on, last.ends_on
        self.active = active_by_outlet(until, among)
        self.holdings: dict[int, list[Holding]] = defaultdict(list)
        for holding in holdings(since, until, outlet_ids=among):
            self.holdings[holding.outlet_id].append(holding)
        self.unchanged = {
            outlet_id: {holding.manager_id: DAYS_OF_A_DUTY for holding in held}
            for outlet_id, held in self.holdings.items()
            if all(_covers(holding.span, since, until) for holding in held)
            and any(_covers(span, since, until) for span in self.active.get(outlet_id, ()))
        }

    def of(self, outlet_id: int, week: IsoWeek) -> Mapping[int, int]:
        """Return days held (1 to 7) by manager, in the order of the dated rows."""
        if outlet_id in self.unchanged:
            return self.unchanged[outlet_id]
        spans: dict[int, list[Span]] = defaultdict(list)
        for holding in self.holdings.get(outlet_id, ()):
            spans[holding.manager_id].append(holding.span)
        active = self.active.get(outlet_id, ())
        held = {manager_id: days_in(week, in_common(own, active)) for manager_id, own in spans.items()}
        return {manager_id: days for manager_id, days in held.items() if days}


def _covers(span: Span, since: date, until: date) -> bool:
    return span[0] <= since and span[1] >= until


def served_by_path(path: str) -> ColumnElement[bool]:
    """Return the condition on ``Duty`` that it lies at or below an org path."""
    return Duty.org_unit_id.in_(select(OrgUnit.id).where(under((path,))))
