"""Day closes, remittances and bank slips. What a close found is never changed; a remittance is decided once."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Model


class DayClose(Model):
    """An outlet's business day, counted and locked.

    ``cash_difference_fen`` is what was found (suspected counterfeit included) less what the system holds: above zero
    is over, below is short. An unattended close counted nothing.
    """

    __tablename__ = "day_closes"
    __table_args__ = (
        UniqueConstraint("outlet_id", "business_on", name="uq_day_closes_outlet_day"),
        CheckConstraint("cash_counted_fen >= 0", name="counted"),
        CheckConstraint("counterfeit_fen >= 0", name="counterfeit"),
        CheckConstraint("own_qr_fen >= 0", name="own_qr"),
        CheckConstraint("(user_id IS NULL) = (cash_counted_fen IS NULL)", name="unattended"),
        CheckConstraint(
            "cash_counted_fen IS NOT NULL OR (cash_difference_fen = 0 AND counterfeit_fen = 0)", name="uncounted"
        ),
        Index("ix_day_closes_day", "business_on", "outlet_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    """Where the outlet belonged when it closed."""
    business_on: Mapped[date]
    closed_at: Mapped[datetime]
    user_id: Mapped[int | None]
    """Who counted; None for a close nobody attended."""
    cash_system_fen: Mapped[int]
    """Cash the outlet held by the book when it was counted."""
    cash_counted_fen: Mapped[int | None]
    """Good cash found."""
    counterfeit_fen: Mapped[int]
    """Suspected counterfeit notes found, by their face."""
    cash_difference_fen: Mapped[int]
    notes: Mapped[dict[str, Any]]
    """How many notes and coins of each face (fen, as text), and ``other``: an amount in fen."""
    explanation: Mapped[str] = mapped_column(String(200), default="")
    difference_transfer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transfers.id"), unique=True)
    counterfeit_transfer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transfers.id"), unique=True)
    own_qr_fen: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Of what the outlet holds, the part that lies in the keeper's own account and not in the drawer, as stated."""


class DayCloseTender(Model):
    """What a closed day took by one tender, and for tenders other than cash what the terminal's batch says."""

    __tablename__ = "day_close_tenders"
    __table_args__ = (
        CheckConstraint("collections_count >= 0 AND system_fen >= 0", name="system"),
        CheckConstraint("batch_fen >= 0", name="batch"),
    )

    close_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("day_closes.id"), primary_key=True)
    tender: Mapped[str] = mapped_column(String(16), ForeignKey("tenders.code"), primary_key=True)
    collections_count: Mapped[int]
    system_fen: Mapped[int]
    batch_fen: Mapped[int | None]
    """The batch total that was typed; None for cash and where nobody attended."""


class Remittance(Model):
    """Cash an outlet has banked: declared by its keeper, confirmed or rejected by finance."""

    __tablename__ = "remittances"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("state IN ('DECLARED', 'CONFIRMED', 'REJECTED')", name="state"),
        CheckConstraint("(state = 'DECLARED') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'CONFIRMED') = (confirmed_fen IS NOT NULL)", name="confirmed"),
        CheckConstraint("confirmed_fen > 0 AND confirmed_fen <= amount_fen", name="confirmed_amount"),
        CheckConstraint("missed >= 0", name="missed"),
        CheckConstraint("due_fen >= 0", name="due_fen"),
        Index("ix_remittances_outlet", "outlet_id", "declared_at"),
        Index("ix_remittances_state", "state", "declared_at"),
        Index("ix_remittances_deposited", "deposited_on"),
        Index(
            "uq_remittances_slip",
            "outlet_id",
            "slip_no",
            unique=True,
            sqlite_where=text("state <> 'REJECTED'"),
            postgresql_where=text("state <> 'REJECTED'"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    """Where the outlet belonged when it declared."""
    slip_no: Mapped[str] = mapped_column(String(40))
    amount_fen: Mapped[int]
    deposited_on: Mapped[date]
    """The day the bank stamped on the slip."""
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    declared_at: Mapped[datetime]
    user_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(9))
    confirmed_fen: Mapped[int | None]
    """What the bank really received; less than declared leaves the rest with the keeper."""
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    oldest_on: Mapped[date | None]
    """The earlier day of the oldest cash held when it was declared; None if all was the day's own."""
    missed: Mapped[int | None]
    """Opportunities that cash had missed by then; None for what was declared before this was counted."""
    due_fen: Mapped[int | None]
    """Cash of earlier days held when it was declared: less declared than that leaves a part behind."""


class BankSlip(Model):
    """A bank's slip that counts for an outlet, once: for remitted cash, a top-up or a guarantee deposit received."""

    __tablename__ = "bank_slips"
    __table_args__ = (
        CheckConstraint("used_as IN ('REMITTANCE', 'TOP_UP', 'DEPOSIT')", name="used_as"),
        UniqueConstraint("subject_id", name="uq_bank_slips_subject"),
    )

    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), primary_key=True, autoincrement=False)
    slip_no: Mapped[str] = mapped_column(String(40), primary_key=True)
    used_as: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[uuid.UUID]
    """The remittance, top-up or move of the deposit it stands for."""
    taken_at: Mapped[datetime]
