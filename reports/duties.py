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
