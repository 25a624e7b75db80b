"""What a batch holds and why, whom shares go to, what is taken back, and the tax withheld; every figure by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from agentnet.closing.actions import close_month
from agentnet.commission.engine.withholding import PayeeType
from agentnet.core.clock import frozen_at
from agentnet.core.errors import Conflict
from agentnet.infra.actor import SYSTEM
from tests import world
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT
from tests.commission.payout.given import (
    NOVEMBER,
    OCTOBER,
    a_paid_batch,
    account,
    adjusted,
    an_october,
    approved,
    cancelled,
    company_balance,
    drawn,
    found,
    held,
    lifted,
    on_hold,
    paid,
    payable,
    payee,
    payment_id,
    payments,
    ready,
    returned,
    settings,
    shares,
)

DECEMBER_2 = world.NOW + timedelta(days=14)


def test_a_held_outlet_is_not_paid_and_says_why_until_the_hold_is_lifted(app):
    ready()
    hold = on_hold()
    id_ = drawn()
    assert held(id_) == [(1, "2026-10", "KEEPER", 2_41, "ON_HOLD")]
    assert found(id_)[4] == 1_10
    lifted(hold)
    assert payments(drawn()) == [("周阿姨", 2_41, 0, 2_41, "PLANNED")]


def test_a_hold_placed_after_the_drawing_up_stops_the_payment(app):
    ready()
    id_ = approved()
    hold = on_hold()
    with pytest.raises(Conflict, match="batch_on_hold"):
        paid(id_)
    assert company_balance("BANK") == 0
    lifted(hold)
    paid(id_)
    assert company_balance("BANK") == -3_51


def test_an_outlet_without_a_payee_or_account_is_held(app):
    an_october()
    settings()
    payee(POSTAL_STATION)
    payee(SERVICE_POINT, account=None)
    id_ = drawn()
    assert held(id_) == [
        (11, "2026-10", "KEEPER", 1_00, "NO_PAYEE"),
        (2, "2026-10", "KEEPER", 10, "NO_ACCOUNT"),
    ]


def test_below_the_smallest_payment_it_is_held_over(app):
    ready(minimum_fen=1_00)
    id_ = drawn()
    assert held(id_) == [(2, "2026-10", "KEEPER", 10, "BELOW_MINIMUM")]
    assert found(id_)[4] == 3_41


def test_shares_go_to_their_payees_and_a_partners_payee_serves_all_its_outlets(app):
    shares(("KEEPER", 600_000), ("PARTNER", 400_000))
    ready()
    payee(partner_code="POST", code="POST", share="PARTNER", name="东海邮政", type=PayeeType.COMPANY)
    id_ = drawn()
    # Of 241 fen 60 % are 144.6 and 40 % 96.4: the fen left over goes to the larger remainder.
    assert ("周阿姨", 1_45, 0, 1_45, "PLANNED") in payments(id_)
    assert ("东海邮政", 96, 0, 96, "PLANNED") in payments(id_)
    # The others have no partner: who gets its share of them nobody could know.
    assert {(share, why) for _, _, share, _, why in held(id_)} == {("PARTNER", "NO_PARTNER")}


def test_an_outlets_own_payee_goes_before_its_partners(app):
    ready()
    payee(partner_code="POST", code="POST", name="东海邮政", type=PayeeType.COMPANY)
    assert "东海邮政" not in {name for name, *_ in payments(drawn())}


def test_one_payee_of_two_outlets_gets_one_payment(app):
    ready()
    payee(SERVICE_POINT, code=POSTAL_STATION)
    id_ = approved()
    assert payments(id_) == [("沈师傅", 1_00, 0, 1_00, "PLANNED"), ("周阿姨", 2_51, 0, 2_51, "PLANNED")]
    paid(id_)
    assert (payable(1), payable(2)) == (0, 0)


def test_a_clawback_larger_than_due_is_carried_forward(app):
    ready()
    a_paid_batch()
    adjusted(POSTAL_STATION, -1_50)
    adjusted(NEWSSTAND, 2_00)
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        id_ = a_paid_batch(NOVEMBER)
        assert held(id_) == [(1, "2026-11", "KEEPER", -1_50, "CLAWBACK")]
        assert (payable(1), payable(11)) == (-1_50, 0)


def test_a_clawback_is_set_off_against_what_is_not_paid_yet(app):
    ready()
    adjusted(POSTAL_STATION, -41)
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        id_ = a_paid_batch(NOVEMBER)
        assert ("周阿姨", 2_00, 0, 2_00, "SENT") in payments(id_)
        assert payable(1) == 0


def test_a_clawback_that_came_after_the_drawing_up_stops_the_payment(app):
    ready()
    id_ = approved()
    adjusted(POSTAL_STATION, -41)
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        with pytest.raises(Conflict, match="payable_short"):
            paid(id_)
        assert company_balance("BANK") == 0
        cancelled(id_)
        assert found(drawn(NOVEMBER))[4] == 3_10


def _a_large_october():
    """JX0001 is due 1.00 for October and 5,000.00 more for it, paid with November."""
    ready(withholds=True)
    adjusted(NEWSSTAND, 5_000_00)


def test_tax_is_withheld_from_individuals_once_switched_on(app):
    _a_large_october()
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        id_ = a_paid_batch(NOVEMBER)
        # 5,001.00 less a fifth is 4,000.80; 20 % of that is 800.16. The others are below the 800 deduction.
        assert ("沈师傅", 5_001_00, 800_16, 4_200_84, "SENT") in payments(id_)
        assert company_balance("WITHHOLDING") == 800_16
        assert company_balance("BANK") == -(5_003_51 - 800_16)
        assert payable(11) == 0


def test_a_company_is_paid_in_full(app):
    _a_large_october()
    with frozen_at(DECEMBER_2):
        payee(NEWSSTAND, name="沈家商行", type=PayeeType.COMPANY, starts_on=date(2026, 12, 1))
        close_month(NOVEMBER, SYSTEM)
        assert ("沈家商行", 5_001_00, 0, 5_001_00, "PLANNED") in payments(drawn(NOVEMBER))


def test_a_months_payments_of_one_payee_are_taxed_together(app):
    _a_large_october()
    with frozen_at(DECEMBER_2):
        assert found(a_paid_batch(OCTOBER))[3] == 0
        close_month(NOVEMBER, SYSTEM)
        # 1.00 was paid earlier in December: 5,001.00 in all, as if paid at once.
        assert payments(drawn(NOVEMBER)) == [("沈师傅", 5_000_00, 800_16, 4_199_84, "PLANNED")]


def test_a_return_gives_the_tax_back_too(app):
    _a_large_october()
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        id_ = a_paid_batch(NOVEMBER)
        returned(payment_id(id_, 1))
        assert company_balance("WITHHOLDING") == 0
        assert payable(11) == 5_001_00


def test_a_taxed_batch_is_not_paid_in_a_later_month_than_it_was_meant_for(app):
    ready(withholds=True)
    id_ = approved()
    with frozen_at(DECEMBER_2), pytest.raises(Conflict, match="tax_month_over"):
        paid(id_)


def _a_company_no_more():
    """JX0001's payee is paid 3,001.00 as a company and is an individual from the next payment on."""
    ready(withholds=True)
    payee(NEWSSTAND, name="沈家商行", type=PayeeType.COMPANY)
    adjusted(NEWSSTAND, 3_000_00)


def _now_an_individual(first):
    """Let the payee be an individual who is paid for WL0002 too, whose payment came back."""
    returned(payment_id(first, [name for name, *_ in payments(first)].index("王大伯") + 1))
    for code in (NEWSSTAND, SERVICE_POINT):
        payee(code, code=NEWSSTAND, name="沈师傅", starts_on=date(2026, 12, 2))


def test_what_was_paid_to_a_company_is_no_income_of_the_individual(app):
    _a_company_no_more()
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        _now_an_individual(a_paid_batch(NOVEMBER))
        assert payments(drawn(NOVEMBER)) == [("沈师傅", 10, 0, 10, "PLANNED")]


def test_a_payment_below_the_tax_still_to_be_withheld_waits_and_says_why(app):
    ready()
    adjusted(NEWSSTAND, 3_000_00)
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        first = a_paid_batch(NOVEMBER)
        settings(withholds=True)
        _now_an_individual(first)
        payee(POSTAL_STATION)
        returned(payment_id(first, [name for name, *_ in payments(first)].index("周阿姨") + 1))
        id_ = drawn(NOVEMBER)
        # 3,001.00 went out untaxed; with 0.10 more 440.22 would be withheld of 0.10.
        assert held(id_) == [(2, "2026-10", "KEEPER", 10, "TAX_OVER")]
        assert payments(id_) == [("周阿姨", 2_41, 0, 2_41, "PLANNED")]


def two_batches_of_december():
    """One payee in two batches: 5,001.00 of JX0001, then 0.10 of WL0002; returns both."""
    ready(withholds=True)
    adjusted(NEWSSTAND, 5_000_00)
    payee(SERVICE_POINT, code=NEWSSTAND, name="沈师傅", account=account("6228480012340011", "沈师傅"))
    hold = on_hold(SERVICE_POINT)
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        first = approved(NOVEMBER)
        lifted(hold)
        return first, approved(NOVEMBER)


def test_tax_is_worked_out_anew_when_an_earlier_batch_was_cancelled(app):
    first, second = two_batches_of_december()
    # 5,001.10 less a fifth, of it 20 %: 800.18, of which 800.16 stand in the first batch.
    assert payments(second) == [("沈师傅", 10, 2, 8, "PLANNED")]
    with frozen_at(DECEMBER_2):
        cancelled(first)
        with pytest.raises(Conflict, match="tax_changed"):
            paid(second)
        assert company_balance("BANK") == 0
        cancelled(second)
        again = a_paid_batch(NOVEMBER)
        assert ("沈师傅", 5_001_10, 800_18, 4_200_92, "SENT") in payments(again)


def test_tax_is_worked_out_anew_when_an_earlier_payment_came_back(app):
    first, second = two_batches_of_december()
    with frozen_at(DECEMBER_2):
        paid(first)
        returned(payment_id(first, 1))
        with pytest.raises(Conflict, match="tax_changed"):
            paid(second)


def test_two_batches_of_a_month_are_paid_in_either_order(app):
    first, second = two_batches_of_december()
    with frozen_at(DECEMBER_2):
        paid(second)
        paid(first)
        assert company_balance("WITHHOLDING") == 800_18
