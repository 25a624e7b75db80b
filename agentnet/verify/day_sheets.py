"""Outlets' daily sheets: takings, voids, count, running cash and deposits worked out again from the facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from agentnet.core.clock import business_date
from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows
from agentnet.verify.printed import Paper, differs, findings_of_paper, papers
from agentnet.verify.register import as_day

Key = tuple[int, date]


@dataclass(frozen=True, slots=True)
class _Move:
    """Something that moved an outlet's cash."""

    business_on: date
    posted_at: datetime
    kind: str
    change: int


class _Facts:
    """What the printed days rest on."""

    def __init__(self, connection: Connection) -> None:
        self.collections: dict[Key, list[Any]] = defaultdict(list)
        for row in rows(
            connection,
            """
            SELECT c.outlet_id, c.business_on, c.tender, c.amount_fen, c.receipt_no, c.posted_at, v.voided_at
            FROM collections c JOIN (SELECT DISTINCT outlet_id, period_start FROM runs WHERE kind = 'OUTLET_DAY') r
              ON r.outlet_id = c.outlet_id AND r.period_start = c.business_on
            LEFT JOIN voids v ON v.collection_id = c.id
            """,
        ):
            self.collections[row.outlet_id, as_day(row.business_on)].append(row)
        self.closes: dict[Key, Any] = {}
        self.batches: dict[Key, dict[str, int | None]] = defaultdict(dict)
        for row in rows(
            connection,
            """
            SELECT d.outlet_id, d.business_on, d.cash_counted_fen, d.cash_system_fen, d.cash_difference_fen,
                   d.counterfeit_fen, t.tender, t.batch_fen
            FROM day_closes d JOIN (SELECT DISTINCT outlet_id, period_start FROM runs WHERE kind = 'OUTLET_DAY') r
              ON r.outlet_id = d.outlet_id AND r.period_start = d.business_on
            LEFT JOIN day_close_tenders t ON t.close_id = d.id
            """,
        ):
            key = row.outlet_id, as_day(row.business_on)
            self.closes[key] = row
            if row.tender is not None:
                self.batches[key][row.tender] = row.batch_fen
        self.deposits: dict[Key, list[Any]] = defaultdict(list)
        for row in rows(
            connection,
            """
            SELECT outlet_id, slip_no, amount_fen, declared_at, confirmed_fen, decided_at FROM remittances
            WHERE outlet_id IN (SELECT outlet_id FROM runs WHERE kind = 'OUTLET_DAY')
            """,
        ):
            self.deposits[row.outlet_id, business_date(as_instant(row.declared_at))].append(row)
        self.moves: dict[int, list[_Move]] = defaultdict(list)
        for row in rows(
            connection,
            """
            SELECT a.owner_id, t.business_on, t.posted_at, t.kind, s.change
            FROM accounts a JOIN (
              SELECT id, debit_account_id AS account_id, amount_fen AS change FROM transfers
              UNION ALL
              SELECT id, credit_account_id, -amount_fen FROM transfers
            ) s ON s.account_id = a.id JOIN transfers t ON t.id = s.id
            WHERE a.owner_kind = 'OUTLET' AND a.code = 'CASH_HELD'
              AND a.owner_id IN (SELECT outlet_id FROM runs WHERE kind = 'OUTLET_DAY')
            """,
        ):
            move = _Move(as_day(row.business_on), as_instant(row.posted_at), row.kind, row.change)
            self.moves[row.owner_id].append(move)


def day_sheets_say_what_happened(connection: Connection) -> Iterator[Finding]:
    """A daily sheet prints its day's takings, voids, count, cash and deposits as the facts have them."""
    facts = _Facts(connection)
    for paper in papers(connection, "OUTLET_DAY"):

        def differences(at: datetime, paper: Paper = paper) -> list[str]:
            return [*_takings(facts, paper, at), *_count(facts, paper), *_cash(facts, paper, at)]

        yield from findings_of_paper("day_sheet", paper, differences)


def _takings(facts: _Facts, paper: Paper, at: datetime) -> Iterator[str]:
    key, figures = (paper.outlet_id or 0, paper.starts_on), paper.figures
    stood: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    voided: Counter[tuple[str, int]] = Counter()
    for row in facts.collections[key]:
        if row.voided_at is not None and as_instant(row.voided_at) <= at:
            voided[row.receipt_no, row.amount_fen] += 1
        elif as_instant(row.posted_at) <= at:
            stood[row.tender][0] += 1
            stood[row.tender][1] += row.amount_fen
    printed = {one["tender"]: [one["count"], one["amount_fen"]] for one in figures["takings"] if one["count"]}
    yield from differs("takings", printed, dict(stood))
    yield from differs("taken", figures["taken_fen"], sum(fen for _count, fen in stood.values()))
    batches = {one["tender"]: one["batch_fen"] for one in figures["takings"]}
    yield from differs("batches", batches, dict(facts.batches[key]))
    yield from differs(
        "voids", sorted((one["receipt_no"], one["amount_fen"]) for one in figures["voids"]), sorted(voided.elements())
    )
    deposits = [
        (
            row.slip_no,
            row.amount_fen,
            row.confirmed_fen if row.decided_at and as_instant(row.decided_at) <= at else None,
        )
        for row in facts.deposits[key]
        if as_instant(row.declared_at) <= at
    ]
    stated = [(one["slip_no"], one["amount_fen"], one["confirmed_fen"]) for one in figures["deposits"]]
    yield from differs("deposits", Counter(stated), Counter(deposits))


def _count(facts: _Facts, paper: Paper) -> Iterator[str]:
    close, count = facts.closes.get((paper.outlet_id or 0, paper.starts_on)), paper.figures["count"]
    if close is None:
        yield "prints a day that was never closed"
    elif count is None or close.cash_counted_fen is None:
        yield from differs("a count", count is not None, close.cash_counted_fen is not None)
    else:
        printed = [count[name] for name in ("counted_fen", "system_fen", "difference_fen", "counterfeit_fen")]
        yield from differs(
            "the count",
            printed,
            [close.cash_counted_fen, close.cash_system_fen, close.cash_difference_fen, close.counterfeit_fen],
        )


def _cash(facts: _Facts, paper: Paper, at: datetime) -> Iterator[str]:
    figures, day = paper.figures, paper.starts_on
    known = [move for move in facts.moves[paper.outlet_id or 0] if move.posted_at <= at]
    opening = sum(move.change for move in known if move.business_on < day)
    by_kind: dict[str, int] = defaultdict(int)
    for move in known:
        if move.business_on == day:
            by_kind[move.kind] += move.change
    yield from differs("opening cash", figures["opening_cash_fen"], opening)
    printed = sorted(one["change_fen"] for one in figures["cash"])
    yield from differs("cash movements", printed, sorted(by_kind.values()))
    yield from differs("closing cash", figures["closing_cash_fen"], opening + sum(by_kind.values()))
