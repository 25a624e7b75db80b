"""Duties, visits and what they found."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model


class Checklist(Model):
    """A version of the checklist; ``items`` is a list of {no, name, name_en, weight, critical}."""

    __tablename__ = "checklists"

    version: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    starts_on: Mapped[date]
    items: Mapped[list[Any]]


class Duty(Model):
    """The duty to visit an outlet in an ISO week (S43); org unit and setting are stamped when planned."""

    __tablename__ = "duties"
    __table_args__ = (
        UniqueConstraint("outlet_id", "week", name="uq_duties_outlet_week"),
        Index("ix_duties_week_org", "week", "org_unit_id"),
    )

    id: Mapped[Key]
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    week: Mapped[str] = mapped_column(String(8))
    starts_on: Mapped[date]
    exempt: Mapped[bool] = mapped_column(default=False)
    """True in a week without a working day; a visit still counts."""
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    setting: Mapped[str] = mapped_column(String(5))


class Visit(Model):
    """An on-site duty visit. Phone time and server time are both kept; oddities are flagged, never refused."""

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint("left_at IS NULL OR left_at >= arrived_at", name="times"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="position"),
        Index("ix_visits_manager", "manager_id", "visited_on"),
        Index("ix_visits_outlet", "outlet_id", "visited_on"),
        Index("ix_visits_day", "visited_on", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    manager_id: Mapped[int] = mapped_column(BigId, ForeignKey("managers.id"))
    visited_on: Mapped[date]
    week: Mapped[str] = mapped_column(String(8))
    arrived_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    accuracy_m: Mapped[int | None]
    distance_m: Mapped[int | None]
    checklist_version: Mapped[int] = mapped_column(BigId, ForeignKey("checklists.version"))
    answers: Mapped[dict[str, Any]]
    """Item number to PASS, FAIL or NA."""
    score: Mapped[int]
    """Whole per cent of the weights that apply."""
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    agent_word: Mapped[str | None] = mapped_column(String(400))
    remark: Mapped[str | None] = mapped_column(String(400))
    flags: Mapped[list[Any]]
    struck_at: Mapped[datetime | None]
    struck_reason: Mapped[str | None] = mapped_column(String(200))
    struck_by_id: Mapped[int | None]


class DutyVisit(Model):
    """A visit that serves a duty; one visit at a village centre serves the postal station it hosts as well."""

    __tablename__ = "duty_visits"

    duty_id: Mapped[int] = mapped_column(BigId, ForeignKey("duties.id"), primary_key=True)
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), primary_key=True, index=True)


class FailedItem(Model):
    """A checklist item that failed, with what was seen."""

    __tablename__ = "failed_items"

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    item_no: Mapped[int] = mapped_column(primary_key=True)
    remark: Mapped[str] = mapped_column(String(200))


class Need(Model):
    """A villager's need found on a visit (S44); open until someone says how it ended."""

    __tablename__ = "needs"
    __table_args__ = (Index("ix_needs_open", "closed_at", "raised_at", "id"),)

    id: Mapped[Key]
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    service: Mapped[str] = mapped_column(String(24), ForeignKey("services.code"))
    text: Mapped[str] = mapped_column(String(400))
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_note: Mapped[str | None] = mapped_column(String(400))
