"""Remittance days (dated, never rewritten), the age of each outlet's cash, and suspensions for overdue cash."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model


class RemittanceDays(Model):
    """On which days one outlet, or every outlet of a kind, can remit, from a day on; the last entered holds."""

    __tablename__ = "remittance_days"
    __table_args__ = (
        CheckConstraint("(outlet_id IS NULL) <> (kind IS NULL)", name="whose"),
        CheckConstraint("rhythm IN ('WORKDAYS', 'WEEKDAYS', 'NONE', 'AS_KIND')", name="rhythm"),
        CheckConstraint("rhythm <> 'AS_KIND' OR outlet_id IS NOT NULL", name="as_kind"),
        CheckConstraint("(rhythm = 'WEEKDAYS') = (weekdays <> '')", name="weekdays"),
        CheckConstraint("(kind IS NULL) = (suspend_after IS NULL)", name="suspension"),
        CheckConstraint("suspend_after BETWEEN 0 AND 30", name="suspend_after"),
        Index("ix_remittance_days_outlet", "outlet_id", "starts_on"),
    )

    id: Mapped[Key]
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"))
    kind: Mapped[str | None] = mapped_column(String(20))
    starts_on: Mapped[date]
    rhythm: Mapped[str] = mapped_column(String(8))
    weekdays: Mapped[str] = mapped_column(String(7))
    """Digits, 1 Monday to 7 Sunday."""
    suspend_after: Mapped[int | None]
    """For a kind: how many missed opportunities suspend an outlet; 0 never."""
    reason: Mapped[str] = mapped_column(String(120))
    entered_at: Mapped[datetime]
    user_id: Mapped[int | None]


class CashAge(Model):
    """How an outlet's cash of earlier days stands: worked out at night and whenever cash is declared or comes back.

    What is taken today does not change it, so a page may read it all day. ``agentnet verify`` works it out again.
    """

    __tablename__ = "cash_ages"
    __table_args__ = (
        CheckConstraint("due_fen >= 0 AND (due_fen = 0) = (oldest_on IS NULL)", name="due"),
        CheckConstraint("missed >= 0 AND (missed = 0 OR oldest_on IS NOT NULL)", name="missed"),
        CheckConstraint("punctual_count >= 0 AND punctual_count <= declared_count", name="punctual"),
        Index("ix_cash_ages_missed", "missed", "outlet_id"),
        Index("ix_cash_ages_counted", "counted_on", "outlet_id"),
    )

    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), primary_key=True, autoincrement=False)
    counted_on: Mapped[date]
    counted_at: Mapped[datetime]
    oldest_on: Mapped[date | None]
    """The business day of the oldest cash of earlier days still held; None where nothing is due."""
    due_fen: Mapped[int]
    """Cash of days before ``counted_on`` still held."""
    missed: Mapped[int]
    """Opportunities that passed since then."""
    next_on: Mapped[date | None]
    """The next day on which the outlet can remit."""
    suspends_on: Mapped[date | None]
    """When it is suspended if the cash stays."""
    declared_count: Mapped[int]
    """Deposits declared in the last 90 days, rejected ones left out."""
    punctual_count: Mapped[int]
    """Those of them declared at the first opportunity."""


class RemittanceSuspension(Model):
    """An outlet suspended because it missed too many opportunities, and how that ended."""

    __tablename__ = "remittance_suspensions"
    __table_args__ = (
        CheckConstraint("missed >= suspend_after AND suspend_after > 0", name="missed"),
        CheckConstraint("due_fen > 0", name="due"),
        CheckConstraint(
            "(ended_on IS NULL) = (ending IS NULL) AND (ended_on IS NULL) = (ended_at IS NULL)", name="ended"
        ),
        CheckConstraint("ending IN ('LIFTED', 'BY_HAND')", name="ending"),
        CheckConstraint("remittance_id IS NULL OR ending = 'LIFTED'", name="lifted_by"),
        Index(
            "uq_remittance_suspensions_open",
            "outlet_id",
            unique=True,
            sqlite_where=text("ended_on IS NULL"),
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index("ix_remittance_suspensions_outlet", "outlet_id", "ended_on"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    state_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlet_states.id"), unique=True)
    """The step of the life cycle it took: while that is the outlet's last step, the suspension is this rule's."""
    kind: Mapped[str] = mapped_column(String(20))
    """The outlet's kind then."""
    suspended_on: Mapped[date]
    suspended_at: Mapped[datetime]
    oldest_on: Mapped[date]
    due_fen: Mapped[int]
    missed: Mapped[int]
    """Missed opportunities that counted towards it."""
    suspend_after: Mapped[int]
    ended_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    ending: Mapped[str | None] = mapped_column(String(7))
    remittance_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("remittances.id"))
    """The remittance whose arrival lifted it."""
