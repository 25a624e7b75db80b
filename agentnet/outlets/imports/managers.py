"""District managers from files, each into an org unit of the importer's own territory.

Sign-ins are not linked here: who holds one sees the manager's outlets, so an administrator links it on the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from agentnet.core.clock import today
from agentnet.core.errors import Invalid
from agentnet.core.masks import mask_name, mask_phone
from agentnet.core.words import translatable
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.bulk import rows_with
from agentnet.infra.columns import Column, code, day, words
from agentnet.infra.db import db
from agentnet.infra.importing import Importer, Parsed, Plan
from agentnet.infra.sheets import Cell
from agentnet.outlets.imports.comparing import (
    NewAndChanged,
    differing,
    table_of,
    units_in_territory,
    write_new_and_changed,
)
from agentnet.outlets.models import Manager
from agentnet.outlets.queries import visible_managers
from agentnet.outlets.rules import clean_code, clean_phone
from agentnet.users.permissions import Permission, require

MANAGERS = table_of(Manager)


def _work_phone(text: str) -> str:
    return clean_phone(text, "work_phone")


COLUMNS = (
    Column("code", translatable("经理编号"), clean_code, ("工号", "manager code"), example="M001"),
    Column("name", translatable("姓名"), words(120), ("经理姓名",), mask=mask_name, example="张三"),
    Column(
        "work_phone",
        translatable("工作电话"),
        _work_phone,
        ("电话", "手机", "phone"),
        mask=mask_phone,
        example="13800000001",
    ),
    Column("org_unit", translatable("供电所编号"), code(), ("单位编号", "组织单位", "org unit code"), example="WL-TP"),
    Column("consent_on", translatable("同意公示日期"), day, needed=False, example="2026-11-03"),
)


def plan(parsed: Parsed, by: Actor) -> Plan:
    """Compare the file with the managers of the territory; refuse those who left and units elsewhere."""
    require(by, Permission.MANAGER_EDIT)
    work = NewAndChanged()
    found = Plan(work=work, errors=parsed.errors)
    records = list(parsed.records())
    units = units_in_territory(by, Permission.MANAGER_EDIT, [values["org_unit"] for _, values in records])
    existing = rows_with(MANAGERS, "code", [values["code"] for _, values in records])
    own = set(db.session.scalars(select(Manager.id).where(visible_managers(by, Permission.MANAGER_EDIT))))
    day_of_import = today()
    for line, values in records:
        unit_id = units.get(values["org_unit"])
        if unit_id is None:
            found.errors.add(line, "org_unit", Invalid("unit_missing", "没有找到这个单位，或它不在您的管辖范围内"))
        if (consent_on := values.get("consent_on")) is not None and consent_on > day_of_import:
            found.errors.add(line, "consent_on", Invalid("in_future", "日期不能晚于今天"))
        wanted = {
            "name": values["name"],
            "work_phone": values["work_phone"],
            "org_unit_id": unit_id,
            "consent_on": consent_on,
        }
        before = existing.get(values["code"])
        if before is None:
            work.new.append({"code": values["code"], **wanted})
        elif before.id not in own:
            found.errors.add(line, "code", Invalid("code_elsewhere", "这个编号已由其他单位使用"))
        elif not (change := differing(before, wanted)):
            found.unchanged += 1
        elif before.left_on is not None and before.left_on <= day_of_import:
            found.errors.add(line, "code", Invalid("manager_left", "%(name)s已经离岗", name=before.name))
        else:
            work.changed.append((before, change))
    found.new, found.changed = len(work.new), len(work.changed)
    return found


def write(found: Plan, by: Actor) -> None:
    """Insert and update, with a line for each manager."""
    write_new_and_changed(MANAGERS, found.work, "manager", by)


def export(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield the managers of the territory by code."""
    require(by, Permission.MANAGER_READ)
    statement = (
        select(Manager.code, Manager.name, Manager.work_phone, OrgUnit.code.label("unit"), Manager.consent_on)
        .join(OrgUnit, OrgUnit.id == Manager.org_unit_id)
        .where(visible_managers(by, Permission.EXPORT), Manager.left_on.is_(None))
        .order_by(Manager.code)
    )
    for row in db.session.execute(statement):
        yield row.code, row.name, row.work_phone, row.unit, row.consent_on


IMPORTER = Importer(
    kind="managers",
    words=translatable("台区经理"),
    columns=COLUMNS,
    key=("code",),
    plan=plan,
    write=write,
    export=export,
    tables=(MANAGERS,),
)
