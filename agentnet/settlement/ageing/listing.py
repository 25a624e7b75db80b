"""The age of cash of a territory: by missed opportunities, by station, outlet by outlet. Every page reads one small row
an outlet; what many rows come to is remembered until one of them changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Select, case, cast, func, or_, select

from agentnet.core.clock import today
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.revisions import remembered
from agentnet.infra.statements import built_once, written
from agentnet.ledger.models import Account, Balance
from agentnet.ledger.rules import OUTLET
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.rules import State
from agentnet.settlement.ageing.models import CashAge, RemittanceSuspension
from agentnet.users.permissions import Permission, require

AGEING = "ageing"
"""The subject of remembered figures that rest on the ages of cash (migration 0007 keeps its mark)."""

BUCKETS = (0, 1, 2, 3)
"""Missed opportunities; the last stands for all above it too."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Outlets with cash due, and how much of it, in town and in the country."""

    urban: int = 0
    urban_fen: Fen = 0
    rural: int = 0
    rural_fen: Fen = 0

    @property
    def outlets(self) -> int:
        return self.urban + self.rural

    @property
    def due_fen(self) -> Fen:
        return self.urban_fen + self.rural_fen

    def __add__(self, other: Bucket) -> Bucket:
        return Bucket(
            self.urban + other.urban,
            self.urban_fen + other.urban_fen,
            self.rural + other.rural,
            self.rural_fen + other.rural_fen,
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What a territory's ages come to."""

    buckets: Mapping[int, Bucket]
    declared: int
    punctual: int
    uncounted: int
    """Outlets the clock has not counted today."""

    @property
    def whole(self) -> Bucket:
        return sum(self.buckets.values(), Bucket())

    @property
    def overdue(self) -> Bucket:
        return sum((bucket for missed, bucket in self.buckets.items() if missed), Bucket())


@built_once
def _summed(viewer: Actor) -> Select[*tuple[Any, ...]]:
    bucket = case((CashAge.missed > BUCKETS[-1], BUCKETS[-1]), else_=CashAge.missed)
    due = CashAge.due_fen > 0
    return (
        select(
            bucket,
            Outlet.setting,
            func.count().filter(due),
            func.sum(CashAge.due_fen),
            func.sum(CashAge.declared_count),
            func.sum(CashAge.punctual_count),
            func.count().filter(CashAge.counted_on < today()),
        )
        .join(Outlet, Outlet.id == CashAge.outlet_id)
        .where(visible_outlets(viewer, Permission.SETTLEMENT_READ), Outlet.state != State.CLOSED)
        .group_by(bucket, Outlet.setting)
    )


def summary_of(viewer: Actor) -> Summary:
    """Return what the ages of the viewer's territory come to.

    Raises:
        Forbidden: ``not_permitted``.
    """
    require(viewer, Permission.SETTLEMENT_READ)
    return remembered(AGEING, ("summary", viewer), lambda: _summary(viewer))


def _summary(viewer: Actor) -> Summary:
    buckets = {missed: Bucket() for missed in BUCKETS}
    declared = punctual = uncounted = 0
    for missed, setting, outlets, due, given, in_time, old in db.session.connection().execute(_summed(viewer)):
        one = Bucket(outlets, int(due), 0, 0) if setting == "URBAN" else Bucket(0, 0, outlets, int(due))
        buckets[int(missed)] += one
        declared, punctual, uncounted = declared + int(given), punctual + int(in_time), uncounted + old
    return Summary(buckets, declared, punctual, uncounted)


@dataclass(frozen=True, slots=True)
class AgeFilter:
    """What the list is narrowed to; empty means every outlet with cash due."""

    words: str = ""
    missed: int | None = None
    setting: str = ""
    unit_path: str = ""
    warned: bool = False
    """Only outlets that are suspended unless they remit today."""
    suspended: bool = False
    """Only outlets suspended for overdue cash, whatever they hold."""


AGE_COLUMNS = {
    "missed": SortBy(CashAge.missed, int),
    "due": SortBy(CashAge.due_fen, int),
    "oldest": SortBy(CashAge.oldest_on, date, nullable=True),
    "code": SortBy(Outlet.code),
    "unit": SortBy(OrgUnit.path),
}


_HELD_FEN = func.coalesce(
    select(Balance.balance_fen)
    .join(Account, Account.id == Balance.account_id)
    .where(Account.owner_kind == OUTLET, Account.owner_id == CashAge.outlet_id, Account.code == "CASH_HELD")
    .correlate(CashAge)
    .scalar_subquery(),
    0,
)
"""The cash an outlet holds now: looked up for the rows that are shown."""


@built_once
def _ages(viewer: Actor, chosen: AgeFilter) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            CashAge.outlet_id,
            CashAge.missed,
            CashAge.oldest_on,
            CashAge.due_fen,
            CashAge.next_on,
            CashAge.suspends_on,
            CashAge.declared_count,
            CashAge.punctual_count,
            Outlet.code,
            Outlet.name,
            Outlet.state,
            OrgUnit.name.label("unit_name"),
            OrgUnit.name_en.label("unit_name_en"),
            _HELD_FEN.label("held_fen"),
        )
        .join(Outlet, Outlet.id == CashAge.outlet_id)
        .join(OrgUnit, OrgUnit.id == Outlet.org_unit_id)
        .where(visible_outlets(viewer, Permission.SETTLEMENT_READ))
    )
    if chosen.suspended:
        standing = select(RemittanceSuspension.outlet_id).where(RemittanceSuspension.ended_on.is_(None))
        statement = statement.where(Outlet.id.in_(standing), Outlet.state == State.SUSPENDED)
    else:
        statement = statement.where(CashAge.due_fen > written(0))
    if chosen.words:
        found = (Outlet.code.icontains(chosen.words, autoescape=True), Outlet.name.contains(chosen.words))
        statement = statement.where(or_(*found))
    if chosen.missed is not None:
        most = CashAge.missed >= chosen.missed if chosen.missed == BUCKETS[-1] else CashAge.missed == chosen.missed
        statement = statement.where(most)
    if chosen.setting:
        statement = statement.where(Outlet.setting == chosen.setting)
    if chosen.unit_path:
        statement = statement.where(OrgUnit.path.startswith(chosen.unit_path, autoescape=True))
    if chosen.warned:
        statement = statement.where(*warned_today())
    return statement


def warned_today() -> tuple[Any, ...]:
    """Return the conditions on ``CashAge`` and ``Outlet`` that an outlet is suspended unless it remits today."""
    return (
        CashAge.suspends_on <= date.fromordinal(today().toordinal() + 1),
        CashAge.due_fen > 0,
        Outlet.state == State.ACTIVE,
    )


def ages_page(viewer: Actor, chosen: AgeFilter, arguments: Mapping[str, str]) -> Page[Any]:
    """Return a page of outlets with the age of their cash and what each holds now, most missed first.

    Raises:
        Forbidden: ``not_permitted``.
    """
    require(viewer, Permission.SETTLEMENT_READ)
    key = SortBy(CashAge.outlet_id, int)
    return page_of(db.session(), _ages(viewer, chosen), arguments, columns=AGE_COLUMNS, default="-missed", key=key)


def _whole(total: Any) -> Any:
    """Return a sum as a whole number: PostgreSQL adds BIGINTs up to a NUMERIC."""
    return cast(func.coalesce(total, 0), BigInteger)


@built_once
def _stations(viewer: Actor) -> tuple[Select[*tuple[Any, ...]], Mapping[str, SortBy]]:
    due, overdue = CashAge.due_fen > 0, CashAge.missed > 0
    rural = Outlet.setting == "RURAL"
    summed = (
        select(
            Outlet.org_unit_id,
            func.count().filter(due).label("outlets"),
            _whole(func.sum(CashAge.due_fen)).label("due_fen"),
            _whole(func.sum(CashAge.due_fen).filter(rural)).label("rural_fen"),
            func.count().filter(overdue).label("overdue_outlets"),
            _whole(func.sum(CashAge.due_fen).filter(overdue)).label("overdue_fen"),
            func.max(CashAge.missed).label("missed"),
            func.min(CashAge.oldest_on).label("oldest_on"),
            _whole(func.sum(CashAge.declared_count)).label("declared"),
            _whole(func.sum(CashAge.punctual_count)).label("punctual"),
        )
        .join(Outlet, Outlet.id == CashAge.outlet_id)
        .where(visible_outlets(viewer, Permission.SETTLEMENT_READ), Outlet.state != State.CLOSED)
        .group_by(Outlet.org_unit_id)
        .subquery()
    )
    columns = [column for column in summed.c if column.name != "org_unit_id"]
    statement: Select[*tuple[Any, ...]] = select(OrgUnit.code, OrgUnit.name, OrgUnit.name_en, *columns).join(
        summed, summed.c.org_unit_id == OrgUnit.id
    )
    return statement, {
        "unit": SortBy(OrgUnit.path),
        "due": SortBy(summed.c.due_fen, int),
        "overdue": SortBy(summed.c.overdue_fen, int),
        "missed": SortBy(summed.c.missed, int),
    }


def stations_page(viewer: Actor, arguments: Mapping[str, str], words: str = "") -> Page[Any]:
    """Return a page of stations with what their outlets' cash comes to, most overdue cash first.

    Raises:
        Forbidden: ``not_permitted``.
    """
    require(viewer, Permission.SETTLEMENT_READ)
    statement, columns = _stations(viewer)
    if words:
        named = (OrgUnit.name.contains(words), OrgUnit.name_en.icontains(words, autoescape=True), OrgUnit.code == words)
        statement = statement.where(or_(*named))
    key = SortBy(OrgUnit.id, int)

    def asked() -> Page[Any]:
        return page_of(db.session(), statement, arguments, columns=columns, default="-overdue", key=key)

    question = ("stations", viewer, words, arguments.get("sort"), arguments.get("cursor"))
    return remembered(AGEING, question, asked)


def overdue_counts(viewer: Actor) -> tuple[int, int]:
    """Return how many outlets are suspended unless they remit today, and how many are suspended for overdue cash.

    Of the outlets the viewer may edit: it is for whoever calls the keeper.
    """

    def counted() -> tuple[int, int]:
        here = visible_outlets(viewer, Permission.OUTLET_EDIT)
        warned = select(func.count()).select_from(CashAge).join(Outlet, Outlet.id == CashAge.outlet_id)
        standing = select(RemittanceSuspension.outlet_id).where(RemittanceSuspension.ended_on.is_(None))
        suspended = select(func.count(Outlet.id)).where(Outlet.id.in_(standing), Outlet.state == State.SUSPENDED, here)
        return (
            db.session.scalar(warned.where(*warned_today(), here)) or 0,
            db.session.scalar(suspended) or 0,
        )

    return remembered(AGEING, ("overdue", viewer), counted)
