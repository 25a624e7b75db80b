"""Load the register of the demo: reference data, set by set, in the open transaction, with one audit line.

Reference rows have no action that takes thousands at once, so they are inserted as their actions would leave them:
every outlet with its placement, its life cycle step by step, agreement, hours, tenders, services, terminals. What is a
fact (a collection, a visit, a hand-over, a month's close) is never inserted here; ``history`` does it by its action.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, insert, select

from agentnet.collecting.models import Household
from agentnet.core.clock import shanghai_instant
from agentnet.demo.network import PARTNERS, POST, DemoOutlet
from agentnet.demo.payments import SINGLE_LIMIT_FEN
from agentnet.demo.villages import COORDINATE_SOURCE, Unit, Village
from agentnet.demo.world import People, World
from agentnet.divisions.imports import IMPORTER as DIVISIONS
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import SYSTEM
from agentnet.infra.bulk import insert_many
from agentnet.infra.db import Model, db
from agentnet.infra.importing import carry_out, parse
from agentnet.infra.tables import look_at
from agentnet.outlets.actions import PartnerFacts, register_partner
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
    Terminal,
)
from agentnet.outlets.rules import PartnerKind, State

DAYS_BEFORE_OPENING = {State.SITE_CHECK: 21, State.APPROVED: 8, State.ACTIVE: 0}
"""How long before its opening an outlet took each step."""


def load_register(people: People) -> None:
    """Insert org units, divisions, partners, outlets, managers, assignments, dockings and households."""
    _divisions(people.villages)
    units = _org_units(people.units)
    partners = _partners()
    outlets = _outlets(people.outlets, units, partners)
    _what_outlets_have(people, outlets, units)
    managers = _managers(people, units)
    _assignments(people, outlets, managers)
    _households(people)


def load_agreements(world: World, post_plan_id: int) -> None:
    """Insert the agreements, with the ceilings that the months need."""
    ids = dict(db.session.execute(select(Outlet.code, Outlet.id)).all())
    insert_many(
        _table(Agreement),
        ("outlet_id", "number", "starts_on", "holding_mode", "ceiling_fen", "single_limit_fen", "plan_id"),
        [
            (
                ids[one.code], f"XY-{one.code}", one.opened_on, "POSTPAID", world.ceilings[one.code],
                SINGLE_LIMIT_FEN, post_plan_id if one.partner_code == POST else None,
            )
            for one in world.people.outlets
            if one.opened_on is not None
        ],
    )  # fmt: skip


VILLAGE_COLUMNS = (
    "code", "name", "street_name", "area_name", "city_name",
    "longitude", "latitude", "coordinate_source", "synthetic",
)  # fmt: skip


def _divisions(villages: Sequence[Village]) -> None:
    """Import the villages with the levels above them, the way ``agentnet import divisions`` does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "divisions.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(VILLAGE_COLUMNS)
            for one in villages:
                names = one.code, one.name, one.township_name, one.county_name, one.city_name
                writer.writerow((*names, one.point.longitude, one.point.latitude, COORDINATE_SOURCE, "yes"))
        carry_out(DIVISIONS, parse(DIVISIONS, look_at(path)), SYSTEM, path.name)


def _org_units(units: Sequence[Unit]) -> dict[str, int]:
    """Insert the tree and return ids by code; a path is known once its unit has an id."""
    rows: dict[str, OrgUnit] = {}
    for unit in units:
        parent = rows[unit.parent_code] if unit.parent_code else None
        row = OrgUnit(
            code=unit.code,
            name=unit.name,
            name_en=unit.name_en,
            kind=unit.kind,
            parent_id=parent.id if parent else None,
            path=unit.code,
            division_code=unit.division_code,
            declared_villages=unit.declared_villages,
        )
        db.session.add(row)
        db.session.flush()
        row.path = f"{parent.path if parent else '/'}{row.id}/"
        rows[unit.code] = row
    db.session.flush()
    return {code: row.id for code, row in rows.items()}


def _partners() -> dict[str | None, int]:
    for code, name, kind in PARTNERS:
        register_partner(code, PartnerFacts(name, PartnerKind(kind), contact="虚构联系人"), SYSTEM)
    return dict(db.session.execute(select(Partner.code, Partner.id)).all())


OUTLET_COLUMNS = (
    "code", "name", "kind", "state", "setting", "org_unit_id", "division_code", "address", "phone", "keeper_name",
    "partner_id", "partner_outlet_no", "hosted_by_id", "staffed", "longitude", "latitude", "coordinate_source",
    "coordinate_synthetic", "applied_on", "opened_on", "version",
)  # fmt: skip


def _outlets(
    outlets: Sequence[DemoOutlet], units: Mapping[str, int], partners: Mapping[str | None, int]
) -> dict[str, int]:
    """Insert the outlets, hosts before their guests, and return ids by code."""
    ids: dict[str | None, int] = {}
    for hosted in (False, True):
        insert_many(
            _table(Outlet),
            OUTLET_COLUMNS,
            [
                (
                    outlet.code, outlet.name, outlet.kind.value, outlet.state.value, outlet.setting.value,
                    units[outlet.village.station_code], outlet.village.code, outlet.address, outlet.phone,
                    outlet.keeper_name, partners.get(outlet.partner_code), outlet.partner_outlet_no,
                    ids.get(outlet.host_code), outlet.staffed, outlet.point.longitude, outlet.point.latitude,
                    COORDINATE_SOURCE, True, outlet.applied_on, outlet.opened_on, 1,
                )
                for outlet in outlets
                if (outlet.host_code is not None) == hosted
            ],
        )  # fmt: skip
        ids = dict(db.session.execute(select(Outlet.code, Outlet.id)).all())
    return cast(dict[str, int], ids)


def _what_outlets_have(people: People, ids: Mapping[str, int], units: Mapping[str, int]) -> None:
    opened = [outlet for outlet in people.outlets if outlet.opened_on is not None]
    insert_many(
        _table(OutletPlacement),
        ("outlet_id", "org_unit_id", "starts_on"),
        [(ids[one.code], units[one.village.station_code], one.applied_on) for one in people.outlets],
    )
    db.session.execute(
        insert(OutletState), [step for one in people.outlets for step in _life_cycle(ids[one.code], one)]
    )
    insert_many(
        _table(OpeningHours),
        ("outlet_id", "weekday", "opens_minute", "closes_minute"),
        [
            (ids[one.code], weekday, opens, closes)
            for one in opened
            for weekday, spans in enumerate(one.hours, 1)
            for opens, closes in spans
        ],
    )
    insert_many(
        _table(OutletTender),
        ("outlet_id", "tender"),
        [(ids[one.code], tender.value) for one in people.outlets for tender in one.tenders],
    )
    insert_many(
        _table(OutletService),
        ("outlet_id", "service"),
        [(ids[one.code], service) for one in people.outlets for service in one.services],
    )
    insert_many(
        _table(Terminal),
        ("outlet_id", "kind", "serial_no", "installed_on"),
        [
            (ids[one.code], kind.value, f"ZD-{one.code}-{number}", one.opened_on)
            for one in opened
            for number, kind in enumerate(one.terminals, 1)
        ],
    )


def _life_cycle(outlet_id: int, outlet: DemoOutlet) -> list[dict[str, Any]]:
    """Return the steps that led an outlet to its present state."""
    steps = [(State.APPLIED, outlet.applied_on)]
    for state, days in DAYS_BEFORE_OPENING.items():
        if steps[-1][0] is outlet.state:
            break
        before = outlet.opened_on - timedelta(days=days) if outlet.opened_on else None
        steps.append((state, before or steps[-1][1] + timedelta(days=3)))
    return [
        {
            "outlet_id": outlet_id,
            "state": state,
            "reason": "",
            "effective_on": on,
            "changed_at": shanghai_instant(on, 9),
            "user_id": None,
        }
        for state, on in steps
    ]


def _managers(people: People, units: Mapping[str, int]) -> dict[str, int]:
    insert_many(
        _table(Manager),
        ("code", "name", "work_phone", "org_unit_id", "consent_on", "version"),
        [
            (one.code, one.name, one.work_phone, units[one.station_code], one.consent_on, 1)
            for one in people.staff.managers
        ],
    )
    return dict(db.session.execute(select(Manager.code, Manager.id)).all())


def _assignments(people: People, outlets: Mapping[str, int], managers: Mapping[str, int]) -> None:
    """Insert who answers for each outlet from the beginning, and the dockings of Wenling's villages."""
    insert_many(
        _table(Assignment),
        ("outlet_id", "manager_id", "slot", "starts_on", "reason"),
        [
            (outlets[one.outlet_code], managers[one.manager_code], one.slot.value, one.starts_on, "")
            for one in people.staff.assignments
        ],
    )
    docked = {one.village.code: one for one in people.outlets if one.docked}
    insert_many(
        _table(Docking),
        ("division_code", "outlet_id", "starts_on"),
        [(village, outlets[one.code], one.opened_on) for village, one in docked.items()],
    )
    dockings = dict(db.session.execute(select(Docking.division_code, Docking.id)).all())
    village_of = {one.code: village for village, one in docked.items()}
    insert_many(
        _table(DockingManager),
        ("docking_id", "manager_id"),
        [
            (dockings[village_of[one.outlet_code]], managers[one.manager_code])
            for one in people.staff.assignments
            if one.outlet_code in village_of
        ],
    )


def _households(people: People) -> None:
    insert_many(
        _table(Household),
        ("household_no", "name", "address", "division_code", "segment"),
        [(one.household_no, one.name, one.address, one.division_code, one.segment) for one in people.households],
    )


def _table(model: type[Model]) -> Table:
    return cast(Table, model.__table__)
