"""Our collections and a partner's payments pair one to one, and every difference has its kind and its proposal."""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agentnet.settlement.files.partner import read_partner_file
from agentnet.settlement.matching import (
    EXPLANATIONS,
    Difference,
    OurCollection,
    Outcome,
    Step,
    TheirPayment,
    match,
    payment,
)

DAY = date(2026, 11, 3)
HOUSEHOLD = "3310810000017"


def ours(id: int, receipt_no: str = "", amount: int = 20350, on: date = DAY, **more: object) -> OurCollection:
    return replace(OurCollection(id, receipt_no or f"R{id}", HOUSEHOLD, amount, on, "CASH"), **more)  # type: ignore[arg-type]


def theirs(row: int, receipt_no: str = "", amount: int = 20350, on: date = DAY, **more: object) -> TheirPayment:
    return replace(TheirPayment(row, receipt_no, "", HOUSEHOLD, amount, on, "CASH"), **more)  # type: ignore[arg-type]


def pairs(found: Outcome) -> list[tuple[object, int, str]]:
    return [(each.ours.id, each.theirs.row, str(each.step)) for each in found.matches]


def said(found: Outcome) -> list[tuple[str, str, int, object, int | None]]:
    def one(each: Difference) -> tuple[str, str, int, object, int | None]:
        mine, other = each.ours.id if each.ours else None, each.theirs.row if each.theirs else None
        return str(each.kind), str(each.proposal), each.amount_fen, mine, other

    return [one(each) for each in found.differences]


def test_the_receipt_number_pairs_first() -> None:
    found = match([ours(1), ours(2)], [theirs(10, "R2"), theirs(11, "R1")])
    assert pairs(found) == [(2, 10, "REFERENCE"), (1, 11, "REFERENCE")]
    assert found.agrees


def test_the_order_number_pairs_as_well_even_with_our_receipt_number() -> None:
    found = match([ours(1, order_no="O1"), ours(2)], [theirs(10, order_no="O1"), theirs(11, order_no="R2")])
    assert pairs(found) == [(1, 10, "REFERENCE"), (2, 11, "REFERENCE")]


def test_household_amount_and_day_pair_what_has_no_reference() -> None:
    found = match([ours(1)], [theirs(10, "unknown")])
    assert pairs(found) == [(1, 10, "HOUSEHOLD")]
    assert found.matches[0].explanation == "户号、金额和日期相同"


def test_the_same_tender_is_preferred() -> None:
    found = match([ours(1), ours(2, tender="POS")], [theirs(10, tender="POS"), theirs(11)])
    assert pairs(found) == [(2, 10, "HOUSEHOLD"), (1, 11, "HOUSEHOLD")]


def test_two_identical_rows_pair_one_to_one() -> None:
    assert pairs(match([ours(1), ours(2)], [theirs(10), theirs(11)])) == [(1, 10, "HOUSEHOLD"), (2, 11, "HOUSEHOLD")]


def test_two_identical_rows_under_one_number_are_two_payments_if_we_have_two() -> None:
    found = match([ours(1), ours(2)], [theirs(10, "R1"), theirs(11, "R1")])
    assert pairs(found) == [(1, 10, "REFERENCE"), (2, 11, "HOUSEHOLD")]
    assert found.agrees


def test_what_they_have_and_we_do_not_is_booked() -> None:
    assert said(match([], [theirs(10)])) == [("MISSING_AT_UTILITY", "BOOK", 20350, None, 10)]


def test_what_we_have_and_they_do_not_is_reversed() -> None:
    assert said(match([ours(1)], [])) == [("MISSING_AT_AGENT", "REVERSE", 20350, 1, None)]


def test_of_another_amount_the_difference_is_booked_or_reversed() -> None:
    # they took 203.51 for our 203.50: book 0.01; they took 200.00 for our 203.50: reverse 3.50
    assert said(match([ours(1)], [theirs(10, "R1", 20351)])) == [("AMOUNT_MISMATCH", "BOOK", 1, 1, 10)]
    assert said(match([ours(1)], [theirs(10, "R1", 20000)])) == [("AMOUNT_MISMATCH", "REVERSE", 350, 1, 10)]


def test_the_same_number_twice_in_their_file_is_a_duplicate() -> None:
    found = match([ours(1)], [theirs(10, "R1"), theirs(11, "R1")])
    assert said(found) == [("DUPLICATE", "LOOK", 20350, None, 11)]


def test_of_two_rows_under_one_number_the_one_that_agrees_has_the_pair() -> None:
    found = match([ours(1)], [theirs(10, "R1", 1), theirs(11, "R1")])
    assert pairs(found) == [(1, 11, "REFERENCE")]
    assert said(found) == [("DUPLICATE", "LOOK", 1, None, 10)]


def test_a_collection_we_booked_twice_is_a_duplicate_to_reverse() -> None:
    assert said(match([ours(1), ours(2)], [theirs(10, "R2")])) == [("DUPLICATE", "REVERSE", 20350, 1, None)]


def test_another_day_under_the_same_number_is_looked_at() -> None:
    found = match([ours(1, on=DAY - timedelta(days=30))], [theirs(10, "R1")])
    assert said(found) == [("WRONG_DATE", "LOOK", 20350, 1, 10)]


def test_the_next_day_without_a_number_is_the_same_payment_across_midnight() -> None:
    for off in (1, -1):
        found = match([ours(1, on=DAY + timedelta(days=off))], [theirs(10)])
        assert (pairs(found), said(found)) == ([(1, 10, "OTHER_DAY")], [("WRONG_DATE", "LOOK", 20350, 1, 10)])
    assert len(match([ours(1, on=DAY + timedelta(days=2))], [theirs(10)]).differences) == 2


def test_the_same_number_for_another_household_is_no_pair() -> None:
    found = match([ours(1)], [theirs(10, "R1", household_no="3306100000025")])
    assert [each[0] for each in said(found)] == ["MISSING_AT_UTILITY", "MISSING_AT_AGENT"]


def test_what_we_took_back_and_they_still_count_is_a_late_reversal() -> None:
    found = match([ours(1, reversed_on=DAY)], [theirs(10, "R1")])
    assert said(found) == [("LATE_REVERSAL", "BOOK", 20350, 1, 10)]


def test_what_we_took_back_and_they_do_not_have_is_no_difference() -> None:
    found = match([ours(1, reversed_on=DAY)], [])
    assert found.agrees
    assert [each.id for each in found.taken_back] == [1]


def test_a_payment_taken_back_and_made_again_pairs_with_the_one_that_stands() -> None:
    found = match([ours(1, reversed_on=DAY), ours(2)], [theirs(10)])
    assert pairs(found) == [(2, 10, "HOUSEHOLD")]
    assert found.agrees


def test_empty_numbers_never_pair() -> None:
    blank = OurCollection(1, "", "", 20350, DAY)
    assert pairs(match([blank], [TheirPayment(10, "", "", "", 20350, DAY)])) == []


def test_every_difference_explains_itself() -> None:
    found = match([ours(1), ours(2, amount=5)], [theirs(10, "R1", 7), theirs(11, amount=9)])
    assert all(each.explanation == EXPLANATIONS[each.kind, each.proposal] for each in found.differences)


def test_the_rows_of_a_partners_file_are_matched_as_they_are() -> None:
    text = "203.50,1,20261103,20261103\nO1,POSTPAY,3310810000017,203.50,cash,20261103093045,R1\n"
    file = read_partner_file(text.encode(), "UT000011_COLLECTION_20261103.csv")
    assert match([ours(1)], [payment(row) for row in file.rows]).agrees


SMALL = st.integers(1, 3)


@st.composite
def sides(draw: st.DrawFn) -> tuple[list[OurCollection], list[TheirPayment]]:
    words = st.sampled_from(["", "A", "B", "C"])
    mine = [
        OurCollection(
            at,
            draw(words),
            str(draw(SMALL)),
            draw(SMALL),
            DAY + timedelta(days=draw(SMALL)),
            draw(words),
            draw(words),
            draw(st.sampled_from([None, DAY])),
        )
        for at in range(draw(st.integers(0, 8)))
    ]
    other = [
        TheirPayment(
            at, draw(words), draw(words), str(draw(SMALL)), draw(SMALL), DAY + timedelta(days=draw(SMALL)), draw(words)
        )
        for at in range(draw(st.integers(0, 8)))
    ]
    return mine, other


@given(sides())
def test_everything_is_accounted_for_exactly_once(both: tuple[list[OurCollection], list[TheirPayment]]) -> None:
    mine, other = both
    found = match(mine, other)
    alone = [each for each in found.differences if each.ours is None or each.theirs is None]
    ids = [each.ours.id for each in (*found.matches, *alone) if each.ours] + [each.id for each in found.taken_back]
    rows = [each.theirs.row for each in (*found.matches, *alone) if each.theirs]
    assert Counter(ids) == Counter(each.id for each in mine)
    assert Counter(rows) == Counter(each.row for each in other)


@given(sides())
def test_booking_and_reversing_as_proposed_brings_us_to_their_total(
    both: tuple[list[OurCollection], list[TheirPayment]],
) -> None:
    mine, other = both
    found = match(mine, other)
    standing = sum(each.amount_fen for each in mine if each.reversed_on is None)
    signs = {"BOOK": 1, "REVERSE": -1, "LOOK": 0}
    moved = sum(signs[each.proposal] * each.amount_fen for each in found.differences)
    doubled = sum(each.amount_fen for each in found.differences if each.proposal == "LOOK" and each.ours is None)
    assert standing + moved + doubled == sum(each.amount_fen for each in other)


def test_twenty_thousand_against_twenty_thousand_is_no_matter_of_seconds() -> None:
    mine = [OurCollection(at, f"R{at}", f"33108{at % 5000:08d}", 20350, DAY, "CASH") for at in range(20_000)]
    other = [
        TheirPayment(at, f"R{at}" if at % 2 else "", f"O{at}", f"33108{at % 5000:08d}", 20350, DAY, "CASH")
        for at in reversed(range(20_000))
    ]
    tracemalloc.start()
    began = time.process_time()
    found = match(mine, other)
    spent, (_now, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.agrees
    assert Counter(each.step for each in found.matches) == {Step.REFERENCE: 10_000, Step.HOUSEHOLD: 10_000}
    assert peak < 30_000_000  # a tenth of the limit for a tenth of the rows
    assert spent < 10, "a quadratic step would take minutes"


def test_a_day_of_equal_rows_is_no_matter_of_seconds_either() -> None:
    began = time.process_time()
    found = match([ours(at, "R") for at in range(20_000)], [theirs(at, "R") for at in range(20_001)])
    assert said(found) == [("DUPLICATE", "LOOK", 20350, None, 20_000)]
    assert time.process_time() - began < 10
