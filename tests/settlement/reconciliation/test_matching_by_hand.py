"""By hand: a match joins two sides once, says why, and can be undone; confirming by a statement moves the money once."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from agentnet.ledger.queries import wrong_balances
from agentnet.ledger.rules import AccountKey
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation.match_actions import NewMatch, confirm_by_statement, match_by_hand, undo_match
from agentnet.settlement.reconciliation.models import RowMatch
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import CASH_HELD, balance_of, count, item, record
from tests.settlement.drawer import BANK, IN_TRANSIT, confirm, declare, new_remittance
from tests.settlement.reconciliation.given import (
    bank_file,
    differences,
    matches,
    partner_file,
    payment_line,
    receipts,
    said,
    take_bank,
    take_post,
)

CHANNEL_FEE = AccountKey("ORG_UNIT", world.TAIPING.id, "CHANNEL_FEE")


@pytest.fixture
def apart(app):
    """We: 5.38 of Gang. They: 5.00 of Gang under a receipt we do not know. Return the file's id and our receipt."""
    record(item(538))
    return take_post(partner_file(payment_line("P-000001", 500))), receipts()[0]


def hand(apart, by="fang", **changes):
    file_id, receipt_no = apart
    new = replace(NewMatch(new_id(), file_id, 2, receipt_no, None, "网点手写收据"), **changes)
    with batch():
        match_by_hand(new, world.actor(by))
    return new


def undo(reason="认错了", by="fang", request_id=None):
    with reading():
        last = db.session.scalar(select(RowMatch.id).order_by(RowMatch.id.desc()).limit(1))
    with batch():
        return undo_match(last, request_id or new_id(), reason, world.actor(by))


def test_both_sides_were_open_and_the_match_ends_them(apart):
    assert [one[0] for one in differences("OPEN")] == ["MISSING_AT_UTILITY", "MISSING_AT_AGENT"]
    hand(apart)
    assert matches(apart[0]) == [(2, "HAND", apart[1])]
    # 5.38 - 5.00 is left between them
    assert differences("OPEN") == [("AMOUNT_MISMATCH", "REVERSE", 38, 2, "OPEN")]
    assert [one[4] for one in differences("EXPLAINED")] == ["EXPLAINED", "EXPLAINED"]


def test_undone_both_sides_are_open_again_and_the_match_is_kept(apart):
    hand(apart)
    undo()
    assert matches(apart[0]) == []
    assert sorted(differences("OPEN")) == [
        ("MISSING_AT_AGENT", "REVERSE", 538, None, "OPEN"),
        ("MISSING_AT_UTILITY", "BOOK", 500, 2, "OPEN"),
    ]
    with reading():
        kept = db.session.scalars(select(RowMatch)).one()
        assert (kept.undone_by_id, kept.undo_reason) == (9, "认错了")
    hand(apart)
    assert (count(RowMatch), len(matches(apart[0]))) == (2, 1)


def test_a_match_the_import_found_can_be_undone_too(app):
    record(item(538))
    file_id = take_post(partner_file(payment_line(receipts()[0], 538)))
    undo()
    assert matches(file_id) == []
    assert sorted(one[:3] for one in differences("OPEN")) == [
        ("MISSING_AT_AGENT", "REVERSE", 538),
        ("MISSING_AT_UTILITY", "BOOK", 538),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": " "}, "reason_missing"),
        ({"receipt_no": "nobody-1"}, "collection_missing"),
        ({"line_no": 99}, "row_missing"),
        ({"file_id": 99}, "channel_file_missing"),
    ],
)
def test_a_broken_rule_is_named_and_leaves_nothing(apart, changes, code):
    with pytest.raises((Invalid, Missing), match=code):
        hand(apart, **changes)
    assert count(RowMatch) == 0


def test_payments_of_two_households_are_never_matched(apart):
    record(item(500, world.MEI))
    with pytest.raises(Invalid, match="household_other"):
        hand(apart, receipt_no=receipts()[1])


def test_a_receipt_of_an_outlet_outside_the_partner_is_missing(apart):
    record(item(500, outlet_code="WL0002"), by="alan")
    with pytest.raises(Missing, match="collection_missing"):
        hand(apart, receipt_no=receipts()[1])


@pytest.mark.parametrize("username", ["alice", "carol", "paul", "audrey", "adam"])
def test_only_finance_matches_and_undoes(apart, username):
    with pytest.raises(Forbidden, match="not_permitted"):
        hand(apart, by=username)
    hand(apart)
    with pytest.raises(Forbidden, match="not_permitted"):
        undo(by=username)


def test_sent_twice_is_once_and_a_row_is_matched_once(apart):
    new = hand(apart)
    hand(apart, id=new.id)
    assert count(RowMatch) == 1
    with pytest.raises(Conflict, match="id_reused"):
        hand(apart, id=new.id, reason="别的原因")
    with pytest.raises(Conflict, match="row_matched"):
        hand(apart)
    request_id = new_id()
    undo(request_id=request_id)
    undo(request_id=request_id)
    with pytest.raises(Conflict, match="match_undone"):
        undo()
    with pytest.raises(Invalid, match="reason_missing"):
        hand(apart)
        undo(reason="")


def test_of_eight_people_matching_one_row_one_wins(app, apart):
    news = [NewMatch(new_id(), apart[0], 2, apart[1], None, f"第 {n} 人") for n in range(8)]
    answers = at_once(app, [lambda new=new: match_by_hand(new, world.actor("fang")) for new in news], batch)
    assert sorted(map(str, answers)) == ["None"] + ["row_matched"] * 7


@pytest.fixture
def deposit(app):
    """300.00 of WL0001 in transit."""
    record(item(300_00, world.MEI))
    return declare(new_remittance(300_00, slip_no="JK-0001"))


def by_statement(file_id, total_fen, by="fang", request_id=None):
    with batch():
        return confirm_by_statement(file_id, request_id or new_id(), total_fen, world.actor(by))


def test_a_statement_confirms_what_it_was_matched_with(deposit):
    (file_id,) = take_bank(bank_file((300_00, said("JK-0001"))))
    assert by_statement(file_id, 300_00) == 1
    assert (balance_of(IN_TRANSIT), balance_of(BANK), balance_of(CASH_HELD)) == (0, 300_00, 0)
    with reading():
        assert db.session.get_one(Remittance, deposit.id).state == "CONFIRMED"
        assert wrong_balances() == []


def test_the_banks_fee_is_ours_and_not_the_keepers(deposit):
    """Gross 300.00, fee 0.60, net 299.40: the deposit is settled whole, BANK holds 299.40, the fee is an expense."""
    charges = '<Chrgs><Rcrd><Amt Ccy="CNY">0.60</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'
    (file_id,) = take_bank(bank_file((299_40, charges + said("JK-0001"))))
    by_statement(file_id, 300_00)
    assert (balance_of(IN_TRANSIT), balance_of(BANK), balance_of(CHANNEL_FEE)) == (0, 299_40, 60)


def test_what_did_not_arrive_goes_back_and_the_difference_has_its_end(deposit):
    (file_id,) = take_bank(bank_file((280_00, said("JK-0001"))))
    by_statement(file_id, 280_00)
    assert (balance_of(IN_TRANSIT), balance_of(BANK), balance_of(CASH_HELD)) == (0, 280_00, 20_00)
    assert differences() == [("AMOUNT_MISMATCH", "REVERSE", 20_00, 1, "ADJUSTED")]


def test_more_than_declared_confirms_the_declared_and_stays_a_difference(deposit):
    (file_id,) = take_bank(bank_file((320_00, said("JK-0001"))))
    by_statement(file_id, 300_00)
    assert (balance_of(IN_TRANSIT), balance_of(BANK)) == (0, 300_00)
    assert differences() == [("AMOUNT_MISMATCH", "BOOK", 20_00, 1, "OPEN")]


def test_confirmed_twice_is_once_and_cannot_be_undone(deposit):
    (file_id,) = take_bank(bank_file((300_00, said("JK-0001"))))
    request_id = new_id()
    assert by_statement(file_id, 300_00, request_id=request_id) == 1
    assert by_statement(file_id, 300_00, request_id=request_id) == 1
    assert by_statement(file_id, 0) == 0
    assert balance_of(BANK) == 300_00
    with pytest.raises(Conflict, match="match_booked"):
        undo()


def test_what_moved_since_the_page_was_shown_is_asked_again(deposit):
    (file_id,) = take_bank(bank_file((300_00, said("JK-0001"))))
    before = count(Transfer)
    with pytest.raises(Conflict, match="confirmation_moved"):
        by_statement(file_id, 299_00)
    confirm(deposit.id, 300_00)
    with pytest.raises(Conflict, match="confirmation_moved"):
        by_statement(file_id, 300_00)
    assert count(Transfer) == before + 1


@pytest.mark.parametrize("username", ["alice", "carol", "paul", "audrey"])
def test_only_finance_confirms(deposit, username):
    (file_id,) = take_bank(bank_file((300_00, said("JK-0001"))))
    with pytest.raises(Forbidden, match="not_permitted"):
        by_statement(file_id, 300_00, by=username)
    assert balance_of(BANK) == 0


def test_a_line_the_rules_could_not_read_is_matched_by_hand(deposit):
    (file_id,) = take_bank(bank_file((299_00, said("周阿姨存款")), (-5_00, said("手续费"))))
    assert differences("OPEN") == [("MISSING_AT_UTILITY", "LOOK", 299_00, 1, "OPEN")]
    by_hand = NewMatch(new_id(), file_id, 1, "", deposit.id, "存款人是代办员")
    with batch():
        match_by_hand(by_hand, world.actor("fang"))
    assert differences("OPEN") == [("AMOUNT_MISMATCH", "REVERSE", 1_00, 1, "OPEN")]
    with pytest.raises(Invalid, match="money_went_out"), batch():
        match_by_hand(replace(by_hand, id=new_id(), line_no=2), world.actor("fang"))


def test_of_eight_confirmations_at_once_one_moves_the_money(app, deposit):
    (file_id,) = take_bank(bank_file((300_00, said("JK-0001"))))
    works = [lambda: confirm_by_statement(file_id, new_id(), 300_00, world.actor("fang"))] * 8
    answers = at_once(app, works, batch)
    assert sorted(map(str, answers)) == ["1"] + ["confirmation_moved"] * 7
    assert balance_of(BANK) == 300_00
