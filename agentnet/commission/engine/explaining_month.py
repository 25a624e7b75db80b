"""The working of what is earned once a month, from the version and the stored inputs of the monthly line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agentnet.commission.engine import spelling
from agentnet.commission.engine.amounts import Exact, growth, increments, step_at, tier_at, tiered
from agentnet.commission.engine.evaluating import Worked
from agentnet.commission.engine.explaining import Working
from agentnet.commission.engine.inputs import Span
from agentnet.commission.engine.language import PAYS_COLLECTIONS, Component, Kind, Measure, Mode, Step, Tier, Version
from agentnet.commission.engine.monthly import MonthInputs, monthly_fen, reason_on
from agentnet.commission.engine.reasons import Reason
from agentnet.commission.engine.spelling import Input
from agentnet.core.money import PPM, format_yuan

_Found = tuple[str, list[str], Exact | None]


def explain_month(ruling: Version | Sequence[Span], worked: Worked) -> tuple[Working, ...]:
    """Explain every monthly line of a worked month."""
    versions = [ruling] if isinstance(ruling, Version) else [span.version for span in ruling]
    return tuple(
        explain_monthly(versions[line.span], line.span, line.component, line.inputs) for line in worked.monthly
    )


def explain_monthly(version: Version, span: int, index: int, inputs: MonthInputs) -> Working:
    """Explain what a component of a version earns once a month."""
    found = explain_component(version.components[index], inputs, span, index)
    return replace(found, reason=reason_on(version.basis, found.reason))


def explain_component(component: Component, inputs: MonthInputs, span: int = 0, index: int = 0) -> Working:
    """Explain what a component earns once a month."""
    fen, reason = monthly_fen(component, inputs)
    part, formula, exact = _raw(component, inputs, reason)
    if reason is not Reason.CONDITION_MISSED and inputs.ruled_days:
        exact = _add_bounds(component, inputs, reason, formula, fen) or exact
    return Working(
        span,
        index,
        component.name,
        component.kind,
        _inputs(component, inputs),
        part,
        tuple(formula),
        exact,
        fen,
        reason,
    )


def _inputs(component: Component, inputs: MonthInputs) -> tuple[tuple[Input, str], ...]:
    found: list[tuple[Input, str]] = []
    match component.kind:
        case Kind.TIERED | Kind.GROWTH:
            code = Input.VOLUME if component.measure is Measure.VOLUME else Input.COUNT
            found.append((code, spelling.measured(component.measure, inputs.measured)))
            if component.kind is Kind.GROWTH:
                found.append((Input.LAST_YEAR, spelling.measured(component.measure, inputs.last_year)))
        case Kind.SUBSIDY:
            for code, have, need in (
                (Input.OPEN_DAYS, inputs.open_days, component.minimum_open_days),
                (Input.VISITS, inputs.visits, component.minimum_visits),
            ):
                if need:
                    found.append((code, f"{have} {'≥' if have >= need else '<'} {need}"))
        case Kind.MANDATE_BONUS:
            found.append((Input.MANDATES, str(inputs.measured)))
        case Kind.PER_COLLECTION | Kind.BANDED:
            found.append((Input.LINES, format_yuan(inputs.measured)))
    if component.kind is Kind.SUBSIDY or component.bounds_month:
        found.append((Input.DAYS, f"{inputs.ruled_days} ÷ {inputs.month_days}"))
    return tuple(found)


def _raw(component: Component, inputs: MonthInputs, reason: Reason | None) -> _Found:
    """Return the part, the formula's lines and the fraction rounded, before the bounds of the month."""
    match component.kind:
        case Kind.TIERED if inputs.measured:
            return _tiered(component, inputs.measured)
        case Kind.GROWTH if inputs.last_year > 0:
            return _growth(component, inputs.measured, inputs.last_year)
        case Kind.SUBSIDY if reason is not Reason.CONDITION_MISSED and inputs.ruled_days:
            return "", *_share_of_month(component.amount_fen, inputs)
        case Kind.MANDATE_BONUS if inputs.measured:
            total = component.amount_fen * inputs.measured
            return "", [f"{inputs.measured} × {format_yuan(component.amount_fen)} = {format_yuan(total)}"], None
        case _:
            return "", [], None


def _share_of_month(fen: int, inputs: MonthInputs) -> tuple[list[str], Exact | None]:
    if inputs.ruled_days == inputs.month_days:
        return [format_yuan(fen)], None
    exact = Exact(fen * inputs.ruled_days, inputs.month_days)
    line = f"{format_yuan(fen)} × {inputs.ruled_days} ÷ {inputs.month_days} = {spelling.rounding(exact)}"
    return [line], _if_rounded(exact)


def _tiered(component: Component, measured: int) -> _Found:
    by_volume = component.measure is Measure.VOLUME
    exact = tiered(component, measured)
    if measured < 0:  # more was taken back than settled: the same scale the other way
        part, lines, _exact = _tiered(component, -measured)
        return part, [*lines, f"− {spelling.decimal(-exact.over, exact.under)}"], _if_rounded(exact)
    at = tier_at(component, measured)
    part = _tier_words(component, component.tiers[at])
    if component.mode is Mode.WHOLE:
        price = _price(component.tiers[at].rate_ppm, component.tiers[at].fee_fen, by_volume)
        return part, [f"{_figure(component, measured)} × {price} = {spelling.rounding(exact)}"], _if_rounded(exact)
    lines, sums = [], []
    for tier in component.tiers[: at + 1]:
        inside = (measured if tier.to is None else min(measured, tier.to)) - tier.from_
        if inside <= 0:
            continue
        piece = Exact(inside * (tier.rate_ppm if by_volume else tier.fee_fen), exact.under)
        price = _price(tier.rate_ppm, tier.fee_fen, by_volume)
        lines.append(f"{_figure(component, inside)} × {price} = {spelling.decimal(*piece)}")
        sums.append(spelling.decimal(*piece))
    lines.append(f"{' + '.join(sums)} = {spelling.rounding(exact)}")
    return part, lines, _if_rounded(exact)


def _growth(component: Component, now: int, last: int) -> _Found:
    by_volume = component.measure is Measure.VOLUME
    exact = growth(component, now, last)
    if now <= last:
        return "", [f"{_figure(component, now)} ≤ {_figure(component, last)}"], None
    lines = [f"{_figure(component, now)} − {_figure(component, last)} = {_figure(component, now - last)}"]
    at = step_at(component, now, last)
    if at is None:
        first = spelling.rate(component.steps[0].from_ppm)
        return "", [*lines, f"{_figure(component, now)} < {_figure(component, last)} × {first}"], None
    part = _step_words(component.steps[at], by_volume)
    if component.mode is Mode.WHOLE:
        price = _price(component.steps[at].rate_ppm, component.steps[at].fee_fen, by_volume)
        lines.append(f"{_figure(component, now - last)} × {price} = {spelling.rounding(exact)}")
        return part, lines, _if_rounded(exact)
    sums = []
    for step, inside in increments(component, now, last):
        piece = Exact(inside * (step.rate_ppm if by_volume else step.fee_fen), exact.under)
        size = spelling.decimal(inside, PPM) if by_volume else spelling.decimal(inside * 100, PPM)
        price = _price(step.rate_ppm, step.fee_fen, by_volume)
        lines.append(f"{_step_words(step, by_volume)}: {size} × {price} = {spelling.decimal(*piece)}")
        sums.append(spelling.decimal(*piece))
    lines.append(f"{' + '.join(sums) or format_yuan(0)} = {spelling.rounding(exact)}")
    return part, lines, _if_rounded(exact)


def _add_bounds(
    component: Component, inputs: MonthInputs, reason: Reason | None, formula: list[str], fen: int
) -> Exact | None:
    """Add the lines of the bound that was met, and of what it changes; return what was rounded for it."""
    exact = None
    if reason in (Reason.BELOW_MINIMUM, Reason.CAPPED):
        name = "max" if reason is Reason.BELOW_MINIMUM else "min"
        bound = component.month_minimum_fen if reason is Reason.BELOW_MINIMUM else component.month_maximum_fen
        lines, exact = _share_of_month(bound or 0, inputs)
        limit = fen + (inputs.measured if component.kind in PAYS_COLLECTIONS else 0)
        formula += [*lines, f"{name}(…, {format_yuan(limit)}) = {format_yuan(limit)}"]
    if component.kind in PAYS_COLLECTIONS:
        formula.append(f"{format_yuan(inputs.measured + fen)} − {format_yuan(inputs.measured)} = {format_yuan(fen)}")
    return exact


def _figure(component: Component, figure: int) -> str:
    return spelling.measured(component.measure, figure)


def _price(ppm: int, fee: int, by_volume: bool) -> str:
    return spelling.rate(ppm) if by_volume else format_yuan(fee)


def _tier_words(component: Component, tier: Tier) -> str:
    end = None if tier.to is None else _figure(component, tier.to)
    price = _price(tier.rate_ppm, tier.fee_fen, component.measure is Measure.VOLUME)
    return f"{spelling.span(_figure(component, tier.from_), end)} {price}"


def _step_words(step: Step, by_volume: bool) -> str:
    end = None if step.to_ppm is None else spelling.rate(step.to_ppm)
    return f"{spelling.span(spelling.rate(step.from_ppm), end)} {_price(step.rate_ppm, step.fee_fen, by_volume)}"


def _if_rounded(exact: Exact) -> Exact | None:
    return exact if exact.over % exact.under else None
