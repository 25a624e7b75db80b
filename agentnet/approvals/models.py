"""Requests that need a second person, and who decides in whose name.

What was asked never changes; it is decided once.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Model


class Approval(Model):
    """Something one person asks for and another decides.

    The database refuses any change but the one decision, and a decision by whoever asked.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint("state IN ('PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN')", name="state"),
        CheckConstraint("(state = 'PENDING') = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "state NOT IN ('APPROVED', 'REJECTED') OR (decided_by_id IS NOT NULL"
            " AND (requested_by_id IS NULL OR decided_by_id <> requested_by_id))",
            name="four_eyes",
        ),
        CheckConstraint(
            "on_behalf_of_id IS NULL OR requested_by_id IS NULL OR on_behalf_of_id <> requested_by_id",
            name="on_behalf_of",
        ),
        CheckConstraint("amount_fen IS NULL OR amount_fen > 0", name="amount"),
        Index("ix_approvals_state", "state", "kind", "org_unit_id"),
        Index("ix_approvals_requested_by", "requested_by_id", "id"),
        Index("ix_approvals_subject", "subject_kind", "subject_id"),
        Index(
            "uq_approvals_pending",
            "kind",
            "subject_kind",
            "subject_id",
            unique=True,
            sqlite_where=text("state = 'PENDING'"),
            postgresql_where=text("state = 'PENDING'"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(40))
    subject_label: Mapped[str] = mapped_column(String(80))
    """What people call the subject: a receipt number, an outlet's code."""
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    """Whose territory it belongs to: who may decide there, may decide it."""
    content: Mapped[dict[str, Any]]
    content_sha256: Mapped[str] = mapped_column(String(64))
    amount_fen: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(9))
    requested_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    """Who asks; None for the system itself."""
    requested_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))
    decided_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(String(200), default="")
    on_behalf_of_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    """In whose name a delegate decided; None for who decides in their own."""


class Delegation(Model):
    """Days on which a person decides in another's name, from a day until a day (exclusive)."""

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("user_id <> delegate_id", name="two_people"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        Index("ix_delegations_delegate", "delegate_id", "ends_on"),
        Index("ix_delegations_user", "user_id", "ends_on"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    delegate_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The first day after it; the same as ``starts_on`` for one that was taken back before it began."""
    made_at: Mapped[datetime]
