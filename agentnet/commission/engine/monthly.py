"""What a component earns once a month, from stored whole numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

from agentnet.commission.engine.amounts import growth, rounded, tiered
from agentnet.commission.engine.language import PAYS_COLLECTIONS, Basis, Component, Kind
from agentnet.commission.engine.reasons import Reason
from agentnet.core.money import Fen


@dataclass(frozen=True, slots=True)
class MonthInputs:
    """All a monthly figure depends on besides its version.

    ``measured`` is the volume (fen) or count of TIERED and GROWTH, the number of mandates, or for a component that
    pays collections the sum of its lines (fen). ``last_year`` is 0 where there is no figure.
    """

    measured: int = 0
    last_year: int = 0
    open_days: int = 0
    visits: int = 0
    ruled_days: int = 0
    month_days: int = 0


def monthly_fen(component: Component, inputs: MonthInputs) -> tuple[Fen, Reason | None]:
    """Return what a component earns by the month (of a collection-paying one: what the bounds change), and why.

    >>> subsidy = Component(Kind.SUBSIDY, "open", amount_fen=300_00, minimum_open_days=20)
    >>> monthly_fen(subsidy, MonthInputs(open_days=20, ruled_days=31, month_days=31))
    (30000, None)
    >>> monthly_fen(subsidy, MonthInputs(open_days=19, ruled_days=31, month_days=31))[1].value
    'CONDITION_MISSED'
    """
    earned, reason = _before_bounds(component, inputs)
    if reason is not Reason.CONDITION_MISSED:
        earned, bound = _bounded(component, inputs, earned)
        reason = bound or reason
    if component.kind in PAYS_COLLECTIONS:
        return earned - inputs.measured, reason
    return earned, reason


def reason_on(basis: Basis, reason: Reason | None) -> Reason | None:
    """Return a reason as a version of this basis gives it: where nothing counted, nothing was settled."""
    nothing = reason is Reason.NOTHING_COLLECTED and basis is Basis.SETTLED
    return Reason.NOTHING_SETTLED if nothing else reason


def _before_bounds(component: Component, inputs: MonthInputs) -> tuple[Fen, Reason | None]:
    match component.kind:
        case Kind.PER_COLLECTION | Kind.BANDED:
            return inputs.measured, None
        case Kind.TIERED:
            if not inputs.measured:
                return 0, Reason.NOTHING_COLLECTED
            exact = tiered(component, inputs.measured)
            return exact.fen, _why_zero(exact.over, exact.fen)
        case Kind.GROWTH:
            if inputs.last_year <= 0:
                return 0, Reason.NO_LAST_YEAR
            exact = growth(component, inputs.measured, inputs.last_year)
            if not exact.over and inputs.measured * 1_000_000 <= inputs.last_year * component.steps[0].from_ppm:
                return 0, Reason.NO_GROWTH
            return exact.fen, _why_zero(exact.over, exact.fen)
        case Kind.SUBSIDY:
            if not inputs.ruled_days:
                return 0, Reason.NO_DAYS
            if inputs.open_days < component.minimum_open_days or inputs.visits < component.minimum_visits:
                return 0, Reason.CONDITION_MISSED
            return prorated(component.amount_fen, inputs), None
        case Kind.MANDATE_BONUS:
            return component.amount_fen * inputs.measured, None if inputs.measured else Reason.NO_MANDATE


def _why_zero(over: int, fen: Fen) -> Reason | None:
    if fen:
        return None
    return Reason.ROUNDED_AWAY if over else Reason.RATE_ZERO


def _bounded(component: Component, inputs: MonthInputs, earned: Fen) -> tuple[Fen, Reason | None]:
    """Hold what a month earned between its bounds, in proportion to the days ruled; none of them: no bounds."""
    if not inputs.ruled_days:
        return earned, None
    if component.month_minimum_fen is not None:
        least = prorated(component.month_minimum_fen, inputs)
        if earned < least:
            return least, Reason.BELOW_MINIMUM
    if component.month_maximum_fen is not None:
        most = prorated(component.month_maximum_fen, inputs)
        if earned > most:
            return most, Reason.CAPPED
    return earned, None


def prorated(fen: Fen, inputs: MonthInputs) -> Fen:
    """Return a month's amount for the days ruled of it, rounded once."""
    return rounded(fen * inputs.ruled_days, inputs.month_days)
