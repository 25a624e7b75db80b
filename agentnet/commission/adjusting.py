"""Correct closed months by a line in the next open one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select

from agentnet.collecting.models import Collection
from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.queries import locked_months
from agentnet.commission.rules import paying_month
from agentnet.core.clock import Month, now
from agentnet.core.errors import Invalid
from agentnet.core.money import Fen, format_yuan
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.queries import require_open
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.users.permissions import Permission

MOST_FEN: Fen = 1_000_000_00
"""No outlet earns nearly as much in a month: more is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class NewAdjustment:
    """A correction of a closed month; ``amount_fen`` is negative when commission is taken back."""

    id: uuid.UUID
    outlet_code: str
    of_month: Month
    amount_fen: Fen
    reason: str
    receipt_no: str | None = None


def record_adjustment(new: NewAdjustment, by: Actor) -> CommissionAdjustment:
    """Correct a closed month by a line in the next open one.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``outlet_missing``.
        Invalid: ``month_still_open``, ``adjustment_zero``, ``adjustment_large``, ``reason_missing``,
            ``receipt_elsewhere``.
        Conflict: ``id_reused``.
    """
    outlet = outlet_for(by, new.outlet_code, Permission.COMMISSION_EDIT)
    content = asdict(new) | {"of_month": str(new.of_month)}
    known = earlier_result(new.id, "commission_adjustment", content)
    if known is not None:
        return db.session.get_one(CommissionAdjustment, uuid.UUID(known))
    month = paying_month(new.of_month, locked_months())
    require_open(month.starts_on)
    if new.amount_fen == 0:
        raise Invalid("adjustment_zero", "调整金额不能为零", field="amount")
    if abs(new.amount_fen) > MOST_FEN:
        raise Invalid(
            "adjustment_large",
            "一次最多调整 %(limit)s 元，请核对金额",
            field="amount",
            limit=format_yuan(MOST_FEN),
        )
    if not new.reason:
        raise Invalid("reason_missing", "请写明调整原因，网点会在结算单上看到", field="reason")
    adjustment = CommissionAdjustment(
        id=new.id,
        outlet_id=outlet.id,
        of_month=str(new.of_month),
        month=str(month),
        amount_fen=new.amount_fen,
        collection_id=collection_meant(outlet, new),
        reason=new.reason,
        user_id=by.user_id,
        made_at=now(),
    )
    db.session.add(adjustment)
    db.session.flush()
    remember(new.id, "commission_adjustment", by, content, adjustment.id)
    write_audit(
        by,
        "adjust_commission",
        "outlet",
        outlet.code,
        after={
            "of_month": adjustment.of_month,
            "month": adjustment.month,
            "amount_fen": adjustment.amount_fen,
            "reason": adjustment.reason,
        },
    )
    return adjustment


def collection_meant(outlet: Outlet, new: NewAdjustment) -> uuid.UUID | None:
    """Return the collection an adjustment is about, None for the month as a whole.

    Raises:
        Invalid: ``receipt_elsewhere`` if the outlet's month has no such receipt.
    """
    if not new.receipt_no:
        return None
    found: Sequence[uuid.UUID] = db.session.scalars(
        select(Collection.id).where(
            Collection.receipt_no == new.receipt_no,
            Collection.outlet_id == outlet.id,
            Collection.business_on >= new.of_month.starts_on,
            Collection.business_on < new.of_month.ends_on,
        )
    ).all()
    if not found:
        raise Invalid(
            "receipt_elsewhere",
            "%(month)s该网点没有凭证号为 %(receipt)s 的收费",
            field="receipt_no",
            month=new.of_month,
            receipt=new.receipt_no,
        )
    return found[0]
