"""Asking for a correction: judged as far as it can be now, then left to a second person."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from agentnet.approvals.actions import asked_before, request_approval
from agentnet.approvals.rules import NewApproval
from agentnet.collecting.queries import household_by_no
from agentnet.infra.actor import Actor
from agentnet.outlets.queries import outlet_for
from agentnet.settlement.corrections.queries import Corrected, correctable
from agentnet.settlement.corrections.rules import (
    ADJUSTMENT,
    REFUND,
    WRONG_HOUSEHOLD,
    NewAdjustment,
    NewMove,
    NewRefund,
    Standing,
    require_adjustment,
    require_another_household,
    require_left,
    require_no_void,
    require_refund,
)
from agentnet.users.permissions import Permission

COLLECTION: Final = "COLLECTION"
OUTLET: Final = "OUTLET"


def left_to_correct(found: Corrected) -> Standing:
    """Return what of a collection may be corrected now.

    Raises:
        Conflict: ``already_voided``, ``nothing_left``. Invalid: ``void_instead``.
    """
    require_no_void(found.voided, found.voidable)
    return require_left(found.standing)


def request_refund(new: NewRefund, by: Actor) -> None:
    """Ask for a refund of a collection, in whole or in part; sent again, it is answered the same whatever became of it.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``collection_missing``.
        Invalid: ``void_instead``, ``refund_amount``, ``refund_way``, ``reason_missing``.
        Conflict: ``already_voided``, ``nothing_left``, ``approval_pending``, ``id_reused``.
    """
    found = correctable(by, new.receipt_no, Permission.CORRECTION_REQUEST)
    sent = {"amount_fen": new.amount_fen, "pay_by": new.pay_by}
    if asked_before(new.id, REFUND, str(found.collection.id), sent, new.reason):
        return
    standing = left_to_correct(found)
    require_refund(new.amount_fen, standing, found.collection.tender, new.pay_by)
    content = {
        "collection_id": str(found.collection.id),
        "household_id": standing.household_id,
        **sent,
    }
    request_approval(_asked(new.id, REFUND, found, content, new.amount_fen, new.reason), by)


def request_move(new: NewMove, by: Actor) -> None:
    """Ask that what was paid for one household be taken for another: all that stands of the collection.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``collection_missing``, ``household_missing``.
        Invalid: ``void_instead``, ``same_household``, ``household_no_shape``, ``reason_missing``.
        Conflict: ``already_voided``, ``nothing_left``, ``approval_pending``, ``id_reused``.
    """
    found = correctable(by, new.receipt_no, Permission.CORRECTION_REQUEST)
    to = household_by_no(new.household_no)
    sent = {"to_household_id": to.id}
    if asked_before(new.id, WRONG_HOUSEHOLD, str(found.collection.id), sent, new.reason):
        return
    standing = left_to_correct(found)
    require_another_household(standing.household_id, to.id)
    content = {
        "collection_id": str(found.collection.id),
        "household_id": standing.household_id,
        **sent,
        "amount_fen": standing.total_fen,
    }
    request_approval(_asked(new.id, WRONG_HOUSEHOLD, found, content, standing.total_fen, new.reason), by)


def _asked(
    id_: UUID, kind: str, found: Corrected, content: dict[str, object], amount_fen: int, reason: str
) -> NewApproval:
    return NewApproval(
        id=id_,
        kind=kind,
        subject_kind=COLLECTION,
        subject_id=str(found.collection.id),
        subject_label=found.collection.receipt_no,
        org_unit_id=found.collection.org_unit_id,
        content=content,
        amount_fen=amount_fen,
        reason=reason,
    )


def request_adjustment(new: NewAdjustment, by: Actor, about: tuple[str, str, str] | None = None) -> None:
    """Ask that money be moved between two accounts of an outlet and its unit.

    ``about`` is the subject where it is not the outlet (kind, id, label): two differences of one outlet are two things.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``.
        Invalid: ``adjustment_unknown``, ``adjustment_amount``, ``reason_missing``.
        Conflict: ``approval_pending``, ``id_reused``.
    """
    outlet = outlet_for(by, new.outlet_code, Permission.ADJUSTMENT_REQUEST)
    subject_kind, subject_id, subject_label = about or (OUTLET, str(outlet.id), outlet.code)
    sent = {"adjustment": new.adjustment, "amount_fen": new.amount_fen}
    if asked_before(new.id, ADJUSTMENT, subject_id, sent, new.reason):
        return
    require_adjustment(new.adjustment, new.amount_fen)
    content = {
        "outlet_id": outlet.id,
        "org_unit_id": outlet.org_unit_id,
        **sent,
    }
    asked = NewApproval(
        id=new.id,
        kind=ADJUSTMENT,
        subject_kind=subject_kind,
        subject_id=subject_id,
        subject_label=subject_label,
        org_unit_id=outlet.org_unit_id,
        content=content,
        amount_fen=new.amount_fen,
        reason=new.reason,
    )
    request_approval(asked, by)
