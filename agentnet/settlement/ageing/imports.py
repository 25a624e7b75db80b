"""Remittance days from files: from a day on the post calls at this outlet on these days, or a bank is near.

What the page enters for one outlet, for many: rows are only added, the one that begins last holds, and cash is counted
anew at once. An outlet whose file says what holds already is left alone. Kinds of outlet are set on their page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from agentnet.core.clock import business_date, now, today
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.words import translatable
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.audit import audit_row, write_audit_rows
from agentnet.infra.bulk import all_rows_with, insert_rows, rows_with
from agentnet.infra.columns import Column, day, one_of, words
from agentnet.infra.db import db
from agentnet.infra.importing import Importer, Parsed, Plan, chunks
from agentnet.infra.sheets import Cell
from agentnet.outlets.imports.comparing import table_of
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.rules import State, clean_code
from agentnet.settlement.ageing.actions import hold_cash, settle
from agentnet.settlement.ageing.calendar_actions import said
from agentnet.settlement.ageing.queries import rules_table
from agentnet.settlement.ageing.rules import LONGEST_REASON, DaysRule, NewDays, Rhythm, in_force, require_days
from agentnet.settlement.words import RHYTHMS
from agentnet.users.permissions import Permission, require

OUTLETS = table_of(Outlet)

SETTLED_AT_ONCE: Final = 500
"""Outlets whose cash one statement counts anew."""

ALIASES: Final[Mapping[str, str]] = {
    "每个工作日": "WORKDAYS",
    "工作日": "WORKDAYS",
    "workdays": "WORKDAYS",
    "每周固定几天": "WEEKDAYS",
    "固定几天": "WEEKDAYS",
    "weekdays": "WEEKDAYS",
    "没有固定的交款机会": "NONE",
    "不固定": "NONE",
    "照同类": "AS_KIND",
    "same as kind": "AS_KIND",
}

_NUMBERS: Final = str.maketrans("一二三四五六日天１２３４５６７", "12345677" + "1234567")

_ENGLISH: Final = (
    "mon(day)?",
    "tue(s|sday)?",
    "wed(nesday)?",
    "thu(rs|rsday)?",
    "fri(day)?",
    "sat(urday)?",
    "sun(day)?",
)


def weekdays(text: str) -> str:
    """Read days of the week as digits, 1 Monday to 7 Sunday.

    >>> weekdays("周一、周三、周五"), weekdays("5,1,3"), weekdays("一三五"), weekdays("星期日"), weekdays("Mon, Friday")
    ('135', '135', '135', '7', '15')
    """
    plain = re.sub(r"每|星期|礼拜|周|[\s,，、;；/.]", "", text.lower()).translate(_NUMBERS)
    for number, name in enumerate(_ENGLISH, 1):
        plain = re.sub(name, str(number), plain)
    if not re.fullmatch(r"[1-7]{1,7}", plain) or len(set(plain)) != len(plain):
        raise Invalid("cell_weekdays", "请写星期几，例如“周一、周三、周五”或 135")
    return "".join(sorted(plain))


COLUMNS: Final = (
    Column("outlet", translatable("网点编号"), clean_code, ("outlet code",), example="WL0001"),
    Column(
        "rhythm",
        translatable("什么时候可以交款"),
        one_of(RHYTHMS, ALIASES),
        ("交款时间", "rhythm"),
        example="每周固定几天",
    ),
    Column(
        "weekdays",
        translatable("每周哪几天"),
        weekdays,
        ("星期", "weekdays"),
        needed=False,
        example="周一、周三、周五",
    ),
    Column("starts_on", translatable("开始日期"), day, ("起始日期", "from"), example="2026-11-03"),
    Column("reason", translatable("事由"), words(LONGEST_REASON), ("原因", "reason"), example="邮路调整"),
)


def plan(parsed: Parsed, by: Actor) -> Plan:
    """Judge every row against the territory and what holds already; reads only."""
    require(by, Permission.REMITTANCE_DAYS_EDIT)
    records = list(parsed.records())
    outlets = rows_with(OUTLETS, "code", [values["outlet"] for _, values in records], "id", "code", "state")
    mine = set(db.session.scalars(select(Outlet.id).where(visible_outlets(by, Permission.REMITTANCE_DAYS_EDIT))))
    own: dict[int, list[DaysRule]] = {outlet.id: [] for outlet in outlets.values()}
    for row in sorted(all_rows_with(rules_table, "outlet_id", list(own)), key=lambda row: int(row.id)):
        entered_on = business_date(row.entered_at)
        own[row.outlet_id].append(DaysRule(row.starts_on, row.rhythm, row.weekdays, None, entered_on))
    had_own = {outlet_id for outlet_id, rules in own.items() if rules}
    found = Plan(work=[], errors=parsed.errors)
    for line, values in sorted(records, key=lambda record: record[1]["starts_on"]):
        outlet = outlets.get(values["outlet"])
        if outlet is None or outlet.id not in mine:
            missing = Invalid("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
            found.errors.add(line, "outlet", missing)
            continue
        if outlet.state == State.CLOSED:
            found.errors.add(line, "outlet", Invalid("outlet_closed", "网点已经关闭，不能再改"))
            continue
        new = NewDays(values["starts_on"], values["rhythm"], values.get("weekdays") or "", values["reason"])
        rules = own[outlet.id]
        if _holds(rules, new):
            found.unchanged += 1
            continue
        try:
            require_days(new, today(), of_kind=False)
        except Refusal as refusal:
            found.errors.add(line, refusal.field or "", refusal)
            continue
        rules.append(DaysRule(new.starts_on, new.rhythm, new.weekdays, None, today()))
        found.work.append((outlet, new))
        found.new += outlet.id not in had_own
        found.changed += outlet.id in had_own
    return found


def _holds(own: Sequence[DaysRule], new: NewDays) -> bool:
    """Return whether an outlet's own days say on the first day what a row says."""
    present = in_force(own, new.starts_on) or DaysRule(new.starts_on, Rhythm.AS_KIND)
    return (present.rhythm, present.weekdays) == (new.rhythm, new.weekdays)


def write(found: Plan, by: Actor) -> None:
    """Enter the days with a line for each, and count the cash of these outlets anew; nobody is suspended by a file."""
    work: Sequence[tuple[Any, NewDays]] = found.work
    ids = sorted({outlet.id for outlet, _ in work})
    for piece in chunks(ids, SETTLED_AT_ONCE):
        hold_cash(piece)
    at = now()
    insert_rows(
        rules_table,
        [
            {
                "outlet_id": outlet.id,
                "kind": None,
                "starts_on": new.starts_on,
                "rhythm": new.rhythm,
                "weekdays": new.weekdays,
                "suspend_after": None,
                "reason": new.reason.strip(),
                "entered_at": at,
                "user_id": by.user_id,
            }
            for outlet, new in work
        ],
    )
    for piece in chunks(ids, SETTLED_AT_ONCE):
        settle(piece, SYSTEM, suspending=False)
    write_audit_rows(
        [audit_row(by, "remittance_days_set", "outlet", outlet.code, None, said(new)) for outlet, new in work]
    )


def export(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield what holds today for single outlets of the territory; those that follow their kind are left out."""
    require(by, Permission.SETTLEMENT_READ)
    rows = db.session.execute(
        select(Outlet.code, rules_table)
        .join(rules_table, rules_table.c.outlet_id == Outlet.id)
        .where(visible_outlets(by, Permission.EXPORT), rules_table.c.starts_on <= today())
        .order_by(Outlet.code, rules_table.c.starts_on, rules_table.c.id)
    )
    last = {row.code: row for row in rows}
    for code, row in last.items():
        if row.rhythm != Rhythm.AS_KIND:
            shown = "、".join(f"周{'一二三四五六日'[int(number) - 1]}" for number in row.weekdays)
            yield code, RHYTHMS[row.rhythm], shown, row.starts_on, row.reason


IMPORTER: Final = Importer(
    kind="remittance-days",
    words=translatable("网点解款日"),
    columns=COLUMNS,
    key=("outlet", "starts_on"),
    plan=plan,
    write=write,
    export=export,
    tables=(),  # the cash is held instead, as on the page: rows are only added
)
