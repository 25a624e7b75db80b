"""What the second person should look at in a batch: accounts that are new or changed, and adjustments of one's own."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, exists, func, select

from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.payout.models import PayoutBatch, PayoutPart, PayoutPayment
from agentnet.commission.payout.queries import payments_of
from agentnet.commission.payout.rules import PaymentState
from agentnet.core.money import Fen
from agentnet.infra.db import db


@dataclass(frozen=True, slots=True)
class Accounts:
    """Payments to an account no payment was confirmed on: of payees never paid before, and of those who changed it."""

    new: int
    changed: int
    net_fen: Fen


def unproved_accounts(batch: PayoutBatch) -> Accounts:
    """Return how many of a batch's payments go to an account that is not the payee's last confirmed one."""
    before = (
        select(PayoutPayment.payee_id, func.max(PayoutBatch.paid_at).label("paid_at"))
        .join(PayoutBatch, PayoutBatch.id == PayoutPayment.batch_id)
        .where(
            PayoutPayment.state == PaymentState.CONFIRMED,
            PayoutBatch.paid_at < batch.drawn_at,
            PayoutPayment.payee_id.in_(select(PayoutPayment.payee_id).where(PayoutPayment.batch_id == batch.id)),
        )
        .group_by(PayoutPayment.payee_id)
        .subquery()
    )
    rows = db.session.execute(
        select(PayoutPayment.payee_id, PayoutPayment.holder, PayoutPayment.account_number, PayoutPayment.bank_no)
        .join(PayoutBatch, PayoutBatch.id == PayoutPayment.batch_id)
        .join(before, and_(before.c.payee_id == PayoutPayment.payee_id, before.c.paid_at == PayoutBatch.paid_at))
        .where(PayoutPayment.state == PaymentState.CONFIRMED)
    )
    known = {payee_id: tuple(account) for payee_id, *account in rows}
    new = changed = net_fen = 0
    for one in payments_of(batch.id):
        account = known.get(one.payee_id)
        if account == (one.holder, one.account_number, one.bank_no):
            continue
        new, changed, net_fen = new + (account is None), changed + (account is not None), net_fen + one.net_fen
    return Accounts(new, changed, net_fen)


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Adjustments paid in a batch that who drew it up or checked it has entered: more paid, and taken back."""

    count: int
    more_fen: Fen
    less_fen: Fen


def own_adjustments(batch: PayoutBatch) -> Adjustments:
    """Return what of a batch's months comes from adjustments that its own drawer or checker entered."""
    paid = exists().where(
        PayoutPart.batch_id == batch.id,
        PayoutPart.payment_id.is_not(None),
        PayoutPart.outlet_id == CommissionAdjustment.outlet_id,
        PayoutPart.month == CommissionAdjustment.month,
    )
    people = [id_ for id_ in (batch.drawn_by_id, batch.checked_by_id) if id_ is not None]
    amounts = db.session.scalars(
        select(CommissionAdjustment.amount_fen).where(CommissionAdjustment.user_id.in_(people), paid)
    ).all()
    return Adjustments(len(amounts), sum(one for one in amounts if one > 0), sum(-one for one in amounts if one < 0))
