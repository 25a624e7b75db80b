"""A collection of yesterday, sorted by the night, and short ways to ask for, approve and pay out corrections.

Mei owes 100.00 + 2.00 late of September and 203.50 of October; Gang owes 5.38; so the examples below start from
what the cast owes and are worked out by hand.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import insert

from agentnet.collecting.lookups import bills_due
from agentnet.collecting.models import Bill
from agentnet.collecting.nightly import allocate_oldest_day, spend_advances
from agentnet.collecting.queries import household_by_no
from agentnet.core.clock import frozen_at, today
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.queries import wrong_balances
from agentnet.ledger.rules import HOUSEHOLD, ORG_UNIT, AccountKey
from agentnet.settlement.corrections.actions import pay_refund
from agentnet.settlement.corrections.requests import request_adjustment, request_move, request_refund
from agentnet.settlement.corrections.rules import NewAdjustment, NewMove, NewRefund
from tests import world
from tests.approvals.given import say_yes
from tests.collecting.counter import balance_of, item, record

MEI_ADVANCE, GANG_ADVANCE = AccountKey(HOUSEHOLD, 1, "ADVANCE"), AccountKey(HOUSEHOLD, 2, "ADVANCE")
MEI_OWED, GANG_OWED = AccountKey(HOUSEHOLD, 1, "REFUND_PAYABLE"), AccountKey(HOUSEHOLD, 2, "REFUND_PAYABLE")
BILLING = AccountKey(ORG_UNIT, world.TAIPING.id, "BILLING_CLEARING")
SUSPENSE = AccountKey(ORG_UNIT, world.TAIPING.id, "SUSPENSE")
BANK = AccountKey(ORG_UNIT, world.TAIPING.id, "BANK")
TOMORROW = world.NOW + timedelta(days=1)


def collected(amount_fen=538, household_no=world.GANG, **changes):
    """Collect at WL0001 on the day of the cast; return id and receipt number."""
    one = item(amount_fen, household_no, **changes)
    (verdict,) = record(one)
    assert verdict.receipt_no, verdict
    return one.id, verdict.receipt_no


def night():
    """Let the night sort what was received before today."""
    while True:
        with batch():
            if not allocate_oldest_day(SYSTEM, today()):
                return


def of_yesterday(amount_fen=538, household_no=world.GANG, **changes):
    """Collect at WL0001 on the day before, and let the night sort it; return id and receipt number."""
    with frozen_at(world.NOW - timedelta(days=1)):
        taken = collected(amount_fen, household_no, **changes)
    night()
    return taken


def spend():
    """Let advances pay what is due."""
    with batch():
        return spend_advances(SYSTEM)


@contextmanager
def next_day():
    """Be on the day after, with the night's work done."""
    with frozen_at(TOMORROW):
        night()
        yield


def bill_gang(amount_fen, month="2026-11"):
    """Deliver a further bill to Gang."""
    with batch() as session:
        bill = {"household_id": 2, "bill_month": month, "principal_fen": amount_fen, "late_charge_fen": 0}
        session.execute(insert(Bill).values(due_on=world.TODAY, version=1, delivered_at=world.NOW, **bill))


def ask_refund(receipt_no, amount_fen, by="alice", pay_by="CASH", reason="多收了", id_=None):
    new = NewRefund(id_ or new_id(), receipt_no, amount_fen, pay_by, reason)
    with batch():
        request_refund(new, world.actor(by))
    return new


def ask_move(receipt_no, household_no=world.MEI, by="alice", reason="户号输错", id_=None):
    new = NewMove(id_ or new_id(), receipt_no, household_no, reason)
    with batch():
        request_move(new, world.actor(by))
    return new


def ask_adjustment(adjustment, amount_fen, by="fang", outlet="WL0001", reason="盘点短款核销", id_=None):
    new = NewAdjustment(id_ or new_id(), outlet, adjustment, amount_fen, reason)
    with batch():
        request_adjustment(new, world.actor(by))
    return new


def refunded(receipt_no, amount_fen, **changes):
    """Ask for a refund and have it approved by finance."""
    new = ask_refund(receipt_no, amount_fen, **changes)
    say_yes(new.id, by="fang")
    return new


def moved(receipt_no, household_no=world.MEI, **changes):
    """Ask for a move and have it approved by the supervisor."""
    new = ask_move(receipt_no, household_no, **changes)
    say_yes(new.id, by="carol")
    return new


def pay(correction_id, reference=None, by="alice", id_=None):
    with batch():
        pay_refund(correction_id, id_ or new_id(), reference, world.actor(by))


def due_of(household_no):
    """Return what a household owes: month, principal, late charge, oldest first."""
    with reading():
        id_ = household_by_no(household_no).id
        due = bills_due(db.session.connection(), [id_]).get(id_, [])
        return [(bill.bill_month, bill.principal_fen, bill.late_charge_fen) for bill in due]


def balances(*keys):
    """Return balances, and prove every guarded one by its transfers."""
    with reading():
        assert wrong_balances() == []
    return tuple(balance_of(key) for key in keys)
