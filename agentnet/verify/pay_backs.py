"""Money that went back to keepers: it moved what it says, by two people, and a closed outlet has none left."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan


def float_pay_backs_moved_what_they_say(connection: Connection) -> Iterator[Finding]:
    """Float that was paid back went from the outlet's float to the unit's bank; no other float goes to a bank."""
    for row in rows(
        connection,
        """
        WITH m AS (
            SELECT t.id, t.kind, t.amount_fen, d.code AS debit_code, d.owner_id AS debit_owner,
                   c.code AS credit_code, c.owner_id AS credit_owner
            FROM transfers t JOIN accounts d ON d.id = t.debit_account_id JOIN accounts c ON c.id = t.credit_account_id
        )
        SELECT o.code, p.slip_no, p.amount_fen, m.kind, m.amount_fen AS moved_fen FROM float_pay_backs p
        JOIN outlets o ON o.id = p.outlet_id JOIN m ON m.id = p.transfer_id
        WHERE m.kind <> 'FLOAT_PAID_BACK' OR m.amount_fen <> p.amount_fen
           OR m.debit_code <> 'FLOAT' OR m.debit_owner <> p.outlet_id
           OR m.credit_code <> 'BANK' OR m.credit_owner <> p.org_unit_id
        """,
    ):
        says = f"{yuan(row.amount_fen)} moved {yuan(row.moved_fen)} as {row.kind}"
        yield Finding("float_pay_back", f"{row.code} {row.slip_no}", says)
    for row in rows(
        connection,
        """
        SELECT t.id, t.kind, t.amount_fen FROM transfers t
        JOIN accounts d ON d.id = t.debit_account_id AND d.code = 'FLOAT'
        JOIN accounts c ON c.id = t.credit_account_id AND c.code = 'BANK'
        WHERE NOT EXISTS (SELECT 1 FROM float_pay_backs p WHERE p.transfer_id = t.id)
        """,
    ):
        yield Finding("stray_float_pay_back", str(row.id), f"{row.kind} of {yuan(row.amount_fen)} was not paid back")


def pay_backs_had_two_people(connection: Connection) -> Iterator[Finding]:
    """What went back is what one person asked for and another approved; before that rule a deposit had one person.

    The rule holds since the first pay-back of a deposit that was asked for; where none ever was, it always held.
    """
    for row in rows(
        connection,
        """
        WITH p AS (
            SELECT id, 'FLOAT_PAY_BACK' AS kind, outlet_id, amount_fen, slip_no, user_id, approved_by_id, recorded_at
            FROM float_pay_backs
            UNION ALL
            SELECT id, 'DEPOSIT_PAY_BACK', outlet_id, amount_fen, slip_no, user_id, approved_by_id, recorded_at
            FROM deposit_moves WHERE kind = 'PAID_BACK'
        )
        SELECT o.code, p.slip_no, p.amount_fen FROM p JOIN outlets o ON o.id = p.outlet_id
        LEFT JOIN approvals a ON a.id = p.id AND a.kind = p.kind AND a.state = 'APPROVED'
          AND a.amount_fen = p.amount_fen AND a.requested_by_id = p.user_id AND a.decided_by_id = p.approved_by_id
        WHERE a.id IS NULL
          AND (p.approved_by_id IS NOT NULL
               OR p.recorded_at >= COALESCE(
                   (SELECT MIN(requested_at) FROM approvals WHERE kind = 'DEPOSIT_PAY_BACK'),
                   (SELECT MIN(recorded_at) FROM deposit_moves)))
        """,
    ):
        yield Finding("pay_back_alone", f"{row.code} {row.slip_no}", f"{yuan(row.amount_fen)}: nobody approved it so")
    for row in rows(
        connection,
        """
        SELECT a.subject_label, a.kind, a.amount_fen FROM approvals a
        WHERE a.state = 'APPROVED' AND a.kind IN ('FLOAT_PAY_BACK', 'DEPOSIT_PAY_BACK')
          AND NOT EXISTS (SELECT 1 FROM float_pay_backs p WHERE p.id = a.id AND a.kind = 'FLOAT_PAY_BACK')
          AND NOT EXISTS (SELECT 1 FROM deposit_moves g WHERE g.id = a.id AND a.kind = 'DEPOSIT_PAY_BACK')
        """,
    ):
        says = f"{yuan(row.amount_fen)} was approved and not paid back"
        yield Finding("pay_back_missing", f"{row.kind} {row.subject_label}", says)


def closed_outlets_hold_nothing(connection: Connection) -> Iterator[Finding]:
    """A closed outlet has no cash, nothing in transit, no float and no guarantee deposit left."""
    for row in rows(
        connection,
        """
        SELECT o.code, a.code AS account, SUM(CASE WHEN t.debit_account_id = a.id THEN t.amount_fen
                                                   ELSE -t.amount_fen END) AS fen
        FROM outlets o JOIN accounts a ON a.owner_kind = 'OUTLET' AND a.owner_id = o.id
          AND a.code IN ('CASH_HELD', 'IN_TRANSIT', 'FLOAT', 'DEPOSIT')
        JOIN transfers t ON a.id IN (t.debit_account_id, t.credit_account_id)
        WHERE o.state = 'CLOSED'
        GROUP BY o.code, a.code
        HAVING SUM(CASE WHEN t.debit_account_id = a.id THEN t.amount_fen ELSE -t.amount_fen END) <> 0
        """,
    ):
        yield Finding("closed_with_money", row.code, f"{yuan(abs(int(row.fen)))} is left on {row.account}")
