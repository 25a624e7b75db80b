"""Figures as the working of a statement writes them: the same in every language, exact, and never a float."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from agentnet.commission.engine.amounts import Exact, rounded
from agentnet.commission.engine.language import Measure
from agentnet.commission.engine.writing import percent
from agentnet.core.money import PPM, Fen, format_yuan
from agentnet.core.words import translatable

_MOST_DECIMALS = 14
_ENDLESS_DECIMALS = 6


class Input(StrEnum):
    """What a figure was worked out from."""

    AMOUNT = "AMOUNT"
    SETTLED_BEFORE = "SETTLED_BEFORE"
    SETTLED_NOW = "SETTLED_NOW"
    HOUSEHOLD_BEFORE = "HOUSEHOLD_BEFORE"
    VOLUME = "VOLUME"
    COUNT = "COUNT"
    LAST_YEAR = "LAST_YEAR"
    OPEN_DAYS = "OPEN_DAYS"
    VISITS = "VISITS"
    MANDATES = "MANDATES"
    LINES = "LINES"
    DAYS = "DAYS"


INPUT_WORDS: Mapping[Input, str] = {
    Input.AMOUNT: translatable("收费金额"),
    Input.SETTLED_BEFORE: translatable("以前已结清"),
    Input.SETTLED_NOW: translatable("累计已结清"),
    Input.HOUSEHOLD_BEFORE: translatable("同户本月在前"),
    Input.VOLUME: translatable("本月收费额"),
    Input.COUNT: translatable("本月笔数"),
    Input.LAST_YEAR: translatable("去年同期"),
    Input.OPEN_DAYS: translatable("营业天数"),
    Input.VISITS: translatable("合格走访次数"),
    Input.MANDATES: translatable("新签委托代扣数"),
    Input.LINES: translatable("逐笔合计"),
    Input.DAYS: translatable("生效天数 ÷ 当月天数"),
}


def decimal(over: int, under: int) -> str:
    """Write a fraction of a fen in yuan: all its decimals where they end, else the first with an ellipsis.

    >>> decimal(2000_50, 100), decimal(3548_3871, 10_000), decimal(110_000, 31), decimal(-1, 2)
    ('20.005', '35.483871', '35.483870…', '-0.005')
    """
    sign, over, under = "-" if over < 0 else "", abs(over), under * 100
    whole, rest = divmod(over, under)
    digits = ""
    while rest and len(digits) < _MOST_DECIMALS:
        digit, rest = divmod(rest * 10, under)
        digits += str(digit)
    text = digits[:_ENDLESS_DECIMALS] + "…" if rest else digits.ljust(2, "0")
    return f"{sign}{whole:,}.{text}"


def rounding(exact: Exact) -> str:
    """Write a figure before and after rounding; once if it is whole.

    >>> rounding(Exact(200_050, 100)), rounding(Exact(200_000, 100))
    ('20.005 → 20.01', '20.00')
    """
    if exact.over % exact.under == 0:
        return format_yuan(exact.over // exact.under)
    return f"{decimal(*exact)} → {format_yuan(rounded(*exact))}"


def rate(ppm: int) -> str:
    """Write parts per million as a percentage with its sign.

    >>> rate(4_000), rate(1_000_000)
    ('0.4 %', '100 %')
    """
    return f"{percent(ppm)} %"


def span(start: str, end: str | None) -> str:
    """Write a half-open part.

    >>> span("0.00", "2,000.01"), span("8,000.00", None)
    ('[0.00, 2,000.01)', '[8,000.00, ∞)')
    """
    return f"[{start}, {'∞' if end is None else end})"


def measured(measure: Measure, figure: int) -> str:
    """Write a volume as yuan, a count as it is."""
    return format_yuan(figure) if measure is Measure.VOLUME else f"{figure:,}"


def fee_and_rate(fee: Fen, ppm: int) -> str:
    """Write what a band or a component pays.

    >>> fee_and_rate(20_00, 0), fee_and_rate(0, 10_000), fee_and_rate(30, 2_000)
    ('20.00', '1 %', '0.30 + 0.2 %')
    """
    parts = [format_yuan(fee)] if fee or not ppm else []
    return " + ".join([*parts, rate(ppm)] if ppm else parts)


def times_rate(amount: Fen, ppm: int) -> Exact:
    """Return a rate of an amount before rounding."""
    return Exact(amount * ppm, PPM)
