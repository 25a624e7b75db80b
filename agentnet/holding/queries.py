"""Top-ups and deposits of a territory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from werkzeug.datastructures import MultiDict

from agentnet.approvals.models import Approval
from agentnet.approvals.queries import pending_of
from agentnet.core.errors import Invalid, Missing
from agentnet.core.money import Fen, format_yuan
from agentnet.holding.models import DepositMove, FloatPayBack, TopUp
from agentnet.holding.rules import PAY_BACK_KINDS, PayBackOf, TopUpState
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once
from agentnet.ledger.queries import balances_of
from agentnet.ledger.rules import OUTLET
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.models import User
from agentnet.users.permissions import Permission, require


def has_top_up(outlet_id: int) -> bool:
    """Return whether an outlet has declared a top-up that was not rejected: the next one is not its first."""
    found = select(TopUp.id).where(TopUp.outlet_id == outlet_id, TopUp.state != TopUpState.REJECTED).limit(1)
    return db.session.scalar(found) is not None


def top_up_for(viewer: Actor, id_: UUID, permission: Permission, *, for_change: bool = False) -> TopUp:
    """Return a top-up of an outlet in the viewer's territory.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``top_up_missing``.
    """
    require(viewer, permission)
    statement = (
        select(TopUp)
        .join(Outlet, Outlet.id == TopUp.outlet_id)
        .where(TopUp.id == id_, visible_outlets(viewer, permission))
    )
    if for_change:
        statement = statement.with_for_update(of=TopUp).execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise Missing("top_up_missing", "没有找到这笔充值，或它不在您的管辖范围内")
    return found


TOP_UP_COLUMNS = {
    "declared": SortBy(TopUp.id, UUID),
    "paid": SortBy(TopUp.paid_on, date),
    "amount": SortBy(TopUp.amount_fen, int),
}


@built_once
def _top_ups(viewer: Actor, state: str, code: str) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(TopUp, Outlet.code, Outlet.name)
        .join(Outlet, Outlet.id == TopUp.outlet_id)
        .where(visible_outlets(viewer, Permission.SETTLEMENT_READ))
    )
    if state in tuple(TopUpState):
        statement = statement.where(TopUp.state == state)
    if code:
        statement = statement.where(Outlet.code == code)
    return statement


def top_ups_page(
    viewer: Actor, arguments: Mapping[str, str] | MultiDict[str, str], state: str = "", code: str = ""
) -> Page[Any]:
    """Return a page of top-ups, newest first unless asked otherwise."""
    statement, key = _top_ups(viewer, state, code), TOP_UP_COLUMNS["declared"]
    return page_of(db.session(), statement, arguments, columns=TOP_UP_COLUMNS, default="-declared", key=key)


def waiting_top_ups(viewer: Actor) -> Select[int]:
    """Return the select of how many top-ups of the territory wait for finance."""
    return (
        select(func.count().label("top_ups"))
        .select_from(TopUp)
        .join(Outlet, Outlet.id == TopUp.outlet_id)
        .where(TopUp.state == TopUpState.DECLARED, visible_outlets(viewer, Permission.TOP_UP_CONFIRM))
    )


def held_of(outlet_id: int, of: PayBackOf) -> Fen:
    """Return the guarantee deposit or the float an outlet has with the utility."""
    return balances_of(OUTLET, [outlet_id], of).get(outlet_id, 0)


def float_pay_backs(outlet_id: int, most: int = 100) -> Sequence[FloatPayBack]:
    """Return what went back of an outlet's float, the newest first."""
    return db.session.scalars(
        select(FloatPayBack)
        .where(FloatPayBack.outlet_id == outlet_id)
        .order_by(FloatPayBack.recorded_at.desc(), FloatPayBack.id.desc())
        .limit(most)
    ).all()


def pay_backs_waiting(outlet_id: int) -> Sequence[Approval]:
    """Return what was asked to go back to an outlet and waits for its second person."""
    waiting = (pending_of(kind, "OUTLET", str(outlet_id)) for kind in PAY_BACK_KINDS.values())
    return [one for one in waiting if one is not None]


def require_no_top_up_waiting(outlet_id: int) -> None:
    """Refuse to close an outlet whose top-up nobody has decided: confirmed later, it would lie in a closed float.

    Raises:
        Invalid: ``top_up_waiting``.
    """
    waiting = select(TopUp.amount_fen).where(TopUp.outlet_id == outlet_id, TopUp.state == TopUpState.DECLARED)
    amount_fen = db.session.scalar(waiting.limit(1))
    if amount_fen is not None:
        raise Invalid(
            "top_up_waiting",
            "网点有一笔 %(amount)s 元的充值还没有处理：请财务先确认或退回，再关闭网点",
            amount=format_yuan(amount_fen),
        )


def deposit_moves(outlet_id: int, most: int = 100) -> Sequence[DepositMove]:
    """Return what came in and went back of an outlet's deposit, the newest first."""
    return db.session.scalars(
        select(DepositMove)
        .where(DepositMove.outlet_id == outlet_id)
        .order_by(DepositMove.recorded_at.desc(), DepositMove.id.desc())
        .limit(most)
    ).all()


def names_of(user_ids: Sequence[int | None]) -> dict[int, str]:
    """Return what people are called, by id."""
    wanted = {id_ for id_ in user_ids if id_ is not None}
    rows = db.session.execute(select(User.id, User.display_name).where(User.id.in_(wanted)))
    return dict(rows.all())
