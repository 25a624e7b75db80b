"""What finance does to commission: agree plans, change them by further versions, correct closed months.

A month itself is closed by ``closing``, which has each outlet's month written down here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import cast

from sqlalchemy import Connection, Table, func, insert, select

from agentnet.commission.accruing import OutletMonth
from agentnet.commission.counted import as_stored_ids
from agentnet.commission.engine.checking import check_version
from agentnet.commission.engine.language import Kind, Version
from agentnet.commission.engine.reading import read_version
from agentnet.commission.engine.writing import version_content, version_sha256, write_version
from agentnet.commission.models import (
    CommissionLine,
    MonthlyCommission,
    OutletAccrual,
    Plan,
    PlanComponent,
    PlanVersion,
)
from agentnet.commission.queries import locked_months, plan_by_code
from agentnet.commission.rules import check_start
from agentnet.commission.working import parts_text, written
from agentnet.core.clock import Month, now, today
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.ids import new_id
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.inserting import insert_columns, insert_typed
from agentnet.ledger.actions import post_many
from agentnet.ledger.models import AccountingMonth
from agentnet.ledger.queries import require_open
from agentnet.ledger.rules import CLOSING, ORG_UNIT, OUTLET, AccountKey, NewTransfer
from agentnet.outlets.campaigns.queries import campaign_codes
from agentnet.outlets.models import Partner, Tender

MONTHS_HELD = 3
"""Months that may still be open when a version is entered; each is closed soon after it is over."""

ACCRUAL = "COMMISSION"
"""Kind of the transfer that accrues an outlet's month."""


def create_plan(code: str, name: str, first: Version, by: Actor, asked_by: int | None = None) -> Plan:
    """Agree a plan with its first version. The first plan of all becomes the default one.

    Two people agree a plan (``plan_requests``); ``asked_by`` is who asked for it.

    Raises:
        Invalid: as ``judge_plan`` and ``judge_version``. Conflict: ``plan_code_taken``, ``month_locked``.
    """
    judge_plan(code, name)
    is_first = not db.session.scalar(select(func.count()).select_from(Plan))
    plan = Plan(code=code, name=name, is_default=is_first)
    db.session.add(plan)
    db.session.flush()
    _insert_version(plan, first, by, asked_by)
    return plan


def add_version(plan_code: str, says: Version, by: Actor, asked_by: int | None = None) -> PlanVersion:
    """Change a plan from a day on. Earlier versions stay; of two from one day the later entered rules.

    Raises:
        Missing: ``plan_missing``.
        Invalid: as ``judge_version``.
        Conflict: ``month_locked`` if it would start inside or before a closed or closing month.
    """
    return _insert_version(plan_by_code(plan_code), says, by, asked_by)


def judge_plan(code: str, name: str) -> None:
    """Refuse a plan's code or name.

    Raises:
        Invalid: ``plan_code_shape``, ``plan_name_missing``. Conflict: ``plan_code_taken``.
    """
    if not (code.isascii() and code.replace("-", "").replace("_", "").isalnum() and len(code) <= 32):
        raise Invalid("plan_code_shape", "方案编号只用字母、数字、- 和 _，最多 32 位", field="code")
    if not name:
        raise Invalid("plan_name_missing", "请填写方案名称", field="name")
    if db.session.scalar(select(Plan.id).where(Plan.code == code)) is not None:
        raise Conflict("plan_code_taken", "方案编号 %(code)s 已被使用", field="code", code=code)


def judge_version(says: Version) -> None:
    """Refuse a version that could not rule, or that says not what it rests on.

    Raises:
        Invalid: ``note_missing``; as ``judge_terms``. Conflict: ``month_locked``.
    """
    judge_terms(says)
    if not says.note:
        raise Invalid("note_missing", "请写明为什么这样定，例如依据的文件", field="note")


def judge_terms(says: Version) -> None:
    """Refuse terms that could not rule from their day on.

    Raises:
        Invalid: as ``require_usable``; ``PlanRefused`` with every fault of the plan language.
        Conflict: ``month_locked``.
    """
    check_version(says)
    require_usable(says)
    read_version(write_version(says))  # what could not be read again must not be agreed
    check_start(says.starts_on, locked_months())


def _insert_version(plan: Plan, says: Version, by: Actor, asked_by: int | None) -> PlanVersion:
    judge_version(says)
    _hold_open(says.starts_on)
    last = db.session.scalar(select(func.max(PlanVersion.number)).where(PlanVersion.plan_id == plan.id)) or 0
    version = PlanVersion(
        plan_id=plan.id,
        number=last + 1,
        starts_on=says.starts_on,
        note=says.note,
        created_at=now(),
        user_id=asked_by or by.user_id,
        content=write_version(says),
        content_sha256=version_sha256(says),
    )
    db.session.add(version)
    db.session.flush()
    rows = [
        {"version_id": version.id, "position": position, "kind": one.kind.value, "name": one.name}
        for position, one in enumerate(says.components)
    ]
    db.session.execute(insert(PlanComponent), rows)
    write_audit(by, "add_plan_version", "plan", plan.code, after={"number": version.number, **version_content(says)})
    return version


def require_usable(says: Version) -> None:
    """Refuse what the language can say and the books cannot settle yet, and what nobody could tell apart.

    Two components of one name cannot: whoever approves a version sees its components by their names.

    Raises:
        Invalid: ``mandates_later``, ``name_twice``; as ``require_known``.
    """
    names = [component.name for component in says.components]
    for component in says.components:
        if component.kind is Kind.MANDATE_BONUS:
            raise Invalid(
                "mandates_later", "系统还没有登记委托代扣，按签约计酬目前只能试算；请删去这个项目", field="components"
            )
        if names.count(component.name) > 1:
            raise Invalid(
                "name_twice", "有两个项目都叫“%(name)s”，请改成不同的名称", field="components", name=component.name
            )
    require_known(says)


def require_known(says: Version) -> None:
    """Refuse a scope that no collection could ever lie in: a partner, a tender or a campaign that is not there.

    Raises:
        Invalid: ``scope_unknown``.
    """
    partners = set(db.session.scalars(select(Partner.code)))
    tenders = set(db.session.scalars(select(Tender.code)))
    campaigns = campaign_codes()
    for component in says.components:
        scope = component.scope
        for code in sorted((scope.partners - partners) | (scope.tenders - tenders) | (scope.campaigns - campaigns)):
            raise Invalid(
                "scope_unknown",
                "项目“%(name)s”的适用范围里有系统中没有的 %(code)s，请核对编号",
                field="components",
                name=component.name,
                code=code,
            )


def _hold_open(starts_on: date) -> None:
    """Refuse a start in a locked month, and let none of the months it rules begin to close meanwhile."""
    locked = locked_months()
    check_start(starts_on, locked)
    month = Month.of(today())
    for _ in range(MONTHS_HELD):
        if starts_on < month.ends_on and month not in locked:
            require_open(month.starts_on)
        month = month.previous()


def accrue(month: Month, months: Sequence[OutletMonth], by: Actor) -> int:
    """Write down some outlets' month while it is closing: lines, sums and one transfer each; return how many were new.

    An outlet whose month is written already is left alone, so that a killed close may simply begin again. Dr
    COMMISSION_EXPENSE of the org unit, Cr COMMISSION_PAYABLE of the outlet; the other way round where more is taken
    back than was earned. A partner's outlets accrue to the outlet too: how a partner shares is agreed later.

    Raises:
        Conflict: ``month_not_closing``.
    """
    state = db.session.scalar(
        select(AccountingMonth.state).where(AccountingMonth.month == str(month)).with_for_update()
    )
    if state != CLOSING:
        raise Conflict("month_not_closing", "%(month)s 没有处在封账过程中", month=str(month))
    outlet_ids = [one.outlet_id for one in months]
    written = set(
        db.session.scalars(
            select(OutletAccrual.outlet_id).where(
                OutletAccrual.month == str(month), OutletAccrual.outlet_id.in_(outlet_ids)
            )
        )
    )
    fresh = [one for one in months if one.outlet_id not in written]
    transfers = {one.outlet_id: _accrual_transfer(month, one) for one in fresh if one.due_fen}
    post_many(by, list(transfers.values()))
    connection = db.session.connection()
    insert_columns(connection, cast(Table, CommissionLine.__table__), _earned_columns(connection, month, fresh))
    insert_typed(connection, cast(Table, CommissionLine.__table__), _settled_rows(month, fresh))
    insert_typed(connection, cast(Table, CommissionLine.__table__), _adjusted_rows(month, fresh))
    insert_typed(connection, cast(Table, MonthlyCommission.__table__), _monthly_rows(month, fresh))
    if fresh:
        # Behind its lines: the database takes an accrual only over lines that are its own.
        rows = [_accrual_row(month, one, transfers.get(one.outlet_id)) for one in fresh]
        insert_typed(connection, cast(Table, OutletAccrual.__table__), rows)
        write_audit(
            by,
            "accrue_commission",
            "month",
            str(month),
            after={
                "outlets": len(fresh),
                "first": fresh[0].outlet_code,
                "last": fresh[-1].outlet_code,
                "due_fen": sum(one.due_fen for one in fresh),
            },
        )
    return len(fresh)


def _accrual_transfer(month: Month, one: OutletMonth) -> NewTransfer:
    expense = AccountKey(ORG_UNIT, one.org_unit_id, "COMMISSION_EXPENSE")
    payable = AccountKey(OUTLET, one.outlet_id, "COMMISSION_PAYABLE")
    debit, credit = (expense, payable) if one.due_fen > 0 else (payable, expense)
    return NewTransfer(
        id=new_id(),
        kind=ACCRUAL,
        debit=debit,
        credit=credit,
        amount_fen=abs(one.due_fen),
        business_on=month.ends_on - timedelta(days=1),
        subject_kind="outlet_month",
        subject_id=f"{one.outlet_code}:{month}",
    )


def _accrual_row(month: Month, one: OutletMonth, transfer: NewTransfer | None) -> dict[str, object]:
    return {
        "month": str(month),
        "outlet_id": one.outlet_id,
        "org_unit_id": one.org_unit_id,
        "outlet_kind": one.outlet_kind,
        "setting": one.setting,
        "state": one.state,
        "agreement_id": one.agreement_id,
        "version_id": one.version_id,
        "collections_count": len(one.earned),
        "collected_fen": one.collected_fen,
        "earned_fen": one.earned_fen,
        "adjusted_fen": one.adjusted_fen,
        "due_fen": one.due_fen,
        "transfer_id": transfer.id if transfer else None,
        "inputs": written(one.ruling, one.inputs, one.settling.unsettled if one.settling else None),
    }


def _earned_columns(connection: Connection, month: Month, months: Sequence[OutletMonth]) -> dict[str, Sequence[object]]:
    entered = {one.outlet_id: one.earned if one.settling is None else one.entered for one in months}
    lines = [line for several in entered.values() for line in several]
    # By identity, as they were made: collections that earned the same share their parts.
    known = {id(line.parts): line.parts for line in lines}
    texts = {at: parts_text(parts) for at, parts in known.items()}
    return {
        "month": [str(month)] * len(lines),
        "outlet_id": [outlet_id for outlet_id, several in entered.items() for _line in several],
        "kind": ["COLLECTION"] * len(lines),
        "collection_id": as_stored_ids(connection, [line.collection_id for line in lines]),
        "component_id": [line.parts[0][0] if line.parts else None for line in lines],
        "base_fen": [line.base_fen for line in lines],
        "commission_fen": [line.commission_fen for line in lines],
        "parts": [texts[id(line.parts)] for line in lines],
    }


def _settled_rows(month: Month, months: Sequence[OutletMonth]) -> list[dict[str, object]]:
    """Return the lines of collections that pay by what became settled of them."""
    return [
        {
            "month": str(month),
            "outlet_id": one.outlet_id,
            "kind": "COLLECTION",
            "collection_id": line.collection_id,
            "component_id": line.component_id,
            "base_fen": line.base_fen,
            "commission_fen": line.commission_fen,
            "parts": parts_text(line.parts),
            "amount_fen": fact.amount_fen,
            "settled_from_fen": fact.settled_from_fen,
            "settled_to_fen": fact.settled_to_fen,
        }
        for one in months
        if one.settling is not None
        for line in one.earned
        if (fact := one.settling.counts.get(line.collection_id)) is not None
    ]


def _monthly_rows(month: Month, months: Sequence[OutletMonth]) -> list[dict[str, object]]:
    return [
        {
            "month": str(month),
            "outlet_id": one.outlet_id,
            "component_id": line.component_id,
            "starts_on": line.ruled.starts_on,
            "ends_on": line.ruled.ends_on,
            "inputs": asdict(line.inputs),
            "reason": line.reason.value if line.reason else None,
            "commission_fen": line.commission_fen,
        }
        for one in months
        for line in one.monthly
    ]


def _adjusted_rows(month: Month, months: Sequence[OutletMonth]) -> list[dict[str, object]]:
    of_month = str(month)
    return [
        {
            "month": of_month,
            "outlet_id": one.outlet_id,
            "kind": "ADJUSTMENT",
            "adjustment_id": line.id,
            "base_fen": 0,
            "commission_fen": line.amount_fen,
        }
        for one in months
        for line in one.adjusted
    ]
