"""A bank's slip counts once: remitted, topped up or left as a guarantee; sent back, it may be used again."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from agentnet.core.clock import frozen_at, now
from agentnet.core.errors import Conflict
from agentnet.core.ids import new_id
from agentnet.holding.top_up_actions import declare_top_up
from agentnet.infra.db import db
from agentnet.infra.migrating import downgrade, upgrade
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.models import BankSlip
from agentnet.settlement.remittance_actions import declare_remittance
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import CASH_HELD, balance_of, item, record
from tests.holding.given import agree, deposit, new_deposit, new_top_up
from tests.holding.given import declare as declare_float
from tests.holding.given import reject as reject_float
from tests.settlement.drawer import declare, new_remittance, reject
from tests.verify.test_planted import is_named, named_in

SLIP = "JK-9"


@pytest.fixture
def both_ways(app):
    """WL0001 holds 300.00 from before, and prepays now: it may remit and top up."""
    record(item(300_00, world.MEI))
    agree(holding_mode="PREPAID")


def slips():
    with reading():
        return {(row.slip_no, row.used_as) for row in db.session.scalars(select(BankSlip))}


def remit():
    return declare(new_remittance(100_00, slip_no=f" {SLIP} "))


def top_up():
    return declare_float(new_top_up(100_00, slip_no=f" {SLIP} "))


def leave_deposit():
    return deposit(new_deposit(100_00, slip_no=f" {SLIP} "))


USES = {"REMITTANCE": remit, "TOP_UP": top_up, "DEPOSIT": leave_deposit}


@pytest.mark.parametrize("first", USES)
@pytest.mark.parametrize("second", USES)
def test_a_slip_is_used_once_whatever_it_is_for(both_ways, first, second):
    USES[first]()
    held = balance_of(CASH_HELD)
    with pytest.raises(Conflict, match="slip_used"):
        USES[second]()
    assert slips() == {(SLIP, first)}
    assert balance_of(CASH_HELD) == held


def test_what_was_sent_back_frees_its_slip_for_the_other(both_ways):
    reject(remit().id)
    assert slips() == set()
    reject_float(top_up().id)
    assert slips() == set()
    remit()
    assert slips() == {(SLIP, "REMITTANCE")}


def test_another_outlets_slip_may_have_the_same_number(both_ways):
    remit()
    deposit(new_deposit(100_00, slip_no=SLIP, outlet_code="WL0002"))
    assert slips() == {(SLIP, "REMITTANCE"), (SLIP, "DEPOSIT")}


def test_of_both_at_once_one_wins(both_ways, app):
    with reading():
        alice = world.actor("alice")
    works = [partial(declare_remittance, new_remittance(10_00, slip_no=SLIP), alice) for _ in range(6)]
    works += [partial(declare_top_up, new_top_up(10_00, slip_no=SLIP), alice) for _ in range(6)]
    answers = at_once(app, works, batch)
    assert sorted(map(str, answers)) == ["None"] + ["slip_used"] * 11
    assert len(slips()) == 1


def test_the_database_refuses_a_second_use(both_ways):
    remit()
    with pytest.raises(DBAPIError), batch() as session:
        row = {"outlet_id": 1, "slip_no": SLIP, "used_as": "TOP_UP", "subject_id": new_id(), "taken_at": now()}
        session.execute(insert(BankSlip).values(row))


def test_the_migration_takes_the_slips_that_stand_and_of_two_uses_the_earlier(both_ways):
    reject(declare(new_remittance(10_00, slip_no="BACK")).id)
    with frozen_at(datetime(2026, 11, 18, 3, tzinfo=UTC)):
        first = remit()
    leave_deposit_too = new_deposit(100_00, slip_no="BZ-1")
    deposit(leave_deposit_too)
    with batch() as session:
        session.execute(text("DELETE FROM bank_slips"))
    with frozen_at(datetime(2026, 11, 18, 4, tzinfo=UTC)):
        top_up()
    with reading():
        assert "slip_twice" in named_in(db.session.connection())
    db.session.remove()
    downgrade("0009")
    upgrade()
    with reading():
        found = {(row.slip_no, row.used_as, row.subject_id) for row in db.session.scalars(select(BankSlip))}
    assert found == {(SLIP, "REMITTANCE", first.id), ("BZ-1", "DEPOSIT", leave_deposit_too.id)}


def test_verify_names_a_slip_that_counts_twice_or_is_held_by_nothing(both_ways):
    remit()
    with frozen_at(world.NOW + timedelta(minutes=1)):
        declare_float(new_top_up(100_00, slip_no="CZ-1"))
    with reading():
        assert named_in(db.session.connection()) & {"slip_twice", "stray_slip", "slip_free"} == set()
    for name, sql in (
        ("slip_twice", "UPDATE top_ups SET slip_no = 'JK-9'"),
        ("stray_slip", "UPDATE bank_slips SET used_as = 'DEPOSIT' WHERE slip_no = 'JK-9'"),
        ("stray_slip", "UPDATE bank_slips SET slip_no = 'X' WHERE slip_no = 'JK-9'"),
        ("slip_free", "DELETE FROM bank_slips"),
    ):
        assert is_named(name, sql), (name, sql)
