"""What was settled: each outlet's cash followed forwards, the oldest first, against what closed months paid.

The money that arrived by a month's end is what collections put into the drawer, less what customers got back from it,
less what the outlet still owes by the book. The product walks back from what is owed; here money walks forward.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row

from agentnet.verify.cash_history import as_instant
from agentnet.verify.commission import ClosedMonth, Tariffs, closed_months, tariffs_known
from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.register import as_day

_COLLECTIONS = """
    SELECT c.outlet_id, c.id, c.receipt_no, c.business_on, c.amount_fen, a.code FROM collections c
    JOIN transfers t ON t.id = c.transfer_id JOIN accounts a ON a.id = t.debit_account_id
    WHERE c.outlet_id IN (
      SELECT outlet_id FROM commission_lines WHERE settled_to_fen IS NOT NULL)
      AND c.id NOT IN (SELECT collection_id FROM voids)
    ORDER BY c.outlet_id, c.business_on, c.id
"""
_OWED = """
    SELECT a.owner_id, t.business_on,
           SUM(CASE WHEN t.debit_account_id = a.id THEN t.amount_fen ELSE -t.amount_fen END) AS fen
    FROM accounts a JOIN transfers t ON t.debit_account_id = a.id OR t.credit_account_id = a.id
    JOIN accounts other ON other.id = t.debit_account_id
    WHERE a.owner_kind = 'OUTLET' AND a.code IN ('CASH_HELD', 'IN_TRANSIT', 'OVER_SHORT')
      AND a.owner_id IN (
      SELECT outlet_id FROM commission_lines WHERE settled_to_fen IS NOT NULL) AND other.code <> 'WRITE_OFF'
    GROUP BY a.owner_id, t.business_on
"""
_CORRECTIONS = """
    SELECT k.collection_id, k.kind, k.amount_fen, k.carried_at, t.business_on AS paid_on, a.code AS paid_from
    FROM corrections k LEFT JOIN refund_payouts p ON p.correction_id = k.id
    LEFT JOIN transfers t ON t.id = p.transfer_id LEFT JOIN accounts a ON a.id = t.credit_account_id
    WHERE k.collection_id IS NOT NULL AND k.outlet_id IN (
      SELECT outlet_id FROM commission_lines WHERE settled_to_fen IS NOT NULL)
"""


@dataclass(slots=True)
class _History:
    """One outlet's collections in order, what it owed day by day, and what it was paid for so far."""

    collections: list[Row[Any]] = field(default_factory=list)
    owed: dict[date, int] = field(default_factory=dict)
    settles_on: list[tuple[date, date]] = field(default_factory=list)
    settled: dict[Any, int] = field(default_factory=dict)


def settled_lines_follow_the_money(connection: Connection) -> Iterator[Finding]:
    """A closed month pays each collection for what arrived of it since the month before, the oldest cash first."""
    histories: dict[int, _History] = defaultdict(_History)
    for row in rows(connection, _COLLECTIONS):
        histories[row.outlet_id].collections.append(row)
    if not histories:
        return
    for row in rows(connection, _OWED):
        histories[row.owner_id].owed[as_day(row.business_on)] = int(row.fen)
    corrections: dict[Any, list[Row[Any]]] = defaultdict(list)
    for row in rows(connection, _CORRECTIONS):
        corrections[row.collection_id].append(row)
    closing = {
        row.month: as_instant(row.closing_at)
        for row in rows(connection, "SELECT month, closing_at FROM accounting_months WHERE closing_at IS NOT NULL")
    }
    tariffs = tariffs_known(connection)
    for month in closed_months(connection):
        if month.outlet_id in histories and month.inputs is not None:
            yield from _judge(month, histories[month.outlet_id], corrections, closing[month.month], tariffs)


def _judge(
    month: ClosedMonth,
    history: _History,
    corrections: dict[Any, list[Row[Any]]],
    closing_at: datetime,
    tariffs: Tariffs,
) -> Iterator[Finding]:
    first, end = month.days
    history.settles_on += [
        (max(start, first), min(stop, end)) for version, start, stop in month.ruling if tariffs.settles(version)
    ]
    lines = {line.collection_id: line for line in month.lines if line.settled_to_fen is not None}
    known = [row for row in history.collections if as_day(row.business_on) < end]
    cash = [row for row in known if row.code == "CASH_HELD"]
    put_in = {row.id: row.amount_fen - _given_back(corrections[row.id], end) for row in cash}
    arrived = sum(put_in.values()) - max(0, sum(fen for day, fen in history.owed.items() if day < end))
    open_count = open_fen = 0
    for row in known:
        day = as_day(row.business_on)
        reached = put_in.get(row.id, row.amount_fen)
        if row.id in put_in:
            reached = min(reached, max(0, arrived))
            arrived -= reached
        if not any(start <= day < stop for start, stop in history.settles_on):
            continue
        stood = _stood(row, corrections[row.id], closing_at)
        before, now = (min(fen, stood) for fen in (history.settled.get(row.id, 0), reached))
        history.settled[row.id] = reached
        open_count += now < stood
        open_fen += stood - now
        line = lines.pop(row.id, None)
        if line is None:
            if stood and (day >= first or before != now):
                says = f"{month.month} does not pay it; {yuan(before)} were settled before and {yuan(now)} now"
                yield Finding("commission_settled", row.receipt_no, says)
        elif (line.stood_fen, line.settled_from_fen, line.settled_to_fen) != (stood, before, now):
            yield Finding(
                "commission_settled",
                row.receipt_no,
                f"{month.month} pays {yuan(line.settled_from_fen)} to {yuan(line.settled_to_fen)} of"
                f" {yuan(line.stood_fen)}; the money says {yuan(before)} to {yuan(now)} of {yuan(stood)}",
            )
    for line in lines.values():
        yield Finding("commission_settled", line.receipt_no, f"{month.month} pays it as settled, its plan does not")
    if history.settles_on and (month.inputs or {}).get("unsettled", [0, 0]) != [open_count, open_fen]:
        says = f"says {(month.inputs or {}).get('unsettled')}; {open_count} of {yuan(open_fen)} are not settled"
        yield Finding("commission_settled", f"{month.code} {month.month}", says)


def _given_back(corrections: list[Row[Any]], until: date) -> int:
    """Return what a customer got back out of the drawer before a day."""
    return sum(
        row.amount_fen
        for row in corrections
        if row.kind == "REFUND" and row.paid_from == "CASH_HELD" and as_day(row.paid_on) < until
    )


def _stood(row: Row[Any], corrections: list[Row[Any]], at: datetime) -> int:
    """Return what a collection counted for when a month began to close."""
    known = [one for one in corrections if as_instant(one.carried_at) < at]
    if any(one.kind == "WRONG_HOUSEHOLD" for one in known):
        return 0
    return int(row.amount_fen) - sum(one.amount_fen for one in known if one.kind == "REFUND")
