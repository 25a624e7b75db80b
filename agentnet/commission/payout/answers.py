"""What the bank says of paid payments: they reached their payee, or came back and go into the next batch."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from agentnet.commission.payout.actions import RETURNED, SUBJECT, TAX_BACK, batch_label, release
from agentnet.commission.payout.models import PayoutLeg, PayoutPart, PayoutPayment
from agentnet.commission.payout.queries import batch_held, payments_of, require_office
from agentnet.commission.payout.rules import PaymentState, require_end, require_reason
from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.core.ids import new_id
from agentnet.divisions.queries import company
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import require_open
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey, NewTransfer


def confirm(batch_id: UUID, payment_ids: Sequence[UUID] | None, request_id: UUID, by: Actor) -> int:
    """Note that the bank carried payments out (None: all of the batch that wait); return how many.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``batch_missing``, ``payment_missing``.
        Conflict: ``payment_answered``, ``id_reused``.
    """
    require_office(by)
    asked = {"batch_id": batch_id, "payments": None if payment_ids is None else sorted(map(str, payment_ids))}
    batch = batch_held(batch_id)
    known = earlier_result(request_id, "payout_confirm", asked)
    if known is not None:
        return int(known)
    found = [one for one in payments_of(batch.id) if payment_ids is None or one.id in payment_ids]
    if payment_ids is None:
        found = [one for one in found if one.state == PaymentState.SENT]
    if not found:
        raise Missing("payment_missing", "没有等待银行结果的付款")
    for one in found:
        require_end(one.state, PaymentState.CONFIRMED)
        one.state, one.answered_on, one.answered_by_id = PaymentState.CONFIRMED, today(), by.user_id
    db.session.flush()
    remember(request_id, "payout_confirm", by, asked, len(found))
    after = {"payments": len(found), "net_fen": sum(one.net_fen for one in found)}
    write_audit(by, "payout_confirmed", "payout", batch_label(batch), after=after)
    return len(found)


def send_back(payment_id: UUID, request_id: UUID, reason: str, by: Actor) -> None:
    """Note that the bank returned a payment: the book goes back, and the next batch takes it in again.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``payment_missing``. Invalid: ``reason_missing``.
        Conflict: ``payment_answered``, ``month_closed``, ``id_reused``.
    """
    require_office(by)
    asked = {"payment_id": payment_id, "reason": reason.strip()}
    batch_id = db.session.scalar(select(PayoutPayment.batch_id).where(PayoutPayment.id == payment_id))
    if batch_id is None:
        raise Missing("payment_missing", "没有找到这笔付款")
    batch = batch_held(batch_id)
    if earlier_result(request_id, "payout_return", asked) is not None:
        return
    statement = select(PayoutPayment).where(PayoutPayment.id == payment_id)
    payment = db.session.scalars(statement.execution_options(populate_existing=True)).one()
    require_reason(reason)
    require_end(payment.state, PaymentState.RETURNED)
    require_open(today())
    _post_back(payment, by)
    payment.returned_reason = reason.strip()
    payment.state, payment.answered_on, payment.answered_by_id = PaymentState.RETURNED, today(), by.user_id
    db.session.flush()
    release(PayoutPart.payment_id == payment.id)
    remember(request_id, "payout_return", by, asked, payment.id)
    after = {"payment": payment.number, "net_fen": payment.net_fen, "reason": reason.strip()}
    write_audit(by, "payout_returned", "payout", batch_label(batch), after=after)


def _post_back(payment: PayoutPayment, by: Actor) -> None:
    root = company()
    assert root is not None
    bank, tax_account = AccountKey(ORG_UNIT, root.id, "BANK"), AccountKey(ORG_UNIT, root.id, "WITHHOLDING")
    moves = []
    for leg in db.session.scalars(
        select(PayoutLeg).where(PayoutLeg.payment_id == payment.id).order_by(PayoutLeg.outlet_id)
    ):
        payable = AccountKey(OUTLET, leg.outlet_id, "COMMISSION_PAYABLE")
        for kind, debit, amount, reverses in (
            (RETURNED, bank, leg.amount_fen - leg.tax_fen, leg.transfer_id),
            (TAX_BACK, tax_account, leg.tax_fen, leg.tax_transfer_id),
        ):
            if reverses is not None:
                moves.append(
                    NewTransfer(
                        new_id(),
                        kind,
                        debit,
                        payable,
                        amount,
                        today(),
                        SUBJECT,
                        str(payment.batch_id),
                        reverses_id=reverses,
                    )
                )
    post_many(by, moves)
