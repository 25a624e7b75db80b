"""Households and bills as billing delivers them. Figures are taken, never computed; allocations are never touched.

A bill that comes again with other figures gets the next version, so that a counter which has the old one on its
screen asks again before taking money.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select

from agentnet.collecting.models import Bill, Household
from agentnet.core.clock import now
from agentnet.core.errors import Invalid
from agentnet.core.masks import mask_address, mask_household_no, mask_name
from agentnet.core.words import translatable
from agentnet.divisions.models import Division
from agentnet.divisions.rules import read_code
from agentnet.infra.actor import Actor
from agentnet.infra.bulk import among, in_pieces, insert_rows, rows_with, update_many
from agentnet.infra.columns import Column, day, digits, month, one_of, words, yuan
from agentnet.infra.db import db
from agentnet.infra.importing import Importer, Parsed, Plan, chunks, require_company_export
from agentnet.infra.sheets import Cell, Yuan

HOUSEHOLDS = cast(Table, Household.__table__)
BILLS = cast(Table, Bill.__table__)
FACTS = ("name", "address", "division_code", "segment")
FIGURES = ("principal_fen", "late_charge_fen", "due_on")
SEGMENTS = {"CASH_RURAL": translatable("农村现金户")}

_household_no = Column(
    "household_no",
    translatable("户号"),
    digits(10, 13),
    ("用电户号", "household", "account no"),
    mask=mask_household_no,
    example="3310810000017",
)

HOUSEHOLD_COLUMNS = (
    _household_no,
    Column("name", translatable("户名"), words(120), ("用户名称",), mask=mask_name, example="张三"),
    Column("address", translatable("用电地址"), words(200), ("地址",), mask=mask_address, example="小河头村123号"),
    Column(
        "division_code",
        translatable("村（社区）代码"),
        read_code,
        ("行政区划代码", "village code"),
        example="331081001204",
    ),
    Column("segment", translatable("客户类别"), one_of(SEGMENTS), ("客户分群",), needed=False, example="农村现金户"),
)
BILL_COLUMNS = (
    _household_no,
    Column("bill_month", translatable("电费年月"), month, ("账期", "month"), example="2026-10"),
    Column(
        "principal_fen",
        translatable("电费本金（元）"),
        yuan,
        ("本金", "电费", "principal", "principal cny", "principal yuan"),
        example="203.50",
    ),
    Column(
        "late_charge_fen",
        translatable("违约金（元）"),
        yuan,
        ("滞纳金", "late charge", "late charge cny", "late charge yuan"),
        example="0.00",
    ),
    Column("due_on", translatable("缴费截止日"), day, ("到期日", "due date"), example="2026-11-25"),
)


@dataclass(slots=True)
class Work:
    """New rows, and changes by row id."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


def plan_households(parsed: Parsed, _by: Actor) -> Plan:
    """Compare the file with the households; each must lie in a village the register knows."""
    work = Work()
    found = Plan(work=work, errors=parsed.errors)
    records = list(parsed.records())
    villages = rows_with(
        cast(Table, Division.__table__), "code", {values["division_code"] for _, values in records}, "level"
    )
    for piece in chunks(records):
        existing = rows_with(HOUSEHOLDS, "household_no", [values["household_no"] for _, values in piece])
        for line, values in piece:
            village = villages.get(values["division_code"])
            if village is None or village.level != "VILLAGE":
                refusal = Invalid("division_missing", "没有这个村（社区），请核对名称或 12 位代码")
                found.errors.add(line, "division_code", refusal)
            before = existing.get(values["household_no"])
            if before is None:
                work.new.append({"household_no": values["household_no"]} | {name: values.get(name) for name in FACTS})
                continue
            change = {
                name: values[name]
                for name in FACTS
                if values.get(name) is not None and values[name] != getattr(before, name)
            }
            if change:
                work.changed.append((before.id, change))
            else:
                found.unchanged += 1
    found.new, found.changed = len(work.new), len(work.changed)
    return found


def write_households(found: Plan, _by: Actor) -> None:
    """Insert and update households."""
    insert_rows(HOUSEHOLDS, found.work.new)
    update_many(HOUSEHOLDS, "id", found.work.changed)


def plan_bills(parsed: Parsed, _by: Actor) -> Plan:
    """Compare the file with the bills; a household nobody knows is refused."""
    work = Work()
    found = Plan(work=work, errors=parsed.errors)
    delivered_at = now()
    for piece in chunks(list(parsed.records())):
        numbers = {values["household_no"] for _, values in piece}
        ids = {number: row.id for number, row in rows_with(HOUSEHOLDS, "household_no", numbers, "id").items()}
        existing = _bills_of(ids.values(), {values["bill_month"] for _, values in piece})
        for line, values in piece:
            household_id = ids.get(values["household_no"])
            if household_id is None:
                refusal = Invalid("household_unknown", "没有这个户号，请先导入用户")
                found.errors.add(line, "household_no", refusal)
                continue
            figures = {name: values[name] for name in FIGURES}
            before = existing.get((household_id, values["bill_month"]))
            if before is None:
                work.new.append(_new_bill(household_id, values["bill_month"], figures, delivered_at))
            elif any(getattr(before, name) != figure for name, figure in figures.items()):
                work.changed.append((before.id, {**figures, "delivered_at": delivered_at, "paid_off_on": None}))
            else:
                found.unchanged += 1
    found.new, found.changed = len(work.new), len(work.changed)
    return found


def _bills_of(household_ids: Iterable[int], months: set[str]) -> dict[tuple[int, str], Any]:
    statement = select(BILLS).where(among(BILLS.c.household_id, list(household_ids)), BILLS.c.bill_month.in_(months))
    return {(row.household_id, row.bill_month): row for row in db.session.execute(statement)}


def _new_bill(household_id: int, bill_month: str, figures: dict[str, Any], delivered_at: datetime) -> dict[str, Any]:
    return {
        "household_id": household_id,
        "bill_month": bill_month,
        **figures,
        "version": 1,
        "delivered_at": delivered_at,
    }


def write_bills(found: Plan, _by: Actor) -> None:
    """Insert bills, and raise the version of those whose figures changed."""
    insert_rows(BILLS, found.work.new)
    update_many(BILLS, "id", found.work.changed, raising="version")


def export_households(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield all households by number; for those who export for the whole company."""
    require_company_export(by)
    statement = in_pieces(select(HOUSEHOLDS).order_by(HOUSEHOLDS.c.household_no))
    for row in db.session.execute(statement):
        yield row.household_no, row.name, row.address, row.division_code, SEGMENTS.get(row.segment, row.segment)


def export_bills(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield all bills by household and month; for those who export for the whole company."""
    require_company_export(by)
    statement = (
        select(HOUSEHOLDS.c.household_no, BILLS)
        .join(BILLS, BILLS.c.household_id == HOUSEHOLDS.c.id)
        .order_by(HOUSEHOLDS.c.household_no, BILLS.c.bill_month)
    )
    for row in db.session.execute(in_pieces(statement)):
        yield row.household_no, row.bill_month, Yuan(row.principal_fen), Yuan(row.late_charge_fen), row.due_on


HOUSEHOLD_IMPORTER = Importer(
    kind="households",
    words=translatable("用户"),
    columns=HOUSEHOLD_COLUMNS,
    key=("household_no",),
    plan=plan_households,
    write=write_households,
    export=export_households,
    tables=(HOUSEHOLDS,),
    whole_company=True,
)
BILL_IMPORTER = Importer(
    kind="bills",
    words=translatable("电费账单"),
    columns=BILL_COLUMNS,
    key=("household_no", "bill_month"),
    plan=plan_bills,
    write=write_bills,
    export=export_bills,
    tables=(BILLS,),
    whole_company=True,
)
IMPORTERS = (HOUSEHOLD_IMPORTER, BILL_IMPORTER)
