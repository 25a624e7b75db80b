"""When a campaign counts at an outlet, and what of it may still be changed. Plain values in and out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from agentnet.core.errors import Conflict, Invalid

LONGEST_NOTE = 200


class Standing(StrEnum):
    """How a campaign stands on a day."""

    COMING = "COMING"
    RUNNING = "RUNNING"
    OVER = "OVER"


def standing_on(starts_on: date, ends_on: date | None, day: date) -> Standing:
    """Return how a campaign stands on a day.

    >>> first, end = date(2026, 11, 1), date(2026, 12, 1)
    >>> [standing_on(first, end, day).value for day in (date(2026, 10, 31), first, date(2026, 11, 30), end)]
    ['COMING', 'RUNNING', 'RUNNING', 'OVER']
    """
    if day < starts_on:
        return Standing.COMING
    return Standing.RUNNING if ends_on is None or day < ends_on else Standing.OVER


def common_days(
    starts_on: date, ends_on: date | None, other_starts_on: date, other_ends_on: date | None
) -> tuple[date, date] | None:
    """Return the days two periods have in common, half-open; None if there is none. ``date.max`` is no end.

    >>> common_days(date(2026, 11, 1), date(2026, 12, 1), date(2026, 11, 20), None)
    (datetime.date(2026, 11, 20), datetime.date(2026, 12, 1))
    >>> common_days(date(2026, 11, 1), date(2026, 11, 20), date(2026, 11, 20), None) is None
    True
    """
    first = max(starts_on, other_starts_on)
    end = min(ends_on or date.max, other_ends_on or date.max)
    return (first, end) if first < end else None


def require_period(starts_on: date, ends_on: date | None) -> None:
    """Refuse a period that ends before it begins.

    Raises:
        Invalid: ``campaign_period``.
    """
    if ends_on is not None and ends_on <= starts_on:
        raise Invalid("campaign_period", "终止日要晚于起始日", field="ends_on")


def require_open_days(days: Iterable[date], first_open: date, field: str) -> None:
    """Refuse a change that reaches into a month that is closed or closing: it was worked by what held then.

    ``days`` are the first and last edges of what changes; ``first_open`` is the first day no month has closed over.

    Raises:
        Conflict: ``campaign_closed_month``.
    """
    if min(days) < first_open:
        raise Conflict(
            "campaign_closed_month",
            "%(day)s 之前的月份已封账或正在封账，活动和参加的网点最早只能从 %(day)s 起改",
            field=field,
            day=first_open.isoformat(),
        )


def changed_edges(before: tuple[date, date | None], after: tuple[date, date | None]) -> list[date]:
    """Return the days at which two periods differ: the earlier edge of each end that moved.

    >>> changed_edges((date(2026, 11, 1), None), (date(2026, 11, 1), date(2026, 12, 1)))
    [datetime.date(2026, 12, 1)]
    >>> changed_edges((date(2026, 11, 1), None), (date(2026, 11, 1), None))
    []
    """
    edges = []
    if before[0] != after[0]:
        edges.append(min(before[0], after[0]))
    if before[1] != after[1]:
        edges.append(min(before[1] or date.max, after[1] or date.max))
    return edges
