"""Commission follows corrections: of an open month what stands earns; of a closed one the difference is taken back.

A collection that was wholly refunded, or taken for the wrong household, earns nothing; of one refunded in part the rest
earns. While the collection's month is open nothing is written: its close reads what stands. Once it is closed, an
adjustment with the correction's own id takes the difference back in the next open month. Tiers, growth, caps and
households make a collection's pay depend on others: the difference is the outlet's whole month, worked anew. Where what
is settled pays, a collection may have been paid in several months: then it is all such months of the outlet together.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, insert, select

from agentnet.collecting.models import Collection, Correction
from agentnet.commission.accruing import worked
from agentnet.commission.engine.amounts import pay_of
from agentnet.commission.engine.inputs import Fact
from agentnet.commission.models import CommissionAdjustment, CommissionLine, OutletAccrual, is_line_of
from agentnet.commission.queries import components_by_id, locked_months, tariffs
from agentnet.commission.rules import paying_month
from agentnet.commission.working import read_inputs, read_ruling
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
        Conflict: ``month_closing_now`` while the collection's month closes, or any where what is settled of it pays;
            ``month_closed``.
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
    line = db.session.scalar(select(CommissionLine).where(is_line_of(collection)))
    if line is None:
        return
    locked = locked_months()
    months = settled_months(line.outlet_id)
    if str(month) not in months:
        months = [str(month)]
    elif month_state(max(locked)) == CLOSING:
        # What is settled of it in that month is being worked out: it must be before this correction or behind it.
        raise Conflict("month_closing_now", "%(month)s 正在月结，请稍后再审批", month=str(max(locked)))
    else:
        require_open(max(locked).ends_on)
    # Two corrections of one outlet's month are worked one after the other: each depends on what the other left.
    of_months = select(OutletAccrual).where(OutletAccrual.month.in_(months), OutletAccrual.outlet_id == line.outlet_id)
    accruals = db.session.scalars(of_months.order_by(OutletAccrual.month).with_for_update()).all()
    taken_back = sum(_still_earned(Month.parse(one.month), one) - _earned_so_far(one) for one in accruals)
    if taken_back == 0:
        return
    paid_in = paying_month(month, locked)
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


def settled_months(outlet_id: int) -> list[str]:
    """Return the closed months in which an outlet was paid for what was settled."""
    found = select(CommissionLine.month).where(
        CommissionLine.outlet_id == outlet_id, CommissionLine.settled_to_fen.is_not(None)
    )
    return sorted(set(db.session.scalars(found.distinct())))


def _still_earned(month: Month, accrual: OutletAccrual) -> Fen:
    """Return what a closed month earns on what stands of it now, worked anew from what was written down."""
    standing = _standing(month, accrual.outlet_id)
    if accrual.inputs is None:
        return _each_by_its_component(month, accrual.outlet_id, standing)
    versions = {one.id: one for several in tariffs().versions_by_plan.values() for one in several}
    inputs = read_inputs(accrual.inputs, month, accrual.outlet_kind, accrual.setting)
    earned, monthly, _reason = worked(read_ruling(accrual.inputs, versions), inputs, standing)
    return sum(line.commission_fen for line in earned) + sum(one.commission_fen for one in monthly)


def _each_by_its_component(month: Month, outlet_id: int, standing: Sequence[Fact]) -> Fen:
    """Return what a month earns that closed before versions knew more than each collection by itself."""
    rows = db.session.execute(
        select(CommissionLine.collection_id, CommissionLine.component_id).where(
            CommissionLine.month == str(month), CommissionLine.outlet_id == outlet_id
        )
    )
    paid_by = {collection_id: component_id for collection_id, component_id in rows if component_id is not None}
    paying = {id_: pay_of(one.component) for id_, one in components_by_id(paid_by.values()).items()}
    return sum(paying[paid_by[fact.id]](fact.amount_fen) for fact in standing if fact.id in paid_by)


def _standing(month: Month, outlet_id: int) -> list[Fact]:
    """Return the collections a closed month paid for, with what stands of each; what is gone is left out."""
    refunds = func.coalesce(func.sum(Correction.amount_fen).filter(Correction.kind == "REFUND"), 0)
    corrected = (
        select(
            Correction.collection_id,
            refunds.label("refunded"),
            func.count().filter(Correction.kind == "WRONG_HOUSEHOLD").label("moved"),
        )
        .group_by(Correction.collection_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Collection.id,
            Collection.business_on,
            Collection.tender,
            Collection.household_id,
            Collection.amount_fen,
            corrected.c.refunded,
            corrected.c.moved,
            CommissionLine.settled_from_fen,
            CommissionLine.settled_to_fen,
        )
        .join(CommissionLine, CommissionLine.collection_id == Collection.id)
        .outerjoin(corrected, corrected.c.collection_id == Collection.id)
        .where(CommissionLine.month == str(month), CommissionLine.outlet_id == outlet_id)
        .order_by(Collection.business_on, Collection.id)
    )
    facts = []
    for id_, day, tender, household_id, amount_fen, refunded, moved, settled_from, settled_to in rows:
        stands = 0 if moved else amount_fen - int(refunded or 0)
        settled = min(settled_from or 0, stands), min(settled_to or 0, stands)
        facts.append(Fact(id_, day, tender, household_id, stands, *settled))
    return [fact for fact in facts if fact.amount_fen]


def _earned_so_far(accrual: OutletAccrual) -> Fen:
    """Return what the month paid, less what earlier corrections took back."""
    adjusted = db.session.scalar(
        select(func.coalesce(func.sum(CommissionAdjustment.amount_fen), 0))
        .join(Correction, Correction.id == CommissionAdjustment.id)
        .where(CommissionAdjustment.of_month == accrual.month, CommissionAdjustment.outlet_id == accrual.outlet_id)
    )
    return accrual.earned_fen + int(adjusted or 0)
