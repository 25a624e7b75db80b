"""Disputes are about a line that is there, answered once, and printed by the statement of the month of the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows
from agentnet.verify.printed import figures_of
from agentnet.verify.register import as_day

_DISPUTES = """
    SELECT d.id, d.outlet_id, d.month, d.state, d.answered_in, d.reason, d.answer, o.code, m.state AS month_state,
           COALESCE(l.outlet_id, y.outlet_id) AS line_outlet, COALESCE(l.month, y.month) AS line_month,
           j.outlet_id AS adjusted_outlet, j.of_month, j.month AS adjusted_in
    FROM commission_disputes d JOIN outlets o ON o.id = d.outlet_id
    LEFT JOIN accounting_months m ON m.month = d.month
    LEFT JOIN commission_lines l ON l.id = d.line_id LEFT JOIN monthly_commissions y ON y.id = d.monthly_id
    LEFT JOIN commission_adjustments j ON j.id = d.adjustment_id
    ORDER BY d.raised_at, d.id
"""


def disputes_are_about_their_lines(connection: Connection) -> Iterator[Finding]:
    """A dispute is about a line of its outlet's closed month; accepted, its adjustment is of that outlet and month."""
    for row in rows(connection, _DISPUTES):
        subject = f"{row.code} {row.month}"
        if (row.line_outlet, row.line_month, row.month_state) != (row.outlet_id, row.month, "CLOSED"):
            yield Finding("dispute_line", subject, "is about a line that this closed month does not have")
        adjusted = (row.adjusted_outlet, row.of_month, row.adjusted_in)
        if row.state == "ACCEPTED" and adjusted != (row.outlet_id, row.month, row.answered_in):
            yield Finding("dispute_answer", subject, f"was accepted in {row.answered_in}, its adjustment is {adjusted}")


def answers_are_printed(connection: Connection) -> Iterator[Finding]:
    """The statement of the month a dispute was answered in prints the answer as it was given."""
    answers: dict[tuple[int, str], list[tuple[str, str, str]]] = defaultdict(list)
    for row in rows(connection, _DISPUTES):
        if row.answered_in is not None:
            answers[row.outlet_id, row.answered_in].append((row.reason, row.state, row.answer))
    papers = rows(
        connection,
        """
        SELECT number, outlet_id, period_start, frozen FROM runs
        WHERE kind = 'COMMISSION_STATEMENT' AND outlet_id IN
          (SELECT outlet_id FROM commission_disputes WHERE answered_in IS NOT NULL)
        ORDER BY number
        """,
    )
    for paper in papers:
        expected = answers.get((paper.outlet_id, f"{as_day(paper.period_start):%Y-%m}"), [])
        figures: dict[str, Any] = figures_of(paper.frozen) or {}
        said = [(one["reason"], one["answer_state"], one["answer"]) for one in figures.get("disputes", ())]
        if said != expected:
            yield Finding("dispute_printed", paper.number, f"prints {said}, the answers were {expected}")
