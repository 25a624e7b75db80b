"""Duties: when one stands, what became of it, and whose credit or blame it is.

The duty (S43): every outlet that is active and has a manager is visited at least once per ISO week, Monday to Sunday
in Shanghai. A week without any working day is exempt, but a visit in it still counts.

Whose it is, counted in days, seven to a duty, so that a hand-over in mid-week is fair to both:

* **Done** counts a whole duty (7 days) for every manager who held the outlet on at least one day of the week,
  whichever of them came and on whichever day.
* **Missed** (or still open) counts, for each manager, the days of that week on which they held it.
* **Exempt** is due from nobody.

Two managers at one outlet all week share one duty: it is done for both or missed by both. A hand-over is one duty
split: Ann holds an outlet on Monday and Tuesday, Bo from Wednesday. Nobody comes: Ann answers for 2 of 7 days, Bo for
5, together one duty. Bo comes on Friday: done, a whole duty for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from agentnet.core.clock import IsoWeek

DAYS_OF_A_DUTY = 7

Span = tuple[date, date]
"""From a day until a day (exclusive); ``date.max`` where no end is known."""


class DutyState(StrEnum):
    """What became of a duty."""

    DUE = "DUE"
    DONE = "DONE"
    MISSED = "MISSED"
    EXEMPT = "EXEMPT"


def duty_state(*, visited: bool, exempt: bool, week_is_over: bool) -> DutyState:
    """Return what became of a duty; ``visited`` means by a visit that was not struck.

    >>> duty_state(visited=True, exempt=True, week_is_over=True).value
    'DONE'
    >>> duty_state(visited=False, exempt=False, week_is_over=True).value
    'MISSED'
    """
    if visited:
        return DutyState.DONE
    if exempt:
        return DutyState.EXEMPT
    return DutyState.MISSED if week_is_over else DutyState.DUE


def is_over(week: IsoWeek, today: date) -> bool:
    """Return whether the week's last day has passed.

    >>> is_over(IsoWeek(2026, 47), date(2026, 11, 22)), is_over(IsoWeek(2026, 47), date(2026, 11, 23))
    (False, True)
    """
    return today >= week.ends_on


@dataclass(frozen=True, slots=True)
class Tally:
    """Duties counted: of those ``due`` some are done, some missed, the rest open; ``exempt`` ones are not due.

    The unit is a duty for outlets, places and weeks, and a day (seven to a duty) for managers.
    """

    due: int = 0
    done: int = 0
    missed: int = 0
    exempt: int = 0

    @property
    def open(self) -> int:
        """Return what is due and neither done nor missed yet."""
        return self.due - self.done - self.missed

    @property
    def judged(self) -> int:
        """Return what is decided: compliance is ``done`` of this."""
        return self.done + self.missed

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.due + other.due, self.done + other.done, self.missed + other.missed, self.exempt + other.exempt
        )


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies of one unit.

    >>> total([Tally(due=2, done=1), Tally(due=1, missed=1), Tally(exempt=1)])
    Tally(due=3, done=1, missed=1, exempt=1)
    """
    return sum(tallies, Tally())


def counted(state: DutyState, amount: int = 1) -> Tally:
    """Return a tally holding ``amount`` of one state."""
    if state is DutyState.EXEMPT:
        return Tally(exempt=amount)
    return Tally(
        due=amount,
        done=amount if state is DutyState.DONE else 0,
        missed=amount if state is DutyState.MISSED else 0,
    )


def share_of(state: DutyState, days_held: int) -> Tally:
    """Return, in days, what a duty counts for a manager who held the outlet ``days_held`` days of its week.

    Missed by Ann (2 days) and Bo (5 days), then done by either:

    >>> share_of(DutyState.MISSED, 2), share_of(DutyState.MISSED, 5)
    (Tally(due=2, done=0, missed=2, exempt=0), Tally(due=5, done=0, missed=5, exempt=0))
    >>> share_of(DutyState.DONE, 2) == share_of(DutyState.DONE, 5) == Tally(due=7, done=7)
    True
    >>> share_of(DutyState.DONE, 0)
    Tally(due=0, done=0, missed=0, exempt=0)

    Raises:
        ValueError: if the days are not 0 to 7.
    """
    if not 0 <= days_held <= DAYS_OF_A_DUTY:
        raise ValueError(f"a week has no {days_held} days")
    if days_held == 0:
        return Tally()
    whole = state in (DutyState.DONE, DutyState.EXEMPT)
    return counted(state, DAYS_OF_A_DUTY if whole else days_held)


def duties_text(days: int) -> str:
    """Return days as duties: a whole number, or one with two decimals rounded half up.

    >>> duties_text(14), duties_text(5), duties_text(0), duties_text(9)
    ('2', '0.71', '0', '1.29')
    """
    if days % DAYS_OF_A_DUTY == 0:
        return f"{days // DAYS_OF_A_DUTY:,}"
    hundredths = (days * 200 + DAYS_OF_A_DUTY) // (2 * DAYS_OF_A_DUTY)
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"


def span(starts_on: date, ends_on: date | None) -> Span:
    """Return a dated row as a span."""
    return starts_on, ends_on or date.max


def active_spans(steps: Sequence[tuple[date, str]]) -> list[Span]:
    """Return when an outlet was active, from its life-cycle steps (day, state) in order.

    >>> active_spans([(date(2026, 1, 1), "APPROVED"), (date(2026, 2, 1), "ACTIVE"), (date(2026, 3, 1), "CLOSED")])
    [(datetime.date(2026, 2, 1), datetime.date(2026, 3, 1))]
    """
    ends = [*(day for day, _ in steps[1:]), date.max]
    return [(day, end) for (day, state), end in zip(steps, ends, strict=True) if state == "ACTIVE" and day < end]


def in_common(first: Iterable[Span], second: Iterable[Span]) -> list[Span]:
    """Return the spans in which both sets hold (a primary and a deputy may give overlapping ones).

    >>> in_common([(date(2026, 1, 5), date(2026, 1, 9))], [(date(2026, 1, 7), date.max)])
    [(datetime.date(2026, 1, 7), datetime.date(2026, 1, 9))]
    """
    others = list(second)
    return sorted((max(a, c), min(b, d)) for a, b in first for c, d in others if max(a, c) < min(b, d))


def first_day_in(week: IsoWeek, spans: Iterable[Span]) -> date | None:
    """Return the first day of the week that lies in a span: the day from which the duty stands; None if it does not.

    >>> first_day_in(IsoWeek(2026, 47), [(date(2026, 11, 18), date.max)])
    datetime.date(2026, 11, 18)
    """
    return first_day_between(week.starts_on, week.ends_on, spans)


def first_day_between(starts_on: date, ends_on: date, spans: Iterable[Span]) -> date | None:
    """Return the first day from ``starts_on`` on and before ``ends_on`` that lies in a span; None if none does."""
    return min([max(a, starts_on) for a, b in spans if a < ends_on and b > starts_on], default=None)


def days_in(week: IsoWeek, spans: Iterable[Span]) -> int:
    """Return how many of the week's seven days lie in at least one of the spans.

    >>> days_in(IsoWeek(2026, 47), [(date(2026, 11, 1), date(2026, 11, 18)), (date(2026, 11, 22), date.max)])
    3
    """
    starts_on, ends_on = week.starts_on, week.ends_on
    days: set[date] = set()
    for a, b in spans:
        first, last = max(a, starts_on), min(b, ends_on)
        if (first, last) == (starts_on, ends_on):
            return DAYS_OF_A_DUTY
        days.update(first + timedelta(days=i) for i in range((last - first).days))
    return len(days)
