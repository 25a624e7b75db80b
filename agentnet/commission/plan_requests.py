"""Two people agree a plan or a version of it: one asks, with the whole version; the other sees it and decides."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from agentnet.approvals.actions import asked_before, request_approval
from agentnet.approvals.kinds import ApprovalKind, Change, Described, Link
from agentnet.approvals.models import Approval
from agentnet.approvals.rules import NewApproval
from agentnet.commission.actions import add_version, create_plan, judge_plan, judge_version
from agentnet.commission.component_words import BASIS_WORDS, listed
from agentnet.commission.engine.language import Basis, Component, Version
from agentnet.commission.engine.reading import read_version
from agentnet.commission.engine.writing import version_content
from agentnet.commission.models import Plan, PlanVersion
from agentnet.commission.queries import plan_by_code, require_company_wide, tenders
from agentnet.commission.words import Words
from agentnet.core.ids import canonical
from agentnet.core.words import translatable
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.dates import day_text
from agentnet.infra.db import db
from agentnet.infra.i18n import say
from agentnet.users.permissions import Permission

ASKED: Final = "PLAN_VERSION"
LONGEST_LABEL: Final = 80


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A plan version to ask for; ``id`` is the sender's. ``new_name`` is given where the plan is new as well."""

    id: uuid.UUID
    plan_code: str
    says: Version
    new_name: str | None = None


def ask_for_version(new: NewVersion, by: Actor) -> None:
    """Ask a second person for a version as it stands; sent twice is once.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``plan_missing``.
        Invalid: as ``judge_plan`` and ``judge_version``.
        Conflict: ``plan_code_taken``, ``month_locked``, ``approval_pending``, ``id_reused``.
    """
    require_company_wide(by, Permission.COMMISSION_EDIT)
    sent = {"plan": new.plan_code, "new_name": new.new_name, "version": dict(version_content(new.says))}
    if asked_before(new.id, ASKED, new.plan_code, sent, new.says.note):
        return
    if new.new_name is not None:
        judge_plan(new.plan_code, new.new_name)
    else:
        plan_by_code(new.plan_code)
    judge_version(new.says)
    request_approval(
        NewApproval(
            id=new.id,
            kind=ASKED,
            subject_kind="PLAN",
            subject_id=new.plan_code,
            subject_label=_label(new.new_name or _plan_name(new.plan_code), new.plan_code),
            org_unit_id=db.session.scalars(select(OrgUnit.id).where(OrgUnit.parent_id.is_(None))).one(),
            content=sent,
            reason=new.says.note,
        ),
        by,
    )


def _label(name: str, code: str) -> str:
    """Return what a request is listed under, its plan's name cut to what the column holds."""
    return f"{name[: LONGEST_LABEL - 1 - len(code)]} {code}"


def _asked(approval: Approval) -> Version:
    return read_version(canonical(approval.content["version"]).decode())


def carry_out(approval: Approval, by: Actor) -> None:
    """Agree what was asked for, word for word.

    Raises:
        Invalid, Conflict: as ``create_plan`` and ``add_version``: a month may have closed since.
    """
    code, new_name = approval.content["plan"], approval.content["new_name"]
    if new_name is not None:
        create_plan(code, new_name, _asked(approval), by, approval.requested_by_id)
    else:
        add_version(code, _asked(approval), by, approval.requested_by_id)


def describe(approval: Approval) -> Described:
    """Say from when the version would rule, and of each component what it pays now and would pay then."""
    version, words = _asked(approval), Words(tenders)
    code, new_name = approval.content["plan"], approval.content["new_name"]
    facts = [(_("方案"), new_name or _plan_name(code)), (_("从哪天起"), day_text(version.starts_on))]
    if version.basis is Basis.SETTLED:
        facts.append((_("按什么计酬"), say(BASIS_WORDS[version.basis])))
    facts.append((_("分成"), _shared(version, words)))

    def said(component: Component) -> str:
        group = _("（择一组：%(group)s）", group=component.group) if component.group else ""
        return f"{words.said(component)}{group}"

    ruling = _before(approval, version)
    before = {one.name: one for one in ruling.components} if ruling else {}
    after = {one.name: one for one in version.components}
    changes = [
        Change(name, said(before[name]) if name in before else "-", said(after[name]) if name in after else "-")
        for name in dict.fromkeys([*after, *before])
        if before.get(name) != after.get(name)
    ]
    if ruling is not None and ruling.basis != version.basis:
        changes.append(Change(_("按什么计酬"), say(BASIS_WORDS[ruling.basis]), say(BASIS_WORDS[version.basis])))
    if ruling is not None and ruling.shares != version.shares:
        changes.append(Change(_("分成"), _shared(ruling, words), _shared(version, words)))
    trial = url_for("commission.new_what_if", version=f"pending:{approval.id}")
    return Described(
        facts,
        changes,
        None if new_name else url_for("commission.plan", code=code),
        [Link(_("用过去的月份试算这个版本"), trial, Permission.COMMISSION_EDIT)],
    )


def _shared(version: Version, words: Words) -> str:
    return listed(map(words.share, version.shares)) or _("不分成，全部付给代办人")


def _plan_name(code: str) -> str:
    return db.session.scalar(select(Plan.name).where(Plan.code == code)) or code


def _before(approval: Approval, version: Version) -> Version | None:
    """Return the version that would rule the version's first day without it."""
    statement = (
        select(PlanVersion.content)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(Plan.code == approval.content["plan"], PlanVersion.starts_on <= version.starts_on)
        .order_by(PlanVersion.starts_on.desc(), PlanVersion.number.desc())
        .limit(1)
    )
    if approval.decided_at is not None:  # what was agreed by this very request is not what was before
        statement = statement.where(PlanVersion.created_at < approval.decided_at)
    content = db.session.scalar(statement)
    return read_version(content) if content else None


PLAN_VERSION: Final = ApprovalKind(
    ASKED, translatable("代办费方案"), Permission.COMMISSION_APPROVE, carry_out, describe, books=False
)
