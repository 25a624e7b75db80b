"""Rules of the counter, on plain values."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.collecting.rules import (
    BillDue,
    NewCollection,
    Terms,
    after_paying,
    allocate,
    ceiling_word,
    change_due,
    due_total,
    household_no,
    is_look_alike,
    receipt_number,
    require_item,
    require_terms,
    require_voidable,
)
from agentnet.core.errors import Invalid
from agentnet.core.ids import new_id

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)
DAY = date(2026, 11, 18)

fen = st.integers(0, 10**9)
months = st.sampled_from([f"2026-{month:02d}" for month in range(1, 13)])


@st.composite
def unpaid_bills(draw):
    """Bills of different months, each with something due."""
    return [
        BillDue(number, month, principal, late)
        for number, (month, principal, late) in enumerate(
            draw(st.lists(st.tuples(months, fen, fen), max_size=6, unique_by=lambda bill: bill[0]))
        )
        if principal + late
    ]


amounts = st.integers(1, 10**10)


@given(amounts, unpaid_bills())
def test_every_fen_of_an_amount_is_allocated(amount, bills):
    parts = allocate(amount, bills)
    assert sum(part.principal_fen + part.late_charge_fen for part in parts) == amount
    assert all(part.principal_fen + part.late_charge_fen > 0 for part in parts)


@given(amounts, unpaid_bills())
def test_no_bill_is_paid_more_than_it_asks_for(amount, bills):
    asked = {bill.bill_id: bill for bill in bills}
    for part in allocate(amount, bills):
        if part.bill_id is not None:
            assert part.principal_fen <= asked[part.bill_id].principal_fen
            assert part.late_charge_fen <= asked[part.bill_id].late_charge_fen


@given(amounts, unpaid_bills())
def test_a_later_bill_is_touched_only_when_the_earlier_ones_are_settled(amount, bills):
    rest = {bill.bill_id for bill in after_paying(bills, allocate(amount, bills))}
    paid = {part.bill_id for part in allocate(amount, bills)}
    in_order = [bill.bill_id for bill in sorted(bills, key=lambda bill: bill.bill_month)]
    for earlier, later in pairwise(in_order):
        assert not (earlier in rest and later in paid)


@given(amounts, unpaid_bills())
def test_principal_waits_for_the_late_charge_of_its_bill(amount, bills):
    asked = {bill.bill_id: bill for bill in bills}
    for part in allocate(amount, bills):
        if part.bill_id is not None and part.principal_fen:
            assert part.late_charge_fen == asked[part.bill_id].late_charge_fen


@given(amounts, unpaid_bills())
def test_there_is_an_advance_exactly_when_more_than_the_due_is_paid(amount, bills):
    advance = sum(part.principal_fen for part in allocate(amount, bills) if part.bill_id is None)
    assert advance == max(amount - due_total(bills), 0)


@given(amounts, amounts, unpaid_bills())
def test_paying_in_two_parts_leaves_what_paying_at_once_leaves(first, second, bills):
    after_first = after_paying(bills, allocate(first, bills))
    in_two = after_paying(after_first, allocate(second, after_first))
    at_once = after_paying(bills, allocate(first + second, bills))
    assert due_total(in_two) == due_total(at_once)


@given(amounts, st.integers(0, 10**10))
def test_cash_less_change_is_the_amount(amount, more):
    assert amount + more - change_due(amount, amount + more) == amount


def test_the_worked_example_of_the_counter():
    assert change_due(203_50, 300_00) == 96_50


def test_a_fen_short_is_refused():
    with pytest.raises(Invalid, match="cash_short"):
        change_due(203_50, 203_49)


@pytest.mark.parametrize("typed", ["3310810000017", "3310 8100 0001 7", "3310-8100-0001-7", " 3310810000017\n"])
def test_thirteen_digits_in_any_grouping_are_one_number(typed):
    assert household_no(typed) == "3310810000017"


@pytest.mark.parametrize(
    "typed", ["", "331081000001", "33108100000171", "33108100000a7", "１２３", "331.0810000", "١٢٣٤٥٦٧٨٩٠"]
)
def test_anything_else_is_no_household_number(typed):
    with pytest.raises(Invalid, match="household_no_shape"):
        household_no(typed)


def test_leading_zeros_are_kept():
    assert household_no("0010810000017") == "0010810000017"


@pytest.mark.parametrize(
    ("seconds", "alike"), [(0, True), (599, True), (600, True), (601, False), (-600, True), (-601, False)]
)
def test_ten_minutes_either_way_look_alike(seconds, alike):
    assert is_look_alike(NOON, NOON + timedelta(seconds=seconds)) is alike


def test_serials_past_four_digits_grow():
    assert receipt_number("WL0001", DAY, 10_000) == "WL0001-261118-10000"


@pytest.mark.parametrize(("held", "word"), [(0, None), (799, None), (800, "filling"), (899, "filling"), (900, "nearly_full"), (999, "nearly_full"), (1000, "full"), (5000, "full")])  # fmt: skip
def test_the_drawer_speaks_up_from_80_percent(held, word):
    assert ceiling_word(held, 1000) == word


def terms(**changes):
    """Return the terms of an outlet that may collect."""
    values = {
        "outlet_id": 1,
        "code": "WL0001",
        "state": "ACTIVE",
        "org_unit_id": 4,
        "setting": "RURAL",
        "holding_mode": "POSTPAID",
        "ceiling_fen": 500_000,
        "single_limit_fen": 200_000,
        "business_on": DAY,
        "tenders": {"CASH": False, "UNIONPAY_CARD": True},
    }
    return Terms(**(values | changes))


@pytest.mark.parametrize("state", ["APPLIED", "SITE_CHECK", "APPROVED", "SUSPENDED", "CLOSED"])
def test_only_an_active_outlet_collects(state):
    with pytest.raises(Invalid, match="outlet_not_active"):
        require_terms(terms(state=state))


def test_an_active_outlet_with_an_agreement_and_an_open_day_collects():
    require_terms(terms())


@pytest.mark.parametrize("amount", [1, 200_000])
def test_the_limits_themselves_are_allowed(amount):
    require_item(NewCollection(new_id(), "WL0001", "1234567890", "CASH", amount, NOON), terms(), NOON)


def test_a_sender_whose_clock_is_ten_minutes_ahead_is_believed():
    ahead = NewCollection(new_id(), "WL0001", "1234567890", "CASH", 1, NOON + timedelta(minutes=10))
    require_item(ahead, terms(), NOON)


def test_the_time_and_what_was_confirmed_are_not_content():
    one = NewCollection(new_id(), "WL0001", "1234567890", "CASH", 1, NOON)
    again = NewCollection(
        one.id, "WL0001", "1234567890", "CASH", 1, NOON + timedelta(days=3), due_seen_fen=5, lookalike_confirmed=True
    )
    assert one.content() == again.content()


@pytest.mark.parametrize(("business_on", "locked"), [(DAY - timedelta(days=1), False), (DAY, True)])
def test_a_void_after_its_day_is_refused(business_on, locked):
    with pytest.raises(Invalid, match="void_too_late"):
        require_voidable(business_on, DAY, locked)


def test_a_void_on_its_open_day_is_allowed():
    require_voidable(DAY, DAY, locked=False)
