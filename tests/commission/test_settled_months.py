"""Months that pay what was settled: in part, later, taken back, refunded; closed, corrected and witnessed.

By hand, at 1.00 a collection and 1 % of it. On 18 November Alice takes 100.00, 200.00 and 300.00 in cash and 50.00 by
card; whole they earn 2.00, 3.00, 4.00 and 1.50, in all 10.50.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, update

from agentnet.closing.actions import close_month
from agentnet.commission.accruing import outlet_months
from agentnet.commission.actions import add_version
from agentnet.commission.engine.language import Basis, Component, Kind, Tier
from agentnet.commission.engine.reasons import Reason
from agentnet.commission.engine.writing import write_version
from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.queries import tariffs
from agentnet.commission.whatif.trying import try_outlets
from agentnet.core.clock import Month
from agentnet.core.errors import Conflict
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import begin_closing, post_many
from agentnet.ledger.rules import AccountKey, NewTransfer
from agentnet.outlets.models import Agreement
from agentnet.settlement.jobs import close_what_nobody_closed
from agentnet.settlement.rules import Count
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.collecting.counter import item, record
from tests.commission.settled import (
    DECEMBER,
    JANUARY,
    NOVEMBER,
    SETTLED,
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
from tests.settlement.corrections.given import ask_adjustment, ask_refund, moved, night, pay, refunded
from tests.settlement.drawer import close, declare, new_close, new_remittance
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


def test_an_outlet_that_moves_to_another_plan_is_still_paid_for_what_arrives_later(november):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    with batch():
        add_version("STANDARD", replace(SETTLED, starts_on=dec(1), basis=Basis.ENTERED), SYSTEM)
    taken(dec(2), 40_00)
    banked(dec(5), 350_00)
    closed(DECEMBER)
    # The rest of November by its own version, as it arrived; December's 40.00 as they were entered.
    assert lines(DECEMBER) == [(200_00, 150_00, 200_00, 75), (300_00, 0, 300_00, 4_00), (None, None, None, 1_40)]


def test_a_plan_that_begins_later_never_pays_again_what_was_entered_before_it(app):
    with on(date(2026, 10, 20)):
        record(item(100_00, world.MEI))
    agreed()
    banked(nov(20), 60_00)
    taken(nov(21), 50_00)
    banked(nov(22), 90_00)
    closed(NOVEMBER)
    assert lines(NOVEMBER) == [(50_00, 0, 50_00, 1_50)]


def test_a_prepaid_outlets_cash_is_its_own_and_settled_at_once(app):
    agreed()
    with batch() as session:
        session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(holding_mode="PREPAID"))
        float_ = AccountKey("OUTLET", 1, "FLOAT")
        bank = AccountKey("ORG_UNIT", world.TAIPING.id, "BANK")
        post_many(SYSTEM, [NewTransfer(new_id(), "TOP_UP", bank, float_, 100_00, nov(18), "TOP_UP", "1")])
    taken(nov(18), 60_00)
    assert [line.commission_fen for line in of(NOVEMBER).earned] == [1_60]


def test_cash_given_back_to_a_customer_settles_nobody_elses(november):
    with on(nov(19)):
        night()
        back = refunded(november[0], 100_00)
        pay(back.id)
    one = of(NOVEMBER)
    assert ([line.commission_fen for line in one.earned], one.settling.unsettled) == ([0, 0, 1_50], (2, 500_00))
    banked(nov(20), 500_00)
    assert [line.commission_fen for line in of(NOVEMBER).earned] == [3_00, 4_00, 1_50]


def test_a_shortage_written_off_brings_no_money(november):
    more_finance()
    with on(nov(18)):
        close(new_close(Count(other_fen=500_00), explanation="少了一百元", batches={"UNIONPAY_CARD": 50_00}))
        say_yes(ask_adjustment("SHORT_WRITTEN_OFF", 100_00).id, by="grace")
    banked(nov(20), 500_00)
    assert [line.commission_fen for line in of(NOVEMBER).earned] == [2_00, 3_00, 100 * 2 // 3 + 1 + 2_00, 1_50]


def test_a_correction_waits_while_a_month_closes(november):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    with on(date(2027, 1, 2)):
        night()
        close_what_nobody_closed()
        with batch():
            begin_closing(DECEMBER, SYSTEM)
        asked = ask_refund(november[0], 10_00, pay_by="BANK")
        with pytest.raises(Conflict, match="正在月结"):
            say_yes(asked.id, by="fang")


def test_a_trial_of_the_plan_in_force_comes_to_what_was_paid_and_by_entry_to_more(november):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    banked(dec(5), 350_00)
    closed(DECEMBER)

    def tried(version, *months):
        with reading():
            change = try_outlets(write_version(version), 1, months, [1]).outlets[1].change
        return change.paid_fen, change.new_fen

    assert tried(SETTLED, NOVEMBER, DECEMBER) == (10_50, 10_50)
    assert tried(SETTLED, NOVEMBER) == (5_75, 5_75)
    assert tried(SETTLED, DECEMBER) == (4_75, 4_75)
    assert tried(replace(SETTLED, basis=Basis.ENTERED), NOVEMBER, DECEMBER) == (10_50, 10_50)
    assert tried(replace(SETTLED, basis=Basis.ENTERED), NOVEMBER) == (5_75, 10_50)


def test_a_settled_plan_is_tried_on_months_that_paid_what_was_entered(app):
    close_month(Month(2026, 10), SYSTEM)
    taken(nov(18), 100_00, 200_00)
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    banked(dec(5), 50_00)
    closed(DECEMBER)
    with reading():
        change = try_outlets(write_version(SETTLED), 1, [NOVEMBER, DECEMBER], [1]).outlets[1].change
    # The standard plan paid 0.50 each; settled: 2.00 and three quarters of 3.00 in November, the rest in December.
    assert change.months == {"2026-11": (1_00, 4_25), "2026-12": (0, 75)}


def test_a_wrong_household_and_cash_given_back_later_keep_the_rest_in_order(november):
    banked(nov(20), 350_00)  # 100.00 and 200.00 whole, 50.00 of 300.00
    closed(NOVEMBER)
    with on(dec(3)):
        night()
        moved(november[1], world.GANG)
        back = refunded(november[2], 120_00)
        pay(back.id)  # out of the drawer: 130.00 of the 300.00 are still owed
    banked(dec(5), 130_00)
    closed(DECEMBER)
    # Taken back: 3.00 of the wrong household; of 300.00 that became 180.00: (1.00 + 1.80) x 50 / 180 instead of
    # (1.00 + 3.00) x 50 / 300, by component 0.28 and 0.50 for 0.17 and 0.50.
    assert [line for line in lines(DECEMBER) if line[0] == 180_00] == [(180_00, 50_00, 180_00, 72 + 1_30)]
    assert accrual(DECEMBER).due_fen == 72 + 1_30 - 3_00 + (28 - 17)
    with db.engine.connect() as connection:
        assert {name for name in named_in(connection) if "commission" in name or "adjustment" in name} == set()


def test_a_subsidy_by_days_of_business_counts_the_months_own_days_alone(app):
    by_day = Component(Kind.SUBSIDY, "补贴", amount_fen=9_00, minimum_open_days=2)
    tiers = Component(Kind.TIERED, "阶梯", tiers=(Tier(0, 100_00, 10_000), Tier(100_00, None, 20_000)))
    agreed(replace(SETTLED, components=(*SETTLED.components, by_day, tiers)))
    taken(nov(17), 100_00)
    taken(nov(18), 50_00)
    closed(NOVEMBER)
    banked(dec(2), 150_00)
    taken(dec(3), 30_00)
    closed(DECEMBER)
    # November: two days of business, nothing arrived. December: one day; 150.00 of November arrived: 2.00 + 1.50 and
    # 1 % of 100.00, 2 % of 50.00.
    assert [accrual(month).earned_fen for month in (NOVEMBER, DECEMBER)] == [9_00, 2_00 + 1_50 + 1_00 + 1_00]
    with db.engine.connect() as connection:
        assert {name for name in named_in(connection) if "commission" in name} == set()
