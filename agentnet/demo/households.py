"""Households: who is billed, where they live, and how they are used to paying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentnet.core.money import Fen, share_out
from agentnet.demo.chance import chance, hit
from agentnet.demo.network import DemoOutlet
from agentnet.demo.people import person_name
from agentnet.divisions.models import Setting

HOUSEHOLDS = 9_300

CASH_RURAL = "CASH_RURAL"
"""A village household that pays in cash (S24)."""

USUAL_YUAN = (
    34, 55, 72, 87, 100, 111, 122, 133, 143, 154, 165, 176, 188, 202, 217, 236, 258, 286, 330, 405, 550, 790,
)  # fmt: skip
"""Twentieths of households' usual monthly bills in yuan, before season and year; with both the median is about 200."""


@dataclass(frozen=True, slots=True)
class DemoHousehold:
    """A supply account and its habits."""

    household_no: str
    name: str
    address: str
    division_code: str
    segment: str | None
    usual_fen: Fen
    outlet: int
    """Position of the outlet nearest to home."""
    cash: bool
    """Always pays in cash; others pay by any tender the outlet takes."""
    carelessness: int
    """How many months of a thousand pass without a payment."""


def household_number(division_code: str, number: int) -> str:
    """Return a plainly invented household number: the city's four digits, then a running number nobody else has.

    >>> household_number("331081001204", 17), household_number("330402005001", 9600)
    ('3310000000221', '3304000124800')
    """
    return f"{division_code[:4]}{number * 13:09d}"


def households(outlets: Sequence[DemoOutlet]) -> list[DemoHousehold]:
    """Return the households, shared out over the open outlets by their traffic."""
    draw = chance("households")
    open_outlets = [place for place, outlet in enumerate(outlets) if outlet.opened_on is not None]
    counts = share_out(HOUSEHOLDS, [outlets[place].traffic for place in open_outlets])
    found: list[DemoHousehold] = []
    for place, count in zip(open_outlets, counts, strict=True):
        village = outlets[place].village
        rural = village.setting == Setting.RURAL
        for _ in range(count):
            cash = hit(draw, 640 if rural else 330)
            twentieth = draw.randrange(len(USUAL_YUAN) - 1)
            low, high = USUAL_YUAN[twentieth] * 100, USUAL_YUAN[twentieth + 1] * 100
            found.append(
                DemoHousehold(
                    household_no=household_number(village.code, len(found) + 1),
                    name=person_name(draw),
                    address=f"{village.place_name}{draw.randrange(1, 400)}号",
                    division_code=village.code,
                    segment=CASH_RURAL if rural and cash else None,
                    usual_fen=draw.randrange(low, high),
                    outlet=place,
                    cash=cash,
                    carelessness=draw.choice((10, 20, 30, 60, 250)),
                )
            )
    return found
