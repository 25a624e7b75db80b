"""Assignments from files: from a day on this manager holds this slot of this outlet.

An empty slot is filled; a held one is handed over on that day, as on the page: the row that holds ends, the new one
begins, nothing is rewritten, and an active outlet is never without a primary. A manager who holds the slot already is
left alone. A deputy who becomes primary leaves the deputy's slot on the same day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from agentnet.core.clock import today
from agentnet.core.errors import Invalid
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor
from agentnet.infra.audit import audit_row, write_audit_rows
from agentnet.infra.bulk import all_rows_with, insert_rows, rows_with, update_many
from agentnet.infra.columns import Column, day, one_of, words
from agentnet.infra.db import db
from agentnet.infra.importing import Errors, Importer, Parsed, Plan
from agentnet.infra.sheets import Cell
from agentnet.outlets.imports.comparing import table_of
from agentnet.outlets.models import Assignment, Manager, Outlet
from agentnet.outlets.queries import visible_managers, visible_outlets
from agentnet.outlets.rules import Slot, State, clean_code, earliest_change
from agentnet.outlets.words import SLOTS
from agentnet.users.permissions import Permission, require

ASSIGNMENTS = table_of(Assignment)
OUTLETS, MANAGERS = table_of(Outlet), table_of(Manager)

SLOT_ALIASES = {"主责": "PRIMARY", "主": "PRIMARY", "primary manager": "PRIMARY", "协助": "DEPUTY", "副": "DEPUTY"}
COLUMNS = (
    Column("outlet", translatable("网点编号"), clean_code, ("outlet code",), example="WL0001"),
    Column("manager", translatable("经理编号"), clean_code, ("工号", "manager code"), example="M001"),
    Column("slot", translatable("分工"), one_of(SLOTS, SLOT_ALIASES), ("岗位", "role"), example="主责经理"),
    Column("starts_on", translatable("开始日期"), day, ("起始日期", "from"), example="2026-11-03"),
    Column("reason", translatable("事由"), words(200), ("备注",), needed=False),
)


@dataclass(slots=True)
class Held:
    """A slot held for a time: a row of the database, or one the file begins (``id`` None)."""

    id: int | None
    manager_id: int
    slot: str
    starts_on: date
    ends_on: date | None
    line: int = 0
    reason: str = ""

    def holds_from(self, on: date) -> bool:
        """Return whether it holds on that day or later."""
        return self.ends_on is None or self.ends_on > on

    def meets(self, other: Held) -> bool:
        """Return whether the two hold on a common day."""
        return self.holds_from(other.starts_on) and other.holds_from(self.starts_on)


@dataclass(slots=True)
class AtOutlet:
    """What the file does at one outlet."""

    outlet: Any
    rows: list[Held]
    ended: dict[int, tuple[date | None, date]] = field(default_factory=dict)
    """Row id: the end it had and the end it gets."""

    def end(self, row: Held, on: date) -> None:
        assert row.id is not None
        self.ended[row.id] = (row.ends_on, on)
        row.ends_on = on


def plan(parsed: Parsed, by: Actor) -> Plan:
    """Judge every row against what is held now and what the rows before it begin; reads only."""
    require(by, Permission.ASSIGNMENT_EDIT)
    records = list(parsed.records())
    outlets = rows_with(
        OUTLETS, "code", [values["outlet"] for _, values in records], "id", "code", "state", "opened_on", "applied_on"
    )
    managers = rows_with(
        MANAGERS, "code", [values["manager"] for _, values in records], "id", "code", "name", "left_on"
    )
    may_outlets = set(db.session.scalars(select(Outlet.id).where(visible_outlets(by, Permission.ASSIGNMENT_EDIT))))
    may_managers = set(db.session.scalars(select(Manager.id).where(visible_managers(by, Permission.ASSIGNMENT_EDIT))))
    places = {row.id: AtOutlet(row, []) for row in outlets.values()}
    for row in all_rows_with(ASSIGNMENTS, "outlet_id", places.keys()):
        places[row.outlet_id].rows.append(Held(row.id, row.manager_id, row.slot, row.starts_on, row.ends_on))
    found = Plan(work=list(places.values()), errors=parsed.errors)
    for line, values in records:
        outlet, manager = outlets.get(values["outlet"]), managers.get(values["manager"])
        if outlet is None or outlet.id not in may_outlets:
            missing = Invalid("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
            found.errors.add(line, "outlet", missing)
        elif manager is None or manager.id not in may_managers:
            absent = Invalid("manager_missing", "没有找到这位台区经理，或其不在您的管辖范围内")
            found.errors.add(line, "manager", absent)
        else:
            _judge(line, values, places[outlet.id], manager, found)
    for place in places.values():
        _refuse_overlaps(place, found.errors)
    return found


def _judge(line: int, values: dict[str, Any], place: AtOutlet, manager: Any, found: Plan) -> None:
    outlet, slot, on = place.outlet, values["slot"], values["starts_on"]
    holding = [row for row in place.rows if row.slot == slot and row.holds_from(on)]
    if any(row.manager_id == manager.id and row.starts_on <= on for row in holding):
        found.unchanged += 1
        return
    refusal = _refusal(outlet, manager, on)
    if refusal is not None:
        found.errors.add(line, *refusal)
        return
    ends_on = None
    for row in holding:
        if row.starts_on >= on:
            later = Invalid("slot_begins_later", "这个位置从 %(day)s 起已另有安排", day=row.starts_on.isoformat())
            found.errors.add(line, "starts_on", later)
            return
        ends_on = row.ends_on
        place.end(row, on)
    if slot == Slot.PRIMARY:
        for row in place.rows:
            if row.manager_id == manager.id and row.id and row.starts_on < on and row.holds_from(on):
                place.end(row, on)
    place.rows.append(Held(None, manager.id, slot, on, ends_on, line, values.get("reason") or ""))
    found.new += not holding
    found.changed += bool(holding)


def _refusal(outlet: Any, manager: Any, on: date) -> tuple[str, Invalid] | None:
    if outlet.state == State.CLOSED:
        return "outlet", Invalid("outlet_closed", "网点已经关闭，不能再改")
    if manager.left_on is not None:
        return "manager", Invalid("manager_left", "%(name)s已经离岗", name=manager.name)
    earliest = earliest_change(today(), outlet.opened_on, outlet.applied_on)
    if on < earliest:
        return "starts_on", Invalid("too_far_back", "日期不能早于 %(day)s", day=earliest.isoformat())
    return None


def _refuse_overlaps(place: AtOutlet, errors: Errors) -> None:
    """Refuse a manager in both slots at once; the slots themselves were ended where the next begins."""
    for begun in (row for row in place.rows if row.id is None):
        for other in place.rows:
            if other is not begun and other.manager_id == begun.manager_id and other.meets(begun):
                errors.add(begun.line, "manager", Invalid("manager_twice", "同一位经理不能同时占两个位置"))
                break


def write(found: Plan, by: Actor) -> None:
    """End what is handed over, then begin the new, with a line for each."""
    places: list[AtOutlet] = [place for place in found.work if place.ended or any(row.id is None for row in place.rows)]
    ended = [(row_id, days) for place in places for row_id, days in place.ended.items()]
    update_many(ASSIGNMENTS, "id", [(row_id, {"ends_on": now_ends}) for row_id, (_, now_ends) in ended])
    begun = [(place.outlet, row) for place in places for row in place.rows if row.id is None]
    insert_rows(
        ASSIGNMENTS,
        [
            {
                "outlet_id": outlet.id,
                "manager_id": row.manager_id,
                "slot": row.slot,
                "starts_on": row.starts_on,
                "ends_on": row.ends_on,
                "reason": row.reason,
            }
            for outlet, row in begun
        ],
    )
    codes = {
        row.id: row.code
        for row in rows_with(MANAGERS, "id", [row.manager_id for _, row in begun], "code", "id").values()
    }
    lines = [
        audit_row(
            by,
            "end_assignment",
            "outlet",
            place.outlet.code,
            {"assignment_id": row_id, "ends_on": was.isoformat() if was else None},
            {"assignment_id": row_id, "ends_on": is_now.isoformat(), "reason": ""},
        )
        for place in places
        for row_id, (was, is_now) in place.ended.items()
    ]
    lines += [
        audit_row(
            by,
            "assign_manager",
            "outlet",
            outlet.code,
            None,
            {
                "manager": codes[row.manager_id],
                "slot": row.slot,
                "starts_on": row.starts_on.isoformat(),
                "reason": row.reason,
            },
        )
        for outlet, row in begun
    ]
    write_audit_rows(lines)


def export(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield who holds which slot now or from a later day, in the territory."""
    require(by, Permission.MANAGER_READ)
    statement = (
        select(Outlet.code.label("outlet"), Manager.code.label("manager"), Assignment)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .join(Manager, Manager.id == Assignment.manager_id)
        .where(visible_outlets(by, Permission.EXPORT), Assignment.ends_on.is_(None))
        .order_by(Outlet.code, Assignment.slot.desc())
    )
    for row in db.session.execute(statement):
        yield row.outlet, row.manager, SLOTS[row.Assignment.slot], row.Assignment.starts_on, row.Assignment.reason


IMPORTER = Importer(
    kind="assignments",
    words=translatable("网点对接"),
    columns=COLUMNS,
    key=("outlet", "slot"),
    plan=plan,
    write=write,
    export=export,
    tables=(ASSIGNMENTS,),
)
