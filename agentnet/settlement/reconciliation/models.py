"""Files taken in, their rows, what these were matched with, and differences. Rows never change, matches are undone."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model, Name


def _unique(name: str, where: str, *columns: str) -> Index:
    """Return a unique index over some of a table's rows."""
    return Index(
        f"uq_reconciliation_{name}", *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where)
    )


class ColumnMapping(Model):
    """Which column of a bank's table means what, under a name and from a day on; a later one of the name follows it."""

    __tablename__ = "column_mappings"
    __table_args__ = (UniqueConstraint("name", "version", name="uq_column_mappings_name"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    """Counts the mappings of a name from 1; the last one is in force."""
    org_unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_units.id"))
    """Whose it is: the unit of who saved it; that unit, those below and those above may use it. None: the company's."""
    account: Mapped[str] = mapped_column(String(40))
    columns: Mapped[dict[str, Any]]
    """The fields of ``files.mapping.Mapping``."""
    saved_at: Mapped[datetime]
    user_id: Mapped[int | None]


class ReconciliationFile(Model):
    """A partner's day or a bank's statement, as it was taken in: whole, and proven by its own totals.

    ``amount_fen`` is the sum of its rows; where a statement tells balances, opening plus amount is closing.
    """

    __tablename__ = "reconciliation_files"
    __table_args__ = (
        _unique("files_sha256", "withdrawn_at IS NULL", "sha256", "part"),
        _unique("files_partner_day", "withdrawn_at IS NULL", "partner_id", "first_on"),
        CheckConstraint("source IN ('PARTNER', 'BANK')", name="source"),
        CheckConstraint("(source = 'PARTNER') = (partner_id IS NOT NULL)", name="partner"),
        CheckConstraint("first_on <= last_on AND (partner_id IS NULL OR first_on = last_on)", name="days"),
        CheckConstraint("opening_fen + amount_fen = closing_fen", name="foots"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawal_id IS NULL)", name="withdrawn"),
        CheckConstraint("rows_count >= 0 AND repeated_count BETWEEN 0 AND rows_count", name="rows"),
        Index("ix_reconciliation_files_day", "first_on", "source"),
    )

    id: Mapped[Key]
    source: Mapped[str] = mapped_column(String(7))
    sha256: Mapped[str] = mapped_column(String(64))
    part: Mapped[int]
    """Which statement of the file this is, from 0."""
    name: Mapped[Name]
    partner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("partners.id"))
    account: Mapped[str] = mapped_column(String(40))
    statement_id: Mapped[str] = mapped_column(String(80))
    mapping_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("column_mappings.id"))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    """Who answers for it: the unit of the person who brought it, the company for a partner's own file."""
    first_on: Mapped[date]
    last_on: Mapped[date]
    rows_count: Mapped[int]
    amount_fen: Mapped[int]
    opening_fen: Mapped[int | None]
    closing_fen: Mapped[int | None]
    repeated_count: Mapped[int]
    """Rows that an earlier statement of the account had already; they match nothing."""
    imported_at: Mapped[datetime]
    user_id: Mapped[int | None]
    withdrawn_at: Mapped[datetime | None]
    """When two people withdrew it; it stays, and counts for nothing."""
    withdrawal_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("approvals.id"))


class FileRow(Model):
    """A row of a file: a payment a partner took, or money that moved on a bank account.

    ``amount_fen`` is the net, ``gross_fen - fee_fen == amount_fen``; out of the account is negative.
    """

    __tablename__ = "reconciliation_rows"
    __table_args__ = (
        CheckConstraint("gross_fen - fee_fen = amount_fen", name="net"),
        CheckConstraint("kind IN ('PAYMENT', 'ENTRY', 'DETAIL', 'FEE', 'OTHER')", name="kind"),
        CheckConstraint("(repeats_file_id IS NULL) = (repeats_line_no IS NULL)", name="repeats"),
        CheckConstraint("occurrence >= 1", name="occurrence"),
        ForeignKeyConstraint(
            ["repeats_file_id", "repeats_line_no"],
            ["reconciliation_rows.file_id", "reconciliation_rows.line_no"],
            name="fk_reconciliation_rows_repeats",
        ),
        # The same line of an account is money once, in however many statements it stands.
        _unique("rows_said", "said_sha256 IS NOT NULL AND repeats_line_no IS NULL", "said_sha256", "occurrence"),
    )

    file_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("reconciliation_files.id"), primary_key=True, autoincrement=False
    )
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The row of a partner's file, or the number of a statement's line from 1."""
    kind: Mapped[str] = mapped_column(String(7))
    """PAYMENT of a partner; of a bank ENTRY, DETAIL of a batch, its FEE, and OTHER for what is not booked."""
    day_on: Mapped[date]
    amount_fen: Mapped[int]
    gross_fen: Mapped[int]
    fee_fen: Mapped[int]
    reference: Mapped[str] = mapped_column(String(48))
    """The receipt's number, or the bank's reference."""
    order_no: Mapped[str] = mapped_column(String(48))
    """The partner's order number, or the payer's end-to-end id."""
    household_no: Mapped[str] = mapped_column(String(13))
    paid_type: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(String(120))
    """What else the row says, cut short."""
    said_sha256: Mapped[str | None] = mapped_column(String(64))
    """Hash of the account and all the bank says of the line on its day; None once its file was withdrawn."""
    occurrence: Mapped[int]
    repeats_file_id: Mapped[int | None] = mapped_column(BigId)
    repeats_line_no: Mapped[int | None]
    reversal: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the bank says that it takes an earlier booking back."""


class RowMatch(Model):
    """A row and what it is in our books: one collection or one remittance. Undone it stays, with who and why."""

    __tablename__ = "reconciliation_matches"
    __table_args__ = (
        ForeignKeyConstraint(
            ["file_id", "line_no"],
            ["reconciliation_rows.file_id", "reconciliation_rows.line_no"],
            name="fk_reconciliation_matches_row",
        ),
        CheckConstraint("(collection_id IS NULL) <> (remittance_id IS NULL)", name="one_side"),
        CheckConstraint("step IN ('REFERENCE', 'HOUSEHOLD', 'OTHER_DAY', 'AMOUNT', 'HAND')", name="step"),
        CheckConstraint("(undone_at IS NULL) = (undo_reason IS NULL)", name="undone"),
        CheckConstraint("step <> 'HAND' OR reason <> ''", name="reason"),
        *(
            Index(
                f"uq_reconciliation_matches_{name}",
                *columns,
                unique=True,
                sqlite_where=text("undone_at IS NULL"),
                postgresql_where=text("undone_at IS NULL"),
            )
            for name, columns in (
                ("row", ("file_id", "line_no")),
                ("collection", ("collection_id",)),
                ("remittance", ("remittance_id",)),
            )
        ),
    )

    id: Mapped[Key]
    file_id: Mapped[int] = mapped_column(BigId)
    line_no: Mapped[int]
    collection_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("collections.id"))
    remittance_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("remittances.id"))
    step: Mapped[str] = mapped_column(String(9))
    matched_at: Mapped[datetime]
    user_id: Mapped[int | None]
    """Who matched by hand; None where the import found it."""
    reason: Mapped[str] = mapped_column(String(200))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None]
    undo_reason: Mapped[str | None] = mapped_column(String(200))


class Difference(Model):
    """What does not agree between a file and the books, until somebody has ended it; ``amount_fen`` is positive."""

    __tablename__ = "reconciliation_differences"
    __table_args__ = (
        ForeignKeyConstraint(
            ["file_id", "line_no"],
            ["reconciliation_rows.file_id", "reconciliation_rows.line_no"],
            name="fk_reconciliation_differences_row",
        ),
        CheckConstraint(
            "kind IN ('AMOUNT_MISMATCH', 'MISSING_AT_UTILITY', 'MISSING_AT_AGENT', 'DUPLICATE', 'WRONG_DATE',"
            " 'LATE_REVERSAL', 'BANK_REVERSAL')",
            name="kind",
        ),
        CheckConstraint("proposal IN ('BOOK', 'REVERSE', 'LOOK')", name="proposal"),
        CheckConstraint("state IN ('OPEN', 'EXPLAINED', 'ADJUSTED', 'WRITTEN_OFF')", name="state"),
        CheckConstraint("(state = 'OPEN') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("state = 'OPEN' OR reason <> ''", name="reason"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("line_no IS NOT NULL OR collection_id IS NOT NULL", name="side"),
        Index("ix_reconciliation_differences_state", "state", "id"),
        Index("ix_reconciliation_differences_unit", "org_unit_id", "business_on"),
        Index("ix_reconciliation_differences_outlet", "outlet_id", "business_on"),
        Index("ix_reconciliation_differences_collection", "collection_id"),
        Index("ix_reconciliation_differences_row", "file_id", "line_no"),
        Index("ix_reconciliation_differences_approval", "approval_id"),
        _unique("differences_booked", "booked_id IS NOT NULL", "booked_id"),
    )

    id: Mapped[Key]
    file_id: Mapped[int] = mapped_column(BigId, ForeignKey("reconciliation_files.id"))
    line_no: Mapped[int | None]
    collection_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("collections.id"))
    remittance_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("remittances.id"))
    partner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("partners.id"))
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    """The outlet's unit, or the file's where no outlet is known."""
    business_on: Mapped[date]
    kind: Mapped[str] = mapped_column(String(18))
    proposal: Mapped[str] = mapped_column(String(7))
    amount_fen: Mapped[int]
    opened_at: Mapped[datetime]
    owner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(String(11))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(200))
    approval_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("approvals.id"))
    """The last request that is to end it: a correction or a booking; carried out, it ends it as adjusted."""
    booked_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("collections.id"))
    """The collection that was booked for it."""


class DifferenceStep(Model):
    """What happened to a difference: who took it on, ended or reopened it, and why."""

    __tablename__ = "reconciliation_steps"
    __table_args__ = (
        CheckConstraint(
            "verb IN ('OWNED', 'EXPLAINED', 'ADJUSTED', 'WRITTEN_OFF', 'REOPENED')",
            name="verb",
        ),
    )

    id: Mapped[Key]
    difference_id: Mapped[int] = mapped_column(BigId, ForeignKey("reconciliation_differences.id"), index=True)
    verb: Mapped[str] = mapped_column(String(17))
    at: Mapped[datetime]
    user_id: Mapped[int | None]
    owner_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(200))
