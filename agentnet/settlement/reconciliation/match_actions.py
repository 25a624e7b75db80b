"""Matching by hand and undoing, and confirming remittances by a bank's lines.

A match moves no money. Confirming does: Dr BANK, Cr IN_TRANSIT with what was paid in (gross), and the bank's fee
Dr CHANNEL_FEE, Cr BANK, so that BANK stands where the statement says.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, exists, insert, select, update

from agentnet.approvals.models import Approval
from agentnet.approvals.rules import ApprovalState
from agentnet.collecting.models import Collection, Household, Void
from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict, Missing
from agentnet.core.ids import new_id
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import lock_tables
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.ledger.actions import post_many
from agentnet.ledger.models import Transfer
from agentnet.ledger.queries import require_open as require_open_month
from agentnet.ledger.rules import ORG_UNIT, AccountKey, NewTransfer
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.settlement.ageing.actions import hold_cash
from agentnet.settlement.matching import Kind, Proposal
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation.banking import mismatch, received
from agentnet.settlement.reconciliation.difference_actions import (
    end_for_match,
    end_shortfall,
    open_one,
    reopen_for_undo,
)
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.queries import file_for, live_match, row_for
from agentnet.settlement.reconciliation.rules import (
    ABOUT,
    BY_HAND,
    Source,
    State,
    confirmable_fen,
    require_matchable,
    require_money_in,
    require_reason,
    require_same_household,
    require_standing,
    require_unbooked,
    require_undoable,
    require_unmatched,
    require_unmended,
    shortfall_note,
)
from agentnet.settlement.remittance_actions import confirm_remittance
from agentnet.settlement.rules import RemittanceState
from agentnet.users.permissions import Permission

MATCHED: Final = "reconciliation_match"
UNDONE: Final = "reconciliation_undo"
CONFIRMED: Final = "statement_confirmation"
"""The kinds of request these are remembered as."""

_matches = cast(Table, RowMatch.__table__)
"""Locked against other writers by whoever matches, undoes or confirms: an import may be matching at the same time."""


@dataclass(frozen=True, slots=True)
class NewMatch:
    """A row and what a person says it is: a receipt of ours, or a remittance."""

    id: UUID
    file_id: int
    line_no: int
    receipt_no: str = ""
    remittance_id: UUID | None = None
    reason: str = ""

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same match."""
        return {
            "file_id": self.file_id,
            "line_no": self.line_no,
            "receipt_no": self.receipt_no.strip(),
            "remittance_id": self.remittance_id,
            "reason": self.reason.strip(),
        }


def match_by_hand(new: NewMatch, by: Actor) -> None:
    """Match a row with one of our facts; what was open because neither had the other ends, what differs opens.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``row_missing``, ``collection_missing``, ``remittance_missing``.
        Invalid: ``reason_missing``, ``row_not_matchable``, ``household_other``, ``money_went_out``.
        Conflict: ``row_matched``, ``side_matched``, ``row_booked``, ``file_withdrawn``, ``remittance_decided``,
            ``id_reused``.
    """
    lock_tables(_matches)
    file, row = row_for(by, new.file_id, new.line_no, Permission.RECONCILE, for_change=True)
    if earlier_result(new.id, MATCHED, new.content()) is not None:
        return
    require_standing(file.withdrawn_at is not None)
    require_reason(new.reason)
    require_matchable(row.kind, row.repeats_line_no is not None, row.reversal)
    if file.source == Source.PARTNER:
        _match_collection(file, row, new, by)
    else:
        _match_remittance(row, new, by)
    remember(new.id, MATCHED, by, new.content(), f"{new.file_id}:{new.line_no}")
    after = {"line": new.line_no, "reason": new.reason.strip(), "receipt_no": new.receipt_no.strip()}
    write_audit(by, "row_matched", "channel_file", new.file_id, after=after)


def _match_collection(file: ReconciliationFile, row: FileRow, new: NewMatch, by: Actor) -> None:
    found = db.session.execute(
        select(Collection, Household.household_no)
        .join(Household, Household.id == Collection.household_id)
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .where(Collection.receipt_no == new.receipt_no.strip(), Outlet.partner_id == file.partner_id)
        .with_for_update(of=Collection)
    ).one_or_none()
    if found is None:
        raise Missing("collection_missing", "没有找到这张收据，或它不是这个合作单位的网点开的", field="receipt_no")
    collection, household_no = found
    require_unmatched(
        live_match(row.file_id, row.line_no) is not None,
        _matched(RowMatch.collection_id == collection.id),
    )
    require_same_household(row.household_no, household_no)
    _insert(row, {"collection_id": collection.id}, new.reason, by)
    end_for_match(row.file_id, row.line_no, collection.id, new.reason, by)
    facts: dict[str, Any] = {
        "file_id": row.file_id,
        "line_no": row.line_no,
        "collection_id": collection.id,
        "partner_id": file.partner_id,
        "outlet_id": collection.outlet_id,
        "org_unit_id": collection.org_unit_id,
        "business_on": collection.business_on,
    }
    more = row.amount_fen - collection.amount_fen
    if more:
        proposal = Proposal.BOOK if more > 0 else Proposal.REVERSE
        open_one(facts | {"kind": Kind.AMOUNT_MISMATCH, "proposal": proposal, "amount_fen": abs(more)})
    if row.day_on != collection.business_on:
        wrong_day = {"kind": Kind.WRONG_DATE, "proposal": Proposal.LOOK, "amount_fen": collection.amount_fen}
        open_one(facts | wrong_day)


def _match_remittance(row: FileRow, new: NewMatch, by: Actor) -> None:
    require_money_in(row.gross_fen)
    require_unbooked(_booked(row))
    remittance = db.session.scalar(
        select(Remittance)
        .join(Outlet, Outlet.id == Remittance.outlet_id)
        .where(Remittance.id == new.remittance_id, visible_outlets(by, Permission.REMITTANCE_CONFIRM))
        .with_for_update(of=Remittance)
    )
    if remittance is None:
        raise Missing("remittance_missing", "没有找到这笔解款，或它不在您的管辖范围内")
    if remittance.state == RemittanceState.REJECTED:
        raise Conflict("remittance_decided", "这笔解款已经处理过了")
    require_unmatched(
        live_match(row.file_id, row.line_no) is not None,
        _matched(RowMatch.remittance_id == remittance.id),
    )
    _insert(row, {"remittance_id": remittance.id}, new.reason, by)
    end_for_match(row.file_id, row.line_no, None, new.reason, by)
    more = row.gross_fen - received(remittance)
    if more:
        facts = {"file_id": row.file_id, "line_no": row.line_no, "business_on": row.day_on}
        open_one(facts | mismatch(remittance, more))


def _booked(row: FileRow) -> bool:
    """Return whether money was booked for a difference of a bank's line."""
    of_row = select(Difference).where(
        Difference.file_id == row.file_id, Difference.line_no == row.line_no, Difference.partner_id.is_(None)
    )
    found = db.session.scalars(of_row).all()
    adjusted = of_row.join(Approval, Approval.id == Difference.approval_id).where(
        Difference.state == State.ADJUSTED, Approval.state == ApprovalState.APPROVED
    )
    written_off = [str(one.id) for one in found if one.state == State.WRITTEN_OFF]
    moved = select(Transfer.id).where(Transfer.subject_kind == ABOUT, Transfer.subject_id.in_(written_off)).limit(1)
    if db.session.scalars(adjusted.limit(1)).first() is not None:
        return True
    return bool(written_off) and db.session.scalar(moved) is not None


def _mended(row: FileRow) -> bool:
    """Return whether what a partner's row says more or less than its match was booked, and not voided, or given back.

    The row's differences are held: one that is being carried out now is seen first.
    """
    of_row = (Difference.file_id == row.file_id) & (Difference.line_no == row.line_no)
    db.session.execute(select(Difference.id).where(of_row).order_by(Difference.id).with_for_update())
    gone = exists().where(Void.collection_id == Difference.booked_id)
    found = (
        select(Difference.id)
        .join(Approval, Approval.id == Difference.approval_id)
        .where(
            of_row,
            Difference.partner_id.is_not(None),
            Difference.kind == Kind.AMOUNT_MISMATCH,
            Difference.state == State.ADJUSTED,
            Approval.state == ApprovalState.APPROVED,
            ~gone,
        )
    )
    return db.session.scalar(found.limit(1)) is not None


def _matched(side: Any) -> bool:
    return db.session.scalar(select(RowMatch.id).where(side, RowMatch.undone_at.is_(None))) is not None


def _insert(row: FileRow, side: dict[str, object], reason: str, by: Actor) -> None:
    values = {"file_id": row.file_id, "line_no": row.line_no, "step": BY_HAND, "matched_at": now()}
    db.session.execute(insert(RowMatch).values(**values, user_id=by.user_id, reason=reason.strip(), **side))


def undo_match(match_id: int, request_id: UUID, reason: str, by: Actor) -> tuple[int, int]:
    """Undo a match, whoever or whatever made it, and return the file and line; both sides are open again.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``match_missing``, ``channel_file_missing``. Invalid: ``reason_missing``.
        Conflict: ``match_undone``, ``match_booked``, ``row_booked``, ``id_reused``.
    """
    content = {"match_id": match_id, "reason": reason.strip()}
    lock_tables(_matches)
    found = db.session.scalar(
        select(RowMatch).where(RowMatch.id == match_id).with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        raise Missing("match_missing", "没有找到这个匹配")
    file, row = row_for(by, found.file_id, found.line_no, Permission.RECONCILE, for_change=True)
    if earlier_result(request_id, UNDONE, content) is not None:
        return found.file_id, found.line_no
    state = db.session.scalar(select(Remittance.state).where(Remittance.id == found.remittance_id))
    require_undoable(found.undone_at is not None, state)
    require_unbooked(_booked(row))
    require_unmended(_mended(row))
    require_reason(reason)
    db.session.execute(
        update(RowMatch)
        .where(RowMatch.id == match_id)
        .values(undone_at=now(), undone_by_id=by.user_id, undo_reason=reason.strip())
        .execution_options(synchronize_session=False)
    )
    reopen_for_undo(file, row, found, reason, by)
    remember(request_id, UNDONE, by, content, match_id)
    before = {"step": found.step, "line": found.line_no}
    write_audit(by, "match_undone", "channel_file", found.file_id, before, {"reason": reason.strip()})
    return found.file_id, found.line_no


@dataclass(frozen=True, slots=True)
class Waiting:
    """A matched line whose remittance is not confirmed yet, and what it would confirm."""

    line_no: int
    day_on: date
    gross_fen: Fen
    fee_fen: Fen
    remittance: Remittance
    outlet_code: str
    outlet_name: str

    @property
    def confirmed_fen(self) -> Fen:
        return confirmable_fen(self.remittance.amount_fen, self.gross_fen)


_TAKEN_BACK = exists().where(
    Difference.remittance_id == Remittance.id,
    Difference.kind == Kind.BANK_REVERSAL,
    Difference.state == State.OPEN,
)


def waiting_lines(file_id: int, by: Actor) -> list[Waiting]:
    """Return the matched lines of a statement whose remittances wait to be confirmed.

    What the bank has taken back again is not among them until somebody has said what became of it.
    """
    found = db.session.execute(
        select(FileRow, Remittance, Outlet.code, Outlet.name)
        .join(RowMatch, (RowMatch.file_id == FileRow.file_id) & (RowMatch.line_no == FileRow.line_no))
        .join(Remittance, Remittance.id == RowMatch.remittance_id)
        .join(Outlet, Outlet.id == Remittance.outlet_id)
        .where(
            FileRow.file_id == file_id,
            RowMatch.undone_at.is_(None),
            Remittance.state == RemittanceState.DECLARED,
            ~_TAKEN_BACK,
            visible_outlets(by, Permission.REMITTANCE_CONFIRM),
        )
        .order_by(FileRow.line_no)
    )
    return [
        Waiting(row.line_no, row.day_on, row.gross_fen, row.fee_fen, remittance, code, name)
        for row, remittance, code, name in found
    ]


def confirm_by_statement(file_id: int, request_id: UUID, total_fen: Fen, by: Actor) -> int:
    """Confirm the remittances a statement's lines were matched with; return how many.

    ``total_fen`` is what the page showed. Less than declared gives the rest back to the keeper; what the bank received
    beyond it stays a difference.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``channel_file_missing``.
        Conflict: ``confirmation_moved``, ``month_closed``, ``id_reused``.
    """
    lock_tables(_matches)
    file = file_for(by, file_id, Permission.RECONCILE, for_change=True)
    content = {"file_id": file_id, "total_fen": total_fen}
    earlier = earlier_result(request_id, CONFIRMED, content)
    if earlier is not None:
        return int(earlier)
    require_standing(file.withdrawn_at is not None)
    waiting = waiting_lines(file_id, by)
    if sum(one.confirmed_fen for one in waiting) != total_fen:
        raise Conflict("confirmation_moved", "匹配有变动，请核对后重新确认")
    _hold(waiting)
    for one in waiting:
        note = shortfall_note(one.remittance.amount_fen, one.gross_fen)
        confirm_remittance(one.remittance.id, request_of(file_id, one.line_no), one.confirmed_fen, note, by)
        if note:
            end_shortfall(file_id, one.line_no, by)
    _book_fees([one for one in waiting if one.fee_fen > 0], by)
    remember(request_id, CONFIRMED, by, content, len(waiting))
    if waiting:
        after = {"matched": len(waiting), "amount_fen": total_fen}
        write_audit(by, "statement_confirmed", "channel_file", file_id, after=after)
    return len(waiting)


def _hold(waiting: Sequence[Waiting]) -> None:
    """Hold the remittances and then the cash in their order: whoever confirms one, or counts the night, does so too."""
    ids = sorted(one.remittance.id for one in waiting)
    db.session.execute(select(Remittance.id).where(Remittance.id.in_(ids)).order_by(Remittance.id).with_for_update())
    hold_cash(sorted({one.remittance.outlet_id for one in waiting}))


def request_of(file_id: int, line_no: int) -> UUID:
    """Return the id under which a line confirms: the same line confirms once."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"agentnet/reconciliation/{file_id}/{line_no}")


def _book_fees(lines: Sequence[Waiting], by: Actor) -> None:
    if not lines:
        return
    require_open_month(today())
    post_many(
        by,
        [
            NewTransfer(
                id=new_id(),
                kind="CHANNEL_FEE",
                debit=AccountKey(ORG_UNIT, one.remittance.org_unit_id, "CHANNEL_FEE"),
                credit=AccountKey(ORG_UNIT, one.remittance.org_unit_id, "BANK"),
                amount_fen=one.fee_fen,
                business_on=today(),
                subject_kind="REMITTANCE",
                subject_id=str(one.remittance.id),
            )
            for one in lines
        ],
    )
