"""Facts of collecting. A collection is never changed: a void is a linked row with its own transfer."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model, Name


class Household(Model):
    """A supply account; the number is 10 or 13 digits of text and has no check digit."""

    __tablename__ = "households"
    __table_args__ = (CheckConstraint("length(household_no) IN (10, 13)", name="number_length"),)

    id: Mapped[Key]
    household_no: Mapped[str] = mapped_column(String(13), unique=True)
    name: Mapped[Name]
    address: Mapped[str] = mapped_column(String(200))
    division_code: Mapped[str] = mapped_column(String(12), ForeignKey("divisions.code"), index=True)
    segment: Mapped[str | None] = mapped_column(String(16))
    """CASH_RURAL marks a village household that pays in cash (S24)."""


class Bill(Model):
    """A bill as billing delivered it; ``version`` rises when billing delivers it again with other figures."""

    __tablename__ = "bills"
    __table_args__ = (
        UniqueConstraint("household_id", "bill_month", name="uq_bills_household_month"),
        CheckConstraint("principal_fen >= 0 AND late_charge_fen >= 0", name="amounts"),
    )

    id: Mapped[Key]
    household_id: Mapped[int] = mapped_column(BigId, ForeignKey("households.id"))
    bill_month: Mapped[str] = mapped_column(String(7))
    principal_fen: Mapped[int]
    late_charge_fen: Mapped[int]
    due_on: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)
    delivered_at: Mapped[datetime]


class Collection(Model):
    """Money taken from a customer. ``business_on`` is the outlet's open day, stamped when posted."""

    __tablename__ = "collections"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("cash_received_fen IS NULL OR cash_received_fen >= amount_fen", name="cash_received"),
        Index("ix_collections_outlet_day", "outlet_id", "business_on", "id"),
        Index("ix_collections_household", "household_id", "collected_at"),
        # The last two let a period be summed without walking the rows themselves.
        Index("ix_collections_day", "business_on", "id", "setting", "amount_fen"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    receipt_no: Mapped[str] = mapped_column(String(48), unique=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    household_id: Mapped[int] = mapped_column(BigId, ForeignKey("households.id"))
    channel: Mapped[str] = mapped_column(String(20), ForeignKey("channels.code"))
    tender: Mapped[str] = mapped_column(String(16), ForeignKey("tenders.code"))
    amount_fen: Mapped[int]
    cash_received_fen: Mapped[int | None]
    reference: Mapped[str | None] = mapped_column(String(40))
    """The POS slip's reference, for tenders that need one."""
    business_on: Mapped[date]
    collected_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    user_id: Mapped[int | None]
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    setting: Mapped[str] = mapped_column(String(5))
    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfers.id"), unique=True)
    large: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it reached the large amount in force at the outlet when it was posted."""


class Allocation(Model):
    """What part of a collection pays which bill; ``bill_id`` NULL is an advance."""

    __tablename__ = "allocations"
    __table_args__ = (
        CheckConstraint("principal_fen >= 0 AND late_charge_fen >= 0", name="amounts"),
        CheckConstraint("principal_fen + late_charge_fen > 0", name="something"),
        CheckConstraint("bill_id IS NOT NULL OR late_charge_fen = 0", name="advance"),
        # Holds all that the sum of a bill's payments reads: every counter asks for it before it takes money.
        Index("ix_allocations_bill", "bill_id", "collection_id", "principal_fen", "late_charge_fen"),
    )

    id: Mapped[Key]
    collection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("collections.id"), index=True)
    bill_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("bills.id"))
    principal_fen: Mapped[int]
    late_charge_fen: Mapped[int]


class Void(Model):
    """A collection cancelled at the counter on its own business day, with the reversing transfer."""

    __tablename__ = "voids"
    __table_args__ = (Index("ix_voids_voided_at", "voided_at"),)

    collection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(unique=True)
    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfers.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int | None]
    voided_at: Mapped[datetime]


class CollectionDay(Model):
    """What a final business day came to in an org unit, urban and rural apart; the night adds to it, nobody else."""

    __tablename__ = "collection_days"
    __table_args__ = (CheckConstraint("count >= 0 AND amount_fen >= 0 AND voided >= 0", name="sums"),)

    business_on: Mapped[date] = mapped_column(primary_key=True)
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"), primary_key=True, autoincrement=False)
    setting: Mapped[str] = mapped_column(String(5), primary_key=True)
    count: Mapped[int]
    amount_fen: Mapped[int]
    voided: Mapped[int]
    """How many more were voided; they are neither in the count nor in the amount."""


class AdvanceUse(Model):
    """What part of a household's advance paid which later bill; written by the night, never at a counter."""

    __tablename__ = "advance_uses"
    __table_args__ = (
        CheckConstraint("principal_fen >= 0 AND late_charge_fen >= 0", name="amounts"),
        CheckConstraint("principal_fen + late_charge_fen > 0", name="something"),
    )

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfers.id"), primary_key=True)
    """The transfer that moved the money."""
    household_id: Mapped[int] = mapped_column(BigId, ForeignKey("households.id"), index=True)
    bill_id: Mapped[int] = mapped_column(BigId, ForeignKey("bills.id"), index=True)
    principal_fen: Mapped[int]
    late_charge_fen: Mapped[int]
    used_at: Mapped[datetime]
