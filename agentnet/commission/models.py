"""Plans, their versions, and what a closed month accrued for each collection."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model, Name


class Plan(Model):
    """A commission plan a utility has agreed; ``is_default`` serves agreements that name none."""

    __tablename__ = "plans"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[Name]
    is_default: Mapped[bool] = mapped_column(default=False)


class PlanVersion(Model):
    """A dated version: it rules business days from ``starts_on`` until the next version of the plan starts."""

    __tablename__ = "plan_versions"
    __table_args__ = (UniqueConstraint("plan_id", "starts_on", name="uq_plan_versions_start"),)

    id: Mapped[Key]
    plan_id: Mapped[int] = mapped_column(BigId, ForeignKey("plans.id"))
    number: Mapped[int]
    starts_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    user_id: Mapped[int | None]


class PlanComponent(Model):
    """Fixed fee and percentage for one outlet kind and tender; NULL means any. The narrowest component applies."""

    __tablename__ = "plan_components"
    __table_args__ = (
        CheckConstraint("fixed_fen >= 0 AND rate_ppm >= 0 AND rate_ppm <= 1000000", name="rates"),
        CheckConstraint("minimum_fen IS NULL OR maximum_fen IS NULL OR minimum_fen <= maximum_fen", name="bounds"),
    )

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(BigId, ForeignKey("plan_versions.id"), index=True)
    outlet_kind: Mapped[str | None] = mapped_column(String(20))
    tender: Mapped[str | None] = mapped_column(String(16), ForeignKey("tenders.code"))
    fixed_fen: Mapped[int] = mapped_column(default=0)
    rate_ppm: Mapped[int] = mapped_column(default=0)
    minimum_fen: Mapped[int | None]
    maximum_fen: Mapped[int | None]


class CommissionLine(Model):
    """Commission accrued for one collection, or an adjustment of an earlier month, in the month it is paid for."""

    __tablename__ = "commission_lines"
    __table_args__ = (
        Index("ix_commission_lines_month_outlet", "month", "outlet_id"),
        CheckConstraint("kind IN ('COLLECTION', 'ADJUSTMENT')", name="kind"),
    )

    id: Mapped[Key]
    month: Mapped[str] = mapped_column(String(7))
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    kind: Mapped[str] = mapped_column(String(12))
    collection_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("collections.id"), index=True)
    component_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("plan_components.id"))
    adjustment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("commission_adjustments.id"), unique=True)
    base_fen: Mapped[int]
    commission_fen: Mapped[int]


class CommissionAdjustment(Model):
    """A correction decided after a month closed; it shows in the next open month with its reason."""

    __tablename__ = "commission_adjustments"
    __table_args__ = (CheckConstraint("amount_fen <> 0", name="amount"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    of_month: Mapped[str] = mapped_column(String(7))
    """The closed month that is corrected."""
    month: Mapped[str] = mapped_column(String(7))
    """The open month it is paid or taken back in."""
    amount_fen: Mapped[int]
    collection_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("collections.id"))
    reason: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int | None]
    made_at: Mapped[datetime]
