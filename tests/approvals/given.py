"""A kind of request whose carrying out moves money, a second person of finance, and short ways to ask and decide."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import insert

from agentnet.approvals.actions import approve, reject, request_approval, withdraw
from agentnet.approvals.kinds import ApprovalKind, Change, Described
from agentnet.approvals.models import Approval
from agentnet.approvals.rules import NewApproval
from agentnet.core.clock import today
from agentnet.core.ids import new_id
from agentnet.core.words import translatable
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import post_many
from agentnet.ledger.rules import HOUSEHOLD, ORG_UNIT, AccountKey, NewTransfer
from agentnet.users.models import RoleGrant, User
from agentnet.users.permissions import Permission
from tests import world

ADVANCE = AccountKey(HOUSEHOLD, 2, "ADVANCE")
SUSPENSE = AccountKey(ORG_UNIT, world.TAIPING.id, "SUSPENSE")


def _carry_out(approval, by):
    """Move the amount out of Gang's advance, which refuses what it does not hold."""
    transfer = NewTransfer(
        id=new_id(),
        kind="SAMPLE",
        debit=ADVANCE,
        credit=SUSPENSE,
        amount_fen=approval.content["amount_fen"],
        business_on=today(),
        subject_kind="APPROVAL",
        subject_id=str(approval.id),
    )
    post_many(by, [transfer])


def _describe(approval):
    amount = str(approval.content["amount_fen"])
    return Described([("WL0001", amount)], [Change("WL0001", amount, "0")], "/outlets/WL0001")


SAMPLE = ApprovalKind("SAMPLE", translatable("审批"), Permission.REMITTANCE_CONFIRM, _carry_out, _describe)


def know_the_sample():
    """Register the kind with the present application."""
    known = current_app.extensions["agentnet.approval_kinds"]
    current_app.extensions["agentnet.approval_kinds"] = {**known, SAMPLE.code: SAMPLE}


def more_finance():
    """Let Grace join finance of the company, and give Carol the second role of finance there."""
    with batch() as session:
        given = {"password_hash": world._CHEAP_HASH, "must_change_password": False, "created_at": world.NOW}
        session.execute(insert(User).values(id=13, username="grace", display_name="Grace", **given))
        for user_id, place in ((13, world.COMPANY), (6, world.WENLING)):
            session.execute(
                insert(RoleGrant).values(
                    user_id=user_id, role="FINANCE", org_unit_id=place.id, starts_on=world.LONG_AGO
                )
            )


def give_advance(amount_fen):
    """Give Gang an advance."""
    with batch():
        transfer = NewTransfer(new_id(), "GIVEN", SUSPENSE, ADVANCE, amount_fen, today(), "TEST", "1")
        post_many(world.actor("fang"), [transfer])


def asked(amount_fen=500, by="fang", **changes):
    """Ask for the sample as one of the cast; return what was asked."""
    values = {
        "id": new_id(),
        "kind": "SAMPLE",
        "subject_kind": "OUTLET",
        "subject_id": "1",
        "subject_label": "WL0001",
        "org_unit_id": world.TAIPING.id,
        "content": {"amount_fen": amount_fen},
        "reason": "多收了",
        "amount_fen": amount_fen,
    }
    new = NewApproval(**(values | changes))
    with batch():
        request_approval(new, world.actor(by))
    return new


def seen(approval_id):
    """Return the hash of the content a request's page shows."""
    with reading():
        return db.session.get_one(Approval, approval_id).content_sha256


def say_yes(approval_id, by="grace", note="", request_id=None, sha256=None):
    """Approve as one of the cast."""
    sha256 = sha256 or seen(approval_id)
    with batch():
        approve(approval_id, request_id or new_id(), sha256, note, world.actor(by))


def say_no(approval_id, by="grace", note="单据不全", request_id=None):
    """Reject as one of the cast."""
    with batch():
        reject(approval_id, request_id or new_id(), note, world.actor(by))


def take_back(approval_id, by="fang", request_id=None):
    """Withdraw as one of the cast."""
    with batch():
        withdraw(approval_id, request_id or new_id(), world.actor(by))


def state_of(approval_id):
    """Return a request's state, who decided it, and in whose name."""
    with reading():
        found = db.session.get_one(Approval, approval_id)
        return found.state, found.decided_by_id, found.on_behalf_of_id
