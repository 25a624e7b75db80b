"""The working of every figure, from the version and what was stored with the figure alone, so that it stays the same.

A working holds the inputs, the component, the band or tier, the formula with the numbers put in, what was rounded from
which exact fraction, and, for what is empty or odd, why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agentnet.commission.engine import spelling
from agentnet.commission.engine.amounts import Exact, band_at, part_settled, pay_of
from agentnet.commission.engine.compiling import compile_version
from agentnet.commission.engine.inputs import Fact, OutletInputs, Span
from agentnet.commission.engine.language import PAYS_COLLECTIONS, Basis, Component, Kind, Version
from agentnet.commission.engine.reasons import Reason
from agentnet.commission.engine.spelling import Input
from agentnet.core.money import Fen, format_yuan


@dataclass(frozen=True, slots=True)
class Working:
    """How one figure came about. ``inputs`` and ``formula`` need no translation; their words are ``INPUT_WORDS``.

    ``exact`` is the fraction of a fen that was rounded (over, under), None where nothing was.
    """

    span: int
    component: int
    name: str
    kind: Kind
    inputs: tuple[tuple[Input, str], ...]
    part: str
    formula: tuple[str, ...]
    exact: Exact | None
    fen: Fen
    reason: Reason | None

    def content(self) -> dict[str, object]:
        """Return the working as plain values for JSON and for storing."""
        return {
            "component": self.component,
            "name": self.name,
            "kind": self.kind.value,
            "inputs": {code.value: value for code, value in self.inputs},
            "part": self.part,
            "formula": list(self.formula),
            "rounded_from": None if self.exact is None else f"{self.exact.over}/{self.exact.under}",
            "fen": self.fen,
            "reason": None if self.reason is None else self.reason.value,
        }


@dataclass(frozen=True, slots=True)
class Explained:
    """A collection's workings, one for each component that pays it; without any, ``reason`` says why."""

    workings: tuple[Working, ...]
    reason: Reason | None

    @property
    def total_fen(self) -> Fen:
        """What the collection earns."""
        return sum(working.fen for working in self.workings)


def explain_collection(
    ruling: Version | Sequence[Span], outlet: OutletInputs, facts: Iterable[Fact], of: Any
) -> Explained:
    """Explain what one collection of a month earns.

    Raises:
        LookupError: if the month has no such collection.
    """
    ordered = sorted(facts, key=lambda fact: (fact.day, fact.id))
    fact = next((one for one in ordered if one.id == of), None)
    if fact is None:
        raise LookupError(of)
    spans = [Span(ruling, fact.day, fact.day)] if isinstance(ruling, Version) else list(ruling)
    whole = isinstance(ruling, Version)
    number = next((at for at, one in enumerate(spans) if whole or one.starts_on <= fact.day < one.ends_on), None)
    if number is None:
        return Explained((), Reason.NO_VERSION)
    span = spans[number]
    if fact.amount_fen == 0:
        return Explained((), Reason.NOTHING_COLLECTED)
    settles = span.version.basis is Basis.SETTLED
    if settles and fact.settled_from_fen == fact.settled_to_fen:
        return Explained((), Reason.NOTHING_SETTLED)
    mates = [
        one
        for one in ordered[: ordered.index(fact)]
        if one.household == fact.household
        and one.amount_fen
        and (whole or span.starts_on <= one.day < span.ends_on)
        and (not settles or one.settled_from_fen != one.settled_to_fen)
    ]
    workings = []

    def looking(one: Fact) -> frozenset[int]:
        return compile_version(span.version, outlet.profile_on(one.day)).route(one.tender).indexes

    for index in sorted(looking(fact)):
        component = span.version.components[index]
        if component.kind not in PAYS_COLLECTIONS:
            continue
        earlier = [one.amount_fen for one in mates if index in looking(one)]
        workings.append(explain_line(span.version, number, index, fact, earlier))
    return Explained(tuple(workings), None if workings else Reason.NOT_COVERED)


def explain_line(version: Version, span: int, index: int, fact: Fact, earlier: Sequence[Fen] = ()) -> Working:
    """Explain what a component pays for a collection.

    ``earlier`` are the amounts (fen) of the household's earlier collections that the component joins it with.
    """
    component = version.components[index]
    inputs = [(Input.AMOUNT, format_yuan(fact.amount_fen))]
    if component.joins_household:
        part, formula, exact, fen, reason = _joined(component, fact.amount_fen, earlier)
        inputs.append((Input.HOUSEHOLD_BEFORE, " + ".join(map(format_yuan, earlier)) or format_yuan(0)))
    else:
        part, formula, exact, fen, reason = _alone(component, fact.amount_fen)
    if version.basis is Basis.SETTLED:
        inputs.append((Input.SETTLED_BEFORE, format_yuan(fact.settled_from_fen)))
        inputs.append((Input.SETTLED_NOW, format_yuan(fact.settled_to_fen)))
        if fact.settled_to_fen - fact.settled_from_fen != fact.amount_fen:
            settled = _settled(fen, fact)
            formula, exact, fen = (*formula, *settled[0]), settled[1], settled[2]
    return Working(span, index, component.name, component.kind, tuple(inputs), part, tuple(formula), exact, fen, reason)


_Found = tuple[str, tuple[str, ...], Exact | None, Fen, Reason | None]


def _alone(component: Component, amount: Fen) -> _Found:
    """Return part, formula, what was rounded, fen and reason of an amount by itself."""
    if component.kind is Kind.BANDED:
        band = component.bands[band_at(component, amount)]
        fee, ppm = band.fee_fen, band.rate_ppm
        end = None if band.to_fen is None else format_yuan(band.to_fen)
        part = f"{spelling.span(format_yuan(band.from_fen), end)} {spelling.fee_and_rate(fee, ppm)}"
    else:
        fee, ppm = component.fee_fen, component.rate_ppm
        part = ""
    exact = spelling.times_rate(amount, ppm)
    earned = fee + exact.fen
    formula = []
    if ppm:
        formula.append(f"{format_yuan(amount)} × {spelling.rate(ppm)} = {spelling.rounding(exact)}")
        if fee:
            formula.append(f"{format_yuan(fee)} + {format_yuan(exact.fen)} = {format_yuan(earned)}")
    else:
        formula.append(format_yuan(fee))
    reason = None if earned else Reason.ROUNDED_AWAY if exact.over else Reason.RATE_ZERO
    if component.minimum_fen is not None and earned < component.minimum_fen:
        formula.append(f"max({format_yuan(earned)}, {format_yuan(component.minimum_fen)})")
        earned, reason = component.minimum_fen, Reason.BELOW_MINIMUM
    if component.maximum_fen is not None and earned > component.maximum_fen:
        formula.append(f"min({format_yuan(earned)}, {format_yuan(component.maximum_fen)})")
        earned, reason = component.maximum_fen, Reason.CAPPED
    was_rounded = exact if exact.over % exact.under else None
    return part, tuple(formula), was_rounded, earned, reason


def _joined(component: Component, amount: Fen, earlier: Sequence[Fen]) -> _Found:
    """Return what a collection adds to what its household earned before: with it less without it."""
    pay, cap = pay_of(component), component.household_month_cap_fen
    if component.per_household:
        before = sum(earlier)
        part, formula, exact, reached, reason = _alone(component, before + amount)
        paid = pay(before) if before else 0
        if before:
            lines = [f"{' + '.join(map(format_yuan, [*earlier, amount]))} = {format_yuan(before + amount)}", *formula]
        else:
            lines = list(formula)
    else:
        part, formula, exact, alone, reason = _alone(component, amount)
        paid = sum(pay(one) for one in earlier)
        reached = paid + alone
        lines = list(formula)
        if earlier:
            lines.append(f"{format_yuan(paid)} + {format_yuan(alone)} = {format_yuan(reached)}")
    capped = cap is not None and reached > cap
    if cap is not None and capped:
        lines.append(f"min({format_yuan(reached)}, {format_yuan(cap)})")
        reached = cap
    if cap is not None:
        paid = min(paid, cap)
    if earlier:
        lines.append(f"{format_yuan(reached)} − {format_yuan(paid)} = {format_yuan(reached - paid)}")
    if capped:
        reason = Reason.HOUSEHOLD_CAPPED
    elif component.per_household and earlier:
        reason = Reason.HOUSEHOLD_JOINED
    return part, tuple(lines), exact, reached - paid, reason


def _settled(fen: Fen, fact: Fact) -> tuple[tuple[str, ...], Exact | None, Fen]:
    """Return the lines, the fraction and the part of a collection's pay for what became settled."""
    amount = fact.amount_fen
    reached, before = Exact(fen * fact.settled_to_fen, amount), Exact(fen * fact.settled_from_fen, amount)
    part = part_settled(fen, fact.settled_from_fen, fact.settled_to_fen, amount)
    whole = f"÷ {format_yuan(amount)}"
    lines = [f"{format_yuan(fen)} × {format_yuan(fact.settled_to_fen)} {whole} = {spelling.rounding(reached)}"]
    if fact.settled_from_fen:
        lines.append(f"{format_yuan(fen)} × {format_yuan(fact.settled_from_fen)} {whole} = {spelling.rounding(before)}")
        lines.append(f"{format_yuan(reached.fen)} − {format_yuan(before.fen)} = {format_yuan(part)}")
    return tuple(lines), reached if reached.over % amount else None, part
