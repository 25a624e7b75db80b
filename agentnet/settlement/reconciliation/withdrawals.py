"""Withdrawing a file that was taken by mistake: one person of finance asks, another decides.

It foots, but is another partner's, another day's or another account's. Withdrawn it stays on record with its rows and
counts for nothing: its matches are undone, its differences end, its lines are known no more, and the right file may be
taken in. Refused once money moved because of it: a wrong booking is put right by its own verb, not by forgetting why.
"""

from __future__ import annotations

from typing import Final, cast
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Table, and_, exists, func, insert, literal, select, update

from agentnet.approvals.actions import request_approval
from agentnet.approvals.kinds import ApprovalKind, Change, Described
from agentnet.approvals.models import Approval
from agentnet.approvals.rules import ApprovalState, NewApproval
from agentnet.collecting.models import Collection, Household
from agentnet.core.clock import now
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import lock_tables
from agentnet.infra.dates import day_text
from agentnet.infra.db import db
from agentnet.infra.i18n import money_text
from agentnet.infra.idempotency import Request
from agentnet.ledger.models import Transfer
from agentnet.settlement.matching import Kind, Step
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation import rules
from agentnet.settlement.reconciliation.difference_actions import FOUND_ELSEWHERE, ONE_SIDED, end_as, open_again
from agentnet.settlement.reconciliation.match_actions import request_of
from agentnet.settlement.reconciliation.models import (
    Difference,
    DifferenceStep,
    FileRow,
    ReconciliationFile,
    RowMatch,
)
from agentnet.settlement.reconciliation.queries import file_for
from agentnet.settlement.reconciliation.rules import (
    Source,
    State,
    Verb,
    require_no_confirmation,
    require_nothing_adjusted,
    require_nothing_waiting,
    require_standing,
    require_unrepeated,
)
from agentnet.settlement.reconciliation.words import SOURCES
from agentnet.settlement.rules import RemittanceState
from agentnet.users.permissions import Permission

_TABLES = tuple(cast(Table, model.__table__) for model in (ReconciliationFile, FileRow, RowMatch))


def ask_withdrawal(file_id: int, approval_id: UUID, reason: str, by: Actor) -> None:
    """Ask a second person of finance to withdraw a file; the same id with the same content is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``channel_file_missing``. Invalid: ``reason_missing``.
        Conflict: ``file_withdrawn``, ``file_confirmed``, ``file_adjusted``, ``file_requests_wait``, ``file_repeated``,
            ``approval_pending``, ``id_reused``.
    """
    file = file_for(by, file_id, Permission.RECONCILE, for_change=True)
    if db.session.get(Approval, approval_id) is None:  # a resend is answered as the first was
        require_withdrawable(file)
    content: dict[str, object] = {
        "file_id": file.id,
        "sha256": file.sha256,
        "rows": file.rows_count,
        "amount_fen": file.amount_fen,
        "reason": reason.strip(),
    }
    asked = NewApproval(
        id=approval_id,
        kind=rules.WITHDRAWAL,
        subject_kind=rules.ABOUT_FILE,
        subject_id=str(file.id),
        subject_label=file.name[:80],
        org_unit_id=file.org_unit_id,
        content=content,
        reason=reason,
    )
    request_approval(asked, by)


def require_withdrawable(file: ReconciliationFile) -> None:
    """Refuse to withdraw what is withdrawn, what money moved by, and what something else rests on.

    Raises:
        Conflict: ``file_withdrawn``, ``file_confirmed``, ``file_adjusted``, ``file_requests_wait``, ``file_repeated``.
    """
    require_standing(file.withdrawn_at is not None)
    require_no_confirmation(_confirmed_slips(file))
    differences = Difference.file_id == file.id
    # What waits is read before what was carried out: a request that is decided in between is seen as one or the other.
    waiting = select(Approval.subject_id).where(
        Approval.state == ApprovalState.PENDING, Approval.kind == rules.WRITE_OFF, Approval.subject_kind == rules.ABOUT
    )
    asked = select(func.count()).where(
        Difference.approval_id == Approval.id, Approval.state == ApprovalState.PENDING, differences
    )
    write_offs, remedies = set(db.session.scalars(waiting)), db.session.scalar(asked) or 0
    found = db.session.execute(select(Difference.id, Difference.state).where(differences))
    states = {row.id: row.state for row in found}
    written_off = [str(id_) for id_, state in states.items() if state == State.WRITTEN_OFF]
    booked = select(func.count(Transfer.subject_id.distinct())).where(
        Transfer.subject_kind == rules.ABOUT, Transfer.subject_id.in_(written_off)
    )
    adjusted = sum(state == State.ADJUSTED for state in states.values())
    require_nothing_adjusted(adjusted + ((db.session.scalar(booked) or 0) if written_off else 0))
    open_ids = {str(id_) for id_, state in states.items() if state == State.OPEN}
    require_nothing_waiting(bool(write_offs & open_ids) or bool(remedies))
    repeating = (
        select(ReconciliationFile.name)
        .join(FileRow, FileRow.file_id == ReconciliationFile.id)
        .where(FileRow.repeats_file_id == file.id, ReconciliationFile.withdrawn_at.is_(None))
        .limit(1)
    )
    require_unrepeated(db.session.scalar(repeating))


def _confirmed_slips(file: ReconciliationFile) -> list[str]:
    """Return the slips of the deposits that this file's lines have confirmed."""
    if file.source != Source.BANK:
        return []
    matched = db.session.execute(
        select(RowMatch.line_no, Remittance.slip_no)
        .join(Remittance, Remittance.id == RowMatch.remittance_id)
        .where(RowMatch.file_id == file.id, RowMatch.undone_at.is_(None), Remittance.state == RemittanceState.CONFIRMED)
        .order_by(RowMatch.line_no)
    ).all()
    by_request = {request_of(file.id, line_no): slip_no for line_no, slip_no in matched}
    known = set(db.session.scalars(select(Request.id).where(Request.id.in_(by_request)))) if by_request else set()
    return [slip_no for id_, slip_no in by_request.items() if id_ in known]


def _carry_out(approval: Approval, by: Actor) -> None:
    lock_tables(*_TABLES)
    file_id = int(approval.content["file_id"])
    file = db.session.get_one(ReconciliationFile, file_id, with_for_update=True, populate_existing=True)
    _hold_differences(file_id)
    require_withdrawable(file)
    reason = approval.reason
    freed = select(RowMatch.collection_id).where(RowMatch.file_id == file_id, RowMatch.undone_at.is_(None))
    collections = [id_ for id_ in db.session.scalars(freed) if id_ is not None]
    matched = _undo_matches(file_id, reason, by)
    ended = _end_differences(file_id, reason, by)
    if file.source == Source.BANK:
        db.session.execute(
            update(FileRow)
            .where(FileRow.file_id == file_id, FileRow.said_sha256.is_not(None))
            .values(said_sha256=None)
            .execution_options(synchronize_session=False)
        )
    db.session.execute(
        update(ReconciliationFile)
        .where(ReconciliationFile.id == file_id)
        .values(withdrawn_at=now(), withdrawal_id=approval.id)
        .execution_options(synchronize_session=False)
    )
    again = 0
    if collections:
        again = _match_again(file_id, reason, by)
        _reopen_elsewhere(file_id, reason, by)
    after = {"file": file.name, "matched": matched, "differences": ended, "matched_again": again, "reason": reason}
    write_audit(by, "file_withdrawn", "channel_file", file_id, after=after)


def _undo_matches(file_id: int, reason: str, by: Actor) -> int:
    undone = db.session.execute(
        update(RowMatch)
        .where(RowMatch.file_id == file_id, RowMatch.undone_at.is_(None))
        .values(undone_at=now(), undone_by_id=by.user_id, undo_reason=reason)
        .execution_options(synchronize_session=False)
        .returning(RowMatch.id)
    ).all()
    return len(undone)


def _hold_differences(file_id: int) -> None:
    """Hold a file's differences: what is being carried out for one of them is done first, and judged then."""
    held = select(Difference.id).where(Difference.file_id == file_id).order_by(Difference.id)
    db.session.execute(held.with_for_update())


def _end_differences(file_id: int, reason: str, by: Actor) -> int:
    """End what is open of the file as explained, each with its step, in two statements; all are held by now."""
    open_ones = (Difference.file_id == file_id, Difference.state == State.OPEN)
    owner_id = func.coalesce(Difference.owner_id, by.user_id)
    columns = ["difference_id", "verb", "at", "user_id", "owner_id", "reason"]
    values = select(
        Difference.id,
        literal(Verb.EXPLAINED.value),
        literal(now(), DifferenceStep.at.type),
        literal(by.user_id, DifferenceStep.user_id.type),
        owner_id,
        literal(reason),
    ).where(*open_ones)
    db.session.execute(insert(DifferenceStep).from_select(columns, values))
    ended = db.session.execute(
        update(Difference)
        .where(*open_ones)
        .values(state=State.EXPLAINED, ended_at=now(), ended_by_id=by.user_id, reason=reason, owner_id=owner_id)
        .execution_options(synchronize_session=False)
        .returning(Difference.id)
    ).all()
    return len(ended)


def _freed_by(file_id: int) -> ColumnElement[bool]:
    """Return the condition that a collection had its match in this file and has none now."""
    of_it = RowMatch.collection_id == Collection.id
    had = exists().where(of_it, RowMatch.file_id == file_id).correlate(Collection)
    has = exists().where(of_it, RowMatch.undone_at.is_(None)).correlate(Collection)
    return and_(had, ~has)


def _match_again(file_id: int, reason: str, by: Actor) -> int:
    """Give a row of the right day its collection, where the withdrawn file had taken it and the row was a duplicate."""
    row_has = select(RowMatch.id).where(
        RowMatch.file_id == FileRow.file_id, RowMatch.line_no == FileRow.line_no, RowMatch.undone_at.is_(None)
    )
    found = db.session.execute(
        select(Difference, Collection.id)
        .join(FileRow, and_(FileRow.file_id == Difference.file_id, FileRow.line_no == Difference.line_no))
        .join(Collection, Collection.receipt_no == FileRow.reference)
        .join(Household, Household.id == Collection.household_id)
        .where(
            Difference.kind == Kind.DUPLICATE,
            Difference.state == State.OPEN,
            Difference.collection_id.is_(None),
            FileRow.amount_fen == Collection.amount_fen,
            FileRow.household_no == Household.household_no,
            FileRow.day_on == Collection.business_on,
            ~row_has.exists(),
            _freed_by(file_id),
        )
        .order_by(Difference.id)
        .with_for_update(of=Difference)
    ).all()
    taken: set[object] = set()
    for difference, collection_id in found:
        if collection_id in taken:
            continue
        taken.add(collection_id)
        values = {"file_id": difference.file_id, "line_no": difference.line_no, "collection_id": collection_id}
        db.session.execute(insert(RowMatch).values(**values, step=Step.REFERENCE, matched_at=now(), reason=""))
        end_as(difference, State.EXPLAINED, reason, by)
    return len(taken)


def _reopen_elsewhere(file_id: int, reason: str, by: Actor) -> None:
    """Open again what another day's file lacks, where only the withdrawn file had seemed to have it."""
    ended = (
        select(Difference)
        .join(Collection, Collection.id == Difference.collection_id)
        .where(
            Difference.file_id != file_id,
            Difference.line_no.is_(None),
            Difference.kind.in_(ONE_SIDED),
            Difference.state == State.EXPLAINED,
            Difference.reason == FOUND_ELSEWHERE,
            _freed_by(file_id),
        )
        .with_for_update(of=Difference)
    )
    for found in db.session.scalars(ended).all():
        open_again(found, reason, by)


def _describe(approval: Approval) -> Described:
    content = approval.content
    file = db.session.get_one(ReconciliationFile, int(content["file_id"]))
    days = day_text(file.first_on)
    if file.last_on != file.first_on:
        days = f"{days} - {day_text(file.last_on)}"
    facts = [
        (_("来源"), _(SOURCES[file.source])),
        (_("日期"), days),
        (_("行数"), str(file.rows_count)),
        (_("合计"), money_text(file.amount_fen)),
    ]
    changes = [Change(_("状态"), _("计入对账"), _("已撤回"))]
    return Described(facts, changes, url_for("reconciliation.file", file_id=file.id))


WITHDRAWAL: Final = ApprovalKind(
    rules.WITHDRAWAL, translatable("撤回对账文件"), Permission.RECONCILE, _carry_out, _describe
)
