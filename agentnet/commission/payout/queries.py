"""Who gets what is open of closed months, what is held; batches and payments as their pages show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, bindparam, cast, func, literal_column, or_, select, true

from agentnet.commission.engine.withholding import LABOUR_SERVICE_2019, PayeeType, withhold
from agentnet.commission.payout.models import (
    PayeeAccount,
    PayeeTerm,
    PayoutBatch,
    PayoutHold,
    PayoutPart,
    PayoutPayment,
    PayoutSetting,
)
from agentnet.commission.payout.open_parts import open_parts
from agentnet.commission.payout.rules import PARTNER, BatchState, Part, Payee, PaymentState, Planned, planned
from agentnet.commission.queries import require_company_wide
from agentnet.core.clock import Month
from agentnet.core.errors import Invalid, Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.statements import built_once
from agentnet.ledger.models import Account, AccountingMonth, Transfer
from agentnet.ledger.rules import CLOSED, OUTLET
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.models import User
from agentnet.users.permissions import Permission

CODES_NAMED = 8
"""How many outlets or payees a sentence names."""


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


@dataclass(frozen=True, slots=True)
class Terms:
    """Who gets which share on a day; what an outlet itself has entered goes before its partner's."""

    own: Mapping[tuple[int, str], int]
    of_partner: Mapping[tuple[int, str], int]

    def payee_id(self, outlet_id: int, partner_id: int | None, share: str) -> int | None:
        """Return who gets a share of an outlet's month that was a partner's (None: nobody's)."""
        found = self.own.get((outlet_id, share))
        if found is not None or partner_id is None:
            return found
        return self.of_partner.get((partner_id, share))


def terms_on(day: date) -> Terms:
    """Return who gets which share on a day; of one day the last entered holds."""
    own: dict[tuple[int, str], int] = {}
    of_partner: dict[tuple[int, str], int] = {}
    for term in db.session.scalars(
        select(PayeeTerm).where(PayeeTerm.starts_on <= day).order_by(PayeeTerm.starts_on, PayeeTerm.id)
    ):
        if term.outlet_id is not None:
            own[term.outlet_id, term.share] = term.payee_id
        elif term.partner_id is not None:
            of_partner[term.partner_id, term.share] = term.payee_id
    return Terms(own, of_partner)


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
    terms = terms_on(pay_on)
    payees: dict[Part, Payee] = {}
    for one in found:
        payee_id = terms.payee_id(one.part.outlet_id, one.partner_id, one.part.share)
        if payee_id is not None and payee_id in accounts:
            account = accounts[payee_id]
            payees[one.part] = Payee(payee_id, PayeeType(account.type), account.number is not None)
    nobodys = frozenset(one.part for one in found if one.part.share == PARTNER and one.partner_id is None)
    withholds = setting is not None and setting.withholds
    before = income_of(Month.of(pay_on)) if withholds else {}

    def tax(payee: Payee, gross_fen: Fen) -> Fen:
        return tax_due(payee.type, gross_fen, before.get(payee.id, NO_INCOME), pay_on) if withholds else 0

    made = planned(
        (one.part for one in found), payees, frozenset(holds), setting.minimum_fen if setting else 0, tax, nobodys
    )
    codes = {one.part.outlet_id: one.outlet_code for one in found}
    return BatchPlan(month, pay_on, made, accounts, holds, codes, setting, withholds)


Income = tuple[Fen, Fen]
"""What an individual was paid in a calendar month, and what of it was withheld."""
NO_INCOME: Income = (0, 0)


def tax_due(type_: PayeeType, gross_fen: Fen, income: Income, pay_on: date) -> Fen:
    """Return what is withheld of a payment: the table on all of the month, less what was withheld of the others."""
    paid, withheld = income
    return max(withhold(type_, paid + gross_fen, pay_on, [LABOUR_SERVICE_2019]).tax_fen - withheld, 0)


def income_of(month: Month, other_than: UUID | None = None) -> Mapping[int, Income]:
    """Return what individuals are paid in a calendar month and what is withheld of it, but for one batch.

    Cancelled batches and returned payments are left out, and what was paid to a payee while it was no individual.
    """
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
            PayoutPayment.type == PayeeType.INDIVIDUAL,
            PayoutBatch.pay_on >= month.starts_on,
            PayoutBatch.pay_on < month.ends_on,
            true() if other_than is None else PayoutBatch.id != other_than,
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


def batch_shown(viewer: Actor, id_: UUID) -> tuple[Any, Mapping[int, str]]:
    """Return the batch ``batch_for`` would, as its columns, and what those who took its steps are called, by id.

    That is enough for a page that only shows it.

    Raises:
        Missing: ``batch_missing``.
    """
    for found, *names in rows_of(_batch_and_names(viewer), {"batch_id": id_}):
        return found, {by: name for by, name in zip(people_of(found), names, strict=True) if name is not None}
    raise _batch_missing()


def people_of(batch: PayoutBatch | type[PayoutBatch]) -> tuple[Any, ...]:
    """Return who drew a batch up, checked, approved and paid it, each by id as far as it came to that."""
    return batch.drawn_by_id, batch.checked_by_id, batch.approved_by_id, batch.paid_by_id


@built_once
def _batch_and_names(viewer: Actor) -> Select[*tuple[Any, ...]]:
    names = (select(User.display_name).where(User.id == by).scalar_subquery() for by in people_of(PayoutBatch))
    return _batch_seen(viewer).add_columns(*(name.label(f"name_{at}") for at, name in enumerate(names)))


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


def held_now_in(batch_id: UUID, viewer: Actor | None = None) -> Sequence[str]:
    """Return the codes of outlets (in the viewer's territory) that are in a batch's payments and on hold by now.

    The first ones by code, no more than a sentence names.
    """
    return rows_of(_held_now(viewer), {"batch_id": batch_id})


@built_once
def _held_now(viewer: Actor | None) -> Select[str]:
    batch_id: Any = bindparam("batch_id", type_=PayoutBatch.id.type)
    # One of them and not EXISTS: PostgreSQL then asks hold after hold for each batch alike, and keeps that plan.
    pays = (
        select(PayoutPart.id)
        .where(
            PayoutPart.batch_id == batch_id,
            PayoutPart.outlet_id == Outlet.id,
            PayoutPart.payment_id.is_not(None),
            ~PayoutPart.released,
        )
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    return (
        select(Outlet.code)
        .join(PayoutHold, PayoutHold.outlet_id == Outlet.id)
        .where(
            PayoutHold.lifted_at.is_(None),
            true() if viewer is None else visible_outlets(viewer, Permission.PAYOUT_READ),
            pays.is_not(None),
        )
        .order_by(Outlet.code)
        .limit(literal_column(str(CODES_NAMED)))  # written out: it decides the plan
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
