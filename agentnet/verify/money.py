"""The book: every transfer has its fact, every guarded balance its history, every account its side."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan


def balances_equal_history(connection: Connection) -> Iterator[Finding]:
    """A guarded balance is the sum of its transfers, seen from its normal side."""
    for row in rows(
        connection,
        """
        SELECT a.id, a.owner_kind, a.owner_id, a.code, a.normal_side, b.balance_fen,
               COALESCE(d.total, 0) AS debits, COALESCE(c.total, 0) AS credits
        FROM accounts a JOIN balances b ON b.account_id = a.id
        LEFT JOIN (SELECT debit_account_id AS id, SUM(amount_fen) AS total FROM transfers GROUP BY 1) d ON d.id = a.id
        LEFT JOIN (SELECT credit_account_id AS id, SUM(amount_fen) AS total FROM transfers GROUP BY 1) c ON c.id = a.id
        """,
    ):
        net = int(row.debits) - int(row.credits)
        expected = net if row.normal_side == "DEBIT" else -net
        if expected != row.balance_fen:
            yield Finding(
                "balance",
                f"{row.owner_kind} {row.owner_id} {row.code}",
                f"balance says {yuan(row.balance_fen)}, its transfers add up to {yuan(expected)}",
            )


def balances_never_passed_their_limits(connection: Connection) -> Iterator[Finding]:
    """Replayed in the order of posting, no cash, float, deposit or advance ever went below zero."""
    account, running, worst = None, 0, 0
    for row in rows(
        connection,
        """
        SELECT a.id, a.owner_kind, a.owner_id, a.code,
               CASE a.normal_side WHEN 'DEBIT' THEN moves.change ELSE -moves.change END AS change
        FROM accounts a JOIN (
          SELECT debit_account_id AS id, amount_fen AS change, posted_at, id AS transfer FROM transfers
          UNION ALL
          SELECT credit_account_id, -amount_fen, posted_at, id FROM transfers
        ) moves ON moves.id = a.id
        WHERE a.guarded
        ORDER BY a.id, moves.posted_at, CASE a.normal_side WHEN 'DEBIT' THEN moves.change ELSE -moves.change END DESC
        """,
    ):
        if row.id != account:
            account, running, worst = row.id, 0, 0
        running += row.change
        if running < worst:
            worst = running
            yield Finding(
                "history_below_zero", f"{row.owner_kind} {row.owner_id} {row.code}", f"stood at {yuan(running)}"
            )


def guarded_accounts_have_a_balance(connection: Connection) -> Iterator[Finding]:
    """A guarded account without its balance row is not guarded; an unguarded one with a row is a second truth."""
    for row in rows(
        connection,
        """
        SELECT a.owner_kind, a.owner_id, a.code, a.guarded FROM accounts a
        LEFT JOIN balances b ON b.account_id = a.id WHERE a.guarded <> (b.account_id IS NOT NULL)
        """,
    ):
        says = "guarded without a balance" if row.guarded else "a balance on an unguarded account"
        yield Finding("guard", f"{row.owner_kind} {row.owner_id} {row.code}", says)


def reversals_mirror_their_original(connection: Connection) -> Iterator[Finding]:
    """A reversing transfer moves the same amount the other way between the same accounts."""
    for row in rows(
        connection,
        """
        SELECT t.id, t.amount_fen, o.amount_fen AS original_fen
        FROM transfers t JOIN transfers o ON o.id = t.reverses_id
        WHERE t.amount_fen <> o.amount_fen OR t.debit_account_id <> o.credit_account_id
           OR t.credit_account_id <> o.debit_account_id OR t.posted_at < o.posted_at
        """,
    ):
        yield Finding(
            "reversal", str(row.id), f"{yuan(row.amount_fen)} does not mirror {yuan(row.original_fen)} of its original"
        )


def owners_exist(connection: Connection) -> Iterator[Finding]:
    """Every account belongs to someone."""
    for row in rows(
        connection,
        """
        SELECT a.owner_kind, a.owner_id, a.code FROM accounts a LEFT JOIN (
          SELECT 'OUTLET' AS kind, id FROM outlets UNION ALL SELECT 'HOUSEHOLD', id FROM households
          UNION ALL SELECT 'PARTNER', id FROM partners UNION ALL SELECT 'ORG_UNIT', id FROM org_units
        ) o ON o.kind = a.owner_kind AND o.id = a.owner_id
        WHERE o.id IS NULL
        """,
    ):
        yield Finding("account_owner", f"{row.owner_kind} {row.owner_id} {row.code}", "belongs to nobody")
