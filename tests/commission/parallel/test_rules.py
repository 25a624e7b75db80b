"""Differences from an old sheet, explained by hand: the parts always add up to the difference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.commission.parallel.rules import Cause, Ours, Theirs, explain

OURS = Ours(earned_fen=86_50, adjusted_fen=0, count=173, volume_fen=35_206_00)
"""173 payments at 0.50."""


def parts(theirs, ours=OURS, rounding=2, **known):
    return [tuple(part) for part in explain(theirs, ours, rounding, **known).parts]


def test_what_agrees_needs_no_explanation():
    assert parts(Theirs(86_50, 173, 35_206_00)) == []
    assert parts(Theirs(86_50)) == []


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        (Theirs(86_48), [(Cause.ROUNDING, 2)]),
        (Theirs(86_47), [(Cause.UNKNOWN, 3)]),
        (Theirs(86_00, 172), [(Cause.COUNT, 50)]),
        # One more payment than ours, at 0.50, and 0.01 of rounding.
        (Theirs(86_99, 174), [(Cause.COUNT, -50), (Cause.ROUNDING, 1)]),
        # The same number at 0.40: another rate.
        (Theirs(69_20, 173), [(Cause.RATE, 17_30)]),
        # Two payments fewer, and 0.40 each: 171 x 0.40 = 68.40; 1.00 by the number, 17.10 by the rate.
        (Theirs(68_40, 171), [(Cause.COUNT, 1_00), (Cause.RATE, 17_10)]),
    ],
)
def test_each_difference_is_explained_by_what_differs(theirs, expected):
    assert parts(theirs) == expected


def test_another_volume_is_valued_at_our_rate():
    # 0.4 % of 10,000.00 is 40.00; they had 9,000.00, so 36.00.
    ours = Ours(40_00, 0, 20, 10_000_00)
    assert parts(Theirs(36_00, 20, 9_000_00), ours) == [(Cause.VOLUME, 4_00)]


def test_an_adjustment_of_earlier_months_is_taken_out_first_if_it_explains():
    ours = Ours(86_50, -3_00, 173, 35_206_00)
    assert parts(Theirs(86_50, 173), ours) == [(Cause.ADJUSTMENT, -3_00)]
    assert parts(Theirs(83_50, 173), ours) == []


def test_lines_that_stand_on_one_side_alone_say_which():
    assert parts(Theirs(5_00), None, known_outlet=False) == [(Cause.NO_OUTLET, -5_00)]
    assert parts(Theirs(5_00), None) == [(Cause.NOT_OURS, -5_00)]
    assert parts(None) == [(Cause.NOT_THEIRS, 86_50)]
    assert parts(Theirs(5_00), None, month_closed=False) == [(Cause.MONTH_OPEN, -5_00)]


def test_where_we_counted_nothing_the_number_explains_all():
    assert parts(Theirs(5_00, 10), Ours(0, 0, 0, 0)) == [(Cause.COUNT, -5_00)]


AMOUNT = st.integers(-10_000_00, 10_000_00)
NUMBER = st.integers(0, 5_000)


@given(AMOUNT, st.none() | NUMBER, st.none() | NUMBER, AMOUNT, AMOUNT, NUMBER, NUMBER, st.integers(0, 1_00))
def test_the_parts_add_up_to_the_difference(amount, count, volume, earned, adjusted, our_count, our_volume, rounding):
    ours = Ours(earned, adjusted, our_count, our_volume)
    explained = explain(Theirs(amount, count, volume), ours, rounding)
    assert sum(part.fen for part in explained.parts) == explained.difference_fen == earned + adjusted - amount
    assert all(part.fen for part in explained.parts)
