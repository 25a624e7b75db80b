"""Partners from files. They are known to the whole company, so its administrators bring them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from agentnet.core.masks import mask_name
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor
from agentnet.infra.bulk import rows_with
from agentnet.infra.columns import Column, one_of, words
from agentnet.infra.db import db
from agentnet.infra.importing import Importer, Parsed, Plan
from agentnet.infra.sheets import Cell
from agentnet.outlets.imports.comparing import NewAndChanged, differing, table_of, write_new_and_changed
from agentnet.outlets.models import Partner
from agentnet.outlets.rules import clean_code, clean_uscc
from agentnet.outlets.words import PARTNER_KINDS
from agentnet.users.permissions import Permission, require

PARTNERS = table_of(Partner)
FACTS = ("name", "kind", "uscc", "contact")

COLUMNS = (
    Column("code", translatable("合作单位编号"), clean_code, ("编号", "partner code"), example="POST"),
    Column("name", translatable("合作单位名称"), words(120), ("名称",), example="东海邮政"),
    Column(
        "kind",
        translatable("单位类型"),
        one_of(PARTNER_KINDS, {"邮局": "POST", "其它": "OTHER"}),
        ("类型",),
        example="邮政",
    ),
    Column(
        "uscc", translatable("统一社会信用代码"), clean_uscc, ("信用代码",), needed=False, example="91350100M000100Y43"
    ),
    Column("contact", translatable("联系人"), words(120), needed=False, mask=mask_name),
)


def plan(parsed: Parsed, by: Actor) -> Plan:
    """Compare the file with the partners."""
    require(by, Permission.PARTNER_EDIT)
    work = NewAndChanged()
    found = Plan(work=work, errors=parsed.errors)
    records = list(parsed.records())
    existing = rows_with(PARTNERS, "code", [values["code"] for _, values in records])
    for _line, values in records:
        before = existing.get(values["code"])
        if before is None:
            work.new.append({"code": values["code"], **{name: values.get(name) for name in FACTS}})
        elif change := differing(before, {name: values.get(name) for name in FACTS}):
            work.changed.append((before, change))
        else:
            found.unchanged += 1
    found.new, found.changed = len(work.new), len(work.changed)
    return found


def write(found: Plan, by: Actor) -> None:
    """Insert and update, with a line for each partner."""
    write_new_and_changed(PARTNERS, found.work, "partner", by)


def export(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield all partners by code."""
    require(by, Permission.EXPORT)
    for row in db.session.execute(select(PARTNERS).order_by(PARTNERS.c.code)):
        yield row.code, row.name, PARTNER_KINDS[row.kind], row.uscc, row.contact


IMPORTER = Importer(
    kind="partners",
    words=translatable("合作单位"),
    columns=COLUMNS,
    key=("code",),
    plan=plan,
    write=write,
    export=export,
    tables=(PARTNERS,),
    whole_company=True,
)
