"""When a month may be closed, and how much of it is done in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from agentnet.core.clock import Month, shanghai_instant
from agentnet.core.errors import Conflict, Invalid

K = TypeVar("K")

MOST_WRITTEN: Final = 4_000
MOST_FROZEN: Final = 2_000
"""Lines written, or frozen, in one transaction: about 50 ms, so that no counter waits noticeably."""

MOST_READ: Final = 20_000
"""Lines worked out at once, with no lock held: the queries of each time are then few."""

LINES_FOR_AN_OUTLET: Final = 10
"""What an outlet counts for in a transaction, however few lines it has."""

CLOSES_AT: Final = (1, 30)
"""Shanghai time on the 1st at which the clock closes the month that ended."""


PROVISIONAL_AT: Final = (2, 30)
"""Shanghai time on the 1st from which a month that cannot be closed yet is printed provisionally: after the night."""

WORKING_DAYS_TO_CLOSE: Final = 5
"""The working day of the next month by which remittances should be confirmed."""

LONGEST_SIGNATURE: Final = 200


def due_at(month: Month) -> datetime:
    """Return the instant from which the clock closes a month.

    >>> due_at(Month(2026, 10)).isoformat()
    '2026-10-31T17:30:00+00:00'
    """
    return shanghai_instant(month.ends_on, *CLOSES_AT)


def provisional_due_at(month: Month) -> datetime:
    """Return the instant from which a month that is held open is printed provisionally, its last night being over.

    >>> provisional_due_at(Month(2026, 10)).isoformat()
    '2026-10-31T18:30:00+00:00'
    """
    return shanghai_instant(month.ends_on, *PROVISIONAL_AT)


def expected_on(month: Month, is_workday: Callable[[date], bool]) -> date:
    """Return the working day of the next month by which a month should be closed for good; holidays put it off.

    October 2026, whose successor begins on a Sunday, has until Friday the 6th:

    >>> expected_on(Month(2026, 10), lambda day: day.isoweekday() < 6)
    datetime.date(2026, 11, 6)

    September is followed by the holidays of National Day, here from the 1st to the 8th:

    >>> expected_on(Month(2026, 9), lambda day: day.isoweekday() < 6 and day > date(2026, 10, 8))
    datetime.date(2026, 10, 15)
    """
    day, left = month.ends_on, WORKING_DAYS_TO_CLOSE
    while True:
        left -= is_workday(day)
        if left == 0:
            return day
        day += timedelta(days=1)


def require_sorted(month: Month, unsorted: int) -> None:
    """Refuse to close before the night has moved what the last days received to billing; nobody can sign for that.

    Raises:
        Conflict: ``month_not_sorted``.
    """
    if unsorted:
        raise Conflict("month_not_sorted", "%(month)s 最后几天的收费还在入账，请十分钟后再封账", month=str(month))


def require_settled(month: Month, held: bool, signature: str) -> None:
    """Refuse to close over obstacles without a reason somebody signs.

    Raises:
        Conflict: ``month_not_settled``. Invalid: ``signature_shape``.
    """
    if not held:
        return
    if not signature:
        raise Conflict(
            "month_not_settled",
            "%(month)s 还有没日结的营业日、没确认的解款或没处理的差异，不能封账；请先办完，或由财务写明原因后封账",
            month=str(month),
        )
    if not 4 <= len(signature) <= LONGEST_SIGNATURE:
        raise Invalid("signature_shape", "请用 4 到 200 个字写明为什么现在封账", field="signature")


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


def check_not_past(month: Month, earliest: Month | None) -> None:
    """Refuse to close a month before the one after the last closed; or before the first facts, where none is closed.

    Nobody was at work in it for the network; its outlets would earn what is paid by the month all the same.

    Raises:
        Conflict: ``month_before_closed``.
    """
    if earliest is not None and month < earliest:
        raise Conflict(
            "month_before_closed",
            "%(month)s 在已封账的月份之前或还没有业务，不能再封账；要补付或扣回，请登记代办费调整",
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


def in_chunks(lines_by_key: Mapping[K, int], most_lines: int = MOST_FROZEN) -> Iterator[list[K]]:
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
