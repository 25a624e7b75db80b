"""A manager's week: which outlets to visit, the longest neglected first. A bounded number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from agentnet.core.clock import IsoWeek, today
from agentnet.infra.db import db
from agentnet.outlets.models import Assignment, Manager, Outlet
from agentnet.visits.models import Duty, DutyVisit, Need, Visit
from agentnet.visits.queries.permitted import visited_duty
from agentnet.visits.queries.planning import active_by_outlet, overlapping
from agentnet.visits.rules import DutyState, Span, days_in, duty_state, in_common, is_over, span

LOOK_BACK_WEEKS = 8


@dataclass(frozen=True, slots=True)
class ManagersDuty:
    """One outlet of a manager's week; ``weeks_missed`` counts the weeks missed in a row just before it."""

    outlet: Outlet
    state: DutyState
    slot: str
    days_held: int
    visit: Visit | None
    visited_by: Manager | None
    shared_with: Sequence[str]
    weeks_missed: int
    last_visited_on: date | None
    open_needs: int


@dataclass(frozen=True, slots=True)
class Holding:
    """A manager's hold on an outlet in a period: when, in which slot, and the dated row's reason."""

    outlet_id: int
    manager_id: int
    slot: str
    span: Span
    reason: str


def managers_week(manager: Manager, week: IsoWeek) -> list[ManagersDuty]:
    """Return the week's duties of a manager: neglected ones first, then open ones, then what is done."""
    own = holdings(week.starts_on, week.ends_on, manager_ids=[manager.id])
    outlet_ids = {holding.outlet_id for holding in own}
    duties = _duties(outlet_ids, week)
    active = active_by_outlet(week.ends_on, outlet_ids)
    visits = counted_visits([row.id for row in duties])
    others = _names_of_others(week, outlet_ids, manager.id)
    streaks = _weeks_missed(outlet_ids, week)
    needs = _open_needs(outlet_ids)
    last = _last_visits(outlet_ids)
    found = []
    for row in duties:
        mine = [holding for holding in own if holding.outlet_id == row.Outlet.id]
        visit, visited_by = visits.get(row.id, (None, None))
        state = duty_state(visited=visit is not None, exempt=row.exempt, week_is_over=is_over(week, today()))
        found.append(
            ManagersDuty(
                outlet=row.Outlet,
                state=state,
                slot=mine[-1].slot,
                days_held=days_in(week, in_common([one.span for one in mine], active.get(row.Outlet.id, ()))),
                visit=visit,
                visited_by=visited_by,
                shared_with=others.get(row.Outlet.id, ()),
                weeks_missed=streaks.get(row.Outlet.id, 0),
                last_visited_on=last.get(row.Outlet.id),
                open_needs=needs.get(row.Outlet.id, 0),
            )
        )
    order = {DutyState.MISSED: 0, DutyState.DUE: 1, DutyState.EXEMPT: 2, DutyState.DONE: 3}
    return sorted(found, key=lambda one: (order[one.state], -one.weeks_missed, one.outlet.code))


def holdings(
    since: date, until: date, *, manager_ids: Collection[int] | None = None, outlet_ids: Collection[int] | None = None
) -> list[Holding]:
    """Return who held what on some day of a period, by outlet and day."""
    statement = select(
        Assignment.outlet_id, Assignment.manager_id, Assignment.slot, Assignment.starts_on, Assignment.ends_on,
        Assignment.reason,
    ).where(*overlapping(Assignment, since, until))  # fmt: skip
    if manager_ids is not None:
        statement = statement.where(Assignment.manager_id.in_(manager_ids))
    if outlet_ids is not None:
        statement = statement.where(Assignment.outlet_id.in_(outlet_ids))
    rows = db.session.execute(statement.order_by(Assignment.outlet_id, Assignment.starts_on, Assignment.slot.desc()))
    return [
        Holding(outlet_id, manager_id, slot, span(starts_on, ends_on), reason)
        for outlet_id, manager_id, slot, starts_on, ends_on, reason in rows
    ]


def counted_visits(duty_ids: Collection[int]) -> Mapping[int, tuple[Visit, Manager]]:
    """Return, by duty, the earliest visit that serves it and was not struck, with who made it."""
    rows = db.session.execute(
        select(DutyVisit.duty_id, Visit, Manager)
        .join(Visit, Visit.id == DutyVisit.visit_id)
        .join(Manager, Manager.id == Visit.manager_id)
        .where(DutyVisit.duty_id.in_(duty_ids), Visit.struck_at.is_(None))
        .order_by(Visit.arrived_at, Visit.id)
    )
    found: dict[int, tuple[Visit, Manager]] = {}
    for row in rows:
        found.setdefault(row.duty_id, (row.Visit, row.Manager))
    return found


def _duties(outlet_ids: Collection[int], week: IsoWeek) -> Sequence[Any]:
    return db.session.execute(
        select(Duty.id, Duty.exempt, Outlet)
        .join(Outlet, Outlet.id == Duty.outlet_id)
        .where(Duty.week == str(week), Duty.outlet_id.in_(outlet_ids))
    ).all()


def _names_of_others(week: IsoWeek, outlet_ids: Collection[int], manager_id: int) -> Mapping[int, list[str]]:
    rows = db.session.execute(
        select(Assignment.outlet_id, Manager.name)
        .join(Manager, Manager.id == Assignment.manager_id)
        .where(*overlapping(Assignment, week.starts_on, week.ends_on))
        .where(Assignment.outlet_id.in_(outlet_ids), Assignment.manager_id != manager_id)
        .order_by(Assignment.slot.desc(), Assignment.starts_on)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        if row.name not in found[row.outlet_id]:
            found[row.outlet_id].append(row.name)
    return found


def _weeks_missed(outlet_ids: Collection[int], week: IsoWeek) -> Mapping[int, int]:
    """Return how many weeks in a row, up to the look-back, were missed just before a week; exempt ones are skipped."""
    first = week
    for _ in range(LOOK_BACK_WEEKS):
        first = first.previous()
    rows = db.session.execute(
        select(Duty.outlet_id, visited_duty().label("visited"))
        .where(Duty.outlet_id.in_(outlet_ids), Duty.starts_on >= first.starts_on, Duty.starts_on < week.starts_on)
        .where(Duty.exempt.is_(False))
        .order_by(Duty.starts_on.desc())
    )
    streaks: dict[int, int] = defaultdict(int)
    ended: set[int] = set()
    for row in rows:
        if row.visited:
            ended.add(row.outlet_id)
        elif row.outlet_id not in ended:
            streaks[row.outlet_id] += 1
    return streaks


def _open_needs(outlet_ids: Collection[int]) -> Mapping[int, int]:
    rows = db.session.execute(
        select(Need.outlet_id, func.count())
        .where(Need.outlet_id.in_(outlet_ids), Need.closed_at.is_(None))
        .group_by(Need.outlet_id)
    )
    return dict(rows.all())


def _last_visits(outlet_ids: Collection[int]) -> Mapping[int, date]:
    """Return the day of each outlet's last visit; one at the host counts for the station it hosts."""
    rows = db.session.execute(
        select(Duty.outlet_id, func.max(Visit.visited_on).label("last"))
        .join(DutyVisit, DutyVisit.duty_id == Duty.id)
        .join(Visit, Visit.id == DutyVisit.visit_id)
        .where(Duty.outlet_id.in_(outlet_ids), Visit.struck_at.is_(None))
        .group_by(Duty.outlet_id)
    )
    return {row.outlet_id: row.last for row in rows}
