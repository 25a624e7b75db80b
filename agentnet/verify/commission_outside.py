"""What closed months looked at beside their collections: days of business, visits that passed, the month a year before.

A close takes a little while, and what is written meanwhile may or may not have been seen. So each figure is counted at
both ends of the close, and what was stored must lie between.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.cash_history import as_instant
from agentnet.verify.commission import ClosedMonth, Tariffs, closed_months, tariffs_known
from agentnet.verify.findings import Finding, rows
from agentnet.verify.register import as_day

Sums = Sequence[Sequence[Any]]
"""Of a day and tender: the day, the tender, fen and number."""


def months_looked_at_what_was_there(connection: Connection) -> Iterator[Finding]:
    """What a plan asked for beside the collections is stored as it was: no day, visit or yuan more or less."""
    tariffs = tariffs_known(connection)
    closed = {
        row.month: (as_instant(row.closing_at), as_instant(row.closed_at))
        for row in rows(connection, "SELECT * FROM accounting_months WHERE state = 'CLOSED'")
    }
    counted = _counted(connection)
    visits = _visits(connection)
    year_ago: dict[str, tuple[Mapping[int, Sums], Mapping[int, Sums]]] = {}
    for month in closed_months(connection):
        asked = _asked(month, tariffs)
        if not asked or month.month not in closed or month.inputs is None:
            continue
        subject = f"{month.code} {month.month}"
        first, end = month.days
        begun, done = closed[month.month]
        if "open_days" in asked:
            days = {as_day(line.business_on) for line in month.lines}
            days |= {day for day in counted[month.outlet_id] if first <= day < end}
            if month.inputs.get("open_days", []) != sorted(day.isoformat() for day in days):
                yield Finding("commission_inputs", subject, "counts other days of business than there were")
        if "visits" in asked:
            inside = [one for one in visits[month.outlet_id] if first <= one[0] < end]
            stored = Counter(month.inputs.get("visits_passed", []))
            if not _passed(inside, begun, done) <= stored <= _passed(inside, done, begun):
                yield Finding("commission_inputs", subject, "counts other visits than passed")
        if "last_year" in asked:
            if month.month not in year_ago:
                year_ago[month.month] = (_year_ago(connection, first, begun), _year_ago(connection, first, done))
            stood = [sums.get(month.outlet_id, []) for sums in year_ago[month.month]]
            if month.inputs.get("last_year", []) not in stood:
                yield Finding("commission_inputs", subject, "compares with another month than a year ago was")


def _asked(month: ClosedMonth, tariffs: Tariffs) -> set[str]:
    """Return what the versions that ruled a month ask for."""
    asked = set()
    for version, _first, _end in month.ruling:
        for one in tariffs.documents[version].get("components", ()):
            if one["kind"] == "GROWTH":
                asked.add("last_year")
            if one["kind"] == "SUBSIDY":
                asked |= {name for name, least in one.get("conditions", {}).items() if least}
    return asked


def _counted(connection: Connection) -> Mapping[int, set[date]]:
    found: dict[int, set[date]] = defaultdict(set)
    for row in rows(connection, "SELECT outlet_id, business_on FROM day_closes WHERE user_id IS NOT NULL"):
        found[row.outlet_id].add(as_day(row.business_on))
    return found


Seen = tuple[date, datetime, datetime | None]
"""Of a visit whose critical items were in order: its day, when it came in, and when it was struck."""


def _visits(connection: Connection) -> Mapping[int, list[Seen]]:
    found: dict[int, list[Seen]] = defaultdict(list)
    for row in rows(connection, "SELECT outlet_id, visited_on, received_at, struck_at, flags FROM visits"):
        flags = json.loads(row.flags) if isinstance(row.flags, str) else row.flags
        if "CRITICAL_FAILED" not in flags:
            struck_at = as_instant(row.struck_at) if row.struck_at else None
            found[row.outlet_id].append((as_day(row.visited_on), as_instant(row.received_at), struck_at))
    return found


def _passed(visits: Sequence[Seen], received_before: datetime, struck_from: datetime) -> Counter[str]:
    return Counter(
        day.isoformat()
        for day, received_at, struck_at in visits
        if received_at < received_before and (struck_at is None or struck_at >= struck_from)
    )


def _year_ago(connection: Connection, first: date, at: datetime) -> Mapping[int, Sums]:
    """Return what stood at an instant of the same month of the year before, by outlet."""
    month = f"{first.year - 1}-{first.month:02d}"
    taken: dict[str, list[tuple[datetime, int, bool]]] = defaultdict(list)
    for row in rows(
        connection,
        """
        SELECT k.collection_id, k.carried_at, k.kind, k.amount_fen, k.clears
        FROM corrections k JOIN collections c ON c.id = k.collection_id
        WHERE SUBSTR(CAST(c.business_on AS VARCHAR(10)), 1, 7) = :month
        """,
        {"month": month},
    ):
        refunded = row.amount_fen if row.kind == "REFUND" else 0
        taken[str(row.collection_id)].append((as_instant(row.carried_at), refunded, bool(row.clears)))
    found: dict[int, dict[tuple[str, str], list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in rows(
        connection,
        """
        SELECT c.id, c.outlet_id, c.business_on, c.tender, c.amount_fen
        FROM collections c LEFT JOIN voids v ON v.collection_id = c.id
        WHERE v.collection_id IS NULL AND SUBSTR(CAST(c.business_on AS VARCHAR(10)), 1, 7) = :month
        """,
        {"month": month},
    ):
        past = [one for one in taken.get(str(row.id), ()) if one[0] < at]
        if any(clears for _at, _fen, clears in past):
            continue
        sums = found[row.outlet_id][as_day(row.business_on).isoformat(), row.tender]
        sums[0] += row.amount_fen - sum(fen for _at, fen, _clears in past)
        sums[1] += 1
    return {
        outlet_id: [[day, tender, *sums] for (day, tender), sums in sorted(of_outlet.items())]
        for outlet_id, of_outlet in found.items()
    }
