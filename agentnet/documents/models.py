"""Schedules and runs. A run is unique by kind, subject, period and revision, so that two clocks make one document."""

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
        CheckConstraint("cadence IN ('WEEKLY', 'MONTHLY')", name="cadence"),
        CheckConstraint("hour BETWEEN 0 AND 23 AND minute BETWEEN 0 AND 59", name="time"),
    )

    id: Mapped[Key]
    name: Mapped[Name]
    kind: Mapped[str] = mapped_column(String(32))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    language: Mapped[str] = mapped_column(String(8))
    cadence: Mapped[str] = mapped_column(String(8))
    day: Mapped[int]
    """ISO weekday (1-7) when weekly, day of the month (1-28) when monthly."""
    hour: Mapped[int]
    minute: Mapped[int]
    enabled: Mapped[bool] = mapped_column(default=True)
    starts_on: Mapped[date]
    """Ticks before this day are not made up."""
    next_at: Mapped[datetime] = mapped_column(index=True)
    """The next tick not yet planned; moved on in the transaction that plans."""
    version: Mapped[int] = mapped_column(default=1)


class Run(Model):
    """One document, from plan to file."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "period_start", "period_end", "revision", name="uq_runs_document"),
        CheckConstraint("state IN ('PLANNED', 'LEASED', 'DONE', 'FAILED')", name="state"),
        Index("ix_runs_state_id", "state", "id"),
        Index("ix_runs_org_path", "org_path"),
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
    number: Mapped[str] = mapped_column(String(40), unique=True)
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    org_path: Mapped[str] = mapped_column(String(255))
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    manager_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("managers.id"), index=True)
    partner_id: Mapped[int | None] = mapped_column(BigId)
    schedule_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("schedules.id"))
    frozen: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The figures as canonical JSON, zlib-compressed; a redraw needs nothing else."""
    frozen_sha256: Mapped[str] = mapped_column(String(64))
    drawing_version: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    planned_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    token: Mapped[int] = mapped_column(default=0)
    """Raised by each lease; only the newest holder may finish."""
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(String(400))
    done_at: Mapped[datetime | None]
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    file_bytes: Mapped[int | None]
    pages: Mapped[int | None]
