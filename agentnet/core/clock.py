"""Time: aware UTC instants, Asia/Shanghai business dates, ISO weeks and months.

Only this module reads the clock. Instants end in ``_at`` and are aware UTC; days end in ``_on`` and are Shanghai
business dates, decided once and stored. Periods are half-open: the end is the first day that no longer belongs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from agentnet.core.errors import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
YEARS = range(1900, 2200)
"""Years a typed day may lie in: at the ends of the calendar the next day, or its instant, does not exist."""

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)
_everywhere: datetime | None = None


def now() -> datetime:
    """Return this instant, aware and in UTC."""
    return _frozen.get() or _everywhere or datetime.now(UTC)


_known_day = (datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), date.max)
"""When the business date that was last asked for begins and ends, and which it is."""


def today() -> date:
    """Return today's date in Shanghai."""
    global _known_day
    instant = now()
    begins, ends, day = _known_day
    if begins <= instant < ends:  # a page of fifty days asks fifty times
        return day
    day = business_date(instant)
    _known_day = (shanghai_instant(day), shanghai_instant(day + timedelta(days=1)), day)
    return day


@contextmanager
def frozen_at(instant: datetime) -> Iterator[None]:
    """Stop the clock at an aware instant for the length of a ``with`` block (tests, the demo's past)."""
    token = _frozen.set(aware(instant).astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


@contextmanager
def frozen_everywhere_at(instant: datetime) -> Iterator[None]:
    """Stop the clock for every thread of the process (journeys that move a running server through a month)."""
    global _everywhere
    before, _everywhere = _everywhere, aware(instant).astimezone(UTC)
    try:
        yield
    finally:
        _everywhere = before


def aware(instant: datetime) -> datetime:
    """Return the instant unchanged; refuse a naive one, which names no moment.

    Raises:
        ValueError: if the instant carries no zone.
    """
    if instant.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    return instant


def business_date(instant: datetime) -> date:
    """Return the Shanghai calendar date of an instant.

    >>> business_date(datetime(2026, 10, 31, 16, 0, tzinfo=UTC))
    datetime.date(2026, 11, 1)
    """
    return aware(instant).astimezone(SHANGHAI).date()


def shanghai(instant: datetime) -> datetime:
    """Return the instant on a Shanghai wall clock."""
    return aware(instant).astimezone(SHANGHAI)


def shanghai_instant(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """Return the UTC instant at which a Shanghai wall clock shows this day and time.

    >>> shanghai_instant(date(2026, 11, 1), 2)
    datetime.datetime(2026, 10, 31, 18, 0, tzinfo=datetime.timezone.utc)
    """
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month; ``starts_on`` belongs to it, ``ends_on`` is the first day that does not.

    >>> Month.parse("2026-12").ends_on, str(Month(2026, 1).previous()), Month(2026, 2).days
    (datetime.date(2027, 1, 1), '2025-12', 28)
    """

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> Month:
        """Return the month a day lies in."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read ``YYYY-MM``.

        Raises:
            Invalid: ``month_shape``.
        """
        if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text.strip()):
            raise Invalid("month_shape", "请输入月份，例如 2026-10", field="month")
        return cls(int(text.strip()[:4]), int(text.strip()[5:]))

    @property
    def starts_on(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def ends_on(self) -> date:
        return self.next().starts_on

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days

    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> Month:
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, order=True, slots=True)
class Day:
    """A Shanghai day as a period of one; written ``2026-11-18``.

    >>> day = Day.parse("2026-02-28"); str(day), str(day.next()), day.ends_on
    ('2026-02-28', '2026-03-01', datetime.date(2026, 3, 1))
    """

    on: date

    @classmethod
    def of(cls, day: date) -> Day:
        """Return the period of one day."""
        return cls(day)

    @classmethod
    def parse(cls, text: str) -> Day:
        """Read ``YYYY-MM-DD``.

        Raises:
            Invalid: ``day_shape``.
        """
        try:
            found = date.fromisoformat(text.strip())
        except ValueError:
            found = None
        if found is None or found.year not in YEARS or text.strip() != found.isoformat():
            raise Invalid("day_shape", "请输入日期，例如 2026-11-03", field="day")
        return cls(found)

    @property
    def starts_on(self) -> date:
        return self.on

    @property
    def ends_on(self) -> date:
        return self.on + timedelta(days=1)

    def next(self) -> Day:
        return Day(self.ends_on)

    def previous(self) -> Day:
        return Day(self.on - timedelta(days=1))

    def __str__(self) -> str:
        return self.on.isoformat()


@dataclass(frozen=True, order=True, slots=True)
class IsoWeek:
    """An ISO 8601 week, Monday to Sunday; written ``2026-W47``.

    >>> week = IsoWeek.of(date(2027, 1, 1)); str(week), week.starts_on, week.ends_on
    ('2026-W53', datetime.date(2026, 12, 28), datetime.date(2027, 1, 4))
    >>> str(week.next()), str(IsoWeek.parse("2026-W01").previous())
    ('2027-W01', '2025-W52')
    """

    year: int
    week: int

    @classmethod
    def of(cls, day: date) -> IsoWeek:
        """Return the ISO week a day lies in."""
        year, week, _ = day.isocalendar()
        return cls(year, week)

    @classmethod
    def parse(cls, text: str) -> IsoWeek:
        """Read ``YYYY-Www``.

        Raises:
            Invalid: ``week_shape``; ``week_missing`` if that year has no week 53.
        """
        if not re.fullmatch(r"20\d\d-W(0[1-9]|[1-4]\d|5[0-3])", text.strip().upper()):
            raise Invalid("week_shape", "请输入周次，例如 2026-W47", field="week")
        found = cls(int(text.strip()[:4]), int(text.strip()[6:]))
        if cls.of(found.starts_on) != found:
            raise Invalid("week_missing", "该年没有第 53 周", field="week")
        return found

    @property
    def starts_on(self) -> date:
        first = date(self.year, 1, 4)
        return first - timedelta(days=first.isoweekday() - 1) + timedelta(weeks=self.week - 1)

    @property
    def ends_on(self) -> date:
        return self.starts_on + timedelta(days=7)

    @property
    def days(self) -> list[date]:
        return [self.starts_on + timedelta(days=i) for i in range(7)]

    def next(self) -> IsoWeek:
        return IsoWeek.of(self.ends_on)

    def previous(self) -> IsoWeek:
        return IsoWeek.of(self.starts_on - timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.week:02d}"
