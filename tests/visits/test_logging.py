"""Logging a visit: it works, the wrong person, the wrong place, bad input leaves nothing, sent twice is once."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from agentnet.core.clock import frozen_at
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra import files
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.idempotency import Request
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Assignment
from agentnet.visits.actions import log_visit, log_visits, plan_duties
from agentnet.visits.evidence import Position
from agentnet.visits.judging import FoundNeed
from agentnet.visits.models import Duty, DutyVisit, FailedItem, Need, Visit
from tests.visits.given import ALL_PASS, ARRIVED, W46, W47, a_visit, days_later, rows_of, states_in
from tests.world import NOW, actor

EVERYTHING = (Visit, FailedItem, Need, DutyVisit, Duty, Request)


@pytest.fixture
def planned(app):
    with batch():
        plan_duties(W46, SYSTEM)
        plan_duties(W47, SYSTEM)


def stored(visit_id) -> Visit:
    with reading():
        visit = db.session.get_one(Visit, visit_id)
        db.session.expunge_all()
    return visit


def test_a_visit_does_its_duty_and_keeps_both_times(planned) -> None:
    item = a_visit(agent_word="一切正常", remark="纸快用完", left_at=NOW)
    with batch():
        log_visit(item, actor("bob"))
    visit = stored(item.id)
    assert states_in(W47) == {"WL0001": "DONE", "WL0002": "DUE", "WL0004": "DUE", "WL0005": "DUE", "JX0001": "DUE"}
    assert (visit.arrived_at, visit.left_at, visit.received_at) == (ARRIVED, NOW, NOW)
    assert (visit.visited_on, visit.week, visit.manager_id) == (date(2026, 11, 18), "2026-W47", 1)
    assert (visit.score, visit.distance_m, visit.flags) == (100, 0, [])
    assert (visit.agent_word, visit.remark) == ("一切正常", "纸快用完")


def test_either_of_two_managers_does_the_duty_they_share(planned) -> None:
    with batch():
        log_visit(a_visit("WL0001"), actor("ben"))
    assert states_in(W47)["WL0001"] == "DONE"
    assert rows_of(DutyVisit) == [1]


def test_one_visit_at_a_village_centre_serves_the_postal_station_it_hosts(planned) -> None:
    with batch():
        log_visit(a_visit("WL0004"), actor("ben"))
    assert states_in(W47)["WL0004"] == states_in(W47)["WL0005"] == "DONE"
    assert rows_of(Visit, DutyVisit) == [1, 2]


def test_a_visit_at_the_hosted_station_does_not_serve_its_host(planned) -> None:
    with batch():
        log_visit(a_visit("WL0005"), actor("ben"))
    assert states_in(W47)["WL0005"] == "DONE"
    assert states_in(W47)["WL0004"] == "DUE"


def test_failed_items_and_needs_are_kept_as_rows(planned) -> None:
    answers = ALL_PASS | {8: "FAIL", 9: "FAIL", 13: "NA"}
    needs = (FoundNeed("FAULT_REPAIR", "三组路灯不亮"), FoundNeed("BUSINESS_CONSULT", "老人想办代扣"))
    item = a_visit(answers=answers, item_remarks={9: "少 20 元"}, needs=needs)
    with batch():
        log_visit(item, actor("bob"))
    # Weights 4 and 10 failed, 5 not applicable: 81 of 95 passed, 85.26 per cent.
    assert stored(item.id).score == 85
    assert stored(item.id).flags == ["CRITICAL_FAILED"]
    with reading():
        failed = db.session.execute(select(FailedItem.item_no, FailedItem.remark).order_by(FailedItem.item_no)).all()
        found = db.session.execute(select(Need.service, Need.text, Need.closed_at).order_by(Need.id)).all()
    assert failed == [(8, ""), (9, "少 20 元")]
    assert found == [("FAULT_REPAIR", "三组路灯不亮", None), ("BUSINESS_CONSULT", "老人想办代扣", None)]


def test_far_away_and_at_night_is_flagged_and_counts(planned) -> None:
    item = a_visit(position=Position(28.40, 121.371, 20), arrived_at=ARRIVED - timedelta(hours=5))
    with batch():
        log_visit(item, actor("bob"))
    assert stored(item.id).flags == ["OUTSIDE_RADIUS", "ODD_HOUR"]
    assert stored(item.id).distance_m == 3336  # 0.03 degrees of 111195 m
    assert states_in(W47)["WL0001"] == "DONE"


def test_a_phone_that_knows_no_place_may_still_log(planned) -> None:
    item = a_visit(position=None)
    with batch():
        log_visit(item, actor("bob"))
    assert (stored(item.id).distance_m, stored(item.id).flags) == (None, ["NO_POSITION"])


def test_a_phone_whose_clock_is_ahead_does_not_do_next_weeks_duty(planned) -> None:
    item = a_visit(arrived_at=days_later(7))
    with batch():
        log_visit(item, actor("bob"))
    assert (stored(item.id).visited_on, stored(item.id).week) == (date(2026, 11, 18), "2026-W47")
    assert stored(item.id).flags == ["CLOCK_AHEAD"]


def test_a_visit_told_late_does_the_duty_of_its_own_week(planned) -> None:
    item = a_visit(arrived_at=days_later(-6))
    with batch():
        log_visit(item, actor("bob"))
    assert stored(item.id).flags == ["LOGGED_LATE"]
    assert states_in(W46)["WL0001"] == "DONE"
    assert states_in(W47)["WL0001"] == "DUE"


def test_a_visit_is_on_the_audit_trail(planned) -> None:
    item = a_visit()
    with batch():
        log_visit(item, actor("bob"))
    with reading():
        line = db.session.scalars(select(AuditLine).where(AuditLine.action == "visits.log_visit")).one()
    assert (line.subject_id, line.actor_name) == (str(item.id), "Bob")
    assert line.after["score"] == 100


@pytest.mark.parametrize("username", ["alice", "carol", "fang", "paul", "audrey", "adam"])
def test_only_managers_log_visits(planned, username) -> None:
    before = rows_of(*EVERYTHING)
    with pytest.raises(Forbidden, match="not_permitted"), batch():
        log_visit(a_visit(), actor(username))
    assert rows_of(*EVERYTHING) == before


@pytest.mark.parametrize(("username", "outlet"), [("jing", "WL0001"), ("ben", "WL0002"), ("bob", "NONE99")])
def test_an_outlet_that_never_was_the_managers_is_missing(planned, username, outlet) -> None:
    before = rows_of(*EVERYTHING)
    with pytest.raises(Missing, match="outlet_missing"), batch():
        log_visit(a_visit(outlet), actor(username))
    assert rows_of(*EVERYTHING) == before


def test_after_a_hand_over_only_the_day_of_the_visit_decides(planned) -> None:
    with batch():
        db.session.execute(update(Assignment).where(Assignment.outlet_id == 2).values(ends_on=date(2026, 11, 18)))
        db.session.execute(
            insert(Assignment).values(outlet_id=2, manager_id=2, slot="PRIMARY", starts_on=date(2026, 11, 18))
        )
    with pytest.raises(Forbidden, match="not_assigned_that_day"), batch():
        log_visit(a_visit("WL0002"), actor("bob"))
    with batch():
        log_visit(a_visit("WL0002", arrived_at=days_later(-1)), actor("bob"))
        log_visit(a_visit("WL0002"), actor("ben"))
    with pytest.raises(Forbidden, match="not_assigned_that_day"), batch():
        log_visit(a_visit("WL0002", arrived_at=days_later(-1)), actor("ben"))
    assert rows_of(Visit) == [2]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"answers": dict.fromkeys(range(1, 16), "PASS")}, "checklist_incomplete"),
        ({"answers": ALL_PASS | {17: "PASS"}}, "checklist_unknown_item"),
        ({"answers": dict.fromkeys(range(1, 17), "NA")}, "nothing_checked"),
        ({"checklist_version": 99}, "checklist_unknown_item"),
        ({"left_at": ARRIVED - timedelta(minutes=1)}, "left_before_arrival"),
        ({"position": Position(91.0, 121.0, 5)}, "position_shape"),
        ({"position": Position(float("nan"), 121.0, 5)}, "position_shape"),
        ({"position": Position(28.0, 121.0, -1)}, "position_shape"),
        ({"photo_sha256": "0" * 64}, "photo_missing"),
        ({"photo_sha256": "../../etc/passwd"}, "photo_missing"),
        ({"needs": (FoundNeed("NO_SUCH", "路灯不亮"),)}, "need_incomplete"),
        ({"needs": (FoundNeed("FAULT_REPAIR", " "),)}, "need_incomplete"),
        ({"needs": (FoundNeed("FAULT_REPAIR", "灯"),) * 21}, "too_many_needs"),
        ({"agent_word": "长" * 401}, "text_too_long"),
        ({"remark": "长" * 401}, "text_too_long"),
        ({"answers": ALL_PASS | {1: "FAIL"}, "item_remarks": {1: "长" * 201}}, "text_too_long"),
    ],
)
def test_bad_input_leaves_no_rows(planned, changes, code) -> None:
    before = rows_of(*EVERYTHING)
    with pytest.raises(Invalid, match=code), batch():
        log_visit(a_visit(**changes), actor("bob"))
    assert rows_of(*EVERYTHING) == before


def test_a_refused_visit_may_be_corrected_under_the_same_id(planned) -> None:
    wrong = a_visit(answers={1: "PASS"})
    with pytest.raises(Invalid, match="checklist_incomplete"), batch():
        log_visit(wrong, actor("bob"))
    with batch():
        log_visit(a_visit(id=wrong.id), actor("bob"))
    assert rows_of(Visit) == [1]


def test_sent_twice_is_once_even_weeks_later(planned) -> None:
    item = a_visit(needs=(FoundNeed("FAULT_REPAIR", "路灯不亮"),))
    with batch():
        assert log_visit(item, actor("bob")) == item.id
    before = rows_of(*EVERYTHING)
    with frozen_at(NOW + timedelta(days=30)), batch():
        assert log_visit(item, actor("bob")) == item.id
    assert rows_of(*EVERYTHING) == before


@pytest.mark.parametrize(
    "changes", [{"remark": "另一句"}, {"outlet_code": "WL0002"}, {"answers": ALL_PASS | {1: "FAIL"}}]
)
def test_the_same_id_with_other_content_is_a_conflict(planned, changes) -> None:
    item = a_visit()
    with batch():
        log_visit(item, actor("bob"))
    before = rows_of(*EVERYTHING)
    with pytest.raises(Conflict, match="id_reused"), batch():
        log_visit(a_visit(**({"id": item.id} | changes)), actor("bob"))
    assert rows_of(*EVERYTHING) == before


def test_another_persons_id_is_a_conflict(planned) -> None:
    item = a_visit()
    with batch():
        log_visit(item, actor("bob"))
    with pytest.raises(Conflict, match="id_reused"), batch():
        log_visit(item, actor("ben"))


def test_a_stored_photo_goes_with_the_visit(planned) -> None:
    sha256 = files.put(b"picture", ".jpg")
    item = a_visit(photo_sha256=sha256)
    with batch():
        log_visit(item, actor("bob"))
    assert stored(item.id).photo_sha256 == sha256


def test_a_batch_answers_each_visit_by_itself(planned) -> None:
    good, twice = a_visit("WL0001"), a_visit("WL0002")
    bad = a_visit("WL0002", answers={})
    stranger = a_visit("WL0004")
    with batch():
        verdicts = log_visits([good, bad, twice, stranger, twice], actor("bob"))
    assert [verdict.status for verdict in verdicts] == ["created", "refused", "created", "refused", "exists"]
    assert [verdict.refusal and verdict.refusal.code for verdict in verdicts] == [
        None,
        "checklist_incomplete",
        None,
        "outlet_missing",
        None,
    ]
    assert rows_of(Visit) == [2]


def test_the_system_brings_in_history_in_the_name_of_its_managers(planned) -> None:
    then = days_later(-7)
    items = [
        a_visit("WL0001", arrived_at=then, manager_code="M001", received_at=then + timedelta(minutes=10)),
        a_visit("WL0004", arrived_at=then, manager_code="M002", received_at=then, position=None),
        a_visit("WL0004", arrived_at=then, manager_code="M999"),
        a_visit("WL0004", arrived_at=then, manager_code="M001"),
    ]
    with batch():
        verdicts = log_visits(items, SYSTEM)
    assert [verdict.status for verdict in verdicts] == ["created", "created", "refused", "refused"]
    assert stored(items[0].id).flags == []
    assert {code for code, state in states_in(W46).items() if state == "DONE"} == {"WL0001", "WL0004", "WL0005"}


def test_a_manager_cannot_say_when_it_was_received_or_speak_for_another(planned) -> None:
    item = a_visit(arrived_at=days_later(-3), received_at=days_later(-3), manager_code="M002", id=new_id())
    with batch():
        log_visit(item, actor("bob"))
    assert stored(item.id).manager_id == 1
    assert stored(item.id).received_at == NOW
