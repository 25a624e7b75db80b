"""Which days are working days: the shipped calendar, the office's overrides above it, Monday to Friday beyond it.

China's State Council publishes each year's holidays and make-up Saturdays in the autumn before; ``chinesecalendar``
carries them for 2004 to the last year published. A year it does not know falls back to Monday to Friday and is marked
provisional, so that nobody mistakes a guess for the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from chinese_calendar import constants

from agentnet.core.clock import IsoWeek

FIRST_KNOWN_YEAR: int = min(constants.holidays).year
LAST_KNOWN_YEAR: int = max(constants.holidays).year

FRIDAY = 5


class Source(StrEnum):
    """Where the answer about a day comes from."""

    CALENDAR = "CALENDAR"
    PROVISIONAL = "PROVISIONAL"
    OVERRIDE = "OVERRIDE"


@dataclass(frozen=True, slots=True)
class DayKind:
    """Whether a day is a working day, and who says so; ``holiday`` is the calendar's own name of a holiday, or ""."""

    day: date
    is_workday: bool
    source: Source
    holiday: str = ""


def is_provisional(year: int) -> bool:
    """Return whether the shipped calendar does not know the year.

    >>> is_provisional(2026), is_provisional(2003)
    (False, True)
    """
    return not FIRST_KNOWN_YEAR <= year <= LAST_KNOWN_YEAR


def day_kind(day: date, overrides: Mapping[date, bool]) -> DayKind:
    """Return what a day is. ``overrides`` maps a day to True (working day) or False (day off).

    The Saturday after National Day 2026 is worked; Thursday 1 October is not:

    >>> day_kind(date(2026, 10, 10), {}).is_workday, day_kind(date(2026, 10, 1), {}).is_workday
    (True, False)
    >>> day_kind(date(2026, 11, 18), {date(2026, 11, 18): False}).source.value
    'OVERRIDE'
    """
    shipped = _shipped(day)
    if day in overrides:
        return DayKind(day, overrides[day], Source.OVERRIDE, shipped.holiday)
    return shipped


@lru_cache(maxsize=4096)
def _shipped(day: date) -> DayKind:
    weekday = day.isoweekday() <= FRIDAY
    if is_provisional(day.year):
        return DayKind(day, weekday, Source.PROVISIONAL)
    if day in constants.holidays:
        return DayKind(day, False, Source.CALENDAR, str(constants.holidays[day]))
    return DayKind(day, weekday or day in constants.workdays, Source.CALENDAR)


def has_working_day(week: IsoWeek, overrides: Mapping[date, bool]) -> bool:
    """Return whether any day of an ISO week is a working day; a week without one is exempt from the visit.

    Spring Festival 2026 (15 to 23 February) takes the whole of week 8, National Day no whole week:

    >>> [has_working_day(IsoWeek(2026, n), {}) for n in (7, 8, 9, 40, 41)]
    [True, False, True, True, True]
    """
    return any(day_kind(day, overrides).is_workday for day in week.days)


def days_of_year(year: int, overrides: Mapping[date, bool]) -> list[DayKind]:
    """Return every day of a calendar year in order.

    >>> sum(kind.is_workday for kind in days_of_year(2026, {}))
    248
    """
    first = date(year, 1, 1)
    return [day_kind(first + timedelta(days=i), overrides) for i in range((date(year + 1, 1, 1) - first).days)]
