"""Stations' reports of deposits and cash by age: each outlet's row worked out again from history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from agentnet.core.clock import shanghai_instant
from agentnet.verify.cash_history import Calendar, Move, as_instant, calendar, drawers, due_at
from agentnet.verify.findings import Finding, rows
from agentnet.verify.printed import Outlets, Paper, differs, findings_of_paper, papers

SUMS = ("declared_fen", "confirmed_fen", "transit_fen", "returned_fen", "held_fen")


class _Facts:
    """What the papers rest on."""

    def __init__(self, connection: Connection) -> None:
        self.outlets = Outlets(connection)
        self.calendar: Calendar = calendar(connection)
        self.moves: dict[int, list[Move]] = dict(drawers(connection))
        self.deposits: dict[int, list[Any]] = defaultdict(list)
        for row in rows(
            connection,
            "SELECT outlet_id, slip_no, amount_fen, declared_at, confirmed_fen, decided_at, state FROM remittances",
        ):
            self.deposits[row.outlet_id].append(row)


def station_papers_say_what_happened(connection: Connection) -> Iterator[Finding]:
    """A station's report prints deposits, cash, its oldest day and what it missed as history has them."""
    printed = list(papers(connection, "STATION_REMITTANCES_WEEK", "STATION_REMITTANCES_MONTH"))
    if not printed:
        return
    facts = _Facts(connection)
    for paper in printed:

        def differences(at: datetime, paper: Paper = paper) -> list[str]:
            return list(_differences(facts, paper, at))

        yield from findings_of_paper("station_paper", paper, differences)


def _differences(facts: _Facts, paper: Paper, at: datetime) -> Iterator[str]:
    shown = {one["outlet_code"]: one for one in paper.figures["outlets"]}
    whole = dict.fromkeys(SUMS, 0)
    open_found: Counter[tuple[str, str, int, str]] = Counter()
    for outlet_id, outlet in facts.outlets.by_id.items():
        if facts.outlets.was(outlet_id, "org_unit_id", at) != paper.org_unit_id:
            if outlet.code in shown:
                yield f"prints {outlet.code}, which was of another unit"
            continue
        found = _row(facts, outlet_id, outlet.code, paper, at, open_found)
        one = shown.get(outlet.code)
        if one is None:
            if found["declared_fen"] or found["held_fen"]:
                yield f"leaves out {outlet.code}: {found}"
            continue
        for name in SUMS:
            whole[name] += found[name]
        yield from differs(
            f"of {outlet.code}", {name: one[name] for name in SUMS}, {name: found[name] for name in SUMS}
        )
        if "missed" in one:  # counted since the second drawing
            yield from _age(facts, outlet_id, one, paper, at)
    yield from differs("in all", {name: paper.figures["whole"][name] for name in SUMS}, whole)
    stated = Counter(
        (one["outlet_code"], one["slip_no"], one["amount_fen"], one["state"]) for one in paper.figures["open_deposits"]
    )
    yield from differs("open deposits", stated, open_found)


def _row(
    facts: _Facts,
    outlet_id: int,
    code: str,
    paper: Paper,
    at: datetime,
    open_found: Counter[tuple[str, str, int, str]],
) -> dict[str, int]:
    since, until = shanghai_instant(paper.starts_on), shanghai_instant(paper.ends_on)
    found = dict.fromkeys(SUMS, 0)
    for row in facts.deposits[outlet_id]:
        declared_at = as_instant(row.declared_at)
        if not since <= declared_at < until or declared_at > at:
            continue
        decided = row.decided_at is not None and as_instant(row.decided_at) <= at
        state = row.state if decided else "DECLARED"
        confirmed = int(row.confirmed_fen or 0) if decided else 0
        found["declared_fen"] += row.amount_fen
        found["confirmed_fen"] += confirmed
        found["returned_fen" if decided else "transit_fen"] += row.amount_fen - confirmed
        if confirmed != row.amount_fen:
            open_found[code, row.slip_no, row.amount_fen - confirmed, state] += 1
    found["held_fen"] = sum(
        move.change
        for move in facts.moves.get(outlet_id, ())
        if move.business_on < paper.ends_on and move.posted_at <= at
    )
    return found


def _age(facts: _Facts, outlet_id: int, one: dict[str, Any], paper: Paper, at: datetime) -> Iterator[str]:
    here = [move for move in facts.moves.get(outlet_id, ()) if move.business_on < paper.ends_on]
    oldest_on, _due = due_at(here, paper.ends_on, at, whole=True)
    yield from differs(
        f"oldest day of {one['outlet_code']}", one["oldest_on"], oldest_on.isoformat() if oldest_on else None
    )
    missed = None
    if oldest_on is not None:
        if not facts.calendar.is_sure(oldest_on, paper.ends_on, at):
            return
        kind = facts.outlets.was(outlet_id, "kind", at)
        missed = facts.calendar.missed(outlet_id, kind, oldest_on, paper.ends_on, at)
    yield from differs(f"missed opportunities of {one['outlet_code']}", one["missed"], missed)
