"""The raise of a limit, and money that goes back to a keeper, as a second person sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import url_for
from flask_babel import gettext as _

from agentnet.approvals.kinds import ApprovalKind, Change, Described
from agentnet.approvals.models import Approval
from agentnet.approvals.rules import ApprovalState
from agentnet.core.money import Fen
from agentnet.core.words import translatable
from agentnet.holding.limit_actions import RAISE, carry_out_raise
from agentnet.holding.pay_back_actions import carry_out_pay_back
from agentnet.holding.rules import PAY_BACK_KINDS as KINDS
from agentnet.holding.rules import PayBackOf, limits_from, pay_back_from
from agentnet.holding.words import FIGURES, HELD_NAMES, PAY_BACKS
from agentnet.infra.dates import day_text
from agentnet.infra.db import db
from agentnet.infra.i18n import money_text
from agentnet.ledger.queries import balance
from agentnet.ledger.rules import OUTLET, AccountKey
from agentnet.outlets.models import Outlet
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
    RAISE, translatable("提高限额"), Permission.LIMIT_APPROVE, carry_out_raise, describe_raise, books=False
)


def describe_pay_back(approval: Approval) -> Described:
    """Say to whom the money goes back, with which slip of the bank, and what is left."""
    outlet = db.session.get_one(Outlet, approval.content["outlet_id"])
    new = pay_back_from(approval.id, outlet.code, approval.content, approval.reason)
    facts = [
        (_("网点"), f"{outlet.name} {outlet.code}"),
        (_("银行单号"), new.slip_no),
        (_("银行日期"), day_text(new.moved_on)),
    ]
    changes = []
    if approval.state == ApprovalState.PENDING:
        held_fen = balance(AccountKey(OUTLET, outlet.id, new.of))
        left_fen = max(held_fen - new.amount_fen, 0)
        changes = [Change(_(HELD_NAMES[new.of]), money_text(held_fen), money_text(left_fen))]
    return Described(facts, changes, url_for("holding.deposit", code=outlet.code))


PAY_BACK_KINDS: Final[Sequence[ApprovalKind]] = tuple(
    ApprovalKind(KINDS[of], PAY_BACKS[of], Permission.DEPOSIT_EDIT, carry_out_pay_back, describe_pay_back)
    for of in PayBackOf
)
