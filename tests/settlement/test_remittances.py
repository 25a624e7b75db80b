"""Remitting cash: declared, confirmed in full or in part, rejected; who may, what leaves nothing, what is once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Transfer
from agentnet.ledger.queries import wrong_balances
from agentnet.settlement.ageing.queries import oldest_cash_day
from agentnet.settlement.models import Remittance
from agentnet.settlement.queries import in_transit_fen
from agentnet.settlement.remittance_actions import confirm_remittance, declare_remittance, reject_remittance
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import CASH_HELD, balance_of, count, item, record, refusal_of
from tests.settlement.drawer import BANK, IN_TRANSIT, confirm, declare, new_remittance, reject


@pytest.fixture
def held(app):
    """WL0001 holds 300.00."""
    record(item(300_00, world.MEI))
    return 300_00


def state_of(new) -> tuple[str, int | None, str]:
    with reading():
        row = db.session.scalars(select(Remittance).where(Remittance.id == new.id)).one()
        return row.state, row.confirmed_fen, row.note


def test_nobody_decides_what_they_declared_themselves(app):
    record(item(538, world.MEI))
    both = replace(world.actor("alice"), user_id=world.actor("fang").user_id)
    with batch():
        declare_remittance(new := new_remittance(538), both)
    for decide in (lambda: confirm(new.id, 538), lambda: reject(new.id)):
        with pytest.raises(Forbidden) as refusal:
            decide()
        assert refusal.value.code == "own_remittance"


def test_a_declared_deposit_is_in_transit(held):
    new = declare(new_remittance(200_00, slip_no="  JK-7 "))
    assert (balance_of(CASH_HELD), balance_of(IN_TRANSIT), balance_of(BANK)) == (100_00, 200_00, 0)
    assert state_of(new) == ("DECLARED", None, "")
    with reading():
        assert db.session.scalars(select(Remittance.slip_no)).one() == "JK-7"
        assert in_transit_fen(1) == 200_00
        assert db.session.scalar(select(AuditLine.action).order_by(AuditLine.id.desc()).limit(1)) == (
            "remittance_declared"
        )


def test_a_confirmed_deposit_is_in_the_bank(held):
    new = declare(new_remittance(300_00))
    confirm(new.id, 300_00)
    assert (balance_of(CASH_HELD), balance_of(IN_TRANSIT), balance_of(BANK)) == (0, 0, 300_00)
    assert state_of(new) == ("CONFIRMED", 300_00, "")


def test_what_the_bank_did_not_receive_is_the_keepers_again(held):
    new = declare(new_remittance(300_00))
    confirm(new.id, 280_00, "银行清点少 20 元")
    assert (balance_of(CASH_HELD), balance_of(IN_TRANSIT), balance_of(BANK)) == (20_00, 0, 280_00)
    assert state_of(new) == ("CONFIRMED", 280_00, "银行清点少 20 元")
    with reading():
        assert wrong_balances() == []


def test_a_rejected_deposit_goes_back_even_above_the_ceiling(held):
    new = declare(new_remittance(300_00))
    record(
        item(200_000, world.MEI, lookalike_confirmed=True),
        item(199_999, world.MEI),
        item(100_000, world.MEI),
    )
    reject(new.id)
    assert (balance_of(CASH_HELD), balance_of(IN_TRANSIT)) == (529_999, 0)
    assert state_of(new)[0] == "REJECTED"
    assert refusal_of(item(100)) == "over_ceiling"


def test_cash_that_was_remitted_makes_room_under_the_ceiling(held):
    record(item(200_000, world.MEI, lookalike_confirmed=True), item(199_999, world.MEI))
    assert refusal_of(item(80_000, world.MEI)) == "over_ceiling"
    declare(new_remittance(300_00))
    assert refusal_of(item(80_000, world.MEI)) == "created"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"slip_no": "  "}, "slip_missing"),
        ({"slip_no": "x" * 41}, "slip_missing"),
        ({"amount_fen": 0}, "amount_not_positive"),
        ({"amount_fen": 300_01}, "over_cash_held"),
        ({"deposited_on": world.TODAY + timedelta(days=1)}, "deposited_to_come"),
        ({"deposited_on": world.TODAY - timedelta(days=63)}, "deposited_long_ago"),
        ({"photo_sha256": "0" * 64}, "file_missing"),
    ],
)
def test_a_broken_rule_is_named_and_leaves_nothing(held, changes, code):
    before = count(Transfer)
    with pytest.raises((Invalid, Missing), match=code):
        declare(replace(new_remittance(100_00), **changes))
    assert (count(Remittance), count(Transfer), balance_of(CASH_HELD)) == (0, before, 300_00)


def test_a_slip_is_declared_once_unless_it_was_rejected(held):
    first = declare(new_remittance(100_00))
    with pytest.raises(Conflict, match="slip_used"):
        declare(new_remittance(100_00))
    reject(first.id)
    declare(new_remittance(100_00))
    assert count(Remittance) == 2


def test_the_database_refuses_a_slip_twice(held):
    declare(new_remittance(100_00))
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(text("UPDATE remittances SET slip_no = slip_no"))
        session.execute(
            text(
                "INSERT INTO remittances (id, outlet_id, org_unit_id, slip_no, amount_fen, deposited_on, declared_at,"
                " state, note) SELECT 'f' || substr(CAST(id AS text), 2), outlet_id, org_unit_id, slip_no, amount_fen,"
                " deposited_on, declared_at, state, note FROM remittances"
            )
        )


def test_declared_twice_is_once_and_with_other_content_a_conflict(held):
    new = declare(new_remittance(100_00))
    declare(new)
    assert (count(Remittance), balance_of(CASH_HELD)) == (1, 200_00)
    with pytest.raises(Conflict, match="id_reused"):
        declare(replace(new, amount_fen=50_00))


def test_confirmed_twice_is_once_and_decided_is_decided(held):
    new, request_id = declare(new_remittance(100_00)), new_id()
    confirm(new.id, 100_00, request_id=request_id)
    confirm(new.id, 100_00, request_id=request_id)
    assert balance_of(BANK) == 100_00
    with pytest.raises(Conflict, match="id_reused"):
        confirm(new.id, 90_00, "少了", request_id=request_id)
    with pytest.raises(Conflict, match="remittance_decided"):
        confirm(new.id, 100_00)
    with pytest.raises(Conflict, match="remittance_decided"):
        reject(new.id)


@pytest.mark.parametrize(
    ("fen", "note", "code"),
    [(0, "没有到账", "confirmed_amount"), (100_01, "多了", "confirmed_amount"), (99_00, " ", "note_missing")],
)
def test_a_wrong_confirmation_is_named_and_leaves_nothing(held, fen, note, code):
    new = declare(new_remittance(100_00))
    with pytest.raises(Invalid, match=code):
        confirm(new.id, fen, note)
    assert (state_of(new)[0], balance_of(BANK), balance_of(IN_TRANSIT)) == ("DECLARED", 0, 100_00)


def test_a_rejection_says_why(held):
    new = declare(new_remittance(100_00))
    with pytest.raises(Invalid, match="note_missing"):
        reject(new.id, "")
    assert state_of(new)[0] == "DECLARED"


@pytest.mark.parametrize("username", ["bob", "carol", "fang", "audrey", "paul"])
def test_only_a_keeper_declares(held, username):
    with pytest.raises(Forbidden, match="not_permitted"):
        declare(new_remittance(100_00), by=username)


@pytest.mark.parametrize("username", ["alan", "dora"])
def test_another_outlets_cash_is_missing_to_a_keeper(held, username):
    with pytest.raises(Missing, match="outlet_missing"):
        declare(new_remittance(100_00), by=username)


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "audrey"])
def test_only_finance_decides(held, username):
    new = declare(new_remittance(100_00))
    for decide in (lambda: confirm(new.id, 100_00, by=username), lambda: reject(new.id, by=username)):
        with pytest.raises(Forbidden, match="not_permitted"):
            decide()
    assert state_of(new)[0] == "DECLARED"


def test_a_remittance_nobody_declared_is_missing(held):
    with pytest.raises(Missing, match="remittance_missing"):
        confirm(new_id(), 100_00)


def test_of_sixteen_deposits_at_once_only_what_is_held_goes(app, held):
    """Room for three of 100.00: exactly three win."""
    news = [new_remittance(100_00, slip_no=f"JK-{n}") for n in range(16)]
    answers = at_once(app, [lambda new=new: declare_remittance(new, world.actor("alice")) for new in news], batch)
    assert sorted(map(str, answers)) == ["None"] * 3 + ["over_cash_held"] * 13
    assert (balance_of(CASH_HELD), balance_of(IN_TRANSIT)) == (0, 300_00)


def test_of_sixteen_decisions_at_once_one_wins(app, held):
    new = declare(new_remittance(100_00))
    confirming = [lambda: confirm_remittance(new.id, new_id(), 100_00, "", world.actor("fang"))] * 8
    rejecting = [lambda: reject_remittance(new.id, new_id(), "银行没有收到", world.actor("fang"))] * 8
    answers = at_once(app, [*confirming, *rejecting], batch)
    assert sorted(map(str, answers)) == ["None"] + ["remittance_decided"] * 15
    assert balance_of(IN_TRANSIT) == 0


def test_the_oldest_cash_goes_first(held):
    """Tuesday 300.00 (the fixture, by its clock today); what is left after 200.00 is today's still."""
    declare(new_remittance(200_00))
    with reading():
        assert oldest_cash_day(1, balance_of(CASH_HELD)) == world.TODAY
        assert oldest_cash_day(1, 0) is None
