"""Plans, their versions, and what a closed month accrued: line by line, and in sum for each outlet.

Nothing here is rewritten (the database refuses). A plan is changed by a further version, a closed month by an
adjustment in the next open one.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.collecting.models import Collection
from agentnet.core.clock import Month
from agentnet.infra.db import BigId, Key, Model, Name


def _unique_where(name: str, condition: str, *columns: str) -> Index:
    """Return a unique index over the rows that meet a condition (NULLs would otherwise all count as different)."""
    return Index(name, *columns, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


class Plan(Model):
    """A commission plan a utility has agreed; the default serves agreements that name none."""

    __tablename__ = "plans"
    __table_args__ = (_unique_where("uq_plans_default", "is_default", "is_default"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[Name]
    is_default: Mapped[bool] = mapped_column(default=False)


class PlanVersion(Model):
    """A dated version: it rules business days from ``starts_on`` until the next version of the plan starts.

    Of two that start on the same day the later number rules: that is how a slip in a version is put right.
    """

    __tablename__ = "plan_versions"
    __table_args__ = (
        UniqueConstraint("plan_id", "number", name="uq_plan_versions_number"),
        Index("ix_plan_versions_start", "plan_id", "starts_on"),
    )

    id: Mapped[Key]
    plan_id: Mapped[int] = mapped_column(BigId, ForeignKey("plans.id"))
    number: Mapped[int]
    starts_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    user_id: Mapped[int | None]
    content: Mapped[str] = mapped_column(Text)
    """The whole version in the plan language, as ``engine.writing.write_version`` spells it."""
    content_sha256: Mapped[str] = mapped_column(String(64))


class PlanComponent(Model):
    """A component of a version; what it pays stands in the version's ``content`` at its ``position``."""

    __tablename__ = "plan_components"
    __table_args__ = (UniqueConstraint("version_id", "position", name="uq_plan_components_position"),)

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(BigId, ForeignKey("plan_versions.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(80))


class CommissionAdjustment(Model):
    """A correction decided after a month closed; it shows in the next open month with its reason."""

    __tablename__ = "commission_adjustments"
    __table_args__ = (
        CheckConstraint("amount_fen <> 0", name="amount"),
        CheckConstraint("month > of_month", name="later_month"),
        Index("ix_commission_adjustments_month", "month", "outlet_id"),
    )

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


class OutletAccrual(Model):
    """What one outlet is due for one closed month, as it was when the month closed.

    Org unit, setting, kind, plan and agreement are stamped: a later move changes no closed figure. The sum went to
    the ledger as ``transfer_id``; there is none when nothing is due. A row per outlet is also what lets a killed close
    resume: an outlet that has one is done.
    """

    __tablename__ = "outlet_accruals"
    __table_args__ = (
        CheckConstraint("due_fen = earned_fen + adjusted_fen", name="due"),
        CheckConstraint("(due_fen = 0) = (transfer_id IS NULL)", name="transfer"),
        Index("ix_outlet_accruals_outlet", "outlet_id", "month"),
        Index("ix_outlet_accruals_due", "month", "due_fen", "outlet_id"),
    )

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), primary_key=True, autoincrement=False)
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    outlet_kind: Mapped[str] = mapped_column(String(20))
    setting: Mapped[str] = mapped_column(String(5))
    state: Mapped[str] = mapped_column(String(12))
    agreement_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("agreements.id"))
    """The agreement in force on the month's last day, or the last one before it."""
    version_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("plan_versions.id"))
    """The plan version in force on the month's last day."""
    collections_count: Mapped[int]
    collected_fen: Mapped[int]
    earned_fen: Mapped[int]
    adjusted_fen: Mapped[int]
    due_fen: Mapped[int]
    transfer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("transfers.id"), unique=True)
    inputs: Mapped[dict[str, Any] | None]
    """What the month was worked from beside its collections (``working.written``); NULL before the plan language."""


class MonthlyCommission(Model):
    """What a component earned an outlet once a month (a tier, growth, a subsidy, the bounds of a month), and from what.

    ``starts_on`` until ``ends_on`` are the days its version ruled; ``inputs`` are ``engine.monthly.MonthInputs``.
    """

    __tablename__ = "monthly_commissions"
    __table_args__ = (
        UniqueConstraint("month", "outlet_id", "component_id", "starts_on", name="uq_monthly_commissions_component"),
        CheckConstraint("starts_on < ends_on", name="days"),
    )

    id: Mapped[Key]
    month: Mapped[str] = mapped_column(String(7))
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    component_id: Mapped[int] = mapped_column(BigId, ForeignKey("plan_components.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    inputs: Mapped[dict[str, Any]]
    reason: Mapped[str | None] = mapped_column(String(20))
    commission_fen: Mapped[int]


class CommissionLine(Model):
    """Commission accrued for one collection, or an adjustment of an earlier month, in the month it is paid for.

    ``component_id`` says why: the component of the plan version in force that day; NULL where no component applied.
    Where several did, ``parts`` lists each with its fen (``[[component_id, fen], ...]``); the first is ``component_id``
    as well.

    A close writes a million of them: outlet, collection and component are no references, proved line by line. The
    outlet's accrual is only taken over lines that are its own (a trigger, decision 0029). Look up by ``is_line_of``.
    """

    __tablename__ = "commission_lines"
    __table_args__ = (
        # A collection is paid for once a month; in how many months, the accrual that seals them knows.
        UniqueConstraint("outlet_id", "collection_id", "month", name="uq_commission_lines_collection"),
        _unique_where("uq_commission_lines_adjustment_id", "adjustment_id IS NOT NULL", "adjustment_id"),
        Index("ix_commission_lines_month_outlet", "month", "outlet_id"),
        CheckConstraint(
            "(settled_to_fen IS NULL AND settled_from_fen IS NULL AND amount_fen IS NULL)"
            " OR (settled_from_fen BETWEEN 0 AND amount_fen AND settled_to_fen BETWEEN 0 AND amount_fen"
            " AND base_fen = settled_to_fen - settled_from_fen)",
            name="settled",
        ),
        CheckConstraint("kind IN ('COLLECTION', 'ADJUSTMENT')", name="kind"),
        CheckConstraint(
            "(kind = 'COLLECTION') = (collection_id IS NOT NULL)"
            " AND (kind = 'ADJUSTMENT') = (adjustment_id IS NOT NULL)",
            name="source",
        ),
    )

    id: Mapped[Key]
    month: Mapped[str] = mapped_column(String(7))
    outlet_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(12))
    collection_id: Mapped[uuid.UUID | None]
    component_id: Mapped[int | None] = mapped_column(BigId)
    adjustment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("commission_adjustments.id"))
    base_fen: Mapped[int]
    commission_fen: Mapped[int]
    parts: Mapped[str | None] = mapped_column(Text)
    amount_fen: Mapped[int | None]
    """Where what is settled pays: the collection as it stood at the close; of it ``settled_from_fen`` was settled
    before this month and ``settled_to_fen`` at its end. ``base_fen`` is the difference."""
    settled_from_fen: Mapped[int | None]
    settled_to_fen: Mapped[int | None]


def is_line_of(collection: Collection, month: Month | None = None) -> ColumnElement[bool]:
    """Return the condition on ``CommissionLine`` that it pays for a collection in a month, its own one unless said."""
    return and_(
        CommissionLine.outlet_id == collection.outlet_id,
        CommissionLine.collection_id == collection.id,
        CommissionLine.month == str(month or Month.of(collection.business_on)),
    )
