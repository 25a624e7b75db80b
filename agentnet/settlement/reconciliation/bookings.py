"""Booking a collection that a partner has and we lack: one person of finance asks, another decides.

It puts cash into a keeper's drawer that the keeper never entered, so four eyes look at it. It takes the one posting
path, on the outlet's open day, and the row it was booked for is matched with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import Table, insert, select, update

from agentnet.approvals.actions import request_approval
from agentnet.approvals.kinds import ApprovalKind, Described
from agentnet.approvals.models import Approval
from agentnet.approvals.rules import NewApproval
from agentnet.collecting.actions import NewCollection, record_collections
from agentnet.collecting.lookups import terms_of
from agentnet.collecting.models import Collection, Household
from agentnet.collecting.queries import household_by_no, tender_name
from agentnet.collecting.rules import require_item, require_terms
from agentnet.core.clock import now, today
from agentnet.core.masks import mask_household_no, mask_name
from agentnet.core.money import Fen
from agentnet.core.words import translatable
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import lock_tables
from agentnet.infra.db import db
from agentnet.infra.i18n import in_english
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.settlement.matching import Kind
from agentnet.settlement.reconciliation import rules
from agentnet.settlement.reconciliation.describing import facts_of
from agentnet.settlement.reconciliation.difference_actions import end_as
from agentnet.settlement.reconciliation.models import Difference, FileRow, RowMatch
from agentnet.settlement.reconciliation.queries import live_match
from agentnet.settlement.reconciliation.remedies import require_partners_outlet
from agentnet.settlement.reconciliation.rules import BY_HAND, State, require_open, require_unmatched
from agentnet.users.permissions import Permission

_matches = cast(Table, RowMatch.__table__)


@dataclass(frozen=True, slots=True)
class NewBooking:
    """A collection to be booked for a difference: where it was taken, and how it was paid."""

    id: UUID
    outlet_code: str
    tender: str
    reference: str
    reason: str


def ask_booking(found: Difference, new: NewBooking, by: Actor) -> Fen:
    """Ask a second person to book what a partner has and we lack; the difference is locked and open. Return the amount.

    Raises:
        Missing: ``outlet_missing``, ``household_missing``. Invalid: ``outlet_of_others``, ``reason_missing`` and what
            the counter refuses. Conflict: ``row_matched``, ``approval_pending``, ``id_reused``.
    """
    outlet = outlet_for(by, new.outlet_code, Permission.RECONCILE)
    require_partners_outlet(outlet.partner_id, found.partner_id)
    _require_alone(found)
    household = household_of(found)
    content: dict[str, object] = {
        "difference_id": found.id,
        "outlet_code": outlet.code,
        "household_id": household.id,
        "tender": new.tender,
        "reference": new.reference.strip(),
        "amount_fen": found.amount_fen,
    }
    (terms,) = terms_of(db.session.connection(), [outlet.code], SYSTEM, today()).values()
    require_terms(terms)
    require_item(_collection(new.id, content, household.household_no, by), terms, now())
    asked = NewApproval(
        id=new.id,
        kind=rules.BOOKING,
        subject_kind=rules.ABOUT,
        subject_id=str(found.id),
        subject_label=f"#{found.id}",
        org_unit_id=outlet.org_unit_id,
        content=content,
        reason=new.reason,
        amount_fen=found.amount_fen,
    )
    request_approval(asked, by)
    return found.amount_fen


def household_of(found: Difference) -> Household:
    """Return whose payment a partner's difference is about.

    Raises:
        Invalid: ``household_no_shape``. Missing: ``household_missing``.
    """
    if found.collection_id is not None:
        collection = db.session.get_one(Collection, found.collection_id)
        return db.session.get_one(Household, collection.household_id)
    return household_by_no(db.session.get_one(FileRow, (found.file_id, found.line_no)).household_no)


def _require_alone(found: Difference) -> None:
    """Refuse to book for a row that has a collection of ours by now.

    Raises:
        Conflict: ``row_matched``.
    """
    if found.kind == Kind.MISSING_AT_UTILITY:
        require_unmatched(live_match(found.file_id, cast(int, found.line_no)) is not None, side_matched=False)


def _collection(approval_id: UUID, content: dict[str, Any], household_no: str, by: Actor) -> NewCollection:
    return NewCollection(
        id=rules.derived_id(approval_id),
        outlet_code=content["outlet_code"],
        household_no=household_no,
        tender=content["tender"],
        amount_fen=content["amount_fen"],
        collected_at=now(),
        reference=content["reference"] or None,
        lookalike_confirmed=True,
        user_id=by.user_id,
    )


def _carry_out(approval: Approval, by: Actor) -> None:
    """Record the collection, match it with its row, and end the difference.

    Raises:
        Conflict: ``difference_ended``, ``row_matched``. Refusal: whatever the counter refuses.
    """
    lock_tables(_matches)
    content = approval.content
    found = db.session.get_one(Difference, content["difference_id"], with_for_update=True, populate_existing=True)
    require_open(found.state)
    _require_alone(found)
    household = db.session.get_one(Household, content["household_id"])
    new = _collection(approval.id, content, household.household_no, by)
    (verdict,) = record_collections([new], SYSTEM)
    if verdict.refusal is not None:
        raise verdict.refusal
    db.session.execute(
        update(Difference)
        .where(Difference.id == found.id)
        .values(booked_id=new.id)
        .execution_options(synchronize_session=False)
    )
    end_as(found, State.ADJUSTED, approval.reason, by)
    if found.kind != Kind.AMOUNT_MISMATCH:  # there the row keeps the match it has; this is what it told beyond that
        _match(found, new.id, approval.reason, by)
    after = {
        "receipt_no": verdict.receipt_no,
        "amount_fen": new.amount_fen,
        "outlet_code": new.outlet_code,
        "reason": approval.reason,
    }
    write_audit(by, "difference_booked", "difference", found.id, {"state": State.OPEN}, after)


def _match(found: Difference, collection_id: UUID, reason: str, by: Actor) -> None:
    """Match the row with what was booked for it; a collection of ours that was voided is no longer what it is."""
    row = (RowMatch.file_id == found.file_id) & (RowMatch.line_no == found.line_no)
    undone = {"undone_at": now(), "undone_by_id": by.user_id, "undo_reason": reason}
    db.session.execute(
        update(RowMatch)
        .where(row, RowMatch.undone_at.is_(None))
        .values(undone)
        .execution_options(synchronize_session=False)
    )
    values = {"file_id": found.file_id, "line_no": found.line_no, "collection_id": collection_id}
    db.session.execute(
        insert(RowMatch).values(**values, step=BY_HAND, matched_at=now(), user_id=by.user_id, reason=reason)
    )


def _describe(approval: Approval) -> Described:
    content = approval.content
    found = db.session.get_one(Difference, int(content["difference_id"]))
    household = db.session.get_one(Household, content["household_id"])
    outlet = db.session.scalars(select(Outlet).where(Outlet.code == content["outlet_code"])).one()
    facts = [
        *facts_of(found),
        (_("收费网点"), f"{outlet.name} {outlet.code}"),
        (_("户号"), f"{mask_household_no(household.household_no)} {mask_name(household.name)}"),
        (_("支付方式"), tender_name(content["tender"], in_english())),
    ]
    return Described(facts, (), url_for("reconciliation.difference", difference_id=found.id))


BOOKING: Final = ApprovalKind(
    rules.BOOKING, translatable("补记收费"), Permission.CORRECTION_APPROVE, _carry_out, _describe
)
