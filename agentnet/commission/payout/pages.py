"""What the pages of payouts list; each in the viewer's territory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Select, and_, bindparam, case, cast, func, literal_column, or_, select

from agentnet.commission.mailing.models import MailAddress
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
from agentnet.commission.payout.queries import payments_of
from agentnet.commission.payout.rules import BatchState, PaymentState
from agentnet.core.clock import today
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.revisions import remembered_under
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries import visible_outlets
from agentnet.users.models import User
from agentnet.users.permissions import Permission, covers_company

READ = Permission.PAYOUT_READ


def _paid_and_held() -> tuple[Any, Any]:
    """Return what a part comes to where it is paid, and where it is held."""
    paid = PayoutPart.payment_id.is_not(None)
    return case((paid, PayoutPart.amount_fen), else_=0), case((paid, 0), else_=PayoutPart.amount_fen)


def _sums_by_batch() -> Select[*tuple[Any, ...]]:
    """Return the select of what each batch pays and holds, and at how many outlets."""
    paid, held = _paid_and_held()
    return select(
        PayoutPart.batch_id,
        cast(func.sum(paid), BigInteger).label("gross_fen"),
        cast(func.sum(held), BigInteger).label("held_fen"),
        func.count(case((PayoutPart.payment_id.is_not(None), PayoutPart.outlet_id)).distinct()).label("outlets"),
    ).group_by(PayoutPart.batch_id)


_WHOLE_SUMS = _sums_by_batch().where(
    PayoutPart.batch_id.in_(bindparam("batch_ids", type_=PayoutBatch.id.type, expanding=True))
)


@built_once
def _territory_sums(viewer: Actor) -> Any:
    """Return, by batch, what it pays and holds of the outlets in the viewer's territory."""
    sums = _sums_by_batch().join(Outlet, Outlet.id == PayoutPart.outlet_id)
    return sums.where(visible_outlets(viewer, READ)).subquery("sums")


def own_sums(viewer: Actor, batch: PayoutBatch, held: Sequence[Any]) -> tuple[Fen, Fen]:
    """Return what a batch pays and what it holds of the viewer's territory (fen); ``held`` is what ``held_of`` found.

    Its many parts are added up only where nothing else says what they come to.
    """
    if covers_company(viewer, READ) and len(held) < MOST_HELD:
        return batch.gross_fen, sum(part.amount_fen for part in held)
    [row] = rows_of(_own_sums(viewer), {"batch_id": batch.id})
    return int(row[0]), int(row[1])


@built_once
def _own_sums(viewer: Actor) -> Select[*tuple[Any, ...]]:
    sums = [cast(func.sum(part), BigInteger) for part in _paid_and_held()]
    of_outlets = select(*sums).join(Outlet, Outlet.id == PayoutPart.outlet_id)
    return of_outlets.where(PayoutPart.batch_id == _BATCH, visible_outlets(viewer, READ))


_BATCH: Any = bindparam("batch_id", type_=PayoutBatch.id.type)


class BatchShown(NamedTuple):
    """A batch as the list shows it: what it pays and holds in a territory, and at how many outlets."""

    PayoutBatch: Any
    gross_fen: Fen
    held_fen: Fen
    outlets: int


_AS_DRAWN_UP = "as drawn up"
"""What is known by it is never worked out anew."""


def _whole_sums(batch_ids: tuple[UUID, ...]) -> Mapping[UUID, tuple[Fen, Fen, int]]:
    """Return what batches pay and hold, and at how many outlets.

    A batch and its parts are written in one transaction and what they say never changes: that is added up once.
    """
    return remembered_under(_AS_DRAWN_UP, ("batches", batch_ids), lambda: _summed(batch_ids))


def _summed(batch_ids: tuple[UUID, ...]) -> Mapping[UUID, tuple[Fen, Fen, int]]:
    return {id_: tuple(sums) for id_, *sums in rows_of(_WHOLE_SUMS, {"batch_ids": list(batch_ids)})}


@built_once
def _whole_batches(state: str) -> Select[*tuple[Any, ...]]:
    return select(PayoutBatch).where(PayoutBatch.state == state) if state else select(PayoutBatch)


@built_once
def _batches(viewer: Actor, state: str) -> Select[*tuple[Any, ...]]:
    sums = _territory_sums(viewer)
    statement = select(PayoutBatch, sums.c.gross_fen, sums.c.held_fen, sums.c.outlets).join(
        sums, sums.c.batch_id == PayoutBatch.id
    )
    if state:
        statement = statement.where(PayoutBatch.state == state)
    return statement


_BATCH_COLUMNS = {"drawn": SortBy(PayoutBatch.id, UUID), "month": SortBy(PayoutBatch.month, str)}


def batches_page(viewer: Actor, arguments: Mapping[str, str], state: str = "") -> Page[Any]:
    """Return a page of batches, newest first, with what of them lies in the viewer's territory."""
    key, whole = _BATCH_COLUMNS["drawn"], covers_company(viewer, READ)
    statement = _whole_batches(state) if whole else _batches(viewer, state)
    page = page_of(db.session(), statement, arguments, columns=_BATCH_COLUMNS, default="-drawn", key=key)
    if not whole:
        return page
    sums = _whole_sums(tuple(batch.id for batch in page.items))
    return replace(page, items=[BatchShown(batch, *sums.get(batch.id, (0, 0, 0))) for batch in page.items])


@built_once
def _payments(viewer: Actor, batch_id: UUID, state: str, words: str, is_paid: bool) -> Select[*tuple[Any, ...]]:
    shown = (
        *((PayoutPayment.id,) if is_paid else ()),  # what each leads to; making an id costs as much as the row
        PayoutPayment.number,
        PayoutPayment.name,
        PayoutPayment.type,
        PayoutPayment.account_number,
        PayoutPayment.bank,
        PayoutPayment.gross_fen,
        PayoutPayment.tax_fen,
        PayoutPayment.net_fen,
        PayoutPayment.state,
        PayoutPayment.returned_reason,
    )
    statement: Select[*tuple[Any, ...]] = select(*shown).where(PayoutPayment.batch_id == batch_id)
    reaches = select(PayoutPart.payment_id).join(Outlet, Outlet.id == PayoutPart.outlet_id)
    reaches = reaches.where(PayoutPart.batch_id == batch_id, PayoutPart.payment_id.is_not(None))
    if words:
        reaches = reaches.where(or_(Outlet.code == words.upper(), Outlet.name.contains(words, autoescape=True)))
    if words or not covers_company(viewer, READ):
        seen = PayoutPayment.id.in_(reaches.where(visible_outlets(viewer, READ)))
        named = PayoutPayment.name.contains(words, autoescape=True) if words else None
        covers = covers_company(viewer, READ)
        statement = statement.where(or_(seen, named) if named is not None and covers else seen)
    if state:
        statement = statement.where(PayoutPayment.state == state)
    return statement


_NUMBER = SortBy(PayoutPayment.number, int)
_PAYMENT_COLUMNS = {"number": _NUMBER}
_WHOLE_COLUMNS = {"number": _NUMBER, "amount": SortBy(PayoutPayment.net_fen, int)}


def payments_page(
    viewer: Actor, batch: PayoutBatch, arguments: Mapping[str, str], state: str = "", words: str = ""
) -> Page[Any]:
    """Return a page of a batch's payments that reach an outlet of the viewer's territory, with ids once it is paid."""
    statement = _payments(viewer, batch.id, state, words, batch.state == BatchState.PAID)
    # Elsewhere a payment's whole amount is not even told by its place.
    columns = _WHOLE_COLUMNS if covers_company(viewer, READ) else _PAYMENT_COLUMNS
    return page_of(db.session(), statement, arguments, columns=columns, default="number", key=_NUMBER)


_OF_PART = (PayoutPart.month, PayoutPart.share, PayoutPart.amount_fen, Outlet.code, Outlet.name)


def parts_of_payments(viewer: Actor, batch: PayoutBatch, numbers: Sequence[int]) -> Mapping[int, list[Any]]:
    """Return what some of a batch's payments are made of, by number, as far as it lies in the viewer's territory."""
    found: dict[int, list[Any]] = {number: [] for number in numbers}
    for row in rows_of(_parts(viewer), {"batch_id": batch.id, "numbers": list(numbers)}):
        found[row.number].append(row)
    return found


@built_once
def _parts(viewer: Actor) -> Select[*tuple[Any, ...]]:
    numbers: Any = bindparam("numbers", type_=BigInteger(), expanding=True)
    return (
        select(PayoutPayment.number, *_OF_PART)
        .join(PayoutPart, PayoutPart.payment_id == PayoutPayment.id)
        .join(Outlet, Outlet.id == PayoutPart.outlet_id)
        .where(PayoutPayment.batch_id == _BATCH, PayoutPayment.number.in_(numbers), visible_outlets(viewer, READ))
        .order_by(PayoutPart.month.desc(), PayoutPart.id)
    )


MOST_HELD = 500
"""How many held parts a page lists; the sum says the whole."""


def held_of(viewer: Actor, batch: PayoutBatch) -> Sequence[Any]:
    """Return what a batch does not pay, and why, in the viewer's territory."""
    return rows_of(_held(viewer), {"batch_id": batch.id})


@built_once
def _held(viewer: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(*_OF_PART, PayoutPart.why, PayoutPart.why_text)
        .join(Outlet, Outlet.id == PayoutPart.outlet_id)
        .where(PayoutPart.batch_id == _BATCH, PayoutPart.payment_id.is_(None), visible_outlets(viewer, READ))
        .order_by(Outlet.code, PayoutPart.month, PayoutPart.id)
        .limit(literal_column(str(MOST_HELD)))
    )


@dataclass(frozen=True, slots=True)
class StateSum:
    """How many payments of a batch stand in a state, and what they come to."""

    count: int
    net_fen: int


_STATE_SUMS = (
    select(PayoutPayment.state, func.count(), cast(func.sum(PayoutPayment.net_fen), BigInteger))
    .where(PayoutPayment.batch_id == _BATCH)
    .group_by(PayoutPayment.state)
)


def state_sums(batch: PayoutBatch) -> Mapping[str, StateSum]:
    """Return a batch's payments by state."""
    rows = rows_of(_STATE_SUMS, {"batch_id": batch.id})
    return {state: StateSum(count, int(net)) for state, count, net in rows}


@built_once
def _payees(viewer: Actor, words: str) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(PayeeTerm, Payee.code, Outlet.code.label("outlet_code"), Outlet.name.label("outlet_name"),
               Partner.code.label("partner_code"), Partner.name.label("partner_name"),
               MailAddress.address.label("mail"))
        .join(Payee, Payee.id == PayeeTerm.payee_id)
        .outerjoin(Outlet, Outlet.id == PayeeTerm.outlet_id)
        .outerjoin(Partner, Partner.id == PayeeTerm.partner_id)
        .outerjoin(MailAddress, MailAddress.payee_id == PayeeTerm.payee_id)
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
    return statement


_PAYEE_COLUMNS = {"entered": SortBy(PayeeTerm.id, int), "outlet": SortBy(Outlet.code, str, nullable=True)}


def payees_page(viewer: Actor, arguments: Mapping[str, str], words: str = "") -> Page[Any]:
    """Return a page of who gets which share, the last entered first."""
    statement, key = _payees(viewer, words), _PAYEE_COLUMNS["entered"]
    return page_of(db.session(), statement, arguments, columns=_PAYEE_COLUMNS, default="-entered", key=key)


def accounts_shown(payee_ids: Sequence[int]) -> Mapping[int, Any]:
    """Return what was last entered of payees, also where it begins later."""
    rows = rows_of(_ACCOUNTS, {"payee_ids": list(payee_ids)})
    day = today()
    # In force is what began last; what begins later shows only where nothing has begun.
    begun = sorted((row for row in rows if row.starts_on <= day), key=lambda row: (row.starts_on, row.id))
    return {row.payee_id: row for row in rows} | {row.payee_id: row for row in begun}


_ACCOUNTS = (
    select(PayeeAccount)
    .where(PayeeAccount.payee_id.in_(bindparam("payee_ids", type_=BigInteger(), expanding=True)))
    .order_by(PayeeAccount.id)
)


@built_once
def _holds(viewer: Actor) -> Select[*tuple[Any, ...]]:
    placed, lifted = User.__table__.alias("placed"), User.__table__.alias("lifted")
    return (
        select(PayoutHold, Outlet.code, Outlet.name, placed.c.display_name.label("placed_by"),
               lifted.c.display_name.label("lifted_by"))
        .join(Outlet, Outlet.id == PayoutHold.outlet_id)
        .outerjoin(placed, placed.c.id == PayoutHold.placed_by_id)
        .outerjoin(lifted, lifted.c.id == PayoutHold.lifted_by_id)
        .where(visible_outlets(viewer, READ))
    )  # fmt: skip


_PLACED = SortBy(PayoutHold.id, UUID)


def holds_page(viewer: Actor, arguments: Mapping[str, str]) -> Page[Any]:
    """Return a page of holds, the newest first."""
    return page_of(db.session(), _holds(viewer), arguments, columns={"placed": _PLACED}, default="-placed", key=_PLACED)


def names_of(people: Sequence[int | None]) -> Mapping[int, str]:
    """Return what people are called, by id."""
    return dict(rows_of(_NAMES, {"ids": [id_ for id_ in people if id_ is not None]}))


_NAMES = select(User.id, User.display_name).where(User.id.in_(bindparam("ids", type_=BigInteger(), expanding=True)))


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
