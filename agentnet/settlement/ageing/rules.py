"""When an outlet can remit, and how many opportunities its cash has missed. Plain values in and out.

Cash taken on a day is banked at the first opportunity after that day: fees are cleared daily, what comes in after the
day's remittance is banked the next day (domain.md 2.2). An opportunity is missed once its day is over and the cash was
not declared. So what counts is when the post calls or the bank opens, never the days in between.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from agentnet.core.errors import Invalid
from agentnet.core.money import Fen
from agentnet.outlets.rules import OutletKind
from agentnet.settlement.rules import oldest_unremitted
from agentnet.workdays.rules import FRIDAY, DayKind, Source

LOOKED_BACK: Final = 400
"""Days of takings looked at for the oldest cash still held; older than that is old enough."""
LOOKED_AHEAD: Final = 45
"""Days looked ahead for the next opportunity: no holiday is longer."""
LONGEST_REASON: Final = 120
MOST_MISSED: Final = 30
"""The most opportunities a rule may let pass before it suspends."""
DAYS_BACK: Final = 31
DAYS_AHEAD: Final = 366
"""How far back and ahead a change of remittance days may be dated."""
PUNCTUAL_DAYS: Final = 90
"""Punctuality looks at what was declared on so many days, the present one included."""


class Rhythm(StrEnum):
    """When an outlet can remit."""

    WORKDAYS = "WORKDAYS"
    """Every working day: a bank's branch is near."""
    WEEKDAYS = "WEEKDAYS"
    """Certain days of the week, holidays left out: the post calls."""
    NONE = "NONE"
    """Never by itself: a village without a bank; somebody fetches the cash."""
    AS_KIND = "AS_KIND"
    """As outlets of its kind do; ends what was agreed for the outlet alone."""


class Ending(StrEnum):
    """How a suspension for overdue cash ended: lifted when nothing was overdue any more, or by somebody's hand."""

    LIFTED = "LIFTED"
    BY_HAND = "BY_HAND"


@dataclass(frozen=True, slots=True)
class DaysRule:
    """What holds from a day on; ``weekdays`` are digits, 1 Monday to 7 Sunday.

    ``suspend_after`` is how many missed opportunities suspend an outlet of a kind: 0 never, None for a single outlet's
    days. ``entered_on`` is when it was written down.
    """

    starts_on: date
    rhythm: str
    weekdays: str = ""
    suspend_after: int | None = None
    entered_on: date = date.min


BUILT_IN: Final[Mapping[str, DaysRule]] = {
    str(kind): DaysRule(date.min, Rhythm.WEEKDAYS, "135", suspend_after=0)
    if kind is OutletKind.VILLAGE_POST
    else DaysRule(date.min, Rhythm.WORKDAYS, suspend_after=0)
    for kind in OutletKind
}
"""What holds until the office says otherwise: the post calls at a village three times a week (domain.md 2.1), a bank is
open on working days, and nobody is suspended before the office switches it on."""

USUAL_SUSPEND_AFTER: Final = 2
"""What the office is offered when it switches suspension on (domain.md 2.3)."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The rules for one outlet, each sequence in the order they were entered and by day: its own before its kind's."""

    own: Sequence[DaysRule]
    of_kind: Sequence[DaysRule]
    built_in: DaysRule

    def rule_on(self, day: date) -> DaysRule:
        """Return the rule of days that holds on a day."""
        own = in_force(self.own, day)
        if own is not None and own.rhythm != Rhythm.AS_KIND:
            return own
        return self.kind_rule_on(day)

    def kind_rule_on(self, day: date) -> DaysRule:
        """Return the rule of the outlet's kind that holds on a day."""
        return in_force(self.of_kind, day) or self.built_in

    def enforced_since(self, day: date) -> date | None:
        """Return since when missed opportunities count towards suspension, as of a day; None if they do not.

        No rule reaches back before it began or was entered.

        >>> rules = [DaysRule(date(2026, 11, 2), "WORKDAYS", "", 2, date(2026, 11, 4))]
        >>> [Calendar([], rules, BUILT_IN["NEWSSTAND"]).enforced_since(date(2026, 11, day)) for day in (1, 9)]
        [None, datetime.date(2026, 11, 4)]
        """
        since = None
        for rule in _run_of(self.of_kind, day):
            if not rule.suspend_after:
                break
            since = max(rule.starts_on, rule.entered_on)
        return since


def in_force(rules: Sequence[DaysRule], day: date) -> DaysRule | None:
    """Return the rule that holds on a day: the one that began last, of two that began together the later entered.

    >>> old, new = DaysRule(date(2026, 1, 1), "NONE"), DaysRule(date(2026, 11, 2), "WORKDAYS")
    >>> in_force([old, new], date(2026, 11, 1)) == old, in_force([new], date(2026, 11, 1))
    (True, None)
    """
    return next(_run_of(rules, day), None)


def _run_of(rules: Sequence[DaysRule], day: date) -> Iterator[DaysRule]:
    """Yield the rules that held until a day, newest first; one replaced on its own first day is left out."""
    begun = sorted((rule for rule in rules if rule.starts_on <= day), key=lambda rule: rule.starts_on)
    before = None
    for rule in reversed(begun):
        if rule.starts_on != before:
            yield rule
        before = rule.starts_on


def is_opportunity(day: DayKind, rule: DaysRule) -> bool:
    """Return whether an outlet under this rule can remit on a day. A holiday is no opportunity, whatever weekday it is.

    A Saturday on which the post calls is one unless it is a holiday; the make-up Saturday of a holiday is one for a
    bank.

    >>> from agentnet.workdays.rules import day_kind
    >>> post = DaysRule(date(2026, 1, 1), "WEEKDAYS", "136")
    >>> [is_opportunity(day_kind(date(2026, 2, day), {}), post) for day in (7, 11, 12, 16, 21)]
    [True, True, False, False, False]
    """
    if rule.rhythm == Rhythm.WORKDAYS:
        return day.is_workday
    if rule.rhythm != Rhythm.WEEKDAYS or str(day.day.isoweekday()) not in rule.weekdays:
        return False
    off = day.source is Source.OVERRIDE or bool(day.holiday) or day.day.isoweekday() <= FRIDAY
    return day.is_workday or not off


def opportunities(
    calendar: Calendar, kinds: Mapping[date, DayKind], after: date, until: date, most: int | None = None
) -> list[date]:
    """Return the days after a day and before another on which the outlet could remit; the first ``most`` of them.

    ``kinds`` tells what each day between is.
    """
    found: list[date] = []
    day = after + timedelta(days=1)
    changes = {rule.starts_on for rule in (*calendar.own, *calendar.of_kind)}
    rule = calendar.rule_on(day)
    while day < until and (most is None or len(found) < most):
        if day in changes:
            rule = calendar.rule_on(day)
        if is_opportunity(kinds[day], rule):
            found.append(day)
        day += timedelta(days=1)
    return found


@dataclass(frozen=True, slots=True)
class Due:
    """Cash of days before today that an outlet holds: how much (fen), and the day of the oldest of it."""

    oldest_on: date
    amount_fen: Fen


def due_cash(held_fen: Fen, takings: Sequence[tuple[date, Fen]], day: date) -> Due | None:
    """Return the cash of days before ``day`` among what is held: banked first in, first out. None if there is none.

    ``takings`` are what came into the drawer by business day, newest first.

    >>> takings = [(date(2026, 11, 18), 300), (date(2026, 11, 17), 200), (date(2026, 11, 16), 400)]
    >>> due_cash(300, takings, date(2026, 11, 18)) is None
    True
    >>> due_cash(501, takings, date(2026, 11, 18))
    Due(oldest_on=datetime.date(2026, 11, 16), amount_fen=201)
    """
    due_fen = held_fen - sum(amount for taken_on, amount in takings if taken_on >= day)
    if due_fen <= 0:
        return None
    earlier = [(taken_on, amount) for taken_on, amount in takings if taken_on < day]
    return Due(oldest_unremitted(due_fen, earlier) or day - timedelta(days=LOOKED_BACK), due_fen)


@dataclass(frozen=True, slots=True)
class Age:
    """How an outlet's cash stands on a day."""

    missed: int
    """Opportunities that passed since the oldest cash was taken."""
    counted: int
    """Those of them that count towards suspension."""
    suspend_after: int
    """How many suspend; 0 never."""
    next_on: date | None
    """The next day, the present one included, on which the outlet can remit; None if none is near."""
    suspends_on: date | None
    """The day on which it is suspended if the cash stays; None if it never is, or not soon."""


def age_of(
    calendar: Calendar,
    open_days: Sequence[date],
    day: date,
    oldest_on: date | None,
    released_on: date | None = None,
) -> Age:
    """Return how cash taken on a day stands on another; ``oldest_on`` is None where nothing is due.

    ``open_days`` are the days on which the outlet can remit (``opportunities``), from its oldest cash until
    ``LOOKED_AHEAD`` days ahead. ``released_on`` is when somebody last let the outlet go on by hand: what was missed
    until then counts no more.
    """
    passed = bisect_left(open_days, day)
    next_on = open_days[passed] if passed < len(open_days) else None
    suspend_after = calendar.kind_rule_on(day).suspend_after or 0
    if oldest_on is None:
        return Age(0, 0, suspend_after, next_on, None)
    missed = max(0, passed - bisect_right(open_days, oldest_on))
    since = calendar.enforced_since(day)
    if since is None:
        return Age(missed, 0, suspend_after, next_on, None)
    start = max(oldest_on, since - timedelta(days=1), released_on or date.min)
    first = bisect_right(open_days, start)
    last = first + suspend_after - 1
    suspends_on = open_days[last] + timedelta(days=1) if last < len(open_days) else None
    return Age(missed, max(0, passed - first), suspend_after, next_on, suspends_on)


def is_warned(suspends_on: date | None, day: date) -> bool:
    """Return whether keeper and supervisor are warned on a day: on the last one on which the cash can still be brought.

    >>> [is_warned(date(2026, 11, 20), date(2026, 11, day)) for day in (18, 19, 20)]
    [False, True, True]
    """
    return suspends_on is not None and suspends_on <= day + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewDays:
    """Remittance days as somebody enters them, for one outlet or for a kind."""

    starts_on: date
    rhythm: str
    weekdays: str
    reason: str
    suspend_after: int | None = None

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same change."""
        return {
            "starts_on": self.starts_on,
            "rhythm": self.rhythm,
            "weekdays": self.weekdays,
            "reason": self.reason.strip(),
            "suspend_after": self.suspend_after,
        }


def require_days(new: NewDays, today: date, of_kind: bool) -> None:
    """Refuse remittance days that say nothing, or of a time that is settled.

    Raises:
        Invalid: ``rhythm_unknown``, ``weekdays_missing``, ``reason_missing``, ``too_far_back``, ``too_far_ahead``,
            ``suspend_after_range``.
    """
    allowed = set(Rhythm) - ({Rhythm.AS_KIND} if of_kind else set())
    if new.rhythm not in allowed:
        raise Invalid("rhythm_unknown", "请选择什么时候可以交款", field="rhythm")
    days = set(new.weekdays)
    if (new.rhythm == Rhythm.WEEKDAYS) != bool(days) or not days <= set("1234567") or len(days) != len(new.weekdays):
        raise Invalid("weekdays_missing", "请选择每周哪几天可以交款", field="weekdays")
    if not 2 <= len(new.reason.strip()) <= LONGEST_REASON:
        raise Invalid("reason_missing", "请写明原因", field="reason")
    if new.starts_on < today - timedelta(days=DAYS_BACK):
        earliest = (today - timedelta(days=DAYS_BACK)).isoformat()
        raise Invalid("too_far_back", "日期不能早于 %(day)s", field="starts_on", day=earliest)
    if new.starts_on > today + timedelta(days=DAYS_AHEAD):
        raise Invalid("too_far_ahead", "日期太远，请检查年份", field="starts_on")
    if of_kind != (new.suspend_after is not None) or not 0 <= (new.suspend_after or 0) <= MOST_MISSED:
        raise Invalid("suspend_after_range", "请填 0 到 30；0 表示从不自动暂停", field="suspend_after")
