"""Registering, changing, moving and opening outlets."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.divisions.models import Setting
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.outlets.actions import (
    NewAgreement,
    NewOutlet,
    OutletFacts,
    advance_outlet,
    assign_manager,
    change_outlet,
    install_terminal,
    move_outlet,
    open_tender,
    register_outlet,
    remove_terminal,
    set_opening_hours,
    set_services,
    set_tenders,
    sign_agreement,
)
from agentnet.outlets.models import Agreement, Outlet, OutletPlacement, OutletState, OutletTender
from agentnet.outlets.rules import OutletKind, Slot, State, TerminalKind
from tests import world
from tests.outlets.conftest import Do
from tests.outlets.helpers import count, history, last_audit, outlet

TODAY = world.TODAY
FACTS = OutletFacts(
    name="垟岙报刊亭",
    kind=OutletKind.NEWSSTAND,
    setting=Setting.RURAL,
    division_code=world.OTHER_VILLAGE,
    address="垟岙村口 8 号",
    phone="138 0000 0011",
    keeper_name="吴师傅",
)
NEW = NewOutlet(code="wl0020", unit_code="WL-ZG", applied_on=TODAY, facts=FACTS)
DAYS = [[(480, 1080)]] * 7
AGREEMENT = NewAgreement(
    number="DH-2026-1", starts_on=TODAY, ends_on=None, ceiling_fen=500_000, single_limit_fen=200_000
)


def test_a_supervisor_registers_an_outlet_which_takes_cash_from_the_start(do: Do) -> None:
    assert do("carol", register_outlet, NEW) == "WL0020"
    made = outlet("WL0020")
    assert (made.state, made.phone, made.setting, made.version) == ("APPLIED", "13800000011", "RURAL", 1)
    with reading():
        assert db.session.scalars(select(OutletTender.tender).where(OutletTender.outlet_id == made.id)).all() == [
            "CASH"
        ]
        placement = db.session.scalars(select(OutletPlacement).where(OutletPlacement.outlet_id == made.id)).one()
        assert (placement.org_unit_id, placement.starts_on, placement.ends_on) == (world.ZEGUO.id, TODAY, None)
    assert last_audit() == ("register_outlet", "WL0020", "Carol")


@pytest.mark.parametrize("username", ["alice", "bob", "fang", "paul", "audrey"])
def test_who_may_not_edit_outlets_is_refused(do: Do, username: str) -> None:
    with pytest.raises(Forbidden, match="not_permitted"):
        do(username, register_outlet, NEW)
    with pytest.raises(Forbidden, match="not_permitted"):
        do(username, change_outlet, "WL0001", FACTS)


def test_a_stranger_finds_neither_unit_nor_outlet(do: Do) -> None:
    before = count(Outlet)
    with pytest.raises(Missing, match="unit_missing"):
        do("charlie", register_outlet, NEW)
    for action, *more in (
        (change_outlet, FACTS),
        (move_outlet, "JX-NH-1", TODAY),
        (advance_outlet, State.SUSPENDED, TODAY),
        (sign_agreement, AGREEMENT),
        (set_opening_hours, DAYS),
        (set_tenders, ["CASH"]),
        (set_services, []),
        (install_terminal, TerminalKind.CARD, "T-1", TODAY),
        (remove_terminal, "T-1", TODAY),
    ):
        with pytest.raises(Missing, match="outlet_missing"):
            do("charlie", action, "WL0001", *more)
    assert count(Outlet) == before


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (replace(NEW, code="WL0001"), "code_taken"),
        (replace(NEW, code="村/1"), "code_shape"),
        (replace(NEW, applied_on=TODAY + timedelta(days=1)), "in_future"),
        (replace(NEW, facts=replace(FACTS, division_code="331081000000")), "division_missing"),
        (replace(NEW, facts=replace(FACTS, phone="12345")), "phone_shape"),
        (replace(NEW, facts=replace(FACTS, partner_outlet_no="P-9")), "partner_number_alone"),
        (replace(NEW, facts=replace(FACTS, partner_code="POST", partner_outlet_no="P-1001")), "partner_number_taken"),
        (replace(NEW, facts=replace(FACTS, longitude=121.3)), "position_half"),
        (replace(NEW, facts=replace(FACTS, longitude=121.3, latitude=28.3)), "position_source"),
        (replace(NEW, facts=replace(FACTS, longitude=28.3, latitude=121.3, coordinate_source="gps")), "position_range"),
        (replace(NEW, facts=replace(FACTS, host_code="WL0004")), "host_kind"),
    ],
)
def test_a_wrong_application_leaves_no_rows(do: Do, new: NewOutlet, code: str) -> None:
    tables = (Outlet, OutletPlacement, OutletState, OutletTender, AuditLine)
    before = [count(table) for table in tables]
    with pytest.raises(Invalid, match=code):
        do("carol", register_outlet, new)
    assert [count(table) for table in tables] == before


def test_an_application_sent_twice_is_one_outlet_and_other_content_a_conflict(do: Do) -> None:
    request_id = new_id()
    before = count(Outlet)
    for _ in range(2):
        assert do("carol", register_outlet, NEW, request_id=request_id) == "WL0020"
    assert count(Outlet) == before + 1
    with pytest.raises(Conflict, match="id_reused"):
        do("carol", register_outlet, replace(NEW, code="WL0021"), request_id=request_id)


def test_a_change_keeps_what_was_in_the_audit_trail(do: Do) -> None:
    do("carol", change_outlet, "WL0009", replace(FACTS, name="新名字"), version=1)
    changed = outlet("WL0009")
    assert (changed.name, changed.version) == ("新名字", 2)
    with reading():
        line = db.session.scalars(select(AuditLine).order_by(AuditLine.id.desc()).limit(1)).one()
        assert line.before["name"] == "泽国便利店"
        assert line.after["name"] == "新名字"


def test_an_edit_of_what_was_changed_meanwhile_is_refused(do: Do) -> None:
    do("carol", change_outlet, "WL0009", FACTS, version=1)
    for action, *more in (
        (change_outlet, replace(FACTS, name="别的")),
        (move_outlet, "WL-TP", TODAY),
        (advance_outlet, State.SITE_CHECK, TODAY),
        (set_opening_hours, DAYS),
        (set_tenders, ["CASH"]),
        (set_services, ["FAULT_REPAIR"]),
    ):
        with pytest.raises(Conflict, match="changed_meanwhile"):
            do("carol", action, "WL0009", *more, version=1)


def test_a_move_is_dated_and_hides_the_outlet_from_nobody_above_both(do: Do) -> None:
    do("carol", move_outlet, "WL0002", "WL-ZG", TODAY)
    with reading():
        rows = db.session.execute(
            select(OutletPlacement.org_unit_id, OutletPlacement.starts_on, OutletPlacement.ends_on)
            .where(OutletPlacement.outlet_id == 2)
            .order_by(OutletPlacement.starts_on)
        ).all()
    assert [tuple(row) for row in rows] == [
        (world.TAIPING.id, world.LONG_AGO, TODAY),
        (world.ZEGUO.id, TODAY, None),
    ]
    assert outlet("WL0002").org_unit_id == world.ZEGUO.id
    with pytest.raises(Invalid, match="moved_same_day"):
        do("carol", move_outlet, "WL0002", "WL-TP", TODAY)
    with pytest.raises(Missing, match="unit_missing"):
        do("carol", move_outlet, "WL0002", "JX-NH-1", TODAY)


def test_an_outlet_opens_only_when_it_has_all_it_needs(do: Do) -> None:
    do("carol", register_outlet, NEW)
    for state in (State.SITE_CHECK, State.APPROVED):
        do("carol", advance_outlet, "WL0020", state, TODAY)

    def refused(code: str) -> None:
        with pytest.raises(Invalid, match=code):
            do("carol", advance_outlet, "WL0020", State.ACTIVE, TODAY)

    refused("no_primary_manager")
    do("carol", assign_manager, "WL0020", "M001", Slot.DEPUTY, TODAY)
    refused("no_primary_manager")
    do("carol", assign_manager, "WL0020", "M002", Slot.PRIMARY, TODAY)
    refused("no_agreement")
    do("carol", sign_agreement, "WL0020", replace(AGREEMENT, starts_on=TODAY + timedelta(days=1)))
    refused("no_agreement")
    do("carol", sign_agreement, "WL0020", replace(AGREEMENT, number="B", ends_on=TODAY + timedelta(days=1)))
    refused("no_opening_hours")
    do("carol", set_opening_hours, "WL0020", DAYS)
    do("carol", advance_outlet, "WL0020", State.ACTIVE, TODAY)
    opened = outlet("WL0020")
    assert (opened.state, opened.opened_on) == ("ACTIVE", TODAY)


def test_suspending_and_closing_ask_for_a_reason(do: Do) -> None:
    for state in (State.SUSPENDED, State.CLOSED):
        with pytest.raises(Invalid, match="reason_missing"):
            do("carol", advance_outlet, "WL0002", state, TODAY, reason=" ")


def test_a_step_may_not_lie_ahead_nor_before_the_last_one(do: Do) -> None:
    with pytest.raises(Invalid, match="in_future"):
        do("carol", advance_outlet, "WL0002", State.SUSPENDED, TODAY + timedelta(days=1), reason="装修")
    with pytest.raises(Invalid, match="too_far_back"):
        do("carol", advance_outlet, "WL0002", State.SUSPENDED, TODAY - timedelta(days=32), reason="装修")
    do("carol", advance_outlet, "WL0002", State.SUSPENDED, TODAY, reason="装修")
    with pytest.raises(Invalid, match="too_far_back"):
        do("carol", advance_outlet, "WL0002", State.ACTIVE, TODAY - timedelta(days=1))


def test_closing_ends_assignments_and_dockings_and_nothing_more_may_change(do: Do) -> None:
    do("carol", advance_outlet, "WL0001", State.CLOSED, TODAY, reason="停业")
    assert history("WL0001") == [
        ("M001", "PRIMARY", world.LONG_AGO, TODAY),
        ("M002", "DEPUTY", world.LONG_AGO, TODAY),
    ]
    assert outlet("WL0001").closed_on == TODAY
    with pytest.raises(Invalid, match="outlet_closed"):
        do("carol", assign_manager, "WL0001", "M001", Slot.PRIMARY, TODAY)
    with pytest.raises(Invalid, match="step_not_allowed"):
        do("carol", advance_outlet, "WL0001", State.ACTIVE, TODAY)


def test_a_village_centre_that_hosts_a_postal_station_may_not_close(do: Do) -> None:
    with pytest.raises(Invalid, match="hosts_others"):
        do("carol", advance_outlet, "WL0004", State.CLOSED, TODAY, reason="停业")


def test_a_new_agreement_ends_the_one_before_and_never_overlaps(do: Do) -> None:
    do("carol", sign_agreement, "WL0001", AGREEMENT)
    with reading():
        rows = db.session.execute(
            select(Agreement.number, Agreement.starts_on, Agreement.ends_on)
            .where(Agreement.outlet_id == 1)
            .order_by(Agreement.starts_on)
        ).all()
    assert [tuple(row) for row in rows] == [("DH-0001", world.LONG_AGO, TODAY), ("DH-2026-1", TODAY, None)]
    for new, code in (
        (replace(AGREEMENT, number="C", starts_on=date(2026, 1, 1)), "agreement_overlap"),
        (replace(AGREEMENT, number="DH-0002"), "agreement_number_taken"),
        (replace(AGREEMENT, number="C", ends_on=TODAY), "agreement_period"),
        (replace(AGREEMENT, number="C", single_limit_fen=0), "agreement_limits"),
    ):
        before = count(Agreement)
        with pytest.raises(Invalid, match=code):
            do("carol", sign_agreement, "WL0001", new)
        assert count(Agreement) == before


def test_cash_stays_at_a_staffed_outlet_and_new_tenders_wait_for_the_administrator(do: Do) -> None:
    with pytest.raises(Invalid, match="cash_required"):
        do("carol", set_tenders, "WL0001", ["ALIPAY"])
    with pytest.raises(Invalid, match="tender_not_enabled"):
        do("carol", set_tenders, "WL0001", ["CASH", "E_CNY"])
    with pytest.raises(Forbidden):
        do("carol", open_tender, "E_CNY", True)
    with pytest.raises(Invalid, match="cash_stays"):
        do("adam", open_tender, "CASH", False)
    do("adam", open_tender, "E_CNY", True)
    do("carol", set_tenders, "WL0001", ["CASH", "E_CNY"])
    do("adam", open_tender, "E_CNY", False)
    do("carol", set_tenders, "WL0001", ["CASH", "E_CNY", "ALIPAY"])  # it may keep what it already accepts
    with reading():
        kept = db.session.scalars(select(OutletTender.tender).where(OutletTender.outlet_id == 1)).all()
    assert sorted(kept) == ["ALIPAY", "CASH", "E_CNY"]


def test_an_unstaffed_outlet_needs_cash_before_somebody_stands_there(do: Do) -> None:
    do("carol", register_outlet, replace(NEW, facts=replace(FACTS, staffed=False)))
    with pytest.raises(Invalid, match="cash_required"):
        do("carol", change_outlet, "WL0020", FACTS)


def test_hours_need_one_open_day_and_saying_the_same_again_changes_nothing(do: Do) -> None:
    with pytest.raises(Invalid, match="never_open"):
        do("carol", set_opening_hours, "WL0001", [[]] * 7)
    do("carol", set_opening_hours, "WL0001", DAYS)
    assert outlet("WL0001").version == 1
    do("carol", set_opening_hours, "WL0001", [[(0, 1440)]] * 7)
    assert outlet("WL0001").version == 2


def test_a_terminal_is_put_up_once_and_its_row_stays_when_it_goes(do: Do) -> None:
    request_id = new_id()
    for _ in range(2):
        do("carol", install_terminal, "WL0001", TerminalKind.CASH, "t-77", TODAY, request_id=request_id)
    with pytest.raises(Invalid, match="terminal_taken"):
        do("carol", install_terminal, "WL0002", TerminalKind.CARD, "T-77", TODAY)
    with pytest.raises(Invalid, match="terminal_period"):
        do("carol", remove_terminal, "WL0001", "T-77", TODAY - timedelta(days=1))
    do("carol", remove_terminal, "WL0001", "T-77", TODAY)
    with pytest.raises(Missing, match="terminal_missing"):
        do("carol", remove_terminal, "WL0001", "T-77", TODAY)
