"""Float: top-ups, paid back; guarantee deposits. A top-up is decided once; what was paid back is never changed."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Model


class TopUp(Model):
    """Money a prepaid outlet paid into the utility's bank for its float: declared, then confirmed whole or rejected.

    Declared, it is a claim and moves nothing; the float rises when finance has seen the money.
    """

    __tablename__ = "top_ups"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("state IN ('DECLARED', 'CONFIRMED', 'REJECTED')", name="state"),
        CheckConstraint("(state = 'DECLARED') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'CONFIRMED') = (transfer_id IS NOT NULL)", name="confirmed"),
        CheckConstraint("user_id <> decided_by_id", name="two_people"),
        Index("ix_top_ups_outlet", "outlet_id", "declared_at"),
        Index("ix_top_ups_state", "state", "declared_at"),
        Index(
            "uq_top_ups_slip",
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
    """Where the outlet belonged when it declared: that unit's bank receives the money."""
    slip_no: Mapped[str] = mapped_column(String(40))
    amount_fen: Mapped[int]
    paid_on: Mapped[date]
    """The day the bank stamped on the slip."""
    declared_at: Mapped[datetime]
    user_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(9))
    transfer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transfers.id"), unique=True)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(200), default="")


class FloatPayBack(Model):
    """Float paid back to a keeper through the bank: asked for by one person of finance, approved by another.

    It has the id of its approval.
    """

    __tablename__ = "float_pay_backs"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("user_id <> approved_by_id", name="two_people"),
        UniqueConstraint("outlet_id", "slip_no", name="uq_float_pay_backs_slip"),
    )

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("approvals.id"), primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    amount_fen: Mapped[int]
    moved_on: Mapped[date]
    """The day on the bank's slip."""
    slip_no: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime]
    user_id: Mapped[int | None]
    """Who asked for it."""
    approved_by_id: Mapped[int]
    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfers.id"), unique=True)


class DepositMove(Model):
    """A guarantee deposit received from a keeper, or paid back."""

    __tablename__ = "deposit_moves"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("kind IN ('RECEIVED', 'PAID_BACK')", name="kind"),
        CheckConstraint("user_id <> approved_by_id", name="two_people"),
        UniqueConstraint("outlet_id", "kind", "slip_no", name="uq_deposit_moves_slip"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    kind: Mapped[str] = mapped_column(String(9))
    amount_fen: Mapped[int]
    moved_on: Mapped[date]
    """The day on the bank's slip."""
    slip_no: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200), default="")
    recorded_at: Mapped[datetime]
    user_id: Mapped[int | None]
    transfer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("transfers.id"), unique=True)
    approved_by_id: Mapped[int | None]
    """Who approved that it went back; None for what came in, and for what went back before two people were needed."""
