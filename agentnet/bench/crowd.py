"""A crowded network, invented and inserted by the set: what pages are measured in.

These rows are not made by the product's actions and stand for no fact. They only have the shape and the proportions
of a utility's: outlets under stations, keepers and managers, a year of collections with their transfers, weekly visits,
closed months, printed documents. ``crowd_facts`` holds what outlets do; here stands what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, cast

from sqlalchemy import insert

from agentnet.divisions.models import Division, OrgUnit
from agentnet.infra.db import Base, db
from agentnet.ledger.models import Account, Balance
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

FIRST_ID = 100_000
"""Ids of the crowd begin here, so that it fits into a world that already has people."""

OUTLETS_OF_A_STATION = 50
OUTLETS_OF_A_MANAGER = 10
PARTNERS, BUSY_PARTNERS = 60, 5
"""So many partners are registered, and these few have outlets."""
KINDS = ("VILLAGE_POST", "SERVICE_POINT", "CONVENIENCE_STORE", "NEWSSTAND")
COUNTY = "331099"

_CHUNK = 20_000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Root:
    """The org unit the crowd lives under."""

    id: int
    path: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """How large the crowd is, and when it is."""

    outlets: int
    collections: int
    weeks: int
    months: int
    at: datetime
    """Now."""
    today: date
    root: Root
    password_hash: str = ""
    """No password fits the usual one."""

    @property
    def stations(self) -> int:
        """How many stations the outlets are shared out to."""
        return -(-self.outlets // OUTLETS_OF_A_STATION)

    @property
    def managers(self) -> int:
        """How many district managers the outlets are shared out to."""
        return -(-self.outlets // OUTLETS_OF_A_MANAGER)

    @property
    def long_ago(self) -> date:
        """Since when everything holds."""
        return self.today - timedelta(days=500)

    def station_id(self, outlet: int) -> int:
        """Return the org unit of an outlet with this number from 0."""
        return FIRST_ID + outlet // OUTLETS_OF_A_STATION

    def station_path(self, outlet: int) -> str:
        """Return the org path of an outlet with this number from 0."""
        return f"{self.root.path}{self.station_id(outlet)}/"

    def manager_id(self, outlet: int) -> int:
        """Return the primary manager of an outlet with this number from 0."""
        return FIRST_ID + outlet // OUTLETS_OF_A_MANAGER


def outlet_code(outlet: int) -> str:
    """Return the code of the outlet with this number from 0."""
    return f"CR{outlet:05d}"


def setting_of(outlet: int) -> str:
    """Return the setting of the outlet with this number from 0: every fifth is in town."""
    return "URBAN" if outlet % 5 == 0 else "RURAL"


def cash_account(outlet: int) -> int:
    """Return the account of the cash an outlet holds."""
    return FIRST_ID + outlet


def received_account(outlet: int) -> int:
    """Return the account of what an outlet has received."""
    return 2 * FIRST_ID + outlet


def add(model: type[Base], rows: Iterable[Row]) -> None:
    """Insert rows in large sets."""
    waiting = iter(rows)
    while chunk := list(islice(waiting, _CHUNK)):
        db.session.execute(insert(cast(Any, model).__table__), chunk)


def add_register(crowd: Crowd) -> None:
    """Insert places, people, partners and outlets with all that is dated about them, in the open transaction."""
    _add_places(crowd)
    _add_people(crowd)
    numbers = range(crowd.outlets)
    add(Outlet, (_outlet(crowd, number) for number in numbers))
    ids = range(FIRST_ID, FIRST_ID + crowd.outlets)
    add(
        OutletPlacement,
        (
            {"outlet_id": FIRST_ID + number, "org_unit_id": crowd.station_id(number), "starts_on": crowd.long_ago}
            for number in numbers
        ),
    )
    add(
        OutletState,
        (
            {
                "outlet_id": id_,
                "state": "ACTIVE",
                "reason": "",
                "effective_on": crowd.long_ago,
                "changed_at": crowd.at,
                "user_id": None,
            }
            for id_ in ids
        ),
    )
    add(OutletTender, ({"outlet_id": id_, "tender": tender} for id_ in ids for tender in ("CASH", "UNIONPAY_CARD")))
    add(
        OutletService,
        ({"outlet_id": id_, "service": service} for id_ in ids for service in ("BILL_QUERY_PAY", "FAULT_REPAIR")),
    )
    add(
        OpeningHours,
        (
            {"outlet_id": id_, "weekday": day, "opens_minute": 480, "closes_minute": 1080}
            for id_ in ids
            for day in range(1, 8)
        ),
    )
    add(Agreement, (_agreement(crowd, id_) for id_ in ids))
    _add_contacts(crowd)
    _add_accounts(crowd)


def _add_places(crowd: Crowd) -> None:
    add(
        OrgUnit,
        (
            {
                "id": FIRST_ID + number,
                "code": f"CR-{number:03d}",
                "name": f"测试供电所 {number}",
                "kind": "STATION",
                "parent_id": crowd.root.id,
                "path": f"{crowd.root.path}{FIRST_ID + number}/",
            }
            for number in range(crowd.stations)
        ),
    )
    add(Division, [{"code": f"{COUNTY}000000", "level": "COUNTY", "name": "测试县"}])
    add(
        Division,
        (
            {
                "code": f"{COUNTY}{number // 200:03d}{number % 200:03d}",
                "level": "VILLAGE" if number % 200 else "TOWNSHIP",
                "name": f"测试村 {number}" if number % 200 else f"测试镇 {number // 200}",
                "parent_code": f"{COUNTY}{number // 200:03d}000" if number % 200 else f"{COUNTY}000000",
                "setting": setting_of(number - 200) if number % 200 else None,
            }
            for number in range(200, 201 + crowd.outlets * 200 // 199 + 1)
        ),
    )


def village(number: int) -> str:
    """Return the village of the outlet or household with this number from 0: township, then 199 villages in each."""
    return f"{COUNTY}{1 + number // 199:03d}{1 + number % 199:03d}"


def _add_people(crowd: Crowd) -> None:
    def person(id_: int, username: str) -> Row:
        return {
            "id": id_,
            "username": username,
            "display_name": f"测试 {username}",
            "password_hash": crowd.password_hash,
            "must_change_password": False,
            "created_at": crowd.at,
        }

    keepers, managers = range(crowd.outlets), range(crowd.managers)
    add(User, (person(FIRST_ID + number, f"keeper{number}") for number in keepers))
    add(User, (person(2 * FIRST_ID + number, f"manager{number}") for number in managers))
    add(
        Partner,
        (
            {"id": FIRST_ID + number, "code": f"CR-P{number}", "name": f"测试合作方 {number}", "kind": "CHAIN"}
            for number in range(PARTNERS)
        ),
    )
    add(
        Manager,
        (
            {
                "id": FIRST_ID + number,
                "code": f"CR-M{number:04d}",
                "name": "郑测试",
                "work_phone": f"1390000{number:04d}",
                "org_unit_id": crowd.station_id(number * OUTLETS_OF_A_MANAGER),
                "user_id": 2 * FIRST_ID + number,
            }
            for number in managers
        ),
    )


def _outlet(crowd: Crowd, number: int) -> Row:
    partner = FIRST_ID + number % BUSY_PARTNERS if number % 3 == 0 else None
    return {
        "id": FIRST_ID + number,
        "code": outlet_code(number),
        "name": f"测试村 {number} 便民服务点",
        "kind": KINDS[number % len(KINDS)],
        "state": "ACTIVE",
        "setting": setting_of(number),
        "org_unit_id": crowd.station_id(number),
        "division_code": village(number),
        "address": f"测试村 {number} 一号",
        "phone": "13800000000",
        "keeper_name": "周测试",
        "partner_id": partner,
        "partner_outlet_no": str(number) if partner else None,
        "applied_on": crowd.long_ago,
        "opened_on": crowd.long_ago,
    }


def _agreement(crowd: Crowd, outlet_id: int) -> Row:
    return {
        "outlet_id": outlet_id,
        "number": f"CR-{outlet_id}",
        "starts_on": crowd.long_ago,
        "holding_mode": "POSTPAID",
        "ceiling_fen": 50_000_000,
        "single_limit_fen": 200_000,
    }


def _add_contacts(crowd: Crowd) -> None:
    numbers = range(crowd.outlets)
    add(
        RoleGrant,
        (
            {"user_id": FIRST_ID + number, "role": "AGENT", "outlet_id": FIRST_ID + number, "starts_on": crowd.long_ago}
            for number in numbers
        ),
    )
    add(
        RoleGrant,
        (
            {
                "user_id": 2 * FIRST_ID + number,
                "role": "MANAGER",
                "org_unit_id": crowd.station_id(number * OUTLETS_OF_A_MANAGER),
                "starts_on": crowd.long_ago,
            }
            for number in range(crowd.managers)
        ),
    )
    add(Assignment, _assignments(crowd))
    add(
        Docking,
        (
            {
                "id": FIRST_ID + number,
                "division_code": village(number),
                "outlet_id": FIRST_ID + number,
                "starts_on": crowd.long_ago,
            }
            for number in numbers
        ),
    )
    add(
        DockingManager,
        ({"docking_id": FIRST_ID + number, "manager_id": crowd.manager_id(number)} for number in numbers),
    )


def _assignments(crowd: Crowd) -> Iterator[Row]:
    for number in range(crowd.outlets):
        primary = crowd.manager_id(number)
        deputy = primary + 1 if primary + 1 < FIRST_ID + crowd.managers else FIRST_ID
        for slot, manager_id in (("PRIMARY", primary), ("DEPUTY", deputy)):
            if slot == "PRIMARY" or deputy != primary:
                yield {
                    "outlet_id": FIRST_ID + number,
                    "manager_id": manager_id,
                    "slot": slot,
                    "starts_on": crowd.long_ago,
                    "reason": "",
                }


def _add_accounts(crowd: Crowd) -> None:
    numbers = range(crowd.outlets)
    for account_of, code, side in ((cash_account, "CASH_HELD", "DEBIT"), (received_account, "RECEIVED", "CREDIT")):
        add(
            Account,
            (
                {
                    "id": account_of(number),
                    "owner_kind": "OUTLET",
                    "owner_id": FIRST_ID + number,
                    "code": code,
                    "normal_side": side,
                    "guarded": code == "CASH_HELD",
                }
                for number in numbers
            ),
        )
    add(
        Balance,
        (
            {
                "account_id": cash_account(number),
                "balance_fen": 1_000_000,
                "minimum_fen": 0,
                "maximum_fen": 50_000_000,
            }
            for number in numbers
        ),
    )
