"""Asking, deciding and withdrawing; naming who stands in. An approval is carried out in its own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.exc import IntegrityError

from agentnet.approvals.kinds import kinds
from agentnet.approvals.models import Approval, Delegation
from agentnet.approvals.queries import approval_for, in_whose_name, pending_of
from agentnet.approvals.rules import (
    ApprovalState,
    NewApproval,
    NewDelegation,
    require_delegation,
    require_note,
    require_pending,
    require_reason,
    require_same_content,
    same_territory,
)
from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict, Invalid, Missing
from agentnet.core.ids import content_sha256
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, hold_request, remember
from agentnet.users.permissions import Permission, org_paths, require
from agentnet.users.queries import actor_for, user_by_name

REQUESTED: Final = "approval"
DECIDED: Final = "approval_decision"
DELEGATED: Final = "delegation"
"""The kinds of request these are remembered as."""


def request_approval(new: NewApproval, by: Actor) -> None:
    """Ask a second person for something; the asking feature has judged that the actor may ask and what for.

    The same ``id`` with the same content is once. A subject has one pending request of a kind.

    Raises:
        Invalid: ``reason_missing``. Conflict: ``approval_pending``, ``id_reused``.
    """
    if earlier_result(new.id, REQUESTED, new.request()) is not None:
        return
    require_reason(new.reason)
    assert new.kind in kinds(), new.kind
    pending = pending_of(new.kind, new.subject_kind, new.subject_id)
    if pending is not None:
        raise _pending(pending)
    try:
        with db.session.begin_nested():
            db.session.execute(insert(Approval).values(_asked_row(new, by)))
    except IntegrityError as taken:  # somebody else asked in the same moment
        raise _pending(pending_of(new.kind, new.subject_kind, new.subject_id)) from taken
    remember(new.id, REQUESTED, by, new.request(), new.id)
    after: dict[str, object] = {"kind": new.kind, "subject": new.subject_label, "reason": new.reason.strip()}
    if new.amount_fen is not None:
        after |= {"amount_fen": new.amount_fen}
    write_audit(by, "approval_requested", "approval", new.id, after=after)


def _pending(waiting: Approval | None) -> Conflict:
    """Return the refusal of a second request, which leads to the one that waits."""
    words = "这件事已经有一份申请在等审批，请先处理或撤回那一份"
    if waiting is None:  # decided in the same moment
        return Conflict("approval_pending", words)
    return Conflict("approval_pending", words, approval_id=waiting.id)


def asked_before(id_: UUID, kind: str, subject_id: str, sent: Mapping[str, object], reason: str) -> bool:
    """Return whether the same was asked for under this id before, decided or not: a resend is not judged anew.

    ``sent`` is what of the request's content the sender says. The rest was found when it was judged, and may be
    otherwise today; it is taken from the request as it stands.

    Raises:
        Conflict: ``id_reused`` if the id was used for something else.
    """
    hold_request(id_)
    found = db.session.scalar(select(Approval).where(Approval.id == id_))
    if found is None:
        earlier_result(id_, REQUESTED, {})  # refuses an id that something else was sent with
        return False
    resent = NewApproval(
        id=id_,
        kind=kind,
        subject_kind=found.subject_kind,
        subject_id=subject_id,
        subject_label=found.subject_label,
        org_unit_id=found.org_unit_id,
        content={**found.content, **sent},
        reason=reason,
    )
    return earlier_result(id_, REQUESTED, resent.request()) is not None


def _asked_row(new: NewApproval, by: Actor) -> dict[str, object]:
    content = dict(new.content)
    return {
        "id": new.id,
        "kind": new.kind,
        "subject_kind": new.subject_kind,
        "subject_id": new.subject_id,
        "subject_label": new.subject_label,
        "org_unit_id": new.org_unit_id,
        "content": content,
        "content_sha256": content_sha256(content),
        "amount_fen": new.amount_fen,
        "state": ApprovalState.PENDING,
        "requested_by_id": by.user_id,
        "requested_at": now(),
        "reason": new.reason.strip(),
        "decision_note": "",
    }


def approve(approval_id: UUID, request_id: UUID, seen_sha256: str, note: str, by: Actor) -> None:
    """Approve a request and carry it out; a rule that refuses that leaves the request pending.

    ``seen_sha256`` is the hash of the content the decider was shown.

    Raises:
        Forbidden: ``not_permitted``, ``own_request``. Missing: ``approval_missing``.
        Conflict: ``approval_decided``, ``approval_changed``, ``id_reused``.
        Refusal: whatever carrying it out is refused for.
    """
    asked = {"approval_id": approval_id, "state": ApprovalState.APPROVED, "seen": seen_sha256, "note": note.strip()}
    require(by, Permission.APPROVAL_DECIDE)
    found = approval_for(by, approval_id, for_change=True)
    if earlier_result(request_id, DECIDED, asked) is not None:
        return
    require_pending(found.state)
    behalf = in_whose_name(by, found)
    require_same_content(found.content_sha256, content_sha256(found.content), seen_sha256)
    _decide(found, ApprovalState.APPROVED, note, by, behalf)
    kinds()[found.kind].carry_out(found, by)
    remember(request_id, DECIDED, by, asked, found.id)


def reject(approval_id: UUID, request_id: UUID, note: str, by: Actor) -> None:
    """Refuse a request, with the reason.

    Raises:
        Forbidden: ``not_permitted``, ``own_request``. Missing: ``approval_missing``. Invalid: ``note_missing``.
        Conflict: ``approval_decided``, ``id_reused``.
    """
    asked = {"approval_id": approval_id, "state": ApprovalState.REJECTED, "note": note.strip()}
    require(by, Permission.APPROVAL_DECIDE)
    found = approval_for(by, approval_id, for_change=True)
    if earlier_result(request_id, DECIDED, asked) is not None:
        return
    require_pending(found.state)
    behalf = in_whose_name(by, found)
    require_note(note)
    _decide(found, ApprovalState.REJECTED, note, by, behalf)
    remember(request_id, DECIDED, by, asked, found.id)


def withdraw(approval_id: UUID, request_id: UUID, by: Actor) -> None:
    """Take one's own request back before it is decided.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``approval_missing``. Conflict: ``approval_decided``, ``id_reused``.
    """
    asked = {"approval_id": approval_id, "state": ApprovalState.WITHDRAWN}
    found = approval_for(by, approval_id, for_change=True)
    if found.requested_by_id != by.user_id:
        raise Missing("approval_missing", "没有找到这件申请，或它不在您的管辖范围内")
    if earlier_result(request_id, DECIDED, asked) is not None:
        return
    require_pending(found.state)
    _decide(found, ApprovalState.WITHDRAWN, "", by, None)
    remember(request_id, DECIDED, by, asked, found.id)


_DONE = {
    ApprovalState.APPROVED: "approval_approved",
    ApprovalState.REJECTED: "approval_rejected",
    ApprovalState.WITHDRAWN: "approval_withdrawn",
}


def _decide(found: Approval, state: ApprovalState, note: str, by: Actor, behalf: int | None) -> None:
    db.session.execute(
        update(Approval)
        .where(Approval.id == found.id)
        .values(
            state=state,
            decided_by_id=by.user_id,
            decided_at=now(),
            decision_note=note.strip(),
            on_behalf_of_id=behalf,
        )
        .execution_options(synchronize_session=False)
    )
    after: dict[str, object] = {"subject": found.subject_label}
    if note.strip():
        after["note"] = note.strip()
    if behalf is not None:
        after["on_behalf_of"] = behalf
    before = {"state": ApprovalState.PENDING, "kind": found.kind}
    write_audit(by, _DONE[state], "approval", found.id, before, after)


def name_delegate(new: NewDelegation, by: Actor) -> None:
    """Let another person of the same territory decide in the actor's name for a span of days.

    Raises:
        Forbidden: ``not_permitted``.
        Invalid: ``delegate_unknown``, ``delegate_elsewhere`` and those of ``require_delegation``.
        Conflict: ``delegation_overlaps``, ``id_reused``.
    """
    require(by, Permission.APPROVAL_DECIDE)
    if earlier_result(new.id, DELEGATED, new.request()) is not None:
        return
    person = user_by_name(new.username)
    if person is None:
        raise Invalid("delegate_unknown", "没有这个登录名，请核对后再填", field="username")
    require_delegation(new, today(), by.user_id, person.id)
    mine = org_paths(by, Permission.APPROVAL_DECIDE)
    if not same_territory(mine, org_paths(actor_for(person), Permission.APPROVAL_DECIDE)):
        raise Invalid("delegate_elsewhere", "只能委托给同一管辖范围内能办理审批的同事", field="username")
    if db.session.scalar(select(Delegation.id).where(*_overlapping(by.user_id, person.id, new.starts_on, new.ends_on))):
        raise Conflict("delegation_overlaps", "这段时间已经委托过这位同事", field="starts_on")
    db.session.execute(
        insert(Delegation).values(
            id=new.id,
            user_id=by.user_id,
            delegate_id=person.id,
            starts_on=new.starts_on,
            ends_on=new.ends_on,
            made_at=now(),
        )
    )
    remember(new.id, DELEGATED, by, new.request(), person.id)
    after = {"username": person.username, "starts_on": new.starts_on.isoformat(), "ends_on": new.ends_on.isoformat()}
    write_audit(by, "delegate_named", "user", person.id, after=after)


def _overlapping(
    user_id: int | None, delegate_id: int, starts_on: date, ends_on: date
) -> tuple[ColumnElement[bool], ...]:
    return (
        Delegation.user_id == user_id,
        Delegation.delegate_id == delegate_id,
        Delegation.starts_on < ends_on,
        Delegation.ends_on > starts_on,
        Delegation.ends_on > Delegation.starts_on,
    )


def end_delegation(delegation_id: UUID, by: Actor) -> None:
    """Take a delegation back from today on; what was decided under it stays. Twice is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``delegation_missing``.
    """
    require(by, Permission.APPROVAL_DECIDE)
    found = db.session.scalar(
        select(Delegation).where(Delegation.id == delegation_id, Delegation.user_id == by.user_id).with_for_update()
    )
    if found is None:
        raise Missing("delegation_missing", "没有找到这项委托")
    if found.ends_on <= max(today(), found.starts_on):
        return
    before = {"ends_on": found.ends_on.isoformat()}
    found.ends_on = max(today(), found.starts_on)
    write_audit(by, "delegate_ended", "user", found.delegate_id, before, {"ends_on": found.ends_on.isoformat()})
