"""Short ways to close days and remit in tests."""

from __future__ import annotations

from agentnet.core.clock import today
from agentnet.core.ids import new_id
from agentnet.infra.transaction import batch
from agentnet.ledger.rules import AccountKey
from agentnet.settlement.day_actions import close_day
from agentnet.settlement.remittance_actions import confirm_remittance, declare_remittance, reject_remittance
from agentnet.settlement.rules import Count, NewClose, NewRemittance
from tests import world
from tests.collecting.counter import CASH_HELD, balance_of

OVER_SHORT = AccountKey("OUTLET", 1, "OVER_SHORT")
SUSPECTED = AccountKey("OUTLET", 1, "OVER_SHORT", "COUNTERFEIT")
IN_TRANSIT = AccountKey("OUTLET", 1, "IN_TRANSIT")
BANK = AccountKey("ORG_UNIT", world.TAIPING.id, "BANK")


def new_close(count=None, **changes):
    """Return a close of WL0001's day of today in which everything ties unless said otherwise."""
    held = balance_of(CASH_HELD)
    values = {
        "id": new_id(),
        "outlet_code": "WL0001",
        "business_on": today(),
        "count": Count(other_fen=held) if count is None else count,
        "batches": {},
        "system_seen_fen": held,
    }
    return NewClose(**(values | changes))


def close(new=None, by="alice", **changes):
    """Close a day as one of the cast."""
    new = new or new_close(**changes)
    with batch():
        close_day(new, world.actor(by))
    return new


def new_remittance(amount_fen, **changes):
    """Return a deposit of WL0001, banked today."""
    values = {
        "id": new_id(),
        "outlet_code": "WL0001",
        "slip_no": "JK-0001",
        "amount_fen": amount_fen,
        "deposited_on": today(),
    }
    return NewRemittance(**(values | changes))


def declare(new, by="alice"):
    """Declare a deposit as one of the cast."""
    with batch():
        declare_remittance(new, world.actor(by))
    return new


def confirm(remittance_id, confirmed_fen, note="", by="fang", request_id=None):
    """Confirm a deposit as one of the cast."""
    with batch():
        confirm_remittance(remittance_id, request_id or new_id(), confirmed_fen, note, world.actor(by))


def reject(remittance_id, note="银行没有收到", by="fang", request_id=None):
    """Reject a deposit as one of the cast."""
    with batch():
        reject_remittance(remittance_id, request_id or new_id(), note, world.actor(by))
