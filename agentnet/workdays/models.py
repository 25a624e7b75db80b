"""Overrides of the shipped working calendar."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import Model


class WorkdayOverride(Model):
    """A day declared a working day or a day off by the office, over what the calendar says."""

    __tablename__ = "workday_overrides"

    day_on: Mapped[date] = mapped_column(primary_key=True)
    is_workday: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(120))
    changed_at: Mapped[datetime]
