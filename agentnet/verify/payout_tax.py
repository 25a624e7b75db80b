"""What was withheld from individuals: the table of 2019 on all of a calendar month, worked out here once more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta, timezone
from itertools import chain, combinations
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.register import as_day

SHANGHAI = timezone(timedelta(hours=8))
MOST_UNSURE = 6
"""How many payments of which the day alone is known are tried both ways."""


def _income_tax(income: int) -> int:
    """Return the tax on a month's labour income (fen), by the table of 2019, rounded half up."""
    taxable = 5 * (income - 80_000) if income <= 400_000 else 4 * income  # in fifths of a fen
    if taxable <= 0:
        return 0
    for top, percent, less in ((2_000_000, 20, 0), (5_000_000, 30, 200_000), (None, 40, 700_000)):
        if top is None or taxable <= 5 * top:
            return (2 * (taxable * percent - 500 * less) + 500) // 1000
    raise AssertionError


def tax_is_what_the_table_says(connection: Connection) -> Iterator[Finding]:
    """Individuals were taxed by the table on all of the month that stood when they were paid, nobody else.

    A batch that is not paid yet is judged as of its drawing up. Cancelled batches and returned payments are left out.
    """
    months: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for row in rows(
        connection,
        "SELECT p.payee_id, p.type, p.gross_fen, p.tax_fen, p.number AS place, p.state, p.answered_on, b.month,"
        " b.number, b.withholds, b.pay_on, b.state AS batch, b.drawn_at, b.paid_at, b.cancelled_at, b.id AS batch_id"
        " FROM payout_payments p JOIN payout_batches b ON b.id = p.batch_id",
    ):
        months[row.payee_id, as_day(row.pay_on).isoformat()[:7]].append(row)
    for group in months.values():
        for row in group:
            free = not row.withholds or row.type != "INDIVIDUAL"
            if not free and (row.batch == "CANCELLED" or row.state == "RETURNED"):
                continue
            right = {0} if free else _may_be(row, group)
            if row.tax_fen not in right:
                says = f"of {yuan(row.gross_fen)} {yuan(row.tax_fen)} was withheld, the table says {yuan(min(right))}"
                yield Finding("payout_tax", f"{row.month}-{row.number} no. {row.place}", says)


def _may_be(row: Any, group: Sequence[Any]) -> set[int]:
    """Return what may have been withheld of a payment, given the month's others: one, but for events of one instant."""
    at = as_instant(row.paid_at if row.paid_at is not None else row.drawn_at)
    sure, unsure = [], []
    for other in group:
        if other.batch_id == row.batch_id or other.type != "INDIVIDUAL":
            continue
        stood = _stood(other, at)
        if stood is None:
            unsure.append(other)
        elif stood:
            sure.append(other)
    tried = unsure if len(unsure) <= MOST_UNSURE else []
    found = set()
    for some in chain.from_iterable(combinations(tried, size) for size in range(len(tried) + 1)):
        income = row.gross_fen + sum(one.gross_fen for one in (*sure, *some))
        found.add(max(_income_tax(income) - sum(one.tax_fen for one in (*sure, *some)), 0))
    return found


def _stood(other: Any, at: Any) -> bool | None:
    """Return whether a payment was planned or paid at an instant; None where its rows do not tell."""
    drawn = as_instant(other.drawn_at)
    ended = as_instant(other.cancelled_at) if other.cancelled_at is not None else None
    if drawn > at or (ended is not None and ended < at):
        return False
    if drawn == at or ended == at:
        return None
    if other.state == "RETURNED":
        back, day = as_day(other.answered_on), at.astimezone(SHANGHAI).date()
        return None if back == day else back > day
    return True
