"""Patterns that were found, and when each month was looked at. A finding is looked at anew until nothing changes.

Figures follow the facts; what a person said of them stays: a finding that grew is open again, with the note kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model


class PatternScan(Model):
    """When a month was looked through last, and since when somebody waits for it."""

    __tablename__ = "pattern_scans"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    scanned_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]


class PatternFinding(Model):
    """A pattern at an outlet in a month; nothing of it is left where ``number`` is 0."""

    __tablename__ = "pattern_findings"
    __table_args__ = (
        CheckConstraint("pattern IN ('SPLIT', 'TINY', 'UNDONE', 'EDGE')", name="pattern"),
        CheckConstraint("state IN ('OPEN', 'SEEN', 'EXPLAINED')", name="state"),
        CheckConstraint("state = 'OPEN' OR marked_at IS NOT NULL", name="marked"),
        UniqueConstraint("month", "outlet_id", "pattern", name="uq_pattern_findings_pattern"),
        Index("ix_pattern_findings_cost", "month", "cost_fen", "id"),
    )

    id: Mapped[Key]
    month: Mapped[str] = mapped_column(String(7))
    outlet_id: Mapped[int] = mapped_column(BigId, ForeignKey("outlets.id"))
    org_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_units.id"))
    pattern: Mapped[str] = mapped_column(String(8))
    number: Mapped[int]
    group_count: Mapped[int]
    amount_fen: Mapped[int]
    cost_fen: Mapped[int]
    """What the outlet earned in the month, less what it would have earned without the pattern."""
    evidence: Mapped[list[Any]]
    """Ids of collections in groups that belong together, the first ``finding.MOST_EVIDENCE`` of them."""
    found_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    note: Mapped[str | None] = mapped_column(String(200))
    marked_number: Mapped[int | None]
    """How many collections it held when a person marked it."""
    marked_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    marked_at: Mapped[datetime | None]
