"""Paying float or a guarantee deposit back to the keeper's bank account: one of finance asks, another approves.

Dr FLOAT (DEPOSIT) of the outlet, Cr BANK of its org unit, never more than is held. Asked for, nothing moves.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import insert, select

from agentnet.approvals.actions import asked_before, request_approval
from agentnet.approvals.models import Approval
from agentnet.approvals.rules import NewApproval
from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict
from agentnet.holding.models import DepositMove, FloatPayBack
from agentnet.holding.rules import PAY_BACK_KINDS, DepositKind, NewPayBack, PayBackOf, pay_back_from, require_pay_back
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import balance, balance_held, require_open
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey, NewTransfer
from agentnet.outlets.queries import outlet_for
from agentnet.users.permissions import Permission

TRANSFERS: Final = {PayBackOf.DEPOSIT: "DEPOSIT_PAID_BACK", PayBackOf.FLOAT: "FLOAT_PAID_BACK"}
ACTIONS: Final = {PayBackOf.DEPOSIT: "deposit_paid_back", PayBackOf.FLOAT: "float_paid_back"}


def request_pay_back(new: NewPayBack, by: Actor) -> None:
    """Ask a second person of finance to approve that money goes back; sent again, it is answered the same.

    A closed outlet's money may go back too: it must not stay with the utility.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``.
        Invalid: ``deposit_short``, ``float_short``, ``amount_not_positive``, ``slip_missing``, ``paid_to_come``,
            ``paid_long_ago``, ``reason_missing``.
        Conflict: ``slip_used``, ``approval_pending``, ``id_reused``.
    """
    outlet = outlet_for(by, new.outlet_code, Permission.DEPOSIT_EDIT)
    kind, subject_id = PAY_BACK_KINDS[new.of], str(outlet.id)
    if asked_before(new.id, kind, subject_id, new.sent(), new.reason):
        return
    judge_pay_back(new, outlet.id)
    request_approval(
        NewApproval(
            id=new.id,
            kind=kind,
            subject_kind="OUTLET",
            subject_id=subject_id,
            subject_label=outlet.code,
            org_unit_id=outlet.org_unit_id,
            content={"outlet_id": outlet.id, "org_unit_id": outlet.org_unit_id, **new.sent()},
            amount_fen=new.amount_fen,
            reason=new.reason,
        ),
        by,
    )


def judge_pay_back(new: NewPayBack, outlet_id: int) -> None:
    """Refuse a pay-back before it is shown once more, as asking for it would.

    Raises:
        Invalid, Conflict: as ``request_pay_back``.
    """
    require_pay_back(new, balance(AccountKey(OUTLET, outlet_id, new.of)), today())
    _require_unused(outlet_id, new.slip_no.strip())


def _require_unused(outlet_id: int, slip_no: str) -> None:
    """Refuse a slip with which money went back to the outlet before.

    Raises:
        Conflict: ``slip_used``.
    """
    float_back = select(FloatPayBack.id).where(FloatPayBack.outlet_id == outlet_id, FloatPayBack.slip_no == slip_no)
    deposit_back = select(DepositMove.id).where(
        DepositMove.outlet_id == outlet_id, DepositMove.slip_no == slip_no, DepositMove.kind == DepositKind.PAID_BACK
    )
    if db.session.scalar(float_back) is not None or db.session.scalar(deposit_back) is not None:
        raise Conflict("slip_used", "这张交款单已经报过了，请核对单号", field="slip_no")


def carry_out_pay_back(approval: Approval, by: Actor) -> None:
    """Book what a second person has approved.

    Raises:
        Invalid: as ``request_pay_back``. Conflict: ``slip_used``, ``month_closed``.
    """
    content: dict[str, Any] = approval.content
    outlet_id, org_unit_id = content["outlet_id"], content["org_unit_id"]
    new = pay_back_from(approval.id, approval.subject_label, content, approval.reason)
    account = AccountKey(OUTLET, outlet_id, new.of)
    held_fen = balance_held(account)
    require_pay_back(new, held_fen, today())
    _require_unused(outlet_id, new.slip_no)
    require_open(today())
    transfer = NewTransfer(
        id=new.id,
        kind=TRANSFERS[new.of],
        debit=account,
        credit=AccountKey(ORG_UNIT, org_unit_id, "BANK"),
        amount_fen=new.amount_fen,
        business_on=today(),
        subject_kind=new.of,
        subject_id=str(new.id),
    )
    post_many(by, [transfer])
    row = {
        "id": new.id,
        "outlet_id": outlet_id,
        "org_unit_id": org_unit_id,
        "amount_fen": new.amount_fen,
        "moved_on": new.moved_on,
        "slip_no": new.slip_no,
        "note": new.reason,
        "recorded_at": now(),
        "user_id": approval.requested_by_id,
        "approved_by_id": by.user_id,
        "transfer_id": transfer.id,
    }
    if new.of is PayBackOf.DEPOSIT:
        db.session.execute(insert(DepositMove).values(kind=DepositKind.PAID_BACK, **row))
    else:
        db.session.execute(insert(FloatPayBack).values(**row))
    before = {f"{new.of.lower()}_fen": held_fen}
    after = {f"{new.of.lower()}_fen": held_fen - new.amount_fen, "amount_fen": new.amount_fen, "slip_no": new.slip_no}
    write_audit(by, ACTIONS[new.of], "outlet", approval.subject_label, before, after)
