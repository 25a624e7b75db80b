"""Schedules, orders and runs.

A schedule orders by its tick, a person by hand; an order plans one run for everyone it is about. A run is unique by
kind, subject, period and revision, and a tick's order by schedule and period, so that two clocks make one document.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model, Name


class Schedule(Model):
    """What a supervisor wants printed, for whom and when, Shanghai time."""

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint("cadence IN ('DAILY', 'WEEKLY', 'MONTHLY')", name="cadence"),
        CheckConstraint("hour BETWEEN 0 AND 23 AND minute BETWEEN 0 AND 59", name="time"),
    )

    id: Mapped[Key]
    name: Mapped[Name]
    kind: Mapped[str] = mapped_column(String(32))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    language: Mapped[str] = mapped_column(String(8))
    cadence: Mapped[str] = mapped_column(String(8))
    day: Mapped[int]
    """ISO weekday (1-7) when weekly, day of the month (1-28) when monthly, 1 when daily."""
    hour: Mapped[int]
    minute: Mapped[int]
    enabled: Mapped[bool] = mapped_column(default=True)
    starts_on: Mapped[date]
    """Ticks before this day are not made up."""
    next_at: Mapped[datetime] = mapped_column(index=True)
    """The next tick not yet planned; moved on in the transaction that plans."""
    version: Mapped[int] = mapped_column(default=1)


class Order(Model):
    """That a kind of document is to be made for everyone below an org unit, or for one subject, for one period."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("schedule_id", "period_start", "period_end", name="uq_orders_tick"),
        CheckConstraint("state IN ('OPEN', 'WAITING', 'PLANNED', 'FAILED')", name="state"),
        Index("ix_orders_state_id", "state", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """Brought by the form when a person orders; the clock makes its own."""
    schedule_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("schedules.id"))
    kind: Mapped[str] = mapped_column(String(32))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    org_path: Mapped[str] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(8))
    period_start: Mapped[date]
    period_end: Mapped[date]
    subject: Mapped[str | None] = mapped_column(String(64))
    """The code of the only subject wanted; everyone below the org unit when empty."""
    user_id: Mapped[int | None]
    ordered_by: Mapped[Name]
    ordered_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8))
    """OPEN until the clock has looked at it, WAITING while the period is not final, PLANNED when every run stands."""
    failure: Mapped[str | None] = mapped_column(String(400))
    subject_count: Mapped[int] = mapped_column(default=0)
    new_count: Mapped[int] = mapped_column(default=0)
    """Runs this order planned; the rest of the subjects had their document already."""
    planned_at: Mapped[datetime | None]


class Run(Model):
    """One document, from plan to file."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "period_start", "period_end", "revision", name="uq_runs_document"),
        CheckConstraint("state IN ('PLANNED', 'LEASED', 'DONE', 'FAILED')", name="state"),
        Index("ix_runs_state_id", "state", "id"),
        Index("ix_runs_org_path", "org_path"),
        Index("ix_runs_kind_period", "kind", "period_start", "serial"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(64))
    """What it is about, language included: ``outlet:WL0001:zh``."""
    title: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    period_start: Mapped[date]
    period_end: Mapped[date]
    revision: Mapped[int] = mapped_column(default=1)
    revision_reason: Mapped[str] = mapped_column(String(200), default="")
    serial: Mapped[int]
    """Counts the documents of a kind and period; all revisions of a document share it."""
    number: Mapped[str] = mapped_column(String(40), unique=True)
    """``DH-CS-202610-000123``, from the second revision on with ``-R2``."""
    check_code: Mapped[str] = mapped_column(String(16))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    org_path: Mapped[str] = mapped_column(String(255))
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    manager_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("managers.id"), index=True)
    partner_id: Mapped[int | None] = mapped_column(BigId, index=True)
    schedule_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("schedules.id"))
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders.id"), index=True)
    frozen_sha256: Mapped[str] = mapped_column(String(64))
    drawing_version: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    planned_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    """When a leased run may be taken by another worker, or a planned one be tried again, by the database's clock."""
    token: Mapped[int] = mapped_column(default=0)
    """Raised by each lease; only the newest holder may finish."""
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(String(400))
    """Code of the reason and, after a space, what it is about (``documents.rules.FAILURES``)."""
    done_at: Mapped[datetime | None]
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    file_bytes: Mapped[int | None]
    pages: Mapped[int | None]
    frozen: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The figures as canonical JSON, zlib-compressed; a redraw needs nothing else. The last column: lists
    read the others without walking over it."""
