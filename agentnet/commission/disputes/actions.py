"""What is done about a line somebody disputes: raised, withdrawn, taken on, refused, or accepted by an adjustment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from agentnet.commission.adjusting import NewAdjustment, record_adjustment
from agentnet.commission.disputes.models import Dispute
from agentnet.commission.disputes.queries import LineKey, dispute_for, line_of, open_dispute_of
from agentnet.commission.disputes.rules import (
    State,
    require_open,
    require_reason,
    require_same_month,
    require_undisputed,
)
from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.queries import locked_months
from agentnet.commission.rules import paying_month
from agentnet.core.clock import Month, now
from agentnet.core.errors import Invalid
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.queries import month_state
from agentnet.ledger.queries import require_open as require_month_open
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.queries import outlet_for
from agentnet.users.permissions import Permission

RAISED: Final = "commission_dispute"
STEPPED: Final = "dispute_step"
"""The kinds of request a dispute and its steps are remembered as."""


@dataclass(frozen=True, slots=True)
class NewDispute:
    """A line of a closed month, and what is wrong with it."""

    id: UUID
    outlet_code: str
    month: Month
    key: LineKey
    reason: str


def raise_dispute(new: NewDispute, by: Actor) -> Dispute:
    """Dispute a line of a closed month of an own outlet. A line has one open dispute.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``, ``line_missing``.
        Invalid: ``reason_missing``, ``month_not_closed``. Conflict: ``line_disputed``, ``id_reused``.
    """
    # The outlet's row is held so that of two at once the second sees the first.
    outlet = outlet_for(by, new.outlet_code, Permission.COMMISSION_DISPUTE, for_change=True)
    reason = require_reason(new.reason)
    content: dict[str, object] = {
        "outlet": outlet.code,
        "month": str(new.month),
        "line": new.key.line_id,
        "monthly": new.key.monthly_id,
        "reason": reason,
    }
    known = earlier_result(new.id, RAISED, content)
    if known is not None:
        return db.session.get_one(Dispute, UUID(known))
    if month_state(new.month) != CLOSED:
        raise Invalid("month_not_closed", "%(month)s还没有封账，数字还会变；封账后才能提异议", month=new.month)
    line = line_of(outlet, new.month, new.key)
    require_undisputed(open_dispute_of(new.key) is not None)
    dispute = Dispute(
        id=new.id,
        outlet_id=outlet.id,
        month=str(new.month),
        line_id=new.key.line_id,
        monthly_id=new.key.monthly_id,
        reason=reason,
        raised_at=now(),
        user_id=by.user_id,
        state=State.OPEN,
        answer="",
    )
    db.session.add(dispute)
    db.session.flush()
    remember(new.id, RAISED, by, content, dispute.id)
    after = {"month": str(new.month), "amount_fen": line.commission_fen, "reason": reason, "dispute": str(dispute.id)}
    if line.receipt_no:
        after["receipt_no"] = line.receipt_no
    write_audit(by, "dispute_commission", "outlet", outlet.code, after=after)
    return dispute


def withdraw_dispute(dispute_id: UUID, request_id: UUID, by: Actor) -> None:
    """Take an open dispute back.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``dispute_missing``. Conflict: ``dispute_ended``, ``id_reused``.
    """
    content: dict[str, object] = {"dispute": str(dispute_id), "verb": "withdraw"}
    dispute, _outlet = dispute_for(by, dispute_id, Permission.COMMISSION_DISPUTE, for_change=True)
    if earlier_result(request_id, STEPPED, content) is not None:
        return
    require_open(dispute.state)
    _end(dispute, State.WITHDRAWN, by)
    remember(request_id, STEPPED, by, content, dispute_id)
    write_audit(by, "withdraw_dispute", "dispute", dispute_id, {"state": State.OPEN}, {"state": State.WITHDRAWN})


def take_on_dispute(dispute_id: UUID, request_id: UUID, by: Actor) -> None:
    """Take an open dispute on: from now on the actor answers for it.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``dispute_missing``. Conflict: ``dispute_ended``, ``id_reused``.
    """
    content: dict[str, object] = {"dispute": str(dispute_id), "verb": "take_on"}
    dispute, _outlet = dispute_for(by, dispute_id, Permission.COMMISSION_EDIT, for_change=True)
    if earlier_result(request_id, STEPPED, content) is not None:
        return
    require_open(dispute.state)
    before = {"owner_id": dispute.owner_id}
    dispute.owner_id = by.user_id
    db.session.flush()
    remember(request_id, STEPPED, by, content, dispute_id)
    write_audit(by, "take_on_dispute", "dispute", dispute_id, before, {"owner_id": by.user_id})


def refuse_dispute(dispute_id: UUID, request_id: UUID, reason: str, by: Actor) -> None:
    """Answer that the line is right, and why; the outlet reads it on the next statement.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``dispute_missing``. Invalid: ``reason_missing``.
        Conflict: ``dispute_ended``, ``id_reused``.
    """
    answer = require_reason(reason)
    content: dict[str, object] = {"dispute": str(dispute_id), "verb": "refuse", "reason": answer}
    dispute, _outlet = dispute_for(by, dispute_id, Permission.COMMISSION_EDIT, for_change=True)
    if earlier_result(request_id, STEPPED, content) is not None:
        return
    require_open(dispute.state)
    month = paying_month(Month.parse(dispute.month), locked_months())
    require_month_open(month.starts_on)  # held until the end: the statement that prints it cannot close meanwhile
    dispute.answer, dispute.answered_in = answer, str(month)
    _end(dispute, State.REFUSED, by)
    remember(request_id, STEPPED, by, content, dispute_id)
    after = {"state": State.REFUSED, "reason": answer, "month": str(month)}
    write_audit(by, "refuse_dispute", "dispute", dispute_id, {"state": State.OPEN}, after)


def accept_dispute(dispute_id: UUID, new: NewAdjustment, by: Actor) -> CommissionAdjustment:
    """Answer that the line is wrong, by the adjustment that puts it right: both or neither.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``dispute_missing``. Invalid: ``dispute_elsewhere``.
        Conflict: ``dispute_ended``; and what ``record_adjustment`` raises.
    """
    dispute, outlet = dispute_for(by, dispute_id, Permission.COMMISSION_EDIT, for_change=True)
    if dispute.adjustment_id != new.id:
        require_open(dispute.state)
    require_same_month((outlet.code, dispute.month), (new.outlet_code, str(new.of_month)))
    made = record_adjustment(new, by)
    if dispute.adjustment_id == made.id:  # sent twice
        return made
    dispute.answer, dispute.answered_in, dispute.adjustment_id = made.reason, made.month, made.id
    _end(dispute, State.ACCEPTED, by)
    after = {"state": State.ACCEPTED, "amount_fen": made.amount_fen, "month": made.month, "reason": made.reason}
    write_audit(by, "accept_dispute", "dispute", dispute_id, {"state": State.OPEN}, after)
    return made


def _end(dispute: Dispute, state: State, by: Actor) -> None:
    dispute.state, dispute.ended_at, dispute.ended_by_id = state, now(), by.user_id
    if state is not State.WITHDRAWN and dispute.owner_id is None:
        dispute.owner_id = by.user_id
    db.session.flush()
