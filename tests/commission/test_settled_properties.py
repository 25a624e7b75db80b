"""Properties of what is settled: nothing is lost and nothing paid twice, however and whenever the money comes."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.commission.engine.evaluating import month_of
from agentnet.commission.engine.inputs import Fact, OutletInputs
from agentnet.commission.engine.language import Band, Basis, Component, Kind, Version
from agentnet.commission.engine.oldest_first import settled_oldest_first
from agentnet.core.clock import Month
from agentnet.infra.db import db
from tests.commission.settled import NOVEMBER, accrual, agreed, banked, closed, lines, nov, taken
from tests.verify.test_planted import named_in

AMOUNTS = st.lists(st.integers(1, 500_00), min_size=1, max_size=12)
SOME = (
    Component(Kind.PER_COLLECTION, "fee and rate", fee_fen=33, rate_ppm=7_777, minimum_fen=50, maximum_fen=2_00),
    Component(Kind.BANDED, "bands", bands=(Band(0, 100_00, fee_fen=11), Band(100_00, None, rate_ppm=3_333))),
)
FIRST = Month(2026, 1)


@given(AMOUNTS, st.integers(0, 10_000_00))
def test_what_is_owed_is_of_the_newest_and_the_rest_is_settled(amounts: list[int], owed: int) -> None:
    settled = settled_oldest_first(amounts, owed)
    assert sum(settled) == max(0, sum(amounts) - owed)
    assert all(0 <= part <= amount for part, amount in zip(settled, amounts, strict=True))
    begun = [part < amount for part, amount in zip(settled, amounts, strict=True)]
    assert begun == sorted(begun)  # once one is not wholly settled, no newer one is


@given(AMOUNTS, st.lists(st.integers(0, 10_000_00), max_size=6), st.sampled_from([SOME[:1], SOME[1:], SOME]))
def test_settled_over_all_months_adds_up_to_entry_once_all_is_settled(
    amounts: list[int], owed_at_ends: list[int], components: tuple[Component, ...]
) -> None:
    """Money comes, is taken back and comes again; in the end all has come."""
    days = [FIRST.starts_on + timedelta(days=at) for at in range(len(amounts))]
    version = Version(date(2025, 1, 1), components, Basis.SETTLED)
    before, paid = [0] * len(amounts), 0
    month = FIRST
    for owed in [*owed_at_ends, 0]:
        now = settled_oldest_first(amounts, owed)
        facts = [
            Fact(at, day, "CASH", at, amount, *parts)
            for at, (day, amount, parts) in enumerate(zip(days, amounts, zip(before, now, strict=True), strict=True))
        ]
        paid += month_of(version, OutletInputs(month), facts).total_fen
        before, month = now, month.next()
    entered = Version(date(2025, 1, 1), components)
    facts = [Fact(at, day, "CASH", at, amount) for at, (day, amount) in enumerate(zip(days, amounts, strict=True))]
    assert paid == month_of(entered, OutletInputs(FIRST), facts).total_fen


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_deposits_changes_nothing(app, seed: int) -> None:
    """Deposits of 10.00 to 90.00 in any order: at the month's end the same is settled, and the witness agrees."""
    agreed()
    for day in (3, 9, 18):
        taken(nov(day), 73_31, 150_00)
    deposits = [10_00, 25_00, 90_00, 45_17]
    random.Random(seed).shuffle(deposits)
    for at, fen in enumerate(deposits):
        banked(nov(19 + at), fen)
    closed(NOVEMBER)
    # 170.17 arrived: 73.31 whole (1.73) and 96.86 of 150.00 (0.65 + 0.97).
    assert [line[3] for line in lines(NOVEMBER)] == [1_73, 1_62, 0, 0, 0, 0]
    assert accrual(NOVEMBER).due_fen == 3_35
    with db.engine.connect() as connection:
        assert {name for name in named_in(connection) if "commission" in name} == set()
