"""Commission's sums: an outlet's month is its lines, moves what it says, and pays each adjustment once."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan


def accruals_add_up(connection: Connection) -> Iterator[Finding]:
    """An outlet's month is the sum of its lines, and its transfer moves exactly that to the outlet."""
    for row in rows(
        connection,
        """
        SELECT a.month, o.code, a.collections_count, a.collected_fen, a.earned_fen, a.adjusted_fen, a.due_fen,
               COALESCE(s.n, 0) AS n, COALESCE(s.base, 0) AS base,
               COALESCE(s.earned, 0) + COALESCE(y.earned, 0) AS earned,
               COALESCE(s.adjusted, 0) AS adjusted
        FROM outlet_accruals a JOIN outlets o ON o.id = a.outlet_id LEFT JOIN (
          SELECT month, outlet_id, COUNT(collection_id) AS n,
                 SUM(CASE WHEN kind = 'COLLECTION' THEN base_fen ELSE 0 END) AS base,
                 SUM(CASE WHEN kind = 'COLLECTION' THEN commission_fen ELSE 0 END) AS earned,
                 SUM(CASE WHEN kind = 'ADJUSTMENT' THEN commission_fen ELSE 0 END) AS adjusted
          FROM commission_lines GROUP BY month, outlet_id
        ) s ON s.month = a.month AND s.outlet_id = a.outlet_id LEFT JOIN (
          SELECT month, outlet_id, SUM(commission_fen) AS earned FROM monthly_commissions GROUP BY month, outlet_id
        ) y ON y.month = a.month AND y.outlet_id = a.outlet_id
        """,
    ):
        stored = (row.collections_count, row.collected_fen, row.earned_fen, row.adjusted_fen)
        summed = (int(row.n), int(row.base), int(row.earned), int(row.adjusted))
        if stored != summed or row.due_fen != row.earned_fen + row.adjusted_fen:
            yield Finding("accrual", f"{row.code} {row.month}", f"stored {stored}, its lines add up to {summed}")
    for row in rows(
        connection,
        """
        SELECT a.month, o.code, a.due_fen, a.outlet_id, t.amount_fen, d.code AS debit_code, d.owner_id AS debit_owner,
               k.code AS credit_code, k.owner_id AS credit_owner
        FROM outlet_accruals a JOIN outlets o ON o.id = a.outlet_id LEFT JOIN transfers t ON t.id = a.transfer_id
        LEFT JOIN accounts d ON d.id = t.debit_account_id LEFT JOIN accounts k ON k.id = t.credit_account_id
        WHERE a.due_fen <> 0 OR a.transfer_id IS NOT NULL
        """,
    ):
        code, owner = (row.credit_code, row.credit_owner) if row.due_fen > 0 else (row.debit_code, row.debit_owner)
        if row.amount_fen != abs(row.due_fen) or code != "COMMISSION_PAYABLE" or owner != row.outlet_id:
            moved = yuan(row.amount_fen) if row.amount_fen is not None else "nothing"
            yield Finding("accrual_transfer", f"{row.code} {row.month}", f"due {yuan(row.due_fen)}, moved {moved}")


def adjustments_are_paid_once(connection: Connection) -> Iterator[Finding]:
    """An adjustment whose month is closed stands on that month's statement, with its own amount."""
    for row in rows(
        connection,
        """
        SELECT j.id, j.month, j.amount_fen, l.month AS paid_in, l.commission_fen
        FROM commission_adjustments j JOIN accounting_months m ON m.month = j.month AND m.state = 'CLOSED'
        LEFT JOIN commission_lines l ON l.adjustment_id = j.id
        WHERE l.id IS NULL OR l.month <> j.month OR l.commission_fen <> j.amount_fen
        """,
    ):
        yield Finding("adjustment", str(row.id), f"of {yuan(row.amount_fen)} for {row.month} is not on its statement")
