"""When a schedule ticks, which period a tick is for, and what a document is called.

All ticks are Shanghai wall-clock times. A daily tick is for the day before it, a weekly one for the ISO week that ended
last before it, a monthly one for the month that ended last before it; all periods are half-open.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from agentnet.core.clock import Day, IsoWeek, Month, business_date, shanghai_instant
from agentnet.core.errors import Invalid
from agentnet.core.words import translatable


class Cadence(StrEnum):
    """How often a kind of document is made."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


AnySpan = Day | IsoWeek | Month
"""The period of a document."""

SPANS: Final[Mapping[Cadence, type[Day] | type[IsoWeek] | type[Month]]] = {
    Cadence.DAILY: Day,
    Cadence.WEEKLY: IsoWeek,
    Cadence.MONTHLY: Month,
}


class RunState(StrEnum):
    """A document from plan to file."""

    PLANNED = "PLANNED"
    LEASED = "LEASED"
    DONE = "DONE"
    FAILED = "FAILED"


class OrderState(StrEnum):
    """An order until all its runs are planned."""

    OPEN = "OPEN"
    WAITING = "WAITING"
    PLANNED = "PLANNED"
    FAILED = "FAILED"


MOST_ATTEMPTS: Final = 3
SUBJECTS_A_TRANSACTION: Final = 50
"""How many documents are frozen in one transaction, so that counters never wait long for the clock."""
LAST_SAFE_MONTH_DAY: Final = 28
"""Every month has this day, so a monthly tick never falls out."""

FAILURES: Final[Mapping[str, str]] = {
    "missing_glyph": translatable("字体里没有这些字：%(detail)s。请更正名称，或联系管理员更换字体"),
    "figures_disagree": translatable("数字前后不一致，为免印错没有出表。请联系管理员核对账务"),
    "figures_unreadable": translatable("存下的数字与现在的版式不符，没有出表。请联系管理员"),
    "storage": translatable("文件没能存盘。请联系管理员检查磁盘，然后重试"),
    "worker_died": translatable("绘制程序中途退出了 %(detail)s 次，没有再试。请联系管理员查看日志"),
    "kind_gone": translatable("系统里已没有这种报表"),
    "unexpected": translatable("出现意外错误。请重试一次；仍然不行，请联系管理员查看日志"),
}
"""Why a document could not be made, in words for the person who may retry it; technical detail is shown apart."""
SAID_IN_WORDS: Final = frozenset({"missing_glyph", "worker_died"})
"""Failures whose detail is part of the sentence."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_ALOUD = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A schedule's day and time, Shanghai: ISO weekday 1-7 when weekly, day of the month 1-28 when monthly, else 1."""

    cadence: Cadence
    day: int
    hour: int
    minute: int

    def check(self) -> None:
        """Refuse a day that some week or month does not have, or no time of day.

        Raises:
            Invalid: ``schedule_day`` or ``schedule_time``.
        """
        last = {Cadence.DAILY: 1, Cadence.WEEKLY: 7}.get(self.cadence, LAST_SAFE_MONTH_DAY)
        if not 1 <= self.day <= last:
            raise Invalid("schedule_day", "日期应在 1 到 %(last)s 之间", field="day", last=last)
        if not (0 <= self.hour <= 23 and 0 <= self.minute <= 59):
            raise Invalid("schedule_time", "请输入时间，例如 08:30", field="time")

    def tick_after(self, instant: datetime) -> datetime:
        """Return the first tick strictly after an instant, as aware UTC.

        >>> Rhythm(Cadence.MONTHLY, 1, 2, 0).tick_after(shanghai_instant(date(2026, 10, 1), 2))
        datetime.datetime(2026, 10, 31, 18, 0, tzinfo=datetime.timezone.utc)
        """
        span: AnySpan = _span_of(self.cadence, business_date(instant))
        tick = self._tick_in(span)
        return tick if tick > instant else self._tick_in(span.next())

    def first_tick(self, starts_on: date) -> datetime:
        """Return the first tick on or after a Shanghai day."""
        return self.tick_after(shanghai_instant(starts_on) - timedelta(microseconds=1))

    def tick_for(self, ended: AnySpan) -> datetime:
        """Return the tick that is for a period that ended."""
        return self._tick_in(ended.next())

    def period_of(self, tick: datetime) -> AnySpan:
        """Return the period a tick is for: the last that ended before it.

        >>> str(Rhythm(Cadence.WEEKLY, 1, 6, 0).period_of(shanghai_instant(date(2027, 1, 4), 6)))
        '2026-W53'
        """
        return _span_of(self.cadence, business_date(tick)).previous()

    def ticks(self, first: datetime, until: datetime) -> Iterator[datetime]:
        """Yield every tick from ``first`` (itself a tick) up to an instant, that instant included."""
        tick = first
        while tick <= until:
            yield tick
            tick = self.tick_after(tick)

    def _tick_in(self, span: AnySpan) -> datetime:
        return shanghai_instant(span.starts_on + timedelta(days=self.day - 1), self.hour, self.minute)


def _span_of(cadence: Cadence, day: date) -> AnySpan:
    return SPANS[cadence].of(day)


def read_period(cadence: str, text: str) -> AnySpan:
    """Read ``2026-11-18`` for a daily kind, ``2026-W47`` for a weekly one, ``2026-10`` for a monthly one.

    Raises:
        Invalid: ``day_shape``, ``week_shape``, ``week_missing`` or ``month_shape``.
    """
    return SPANS[Cadence(cadence)].parse(text)


def cadence_of(text: str) -> Cadence:
    """Return how often a period written like this comes.

    >>> [cadence_of(text).value for text in ("2026-11-18", "2026-W47", "2026-11", "x")]
    ['DAILY', 'WEEKLY', 'MONTHLY', 'MONTHLY']
    """
    if "W" in text.upper():
        return Cadence.WEEKLY
    return Cadence.DAILY if text.count("-") > 1 else Cadence.MONTHLY


def span_of(starts_on: date, ends_on: date) -> AnySpan:
    """Return the day, week or month a stored period is.

    >>> str(span_of(date(2026, 2, 2), date(2026, 2, 9))), str(span_of(date(2026, 2, 1), date(2026, 3, 1)))
    ('2026-W06', '2026-02')
    """
    if (ends_on - starts_on).days == 1:
        return Day.of(starts_on)
    return IsoWeek.of(starts_on) if (ends_on - starts_on).days == 7 else Month.of(starts_on)


def document_number(company: str, letters: str, span: AnySpan, serial: int, revision: int) -> str:
    """Return a document's number; a later revision keeps it and says which it is.

    >>> document_number("DH", "CS", Month(2026, 10), 123, 1), document_number("DH", "DW", IsoWeek(2026, 5), 7, 2)
    ('DH-CS-202610-000123', 'DH-DW-2026W05-000007-R2')
    """
    suffix = f"-R{revision}" if revision > 1 else ""
    return f"{company}-{letters}-{str(span).replace('-', '')}-{serial:06d}{suffix}"


def check_code(secret: str, figures_sha256: str) -> str:
    """Return the eight letters on the paper that only this installation can have made from these figures.

    40 bits of HMAC-SHA-256 in Crockford's base 32, which has no I, L, O and U and can be read aloud.

    >>> check_code("secret", "0" * 64)
    'KKF8-D8M8'
    """
    digest = hmac.digest(secret.encode(), f"document {figures_sha256}".encode(), hashlib.sha256)
    number = int.from_bytes(digest[:5], "big")
    digits = "".join(_CROCKFORD[number >> 5 * place & 31] for place in reversed(range(8)))
    return f"{digits[:4]}-{digits[4:]}"


def same_check_code(printed: str, typed: str) -> bool:
    """Return whether a code typed from paper is the printed one; case, hyphens, O and 0, I, L and 1 are one.

    >>> same_check_code("Z0YD-C7GJ", "zoyd c7gj"), same_check_code("Z0YD-C7GJ", ""), same_check_code("", "")
    (True, False, False)
    """
    plain, other = (
        code.upper().replace("-", "").replace(" ", "").translate(_READ_ALOUD) for code in (printed, typed[:40])
    )
    return bool(plain) and hmac.compare_digest(plain.encode(), other.encode("utf-8", "replace"))


def failure_note(code: str, detail: str) -> str:
    """Return what is stored of a failure: its code and what it is about, at most 400 characters.

    >>> failure_note("missing_glyph", "㘰"), failure_parts("missing_glyph 㘰")
    ('missing_glyph 㘰', ('missing_glyph', '㘰'))
    """
    return f"{code} {detail}".strip()[:400]


def failure_parts(note: str) -> tuple[str, str]:
    """Return code and detail of a stored failure; a code nobody knows is ``unexpected``."""
    code, _, detail = note.partition(" ")
    return (code, detail) if code in FAILURES else ("unexpected", note)


def seconds_left(done: int, total: int, seconds_so_far: int) -> int | None:
    """Return about how many seconds the rest will take at the pace so far; None before the first is done.

    >>> seconds_left(100, 400, 10), seconds_left(0, 400, 10), seconds_left(400, 400, 10)
    (30, None, 0)
    """
    if done <= 0:
        return None
    return -(-(total - done) * max(seconds_so_far, 1) // done)
