"""Topping up a float: declared, confirmed, rejected; who may, what leaves nothing, what is once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.holding.models import TopUp
from agentnet.holding.top_up_actions import confirm_top_up
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from agentnet.ledger.queries import wrong_balances
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import RECEIVED, balance_of, count, item, record, refusal_of
from tests.holding.given import FLOAT, agree, confirm, declare, limit, new_top_up, reject, top_up
from tests.settlement.drawer import BANK, new_remittance
from tests.settlement.drawer import declare as remit


@pytest.fixture
def prepaid(app):
    """WL0001 has agreed to prepay."""
    agree(holding_mode="PREPAID")


def state_of(new):
    with reading():
        row = db.session.scalars(select(TopUp).where(TopUp.id == new.id)).one()
        return row.state, row.note, row.transfer_id is not None


def test_a_declared_top_up_moves_nothing(prepaid):
    new = declare(new_top_up(5000_00, slip_no="  CZ-7 "))
    assert (balance_of(FLOAT), balance_of(BANK), count(Transfer)) == (0, 0, 0)
    assert state_of(new) == ("DECLARED", "", False)
    with reading():
        assert db.session.scalars(select(TopUp.slip_no)).one() == "CZ-7"
        last = db.session.scalar(select(AuditLine.action).order_by(AuditLine.id.desc()).limit(1))
        assert last == "top_up_declared"
    assert refusal_of(item()) == "float_empty"


def test_confirmed_it_is_float_and_a_collection_uses_it_until_zero_blocks(prepaid):
    top_up(10_00)
    assert (balance_of(FLOAT), balance_of(BANK)) == (10_00, 10_00)
    assert refusal_of(item(5_38)) == "created"
    assert (balance_of(FLOAT), balance_of(RECEIVED)) == (4_62, 5_38)
    assert refusal_of(item(4_63, world.MEI)) == "float_empty"
    assert refusal_of(item(4_62, world.MEI)) == "created"
    assert balance_of(FLOAT) == 0
    assert refusal_of(item(1, world.OLD)) == "float_empty"
    assert wrong_balances_here() == []


def wrong_balances_here():
    with reading():
        return wrong_balances()


def test_a_card_payment_leaves_the_float_alone(prepaid):
    top_up(10_00)
    assert refusal_of(item(100_00, tender="UNIONPAY_CARD", reference="P1")) == "created"
    assert balance_of(FLOAT) == 10_00


def test_rejected_it_stays_outside_and_its_slip_may_be_declared_again(prepaid):
    new = declare(new_top_up(5000_00))
    reject(new.id, " 查无此单 ")
    assert state_of(new) == ("REJECTED", "查无此单", False)
    assert balance_of(FLOAT) == 0
    declare(new_top_up(5000_00))


@pytest.mark.parametrize("by", ["bob", "carol", "fang", "audrey", "adam", "paul"])
def test_only_a_keeper_declares(prepaid, by):
    with pytest.raises(Forbidden, match="not_permitted"):
        declare(new_top_up(5000_00), by=by)
    assert count(TopUp) == 0


@pytest.mark.parametrize("by", ["alan", "dora"])
def test_another_outlets_keeper_finds_no_such_outlet(prepaid, by):
    with pytest.raises(Missing, match="outlet_missing"):
        declare(new_top_up(5000_00), by=by)


@pytest.mark.parametrize("by", ["alice", "bob", "carol", "charlie", "audrey", "adam"])
def test_only_finance_decides(prepaid, by):
    new = declare(new_top_up(5000_00))
    for verb in (confirm, reject):
        with pytest.raises(Forbidden, match="not_permitted"):
            verb(new.id, by=by)
    assert state_of(new)[0] == "DECLARED"


def test_finance_of_another_county_finds_none(prepaid, finance_of_jiaxing):
    new = declare(new_top_up(5000_00))
    for verb in (confirm, reject):
        with pytest.raises(Missing, match="top_up_missing"):
            verb(new.id, by="charlie")


def test_nobody_confirms_an_own_claim(prepaid, alice_is_finance_too):
    new = declare(new_top_up(5000_00))
    for verb in (confirm, reject):
        with pytest.raises(Forbidden, match="own_top_up"):
            verb(new.id, by="alice")
    assert balance_of(FLOAT) == 0
    confirm(new.id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_fen": 0}, "amount_not_positive"),
        ({"amount_fen": -1}, "amount_not_positive"),
        ({"amount_fen": 10**14}, "amount_not_positive"),
        ({"slip_no": "  "}, "slip_missing"),
        ({"slip_no": "9" * 41}, "slip_missing"),
        ({"paid_on": world.TODAY + timedelta(days=1)}, "paid_to_come"),
        ({"paid_on": world.TODAY - timedelta(days=63)}, "paid_long_ago"),
    ],
)
def test_a_wrong_top_up_leaves_nothing(prepaid, changes, code):
    with pytest.raises(Invalid, match=code):
        declare(replace(new_top_up(5000_00), **changes))
    assert (count(TopUp), count(AuditLine)) == (0, 0)


def test_a_postpaid_outlet_has_no_float(app):
    with pytest.raises(Invalid, match="not_prepaid"):
        declare(new_top_up(5000_00))


def test_the_first_and_the_later_top_ups_follow_the_rule_of_the_kind(prepaid):
    # MSEDCL: the first 5,000, later multiples of 1,000 (domain.md 3.2)
    limit(kind="VILLAGE_POST", first_top_up_fen=5000_00, top_up_multiple_fen=1000_00)
    with pytest.raises(Invalid, match="first_top_up_small"):
        declare(new_top_up(4999_99))
    first = declare(new_top_up(5500_00))
    for amount_fen in (500_00, 1500_00, 2000_01):
        with pytest.raises(Invalid, match="top_up_not_multiple"):
            declare(new_top_up(amount_fen, slip_no="CZ-2"))
    reject(first.id)
    with pytest.raises(Invalid, match="first_top_up_small"):
        declare(new_top_up(3000_00, slip_no="CZ-2"))
    top_up(5000_00, slip_no="CZ-3")
    top_up(3000_00, slip_no="CZ-4")
    assert balance_of(FLOAT) == 8000_00


def test_an_outlets_own_rule_goes_before_its_kinds(prepaid):
    limit(kind="VILLAGE_POST", first_top_up_fen=5000_00, top_up_multiple_fen=1000_00)
    limit(outlet_id=1, first_top_up_fen=100_00)
    declare(new_top_up(100_00))
    with pytest.raises(Invalid, match="top_up_not_multiple"):
        declare(new_top_up(1500_00, slip_no="CZ-2"))


def test_a_slip_counts_once_whether_topped_up_or_remitted(app):
    record(item(300_00, world.MEI))
    remit(new_remittance(300_00, slip_no="JK-9"))
    agree(holding_mode="PREPAID")
    with pytest.raises(Conflict, match="slip_used"):
        declare(new_top_up(300_00, slip_no="JK-9"))
    declare(new_top_up(300_00))
    with pytest.raises(Conflict, match="slip_used"):
        declare(new_top_up(400_00))


def test_sent_twice_is_once_and_other_content_is_a_conflict(prepaid):
    new = declare(new_top_up(5000_00))
    declare(new)
    assert count(TopUp) == 1
    with pytest.raises(Conflict, match="id_reused"):
        declare(replace(new, amount_fen=4000_00))
    request_id = new_id()
    confirm(new.id, request_id=request_id)
    confirm(new.id, request_id=request_id)
    assert balance_of(FLOAT) == 5000_00
    with pytest.raises(Conflict, match="top_up_decided"):
        confirm(new.id)
    with pytest.raises(Conflict, match="top_up_decided"):
        reject(new.id)


def test_a_rejection_says_why(prepaid):
    new = declare(new_top_up(5000_00))
    for note in ("", " 无 ", "x" * 201):
        with pytest.raises(Invalid, match="note_missing"):
            reject(new.id, note)
    assert state_of(new)[0] == "DECLARED"


def test_of_many_confirmations_at_once_one_wins(prepaid, app):
    new = declare(new_top_up(5000_00))
    with reading():
        fang = world.actor("fang")
    answers = at_once(app, [lambda: confirm_top_up(new.id, new_id(), fang)] * 8, batch)
    assert (answers.count(None), answers.count("top_up_decided")) == (1, 7)
    assert balance_of(FLOAT) == 5000_00
