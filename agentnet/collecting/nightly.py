"""What the night does with the day's money.

Once a business day is over no collection of it can be voided any more. What it received then moves, by allocation,
to billing and to the households' advances; from then on an advance may pay a bill that billing delivered since.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from sqlalchemy import BigInteger, Connection, Date, Select, Table, bindparam, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from agentnet.collecting.lookups import (
    allocations,
    bills,
    bills_due,
    collections,
    days,
    households,
    pay_off,
    still_due,
    uses,
    voids,
)
from agentnet.collecting.models import Collection, CollectionDay
from agentnet.collecting.rules import allocate, due_total
from agentnet.collecting.sums import SUMMED, day_sums
from agentnet.core.clock import now, today
from agentnet.core.ids import new_id
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.inserting import insert_typed
from agentnet.infra.straight import Straight
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import accounts, balances, balances_of, booking_day, require_open
from agentnet.ledger.rules import HOUSEHOLD, ORG_UNIT, OUTLET, AccountKey, NewTransfer

sums = cast(Table, CollectionDay.__table__)

BATCH = 200
"""Outlets of one day, or households, in one transaction: the counters never wait long."""


_DAY, _OUTLETS = bindparam("day", type_=Date()), bindparam("outlets", expanding=True, type_=BigInteger())

_NOT_ALLOCATED = days.c.allocated_at.is_(None)
_OLDEST = Straight(select(func.min(days.c.business_on)).where(_NOT_ALLOCATED, days.c.business_on < bindparam("until")))
_CLAIM = Straight(
    select(days.c.outlet_id)
    .where(days.c.business_on == _DAY, _NOT_ALLOCATED)
    .order_by(days.c.outlet_id)
    .limit(bindparam("most", type_=BigInteger()))
    .with_for_update()
)
_ALLOCATED = Straight(
    update(days).where(days.c.business_on == _DAY, days.c.outlet_id.in_(_OUTLETS)).values(allocated_at=bindparam("at"))
)


_FREE = Straight(
    select(households.c.id)
    .where(
        households.c.id.in_(
            select(collections.c.household_id).where(
                collections.c.business_on == _DAY, collections.c.outlet_id.in_(_OUTLETS)
            )
        )
    )
    .with_for_update(key_share=True, skip_locked=True)
)
"""Holds the households that paid on a day, but for those at a counter now: a bill that is not noted as paid off is only
looked at once more each time, and the night, which holds accounts by then, must not wait for a counter that wants them.
"""


def allocate_oldest_day(by: Actor, until: date, limit: int = BATCH) -> int:
    """Move what outlets received on the oldest unallocated day before ``until``; return how many outlets.

    Two clocks may call this at once: each outlet's day is claimed by its own row.
    """
    connection = db.session.connection()
    ((day,),) = _OLDEST.rows(connection, {"until": until})
    if day is None:
        return 0
    claimed = [outlet_id for (outlet_id,) in _CLAIM.rows(connection, {"day": day, "most": limit})]
    if not claimed:
        return 0
    transfers = [*_to_billing(day, claimed), *_to_advances(day, claimed)]
    require_open(transfers[0].business_on if transfers else today())
    post_many(by, transfers)
    _ALLOCATED.execute(connection, {"day": day, "outlets": claimed, "at": now()})
    _ADD_UP[connection.dialect.name].execute(connection, {"day": day, "outlets": claimed})
    if _may_note(connection):
        free = [household_id for (household_id,) in _FREE.rows(connection, {"day": day, "outlets": claimed})]
        pay_off(connection, free, today())
    after = {"outlets": len(claimed), "amount_fen": sum(transfer.amount_fen for transfer in transfers)}
    write_audit(by, "received_allocated", "business_day", day.isoformat(), after=after)
    return len(claimed)


def _may_note(connection: Connection) -> bool:
    """Return whether bills may be noted now: while billing delivers, counters must not wait behind the night for it."""
    if connection.dialect.name != "postgresql":
        return True
    try:
        with connection.begin_nested():
            connection.execute(_NOBODY_DELIVERS)
    except OperationalError:
        return False
    return True


_NOBODY_DELIVERS = text("LOCK TABLE bills IN ROW EXCLUSIVE MODE NOWAIT")


def _summing(dialect_insert: Any) -> Straight:
    statement = dialect_insert(sums).from_select(
        SUMMED,
        day_sums(Collection.business_on == _DAY, Collection.outlet_id.in_(_OUTLETS)),
    )
    added = {name: sums.c[name] + statement.excluded[name] for name in SUMMED[3:]}
    key = [sums.c.business_on, sums.c.org_unit_id, sums.c.setting]
    return Straight(statement.on_conflict_do_update(index_elements=key, set_=added))


_ADD_UP = {"sqlite": _summing(sqlite.insert), "postgresql": _summing(postgresql.insert)}
"""Adds outlets' day, which is final from then on, to the sums of its day."""


def _standing(*columns: Any) -> Select[Any]:
    """Return the select of what the day's collections at some outlets were allocated to; voided ones do not stand."""
    return (
        select(*columns)
        .join(allocations, allocations.c.collection_id == collections.c.id)
        .outerjoin(voids, voids.c.collection_id == collections.c.id)
        .where(
            collections.c.business_on == _DAY,
            collections.c.outlet_id.in_(_OUTLETS),
            voids.c.id.is_(None),
        )
    )


_FOR_BILLS = Straight(
    _standing(
        collections.c.outlet_id,
        collections.c.org_unit_id,
        func.sum(allocations.c.principal_fen + allocations.c.late_charge_fen),
    )
    .where(allocations.c.bill_id.is_not(None))
    .group_by(collections.c.outlet_id, collections.c.org_unit_id)
    .order_by(collections.c.outlet_id, collections.c.org_unit_id)
)
_FOR_ADVANCES = Straight(
    _standing(collections.c.id, collections.c.outlet_id, collections.c.household_id, allocations.c.principal_fen)
    .where(allocations.c.bill_id.is_(None))
    .order_by(collections.c.id)
)


def _to_billing(day: date, outlet_ids: list[int]) -> list[NewTransfer]:
    rows = _FOR_BILLS.rows(db.session.connection(), {"day": day, "outlets": outlet_ids})
    booked_on = booking_day(day)
    return [
        NewTransfer(
            id=new_id(),
            kind="TO_BILLING",
            debit=AccountKey(OUTLET, outlet_id, "RECEIVED"),
            credit=AccountKey(ORG_UNIT, org_unit_id, "BILLING_CLEARING"),
            amount_fen=int(amount_fen),
            business_on=booked_on,
            subject_kind="BUSINESS_DAY",
            subject_id=f"{outlet_id}/{day.isoformat()}",
        )
        for outlet_id, org_unit_id, amount_fen in rows
    ]


def _to_advances(day: date, outlet_ids: list[int]) -> list[NewTransfer]:
    rows = _FOR_ADVANCES.rows(db.session.connection(), {"day": day, "outlets": outlet_ids})
    booked_on = booking_day(day)
    return [
        NewTransfer(
            id=new_id(),
            kind="TO_ADVANCE",
            debit=AccountKey(OUTLET, outlet_id, "RECEIVED"),
            credit=AccountKey(HOUSEHOLD, household_id, "ADVANCE"),
            amount_fen=amount,
            business_on=booked_on,
            subject_kind="COLLECTION",
            subject_id=str(id_),
        )
        for id_, outlet_id, household_id, amount in rows
    ]


def _owing() -> Straight:
    # Left to itself, SQLite looks through every household's bills before it asks whether there is an advance at all.
    left = (
        select(accounts.c.owner_id, balances.c.balance_fen)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(accounts.c.owner_kind == HOUSEHOLD, accounts.c.code == "ADVANCE", balances.c.balance_fen > 0)
        .cte("advances")
        .prefix_with("MATERIALIZED")
    )
    owes = still_due().where(bills.c.household_id == left.c.owner_id).exists()
    most = bindparam("most", type_=BigInteger())
    return Straight(select(left.c.owner_id, left.c.balance_fen).where(owes).order_by(left.c.owner_id).limit(most))


_OWING = _owing()


def advances_owing(limit: int = BATCH) -> dict[int, Fen]:
    """Return the advances (fen, by household id) of households that owe something; the clock asks first."""
    return dict(_OWING.rows(db.session.connection(), {"most": limit}))


def spend_advances(by: Actor, limit: int = BATCH) -> int:
    """Let advances pay what their households owe, oldest bill first; return how many bills were paid or part-paid."""
    connection = db.session.connection()
    advances = advances_owing(limit)
    if not advances:
        return 0
    day, at = today(), now()
    require_open(day)
    _lock(advances)
    left = balances_of(HOUSEHOLD, list(advances), "ADVANCE")  # somebody may have spent from one until it was held
    company = connection.scalar(select(OrgUnit.id).where(OrgUnit.parent_id.is_(None)).order_by(OrgUnit.id).limit(1))
    transfers, rows = [], []
    for household_id, unpaid in sorted(bills_due(connection, advances).items()):
        for part in allocate(min(left.get(household_id, 0), due_total(unpaid)), unpaid):
            transfer = NewTransfer(
                id=new_id(),
                kind="FROM_ADVANCE",
                debit=AccountKey(HOUSEHOLD, household_id, "ADVANCE"),
                credit=AccountKey(ORG_UNIT, company or 0, "BILLING_CLEARING"),
                amount_fen=part.principal_fen + part.late_charge_fen,
                business_on=day,
                subject_kind="BILL",
                subject_id=str(part.bill_id),
            )
            transfers.append(transfer)
            rows.append(
                {
                    "id": transfer.id,
                    "household_id": household_id,
                    "bill_id": part.bill_id,
                    "principal_fen": part.principal_fen,
                    "late_charge_fen": part.late_charge_fen,
                    "used_at": at,
                }
            )
    if not rows:
        return 0
    post_many(by, transfers)
    insert_typed(connection, uses, rows)
    if _may_note(connection):
        pay_off(connection, list(advances), day)
    after = {"bills": len(rows), "amount_fen": sum(transfer.amount_fen for transfer in transfers)}
    write_audit(by, "advances_spent", "business_day", day.isoformat(), after=after)
    return len(rows)


def _lock(household_ids: Iterable[int]) -> None:
    """Hold the households, so that a counter and the night do not pay the same bill."""
    db.session.connection().execute(
        select(households.c.id)
        .where(households.c.id.in_(list(household_ids)))
        .order_by(households.c.id)
        .with_for_update(key_share=True)
    )
