"""The raise of a limit as a second person sees it."""

from __future__ import annotations

from typing import Final

from flask import url_for
from flask_babel import gettext as _

from agentnet.approvals.kinds import ApprovalKind, Change, Described
from agentnet.approvals.models import Approval
from agentnet.core.money import Fen
from agentnet.core.words import translatable
from agentnet.holding.limit_actions import RAISE, carry_out_raise
from agentnet.holding.rules import limits_from
from agentnet.holding.words import FIGURES
from agentnet.infra.dates import day_text
from agentnet.infra.i18n import money_text
from agentnet.outlets.words import OUTLET_KINDS
from agentnet.users.permissions import Permission


def figure_text(fen: Fen | None) -> str:
    """Return a limit as people read it; none is said so."""
    return _("没有限制") if fen is None else money_text(fen)


def describe_raise(approval: Approval) -> Described:
    """Say whose limits are raised, on which days, and each raised figure before and after."""
    new = limits_from(approval.id, approval.content)
    facts = [(_("从哪天起"), day_text(new.starts_on))]
    if new.ends_on is not None:
        facts.append((_("到哪天止（不含）"), day_text(new.ends_on)))
    if new.kind is not None:
        facts.insert(0, (_("网点类型"), _(OUTLET_KINDS[new.kind])))  # type: ignore[index]
        url = url_for("holding.kind_limits", kind=new.kind)
    else:
        url = url_for("holding.outlet_limits", code=new.outlet_code)
    changes = [
        Change(_(FIGURES[name]), figure_text(before), figure_text(after))
        for name, (before, after) in approval.content["raises"].items()
    ]
    return Described(facts, changes, url)


LIMIT_RAISE: Final = ApprovalKind(
    RAISE, translatable("提高限额"), Permission.LIMIT_APPROVE, carry_out_raise, describe_raise
)
