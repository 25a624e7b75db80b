"""The guarantee deposit: received, paid back, never more than is held."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.holding.deposit_actions import record_deposit
from agentnet.holding.models import DepositMove
from agentnet.holding.queries import deposit_fen, deposit_moves
from agentnet.holding.rules import DepositKind
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import balance_of, count
from tests.holding.given import DEPOSIT, deposit, new_deposit
from tests.settlement.drawer import BANK


def paid_back(amount_fen, **changes):
    return new_deposit(amount_fen, DepositKind.PAID_BACK, **changes)


def test_it_comes_in_and_goes_back_and_both_stay_told(app):
    deposit(new_deposit(3000_00))
    assert (balance_of(DEPOSIT), balance_of(BANK)) == (3000_00, 3000_00)
    deposit(paid_back(1000_00, note="降低保证金"))
    assert (balance_of(DEPOSIT), balance_of(BANK)) == (2000_00, 2000_00)
    with reading():
        assert deposit_fen(1) == 2000_00
        assert {(move.kind, move.amount_fen) for move in deposit_moves(1)} == {
            ("RECEIVED", 3000_00),
            ("PAID_BACK", 1000_00),
        }
        actions = db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)).all()
        assert actions == ["deposit_received", "deposit_paid_back"]


@pytest.mark.parametrize("by", ["alice", "bob", "carol", "audrey", "adam", "paul"])
def test_only_finance_moves_it(app, by):
    with pytest.raises(Forbidden, match="not_permitted"):
        deposit(new_deposit(3000_00), by=by)
    assert count(DepositMove) == 0


def test_finance_of_another_county_finds_no_such_outlet(app, finance_of_jiaxing):
    with pytest.raises(Missing, match="outlet_missing"):
        deposit(new_deposit(3000_00), by="charlie")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_fen": 0}, "amount_not_positive"),
        ({"amount_fen": -5}, "amount_not_positive"),
        ({"slip_no": " "}, "slip_missing"),
        ({"moved_on": world.TODAY + timedelta(days=1)}, "paid_to_come"),
        ({"moved_on": world.TODAY - timedelta(days=63)}, "paid_long_ago"),
        ({"note": "x" * 201}, "note_too_long"),
        ({"kind": DepositKind.PAID_BACK, "amount_fen": 3000_01}, "deposit_short"),
    ],
)
def test_what_is_wrong_leaves_nothing(app, changes, code):
    deposit(new_deposit(3000_00))
    before = [count(model) for model in (DepositMove, Transfer, AuditLine)]
    with pytest.raises(Invalid, match=code):
        deposit(replace(new_deposit(1000_00, slip_no="BZ-2"), **changes))
    assert [count(model) for model in (DepositMove, Transfer, AuditLine)] == before


def test_sent_twice_is_once_and_a_slip_counts_once(app):
    new = deposit(new_deposit(3000_00))
    deposit(new)
    assert balance_of(DEPOSIT) == 3000_00
    with pytest.raises(Conflict, match="id_reused"):
        deposit(replace(new, amount_fen=1))
    with pytest.raises(Conflict, match="slip_used"):
        deposit(new_deposit(3000_00))


def test_of_many_repayments_at_once_no_more_goes_back_than_is_held(app):
    deposit(new_deposit(1000_00))
    with reading():
        fang = world.actor("fang")
    works = [
        lambda number=number: record_deposit(paid_back(400_00, slip_no=f"T-{number}", id=new_id()), fang)
        for number in range(8)
    ]
    answers = at_once(app, works, batch)
    assert (answers.count(None), answers.count("deposit_short")) == (2, 6)
    assert balance_of(DEPOSIT) == 200_00


@pytest.mark.parametrize("sql", ["UPDATE deposit_moves SET amount_fen = 1", "DELETE FROM deposit_moves"])
def test_a_recorded_move_is_never_changed(app, sql):
    deposit(new_deposit(1000_00))
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(text(sql))
