"""Year sheets and partners' summaries print what the closed months they are about wrote down."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row

from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.printed import papers

_ACCRUALS = """
    SELECT a.month, a.outlet_id, o.code, u.path, a.inputs, p.code AS partner, a.collections_count, a.collected_fen,
           a.earned_fen, a.adjusted_fen, a.due_fen
    FROM outlet_accruals a JOIN outlets o ON o.id = a.outlet_id JOIN org_units u ON u.id = a.org_unit_id
    LEFT JOIN partners p ON p.id = o.partner_id
    JOIN accounting_months m ON m.month = a.month AND m.state = 'CLOSED'
    ORDER BY a.month, o.code
"""
_FIGURES = ("collections_count", "collected_fen", "earned_fen", "adjusted_fen", "due_fen")


def year_sheets_add_up(connection: Connection) -> Iterator[Finding]:
    """A year sheet holds the outlet's closed months of the year up to its own, and their sum."""
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows(connection, _ACCRUALS):
        found[row.outlet_id].append(row)
    for paper in papers(connection, "COMMISSION_YEAR"):
        last = f"{paper.starts_on:%Y-%m}"
        expected = [row for row in found[paper.outlet_id or 0] if last[:4] == row.month[:4] and row.month <= last]
        stored = [(row.month, *(getattr(row, name) for name in _FIGURES)) for row in expected]
        printed = [
            (
                f"{one['month']['year']:04d}-{one['month']['month']:02d}",
                one["count"],
                *(one[name] for name in _FIGURES[1:]),
            )
            for one in paper.figures["months"]
        ]
        due = sum(row.due_fen for row in expected)
        if printed != stored or paper.figures["due_fen"] != due:
            says = f"prints {yuan(paper.figures['due_fen'])} due in the year, its months come to {yuan(due)}"
            yield Finding("year_sheet", paper.number, says)


def partner_summaries_add_up(connection: Connection) -> Iterator[Finding]:
    """A partner's summary holds the outlets that were the partner's under the unit when the month closed."""
    found: dict[tuple[str, str], list[tuple[str, str, int, int, int]]] = defaultdict(list)
    for row in rows(connection, _ACCRUALS):
        inputs = json.loads(row.inputs) if isinstance(row.inputs, str) else row.inputs
        whose = row.partner if inputs is None else inputs.get("partner")
        if whose:
            line = (row.path, row.code, row.collections_count, row.collected_fen, row.due_fen)
            found[row.month, whose].append(line)
    for run in papers(connection, "COMMISSION_PARTNER"):
        whose = run.subject.split(":")[1]
        expected = [line[1:] for line in found[f"{run.starts_on:%Y-%m}", whose] if line[0].startswith(run.org_path)]
        printed = [
            (one["outlet_code"], one["count"], one["amount_fen"], one["commission_fen"]) for one in run.figures["rows"]
        ]
        total = sum(line[3] for line in expected)
        if printed != expected or run.figures["whole"]["commission_fen"] != total:
            says = f"prints {yuan(run.figures['whole']['commission_fen'])}, the outlets come to {yuan(total)}"
            yield Finding("partner_summary", run.number, says)
