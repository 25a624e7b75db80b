"""What is done with collections: recorded (``posting``), voided or reversed on their own day; and a name revealed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import LABEL_STYLE_TABLENAME_PLUS_COL, ColumnElement, insert, select, true

from agentnet.collecting.day_room import give_back_amount
from agentnet.collecting.lookups import (
    collections,
    days,
    voids,
)
from agentnet.collecting.models import Household
from agentnet.collecting.posting import Verdict, record_collections
from agentnet.collecting.queries import household_for
from agentnet.collecting.rules import (
    NewCollection,
    require_reveal_reason,
    require_reversal_code,
    require_void_reason,
    require_voidable,
)
from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict, Missing
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import account_key, require_open, transfers
from agentnet.ledger.rules import NewTransfer
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.permissions import Permission, require

__all__ = [
    "NewCollection",
    "Verdict",
    "record_collections",
    "reveal_household",
    "reverse_collection",
    "void_collection",
]


def void_collection(collection_id: UUID, void_id: UUID, reason: str, by: Actor) -> None:
    """Cancel a collection at its own outlet on its own business day, with a reversing transfer.

    The same ``void_id`` again with the same reason is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``collection_missing``.
        Invalid: ``void_too_late``, ``void_reason_missing``.
        Conflict: ``already_voided``, ``id_reused``, ``month_closed``.
    """
    require(by, Permission.COLLECTION_VOID)
    reason = reason.strip()
    row = _held(collection_id, visible_outlets(by, Permission.COLLECTION_VOID))
    content = {"collection_id": collection_id, "reason": reason}
    if earlier_result(void_id, "void", content) is not None:
        return
    _undo(row, void_id, reason, None, by)
    remember(void_id, "void", by, content, row.collections_receipt_no)


def reverse_collection(collection_id: UUID, reversal_id: UUID, reason_code: str, note: str, by: Actor) -> None:
    """Undo a collection after a technical failure, on its own business day and before it is closed or remitted.

    No person stands at a counter: the system does it, or finance for an entry the other side does not know.
    The same ``reversal_id`` again with the same content is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``collection_missing``.
        Invalid: ``void_too_late``, ``void_reason_missing``, ``reversal_code``.
        Conflict: ``already_voided``, ``id_reused``, ``month_closed``.
    """
    territory: ColumnElement[bool] = true()
    if by != SYSTEM:
        require(by, Permission.COLLECTION_REVERSE)
        territory = visible_outlets(by, Permission.COLLECTION_REVERSE)
    note = note.strip()
    row = _held(collection_id, territory)
    content = {"collection_id": collection_id, "reason_code": reason_code, "note": note}
    if earlier_result(reversal_id, "reversal", content) is not None:
        return
    require_reversal_code(reason_code)
    _undo(row, reversal_id, note, reason_code, by)
    remember(reversal_id, "reversal", by, content, row.collections_receipt_no)


def _held(collection_id: UUID, territory: ColumnElement[bool]) -> Any:
    """Return a collection with its day and transfer, its day held: the night or another void waits, then sees this one.

    Raises:
        Missing: ``collection_missing``.
    """
    row = (
        db.session.connection()
        .execute(
            select(collections, days.c.closed_at, days.c.remitted_at, days.c.allocated_at, transfers)
            .join(Outlet, Outlet.id == collections.c.outlet_id)
            .join(transfers, transfers.c.id == collections.c.transfer_id)
            .join(days, (days.c.outlet_id == Outlet.id) & (days.c.business_on == collections.c.business_on))
            .where(collections.c.id == collection_id, territory)
            .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
            .with_for_update(of=days)
        )
        .one_or_none()
    )
    if row is None:
        raise Missing("collection_missing", "没有找到这笔收费，或它不在您的网点")
    return row


def _undo(row: Any, void_id: UUID, reason: str, reason_code: str | None, by: Actor) -> None:
    connection = db.session.connection()
    collection_id = row.collections_id
    if connection.scalar(select(voids.c.id).where(voids.c.collection_id == collection_id)) is not None:
        raise Conflict("already_voided", "这笔收费已经撤销过了")
    business_on = row.collections_business_on
    locked = row.business_days_closed_at or row.business_days_remitted_at or row.business_days_allocated_at
    require_voidable(business_on, today(), locked is not None)
    require_void_reason(reason)
    require_open(business_on)
    transfer = NewTransfer(
        id=void_id,
        kind="VOID" if reason_code is None else "REVERSAL",
        debit=account_key(row.transfers_credit_account_id),
        credit=account_key(row.transfers_debit_account_id),
        amount_fen=row.collections_amount_fen,
        business_on=business_on,
        subject_kind="COLLECTION",
        subject_id=str(collection_id),
        reverses_id=row.collections_transfer_id,
    )
    give_back_amount(connection, row.collections_outlet_id, business_on, row.collections_amount_fen)
    post_many(by, [transfer])
    connection.execute(
        insert(voids).values(
            id=void_id,
            collection_id=collection_id,
            transfer_id=void_id,
            reason=reason,
            user_id=by.user_id,
            voided_at=now(),
            reason_code=reason_code,
        )
    )
    after = {"receipt_no": row.collections_receipt_no, "amount_fen": row.collections_amount_fen, "reason": reason}
    if reason_code is None:
        write_audit(by, "collection_voided", "collection", collection_id, {"state": "STANDS"}, after)
    else:
        after["reason_code"] = reason_code
        write_audit(by, "collection_reversed", "collection", collection_id, {"state": "STANDS"}, after)


def reveal_household(number: str, reason: str, by: Actor) -> Household:
    """Return a household with its full name and address, and write down who asked and why (PIPL 51).

    Raises:
        Forbidden: ``not_permitted``. Missing: ``household_missing``. Invalid: ``reveal_reason_missing``.
    """
    household = household_for(by, number, Permission.HOUSEHOLD_REVEAL)
    reason = reason.strip()
    require_reveal_reason(reason)
    write_audit(by, "household_revealed", "household", household.household_no, after={"reason": reason})
    return household
