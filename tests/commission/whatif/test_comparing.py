"""Two plans over the same collections: the differences by hand, and that they always add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.commission.accruing import EarnedLine
from agentnet.commission.whatif.comparing import Change, Monthly, PaidLine, add_month


def new_line(fen, parts):
    return EarnedLine(None, 0, fen, parts)


NAMES = {1: "现金", 2: "阶梯", -1: "新现金", -2: "新阶梯"}


def test_each_collection_gains_loses_or_is_covered_by_nothing_and_the_rest_is_by_the_month():
    # Paid 0.50, 0.50, 0.50 and 3.00 by the month; new 0.20, 0.90, nothing and 4.00.
    paid = [PaidLine(100_00, 50, ((1, 50),))] * 3
    new = [new_line(20, ((-1, 20),)), new_line(90, ((-1, 90),)), new_line(0, ())]
    change = Change()
    compared = add_month(change, "2026-10", (paid, [Monthly(2, 3_00)]), (new, [Monthly(-2, 4_00, "CAPPED")]), NAMES)
    assert (change.paid_fen, change.new_fen, change.change_fen) == (4_50, 5_10, 60)
    why = change.why()
    assert (why["less"], why["more"], why["uncovered"]) == ([1, -30], [1, 40], [1, -50])
    assert (why["paid_monthly"], why["new_monthly"]) == ({"阶梯": 3_00}, {"新阶梯": 4_00})
    assert why["reasons"] == {"新阶梯": {"CAPPED": 1}}
    assert (compared.paid_by, compared.new_by) == ({"现金": 1_50, "阶梯": 3_00}, {"新现金": 1_10, "新阶梯": 4_00})


def test_sides_of_unequal_length_are_a_bug():
    with pytest.raises(ValueError, match="shorter"):
        add_month(Change(), "2026-10", ([PaidLine(1, 1, ())], ()), ([], ()), NAMES)


FEN = st.integers(-100, 100)


@given(st.lists(st.tuples(FEN, FEN)), st.lists(FEN), st.lists(FEN))
def test_the_reasons_add_up_to_the_change(lines, paid_monthly, new_monthly):
    change = Change()
    for month in ("2026-09", "2026-10"):
        add_month(
            change,
            month,
            ([PaidLine(1_00, old, ((1, old),)) for old, _new in lines], [Monthly(2, fen) for fen in paid_monthly]),
            ([new_line(new, ((-1, new),)) for _old, new in lines], [Monthly(-2, fen) for fen in new_monthly]),
            NAMES,
        )
    by_month = sum(change.new_monthly.values()) - sum(change.paid_monthly.values())
    assert change.less.fen + change.more.fen + change.uncovered.fen + by_month == change.change_fen
    assert sum(change.new_by.values()) == change.new_fen
    assert sum(paid for paid, _new in change.months.values()) == change.paid_fen
