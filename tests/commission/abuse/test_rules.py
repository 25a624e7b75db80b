"""Patterns by hand: what is shown, what is one short of being shown, and what a month is without it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from agentnet.commission.abuse.rules import (
    Pattern,
    Taken,
    Thresholds,
    above_edges,
    found_in,
    jumps,
    split,
    thresholds_on,
    tiny,
    undone_often,
    without,
)
from agentnet.commission.engine.inputs import Fact, Profile
from agentnet.commission.engine.language import Band, Component, Kind, Scope, Version

LIMITS = Thresholds()
DAY = date(2026, 10, 5)
NINE = datetime(2026, 10, 5, 1, tzinfo=UTC)
UP_RURAL = Component(Kind.BANDED, "UP", bands=(Band(0, 2_000_01, 20_00, 0), Band(2_000_01, None, 0, 10_000)))
"""Uttar Pradesh pays Rs 20 up to 2,000 and 1 % above (Hindustan Times): 20.00 just below and just above the edge."""


def taken(id_: int, household: int = 1, fen: int = 100_00, minutes: int = 0, day: date = DAY, undone: bool = False):
    at = NINE + timedelta(days=(day - DAY).days, minutes=minutes)
    return Taken(id_, day, at, "CASH", household, fen, undone)


def fact(one: Taken) -> Fact:
    return Fact(one.id, one.day, one.tender, one.household, one.amount_fen)


def ids(found) -> list[list[int]]:
    return [[one.id for one in group] for group in found.groups]


def test_two_payments_of_a_household_on_a_day_belong_together_and_others_do_not():
    found = split([taken(1), taken(2, household=2), taken(3, minutes=300)], LIMITS)
    assert ids(found) == [[1, 3]]
    assert (found.number, found.amount_fen) == (2, 200_00)


@pytest.mark.parametrize(("minutes", "shown"), [(30, True), (31, False)])
def test_on_two_days_only_payments_within_half_an_hour_belong_together(minutes, shown):
    late = taken(1, minutes=14 * 60)
    early = late._replace(id=2, day=DAY + timedelta(days=1), at=late.at + timedelta(minutes=minutes))
    assert (split([late, early], LIMITS) is not None) == shown


def test_one_payment_a_day_is_no_split():
    assert split([taken(1), taken(2, day=DAY + timedelta(days=1))], LIMITS) is None


def test_tiny_payments_are_shown_from_ten_households_on_and_up_to_five_yuan():
    nine = [taken(number, household=number, fen=5_00) for number in range(1, 10)]
    assert tiny([*nine, taken(10, household=10, fen=5_01)], LIMITS) is None
    assert tiny([*nine, taken(10, household=9, fen=1)], LIMITS) is None
    found = tiny([*nine, taken(10, household=10, fen=1), taken(11, household=11)], LIMITS)
    assert (found.number, found.amount_fen) == (10, 45_01)


@pytest.mark.parametrize(
    ("undone", "number", "shown"), [(2, 100, False), (2, 99, True), (1, 10, False), (3, 149, True)]
)
def test_voids_are_shown_beyond_two_in_a_hundred(undone, number, shown):
    # 2 of 100 are 2 %, not more; 2 of 99 are 2.02 %; a single slip of the hand is no pattern; 3 of 149 are 2.01 %.
    days = [DAY + timedelta(days=at) for at in range(undone)]
    assert (undone_often([taken(at, day=day) for at, day in enumerate(days)], number, LIMITS) is not None) == shown


@pytest.mark.parametrize(("undone", "shown"), [(3, False), (4, True)])
def test_more_than_three_voids_on_one_day_are_shown_whatever_the_share(undone, shown):
    assert (undone_often([taken(at) for at in range(undone)], 10_000, LIMITS) is not None) == shown


@pytest.mark.parametrize(("amount", "shown"), [(99_99, False), (100_00, True), (101_00, True), (101_01, False)])
def test_payments_up_to_one_in_a_hundred_above_an_edge_are_shown(amount, shown):
    several = [taken(number, household=number, fen=amount) for number in range(3)]
    found = above_edges(several, LIMITS, lambda _one: (100_00,))
    assert (found is not None) == shown
    if found:
        assert found.instead == {0: 99_99, 1: 99_99, 2: 99_99}


def test_two_payments_above_an_edge_are_chance():
    assert above_edges([taken(1, fen=100_00), taken(2, fen=100_00)], LIMITS, lambda _one: (100_00,)) is None


def test_only_an_edge_that_pays_more_is_looked_at_and_only_where_the_component_applies():
    # 1 % of 2,000.01 is 20.0001, rounded 20.00: the same as below, so nobody gains by stepping over.
    stepped = Component(
        Kind.BANDED, "档", Scope(outlet_kinds=frozenset({"VILLAGE_POST"})), bands=(Band(0, 50_00, 10), Band(50_00, None, 50))
    )  # fmt: skip
    version = Version(date(2026, 1, 1), (UP_RURAL, stepped))
    assert jumps(version, Profile("VILLAGE_POST"), "CASH") == (50_00,)
    assert jumps(version, Profile("NEWSSTAND"), "CASH") == ()


def test_without_a_split_the_payments_are_one_with_the_first():
    several = [taken(1, fen=60_00), taken(2, fen=40_00, minutes=5), taken(3, household=2, fen=7_00)]
    assert [(one.id, one.amount_fen) for one in without(split(several, LIMITS), list(map(fact, several)))] == [
        (1, 100_00),
        (3, 7_00),
    ]


def test_without_tiny_payments_the_rest_is_left_and_what_was_undone_changes_nothing():
    several = [taken(number, household=number, fen=1_00) for number in range(10)] + [taken(99)]
    facts = list(map(fact, several))
    assert [one.id for one in without(tiny(several, LIMITS), facts)] == [99]
    undone = undone_often([taken(at, undone=True) for at in range(5)], 10, LIMITS)
    assert without(undone, facts) == facts


def test_all_patterns_of_a_month_are_found_at_once_and_a_voided_payment_is_no_split():
    several = [taken(1), taken(2, minutes=1), taken(3, minutes=2, undone=True), taken(4, minutes=3, undone=True)]
    found = found_in(several, LIMITS, lambda _one: ())
    assert {one.pattern: ids(one) for one in found} == {Pattern.SPLIT: [[1, 2]], Pattern.UNDONE: [[3, 4]]}
    assert found_in([taken(1)], LIMITS, lambda _one: ()) == []


def test_a_month_is_looked_at_by_the_thresholds_of_its_time():
    later = Thresholds(split_least=3)
    since = ((date(2000, 1, 1), LIMITS), (date(2027, 1, 1), later))
    assert thresholds_on(date(2026, 12, 31), since) is LIMITS
    assert thresholds_on(date(2027, 1, 1), since) is later
