"""The cast every test shares. All people, numbers and companies are invented; the villages are real names.

It is Wednesday 18 November 2026 (week 47), 10:00 in Shanghai.

* **Alice** keeps the village postal station WL0001, **Alan** the service point WL0002; both in Wenling.
* **Bob** is primary manager of both, **Ben** deputy at WL0001 and primary at the village centre WL0004, which hosts the
  postal station WL0005. **Jing** manages the newsstand JX0001 in Jiaxing.
* **Carol** supervises Wenling county. **Charlie** supervises Jiaxing: for Wenling he is the stranger. **Dora** keeps JX0001.
* **Fang** is finance for the company, **Paul** works for the Post (WL0001, WL0005), **Audrey** audits, **Adam** administers.
* WL0009 has only applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import insert, select

from agentnet.collecting.models import Bill, Household
from agentnet.commission.engine.language import Component, Kind, Scope, Version
from agentnet.commission.engine.writing import version_sha256, write_version
from agentnet.commission.models import Plan, PlanComponent, PlanVersion
from agentnet.divisions.models import Division, OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.outlets.models import (
    Agreement,
    Assignment,
    Docking,
    DockingManager,
    Manager,
    OpeningHours,
    Outlet,
    OutletPlacement,
    OutletService,
    OutletState,
    OutletTender,
    Partner,
)
from agentnet.users.models import RoleGrant, User
from agentnet.users.queries import actor_for

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 18)
LONG_AGO = date(2025, 9, 1)
REGISTERED = datetime(2025, 9, 1, 1, 0, tzinfo=UTC)
PASSWORD = "correct-horse-battery"

_CHEAP_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True)
class Place:
    """An org unit of the cast."""

    id: int
    path: str


COMPANY = Place(1, "/1/")
TAIZHOU = Place(2, "/1/2/")
WENLING = Place(3, "/1/2/3/")
TAIPING = Place(4, "/1/2/3/4/")
ZEGUO = Place(5, "/1/2/3/5/")
JIAXING = Place(6, "/1/6/")
NANHU = Place(7, "/1/6/7/")
NANHU_STATION = Place(8, "/1/6/7/8/")

VILLAGE = "331081001204"
OTHER_VILLAGE = "331081100201"
COMMUNITY = "330402001001"

MEI = "3310810000017"
"""Household of 陈小梅 in Wenling: 203.50 of October, 100.00 + 2.00 late of September."""
GANG = "3310810000025"
"""Household of 林志刚 in Wenling: one bill of 5.38."""
OLD = "1234567890"
"""Household with a ten-digit number in Jiaxing: nothing due."""


def build_world() -> None:
    """Insert the cast in the open transaction of an empty, migrated database."""
    _places()
    _people()
    _outlets()
    _managers()
    _plan()
    _households()


def actor(username: str) -> Actor:
    """Return a member of the cast as an actor."""
    return actor_for(db.session.scalars(select(User).where(User.username == username)).one())


def _add(model: type[Any], *rows: dict[str, Any]) -> None:
    db.session.execute(insert(model), list(rows))


def _places() -> None:
    names = (
        (COMPANY, "DH", "东海电力公司", "Donghai Power Company", "COMPANY", None, None),
        (TAIZHOU, "TZ", "台州供电公司", "Taizhou Power Supply", "CITY", 1, None),
        (WENLING, "WL", "温岭供电公司", "Wenling Power Supply", "COUNTY", 2, 830),
        (TAIPING, "WL-TP", "太平供电所", "Taiping Station", "STATION", 3, None),
        (ZEGUO, "WL-ZG", "泽国供电所", "Zeguo Station", "STATION", 3, None),
        (JIAXING, "JX", "嘉兴供电公司", "Jiaxing Power Supply", "CITY", 1, None),
        (NANHU, "JX-NH", "南湖供电公司", "Nanhu Power Supply", "COUNTY", 6, None),
        (NANHU_STATION, "JX-NH-1", "建设供电所", "Jianshe Station", "STATION", 7, None),
    )
    for place, code, name, name_en, kind, parent, declared in names:
        _add(
            OrgUnit,
            {
                "id": place.id,
                "code": code,
                "name": name,
                "name_en": name_en,
                "kind": kind,
                "parent_id": parent,
                "path": place.path,
                "declared_villages": declared,
                "division_code": {"WL": "331081000000", "JX": "330400000000", "JX-NH": "330402000000"}.get(code),
            },
        )
    divisions = (
        ("330000000000", "PROVINCE", "浙江省", None, None),
        ("331000000000", "CITY", "台州市", "330000000000", None),
        ("331081000000", "COUNTY", "温岭市", "331000000000", None),
        ("331081001000", "TOWNSHIP", "太平街道", "331081000000", None),
        ("331081100000", "TOWNSHIP", "泽国镇", "331081000000", None),
        (VILLAGE, "VILLAGE", "小河头村委会", "331081001000", "RURAL"),
        (OTHER_VILLAGE, "VILLAGE", "垟岙村委会", "331081100000", "RURAL"),
        ("330400000000", "CITY", "嘉兴市", "330000000000", None),
        ("330402000000", "COUNTY", "南湖区", "330400000000", None),
        ("330402001000", "TOWNSHIP", "建设街道", "330402000000", None),
        (COMMUNITY, "VILLAGE", "杉青闸社区居委会", "330402001000", "URBAN"),
    )
    for code, level, name, parent, setting in divisions:
        _add(Division, {"code": code, "level": level, "name": name, "parent_code": parent, "setting": setting})


def _people() -> None:
    _add(
        Partner,
        {"id": 1, "code": "POST", "name": "东海邮政", "kind": "POST"},
        {"id": 2, "code": "BANK", "name": "东海农商银行", "kind": "BANK"},
    )
    names = ["alice", "alan", "bob", "ben", "jing", "carol", "charlie", "dora", "fang", "paul", "audrey", "adam"]
    for number, username in enumerate(names, 1):
        _add(
            User,
            {
                "id": number,
                "username": username,
                "display_name": username.capitalize(),
                "password_hash": _CHEAP_HASH,
                "must_change_password": False,
                "created_at": NOW,
            },
        )


def _outlets() -> None:
    rows = (
        (1, "WL0001", "小河头村邮站", "VILLAGE_POST", "ACTIVE", "RURAL", TAIPING, VILLAGE, 1, "P-1001", None),
        (2, "WL0002", "小河头便民服务点", "SERVICE_POINT", "ACTIVE", "RURAL", TAIPING, VILLAGE, None, None, None),
        (
            4,
            "WL0004",
            "垟岙村便民服务中心",
            "VILLAGE_CENTRE",
            "ACTIVE",
            "RURAL",
            ZEGUO,
            OTHER_VILLAGE,
            None,
            None,
            None,
        ),
        (5, "WL0005", "垟岙村邮站", "VILLAGE_POST", "ACTIVE", "RURAL", ZEGUO, OTHER_VILLAGE, 1, "P-1005", 4),
        (9, "WL0009", "泽国便利店", "CONVENIENCE_STORE", "APPLIED", "RURAL", ZEGUO, OTHER_VILLAGE, None, None, None),
        (11, "JX0001", "杉青闸报刊亭", "NEWSSTAND", "ACTIVE", "URBAN", NANHU_STATION, COMMUNITY, None, None, None),
    )
    for id_, code, name, kind, state, setting, place, division, partner, partner_no, host in rows:
        active = state == "ACTIVE"
        _add(
            Outlet,
            {
                "id": id_,
                "code": code,
                "name": name,
                "kind": kind,
                "state": state,
                "setting": setting,
                "org_unit_id": place.id,
                "division_code": division,
                "address": f"{name}旁 1 号",
                "phone": "13800000000",
                "keeper_name": "周阿姨",
                "partner_id": partner,
                "partner_outlet_no": partner_no,
                "hosted_by_id": host,
                "longitude": 121.37 + id_ / 1000,
                "latitude": 28.37,
                "coordinate_source": "demo",
                "coordinate_synthetic": True,
                "applied_on": LONG_AGO,
                "opened_on": LONG_AGO if active else None,
            },
        )
        _add(OutletPlacement, {"outlet_id": id_, "org_unit_id": place.id, "starts_on": LONG_AGO})
        _add(
            OutletState,
            {
                "outlet_id": id_,
                "state": state,
                "reason": "",
                "effective_on": LONG_AGO,
                "changed_at": REGISTERED,
                "user_id": None,
            },
        )
        _add(OutletTender, {"outlet_id": id_, "tender": "CASH"}, {"outlet_id": id_, "tender": "UNIONPAY_CARD"})
        _add(
            OutletService,
            {"outlet_id": id_, "service": "BILL_QUERY_PAY"},
            {"outlet_id": id_, "service": "FAULT_REPAIR"},
        )
        _add(
            OpeningHours,
            *({"outlet_id": id_, "weekday": day, "opens_minute": 480, "closes_minute": 1080} for day in range(1, 8)),
        )


def _managers() -> None:
    for id_, code, name, place, user_id in (
        (1, "M001", "鲍勃安", TAIPING, 3),
        (2, "M002", "贝恩宁", ZEGUO, 4),
        (3, "M101", "景怡然", NANHU_STATION, 5),
    ):
        _add(
            Manager,
            {
                "id": id_,
                "code": code,
                "name": name,
                "work_phone": f"1380000000{id_}",
                "org_unit_id": place.id,
                "user_id": user_id,
            },
        )
    for outlet_id, manager_id, slot in (
        (1, 1, "PRIMARY"),
        (1, 2, "DEPUTY"),
        (2, 1, "PRIMARY"),
        (4, 2, "PRIMARY"),
        (5, 2, "PRIMARY"),
        (11, 3, "PRIMARY"),
    ):
        _add(
            Assignment,
            {"outlet_id": outlet_id, "manager_id": manager_id, "slot": slot, "starts_on": LONG_AGO, "reason": ""},
        )
    _add(Docking, {"id": 1, "division_code": VILLAGE, "outlet_id": 1, "starts_on": LONG_AGO})
    _add(DockingManager, {"docking_id": 1, "manager_id": 1}, {"docking_id": 1, "manager_id": 2})
    for user_id, role, places in (
        (1, "AGENT", {"outlet_id": 1}),
        (2, "AGENT", {"outlet_id": 2}),
        (3, "MANAGER", {"org_unit_id": TAIPING.id}),
        (4, "MANAGER", {"org_unit_id": ZEGUO.id}),
        (5, "MANAGER", {"org_unit_id": NANHU_STATION.id}),
        (6, "SUPERVISOR", {"org_unit_id": WENLING.id}),
        (7, "SUPERVISOR", {"org_unit_id": JIAXING.id}),
        (8, "AGENT", {"outlet_id": 11}),
        (9, "FINANCE", {"org_unit_id": COMPANY.id}),
        (10, "PARTNER", {"partner_id": 1}),
        (11, "AUDITOR", {"org_unit_id": COMPANY.id}),
        (12, "ADMINISTRATOR", {"org_unit_id": COMPANY.id}),
    ):
        _add(RoleGrant, {"user_id": user_id, "role": role, "starts_on": LONG_AGO, **places})


STANDARD = Version(
    LONG_AGO,
    (
        Component(Kind.PER_COLLECTION, "现金", Scope(tenders=frozenset({"CASH"})), group="每笔", fee_fen=50),
        Component(Kind.PER_COLLECTION, "其他", group="每笔", rate_ppm=2000, minimum_fen=10, maximum_fen=100),
    ),
    note="首版",
)


def _plan() -> None:
    _add(Plan, {"id": 1, "code": "STANDARD", "name": "标准代办费", "is_default": True})
    # Cash: 0.50 a payment. Any other tender: 2 per mille, at least 0.10 and at most 1.00.
    version = {"id": 1, "plan_id": 1, "number": 1, "starts_on": LONG_AGO, "note": "首版", "created_at": NOW}
    written = {"content": write_version(STANDARD), "content_sha256": version_sha256(STANDARD)}
    _add(PlanVersion, {**version, **written, "user_id": None})
    for position, one in enumerate(STANDARD.components):
        row = {"id": position + 1, "version_id": 1, "position": position}
        _add(PlanComponent, {**row, "kind": one.kind.value, "name": one.name})
    for outlet_id in (1, 2, 4, 5, 11):
        _add(
            Agreement,
            {
                "outlet_id": outlet_id,
                "number": f"DH-{outlet_id:04d}",
                "starts_on": LONG_AGO,
                "holding_mode": "POSTPAID",
                "ceiling_fen": 500_000,
                "single_limit_fen": 200_000,
                "plan_id": 1,
            },
        )


def _households() -> None:
    _add(
        Household,
        {
            "id": 1,
            "household_no": MEI,
            "name": "陈小梅",
            "address": "小河头村123号",
            "division_code": VILLAGE,
            "segment": "CASH_RURAL",
        },
        {
            "id": 2,
            "household_no": GANG,
            "name": "林志刚",
            "address": "小河头村8号",
            "division_code": VILLAGE,
            "segment": None,
        },
        {
            "id": 3,
            "household_no": OLD,
            "name": "沈阿明",
            "address": "杉青闸路56弄12号",
            "division_code": COMMUNITY,
            "segment": None,
        },
    )
    for id_, household_id, month, principal, late in (
        (1, 1, "2026-09", 100_00, 2_00),
        (2, 1, "2026-10", 203_50, 0),
        (3, 2, "2026-10", 5_38, 0),
    ):
        _add(
            Bill,
            {
                "id": id_,
                "household_id": household_id,
                "bill_month": month,
                "principal_fen": principal,
                "late_charge_fen": late,
                "due_on": date(2026, 11, 25),
                "version": 1,
                "delivered_at": NOW,
            },
        )
