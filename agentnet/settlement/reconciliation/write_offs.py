"""Writing a difference off: one person asks, another decides.

Where the difference is money that the bank has and our books have not, or the other way round, the write-off books it:
Dr BANK, Cr WRITE_OFF or Dr WRITE_OFF, Cr BANK of the unit, and the bank's fee where it kept one. A partner's difference
stands for no money of an account: its write-off says that the books stay as they are.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _

from agentnet.approvals.actions import request_approval
from agentnet.approvals.kinds import ApprovalKind, Change, Described
from agentnet.approvals.models import Approval
from agentnet.approvals.queries import pending_of
from agentnet.approvals.rules import NewApproval
from agentnet.core.clock import today
from agentnet.core.ids import new_id
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.i18n import money_text
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import require_open as require_open_month
from agentnet.ledger.rules import ORG_UNIT, AccountKey, NewTransfer
from agentnet.settlement.matching import Kind
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation import rules
from agentnet.settlement.reconciliation.banking import received
from agentnet.settlement.reconciliation.describing import facts_of
from agentnet.settlement.reconciliation.difference_actions import end_as, require_nothing_asked
from agentnet.settlement.reconciliation.fees import book_fee_of, fee_of
from agentnet.settlement.reconciliation.models import Difference, FileRow
from agentnet.settlement.reconciliation.queries import deposit_state, difference_for
from agentnet.settlement.reconciliation.remedies import require_decided, require_same_moves, write_off_moves
from agentnet.settlement.reconciliation.rules import State, require_open
from agentnet.settlement.reconciliation.words import MOVED, MOVES_NOTHING, STATES
from agentnet.settlement.rules import RemittanceState
from agentnet.users.permissions import Permission


def ask_write_off(difference_id: int, approval_id: UUID, reason: str, by: Actor) -> None:
    """Ask a second person of finance to write a difference off; the same id with the same content is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``difference_missing``. Invalid: ``reason_missing``.
        Conflict: ``difference_ended``, ``deposit_undecided``, ``write_off_waiting``,
            ``approval_pending``, ``id_reused``.
    """
    found = difference_for(by, difference_id, Permission.RECONCILE, for_change=True)
    content: dict[str, object] = {
        "difference_id": difference_id,
        "amount_fen": found.amount_fen,
        "reason": reason.strip(),
    }
    earlier = db.session.get(Approval, approval_id)
    if earlier is None:  # a resend is answered as the first was
        require_open(found.state)
        require_decided(found.kind, deposit_state(found))
        if pending_of(rules.WRITE_OFF, rules.ABOUT, str(difference_id)) is None:
            require_nothing_asked(found)
        moves = moves_of(found)
    else:
        moves = _asked_moves(earlier)
    if moves is not None:
        content["moves"] = list(moves)
    request_approval(
        NewApproval(
            id=approval_id,
            kind=rules.WRITE_OFF,
            subject_kind=rules.ABOUT,
            subject_id=str(difference_id),
            subject_label=f"#{difference_id}",
            org_unit_id=found.org_unit_id,
            content=content,
            reason=reason,
            amount_fen=found.amount_fen,
        ),
        by,
    )


def moves_of(found: Difference) -> tuple[str, str] | None:
    """Return which of the unit's accounts a write-off debits and credits as things stand, None if it moves no money."""
    if found.partner_id is not None or found.line_no is None:
        return None
    row = db.session.get_one(FileRow, (found.file_id, found.line_no))
    beyond: int | None = row.amount_fen if row.reversal else row.gross_fen
    if found.kind == Kind.BANK_REVERSAL and deposit_state(found) not in (None, RemittanceState.CONFIRMED):
        beyond = None
    if found.kind == Kind.AMOUNT_MISMATCH:
        remittance = db.session.get_one(Remittance, found.remittance_id, populate_existing=True)
        beyond = row.gross_fen - received(remittance)
        if beyond < 0 and remittance.state != RemittanceState.CONFIRMED:
            beyond = None
    return write_off_moves(found.kind, found.proposal, found.amount_fen, of_partner=False, beyond_book_fen=beyond)


def _asked_moves(approval: Approval) -> tuple[str, str] | None:
    moves = approval.content.get("moves")
    return (str(moves[0]), str(moves[1])) if moves else None


def _carry_out(approval: Approval, by: Actor) -> None:
    difference_id = int(approval.content["difference_id"])
    found = db.session.get_one(Difference, difference_id, with_for_update=True, populate_existing=True)
    require_open(found.state)
    require_decided(found.kind, deposit_state(found))
    moves = moves_of(found)
    require_same_moves(_asked_moves(approval), moves)
    after: dict[str, object] = {"amount_fen": found.amount_fen, "reason": approval.content["reason"]}
    if moves is not None:
        _book(found, moves, by)
        book_fee_of(found, found.org_unit_id, by)
        after |= {"debit": moves[0], "credit": moves[1]}
    end_as(found, State.WRITTEN_OFF, str(approval.content["reason"]), by)
    write_audit(by, "difference_written_off", "difference", difference_id, {"state": State.OPEN}, after)


def _book(found: Difference, moves: tuple[str, str], by: Actor) -> None:
    require_open_month(today())
    debit, credit = (AccountKey(ORG_UNIT, found.org_unit_id, code) for code in moves)
    transfer = NewTransfer(
        id=new_id(),
        kind="DIFFERENCE_WRITE_OFF",
        debit=debit,
        credit=credit,
        amount_fen=found.amount_fen,
        business_on=today(),
        subject_kind=rules.ABOUT,
        subject_id=str(found.id),
    )
    post_many(by, [transfer])


def _describe(approval: Approval) -> Described:
    found = db.session.get_one(Difference, int(approval.content["difference_id"]))
    facts = facts_of(found)
    moves = _asked_moves(approval)
    facts.append((_("记账"), _(MOVED[moves]) if moves else _(MOVES_NOTHING)))
    if moves and fee_of(found):
        facts.append((_("手续费"), money_text(fee_of(found))))
    changes = [Change(_("状态"), _(STATES[State.OPEN][0]), _(STATES[State.WRITTEN_OFF][0]))]
    return Described(facts, changes, url_for("reconciliation.difference", difference_id=found.id))


WRITE_OFF: Final = ApprovalKind(
    rules.WRITE_OFF, translatable("核销对账差异"), Permission.RECONCILE, _carry_out, _describe
)
