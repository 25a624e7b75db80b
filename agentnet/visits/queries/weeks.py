"""A manager's week: which outlets to visit, the longest neglected first. A bounded number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Date, Select, bindparam, func, select

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

    outlet: Any
    """What the page shows of the outlet, as a row."""
    state: DutyState
    slot: str
    days_held: int
    visit: Any
    """The visit that did it, as a row with the visitor's name; None if there is none."""
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
    visits = _visits_made([row.duty_id for row in duties])
    others = _names_of_others(week, outlet_ids, manager.id)
    streaks = _weeks_missed(outlet_ids, week)
    needs = _open_needs(outlet_ids)
    last = _last_visits(outlet_ids)
    found = []
    for row in duties:
        mine = [holding for holding in own if holding.outlet_id == row.id]
        visit = visits.get(row.duty_id)
        state = duty_state(visited=visit is not None, exempt=row.exempt, week_is_over=is_over(week, today()))
        found.append(
            ManagersDuty(
                outlet=row,
                state=state,
                slot=mine[-1].slot,
                days_held=days_in(week, in_common([one.span for one in mine], active.get(row.id, ()))),
                visit=visit,
                shared_with=others.get(row.id, ()),
                weeks_missed=streaks.get(row.id, 0),
                last_visited_on=last.get(row.id),
                open_needs=needs.get(row.id, 0),
            )
        )
    order = {DutyState.MISSED: 0, DutyState.DUE: 1, DutyState.EXEMPT: 2, DutyState.DONE: 3}
    return sorted(found, key=lambda one: (order[one.state], -one.weeks_missed, one.outlet.code))


_SINCE, _UNTIL = bindparam("since", type_=Date()), bindparam("until", type_=Date())
_OUTLETS = bindparam("outlet_ids", expanding=True, type_=BigInteger())


@cache
def _holdings(*among: str) -> Select[*tuple[Any, ...]]:
    columns = {"manager_ids": Assignment.manager_id, "outlet_ids": Assignment.outlet_id}
    return (
        select(
            Assignment.outlet_id,
            Assignment.manager_id,
            Assignment.slot,
            Assignment.starts_on,
            Assignment.ends_on,
            Assignment.reason,
        )
        .where(*overlapping(Assignment, _SINCE, _UNTIL))
        .where(*(columns[name].in_(bindparam(name, expanding=True)) for name in among))
        .order_by(Assignment.outlet_id, Assignment.starts_on, Assignment.slot.desc())
    )


def holdings(
    since: date, until: date, *, manager_ids: Collection[int] | None = None, outlet_ids: Collection[int] | None = None
) -> list[Holding]:
    """Return who held what on some day of a period, by outlet and day."""
    given = {"since": since, "until": until}
    among = {"manager_ids": manager_ids, "outlet_ids": outlet_ids}
    named = {name: list(ids) for name, ids in among.items() if ids is not None}
    rows = db.session.connection().execute(_holdings(*named), given | named)
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


_VISITS_MADE = (
    select(DutyVisit.duty_id, Visit.id, Visit.arrived_at, Visit.score, Manager.name.label("manager_name"))
    .join(Visit, Visit.id == DutyVisit.visit_id)
    .join(Manager, Manager.id == Visit.manager_id)
    .where(DutyVisit.duty_id.in_(bindparam("duty_ids", expanding=True)), Visit.struck_at.is_(None))
    .order_by(Visit.arrived_at, Visit.id)
)
_DUTIES = (
    select(
        Duty.id.label("duty_id"),
        Duty.exempt,
        Outlet.id,
        Outlet.code,
        Outlet.name,
        Outlet.address,
        Outlet.latitude,
        Outlet.longitude,
    )
    .join(Outlet, Outlet.id == Duty.outlet_id)
    .where(Duty.week == bindparam("week"), Duty.outlet_id.in_(_OUTLETS))
)
_OTHERS = (
    select(Assignment.outlet_id, Manager.name)
    .join(Manager, Manager.id == Assignment.manager_id)
    .where(*overlapping(Assignment, _SINCE, _UNTIL))
    .where(Assignment.outlet_id.in_(_OUTLETS), Assignment.manager_id != bindparam("manager_id"))
    .order_by(Assignment.slot.desc(), Assignment.starts_on)
)
_PAST = (
    select(Duty.outlet_id, visited_duty().label("visited"))
    .where(Duty.outlet_id.in_(_OUTLETS), Duty.starts_on >= _SINCE, Duty.starts_on < _UNTIL)
    .where(Duty.exempt.is_(False))
    .order_by(Duty.starts_on.desc())
)
_NEEDS = (
    select(Need.outlet_id, func.count().label("open"))
    .where(Need.outlet_id.in_(_OUTLETS), Need.closed_at.is_(None))
    .group_by(Need.outlet_id)
)
_LAST_VISITED_ON = (
    select(Visit.visited_on)
    .join(DutyVisit, DutyVisit.visit_id == Visit.id)
    .join(Duty, Duty.id == DutyVisit.duty_id)
    .where(Duty.outlet_id == Outlet.id, Visit.struck_at.is_(None))
    # A visit lies in the week of its duty, so the newest week has the last one, and an index leads to it.
    .order_by(Duty.week.desc(), Visit.visited_on.desc())
    .limit(1)
    .correlate(Outlet)
    .scalar_subquery()
)
_LAST_VISITS = select(Outlet.id, _LAST_VISITED_ON.label("last")).where(Outlet.id.in_(_OUTLETS))


def _visits_made(duty_ids: Collection[int]) -> Mapping[int, Any]:
    """Return, by duty, the earliest visit that serves it and was not struck, as the page shows it."""
    found: dict[int, Any] = {}
    for row in db.session.connection().execute(_VISITS_MADE, {"duty_ids": list(duty_ids)}):
        found.setdefault(row.duty_id, row)
    return found


def _duties(outlet_ids: Collection[int], week: IsoWeek) -> Sequence[Any]:
    return db.session.connection().execute(_DUTIES, {"week": str(week), "outlet_ids": list(outlet_ids)}).all()


def _names_of_others(week: IsoWeek, outlet_ids: Collection[int], manager_id: int) -> Mapping[int, list[str]]:
    given = {"since": week.starts_on, "until": week.ends_on, "manager_id": manager_id, "outlet_ids": list(outlet_ids)}
    found: dict[int, list[str]] = defaultdict(list)
    for outlet_id, name in db.session.connection().execute(_OTHERS, given):
        if name not in found[outlet_id]:
            found[outlet_id].append(name)
    return found


def _weeks_missed(outlet_ids: Collection[int], week: IsoWeek) -> Mapping[int, int]:
    """Return how many weeks in a row, up to the look-back, were missed just before a week; exempt ones are skipped."""
    since = week.starts_on - timedelta(weeks=LOOK_BACK_WEEKS)
    given = {"since": since, "until": week.starts_on, "outlet_ids": list(outlet_ids)}
    streaks: dict[int, int] = defaultdict(int)
    ended: set[int] = set()
    for outlet_id, visited in db.session.connection().execute(_PAST, given):
        if visited:
            ended.add(outlet_id)
        elif outlet_id not in ended:
            streaks[outlet_id] += 1
    return streaks


def _open_needs(outlet_ids: Collection[int]) -> Mapping[int, int]:
    rows = db.session.connection().execute(_NEEDS, {"outlet_ids": list(outlet_ids)})
    return {row.outlet_id: row.open for row in rows}


def _last_visits(outlet_ids: Collection[int]) -> Mapping[int, date]:
    """Return the day of each outlet's last visit; one at the host counts for the station it hosts."""
    rows = db.session.connection().execute(_LAST_VISITS, {"outlet_ids": list(outlet_ids)})
    return {outlet_id: last for outlet_id, last in rows if last is not None}
