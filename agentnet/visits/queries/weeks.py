"""A manager's week: which outlets to visit, the longest neglected first. A bounded number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Date, Select, String, and_, bindparam, case, func, select
from sqlalchemy.orm import aliased

from agentnet.core.clock import IsoWeek, today
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.revisions import FIELD, REGISTER, remembered
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
    """What the page shows of the visit that did it, as a row (``visit_id``); None if there is none."""
    shared_with: Sequence[str]
    weeks_missed: int
    last_visited_on: date | None
    """Told as long as nobody was there this week."""
    open_needs: int


@dataclass(frozen=True, slots=True)
class Holding:
    """A manager's hold on an outlet in a period: when, in which slot, and the dated row's reason."""

    outlet_id: int
    manager_id: int
    slot: str
    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class _Held:
    """How a manager holds an outlet in a week: in which slot, for how many days, and with whom."""

    slot: str
    days: int
    shared_with: Sequence[str]


def managers_week(manager_id: int, week: IsoWeek) -> list[ManagersDuty]:
    """Return the week's duties of a manager: neglected ones first, then open ones, then what is done."""
    held = remembered(REGISTER, ("held", manager_id, week), lambda: _held(manager_id, week))
    streaks = remembered(FIELD, ("missed", manager_id, week), lambda: _weeks_missed(manager_id, week))
    over = is_over(week, today())
    found = []
    for row in _duties(manager_id, week):
        own = held.get(row.id)
        if own is None:  # assigned since the manager's outlets were looked up
            continue
        state = duty_state(visited=row.visit_id is not None, exempt=row.exempt, week_is_over=over)
        found.append(
            ManagersDuty(
                outlet=row,
                state=state,
                slot=own.slot,
                days_held=own.days,
                visit=None if row.visit_id is None else row,
                shared_with=own.shared_with,
                weeks_missed=streaks.get(row.id, 0),
                last_visited_on=row.last_visited_on,
                open_needs=row.open_needs,
            )
        )
    order = {DutyState.MISSED: 0, DutyState.DUE: 1, DutyState.EXEMPT: 2, DutyState.DONE: 3}
    return sorted(found, key=lambda one: (order[one.state], -one.weeks_missed, one.outlet.code))


def _held(manager_id: int, week: IsoWeek) -> Mapping[int, _Held]:
    own: dict[int, list[Holding]] = defaultdict(list)
    for holding in holdings(week.starts_on, week.ends_on, manager_ids=[manager_id]):
        own[holding.outlet_id].append(holding)
    active = active_by_outlet(week.ends_on, own.keys())
    others = _names_of_others(manager_id, week)
    return {
        outlet_id: _Held(
            mine[-1].slot,
            days_in(week, in_common([one.span for one in mine], active.get(outlet_id, ()))),
            others.get(outlet_id, ()),
        )
        for outlet_id, mine in own.items()
    }


_SINCE, _UNTIL = bindparam("since", type_=Date()), bindparam("until", type_=Date())
_MANAGER, _WEEK = bindparam("manager_id", type_=BigInteger()), bindparam("week", type_=String())


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


_OUTLETS = (
    select(Assignment.outlet_id)
    .where(Assignment.manager_id == _MANAGER, *overlapping(Assignment, _SINCE, _UNTIL))
    .scalar_subquery()
)
"""The outlets a manager holds on some day of the period."""
_OTHERS = (
    select(Assignment.outlet_id, Manager.name)
    .join(Manager, Manager.id == Assignment.manager_id)
    .where(*overlapping(Assignment, _SINCE, _UNTIL))
    .where(Assignment.outlet_id.in_(_OUTLETS), Assignment.manager_id != _MANAGER)
    .order_by(Assignment.slot.desc(), Assignment.starts_on)
)
_PAST = (
    select(Duty.outlet_id, visited_duty().label("visited"))
    # Weeks as written sort as they pass, and an index on outlet and week leads to them.
    .where(Duty.outlet_id.in_(_OUTLETS), Duty.week >= bindparam("first"), Duty.week < _WEEK)
    .where(Duty.exempt.is_(False))
    .order_by(Duty.week.desc())
)
_OPEN_NEEDS = (
    select(func.count(Need.id))
    .where(Need.outlet_id == Outlet.id, Need.closed_at.is_(None))
    .correlate(Outlet)
    .scalar_subquery()
)
_LAST, _LAST_DUTY, _LAST_MADE = aliased(Visit), aliased(Duty), aliased(DutyVisit)
_LAST_VISITED_ON = (
    select(_LAST.visited_on)
    .join(_LAST_MADE, _LAST_MADE.visit_id == _LAST.id)
    .join(_LAST_DUTY, _LAST_DUTY.id == _LAST_MADE.duty_id)
    .where(_LAST_DUTY.outlet_id == Outlet.id, _LAST.struck_at.is_(None))
    # A visit lies in the week of its duty, so the newest week has the last one, and an index leads to it. One at the
    # host counts for the station it hosts.
    .order_by(_LAST_DUTY.week.desc(), _LAST.visited_on.desc())
    .limit(1)
    .correlate(Outlet)
    .scalar_subquery()
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
        _OPEN_NEEDS.label("open_needs"),
        case((Visit.id.is_(None), _LAST_VISITED_ON)).label("last_visited_on"),
        Visit.id.label("visit_id"),
        Visit.arrived_at,
        Visit.score,
        Manager.name.label("visited_by"),
    )
    .join(Outlet, Outlet.id == Duty.outlet_id)
    .outerjoin(DutyVisit, DutyVisit.duty_id == Duty.id)
    .outerjoin(Visit, and_(Visit.id == DutyVisit.visit_id, Visit.struck_at.is_(None)))
    .outerjoin(Manager, Manager.id == Visit.manager_id)
    .where(Duty.week == _WEEK, Duty.outlet_id.in_(_OUTLETS))
    .order_by(Visit.id.is_(None), Visit.arrived_at, Visit.id)
)


def _of_week(manager_id: int, week: IsoWeek) -> dict[str, Any]:
    return {"manager_id": manager_id, "week": str(week), "since": week.starts_on, "until": week.ends_on}


def _duties(manager_id: int, week: IsoWeek) -> Sequence[Any]:
    """Return a manager's duties of a week, each with the earliest visit that serves it and was not struck."""
    found: dict[int, Any] = {}
    for row in rows_of(_DUTIES, _of_week(manager_id, week)):
        found.setdefault(row.duty_id, row)
    return list(found.values())


def _names_of_others(manager_id: int, week: IsoWeek) -> Mapping[int, list[str]]:
    given = _of_week(manager_id, week)
    del given["week"]
    found: dict[int, list[str]] = defaultdict(list)
    for outlet_id, name in db.session.connection().execute(_OTHERS, given):
        if name not in found[outlet_id]:
            found[outlet_id].append(name)
    return found


def _weeks_missed(manager_id: int, week: IsoWeek) -> Mapping[int, int]:
    """Return how many weeks in a row, up to the look-back, were missed just before a week; exempt ones are skipped."""
    first = IsoWeek.of(week.starts_on - timedelta(weeks=LOOK_BACK_WEEKS))
    given = _of_week(manager_id, week) | {"first": str(first)}
    streaks: dict[int, int] = defaultdict(int)
    ended: set[int] = set()
    for outlet_id, visited in rows_of(_PAST, given):
        if visited:
            ended.add(outlet_id)
        elif outlet_id not in ended:
            streaks[outlet_id] += 1
    return dict(streaks)
