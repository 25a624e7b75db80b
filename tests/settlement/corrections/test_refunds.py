"""Refunds: what is taken back from where, who may, once, and how the customer gets the money.

Amounts are worked out by hand from what the cast owes.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agentnet.approvals.actions import approve
from agentnet.approvals.models import Approval
from agentnet.collecting.models import AllocationChange, Correction, RefundPayout
from agentnet.core.errors import Refusal
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from agentnet.ledger.rules import OUTLET, AccountKey
from agentnet.settlement.corrections.actions import pay_refund
from tests import world
from tests.approvals.given import more_finance, say_no, say_yes, seen, state_of
from tests.at_once import at_once
from tests.collecting.counter import CASH_HELD, RECEIVED, count
from tests.settlement.corrections.given import (
    BANK,
    BILLING,
    GANG_ADVANCE,
    GANG_OWED,
    MEI_OWED,
    ask_refund,
    balances,
    bill_gang,
    collected,
    due_of,
    next_day,
    pay,
    refunded,
    spend,
)
from tests.settlement.drawer import close, declare, new_remittance


def refused(call, *given, **named):
    with pytest.raises(Refusal) as refusal:
        call(*given, **named)
    return refusal.value.code


def test_a_whole_refund_makes_the_bill_due_again_and_owes_the_customer(app):
    # 5.38 collected from Gang for October: Dr CASH_HELD, Cr RECEIVED; at night Dr RECEIVED, Cr BILLING_CLEARING.
    _, receipt_no = collected(538)
    with next_day():
        assert balances(CASH_HELD, RECEIVED, BILLING, GANG_OWED) == (538, 0, 538, 0)
        assert due_of(world.GANG) == []
        new = refunded(receipt_no, 538)
        assert balances(CASH_HELD, BILLING, GANG_OWED) == (538, 0, 538)
        assert due_of(world.GANG) == [("2026-10", 538, 0)]
        pay(new.id)
        assert balances(CASH_HELD, BILLING, GANG_OWED) == (0, 0, 0)
    with reading():
        kinds = db.session.scalars(select(Transfer.kind).where(Transfer.subject_kind == "CORRECTION")).all()
        assert sorted(kinds) == ["REFUND_BILLING", "REFUND_PAID"]
        actions = db.session.scalars(select(AuditLine.action).order_by(AuditLine.id.desc()).limit(4)).all()
        assert actions == ["refund_paid", "refund_approved", "approval_approved", "approval_requested"]


def test_part_of_an_overpayment_comes_out_of_the_advance_first(app):
    # 50.00 for a bill of 5.38: 44.62 is advance. 44.62 back leaves the bill paid; 1.00 more takes from the bill.
    _, receipt_no = collected(5000)
    with next_day():
        assert balances(BILLING, GANG_ADVANCE) == (538, 4462)
        refunded(receipt_no, 4462)
        assert balances(BILLING, GANG_ADVANCE, GANG_OWED) == (538, 0, 4462)
        assert due_of(world.GANG) == []
        refunded(receipt_no, 100)
        assert balances(BILLING, GANG_ADVANCE, GANG_OWED) == (438, 0, 4562)
        assert due_of(world.GANG) == [("2026-10", 100, 0)]
        assert refused(ask_refund, receipt_no, 439) == "refund_amount"
        refunded(receipt_no, 438)
        assert refused(ask_refund, receipt_no, 1) == "nothing_left"
        assert due_of(world.GANG) == [("2026-10", 538, 0)]


def test_bills_are_given_back_newest_first_principal_before_late_charge(app):
    # Mei pays 305.50 = 102.00 of September (2.00 late) and 203.50 of October. 304.00 back: all of October, then
    # 100.00 of September's principal, then 0.50 of its late charge.
    _, receipt_no = collected(30550, world.MEI)
    with next_day():
        refunded(receipt_no, 30400)
        assert due_of(world.MEI) == [("2026-09", 10000, 50), ("2026-10", 20350, 0)]
        assert balances(BILLING, MEI_OWED) == (150, 30400)
        # Collected again, the oldest bill and its late charge come first.
        collected(10050, world.MEI)
        assert due_of(world.MEI) == [("2026-10", 20350, 0)]


def test_an_advance_that_paid_a_later_bill_is_not_given_back(app):
    _, receipt_no = collected(5000)
    with next_day():
        bill_gang(4000)
        assert spend() == 1
        assert balances(GANG_ADVANCE) == (462,)
        new = ask_refund(receipt_no, 5000)
        assert refused(say_yes, new.id, by="fang") == "advance_used"
        assert state_of(new.id)[0] == "PENDING"
        assert (count(Correction), count(AllocationChange)) == (0, 0)
        assert balances(GANG_ADVANCE, GANG_OWED) == (462, 0)


def test_what_can_still_be_voided_is_voided(app):
    _, receipt_no = collected()
    assert refused(ask_refund, receipt_no, 538) == "void_instead"
    assert count(Approval) == 0


def test_after_the_close_it_may_be_asked_for_and_waits_for_the_night(app):
    _, receipt_no = collected()
    close()
    new = ask_refund(receipt_no, 538)
    assert refused(say_yes, new.id, by="fang") == "correction_waits"
    with next_day():
        say_yes(new.id, by="fang")
        assert state_of(new.id)[0] == "APPROVED"


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ("bob", "not_permitted"),
        ("paul", "not_permitted"),
        ("audrey", "not_permitted"),
        ("alan", "collection_missing"),
        ("dora", "collection_missing"),
        ("charlie", "collection_missing"),
    ],
)
def test_only_the_keeper_the_supervisor_and_finance_there_ask(app, by, code):
    _, receipt_no = collected()
    with next_day():
        assert refused(ask_refund, receipt_no, 538, by=by) == code
        assert count(Approval) == 0


@pytest.mark.parametrize("by", ["alice", "carol", "fang"])
def test_each_of_them_asks_and_another_person_of_finance_decides(app, by):
    more_finance()
    _, receipt_no = collected()
    with next_day():
        new = ask_refund(receipt_no, 538, by=by)
        assert refused(say_yes, new.id, by=by) in ("own_request", "not_permitted")
        say_yes(new.id, by="grace")
        assert balances(GANG_OWED) == (538,)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_fen": 0}, "refund_amount"),
        ({"amount_fen": -1}, "refund_amount"),
        ({"amount_fen": 539}, "refund_amount"),
        ({"pay_by": "CARD"}, "refund_way"),
        ({"reason": ""}, "reason_missing"),
    ],
)
def test_what_makes_no_sense_leaves_nothing(app, changes, code):
    _, receipt_no = collected()
    with next_day():
        assert refused(ask_refund, **({"receipt_no": receipt_no, "amount_fen": 538} | changes)) == code
        assert count(Approval) == 0


def test_what_was_paid_by_card_is_not_given_back_in_cash(app):
    _, receipt_no = collected(538, tender="UNIONPAY_CARD", reference="R1")
    with next_day():
        assert refused(ask_refund, receipt_no, 538, pay_by="CASH") == "refund_way"
        new = refunded(receipt_no, 538, pay_by="BANK")
        assert refused(pay, new.id, by="alice") == "refund_missing"
        assert refused(pay, new.id, " ", by="fang") == "reference_missing"
        pay(new.id, "HD-77", by="fang")
        assert balances(GANG_OWED, BANK) == (0, -538)
    with reading():
        assert db.session.scalars(select(RefundPayout.reference)).one() == "HD-77"


def test_the_same_request_and_payout_sent_twice_are_once(app):
    _, receipt_no = collected()
    with next_day():
        id_, payout = new_id(), new_id()
        ask_refund(receipt_no, 538, id_=id_)
        ask_refund(receipt_no, 538, id_=id_)
        assert refused(ask_refund, receipt_no, 500, id_=id_) == "id_reused"
        say_yes(id_, by="fang")
        pay(id_, id_=payout)
        pay(id_, id_=payout)
        assert refused(pay, id_) == "refund_paid"
        assert (count(Correction), count(RefundPayout)) == (1, 1)
        assert balances(GANG_OWED, CASH_HELD) == (0, 0)


def test_only_the_keeper_there_pays_cash_and_only_what_the_drawer_holds(app):
    _, receipt_no = collected()
    with next_day():
        new = refunded(receipt_no, 538)
        assert refused(pay, new.id, by="alan") == "refund_missing"
        assert refused(pay, new.id, by="carol") == "not_permitted"
        declare(new_remittance(538))
        assert refused(pay, new.id) == "cash_not_enough"
        pay(new.id, "HD-1", by="fang")  # the customer gets the money all the same, from the bank
        assert balances(GANG_OWED) == (0,)
        assert refused(pay, new.id) == "refund_paid"


def test_where_the_outlet_holds_prepaid_its_float_grows_by_what_it_hands_out(app):
    _, receipt_no = collected()
    with next_day():
        new = refunded(receipt_no, 538)
        with batch() as session:
            session.execute(text("UPDATE agreements SET holding_mode = 'PREPAID' WHERE outlet_id = 1"))
        pay(new.id)
        assert balances(AccountKey(OUTLET, 1, "FLOAT"), CASH_HELD, GANG_OWED) == (538, 538, 0)


def test_of_sixteen_approvals_of_one_refund_at_once_one_is_booked(app):
    _, receipt_no = collected()
    with next_day():
        new = ask_refund(receipt_no, 538)
        sha256 = seen(new.id)
        with reading():
            fang = world.actor("fang")
        answers = at_once(app, [lambda: approve(new.id, new_id(), sha256, "", fang)] * 16, batch)
        assert (answers.count(None), answers.count("approval_decided")) == (1, 15)
        assert balances(GANG_OWED, BILLING) == (538, 0)
        assert (count(Correction), count(AllocationChange)) == (1, 1)


def test_of_sixteen_payouts_at_once_one_leaves_the_drawer(app):
    _, receipt_no = collected(5000)
    with next_day():
        new = refunded(receipt_no, 1000)
        with reading():
            alice = world.actor("alice")
        answers = at_once(app, [lambda: pay_refund(new.id, new_id(), None, alice)] * 16, batch)
        assert (answers.count(None), answers.count("refund_paid")) == (1, 15)
        assert balances(CASH_HELD, GANG_OWED) == (4000, 0)


def test_the_database_keeps_corrections_as_they_are(app):
    _, receipt_no = collected()
    with next_day():
        new = refunded(receipt_no, 538)
        pay(new.id)
        for table in ("corrections", "allocation_changes", "refund_payouts"):
            for change in (f"DELETE FROM {table}", f"UPDATE {table} SET correction_id = NULL"):
                with pytest.raises(DBAPIError), batch() as session:
                    session.execute(
                        text(change if table != "corrections" else change.replace("correction_id", "reason"))
                    )


def test_a_request_sent_again_after_it_was_decided_is_answered_the_same(app):
    """The whole of 538 was refunded meanwhile: judged anew, nothing would be left to ask for."""
    _, receipt_no = collected()
    with next_day():
        first = refunded(receipt_no, 538)
        assert ask_refund(receipt_no, 538, id_=first.id) == first
        assert refused(ask_refund, receipt_no, 537, id_=first.id) == "id_reused"
        assert refused(ask_refund, receipt_no, 538, id_=first.id, reason="另一个原因") == "id_reused"
        assert refused(ask_refund, receipt_no, 538) == "nothing_left"
        assert (count(Approval), count(Correction)) == (1, 1)


def test_a_rejected_request_sent_again_stays_rejected(app):
    _, receipt_no = collected()
    with next_day():
        first = ask_refund(receipt_no, 538)
        say_no(first.id, by="fang")
        ask_refund(receipt_no, 538, id_=first.id)
        assert (state_of(first.id)[0], count(Approval)) == ("REJECTED", 1)
