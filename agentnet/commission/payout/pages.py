"""What the pages of payouts list; each in the viewer's territory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, and_, case, cast, func, or_, select

from agentnet.commission.payout.bank_sheet import USUAL, Layout, Order, SheetColumn, ToPay
from agentnet.commission.payout.models import (
    Payee,
    PayeeAccount,
    PayeeTerm,
    PayoutBatch,
    PayoutHold,
    PayoutLayout,
    PayoutPart,
    PayoutPayment,
    PayoutSetting,
)
from agentnet.commission.payout.queries import accounts_on, payments_of
from agentnet.commission.payout.rules import PaymentState
from agentnet.core.clock import today
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries import visible_outlets
from agentnet.users.models import User
from agentnet.users.permissions import Permission, covers_company

READ = Permission.PAYOUT_READ


def _territory_sums(viewer: Actor) -> Any:
    """Return, by batch, what it pays and holds of the outlets in the viewer's territory."""
    paid = case((PayoutPart.payment_id.is_not(None), PayoutPart.amount_fen), else_=0)
    held = case((PayoutPart.payment_id.is_(None), PayoutPart.amount_fen), else_=0)
    return (
        select(
            PayoutPart.batch_id,
            cast(func.sum(paid), BigInteger).label("gross_fen"),
            cast(func.sum(held), BigInteger).label("held_fen"),
            func.count(PayoutPart.outlet_id.distinct()).label("outlets"),
        )
        .join(Outlet, Outlet.id == PayoutPart.outlet_id)
        .where(visible_outlets(viewer, READ))
        .group_by(PayoutPart.batch_id)
        .subquery("sums")
    )


def own_sums(viewer: Actor, batch: PayoutBatch) -> tuple[Fen, Fen]:
    """Return what a batch pays and what it holds of the viewer's territory (fen)."""
    sums = _territory_sums(viewer)
    row = db.session.execute(select(sums.c.gross_fen, sums.c.held_fen).where(sums.c.batch_id == batch.id)).one()
    return int(row.gross_fen), int(row.held_fen)


def batches_page(viewer: Actor, arguments: Mapping[str, str], state: str = "") -> Page[Any]:
    """Return a page of batches, newest first, with what of them lies in the viewer's territory."""
    sums = _territory_sums(viewer)
    statement = select(PayoutBatch, sums.c.gross_fen, sums.c.held_fen, sums.c.outlets).join(
        sums, sums.c.batch_id == PayoutBatch.id
    )
    if state:
        statement = statement.where(PayoutBatch.state == state)
    key = SortBy(PayoutBatch.id, UUID)
    columns = {"drawn": key, "month": SortBy(PayoutBatch.month, str)}
    return page_of(db.session(), statement, arguments, columns=columns, default="-drawn", key=key)


def payments_page(
    viewer: Actor, batch: PayoutBatch, arguments: Mapping[str, str], state: str = "", words: str = ""
) -> Page[Any]:
    """Return a page of a batch's payments that reach an outlet of the viewer's territory."""
    statement = select(PayoutPayment).where(PayoutPayment.batch_id == batch.id)
    reaches = select(PayoutPart.payment_id).join(Outlet, Outlet.id == PayoutPart.outlet_id)
    reaches = reaches.where(PayoutPart.batch_id == batch.id, PayoutPart.payment_id.is_not(None))
    if words:
        reaches = reaches.where(or_(Outlet.code == words.upper(), Outlet.name.contains(words, autoescape=True)))
    if words or not covers_company(viewer, READ):
        seen = PayoutPayment.id.in_(reaches.where(visible_outlets(viewer, READ)))
        named = PayoutPayment.name.contains(words, autoescape=True) if words else None
        covers = covers_company(viewer, READ)
        statement = statement.where(or_(seen, named) if named is not None and covers else seen)
    if state:
        statement = statement.where(PayoutPayment.state == state)
    columns = {"number": SortBy(PayoutPayment.number, int)}
    if covers_company(viewer, READ):  # elsewhere a payment's whole amount is not even told by its place
        columns["amount"] = SortBy(PayoutPayment.net_fen, int)
    key = SortBy(PayoutPayment.number, int)
    return page_of(db.session(), statement, arguments, columns=columns, default="number", key=key)


def parts_of_payments(viewer: Actor, payment_ids: Sequence[UUID]) -> Mapping[UUID, list[Any]]:
    """Return what payments are made of, as far as it lies in the viewer's territory."""
    rows = db.session.execute(
        select(PayoutPart, Outlet.code, Outlet.name)
        .join(Outlet, Outlet.id == PayoutPart.outlet_id)
        .where(PayoutPart.payment_id.in_(payment_ids), visible_outlets(viewer, READ))
        .order_by(PayoutPart.id)
    )
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.PayoutPart.payment_id, []).append(row)
    return found


MOST_HELD = 500
"""How many held parts a page lists; the sum says the whole."""


def held_of(viewer: Actor, batch: PayoutBatch) -> Sequence[Any]:
    """Return what a batch does not pay, and why, in the viewer's territory."""
    return db.session.execute(
        select(PayoutPart, Outlet.code, Outlet.name)
        .join(Outlet, Outlet.id == PayoutPart.outlet_id)
        .where(PayoutPart.batch_id == batch.id, PayoutPart.payment_id.is_(None), visible_outlets(viewer, READ))
        .order_by(Outlet.code, PayoutPart.month, PayoutPart.id)
        .limit(MOST_HELD)
    ).all()


@dataclass(frozen=True, slots=True)
class StateSum:
    """How many payments of a batch stand in a state, and what they come to."""

    count: int
    net_fen: int


def state_sums(batch: PayoutBatch) -> Mapping[str, StateSum]:
    """Return a batch's payments by state."""
    rows = db.session.execute(
        select(PayoutPayment.state, func.count(), cast(func.sum(PayoutPayment.net_fen), BigInteger))
        .where(PayoutPayment.batch_id == batch.id)
        .group_by(PayoutPayment.state)
    )
    return {state: StateSum(count, int(net)) for state, count, net in rows}


def payees_page(viewer: Actor, arguments: Mapping[str, str], words: str = "") -> Page[Any]:
    """Return a page of who gets which share, the last entered first."""
    statement = (
        select(PayeeTerm, Payee.code, Outlet.code.label("outlet_code"), Outlet.name.label("outlet_name"),
               Partner.code.label("partner_code"), Partner.name.label("partner_name"))
        .join(Payee, Payee.id == PayeeTerm.payee_id)
        .outerjoin(Outlet, Outlet.id == PayeeTerm.outlet_id)
        .outerjoin(Partner, Partner.id == PayeeTerm.partner_id)
    )  # fmt: skip
    if not covers_company(viewer, READ):
        statement = statement.where(and_(Outlet.id.is_not(None), visible_outlets(viewer, READ)))
    if words:
        named = select(PayeeAccount.payee_id).where(PayeeAccount.name.contains(words, autoescape=True))
        statement = statement.where(
            or_(
                Outlet.code == words.upper(),
                Partner.code == words.upper(),
                Payee.code == words,
                Payee.id.in_(named),
            )
        )
    key = SortBy(PayeeTerm.id, int)
    columns = {"entered": key, "outlet": SortBy(Outlet.code, str, nullable=True)}
    return page_of(db.session(), statement, arguments, columns=columns, default="-entered", key=key)


def accounts_shown(payee_ids: Sequence[int]) -> Mapping[int, PayeeAccount]:
    """Return what was last entered of payees, also where it begins later."""
    rows = db.session.scalars(
        select(PayeeAccount).where(PayeeAccount.payee_id.in_(payee_ids)).order_by(PayeeAccount.id)
    )
    return {row.payee_id: row for row in rows} | dict(accounts_on(today(), payee_ids))


def holds_page(viewer: Actor, arguments: Mapping[str, str]) -> Page[Any]:
    """Return a page of holds, the newest first."""
    placed, lifted = User.__table__.alias("placed"), User.__table__.alias("lifted")
    statement = (
        select(PayoutHold, Outlet.code, Outlet.name, placed.c.display_name.label("placed_by"),
               lifted.c.display_name.label("lifted_by"))
        .join(Outlet, Outlet.id == PayoutHold.outlet_id)
        .outerjoin(placed, placed.c.id == PayoutHold.placed_by_id)
        .outerjoin(lifted, lifted.c.id == PayoutHold.lifted_by_id)
        .where(visible_outlets(viewer, READ))
    )  # fmt: skip
    key = SortBy(PayoutHold.id, UUID)
    return page_of(db.session(), statement, arguments, columns={"placed": key}, default="-placed", key=key)


def layouts() -> Sequence[PayoutLayout]:
    """Return the saved layouts of bank sheets by name."""
    return db.session.scalars(select(PayoutLayout).order_by(PayoutLayout.name)).all()


def layout_named(name: str) -> Layout:
    """Return a saved layout; the usual one for a name that is not saved."""
    found = db.session.scalar(select(PayoutLayout).where(PayoutLayout.name == name))
    return Layout(found.heading, tuple(SheetColumn(*one) for one in found.columns)) if found else USUAL


def order_of(batch: PayoutBatch) -> Order:
    """Return a paid batch as the bank needs it.

    Raises:
        Invalid: ``batch_not_paid``. Conflict: ``batch_answered`` once the bank has said what became of a payment.
    """
    if batch.paid_on is None:
        raise Invalid("batch_not_paid", "审批并登记付款后才能生成银行文件")
    setting = db.session.get_one(PayoutSetting, batch.setting_id)
    label = f"{batch.month}-{batch.number}"
    found = payments_of(batch.id)
    if any(one.state != PaymentState.SENT for one in found):
        raise Conflict(
            "batch_answered",
            "这一批已登记过银行结果，再生成文件会重复付款；退回的付款请在下一批里付，要核对请看付款明细",
        )
    to_pay = [
        ToPay(
            one.number,
            f"{label}-{one.number:04d}",
            one.holder,
            one.account_number,
            one.bank,
            one.bank_no,
            one.net_fen,
        )
        for one in found
    ]
    return Order(
        label,
        batch.month,
        batch.paid_on,
        setting.holder,
        setting.number,
        setting.bank,
        setting.bank_no,
        to_pay,
        batch.payments,
        batch.net_fen,
    )
