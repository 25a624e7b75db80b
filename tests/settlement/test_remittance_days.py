"""Remittance days: who may say them, for one outlet or for a kind, and that nothing of it is ever rewritten."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.ageing.models import RemittanceDays
from tests.collecting.counter import count
from tests.settlement.aged import age, at, enforced, kind_days, night, nov, outlet_days, state, taken


def test_the_supervisor_says_when_the_post_calls(app):
    taken(9, 100_00)
    night(18)
    assert age()[2] == 3
    outlet_days(weekdays="5", starts_on=nov(1))
    assert age()[2] == 1
    with reading():
        assert db.session.scalars(select(RemittanceDays.weekdays)).one() == "5"
        assert db.session.scalars(select(AuditLine.action).order_by(AuditLine.id.desc()).limit(1)).one() == (
            "remittance_days_set"
        )


def test_a_correction_lifts_at_once_and_suspends_nobody(app):
    enforced(2)
    taken(9, 100_00)
    night(14)
    with at(14):
        outlet_days(rhythm="NONE", weekdays="", starts_on=nov(2))
    assert state()[:2] == ("ACTIVE", "REMITTANCE_ARRIVED")
    with at(15):
        outlet_days(rhythm="WORKDAYS", weekdays="", starts_on=nov(2))
    assert age()[2] == 4
    assert state()[0] == "ACTIVE"


def test_a_kinds_days_hold_for_all_of_the_kind_from_the_next_count(app):
    taken(9, 100_00)
    night(18)
    kind_days(rhythm="WORKDAYS", weekdays="", suspend_after=0)
    assert night(18) == 2, "the two village posts"
    assert age()[2] == 6


@pytest.mark.parametrize("username", ["alice", "bob", "fang", "audrey", "paul"])
def test_only_supervisors_and_administrators_say_days(app, username):
    for change in (outlet_days, kind_days):
        with pytest.raises(Forbidden, match="not_permitted"):
            change(by=username)
    assert count(RemittanceDays) == 0


def test_another_countys_outlet_is_missing_and_a_kind_is_the_companys(app):
    with pytest.raises(Missing, match="outlet_missing"):
        outlet_days(by="charlie")
    with pytest.raises(Forbidden, match="for_whole_company"):
        kind_days(by="carol")
    with pytest.raises(Missing, match="kind_missing"):
        kind_days(kind="KIOSK")
    assert count(RemittanceDays) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"weekdays": ""}, "weekdays_missing"),
        ({"reason": ""}, "reason_missing"),
        ({"starts_on": date(2026, 9, 1)}, "too_"),
    ],
)
def test_days_that_say_nothing_leave_nothing(app, changes, code):
    for change in (outlet_days, kind_days):
        with pytest.raises(Invalid, match=code):
            change(**changes)
    assert count(RemittanceDays) == 0


def test_days_sent_twice_are_once_and_with_other_content_a_conflict(app):
    for change in (outlet_days, kind_days):
        request_id, before = new_id(), count(RemittanceDays)
        change(request_id=request_id)
        change(request_id=request_id)
        assert count(RemittanceDays) == before + 1
        with pytest.raises(Conflict, match="id_reused"):
            change(request_id=request_id, weekdays="1")


def test_days_are_never_rewritten(app):
    outlet_days()
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(text("UPDATE remittance_days SET weekdays = '1'"))
