"""The lines of a bank account that are known already, held against those of a statement that is taken in."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from datetime import date
from typing import Any, cast

from sqlalchemy import select

from agentnet.infra.db import db
from agentnet.settlement.files.lines import Statement, StatementLine
from agentnet.settlement.reconciliation.models import FileRow, ReconciliationFile
from agentnet.settlement.reconciliation.overlap import Said, plain_account, plain_references, repeated

LONGEST_REFERENCE = 48
LONGEST_TEXT = 120
"""What is kept of a line's reference and of its words."""

Place = tuple[int, int]


def said(account: str, line: StatementLine) -> str:
    """Return a hash of an account and all that the bank says of a line of it."""
    return hashlib.sha256(f"{account}\x1f{line.content_sha256()}".encode()).hexdigest()


def words_of(line: StatementLine) -> str:
    """Return what a line says beside its figures, cut short."""
    return " ".join(part for part in (line.counterparty, line.text) if part)[:LONGEST_TEXT]


def earlier_lines(statement: Statement, mapping_id: int | None) -> dict[int, Place]:
    """Return which lines an earlier statement of the account has: their sequence, and the place of what they repeat."""
    lines = [line for line in statement.lines if line.booked]
    account = plain_account(statement.account)
    known = _known(account, statement, mapping_id)
    if not known:
        return {}
    told = [
        Said(
            place=line.sequence,
            day_on=line.booked_on,
            amount_fen=line.amount_fen,
            references=plain_references(
                *(one[:LONGEST_REFERENCE] for one in (line.bank_reference, line.entry_reference, line.end_to_end_id))
            ),
            text=words_of(line),
            form=mapping_id,
            # By the spelling as well: until accounts were compared by their letters and digits it went into the hash.
            hashes=frozenset((said(spelt, line), line.occurrence) for spelt in {account, statement.account}),
        )
        for line in lines
    ]
    return cast(dict[int, Place], repeated(told, known))


def _known(account: str, statement: Statement, mapping_id: int | None) -> list[Said]:
    """Return the lines of the account on the statement's days that stand for money; none of withdrawn files."""
    days = [line.booked_on for line in statement.lines if line.booked]
    if not days:
        return []
    file = ReconciliationFile
    found = db.session.execute(
        select(
            FileRow.file_id,
            FileRow.line_no,
            FileRow.day_on,
            FileRow.amount_fen,
            FileRow.reference,
            FileRow.order_no,
            FileRow.text,
            FileRow.said_sha256,
            FileRow.occurrence,
            FileRow.repeats_file_id,
            FileRow.repeats_line_no,
            file.mapping_id,
        )
        .join(file, file.id == FileRow.file_id)
        .where(
            file.account == account,
            file.source == "BANK",
            file.withdrawn_at.is_(None),
            file.first_on <= max(days),
            file.last_on >= min(days),
            FileRow.said_sha256.is_not(None),
            FileRow.day_on.between(min(days), max(days)),
        )
        .order_by(FileRow.file_id, FileRow.line_no)
    ).all()
    hashes: dict[Place, set[Hashable]] = defaultdict(set)
    for row in found:
        origin = (
            (row.file_id, row.line_no) if row.repeats_line_no is None else (row.repeats_file_id, row.repeats_line_no)
        )
        hashes[origin].add((row.said_sha256, row.occurrence))
    twins = _twins(account, statement, found) if found else frozenset()
    return [
        Said(
            place=(row.file_id, row.line_no),
            day_on=row.day_on,
            amount_fen=row.amount_fen,
            references=plain_references(row.reference, row.order_no),
            text=row.text,
            form=row.mapping_id,
            hashes=frozenset(hashes[row.file_id, row.line_no]),
            twin=row.file_id in twins,
        )
        for row in found
        if row.repeats_line_no is None
    ]


def _twins(account: str, statement: Statement, found: Any) -> frozenset[int]:
    """Return the files that tell the same balances, and of every day the same amounts."""
    if statement.opening_fen is None:
        return frozenset()
    file = ReconciliationFile
    same = set(
        db.session.scalars(
            select(file.id).where(
                file.account == account,
                file.opening_fen == statement.opening_fen,
                file.closing_fen == statement.closing_fen,
                file.withdrawn_at.is_(None),
            )
        )
    )
    amounts: Mapping[int, Counter[tuple[date, int]]] = defaultdict(Counter)
    for row in found:
        if row.file_id in same:
            amounts[row.file_id][row.day_on, row.amount_fen] += 1
    ours = Counter((line.booked_on, line.amount_fen) for line in statement.lines if line.booked)
    return frozenset(file_id for file_id, theirs in amounts.items() if theirs == ours)
