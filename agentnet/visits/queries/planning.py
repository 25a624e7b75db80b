"""Which duties weeks demand, read from the register in a bounded number of queries and compared with what is planned.

A duty stands in a week if on at least one of its days the outlet was active and had a manager. It is stamped with the
org unit of the first such day and with the outlet's setting. A duty of the running week that no longer stands (closed
since Monday after all) is withdrawn; its visit stays in the log. Weeks that are over only gain duties that were never
planned (a clock that stood still): what was counted is not taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, bindparam, or_, select

from agentnet.core.clock import IsoWeek
from agentnet.infra.db import db
from agentnet.outlets.models import Assignment, Outlet, OutletPlacement, OutletState
from agentnet.visits.models import Duty
from agentnet.visits.rules import Span, active_spans, first_day_between, in_common, is_over, span
from agentnet.workdays.queries import overrides_between
from agentnet.workdays.rules import has_working_day


@dataclass(slots=True)
class DutyPlan:
    """What has to change for the weeks' duties to be right: rows to add, ids to withdraw, ids whose exemption turns."""

    new: list[dict[str, Any]] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    turned: dict[bool, list[int]] = field(default_factory=lambda: {True: [], False: []})

    def __bool__(self) -> bool:
        return bool(self.new or self.withdrawn or self.turned[True] or self.turned[False])


def duty_plan(weeks: Sequence[IsoWeek], today: date, outlet_ids: Collection[int] | None = None) -> DutyPlan:
    """Return what the weeks (in any order) still need, for all outlets or for some."""
    plan = DutyPlan()
    if not weeks:
        return plan
    since, until = min(weeks).starts_on, max(weeks).ends_on
    standing = standing_spans(since, until, outlet_ids)
    placed = _placements(since, until, outlet_ids)
    outlets = _outlets(outlet_ids)
    overrides = overrides_between(since, until)
    planned = _planned(weeks, outlet_ids)
    for week in weeks:
        exempt = not has_working_day(week, overrides)
        over = is_over(week, today)
        name, starts_on, ends_on = str(week), week.starts_on, week.ends_on
        known = planned.get(name, {})
        for outlet_id, spans in standing.items():
            day = first_day_between(starts_on, ends_on, spans)
            if day is None:
                continue
            duty = known.pop(outlet_id, None)
            if duty is None:
                org_unit_id, setting = outlets[outlet_id]
                plan.new.append(
                    {
                        "outlet_id": outlet_id,
                        "week": name,
                        "starts_on": starts_on,
                        "exempt": exempt,
                        "org_unit_id": _placed_on(day, placed.get(outlet_id, ()), org_unit_id),
                        "setting": setting,
                    }
                )
            elif duty.exempt != exempt and not over:
                plan.turned[exempt].append(duty.id)
        if not over:
            plan.withdrawn.extend(duty.id for duty in known.values())
    return plan


def standing_spans(since: date, until: date, outlet_ids: Collection[int] | None = None) -> Mapping[int, list[Span]]:
    """Return, by outlet, when within a period it was active and had a manager."""
    active = active_by_outlet(until, outlet_ids)
    assigned: dict[int, list[Span]] = defaultdict(list)
    rows = db.session.execute(
        select(Assignment.outlet_id, Assignment.starts_on, Assignment.ends_on).where(
            *overlapping(Assignment, since, until), *_among(Assignment.outlet_id, outlet_ids)
        )
    )
    for outlet_id, starts_on, ends_on in rows:
        assigned[outlet_id].append(span(starts_on, ends_on))
    return {outlet_id: in_common(active.get(outlet_id, ()), spans) for outlet_id, spans in assigned.items()}


_STEPS = (
    select(OutletState.outlet_id, OutletState.effective_on, OutletState.state)
    .where(OutletState.effective_on < bindparam("until", type_=Date()))
    .order_by(OutletState.outlet_id, OutletState.effective_on, OutletState.id)
)
_STEPS_AMONG = _STEPS.where(OutletState.outlet_id.in_(bindparam("outlet_ids", expanding=True)))


def active_by_outlet(until: date, outlet_ids: Collection[int] | None = None) -> Mapping[int, list[Span]]:
    """Return, by outlet, when it was active, from its life cycle as far as it took effect before a day."""
    steps: dict[int, list[tuple[date, str]]] = defaultdict(list)
    given: dict[str, Any] = {"until": until}
    if outlet_ids is not None:
        given["outlet_ids"] = list(outlet_ids)
    rows = db.session.connection().execute(_STEPS if outlet_ids is None else _STEPS_AMONG, given)
    for outlet_id, effective_on, state in rows:
        steps[outlet_id].append((effective_on, state))
    return {outlet_id: active_spans(found) for outlet_id, found in steps.items()}


def overlapping(model: Any, since: Any, until: Any) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a dated table that a row holds on some day of a period."""
    return model.starts_on < until, or_(model.ends_on.is_(None), model.ends_on > since)


def _among(column: Any, ids: Collection[int] | None) -> tuple[ColumnElement[bool], ...]:
    return () if ids is None else (column.in_(ids),)


def _outlets(outlet_ids: Collection[int] | None) -> Mapping[int, tuple[int, str]]:
    rows = db.session.execute(
        select(Outlet.id, Outlet.org_unit_id, Outlet.setting).where(*_among(Outlet.id, outlet_ids))
    )
    return {outlet_id: (org_unit_id, setting) for outlet_id, org_unit_id, setting in rows}


def _placements(since: date, until: date, outlet_ids: Collection[int] | None) -> Mapping[int, list[tuple[Span, int]]]:
    found: dict[int, list[tuple[Span, int]]] = defaultdict(list)
    rows = db.session.execute(
        select(
            OutletPlacement.outlet_id, OutletPlacement.starts_on, OutletPlacement.ends_on, OutletPlacement.org_unit_id
        ).where(*overlapping(OutletPlacement, since, until), *_among(OutletPlacement.outlet_id, outlet_ids))
    )
    for outlet_id, starts_on, ends_on, org_unit_id in rows:
        found[outlet_id].append((span(starts_on, ends_on), org_unit_id))
    return found


def _placed_on(day: date, placements: Sequence[tuple[Span, int]], otherwise: int) -> int:
    return next((org_unit_id for (a, b), org_unit_id in placements if a <= day < b), otherwise)


def _planned(weeks: Sequence[IsoWeek], outlet_ids: Collection[int] | None) -> Mapping[str, dict[int, Any]]:
    """Return what is planned, by week and outlet."""
    found: dict[str, dict[int, Any]] = defaultdict(dict)
    rows = db.session.execute(
        select(Duty.id, Duty.outlet_id, Duty.week, Duty.exempt).where(
            Duty.week.in_([str(week) for week in weeks]), *_among(Duty.outlet_id, outlet_ids)
        )
    )
    for row in rows:
        found[row.week][row.outlet_id] = row
    return found
