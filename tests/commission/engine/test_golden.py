"""Plans other people have signed, with the figures they publish. Expected values are theirs, or counted by hand."""

from __future__ import annotations

from datetime import date

import pytest

from agentnet.commission.engine.evaluating import month_of
from agentnet.commission.engine.inputs import DaySum, OutletInputs, Profile
from agentnet.commission.engine.language import Version
from agentnet.commission.engine.writing import write_plan
from tests.commission.engine.makers import OCTOBER, PLANS, fact, pays, shipped, version, worked

NAMES = ("luzhou-village-post", "marginal-scale", "msedcl-wallet", "odisha-shg", "up-rural", "up-urban")


def only(name: str) -> Version:
    return shipped(name).versions[0]


def test_the_shipped_plans_are_these_and_are_written_as_we_write_them() -> None:
    assert tuple(sorted(path.stem for path in PLANS.glob("*.json"))) == NAMES
    for name in NAMES:
        assert write_plan(shipped(name)) == (PLANS / f"{name}.json").read_text(encoding="utf-8"), name


@pytest.mark.parametrize(
    ("amount_fen", "expected_fen"),
    [
        # Uttar Pradesh, rural: Rs 20 a bill "<= 2,000", 1 % above. So the second band begins at 2,000.01.
        (1, 20_00),
        (1_999_99, 20_00),
        (2_000_00, 20_00),
        (2_000_01, 20_00),  # 20.0001
        (2_000_49, 20_00),  # 20.0049
        (2_000_50, 20_01),  # 20.005 rounds away from zero
        (49_999_00, 499_99),
    ],
)
def test_up_rural_pays_as_published(amount_fen: int, expected_fen: int) -> None:
    assert pays(only("up-rural"), amount_fen) == expected_fen


@pytest.mark.parametrize(
    ("amount_fen", "expected_fen"),
    [
        # Uttar Pradesh, urban: Rs 12 a bill "<= 3,000", 0.4 % above.
        (2_999_99, 12_00),
        (3_000_00, 12_00),
        (3_000_01, 12_00),  # 12.00004
        (3_001_25, 12_01),  # 12.005
        (10_000_00, 40_00),
    ],
)
def test_up_urban_pays_as_published(amount_fen: int, expected_fen: int) -> None:
    assert pays(only("up-urban"), amount_fen) == expected_fen


def test_msedcl_pays_five_a_bill_whatever_the_bill() -> None:
    assert pays(only("msedcl-wallet"), 1, 100_00, 5_000_00) == 15_00


@pytest.mark.parametrize(
    ("volume_fen", "expected_fen"),
    [
        # 6 % to 3,000, 8 % on the next 5,000, 10 % above.
        (3_000_00, 180_00),
        (8_000_00, 580_00),
        (9_000_00, 680_00),
        (2_999_99, 180_00),  # 179.9994
        (3_000_01, 180_00),  # 180.0008
        (3_000_06, 180_00),  # 180.0048
        (3_000_07, 180_01),  # 180.0056
        (8_000_05, 580_01),  # 580.005
    ],
)
def test_the_published_marginal_scale(volume_fen: int, expected_fen: int) -> None:
    assert pays(only("marginal-scale"), volume_fen) == expected_fen
    assert pays(only("marginal-scale"), 1_00, volume_fen - 1_00) == expected_fen


def odisha(now_fen: int, last_fen: int) -> int:
    """Return Odisha's growth incentive alone: the fee of one household is 6.00."""
    outlet = OutletInputs(OCTOBER, last_year=[DaySum(date(2025, 10, 9), "CASH", last_fen, 1)])
    return worked(only("odisha-shg"), fact(1, now_fen), outlet=outlet).total_fen - 6_00


@pytest.mark.parametrize(
    ("now_fen", "expected_fen"),
    [
        # Against 100,000 last year: 10 % of the increment from 100 to 120 %, 15 % above.
        (99_999_99, 0),
        (100_000_00, 0),
        (100_000_04, 0),  # 0.004
        (100_000_05, 1),  # 0.005
        (120_000_00, 2_000_00),
        (119_999_99, 2_000_00),  # 1999.999
        (120_000_01, 2_000_00),  # 2000.0015
        (150_000_00, 6_500_00),  # 20,000 x 10 % + 30,000 x 15 %
        (300_000_00, 29_000_00),
    ],
)
def test_odisha_pays_growth_on_the_same_month_last_year(now_fen: int, expected_fen: int) -> None:
    assert odisha(now_fen, 100_000_00) == expected_fen


def test_odisha_pays_six_a_household_and_month_and_a_hundred_a_new_consumer() -> None:
    outlet = OutletInputs(OCTOBER, mandates=[date(2026, 10, 31), date(2026, 10, 1), date(2026, 11, 1)])
    found = worked(
        only("odisha-shg"),
        fact(1, 50_00, household="A"),
        fact(2, 70_00, household="A"),
        fact(3, 20_00, household="B"),
        outlet=outlet,
    )
    assert [line.total_fen for line in found.lines] == [6_00, 0, 6_00]
    assert found.total_fen == 12_00 + 200_00


def test_luzhou_pays_three_hundred_a_month_to_village_stations_only() -> None:
    station = OutletInputs(OCTOBER, Profile(outlet_kind="VILLAGE_POST"))
    shop = OutletInputs(OCTOBER, Profile(outlet_kind="CONVENIENCE_STORE"))
    assert month_of(only("luzhou-village-post"), station, []).total_fen == 300_00
    assert month_of(only("luzhou-village-post"), shop, []).total_fen == 0


def test_a_whole_amount_scale_pays_everything_at_the_rate_it_reaches() -> None:
    # The same scale, whole: 2,999.99 x 6 %, 3,000 x 8 %, 9,000 x 10 %; the edge belongs to the tier it begins.
    scale = version(
        {
            "kind": "TIERED",
            "measure": "VOLUME",
            "mode": "WHOLE",
            "tiers": [{"from": "0", "rate": "6"}, {"from": "3000", "rate": "8"}, {"from": "8000", "rate": "10"}],
        }
    )
    assert pays(scale, 2_999_99) == 180_00
    assert pays(scale, 3_000_00) == 240_00
    assert pays(scale, 7_999_99) == 640_00
    assert pays(scale, 8_000_00) == 800_00
    assert pays(scale, 9_000_00) == 900_00


@pytest.mark.parametrize(
    ("mode", "count", "expected_fen"),
    [
        ("MARGINAL", 100, 50_00),  # 100 x 0.50
        ("MARGINAL", 101, 50_80),
        ("MARGINAL", 300, 210_00),  # 100 x 0.50 + 200 x 0.80
        ("WHOLE", 99, 49_50),
        ("WHOLE", 100, 80_00),
        ("WHOLE", 300, 240_00),
    ],
)
def test_a_scale_by_number_of_collections(mode: str, count: int, expected_fen: int) -> None:
    scale = version(
        {
            "kind": "TIERED",
            "measure": "COUNT",
            "mode": mode,
            "tiers": [{"from": 0, "fee": "0.50"}, {"from": 100, "fee": "0.80"}],
        }
    )
    assert pays(scale, *[1_00] * count) == expected_fen


def test_growth_by_number_pays_a_fee_for_each_more() -> None:
    # 13 last year, 16 now: 120 % of 13 is 15.6, so 2.6 at 1.00 and 0.4 at 1.50.
    growth = {
        "kind": "GROWTH",
        "measure": "COUNT",
        "steps": [{"from": "100", "fee": "1"}, {"from": "120", "fee": "1.5"}],
    }
    outlet = OutletInputs(OCTOBER, last_year=[DaySum(date(2025, 10, 1), "CASH", 1, 13)])
    facts = [fact(at, 1_00) for at in range(16)]
    assert worked(version({**growth, "mode": "MARGINAL"}), *facts, outlet=outlet).total_fen == 3_20
    assert worked(version({**growth, "mode": "WHOLE"}), *facts, outlet=outlet).total_fen == 4_50
    assert worked(version({**growth, "mode": "WHOLE"}), *facts[:15], outlet=outlet).total_fen == 2_00


def test_the_documents_show_the_shipped_plans_as_they_are() -> None:
    told = (PLANS.parents[2] / "docs" / "plan-language.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert (PLANS / f"{name}.json").read_text(encoding="utf-8") in told, name
