"""Outlets from files, each into an org unit of the importer's own territory.

A new outlet enters as applied for, as on the page; opening it stays a step a person takes. An existing one gets the
facts the file gives; another org unit is a move as of today, with its dated row. A postal station may name a village
centre of the same file as its host.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select, update

from agentnet.core.clock import now, today
from agentnet.core.errors import Invalid
from agentnet.core.words import translatable
from agentnet.divisions.models import OrgUnit
from agentnet.divisions.words import SETTINGS
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit_rows
from agentnet.infra.bulk import all_rows_with, among, insert_rows, rows_with, update_many
from agentnet.infra.db import db
from agentnet.infra.importing import Importer, Parsed, Plan, chunks
from agentnet.infra.sheets import Cell
from agentnet.outlets.imports.comparing import change_line, differing, new_line, table_of
from agentnet.outlets.imports.outlet_columns import COLUMNS, DIRECT, SERVICE_WORDS, TENDER_WORDS
from agentnet.outlets.imports.outlet_known import OUTLETS, Known, Row, sets_by_outlet
from agentnet.outlets.models import Outlet, OutletPlacement, OutletService, OutletState, OutletTender, Partner
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.rules import State
from agentnet.outlets.words import COORDINATE_SOURCES, OUTLET_KINDS
from agentnet.users.permissions import Permission, require

PLACEMENTS, STATES = table_of(OutletPlacement), table_of(OutletState)
TENDERS, SERVICES = table_of(OutletTender), table_of(OutletService)


@dataclass(slots=True)
class Changed:
    """An existing outlet with what changes: facts, and the tenders and services it had and will have."""

    row: Row
    facts: dict[str, Any]
    tenders: tuple[tuple[str, ...], tuple[str, ...]] | None
    services: tuple[tuple[str, ...], tuple[str, ...]] | None


@dataclass(slots=True)
class Work:
    """New rows with their day of application, and changed ones."""

    new: list[tuple[Row, Any]] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    hosts: dict[str, int] = field(default_factory=dict)


def plan(parsed: Parsed, by: Actor) -> Plan:
    """Judge every row against the register; reads only."""
    require(by, Permission.OUTLET_EDIT)
    known = Known(parsed, by)
    work = Work(hosts={code: row.id for code, row in known.hosts.items()})
    found = Plan(work=work, errors=parsed.errors)
    for line, given in parsed.records():
        row = known.judge(line, given, found.errors)
        if row.before is None:
            work.new.append((row, given.get("applied_on") or today()))
            continue
        changed = _compare(row, known)
        if changed is None:
            found.unchanged += 1
        elif row.before.state == State.CLOSED:
            found.errors.add(line, "code", Invalid("outlet_closed", "网点已经关闭，不能再改"))
        else:
            work.changed.append(changed)
    found.new, found.changed = len(work.new), len(work.changed)
    return found


def _compare(row: Row, known: Known) -> Changed | None:
    wanted = dict(row.values)
    facts = differing(row.before, wanted)
    if row.host_code:
        host = known.hosts.get(row.host_code)
        if host is None or host.id != row.before.hosted_by_id:
            facts["hosted_by_id"] = host.id if host is not None else row.host_code
    had_tenders, had_services = known.tenders.get(row.before.id, ()), known.services.get(row.before.id, ())
    tenders = (had_tenders, row.tenders) if row.tenders is not None and row.tenders != had_tenders else None
    services = (had_services, row.services) if row.services is not None and row.services != had_services else None
    return Changed(row, facts, tenders, services) if facts or tenders or services else None


def write(found: Plan, by: Actor) -> None:
    """Insert the new outlets with their first dated rows, then change the others; hosts come last, when all exist."""
    work: Work = found.work
    _write_new(work, by)
    _write_changed(work, by)


def _write_new(work: Work, by: Actor) -> None:
    columns = (*DIRECT, "org_unit_id", "partner_id")
    blank = {"staffed": True, "coordinate_synthetic": False}
    insert_rows(
        OUTLETS,
        [
            {"code": row.code, "state": State.APPLIED.value, "applied_on": applied_on, "version": 1}
            | {name: row.values.get(name, blank.get(name)) for name in columns}
            for row, applied_on in work.new
        ],
    )
    ids = {code: row.id for code, row in rows_with(OUTLETS, "code", [row.code for row, _ in work.new], "id").items()}
    work.hosts |= ids
    insert_rows(
        PLACEMENTS,
        [
            {"outlet_id": ids[row.code], "org_unit_id": row.values["org_unit_id"], "starts_on": applied_on}
            for row, applied_on in work.new
        ],
    )
    at = now()
    insert_rows(
        STATES,
        [
            {
                "outlet_id": ids[row.code],
                "state": State.APPLIED.value,
                "reason": "",
                "effective_on": applied_on,
                "changed_at": at,
                "user_id": by.user_id,
            }
            for row, applied_on in work.new
        ],
    )
    _offer([(ids[row.code], row.tenders, row.services) for row, _ in work.new])
    update_many(
        OUTLETS,
        "id",
        [(ids[row.code], {"hosted_by_id": work.hosts[row.host_code]}) for row, _ in work.new if row.host_code],
    )
    write_audit_rows([new_line(by, "register_outlet", "outlet", row.code, row.values) for row, _ in work.new])


def _offer(chosen: Iterable[tuple[int, Sequence[str] | None, Sequence[str] | None]]) -> None:
    tenders, services = [], []
    for outlet_id, its_tenders, its_services in chosen:
        tenders += [{"outlet_id": outlet_id, "tender": code} for code in its_tenders or ()]
        services += [{"outlet_id": outlet_id, "service": code} for code in its_services or ()]
    insert_rows(TENDERS, tenders)
    insert_rows(SERVICES, services)


def _write_changed(work: Work, by: Actor) -> None:
    for entry in work.changed:
        if isinstance(host := entry.facts.get("hosted_by_id"), str):
            entry.facts["hosted_by_id"] = work.hosts[host]
    _move([entry for entry in work.changed if "org_unit_id" in entry.facts])
    for target, had in ((TENDERS, "tenders"), (SERVICES, "services")):
        ids = [entry.row.before.id for entry in work.changed if getattr(entry, had)]
        for piece in chunks(ids):
            db.session.execute(delete(target).where(among(target.c.outlet_id, piece)))
    _offer(
        (
            entry.row.before.id,
            entry.tenders[1] if entry.tenders else None,
            entry.services[1] if entry.services else None,
        )
        for entry in work.changed
    )
    update_many(OUTLETS, "id", [(entry.row.before.id, entry.facts) for entry in work.changed], raising="version")
    write_audit_rows([line for entry in work.changed for line in _lines(entry, by)])


def _move(moved: Sequence[Changed]) -> None:
    """End the placements that are open and begin the new ones today."""
    for piece in chunks([entry.row.before.id for entry in moved]):
        db.session.execute(
            update(PLACEMENTS)
            .where(among(PLACEMENTS.c.outlet_id, piece), PLACEMENTS.c.ends_on.is_(None))
            .values(ends_on=today())
        )
    insert_rows(
        PLACEMENTS,
        [
            {"outlet_id": entry.row.before.id, "org_unit_id": entry.facts["org_unit_id"], "starts_on": today()}
            for entry in moved
        ],
    )


def _lines(entry: Changed, by: Actor) -> Iterable[dict[str, Any]]:
    before, code = entry.row.before, entry.row.code
    facts = {name: value for name, value in entry.facts.items() if name != "org_unit_id"}
    if facts:
        yield change_line(by, "change_outlet", "outlet", before, code, facts)
    if "org_unit_id" in entry.facts:
        moved = {"org_unit_id": entry.facts["org_unit_id"]}
        yield change_line(by, "move_outlet", "outlet", before, code, moved)
    for action, pair in (("set_tenders", entry.tenders), ("set_services", entry.services)):
        if pair:
            yield {
                **new_line(by, action, "outlet", code, {"chosen": list(pair[1])}),
                "before": {"chosen": list(pair[0])},
            }


def export(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield the outlets of the territory that are not closed, by code."""
    require(by, Permission.EXPORT)
    hosts = OUTLETS.alias("hosts")
    statement = (
        select(Outlet, OrgUnit.code.label("unit"), Partner.code.label("partner"), hosts.c.code.label("host"))
        .join(OrgUnit, OrgUnit.id == Outlet.org_unit_id)
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .outerjoin(hosts, hosts.c.id == Outlet.hosted_by_id)
        .where(visible_outlets(by, Permission.EXPORT), Outlet.state != State.CLOSED)
        .order_by(Outlet.code)
    )
    rows = db.session.execute(statement).all()
    ids = [row.Outlet.id for row in rows]
    tenders = sets_by_outlet(all_rows_with(TENDERS, "outlet_id", ids), "tender")
    services = sets_by_outlet(all_rows_with(SERVICES, "outlet_id", ids), "service")
    for row in rows:
        outlet = row.Outlet
        located = outlet.longitude is not None
        yield (
            outlet.code, outlet.name, OUTLET_KINDS[outlet.kind], row.unit, outlet.division_code, outlet.address,
            SETTINGS[outlet.setting], outlet.phone, outlet.keeper_name, row.partner, outlet.partner_outlet_no, row.host,
            "是" if outlet.staffed else "否",
            str(outlet.longitude) if located else None, str(outlet.latitude) if located else None,
            COORDINATE_SOURCES.get(outlet.coordinate_source or "", outlet.coordinate_source),
            ("是" if outlet.coordinate_synthetic else "否") if located else None,
            outlet.applied_on,
            "、".join(TENDER_WORDS[code] for code in tenders.get(outlet.id, ())),
            "、".join(SERVICE_WORDS[code] for code in services.get(outlet.id, ())),
        )  # fmt: skip


IMPORTER = Importer(
    kind="outlets",
    words=translatable("网点"),
    columns=COLUMNS,
    key=("code",),
    plan=plan,
    write=write,
    export=export,
    tables=(OUTLETS, PLACEMENTS, STATES, TENDERS, SERVICES),
)
