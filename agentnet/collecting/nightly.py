"""What the night does with the day's money.

Once a business day is over no collection of it can be voided any more. What it received then moves, by allocation,
to billing and to the households' advances; from then on an advance may pay a bill that billing delivered since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import BigInteger, Select, Table, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from agentnet.collecting.lookups import (
    allocations,
    bills,
    bills_due,
    collections,
    days,
    households,
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
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import accounts, balances, booking_day, require_open
from agentnet.ledger.rules import HOUSEHOLD, ORG_UNIT, OUTLET, AccountKey, NewTransfer

sums = cast(Table, CollectionDay.__table__)

BATCH = 200
"""Outlets of one day, or households, in one transaction: the counters never wait long."""


def allocate_oldest_day(by: Actor, until: date, limit: int = BATCH) -> int:
    """Move what outlets received on the oldest unallocated day before ``until``; return how many outlets.

    Two clocks may call this at once: each outlet's day is claimed by its own row.
    """
    connection = db.session.connection()
    day = connection.scalar(
        select(func.min(days.c.business_on)).where(days.c.allocated_at.is_(None), days.c.business_on < until)
    )
    if day is None:
        return 0
    claimed = connection.scalars(
        select(days.c.outlet_id)
        .where(days.c.business_on == day, days.c.allocated_at.is_(None))
        .order_by(days.c.outlet_id)
        .limit(limit)
        .with_for_update()
    ).all()
    if not claimed:
        return 0
    transfers = [*_to_billing(day, claimed), *_to_advances(day, claimed)]
    require_open(transfers[0].business_on if transfers else today())
    post_many(by, transfers)
    connection.execute(
        update(days)
        .where(days.c.business_on == day, days.c.outlet_id.in_(bindparam("outlets", expanding=True)))
        .values(allocated_at=now()),
        {"outlets": list(claimed)},
    )
    _add_up(day, claimed)
    after = {"outlets": len(claimed), "amount_fen": sum(transfer.amount_fen for transfer in transfers)}
    write_audit(by, "received_allocated", "business_day", day.isoformat(), after=after)
    return len(claimed)


_OUTLETS = bindparam("outlets", expanding=True, type_=BigInteger())


def _summing(dialect_insert: Any) -> Any:
    statement = dialect_insert(sums).from_select(
        SUMMED,
        day_sums(Collection.business_on == bindparam("day"), Collection.outlet_id.in_(_OUTLETS)),
    )
    return statement.on_conflict_do_update(
        index_elements=[sums.c.business_on, sums.c.org_unit_id, sums.c.setting],
        set_={name: sums.c[name] + statement.excluded[name] for name in SUMMED[3:]},
    )


_ADD_UP = {"sqlite": _summing(sqlite.insert), "postgresql": _summing(postgresql.insert)}


def _add_up(day: date, outlet_ids: Sequence[int]) -> None:
    """Add outlets' day, which is final from now on, to the sums of its day."""
    connection = db.session.connection()
    connection.execute(_ADD_UP[connection.dialect.name], {"day": day, "outlets": list(outlet_ids)})


def _standing(day: date, outlet_ids: Sequence[int], *columns: Any) -> Select[Any]:
    """Return the select of what the day's collections at some outlets were allocated to; voided ones do not stand."""
    return (
        select(*columns)
        .join(allocations, allocations.c.collection_id == collections.c.id)
        .outerjoin(voids, voids.c.collection_id == collections.c.id)
        .where(
            collections.c.business_on == day,
            collections.c.outlet_id.in_(outlet_ids),
            voids.c.id.is_(None),
        )
    )


def _to_billing(day: date, outlet_ids: Sequence[int]) -> list[NewTransfer]:
    amount = func.sum(allocations.c.principal_fen + allocations.c.late_charge_fen)
    rows = db.session.connection().execute(
        _standing(day, outlet_ids, collections.c.outlet_id, collections.c.org_unit_id, amount)
        .where(allocations.c.bill_id.is_not(None))
        .group_by(collections.c.outlet_id, collections.c.org_unit_id)
        .order_by(collections.c.outlet_id, collections.c.org_unit_id)
    )
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


def _to_advances(day: date, outlet_ids: Sequence[int]) -> list[NewTransfer]:
    columns = (collections.c.id, collections.c.outlet_id, collections.c.household_id, allocations.c.principal_fen)
    rows = db.session.connection().execute(
        _standing(day, outlet_ids, *columns).where(allocations.c.bill_id.is_(None)).order_by(collections.c.id)
    )
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


def advances_owing(limit: int = BATCH) -> dict[int, Fen]:
    """Return the advances (fen, by household id) of households that owe something; the clock asks first."""
    owes = still_due().where(bills.c.household_id == accounts.c.owner_id).exists()
    rows = db.session.connection().execute(
        select(accounts.c.owner_id, balances.c.balance_fen)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(accounts.c.owner_kind == HOUSEHOLD, accounts.c.code == "ADVANCE", balances.c.balance_fen > 0, owes)
        .order_by(accounts.c.owner_id)
        .limit(limit)
    )
    return {row.owner_id: row.balance_fen for row in rows}


def spend_advances(by: Actor, limit: int = BATCH) -> int:
    """Let advances pay what their households owe, oldest bill first; return how many bills were paid or part-paid."""
    connection = db.session.connection()
    advances = advances_owing(limit)
    if not advances:
        return 0
    require_open(today())
    _lock(advances)
    company = connection.scalar(select(OrgUnit.id).where(OrgUnit.parent_id.is_(None)).order_by(OrgUnit.id).limit(1))
    transfers, rows = [], []
    for household_id, unpaid in sorted(bills_due(connection, advances).items()):
        for part in allocate(min(advances[household_id], due_total(unpaid)), unpaid):
            transfer = NewTransfer(
                id=new_id(),
                kind="FROM_ADVANCE",
                debit=AccountKey(HOUSEHOLD, household_id, "ADVANCE"),
                credit=AccountKey(ORG_UNIT, company or 0, "BILLING_CLEARING"),
                amount_fen=part.principal_fen + part.late_charge_fen,
                business_on=today(),
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
                    "used_at": now(),
                }
            )
    if not rows:
        return 0
    post_many(by, transfers)
    connection.execute(insert(uses), rows)
    after = {"bills": len(rows), "amount_fen": sum(transfer.amount_fen for transfer in transfers)}
    write_audit(by, "advances_spent", "business_day", today().isoformat(), after=after)
    return len(rows)


def _lock(household_ids: Iterable[int]) -> None:
    """Hold the households, so that a counter and the night do not pay the same bill."""
    db.session.connection().execute(
        select(households.c.id)
        .where(households.c.id.in_(list(household_ids)))
        .order_by(households.c.id)
        .with_for_update(key_share=True)
    )
