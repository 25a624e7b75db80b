"""Money moves by transfers that fit; months close on a book that proves right."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from agentnet.core.clock import Month
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import begin_closing, finish_closing, post_fitting, post_many
from agentnet.ledger.models import Account, Balance, BusinessDay, Transfer
from agentnet.ledger.queries import (
    balance,
    month_state,
    require_open,
    require_right_balances,
    trial_balance,
    wrong_balances,
)
from agentnet.ledger.rules import AccountKey, NewTransfer
from tests import world

CASH = AccountKey("OUTLET", 1, "CASH_HELD")
OTHER_CASH = AccountKey("OUTLET", 2, "CASH_HELD")
RECEIVED = AccountKey("OUTLET", 1, "RECEIVED")
FLOAT = AccountKey("OUTLET", 1, "FLOAT")
BANK = AccountKey("ORG_UNIT", 1, "BANK")


def move(amount_fen, debit=CASH, credit=RECEIVED, day=world.TODAY):
    return NewTransfer(new_id(), "TEST", debit, credit, amount_fen, day, "TEST", "1")


def count(model):
    with reading():
        return db.session.scalar(select(func.count()).select_from(model))


def balance_of(key):
    with reading():
        return balance(key)


def test_a_transfer_opens_its_accounts_and_moves_both(app):
    with batch():
        post_many(SYSTEM, [move(500), move(250)], {CASH: 1000})
    assert (balance_of(CASH), balance_of(RECEIVED)) == (750, 750)
    assert count(Account) == 2
    with batch():
        post_many(SYSTEM, [move(50)])
    assert (balance_of(CASH), count(Account)) == (800, 2)


def test_a_sum_that_reaches_the_ceiling_exactly_fits(app):
    with batch():
        post_many(SYSTEM, [move(400), move(600)], {CASH: 1000})
    assert balance_of(CASH) == 1000


def test_an_account_without_a_ceiling_has_no_room(app):
    with pytest.raises(Invalid) as refusal, batch():
        post_many(SYSTEM, [move(1)])
    assert refusal.value.code == "over_ceiling"
    assert count(Transfer) == 0


def test_one_fen_over_the_ceiling_leaves_nothing_of_the_batch(app):
    with pytest.raises(Invalid) as refusal, batch():
        post_many(SYSTEM, [move(400), move(601)], {CASH: 1000})
    assert refusal.value.code == "over_ceiling"
    assert (balance_of(CASH), count(Transfer), count(Account)) == (0, 0, 0)


def test_of_a_batch_exactly_those_that_fit_are_posted_in_their_order(app):
    moves = [move(600), move(500), move(400), move(1), move(9999, OTHER_CASH), move(70, OTHER_CASH)]
    with batch():
        refused = post_fitting(db.session.connection(), moves, {CASH: 1000, OTHER_CASH: 100})
    assert set(refused) == {moves[1].id, moves[3].id, moves[4].id}
    assert (balance_of(CASH), balance_of(OTHER_CASH), count(Transfer)) == (1000, 70, 3)


def test_money_does_not_leave_an_empty_float(app):
    with pytest.raises(Invalid) as refusal, batch():
        post_many(SYSTEM, [move(1, debit=FLOAT)])
    assert refusal.value.code == "under_floor"


def test_between_two_guarded_accounts_both_move_or_neither(app):
    with batch():
        post_many(SYSTEM, [move(500, debit=BANK, credit=FLOAT)])
        refused = post_fitting(db.session.connection(), [move(300, CASH, FLOAT), move(800, CASH, FLOAT)], {CASH: 1000})
    assert len(refused) == 1
    assert (balance_of(CASH), balance_of(FLOAT)) == (300, 800)
    with reading():
        assert wrong_balances() == []


def test_a_lowered_ceiling_still_lets_cash_out(app):
    with batch():
        post_many(SYSTEM, [move(900)], {CASH: 1000})
    with batch():
        assert post_fitting(db.session.connection(), [move(1)], {CASH: 100})
        post_many(SYSTEM, [move(300, debit=RECEIVED, credit=CASH)])
    assert balance_of(CASH) == 600


def test_an_account_outside_the_chart_is_a_bug(app):
    with pytest.raises(ValueError, match="the chart has no"), batch():
        post_many(SYSTEM, [move(1, debit=AccountKey("OUTLET", 1, "PETTY_CASH"))])


@pytest.mark.parametrize("statement", [update(Transfer).values(amount_fen=1), delete(Transfer)])
def test_the_database_refuses_to_change_a_transfer(app, statement):
    with batch():
        post_many(SYSTEM, [move(500, BANK)])
    with pytest.raises(DBAPIError, match="append-only"), batch() as session:
        session.execute(statement)


@pytest.mark.parametrize("fen", [-1, 1001])
def test_the_database_refuses_a_guarded_balance_outside_its_limits(app, fen):
    with batch():
        post_many(SYSTEM, [move(500)], {CASH: 1000})
    with pytest.raises(DBAPIError, match="imum"), batch() as session:
        session.execute(update(Balance).values(balance_fen=fen))


def test_the_trial_balance_adds_up_line_by_line(app):
    with batch():
        post_many(SYSTEM, [move(500), move(300, BANK, CASH, world.TODAY + timedelta(days=1))], {CASH: 1000})
    with reading():
        rows = {(row.owner_kind, row.code): (row.debit_fen, row.credit_fen) for row in trial_balance()}
        until_today = trial_balance(world.TODAY + timedelta(days=1))
    assert rows == {
        ("OUTLET", "CASH_HELD"): (500, 300),
        ("OUTLET", "RECEIVED"): (0, 500),
        ("ORG_UNIT", "BANK"): (300, 0),
    }
    assert {row.code for row in until_today} == {"CASH_HELD", "RECEIVED"}


def test_a_balance_that_history_does_not_explain_is_named(app):
    with batch() as session:
        post_many(SYSTEM, [move(500)], {CASH: 1000})
        session.execute(update(Balance).values(balance_fen=499))
    with reading():
        (wrong,) = wrong_balances()
    assert (wrong.key, wrong.balance_fen, wrong.sum_fen) == (CASH, 499, 500)


def test_a_month_closes_in_two_steps_and_refuses_facts_from_the_first(app):
    month = Month(2026, 10)
    with batch():
        require_open(date(2026, 10, 31))
        begin_closing(month, SYSTEM)
    with reading(), pytest.raises(Conflict) as refusal:
        require_open(date(2026, 10, 31))
    assert refusal.value.code == "month_closed"
    with batch():
        begin_closing(month, SYSTEM)
        finish_closing(month, SYSTEM)
    with reading():
        assert month_state(month) == "CLOSED"
        require_open(date(2026, 11, 1))
    with pytest.raises(Conflict, match="month_closed_already"), batch():
        begin_closing(month, SYSTEM)


def test_a_month_that_runs_does_not_close(app):
    with pytest.raises(Invalid, match="month_not_over"), batch():
        begin_closing(Month(2026, 11), SYSTEM)


def test_a_month_nobody_began_to_close_does_not_finish(app):
    with pytest.raises(Conflict, match="month_not_closing"), batch():
        finish_closing(Month(2026, 10), SYSTEM)


def test_a_balance_that_is_not_the_sum_of_its_transfers_is_refused(app):
    with batch() as session:
        post_many(SYSTEM, [move(500)], {CASH: 1000})
    with reading():
        require_right_balances()
    with batch() as session:
        session.execute(update(Balance).values(balance_fen=499))
    with pytest.raises(Conflict, match="book_disagrees"), reading():
        require_right_balances()


def test_a_business_day_belongs_to_one_outlet_and_date(app):
    row = {"outlet_id": 1, "business_on": world.TODAY, "receipt_serial": 0}
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(insert(BusinessDay), [row, row])
