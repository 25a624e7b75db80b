"""Differences put right: money nobody declared is set aside by two people, three other remedies wait for the second.

By the product's own actions, in one transaction, after the week was reconciled; a difference that has no such remedy
in this network is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Select, select

from agentnet.approvals.actions import approve
from agentnet.approvals.models import Approval
from agentnet.core.ids import new_id
from agentnet.demo.network import POST
from agentnet.demo.sign_ins import COUNTY, FINANCE, REVIEWER
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet, Partner
from agentnet.settlement.corrections.rules import BY_BANK
from agentnet.settlement.reconciliation.difference_actions import waiting_for
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.remedies import Remedy
from agentnet.settlement.reconciliation.remedy_actions import NewRemedy, put_right, remedy_of
from agentnet.settlement.reconciliation.rules import State
from agentnet.users.models import User
from agentnet.users.queries import actor_for

REASONS: Final = {
    Remedy.SET_ASIDE: "银行到账来源不明，先转入待查款项",
    Remedy.RETURN: "银行已冲回，退回待查款项",
    Remedy.REFUND: "合作单位没有这一笔，客户确认没有缴",
    Remedy.BOOK: "合作单位已收，我方没有记账，补记",
}
"""What is put right, in this order, and why; the first of them is approved."""


def put_differences_right() -> None:
    """Put one difference of each kind of remedy right, or ask for it; done once."""
    with reading():
        if db.session.scalar(select(Difference.id).where(Difference.approval_id.is_not(None)).limit(1)) is not None:
            return
    with batch():
        finance, reviewer = _person(FINANCE), _person(REVIEWER)
        for found, remedy in _one_of_each():
            code = db.session.scalars(_outlets_of(found)).first() or ""
            tender, pay_by = ("CASH" if remedy is Remedy.BOOK else ""), (BY_BANK if remedy is Remedy.REFUND else "")
            new = NewRemedy(new_id(), found.id, remedy, REASONS[remedy], outlet_code=code, tender=tender, pay_by=pay_by)
            put_right(new, finance)
            if remedy is Remedy.SET_ASIDE:
                approve(new.id, new_id(), db.session.get_one(Approval, new.id).content_sha256, "", reviewer)


def _person(username: str) -> Actor:
    return actor_for(db.session.scalars(select(User).where(User.username == username)).one())


def _one_of_each() -> Sequence[tuple[Difference, Remedy]]:
    """Return the first difference for each remedy that nobody has taken on or asked about."""
    chosen: dict[Remedy, Difference] = {}
    for one in db.session.scalars(
        select(Difference)
        .where(Difference.state == State.OPEN, Difference.owner_id.is_(None))
        .order_by(Difference.id.desc())
    ):
        remedy = remedy_of(one)
        if remedy in REASONS and waiting_for(one) is None:
            chosen[remedy] = one
    return [(chosen[remedy], remedy) for remedy in REASONS if remedy in chosen]


def _outlets_of(found: Difference) -> Select[str]:
    statement = (
        select(Outlet.code).where(Outlet.code.startswith(COUNTY), Outlet.state == "ACTIVE").order_by(Outlet.code)
    )
    if found.partner_id is not None:
        return statement.join(Partner, Partner.id == Outlet.partner_id).where(Partner.code == POST)
    return statement
