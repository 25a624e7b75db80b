"""What billing delivers: a bill for every household and month, dearer in summer and a little in the cold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from agentnet.core.clock import Month, shanghai_instant
from agentnet.core.money import Fen, part_ppm
from agentnet.demo.chance import chance, hit
from agentnet.demo.households import DemoHousehold

SEASON_PPM = {
    1: 1_180_000, 2: 1_120_000, 3: 940_000, 4: 860_000, 5: 880_000, 6: 1_330_000,
    7: 1_720_000, 8: 1_640_000, 9: 1_150_000, 10: 880_000, 11: 900_000, 12: 1_060_000,
}  # fmt: skip
"""Use by calendar month. June to August are collected from July to September, the summer peak (S02)."""

YEARLY_GROWTH_PPM = 1_080_000
"""A year's growth of use (S03 tells of 8.8 per cent)."""

DELIVERED_DAY, DUE_DAY = 3, 25
"""A month's bills come on the 3rd of the next month and are due on its 25th."""

Bill = tuple[Fen, Fen]
"""Principal and late charge, as billing delivers them."""


def delivered_at(month: Month) -> datetime:
    """Return the instant at which billing delivers a month's bills."""
    return shanghai_instant(month.next().starts_on.replace(day=DELIVERED_DAY), 6)


def due_on(month: Month) -> date:
    """Return the day until which a month's bills are to be paid."""
    return month.next().starts_on.replace(day=DUE_DAY)


def bills_of(month: Month, households: Sequence[DemoHousehold], first: Month) -> list[Bill]:
    """Return each household's bill for a month, in the order of the households; ``first`` is before growth sets in."""
    draw = chance("bills", month)
    years = (month.year - first.year) * 12 + month.month - first.month >= 12
    season = part_ppm(SEASON_PPM[month.month], YEARLY_GROWTH_PPM) if years else SEASON_PPM[month.month]
    found = []
    for household in households:
        principal = part_ppm(part_ppm(household.usual_fen, season), draw.randrange(850_000, 1_150_000))
        late_charge = part_ppm(principal, draw.randrange(1_000, 20_000)) if hit(draw, 25) else 0
        found.append((principal, late_charge))
    return found
