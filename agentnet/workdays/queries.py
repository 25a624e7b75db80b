"""The working calendar as the office keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import bindparam, select

from agentnet.core.clock import IsoWeek
from agentnet.infra.db import db
from agentnet.infra.straight import Straight
from agentnet.workdays import rules
from agentnet.workdays.models import WorkdayOverride

_OVERRIDES = Straight(
    select(WorkdayOverride.day_on, WorkdayOverride.is_workday).where(
        WorkdayOverride.day_on >= bindparam("starts_on"), WorkdayOverride.day_on < bindparam("ends_on")
    )
)


def overrides_between(starts_on: date, ends_on: date) -> Mapping[date, bool]:
    """Return the overrides from a day until a day (exclusive): True for a working day."""
    return dict(_OVERRIDES.rows(db.session.connection(), {"starts_on": starts_on, "ends_on": ends_on}))


def overrides_in_year(year: int) -> list[WorkdayOverride]:
    """Return a calendar year's overrides with their reasons, in order."""
    return list(
        db.session.scalars(
            select(WorkdayOverride)
            .where(WorkdayOverride.day_on >= date(year, 1, 1), WorkdayOverride.day_on < date(year + 1, 1, 1))
            .order_by(WorkdayOverride.day_on)
        )
    )


def is_workday(day: date) -> bool:
    """Return whether a day is a working day."""
    override = db.session.get(WorkdayOverride, day)
    return rules.day_kind(day, {day: override.is_workday} if override else {}).is_workday


def has_working_day(week: IsoWeek) -> bool:
    """Return whether an ISO week has any working day."""
    return rules.has_working_day(week, overrides_between(week.starts_on, week.ends_on))
