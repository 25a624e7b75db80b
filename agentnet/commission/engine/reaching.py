"""What is missing to the next tier or step of a month, and what it pays."""

from __future__ import annotations

from dataclasses import dataclass

from agentnet.commission.engine.amounts import step_at, tier_at
from agentnet.commission.engine.language import Component, Kind, Measure, Mode
from agentnet.commission.engine.monthly import MonthInputs
from agentnet.core.money import PPM, Fen


@dataclass(frozen=True, slots=True)
class Next:
    """The next tier or step: ``missing`` fen or collections; it pays a rate, or a fee for each collection.

    ``from_ppm`` is the share of last year where a step begins; None for a tier.
    """

    component: str
    by_volume: bool
    whole: bool
    missing: int
    rate_ppm: int
    fee_fen: Fen
    from_ppm: int | None = None


def next_of(component: Component, inputs: MonthInputs) -> Next | None:
    """Return what comes next for a TIERED or GROWTH component; None at the top, and without a figure of last year.

    >>> from agentnet.commission.engine.language import Tier
    >>> tiers = (Tier(0, 3_000_00, 60_000), Tier(3_000_00, None, 80_000))
    >>> scale = Component(Kind.TIERED, "scale", tiers=tiers)
    >>> next_of(scale, MonthInputs(measured=1_766_00)).missing
    123400
    >>> next_of(scale, MonthInputs(measured=3_000_00)) is None
    True
    """
    by_volume, whole = component.measure is Measure.VOLUME, component.mode is Mode.WHOLE
    if component.kind is Kind.TIERED:
        at = tier_at(component, inputs.measured) + 1
        if at >= len(component.tiers):
            return None
        tier = component.tiers[at]
        return Next(component.name, by_volume, whole, tier.from_ - inputs.measured, tier.rate_ppm, tier.fee_fen)
    if component.kind is not Kind.GROWTH or inputs.last_year <= 0:
        return None
    reached = step_at(component, inputs.measured, inputs.last_year)
    at = 0 if reached is None else reached + 1
    if at >= len(component.steps):
        return None
    step = component.steps[at]
    needed = -(-inputs.last_year * step.from_ppm // PPM)
    missing = needed - inputs.measured
    return Next(component.name, by_volume, whole, missing, step.rate_ppm, step.fee_fen, step.from_ppm)
