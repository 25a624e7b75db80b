"""Weekly duty: planned for whom it must be, done only by a visit of its own week, reported as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Connection

from agentnet.core.clock import today
from agentnet.verify.findings import Finding, rows
from agentnet.verify.register import as_day

FAR_FUTURE = date(9999, 1, 1)


def weeks_are_iso_weeks(connection: Connection) -> Iterator[Finding]:
    """A duty's week begins on its Monday, and a visit's week holds the day of the visit."""
    for row in rows(connection, "SELECT DISTINCT week, starts_on FROM duties"):
        year, number, weekday = as_day(row.starts_on).isocalendar()
        if row.week != f"{year:04d}-W{number:02d}" or weekday != 1:
            yield Finding("duty_week", row.week, f"is said to begin on {row.starts_on}")
    for row in rows(connection, "SELECT DISTINCT week, visited_on FROM visits"):
        year, number, _ = as_day(row.visited_on).isocalendar()
        if row.week != f"{year:04d}-W{number:02d}":
            yield Finding("visit_week", f"{row.visited_on}", f"is counted in {row.week}")


def duties_are_planned(connection: Connection) -> Iterator[Finding]:
    """Every outlet active and assigned on some day of a past planned week has its duty, and no outlet without (S43)."""
    assigned: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for row in rows(connection, "SELECT outlet_id, starts_on, ends_on FROM assignments"):
        assigned[row.outlet_id].append((as_day(row.starts_on), as_day(row.ends_on) if row.ends_on else FAR_FUTURE))
    by_effect, as_known = _active_periods(connection)
    codes = {row.id: row.code for row in rows(connection, "SELECT id, code FROM outlets")}
    for week in rows(connection, "SELECT DISTINCT week, starts_on FROM duties ORDER BY starts_on"):
        monday = as_day(week.starts_on)
        days = [monday + timedelta(days=i) for i in range(7)]
        planned = {
            row.outlet_id
            for row in rows(connection, "SELECT outlet_id FROM duties WHERE week = :week", {"week": week.week})
        }
        owed, owed_as_known = (
            {
                outlet
                for outlet in codes
                if any(_covers(assigned[outlet], day) and _covers(active[outlet], day) for day in days)
            }
            for active in (by_effect, as_known)
        )
        missing = (owed & owed_as_known) - planned if days[-1] < today() else set()
        for outlet in sorted(missing):
            yield Finding("duty_missing", f"{codes[outlet]} {week.week}", "was assigned and active, no duty planned")
        for outlet in sorted(planned - owed - owed_as_known):
            yield Finding("duty_extra", f"{codes[outlet]} {week.week}", "was not both active and assigned")


Periods = dict[int, list[tuple[date, date]]]


def _active_periods(connection: Connection) -> tuple[Periods, Periods]:
    """Return when outlets were active: by the dates that count, and by the days on which it was written down.

    A closing entered afterwards does not undo the duty of a week that was already over.
    """
    by_effect: Periods = defaultdict(list)
    as_known: Periods = defaultdict(list)
    for periods, known in ((by_effect, False), (as_known, True)):
        since: dict[int, date] = {}
        for row in rows(connection, "SELECT outlet_id, state, effective_on, changed_at FROM outlet_states ORDER BY id"):
            day = as_day(row.effective_on)
            if known:
                day = max(day, as_day(str(row.changed_at)[:10]))
            begun = since.pop(row.outlet_id, None)
            if begun is not None:
                periods[row.outlet_id].append((begun, day))
            if row.state == "ACTIVE":
                since[row.outlet_id] = day
        for outlet, begun in since.items():
            periods[outlet].append((begun, FAR_FUTURE))
    return by_effect, as_known


def _covers(periods: list[tuple[date, date]], day: date) -> bool:
    return any(starts_on <= day < ends_on for starts_on, ends_on in periods)


def visits_serve_their_duty(connection: Connection) -> Iterator[Finding]:
    """A visit serves the duty of its own week, at its outlet or at a station that outlet hosts."""
    for row in rows(
        connection,
        """
        SELECT o.code, d.week, v.week AS visit_week, v.outlet_id, d.outlet_id AS duty_outlet, o.hosted_by_id
        FROM duty_visits x JOIN duties d ON d.id = x.duty_id JOIN visits v ON v.id = x.visit_id
        JOIN outlets o ON o.id = d.outlet_id
        WHERE d.week <> v.week OR (v.outlet_id <> d.outlet_id AND COALESCE(o.hosted_by_id, -1) <> v.outlet_id)
        """,
    ):
        yield Finding("visit_of_other_duty", f"{row.code} {row.week}", f"is served by a visit of {row.visit_week}")
    for row in rows(
        connection,
        """
        SELECT o.code, v.week FROM visits v JOIN outlets o ON o.id = v.outlet_id
        JOIN duties d ON d.outlet_id = v.outlet_id AND d.week = v.week
        WHERE NOT EXISTS (SELECT 1 FROM duty_visits x WHERE x.visit_id = v.id AND x.duty_id = d.id)
        """,
    ):
        yield Finding("visit_not_counted", f"{row.code} {row.week}", "was visited, and the visit serves no duty")


def managers_visit_their_own(connection: Connection) -> Iterator[Finding]:
    """A visit is made by someone assigned to the outlet that day."""
    for row in rows(
        connection,
        """
        SELECT o.code, v.visited_on, m.code AS manager FROM visits v JOIN outlets o ON o.id = v.outlet_id
        JOIN managers m ON m.id = v.manager_id
        WHERE NOT EXISTS (
          SELECT 1 FROM assignments a WHERE a.outlet_id = v.outlet_id AND a.manager_id = v.manager_id
            AND a.starts_on <= v.visited_on AND (a.ends_on IS NULL OR a.ends_on > v.visited_on))
        """,
    ):
        yield Finding("visit_by_stranger", f"{row.code} {row.visited_on}", f"{row.manager} was not assigned that day")
