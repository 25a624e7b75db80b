"""A supervisor strikes a visit; a need is closed with how it ended."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from agentnet.core.clock import frozen_at
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.queries import own_manager_id
from agentnet.visits.actions import close_need, log_visit, plan_duties, strike_visit
from agentnet.visits.judging import FoundNeed
from agentnet.visits.models import Need, Visit
from agentnet.visits.queries import managers_week
from tests.visits.given import W47, W48, a_visit, states_in
from tests.world import NOW, actor


@pytest.fixture
def visit_id(app):
    """Return Bob's visit to WL0001, which found one need."""
    item = a_visit(needs=(FoundNeed("FAULT_REPAIR", "路灯不亮"),))
    with batch():
        plan_duties(W47, SYSTEM)
        log_visit(item, actor("bob"))
    return item.id


def the_need() -> Need:
    with reading():
        need = db.session.scalars(select(Need)).one()
        db.session.expunge_all()
    return need


def test_a_struck_visit_leaves_its_duty_due_and_then_missed(visit_id) -> None:
    with batch():
        strike_visit(visit_id, "照片不是这个网点", actor("carol"))
    assert states_in(W47)["WL0001"] == "DUE"
    with frozen_at(NOW + timedelta(days=5)):
        assert states_in(W47)["WL0001"] == "MISSED"


def test_a_struck_visit_of_last_week_counts_as_missed_at_once(visit_id) -> None:
    def missed() -> int:
        with reading():
            week = managers_week(own_manager_id(actor("bob")), W48)
        return next(duty.weeks_missed for duty in week if duty.outlet.code == "WL0001")

    with frozen_at(NOW + timedelta(days=7)):
        with batch():
            plan_duties(W48, SYSTEM)
        assert missed() == 0
        with batch():
            strike_visit(visit_id, "照片不是这个网点", actor("carol"))
        assert missed() == 1


def test_a_second_visit_still_does_the_duty_after_the_first_is_struck(visit_id) -> None:
    with batch():
        log_visit(a_visit("WL0001"), actor("ben"))
        strike_visit(visit_id, "照片不是这个网点", actor("carol"))
    assert states_in(W47)["WL0001"] == "DONE"


def test_a_struck_visit_at_the_host_leaves_both_duties_due(visit_id) -> None:
    item = a_visit("WL0004")
    with batch():
        log_visit(item, actor("ben"))
        strike_visit(item.id, "没有到场", actor("carol"))
    assert (states_in(W47)["WL0004"], states_in(W47)["WL0005"]) == ("DUE", "DUE")


def test_a_strike_is_on_the_audit_trail_and_said_twice_is_one(visit_id) -> None:
    for _ in range(2):
        with batch():
            strike_visit(visit_id, " 没有到场 ", actor("carol"))
    with reading():
        lines = db.session.scalars(select(AuditLine).where(AuditLine.action == "visits.strike_visit")).all()
        visit = db.session.get_one(Visit, visit_id)
        assert (visit.struck_reason, visit.struck_by_id, visit.struck_at) == ("没有到场", 6, NOW)
    assert [line.after for line in lines] == [{"struck": True, "reason": "没有到场"}]


def test_a_struck_visit_is_not_struck_for_another_reason(visit_id) -> None:
    with batch():
        strike_visit(visit_id, "没有到场", actor("carol"))
    with pytest.raises(Conflict, match="visit_already_struck"), batch():
        strike_visit(visit_id, "另一个原因", actor("carol"))


@pytest.mark.parametrize("username", ["bob", "alice", "audrey", "adam", "fang"])
def test_only_supervisors_strike(visit_id, username) -> None:
    with pytest.raises(Forbidden, match="not_permitted"), batch():
        strike_visit(visit_id, "没有到场", actor(username))
    assert states_in(W47)["WL0001"] == "DONE"


def test_a_supervisor_of_elsewhere_finds_no_such_visit(visit_id) -> None:
    with pytest.raises(Missing, match="visit_missing"), batch():
        strike_visit(visit_id, "没有到场", actor("charlie"))
    with pytest.raises(Missing, match="visit_missing"), batch():
        strike_visit(new_id(), "没有到场", actor("carol"))
    assert states_in(W47)["WL0001"] == "DONE"


@pytest.mark.parametrize(("reason", "code"), [("  ", "words_missing"), ("长" * 201, "text_too_long")])
def test_a_strike_needs_a_reason_that_fits(visit_id, reason, code) -> None:
    with pytest.raises(Invalid, match=code), batch():
        strike_visit(visit_id, reason, actor("carol"))
    assert states_in(W47)["WL0001"] == "DONE"


@pytest.mark.parametrize("username", ["bob", "ben", "carol"])
def test_those_who_answer_for_an_outlet_close_its_needs(visit_id, username) -> None:
    need_id = the_need().id
    with batch():
        close_need(need_id, "已派抢修，当天修复", actor(username))
    assert (the_need().closed_at, the_need().closed_note) == (NOW, "已派抢修，当天修复")


@pytest.mark.parametrize("username", ["alice", "audrey", "fang", "adam"])
def test_others_do_not_close_needs(visit_id, username) -> None:
    need_id = the_need().id
    with pytest.raises(Forbidden, match="not_permitted"), batch():
        close_need(need_id, "好了", actor(username))
    assert the_need().closed_at is None


@pytest.mark.parametrize("username", ["jing", "charlie"])
def test_a_need_of_elsewhere_is_missing(visit_id, username) -> None:
    need_id = the_need().id
    with pytest.raises(Missing, match="need_missing"), batch():
        close_need(need_id, "好了", actor(username))
    assert the_need().closed_at is None


@pytest.mark.parametrize(("note", "code"), [("", "words_missing"), ("长" * 401, "text_too_long")])
def test_a_need_is_closed_only_with_words_that_fit(visit_id, note, code) -> None:
    need_id = the_need().id
    with pytest.raises(Invalid, match=code), batch():
        close_need(need_id, note, actor("bob"))
    assert the_need().closed_at is None


def test_a_need_closed_twice_with_one_note_is_closed_once_and_with_another_is_a_conflict(visit_id) -> None:
    need_id = the_need().id
    for _ in range(2):
        with batch():
            close_need(need_id, "已修复", actor("bob"))
    with pytest.raises(Conflict, match="need_already_closed"), batch():
        close_need(need_id, "其实没有", actor("carol"))
    assert the_need().closed_note == "已修复"
    with reading():
        assert len(db.session.scalars(select(AuditLine).where(AuditLine.action == "visits.close_need")).all()) == 1
