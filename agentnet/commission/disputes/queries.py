"""Disputes as the viewer may see them, and the lines they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, bindparam, func, or_, select

from agentnet.collecting.models import Collection
from agentnet.commission.disputes.models import Dispute
from agentnet.commission.disputes.rules import State
from agentnet.commission.models import CommissionAdjustment, CommissionLine, MonthlyCommission, PlanComponent
from agentnet.core.clock import Month, business_date, today
from agentnet.core.errors import Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.models import User
from agentnet.users.permissions import Permission, require


@dataclass(frozen=True, slots=True)
class LineKey:
    """What names a stored line: of its collections and adjustments, or of its monthly figures."""

    line_id: int | None = None
    monthly_id: int | None = None


@dataclass(frozen=True, slots=True)
class DisputedLine:
    """A stored line as a dispute names it: a receipt, a component of the month, or an earlier month's adjustment."""

    key: LineKey
    month: Month
    commission_fen: Fen
    receipt_no: str | None = None
    component: str | None = None
    of_month: Month | None = None


def line_of(outlet: Outlet, month: Month, key: LineKey) -> DisputedLine:
    """Return a line of an outlet's closed month.

    Raises:
        Missing: ``line_missing``.
    """
    source = CommissionLine if key.line_id is not None else MonthlyCommission
    id_ = key.line_id if key.line_id is not None else key.monthly_id
    condition = (source.id == id_, source.outlet_id == outlet.id, source.month == str(month))
    row = db.session.execute(_named(select(), source).where(*condition)).one_or_none()
    if row is None:
        raise Missing("line_missing", "这个月的结算单上没有这一项，请从网点的月份页面选择")
    return _line_of_row(row, key)


def _named(statement: Select[Any], source: Any) -> Select[Any]:
    """Return the statement with what names lines of a source."""
    if source is MonthlyCommission:
        columns = statement.add_columns(
            MonthlyCommission.month, MonthlyCommission.commission_fen, PlanComponent.name.label("component")
        )
        return columns.select_from(MonthlyCommission).join(
            PlanComponent, PlanComponent.id == MonthlyCommission.component_id
        )
    return (
        statement.add_columns(
            CommissionLine.month,
            CommissionLine.commission_fen,
            Collection.receipt_no,
            CommissionAdjustment.of_month,
        )
        .select_from(CommissionLine)
        .outerjoin(CommissionAdjustment, CommissionAdjustment.id == CommissionLine.adjustment_id)
        .outerjoin(
            Collection, Collection.id == func.coalesce(CommissionLine.collection_id, CommissionAdjustment.collection_id)
        )
    )


@built_once
def _named_by_ids(source: Any) -> Select[Any]:
    return _named(select(source.id), source).where(source.id.in_(bindparam("ids", type_=BigInteger(), expanding=True)))


_month = lru_cache(maxsize=64)(Month.parse)
"""Of many lines mostly the same."""


def _line_of_row(row: Any, key: LineKey) -> DisputedLine:
    month = _month(row.month)
    if key.monthly_id is not None:
        return DisputedLine(key, month, row.commission_fen, component=row.component)
    of_month = Month.parse(row.of_month) if row.of_month else None
    return DisputedLine(key, month, row.commission_fen, row.receipt_no, of_month=of_month)


def lines_of(disputes: Iterable[Dispute]) -> dict[UUID, DisputedLine]:
    """Return the line each dispute is about, by dispute; two queries however many there are."""
    every = list(disputes)
    found: dict[UUID, DisputedLine] = {}
    for source, column in ((CommissionLine, "line_id"), (MonthlyCommission, "monthly_id")):
        ids = {getattr(one, column) for one in every} - {None}
        if not ids:
            continue
        rows = {row.id: row for row in rows_of(_named_by_ids(source), {"ids": sorted(ids)})}
        for one in every:
            row = rows.get(getattr(one, column))
            if row is not None:
                found[one.id] = _line_of_row(row, key_of(one))
    return found


def key_of(dispute: Dispute) -> LineKey:
    """Return what names the line of a dispute."""
    return LineKey(dispute.line_id, dispute.monthly_id)


def dispute_for(
    viewer: Actor, dispute_id: UUID, permission: Permission = Permission.COMMISSION_READ, *, for_change: bool = False
) -> tuple[Dispute, Outlet]:
    """Return a dispute of an outlet in the viewer's territory, with the outlet; ``for_change`` locks the dispute.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``dispute_missing``.
    """
    require(viewer, permission)
    statement = (
        select(Dispute, Outlet)
        .join(Outlet, Outlet.id == Dispute.outlet_id)
        .where(Dispute.id == dispute_id, visible_outlets(viewer, permission))
    )
    if for_change:
        statement = statement.with_for_update(of=Dispute).execution_options(populate_existing=True)
    row = db.session.execute(statement).one_or_none()
    if row is None:
        raise Missing("dispute_missing", "没有找到这条异议，或它不在您的管辖范围内")
    return row.Dispute, row.Outlet


def open_dispute_of(key: LineKey) -> Dispute | None:
    """Return the open dispute of a line."""
    about = Dispute.line_id == key.line_id if key.line_id is not None else Dispute.monthly_id == key.monthly_id
    return db.session.scalar(select(Dispute).where(about, Dispute.state == State.OPEN))


def newest_by_line(outlet: Outlet, month: Month) -> Mapping[LineKey, Dispute]:
    """Return the newest dispute of each disputed line of an outlet's month."""
    disputes = db.session.scalars(
        select(Dispute)
        .where(Dispute.outlet_id == outlet.id, Dispute.month == str(month), Dispute.state != State.WITHDRAWN)
        .order_by(Dispute.raised_at, Dispute.id)
    )
    return {key_of(one): one for one in disputes}


def answered_in(month: Month, outlet_ids: Sequence[int]) -> Sequence[Dispute]:
    """Return the disputes of some outlets whose answer a month's statement prints, in the order they were raised."""
    return db.session.scalars(
        select(Dispute)
        .where(Dispute.answered_in == str(month), Dispute.outlet_id.in_(outlet_ids))
        .order_by(Dispute.raised_at, Dispute.id)
    ).all()


def open_count(viewer: Actor) -> int:
    """Return how many disputes wait for an answer of the viewer's."""
    [count] = rows_of(_open(viewer))
    return int(count)


@built_once
def _open(viewer: Actor) -> Select[int]:
    return (
        select(func.count(Dispute.id))
        .join(Outlet, Outlet.id == Dispute.outlet_id)
        .where(Dispute.state == State.OPEN, visible_outlets(viewer, Permission.COMMISSION_EDIT))
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """How a list of disputes is narrowed; empty is any."""

    state: str = State.OPEN
    month: Month | None = None
    outlet: str = ""
    raised_before: datetime | None = None
    owner_id: int | None = None


COLUMNS: Mapping[str, SortBy] = {
    "raised": SortBy(Dispute.raised_at, datetime),
    "month": SortBy(Dispute.month),
    "outlet": SortBy(Outlet.code),
}


@dataclass(frozen=True, slots=True)
class DisputeShown:
    """A dispute as the list shows it."""

    dispute: Dispute
    line: DisputedLine
    outlet_code: str
    outlet_name: str
    owner: str | None
    age: int
    """For how many days it has been open, or was."""


@built_once
def _disputes(viewer: Actor, asked: Asked) -> Select[*tuple[Any, ...]]:
    # Not joined: of all that is sorted only the page's own owners are looked up.
    owner = select(User.display_name).where(User.id == Dispute.owner_id).scalar_subquery()
    statement: Select[*tuple[Any, ...]] = (
        select(Dispute, Outlet.code, Outlet.name, owner.label("owner"))
        .join(Outlet, Outlet.id == Dispute.outlet_id)
        .where(visible_outlets(viewer, Permission.COMMISSION_READ))
    )
    if asked.state:
        statement = statement.where(Dispute.state == asked.state)
    if asked.month:
        statement = statement.where(Dispute.month == str(asked.month))
    if asked.outlet:
        of_outlet = or_(Outlet.code == asked.outlet.upper(), Outlet.name.contains(asked.outlet, autoescape=True))
        statement = statement.where(of_outlet)
    if asked.raised_before:
        statement = statement.where(Dispute.raised_at < asked.raised_before)
    if asked.owner_id:
        statement = statement.where(Dispute.owner_id == asked.owner_id)
    return statement


_KEY = SortBy(Dispute.id, UUID)


def disputes_page(viewer: Actor, arguments: Mapping[str, str], asked: Asked) -> Page[DisputeShown]:
    """Return a page of disputes in the viewer's territory, the oldest first unless asked otherwise."""
    statement, key = _disputes(viewer, asked), _KEY
    page = page_of(db.session(), statement, arguments, columns=COLUMNS, default="raised", key=key)
    lines = lines_of(row.Dispute for row in page.items)
    shown = [
        DisputeShown(row.Dispute, lines[row.Dispute.id], row.code, row.name, row.owner, age_of(row.Dispute, today()))
        for row in page.items
    ]
    return Page(shown, page.sorting, page.next_cursor, page.previous_cursor)


def age_of(dispute: Dispute, day: date) -> int:
    """Return for how many days a dispute has been open on a day, or was."""
    until = business_date(dispute.ended_at) if dispute.ended_at else day
    return max(0, (until - business_date(dispute.raised_at)).days)


def people_of(dispute: Dispute) -> Mapping[int, str]:
    """Return the names of those who had to do with a dispute, by user id."""
    ids = {dispute.user_id, dispute.owner_id, dispute.ended_by_id} - {None}
    return dict(db.session.execute(select(User.id, User.display_name).where(User.id.in_(ids))).all())
