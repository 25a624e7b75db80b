"""When a month may be closed, and how much of it is done in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from agentnet.core.clock import Month, shanghai_instant
from agentnet.core.errors import Conflict

K = TypeVar("K")

MOST_LINES: Final = 2_000
"""Lines written or frozen in one transaction: about 50 ms, so that no counter waits noticeably."""

LINES_FOR_AN_OUTLET: Final = 10
"""What an outlet counts for in a transaction, however few lines it has."""

CLOSES_AT: Final = (1, 30)
"""Shanghai time on the 1st at which the clock closes the month that ended."""


def due_at(month: Month) -> datetime:
    """Return the instant from which the clock closes a month.

    >>> due_at(Month(2026, 10)).isoformat()
    '2026-10-31T17:30:00+00:00'
    """
    return shanghai_instant(month.ends_on, *CLOSES_AT)


def check_order(month: Month, earlier_open: Month | None) -> None:
    """Refuse to close a month before an earlier one that has facts.

    Raises:
        Conflict: ``earlier_month_open``.
    """
    if earlier_open is not None:
        raise Conflict(
            "earlier_month_open",
            "%(earlier)s 还没有封账，请先封 %(earlier)s，再封 %(month)s",
            earlier=str(earlier_open),
            month=str(month),
        )


def months_between(first: Month, last: Month) -> list[Month]:
    """Return the months strictly between two.

    >>> [str(month) for month in months_between(Month(2026, 11), Month(2027, 2))]
    ['2026-12', '2027-01']
    """
    found, month = [], first.next()
    while month < last:
        found.append(month)
        month = month.next()
    return found


def in_chunks(lines_by_key: Mapping[K, int], most_lines: int = MOST_LINES) -> Iterator[list[K]]:
    """Yield the keys in chunks of bounded size; a key with more lines than a chunk holds stands alone.

    >>> list(in_chunks({"a": 1500, "b": 400, "c": 200, "d": 5000}))
    [['a', 'b'], ['c'], ['d']]
    >>> list(in_chunks({"a": 0, "b": 0, "c": 0}, most_lines=20))
    [['a', 'b'], ['c']]
    """
    chunk: list[K] = []
    lines = 0
    for key, lines_of_key in lines_by_key.items():
        count = max(lines_of_key, LINES_FOR_AN_OUTLET)
        if chunk and lines + count > most_lines:
            yield chunk
            chunk, lines = [], 0
        chunk.append(key)
        lines += count
    if chunk:
        yield chunk


def in_groups(items: Sequence[K], size: int) -> Iterable[Sequence[K]]:
    """Return a sequence in groups of at most ``size``.

    >>> list(in_groups("abcde", 2))
    ['ab', 'cd', 'e']
    """
    return (items[start : start + size] for start in range(0, len(items), size))
