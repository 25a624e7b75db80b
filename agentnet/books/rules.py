"""What a trial balance says, and when it is proved. Plain values in and out; amounts in fen.

Signed amounts stand on the debit side: a credit balance of 5.00 is -500. A page turns them to the line's normal side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.ledger.rules import CHART, DEBIT

URBAN: Final = "URBAN"
RURAL: Final = "RURAL"


@dataclass(frozen=True, slots=True)
class Span:
    """What a trial balance is about: a month, or its days before ``until`` (exclusive)."""

    month: Month
    until: date | None = None

    @property
    def ends_on(self) -> date:
        """Return the first day that no longer belongs."""
        return self.until or self.month.ends_on

    @property
    def last_on(self) -> date:
        """Return the last day that belongs."""
        return self.ends_on - timedelta(days=1)


def span_of_day(day: date) -> Span:
    """Return the span from the first of a day's month up to and with the day.

    >>> span_of_day(date(2026, 11, 18)), span_of_day(date(2026, 11, 30)).until
    (Span(month=Month(year=2026, month=11), until=datetime.date(2026, 11, 19)), None)
    """
    month, until = Month.of(day), day + timedelta(days=1)
    return Span(month, None if until == month.ends_on else until)


@dataclass(frozen=True, slots=True)
class Moved:
    """Accounts taken together: the balance before the span (debit side), what was debited and credited in it."""

    opening_fen: Fen = 0
    debit_fen: Fen = 0
    credit_fen: Fen = 0

    def __add__(self, other: Moved) -> Moved:
        return Moved(
            self.opening_fen + other.opening_fen,
            self.debit_fen + other.debit_fen,
            self.credit_fen + other.credit_fen,
        )

    @property
    def closing_fen(self) -> Fen:
        """Return the balance after the span, on the debit side.

        >>> Moved(100, 50, 30).closing_fen
        120
        """
        return self.opening_fen + self.debit_fen - self.credit_fen

    @property
    def nothing(self) -> bool:
        """Return whether there was neither a balance nor a movement."""
        return not (self.opening_fen or self.debit_fen or self.credit_fen)


def on_side(fen: Fen, normal_side: str) -> Fen:
    """Return a debit-side amount as its account's normal side shows it.

    >>> on_side(-500, "CREDIT"), on_side(-500, "DEBIT")
    (500, -500)
    """
    return fen if normal_side == DEBIT else -fen


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A line of the chart; ``urban`` and ``rural`` are parts of ``whole`` for accounts of outlets."""

    owner_kind: str
    code: str
    whole: Moved
    urban: Moved = field(default_factory=Moved)
    rural: Moved = field(default_factory=Moved)

    @property
    def normal_side(self) -> str:
        """Return DEBIT or CREDIT."""
        return CHART[self.owner_kind, self.code].normal_side

    @property
    def opening_fen(self) -> Fen:
        """Return the opening balance on the line's normal side."""
        return on_side(self.whole.opening_fen, self.normal_side)

    @property
    def closing_fen(self) -> Fen:
        """Return the closing balance on the line's normal side."""
        return on_side(self.whole.closing_fen, self.normal_side)


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All lines in the order of the chart; ``outside`` is the other side of what a unit moved with the rest."""

    lines: Sequence[TrialLine]
    outside: Moved
    """Nothing for the whole company, where every transfer has both its sides."""

    @property
    def total(self) -> Moved:
        """Return the sum over lines and outside; its opening and closing are 0 if the book is whole."""
        return sum((line.whole for line in self.lines), self.outside)

    @property
    def proved(self) -> bool:
        """Return whether debits equal credits, in the span and in both balances."""
        total = self.total
        return total.opening_fen == 0 and total.debit_fen == total.credit_fen

    def sides(self, closing: bool) -> tuple[Fen, Fen]:
        """Return the sum of all debit balances and of all credit balances, opening or closing."""
        moved = [*(line.whole for line in self.lines), self.outside]
        balances = [one.closing_fen if closing else one.opening_fen for one in moved]
        return sum(one for one in balances if one > 0), -sum(one for one in balances if one < 0)


def trial_balance_of(sums: Mapping[tuple[str, str, str], Moved], whole_company: bool) -> TrialBalance:
    """Return the trial balance of sums by owner kind, code and setting ("" where there is none).

    Below the company some transfers have one side elsewhere; that side is shown as one line, so that a unit's balance
    adds up too and says how much of it rests on others.

    >>> cash, received = ("OUTLET", "CASH_HELD", "RURAL"), ("OUTLET", "RECEIVED", "RURAL")
    >>> found = trial_balance_of({cash: Moved(0, 700, 0), received: Moved(0, 100, 700)}, whole_company=False)
    >>> found.outside, found.proved
    (Moved(opening_fen=0, debit_fen=0, credit_fen=100), True)
    >>> trial_balance_of({cash: Moved(0, 700, 0)}, whole_company=True).proved
    False
    """
    lines = [_line(owner_kind, code, sums) for owner_kind, code in CHART]
    shown = [line for line in lines if line is not None]
    if whole_company:
        return TrialBalance(shown, Moved())
    return TrialBalance(shown, _other_side(line.whole for line in shown))


def _line(owner_kind: str, code: str, sums: Mapping[tuple[str, str, str], Moved]) -> TrialLine | None:
    parts = {setting: moved for (kind, of, setting), moved in sums.items() if (kind, of) == (owner_kind, code)}
    if all(moved.nothing for moved in parts.values()):
        return None
    whole = sum(parts.values(), Moved())
    return TrialLine(owner_kind, code, whole, parts.get(URBAN, Moved()), parts.get(RURAL, Moved()))


def _other_side(lines: Iterable[Moved]) -> Moved:
    here = sum(lines, Moved())
    net = here.debit_fen - here.credit_fen
    return Moved(-here.opening_fen, max(-net, 0), max(net, 0))


def running(opening_fen: Fen, changes: Iterable[Fen]) -> list[Fen]:
    """Return the balance after each change.

    >>> running(100, [50, -120, 5])
    [150, 30, 35]
    """
    balances, balance = [], opening_fen
    for change in changes:
        balance += change
        balances.append(balance)
    return balances
