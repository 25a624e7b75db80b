"""What the ages of cash are proved from: each drawer's history, who may have known which remittance days, the calendar.

Its own arithmetic: cash is followed forwards from the oldest day, what is gone went first. Nothing of the product's
rules or queries is used.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from chinese_calendar import constants
from sqlalchemy import Connection

from agentnet.core.clock import business_date
from agentnet.verify.findings import rows
from agentnet.verify.register import as_day

DAYS_KEPT = 400
ONE_DAY = timedelta(days=1)
POST_CALLS = "135"
"""Until the office says otherwise the post calls on Mondays, Wednesdays and Fridays."""
_FIRST_YEAR, _LAST_YEAR = min(constants.holidays).year, max(constants.holidays).year
"""The years whose holidays are published."""


def as_instant(value: Any) -> datetime:
    """Return an instant as SQLite (text in UTC) or PostgreSQL (aware) give it."""
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Move:
    """Something that changed a drawer; ``taken`` is what of it counts as taken on its business day (fen)."""

    id: str
    posted_at: datetime
    business_on: date
    change: int
    taken: int


def drawers(connection: Connection) -> Iterator[tuple[int, list[Move]]]:
    """Yield each outlet with all that ever moved in its drawer, in order."""
    moves = rows(
        connection,
        """
        SELECT a.owner_id, t.id, t.posted_at, t.business_on, t.kind, t.reverses_id, t.amount_fen AS change
        FROM accounts a JOIN transfers t ON t.debit_account_id = a.id
        WHERE a.owner_kind = 'OUTLET' AND a.code = 'CASH_HELD'
        UNION ALL
        SELECT a.owner_id, t.id, t.posted_at, t.business_on, t.kind, t.reverses_id, -t.amount_fen
        FROM accounts a JOIN transfers t ON t.credit_account_id = a.id
        WHERE a.owner_kind = 'OUTLET' AND a.code = 'CASH_HELD'
        ORDER BY 1, 3
        """,
    )
    for outlet_id, group in groupby(moves, lambda row: row.owner_id):
        yield (
            outlet_id,
            [
                Move(
                    plain_id(row.id),
                    as_instant(row.posted_at),
                    as_day(row.business_on),
                    row.change,
                    row.change if _is_taking(row) else 0,
                )
                for row in group
            ],
        )


def plain_id(value: object) -> str:
    """Return an id as text without hyphens, however the database gives it."""
    return str(value).replace("-", "")


def _is_taking(row: Any) -> bool:
    """New cash in, or new cash undone; what a bank did not take is old cash coming back, a deposit is cash going."""
    if row.change > 0:
        return row.reverses_id is None and row.kind != "REMITTANCE_RETURNED"
    return row.reverses_id is not None


def due_at(moves: list[Move], day: date, until: datetime, *, whole: bool, without: str = "") -> tuple[date | None, int]:
    """Return the oldest day of cash held from before a day, and how much that is, as the drawer was at an instant.

    ``whole`` counts what moved at that very instant too; ``without`` leaves one move out.
    """
    held = 0
    taken: dict[date, int] = defaultdict(int)
    for move in moves:
        if move.id == without or move.posted_at > until or (not whole and move.posted_at == until):
            continue
        held += move.change
        if move.taken and move.business_on >= day - DAYS_KEPT * ONE_DAY:
            taken[move.business_on] += move.taken
    due = held - sum(amount for taken_on, amount in taken.items() if taken_on >= day)
    if due <= 0:
        return None, 0
    earlier = sorted((taken_on, amount) for taken_on, amount in taken.items() if amount and taken_on < day)
    gone = sum(amount for _day, amount in earlier) - due
    passed = 0
    for taken_on, amount in earlier:
        passed += amount
        if passed > gone:
            return taken_on, due
    return day - DAYS_KEPT * ONE_DAY, due


@dataclass(slots=True)
class Calendar:
    """Remittance days as anybody knew them at an instant, over the working calendar as it is."""

    own: Mapping[int, list[Any]]
    of_kind: Mapping[str, list[Any]]
    worked: Mapping[date, bool]
    """Days the office declared working days or days off."""
    declared: list[tuple[date, datetime]]
    """Which day's declaration was changed when."""
    kinds: Mapping[int, list[tuple[datetime, str]]] = field(default_factory=dict)
    """By outlet, until when it was of which kind."""

    def kind_of(self, outlet_id: int, now_kind: str, at: datetime) -> str:
        """Return what kind an outlet was of at an instant."""
        return next((kind for until, kind in self.kinds.get(outlet_id, ()) if until > at), now_kind)

    def is_sure(self, since: date, until: date, at: datetime) -> bool:
        """Return whether no day between was declared otherwise after an instant: what it was then is not kept."""
        return not any(since <= day <= until and changed_at > at for day, changed_at in self.declared)

    def opens(self, outlet_id: int, kind: str, day: date, at: datetime) -> bool:
        """Return whether an outlet could remit on a day, by what had been entered at an instant."""
        row = _last(self.own.get(outlet_id, ()), day, at)
        if row is None or row.rhythm == "AS_KIND":
            row = _last(self.of_kind.get(kind, ()), day, at)
        rhythm, weekdays = (row.rhythm, row.weekdays) if row else _built_in(kind)
        if rhythm == "NONE":
            return False
        if rhythm == "WORKDAYS":
            return self._works(day)
        if str(day.isoweekday()) not in weekdays:
            return False
        weekend = day.isoweekday() > 5
        return self.worked.get(day, day not in constants.holidays if weekend else self._works(day))

    def _works(self, day: date) -> bool:
        if day in self.worked:
            return self.worked[day]
        if _FIRST_YEAR <= day.year <= _LAST_YEAR and (day in constants.holidays or day in constants.workdays):
            return day in constants.workdays
        return day.isoweekday() <= 5

    def missed(self, outlet_id: int, kind: str, after: date, until: date, at: datetime) -> int:
        """Return how many opportunities lay after a day and before another."""
        days = ((after + number * ONE_DAY) for number in range(1, (until - after).days))
        return sum(self.opens(outlet_id, kind, day, at) for day in days)

    def suspends(self, kind: str, day: date, at: datetime) -> tuple[int, date | None]:
        """Return how many missed opportunities suspended an outlet of a kind on a day, and since when they counted."""
        known = [row for row in self.of_kind.get(kind, ()) if row.entered_at <= at and row.starts_on <= day]
        begun = {row.starts_on: row for row in sorted(known, key=lambda row: row.id)}
        after, since = 0, None
        for starts_on in sorted(begun, reverse=True):
            row = begun[starts_on]
            if not row.suspend_after:
                break
            after = after or row.suspend_after
            since = max(starts_on, business_date(row.entered_at))
        return after, since


@dataclass(frozen=True, slots=True)
class _Rule:
    id: int
    starts_on: date
    rhythm: str
    weekdays: str
    suspend_after: int | None
    entered_at: datetime


def _built_in(kind: str) -> tuple[str, str]:
    return ("WEEKDAYS", POST_CALLS) if kind == "VILLAGE_POST" else ("WORKDAYS", "")


def _last(known: Any, day: date, at: datetime) -> Any:
    begun = [row for row in known if row.starts_on <= day and row.entered_at <= at]
    return max(begun, key=lambda row: (row.starts_on, row.id), default=None)


def calendar(connection: Connection) -> Calendar:
    """Read all that was ever entered of remittance days, and the working calendar's changes."""
    own: dict[int, list[Any]] = defaultdict(list)
    of_kind: dict[str, list[Any]] = defaultdict(list)
    for row in rows(connection, "SELECT * FROM remittance_days ORDER BY id"):
        rule = _Rule(
            row.id, as_day(row.starts_on), row.rhythm, row.weekdays, row.suspend_after, as_instant(row.entered_at)
        )
        (own[row.outlet_id] if row.outlet_id is not None else of_kind[row.kind]).append(rule)
    worked = {
        as_day(row.day_on): bool(row.is_workday)
        for row in rows(connection, "SELECT day_on, is_workday FROM workday_overrides")
    }
    declared = [
        (as_day(row.subject_id), as_instant(row.at))
        for row in rows(connection, "SELECT subject_id, at FROM audit_lines WHERE action LIKE 'workdays.%'")
    ]
    return Calendar(own, of_kind, worked, declared, _kinds(connection))


def _kinds(connection: Connection) -> dict[int, list[tuple[datetime, str]]]:
    found: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for row in rows(
        connection,
        "SELECT o.id, l.at, l.before FROM audit_lines l JOIN outlets o ON o.code = l.subject_id"
        " WHERE l.action = 'change_outlet' AND l.subject_kind = 'outlet' ORDER BY l.at",
    ):
        before = json.loads(row.before) if isinstance(row.before, str) else row.before
        if before and "kind" in before:
            found[row.id].append((as_instant(row.at), before["kind"]))
    return found
