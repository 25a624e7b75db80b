"""How documents write days, instants, months, weeks, counts, amounts and shares, in both languages."""

from __future__ import annotations

from datetime import date, datetime

from agentnet.core.clock import IsoWeek, Month, shanghai
from agentnet.core.money import Fen, format_yuan
from reports.texts import Language

NOTHING = "-"
"""Stands where there is no figure; a zero is printed as 0 or 0.00."""

_DAYS_OF_A_WEEK = 7
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def month_text(month: Month, language: Language) -> str:
    """Return a month in words.

    >>> month_text(Month(2026, 10), "zh"), month_text(Month(2026, 10), "en")
    ('2026年10月', 'Oct 2026')
    """
    return f"{month.year}年{month.month}月" if language == "zh" else f"{_MONTHS[month.month - 1]} {month.year}"


def day_text(day: date, language: Language) -> str:
    """Return a day in words.

    >>> day_text(date(2026, 11, 3), "zh"), day_text(date(2026, 11, 3), "en")
    ('2026年11月3日', '3 Nov 2026')
    """
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def week_text(week: IsoWeek, language: Language) -> str:
    """Return a week with its first and last day.

    >>> week_text(IsoWeek(2026, 47), "zh"), week_text(IsoWeek(2026, 47), "en")
    ('2026年第47周（11月16日至11月22日）', 'Week 47 of 2026 (16 Nov to 22 Nov)')
    """
    first, last = week.days[0], week.days[-1]
    if language == "zh":
        return f"{week.year}年第{week.week}周（{first.month}月{first.day}日至{last.month}月{last.day}日）"
    return (
        f"Week {week.week} of {week.year} "
        f"({first.day} {_MONTHS[first.month - 1]} to {last.day} {_MONTHS[last.month - 1]})"
    )


def period_text(starts_on: date, ends_on: date, language: Language) -> str:
    """Return a day, an ISO week or a month in words; ``ends_on`` no longer belongs.

    >>> [period_text(date(2026, 11, 2), date(2026, 11, day), "en") for day in (3, 9)]
    ['2 Nov 2026', 'Week 45 of 2026 (2 Nov to 8 Nov)']
    >>> period_text(date(2026, 11, 1), date(2026, 12, 1), "zh")
    '2026年11月'
    """
    days = (ends_on - starts_on).days
    if days == 1:
        return day_text(starts_on, language)
    if days == _DAYS_OF_A_WEEK:
        return week_text(IsoWeek.of(starts_on), language)
    return month_text(Month.of(starts_on), language)


def short_week(week: IsoWeek, language: Language) -> str:
    """Return a week as a column head.

    >>> short_week(IsoWeek(2026, 5), "zh"), short_week(IsoWeek(2026, 5), "en")
    ('5周', 'W5')
    """
    return f"{week.week}周" if language == "zh" else f"W{week.week}"


def instant_text(instant: datetime) -> str:
    """Return an instant on the Shanghai wall clock, to the minute.

    >>> from datetime import UTC
    >>> instant_text(datetime(2026, 10, 31, 18, 0, tzinfo=UTC))
    '2026-11-01 02:00'
    """
    return shanghai(instant).strftime("%Y-%m-%d %H:%M")


def short_instant(instant: datetime) -> str:
    """Return day and time without the year, for rows of one month.

    >>> from datetime import UTC
    >>> short_instant(datetime(2026, 10, 2, 6, 5, tzinfo=UTC))
    '10-02 14:05'
    """
    local = shanghai(instant)
    return f"{local.month:02d}-{local.day:02d} {local.hour:02d}:{local.minute:02d}"


def amount_text(amount: Fen | None) -> str:
    """Return yuan with two decimals, or the mark for nothing.

    >>> amount_text(123456), amount_text(0), amount_text(None)
    ('1,234.56', '0.00', '-')
    """
    return NOTHING if amount is None else format_yuan(amount)


def count_text(count: int | None) -> str:
    """Return a whole number with separators, or the mark for nothing.

    >>> count_text(12345), count_text(0), count_text(None)
    ('12,345', '0', '-')
    """
    return NOTHING if count is None else f"{count:,}"


def tenths_of_percent(part: int, whole: int) -> int:
    """Return ``part`` of ``whole`` in tenths of a per cent, rounded half away from zero; ``whole`` is positive.

    >>> tenths_of_percent(368, 830), tenths_of_percent(-1, 8), tenths_of_percent(1, 2000)
    (443, -125, 1)
    """
    size = (2000 * abs(part) + whole) // (2 * whole)
    return -size if part < 0 else size


def share_text(part: int, whole: int) -> str:
    """Return a share in per cent with one decimal; nothing of nothing has no share.

    >>> share_text(368, 830), share_text(5, 5), share_text(0, 0)
    ('44.3%', '100.0%', '-')
    """
    return _percent(tenths_of_percent(part, whole)) if whole > 0 else NOTHING


def change_text(now: int, before: int | None) -> str:
    """Return the change from an earlier figure in per cent with a sign and one decimal.

    Without an earlier figure, or with one of zero or below, a percentage would mislead.

    >>> change_text(1123, 1000), change_text(900, 1000), change_text(7, 0), change_text(7, None), change_text(5, 5)
    ('+12.3%', '-10.0%', '-', '-', '0.0%')
    """
    if before is None or before <= 0:
        return NOTHING
    tenths = tenths_of_percent(now - before, before)
    return ("+" if tenths > 0 else "") + _percent(tenths)


def _percent(tenths: int) -> str:
    whole, tenth = divmod(abs(tenths), 10)
    return f"{'-' if tenths < 0 else ''}{whole:,}.{tenth}%"
