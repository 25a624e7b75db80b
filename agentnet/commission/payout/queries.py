"""What is open of closed months, who gets it, what is held; batches and payments as their pages show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, bindparam, cast, exists, func, or_, select

from agentnet.commission.engine.language import Share
from agentnet.commission.engine.withholding import LABOUR_SERVICE_2019, PayeeType, withhold
from agentnet.commission.models import OutletAccrual, PlanVersion
from agentnet.commission.payout.models import (
    PayeeAccount,
    PayeeTerm,
    PayoutBatch,
    PayoutHold,
    PayoutPart,
    PayoutPayment,
    PayoutSetting,
)
from agentnet.commission.payout.rules import BatchState, Part, Payee, PaymentState, Planned, parts_of, planned
from agentnet.commission.queries import require_company_wide, shares_of
from agentnet.core.clock import Month
from agentnet.core.errors import Invalid, Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.statements import built_once
from agentnet.ledger.models import Account, AccountingMonth, Transfer
from agentnet.ledger.rules import CLOSED, OUTLET
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.permissions import Permission


def require_office(by: Actor) -> None:
    """Refuse anyone who does not pay commission for the whole company.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``.
    """
    require_company_wide(by, Permission.PAYOUT_EDIT)


def setting_on(day: date) -> PayoutSetting | None:
    """Return the settings in force on a day, or None before the first."""
    return db.session.scalar(
        select(PayoutSetting)
        .where(PayoutSetting.starts_on <= day)
        .order_by(PayoutSetting.starts_on.desc(), PayoutSetting.id.desc())
        .limit(1)
    )


def settings_entered() -> Sequence[PayoutSetting]:
    """Return the settings ever entered, the latest first."""
    return db.session.scalars(
        select(PayoutSetting).order_by(PayoutSetting.starts_on.desc(), PayoutSetting.id.desc()).limit(50)
    ).all()


def holds_now() -> Mapping[int, PayoutHold]:
    """Return the holds that are not lifted, by outlet."""
    rows = db.session.scalars(select(PayoutHold).where(PayoutHold.lifted_at.is_(None)))
    return {hold.outlet_id: hold for hold in rows}


def accounts_on(day: date, payee_ids: Iterable[int] | None = None) -> Mapping[int, PayeeAccount]:
    """Return what holds of payees on a day, by payee."""
    statement = select(PayeeAccount).where(PayeeAccount.starts_on <= day)
    if payee_ids is not None:
        statement = statement.where(PayeeAccount.payee_id.in_(list(payee_ids)))
    rows = db.session.scalars(statement.order_by(PayeeAccount.starts_on, PayeeAccount.id))
    return {row.payee_id: row for row in rows}


def payee_ids_on(day: date, outlets: Mapping[int, int | None]) -> Mapping[tuple[int, str], int]:
    """Return who gets each share of the outlets on a day; ``outlets`` are partner ids by outlet id."""
    terms = db.session.scalars(
        select(PayeeTerm).where(PayeeTerm.starts_on <= day).order_by(PayeeTerm.starts_on, PayeeTerm.id)
    )
    own: dict[tuple[int, str], int] = {}
    of_partner: dict[int, dict[str, int]] = defaultdict(dict)
    for term in terms:
        if term.outlet_id is not None:
            own[term.outlet_id, term.share] = term.payee_id
        elif term.partner_id is not None:
            of_partner[term.partner_id][term.share] = term.payee_id
    shared = {
        (outlet_id, share): payee_id
        for outlet_id, partner_id in outlets.items()
        if partner_id is not None
        for share, payee_id in of_partner[partner_id].items()
    }
    return shared | {key: payee_id for key, payee_id in own.items() if key[0] in outlets}


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A part that no live payment holds, and its outlet."""

    part: Part
    outlet_code: str
    partner_id: int | None


def open_parts(until: Month) -> list[OpenPart]:
    """Return every share of closed months up to one that is not in a live payment, by outlet code and month."""
    live = {
        (row.outlet_id, row.month, row.share)
        for row in db.session.execute(
            select(PayoutPart.outlet_id, PayoutPart.month, PayoutPart.share).where(
                PayoutPart.payment_id.is_not(None), ~PayoutPart.released
            )
        )
    }
    rows = db.session.execute(
        select(
            OutletAccrual.outlet_id,
            OutletAccrual.month,
            OutletAccrual.due_fen,
            OutletAccrual.version_id,
            Outlet.code,
            Outlet.partner_id,
        )
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .join(AccountingMonth, AccountingMonth.month == OutletAccrual.month)
        .where(OutletAccrual.month <= str(until), OutletAccrual.due_fen != 0, AccountingMonth.state == CLOSED)
        .order_by(Outlet.code, OutletAccrual.month)
    ).all()
    shares = _shares({row.version_id for row in rows if row.version_id is not None})
    return [
        OpenPart(part, row.code, row.partner_id)
        for row in rows
        for part in parts_of(row.outlet_id, row.month, row.due_fen, shares.get(row.version_id, ()))
        if (part.outlet_id, part.month, part.share) not in live
    ]


def _shares(version_ids: Iterable[int]) -> Mapping[int, Sequence[Share]]:
    rows = db.session.scalars(select(PlanVersion).where(PlanVersion.id.in_(list(version_ids))))
    return {row.id: shares_of(row) for row in rows}


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a batch would pay and hold, with the accounts it would pay to."""

    month: Month
    pay_on: date
    planned: Planned
    accounts: Mapping[int, PayeeAccount]
    holds: Mapping[int, PayoutHold]
    outlet_codes: Mapping[int, str]
    setting: PayoutSetting | None
    withholds: bool


def batch_plan(month: Month, pay_on: date) -> BatchPlan:
    """Return the batch of a closed month as it would be drawn up now.

    Raises:
        Invalid: ``month_not_closed``.
    """
    state = db.session.scalar(select(AccountingMonth.state).where(AccountingMonth.month == str(month)))
    if state != CLOSED:
        raise Invalid("month_not_closed", "%(month)s 还没有封账，封账后才能付代办费", field="month", month=str(month))
    found = open_parts(month)
    setting, holds, accounts = setting_on(pay_on), holds_now(), accounts_on(pay_on)
    ids = payee_ids_on(pay_on, {one.part.outlet_id: one.partner_id for one in found})
    payees = {
        key: Payee(id_, PayeeType(accounts[id_].type), accounts[id_].number is not None)
        for key, id_ in ids.items()
        if id_ in accounts
    }
    withholds = setting is not None and setting.withholds
    before = _paid_before(Month.of(pay_on)) if withholds else {}

    def tax(payee: Payee, gross_fen: Fen) -> Fen:
        paid, withheld = before.get(payee.id, (0, 0))
        tables = [LABOUR_SERVICE_2019] if withholds else []
        return max(withhold(payee.type, paid + gross_fen, pay_on, tables).tax_fen - withheld, 0)

    made = planned((one.part for one in found), payees, frozenset(holds), setting.minimum_fen if setting else 0, tax)
    codes = {one.part.outlet_id: one.outlet_code for one in found}
    return BatchPlan(month, pay_on, made, accounts, holds, codes, setting, withholds)


def _paid_before(month: Month) -> Mapping[int, tuple[Fen, Fen]]:
    """Return what payees were paid in a calendar month and what was withheld of it, returned payments left out."""
    rows = db.session.execute(
        select(
            PayoutPayment.payee_id,
            cast(func.sum(PayoutPayment.gross_fen), BigInteger),
            cast(func.sum(PayoutPayment.tax_fen), BigInteger),
        )
        .join(PayoutBatch, PayoutBatch.id == PayoutPayment.batch_id)
        .where(
            PayoutBatch.state != BatchState.CANCELLED,
            PayoutPayment.state != PaymentState.RETURNED,
            PayoutBatch.pay_on >= month.starts_on,
            PayoutBatch.pay_on < month.ends_on,
        )
        .group_by(PayoutPayment.payee_id)
    )
    return {payee_id: (int(gross), int(tax)) for payee_id, gross, tax in rows}


def payable_of(outlet_ids: Iterable[int]) -> Mapping[int, Fen]:
    """Return what the book owes outlets in commission (fen, negative where more was taken back)."""
    wanted = list(outlet_ids)
    found: dict[int, Fen] = defaultdict(int)
    for side, sign in ((Transfer.credit_account_id, 1), (Transfer.debit_account_id, -1)):
        rows = db.session.execute(
            select(Account.owner_id, cast(func.sum(Transfer.amount_fen), BigInteger))
            .join(Transfer, side == Account.id)
            .where(Account.owner_kind == OUTLET, Account.code == "COMMISSION_PAYABLE", Account.owner_id.in_(wanted))
            .group_by(Account.owner_id)
        )
        for owner_id, amount in rows:
            found[owner_id] += sign * int(amount)
    return found


def batch_for(viewer: Actor, id_: UUID) -> PayoutBatch:
    """Return a batch of which the viewer may see at least one outlet.

    Raises:
        Missing: ``batch_missing``.
    """
    found = db.session.scalar(_batch_seen(viewer), {"batch_id": id_})
    if found is None:
        raise _batch_missing()
    return found


@built_once
def _batch_seen(viewer: Actor) -> Select[PayoutBatch]:
    batch_id: Any = bindparam("batch_id", type_=PayoutBatch.id.type)
    mine = select(PayoutPart.batch_id).join(Outlet, Outlet.id == PayoutPart.outlet_id)
    mine = mine.where(PayoutPart.batch_id == batch_id, visible_outlets(viewer, Permission.PAYOUT_READ))
    return select(PayoutBatch).where(PayoutBatch.id == batch_id, mine.exists())


def batch_held(id_: UUID) -> PayoutBatch:
    """Return a batch and let nobody else change it until the transaction ends.

    Raises:
        Missing: ``batch_missing``.
    """
    statement = select(PayoutBatch).where(PayoutBatch.id == id_).with_for_update()
    found = db.session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise _batch_missing()
    return found


def _batch_missing() -> Missing:
    return Missing("batch_missing", "没有找到这一批代办费，或它不在您的管辖范围内")


def payments_of(batch_id: UUID) -> Sequence[PayoutPayment]:
    """Return a batch's payments in their order."""
    statement = select(PayoutPayment).where(PayoutPayment.batch_id == batch_id).order_by(PayoutPayment.number)
    return db.session.scalars(statement).all()


def parts_paid(batch_id: UUID) -> Mapping[UUID, list[Part]]:
    """Return the parts of a batch's payments, by payment, in the order they were planned."""
    found: dict[UUID, list[Part]] = defaultdict(list)
    columns = (PayoutPart.payment_id, PayoutPart.outlet_id, PayoutPart.month, PayoutPart.share, PayoutPart.amount_fen)
    rows = db.session.execute(
        select(*columns)
        .where(PayoutPart.batch_id == batch_id, PayoutPart.payment_id.is_not(None))
        .order_by(PayoutPart.id)
    )
    for payment_id, outlet_id, month, share, amount_fen in rows:
        assert payment_id is not None
        found[payment_id].append(Part(outlet_id, month, share, amount_fen))
    return found


def held_now_in(batch_id: UUID) -> Sequence[str]:
    """Return the codes of outlets that are in a batch's payments and on hold by now."""
    return db.session.connection().execute(_HELD_NOW, {"batch_id": batch_id}).scalars().all()


_HELD_NOW = (
    select(Outlet.code)
    .join(PayoutHold, PayoutHold.outlet_id == Outlet.id)
    .where(
        PayoutHold.lifted_at.is_(None),
        exists().where(
            PayoutPart.batch_id == bindparam("batch_id", type_=PayoutBatch.id.type),
            PayoutPart.outlet_id == PayoutHold.outlet_id,
            PayoutPart.payment_id.is_not(None),
            ~PayoutPart.released,
        ),
    )
    .order_by(Outlet.code)
)


@dataclass(frozen=True, slots=True)
class PaidState:
    """Where a share of an outlet's month stands: in a payment, or held and why."""

    share: str
    amount_fen: Fen
    state: str
    why: str | None
    batch_id: UUID
    batch_state: str
    paid_on: date | None
    returned_reason: str | None


def paid_states(outlet_id: int, month: Month) -> list[PaidState]:
    """Return where each share of an outlet's month stands in the last batch that took it in or held it."""
    rows = db.session.execute(
        select(PayoutPart, PayoutPayment, PayoutBatch)
        .join(PayoutBatch, PayoutBatch.id == PayoutPart.batch_id)
        .outerjoin(PayoutPayment, PayoutPayment.id == PayoutPart.payment_id)
        .where(
            PayoutPart.outlet_id == outlet_id,
            PayoutPart.month == str(month),
            or_(PayoutBatch.state != BatchState.CANCELLED, PayoutPayment.state == PaymentState.RETURNED),
        )
        .order_by(PayoutPart.id)
    )
    last = {part.share: (part, payment, batch) for part, payment, batch in rows}
    return [
        PaidState(
            share,
            part.amount_fen,
            payment.state if payment is not None else "HELD",
            part.why,
            batch.id,
            batch.state,
            batch.paid_on,
            payment.returned_reason if payment is not None else None,
        )
        for share, (part, payment, batch) in last.items()
    ]
