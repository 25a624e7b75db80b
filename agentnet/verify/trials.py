"""What the office leans on before it changes: trials of plans, and old sheets beside the closed months."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan


def trials_say_what_was_paid(connection: Connection) -> Iterator[Finding]:
    """A finished trial adds up, by outlet and by component, and its paid side is what the months' closes earned."""
    for row in rows(
        connection,
        """
        SELECT w.id, o.paid_fen, o.new_fen, s.paid_sum, s.new_sum
        FROM what_ifs w
        LEFT JOIN (
            SELECT what_if_id, SUM(paid_fen) AS paid_fen, SUM(new_fen) AS new_fen FROM what_if_outlets GROUP BY 1
        ) o ON o.what_if_id = w.id
        LEFT JOIN (
            SELECT what_if_id, SUM(CASE WHEN side = 'PAID' THEN amount_fen ELSE 0 END) AS paid_sum,
                   SUM(CASE WHEN side = 'NEW' THEN amount_fen ELSE 0 END) AS new_sum
            FROM what_if_sums GROUP BY 1
        ) s ON s.what_if_id = w.id
        WHERE w.state = 'DONE' AND (
            COALESCE(o.paid_fen, 0) <> COALESCE(s.paid_sum, 0) OR COALESCE(o.new_fen, 0) <> COALESCE(s.new_sum, 0)
        )
        """,
    ):
        outlets = f"{yuan(int(row.paid_fen or 0))} and {yuan(int(row.new_fen or 0))}"
        components = f"{yuan(int(row.paid_sum or 0))} and {yuan(int(row.new_sum or 0))}"
        yield Finding("trial", str(row.id), f"outlets come to {outlets}, components to {components}")
    for row in rows(
        connection,
        """
        SELECT w.id, l.code, t.paid_fen, COALESCE(a.earned, 0) AS earned
        FROM what_ifs w
        JOIN what_if_outlets t ON t.what_if_id = w.id
        JOIN outlets l ON l.id = t.outlet_id
        LEFT JOIN (
            SELECT v.id AS what_if_id, c.outlet_id, SUM(c.earned_fen) AS earned
            FROM what_ifs v JOIN outlet_accruals c ON c.month >= v.first_month AND c.month <= v.last_month
            WHERE v.plan_id IS NULL GROUP BY 1, 2
        ) a ON a.what_if_id = w.id AND a.outlet_id = t.outlet_id
        WHERE w.state = 'DONE' AND w.plan_id IS NULL AND t.paid_fen <> COALESCE(a.earned, 0)
        """,
    ):
        says = f"says {yuan(row.paid_fen)} was paid, the closes earned {yuan(int(row.earned))}"
        yield Finding("trial", f"{row.id} {row.code}", says)


def old_sheets_are_beside_what_was_due(connection: Connection) -> Iterator[Finding]:
    """A line of an old sheet stands beside what the close made due, and the parts of a difference add up to it."""
    for row in rows(
        connection,
        """
        SELECT l.sheet_id, l.outlet_code, l.month, l.ours_fen, a.due_fen
        FROM old_sheet_lines l
        LEFT JOIN outlet_accruals a ON a.month = l.month AND a.outlet_id = l.outlet_id
        WHERE l.ours_fen IS NOT NULL AND (a.due_fen IS NULL OR a.due_fen <> l.ours_fen)
        """,
    ):
        due = "nothing" if row.due_fen is None else yuan(row.due_fen)
        yield Finding(
            "old_sheet", f"{row.sheet_id} {row.outlet_code} {row.month}", f"ours is {yuan(row.ours_fen)}, due was {due}"
        )
    for row in rows(connection, "SELECT sheet_id, outlet_code, month, difference_fen, parts FROM old_sheet_lines"):
        parts = json.loads(row.parts) if isinstance(row.parts, str) else row.parts
        total = sum(fen for _cause, fen in parts)
        if total != row.difference_fen:
            says = f"differs by {yuan(row.difference_fen)}, explained is {yuan(total)}"
            yield Finding("old_sheet", f"{row.sheet_id} {row.outlet_code} {row.month}", says)
