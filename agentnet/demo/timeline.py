"""Which days the demo's history covers: thirteen whole months, and the running one up to yesterday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from agentnet.core.clock import IsoWeek, Month, business_date

WHOLE_MONTHS = 13
WEEKS_OF_VISITS = 14
CLOSE_TAKES = timedelta(minutes=90)
"""The clock closes a month from 01:30 on the 1st; until then the month that ended still counts as running."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The days of the history. Today itself is left to whoever tries the demo."""

    today: date
    whole_months: tuple[Month, ...]
    """The closed months, oldest first."""
    running: Month

    @classmethod
    def ending(cls, instant: datetime) -> Timeline:
        """Return the timeline of a demo that is first loaded at an instant.

        >>> from agentnet.core.clock import shanghai_instant
        >>> found = Timeline.ending(shanghai_instant(date(2026, 11, 23), 12))
        >>> str(found.whole_months[0]), str(found.whole_months[-1]), found.last_on.isoformat()
        ('2025-10', '2026-10', '2026-11-22')
        >>> str(Timeline.ending(shanghai_instant(date(2026, 12, 1), 1)).running)
        '2026-11'
        """
        running = Month.of(business_date(instant - CLOSE_TAKES))
        months = [running.previous()]
        while len(months) < WHOLE_MONTHS:
            months.insert(0, months[0].previous())
        return cls(business_date(instant), tuple(months), running)

    @property
    def months(self) -> tuple[Month, ...]:
        """The whole months and the running one."""
        return (*self.whole_months, self.running)

    @property
    def first_on(self) -> date:
        return self.whole_months[0].starts_on

    @property
    def last_on(self) -> date:
        """The last day with anything on it: yesterday."""
        return self.today - timedelta(days=1)

    def days_of(self, month: Month) -> list[date]:
        """Return the days of a month that lie in the history."""
        days = [month.starts_on + timedelta(days=n) for n in range(month.days)]
        return [day for day in days if day <= self.last_on]

    def weeks(self) -> list[IsoWeek]:
        """Return the weeks of visits, oldest first: a quarter up to the running one."""
        weeks = [IsoWeek.of(self.today)]
        while len(weeks) < WEEKS_OF_VISITS:
            weeks.insert(0, weeks[0].previous())
        return weeks
