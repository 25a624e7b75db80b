"""Outlets, managers and assignments from files obey what the register's pages obey."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.outlets.models import Assignment, Manager, Outlet, OutletPlacement, OutletState, OutletTender
from tests import world
from tests.holding.given import limit
from tests.imports.conftest import Bring, counts

OUTLETS = "网点编号,网点名称,网点类型,供电所编号,村（社区）代码,地址\n"
NEW = f"WL0020,小河头便利店,便利店,WL-TP,{world.VILLAGE},小河头村20号\n"
MANAGERS = "经理编号,姓名,工作电话,供电所编号\n"
ASSIGNMENTS = "网点编号,经理编号,分工,开始日期\n"


def outlet(code: str) -> Outlet:
    return db.session.scalars(select(Outlet).where(Outlet.code == code)).one()


def slots(code: str) -> list[tuple[str, str, date, date | None]]:
    rows = db.session.execute(
        select(Manager.code, Assignment.slot, Assignment.starts_on, Assignment.ends_on)
        .join(Manager, Manager.id == Assignment.manager_id)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .where(Outlet.code == code)
        .order_by(Assignment.starts_on, Assignment.slot.desc())
    )
    return [tuple(row) for row in rows]


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_supervisor_brings_an_outlet_and_it_enters_as_applied_for(bring: Bring) -> None:
    assert counts(bring("outlets", OUTLETS + NEW, by=world.actor("carol"))) == (1, 0, 0)
    new = outlet("WL0020")
    assert (new.state, new.setting, new.applied_on, new.version) == ("APPLIED", "RURAL", world.TODAY, 1)
    assert [row.state for row in db.session.scalars(select(OutletState).where(OutletState.outlet_id == new.id))] == [
        "APPLIED"
    ]
    placed = db.session.scalars(select(OutletPlacement).where(OutletPlacement.outlet_id == new.id)).one()
    assert (placed.org_unit_id, placed.starts_on, placed.ends_on) == (world.TAIPING.id, world.TODAY, None)
    assert db.session.scalars(select(OutletTender.tender).where(OutletTender.outlet_id == new.id)).all() == ["CASH"]
    line = db.session.scalars(select(AuditLine).where(AuditLine.action == "register_outlet")).one()
    assert (line.subject_id, line.user_id) == ("WL0020", 6)


def test_a_stranger_brings_nothing_into_this_territory(bring: Bring, wrong) -> None:
    before = count(Outlet)
    charlie = world.actor("charlie")
    assert wrong(bring("outlets", OUTLETS + NEW, by=charlie)) == [(2, "org_unit", "unit_missing")]
    known = f"WL0001,改名,村邮站,JX-NH-1,{world.VILLAGE},1号\n"
    assert wrong(bring("outlets", OUTLETS + known, by=charlie)) == [(2, "code", "code_elsewhere")]
    assert (count(Outlet), outlet("WL0001").name) == (before, "小河头村邮站")


def test_an_outlet_that_moves_keeps_its_history(bring: Bring) -> None:
    row = f"WL0001,小河头村邮站,村邮站,WL-ZG,{world.VILLAGE},小河头村邮站旁 1 号\n"
    assert counts(bring("outlets", OUTLETS + row, by=world.actor("carol"))) == (0, 1, 0)
    placed = db.session.execute(
        select(OutletPlacement.org_unit_id, OutletPlacement.starts_on, OutletPlacement.ends_on)
        .where(OutletPlacement.outlet_id == 1)
        .order_by(OutletPlacement.starts_on)
    ).all()
    assert [tuple(row) for row in placed] == [
        (world.TAIPING.id, world.LONG_AGO, world.TODAY),
        (world.ZEGUO.id, world.TODAY, None),
    ]
    assert (outlet("WL0001").org_unit_id, outlet("WL0001").version) == (world.ZEGUO.id, 2)
    assert counts(bring("outlets", OUTLETS + row, by=world.actor("carol"))) == (0, 0, 1)


def test_a_second_move_on_the_same_day_is_refused(bring: Bring, wrong) -> None:
    for unit in ("WL-ZG", "WL-TP"):
        plan = bring("outlets", OUTLETS + f"WL0001,小河头村邮站,村邮站,{unit},{world.VILLAGE},1号\n")
    assert wrong(plan) == [(2, "org_unit", "moved_same_day")]


def test_a_staffed_outlet_may_not_turn_cash_away_and_closed_tenders_stay_closed(bring: Bring, wrong) -> None:
    head = OUTLETS.replace("地址", "地址,支付方式")
    assert wrong(bring("outlets", head + NEW.strip() + ",银联卡\n")) == [(2, "tenders", "cash_required")]
    assert wrong(bring("outlets", head + NEW.strip() + ",现金、微信支付\n")) == [(2, "tenders", "tender_not_enabled")]
    assert counts(bring("outlets", head + NEW.strip() + ",现金、支付宝\n")) == (1, 0, 0)
    assert counts(bring("outlets", head + NEW.strip() + ",现金、银联卡\n")) == (0, 1, 0)
    found = db.session.scalars(select(OutletTender.tender).join(Outlet).where(Outlet.code == "WL0020"))
    assert sorted(found) == ["CASH", "UNIONPAY_CARD"]


def test_a_centre_and_the_station_it_hosts_come_in_one_file(bring: Bring, wrong) -> None:
    head = OUTLETS.replace("地址", "地址,托管网点")
    post = f"WL0031,垟岙二村邮站,村邮站,WL-ZG,{world.OTHER_VILLAGE},2号,WL0030\n"
    centre = f"WL0030,垟岙二中心,村级便民服务中心,WL-ZG,{world.OTHER_VILLAGE},3号,\n"
    assert counts(bring("outlets", head + post + centre)) == (2, 0, 0)
    assert outlet("WL0031").hosted_by_id == outlet("WL0030").id
    shop = post.replace("WL0031", "WL0032").replace("村邮站,WL-ZG", "便利店,WL-ZG")
    assert wrong(bring("outlets", head + shop)) == [(2, "host", "host_kind")]


def test_places_positions_and_partners_are_judged(bring: Bring, wrong) -> None:
    head = OUTLETS.replace("地址", "地址,经度,纬度,合作单位编号,合作单位网点号")
    row = "WL0021,甲,便利店,WL-TP,331081001999,1号,121.4,,NOBODY,\n"
    assert wrong(bring("outlets", head + row)) == [
        (2, "division_code", "division_missing"),
        (2, "partner", "partner_missing"),
        (2, "longitude", "position_half"),
    ]
    taken = (
        f"WL0021,甲,便利店,WL-TP,{world.VILLAGE},1号,,,POST,P-1001\nWL0022,乙,便利店,WL-TP,{world.VILLAGE},1号,,,,X-1\n"
    )
    assert wrong(bring("outlets", head + taken)) == [
        (2, "partner_outlet_no", "partner_number_taken"),
        (3, "partner", "partner_number_alone"),
    ]


def test_a_new_partner_may_not_bring_a_number_it_has_given_already(bring: Bring, wrong) -> None:
    head = OUTLETS.replace("地址", "地址,合作单位编号,合作单位网点号")
    bank = f"WL0040,甲,便利店,WL-TP,{world.VILLAGE},1号,BANK,P-1001\n"
    assert counts(bring("outlets", head + bank)) == (1, 0, 0)
    to_the_post = bank.replace("BANK,P-1001", "POST,")
    assert wrong(bring("outlets", head + to_the_post)) == [(2, "partner_outlet_no", "partner_number_taken")]


def test_managers_come_in_and_change_within_the_territory(bring: Bring, wrong) -> None:
    carol = world.actor("carol")
    rows = "M009,钱一,138 0000 0009,WL-TP\nM001,鲍勃安,13800000001,WL-ZG\n"
    assert counts(bring("managers", MANAGERS + rows, by=carol)) == (1, 1, 0)
    assert counts(bring("managers", MANAGERS + rows, by=carol)) == (0, 0, 2)
    assert db.session.scalars(select(Manager.work_phone).where(Manager.code == "M009")).one() == "13800000009"
    assert db.session.scalars(select(Manager.version).where(Manager.code == "M001")).one() == 2
    assert wrong(
        bring("managers", MANAGERS + "M010,孙二,13800000010,JX-NH-1\nM101,改名,13800000003,WL-TP\n", by=carol)
    ) == [
        (2, "org_unit", "unit_missing"),
        (3, "code", "code_elsewhere"),
    ]
    assert wrong(bring("managers", MANAGERS + "M011,李四,12345,WL-TP\n", by=carol)) == [
        (2, "work_phone", "phone_shape")
    ]


def test_an_empty_slot_is_filled_and_a_held_one_handed_over(bring: Bring) -> None:
    rows = "WL0002,M002,协助经理,2026-11-18\nWL0004,M001,主责经理,2026-11-18\n"
    assert counts(bring("assignments", ASSIGNMENTS + rows, by=world.actor("carol"))) == (1, 1, 0)
    day = date(2026, 11, 18)
    assert slots("WL0002") == [("M001", "PRIMARY", world.LONG_AGO, None), ("M002", "DEPUTY", day, None)]
    assert slots("WL0004") == [("M002", "PRIMARY", world.LONG_AGO, day), ("M001", "PRIMARY", day, None)]
    assert counts(bring("assignments", ASSIGNMENTS + rows, by=world.actor("carol"))) == (0, 0, 2)


def test_a_deputy_who_becomes_primary_leaves_the_deputys_slot(bring: Bring) -> None:
    assert counts(bring("assignments", ASSIGNMENTS + "WL0001,M002,主责经理,2026-11-18\n")) == (0, 1, 0)
    day = date(2026, 11, 18)
    assert slots("WL0001") == [
        ("M001", "PRIMARY", world.LONG_AGO, day),
        ("M002", "DEPUTY", world.LONG_AGO, day),
        ("M002", "PRIMARY", day, None),
    ]


def test_primary_and_deputy_may_change_places_in_one_file(bring: Bring) -> None:
    rows = "WL0001,M002,主责经理,2026-11-18\nWL0001,M001,协助经理,2026-11-18\n"
    plan = bring("assignments", ASSIGNMENTS + rows)
    assert plan.errors.kept == []
    open_slots = [row[:2] for row in slots("WL0001") if row[3] is None]
    assert open_slots == [("M002", "PRIMARY"), ("M001", "DEPUTY")]


def test_assignments_that_break_a_rule_are_refused_by_row(bring: Bring, wrong) -> None:
    before = count(Assignment)
    rows = (
        "WL0002,M001,协助经理,2026-11-18\n"  # the primary already
        "WL0004,M101,协助经理,2026-11-18\n"  # lives elsewhere
        "JX0001,M001,协助经理,2026-11-18\n"  # outlet elsewhere
        "WL0005,M001,主责经理,2025-01-01\n"  # before last month's reports
    )
    assert wrong(bring("assignments", ASSIGNMENTS + rows, by=world.actor("carol"))) == [
        (2, "manager", "manager_twice"),
        (3, "manager", "manager_missing"),
        (4, "outlet", "outlet_missing"),
        (5, "starts_on", "too_far_back"),
    ]
    assert count(Assignment) == before


def test_a_slot_is_not_taken_from_under_a_later_arrangement(bring: Bring, wrong) -> None:
    bring("assignments", ASSIGNMENTS + "WL0002,M002,协助经理,2026-11-18\n")
    plan = bring("assignments", ASSIGNMENTS + "WL0002,M001,主责经理,2026-11-10\nWL0002,M101,协助经理,2026-11-10\n")
    assert wrong(plan) == [(3, "starts_on", "slot_begins_later")]


def test_exports_show_the_own_territory_alone_and_mask_people(app) -> None:
    importer = app.extensions["agentnet.importers"]["outlets"]
    assert [row[0] for row in importer.export(world.actor("carol"))] == [
        "WL0001",
        "WL0002",
        "WL0004",
        "WL0005",
        "WL0009",
    ]
    assert [row[0] for row in importer.export(world.actor("paul"))] == ["WL0001", "WL0005"]
    assert [row[0] for row in app.extensions["agentnet.importers"]["managers"].export(world.actor("charlie"))] == [
        "M101"
    ]


def test_another_kind_in_a_file_lifts_no_limit(bring: Bring, wrong) -> None:
    limit(kind="VILLAGE_POST", ceiling_fen=1000_00)
    known = f"WL0001,小河头村邮站,报刊亭,WL-TP,{world.VILLAGE},小河头村1号\n"
    assert wrong(bring("outlets", OUTLETS + known, by=world.actor("carol"))) == [(2, "kind", "kind_raises_limits")]
    assert outlet("WL0001").kind == "VILLAGE_POST"
