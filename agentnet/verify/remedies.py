"""What ended differences, and files that were withdrawn: two people, the money that was said, and nothing left over."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows, yuan


def withdrawn_files_count_for_nothing(connection: Connection) -> Iterator[Finding]:
    """A withdrawn file was withdrawn by two people and has no match, no open difference and no line that is known."""
    for row in rows(
        connection,
        """
        SELECT f.id, f.name, a.kind, a.state, a.subject_id,
               (SELECT COUNT(*) FROM reconciliation_matches m
                WHERE m.file_id = f.id AND m.undone_at IS NULL) AS matches,
               (SELECT COUNT(*) FROM reconciliation_differences d
                WHERE d.file_id = f.id AND d.state = 'OPEN') AS differences,
               (SELECT COUNT(*) FROM reconciliation_rows r
                WHERE r.file_id = f.id AND r.said_sha256 IS NOT NULL) AS known,
               (SELECT COUNT(*) FROM reconciliation_rows r JOIN reconciliation_files g ON g.id = r.file_id
                WHERE r.repeats_file_id = f.id AND g.withdrawn_at IS NULL) AS repeating
        FROM reconciliation_files f LEFT JOIN approvals a ON a.id = f.withdrawal_id
        WHERE f.withdrawn_at IS NOT NULL
        """,
    ):
        if (row.kind, row.state, row.subject_id) != ("WITHDRAW_FILE", "APPROVED", str(row.id)):
            yield Finding("withdrawal", f"{row.id} {row.name}", "was withdrawn without a second person")
        if row.matches or row.differences or row.known or row.repeating:
            yield Finding(
                "withdrawn_file",
                f"{row.id} {row.name}",
                f"still has {row.matches} matches, {row.differences} open differences, {row.known} known lines,"
                f" {row.repeating} lines that repeat it",
            )
    for row in rows(
        connection,
        """
        SELECT a.subject_label FROM approvals a WHERE a.kind = 'WITHDRAW_FILE' AND a.state = 'APPROVED'
          AND NOT EXISTS (SELECT 1 FROM reconciliation_files f WHERE f.withdrawal_id = a.id)
        """,
    ):
        yield Finding("withdrawal", row.subject_label, "was approved and not carried out")


def remedies_ended_their_difference(connection: Connection) -> Iterator[Finding]:
    """What was approved for a difference has ended it, for its amount; what was booked for one is its payment."""
    for row in rows(
        connection,
        """
        SELECT d.id, d.state, d.amount_fen, a.kind, a.amount_fen AS asked_fen, a.state AS decided
        FROM reconciliation_differences d JOIN approvals a ON a.id = d.approval_id
        WHERE a.kind NOT IN ('REFUND', 'ADJUSTMENT', 'BOOK_COLLECTION') OR a.amount_fen <> d.amount_fen
           OR (a.state = 'APPROVED' AND (d.state <> 'ADJUSTED' OR d.ended_by_id <> a.decided_by_id)
               AND NOT EXISTS (SELECT 1 FROM reconciliation_steps s
                               WHERE s.difference_id = d.id AND s.verb = 'REOPENED'))
        """,
    ):
        yield Finding(
            "difference_remedy",
            str(row.id),
            f"{row.state} with {yuan(row.amount_fen)}, its {row.kind} of {yuan(row.asked_fen)} is {row.decided}",
        )
    for row in rows(
        connection,
        """
        SELECT d.id, d.amount_fen, c.amount_fen AS booked_fen, c.receipt_no
        FROM reconciliation_differences d LEFT JOIN collections c ON c.id = d.booked_id
        WHERE d.booked_id IS NOT NULL AND (c.id IS NULL OR c.amount_fen <> d.amount_fen OR NOT EXISTS (
            SELECT 1 FROM approvals a WHERE a.kind = 'BOOK_COLLECTION' AND a.state = 'APPROVED'
              AND a.subject_kind = 'DIFFERENCE' AND a.subject_id = CAST(d.id AS VARCHAR(40))))
        """,
    ):
        yield Finding("difference_booked", str(row.id), f"has {row.receipt_no or 'nothing'} booked for it")
    for row in rows(
        connection,
        """
        SELECT a.subject_label FROM approvals a WHERE a.kind = 'BOOK_COLLECTION' AND a.state = 'APPROVED'
          AND NOT EXISTS (SELECT 1 FROM reconciliation_differences d
                          WHERE CAST(d.id AS VARCHAR(40)) = a.subject_id AND d.booked_id IS NOT NULL)
        """,
    ):
        yield Finding("difference_booked", row.subject_label, "was to be booked, and nothing was")


def rows_were_mended_once(connection: Connection) -> Iterator[Finding]:
    """What a row says more or less than its match was put right in the books once; what was voided again is not."""
    for row in rows(
        connection,
        """
        SELECT d.file_id, d.line_no, COUNT(*) AS number, SUM(d.amount_fen) AS fen
        FROM reconciliation_differences d JOIN approvals a ON a.id = d.approval_id AND a.state = 'APPROVED'
        WHERE d.kind = 'AMOUNT_MISMATCH' AND d.state = 'ADJUSTED'
          AND NOT EXISTS (SELECT 1 FROM voids v WHERE v.collection_id = d.booked_id)
        GROUP BY d.file_id, d.line_no HAVING COUNT(*) > 1
        """,
    ):
        says = f"was put right {row.number} times, {yuan(int(row.fen))} in all"
        yield Finding("mended_twice", f"{row.file_id}:{row.line_no}", says)


def write_offs_moved_what_they_say(connection: Connection) -> Iterator[Finding]:
    """A write-off moved its difference between BANK and WRITE_OFF of its unit, once, as it was approved; or nothing."""
    moved: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows(
        connection,
        """
        SELECT t.subject_id, t.amount_fen, d.owner_kind AS dk, d.owner_id AS di, d.code AS dc,
               c.owner_kind AS ck, c.owner_id AS ci, c.code AS cc
        FROM transfers t JOIN accounts d ON d.id = t.debit_account_id JOIN accounts c ON c.id = t.credit_account_id
        WHERE t.subject_kind = 'DIFFERENCE' AND t.kind <> 'CHANNEL_FEE'
        """,
    ):
        moved[row.subject_id].append(((row.dk, row.di, row.dc), (row.ck, row.ci, row.cc), row.amount_fen))
    for row in rows(
        connection,
        """
        SELECT d.id, d.org_unit_id, d.amount_fen, a.content
        FROM approvals a JOIN reconciliation_differences d ON CAST(d.id AS VARCHAR(40)) = a.subject_id
        WHERE a.kind = 'WRITE_OFF_DIFFERENCE' AND a.state = 'APPROVED'
        """,
    ):
        content = json.loads(row.content) if isinstance(row.content, str) else row.content
        debit, credit = content.get("moves") or (None, None)
        unit = row.org_unit_id
        expected = [(("ORG_UNIT", unit, debit), ("ORG_UNIT", unit, credit), row.amount_fen)] if debit else []
        found = moved.pop(str(row.id), [])
        if found != expected or (debit and {debit, credit} != {"BANK", "WRITE_OFF"}):
            said = f"{debit} to {credit}" if debit else "nothing"
            yield Finding("write_off_moved", str(row.id), f"said {said}, {len(found)} transfers were made")
    for subject_id, found in moved.items():
        yield Finding("write_off_moved", subject_id, f"{len(found)} transfers of no write-off")
