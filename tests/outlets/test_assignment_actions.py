"""Assigning, handing over, leaving, docking: history is kept and nothing is rewritten."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import (
    HandOver,
    ManagerFacts,
    PartnerFacts,
    advance_outlet,
    assign_manager,
    change_manager,
    change_partner,
    dock_village,
    end_assignment,
    hand_over,
    hand_over_all,
    register_manager,
    register_partner,
    set_manager_photo,
    undock_village,
)
from agentnet.outlets.models import Assignment, Docking, DockingManager, Manager, Partner
from agentnet.outlets.queries import managers_of, outlet_for
from agentnet.outlets.rules import PartnerKind, Slot, State
from agentnet.users.permissions import Permission
from tests import world
from tests.outlets.conftest import Do
from tests.outlets.helpers import count, history, last_audit

TODAY, START = world.TODAY, world.LONG_AGO
WEDNESDAY = date(2026, 11, 18)
FACTS = ManagerFacts(name="戴新宇", work_phone="13800000012", unit_code="WL-ZG", consent_on=TODAY)


@pytest.fixture
def dai(do: Do) -> str:
    """A third manager in Wenling, with nothing to do yet."""
    return do("carol", register_manager, "M003", FACTS)


def test_a_hand_over_in_mid_week_ends_one_row_and_begins_the_next(do: Do, dai: str) -> None:
    do("carol", hand_over, "WL0002", Slot.PRIMARY, dai, WEDNESDAY, reason="调整分工")
    assert history("WL0002") == [("M001", "PRIMARY", START, WEDNESDAY), ("M003", "PRIMARY", WEDNESDAY, None)]
    assert last_audit() == ("assign_manager", "WL0002", "Carol")


def test_a_hand_over_can_be_planned_and_one_before_it_fits_in_between(do: Do, dai: str) -> None:
    later = TODAY + timedelta(days=14)
    do("carol", hand_over, "WL0002", Slot.PRIMARY, dai, later)
    do("carol", hand_over, "WL0002", Slot.PRIMARY, "M002", TODAY)
    assert history("WL0002") == [
        ("M001", "PRIMARY", START, TODAY),
        ("M002", "PRIMARY", TODAY, later),
        ("M003", "PRIMARY", later, None),
    ]


def test_a_deputy_who_becomes_primary_leaves_the_deputys_place(do: Do) -> None:
    do("carol", hand_over, "WL0001", Slot.PRIMARY, "M002", TODAY)
    assert history("WL0001") == [
        ("M001", "PRIMARY", START, TODAY),
        ("M002", "DEPUTY", START, TODAY),
        ("M002", "PRIMARY", TODAY, None),
    ]


def test_the_primary_may_not_step_back_into_the_deputys_place(do: Do) -> None:
    with pytest.raises(Invalid, match="already_assigned"):
        do("carol", hand_over, "WL0001", Slot.DEPUTY, "M001", TODAY)


def test_the_last_primary_may_not_leave_an_active_outlet(do: Do) -> None:
    with pytest.raises(Invalid, match="last_primary"):
        do("carol", end_assignment, "WL0001", Slot.PRIMARY, TODAY)
    do("carol", end_assignment, "WL0001", Slot.DEPUTY, TODAY)
    assert history("WL0001")[1] == ("M002", "DEPUTY", START, TODAY)
    do("carol", advance_outlet, "WL0001", State.SUSPENDED, TODAY, reason="装修")
    do("carol", end_assignment, "WL0001", Slot.PRIMARY, TODAY)
    with pytest.raises(Invalid, match="no_primary_manager"):
        do("carol", advance_outlet, "WL0001", State.ACTIVE, TODAY)


def test_a_third_manager_finds_no_place(do: Do, dai: str) -> None:
    before = count(Assignment)
    for slot in Slot:
        with pytest.raises(Invalid, match="slot_taken"):
            do("carol", assign_manager, "WL0001", dai, slot, TODAY)
    with pytest.raises(Invalid, match="already_assigned"):
        do("carol", assign_manager, "WL0002", "M001", Slot.DEPUTY, TODAY)
    assert count(Assignment) == before


def test_the_database_itself_refuses_two_primaries_at_once(do: Do, dai: str) -> None:
    def behind_the_rules(by: object) -> None:
        db.session.add(Assignment(outlet_id=1, manager_id=2, slot="PRIMARY", starts_on=TODAY, ends_on=None, reason=""))
        db.session.flush()

    with pytest.raises(DBAPIError):
        do("carol", behind_the_rules)


def test_the_past_of_an_open_outlet_is_reached_for_31_days_only(do: Do, dai: str) -> None:
    with pytest.raises(Invalid, match="too_far_back"):
        do("carol", hand_over, "WL0002", Slot.PRIMARY, dai, TODAY - timedelta(days=32))
    do("carol", hand_over, "WL0002", Slot.PRIMARY, dai, TODAY - timedelta(days=31))
    with pytest.raises(Invalid, match="hand_over_same_day"):
        do("carol", hand_over, "WL0002", Slot.PRIMARY, "M002", TODAY - timedelta(days=31))


@pytest.mark.parametrize(("username", "refusal"), [("bob", Forbidden), ("audrey", Forbidden), ("charlie", Missing)])
def test_who_may_not_assign_is_refused(do: Do, username: str, refusal: type[Exception]) -> None:
    before = (count(Assignment), count(AuditLine))
    for action, *more in (
        (hand_over, "WL0002", Slot.PRIMARY, "M002", TODAY),
        (assign_manager, "WL0002", "M002", Slot.DEPUTY, TODAY),
        (end_assignment, "WL0001", Slot.DEPUTY, TODAY),
        (hand_over_all, "M001", HandOver(TODAY, {"WL0001": "M002", "WL0002": "M002"}, "离职")),
        (dock_village, world.OTHER_VILLAGE, TODAY),
        (undock_village, world.VILLAGE, TODAY),
    ):
        with pytest.raises(refusal):
            do(username, action, *more)
    assert (count(Assignment), count(AuditLine)) == before


def test_a_manager_of_another_territory_is_not_found(do: Do) -> None:
    with pytest.raises(Missing, match="manager_missing"):
        do("carol", hand_over, "WL0002", Slot.PRIMARY, "M101", TODAY)


def test_a_hand_over_sent_twice_is_once_and_other_content_a_conflict(do: Do, dai: str) -> None:
    request_id = new_id()
    for _ in range(2):
        do("carol", hand_over, "WL0002", Slot.PRIMARY, dai, TODAY, request_id=request_id)
    assert len(history("WL0002")) == 2
    with pytest.raises(Conflict, match="id_reused"):
        do("carol", hand_over, "WL0002", Slot.PRIMARY, "M002", TODAY, request_id=request_id)


def test_a_leaving_managers_round_is_split_and_history_stays(do: Do, dai: str) -> None:
    plan = HandOver(TODAY, {"WL0001": "M002", "WL0002": dai}, "退休")
    request_id = new_id()
    for _ in range(2):
        assert do("carol", hand_over_all, "M001", plan, request_id=request_id) == "M001"
    assert history("WL0001") == [
        ("M001", "PRIMARY", START, TODAY),
        ("M002", "DEPUTY", START, TODAY),
        ("M002", "PRIMARY", TODAY, None),
    ]
    assert history("WL0002") == [("M001", "PRIMARY", START, TODAY), ("M003", "PRIMARY", TODAY, None)]
    with reading():
        assert db.session.scalars(select(Manager.left_on).where(Manager.code == "M001")).one() == TODAY
    with pytest.raises(Invalid, match="manager_left"):
        do("carol", assign_manager, "WL0009", "M001", Slot.PRIMARY, TODAY)


def test_a_leaving_manager_is_replaced_as_contact_person_of_a_docked_village(do: Do, dai: str) -> None:
    do("carol", hand_over_all, "M001", HandOver(TODAY, {"WL0001": dai, "WL0002": dai}, "退休"))
    with reading():
        rows = db.session.execute(
            select(Docking.id, Docking.starts_on, Docking.ends_on, Manager.code)
            .join(DockingManager, DockingManager.docking_id == Docking.id)
            .join(Manager, Manager.id == DockingManager.manager_id)
            .order_by(Docking.starts_on, Manager.code)
        ).all()
    assert [tuple(row[1:]) for row in rows] == [
        (START, TODAY, "M001"),
        (START, TODAY, "M002"),
        (TODAY, None, "M002"),
        (TODAY, None, "M003"),
    ]


def test_what_was_planned_for_later_begins_with_the_successor(do: Do, dai: str) -> None:
    later = TODAY + timedelta(days=7)
    do("carol", hand_over, "WL0004", Slot.PRIMARY, "M001", later)
    plan = HandOver(TODAY, {"WL0001": "M002", "WL0002": dai, "WL0004": dai}, "调离")
    do("carol", hand_over_all, "M001", plan)
    assert history("WL0004") == [("M002", "PRIMARY", START, later), ("M003", "PRIMARY", later, None)]


@pytest.mark.parametrize(
    ("plan", "refusal", "code"),
    [
        (HandOver(TODAY, {"WL0001": "M003"}, "退休"), Conflict, "round_changed"),
        (HandOver(TODAY, {"WL0001": "M003", "WL0002": None}, "退休"), Invalid, "last_primary"),
        (HandOver(TODAY, {"WL0001": "M003", "WL0002": "M001"}, "退休"), Invalid, "successor_is_self"),
        (HandOver(TODAY, {"WL0001": "M003", "WL0002": "M101"}, "退休"), Missing, "manager_missing"),
        (HandOver(TODAY, {"WL0001": "M003", "WL0002": "M003"}, " "), Invalid, "reason_missing"),
        (HandOver(START, {"WL0001": "M003", "WL0002": "M003"}, "退休"), Invalid, "too_far_back"),
    ],
)
def test_a_round_is_passed_on_whole_or_not_at_all(
    do: Do, dai: str, plan: HandOver, refusal: type[Exception], code: str
) -> None:
    before = (count(Assignment), count(AuditLine), history("WL0001"), history("WL0002"))
    with pytest.raises(refusal, match=code):
        do("carol", hand_over_all, "M001", plan)
    assert (count(Assignment), count(AuditLine), history("WL0001"), history("WL0002")) == before


def test_a_round_across_two_territories_is_for_somebody_above_both(do: Do) -> None:
    do("adam", assign_manager, "JX0001", "M001", Slot.DEPUTY, TODAY - timedelta(days=1))
    plan = HandOver(TODAY, {"WL0001": "M002", "WL0002": "M002", "JX0001": None}, "退休")
    with pytest.raises(Invalid, match="outside_territory"):
        do("carol", hand_over_all, "M001", plan)
    do("adam", hand_over_all, "M001", plan)
    assert history("JX0001")[1] == ("M001", "DEPUTY", TODAY - timedelta(days=1), TODAY)


def test_the_managers_of_a_day_are_those_who_held_it(do: Do, dai: str) -> None:
    do("carol", hand_over, "WL0001", Slot.PRIMARY, dai, WEDNESDAY)
    with reading():
        held = [[one.manager.code for one in managers_of(1, WEDNESDAY + timedelta(days=days))] for days in (-1, 0)]
    assert held == [["M001", "M002"], ["M003", "M002"]]


def test_a_manager_sees_an_outlet_of_another_station_once_assigned_to_it(do: Do) -> None:
    with reading():
        assert outlet_for(world.actor("ben"), "WL0001", Permission.OUTLET_READ).code == "WL0001"
        with pytest.raises(Missing):
            outlet_for(world.actor("ben"), "WL0002", Permission.OUTLET_READ)


def test_a_village_is_docked_once_and_undocked_by_date(do: Do, dai: str) -> None:
    request_id = new_id()
    for _ in range(2):
        do("carol", dock_village, world.OTHER_VILLAGE, START, manager_codes=[dai], request_id=request_id)
    with pytest.raises(Invalid, match="already_docked"):
        do("carol", dock_village, world.OTHER_VILLAGE, TODAY, outlet_code="WL0004")
    do("carol", undock_village, world.OTHER_VILLAGE, TODAY)
    do("carol", dock_village, world.OTHER_VILLAGE, TODAY, outlet_code="WL0004")
    with pytest.raises(Invalid, match="docking_period"):
        do("carol", undock_village, world.OTHER_VILLAGE, TODAY)
    with pytest.raises(Missing, match="village_missing"):
        do("carol", dock_village, world.COMMUNITY, TODAY, manager_codes=[dai])


def test_a_village_without_an_outlet_needs_one_or_two_managers(do: Do, dai: str) -> None:
    before = count(Docking)
    for codes in ([], [dai, "M001", "M002"]):
        with pytest.raises(Invalid, match="docking_managers"):
            do("carol", dock_village, world.OTHER_VILLAGE, TODAY, manager_codes=codes)
    assert count(Docking) == before


def test_a_managers_photo_needs_consent_and_goes_with_it(do: Do, dai: str) -> None:
    do("carol", set_manager_photo, dai, "a" * 64)
    do("carol", change_manager, dai, replace(FACTS, consent_on=None))
    with reading():
        assert db.session.scalars(select(Manager.photo_sha256).where(Manager.code == dai)).one() is None
    with pytest.raises(Invalid, match="photo_needs_consent"):
        do("carol", set_manager_photo, dai, "a" * 64)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (replace(FACTS, work_phone="1"), "phone_shape"),
        (replace(FACTS, consent_on=TODAY + timedelta(days=1)), "in_future"),
        (replace(FACTS, username="alice"), "user_link_not_permitted"),
        (replace(FACTS, username="nobody"), "user_missing"),
    ],
)
def test_a_wrong_manager_record_leaves_no_rows(do: Do, facts: ManagerFacts, code: str) -> None:
    before = (count(Manager), count(AuditLine))
    with pytest.raises(Invalid, match=code):
        do("carol", register_manager, "M009", facts)
    assert (count(Manager), count(AuditLine)) == before


def test_managers_are_kept_by_their_own_supervisor(do: Do) -> None:
    with pytest.raises(Missing, match="manager_missing"):
        do("charlie", change_manager, "M001", replace(FACTS, unit_code="JX-NH-1"))
    with pytest.raises(Missing, match="unit_missing"):
        do("charlie", register_manager, "M009", FACTS)
    with pytest.raises(Forbidden):
        do("bob", register_manager, "M009", FACTS)
    request_id = new_id()
    for _ in range(2):
        assert do("carol", register_manager, "M009", FACTS, request_id=request_id) == "M009"


def test_only_an_administrator_links_a_sign_in_to_a_manager(do: Do) -> None:
    do("adam", register_manager, "M009", replace(FACTS, username="dora"))
    with pytest.raises(Invalid, match="user_taken"):
        do("adam", register_manager, "M010", replace(FACTS, username="dora"))
    do("carol", change_manager, "M009", replace(FACTS, name="戴新", username="dora"), version=1)
    with pytest.raises(Conflict, match="changed_meanwhile"):
        do("carol", change_manager, "M009", replace(FACTS, username="dora"), version=1)


def test_partners_are_the_administrators(do: Do) -> None:
    facts = PartnerFacts("东海便利连锁", PartnerKind.CHAIN, uscc="91350100M000100Y43")
    with pytest.raises(Forbidden):
        do("carol", register_partner, "CHAIN", facts)
    request_id = new_id()
    for _ in range(2):
        assert do("adam", register_partner, "chain", facts, request_id=request_id) == "CHAIN"
    do("adam", change_partner, "CHAIN", replace(facts, name="东海便利"), version=1)
    with pytest.raises(Conflict, match="changed_meanwhile"):
        do("adam", change_partner, "CHAIN", facts, version=1)
    before = count(Partner)
    with pytest.raises(Invalid, match="uscc_check"):
        do("adam", register_partner, "X", replace(facts, uscc="91350100M000100Y44"))
    assert count(Partner) == before


def test_a_row_that_has_begun_cannot_be_handed_to_two_at_once(do: Do, dai: str) -> None:
    with batch():
        by = world.actor("carol")
        hand_over("WL0002", Slot.PRIMARY, dai, TODAY, by)
    with pytest.raises(Invalid, match="hand_over_same_day"):
        do("carol", hand_over, "WL0002", Slot.PRIMARY, "M002", TODAY)
