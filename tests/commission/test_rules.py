"""Which plan and version rules which days, and what locked months allow. What a version pays is the engine's matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.commission.engine import language
from agentnet.commission.engine.language import Component, Kind
from agentnet.commission.rules import (
    Tariffs,
    Terms,
    Version,
    check_start,
    format_percent,
    parse_percent,
    paying_month,
    terms_on,
    version_on,
)
from agentnet.core.clock import Month
from agentnet.core.errors import Conflict, Invalid


def _version(number: int, starts_on: date, fixed_fen: int) -> Version:
    each = Component(Kind.PER_COLLECTION, "每笔", fee_fen=fixed_fen)
    return Version(number, number, language.Version(starts_on, (each,)), (number,))


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


def test_each_version_and_plan_rules_its_own_days_of_a_month() -> None:
    other = replace(_version(1, date(2026, 1, 1), 99), id=9)
    tariffs = Tariffs({1: (FIRST, SECOND), 2: (other,)}, 1)
    terms = [
        Terms(1, date(2026, 1, 1), date(2026, 11, 20), None),
        Terms(2, date(2026, 11, 20), None, 2),
    ]
    found = tariffs.ruling(terms, Month(2026, 11))
    assert [(one.version.id, one.starts_on.day, one.ends_on) for one in found] == [
        (1, 1, date(2026, 11, 10)),
        (2, 10, date(2026, 11, 20)),
        (9, 20, date(2026, 12, 1)),
    ]


def test_an_agreement_renewed_on_the_same_plan_cuts_nothing() -> None:
    tariffs = Tariffs({1: (FIRST,)}, 1)
    terms = [Terms(1, date(2026, 1, 1), date(2026, 11, 20), None), Terms(2, date(2026, 11, 20), None, 1)]
    (found,) = tariffs.ruling(terms, Month(2026, 11))
    assert (found.starts_on, found.ends_on) == (date(2026, 11, 1), date(2026, 12, 1))


def test_days_before_any_version_are_ruled_by_none() -> None:
    (found,) = Tariffs({1: (SECOND,)}, 1).ruling([], Month(2026, 11))
    assert (found.starts_on, found.ends_on) == (date(2026, 11, 10), date(2026, 12, 1))
    assert Tariffs({1: (SECOND,)}, None).ruling([], Month(2026, 11)) == ()


def test_an_outlet_without_agreement_is_paid_by_the_default_plan() -> None:
    assert Tariffs({1: (FIRST,)}, 1).plan_for([], date(2026, 2, 1)) == 1
    assert terms_on([Terms(1, date(2026, 1, 1), date(2026, 2, 1), 5)], date(2026, 2, 1)) is None


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
