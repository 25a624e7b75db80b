"""Reading collections and households: the counter's echo, receipts, the day so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from agentnet.collecting.lookups import bills_due
from agentnet.collecting.models import Allocation, Bill, Collection, Correction, Household, RefundPayout, Void
from agentnet.collecting.rules import KEEPER_QR, PREPAID, BillDue, ceiling_word, float_word, household_no, open_day
from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.revisions import REGISTER, remembered
from agentnet.infra.statements import built_once
from agentnet.ledger.models import BusinessDay
from agentnet.ledger.queries import balance, balances_of
from agentnet.ledger.rules import HOUSEHOLD, OUTLET, AccountKey
from agentnet.outlets.limit_rules import NAMES, Figures, in_force
from agentnet.outlets.models import Agreement, Outlet, OutletTender, Tender
from agentnet.outlets.queries import agreement_on, visible_outlets
from agentnet.outlets.queries.limits import agreed, limit_columns, with_limits
from agentnet.users.models import User
from agentnet.users.permissions import Permission, require


@dataclass(frozen=True, slots=True)
class Echo:
    """What a keeper sees of a household before taking money: enough to catch a wrong number, no more."""

    household_no: str
    name: str
    address: str
    last_paid_month: str | None
    """The newest bill month that is fully paid."""
    bills: Sequence[BillDue]
    advance_fen: Fen


@dataclass(frozen=True, slots=True)
class Drawer:
    """What an outlet holds and may still take: cash under its ceiling or, where it prepaid, its float."""

    cash_held_fen: Fen
    limits: Figures
    in_force: bool
    prepaid: bool
    float_fen: Fen
    taken_fen: Fen
    """What its open day took so far, by all tenders."""
    normal_day_fen: Fen
    """What a day with collections brought on average in the last four weeks; 0 where it is not asked."""

    @property
    def ceiling_fen(self) -> Fen:
        return self.limits.ceiling_fen or 0

    @property
    def single_limit_fen(self) -> Fen:
        return self.limits.single_limit_fen or 0

    @property
    def left_today_fen(self) -> Fen | None:
        """Return what the day may still take; None without a daily limit."""
        if self.limits.daily_limit_fen is None:
            return None
        return max(self.limits.daily_limit_fen - self.taken_fen, 0)

    @property
    def word(self) -> str | None:
        """Return how full the drawer or how low the float is, as a key of ``ROOM_WORDS``; None while all is well."""
        if not self.in_force:
            return None
        if self.prepaid:
            return float_word(self.float_fen, self.normal_day_fen)
        return ceiling_word(self.cash_held_fen, self.ceiling_fen)


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What an outlet took on a day, voided collections left out."""

    count: int
    amount_fen: Fen


def household_by_no(number: str) -> Household:
    """Return the household with this number, for anyone who may collect: any household pays at any outlet.

    Raises:
        Invalid: ``household_no_shape``. Missing: ``household_missing``.
    """
    household = db.session.scalar(select(Household).where(Household.household_no == household_no(number)))
    if household is None:
        raise Missing("household_missing", "没有这个户号，请对照电费单重新输入", field="household_no")
    return household


def visible_households(viewer: Actor, permission: Permission) -> ColumnElement[bool]:
    """Return the condition that a household lies in a county in which the viewer's territory has an outlet."""
    county = func.substr(Outlet.division_code, 1, 6)
    counties = select(county).where(visible_outlets(viewer, permission)).distinct()
    return func.substr(Household.division_code, 1, 6).in_(counties)


def household_for(viewer: Actor, number: str, permission: Permission = Permission.HOUSEHOLD_READ) -> Household:
    """Return the household with this number if it lies in the viewer's territory.

    Raises:
        Forbidden: ``not_permitted``. Invalid: ``household_no_shape``. Missing: ``household_missing``.
    """
    require(viewer, permission)
    found = db.session.scalar(
        select(Household).where(Household.household_no == household_no(number), visible_households(viewer, permission))
    )
    if found is None:
        raise Missing("household_missing", "没有这个户号，请对照电费单重新输入", field="household_no")
    return found


def echo_of(household: Household) -> Echo:
    """Return what the counter shows of a household."""
    due = bills_due(db.session.connection(), [household.id]).get(household.id, [])
    unpaid = [bill.bill_id for bill in due]
    last_paid = db.session.scalar(
        select(func.max(Bill.bill_month)).where(Bill.household_id == household.id, Bill.id.not_in(unpaid))
    )
    return Echo(
        household_no=household.household_no,
        name=household.name,
        address=household.address,
        last_paid_month=last_paid,
        bills=due,
        advance_fen=balance(AccountKey(HOUSEHOLD, household.id, "ADVANCE")),
    )


def own_outlets(viewer: Actor) -> Sequence[Outlet]:
    """Return the outlets at which the viewer may collect, by code."""
    return db.session.scalars(_own_shown(viewer)).all()


@built_once
def _own_shown(viewer: Actor) -> Select[Outlet]:
    return select(Outlet).where(visible_outlets(viewer, Permission.COLLECTION_RECORD)).order_by(Outlet.code)


def own_shown(viewer: Actor) -> Sequence[Any]:
    """Return the same as their columns: enough for a page that only shows them."""
    return rows_of(_own_shown(viewer))


def tenders_of(outlet: Outlet) -> Sequence[Tender]:
    """Return the tenders the outlet accepts, the company has enabled and its agreement allows, in their order."""
    day = today()
    allowed = select(Agreement.id).where(
        Agreement.outlet_id == outlet.id,
        Agreement.starts_on <= day,
        or_(Agreement.ends_on.is_(None), Agreement.ends_on > day),
        Agreement.own_qr_allowed,
    )
    return db.session.scalars(
        select(Tender)
        .join(OutletTender, OutletTender.tender == Tender.code)
        .where(OutletTender.outlet_id == outlet.id, Tender.enabled)
        .where(or_(Tender.code != KEEPER_QR, allowed.exists()))
        .order_by(Tender.position)
    ).all()


NORMAL_DAYS = 28
"""Days looked back for what a normal day brings: four weeks, so that market days weigh as they should."""


def drawer_of(outlet: Outlet, day: date) -> Drawer:
    """Return what the outlet holds, and the limits that are in force."""
    agreement = agreement_on(outlet.id, day)
    statement = with_limits(select(*limit_columns()).select_from(Outlet), day).where(Outlet.id == outlet.id)
    said = tuple(db.session.execute(statement).one())
    prepaid = agreement is not None and agreement.holding_mode == PREPAID
    return Drawer(
        cash_held_fen=balances_of(OUTLET, [outlet.id], "CASH_HELD").get(outlet.id, 0),
        limits=in_force(agreed(agreement), Figures(*said[: len(NAMES)]), Figures(*said[len(NAMES) :])),
        in_force=agreement is not None,
        prepaid=prepaid,
        float_fen=balances_of(OUTLET, [outlet.id], "FLOAT").get(outlet.id, 0),
        taken_fen=_taken_on_open_day(outlet.id),
        normal_day_fen=normal_days(Outlet.id == outlet.id, day).get(outlet.id, 0) if prepaid else 0,
    )


def _taken_on_open_day(outlet_id: int) -> Fen:
    taken = select(BusinessDay.taken_fen).where(
        BusinessDay.outlet_id == outlet_id, BusinessDay.business_on == open_day_of(outlet_id)
    )
    return db.session.scalar(taken) or 0


def normal_days(which: ColumnElement[bool], day: date) -> dict[int, Fen]:
    """Return what a day with collections brought on average in the four weeks before a day, by outlet id, rounded up.

    Outlets without a collection in that time are left out.
    """
    rows = db.session.execute(
        select(BusinessDay.outlet_id, func.sum(BusinessDay.taken_fen), func.count())
        .join(Outlet, Outlet.id == BusinessDay.outlet_id)
        .where(
            which,
            BusinessDay.business_on >= day - timedelta(days=NORMAL_DAYS),
            BusinessDay.business_on < day,
            BusinessDay.taken_fen > 0,
        )
        .group_by(BusinessDay.outlet_id)
    )
    return {outlet_id: -(-int(total) // count) for outlet_id, total, count in rows}


_TENDERS = select(Tender.code, Tender.name, Tender.name_en).order_by(Tender.position)


def tender_names(english: bool) -> dict[str, str]:
    """Return what each tender is called, by code; remembered until one of them changes."""
    known = remembered(REGISTER, "tender names", lambda: rows_of(_TENDERS))
    return {code: name_en if english else name for code, name, name_en in known}


def tender_name(code: str, english: bool) -> str:
    """Return what a tender is called."""
    return tender_names(english)[code]


def own_receipt_no(viewer: Actor, collection_id: UUID) -> str | None:
    """Return the receipt number of a collection at an own outlet; None if no such collection was recorded."""
    return db.session.scalar(
        select(Collection.receipt_no)
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .where(Collection.id == collection_id, visible_outlets(viewer, Permission.COLLECTION_RECORD))
    )


def may_there(viewer: Actor, outlet: Outlet, permission: Permission) -> bool:
    """Return whether the viewer holds a permission at this outlet."""
    found = select(Outlet.id).where(Outlet.id == outlet.id, visible_outlets(viewer, permission))
    return db.session.scalar(found) is not None


def open_day_of(outlet_id: int) -> date:
    """Return the business day that what an outlet collects now belongs to: the next one once today is closed."""
    closed = select(BusinessDay.closed_at).where(BusinessDay.outlet_id == outlet_id, BusinessDay.business_on == today())
    return open_day(today(), db.session.scalar(closed) is not None)


def total_since(outlet_id: int, day: date) -> DayTotal:
    """Return what an outlet took from a business day on, voided collections left out.

    Since today, that is what was taken today: also what came after the day's close and belongs to the next.
    """
    count, amount = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Collection.amount_fen), 0))
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(Collection.outlet_id == outlet_id, Collection.business_on >= day, Void.id.is_(None))
    ).one()
    return DayTotal(int(count), int(amount))


@dataclass(frozen=True, slots=True)
class CorrectionShown:
    """A correction as the receipt shows it."""

    id: UUID
    kind: str
    amount_fen: Fen
    carried_at: datetime
    pay_by: str | None
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A collection with everything its receipt and its page show."""

    collection: Collection
    outlet: Outlet
    household: Household
    keeper: str
    void: Void | None
    paid: Sequence[tuple[Allocation, Bill]]
    advance_fen: Fen
    corrections: Sequence[CorrectionShown] = ()
    """What was put right since, oldest first."""

    @property
    def refunded_fen(self) -> Fen:
        return sum(one.amount_fen for one in self.corrections if one.kind == "REFUND")

    @property
    def moved_fen(self) -> Fen:
        """What of it was moved to another household, as it stood then; 0 if it never was."""
        return max((one.amount_fen for one in self.corrections if one.kind == "WRONG_HOUSEHOLD"), default=0)


def _recorded(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(Collection, Outlet, Household, User.display_name, Void)
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .join(Household, Household.id == Collection.household_id)
        .outerjoin(User, User.id == Collection.user_id)
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(*conditions)
    )


def collection_for(viewer: Actor, receipt_no: str, permission: Permission) -> Recorded:
    """Return a collection of the viewer's territory by its receipt number, with what it paid.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``collection_missing``.
    """
    require(viewer, permission)
    row = db.session.execute(
        _recorded(Collection.receipt_no == receipt_no, visible_outlets(viewer, permission))
    ).one_or_none()
    if row is None:
        raise Missing("collection_missing", "没有找到这笔收费，或它不在您的网点")
    return _with_parts(row)


def collection_by_receipt(receipt_no: str) -> Recorded | None:
    """Return the collection with this receipt number, for the public page that checks the number's own proof."""
    row = db.session.execute(_recorded(Collection.receipt_no == receipt_no)).one_or_none()
    return None if row is None else _with_parts(row)


def _with_parts(row: Any) -> Recorded:
    collection, outlet, household, keeper, void = row
    parts = db.session.execute(
        select(Allocation, Bill)
        .outerjoin(Bill, Bill.id == Allocation.bill_id)
        .where(Allocation.collection_id == collection.id)
        .order_by(Bill.bill_month, Allocation.id)
    ).all()
    return Recorded(
        collection=collection,
        outlet=outlet,
        household=household,
        keeper=keeper or outlet.keeper_name or "",
        void=void,
        paid=[(part, bill) for part, bill in parts if bill is not None],
        advance_fen=sum(part.principal_fen for part, bill in parts if bill is None),
        corrections=_corrections(collection.id),
    )


def _corrections(collection_id: UUID) -> list[CorrectionShown]:
    rows = db.session.execute(
        select(
            Correction.id,
            Correction.kind,
            Correction.amount_fen,
            Correction.carried_at,
            Correction.pay_by,
            RefundPayout.paid_at,
        )
        .outerjoin(RefundPayout, RefundPayout.correction_id == Correction.id)
        .where(Correction.collection_id == collection_id)
        .order_by(Correction.carried_at, Correction.id)
    )
    return [CorrectionShown(*row) for row in rows]
