"""Collection partners: the Post, banks, chains (S12)."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from sqlalchemy import select

from agentnet.core.errors import Invalid
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.outlets.actions.common import apply_changes, audit_change, once, require_for_company, require_version
from agentnet.outlets.models import Partner
from agentnet.outlets.queries import partner_by_code
from agentnet.outlets.rules import PartnerKind, clean_code, clean_uscc
from agentnet.users.permissions import Permission


@dataclass(frozen=True, slots=True)
class PartnerFacts:
    """What is written down about a partner."""

    name: str
    kind: PartnerKind
    uscc: str | None = None
    """Unified social credit code (GB 32100-2015)."""
    contact: str | None = None


def register_partner(code: str, facts: PartnerFacts, by: Actor, request_id: uuid.UUID | None = None) -> str:
    """Enter a partner; return its code.

    Raises:
        Forbidden: ``not_permitted``, ``for_whole_company``.
        Conflict: ``id_reused``.
        Invalid: ``code_shape``, ``code_taken``, ``uscc_shape``, ``uscc_check``.
    """
    require_for_company(by, Permission.PARTNER_EDIT)

    def work() -> str:
        clean = clean_code(code)
        if db.session.scalar(select(Partner.id).where(Partner.code == clean)):
            raise Invalid("code_taken", "编号 %(taken)s 已经用过，请换一个", field="code", taken=clean)
        values = _columns(facts)
        db.session.add(Partner(code=clean, version=1, **values))
        db.session.flush()
        write_audit(by, "register_partner", "partner", clean, None, values)
        return clean

    return once(request_id, "register_partner", by, {"code": code, **asdict(facts)}, work)


def change_partner(code: str, facts: PartnerFacts, by: Actor, version: int | None = None) -> None:
    """Write down new facts about a partner.

    Raises:
        Forbidden: ``not_permitted``, ``for_whole_company``.
        Missing: ``partner_missing``.
        Conflict: ``changed_meanwhile``.
        Invalid: ``uscc_shape``, ``uscc_check``.
    """
    require_for_company(by, Permission.PARTNER_EDIT)
    partner = partner_by_code(code)
    require_version(partner.version, version)
    if audit_change(by, "change_partner", "partner", code, apply_changes(partner, _columns(facts))):
        partner.version += 1
        db.session.flush()


def _columns(facts: PartnerFacts) -> dict[str, object]:
    return {
        "name": facts.name,
        "kind": facts.kind,
        "uscc": clean_uscc(facts.uscc) if facts.uscc else None,
        "contact": facts.contact or None,
    }
