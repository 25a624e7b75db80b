"""Org units from files: the whole tree in any order, parents by their code, moves included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from agentnet.core.errors import Invalid
from agentnet.core.words import translatable
from agentnet.divisions.actions import ORG_UNITS, hang
from agentnet.divisions.models import OrgKind
from agentnet.divisions.rules import read_code
from agentnet.divisions.words import ORG_KINDS
from agentnet.infra.actor import Actor
from agentnet.infra.audit import audit_row, write_audit_rows
from agentnet.infra.bulk import insert_rows, rows_with, update_many
from agentnet.infra.columns import Column, code, one_of, whole, words
from agentnet.infra.db import db
from agentnet.infra.importing import Errors, Importer, Parsed, Plan
from agentnet.infra.sheets import Cell

FACTS = ("name", "name_en", "kind", "division_code", "declared_villages")
KIND_ALIASES = {
    "市公司": "CITY", "地市公司": "CITY", "县公司": "COUNTY", "区公司": "COUNTY", "所": "STATION", "station": "STATION",
    "power supply station": "STATION",
}  # fmt: skip

COLUMNS = (
    Column("code", translatable("单位编号"), code(), ("编号", "unit code"), example="WL-TP"),
    Column("name", translatable("单位名称"), words(120), ("名称",), example="太平供电所"),
    Column("name_en", translatable("英文名称"), words(120), ("english name",), needed=False, example="Taiping Station"),
    Column("kind", translatable("单位层级"), one_of(ORG_KINDS, KIND_ALIASES), ("层级", "level"), example="供电所"),
    Column("parent", translatable("上级单位编号"), code(), ("上级", "parent code"), needed=False, example="WL"),
    Column("division_code", translatable("行政区划代码"), read_code, ("区划代码",), needed=False, example="331081"),
    Column("declared_villages", translatable("申报村数"), whole(0, 1_000_000), needed=False),
)


@dataclass(slots=True)
class Work:
    """The file's rows by code, what is there, and what changes."""

    rows: dict[str, dict[str, Any]]
    existing: dict[str, Any]
    parent_of: dict[str, str | None] = field(default_factory=dict)
    """Parent's code of every unit, as it will be."""
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)


def plan(parsed: Parsed, _by: Actor) -> Plan:
    """Judge the tree as it would be: one company on top, every parent there, no circle."""
    records = list(parsed.records())
    existing = {row.code: row for row in db.session.execute(select(ORG_UNITS))}
    code_of = {row.id: row.code for row in existing.values()}
    work = Work({values["code"]: values for _, values in records}, existing)
    work.parent_of = {row.code: code_of.get(row.parent_id) for row in existing.values()}
    found = Plan(work=work, errors=parsed.errors)
    for line, values in records:
        before = existing.get(values["code"])
        parent = values.get("parent")
        if parent is not None or before is None:
            if parent is not None and parent not in existing and parent not in work.rows:
                missing = Invalid("parent_unit_missing", "上级单位 %(parent)s 不在库中，也不在文件里", parent=parent)
                found.errors.add(line, "parent", missing)
            work.parent_of[values["code"]] = parent
        if before is None:
            found.new += 1
            continue
        change = {
            name: values[name]
            for name in FACTS
            if values.get(name) is not None and values[name] != getattr(before, name)
        }
        moves = work.parent_of[values["code"]] != code_of.get(before.parent_id)
        if change:
            work.changed[values["code"]] = change
        if moves:
            work.moved.append(values["code"])
        found.changed += bool(change or moves)
        found.unchanged += not (change or moves)
    _judge_tree(work, records, found.errors)
    return found


def _judge_tree(work: Work, records: list[tuple[int, dict[str, Any]]], errors: Errors) -> None:
    roots = [unit for unit, parent in work.parent_of.items() if parent is None]
    for line, values in records:
        unit, kind = values["code"], values["kind"]
        if (kind == OrgKind.COMPANY) != (work.parent_of[unit] is None):
            errors.add(
                line, "kind", Invalid("company_on_top", "最上一级是公司，公司也只能在最上一级；其他单位要填上级")
            )
        elif len(roots) > 1 and unit in roots:
            errors.add(line, "parent", Invalid("one_company", "一个数据库只有一家公司，请填写上级单位"))
        elif _in_circle(unit, work.parent_of):
            errors.add(line, "parent", Invalid("unit_circle", "上下级关系绕成了圈"))


def _in_circle(unit: str, parent_of: dict[str, str | None]) -> bool:
    seen = {unit}
    above = parent_of.get(unit)
    while above is not None:
        if above in seen:
            return True
        seen.add(above)
        above = parent_of.get(above)
    return False


def write(found: Plan, by: Actor) -> None:
    """Insert the tree level by level, then change, then move."""
    work: Work = found.work
    _insert_new(work)
    update_many(ORG_UNITS, "code", list(work.changed.items()))
    for code_of_unit in sorted(work.moved, key=lambda unit: _depth(unit, work.parent_of)):
        parent = work.parent_of[code_of_unit]
        assert parent is not None
        places = rows_with(ORG_UNITS, "code", [code_of_unit, parent], "id", "path")
        hang(places[code_of_unit].id, places[code_of_unit].path, places[parent].id, places[parent].path)
    write_audit_rows(_lines(work, by))


def _insert_new(work: Work) -> None:
    waiting = [values for unit, values in work.rows.items() if unit not in work.existing]
    waiting.sort(key=lambda values: _depth(values["code"], work.parent_of))
    while waiting:
        depth = _depth(waiting[0]["code"], work.parent_of)
        level = [values for values in waiting if _depth(values["code"], work.parent_of) == depth]
        waiting = waiting[len(level) :]
        parents = rows_with(
            ORG_UNITS, "code", [parent for v in level if (parent := work.parent_of[v["code"]])], "id", "path"
        )
        above: dict[str, Any] = {v["code"]: parents.get(work.parent_of[v["code"]] or "") for v in level}
        insert_rows(
            ORG_UNITS,
            [
                {name: values.get(name) for name in ("code", *FACTS)}
                | {"parent_id": above[values["code"]].id if above[values["code"]] else None}
                | {"path": f"/new/{values['code']}/"}
                for values in level
            ],
        )
        ids = rows_with(ORG_UNITS, "code", [values["code"] for values in level], "id")
        for unit, parent in above.items():
            path = f"{parent.path if parent else '/'}{ids[unit].id}/"
            db.session.execute(update(ORG_UNITS).where(ORG_UNITS.c.id == ids[unit].id).values(path=path))


def _depth(unit: str, parent_of: dict[str, str | None]) -> int:
    depth, above = 0, parent_of.get(unit)
    while above is not None:
        depth, above = depth + 1, parent_of.get(above)
    return depth


def _lines(work: Work, by: Actor) -> list[dict[str, Any]]:
    lines = []
    for unit, values in work.rows.items():
        before = work.existing.get(unit)
        if before is None:
            after = {name: values.get(name) for name in FACTS} | {"parent": work.parent_of[unit]}
            lines.append(audit_row(by, "added_org_unit", "org_unit", unit, None, after))
            continue
        if change := work.changed.get(unit):
            was = {name: getattr(before, name) for name in change}
            lines.append(audit_row(by, "changed_org_unit", "org_unit", unit, was, change))
        if unit in work.moved:
            was = {"path": before.path}
            lines.append(audit_row(by, "moved_org_unit", "org_unit", unit, was, {"parent": work.parent_of[unit]}))
    return lines


def export(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield the units of the actor's territory in the order of the tree."""
    paths = tuple({grant.org_path for grant in by.grants if grant.org_path})
    rows = db.session.execute(select(ORG_UNITS).order_by(ORG_UNITS.c.path)).all()
    code_of = {row.id: row.code for row in rows}
    for row in rows:
        if row.path.startswith(paths):
            yield (
                row.code, row.name, row.name_en, ORG_KINDS[row.kind], code_of.get(row.parent_id),
                row.division_code, row.declared_villages,
            )  # fmt: skip


IMPORTER = Importer(
    kind="org-units",
    words=translatable("组织单位"),
    columns=COLUMNS,
    key=("code",),
    plan=plan,
    write=write,
    export=export,
    tables=(ORG_UNITS,),
    whole_company=True,
)
