"""The age of cash: kept as history makes it, written down with each deposit, and the only cause of its suspensions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from agentnet.core.clock import business_date, shanghai_instant
from agentnet.verify.cash_history import ONE_DAY, Calendar, Move, as_instant, calendar, drawers, due_at, plain_id
from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.register import as_day

COUNTED_SINCE = date(2000, 1, 1)
"""A row dated before this has not been counted yet."""


def ages_are_recomputed(connection: Connection) -> Iterator[Finding]:
    """The age kept of each outlet's cash is what its history and its remittance days come to."""
    known, moves = calendar(connection), dict(drawers(connection))
    for row in rows(
        connection,
        "SELECT o.id, o.code, o.kind, g.* FROM cash_ages g JOIN outlets o ON o.id = g.outlet_id ORDER BY o.id",
    ):
        day, at = as_day(row.counted_on), as_instant(row.counted_at)
        if day < COUNTED_SINCE:
            continue
        oldest_on, due = due_at(moves.get(row.id, []), day, at, whole=True)
        kept = as_day(row.oldest_on) if row.oldest_on else None
        missed = _missed(known, row, oldest_on, day, at)
        if (kept, row.due_fen) != (oldest_on, due) or missed not in (row.missed, None):
            yield Finding(
                "cash_age",
                f"{row.code} {day}",
                f"keeps {yuan(row.due_fen)} since {kept}, {row.missed} missed;"
                f" history says {yuan(due)} since {oldest_on}, {missed} missed",
            )
    yield from _punctuality(connection)


def _missed(known: Calendar, outlet: Any, oldest_on: date | None, day: date, at: datetime) -> int | None:
    """Return the missed opportunities, or None where the working calendar was changed since and nobody can tell."""
    if oldest_on is None:
        return 0
    if not known.is_sure(oldest_on, day, at):
        return None
    return known.missed(outlet.id, known.kind_of(outlet.id, outlet.kind, at), oldest_on, day, at)


def _punctuality(connection: Connection) -> Iterator[Finding]:
    declared: dict[int, list[tuple[datetime, bool]]] = defaultdict(list)
    for row in rows(
        connection,
        "SELECT outlet_id, declared_at, missed FROM remittances WHERE state <> 'REJECTED' AND missed IS NOT NULL",
    ):
        declared[row.outlet_id].append((as_instant(row.declared_at), row.missed == 0))
    for row in rows(
        connection,
        "SELECT o.code, g.* FROM cash_ages g JOIN outlets o ON o.id = g.outlet_id ORDER BY o.id",
    ):
        day = as_day(row.counted_on)
        if day < COUNTED_SINCE:
            continue
        since, until = shanghai_instant(day - timedelta(days=89)), as_instant(row.counted_at)
        recent = [in_time for at, in_time in declared[row.outlet_id] if since <= at <= until]
        if (row.declared_count, row.punctual_count) != (len(recent), sum(recent)):
            yield Finding(
                "punctuality",
                f"{row.code} {day}",
                f"keeps {row.punctual_count} of {row.declared_count} in time, it was {sum(recent)} of {len(recent)}",
            )


def deposits_say_how_late_they_were(connection: Connection) -> Iterator[Finding]:
    """What a deposit says of the cash then held, and of the opportunities it had missed, is what history says."""
    known = calendar(connection)
    deposits: dict[int, list[Any]] = defaultdict(list)
    for row in rows(
        connection,
        "SELECT o.id AS outlet_id, o.code, o.kind, r.id, r.slip_no, r.declared_at, r.oldest_on, r.missed, r.due_fen"
        " FROM remittances r JOIN outlets o ON o.id = r.outlet_id WHERE r.missed IS NOT NULL",
    ):
        deposits[row.outlet_id].append(row)
    for outlet_id, moves in drawers(connection):
        posted = {move.id: move.posted_at for move in moves}
        for row in deposits[outlet_id]:
            own = plain_id(row.id)
            if own in posted:  # a deposit that moved nothing is another check's
                yield from _lateness(known, row, moves, posted[own], own)


def _lateness(known: Calendar, row: Any, moves: list[Move], at: datetime, own: str) -> Iterator[Finding]:
    day = business_date(at)
    kept = as_day(row.oldest_on) if row.oldest_on else None
    kind = known.kind_of(row.outlet_id, row.kind, at)
    found = []
    for whole in (False, True):  # of moves at the same instant nobody knows which was first
        oldest_on, due = due_at(moves, day, at, whole=whole, without=own)
        sure = oldest_on is None or known.is_sure(oldest_on, day, at)
        missed = known.missed(row.outlet_id, kind, oldest_on, day, at) if oldest_on else 0
        found.append((oldest_on, due, missed if sure else row.missed))
    if (kept, row.due_fen, row.missed) not in found:
        oldest_on, due, missed = found[0]
        yield Finding(
            "lateness",
            f"{row.code} {row.slip_no}",
            f"says {yuan(row.due_fen)} since {kept}, {row.missed} missed;"
            f" history says {yuan(due)} since {oldest_on}, {missed} missed",
        )


def suspensions_follow_the_rule(connection: Connection) -> Iterator[Finding]:
    """An outlet was suspended for overdue cash if and only if that had missed as many opportunities as its rule."""
    known = calendar(connection)
    suspended: dict[int, list[Any]] = defaultdict(list)
    for row in rows(
        connection,
        "SELECT o.code, s.* FROM remittance_suspensions s JOIN outlets o ON o.id = s.outlet_id ORDER BY s.suspended_at",
    ):
        suspended[row.outlet_id].append(row)
    ages = {row.outlet_id: row for row in rows(connection, "SELECT * FROM cash_ages")}
    outlets = {row.id: row for row in rows(connection, "SELECT id, code, kind, state FROM outlets")}
    settled = _settled_on(connection)
    for outlet_id, moves in drawers(connection):
        for row in suspended[outlet_id]:
            released = _released(suspended[outlet_id], as_instant(row.suspended_at))
            yield from _suspension(known, row, moves, released)
        age = ages.get(outlet_id)
        if age is not None and outlets[outlet_id].state == "ACTIVE":
            yield from _should_be(known, outlets[outlet_id], age, moves, suspended[outlet_id], settled[outlet_id])
    yield from _steps(connection)


def _released(suspensions: list[Any], at: datetime) -> date | None:
    ended = [as_day(row.ended_on) for row in suspensions if row.ending == "BY_HAND" and as_instant(row.ended_at) <= at]
    return max(ended, default=None)


def _counted(
    known: Calendar, outlet_id: int, kind: str, oldest_on: date, day: date, at: datetime, released: date | None
) -> tuple[int, int]:
    """Return how many missed opportunities counted on a day, and how many suspend."""
    after, since = known.suspends(kind, day, at)
    if since is None:
        return 0, 0
    start = max(oldest_on, since - ONE_DAY, released or date.min)
    return known.missed(outlet_id, kind, start, day, at), after


def _suspension(known: Calendar, row: Any, moves: list[Move], released: date | None) -> Iterator[Finding]:
    day, at = as_day(row.suspended_on), as_instant(row.suspended_at)
    oldest_on, due = due_at(moves, day, at, whole=True)
    counted, after = (0, 0)
    if oldest_on is not None:
        counted, after = _counted(known, row.outlet_id, row.kind, oldest_on, day, at, released)
    sure = oldest_on is None or known.is_sure(oldest_on, day, at)
    said = (as_day(row.oldest_on), row.due_fen, row.missed, row.suspend_after)
    if said != (oldest_on, due, counted if sure else row.missed, after) or row.missed < after:
        yield Finding(
            "overdue_suspension",
            f"{row.code} {day}",
            f"says {yuan(row.due_fen)} since {row.oldest_on} missed {row.missed} of {row.suspend_after};"
            f" history says {yuan(due)} since {oldest_on} missed {counted} of {after}",
        )


def _should_be(
    known: Calendar, outlet: Any, age: Any, moves: list[Move], suspensions: list[Any], settled: set[date]
) -> Iterator[Finding]:
    """Name an outlet that was counted, was overdue that night, and went on collecting."""
    day, at = as_day(age.counted_on), as_instant(age.counted_at)
    if day < COUNTED_SINCE or day in settled:  # changed during the day: the next night judges
        return
    oldest_on, due = due_at(moves, day, at, whole=True)
    if oldest_on is None or not known.is_sure(oldest_on, day, at):
        return
    kind = known.kind_of(outlet.id, outlet.kind, at)
    counted, after = _counted(known, outlet.id, kind, oldest_on, day, at, _released(suspensions, at))
    if after and counted >= after:
        yield Finding(
            "suspension_missing",
            f"{outlet.code} {day}",
            f"holds {yuan(due)} since {oldest_on}, {counted} missed opportunities count, {after} suspend",
        )


def _settled_on(connection: Connection) -> dict[int, set[date]]:
    """Return by outlet the days on which something else than the night changed how its cash stands."""
    found: dict[int, set[date]] = defaultdict(set)
    for sql in (
        "SELECT outlet_id, decided_at AS at FROM remittances WHERE decided_at IS NOT NULL",
        "SELECT outlet_id, entered_at AS at FROM remittance_days WHERE outlet_id IS NOT NULL",
        "SELECT outlet_id, closed_at AS at FROM day_closes WHERE cash_difference_fen <> 0 OR counterfeit_fen <> 0",
        "SELECT outlet_id, changed_at AS at FROM outlet_states",
    ):
        for row in rows(connection, sql):
            found[row.outlet_id].add(business_date(as_instant(row.at)))
    return found


def _steps(connection: Connection) -> Iterator[Finding]:
    """Each suspension is a step of the life cycle and each such step a suspension; what lifted one had arrived."""
    for row in rows(
        connection,
        """
        SELECT o.code, s.suspended_on AS day, 'its step is another' AS what
        FROM remittance_suspensions s JOIN outlets o ON o.id = s.outlet_id JOIN outlet_states t ON t.id = s.state_id
        WHERE t.outlet_id <> s.outlet_id OR t.state <> 'SUSPENDED' OR t.reason <> 'REMITTANCE_OVERDUE'
           OR t.effective_on <> s.suspended_on
        UNION ALL
        SELECT o.code, t.effective_on, 'a step without a suspension'
        FROM outlet_states t JOIN outlets o ON o.id = t.outlet_id
        WHERE t.reason = 'REMITTANCE_OVERDUE'
          AND NOT EXISTS (SELECT 1 FROM remittance_suspensions s WHERE s.state_id = t.id)
        UNION ALL
        SELECT o.code, s.ended_on, 'lifted by what has not arrived'
        FROM remittance_suspensions s JOIN outlets o ON o.id = s.outlet_id JOIN remittances r ON r.id = s.remittance_id
        WHERE r.state <> 'CONFIRMED' OR r.outlet_id <> s.outlet_id
        UNION ALL
        SELECT o.code, s.ended_on, 'lifted without a step'
        FROM remittance_suspensions s JOIN outlets o ON o.id = s.outlet_id
        WHERE s.ending = 'LIFTED' AND NOT EXISTS (
            SELECT 1 FROM outlet_states t WHERE t.outlet_id = s.outlet_id AND t.id > s.state_id AND t.state = 'ACTIVE'
              AND t.reason = 'REMITTANCE_ARRIVED' AND t.effective_on = s.ended_on)
        UNION ALL
        SELECT o.code, s.ended_on, 'is said to have ended by a hand that did nothing'
        FROM remittance_suspensions s JOIN outlets o ON o.id = s.outlet_id
        WHERE s.ending = 'BY_HAND' AND NOT EXISTS (
            SELECT 1 FROM outlet_states t WHERE t.outlet_id = s.outlet_id AND t.id > s.state_id)
        """,
    ):
        yield Finding("suspension_step", f"{row.code} {row.day}", row.what)
