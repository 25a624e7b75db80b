"""A batch's steps and what the book says after each; every figure by hand.

October: WL0001 two payments in cash (2 x 0.50) and two by Alipay (2 per mille of 203.50 is 0.41, of 500.00 is 1.00), in all
2.41; WL0002 one by card (2 per mille of 5.38 is 0.01, at least 0.10); JX0001 one by Alipay (at most 1.00).
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from agentnet.approvals.actions import withdraw
from agentnet.commission.payout.models import PayoutBatch, PayoutPart, PayoutPayment
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from tests import world
from tests.approvals.given import say_no, say_yes
from tests.at_once import at_once
from tests.commission.facts import POSTAL_STATION
from tests.commission.payout.given import (
    NOVEMBER,
    a_paid_batch,
    an_october,
    approval_of,
    approved,
    cancelled,
    checked,
    company_balance,
    confirmed,
    drawn,
    found,
    held,
    paid,
    payable,
    payee,
    payment_id,
    payments,
    ready,
    returned,
    settings,
)

DECEMBER_2 = world.NOW + timedelta(days=14)


def counted(model) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_everything_due_is_drawn_up_by_payee(app):
    ready()
    id_ = drawn()
    assert found(id_) == ("DRAFT", 3, 3_51, 0, 3_51)
    assert payments(id_) == [
        ("沈师傅", 1_00, 0, 1_00, "PLANNED"),
        ("周阿姨", 2_41, 0, 2_41, "PLANNED"),
        ("王大伯", 10, 0, 10, "PLANNED"),
    ]
    assert held(id_) == []
    assert payable(1) == 2_41


def test_a_batch_is_checked_approved_and_paid_and_the_book_follows(app):
    ready()
    id_ = drawn()
    checked(id_)
    assert found(id_)[0] == "CHECKED"
    say_yes(approval_of(id_))
    assert found(id_)[0] == "APPROVED"
    assert company_balance("BANK") == 0
    paid(id_)
    assert found(id_)[0] == "PAID"
    assert (payable(1), payable(2), payable(11)) == (0, 0, 0)
    assert company_balance("BANK") == -3_51
    assert {state for *_, state in payments(id_)} == {"SENT"}


def test_only_finance_of_the_company_draws_up(app):
    ready()
    for username in ("carol", "alice", "audrey", "paul", "adam"):
        with pytest.raises(Forbidden):
            drawn(by=username)
    assert counted(PayoutBatch) == 0


def test_a_month_that_is_not_closed_is_refused(app):
    ready()
    with pytest.raises(Invalid, match="month_not_closed"):
        drawn(NOVEMBER)
    assert counted(PayoutBatch) == 0


def test_a_pay_day_in_the_past_is_refused(app):
    ready()
    with pytest.raises(Invalid, match="pay_day_past"):
        drawn(pay_on=world.TODAY - timedelta(days=1))


def test_without_the_companys_account_nothing_is_drawn_up(app):
    an_october()
    payee(POSTAL_STATION)
    with pytest.raises(Invalid, match="payer_missing"):
        drawn()


def test_with_nothing_to_pay_no_batch_is_drawn_up(app):
    an_october()
    settings()
    with pytest.raises(Invalid, match="nothing_to_pay"):
        drawn()
    assert counted(PayoutPart) == 0


def test_a_batch_sent_twice_is_drawn_up_once_and_with_other_content_refused(app):
    ready()
    id_ = new_id()
    assert drawn(id_=id_) == drawn(id_=id_)
    assert counted(PayoutBatch) == 1
    with pytest.raises(Conflict, match="id_reused"):
        drawn(id_=id_, pay_on=world.TODAY + timedelta(days=1))


def test_what_one_batch_holds_no_other_takes(app):
    ready()
    drawn()
    with pytest.raises(Invalid, match="nothing_to_pay"):
        drawn()


def test_two_batches_at_once_take_everything_once(app):
    ready()

    def draw():
        try:
            return drawn()
        except Invalid as refusal:
            return refusal.code

    answers = at_once(app, [draw, draw], nullcontext)
    assert answers.count("nothing_to_pay") == 1
    assert counted(PayoutPayment) == 3


def test_two_clicks_at_once_pay_once(app):
    ready()
    id_ = approved()

    def click():
        try:
            return paid(id_)
        except Conflict as refusal:
            return refusal.code

    answers = at_once(app, [click, click], nullcontext)
    assert sorted(answers, key=str) == [None, "batch_step"]
    assert company_balance("BANK") == -3_51


def test_the_same_payment_sent_twice_pays_once(app):
    ready()
    id_, sent = approved(), new_id()
    paid(id_, request_id=sent)
    paid(id_, request_id=sent)
    assert company_balance("BANK") == -3_51
    with pytest.raises(Conflict, match="batch_step"):
        paid(id_)


def test_a_batch_that_was_not_approved_is_not_paid(app):
    ready()
    id_ = drawn()
    with pytest.raises(Conflict, match="batch_step"):
        paid(id_)
    checked(id_)
    with pytest.raises(Conflict, match="batch_step"):
        paid(id_)
    assert company_balance("BANK") == 0


def test_only_finance_pays(app):
    ready()
    id_ = approved()
    for username in ("carol", "alice", "audrey"):
        with pytest.raises(Forbidden):
            paid(id_, by=username)
    assert company_balance("BANK") == 0


def test_who_checked_does_not_approve(app):
    ready()
    id_ = drawn()
    checked(id_)
    with pytest.raises(Forbidden, match="own_request"):
        say_yes(approval_of(id_), by="fang")


def test_who_drew_up_does_not_approve_either(app):
    ready()
    id_ = drawn(by="grace")
    checked(id_, by="fang")
    with pytest.raises(Forbidden, match="drew_or_checked"):
        say_yes(approval_of(id_), by="grace")
    assert found(id_)[0] == "CHECKED"


def test_who_checked_once_does_not_approve_after_taking_it_back(app):
    ready()
    id_ = drawn()
    checked(id_, by="grace")
    asked = approval_of(id_)
    with batch():
        withdraw(asked, new_id(), world.actor("grace"))
    checked(id_)
    with pytest.raises(Forbidden, match="drew_or_checked"):
        say_yes(approval_of(id_), by="grace")
    assert found(id_)[0] == "CHECKED"


def test_a_refused_batch_is_sent_for_approval_again_or_cancelled(app):
    ready()
    id_ = drawn()
    checked(id_)
    with pytest.raises(Conflict, match="batch_waits"):
        cancelled(id_)
    say_no(approval_of(id_))
    checked(id_)
    say_no(approval_of(id_))
    cancelled(id_)
    assert found(id_)[0] == "CANCELLED"
    assert found(drawn())[1] == 3


def test_a_batch_checked_twice_waits_once(app):
    ready()
    id_, sent = drawn(), new_id()
    checked(id_, request_id=sent)
    checked(id_, request_id=sent)
    with pytest.raises(Conflict, match="approval_pending"):
        checked(id_)


def test_cancelling_needs_a_reason_and_is_not_for_paid_batches(app):
    ready()
    id_ = approved()
    with pytest.raises(Invalid, match="reason_missing"):
        cancelled(id_, reason=" ")
    paid(id_)
    with pytest.raises(Conflict, match="batch_step"):
        cancelled(id_)


def test_confirmed_payments_are_done_and_confirmed_once(app):
    ready()
    id_, sent = a_paid_batch(), new_id()
    assert confirmed(id_, [payment_id(id_)], request_id=sent) == 1
    assert confirmed(id_, [payment_id(id_)], request_id=sent) == 1
    with pytest.raises(Conflict, match="payment_answered"):
        confirmed(id_, [payment_id(id_)])
    assert confirmed(id_) == 2
    with pytest.raises(Missing, match="payment_missing"):
        confirmed(id_)
    assert {state for *_, state in payments(id_)} == {"CONFIRMED"}


def test_a_returned_payment_goes_back_in_the_book_and_into_the_next_batch(app):
    ready()
    id_, sent = a_paid_batch(), new_id()
    returned(payment_id(id_, 2), request_id=sent)
    returned(payment_id(id_, 2), request_id=sent)
    assert payments(id_)[1] == ("周阿姨", 2_41, 0, 2_41, "RETURNED")
    assert (payable(1), payable(2)) == (2_41, 0)
    assert company_balance("BANK") == -1_10
    with pytest.raises(Conflict, match="payment_answered"):
        returned(payment_id(id_, 2))
    again = a_paid_batch()
    assert payments(again) == [("周阿姨", 2_41, 0, 2_41, "SENT")]
    assert (payable(1), company_balance("BANK")) == (0, -3_51)


def test_a_confirmed_payment_may_still_come_back(app):
    ready()
    id_ = a_paid_batch()
    confirmed(id_)
    returned(payment_id(id_))
    assert payable(11) == 1_00


def test_a_return_needs_a_reason_and_finance(app):
    ready()
    id_ = a_paid_batch()
    with pytest.raises(Invalid, match="reason_missing"):
        returned(payment_id(id_), reason="")
    with pytest.raises(Forbidden):
        returned(payment_id(id_), by="carol")
    with pytest.raises(Missing):
        returned(new_id())
    assert company_balance("BANK") == -3_51


def test_the_database_refuses_what_the_program_would_never_do(app):
    ready()
    id_ = a_paid_batch()
    drawn_again = "INSERT INTO payout_parts SELECT {columns} FROM payout_parts LIMIT 1"
    columns = "1000, batch_id, payment_id, outlet_id, month, 'KEEPER', amount_fen, why, why_text, released"
    for statement in (
        "UPDATE payout_payments SET net_fen = net_fen + 1, gross_fen = gross_fen + 1",
        "UPDATE payout_batches SET net_fen = net_fen + 1, gross_fen = gross_fen + 1",
        "UPDATE payout_batches SET state = 'APPROVED', paid_on = NULL",
        "UPDATE payout_parts SET amount_fen = 1",
        "DELETE FROM payout_parts",
        "DELETE FROM payout_legs",
        "UPDATE payee_accounts SET number = '622848001234000'",
        drawn_again.format(columns=columns),
    ):
        with pytest.raises(DBAPIError), batch() as session:
            session.execute(text(statement))
    assert found(id_)[0] == "PAID"
    assert counted(Transfer) > 0
