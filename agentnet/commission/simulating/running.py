"""A plan over collections: each outlet's months by the engine, what is reversed later taken back in its own month.

Nothing is kept but the outlet at hand. The file knows no opening days, visits and mandates: conditions of a subsidy
count as met, bonuses for mandates as none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from agentnet.commission.engine.differing import Difference, difference
from agentnet.commission.engine.evaluating import Worked, month_of
from agentnet.commission.engine.inputs import DaySum, Fact, OutletInputs, Profile, Span, spans_of
from agentnet.commission.engine.language import Basis, Kind, Plan, Version
from agentnet.commission.simulating.collections_file import ROW, OutletRows, month_number
from agentnet.core.clock import Month
from agentnet.core.errors import Invalid
from agentnet.core.money import Fen

Ruling = Version | Sequence[Span]


@dataclass(frozen=True, slots=True)
class Clawback:
    """What is taken back in a month of an earlier one, what ruled that, and the rows whose reversal it follows."""

    of_month: Month
    ruling: Ruling
    rows: tuple[int, ...]
    difference: Difference


@dataclass(frozen=True, slots=True)
class OutletMonth:
    """An outlet's month under a plan; ``worked`` is None where there are only clawbacks."""

    outlet_code: str
    month: Month
    ruling: Ruling
    facts: Sequence[Fact]
    worked: Worked | None
    clawbacks: tuple[Clawback, ...]

    @property
    def clawback_fen(self) -> Fen:
        """What is taken back, in fen and not above zero unless a plan pays less for more."""
        return sum(clawback.difference.total_fen for clawback in self.clawbacks)

    @property
    def total_fen(self) -> Fen:
        """What the month costs."""
        return (self.worked.total_fen if self.worked else 0) + self.clawback_fen


def version_at(ruling: Ruling, span: int) -> Version:
    """Return the version of a span of a ruling."""
    return ruling if isinstance(ruling, Version) else ruling[span].version


class Ruler:
    """A plan as it rules the months of a file: each day by its version, or all by the one in force in a month.

    Raises:
        Invalid: ``as_of_too_early`` if no version is in force by the end of that month.
    """

    def __init__(self, plan: Plan, as_of: Month | None = None) -> None:
        self.plan = plan
        self.fixed: Version | None = None
        versions = plan.versions
        if as_of is not None:
            started = [version for version in versions if version.starts_on < as_of.ends_on]
            if not started:
                first = min(version.starts_on for version in versions)
                raise Invalid(
                    "as_of_too_early",
                    "到 %(month)s 为止方案还没有生效的版本；第一个版本从 %(day)s 起",
                    field="as_of",
                    month=str(as_of),
                    day=first.isoformat(),
                )
            last = max(version.starts_on for version in started)
            self.fixed = [version for version in started if version.starts_on == last][-1]
            versions = (self.fixed,)
        self.versions = versions
        self.basis = versions[-1].basis
        components = [component for version in versions for component in version.components]
        self.grows = any(component.kind is Kind.GROWTH for component in components)
        self.pays_empty_months = any(
            component.kind is Kind.SUBSIDY or component.month_minimum_fen for component in components
        )
        if any(version.basis is not self.basis for version in versions):
            raise Invalid(
                "basis_mixed", "方案的各个版本一部分按入账、一部分按结清计酬，请用 --as-of 指定按哪个月的版本试算"
            )
        self._ruling: dict[int, Ruling] = {}
        self._days: dict[int, tuple[date, ...]] = {}
        self._months: dict[int, Month] = {}

    def month(self, number: int) -> Month:
        """Return the month of a number, each made once."""
        found = self._months.get(number)
        if found is None:
            found = self._months[number] = month_at(number)
        return found

    def days_of(self, number: int) -> tuple[date, ...]:
        """Return every day of a month: on all of them an outlet counts as open and visited."""
        found = self._days.get(number)
        if found is None:
            month = self.month(number)
            found = self._days[number] = tuple(month.starts_on + timedelta(at) for at in range(month.days))
        return found

    def of(self, number: int, month: Month, first: date) -> Ruling:
        """Return what rules a month; ``first`` is its earliest collection (settled late, it lies before)."""
        if self.fixed is not None:
            return self.fixed
        if first < month.starts_on:
            return spans_of(self.versions, month, since=first)
        found = self._ruling.get(number)
        if found is None:
            found = self._ruling[number] = spans_of(self.versions, month)
        return found


@dataclass(slots=True)
class _Paid:
    """Rows that are paid in one month: the collection, its month of reversal (0: never), the day it counts on."""

    facts: list[Fact] = field(default_factory=list)
    reversed_in: list[int] = field(default_factory=list)
    days: list[date] = field(default_factory=list)

    def standing(self, after: int) -> list[Fact]:
        """Return what stands when a month is over."""
        if not any(self.reversed_in):
            return self.facts
        return [fact for fact, gone in zip(self.facts, self.reversed_in, strict=True) if not gone or gone > after]


def month_at(number: int) -> Month:
    """Return the month of a number that ``month_number`` gave.

    >>> str(month_at(month_number(date(2026, 12, 31))))
    '2026-12'
    """
    return Month((number - 1) // 12, (number - 1) % 12 + 1)


class Days:
    """Days by their ordinal, each made once."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[date, int]] = {}

    def of(self, ordinal: int) -> tuple[date, int]:
        """Return the day and its month's number."""
        found = self.known.get(ordinal)
        if found is None:
            day = date.fromordinal(ordinal)
            found = self.known[ordinal] = (day, month_number(day))
        return found


def outlet_months(code: str, rows: OutletRows, tenders: Sequence[str], ruler: Ruler, days: Days) -> list[OutletMonth]:
    """Return an outlet's months in order; one in which nothing happened and nothing is due is left out."""
    paid = _paid(rows, tenders, ruler.basis, days)
    if not paid:
        return []
    numbers = sorted(paid)
    if ruler.pays_empty_months:
        numbers = list(range(numbers[0], numbers[-1] + 1))
    worked: dict[int, tuple[Ruling, list[Fact], Worked]] = {}
    taken_back: dict[int, list[Clawback]] = {}
    for number in numbers:
        month, of_month = ruler.month(number), paid.get(number, _Paid())
        all_days = ruler.days_of(number) if ruler.pays_empty_months else ()
        outlet = OutletInputs(
            month=month,
            profile=_profile(rows, number),
            last_year=_last_year(paid.get(number - 12), number) if ruler.grows else None,
            open_days=frozenset(all_days),
            visits_passed=all_days,
        )
        first = month.starts_on
        if ruler.basis is Basis.SETTLED:
            first = min((fact.day for fact in of_month.facts), default=first)
        ruling = ruler.of(number, month, first)
        facts = of_month.standing(number)
        before = month_of(ruling, outlet, facts)
        worked[number] = (ruling, facts, before)
        for later in sorted({gone for gone in of_month.reversed_in if gone > number}):
            after = month_of(ruling, outlet, of_month.standing(later))
            gone = tuple(fact.id for fact, at in zip(of_month.facts, of_month.reversed_in, strict=True) if at == later)
            taken_back.setdefault(later, []).append(Clawback(month, ruling, gone, difference(before, after)))
            before = after
    found = []
    for number in sorted({*worked, *taken_back}):
        ruling, facts, month_worked = worked.get(number, ((), [], None))
        clawbacks = tuple(taken_back.get(number, ()))
        one = OutletMonth(code, month_at(number), ruling, facts, month_worked, clawbacks)
        if number in paid or clawbacks or one.total_fen:
            found.append(one)
    return found


def _paid(rows: OutletRows, tenders: Sequence[str], basis: Basis, days: Days) -> dict[int, _Paid]:
    paid: dict[int, _Paid] = {}
    settles = basis is Basis.SETTLED
    new: Any = Fact._make
    for number, kept in rows.months.items():
        bucket = paid.get(number)
        if bucket is None and not settles:
            bucket = paid[number] = _Paid()
        for row, day, tender, household, amount, settled, undone in ROW.iter_unpack(kept):
            on = days.of(day)[0]
            counted = on
            if settles:
                if not settled:
                    continue
                counted, month = days.of(settled)
                bucket = paid.setdefault(month, _Paid())
            assert bucket is not None
            bucket.facts.append(new((row, on, tenders[tender], household, amount, 0, amount)))
            bucket.reversed_in.append(days.of(undone)[1] if undone else 0)
            bucket.days.append(counted)
    return paid


def _profile(rows: OutletRows, number: int) -> Profile:
    """Return what an outlet was in a month, else in the last month before it that says so, else in its first."""
    known = rows.profiles
    if number in known or not known:
        return known.get(number, _PLAIN)
    return known[max((month for month in known if month < number), default=min(known))]


_PLAIN = Profile()


def _last_year(paid: _Paid | None, number: int) -> list[DaySum] | None:
    """Return last year's sums as they were known when this year's month was over."""
    if paid is None:
        return None
    sums: dict[tuple[date, str], list[int]] = {}
    for fact, gone, day in zip(paid.facts, paid.reversed_in, paid.days, strict=True):
        if not gone or gone > number:
            at = sums.setdefault((day, fact.tender), [0, 0])
            at[0] += fact.amount_fen
            at[1] += 1
    return [DaySum(day, tender, volume, count) for (day, tender), (volume, count) in sums.items()]
