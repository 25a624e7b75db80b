"""The guarantee deposit a keeper leaves with the utility: received, and paid back.

Received: Dr BANK of the org unit, Cr DEPOSIT of the outlet; paid back the other way round, never more than is held.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import insert, select

from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict
from agentnet.holding.models import DepositMove
from agentnet.holding.rules import DepositKind, NewDeposit, require_deposit
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import balance_held, require_open
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey, NewTransfer
from agentnet.outlets.queries import outlet_for
from agentnet.settlement.slips import SlipUse, require_fresh_slip, take_slip
from agentnet.users.permissions import Permission

MOVED: Final = "deposit_move"
"""The kind of request a move is remembered as."""

TRANSFERS: Final = {DepositKind.RECEIVED: "DEPOSIT_RECEIVED", DepositKind.PAID_BACK: "DEPOSIT_PAID_BACK"}
ACTIONS: Final = {DepositKind.RECEIVED: "deposit_received", DepositKind.PAID_BACK: "deposit_paid_back"}


def record_deposit(new: NewDeposit, by: Actor) -> None:
    """Record a guarantee deposit that came in, or that goes back to the keeper.

    The same ``id`` with the same content is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``.
        Invalid: ``deposit_short``, ``amount_not_positive``, ``slip_missing``, ``paid_to_come``, ``paid_long_ago``,
            ``note_too_long``.
        Conflict: ``slip_used``, ``id_reused``, ``month_closed``.
    """
    outlet = outlet_for(by, new.outlet_code, Permission.DEPOSIT_EDIT, for_change=True)
    if earlier_result(new.id, MOVED, new.content()) is not None:
        return
    deposit = AccountKey(OUTLET, outlet.id, "DEPOSIT")
    held_fen = balance_held(deposit)
    require_deposit(new, held_fen, today())
    slip_no = new.slip_no.strip()
    require_unused(outlet.id, new.kind, slip_no)
    require_open(today())
    bank = AccountKey(ORG_UNIT, outlet.org_unit_id, "BANK")
    debit, credit = (bank, deposit) if new.kind is DepositKind.RECEIVED else (deposit, bank)
    transfer = NewTransfer(
        id=new.id,
        kind=TRANSFERS[new.kind],
        debit=debit,
        credit=credit,
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
            kind=new.kind,
            amount_fen=new.amount_fen,
            moved_on=new.moved_on,
            slip_no=slip_no,
            note=new.note.strip(),
            recorded_at=now(),
            user_id=by.user_id,
            transfer_id=transfer.id,
        )
    )
    if new.kind is DepositKind.RECEIVED:
        take_slip(outlet.id, slip_no, SlipUse.DEPOSIT, new.id)
    remember(new.id, MOVED, by, new.content(), slip_no)
    change = new.amount_fen if new.kind is DepositKind.RECEIVED else -new.amount_fen
    after = {"deposit_fen": held_fen + change, "amount_fen": new.amount_fen, "slip_no": slip_no}
    write_audit(by, ACTIONS[new.kind], "outlet", outlet.code, {"deposit_fen": held_fen}, after)


def require_unused(outlet_id: int, kind: DepositKind, slip_no: str) -> None:
    """Refuse a slip that was used for the same outlet before: money came in with it, or went back with it.

    Raises:
        Conflict: ``slip_used``.
    """
    if kind is DepositKind.RECEIVED:
        require_fresh_slip(outlet_id, slip_no)
        return
    used = select(DepositMove.id).where(
        DepositMove.outlet_id == outlet_id, DepositMove.kind == kind, DepositMove.slip_no == slip_no.strip()
    )
    if db.session.scalar(used) is not None:
        raise Conflict("slip_used", "这张交款单已经报过了，请核对单号", field="slip_no")
