"""Commission follows corrections: of an open month what stands earns; of a closed one the difference is taken back.

A collection that was wholly refunded, or taken for the wrong household, earns nothing; of one refunded in part the rest
earns. While the collection's month is open nothing is written: its close reads what stands. Once it is closed, an
adjustment with the correction's own id takes the difference back in the next open month.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, insert, select

from agentnet.collecting.models import Collection, Correction
from agentnet.commission.models import CommissionAdjustment, CommissionLine
from agentnet.commission.queries import components_by_id, locked_months
from agentnet.commission.rules import commission_of, paying_month
from agentnet.core.clock import Month, now
from agentnet.core.errors import Conflict
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.ledger.queries import month_state, require_open
from agentnet.ledger.rules import CLOSING, OPEN
from agentnet.outlets.models import Outlet


def follow_correction(correction_id: UUID, by: Actor) -> None:
    """Let commission follow a correction of a collection, in the correction's own transaction; others earn nothing.

    Raises:
        Conflict: ``month_closing_now`` while the collection's month closes; ``month_closed``.
    """
    correction = db.session.get_one(Correction, correction_id)
    if correction.collection_id is None:
        return
    collection = db.session.get_one(Collection, correction.collection_id)
    month = Month.of(collection.business_on)
    state = month_state(month)
    if state == OPEN:
        require_open(collection.business_on)  # held until the end: the close then reads this correction
        return
    if state == CLOSING:
        raise Conflict("month_closing_now", "%(month)s 正在月结，请稍后再审批", month=str(month))
    line = db.session.scalar(select(CommissionLine).where(CommissionLine.collection_id == collection.id))
    if line is None:
        return
    taken_back = _still_earned(collection, line) - _earned_so_far(collection.id, line)
    if taken_back == 0:
        return
    paid_in = paying_month(month, locked_months())
    require_open(paid_in.starts_on)
    db.session.execute(
        insert(CommissionAdjustment).values(
            id=correction_id,
            outlet_id=line.outlet_id,
            of_month=str(month),
            month=str(paid_in),
            amount_fen=taken_back,
            collection_id=collection.id,
            reason=correction.reason,
            user_id=by.user_id,
            made_at=now(),
        )
    )
    code = db.session.scalars(select(Outlet.code).where(Outlet.id == line.outlet_id)).one()
    after = {"of_month": str(month), "month": str(paid_in), "amount_fen": taken_back, "reason": correction.reason}
    write_audit(by, "adjust_commission", "outlet", code, after=after)


def _still_earned(collection: Collection, line: CommissionLine) -> Fen:
    """Return what the collection earns on what stands of it, by the component that paid it."""
    refunded, moved = db.session.execute(
        select(
            func.coalesce(func.sum(Correction.amount_fen).filter(Correction.kind == "REFUND"), 0),
            func.count().filter(Correction.kind == "WRONG_HOUSEHOLD"),
        ).where(Correction.collection_id == collection.id)
    ).one()
    base_fen = 0 if moved else collection.amount_fen - int(refunded)
    component = components_by_id([line.component_id]).get(line.component_id) if line.component_id else None
    return commission_of(component, base_fen) if component is not None and base_fen else 0


def _earned_so_far(collection_id: UUID, line: CommissionLine) -> Fen:
    """Return what the line paid, less what earlier corrections took back."""
    adjusted = db.session.scalar(
        select(func.coalesce(func.sum(CommissionAdjustment.amount_fen), 0))
        .join(Correction, Correction.id == CommissionAdjustment.id)
        .where(Correction.collection_id == collection_id)
    )
    return line.commission_fen + int(adjusted or 0)
