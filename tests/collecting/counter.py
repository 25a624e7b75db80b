"""Short ways to collect in tests."""

from __future__ import annotations

from sqlalchemy import func, select

from agentnet.collecting.actions import NewCollection, record_collections
from agentnet.core.clock import now
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.queries import balance
from agentnet.ledger.rules import AccountKey
from tests import world

CASH_HELD = AccountKey("OUTLET", 1, "CASH_HELD")
RECEIVED = AccountKey("OUTLET", 1, "RECEIVED")


def item(amount_fen=538, household_no=world.GANG, **changes):
    """Return a cash collection at WL0001."""
    values = {
        "id": new_id(),
        "outlet_code": "WL0001",
        "household_no": household_no,
        "tender": "CASH",
        "amount_fen": amount_fen,
        "collected_at": now(),
    }
    return NewCollection(**(values | changes))


def record(*items, by="alice"):
    """Record items as one of the cast, in a transaction of its own."""
    with batch():
        return record_collections(items, world.actor(by) if isinstance(by, str) else by)


def refusal_of(*items, by="alice"):
    """Return the code of the only item's refusal."""
    (verdict,) = record(*items, by=by)
    return verdict.refusal.code if verdict.refusal else verdict.status


def balance_of(key):
    with reading():
        return balance(key)


def count(model):
    with reading():
        return db.session.scalar(select(func.count()).select_from(model))
