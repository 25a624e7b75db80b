"""Writing a difference off: one person asks, another decides.

It moves no money. What our books hold was posted for a reason and stays; a loss that has to be booked is an adjustment.
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
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.dates import day_text
from agentnet.infra.db import db
from agentnet.settlement.reconciliation import rules
from agentnet.settlement.reconciliation.difference_actions import end_as
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.queries import difference_for
from agentnet.settlement.reconciliation.rules import State, require_open
from agentnet.settlement.reconciliation.words import KINDS, STATES
from agentnet.users.permissions import Permission


def ask_write_off(difference_id: int, approval_id: UUID, reason: str, by: Actor) -> None:
    """Ask a second person of finance to write a difference off; the same id with the same content is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``difference_missing``. Invalid: ``reason_missing``.
        Conflict: ``difference_ended``, ``approval_pending``, ``id_reused``.
    """
    found = difference_for(by, difference_id, Permission.RECONCILE, for_change=True)
    if db.session.get(Approval, approval_id) is None:  # a resend is answered as the first was
        require_open(found.state)
    request_approval(
        NewApproval(
            id=approval_id,
            kind=rules.WRITE_OFF,
            subject_kind=rules.ABOUT,
            subject_id=str(difference_id),
            subject_label=f"#{difference_id}",
            org_unit_id=found.org_unit_id,
            content={"difference_id": difference_id, "amount_fen": found.amount_fen, "reason": reason.strip()},
            reason=reason,
            amount_fen=found.amount_fen,
        ),
        by,
    )


def waiting_for(difference_id: int) -> Approval | None:
    """Return the write-off that waits for its second person."""
    return pending_of(rules.WRITE_OFF, rules.ABOUT, str(difference_id))


def _carry_out(approval: Approval, by: Actor) -> None:
    difference_id = int(approval.content["difference_id"])
    found = db.session.get_one(Difference, difference_id, with_for_update=True, populate_existing=True)
    require_open(found.state)
    end_as(found, State.WRITTEN_OFF, str(approval.content["reason"]), by)
    after = {"amount_fen": found.amount_fen, "reason": approval.content["reason"]}
    write_audit(by, "difference_written_off", "difference", difference_id, {"state": State.OPEN}, after)


def _describe(approval: Approval) -> Described:
    found = db.session.get_one(Difference, int(approval.content["difference_id"]))
    facts = [(_("差异类型"), _(KINDS[found.kind])), (_("日期"), day_text(found.business_on))]
    changes = [Change(_("状态"), _(STATES[State.OPEN][0]), _(STATES[State.WRITTEN_OFF][0]))]
    return Described(facts, changes, url_for("reconciliation.difference", difference_id=found.id))


WRITE_OFF: Final = ApprovalKind(
    rules.WRITE_OFF, translatable("核销对账差异"), Permission.RECONCILE, _carry_out, _describe
)
