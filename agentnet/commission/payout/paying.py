"""Paying an approved batch: what was approved goes out and is moved in the book, all of it, once."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from sqlalchemy import Table, select, update

from agentnet.commission.engine.withholding import PayeeType
from agentnet.commission.payout.actions import PAID, SUBJECT, TAXED, batch_label, require_no_hold
from agentnet.commission.payout.models import PayoutBatch, PayoutHold, PayoutLeg, PayoutPayment
from agentnet.commission.payout.queries import (
    CODES_NAMED,
    NO_INCOME,
    batch_held,
    income_of,
    parts_paid,
    payable_of,
    payments_of,
    require_office,
    tax_due,
)
from agentnet.commission.payout.rules import BatchState, PaymentState, legs_of, require_step
from agentnet.core.clock import Month, now, today
from agentnet.core.errors import Conflict
from agentnet.core.ids import new_id
from agentnet.divisions.queries import company
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import insert_rows, lock_tables
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import require_open
from agentnet.ledger.rules import ORG_UNIT, OUTLET, AccountKey, NewTransfer
from agentnet.outlets.models import Outlet

_batches, _payments = cast(Table, PayoutBatch.__table__), cast(Table, PayoutPayment.__table__)
_holds, _legs = cast(Table, PayoutHold.__table__), cast(Table, PayoutLeg.__table__)


def pay(batch_id: UUID, request_id: UUID, by: Actor) -> None:
    """Say that an approved batch goes to the bank now, and move it in the book: all of it, once.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``batch_missing``.
        Conflict: ``batch_step``, ``batch_on_hold``, ``payable_short``, ``tax_month_over``, ``tax_changed``,
            ``month_closed``, ``id_reused``.
    """
    require_office(by)
    asked = {"batch_id": batch_id, "step": BatchState.PAID}
    batch = batch_held(batch_id)
    if earlier_result(request_id, "payout_pay", asked) is not None:
        return
    require_step(batch.state, BatchState.PAID)
    require_open(today())
    if batch.withholds and Month.of(batch.pay_on) != Month.of(today()):
        raise Conflict("tax_month_over", "代扣税按计划付款的月份计算，那个月已过；请作废这一批再重新制单")
    # While the tax is judged no other batch of the month is cancelled, paid or returned.
    lock_tables(*((_batches, _payments) if batch.withholds else ()), _holds, _legs)
    require_no_hold(batch)
    if batch.withholds:
        _require_tax(batch)
    _post(batch, by)
    batch.state, batch.paid_by_id, batch.paid_at, batch.paid_on = BatchState.PAID, by.user_id, now(), today()
    db.session.flush()
    db.session.execute(update(PayoutPayment).where(PayoutPayment.batch_id == batch.id).values(state=PaymentState.SENT))
    remember(request_id, "payout_pay", by, asked, batch.id)
    after = {"payments": batch.payments, "net_fen": batch.net_fen, "tax_fen": batch.tax_fen}
    write_audit(by, "payout_paid", "payout", batch_label(batch), {"state": BatchState.APPROVED}, after)


def _require_tax(batch: PayoutBatch) -> None:
    """Refuse a batch whose tax is not what the table says by now: another one was cancelled, or came back."""
    others = income_of(Month.of(batch.pay_on), other_than=batch.id)
    changed = [
        one.name
        for one in payments_of(batch.id)
        if tax_due(PayeeType(one.type), one.gross_fen, others.get(one.payee_id, NO_INCOME), batch.pay_on) != one.tax_fen
    ]
    if changed:
        raise Conflict(
            "tax_changed",
            "%(payees)s 当月的其他付款后来作废或退回了，代扣税款要重算；请作废这一批再重新制单",
            payees="、".join(changed[:CODES_NAMED]),
        )


def _post(batch: PayoutBatch, by: Actor) -> None:
    """Move each payment, outlet by outlet, and never more than the book owes an outlet."""
    root = company()
    assert root is not None
    bank, tax_account = AccountKey(ORG_UNIT, root.id, "BANK"), AccountKey(ORG_UNIT, root.id, "WITHHOLDING")
    parts = parts_paid(batch.id)
    legs, moves = [], []
    taken: dict[int, int] = {}
    for payment in payments_of(batch.id):
        for leg in legs_of(parts[payment.id], payment.tax_fen):
            taken[leg.outlet_id] = taken.get(leg.outlet_id, 0) + leg.amount_fen
            ids = []
            for kind, credit, amount in (
                (PAID, bank, leg.amount_fen - leg.tax_fen),
                (TAXED, tax_account, leg.tax_fen),
            ):
                ids.append(new_id() if amount else None)
                if amount:
                    payable = AccountKey(OUTLET, leg.outlet_id, "COMMISSION_PAYABLE")
                    moves.append(_move(ids[-1], kind, payable, credit, amount, batch.id))
            legs.append(
                {
                    "payment_id": payment.id,
                    "outlet_id": leg.outlet_id,
                    "amount_fen": leg.amount_fen,
                    "tax_fen": leg.tax_fen,
                    "transfer_id": ids[0],
                    "tax_transfer_id": ids[1],
                }
            )
    owed = payable_of(taken)
    short = [outlet_id for outlet_id, amount in taken.items() if amount > owed.get(outlet_id, 0)]
    if short:
        codes = db.session.scalars(select(Outlet.code).where(Outlet.id.in_(short)).order_by(Outlet.code)).all()
        raise Conflict(
            "payable_short",
            "网点 %(outlets)s 账上的应付代办费少于这一批要付的数，可能后来有扣回；请作废这一批再重新制单",
            outlets="、".join(codes[:CODES_NAMED]),
        )
    post_many(by, moves)
    insert_rows(_legs, legs)


def _move(
    id_: UUID | None, kind: str, debit: AccountKey, credit: AccountKey, amount_fen: int, batch_id: UUID
) -> NewTransfer:
    assert id_ is not None
    return NewTransfer(
        id=id_,
        kind=kind,
        debit=debit,
        credit=credit,
        amount_fen=amount_fen,
        business_on=today(),
        subject_kind=SUBJECT,
        subject_id=str(batch_id),
    )
