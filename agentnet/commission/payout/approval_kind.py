"""Four eyes on a batch: what the second person sees, and what the approval does."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from agentnet.approvals.kinds import ApprovalKind, Described
from agentnet.approvals.models import Approval
from agentnet.commission.payout.actions import APPROVAL, batch_label, said
from agentnet.commission.payout.models import PayoutBatch
from agentnet.commission.payout.queries import batch_held
from agentnet.commission.payout.rules import BatchState, require_step, require_uninvolved
from agentnet.commission.payout.worth_a_look import own_adjustments, unproved_accounts
from agentnet.core.clock import Month, now
from agentnet.core.errors import Conflict
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.dates import month_text
from agentnet.infra.db import db
from agentnet.infra.i18n import money_text
from agentnet.users.permissions import Permission


def carry_out(approval: Approval, by: Actor) -> None:
    """Approve a batch as it was checked, by somebody who neither drew it up nor ever checked it.

    Raises:
        Forbidden: ``drew_or_checked``. Missing: ``batch_missing``. Conflict: ``batch_step``, ``batch_changed``.
    """
    batch = batch_held(UUID(approval.content["batch_id"]))
    require_step(batch.state, BatchState.APPROVED)
    behalf = db.session.scalar(select(Approval.on_behalf_of_id).where(Approval.id == approval.id))
    # Each check asks for an approval: who asked once stays involved, also after taking it back.
    asked = db.session.scalars(
        select(Approval.requested_by_id).where(Approval.kind == APPROVAL, Approval.subject_id == str(batch.id))
    )
    involved = {batch.drawn_by_id, batch.checked_by_id, *asked}
    require_uninvolved(by.user_id, involved)
    if behalf is not None:
        require_uninvolved(behalf, involved)
    if said(batch) != dict(approval.content):
        raise Conflict("batch_changed", "这一批与申请时不一致，不能审批；请联系管理员核验")
    batch.state, batch.approved_by_id, batch.approved_at = BatchState.APPROVED, by.user_id, now()
    db.session.flush()
    write_audit(by, "payout_approved", "payout", batch_label(batch), after={"net_fen": batch.net_fen})


def describe(approval: Approval) -> Described:
    """Say how much goes to how many, how much tax is withheld, and what of it is worth a second look."""
    content = approval.content
    facts = [
        (_("封账月份"), month_text(Month.parse(content["month"]))),
        (_("付款笔数"), str(content["payments"])),
        (_("应付代办费"), money_text(content["gross_fen"])),
        (_("代扣税款"), money_text(content["tax_fen"])),
        (_("实付金额"), money_text(content["net_fen"])),
        *_worth_a_look(UUID(content["batch_id"])),
    ]
    return Described(facts, (), url_for("payout.batch", id_=content["batch_id"]))


def _worth_a_look(batch_id: UUID) -> list[tuple[str, str]]:
    batch = db.session.get(PayoutBatch, batch_id)
    if batch is None:
        return []
    accounts, own = unproved_accounts(batch), own_adjustments(batch)
    none = _("没有")
    return [
        (
            _("收款账户是新的或改过的"),
            _(
                "首次付款 %(new)d 笔，改过账户 %(changed)d 笔，共 %(amount)s",
                new=accounts.new,
                changed=accounts.changed,
                amount=money_text(accounts.net_fen),
            )
            if accounts.new + accounts.changed
            else none,
        ),
        (
            _("制单或核对的人登记的调整"),
            _(
                "%(count)d 项，补付 %(more)s，扣回 %(less)s",
                count=own.count,
                more=money_text(own.more_fen),
                less=money_text(own.less_fen),
            )
            if own.count
            else none,
        ),
    ]


PAYOUT: Final = ApprovalKind(
    APPROVAL, translatable("代办费付款"), Permission.PAYOUT_APPROVE, carry_out, describe, books=False
)
