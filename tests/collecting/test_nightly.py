"""The night moves what a day received, once; an advance pays only after that."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, text

from agentnet.collecting import nightly
from agentnet.collecting.actions import void_collection
from agentnet.collecting.jobs import allocate_received
from agentnet.collecting.models import AdvanceUse, Bill, Household
from agentnet.collecting.nightly import allocate_oldest_day, spend_advances
from agentnet.collecting.queries import echo_of, household_by_no
from agentnet.core.clock import Month, business_date, frozen_at
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.migrating import downgrade, upgrade
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import begin_closing
from agentnet.ledger.models import Transfer
from agentnet.ledger.queries import trial_balance, wrong_balances
from agentnet.ledger.rules import AccountKey
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import RECEIVED, balance_of, count, item, record

TONIGHT = world.NOW + timedelta(hours=15)
ADVANCE = AccountKey("HOUSEHOLD", 1, "ADVANCE")
BILLING = AccountKey("ORG_UNIT", world.TAIPING.id, "BILLING_CLEARING")
COMPANY_BILLING = AccountKey("ORG_UNIT", world.COMPANY.id, "BILLING_CLEARING")


def echo(number):
    with reading():
        return echo_of(household_by_no(number))


def deliver(month, principal_fen, late_charge_fen=0):
    with batch() as session:
        session.execute(
            insert(Bill).values(
                household_id=1,
                bill_month=month,
                principal_fen=principal_fen,
                late_charge_fen=late_charge_fen,
                due_on=date(2026, 12, 25),
                version=1,
                delivered_at=world.NOW,
            )
        )


def test_nothing_moves_while_the_day_runs(app):
    record(item())
    assert allocate_received() == 0
    assert balance_of(RECEIVED) == 538


def test_the_night_moves_bills_to_billing_and_the_rest_to_the_advance_once(app):
    record(item(), item(40000, world.MEI))
    with frozen_at(TONIGHT):
        assert allocate_received() == 1
        assert allocate_received() == 0
    assert (balance_of(RECEIVED), balance_of(BILLING), balance_of(ADVANCE)) == (0, 538 + 30550, 9450)
    with reading():
        assert wrong_balances() == []
        assert sum(row.debit_fen - row.credit_fen for row in trial_balance()) == 0
        booked = set(db.session.scalars(select(Transfer.business_on)))
    assert booked == {world.TODAY}


def test_a_voided_collection_does_not_move(app):
    one = item(40000, world.MEI)
    record(one)
    with batch():
        void_collection(one.id, new_id(), "金额输错", world.actor("alice"))
    with frozen_at(TONIGHT):
        allocate_received()
    assert (balance_of(RECEIVED), balance_of(BILLING), balance_of(ADVANCE)) == (0, 0, 0)


def test_an_advance_pays_the_next_bill_after_the_night(app):
    record(item(40000, world.MEI))
    deliver("2026-11", 5000, 100)
    assert [bill.total_fen for bill in echo(world.MEI).bills] == [5100]
    with frozen_at(TONIGHT):
        allocate_received()
    after = echo(world.MEI)
    assert (after.bills, after.advance_fen, after.last_paid_month) == ([], 4350, "2026-11")
    assert (balance_of(COMPANY_BILLING), count(AdvanceUse)) == (5100, 1)


def test_an_advance_that_is_too_small_pays_a_part(app):
    record(item(31000, world.MEI))
    deliver("2026-11", 5000, 100)
    with frozen_at(TONIGHT):
        allocate_received()
    after = echo(world.MEI)
    assert [(bill.principal_fen, bill.late_charge_fen) for bill in after.bills] == [(4650, 0)]
    assert after.advance_fen == 0
    with reading():
        assert wrong_balances() == []


def test_what_an_advance_paid_is_not_asked_for_again(app):
    record(item(31000, world.MEI))
    deliver("2026-11", 5000)
    with frozen_at(TONIGHT):
        allocate_received()
        one = item(4550, world.MEI, due_seen_fen=4550)
        assert record(one)[0].status == "created"
    assert echo(world.MEI).bills == []


def paid_off():
    """Return the day on which each of Mei's bills was noted as paid off, by month."""
    with reading():
        return dict(db.session.execute(select(Bill.bill_month, Bill.paid_off_on).where(Bill.household_id == 1)).all())


def test_the_night_notes_bills_that_are_paid_in_full_and_no_others(app):
    deliver("2026-11", 5000, 100)
    record(item(30550 + 5099, world.MEI))
    assert set(paid_off().values()) == {None}
    with frozen_at(TONIGHT):
        allocate_received()
    noted = paid_off()
    assert noted.pop("2026-11") is None
    assert set(noted.values()) == {business_date(TONIGHT)}
    assert [bill.total_fen for bill in echo(world.MEI).bills] == [1]


def test_a_bill_that_an_advance_pays_is_noted(app):
    record(item(40000, world.MEI))
    deliver("2026-11", 5000, 100)
    with frozen_at(TONIGHT):
        allocate_received()
    assert set(paid_off().values()) == {business_date(TONIGHT)}


def test_what_came_in_after_midnight_pays_nothing_off_before_its_own_night(app):
    record(item(30000, world.MEI))
    with frozen_at(TONIGHT):
        rest = item(550, world.MEI)
        record(rest)
        allocate_received()
        assert paid_off() == {"2026-09": business_date(TONIGHT), "2026-10": None}
        with batch():
            void_collection(rest.id, new_id(), "金额输错", world.actor("alice"))
        assert [bill.total_fen for bill in echo(world.MEI).bills] == [550]


def test_a_bill_paid_at_two_outlets_is_noted_once_both_days_are_sorted(app):
    """A void at the other outlet may have begun before midnight and still wait."""
    record(item(30000, world.MEI), item(550, world.MEI, outlet_code="WL0002"), by=SYSTEM)
    with frozen_at(TONIGHT):
        with batch():
            assert allocate_oldest_day(SYSTEM, business_date(TONIGHT), 1) == 1
        assert paid_off()["2026-10"] is None
        with batch():
            assert allocate_oldest_day(SYSTEM, business_date(TONIGHT), 1) == 1
    assert set(paid_off().values()) == {business_date(TONIGHT)}


def test_bills_of_before_the_notes_are_noted_where_their_days_are_sorted(app):
    deliver("2026-11", 5000)
    record(item(30550, world.MEI))
    with frozen_at(TONIGHT):
        allocate_received()
        record(item(5000, world.MEI))
    db.session.remove()
    downgrade("0022")
    upgrade()
    noted = paid_off()
    assert noted.pop("2026-11") is None
    assert None not in noted.values()
    assert echo(world.MEI).bills == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_night_notes_nothing_while_billing_delivers(app):
    record(item(30550, world.MEI))
    with db.engine.connect() as delivery:
        delivery.execute(text("LOCK TABLE bills IN SHARE ROW EXCLUSIVE MODE"))
        with frozen_at(TONIGHT):
            assert allocate_received() == 1
        assert set(paid_off().values()) == {None}
    assert echo(world.MEI).bills == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_night_does_not_wait_for_a_household_at_a_counter(app):
    """A counter holds the household and may want an account that the night holds by now."""
    record(item(30550, world.MEI))
    with db.engine.connect() as counter:
        counter.execute(select(Household.id).where(Household.id == 1).with_for_update(key_share=True))
        with frozen_at(TONIGHT):
            assert allocate_received() == 1
        assert set(paid_off().values()) == {None}
    assert echo(world.MEI).bills == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_advance_that_another_night_spent_meanwhile_is_not_spent_again(app, monkeypatch):
    """A month is closed, which spends advances, while the clock does so too."""
    record(item(31000, world.MEI))
    deliver("2026-11", 5000, 100)
    hold, others = nightly._lock, []

    def after_the_other(household_ids):
        if not others:
            others.append(None)
            others.extend(at_once(app, [lambda: spend_advances(SYSTEM)], batch))
        hold(household_ids)

    with frozen_at(TONIGHT):
        with batch():
            allocate_oldest_day(SYSTEM, business_date(TONIGHT))
        monkeypatch.setattr(nightly, "_lock", after_the_other)
        with batch():
            assert spend_advances(SYSTEM) == 0
    assert others == [None, 1]
    assert [(bill.principal_fen, bill.late_charge_fen) for bill in echo(world.MEI).bills] == [(4650, 0)]
    with reading():
        assert wrong_balances() == []


def test_a_day_of_a_month_that_closed_meanwhile_is_booked_today(app):
    with frozen_at(world.NOW - timedelta(days=20)):
        record(item())
    with batch():
        begin_closing(Month(2026, 10), SYSTEM)
    allocate_received()
    with reading():
        moved = db.session.scalars(select(Transfer).where(Transfer.kind == "TO_BILLING")).one()
    assert moved.business_on == world.TODAY
