"""Facts of collecting. A collection is never changed: a void or a correction is a linked row with its own transfers."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
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
        # A counter asks for what may still be owed, not for years of bills that were paid long ago.
        Index(
            "ix_bills_owed",
            "household_id",
            sqlite_where=text("paid_off_on IS NULL"),
            postgresql_where=text("paid_off_on IS NULL"),
        ),
    )

    id: Mapped[Key]
    household_id: Mapped[int] = mapped_column(BigId, ForeignKey("households.id"))
    bill_month: Mapped[str] = mapped_column(String(7))
    principal_fen: Mapped[int]
    late_charge_fen: Mapped[int]
    due_on: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)
    delivered_at: Mapped[datetime]
    paid_off_on: Mapped[date | None]
    """The night that found it paid in full by money that cannot be voided any more; None: it may be owed.

    Whatever takes from what was paid, or changes what is owed, makes it None again (``lookups.may_be_owed_again``).
    """


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
    """A collection undone on its own business day, with the reversing transfer.

    By the operator at the counter (a void), or by the system after a technical failure (a reversal).
    """

    __tablename__ = "voids"
    __table_args__ = (Index("ix_voids_voided_at", "voided_at"),)

    collection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(unique=True)
    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfers.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int | None]
    voided_at: Mapped[datetime]
    reason_code: Mapped[str | None] = mapped_column(String(16))
    """What failed, for a reversal; None for a void at the counter."""


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


class Correction(Model):
    """What was put right after a collection's day, by the approval of the same id: so each is carried out once.

    A refund gives a household money back, a wrong household moves what was paid for one household to another, an
    adjustment moves money between two accounts. The transfers carry its id as their subject.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        CheckConstraint("kind IN ('REFUND', 'WRONG_HOUSEHOLD', 'ADJUSTMENT')", name="kind"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(kind = 'ADJUSTMENT') = (collection_id IS NULL)", name="collection"),
        CheckConstraint("(collection_id IS NULL) = (household_id IS NULL)", name="household"),
        CheckConstraint("(kind = 'WRONG_HOUSEHOLD') = (to_household_id IS NOT NULL)", name="to_household"),
        CheckConstraint("to_household_id IS NULL OR to_household_id <> household_id", name="two_households"),
        CheckConstraint("(kind = 'REFUND') = (pay_by IS NOT NULL)", name="refund"),
        CheckConstraint("pay_by IS NULL OR pay_by IN ('CASH', 'BANK')", name="pay_by"),
        CheckConstraint("(kind = 'ADJUSTMENT') = (adjustment IS NOT NULL)", name="adjustment"),
        Index("ix_corrections_collection", "collection_id"),
        Index(
            "ix_corrections_clears",
            "collection_id",
            sqlite_where=text("clears = 1"),
            postgresql_where=text("clears"),
        ),
        Index("ix_corrections_day", "business_on", "kind"),
        Index("ix_corrections_outlet", "outlet_id", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("approvals.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    """Whose books it is in: the collection's unit, or the outlet's for an adjustment."""
    collection_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("collections.id"))
    household_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("households.id"))
    """Whose money it was until now."""
    to_household_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("households.id"))
    amount_fen: Mapped[int]
    clears: Mapped[bool]
    """Whether the collection earns nothing from here on: all of it was refunded, or it was taken for another."""
    pay_by: Mapped[str | None] = mapped_column(String(4))
    adjustment: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(200))
    business_on: Mapped[date]
    carried_at: Mapped[datetime]
    user_id: Mapped[int | None]
    """Who approved it."""


class AllocationChange(Model):
    """What a correction took back from a bill or an advance (below zero) or gave to one.

    ``bill_id`` NULL is an advance. A bill is paid by what its allocations, the advances used and these add up to.
    """

    __tablename__ = "allocation_changes"
    __table_args__ = (
        CheckConstraint(
            "(principal_fen >= 0 AND late_charge_fen >= 0) OR (principal_fen <= 0 AND late_charge_fen <= 0)",
            name="one_way",
        ),
        CheckConstraint("principal_fen + late_charge_fen <> 0", name="something"),
        CheckConstraint("bill_id IS NOT NULL OR late_charge_fen = 0", name="advance"),
        # Holds all that the sum of a bill's payments reads: every counter asks for it before it takes money.
        Index("ix_allocation_changes_bill", "bill_id", "principal_fen", "late_charge_fen"),
    )

    id: Mapped[Key]
    correction_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("corrections.id"), index=True)
    household_id: Mapped[int] = mapped_column(BigId, ForeignKey("households.id"))
    bill_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("bills.id"))
    principal_fen: Mapped[int]
    late_charge_fen: Mapped[int]


class RefundPayout(Model):
    """A refund handed over, in cash at the outlet or through the bank; a refund is paid out once."""

    __tablename__ = "refund_payouts"

    correction_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("corrections.id"), primary_key=True)
    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfers.id"), unique=True)
    reference: Mapped[str | None] = mapped_column(String(40))
    """The bank's number for the payment; None for cash."""
    paid_at: Mapped[datetime]
    user_id: Mapped[int | None]
