"""Old sheets as they were brought, and each line beside ours. Figures stand as they were compared; notes are added."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model


class OldSheet(Model):
    """A file of the old way of reckoning; up to ``rounding_fen`` a rest of a line counts as rounding."""

    __tablename__ = "old_sheets"
    __table_args__ = (CheckConstraint("rounding_fen >= 0", name="rounding"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64))
    rounding_fen: Mapped[int]
    lines_count: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    brought_at: Mapped[datetime]


class OldSheetLine(Model):
    """An outlet's month on both sides. ``cause`` is the largest part's; NULL where both agree."""

    __tablename__ = "old_sheet_lines"
    __table_args__ = (
        CheckConstraint("difference_fen = COALESCE(ours_fen, 0) - COALESCE(theirs_fen, 0)", name="difference"),
        CheckConstraint("state IN ('AGREES', 'OPEN', 'ACCEPTED')", name="state"),
        CheckConstraint("(state = 'ACCEPTED') = (accepted_at IS NOT NULL)", name="accepted"),
        CheckConstraint("state <> 'ACCEPTED' OR note IS NOT NULL", name="note"),
        UniqueConstraint("sheet_id", "outlet_code", "month", name="uq_old_sheet_lines_outlet_month"),
        Index("ix_old_sheet_lines_size", "sheet_id", "size_fen", "id"),
    )

    id: Mapped[Key]
    sheet_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("old_sheets.id"))
    line_no: Mapped[int | None]
    """The file's line; NULL where only we have the outlet's month."""
    outlet_code: Mapped[str] = mapped_column(String(32))
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"))
    month: Mapped[str] = mapped_column(String(7))
    theirs_fen: Mapped[int | None]
    theirs_count: Mapped[int | None]
    theirs_volume_fen: Mapped[int | None]
    ours_fen: Mapped[int | None]
    ours_count: Mapped[int | None]
    ours_volume_fen: Mapped[int | None]
    difference_fen: Mapped[int]
    size_fen: Mapped[int]
    """The difference without its sign: the list begins with the largest."""
    cause: Mapped[str | None] = mapped_column(String(12))
    parts: Mapped[list[Any]]
    """``[[cause, fen], ...]``; they add up to the difference."""
    state: Mapped[str] = mapped_column(String(8))
    note: Mapped[str | None] = mapped_column(String(200))
    accepted_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    accepted_at: Mapped[datetime | None]
