"""A batch step by step: drawn up, checked, approved, paid, each payment confirmed or returned; the book follows.

Dr COMMISSION_PAYABLE of the outlet, Cr BANK of the company for what goes out and Cr WITHHOLDING for the tax; a
returned payment is posted back. What was approved is what is paid: nothing is recomputed after the drawing up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from agentnet.approvals.actions import request_approval
from agentnet.approvals.queries import pending_of
from agentnet.approvals.rules import NewApproval
from agentnet.commission.payout.models import (
    PayeeAccount,
    PayoutBatch,
    PayoutHold,
    PayoutLeg,
    PayoutPart,
    PayoutPayment,
)
from agentnet.commission.payout.queries import (
    CODES_NAMED,
    BatchPlan,
    batch_held,
    batch_plan,
    held_now_in,
    payments_of,
    require_office,
)
from agentnet.commission.payout.rules import (
    BatchState,
    Held,
    Part,
    Payment,
    PaymentState,
    require_reason,
    require_step,
)
from agentnet.core.clock import Month, now, today
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.ids import content_sha256, new_id
from agentnet.divisions.queries import company
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import insert_rows, lock_tables
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember

APPROVAL: Final = "PAYOUT"
SUBJECT: Final = "payout"
PAID, TAXED = "COMMISSION_PAID", "COMMISSION_TAX"
RETURNED, TAX_BACK = "COMMISSION_RETURNED", "COMMISSION_TAX_BACK"
"""Kinds of the transfers."""
_TAKEN: Final = ("uq_payout_parts_once", "payout_parts.month, payout_parts.outlet_id, payout_parts.share")
"""How the databases say that a part stands in another live payment."""

_batches, _payments = cast(Table, PayoutBatch.__table__), cast(Table, PayoutPayment.__table__)
_parts, _legs = cast(Table, PayoutPart.__table__), cast(Table, PayoutLeg.__table__)
_holds = cast(Table, PayoutHold.__table__)


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch to draw up; ``id`` is the sender's."""

    id: UUID
    month: Month
    pay_on: date


def draw_up(new: NewBatch, by: Actor) -> UUID:
    """Draw up the batch of a closed month: everything open up to it, paid or held.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``.
        Invalid: ``month_not_closed``, ``pay_day_past``, ``payer_missing``, ``nothing_to_pay``.
        Conflict: ``id_reused``, ``drawn_at_once``.
    """
    require_office(by)
    content = {"month": str(new.month), "pay_on": new.pay_on}
    if earlier_result(new.id, "payout_batch", content) is not None:
        return new.id
    if new.pay_on < today():
        raise Invalid("pay_day_past", "付款日期不能早于今天", field="pay_on")
    lock_tables(_batches)
    plan = batch_plan(new.month, new.pay_on)
    if plan.setting is None:
        raise Invalid("payer_missing", "还没有登记公司的付款账户，请先到付款设置里登记")
    if not plan.planned.payments:
        raise Invalid("nothing_to_pay", "这个月没有可以付的代办费，原因见下面的暂不付款清单")
    last = db.session.scalar(select(func.max(PayoutBatch.number)).where(PayoutBatch.month == str(new.month))) or 0
    db.session.execute(
        insert(PayoutBatch).values(
            id=new.id,
            month=str(new.month),
            number=last + 1,
            pay_on=new.pay_on,
            setting_id=plan.setting.id,
            withholds=plan.withholds,
            state=BatchState.DRAFT,
            payments=len(plan.planned.payments),
            gross_fen=plan.planned.gross_fen,
            tax_fen=plan.planned.tax_fen,
            net_fen=plan.planned.net_fen,
            drawn_by_id=by.user_id,
            drawn_at=now(),
        )
    )
    try:
        with db.session.begin_nested():
            _write_payments(new.id, plan)
    except IntegrityError as error:
        if not any(said in str(error.orig) for said in _TAKEN):
            raise
        raise Conflict("drawn_at_once", "同一笔代办费刚被另一批收进去了，请刷新页面后再试") from error
    remember(new.id, "payout_batch", by, content, new.id)
    after = {"payments": len(plan.planned.payments), "net_fen": plan.planned.net_fen, "tax_fen": plan.planned.tax_fen}
    write_audit(by, "payout_drawn_up", "payout", f"{new.month}-{last + 1}", after=after)
    return new.id


def _write_payments(batch_id: UUID, plan: BatchPlan) -> None:
    rows, parts = [], []
    for number, payment in enumerate(plan.planned.payments, 1):
        id_ = new_id()
        rows.append(_payment_row(id_, batch_id, number, payment, plan.accounts[payment.payee_id]))
        parts += [_part_row(batch_id, part, id_, None, "") for part in payment.parts]
    parts += [_held_row(batch_id, held, plan) for held in plan.planned.held]
    insert_rows(_payments, rows)
    insert_rows(_parts, parts)


def _payment_row(id_: UUID, batch_id: UUID, number: int, payment: Payment, account: PayeeAccount) -> dict[str, object]:
    return {
        "id": id_,
        "batch_id": batch_id,
        "number": number,
        "payee_id": payment.payee_id,
        "name": account.name,
        "type": account.type,
        "holder": account.holder,
        "account_number": account.number,
        "bank": account.bank,
        "bank_no": account.bank_no,
        "gross_fen": payment.gross_fen,
        "tax_fen": payment.tax_fen,
        "net_fen": payment.net_fen,
        "state": PaymentState.PLANNED,
    }


def _held_row(batch_id: UUID, held: Held, plan: BatchPlan) -> dict[str, object]:
    hold = plan.holds.get(held.part.outlet_id)
    return _part_row(batch_id, held.part, None, held.why, hold.reason if hold is not None else "")


def _part_row(batch_id: UUID, part: Part, payment_id: UUID | None, why: str | None, text: str) -> dict[str, object]:
    return {
        "batch_id": batch_id,
        "payment_id": payment_id,
        "outlet_id": part.outlet_id,
        "month": part.month,
        "share": part.share,
        "amount_fen": part.amount_fen,
        "why": why,
        "why_text": text,
        "released": False,
    }


def batch_label(batch: PayoutBatch) -> str:
    """Return what people call a batch: its month and number."""
    return f"{batch.month}-{batch.number}"


def check(batch_id: UUID, request_id: UUID, by: Actor) -> None:
    """Say that a batch was checked, and ask a second person to approve it; once more after a refusal.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``batch_missing``.
        Conflict: ``batch_step``, ``batch_on_hold``, ``approval_pending``, ``id_reused``.
    """
    require_office(by)
    asked = {"batch_id": batch_id, "step": BatchState.CHECKED}
    batch = batch_held(batch_id)
    if earlier_result(request_id, "payout_check", asked) is not None:
        return
    if batch.state != BatchState.CHECKED:
        require_step(batch.state, BatchState.CHECKED)
    require_no_hold(batch)
    batch.state, batch.checked_by_id, batch.checked_at = BatchState.CHECKED, by.user_id, now()
    db.session.flush()
    root = company()
    assert root is not None
    request_approval(
        NewApproval(
            id=new_id(),
            kind=APPROVAL,
            subject_kind="PAYOUT",
            subject_id=str(batch.id),
            subject_label=batch_label(batch),
            org_unit_id=root.id,
            content=said(batch),
            reason="这一批已核对，请审批后付款",
            amount_fen=batch.net_fen,
        ),
        by,
    )
    remember(request_id, "payout_check", by, asked, batch.id)
    write_audit(by, "payout_checked", "payout", batch_label(batch), after={"net_fen": batch.net_fen})


def said(batch: PayoutBatch) -> dict[str, object]:
    """Return what is asked to be approved: the sums, and a hash over every payment with its account."""
    return {
        "batch_id": str(batch.id),
        "month": batch.month,
        "payments": batch.payments,
        "gross_fen": batch.gross_fen,
        "tax_fen": batch.tax_fen,
        "net_fen": batch.net_fen,
        "payments_sha256": content_sha256(
            {
                str(one.number): [one.payee_id, one.holder, one.account_number, one.bank_no, one.tax_fen, one.net_fen]
                for one in payments_of(batch.id)
            }
        ),
    }


def require_no_hold(batch: PayoutBatch) -> None:
    codes = held_now_in(batch.id)
    if codes:
        raise Conflict(
            "batch_on_hold",
            "这一批里的网点 %(outlets)s 已暂停付款，请作废这一批再重新制单，或先解除暂停",
            outlets="、".join(codes[:CODES_NAMED]),
        )


def cancel(batch_id: UUID, request_id: UUID, reason: str, by: Actor) -> None:
    """Cancel a batch that was not paid; what it held is free for the next one.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``batch_missing``. Invalid: ``reason_missing``.
        Conflict: ``batch_step``, ``batch_waits``, ``id_reused``.
    """
    require_office(by)
    asked = {"batch_id": batch_id, "step": BatchState.CANCELLED, "reason": reason.strip()}
    batch = batch_held(batch_id)
    if earlier_result(request_id, "payout_cancel", asked) is not None:
        return
    require_reason(reason)
    require_step(batch.state, BatchState.CANCELLED)
    if pending_of(APPROVAL, "PAYOUT", str(batch.id)) is not None:
        raise Conflict("batch_waits", "这一批正在等审批，请先撤回或等审批结束，再作废")
    before = batch.state
    batch.state, batch.cancelled_at, batch.cancelled_reason = BatchState.CANCELLED, now(), reason.strip()
    db.session.flush()
    release(PayoutPart.batch_id == batch.id)
    remember(request_id, "payout_cancel", by, asked, batch.id)
    after = {"state": BatchState.CANCELLED, "reason": reason.strip()}
    write_audit(by, "payout_cancelled", "payout", batch_label(batch), {"state": before}, after)


def release(condition: ColumnElement[bool]) -> None:
    """Free parts for a later batch."""
    db.session.execute(
        update(PayoutPart)
        .where(condition, ~PayoutPart.released)
        .values(released=True)
        .execution_options(synchronize_session=False)
    )
