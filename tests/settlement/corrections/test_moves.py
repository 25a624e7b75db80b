"""Paid for one household, meant for another; and adjustments. Amounts are worked out by hand from what the cast owes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agentnet.approvals.actions import approve
from agentnet.approvals.models import Approval
from agentnet.collecting.models import AllocationChange, Correction
from agentnet.core.errors import Refusal
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from agentnet.ledger.rules import ORG_UNIT, AccountKey
from agentnet.outlets.actions import move_outlet
from agentnet.settlement.rules import Count
from tests import world
from tests.approvals.given import more_finance, say_yes, seen, state_of, take_back
from tests.at_once import at_once
from tests.collecting.counter import CASH_HELD, count
from tests.settlement.corrections.given import (
    BANK,
    BILLING,
    GANG_ADVANCE,
    GANG_OWED,
    MEI_ADVANCE,
    MEI_OWED,
    SUSPENSE,
    ask_adjustment,
    ask_move,
    ask_refund,
    balances,
    bill_gang,
    collected,
    due_of,
    moved,
    next_day,
    refunded,
    spend,
)
from tests.settlement.drawer import OVER_SHORT, SUSPECTED, close
from tests.verify.test_planted import is_named, named_in

WRITE_OFF = AccountKey(ORG_UNIT, world.TAIPING.id, "WRITE_OFF")


def refused(call, *given, **named):
    with pytest.raises(Refusal) as refusal:
        call(*given, **named)
    return refusal.value.code


def test_what_was_paid_for_the_wrong_household_pays_the_right_ones_oldest_bill(app):
    # 50.00 entered for Gang (5.38 due, 44.62 advance), meant for Mei: her September takes it, 2.00 late charge first.
    _, receipt_no = collected(5000)
    with next_day():
        moved(receipt_no, world.MEI)
        assert due_of(world.GANG) == [("2026-10", 538, 0)]
        assert due_of(world.MEI) == [("2026-09", 5200, 0), ("2026-10", 20350, 0)]
        assert balances(BILLING, GANG_ADVANCE, MEI_ADVANCE, SUSPENSE, CASH_HELD) == (5000, 0, 0, 0, 5000)
    with reading():
        rows = db.session.execute(
            select(Transfer.kind, Transfer.amount_fen).where(Transfer.subject_kind == "CORRECTION")
        ).all()
        assert sorted(rows) == [
            ("MOVED_FROM_ADVANCE", 4462),
            ("MOVED_FROM_BILLING", 538),
            ("MOVED_TO_BILLING", 5000),
        ]


def test_what_the_right_household_does_not_owe_is_its_advance(app):
    # 305.50 entered for Mei, meant for Gang, who owes 5.38: the other 300.12 is his advance.
    _, receipt_no = collected(30550, world.MEI)
    with next_day():
        moved(receipt_no, world.GANG)
        assert due_of(world.MEI) == [("2026-09", 10000, 200), ("2026-10", 20350, 0)]
        assert due_of(world.GANG) == []
        assert balances(BILLING, MEI_ADVANCE, GANG_ADVANCE, SUSPENSE) == (538, 0, 30012, 0)


def test_what_was_moved_may_be_refunded_or_moved_on_and_belongs_to_its_last_household(app):
    _, receipt_no = collected(538)
    with next_day():
        moved(receipt_no, world.MEI)
        assert refused(ask_move, receipt_no, world.MEI) == "same_household"
        refunded(receipt_no, 100)
        assert balances(MEI_OWED, GANG_OWED) == (100, 0)
        # Of 5.38, Mei's September took 2.00 late and 3.38; 1.00 of the principal went back.
        assert due_of(world.MEI)[0] == ("2026-09", 10000 - 238, 0)
        moved(receipt_no, world.OLD)
        assert due_of(world.MEI)[0] == ("2026-09", 10000, 200)
        assert balances(AccountKey("HOUSEHOLD", 3, "ADVANCE"), SUSPENSE) == (438, 0)


def test_an_advance_already_used_is_named_and_nothing_moves(app):
    collected(538)
    _, receipt_no = collected(1000, lookalike_confirmed=True)  # all of it an advance
    with next_day():
        assert balances(GANG_ADVANCE) == (1000,)
        bill_gang(1000)
        assert spend() == 1
        new = ask_move(receipt_no, world.MEI)
        assert refused(say_yes, new.id, by="carol") == "advance_used"
        assert state_of(new.id)[0] == "PENDING"
        assert balances(GANG_ADVANCE, SUSPENSE) == (0, 0)


def test_a_refund_approved_meanwhile_lets_the_move_be_asked_for_anew(app):
    _, receipt_no = collected(5000)
    with next_day():
        move = ask_move(receipt_no, world.MEI)
        refunded(receipt_no, 1000)
        assert refused(say_yes, move.id, by="carol") == "collection_changed"
        assert count(Correction) == 1


@pytest.mark.parametrize(
    ("by", "household_no", "reason", "code"),
    [
        ("bob", world.MEI, "户号输错", "not_permitted"),
        ("alan", world.MEI, "户号输错", "collection_missing"),
        ("charlie", world.MEI, "户号输错", "collection_missing"),
        ("alice", world.GANG, "户号输错", "same_household"),
        ("alice", "3310810009999", "户号输错", "household_missing"),
        ("alice", "12", "户号输错", "household_no_shape"),
        ("alice", world.MEI, "", "reason_missing"),
    ],
)
def test_who_asks_and_for_what(app, by, household_no, reason, code):
    _, receipt_no = collected()
    with next_day():
        assert refused(ask_move, receipt_no, household_no, by=by, reason=reason) == code
        assert count(Approval) == 0


def test_the_keeper_raises_it_and_may_not_decide_it_and_twice_is_once(app):
    _, receipt_no = collected()
    with next_day():
        id_ = new_id()
        ask_move(receipt_no, id_=id_)
        ask_move(receipt_no, id_=id_)
        assert refused(ask_move, receipt_no, world.OLD, id_=id_) == "id_reused"
        assert refused(say_yes, id_, by="alice") == "not_permitted"
        request_id = new_id()
        say_yes(id_, by="fang", request_id=request_id)
        say_yes(id_, by="fang", request_id=request_id)
        assert (count(Correction), count(AllocationChange)) == (1, 2)


def test_of_sixteen_approvals_of_moves_and_refunds_at_once_one_takes_the_money(app):
    _, receipt_no = collected()
    with next_day():
        move, refund = ask_move(receipt_no), ask_refund(receipt_no, 538)
        hashes = {one.id: seen(one.id) for one in (move, refund)}
        with reading():
            fang = world.actor("fang")
        works = [lambda one=one: approve(one.id, new_id(), hashes[one.id], "", fang) for one in (move, refund) * 8]
        answers = at_once(app, works, batch)
        assert answers.count(None) == 1
        assert set(answers) <= {None, "approval_decided", "collection_changed", "nothing_left"}
        assert count(Correction) == 1
        assert sum(balances(BILLING, GANG_OWED)) == 538


def test_a_shortage_is_written_off_by_two_of_finance_and_never_more_than_it_is(app):
    more_finance()
    collected(538)
    close(count=Count(other_fen=438), explanation="少一元")
    assert balances(OVER_SHORT) == (100,)
    too_much = ask_adjustment("SHORT_WRITTEN_OFF", 101)
    assert refused(say_yes, too_much.id, by="grace") == "more_than_short"
    assert refused(ask_adjustment, "SHORT_WRITTEN_OFF", 100) == "approval_pending"
    take_back(too_much.id)
    new = ask_adjustment("SHORT_WRITTEN_OFF", 60)
    assert refused(say_yes, new.id, by="fang") == "own_request"
    say_yes(new.id, by="grace")
    assert balances(OVER_SHORT, WRITE_OFF) == (40, 60)
    say_yes(ask_adjustment("SHORT_MADE_GOOD", 40).id, by="grace")
    assert balances(OVER_SHORT, WRITE_OFF, BANK) == (0, 60, 40)


def test_what_is_over_is_set_aside_and_unknown_money_comes_and_goes(app):
    more_finance()
    collected(538)
    close(count=Count(other_fen=638), explanation="多一元")
    over = ask_adjustment("OVER_TO_SUSPENSE", 100)
    say_yes(over.id, by="grace")
    assert balances(OVER_SHORT, SUSPENSE) == (0, 100)
    say_yes(ask_adjustment("UNKNOWN_RECEIVED", 250).id, by="grace")
    say_yes(ask_adjustment("UNKNOWN_RETURNED", 50).id, by="grace")
    too_much = ask_adjustment("UNKNOWN_RETURNED", 301)
    assert refused(say_yes, too_much.id, by="grace") == "more_than_suspense"
    assert refused(say_yes, too_much.id, by="fang") == "own_request"
    take_back(too_much.id, by="fang")
    say_yes(ask_adjustment("CHANNEL_FEE", 7).id, by="grace")
    fee = AccountKey(ORG_UNIT, world.TAIPING.id, "CHANNEL_FEE")
    assert balances(SUSPENSE, BANK, fee) == (300, 193, 7)


def test_suspected_notes_are_written_off_or_made_good_by_two_and_nothing_of_the_shortage_with_them(app):
    """20.00 suspected and one fen short: each adjustment takes only what lies on its own account."""
    more_finance()
    collected(50_00)
    close(count=Count(other_fen=29_99, counterfeit_fen=20_00), explanation="疑似假币一张，另少一分")
    assert balances(OVER_SHORT, SUSPECTED) == (1, 20_00)
    too_much = ask_adjustment("SUSPECT_WRITTEN_OFF", 20_01)
    assert refused(say_yes, too_much.id, by="grace") == "more_than_suspected"
    take_back(too_much.id)
    new = ask_adjustment("SUSPECT_WRITTEN_OFF", 15_00, reason="银行没收假币")
    assert refused(say_yes, new.id, by="fang") == "own_request"
    say_yes(new.id, by="grace")
    say_yes(ask_adjustment("SUSPECT_MADE_GOOD", 5_00, reason="鉴定为真币").id, by="grace")
    assert balances(OVER_SHORT, SUSPECTED, WRITE_OFF, BANK) == (1, 0, 15_00, 5_00)
    with reading():
        assert named_in(db.session.connection()) & {"correction_moves", "stray_difference", "counterfeit"} == set()
    # as if the shortage had been written off instead
    assert is_named("correction_moves", "UPDATE corrections SET adjustment = 'SHORT_WRITTEN_OFF'")


@pytest.mark.parametrize(
    ("by", "adjustment", "amount_fen", "reason", "code"),
    [
        ("carol", "CHANNEL_FEE", 7, "手续费", "not_permitted"),
        ("alice", "CHANNEL_FEE", 7, "手续费", "not_permitted"),
        ("fang", "CASH_TO_ME", 7, "手续费", "adjustment_unknown"),
        ("fang", "CHANNEL_FEE", 0, "手续费", "adjustment_amount"),
        ("fang", "CHANNEL_FEE", 7, "", "reason_missing"),
    ],
)
def test_only_finance_adjusts_and_only_what_the_list_allows(app, by, adjustment, amount_fen, reason, code):
    assert refused(ask_adjustment, adjustment, amount_fen, by=by, reason=reason) == code
    assert count(Approval) == 0


def test_finance_of_another_county_finds_no_outlet_here(app):
    more_finance()
    assert refused(ask_adjustment, "CHANNEL_FEE", 7, by="carol", outlet="JX0001") == "outlet_missing"


def test_a_move_sent_again_after_it_was_approved_is_answered_the_same(app):
    """It stands for Mei now; judged anew, it would be refused as hers already."""
    _, receipt_no = collected()
    with next_day():
        first = moved(receipt_no)
        assert ask_move(receipt_no, id_=first.id) == first
        assert refused(ask_move, receipt_no, world.OLD, id_=first.id) == "id_reused"
        assert refused(ask_move, receipt_no) == "same_household"
        assert count(Correction) == 1


def test_an_adjustment_sent_again_after_the_outlet_moved_on_is_answered_the_same(app):
    more_finance()
    first = ask_adjustment("CHANNEL_FEE", 7)
    say_yes(first.id, by="grace")
    with batch():
        move_outlet("WL0001", "WL-ZG", world.TODAY, world.actor("carol"))
    assert ask_adjustment("CHANNEL_FEE", 7, id_=first.id) == first
    assert refused(ask_adjustment, "CHANNEL_FEE", 8, id_=first.id) == "id_reused"
    assert (count(Approval), count(Correction)) == (1, 1)
