"""An outlet's month, worked out: what each collection earns, and what the month earns besides.

Every version works on the days it rules alone. Thresholds of tiers, growth and conditions are not prorated; a subsidy
and the bounds of a month are, by days ruled of days in the month, rounded once. The order in which facts are given
changes nothing: they are worked in the order of day and id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from agentnet.commission.engine.amounts import part_settled
from agentnet.commission.engine.compiling import Compiled, Part, Route, compile_version
from agentnet.commission.engine.inputs import Fact, OutletInputs, Span
from agentnet.commission.engine.language import Basis, Component, Kind, Measure, Version
from agentnet.commission.engine.monthly import MonthInputs, monthly_fen
from agentnet.commission.engine.reasons import Reason
from agentnet.core.money import Fen

_CANONICAL = itemgetter(1, 0)
NO_PARTS: tuple[Part, ...] = ()


class Line(NamedTuple):
    """What one collection earns: in all, and by component of the span's version; ``span`` is -1 if no version ruled."""

    id: Any
    span: int
    total_fen: Fen
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class MonthlyLine:
    """What a component earns (or, by the bounds of a month, changes) once a month, with all it depends on."""

    span: int
    component: int
    fen: Fen
    reason: Reason | None
    inputs: MonthInputs


@dataclass(frozen=True, slots=True)
class Worked:
    """An outlet's month: lines in the order of day and id, monthly lines in the order of span and component."""

    lines: tuple[Line, ...]
    monthly: tuple[MonthlyLine, ...]
    reason: Reason | None = None
    """Why the whole is empty, if it is."""

    @property
    def total_fen(self) -> Fen:
        """What the month earns in all."""
        return sum(line.total_fen for line in self.lines) + sum(line.fen for line in self.monthly)

    def by_component(self) -> dict[tuple[int, int], Fen]:
        """Return what each component of each span earns: ``{(span, component): fen}``."""
        sums: dict[tuple[int, int], Fen] = {}
        for line in self.lines:
            span = line.span
            for index, fen in line.parts:
                sums[span, index] = sums.get((span, index), 0) + fen
        for monthly in self.monthly:
            key = (monthly.span, monthly.component)
            sums[key] = sums.get(key, 0) + monthly.fen
        return sums


def month_of(ruling: Version | Sequence[Span], outlet: OutletInputs, facts: Iterable[Fact]) -> Worked:
    """Work out an outlet's month.

    ``ruling`` is the version of the whole month, or the spans of days that versions rule.

    Raises:
        ValueError: if an amount is negative, or what is settled does not lie within it.
    """
    if isinstance(ruling, Version):
        ruling = (Span(ruling, min(outlet.month.starts_on, date.min), outlet.month.ends_on),)
    ordered = sorted(facts, key=_CANONICAL)
    lines: list[Line] = []
    monthly: list[MonthlyLine] = []
    at = 0
    for number, span in sorted(enumerate(ruling), key=lambda one: one[1].starts_on):
        at = _leave_out(ordered, at, span.starts_on, lines)
        end = at
        while end < len(ordered) and ordered[end][1] < span.ends_on:
            end += 1
        work = _SpanWork(number, span, outlet, compile_version(span.version, outlet.profile))
        work.take(ordered[at:end], lines)
        monthly += work.month_lines()
        at = end
    _leave_out(ordered, at, date.max, lines)
    monthly.sort(key=lambda line: (line.span, line.component))
    return Worked(tuple(lines), tuple(monthly), _why_empty(ruling, ordered, lines, monthly))


def _leave_out(ordered: Sequence[Fact], at: int, until: date, lines: list[Line]) -> int:
    """Give facts of days that no version rules an empty line; return where the first ruled one stands."""
    while at < len(ordered) and ordered[at][1] < until:
        lines.append(Line(ordered[at][0], -1, 0, NO_PARTS))
        at += 1
    return at


def _why_empty(
    ruling: Sequence[Span], ordered: Sequence[Fact], lines: Sequence[Line], monthly: Sequence[MonthlyLine]
) -> Reason | None:
    if any(line.total_fen for line in lines) or any(line.fen for line in monthly):
        return None
    if not ruling:
        return Reason.NO_VERSION
    if not ordered:
        return Reason.NOTHING_COLLECTED
    settled = [span.version.basis is Basis.SETTLED for span in ruling]
    if all(settled) and all(fact.settled_from_fen == fact.settled_to_fen for fact in ordered):
        return Reason.NOTHING_SETTLED
    if all(line.span < 0 for line in lines):
        return Reason.NO_VERSION
    return None if any(line.parts for line in lines) or monthly else Reason.NOT_COVERED


class _SpanWork:
    """One span of one outlet's month while it is worked."""

    def __init__(self, number: int, span: Span, outlet: OutletInputs, compiled: Compiled) -> None:
        self.number = number
        self.span = span
        self.outlet = outlet
        self.compiled = compiled
        self.volumes: dict[str, Fen] = {}
        self.counts: dict[str, int] = {}
        self.lines_fen: dict[int, Fen] = {}

    def take(self, facts: Sequence[Fact], lines: list[Line]) -> None:
        """Work every collection of the span."""
        first = len(lines)
        if self.span.version.basis is Basis.SETTLED:
            self._take_settled(facts, lines)
        elif self.compiled.joins:
            self._take_joined(facts, lines)
        else:
            self._take_plain(facts, lines)
        bounded = {index for index in self.compiled.monthly if self._component(index).bounds_month}
        if bounded:
            for line in lines[first:]:
                for index, fen in line.parts:
                    if index in bounded:
                        self.lines_fen[index] = self.lines_fen.get(index, 0) + fen

    def _component(self, index: int) -> Component:
        return self.span.version.components[index]

    def _take_plain(self, facts: Sequence[Fact], lines: list[Line]) -> None:
        tenders: dict[str, list[Any]] = {}
        append, new, number = lines.append, _line, self.number
        for id_, _day, tender, _household, amount, _from, _to in facts:
            if amount <= 0:
                append(_empty(id_, number, amount))
                continue
            sums = tenders.get(tender)
            if sums is None:
                sums = tenders[tender] = [self.compiled.route(tender).earned, 0, 0]
            sums[1] += amount
            sums[2] += 1
            total, parts = sums[0](amount)
            append(new((id_, number, total, parts)))
        self.volumes = {tender: sums[1] for tender, sums in tenders.items()}
        self.counts = {tender: sums[2] for tender, sums in tenders.items()}

    def _take_joined(self, facts: Sequence[Fact], lines: list[Line]) -> None:
        before: dict[tuple[int, Any], tuple[Fen, Fen]] = {}
        for id_, _day, tender, household, amount, _from, _to in facts:
            if amount <= 0:
                lines.append(_empty(id_, self.number, amount))
                continue
            self.volumes[tender] = self.volumes.get(tender, 0) + amount
            self.counts[tender] = self.counts.get(tender, 0) + 1
            total, parts = _with_household(self.compiled.route(tender), household, amount, before)
            lines.append(Line(id_, self.number, total, parts))

    def _take_settled(self, facts: Sequence[Fact], lines: list[Line]) -> None:
        before: dict[tuple[int, Any], tuple[Fen, Fen]] = {}
        for id_, _day, tender, household, amount, settled_from, settled_to in facts:
            if not 0 <= settled_from <= settled_to <= amount:
                raise ValueError(f"{id_}: {settled_from}..{settled_to} is no part of {amount}")
            if settled_from == settled_to:
                lines.append(Line(id_, self.number, 0, NO_PARTS))
                continue
            self.volumes[tender] = self.volumes.get(tender, 0) + settled_to - settled_from
            self.counts[tender] = self.counts.get(tender, 0) + (settled_to == amount)
            total, parts = _with_household(self.compiled.route(tender), household, amount, before)
            if settled_to - settled_from < amount:
                parts = tuple((index, part_settled(fen, settled_from, settled_to, amount)) for index, fen in parts)
                total = sum(fen for _, fen in parts)
            lines.append(Line(id_, self.number, total, parts))

    def month_lines(self) -> list[MonthlyLine]:
        """Return what the span's components earn by the month."""
        found = []
        for index in self.compiled.monthly:
            component = self._component(index)
            inputs = self._inputs(index, component)
            fen, reason = monthly_fen(component, inputs)
            found.append(MonthlyLine(self.number, index, fen, reason, inputs))
        return found

    def _inputs(self, index: int, component: Component) -> MonthInputs:
        month, span = self.outlet.month, self.span
        starts_on, ends_on = max(span.starts_on, month.starts_on), min(span.ends_on, month.ends_on)
        ruled = max(0, (ends_on - starts_on).days)
        common = {"ruled_days": ruled, "month_days": month.days}
        match component.kind:
            case Kind.TIERED | Kind.GROWTH:
                sums = self.volumes if component.measure is Measure.VOLUME else self.counts
                measured = sum(fen for tender, fen in sums.items() if index in self.compiled.route(tender).indexes)
                last = self._last_year(index, component) if component.kind is Kind.GROWTH else 0
                return MonthInputs(measured=measured, last_year=last, **common)
            case Kind.SUBSIDY:
                # Counted only where a condition asks for them: what is stored is what the figure depends on.
                asks_days, asks_visits = component.minimum_open_days, component.minimum_visits
                return MonthInputs(
                    open_days=_within(self.outlet.open_days, starts_on, ends_on) if asks_days else 0,
                    visits=_within(self.outlet.visits_passed, starts_on, ends_on) if asks_visits else 0,
                    **common,
                )
            case Kind.MANDATE_BONUS:
                return MonthInputs(measured=_within(self.outlet.mandates, starts_on, ends_on), **common)
            case Kind.PER_COLLECTION | Kind.BANDED:
                return MonthInputs(measured=self.lines_fen.get(index, 0), **common)

    def _last_year(self, index: int, component: Component) -> int:
        """Return last year's figure of the same day numbers; the span that ends the month reaches its last day."""
        month = self.outlet.month
        first = max(self.span.starts_on, month.starts_on).day
        to_the_end = self.span.ends_on >= month.ends_on
        last = 31 if to_the_end else (self.span.ends_on - timedelta(days=1)).day
        if self.span.ends_on <= month.starts_on:
            return 0
        by_volume = component.measure is Measure.VOLUME
        return sum(
            one.volume_fen if by_volume else one.number
            for one in self.outlet.last_year or ()
            if one.day.year == month.year - 1
            and one.day.month == month.month
            and first <= one.day.day <= last
            and index in self.compiled.route(one.tender).indexes
        )


_line: Callable[[tuple[Any, ...]], Line] = partial(tuple.__new__, Line)
"""A million of them are made in a large month: no function of ours in between."""


def _empty(id_: Any, number: int, amount: Fen) -> Line:
    if amount < 0:
        raise ValueError(f"{id_}: a collection of {amount} fen")
    return Line(id_, number, 0, NO_PARTS)


def _with_household(
    route: Route, household: Any, amount: Fen, before: dict[tuple[int, Any], tuple[Fen, Fen]]
) -> tuple[Fen, tuple[Part, ...]]:
    """Return a collection's parts, those that look at the household's earlier ones of the month included.

    ``before`` keeps, by component and household, the sum so far (of amounts, or of what they earned alone) and what
    was paid on it: each collection gets what the sum with it earns more than the sum without.
    """
    total, parts = route.earned(amount)
    if not route.joined:
        return total, parts
    added = []
    for index, component, pay in route.joined:
        key = (index, household)
        so_far, paid = before.get(key, (0, 0))
        if component.per_household:
            so_far += amount
            reached = pay(so_far)
        else:
            so_far += pay(amount)
            reached = so_far
        cap = component.household_month_cap_fen
        if cap is not None and reached > cap:
            reached = cap
        before[key] = (so_far, reached)
        added.append((index, reached - paid))
        total += reached - paid
    return total, tuple(sorted([*parts, *added])) if parts or len(added) > 1 else tuple(added)


def _within(days: Iterable[date], starts_on: date, ends_on: date) -> int:
    return sum(starts_on <= day < ends_on for day in days)
