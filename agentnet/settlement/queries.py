"""What a day and a drawer look like: takings by tender, cash held, what is closed, remitted and waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Date, Select, Table, bindparam, func, select
from werkzeug.datastructures import MultiDict

from agentnet.collecting.models import Collection, Void
from agentnet.core.errors import Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of, sorting_from
from agentnet.infra.statements import built_once
from agentnet.ledger.models import BusinessDay
from agentnet.ledger.queries import balances_of
from agentnet.ledger.rules import OUTLET
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.settlement.models import DayClose, DayCloseTender, Remittance
from agentnet.settlement.own_qr import own_qr_most
from agentnet.settlement.rules import RemittanceState, TenderTotal
from agentnet.users.models import User
from agentnet.users.permissions import Permission, require

days = cast(Table, BusinessDay.__table__)


@dataclass(frozen=True, slots=True)
class DaySheet:
    """An outlet's day as the book has it, for the count and for the page of a closed day."""

    outlet: Outlet
    business_on: date
    totals: Sequence[TenderTotal]
    cash_held_fen: Fen
    own_qr_most_fen: Fen
    """Most of what is held that can lie in the account behind the keeper's own QR code."""

    @property
    def taken_fen(self) -> Fen:
        return sum(total.system_fen for total in self.totals)

    @property
    def count(self) -> int:
        return sum(total.count for total in self.totals)


def first_open_day(outlet_id: int) -> date | None:
    """Return the oldest day with collections that is not closed."""
    return db.session.connection().scalar(
        select(func.min(days.c.business_on)).where(
            days.c.outlet_id == outlet_id, days.c.closed_at.is_(None), days.c.receipt_serial > 0
        )
    )


def tender_totals(outlet_id: int, day: date) -> list[TenderTotal]:
    """Return what a day took by tender, voided collections left out."""
    rows = db.session.connection().execute(
        select(Collection.tender, func.count(), func.sum(Collection.amount_fen))
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(Collection.outlet_id == outlet_id, Collection.business_on == day, Void.id.is_(None))
        .group_by(Collection.tender)
        .order_by(Collection.tender)
    )
    return [TenderTotal(tender, int(count), int(amount)) for tender, count, amount in rows]


def day_sheet(outlet: Outlet, day: date) -> DaySheet:
    """Return an outlet's day as the book has it now."""
    held = balances_of(OUTLET, [outlet.id], "CASH_HELD").get(outlet.id, 0)
    return DaySheet(outlet, day, tender_totals(outlet.id, day), held, own_qr_most(outlet.id, held))


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A closed day with everything its page shows."""

    close: DayClose
    outlet: Outlet
    keeper: str | None
    tenders: Sequence[DayCloseTender]


def closed_day(viewer: Actor, code: str, day: date) -> ClosedDay:
    """Return a closed day of an outlet in the viewer's territory.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``day_not_closed``.
    """
    require(viewer, Permission.SETTLEMENT_READ)
    row = db.session.execute(
        select(DayClose, Outlet, User.display_name)
        .join(Outlet, Outlet.id == DayClose.outlet_id)
        .outerjoin(User, User.id == DayClose.user_id)
        .where(Outlet.code == code, DayClose.business_on == day, visible_outlets(viewer, Permission.SETTLEMENT_READ))
    ).one_or_none()
    if row is None:
        raise Missing("day_not_closed", "这一天还没有日结，或它不在您的管辖范围内")
    tenders = db.session.scalars(
        select(DayCloseTender).where(DayCloseTender.close_id == row.DayClose.id).order_by(DayCloseTender.tender)
    ).all()
    return ClosedDay(row.DayClose, row.Outlet, row.display_name, tenders)


CLOSE_COLUMNS = {
    "day": SortBy(DayClose.business_on, date),
    "difference": SortBy(DayClose.cash_difference_fen, int),
}


@built_once
def _closes(viewer: Actor, code: str, only: str) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            DayClose.business_on,
            DayClose.cash_system_fen,
            DayClose.cash_counted_fen,
            DayClose.cash_difference_fen,
            DayClose.counterfeit_fen,
            Outlet.code,
            Outlet.name,
        )
        .join(Outlet, Outlet.id == DayClose.outlet_id)
        .where(visible_outlets(viewer, Permission.SETTLEMENT_READ))
    )
    if code:
        statement = statement.where(Outlet.code == code)
    if only == "differing":
        statement = statement.where((DayClose.cash_difference_fen != 0) | (DayClose.counterfeit_fen > 0))
    elif only == "unattended":
        statement = statement.where(DayClose.user_id.is_(None))
    return statement


_CLOSE_KEY, _OUTLET_KEY = SortBy(DayClose.id, UUID), SortBy(DayClose.outlet_id, int)


def closes_page(
    viewer: Actor, arguments: Mapping[str, str] | MultiDict[str, str], code: str = "", only: str = ""
) -> Page[Any]:
    """Return a page of closed days in the viewer's territory, newest first unless asked otherwise.

    ``only`` is ``differing`` (short, over or counterfeit), ``unattended`` or empty.
    """
    statement = _closes(viewer, code, only)
    # Of an outlet's day there is one, and an index: thousands of a day need not be sorted to show the first fifty.
    by_day = sorting_from(arguments.get("sort"), CLOSE_COLUMNS, "-day").name == "day"
    key = _OUTLET_KEY if by_day else _CLOSE_KEY
    return page_of(db.session(), statement, arguments, columns=CLOSE_COLUMNS, default="-day", key=key)


@dataclass(frozen=True, slots=True)
class NotClosed:
    """An outlet with a day that is over and not closed."""

    code: str
    name: str
    phone: str | None
    business_on: date
    days: int


@built_once
def _not_closed(viewer: Actor, most: int) -> Select[*tuple[Any, ...]]:
    first = func.min(days.c.business_on)
    return (
        select(Outlet.code, Outlet.name, Outlet.phone, first, func.count())
        .join(Outlet, Outlet.id == days.c.outlet_id)
        .where(
            days.c.closed_at.is_(None),
            days.c.receipt_serial > 0,
            days.c.business_on < bindparam("until", type_=Date()),
            visible_outlets(viewer, Permission.SETTLEMENT_READ),
        )
        .group_by(Outlet.id, Outlet.code, Outlet.name, Outlet.phone)
        .order_by(first, Outlet.code)
        .limit(most)
    )


def not_closed(viewer: Actor, until: date, most: int = 200) -> list[NotClosed]:
    """Return the outlets of the territory with days before ``until`` that are not closed, the longest open first."""
    return [NotClosed(*row) for row in rows_of(_not_closed(viewer, most), {"until": until})]


@built_once
def _remittance_of(viewer: Actor, permission: Permission, for_change: bool) -> Select[Remittance]:
    statement = (
        select(Remittance)
        .join(Outlet, Outlet.id == Remittance.outlet_id)
        .where(Remittance.id == bindparam("of_id"), visible_outlets(viewer, permission))
    )
    if not for_change:
        return statement
    return statement.with_for_update(of=Remittance).execution_options(populate_existing=True)


def remittance_for(viewer: Actor, id_: UUID, permission: Permission, *, for_change: bool = False) -> Remittance:
    """Return a remittance of an outlet in the viewer's territory.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``remittance_missing``.
    """
    require(viewer, permission)
    found = db.session.scalar(_remittance_of(viewer, permission, for_change), {"of_id": id_})
    if found is None:
        raise Missing("remittance_missing", "没有找到这笔解款，或它不在您的管辖范围内")
    return found


REMITTANCE_COLUMNS = {
    "declared": SortBy(Remittance.id, UUID),
    "deposited": SortBy(Remittance.deposited_on, date),
    "amount": SortBy(Remittance.amount_fen, int),
}


@built_once
def _remittances(viewer: Actor, permission: Permission, state: str, code: str) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(Remittance, Outlet.code, Outlet.name)
        .join(Outlet, Outlet.id == Remittance.outlet_id)
        .where(visible_outlets(viewer, permission))
    )
    if state in tuple(RemittanceState):
        statement = statement.where(Remittance.state == state)
    if code:
        statement = statement.where(Outlet.code == code)
    return statement


def remittances_page(
    viewer: Actor,
    arguments: Mapping[str, str] | MultiDict[str, str],
    permission: Permission,
    state: str = "",
    code: str = "",
) -> Page[Any]:
    """Return a page of remittances, newest first unless asked otherwise."""
    statement, key = _remittances(viewer, permission, state, code), REMITTANCE_COLUMNS["declared"]
    return page_of(db.session(), statement, arguments, columns=REMITTANCE_COLUMNS, default="-declared", key=key)


def in_transit_fen(outlet_id: int) -> Fen:
    """Return what an outlet has declared and nobody has decided yet."""
    waiting = select(func.coalesce(func.sum(Remittance.amount_fen), 0)).where(
        Remittance.outlet_id == outlet_id, Remittance.state == RemittanceState.DECLARED
    )
    return int(db.session.scalar(waiting) or 0)
