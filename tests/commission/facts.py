"""Collections, voids and whole months for the tests of commission and closing, straight into the tables."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from sqlalchemy import func, insert, select

from agentnet.collecting.models import Collection, Void
from agentnet.core.clock import now, shanghai_instant
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch
from agentnet.ledger.actions import post_many
from agentnet.ledger.rules import HOUSEHOLD, OUTLET, AccountKey, NewTransfer
from agentnet.outlets.models import Outlet

OCTOBER_5 = date(2026, 10, 5)
POSTAL_STATION, SERVICE_POINT, NEWSSTAND = "WL0001", "WL0002", "JX0001"
PAID = AccountKey(OUTLET, 1, "RECEIVED")


def collected(
    code: str, *amounts_fen: int, tender: str = "CASH", on: date = OCTOBER_5, household_id: int = 1
) -> list[uuid.UUID]:
    """Post collections at an outlet on a day and return their ids."""
    with batch():
        return put_collections(code, amounts_fen, tender, on, household_id)


def put_collections(
    code: str, amounts_fen: tuple[int, ...], tender: str = "CASH", on: date = OCTOBER_5, household_id: int = 1
) -> list[uuid.UUID]:
    """Insert collections in the open transaction."""
    outlet = db.session.scalars(select(Outlet).where(Outlet.code == code)).one()
    so_far = db.session.scalar(select(func.count()).select_from(Collection)) or 0
    transfers = [_transfer(outlet.id, amount, on) for amount in amounts_fen]
    post_many(SYSTEM, transfers)
    rows = [
        {
            "id": new_id(),
            "receipt_no": f"{code}-{on:%y%m%d}-{number:06d}",
            "outlet_id": outlet.id,
            "household_id": household_id,
            "channel": "AGENT_OUTLET",
            "tender": tender,
            "amount_fen": transfer.amount_fen,
            "business_on": on,
            "collected_at": shanghai_instant(on, 9) + timedelta(seconds=number),
            "posted_at": shanghai_instant(on, 9),
            "user_id": 1,
            "org_unit_id": outlet.org_unit_id,
            "setting": outlet.setting,
            "transfer_id": transfer.id,
        }
        for number, transfer in enumerate(transfers, so_far + 1)
    ]
    db.session.connection().execute(insert(Collection), rows)
    return [row["id"] for row in rows]


def voided(collection_id: uuid.UUID) -> None:
    """Void a collection."""
    with batch():
        collection = db.session.get_one(Collection, collection_id)
        transfer = _transfer(collection.outlet_id, collection.amount_fen, collection.business_on, back=True)
        post_many(SYSTEM, [transfer])
        db.session.execute(
            insert(Void).values(
                collection_id=collection_id,
                id=new_id(),
                transfer_id=transfer.id,
                reason="输错金额",
                user_id=1,
                voided_at=now(),
            )
        )


def _transfer(outlet_id: int, amount_fen: int, on: date, back: bool = False) -> NewTransfer:
    debit, credit = (
        AccountKey(OUTLET, outlet_id, "NONCASH_CLEARING", "ALIPAY"),
        AccountKey(OUTLET, outlet_id, "RECEIVED"),
    )
    if back:
        debit, credit = credit, debit
    return NewTransfer(new_id(), "COLLECTION", debit, credit, amount_fen, on, "collection", HOUSEHOLD)
