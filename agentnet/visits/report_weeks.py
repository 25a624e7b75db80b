"""Which ISO weeks the period of a visit report is made of."""

from __future__ import annotations

from agentnet.core.clock import IsoWeek, Month
from agentnet.documents.kinds import Period


def week_of(period: Period) -> IsoWeek:
    """Return the ISO week a weekly period is."""
    return IsoWeek.of(period.starts_on)


def weeks_of(month: Month) -> list[IsoWeek]:
    """Return the ISO weeks whose Thursday lies in the month, so that every week belongs to one month (ISO 8601).

    >>> [str(week) for week in weeks_of(Month(2026, 12))], len(weeks_of(Month(2026, 11)))
    (['2026-W49', '2026-W50', '2026-W51', '2026-W52', '2026-W53'], 4)
    """
    week = IsoWeek.of(month.starts_on)
    weeks = []
    while (thursday := week.days[3]) < month.ends_on:
        if thursday >= month.starts_on:
            weeks.append(week)
        week = week.next()
    return weeks
