"""The guarantee deposit a keeper leaves with the utility, received: Dr BANK of the org unit, Cr DEPOSIT of the outlet.

Paid back it is by two people (``pay_back_actions``).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import insert

from agentnet.core.clock import now, today
from agentnet.holding.models import DepositMove
from agentnet.holding.rules import DepositKind, NewDeposit, require_deposit
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import balance_held, require_open
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey, NewTransfer
from agentnet.outlets.actions.outlet import require_not_closed
from agentnet.outlets.queries import outlet_for
from agentnet.settlement.slips import SlipUse, require_fresh_slip, take_slip
from agentnet.users.permissions import Permission

MOVED: Final = "deposit_move"
"""The kind of request a deposit is remembered as."""


def receive_deposit(new: NewDeposit, by: Actor) -> None:
    """Record a guarantee deposit that came in. The same ``id`` with the same content is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``.
        Invalid: ``amount_not_positive``, ``slip_missing``, ``paid_to_come``, ``paid_long_ago``, ``note_too_long``,
            ``outlet_closed``.
        Conflict: ``slip_used``, ``id_reused``, ``month_closed``.
    """
    outlet = outlet_for(by, new.outlet_code, Permission.DEPOSIT_EDIT, for_change=True)
    if earlier_result(new.id, MOVED, new.content()) is not None:
        return
    require_not_closed(outlet)
    deposit = AccountKey(OUTLET, outlet.id, "DEPOSIT")
    held_fen = balance_held(deposit)
    require_deposit(new, today())
    slip_no = new.slip_no.strip()
    require_fresh_slip(outlet.id, slip_no)
    require_open(today())
    transfer = NewTransfer(
        id=new.id,
        kind="DEPOSIT_RECEIVED",
        debit=AccountKey(ORG_UNIT, outlet.org_unit_id, "BANK"),
        credit=deposit,
        amount_fen=new.amount_fen,
        business_on=today(),
        subject_kind="DEPOSIT",
        subject_id=str(new.id),
    )
    post_many(by, [transfer])
    db.session.execute(
        insert(DepositMove).values(
            id=new.id,
            outlet_id=outlet.id,
            org_unit_id=outlet.org_unit_id,
            kind=DepositKind.RECEIVED,
            amount_fen=new.amount_fen,
            moved_on=new.moved_on,
            slip_no=slip_no,
            note=new.note.strip(),
            recorded_at=now(),
            user_id=by.user_id,
            transfer_id=transfer.id,
        )
    )
    take_slip(outlet.id, slip_no, SlipUse.DEPOSIT, new.id)
    remember(new.id, MOVED, by, new.content(), slip_no)
    after = {"deposit_fen": held_fen + new.amount_fen, "amount_fen": new.amount_fen, "slip_no": slip_no}
    write_audit(by, "deposit_received", "outlet", outlet.code, {"deposit_fen": held_fen}, after)
