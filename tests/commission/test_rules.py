"""What a collection earns. Expected figures come from published tariffs and from rounding by hand, not from the code."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.commission.rules import (
    Component,
    Tariffs,
    Terms,
    Version,
    check_components,
    check_start,
    commission_of,
    earnings,
    format_percent,
    parse_percent,
    paying_month,
    pick_component,
    terms_on,
    version_on,
)
from agentnet.core.clock import Month
from agentnet.core.errors import Conflict, Invalid

# Maharashtra, MSEDCL wallet: flat Rs 5 a bill.
MSEDCL = Component(fixed_fen=5_00)
# Uttar Pradesh, Vidyut Sakhi: rural Rs 20 a bill up to 2,000 and 1 % above; urban Rs 12 up to 3,000 and 0.4 % above.
# 1 % of 2,000 is 20 and 0.4 % of 3,000 is 12, so each is a percentage with a minimum.
UP_RURAL = Component(rate_ppm=10_000, minimum_fen=20_00)
UP_URBAN = Component(rate_ppm=4_000, minimum_fen=12_00)


@pytest.mark.parametrize(
    ("component", "amount_fen", "expected_fen"),
    [
        (MSEDCL, 1, 5_00),
        (MSEDCL, 5_000_00, 5_00),
        (UP_RURAL, 100_00, 20_00),
        (UP_RURAL, 2_000_00, 20_00),
        (UP_RURAL, 2_000_50, 20_01),  # 20.005 rounds away from zero
        (UP_RURAL, 2_000_49, 20_00),  # 20.0049
        (UP_RURAL, 49_999_00, 499_99),
        (UP_URBAN, 3_000_00, 12_00),
        (UP_URBAN, 3_001_00, 12_00),  # 12.004
        (UP_URBAN, 3_001_25, 12_01),  # 12.005
        (UP_URBAN, 10_000_00, 40_00),
    ],
)
def test_published_tariffs_come_out_to_the_fen(component: Component, amount_fen: int, expected_fen: int) -> None:
    assert commission_of(component, amount_fen) == expected_fen


def test_a_published_years_commission_agrees_with_the_rural_tariff() -> None:
    # One agent of Uttar Pradesh: 17,513 bills, Rs 3.81 crore, Rs 462,863 of commission (Hindustan Times, 2022). The
    # tariff is convex, so the mean commission is at least the commission of the mean bill, and 20 is paid at least.
    mean_bill_fen = 3_81_00_000_00 // 17_513
    mean_commission_fen = 462_863_00 // 17_513
    assert 20_00 < commission_of(UP_RURAL, mean_bill_fen) == 21_76 <= mean_commission_fen == 26_42


@pytest.mark.parametrize(
    ("amount_fen", "expected_fen"),
    [(24, 0), (25, 1), (74, 1), (75, 2), (125, 3)],  # two per cent: 0.48, 0.5, 1.48, 1.5, 2.5
)
def test_half_a_fen_rounds_up(amount_fen: int, expected_fen: int) -> None:
    assert commission_of(Component(rate_ppm=20_000), amount_fen) == expected_fen


def test_fixed_fee_and_share_add_up_before_the_bounds_apply() -> None:
    component = Component(fixed_fen=30, rate_ppm=2_000, minimum_fen=50, maximum_fen=100)
    assert commission_of(component, 50_00) == 50  # 0.30 + 0.10 is below the minimum
    assert commission_of(component, 203_50) == 71  # 0.30 + 0.407
    assert commission_of(component, 900_00) == 100  # 0.30 + 1.80 is above the maximum


@given(st.integers(1, 10**9), st.integers(0, 10**6), st.integers(0, 10**5))
def test_a_larger_bill_never_earns_less(amount_fen: int, rate_ppm: int, fixed_fen: int) -> None:
    component = Component(fixed_fen=fixed_fen, rate_ppm=rate_ppm, minimum_fen=10, maximum_fen=10**7)
    smaller, larger = commission_of(component, amount_fen), commission_of(component, amount_fen + 1)
    assert 10 <= smaller <= larger <= 10**7


def test_the_narrowest_component_applies_in_whatever_order_they_stand() -> None:
    any_, cash = Component(fixed_fen=1), Component(tender="CASH", fixed_fen=2)
    newsstand = Component(outlet_kind="NEWSSTAND", fixed_fen=3)
    both = Component(outlet_kind="NEWSSTAND", tender="CASH", fixed_fen=4)
    for order in ([any_, cash, newsstand, both], [both, newsstand, cash, any_], [cash, both, any_, newsstand]):
        assert pick_component(order, "NEWSSTAND", "CASH") == both
        assert pick_component(order, "NEWSSTAND", "ALIPAY") == newsstand
        assert pick_component(order, "VILLAGE_POST", "CASH") == cash
        assert pick_component(order, "VILLAGE_POST", "ALIPAY") == any_


def test_kind_beats_tender_when_no_component_names_both() -> None:
    cash, newsstand = Component(tender="CASH", fixed_fen=2), Component(outlet_kind="NEWSSTAND", fixed_fen=3)
    assert pick_component([cash, newsstand], "NEWSSTAND", "CASH") == newsstand


def test_what_no_component_covers_earns_nothing() -> None:
    cash = Component(tender="CASH", fixed_fen=2, id=7)
    tariffs = Tariffs({1: (Version(1, 1, date(2026, 1, 1), (cash,)),)}, 1)
    found = earnings(
        tariffs, [], "NEWSSTAND", [(date(2026, 1, 1), "ALIPAY", 100_00), (date(2025, 12, 31), "CASH", 100_00)]
    )
    assert [(earning.component, earning.commission_fen) for earning in found] == [(None, 0), (None, 0)]


def _version(number: int, starts_on: date, fixed_fen: int) -> Version:
    return Version(number, number, starts_on, (Component(fixed_fen=fixed_fen, id=number),))


FIRST = _version(1, date(2026, 1, 1), 50)
SECOND = _version(2, date(2026, 11, 10), 60)


def test_a_version_rules_from_its_first_day_to_the_day_before_the_next() -> None:
    assert version_on([SECOND, FIRST], date(2025, 12, 31)) is None
    assert version_on([SECOND, FIRST], date(2026, 1, 1)) == FIRST
    assert version_on([SECOND, FIRST], date(2026, 11, 9)) == FIRST
    assert version_on([SECOND, FIRST], date(2026, 11, 10)) == SECOND


def test_of_two_versions_from_one_day_the_later_entered_rules() -> None:
    slip, right = _version(2, date(2026, 11, 10), 6000), _version(3, date(2026, 11, 10), 60)
    assert version_on([right, slip, FIRST], date(2026, 11, 10)) == right


def test_a_month_is_paid_by_each_days_own_version_and_plan() -> None:
    other = Version(9, 1, date(2026, 1, 1), (Component(fixed_fen=99, id=9),))
    tariffs = Tariffs({1: (FIRST, SECOND), 2: (other,)}, 1)
    terms = [
        Terms(1, date(2026, 1, 1), date(2026, 11, 20), None),
        Terms(2, date(2026, 11, 20), None, 2),
    ]
    days = [date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 19), date(2026, 11, 20)]
    found = earnings(tariffs, terms, "NEWSSTAND", [(day, "CASH", 100_00) for day in days])
    assert [earning.commission_fen for earning in found] == [50, 60, 60, 99]


def test_an_outlet_without_agreement_is_paid_by_the_default_plan() -> None:
    assert Tariffs({1: (FIRST,)}, 1).plan_for([], date(2026, 2, 1)) == 1
    assert terms_on([Terms(1, date(2026, 1, 1), date(2026, 2, 1), 5)], date(2026, 2, 1)) is None


@pytest.mark.parametrize(
    ("components", "code"),
    [
        ([], "components_missing"),
        ([Component(tender="CASH"), Component(), Component(tender="CASH")], "component_twice"),
        ([Component(rate_ppm=1_000_001)], "rate_range"),
        ([Component(rate_ppm=-1)], "rate_range"),
        ([Component(fixed_fen=-1)], "fixed_range"),
        ([Component(minimum_fen=-1)], "fixed_range"),
        ([Component(minimum_fen=11, maximum_fen=10)], "bounds_order"),
    ],
)
def test_an_ambiguous_or_senseless_version_is_refused(components: list[Component], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_components(components)
    assert refusal.value.code == code


def test_bounds_may_meet_and_either_may_be_open() -> None:
    check_components([Component(minimum_fen=10, maximum_fen=10), Component(tender="CASH", minimum_fen=5)])


def test_a_version_may_not_start_inside_or_before_a_locked_month() -> None:
    locked = [Month(2026, 9), Month(2026, 10)]
    for day in (date(2026, 8, 1), date(2026, 10, 1), date(2026, 10, 31)):
        with pytest.raises(Conflict) as refusal:
            check_start(day, locked)
        assert refusal.value.code == "month_locked"
        assert refusal.value.params["day"] == "2026-11-01"
    check_start(date(2026, 11, 1), locked)
    check_start(date(2020, 1, 1), [])


def test_an_adjustment_is_paid_in_the_first_month_after_the_closed_ones() -> None:
    locked = [Month(2026, 10), Month(2026, 11), Month(2026, 12)]
    assert paying_month(Month(2026, 10), locked) == Month(2027, 1)
    with pytest.raises(Invalid) as refusal:
        paying_month(Month(2027, 1), locked)
    assert refusal.value.code == "month_still_open"


@pytest.mark.parametrize(
    ("text", "rate_ppm"), [("1", 10_000), ("0.4", 4_000), ("0.4 %", 4_000), ("0.40％", 4_000), ("100", 1_000_000)]
)
def test_percentages_are_read_without_floats(text: str, rate_ppm: int) -> None:
    assert parse_percent(text) == rate_ppm


@pytest.mark.parametrize("text", ["", "%", "-1", "1,5", "0.00001", "1e2", ".5", "１", "1000", "abc"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_percent(text)
    assert refusal.value.code == "percent_shape"


@given(st.integers(0, 1_000_000))
def test_a_percentage_reads_back_as_it_was_written(rate_ppm: int) -> None:
    assert parse_percent(format_percent(rate_ppm)) == rate_ppm
