"""Pure rules of the home pages: what counts as stuck, how a year is compared."""

from __future__ import annotations

from datetime import date, timedelta

NEED_IS_OLD_DAYS = 7
"""An open need older than a week has been passed over by a visit (S44)."""

DOCUMENT_IS_LATE_MINUTES = 60
"""A planned document nobody drew for an hour means that no worker runs."""


def same_day_last_year(day: date) -> date:
    """Return the same calendar day a year before; 29 February meets 28 February.

    >>> same_day_last_year(date(2028, 2, 29)), same_day_last_year(date(2026, 11, 18))
    (datetime.date(2027, 2, 28), datetime.date(2025, 11, 18))
    """
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day - timedelta(days=366)


def growth_tenths(present: int, before: int) -> int | None:
    """Return the change in tenths of a per cent, rounded half away from zero; None without a base (S03).

    >>> growth_tenths(1088, 1000), growth_tenths(999, 1000), growth_tenths(5, 0)
    (88, -1, None)
    """
    if before <= 0:
        return None
    change = (present - before) * 1000
    rounded = (2 * abs(change) + before) // (2 * before)
    return rounded if change >= 0 else -rounded


def growth_text(tenths: int | None) -> str:
    """Write a change with its sign and one decimal.

    >>> growth_text(88), growth_text(-1), growth_text(0), growth_text(None)
    ('+8.8%', '-0.1%', '0.0%', '-')
    """
    if tenths is None:
        return "-"
    sign = "+" if tenths > 0 else "-" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}%"
