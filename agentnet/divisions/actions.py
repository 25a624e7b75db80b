"""The organisation tree: adding, renaming and moving units. Paths of everything below a moved unit follow at once.

Facts keep the org unit they were stamped with, and made documents the path they were frozen with; only what is looked
up from now on follows the new tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, func, literal, update

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.divisions.models import OrgKind, OrgUnit
from agentnet.divisions.queries import company, org_unit_by_code
from agentnet.divisions.rules import path_inside
from agentnet.infra.actor import Actor, Role
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import lock_tables
from agentnet.infra.db import db

ORG_UNITS = cast(Table, OrgUnit.__table__)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What is written down about an org unit, besides its code and its place."""

    name: str
    kind: OrgKind
    name_en: str | None = None
    division_code: str | None = None
    declared_villages: int | None = None
    """The programme's declared total of villages, where it differs from the register (S38)."""


def add_unit(code: str, parent_code: str | None, facts: UnitFacts, by: Actor) -> OrgUnit:
    """Add a unit below another; without a parent it is the company itself, of which there is one.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``unit_missing``.
        Invalid: ``code_taken``, ``company_exists``, ``company_below``.
    """
    lock_tables(ORG_UNITS)
    parent = _place(parent_code, by)
    _check_kind(facts.kind, parent)
    if org_unit_by_code(code) is not None:
        raise Invalid("code_taken", "编号 %(taken)s 已经用过，请换一个", field="code", taken=code)
    unit = OrgUnit(code=code, parent_id=parent.id if parent else None, path=f"/new/{code}/", **_columns(facts))
    db.session.add(unit)
    db.session.flush()
    unit.path = f"{parent.path if parent else '/'}{unit.id}/"
    db.session.flush()
    after = {**_columns(facts), "parent": parent.code if parent else None}
    write_audit(by, "added_org_unit", "org_unit", code, None, after)
    return unit


def change_unit(code: str, facts: UnitFacts, by: Actor, seen: UnitFacts | None = None) -> OrgUnit:
    """Rename a unit or correct what is written down about it. ``seen`` is what the editor had on the screen.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``unit_missing``. Conflict: ``changed_meanwhile``.
        Invalid: ``company_exists``, ``company_below``.
    """
    unit = unit_to_edit(code, by)
    if seen is not None and facts_of(unit) != seen:
        raise Conflict("changed_meanwhile", "您打开页面之后，这里已被别人改过。请核对最新内容，再提交一次")
    if facts.kind != unit.kind:
        parent = db.session.get(OrgUnit, unit.parent_id) if unit.parent_id else None
        _check_kind(facts.kind, parent, unit)
    wanted = _columns(facts)
    before = {name: getattr(unit, name) for name, value in wanted.items() if getattr(unit, name) != value}
    if before:
        for name in before:
            setattr(unit, name, wanted[name])
        db.session.flush()
        write_audit(by, "changed_org_unit", "org_unit", code, before, {name: wanted[name] for name in before})
    return unit


def move_unit(code: str, parent_code: str, by: Actor) -> OrgUnit:
    """Hang a unit, with all below it, under another parent.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``unit_missing``.
        Invalid: ``move_company``, ``move_below_itself``, ``same_parent``.
    """
    lock_tables(ORG_UNITS)
    unit = unit_to_edit(code, by)
    parent = _place(parent_code, by)
    assert parent is not None
    if unit.parent_id is None:
        raise Invalid("move_company", "公司是最上一级，不能移动", field="parent")
    if path_inside(parent.path, unit.path):
        raise Invalid("move_below_itself", "不能移到自己或自己的下级单位之下", field="parent")
    if parent.id == unit.parent_id:
        raise Invalid("same_parent", "它已经在这个单位之下，请另选一个", field="parent")
    before = {"parent_id": unit.parent_id, "path": unit.path}
    below = hang(unit.id, unit.path, parent.id, parent.path)
    after = {"parent_id": parent.id, "parent": parent.code, "path": f"{parent.path}{unit.id}/", "units_moved": below}
    write_audit(by, "moved_org_unit", "org_unit", code, before, after)
    db.session.refresh(unit)
    return unit


def hang(unit_id: int, path: str, parent_id: int, parent_path: str) -> int:
    """Rewrite a unit's parent and the paths of the unit and all below it; return how many rows moved."""
    new_path = f"{parent_path}{unit_id}/"
    moved = db.session.execute(
        update(ORG_UNITS)
        .where(ORG_UNITS.c.path.startswith(path, autoescape=True))
        .values(path=literal(new_path) + func.substr(ORG_UNITS.c.path, len(path) + 1))
        .returning(ORG_UNITS.c.id)
    ).all()
    db.session.execute(update(ORG_UNITS).where(ORG_UNITS.c.id == unit_id).values(parent_id=parent_id))
    db.session.expire_all()
    return len(moved)


def unit_to_edit(code: str, by: Actor) -> OrgUnit:
    """Return a unit that the actor administers.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``unit_missing``.
    """
    paths = administered_paths(by)
    unit = org_unit_by_code(code)
    if unit is None or not any(path_inside(unit.path, path) for path in paths):
        raise Missing("unit_missing", "没有找到这个单位，或它不在您的管辖范围内", field="parent")
    return unit


def administered_paths(by: Actor) -> list[str]:
    """Return the org paths the actor administers.

    Raises:
        Forbidden: ``not_permitted`` when there are none.
    """
    paths = [grant.org_path for grant in by.grants if grant.role is Role.ADMINISTRATOR and grant.org_path]
    if not paths:
        raise Forbidden("not_permitted", "您的岗位没有此项权限，如需办理请联系主管")
    return paths


def facts_of(unit: OrgUnit) -> UnitFacts:
    """Return what is written down about a unit."""
    return UnitFacts(unit.name, OrgKind(unit.kind), unit.name_en, unit.division_code, unit.declared_villages)


def _place(parent_code: str | None, by: Actor) -> OrgUnit | None:
    if parent_code is not None:
        return unit_to_edit(parent_code, by)
    if administered_paths(by) != ["/"]:
        raise Missing("unit_missing", "没有找到这个单位，或它不在您的管辖范围内", field="parent")
    return None


def _check_kind(kind: OrgKind, parent: OrgUnit | None, unit: OrgUnit | None = None) -> None:
    if parent is None:
        if kind is not OrgKind.COMPANY:
            raise Invalid("company_first", "最上一级只能是公司", field="kind")
        root = company()
        if root is not None and (unit is None or root.id != unit.id):
            raise Invalid("company_exists", "公司已经建立，请选择上级单位", field="parent")
    elif kind is OrgKind.COMPANY:
        raise Invalid("company_below", "公司只能在最上一级", field="kind")


def _columns(facts: UnitFacts) -> dict[str, str | int | None]:
    return {
        "name": facts.name,
        "kind": facts.kind.value,
        "name_en": facts.name_en or None,
        "division_code": facts.division_code or None,
        "declared_villages": facts.declared_villages,
    }
