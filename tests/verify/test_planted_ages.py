"""verify names each error planted into the ages of cash, the lateness of deposits and the suspensions they caused."""

import pytest
from sqlalchemy import text

from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import advance_outlet
from agentnet.outlets.rules import State
from agentnet.settlement.rules import Count
from agentnet.workdays.actions import set_override
from tests import world
from tests.collecting.counter import item, record
from tests.settlement.aged import at, enforced, kind_days, night, nov, outlet_days, taken
from tests.settlement.drawer import close, confirm, declare, new_remittance, reject
from tests.verify.test_planted import is_named, named_in

PLANTS = (
    ("cash_age", "UPDATE cash_ages SET due_fen = due_fen + 1 WHERE due_fen > 0"),
    ("cash_age", "UPDATE cash_ages SET missed = missed + 1 WHERE due_fen > 0"),
    ("cash_age", "UPDATE cash_ages SET oldest_on = '2026-11-01' WHERE oldest_on IS NOT NULL"),
    ("cash_age", "UPDATE cash_ages SET oldest_on = NULL, due_fen = 0, missed = 0 WHERE due_fen > 0"),
    ("cash_age", "UPDATE remittance_days SET rhythm = 'NONE', weekdays = '' WHERE kind = 'NEWSSTAND'"),
    ("punctuality", "UPDATE cash_ages SET declared_count = declared_count + 1"),
    ("punctuality", "UPDATE cash_ages SET punctual_count = 0 WHERE punctual_count > 0"),
    ("lateness", "UPDATE remittances SET missed = missed + 1 WHERE slip_no = 'JK-1'"),
    ("lateness", "UPDATE remittances SET due_fen = due_fen - 1 WHERE slip_no = 'JK-1'"),
    ("lateness", "UPDATE remittances SET oldest_on = NULL WHERE slip_no = 'JK-1'"),
    ("overdue_suspension", "UPDATE remittance_suspensions SET missed = missed + 1"),
    ("overdue_suspension", "UPDATE remittance_suspensions SET due_fen = due_fen + 1"),
    ("overdue_suspension", "UPDATE remittance_suspensions SET oldest_on = '2026-11-10'"),
    ("overdue_suspension", "UPDATE remittance_days SET suspend_after = 3 WHERE kind = 'VILLAGE_POST'"),
    ("overdue_suspension", "UPDATE remittance_days SET suspend_after = 0 WHERE kind = 'VILLAGE_POST'"),
    ("overdue_suspension", "UPDATE remittance_days SET weekdays = '7' WHERE kind = 'VILLAGE_POST'"),
    ("suspension_missing", "UPDATE remittance_days SET suspend_after = 2 WHERE kind = 'NEWSSTAND'"),
    ("suspension_step", "DELETE FROM remittance_suspensions WHERE ending IS NULL"),
    ("suspension_step", "UPDATE outlet_states SET reason = 'REMITTANCE_OVERDUE' WHERE outlet_id = 2"),
    ("suspension_step", "UPDATE outlet_states SET reason = '' WHERE reason = 'REMITTANCE_OVERDUE'"),
    ("suspension_step", "UPDATE outlet_states SET reason = '' WHERE reason = 'REMITTANCE_ARRIVED'"),
    ("suspension_step", "UPDATE remittances SET state = 'REJECTED', confirmed_fen = NULL WHERE slip_no = 'JK-1'"),
    ("suspension_step", "UPDATE remittance_suspensions SET ending = 'BY_HAND', ended_on = '2026-11-18', ended_at = '2026-11-18 02:00:00' WHERE ending IS NULL"),
)  # fmt: skip


@pytest.fixture
def november(app):
    """WL0001 was suspended on the 14th, lifted on the 16th, suspended again on the 24th; JX0001 is overdue, not by rule.

    Between lie a count one yuan short, a slip that was sent back, a day off declared, and a resumption by hand.
    """
    enforced(2)
    with at(1):
        kind_days("NEWSSTAND", rhythm="WORKDAYS", weekdays="", suspend_after=0)
    taken(2, 5_00)
    with at(4):
        close(business_on=nov(2))
        confirm(declare(new_remittance(5_00, slip_no="JK-P")).id, 5_00)
    taken(9, 100_00)
    with at(9):
        close(count=Count(other_fen=99_00), explanation="少一元")
        record(item(30_00, outlet_code="JX0001"), by="dora")
    night(13)
    night(14)
    with at(14):
        gone = declare(new_remittance(9_00, slip_no="JK-0"))
        new = declare(new_remittance(99_00 - 9_00, slip_no="JK-1"))
    with at(15):
        reject(gone.id)
        again = declare(new_remittance(9_00, slip_no="JK-2"))
    with at(16):
        confirm(again.id, 9_00)
        confirm(new.id, 90_00)
    taken(16, 50_00)
    with at(17), batch():
        set_override(nov(18), False, "台风", world.actor("adam"))
    with at(17):
        outlet_days("WL0005", rhythm="NONE", weekdays="")
    for day in (17, 19, 21, 24):
        night(day)
    with at(24), batch():
        advance_outlet("WL0001", State.ACTIVE, nov(24), world.actor("carol"))
    with at(24):
        declare(new_remittance(10_00, slip_no="JK-4"))
    for day in (25, 26, 28):
        night(day)


def test_an_honest_november_agrees(november):
    with reading():
        connection = db.session.connection()
        assert named_in(connection) == set()
        endings = connection.execute(text("SELECT ending FROM remittance_suspensions ORDER BY suspended_on")).scalars()
        assert list(endings) == ["LIFTED", "BY_HAND", None]


def test_each_planted_error_is_named(november):
    unnoticed = [(name, sql) for name, sql in PLANTS if not is_named(name, sql)]
    assert unnoticed == []
    with reading():
        assert named_in(db.session.connection()) == set(), "an experiment was not undone"
