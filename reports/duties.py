"""Duties as the visit reports count and show them: due, done, missed, exempt, and the share done of those due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from reports.head import FiguresDisagree, require_agreement
from reports.kit.wording import count_text, share_text

DutyState = Literal["DUE", "DONE", "MISSED", "EXEMPT"]
"""A duty of one outlet and ISO week; DUE while the week is not over and nobody has come."""

WeekState = Literal["DUE", "DONE", "MISSED", "EXEMPT", ""]
"""The same, or "" for a week in which the outlet was assigned to nobody."""

SHAPES: Mapping[str, str] = {"DONE": "✓", "MISSED": "×", "DUE": "○", "EXEMPT": "–", "": "·"}
"""Each state's shape where a word has no room."""


DAYS_OF_A_DUTY = 7


@dataclass(frozen=True, slots=True)
class DutyCounts:
    """``due`` duties of which ``done`` and ``missed``; the rest is still open. ``exempt`` ones are not due."""

    due: int
    done: int
    missed: int
    exempt: int

    def __post_init__(self) -> None:
        if min(self.due, self.done, self.missed, self.exempt, self.open) < 0:
            raise FiguresDisagree(f"more done and missed than due: {self}")

    @property
    def open(self) -> int:
        """Duties that are due and neither done nor missed yet."""
        return self.due - self.done - self.missed

    @property
    def compliance(self) -> str:
        """The share done of those due, in per cent with one decimal; "-" if none was due."""
        return share_text(self.done, self.due)

    def cells(self) -> tuple[str, ...]:
        """Return due, done, missed, exempt and compliance as a table prints them."""
        return (*(count_text(count) for count in (self.due, self.done, self.missed, self.exempt)), self.compliance)


@dataclass(frozen=True, slots=True)
class DutyShares:
    """A manager's part of duties in days, seven to a duty: a hand-over in mid-week is shared out by days held."""

    due_days: int
    done_days: int
    missed_days: int
    exempt_days: int

    def __post_init__(self) -> None:
        open_days = self.due_days - self.done_days - self.missed_days
        if min(self.due_days, self.done_days, self.missed_days, self.exempt_days, open_days) < 0:
            raise FiguresDisagree(f"more done and missed than due: {self}")

    def cells(self) -> tuple[str, ...]:
        """Return due, done, missed and exempt as duties, and compliance, as a table prints them.

        >>> DutyShares(due_days=23, done_days=14, missed_days=9, exempt_days=0).cells()
        ('3.29', '2', '1.29', '0', '60.9%')
        """
        days = (self.due_days, self.done_days, self.missed_days, self.exempt_days)
        return (*map(_duties_text, days), share_text(self.done_days, self.due_days))


def _duties_text(days: int) -> str:
    """Return days as duties: whole, or with two decimals rounded half up.

    >>> [_duties_text(days) for days in (0, 5, 7, 9)]
    ['0', '0.71', '1', '1.29']
    """
    if days % DAYS_OF_A_DUTY == 0:
        return count_text(days // DAYS_OF_A_DUTY)
    hundredths = (days * 200 + DAYS_OF_A_DUTY) // (2 * DAYS_OF_A_DUTY)
    return f"{count_text(hundredths // 100)}.{hundredths % 100:02d}"


def counts_of(states: Iterable[str]) -> DutyCounts:
    """Count states; the empty one counts nowhere.

    >>> counts_of(["DONE", "MISSED", "DUE", "EXEMPT", ""])
    DutyCounts(due=3, done=1, missed=1, exempt=1)
    """
    found = list(states)
    done, missed, exempt = (found.count(state) for state in ("DONE", "MISSED", "EXEMPT"))
    return DutyCounts(done + missed + found.count("DUE"), done, missed, exempt)


def require_counts(what: str, stated: DutyCounts, added: DutyCounts) -> None:
    """Do nothing if stated counts are what the rows show.

    Raises:
        FiguresDisagree: naming the count and both figures.
    """
    for name in ("due", "done", "missed", "exempt"):
        require_agreement(f"{what}.{name}", getattr(stated, name), getattr(added, name))
