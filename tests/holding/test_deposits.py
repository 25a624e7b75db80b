"""The guarantee deposit and the float as the utility's debt: received, and paid back by two people, never too much."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agentnet.approvals.actions import approve
from agentnet.approvals.models import Approval
from agentnet.core.clock import frozen_at
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.holding.models import DepositMove, FloatPayBack
from agentnet.holding.queries import deposit_moves, held_of
from agentnet.holding.rules import PayBackOf
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from tests import world
from tests.approvals.given import more_finance, say_yes, seen, state_of
from tests.at_once import at_once
from tests.collecting.counter import balance_of, count, item, record
from tests.holding.given import (
    DEPOSIT,
    FLOAT,
    agree,
    ask_back,
    deposit,
    new_deposit,
    new_pay_back,
    pay_back,
    top_up,
)
from tests.settlement.drawer import BANK

WRITTEN = (DepositMove, FloatPayBack, Transfer, AuditLine, Approval)


@pytest.fixture
def two_of_finance(app):
    """Grace is the second person of finance; WL0001 left 3,000.00 and has 500.00 of float."""
    more_finance()
    agree(holding_mode="PREPAID")
    deposit(new_deposit(3000_00))
    top_up(500_00)


ACCOUNTS = {PayBackOf.DEPOSIT: DEPOSIT, PayBackOf.FLOAT: FLOAT}
HELD = {PayBackOf.DEPOSIT: 3000_00, PayBackOf.FLOAT: 500_00}
EACH = pytest.mark.parametrize("of", PayBackOf)


def test_a_deposit_comes_in_and_goes_back_and_both_stay_told(two_of_finance):
    pay_back(1000_00)
    assert (balance_of(DEPOSIT), balance_of(FLOAT), balance_of(BANK)) == (2000_00, 500_00, 2500_00)
    with reading():
        assert held_of(1, PayBackOf.DEPOSIT) == 2000_00
        moves = {(move.kind, move.amount_fen, move.user_id, move.approved_by_id) for move in deposit_moves(1)}
        grace = world.actor("grace").user_id
        assert moves == {("RECEIVED", 3000_00, 9, None), ("PAID_BACK", 1000_00, 9, grace)}
        actions = db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)).all()
        assert actions[-1] == "deposit_paid_back"


def test_float_goes_back_to_the_bank_and_collections_stop_at_what_is_left(two_of_finance):
    pay_back(495_00, PayBackOf.FLOAT)
    assert (balance_of(FLOAT), balance_of(BANK)) == (5_00, 3005_00)
    verdicts = record(item(5_38), item(5_00, world.MEI))
    assert [verdict.refusal and verdict.refusal.code for verdict in verdicts] == ["float_empty", None]
    with reading():
        last = db.session.scalars(select(AuditLine).where(AuditLine.action == "float_paid_back")).one()
        assert (last.before, last.after["float_fen"]) == ({"float_fen": 500_00}, 5_00)


@EACH
def test_asked_for_it_moves_nothing_and_who_asked_never_approves(two_of_finance, of):
    new = ask_back(new_pay_back(HELD[of], of))
    with pytest.raises(Forbidden, match="own_request"):
        say_yes(new.id, by="fang")
    assert balance_of(ACCOUNTS[of]) == HELD[of]
    with pytest.raises(Conflict, match="approval_pending"):
        ask_back(new_pay_back(1, of, slip_no="TH-2"))
    say_yes(new.id, by="grace")
    assert balance_of(ACCOUNTS[of]) == 0


@pytest.mark.parametrize("by", ["alice", "bob", "carol", "audrey", "adam", "paul"])
def test_only_finance_moves_it(app, by):
    deposit(new_deposit(3000_00))
    before = [count(model) for model in WRITTEN]
    with pytest.raises(Forbidden, match="not_permitted"):
        deposit(new_deposit(3000_00, slip_no="BZ-2"), by=by)
    for of in PayBackOf:
        with pytest.raises(Forbidden, match="not_permitted"):
            ask_back(new_pay_back(1, of), by=by)
    assert [count(model) for model in WRITTEN] == before


@pytest.mark.parametrize("by", ["alice", "bob", "adam"])
def test_only_finance_approves_it(two_of_finance, by):
    new = ask_back(new_pay_back(100))
    with pytest.raises((Forbidden, Missing)):
        say_yes(new.id, by=by)
    assert balance_of(DEPOSIT) == 3000_00


def test_finance_of_another_county_finds_no_such_outlet(two_of_finance, finance_of_jiaxing):
    with pytest.raises(Missing, match="outlet_missing"):
        deposit(new_deposit(3000_00, slip_no="BZ-2"), by="charlie")
    with pytest.raises(Missing, match="outlet_missing"):
        ask_back(new_pay_back(1), by="charlie")
    new = ask_back(new_pay_back(100))
    with pytest.raises((Forbidden, Missing)):
        say_yes(new.id, by="charlie")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_fen": 0}, "amount_not_positive"),
        ({"amount_fen": -5}, "amount_not_positive"),
        ({"slip_no": " "}, "slip_missing"),
        ({"moved_on": world.TODAY + timedelta(days=1)}, "paid_to_come"),
        ({"moved_on": world.TODAY - timedelta(days=63)}, "paid_long_ago"),
        ({"note": "x" * 201}, "note_too_long"),
    ],
)
def test_a_wrong_deposit_leaves_nothing(app, changes, code):
    before = [count(model) for model in WRITTEN]
    with pytest.raises(Invalid, match=code):
        deposit(replace(new_deposit(1000_00), **changes))
    assert [count(model) for model in WRITTEN] == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_fen": 0}, "amount_not_positive"),
        ({"amount_fen": -5}, "amount_not_positive"),
        ({"slip_no": " "}, "slip_missing"),
        ({"moved_on": world.TODAY + timedelta(days=1)}, "paid_to_come"),
        ({"moved_on": world.TODAY - timedelta(days=63)}, "paid_long_ago"),
        ({"reason": " "}, "reason_missing"),
        ({"amount_fen": 3000_01}, "deposit_short"),
        ({"amount_fen": 500_01, "of": PayBackOf.FLOAT}, "float_short"),
    ],
)
def test_a_wrong_pay_back_leaves_nothing(two_of_finance, changes, code):
    before = [count(model) for model in WRITTEN]
    with pytest.raises(Invalid, match=code):
        ask_back(replace(new_pay_back(100_00), **changes))
    assert [count(model) for model in WRITTEN] == before


def test_what_was_used_up_meanwhile_is_not_paid_back(two_of_finance):
    new = ask_back(new_pay_back(500_00, PayBackOf.FLOAT))
    record(item(5_38))
    with pytest.raises(Invalid, match="float_short"):
        say_yes(new.id, by="grace")
    assert (balance_of(FLOAT), state_of(new.id)[0]) == (494_62, "PENDING")


@EACH
def test_sent_twice_is_once_also_after_it_was_approved(two_of_finance, of):
    new = ask_back(new_pay_back(HELD[of], of))
    ask_back(new)
    say_yes(new.id, by="grace")
    ask_back(new)
    with pytest.raises(Conflict, match="id_reused"):
        ask_back(replace(new, amount_fen=1))
    with pytest.raises(Conflict, match="id_reused"):
        ask_back(replace(new, of=PayBackOf.FLOAT if of is PayBackOf.DEPOSIT else PayBackOf.DEPOSIT))
    assert (count(Approval), balance_of(ACCOUNTS[of])) == (1, 0)


def test_a_deposit_sent_twice_is_once_and_its_slip_counts_once(app):
    new = deposit(new_deposit(3000_00))
    deposit(new)
    assert balance_of(DEPOSIT) == 3000_00
    with pytest.raises(Conflict, match="id_reused"):
        deposit(replace(new, amount_fen=1))
    with pytest.raises(Conflict, match="slip_used"):
        deposit(new_deposit(3000_00))


def test_a_slip_pays_back_once_whatever_it_was_for(two_of_finance):
    pay_back(100)
    for of in PayBackOf:
        with pytest.raises(Conflict, match="slip_used"):
            ask_back(new_pay_back(100, of))


def test_of_two_approvals_at_once_no_more_goes_back_than_is_held(two_of_finance, app):
    new = ask_back(new_pay_back(400_00, PayBackOf.FLOAT))
    sha256 = seen(new.id)
    with reading():
        grace = world.actor("grace")
    works = [lambda: approve(new.id, new_id(), sha256, "", grace)] * 8
    answers = at_once(app, works, batch)
    assert (answers.count(None), answers.count("approval_decided")) == (1, 7)
    assert (balance_of(FLOAT), count(FloatPayBack)) == (100_00, 1)


def test_an_approval_that_comes_too_late_is_refused(two_of_finance):
    new = ask_back(new_pay_back(100))
    with frozen_at(world.NOW + timedelta(days=63)), pytest.raises(Invalid, match="paid_long_ago"):
        say_yes(new.id, by="grace")
    assert balance_of(DEPOSIT) == 3000_00


@pytest.mark.parametrize("table", ["deposit_moves", "float_pay_backs"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET amount_fen = 1", "DELETE FROM {}"])
def test_a_recorded_move_is_never_changed(two_of_finance, table, sql):
    pay_back(100, PayBackOf.FLOAT)
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(text(sql.format(table)))
