"""Dates as people say them: 今天 14:05, 11月3日 周二; in English Today 14:05, Tue 3 Nov. All on a Shanghai clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from flask_babel import gettext as _
from markupsafe import Markup

from agentnet.core.clock import SHANGHAI, IsoWeek, Month, aware, today
from agentnet.infra.i18n import in_english, month_words
from agentnet.infra.template_words import by_language

_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_ENGLISH_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@by_language
def day_text(day: date, *, english: bool | None = None) -> str:
    """Return a day near today by its name, one of this year with its weekday, any other with its year."""
    return _said(day, today(), in_english() if english is None else english)


@lru_cache(maxsize=1024)
def _said(day: date, present: date, english: bool) -> str:
    """Return a day as a reader of one language says it on a day; the same few days stand in every row of a list."""
    distance = (day - present).days
    if distance == 0:
        return _("今天")
    if distance == -1:
        return _("昨天")
    return _("明天") if distance == 1 else _calendar_day(day, present.year, english)


@by_language
def calendar_day(day: date, *, english: bool | None = None) -> str:
    """Return ``11月3日 周二`` or ``Tue 3 Nov``; the year is added when it is not this one."""
    return _calendar_day(day, today().year, in_english() if english is None else english)


@by_language
def day_time(day: date, *, english: bool | None = None) -> Markup:
    """Return a day as a page shows it: as people say it, exact in the title and for machines."""
    return _day_time(day, today(), in_english() if english is None else english)


@lru_cache(maxsize=2048)
def _day_time(day: date, present: date, english: bool) -> Markup:
    shown = '<time class="figure" datetime="{exact}" title="{exact}">{said}</time>'
    return Markup(shown).format(exact=day.isoformat(), said=_said(day, present, english))  # noqa: S704  # nosec B704


def _calendar_day(day: date, present_year: int, english: bool) -> str:
    if english:
        text = f"{_ENGLISH_WEEKDAYS[day.weekday()]} {day.day} {_ENGLISH_MONTHS[day.month - 1]}"
        return text if day.year == present_year else f"{text} {day.year}"
    text = f"{day.month}月{day.day}日 {_WEEKDAYS[day.weekday()]}"
    return text if day.year == present_year else f"{day.year}年{text}"


def instant_text(instant: datetime) -> str:
    """Return an instant as day and Shanghai wall-clock minute."""
    return instant_parts(instant)[2]


@by_language
def instant_parts(instant: datetime, *, english: bool | None = None) -> tuple[str, str, str]:
    """Return an instant for machines, in its exact form and as people say it, as a ``<time>`` shows all three."""
    # By its zone too: equal instants of two zones are written differently for machines.
    return _instant_parts(instant, instant.tzinfo, today(), in_english() if english is None else english)


@lru_cache(maxsize=4096)
def _instant_parts(instant: datetime, _zone: tzinfo | None, present: date, english: bool) -> tuple[str, str, str]:
    """Return an instant as a reader of one language sees it on a day; the rows of a list are shown again and again."""
    local = aware(instant).astimezone(SHANGHAI)
    wall = str(local)
    return instant.isoformat(), wall[:19], f"{_said(local.date(), present, english)} {wall[11:16]}"


def exact_text(moment: datetime | date) -> str:
    """Return the unambiguous form for a title: ``2026-11-03 14:05:09`` or ``2026-11-03``."""
    if isinstance(moment, datetime):
        return str(aware(moment).astimezone(SHANGHAI))[:19]
    return moment.isoformat()


@by_language
def month_text(month: Month, *, english: bool | None = None) -> str:
    """Return ``2026年11月`` or ``November 2026``."""
    return month_words(month, in_english() if english is None else english)


def week_label(week: IsoWeek) -> str:
    """Return the week's number for places with little room, as under a chart: ``第45周`` or ``Wk 45``."""
    return f"Wk {week.week}" if in_english() else f"第{week.week}周"


@by_language
def week_text(week: IsoWeek, *, english: bool | None = None) -> str:
    """Return the week's number and days: ``2026年第45周（11月2日–8日）`` or ``Week 45, 2026 (2–8 Nov)``."""
    return _week_text(week, in_english() if english is None else english)


@lru_cache(maxsize=512)
def _week_text(week: IsoWeek, english: bool) -> str:
    first, last = week.starts_on, week.ends_on - timedelta(days=1)
    if english:
        start = f"{first.day}" if first.month == last.month else f"{first.day} {_ENGLISH_MONTHS[first.month - 1]}"
        return f"Week {week.week}, {week.year} ({start}–{last.day} {_ENGLISH_MONTHS[last.month - 1]})"
    end = f"{last.day}日" if first.month == last.month else f"{last.month}月{last.day}日"
    return f"{week.year}年第{week.week}周（{first.month}月{first.day}日–{end}）"
