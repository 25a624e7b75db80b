"""The working agrees with the figure to the fen, and reads like one done by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.commission.engine.evaluating import month_of
from agentnet.commission.engine.explaining import Working, explain_collection
from agentnet.commission.engine.explaining_month import explain_month
from agentnet.commission.engine.inputs import DaySum, Fact, OutletInputs, Profile, spans_of
from agentnet.commission.engine.language import Basis, Component, Kind, Measure, Mode, Step, Version
from agentnet.commission.engine.reasons import REASON_WORDS, Reason
from agentnet.commission.engine.spelling import INPUT_WORDS, Input
from agentnet.core.money import PPM
from tests.commission.engine.makers import OCTOBER, OUTLET, fact, settled, shipped, version, worked
from tests.commission.engine.test_properties import JANUARY, facts, paying, tiers


def one(ruling: Version, *given_facts: Fact, of: int = 1, outlet: OutletInputs = OUTLET) -> Working:
    return explain_collection(ruling, outlet, given_facts, of).workings[0]


def monthly(ruling: Version, *given_facts: Fact, outlet: OutletInputs = OUTLET) -> Working:
    return explain_month(ruling, worked(ruling, *given_facts, outlet=outlet))[0]


def test_a_band_is_named_and_the_rounding_shown() -> None:
    found = one(shipped("up-rural").versions[0], fact(1, 2_000_50))
    assert found.part == "[2,000.01, ∞) 1 %"
    assert found.formula == ("2,000.50 × 1 % = 20.005 → 20.01",)
    assert found.exact == (2_000_50 * 10_000, PPM)
    assert (found.fen, found.reason, found.inputs) == (20_01, None, ((Input.AMOUNT, "2,000.50"),))
    assert found.content()["rounded_from"] == "2000500000/1000000"


def test_fee_and_rate_and_the_minimum_stand_line_by_line() -> None:
    ruling = version({"kind": "PER_COLLECTION", "fee": "0.30", "rate": "0.2", "minimum": "0.80"})
    found = one(ruling, fact(1, 203_50))
    assert found.formula == ("203.50 × 0.2 % = 0.407 → 0.41", "0.30 + 0.41 = 0.71", "max(0.71, 0.80)")
    assert (found.fen, found.reason) == (80, Reason.BELOW_MINIMUM)


def test_a_joined_household_shows_what_came_before() -> None:
    ruling = version({"kind": "PER_COLLECTION", "rate": "1", "per_household": True, "household_month_cap": "15"})
    found = one(ruling, fact(1, 1_000_00, day=9, household="A"), fact(2, 1_000_00, day=3, household="A"))
    assert found.formula == (
        "1,000.00 + 1,000.00 = 2,000.00",
        "2,000.00 × 1 % = 20.00",
        "min(20.00, 15.00)",
        "15.00 − 10.00 = 5.00",
    )
    assert (found.fen, found.reason) == (5_00, Reason.HOUSEHOLD_CAPPED)


def test_a_part_that_was_settled_is_shown_as_a_difference() -> None:
    found = one(version({"kind": "PER_COLLECTION", "fee": "0.10"}, basis="SETTLED"), settled(1, 100, 33, 66))
    assert found.formula == (
        "0.10",
        "0.10 × 0.66 ÷ 1.00 = 0.066 → 0.07",
        "0.10 × 0.33 ÷ 1.00 = 0.033 → 0.03",
        "0.07 − 0.03 = 0.04",
    )


def test_marginal_tiers_are_shown_one_by_one() -> None:
    found = monthly(shipped("marginal-scale").versions[0], fact(1, 9_000_00))
    assert found.part == "[8,000.00, ∞) 10 %"
    assert found.formula == (
        "3,000.00 × 6 % = 180.00",
        "5,000.00 × 8 % = 400.00",
        "1,000.00 × 10 % = 100.00",
        "180.00 + 400.00 + 100.00 = 680.00",
    )


def test_growth_is_shown_step_by_step() -> None:
    growth = {"kind": "GROWTH", "measure": "VOLUME", "mode": "MARGINAL"}
    ruling = version({**growth, "steps": [{"from": "100", "rate": "10"}, {"from": "120", "rate": "15"}]})
    outlet = OutletInputs(OCTOBER, last_year=[DaySum(date(2025, 10, 1), "CASH", 100_000_00, 9)])
    found = monthly(ruling, fact(1, 150_000_00), outlet=outlet)
    assert found.formula == (
        "150,000.00 − 100,000.00 = 50,000.00",
        "[100 %, 120 %) 10 %: 20,000.00 × 10 % = 2,000.00",
        "[120 %, ∞) 15 %: 30,000.00 × 15 % = 4,500.00",
        "2,000.00 + 4,500.00 = 6,500.00",
    )
    assert monthly(ruling, fact(1, 1)).reason is Reason.NO_LAST_YEAR


def test_a_subsidy_for_part_of_a_month_shows_its_endless_fraction() -> None:
    ruling = version({"kind": "SUBSIDY", "amount": "100", "conditions": {"visits": 1}}, starts_on="2026-10-21")
    outlet = OutletInputs(OCTOBER, visits_passed=[date(2026, 10, 22)])
    spans = spans_of([ruling], OCTOBER)
    found = explain_month(spans, month_of(spans, outlet, []))[0]
    assert found.formula == ("100.00 × 11 ÷ 31 = 35.483870… → 35.48",)
    assert found.inputs == ((Input.VISITS, "1 ≥ 1"), (Input.DAYS, "11 ÷ 31"))
    missed = explain_month(spans, month_of(spans, OUTLET, []))[0]
    assert (missed.reason, missed.formula, missed.inputs[0]) == (Reason.CONDITION_MISSED, (), (Input.VISITS, "0 < 1"))


def test_a_bound_of_the_month_shows_what_it_changes() -> None:
    found = monthly(
        version({"kind": "PER_COLLECTION", "fee": "1", "month_maximum": "8"}), *[fact(at, 1) for at in range(9)]
    )
    assert found.formula == ("8.00", "min(…, 8.00) = 8.00", "8.00 − 9.00 = -1.00")
    assert found.reason is Reason.CAPPED


@pytest.mark.parametrize(
    ("ruling", "the_fact", "reason"),
    [
        (version({"kind": "PER_COLLECTION", "scope": {"tenders": ["CARD"]}}), fact(1, 1), Reason.NOT_COVERED),
        (version({"kind": "PER_COLLECTION", "fee": "1"}), fact(1, 0), Reason.NOTHING_COLLECTED),
        (version({"kind": "PER_COLLECTION"}, basis="SETTLED"), settled(1, 9, 3, 3), Reason.NOTHING_SETTLED),
        ((), fact(1, 1), Reason.NO_VERSION),
    ],
)
def test_what_is_not_paid_says_why(ruling: Any, the_fact: Fact, reason: Reason) -> None:
    found = explain_collection(ruling, OUTLET, [the_fact], 1)
    assert (found.reason, found.total_fen) == (reason, 0)


def test_nothing_a_rate_gives_says_whether_it_was_rounded_away() -> None:
    assert one(version({"kind": "PER_COLLECTION", "rate": "1"}), fact(1, 49)).reason is Reason.ROUNDED_AWAY
    assert one(version({"kind": "PER_COLLECTION"}), fact(1, 49)).reason is Reason.RATE_ZERO
    with pytest.raises(LookupError):
        explain_collection(version({"kind": "PER_COLLECTION"}), OUTLET, [], 1)


def test_every_code_has_its_words() -> None:
    assert set(REASON_WORDS) == set(Reason)
    assert set(INPUT_WORDS) == set(Input)


@given(st.lists(paying(), min_size=1, max_size=3), tiers(), facts, st.sampled_from(Basis), st.data())
def test_the_working_gives_the_figure(
    components: list[Component], scale: Component, found: list[Fact], basis: Basis, data: Any
) -> None:
    if basis is Basis.SETTLED:
        found = [_settled_in_part(one, data) for one in found]
    steps = (Step(1_100_000, 1_300_000, 50_000), Step(1_300_000, None, 70_000))
    growth = Component(Kind.GROWTH, "g", measure=Measure.VOLUME, mode=data.draw(st.sampled_from(Mode)), steps=steps)
    ruling = Version(JANUARY, (*components, scale, growth), basis)
    last = data.draw(st.integers(0, 9_000_00))
    outlet = OutletInputs(OCTOBER, Profile(), [DaySum(date(2025, 10, 3), "CARD", last, 1)])
    month = month_of(ruling, outlet, found)
    for line in month.lines:
        explained = explain_collection(ruling, outlet, found, line.id)
        assert explained.total_fen == line.total_fen
        assert tuple((one.component, one.fen) for one in explained.workings) == line.parts
    workings = explain_month(ruling, month)
    assert [(one.component, one.fen, one.reason) for one in workings] == [
        (one.component, one.fen, one.reason) for one in month.monthly
    ]
    assert all(f"{one.fen / 100:,.2f}" in one.formula[-1] for one in workings if one.formula and one.fen)


def _settled_in_part(one: Fact, data: Any) -> Fact:
    low, high = sorted(data.draw(st.tuples(st.integers(0, one.amount_fen), st.integers(0, one.amount_fen))))
    return one._replace(settled_from_fen=low, settled_to_fen=high)
