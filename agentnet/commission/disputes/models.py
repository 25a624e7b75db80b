"""A line of a closed month that somebody disputes, and what became of it.

The line itself never changes: what is put right is an adjustment of a later month, which the dispute then names.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Model


def _open_once(column: str) -> Index:
    """Return the index that lets a line have one open dispute."""
    condition = text(f"state = 'OPEN' AND {column} IS NOT NULL")
    name = f"uq_commission_disputes_open_{column}"
    return Index(name, column, unique=True, sqlite_where=condition, postgresql_where=condition)


class Dispute(Model):
    """A disputed line: a collection or an adjustment (``line_id``), or a monthly figure (``monthly_id``)."""

    __tablename__ = "commission_disputes"
    __table_args__ = (
        CheckConstraint("(line_id IS NULL) <> (monthly_id IS NULL)", name="line"),
        CheckConstraint("state IN ('OPEN', 'ACCEPTED', 'REFUSED', 'WITHDRAWN')", name="state"),
        CheckConstraint("(state = 'OPEN') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state IN ('ACCEPTED', 'REFUSED')) = (answered_in IS NOT NULL)", name="answered"),
        CheckConstraint("(state = 'ACCEPTED') = (adjustment_id IS NOT NULL)", name="adjusted"),
        CheckConstraint("answered_in IS NULL OR (answered_in > month AND answer <> '')", name="answer"),
        CheckConstraint("reason <> ''", name="reason"),
        _open_once("line_id"),
        _open_once("monthly_id"),
        Index("ix_commission_disputes_state", "state", "raised_at"),
        Index("ix_commission_disputes_outlet", "outlet_id", "month"),
        Index("ix_commission_disputes_answered", "answered_in", "outlet_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    month: Mapped[str] = mapped_column(String(7))
    """The closed month whose statement has the line."""
    line_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("commission_lines.id"))
    monthly_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("monthly_commissions.id"))
    reason: Mapped[str] = mapped_column(String(200))
    raised_at: Mapped[datetime]
    user_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(9))
    owner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    """Who of finance answers for it."""
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None]
    answer: Mapped[str] = mapped_column(String(200))
    """Why it was refused, or the reason of the adjustment that put it right."""
    answered_in: Mapped[str | None] = mapped_column(String(7))
    """The month whose statement prints the answer: the first open one when it was given."""
    adjustment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("commission_adjustments.id"), unique=True)
