"""Differences: opened by a file or a match, taken on by somebody, ended with a reason. Every step is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select, update

from agentnet.approvals.models import Approval
from agentnet.approvals.queries import pending_of
from agentnet.approvals.rules import ApprovalState
from agentnet.collecting.models import Collection, Void
from agentnet.core.clock import now
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.settlement.matching import Kind, Proposal
from agentnet.settlement.reconciliation.models import Difference, DifferenceStep, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.queries import difference_for
from agentnet.settlement.reconciliation.rules import (
    ABOUT,
    WRITE_OFF,
    Source,
    State,
    Verb,
    require_not_asked,
    require_open,
    require_reason,
)
from agentnet.users.permissions import Permission

STEPPED: Final = "difference_step"
"""The kind of request a step is remembered as."""

FOUND_ELSEWHERE: Final = "在另一天的文件里找到"
"""Why a difference ended that another day's file made good."""

ONE_SIDED: Final = (Kind.MISSING_AT_AGENT, Kind.MISSING_AT_UTILITY, Kind.DUPLICATE)
"""What says that a row or a fact of ours has no other side, and ends when it is matched."""


def open_one(facts: Mapping[str, Any]) -> int:
    """Open a difference."""
    values = {"opened_at": now(), "state": State.OPEN, "reason": ""}
    return int(db.session.execute(insert(Difference).values(**facts, **values).returning(Difference.id)).scalar_one())


def take_on(difference_id: int, request_id: UUID, by: Actor) -> None:
    """Take a difference on: from now on the actor answers for it.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``difference_missing``. Conflict: ``difference_ended``, ``id_reused``.
    """
    content: dict[str, object] = {"difference_id": difference_id, "verb": Verb.OWNED}
    found = difference_for(by, difference_id, Permission.RECONCILE, for_change=True)
    if earlier_result(request_id, STEPPED, content) is not None:
        return
    require_open(found.state)
    before = {"owner_id": found.owner_id}
    db.session.execute(
        update(Difference)
        .where(Difference.id == difference_id)
        .values(owner_id=by.user_id)
        .execution_options(synchronize_session=False)
    )
    _step(difference_id, Verb.OWNED, by, "", by.user_id)
    remember(request_id, STEPPED, by, content, difference_id)
    write_audit(by, "difference_taken_on", "difference", difference_id, before, {"owner_id": by.user_id})


def end(difference_id: int, request_id: UUID, state: State, reason: str, by: Actor) -> None:
    """End a difference as explained or adjusted; a write-off needs a second person and goes another way.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``difference_missing``. Invalid: ``reason_missing``.
        Conflict: ``difference_ended``, ``write_off_waiting``, ``id_reused``.
    """
    assert state in (State.EXPLAINED, State.ADJUSTED), state
    content = {"difference_id": difference_id, "verb": state.value, "reason": reason.strip()}
    found = difference_for(by, difference_id, Permission.RECONCILE, for_change=True)
    if earlier_result(request_id, STEPPED, content) is not None:
        return
    require_open(found.state)
    require_nothing_asked(found)
    require_reason(reason)
    end_as(found, state, reason, by)
    remember(request_id, STEPPED, by, content, difference_id)
    verb = "difference_explained" if state is State.EXPLAINED else "difference_adjusted"
    write_audit(by, verb, "difference", difference_id, {"state": State.OPEN}, {"reason": reason.strip()})


def waiting_for(found: Difference) -> Approval | None:
    """Return the request about a difference that waits for its second person."""
    write_off = pending_of(WRITE_OFF, ABOUT, str(found.id))
    if write_off is not None or found.approval_id is None:
        return write_off
    asked = db.session.get_one(Approval, found.approval_id, populate_existing=True)
    return asked if asked.state == ApprovalState.PENDING else None


def require_nothing_asked(found: Difference) -> None:
    """Refuse to end a difference while a request about it waits.

    Raises:
        Conflict: ``write_off_waiting``.
    """
    require_not_asked(waiting_for(found) is not None)


def end_as(found: Difference, state: State, reason: str, by: Actor) -> None:
    """End an open difference that is locked and was judged; whoever ends it owns it if nobody did."""
    owner_id = found.owner_id or by.user_id
    db.session.execute(
        update(Difference)
        .where(Difference.id == found.id)
        .values(state=state, ended_at=now(), ended_by_id=by.user_id, reason=reason.strip(), owner_id=owner_id)
        .execution_options(synchronize_session=False)
    )
    _step(found.id, Verb(state.value), by, reason, owner_id)


def _step(difference_id: int, verb: Verb, by: Actor, reason: str, owner_id: int | None) -> None:
    db.session.execute(
        insert(DifferenceStep).values(
            difference_id=difference_id,
            verb=verb,
            at=now(),
            user_id=by.user_id,
            owner_id=owner_id,
            reason=reason.strip(),
        )
    )


def end_for_match(file_id: int, line_no: int, collection_id: UUID | None, reason: str, by: Actor) -> None:
    """End what was open because a row, and our collection, had no other side: now they have each other."""
    row_alone = (Difference.file_id == file_id) & (Difference.line_no == line_no) & Difference.collection_id.is_(None)
    ours_alone = (Difference.collection_id == collection_id) & Difference.line_no.is_(None)
    alone = row_alone if collection_id is None else row_alone | ours_alone
    open_alone = select(Difference).where(alone, Difference.state == State.OPEN, Difference.kind.in_(ONE_SIDED))
    for found in db.session.scalars(open_alone.with_for_update()).all():
        end_as(found, State.EXPLAINED, reason, by)


def end_found(file_id: int, by: Actor) -> None:
    """End what was open because our collection was in no file: this file has it, on another day."""
    here = select(RowMatch.collection_id).where(RowMatch.file_id == file_id, RowMatch.undone_at.is_(None))
    missing = select(Difference).where(
        Difference.state == State.OPEN,
        Difference.line_no.is_(None),
        Difference.kind.in_(ONE_SIDED),
        Difference.collection_id.in_(here),
    )
    for found in db.session.scalars(missing.with_for_update()).all():
        end_as(found, State.EXPLAINED, FOUND_ELSEWHERE, by)


def end_shortfall(file_id: int, line_no: int, by: Actor) -> None:
    """End what a line lacked of a deposit once the rest went back to the keeper."""
    short = select(Difference).where(
        Difference.file_id == file_id,
        Difference.line_no == line_no,
        Difference.state == State.OPEN,
        Difference.kind == Kind.AMOUNT_MISMATCH,
        Difference.proposal == Proposal.REVERSE,
    )
    for found in db.session.scalars(short.with_for_update()).all():
        end_as(found, State.ADJUSTED, "差额已退回网点手头", by)


def reopen_for_undo(file: ReconciliationFile, row: FileRow, undone: RowMatch, reason: str, by: Actor) -> None:
    """Open again what an undone match had closed, and end what only the pair had: both sides are alone again."""
    pair = select(Difference).where(
        Difference.file_id == row.file_id, Difference.line_no == row.line_no, Difference.state == State.OPEN
    )
    for found in db.session.scalars(pair.with_for_update()).all():
        if found.collection_id is not None or found.remittance_id is not None:
            end_as(found, State.EXPLAINED, reason, by)
    alone = {
        "file_id": row.file_id,
        "line_no": row.line_no,
        "partner_id": file.partner_id,
        "org_unit_id": file.org_unit_id,
        "business_on": row.day_on,
        "kind": Kind.MISSING_AT_UTILITY,
        "proposal": Proposal.BOOK if file.source == Source.PARTNER else Proposal.LOOK,
        "amount_fen": row.gross_fen,
    }
    row_alone = (Difference.file_id == row.file_id) & (Difference.line_no == row.line_no)
    _open_again(alone, row_alone & Difference.collection_id.is_(None) & Difference.remittance_id.is_(None), reason, by)
    if undone.collection_id is not None and db.session.get(Void, undone.collection_id) is None:
        collection = db.session.get_one(Collection, undone.collection_id)
        ours = {
            "file_id": row.file_id,
            "collection_id": collection.id,
            "partner_id": file.partner_id,
            "outlet_id": collection.outlet_id,
            "org_unit_id": collection.org_unit_id,
            "business_on": collection.business_on,
            "kind": Kind.MISSING_AT_AGENT,
            "proposal": Proposal.REVERSE,
            "amount_fen": collection.amount_fen,
        }
        mine = (Difference.collection_id == collection.id) & Difference.line_no.is_(None)
        _open_again(ours, mine, reason, by)


def _open_again(facts: Mapping[str, Any], which: Any, reason: str, by: Actor) -> None:
    """Open the difference that a match had ended, or a new one where the import had matched at once."""
    earlier = db.session.scalar(
        select(Difference)
        .where(which, Difference.kind.in_(ONE_SIDED))
        .order_by(Difference.id.desc())
        .limit(1)
        .with_for_update()
    )
    if earlier is None:
        open_one(facts)
        return
    if earlier.state != State.OPEN:
        open_again(earlier, reason, by)


def open_again(ended: Difference, reason: str, by: Actor) -> None:
    """Open an ended difference again; it is locked."""
    db.session.execute(
        update(Difference)
        .where(Difference.id == ended.id)
        .values(state=State.OPEN, ended_at=None, ended_by_id=None, reason="")
        .execution_options(synchronize_session=False)
    )
    _step(ended.id, Verb.REOPENED, by, reason, ended.owner_id)
