"""Month ends: a month was closed over what was not settled only with a reason that somebody signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import Connection

from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows

WHAT = ("open_days", "outlets", "in_transit", "in_transit_fen", "differences", "differences_fen")


def closed_months_were_settled_or_signed(connection: Connection) -> Iterator[Finding]:
    """What stood in a month's way when its close began is what its signature names; without any there is none."""
    months = rows(
        connection,
        """
        SELECT m.month, m.closing_at, e.signed_at, e.signed_over FROM accounting_months m
        LEFT JOIN month_ends e ON e.month = m.month WHERE m.closing_at IS NOT NULL ORDER BY m.month
        """,
    )
    for month in months:
        year, number = (int(part) for part in month.month.split("-"))
        span = {
            "starts": date(year, number, 1),
            "ends": date(year + number // 12, number % 12 + 1, 1),
            "at": month.closing_at,
        }
        stood = _stood(connection, span)
        signed = _signed(month.signed_over) if month.signed_at is not None else (0,) * len(WHAT)
        if stood != signed:
            yield Finding(
                "month_end",
                month.month,
                f"closed over {dict(zip(WHAT, stood, strict=True))}, signed for {dict(zip(WHAT, signed, strict=True))}",
            )


def months_closed_in_order(connection: Connection) -> Iterator[Finding]:
    """No month began to close after a later one: nobody was at work for the network in it."""
    later: tuple[str, datetime] | None = None
    for row in rows(
        connection, "SELECT month, closing_at FROM accounting_months WHERE closing_at IS NOT NULL ORDER BY month DESC"
    ):
        at = as_instant(row.closing_at)
        if later is not None and at > later[1]:
            yield Finding("month_order", row.month, f"began to close after {later[0]}")
        if later is None or at < later[1]:
            later = (row.month, at)


def _stood(connection: Connection, span: dict[str, object]) -> tuple[int, ...]:
    (days,) = rows(
        connection,
        """
        SELECT COUNT(*) AS open_days, COUNT(DISTINCT outlet_id) AS outlets FROM business_days
        WHERE receipt_serial > 0 AND business_on >= :starts AND business_on < :ends
        AND (closed_at IS NULL OR closed_at > :at)
        """,
        span,
    )
    (deposits,) = rows(
        connection,
        """
        SELECT COUNT(*) AS in_transit, COALESCE(SUM(amount_fen), 0) AS in_transit_fen FROM remittances
        WHERE deposited_on < :ends AND declared_at <= :at AND (decided_at IS NULL OR decided_at > :at)
        """,
        {name: span[name] for name in ("ends", "at")},
    )
    (differences,) = rows(
        connection,
        """
        SELECT COUNT(*) AS number, COALESCE(SUM(amount_fen), 0) AS open_fen FROM reconciliation_differences
        WHERE business_on < :ends AND opened_at <= :at AND (ended_at IS NULL OR ended_at > :at)
        """,
        {name: span[name] for name in ("ends", "at")},
    )
    return (
        days.open_days,
        days.outlets,
        deposits.in_transit,
        int(deposits.in_transit_fen),
        differences.number,
        int(differences.open_fen),
    )


def _signed(over: object) -> tuple[int, ...]:
    found = json.loads(over) if isinstance(over, str) else over
    return tuple(int(found.get(name, 0)) for name in WHAT) if isinstance(found, dict) else (-1,) * len(WHAT)
