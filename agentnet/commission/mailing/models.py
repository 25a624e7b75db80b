"""Who is written to, and the outbox: one row for each paper and address, from waiting to sent."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model


class MailAddress(Model):
    """The address of an outlet or of a payee, and the language it is written to in; None once it was taken away."""

    __tablename__ = "mail_addresses"
    __table_args__ = (
        CheckConstraint("(outlet_id IS NULL) <> (payee_id IS NULL)", name="one_owner"),
        CheckConstraint("language IN ('zh', 'en')", name="language"),
    )

    id: Mapped[Key]
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"), unique=True)
    payee_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("payees.id"), unique=True)
    address: Mapped[str | None] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8))
    entered_at: Mapped[datetime]
    user_id: Mapped[int | None]


class Mail(Model):
    """One paper to one address. It is sent once; asked for again, that is another row with the next ``round``."""

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("run_id", "address", "round", name="uq_mails_once"),
        CheckConstraint("(outlet_id IS NULL) <> (payee_id IS NULL)", name="one_owner"),
        CheckConstraint("state IN ('WAITING', 'SENDING', 'SENT', 'FAILED', 'CANCELLED')", name="state"),
        CheckConstraint("(state = 'SENDING') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("state <> 'SENT' OR (sent_at IS NOT NULL AND failure IS NULL)", name="sent"),
        CheckConstraint("state <> 'FAILED' OR failure IS NOT NULL", name="failed"),
        CheckConstraint("round > 0 AND attempts >= 0", name="counts"),
        CheckConstraint("round = 1 OR asked_by_id IS NOT NULL", name="again"),
        Index("ix_mails_due", "state", "next_at"),
        Index("ix_mails_outlet", "outlet_id"),
        Index("ix_mails_payee", "payee_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id"))
    round: Mapped[int]
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"))
    payee_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("payees.id"))
    """Whose address it is: the outlet's own, or a payee's."""
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(9))
    queued_at: Mapped[datetime]
    asked_by_id: Mapped[int | None]
    """Who asked for it; None where the month's payment had been approved."""
    next_at: Mapped[datetime]
    """When it may be tried, or tried again."""
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int]
    """Counts the hand-overs begun; whoever began the last one may write down how it ended."""
    failure: Mapped[str | None] = mapped_column(String(300))
    sent_at: Mapped[datetime | None]
