"""Closing days: by the keeper who counted the drawer, or after the cut-off by the clock, marked as unattended.

Whoever closes holds first the outlet's day and then its cash, in the order in which a collection takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import BigInteger, Date, Table, and_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from agentnet.collecting.models import Collection, Void
from agentnet.collecting.rules import HELD_TENDERS
from agentnet.core.clock import now, today
from agentnet.core.errors import Invalid
from agentnet.core.ids import new_id
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.infra.inserting import insert_typed
from agentnet.infra.straight import Straight
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import balance_held, balances_of, booking_day, require_open
from agentnet.ledger.rules import OUTLET, AccountKey, NewTransfer
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.settlement.ageing.actions import count_cash
from agentnet.settlement.models import DayClose, DayCloseTender
from agentnet.settlement.own_qr import own_qr_most
from agentnet.settlement.queries import days, first_open_day, tender_totals
from agentnet.settlement.rules import (
    COUNTERFEIT,
    Differences,
    NewClose,
    TenderTotal,
    differences,
    require_closable,
    require_count,
    require_explained,
    require_own_qr,
    require_same_cash,
)
from agentnet.users.permissions import Permission

KIND: Final = "day_close"
"""The kind of request a close is remembered as."""

closes = cast(Table, DayClose.__table__)
close_tenders = cast(Table, DayCloseTender.__table__)


def close_day(new: NewClose, by: Actor) -> None:
    """Count and lock an outlet's business day; what comes later belongs to the next one.

    What is over or short goes to the outlet's OVER_SHORT account, suspected counterfeit to a detail of its own, so
    that the cash held by the book is the good cash that was counted. The same ``id`` with the same content is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``.
        Invalid: ``count_impossible``, ``own_qr_too_much``, ``batch_missing``, ``difference_unexplained``,
            ``day_to_come``, ``nothing_to_close``.
        Conflict: ``day_closed_already``, ``earlier_day_open``, ``cash_moved``, ``id_reused``, ``month_closed``.
    """
    outlet = outlet_for(by, new.outlet_code, Permission.DAY_CLOSE)
    if earlier_result(new.id, KIND, new.content()) is not None:
        return
    require_count(new.count)
    closed = _held_day(outlet.id, new.business_on)
    held_fen = balance_held(AccountKey(OUTLET, outlet.id, "CASH_HELD"))
    require_closable(new.business_on, today(), closed, first_open_day(outlet.id))
    require_same_cash(held_fen, new.system_seen_fen)
    require_own_qr(new.count.own_qr_fen, own_qr_most(outlet.id, held_fen))
    totals = tender_totals(outlet.id, new.business_on)
    _require_batches(totals, new.batches)
    found = differences(held_fen, new.count, totals, new.batches)
    require_explained(found, new.explanation)
    moved = _book(outlet, new, found, held_fen, by)
    if any(moved.values()):
        count_cash([outlet.id])
    row = {
        "id": new.id,
        "outlet_id": outlet.id,
        "org_unit_id": outlet.org_unit_id,
        "business_on": new.business_on,
        "closed_at": now(),
        "user_id": by.user_id,
        "cash_system_fen": held_fen,
        "cash_counted_fen": new.count.good_fen,
        "counterfeit_fen": new.count.counterfeit_fen,
        "cash_difference_fen": found.cash_fen,
        "notes": new.count.as_notes(),
        "explanation": new.explanation.strip(),
        **moved,
        "own_qr_fen": new.count.own_qr_fen,
    }
    connection = db.session.connection()
    insert_typed(connection, closes, [row])
    insert_typed(connection, close_tenders, [_tender_row(new.id, total, new.batches) for total in totals])
    of_day = (days.c.outlet_id == outlet.id, days.c.business_on == new.business_on)
    connection.execute(update(days).where(*of_day).values(closed_at=now()))
    remember(new.id, KIND, by, new.content(), f"{outlet.code}/{new.business_on}")
    after = {
        "business_on": new.business_on.isoformat(),
        "cash_system_fen": held_fen,
        "cash_counted_fen": new.count.good_fen,
        "counterfeit_fen": new.count.counterfeit_fen,
        "own_qr_fen": new.count.own_qr_fen,
        "difference_fen": found.cash_fen,
        "explanation": new.explanation.strip(),
    }
    write_audit(by, "day_closed", "outlet", outlet.code, after=after)


def _held_day(outlet_id: int, day: date) -> bool:
    """Hold an outlet's day until the transaction ends, opened if need be; return whether it is closed."""
    connection = db.session.connection()
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"outlet_id": outlet_id, "business_on": day, "receipt_serial": 0}
    connection.execute(make(days).values(row).on_conflict_do_nothing())
    closed_at = select(days.c.closed_at).where(days.c.outlet_id == outlet_id, days.c.business_on == day)
    return connection.scalar(closed_at.with_for_update()) is not None


def _require_batches(totals: Iterable[TenderTotal], batches: Mapping[str, Fen]) -> None:
    """Refuse a close that leaves out a terminal's total.

    Raises:
        Invalid: ``batch_missing``.
    """
    missing = {total.tender for total in totals if total.tender not in HELD_TENDERS} - batches.keys()
    if missing or any(amount < 0 for amount in batches.values()):
        raise Invalid("batch_missing", "请填写每种非现金支付方式的终端批次合计")


def _book(outlet: Outlet, new: NewClose, found: Differences, held_fen: Fen, by: Actor) -> dict[str, UUID | None]:
    """Post what was over, short or suspected; return the ids of the transfers."""
    cash = AccountKey(OUTLET, outlet.id, "CASH_HELD")
    over_short = AccountKey(OUTLET, outlet.id, "OVER_SHORT")
    booked_on = booking_day(new.business_on)
    require_open(booked_on)
    transfers: list[NewTransfer] = []
    moved: dict[str, UUID | None] = {"difference_transfer_id": None, "counterfeit_transfer_id": None}
    wanted = (
        ("difference_transfer_id", "OVER_SHORT", over_short, found.cash_fen),
        ("counterfeit_transfer_id", COUNTERFEIT, over_short._replace(detail=COUNTERFEIT), -found.counterfeit_fen),
    )
    for column, kind, account, change_fen in wanted:
        if change_fen:
            debit, credit = (cash, account) if change_fen > 0 else (account, cash)
            transfer = NewTransfer(
                id=new_id(),
                kind=kind,
                debit=debit,
                credit=credit,
                amount_fen=abs(change_fen),
                business_on=booked_on,
                subject_kind="DAY_CLOSE",
                subject_id=str(new.id),
            )
            transfers.append(transfer)
            moved[column] = transfer.id
    # What lies in the drawer lies there, whatever the ceiling says; the next collection is judged by it again.
    ceilings = {cash: held_fen + found.cash_fen} if found.cash_fen > 0 else None
    post_many(by, transfers, ceilings)
    return moved


def _tender_row(close_id: UUID, total: TenderTotal, batches: Mapping[str, Fen]) -> dict[str, Any]:
    return {
        "close_id": close_id,
        "tender": total.tender,
        "collections_count": total.count,
        "system_fen": total.system_fen,
        "batch_fen": None if total.tender in HELD_TENDERS else batches.get(total.tender),
    }


_DAY, _OUTLETS = bindparam("day", type_=Date()), bindparam("outlets", expanding=True, type_=BigInteger())

_STILL_OPEN = and_(days.c.closed_at.is_(None), days.c.receipt_serial > 0)
_OLDEST_OPEN = Straight(
    select(func.min(days.c.business_on)).where(_STILL_OPEN, days.c.business_on < bindparam("until"))
)
_OPEN_ON = Straight(
    select(days.c.outlet_id)
    .where(_STILL_OPEN, days.c.business_on == _DAY)
    .order_by(days.c.outlet_id)
    .limit(bindparam("most", type_=BigInteger()))
    .with_for_update(skip_locked=True)
)
_UNITS = Straight(select(Outlet.id, Outlet.org_unit_id).where(Outlet.id.in_(_OUTLETS)))
_CLOSED = Straight(
    update(days).where(days.c.business_on == _DAY, days.c.outlet_id.in_(_OUTLETS)).values(closed_at=bindparam("at"))
)
_TOTALS = Straight(
    select(Collection.outlet_id, Collection.tender, func.count(), func.sum(Collection.amount_fen))
    .outerjoin(Void, Void.collection_id == Collection.id)
    .where(Collection.outlet_id.in_(_OUTLETS), Collection.business_on == _DAY, Void.id.is_(None))
    .group_by(Collection.outlet_id, Collection.tender)
    .order_by(Collection.outlet_id, Collection.tender)
)


def close_unattended(by: Actor, until: date, limit: int = 200) -> int:
    """Close the oldest days before ``until`` that no keeper closed, all of one date; return how many.

    Nothing was counted, so nothing is over or short; the page of the day says so.
    """
    connection = db.session.connection()
    ((day,),) = _OLDEST_OPEN.rows(connection, {"until": until})
    if day is None:
        return 0
    outlets = [outlet_id for (outlet_id,) in _OPEN_ON.rows(connection, {"day": day, "most": limit})]
    if not outlets:
        return 0
    units = dict(_UNITS.rows(connection, {"outlets": outlets}))
    held = balances_of(OUTLET, outlets, "CASH_HELD")
    ids = {outlet_id: new_id() for outlet_id in outlets}
    at = now()
    no_notes: dict[str, int] = {}  # one object, so that it is converted once
    insert_typed(
        connection,
        closes,
        [
            {
                "id": ids[outlet_id],
                "outlet_id": outlet_id,
                "org_unit_id": units[outlet_id],
                "business_on": day,
                "closed_at": at,
                "user_id": None,
                "cash_system_fen": held.get(outlet_id, 0),
                "cash_counted_fen": None,
                "counterfeit_fen": 0,
                "cash_difference_fen": 0,
                "notes": no_notes,
                "explanation": "",
                "difference_transfer_id": None,
                "counterfeit_transfer_id": None,
                "own_qr_fen": 0,
            }
            for outlet_id in outlets
        ],
    )
    insert_typed(connection, close_tenders, [
        _tender_row(ids[outlet_id], total, {}) for outlet_id, total in _totals_of(outlets, day)
    ])  # fmt: skip
    _CLOSED.execute(connection, {"day": day, "outlets": outlets, "at": at})
    write_audit(by, "days_closed_unattended", "business_day", day.isoformat(), after={"outlets": len(outlets)})
    return len(outlets)


def _totals_of(outlets: list[int], day: date) -> list[tuple[int, TenderTotal]]:
    rows = _TOTALS.rows(db.session.connection(), {"outlets": outlets, "day": day})
    return [(outlet_id, TenderTotal(tender, int(count), int(amount))) for outlet_id, tender, count, amount in rows]
