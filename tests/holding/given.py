"""Short ways to top up, to leave a deposit and to set limits in tests."""

from __future__ import annotations

from sqlalchemy import update

from agentnet.core.clock import today
from agentnet.core.ids import new_id
from agentnet.holding.deposit_actions import receive_deposit
from agentnet.holding.pay_back_actions import request_pay_back
from agentnet.holding.rules import NewDeposit, NewPayBack, NewTopUp, PayBackOf
from agentnet.holding.top_up_actions import confirm_top_up, declare_top_up, reject_top_up
from agentnet.infra.transaction import batch
from agentnet.ledger.rules import AccountKey
from agentnet.outlets.models import Agreement, Limit
from tests import world
from tests.approvals.given import say_yes

FLOAT = AccountKey("OUTLET", 1, "FLOAT")
DEPOSIT = AccountKey("OUTLET", 1, "DEPOSIT")


def agree(outlet_id=1, **values):
    """Change an outlet's agreement as if it had been signed so."""
    with batch() as session:
        session.execute(update(Agreement).where(Agreement.outlet_id == outlet_id).values(values))


def limit(**values):
    """Lay down limits that have held for long, without the rules about who may set them."""
    row = {"starts_on": world.LONG_AGO, "ends_on": None, "reason": "年度核定", "set_at": world.REGISTERED}
    row |= {"user_id": None, "approved_by_id": None}
    with batch() as session:
        session.add(Limit(**(row | values)))


def new_top_up(amount_fen, **changes):
    """Return a top-up of WL0001, paid in today."""
    values = {"id": new_id(), "outlet_code": "WL0001", "slip_no": "CZ-0001", "paid_on": today()}
    return NewTopUp(**(values | {"amount_fen": amount_fen} | changes))


def declare(new, by="alice"):
    """Declare a top-up as one of the cast."""
    with batch():
        declare_top_up(new, world.actor(by))
    return new


def confirm(top_up_id, by="fang", request_id=None):
    """Confirm a top-up as one of the cast."""
    with batch():
        confirm_top_up(top_up_id, request_id or new_id(), world.actor(by))


def reject(top_up_id, note="银行没有收到", by="fang", request_id=None):
    """Reject a top-up as one of the cast."""
    with batch():
        reject_top_up(top_up_id, request_id or new_id(), note, world.actor(by))


def top_up(amount_fen, by="alice", **changes):
    """Put money into the float of a prepaid WL0001."""
    new = declare(new_top_up(amount_fen, **changes), by=by)
    confirm(new.id)
    return new


def prepaid_for_a_moment():
    """Declare a top-up of WL0001 while it prepays, and let it go back to collecting first; return the top-up."""
    agree(holding_mode="PREPAID")
    new = declare(new_top_up(1000_00))
    agree(holding_mode="POSTPAID")
    return new


def new_deposit(amount_fen, **changes):
    """Return a guarantee deposit of WL0001, banked today."""
    values = {"id": new_id(), "outlet_code": "WL0001", "moved_on": today(), "slip_no": "BZ-0001"}
    return NewDeposit(**(values | {"amount_fen": amount_fen} | changes))


def deposit(new, by="fang"):
    """Record a deposit as one of the cast."""
    with batch():
        receive_deposit(new, world.actor(by))
    return new


def new_pay_back(amount_fen, of=PayBackOf.DEPOSIT, **changes):
    """Return what is to go back to WL0001, paid by the bank today."""
    values = {"id": new_id(), "outlet_code": "WL0001", "of": of, "moved_on": today(), "slip_no": "TH-0001"}
    return NewPayBack(**(values | {"amount_fen": amount_fen, "reason": "网点停业"} | changes))


def ask_back(new, by="fang"):
    """Ask for money to go back as one of the cast."""
    with batch():
        request_pay_back(new, world.actor(by))
    return new


def pay_back(amount_fen, of=PayBackOf.DEPOSIT, **changes):
    """Let one of finance ask for it and another approve it; ``more_finance`` has to be there."""
    new = ask_back(new_pay_back(amount_fen, of, **changes))
    say_yes(new.id, by="grace")
    return new
