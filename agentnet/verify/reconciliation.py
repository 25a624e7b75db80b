"""Reconciliation: rows tie to their file, matches join what exists and join it once, what is closed has its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan


def files_say_what_their_rows_say(connection: Connection) -> Iterator[Finding]:
    """A file's count, sum and balances are those of its rows, net of fees, and a day's file holds that day."""
    for row in rows(
        connection,
        """
        SELECT f.id, f.name, f.rows_count, f.amount_fen, f.opening_fen, f.closing_fen, f.repeated_count,
               COUNT(r.line_no) AS number,
               COALESCE(SUM(CASE WHEN r.kind <> 'OTHER' THEN r.amount_fen END), 0) AS total,
               COALESCE(SUM(CASE WHEN r.gross_fen - r.fee_fen <> r.amount_fen THEN 1 ELSE 0 END), 0) AS unlike,
               COALESCE(SUM(CASE WHEN r.repeats_line_no IS NOT NULL THEN 1 ELSE 0 END), 0) AS repeated,
               COALESCE(SUM(CASE WHEN f.source = 'PARTNER' AND r.day_on <> f.first_on THEN 1 ELSE 0 END), 0) AS astray
        FROM reconciliation_files f LEFT JOIN reconciliation_rows r ON r.file_id = f.id
        GROUP BY f.id, f.name, f.rows_count, f.amount_fen, f.opening_fen, f.closing_fen, f.repeated_count
        """,
    ):
        subject = f"{row.id} {row.name}"
        if (row.rows_count, row.amount_fen) != (row.number, int(row.total)):
            yield Finding(
                "channel_file",
                subject,
                f"says {row.rows_count} rows of {yuan(row.amount_fen)}, has {row.number} of {yuan(int(row.total))}",
            )
        if row.opening_fen is not None and row.opening_fen + int(row.total) != row.closing_fen:
            yield Finding("channel_file", subject, "opening balance and rows are not the closing balance")
        if row.unlike or row.astray or row.repeated_count != row.repeated:
            yield Finding(
                "channel_file",
                subject,
                f"{row.unlike} rows where gross less fee is not net, {row.astray} of another day,"
                f" {row.repeated} repeated and {row.repeated_count} said to be",
            )


def lines_stand_once(connection: Connection) -> Iterator[Finding]:
    """A bank's line is money once, and what repeats it is of the same account, day and amount."""
    for row in rows(
        connection,
        """
        SELECT said_sha256, occurrence, COUNT(*) AS number FROM reconciliation_rows
        WHERE said_sha256 IS NOT NULL AND repeats_line_no IS NULL
        GROUP BY said_sha256, occurrence HAVING COUNT(*) > 1
        """,
    ):
        yield Finding("line_twice", row.said_sha256[:16], f"stands {row.number} times and is counted each time")
    for row in rows(
        connection,
        """
        SELECT r.file_id, r.line_no FROM reconciliation_rows r
        JOIN reconciliation_files f ON f.id = r.file_id
        LEFT JOIN reconciliation_rows e ON e.file_id = r.repeats_file_id AND e.line_no = r.repeats_line_no
        LEFT JOIN reconciliation_files g ON g.id = e.file_id
        WHERE r.repeats_line_no IS NOT NULL
          AND (e.line_no IS NULL OR e.amount_fen <> r.amount_fen OR e.day_on <> r.day_on OR f.account <> g.account
               OR e.repeats_line_no IS NOT NULL)
        """,
    ):
        yield Finding("line_repeats", f"{row.file_id}:{row.line_no}", "repeats a line that says something else")


def matches_join_both_sides_once(connection: Connection) -> Iterator[Finding]:
    """A match joins a row with one fact of ours; no row and no fact has two that stand; what may not match does not."""
    for row in rows(
        connection,
        """
        SELECT m.file_id, m.line_no, r.kind, r.gross_fen, r.household_no, r.repeats_line_no, f.source, f.partner_id,
               c.receipt_no, h.household_no AS our_household, o.partner_id AS our_partner, d.slip_no, r.line_no AS found
        FROM reconciliation_matches m
        LEFT JOIN reconciliation_rows r ON r.file_id = m.file_id AND r.line_no = m.line_no
        LEFT JOIN reconciliation_files f ON f.id = m.file_id
        LEFT JOIN collections c ON c.id = m.collection_id
        LEFT JOIN households h ON h.id = c.household_id
        LEFT JOIN outlets o ON o.id = c.outlet_id
        LEFT JOIN remittances d ON d.id = m.remittance_id
        WHERE m.undone_at IS NULL AND (
            r.line_no IS NULL OR r.reversal OR r.kind IN ('FEE', 'OTHER') OR r.gross_fen <= 0
            OR r.repeats_line_no IS NOT NULL
            OR (f.source = 'PARTNER' AND (c.id IS NULL OR h.household_no <> r.household_no))
            OR (f.source = 'BANK' AND d.id IS NULL))
        """,
    ):
        ours = row.receipt_no or row.slip_no or "nothing"
        yield Finding("match_sides", f"{row.file_id}:{row.line_no}", f"cannot be {ours}")
    for side in ("row", "collection", "remittance"):
        for row in rows(connection, _TWICE[side]):
            yield Finding("matched_twice", str(row.subject), f"{row.number} matches of a {side} stand")


_TWICE = {
    "row": """
        SELECT MIN(file_id) || ':' || line_no AS subject, COUNT(*) AS number FROM reconciliation_matches
        WHERE undone_at IS NULL GROUP BY file_id, line_no HAVING COUNT(*) > 1
        """,
    "collection": """
        SELECT collection_id AS subject, COUNT(*) AS number FROM reconciliation_matches
        WHERE undone_at IS NULL AND collection_id IS NOT NULL GROUP BY collection_id HAVING COUNT(*) > 1
        """,
    "remittance": """
        SELECT remittance_id AS subject, COUNT(*) AS number FROM reconciliation_matches
        WHERE undone_at IS NULL AND remittance_id IS NOT NULL GROUP BY remittance_id HAVING COUNT(*) > 1
        """,
}


def rows_are_matched_or_named(connection: Connection) -> Iterator[Finding]:
    """Every row that is money of its own is matched or named, and so is each by which the bank took money back."""
    for row in rows(
        connection,
        """
        SELECT r.file_id, r.line_no, r.gross_fen FROM reconciliation_rows r
        JOIN reconciliation_files f ON f.id = r.file_id AND f.withdrawn_at IS NULL
        WHERE r.repeats_line_no IS NULL AND ((r.kind NOT IN ('FEE', 'OTHER') AND r.gross_fen > 0)
                                             OR (r.reversal AND r.kind <> 'OTHER' AND r.amount_fen <> 0))
          AND NOT EXISTS (SELECT 1 FROM reconciliation_matches m
                          WHERE m.file_id = r.file_id AND m.line_no = r.line_no AND m.undone_at IS NULL)
          AND NOT EXISTS (SELECT 1 FROM reconciliation_differences d
                          WHERE d.file_id = r.file_id AND d.line_no = r.line_no)
        """,
    ):
        yield Finding(
            "row_forgotten", f"{row.file_id}:{row.line_no}", f"{yuan(row.gross_fen)} is neither matched nor named"
        )


def ended_differences_have_an_end(connection: Connection) -> Iterator[Finding]:
    """What is no longer open says who, when and why, its last step says the same, and a write-off had two people."""
    for row in rows(
        connection,
        """
        SELECT d.id, d.state, d.reason, d.ended_at, d.ended_by_id, s.verb, s.user_id, s.reason AS step_reason
        FROM reconciliation_differences d
        LEFT JOIN reconciliation_steps s ON s.id = (
            SELECT MAX(x.id) FROM reconciliation_steps x WHERE x.difference_id = d.id AND x.verb <> 'OWNED')
        WHERE (d.state = 'OPEN' AND (d.ended_at IS NOT NULL OR (s.verb IS NOT NULL AND s.verb <> 'REOPENED')))
           OR (d.state <> 'OPEN' AND (d.ended_at IS NULL OR d.reason = '' OR s.verb IS NULL OR s.verb <> d.state
               OR s.reason <> d.reason OR s.user_id <> d.ended_by_id))
        """,
    ):
        yield Finding("difference_end", str(row.id), f"{row.state}, its last step is {row.verb}")
    for row in rows(
        connection,
        """
        SELECT d.id FROM reconciliation_differences d WHERE d.state = 'WRITTEN_OFF' AND NOT EXISTS (
            SELECT 1 FROM approvals a WHERE a.kind = 'WRITE_OFF_DIFFERENCE' AND a.subject_id = CAST(d.id AS VARCHAR(40))
              AND a.state = 'APPROVED' AND a.decided_by_id <> a.requested_by_id AND a.decided_by_id = d.ended_by_id)
        """,
    ):
        yield Finding("write_off", str(row.id), "was written off without a second person")


def fees_are_what_the_bank_kept(connection: Connection) -> Iterator[Finding]:
    """A channel fee was booked for a confirmed remittance, once, and is the fee of the line it was matched with."""
    for row in rows(
        connection,
        """
        SELECT t.id, t.amount_fen, r.fee_fen FROM transfers t
        LEFT JOIN (SELECT CAST(remittances.id AS VARCHAR(40)) AS plain_id, remittances.id FROM remittances) d
               ON REPLACE(d.plain_id, '-', '') = REPLACE(t.subject_id, '-', '')
        LEFT JOIN reconciliation_matches m ON m.remittance_id = d.id AND m.undone_at IS NULL
        LEFT JOIN reconciliation_rows r ON r.file_id = m.file_id AND r.line_no = m.line_no
        WHERE t.kind = 'CHANNEL_FEE' AND t.subject_kind <> 'DIFFERENCE'
          AND (r.fee_fen IS NULL OR r.fee_fen <> t.amount_fen)
        """,
    ):
        yield Finding("channel_fee", str(row.id), f"{yuan(int(row.amount_fen))} is not the fee of its line")
    for row in rows(
        connection,
        """
        SELECT subject_id, COUNT(*) AS number FROM transfers WHERE kind = 'CHANNEL_FEE'
        GROUP BY subject_id HAVING COUNT(*) > 1
        """,
    ):
        yield Finding("channel_fee", row.subject_id, f"was booked {row.number} times")


def fees_of_no_deposit_are_booked(connection: Connection) -> Iterator[Finding]:
    """Where a line of no deposit was booked gross (set aside, written off), its fee left the same BANK, once."""
    expected = {
        str(row.id): [(row.fee_fen, row.bank_id)]
        for row in rows(
            connection,
            """
            SELECT d.id, r.fee_fen, m.debit_account_id AS bank_id FROM reconciliation_differences d
            JOIN reconciliation_rows r ON r.file_id = d.file_id AND r.line_no = d.line_no AND r.fee_fen > 0
            JOIN transfers m ON (m.kind = 'DIFFERENCE_WRITE_OFF' AND m.subject_id = CAST(d.id AS VARCHAR(40)))
              OR (m.subject_kind = 'CORRECTION' AND m.kind = 'ADJUSTMENT'
                  AND REPLACE(m.subject_id, '-', '') = REPLACE(CAST(d.approval_id AS VARCHAR(40)), '-', ''))
            WHERE d.partner_id IS NULL AND d.kind = 'MISSING_AT_UTILITY'
            """,
        )
    }
    booked: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
    for row in rows(
        connection,
        """
        SELECT t.subject_id, t.amount_fen, CASE WHEN c.code = 'BANK' AND d.code = 'CHANNEL_FEE'
          AND c.owner_kind = d.owner_kind AND c.owner_id = d.owner_id THEN c.id END AS bank_id
        FROM transfers t JOIN accounts d ON d.id = t.debit_account_id JOIN accounts c ON c.id = t.credit_account_id
        WHERE t.kind = 'CHANNEL_FEE' AND t.subject_kind = 'DIFFERENCE'
        """,
    ):
        booked[row.subject_id].append((row.amount_fen, row.bank_id))
    for id_ in sorted(expected.keys() | booked.keys(), key=str):
        if expected.get(id_, []) != booked.get(id_, []):
            kept, paid = (sum(fen for fen, _bank in of.get(id_, ())) for of in (expected, booked))
            yield Finding("channel_fee", id_, f"{yuan(kept)} was kept by the bank, {yuan(paid)} booked, or elsewhere")
