"""An outlet's month, worked out: what each collection earns, and what the month earns besides.

Every version works on the days it rules alone. Thresholds of tiers, growth and conditions are not prorated; a subsidy
and the bounds of a month are, by days ruled of days in the month, rounded once. The order in which facts are given
changes nothing: they are worked in the order of day and id. Where an outlet is in a campaign on some days of a span,
what applies is chosen day by day, and sums go on over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from agentnet.commission.engine.amounts import part_settled
from agentnet.commission.engine.compiling import Compiled, Part, Route, compile_version
from agentnet.commission.engine.inputs import Fact, OutletInputs, Span
from agentnet.commission.engine.language import Basis, Component, Kind, Measure, Version
from agentnet.commission.engine.monthly import MonthInputs, monthly_fen, reason_on
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
        work = _SpanWork(number, span, outlet)
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


@dataclass(slots=True)
class _Stretch:
    """Days of a span on which the outlet is in the same campaigns, and what was taken on them by tender."""

    starts_on: date
    ends_on: date
    compiled: Compiled
    volumes: dict[str, Fen] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def measured(self, index: int, by_volume: bool) -> int:
        """Return the volume or number of what a component looks at."""
        sums = self.volumes if by_volume else self.counts
        return sum(fen for tender, fen in sums.items() if index in self.compiled.route(tender).indexes)


class _SpanWork:
    """One span of one outlet's month while it is worked."""

    def __init__(self, number: int, span: Span, outlet: OutletInputs) -> None:
        self.number = number
        self.span = span
        self.outlet = outlet
        self.stretches = [
            _Stretch(starts_on, ends_on, compile_version(span.version, outlet.profile_on(starts_on)))
            for starts_on, ends_on in outlet.cut(span.starts_on, span.ends_on)
        ]
        self.monthly = sorted({index for one in self.stretches for index in one.compiled.monthly})
        self.lines_fen: dict[int, Fen] = {}

    def take(self, facts: Sequence[Fact], lines: list[Line]) -> None:
        """Work every collection of the span."""
        first, at = len(lines), 0
        joins = any(one.compiled.joins for one in self.stretches)
        before: dict[tuple[int, Any], tuple[Fen, Fen]] = {}
        for stretch in self.stretches:
            end = len(facts)
            if stretch is not self.stretches[-1]:
                end = at
                while end < len(facts) and facts[end][1] < stretch.ends_on:
                    end += 1
            some = facts[at:end] if len(self.stretches) > 1 else facts
            if self.span.version.basis is Basis.SETTLED:
                self._take_settled(stretch, some, lines, before)
            elif joins:
                self._take_joined(stretch, some, lines, before)
            else:
                self._take_plain(stretch, some, lines)
            at = end
        bounded = {index for index in self.monthly if self._component(index).bounds_month}
        if bounded:
            for line in lines[first:]:
                for index, fen in line.parts:
                    if index in bounded:
                        self.lines_fen[index] = self.lines_fen.get(index, 0) + fen

    def _component(self, index: int) -> Component:
        return self.span.version.components[index]

    def _take_plain(self, stretch: _Stretch, facts: Sequence[Fact], lines: list[Line]) -> None:
        tenders: dict[str, list[Any]] = {}
        append, new, number = lines.append, _line, self.number
        for id_, _day, tender, _household, amount, _from, _to in facts:
            if amount <= 0:
                append(_empty(id_, number, amount))
                continue
            sums = tenders.get(tender)
            if sums is None:
                sums = tenders[tender] = [stretch.compiled.route(tender).earned, 0, 0]
            sums[1] += amount
            sums[2] += 1
            total, parts = sums[0](amount)
            append(new((id_, number, total, parts)))
        stretch.volumes = {tender: sums[1] for tender, sums in tenders.items()}
        stretch.counts = {tender: sums[2] for tender, sums in tenders.items()}

    def _take_joined(
        self,
        stretch: _Stretch,
        facts: Sequence[Fact],
        lines: list[Line],
        before: dict[tuple[int, Any], tuple[Fen, Fen]],
    ) -> None:
        volumes, counts = stretch.volumes, stretch.counts
        for id_, _day, tender, household, amount, _from, _to in facts:
            if amount <= 0:
                lines.append(_empty(id_, self.number, amount))
                continue
            volumes[tender] = volumes.get(tender, 0) + amount
            counts[tender] = counts.get(tender, 0) + 1
            total, parts = _with_household(stretch.compiled.route(tender), household, amount, before)
            lines.append(Line(id_, self.number, total, parts))

    def _take_settled(
        self,
        stretch: _Stretch,
        facts: Sequence[Fact],
        lines: list[Line],
        before: dict[tuple[int, Any], tuple[Fen, Fen]],
    ) -> None:
        volumes, counts = stretch.volumes, stretch.counts
        for id_, _day, tender, household, amount, settled_from, settled_to in facts:
            if not (0 <= settled_from <= amount and 0 <= settled_to <= amount):
                raise ValueError(f"{id_}: {settled_from}..{settled_to} is no part of {amount}")
            if settled_from == settled_to:
                lines.append(Line(id_, self.number, 0, NO_PARTS))
                continue
            volumes[tender] = volumes.get(tender, 0) + settled_to - settled_from
            counts[tender] = counts.get(tender, 0) + (settled_to == amount) - (settled_from == amount)
            total, parts = _with_household(stretch.compiled.route(tender), household, amount, before)
            if settled_to - settled_from != amount:
                parts = tuple((index, part_settled(fen, settled_from, settled_to, amount)) for index, fen in parts)
                total = sum(fen for _, fen in parts)
            lines.append(Line(id_, self.number, total, parts))

    def month_lines(self) -> list[MonthlyLine]:
        """Return what the span's components earn by the month."""
        found = []
        for index in self.monthly:
            component = self._component(index)
            inputs = self._inputs(index, component)
            if not inputs.ruled_days and not (component.kind is Kind.TIERED and inputs.measured):
                continue  # days before the month alone: only what became settled of them can earn anything
            fen, reason = monthly_fen(component, inputs)
            reason = reason_on(self.span.version.basis, reason)
            found.append(MonthlyLine(self.number, index, fen, reason, inputs))
        return found

    def _inputs(self, index: int, component: Component) -> MonthInputs:
        live = self._live(index)
        common = {"ruled_days": sum((end - start).days for start, end in live), "month_days": self.outlet.month.days}
        match component.kind:
            case Kind.TIERED | Kind.GROWTH:
                by_volume = component.measure is Measure.VOLUME
                measured = sum(one.measured(index, by_volume) for one in self.stretches)
                last = self._last_year(index, component, live) if component.kind is Kind.GROWTH else 0
                return MonthInputs(measured=measured, last_year=last, **common)
            case Kind.SUBSIDY:
                # Counted only where a condition asks for them: what is stored is what the figure depends on.
                asks_days, asks_visits = component.minimum_open_days, component.minimum_visits
                return MonthInputs(
                    open_days=_within(self.outlet.open_days, live) if asks_days else 0,
                    visits=_within(self.outlet.visits_passed, live) if asks_visits else 0,
                    **common,
                )
            case Kind.MANDATE_BONUS:
                return MonthInputs(measured=_within(self.outlet.mandates, live), **common)
            case Kind.PER_COLLECTION | Kind.BANDED:
                return MonthInputs(measured=self.lines_fen.get(index, 0), **common)

    def _live(self, index: int) -> list[tuple[date, date]]:
        """Return the days of the month on which a component may apply."""
        month = self.outlet.month
        days = [
            (max(one.starts_on, month.starts_on), min(one.ends_on, month.ends_on))
            for one in self.stretches
            if index in one.compiled.monthly
        ]
        return [(start, end) for start, end in days if start < end]

    def _last_year(self, index: int, component: Component, live: Sequence[tuple[date, date]]) -> int:
        """Return last year's figure of the same day numbers; days that end the month reach its last day."""
        month, by_volume = self.outlet.month, component.measure is Measure.VOLUME
        total = 0
        for start, end in live:
            last = 31 if end >= month.ends_on else (end - timedelta(days=1)).day
            stretch = next(one for one in self.stretches if one.starts_on <= start < one.ends_on)
            total += sum(
                one.volume_fen if by_volume else one.number
                for one in self.outlet.last_year or ()
                if one.day.year == month.year - 1
                and one.day.month == month.month
                and start.day <= one.day.day <= last
                and index in stretch.compiled.route(one.tender).indexes
            )
        return total


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


def _within(days: Iterable[date], live: Sequence[tuple[date, date]]) -> int:
    return sum(any(starts_on <= day < ends_on for starts_on, ends_on in live) for day in days)
