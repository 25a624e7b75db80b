"""Journal exports: how an accounting package wants its vouchers, and which months were handed over to it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model


class JournalMapping(Model):
    """A saved mapping: layout of the file, and (``JournalAccount``) their account for each of ours."""

    __tablename__ = "journal_mappings"
    __table_args__ = (CheckConstraint("encoding IN ('GBK', 'UTF-8-BOM')", name="encoding"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(60), unique=True)
    package: Mapped[str] = mapped_column(String(16))
    """The preset it began as."""
    encoding: Mapped[str] = mapped_column(String(12))
    date_format: Mapped[str] = mapped_column(String(12))
    heading: Mapped[bool]
    """Whether the first row of the file holds the headings."""
    columns: Mapped[list[Any]]
    """``[heading, source, most bytes or 0]`` in the order of the file."""
    word: Mapped[str] = mapped_column(String(8))
    """Their kind of voucher: 记, 转, SA."""
    company_code: Mapped[str] = mapped_column(String(20))
    abstract: Mapped[str] = mapped_column(String(60))
    """Words of every line; ``{unit}``, ``{day}`` and ``{month}`` are filled in."""
    version: Mapped[int]
    """Raised by each change, its accounts' included."""


class JournalAccount(Model):
    """Their account for one of ours; an empty detail or side stands for any."""

    __tablename__ = "journal_accounts"
    __table_args__ = (CheckConstraint("side IN ('', 'DEBIT', 'CREDIT')", name="side"),)

    mapping_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("journal_mappings.id"), primary_key=True, autoincrement=False
    )
    owner_kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    detail: Mapped[str] = mapped_column(String(16), primary_key=True)
    side: Mapped[str] = mapped_column(String(6), primary_key=True)
    account_code: Mapped[str] = mapped_column(String(30))
    account_name: Mapped[str] = mapped_column(String(60))


class JournalExport(Model):
    """A closed month handed over by a version of a mapping; the same again gives the same bytes. Append-only."""

    __tablename__ = "journal_exports"
    __table_args__ = (
        UniqueConstraint("mapping_id", "mapping_version", "month", name="uq_journal_exports_month"),
        CheckConstraint("debit_fen = credit_fen", name="balanced"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    mapping_id: Mapped[int] = mapped_column(BigId, ForeignKey("journal_mappings.id"))
    mapping_version: Mapped[int]
    month: Mapped[str] = mapped_column(String(7))
    vouchers: Mapped[int]
    lines: Mapped[int]
    debit_fen: Mapped[int]
    credit_fen: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    exported_at: Mapped[datetime]
    user_id: Mapped[int | None]
