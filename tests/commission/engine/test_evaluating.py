"""An outlet's month: scopes and groups, households, settled parts, versions inside a month, bounds. Counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from agentnet.commission.engine.differing import correction, difference
from agentnet.commission.engine.evaluating import month_of
from agentnet.commission.engine.explaining import explain_collection
from agentnet.commission.engine.inputs import CampaignDays, DaySum, Fact, OutletInputs, Profile, Span, spans_of
from agentnet.commission.engine.reasons import Reason
from agentnet.core.clock import Month
from tests.commission.engine.makers import OCTOBER, OUTLET, fact, pays, settled, version, worked

FLAT = {"kind": "PER_COLLECTION", "fee": "1.00"}
SPLIT_FEE = {"kind": "BANDED", "bands": [{"from": "0", "fee": "20"}, {"from": "2000.01", "rate": "1"}]}


def test_components_add_up_and_are_told_apart() -> None:
    found = worked(version(FLAT, {"kind": "PER_COLLECTION", "rate": "0.3"}), fact(7, 203_50))
    assert found.lines[0] == (7, 0, 1_61, ((0, 1_00), (1, 61)))
    assert found.by_component() == {(0, 0): 1_00, (0, 1): 61}


def test_of_a_group_the_narrowest_pays() -> None:
    ruling = version(
        {**FLAT, "group": "g"},
        {**FLAT, "fee": "2", "group": "g", "scope": {"settings": ["RURAL"]}},
        {**FLAT, "fee": "3", "group": "g", "scope": {"tenders": ["CASH"]}},
        {**FLAT, "fee": "4", "group": "g", "scope": {"outlet_kinds": ["NEWSSTAND"]}},
        {**FLAT, "fee": "5", "group": "g", "scope": {"partners": ["POST"]}},
        {**FLAT, "fee": "6", "group": "g", "scope": {"campaigns": ["C"]}},
        {**FLAT, "fee": "0.10", "name": "always"},
    )

    def pay(tender: str, **profile: object) -> int:
        outlet = OutletInputs(OCTOBER, Profile(**profile))  # type: ignore[arg-type]
        return worked(ruling, fact(1, 100, tender=tender), outlet=outlet).total_fen

    assert pay("CARD") == 1_10
    assert pay("CARD", setting="RURAL") == 2_10
    assert pay("CASH", setting="RURAL") == 3_10
    assert pay("CASH", outlet_kind="NEWSSTAND") == 4_10
    assert pay("CASH", outlet_kind="NEWSSTAND", partner="POST") == 5_10
    everything = {"outlet_kind": "NEWSSTAND", "partner": "POST", "setting": "RURAL", "campaigns": frozenset("CD")}
    assert pay("CASH", **everything) == 6_10


def test_an_outlet_in_two_campaigns_is_paid_by_the_one_listed_first() -> None:
    ruling = version(
        {**FLAT, "group": "g", "scope": {"campaigns": ["A"]}},
        {**FLAT, "fee": "2", "group": "g", "scope": {"campaigns": ["B"]}},
    )
    outlet = OutletInputs(OCTOBER, Profile(campaigns=frozenset("AB")))
    assert worked(ruling, fact(1, 100), outlet=outlet).total_fen == 1_00


def test_a_tier_measures_only_what_its_scope_covers() -> None:
    ruling = version(
        {
            "kind": "TIERED",
            "measure": "VOLUME",
            "mode": "WHOLE",
            "scope": {"tenders": ["CASH"]},
            "tiers": [{"from": "0", "rate": "1"}],
        }
    )
    assert worked(ruling, fact(1, 100_00), fact(2, 900_00, tender="CARD")).total_fen == 1_00


def test_what_nothing_covers_earns_nothing_and_says_so() -> None:
    found = worked(version({**FLAT, "scope": {"tenders": ["CARD"]}}), fact(1, 100))
    assert (found.total_fen, found.lines[0].parts, found.reason) == (0, (), Reason.NOT_COVERED)
    assert worked(version(FLAT)).reason is Reason.NOTHING_COLLECTED
    assert worked(version(FLAT), fact(1, 0)).total_fen == 0


def test_an_amount_below_zero_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="-1"):
        worked(version(FLAT), fact(1, -1))


def test_a_household_that_splits_its_bill_is_paid_for_once() -> None:
    once = version({**SPLIT_FEE, "per_household": True})
    halves = worked(once, fact(2, 1_000_00, household="A"), fact(1, 1_000_00, household="A"), fact(3, 5, household="B"))
    assert [(line.id, line.total_fen) for line in halves.lines] == [(1, 20_00), (2, 0), (3, 20_00)]
    # 20.00 for 1,500, then 1 % of 3,000 less the 20.00 that are paid.
    more = worked(once, fact(1, 1_500_00, household="A"), fact(2, 1_500_00, household="A"))
    assert [line.total_fen for line in more.lines] == [20_00, 10_00]
    assert pays(version(SPLIT_FEE), 1_000_00, 1_000_00) == 40_00


def test_a_household_is_capped_for_the_month() -> None:
    capped = version({**FLAT, "household_month_cap": "2.50"})
    found = worked(capped, *[fact(at, 100, day=20 - at, household="A") for at in range(4)], fact(9, 100))
    assert [line.total_fen for line in found.lines] == [1_00, 1_00, 1_00, 50, 0]


def test_joined_and_capped_at_once() -> None:
    ruling = version({"kind": "PER_COLLECTION", "rate": "1", "per_household": True, "household_month_cap": "15"})
    found = worked(ruling, *[fact(at, 1_000_00, household="A") for at in range(3)])
    assert [line.total_fen for line in found.lines] == [10_00, 5_00, 0]


def test_what_is_settled_in_parts_pays_in_parts() -> None:
    ruling = version({"kind": "PER_COLLECTION", "fee": "0.10"}, basis="SETTLED")
    spans = [(0, 33), (33, 66), (66, 100)]
    assert [worked(ruling, settled(1, 100, *span)).total_fen for span in spans] == [3, 4, 3]
    nothing = worked(ruling, settled(1, 100, 40, 40))
    assert (nothing.total_fen, nothing.reason) == (0, Reason.NOTHING_SETTLED)
    with pytest.raises(ValueError, match="no part"):
        worked(ruling, settled(1, 100, 0, 101))


def test_settled_volume_counts_the_part_and_settled_count_the_last_fen() -> None:
    volume = {"kind": "TIERED", "measure": "VOLUME", "mode": "WHOLE", "tiers": [{"from": "0", "rate": "10"}]}
    count = {"kind": "TIERED", "measure": "COUNT", "mode": "WHOLE", "tiers": [{"from": 0, "fee": "1"}]}
    ruling = version(volume, count, basis="SETTLED")
    found = worked(ruling, settled(1, 100_00, 0, 40_00), settled(2, 100_00, 60_00, 100_00), settled(3, 50_00, 0, 50_00))
    assert [line.fen for line in found.monthly] == [13_00, 2_00]


def test_settled_and_entered_are_the_same_once_all_is_settled() -> None:
    parts = ({**SPLIT_FEE, "per_household": True}, {**FLAT, "household_month_cap": "1.5"})
    whole = [settled(at, 900_00, 0, 900_00, household="A") for at in range(4)]
    assert worked(version(*parts, basis="SETTLED"), *whole).lines == worked(version(*parts), *whole).lines


def test_a_subsidy_wants_its_conditions() -> None:
    ruling = version({"kind": "SUBSIDY", "amount": "300", "conditions": {"open_days": 20, "visits": 4}})
    days = frozenset(OCTOBER.starts_on + timedelta(at) for at in range(20))
    visits = [date(2026, 10, 1 + 7 * at) for at in range(4)]
    good = OutletInputs(OCTOBER, open_days=days, visits_passed=visits)
    assert month_of(ruling, good, []).total_fen == 300_00
    late = OutletInputs(OCTOBER, open_days=days, visits_passed=[*visits[:3], date(2026, 11, 1)])
    missed = month_of(ruling, late, [])
    assert (missed.total_fen, missed.monthly[0].reason) == (0, Reason.CONDITION_MISSED)
    assert missed.monthly[0].inputs.visits == 3


def test_growth_without_a_last_year_says_so() -> None:
    ruling = version(
        {"kind": "GROWTH", "measure": "VOLUME", "mode": "MARGINAL", "steps": [{"from": "100", "rate": "10"}]}
    )
    assert worked(ruling, fact(1, 100)).monthly[0].reason is Reason.NO_LAST_YEAR
    less = OutletInputs(OCTOBER, last_year=[DaySum(date(2025, 10, 1), "CASH", 100, 1)])
    assert worked(ruling, fact(1, 100), outlet=less).monthly[0].reason is Reason.NO_GROWTH


def test_a_month_is_held_between_bounds() -> None:
    ruling = version({**FLAT, "month_minimum": "5.00", "month_maximum": "8.00"})
    for number, expected, reason in ((0, 5_00, "BELOW_MINIMUM"), (6, 6_00, None), (9, 8_00, "CAPPED")):
        found = worked(ruling, *[fact(at, 100) for at in range(number)])
        assert (found.total_fen, found.monthly[0].reason) == (expected, reason)
        assert sum(line.total_fen for line in found.lines) == number * 1_00
        assert found.by_component() == {(0, 0): expected}


def test_two_versions_inside_a_month_rule_their_own_days() -> None:
    first = version(
        {"kind": "SUBSIDY", "amount": "310"},
        {
            "kind": "TIERED",
            "measure": "COUNT",
            "mode": "WHOLE",
            "tiers": [{"from": 0, "fee": "1"}, {"from": 3, "fee": "2"}],
        },
    )
    second = version({"kind": "SUBSIDY", "amount": "100"}, FLAT, starts_on="2026-10-21")
    spans = spans_of([first, second], OCTOBER)
    assert [(span.starts_on.day, span.ends_on) for span in spans] == [(1, date(2026, 10, 21)), (21, date(2026, 11, 1))]
    facts = [fact(at, 100, day=day) for at, day in enumerate((20, 19, 21, 31))]
    found = month_of(spans, OUTLET, facts)
    # 310 x 20/31 = 200, two collections at 1.00; 100 x 11/31 = 35.48, two collections at 1.00.
    assert [(line.span, line.component, line.fen) for line in found.monthly] == [
        (0, 0, 200_00),
        (0, 1, 2_00),
        (1, 0, 35_48),
    ]
    assert [(line.id, line.span, line.total_fen) for line in found.lines] == [
        (1, 0, 0),
        (0, 0, 0),
        (2, 1, 1_00),
        (3, 1, 1_00),
    ]


def test_growth_of_a_span_looks_at_the_same_days_and_the_last_one_at_the_months_end() -> None:
    steps = [{"from": "100", "rate": "100"}]
    growth = {"kind": "GROWTH", "measure": "VOLUME", "mode": "MARGINAL", "steps": steps}
    february = Month(2027, 2)
    last = [DaySum(date(2026, 2, day), "CASH", day, 1) for day in range(1, 29)]
    leap = [DaySum(date(2024, 2, day), "CASH", day, 1) for day in range(1, 30)]
    first, second = version(growth), version(growth, starts_on="2027-02-21")
    found = month_of(spans_of([first, second], february), OutletInputs(february, last_year=last), [])
    assert [line.inputs.last_year for line in found.monthly] == [sum(range(1, 21)), sum(range(21, 29))]
    after_leap = Month(2025, 2)
    early = version(growth, starts_on="2024-01-01")
    found = month_of(spans_of([early], after_leap), OutletInputs(after_leap, last_year=leap), [])
    assert found.monthly[0].inputs.last_year == sum(range(1, 30))


def test_days_no_version_rules_earn_nothing() -> None:
    late = version(FLAT, starts_on="2026-10-10")
    found = month_of(spans_of([late], OCTOBER), OUTLET, [fact(1, 100, day=9), fact(2, 100, day=10)])
    assert [(line.id, line.span, line.total_fen) for line in found.lines] == [(1, -1, 0), (2, 0, 1_00)]
    assert month_of((), OUTLET, [fact(1, 100)]).reason is Reason.NO_VERSION


def test_of_versions_of_one_day_the_later_listed_rules() -> None:
    slip, right = version(FLAT), version({**FLAT, "fee": "2"})
    assert [span.version for span in spans_of([slip, right], OCTOBER)] == [right]


def test_an_earlier_version_rules_what_was_entered_then_and_settled_now() -> None:
    old = version({**FLAT, "month_maximum": "0"}, {"kind": "SUBSIDY", "amount": "31"}, basis="SETTLED")
    new = version({**FLAT, "fee": "2"}, basis="SETTLED", starts_on="2026-10-01")
    late = settled(1, 100, 0, 100)._replace(day=date(2026, 9, 30))
    spans = spans_of([old, new], OCTOBER, since=late.day)
    found = month_of(spans, OUTLET, [late, settled(2, 100, 0, 100)])
    assert [line.total_fen for line in found.lines] == [1_00, 2_00]
    assert found.monthly == ()  # its bounds and subsidy were September's
    assert found.total_fen == 3_00


def test_money_that_is_taken_back_earns_less_than_nothing() -> None:
    ruling = version({"kind": "PER_COLLECTION", "fee": "0.10"}, basis="SETTLED")
    assert [line.total_fen for line in worked(ruling, settled(1, 100, 100, 33), settled(2, 100, 0, 50)).lines] == [
        -7,
        5,
    ]
    # 9,000.00 taken back on the published scale: less 680.00.
    scale = version(
        {
            "kind": "TIERED",
            "measure": "VOLUME",
            "mode": "MARGINAL",
            "tiers": [{"from": "0", "rate": "6"}, {"from": "3000", "rate": "8"}, {"from": "8000", "rate": "10"}],
        },
        basis="SETTLED",
    )
    (line,) = worked(scale, settled(1, 9_000_00, 9_000_00, 0)).monthly
    assert (line.fen, line.inputs.measured) == (-680_00, -9_000_00)
    number = version(
        {"kind": "TIERED", "measure": "COUNT", "mode": "WHOLE", "tiers": [{"from": 0, "fee": "1"}]}, basis="SETTLED"
    )
    assert (
        worked(number, settled(1, 100, 100, 0), settled(2, 100, 30, 100), settled(3, 100, 100, 99)).monthly[0].fen
        == -1_00
    )


def test_a_month_in_which_as_much_was_taken_back_as_settled_says_that_nothing_was() -> None:
    scale = version(
        {"kind": "TIERED", "measure": "VOLUME", "mode": "MARGINAL", "tiers": [{"from": "0", "rate": "6"}]},
        basis="SETTLED",
    )
    (line,) = worked(scale, settled(1, 100, 100, 0), settled(2, 100, 0, 100)).monthly
    assert (line.fen, line.reason) == (0, Reason.NOTHING_SETTLED)


def test_a_campaign_counts_on_its_days_alone_and_sums_go_on_over_them() -> None:
    """By hand: 0.50 a payment, in the campaign 1.00; a household is one payment; 10 % of the campaign's volume."""
    ruling = version(
        {"kind": "PER_COLLECTION", "fee": "0.50", "group": "g"},
        {"kind": "PER_COLLECTION", "fee": "1", "group": "g", "scope": {"campaigns": ["A"]}, "per_household": True},
        {
            "kind": "TIERED",
            "measure": "VOLUME",
            "mode": "MARGINAL",
            "tiers": [{"from": "0", "rate": "10"}],
            "scope": {"campaigns": ["A"]},
        },
        {"kind": "SUBSIDY", "amount": "31", "scope": {"campaigns": ["A", "B"]}},
    )
    outlet = replace(
        OUTLET,
        campaigns=(
            CampaignDays("A", date(2026, 10, 10), date(2026, 10, 12)),
            CampaignDays("A", date(2026, 10, 20), date(2026, 10, 21)),
            CampaignDays("B", date(2026, 10, 11), date(2026, 10, 14)),
        ),
    )
    days = (9, 10, 11, 12, 20, 21)
    facts = [Fact(at, date(2026, 10, day), "CASH", "one", 100_00) for at, day in enumerate(days)]
    found = month_of(ruling, outlet, facts)
    assert [line.total_fen for line in found.lines] == [50, 1_00, 0, 50, 0, 50]
    # A on three days: 300.00; A or B on the 10th to 13th and the 20th: five days of 31.
    assert [(line.fen, line.inputs.ruled_days) for line in found.monthly] == [(30_00, 3), (5_00, 5)]
    for one, line in zip(facts, found.lines, strict=True):
        assert explain_collection(ruling, outlet, facts, one.id).total_fen == line.total_fen


def test_a_correction_changes_the_whole_month() -> None:
    scale = version(
        {
            "kind": "TIERED",
            "measure": "COUNT",
            "mode": "WHOLE",
            "tiers": [{"from": 0, "fee": "1"}, {"from": 3, "fee": "2"}],
        },
        {**FLAT, "household_month_cap": "1.50"},
    )
    facts = [fact(at, 100, household="A") for at in range(3)]
    gone = correction(scale, OUTLET, facts, of=0, stands=None)
    # Tier: 6.00 to 2.00. Household: 1.00 + 0.50 + 0 to 1.00 + 0.50.
    assert gone.total_fen == -4_00
    assert gone.lines == ((0, 1_00, 0), (1, 50, 1_00), (2, 0, 50))
    assert gone.components == ((0, 0, 6_00, 2_00),)
    same = month_of(scale, OUTLET, facts)
    assert difference(same, same).total_fen == 0
    with pytest.raises(LookupError):
        correction(scale, OUTLET, facts, of=9, stands=None)


def test_a_span_with_an_order_of_its_own_keeps_its_number() -> None:
    one, two = version(FLAT), version({**FLAT, "fee": "2"})
    spans = [Span(two, date(2026, 10, 16), date(2026, 11, 1)), Span(one, date(2026, 10, 1), date(2026, 10, 16))]
    found = month_of(spans, OUTLET, [fact(1, 100, day=1), fact(2, 100, day=16)])
    assert [(line.id, line.span, line.total_fen) for line in found.lines] == [(1, 1, 1_00), (2, 0, 2_00)]
