"""The books: the monthly sums are their transfers, and what was handed over to accounting is the month's whole book."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan


def monthly_sums_are_their_transfers(connection: Connection) -> Iterator[Finding]:
    """The sums kept of an account's month are its transfers posted before the instant they reach to, and no more."""
    for row in rows(
        connection,
        """
        SELECT a.owner_kind, a.owner_id, a.code, s.month, s.debit, s.credit FROM (
          SELECT account_id, month, SUM(debit) AS debit, SUM(credit) AS credit FROM (
            SELECT t.debit_account_id AS account_id, SUBSTR(CAST(t.business_on AS VARCHAR(10)), 1, 7) AS month,
                   t.amount_fen AS debit, 0 AS credit
            FROM transfers t JOIN ledger_rolls r ON t.posted_at < r.rolled_until
            UNION ALL
            SELECT t.credit_account_id, SUBSTR(CAST(t.business_on AS VARCHAR(10)), 1, 7), 0, t.amount_fen
            FROM transfers t JOIN ledger_rolls r ON t.posted_at < r.rolled_until
            UNION ALL
            SELECT account_id, month, -debit_fen, -credit_fen FROM ledger_months
          ) both_sides GROUP BY account_id, month HAVING SUM(debit) <> 0 OR SUM(credit) <> 0
        ) s JOIN accounts a ON a.id = s.account_id
        """,
    ):
        yield Finding(
            "ledger_month",
            f"{row.owner_kind} {row.owner_id} {row.code} {row.month}",
            f"its transfers are {yuan(int(row.debit))} debit and {yuan(int(row.credit))} credit more than the sums",
        )
    for row in rows(connection, "SELECT COUNT(*) AS number FROM ledger_rolls"):
        if row.number != 1:
            yield Finding("ledger_roll", "ledger_rolls", f"has {row.number} rows instead of one")


def exports_are_the_months_book(connection: Connection) -> Iterator[Finding]:
    """A journal export balances and comes to all transfers of its month, which is closed."""
    for row in rows(
        connection,
        """
        SELECT m.name, e.month, e.debit_fen, e.credit_fen, c.state,
               (SELECT COALESCE(SUM(t.amount_fen), 0) FROM transfers t
                WHERE SUBSTR(CAST(t.business_on AS VARCHAR(10)), 1, 7) = e.month) AS moved
        FROM journal_exports e JOIN journal_mappings m ON m.id = e.mapping_id
        LEFT JOIN accounting_months c ON c.month = e.month
        """,
    ):
        if not row.debit_fen == row.credit_fen == int(row.moved):
            yield Finding(
                "journal_export",
                f"{row.name} {row.month}",
                f"exported {yuan(row.debit_fen)} debit and {yuan(row.credit_fen)} credit,"
                f" the month moved {yuan(int(row.moved))}",
            )
        if row.state != "CLOSED":
            yield Finding("journal_export", f"{row.name} {row.month}", "was exported and is not closed")
