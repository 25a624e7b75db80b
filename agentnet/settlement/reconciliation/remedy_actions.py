"""Putting a difference right from its own page: asked once, carried out by a second person where money needs two.

The request is linked to its difference; carried out, it ends it as adjusted. Refused or withdrawn, the difference is as
open as before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from agentnet.approvals.models import Approval
from agentnet.approvals.rules import ApprovalState
from agentnet.collecting.actions import reverse_collection
from agentnet.collecting.models import Collection
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.outlets.models import Outlet
from agentnet.settlement.corrections.queries import corrected_shown
from agentnet.settlement.corrections.requests import request_adjustment, request_refund
from agentnet.settlement.corrections.rules import NewAdjustment, NewRefund
from agentnet.settlement.reconciliation.bookings import NewBooking, ask_booking
from agentnet.settlement.reconciliation.difference_actions import end_as, require_nothing_asked
from agentnet.settlement.reconciliation.fees import book_fee_of
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.queries import deposit_state, difference_for
from agentnet.settlement.reconciliation.remedies import ADJUSTMENTS, Remedy, remedy_for, require_remedy
from agentnet.settlement.reconciliation.rules import ABOUT, State, derived_id, require_open, require_reason
from agentnet.users.permissions import Permission

ASKED: Final = "difference_remedy"
"""The kind of request a remedy is remembered as."""

ONE_SIDED: Final = "ONE_SIDED"
"""The technical failure that a reversal names: the other side does not know the collection."""


@dataclass(frozen=True, slots=True)
class NewRemedy:
    """A remedy as its page showed it; what it does not need is empty. ``id`` becomes the request's."""

    id: UUID
    difference_id: int
    remedy: str
    reason: str
    outlet_code: str = ""
    tender: str = ""
    reference: str = ""
    pay_by: str = ""

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same remedy."""
        return {
            "difference_id": self.difference_id,
            "remedy": self.remedy,
            "reason": self.reason.strip(),
            "outlet_code": self.outlet_code,
            "tender": self.tender,
            "reference": self.reference.strip(),
            "pay_by": self.pay_by,
        }


def remedy_of(found: Difference) -> Remedy | None:
    """Return what puts a difference right as things stand now."""
    voidable = whole = False
    if found.collection_id is not None:
        corrected = corrected_shown(found.collection_id)
        voidable = corrected.voidable and not corrected.voided
        whole = corrected.collection.amount_fen == found.amount_fen
    return remedy_for(
        found.kind,
        found.proposal,
        of_partner=found.partner_id is not None,
        voidable=voidable,
        whole=whole,
        deposit=deposit_state(found),
    )


def put_right(new: NewRemedy, by: Actor) -> bool:
    """Put a difference right, or ask a second person to; return whether it was done at once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``difference_missing``, ``outlet_missing``, ``household_missing``.
        Invalid: ``reason_missing`` and what the counter, a refund or an adjustment refuses.
        Conflict: ``difference_ended``, ``write_off_waiting``, ``remedy_changed``, ``row_matched``,
            ``approval_pending``, ``id_reused`` and what a reversal or refund refuses.
    """
    found = difference_for(by, new.difference_id, Permission.RECONCILE, for_change=True)
    # The request itself is remembered under the id as well, so the remedy stands under one of its own.
    remembered_as = derived_id(new.id, 1)
    earlier = earlier_result(remembered_as, ASKED, new.content())
    if earlier is not None:
        return earlier == State.ADJUSTED
    require_open(found.state)
    require_nothing_asked(found)
    remedy = require_remedy(new.remedy, remedy_of(found))
    require_reason(new.reason)
    if remedy is Remedy.REVERSE:
        _reverse(found, new, by)
    else:
        _ask(found, remedy, new, by)
    done = remedy is Remedy.REVERSE
    remember(remembered_as, ASKED, by, new.content(), State.ADJUSTED if done else State.OPEN)
    return done


def _reverse(found: Difference, new: NewRemedy, by: Actor) -> None:
    assert found.collection_id is not None
    reverse_collection(found.collection_id, new.id, ONE_SIDED, new.reason, by)
    end_as(found, State.ADJUSTED, new.reason, by)
    after = {"amount_fen": found.amount_fen, "reason": new.reason.strip()}
    write_audit(by, "difference_adjusted", "difference", found.id, {"state": State.OPEN}, after)


def _ask(found: Difference, remedy: Remedy, new: NewRemedy, by: Actor) -> None:
    if remedy is Remedy.BOOK:
        code = outlet_code_of(found) or new.outlet_code
        ask_booking(found, NewBooking(new.id, code, new.tender, new.reference, new.reason), by)
    elif remedy is Remedy.REFUND:
        receipt_no = db.session.get_one(Collection, found.collection_id).receipt_no
        request_refund(NewRefund(new.id, receipt_no, found.amount_fen, new.pay_by, new.reason), by)
    else:
        code = outlet_code_of(found) or new.outlet_code
        about = (ABOUT, str(found.id), f"#{found.id}")
        request_adjustment(NewAdjustment(new.id, code, ADJUSTMENTS[remedy], found.amount_fen, new.reason), by, about)
    db.session.execute(
        update(Difference)
        .where(Difference.id == found.id)
        .values(approval_id=new.id)
        .execution_options(synchronize_session=False)
    )
    after: dict[str, Any] = {"amount_fen": found.amount_fen, "remedy": remedy.value, "reason": new.reason.strip()}
    write_audit(by, "difference_remedy_asked", "difference", found.id, after=after)


def outlet_code_of(found: Difference) -> str:
    """Return the outlet a difference is of, empty where none is known."""
    if found.outlet_id is None:
        return ""
    return db.session.get_one(Outlet, found.outlet_id).code


def end_for_correction(correction_id: UUID, by: Actor) -> None:
    """End the difference a correction was asked for, in the correction's own transaction.

    Where money that no deposit brought is set aside, the bank's fee of it is booked as well.

    Raises:
        Conflict: ``difference_ended`` if something else has ended it meanwhile: the correction then waits on.
    """
    found = db.session.scalar(
        select(Difference)
        .where(Difference.approval_id == correction_id)
        .with_for_update(of=Difference)
        .execution_options(populate_existing=True)
    )
    if found is None:
        return
    require_open(found.state)
    approval = db.session.get_one(Approval, correction_id)
    if found.partner_id is None:
        book_fee_of(found, approval.content["org_unit_id"], by)
    end_as(found, State.ADJUSTED, approval.reason, by)
    after = {"amount_fen": found.amount_fen, "reason": approval.reason}
    write_audit(by, "difference_adjusted", "difference", found.id, {"state": State.OPEN}, after)


def request_of_remedy(found: Difference) -> Approval | None:
    """Return the last request that was to put a difference right, whatever became of it."""
    return db.session.get(Approval, found.approval_id) if found.approval_id is not None else None


def waits(approval: Approval | None) -> bool:
    """Return whether a request waits for its second person."""
    return approval is not None and approval.state == ApprovalState.PENDING
