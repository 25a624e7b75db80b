"""Cash grows old by missed opportunities; too many suspend the outlet, the overdue remittance lifts it."""

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import advance_outlet
from agentnet.outlets.models import Agreement
from agentnet.outlets.rules import State
from agentnet.settlement.ageing.actions import age_some, count_cash
from agentnet.settlement.ageing.models import CashAge, RemittanceSuspension
from agentnet.settlement.models import DayClose, Remittance
from agentnet.settlement.remittance_actions import declare_remittance
from agentnet.settlement.rules import Count
from agentnet.workdays.actions import set_override
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.at_once import at_once
from tests.collecting.counter import count, item, record, refusal_of
from tests.settlement.aged import (
    age,
    at,
    enforced,
    night,
    nov,
    outlet_days,
    state,
    suspensions,
    taken,
)
from tests.settlement.corrections.given import ask_adjustment
from tests.settlement.drawer import close, confirm, declare, new_remittance, reject


def of_remittance(new):
    """Return (oldest day, missed, due) as written down with a deposit."""
    with reading():
        row = db.session.execute(select(Remittance).where(Remittance.id == new.id)).scalar_one()
        return row.oldest_on, row.missed, row.due_fen


def declared_on(day, fen, slip_no=None):
    with at(day):
        return declare(new_remittance(fen, slip_no=slip_no or f"JK-{day}"))


def test_cash_ages_by_calls_of_the_post(app):
    """Cash of Monday 9 November: the post calls Wed 11, Fri 13, Mon 16."""
    taken(9, 100_00)
    for day, missed in ((10, 0), (11, 0), (12, 1), (13, 1), (14, 2), (15, 2), (16, 2), (17, 3)):
        night(day)
        assert age() == (nov(9), 100_00, missed, None)
    assert age(2) == (None, 0, 0, None)


def test_todays_cash_is_not_due(app):
    taken(16, 100_00)
    taken(17, 20_00)
    night(17)
    assert age() == (nov(16), 100_00, 0, None)
    night(18)
    assert age() == (nov(16), 120_00, 0, None)


def test_a_night_counts_each_outlet_once(app):
    taken(9, 100_00)
    assert night(12) == 6
    assert night(12) == 0
    assert night(13) == 6


def test_a_deposit_takes_the_oldest_cash_first(app):
    """Mon 9: 100, Tue 10: 50. On Thursday 12, after Wednesday's call, 120 are declared: 30 of Tuesday are left."""
    taken(9, 100_00)
    taken(10, 50_00)
    night(12)
    new = declared_on(12, 120_00)
    assert of_remittance(new) == (nov(9), 1, 150_00)
    assert age() == (nov(10), 30_00, 1, None)
    declared_on(13, 30_00)
    assert age() == (None, 0, 0, None)


@pytest.mark.parametrize("yuan", [1, 99, 100, 101, 149, 150, 151, 170])
def test_what_a_deposit_leaves_is_kept_as_a_night_would_count_it(app, yuan):
    """Mon 9: 100, Tue 10: 50, and 20 of Thursday 12 itself."""
    enforced(suspend_after=3)
    for day, fen in ((9, 100_00), (10, 50_00), (12, 20_00)):
        taken(day, fen)
    declared_on(12, yuan * 100)
    kept = kept_row()
    with at(12), batch():
        count_cash([1])
    assert kept_row() == kept


def kept_row():
    """Return all that is kept of the cash of WL0001, but for when it was counted."""
    with reading():
        row = db.session.execute(select(CashAge.__table__).where(CashAge.outlet_id == 1)).mappings().one()
        return {name: value for name, value in row.items() if name != "counted_at"}


def test_a_deposit_at_the_first_opportunity_is_not_late(app):
    taken(9, 100_00)
    new = declared_on(11, 100_00)
    assert of_remittance(new) == (nov(9), 0, 100_00)


def test_the_days_own_cash_is_never_late(app):
    taken(18, 100_00)
    assert of_remittance(declared_on(18, 100_00)) == (None, 0, 0)


def test_what_did_not_arrive_is_as_old_as_it_was(app):
    taken(9, 100_00)
    new = declared_on(11, 100_00)
    assert age()[:3] == (None, 0, 0)
    with at(17):
        reject(new.id)
    assert age()[:3] == (nov(9), 100_00, 3)
    again = declared_on(17, 100_00, "JK-again")
    with at(18):
        confirm(again.id, 90_00, "银行少收")
    assert age()[:3] == (nov(9), 10_00, 3)


def test_what_a_count_found_short_is_not_due(app):
    taken(17, 100_00)
    night(18)
    close(business_on=nov(17), count=Count(other_fen=99_00), explanation="少一元")
    assert age()[:3] == (nov(17), 99_00, 0)


def test_nobody_is_suspended_before_the_office_switches_it_on(app):
    taken(2, 100_00)
    night(18)
    assert age() == (nov(2), 100_00, 6, None)
    assert state()[0] == "ACTIVE"


def test_the_second_missed_call_suspends_and_the_overdue_remittance_lifts(app):
    enforced(2)
    taken(9, 100_00)
    night(13)
    assert age() == (nov(9), 100_00, 1, nov(14))
    assert state()[0] == "ACTIVE"
    night(14)
    assert state() == ("SUSPENDED", "REMITTANCE_OVERDUE", 2)
    assert suspensions() == [(1, nov(14), 2, None)]
    with at(14):
        assert refusal_of(item(100)) == "outlet_not_active"
    new = declared_on(14, 100_00)
    assert state()[0] == "SUSPENDED", "a slip is no money yet"
    night(15)
    assert state()[0] == "SUSPENDED"
    with at(16):
        confirm(new.id, 100_00)
    assert state() == ("ACTIVE", "REMITTANCE_ARRIVED", 3)
    assert suspensions() == [(1, nov(14), 2, "LIFTED")]
    with reading():
        assert db.session.scalars(select(RemittanceSuspension.remittance_id)).one() == new.id
        actions = db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)).all()
    for action in ("outlet_suspended_overdue", "overdue_suspension_lifted"):
        assert actions.count(action) == 1
    with at(16):
        assert refusal_of(item(100)) == "created"


def test_who_declares_the_overdue_cash_lost_stays_suspended_until_that_is_put_right(app):
    enforced(2)
    taken(9, 100_00)
    night(14)
    assert state()[0] == "SUSPENDED"
    with at(14):
        close(business_on=nov(9), count=Count(other_fen=1), explanation="钱不见了，已报告主管")
        new = declare(new_remittance(1, deposited_on=nov(14)))
        confirm(new.id, 1)
    assert state()[0] == "SUSPENDED"
    night(16)
    assert state()[0] == "SUSPENDED"
    with at(16):
        more_finance()
        say_yes(ask_adjustment("SHORT_MADE_GOOD", 99_99).id, by="grace")
    night(17)
    assert state()[0] == "ACTIVE"


def test_a_suspended_outlet_counts_closes_and_remits(app):
    enforced(1)
    taken(9, 100_00)
    night(12)
    assert state()[0] == "SUSPENDED"
    with at(12):
        close(business_on=nov(9), explanation="")
        declare(new_remittance(60_00))
    assert (count(DayClose), count(Remittance)) == (1, 1)


def test_a_part_does_not_lift(app):
    enforced(2)
    taken(9, 100_00)
    night(14)
    first, second = declared_on(14, 60_00, "JK-1"), declared_on(14, 40_00, "JK-2")
    with at(16):
        confirm(first.id, 60_00)
    assert state()[0] == "SUSPENDED", "the other slip is overdue cash that nobody has seen arrive"
    with at(16, 11):
        confirm(second.id, 39_00, "少一元")
    assert state()[0] == "SUSPENDED", "one yuan is overdue still"
    third = declared_on(16, 1_00, "JK-3")
    with at(16, 12):
        confirm(third.id, 1_00)
    assert state()[0] == "ACTIVE"


def test_a_rejected_slip_lifts_nothing(app):
    enforced(2)
    taken(9, 100_00)
    night(14)
    new = declared_on(14, 100_00)
    with at(16):
        reject(new.id)
    night(17)
    assert state()[0] == "SUSPENDED"


def test_a_night_twice_and_two_clocks_at_once_suspend_once(app):
    enforced(2)
    taken(9, 100_00)
    night(13)
    with at(14, 0, 10):
        answers = at_once(app, [lambda: age_some(SYSTEM, 50)] * 8, batch)
    assert sum(answers) >= 6
    night(14)
    assert state() == ("SUSPENDED", "REMITTANCE_OVERDUE", 2)
    assert suspensions() == [(1, nov(14), 2, None)]


def test_a_deposit_and_the_night_at_once_agree(app):
    """Whichever is first: a deposit before the count saves the outlet, one after finds it suspended."""
    enforced(2)
    taken(9, 100_00)
    night(13)
    with at(14, 0, 10):
        new = new_remittance(100_00)
        with reading():
            alice = world.actor("alice")
        at_once(app, [lambda: declare_remittance(new, alice), lambda: age_some(SYSTEM, 50)], batch)
    assert age()[:3] == (None, 0, 0)
    assert state()[0] == ("SUSPENDED" if suspensions() else "ACTIVE")


def test_a_village_without_a_bank_is_never_suspended(app):
    enforced(1)
    with at(2):
        outlet_days(rhythm="NONE", weekdays="", starts_on=nov(2))
    taken(3, 100_00)
    night(18)
    assert age() == (nov(3), 100_00, 0, None)
    assert state()[0] == "ACTIVE"


def test_a_holiday_saves_nobody_from_what_was_missed_and_counts_nothing_itself(app):
    """The company declares Wednesday 11 November a day off: the post does not call."""
    with at(9), batch():
        set_override(nov(11), False, "台风", world.actor("adam"))
    taken(9, 100_00)
    night(13)
    assert age()[2] == 0
    night(14)
    assert age()[2] == 1


def test_the_rule_does_not_reach_back(app):
    """Cash of 2 November, the rule from Thursday 12: Fri 13 and Mon 16 count, what was missed before does not."""
    taken(2, 100_00)
    enforced(2, day=12)
    night(16)
    assert age() == (nov(2), 100_00, 5, nov(17))
    assert state()[0] == "ACTIVE"
    night(17)
    assert state()[0] == "SUSPENDED"


def test_whom_somebody_lets_go_on_is_counted_anew(app):
    """Suspended on the 14th, resumed by the supervisor on Monday 16: Wed 18 and Fri 20 count."""
    enforced(2)
    taken(9, 100_00)
    night(14)
    with at(16), batch():
        advance_outlet("WL0001", State.ACTIVE, nov(16), world.actor("carol"))
    night(17)
    assert suspensions() == [(1, nov(14), 2, "BY_HAND")]
    assert age()[3] == nov(21)
    night(20)
    assert state()[0] == "ACTIVE"
    night(21)
    assert state()[0] == "SUSPENDED"
    assert suspensions() == [(1, nov(14), 2, "BY_HAND"), (1, nov(21), 2, None)]


def test_what_somebody_suspended_is_not_lifted(app):
    enforced(2)
    taken(9, 100_00)
    night(14)
    with at(14), batch():
        advance_outlet("WL0001", State.ACTIVE, nov(14), world.actor("carol"))
        advance_outlet("WL0001", State.SUSPENDED, nov(14), world.actor("carol"), "门面装修")
    new = declared_on(14, 100_00)
    with at(16):
        confirm(new.id, 100_00)
    assert state()[:2] == ("SUSPENDED", "门面装修")
    assert suspensions()[0][3] == "BY_HAND"


def test_an_outlet_without_agreement_is_confirmed_and_lifted_when_it_has_one(app):
    enforced(2)
    taken(9, 100_00)
    night(14)
    with at(14), batch() as session:
        session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(ends_on=nov(14)))
    new = declared_on(14, 100_00)
    with at(16):
        confirm(new.id, 100_00)
    assert state()[0] == "SUSPENDED"
    with batch() as session:
        session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(ends_on=None))
    night(17)
    assert state() == ("ACTIVE", "REMITTANCE_ARRIVED", 3)


def test_only_active_outlets_are_suspended(app):
    enforced(2)
    taken(9, 100_00)
    with at(12), batch():
        advance_outlet("WL0001", State.SUSPENDED, nov(12), world.actor("carol"), "门面装修")
    night(14)
    assert (state()[2], suspensions()) == (2, [])


def test_the_database_keeps_one_open_suspension(app):
    enforced(2)
    taken(9, 100_00)
    night(14)
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(
            text(
                "INSERT INTO remittance_suspensions (id, outlet_id, state_id, kind, suspended_on, suspended_at, oldest_on,"
                " due_fen, missed, suspend_after) SELECT 'f' || substr(CAST(id AS text), 2), outlet_id, state_id - 1, kind,"
                " suspended_on, suspended_at, oldest_on, due_fen, missed, suspend_after FROM remittance_suspensions"
            )
        )


def test_postings_never_touch_the_ages(app):
    night(18)
    record(item(100))
    assert age()[1] == 0
