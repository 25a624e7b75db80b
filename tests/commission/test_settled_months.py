"""Months that pay what was settled: in part, later, taken back, refunded; closed, corrected and witnessed.

By hand, at 1.00 a collection and 1 % of it. On 18 November Alice takes 100.00, 200.00 and 300.00 in cash and 50.00 by
card; whole they earn 2.00, 3.00, 4.00 and 1.50, in all 10.50.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agentnet.commission.accruing import outlet_months
from agentnet.commission.engine.reasons import Reason
from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.queries import tariffs
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from tests.approvals.given import more_finance, say_yes
from tests.commission.settled import (
    DECEMBER,
    JANUARY,
    NOVEMBER,
    accrual,
    agreed,
    banked,
    closed,
    dec,
    lines,
    nov,
    on,
    taken,
)
from tests.settlement.corrections.given import ask_adjustment, night, refunded
from tests.settlement.drawer import declare, new_remittance
from tests.verify.test_planted import is_named, named_in


@pytest.fixture
def november(app) -> list[str]:
    """The collections of the example under the plan; returns the receipts of the three in cash."""
    agreed()
    receipts = taken(nov(18), 100_00, 200_00, 300_00)
    taken(nov(18), 50_00, tender="UNIONPAY_CARD", reference="R1")
    return receipts


def of(month, outlet_id=1):
    with reading():
        (one,) = outlet_months(month, [outlet_id], tariffs())
    return one


def test_cash_pays_once_it_is_banked_and_a_part_pays_in_part(november):
    banked(nov(20), 250_00)
    one = of(NOVEMBER)
    # 100.00 whole; 150.00 of 200.00: 0.75 + 1.50; nothing of 300.00; the card's money never was the keeper's.
    assert [line.commission_fen for line in one.earned] == [2_00, 2_25, 0, 1_50]
    assert (one.earned_fen, one.collected_fen, one.settling.unsettled) == (5_75, 300_00, (2, 350_00))


def test_declared_is_not_banked(november):
    with on(nov(20)):
        declare(new_remittance(250_00))
    assert [line.commission_fen for line in of(NOVEMBER).earned] == [0, 0, 0, 1_50]


def test_what_is_settled_later_pays_later_and_the_months_add_up(november):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    assert lines(NOVEMBER) == [
        (100_00, 0, 100_00, 2_00),
        (200_00, 0, 150_00, 2_25),
        (300_00, 0, 0, 0),
        (50_00, 0, 50_00, 1_50),
    ]
    assert accrual(NOVEMBER).inputs["unsettled"] == [2, 350_00]
    banked(dec(5), 350_00)
    closed(DECEMBER)
    assert lines(DECEMBER) == [(200_00, 150_00, 200_00, 75), (300_00, 0, 300_00, 4_00)]
    assert (accrual(NOVEMBER).due_fen, accrual(DECEMBER).due_fen) == (5_75, 4_75)
    assert "unsettled" not in accrual(DECEMBER).inputs
    closed(JANUARY)
    assert lines(JANUARY) == []


def test_a_deposit_that_arrives_in_december_pays_in_december(november):
    banked(nov(30), 600_00, arrived_on=dec(1))
    closed(NOVEMBER)
    closed(DECEMBER)
    assert [accrual(month).earned_fen for month in (NOVEMBER, DECEMBER)] == [1_50, 9_00]


def test_a_month_in_which_nothing_was_settled_says_so(app):
    agreed()
    taken(nov(18), 100_00)
    one = of(NOVEMBER)
    assert (one.earned_fen, one.reason) == (0, Reason.NOTHING_SETTLED)


def test_a_deposit_the_bank_takes_back_after_the_close_is_clawed_back_in_the_next_month(november):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    more_finance()
    with on(dec(3)):
        say_yes(ask_adjustment("DEPOSIT_TAKEN_BACK", 250_00, reason="银行冲回").id, by="grace")
    one = of(DECEMBER)
    assert [line.commission_fen for line in one.earned] == [-2_00, -2_25]
    assert (one.due_fen, one.collected_fen) == (-4_25, -250_00)
    closed(DECEMBER)
    assert lines(DECEMBER) == [(100_00, 100_00, 0, -2_00), (200_00, 150_00, 0, -2_25)]


def test_a_refund_after_the_close_takes_back_what_was_paid_and_the_rest_goes_on(november):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    with on(dec(3)):
        night()
        refunded(november[1], 100_00, pay_by="BANK")  # of the 200.00, 150.00 of which are settled
        with reading():
            (made,) = db.session.scalars(select(CommissionAdjustment)).all()
    # 100.00 are left of it, all settled: 1.00 + 1.00; 2.25 were paid.
    assert (made.of_month, made.month, made.amount_fen) == ("2026-11", "2026-12", 2_00 - 2_25)
    banked(dec(5), 350_00)
    closed(DECEMBER)
    assert lines(DECEMBER) == [(300_00, 0, 300_00, 4_00)]
    assert accrual(DECEMBER).due_fen == 4_00 - 25


PLANTED = (
    ("commission_settled", "UPDATE transfers SET amount_fen = amount_fen - 100 WHERE kind = 'REMITTANCE_BANKED'"),
    ("commission_settled", "DELETE FROM commission_lines WHERE settled_from_fen = 15000"),
    (
        "commission_settled",
        "UPDATE commission_lines SET settled_to_fen = 14000, base_fen = 14000 WHERE settled_to_fen = 15000",
    ),
    (
        "commission_line",
        "UPDATE commission_lines SET commission_fen = commission_fen + 1 WHERE settled_from_fen = 15000",
    ),
    ("commission_line", "UPDATE commission_lines SET amount_fen = 30001 WHERE amount_fen = 30000"),
    ("commission_correction", "DELETE FROM commission_adjustments"),
)


def test_the_witness_agrees_and_names_each_planted_error(november):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    with on(dec(3)):
        night()
        refunded(november[0], 40_00, pay_by="BANK")
    banked(dec(5), 200_00)
    closed(DECEMBER)
    with db.engine.connect() as connection:
        found = {name for name in named_in(connection) if "commission" in name or "accrual" in name}
    assert found == set()
    for name, statement in PLANTED:
        assert is_named(name, statement), (name, statement)
