"""The arithmetic of the plan language: exact whole numbers, each figure rounded once, half away from zero.

``core.money.part_ppm`` is the rule for a rate of an amount; ``rounded`` is the same rule for any fraction.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from agentnet.commission.engine.language import Component, Kind, Measure, Mode, Step
from agentnet.core.money import MAX_FEN, PPM, Fen

Pay = Callable[[Fen], Fen]
_HALF = PPM // 2


class Exact(NamedTuple):
    """A figure before it is rounded: ``over / under`` fen."""

    over: int
    under: int

    @property
    def fen(self) -> Fen:
        """The figure rounded to the fen."""
        return rounded(self.over, self.under)


def rounded(over: int, under: int) -> int:
    """Return ``over / under`` rounded half away from zero; ``under`` is positive.

    >>> rounded(5, 2), rounded(-5, 2), rounded(4, 3), rounded(-1, 3)
    (3, -3, 1, 0)
    """
    result = (2 * abs(over) + under) // (2 * under)
    return -result if over < 0 else result


def part_settled(pay: Fen, settled_from: Fen, settled_to: Fen, amount: Fen) -> Fen:
    """Return the part of a collection's pay for what became settled; the parts of all spans add up to the whole.

    >>> part_settled(10, 0, 33, 100), part_settled(10, 33, 66, 100), part_settled(10, 66, 100, 100)
    (3, 4, 3)
    """
    return rounded(pay * settled_to, amount) - rounded(pay * settled_from, amount)


def pay_of(component: Component) -> Pay:
    """Return the function that says what an amount above zero earns by a PER_COLLECTION or BANDED component.

    >>> from agentnet.commission.engine.language import Band
    >>> rural = Component(Kind.BANDED, "UP", bands=(Band(0, 2_000_01, fee_fen=20_00), Band(2_000_01, rate_ppm=10_000)))
    >>> [pay_of(rural)(amount) for amount in (1, 2_000_00, 2_000_01, 2_000_50)]
    [2000, 2000, 2000, 2001]
    """
    least = 0 if component.minimum_fen is None else component.minimum_fen
    most = MAX_FEN * PPM if component.maximum_fen is None else component.maximum_fen
    if component.kind is Kind.BANDED:
        return _banded(component, least, most)
    return _flat(component.fee_fen, component.rate_ppm, least, most)


# One call and no loop an amount: a million of them are paid in a large month. Fees and rates are never negative.


def _flat(fee: Fen, rate: int, least: Fen, most: Fen) -> Pay:
    if not rate:
        fixed = min(max(fee, least), most)
        return lambda amount: fixed

    def pay(amount: Fen) -> Fen:
        earned = fee + (amount * rate + _HALF) // PPM
        if earned < least:
            earned = least
        return most if earned > most else earned

    return pay


def _banded(component: Component, least: Fen, most: Fen) -> Pay:
    edges = [band.from_fen for band in component.bands]
    prices = [(band.fee_fen, band.rate_ppm) for band in component.bands]

    def pay(amount: Fen) -> Fen:
        fee, rate = prices[bisect_right(edges, amount) - 1]
        earned = fee + (amount * rate + _HALF) // PPM
        if earned < least:
            earned = least
        return most if earned > most else earned

    return pay


def band_at(component: Component, amount: Fen) -> int:
    """Return which band an amount lies in."""
    return bisect_right([band.from_fen for band in component.bands], amount) - 1


def tiered(component: Component, measured: int) -> Exact:
    """Return what a month's volume (fen) or count earns by a TIERED component, before rounding.

    Below zero (more money was taken back than was settled) it is the same scale the other way.

    Source of the example: a published marginal scale, 6 % to 3,000, 8 % on the next 5,000, 10 % above.

    >>> from agentnet.commission.engine.language import Tier
    >>> tiers = (Tier(0, 3_000_00, 60_000), Tier(3_000_00, 8_000_00, 80_000), Tier(8_000_00, None, 100_000))
    >>> tiered(Component(Kind.TIERED, "scale", tiers=tiers), 9_000_00).fen
    68000
    """
    by_volume = component.measure is Measure.VOLUME
    under = PPM if by_volume else 1
    if measured < 0:
        return Exact(-tiered(component, -measured).over, under)
    if component.mode is Mode.WHOLE:
        tier = component.tiers[tier_at(component, measured)]
        return Exact(measured * (tier.rate_ppm if by_volume else tier.fee_fen), under)
    over = 0
    for tier in component.tiers:
        if measured <= tier.from_:
            break
        inside = (measured if tier.to is None else min(measured, tier.to)) - tier.from_
        over += inside * (tier.rate_ppm if by_volume else tier.fee_fen)
    return Exact(over, under)


def tier_at(component: Component, measured: int) -> int:
    """Return which tier a month's volume or count lies in."""
    return bisect_right([tier.from_ for tier in component.tiers], measured) - 1


def growth(component: Component, now: int, last: int) -> Exact:
    """Return what the growth of a volume (fen) or count over last year's earns, before rounding.

    Source of the example: Odisha's self-help groups, 10 % of the increment from 100 to 120 % of the same month last
    year and 15 % above.

    >>> from agentnet.commission.engine.language import Step
    >>> steps = (Step(1_000_000, 1_200_000, 100_000), Step(1_200_000, None, 150_000))
    >>> growth(Component(Kind.GROWTH, "Odisha", steps=steps), 150_000_00, 100_000_00).fen
    650000
    """
    by_volume = component.measure is Measure.VOLUME
    under = PPM * PPM if by_volume else PPM
    over = 0
    if last > 0 and now > last:
        if component.mode is Mode.WHOLE:
            at = step_at(component, now, last)
            over = 0 if at is None else (now - last) * PPM * _price(component.steps[at], by_volume)
        else:
            over = sum(inside * _price(step, by_volume) for step, inside in increments(component, now, last))
    return Exact(over, under)


def increments(component: Component, now: int, last: int) -> list[tuple[Step, int]]:
    """Return each step that growth reached with its part of the increment, in millionths of a fen or collection."""
    reached = now * PPM
    found = []
    for step in component.steps:
        start = last * step.from_ppm
        end = reached if step.to_ppm is None else min(reached, last * step.to_ppm)
        if end > start:
            found.append((step, end - start))
    return found


def step_at(component: Component, now: int, last: int) -> int | None:
    """Return which step a figure lies in compared with last year's; None below the first."""
    at = bisect_right([last * step.from_ppm for step in component.steps], now * PPM) - 1
    return None if at < 0 else at


def _price(step: Step, by_volume: bool) -> int:
    return step.rate_ppm if by_volume else step.fee_fen
