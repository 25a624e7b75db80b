"""The list of adjustments in a viewer's territory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from agentnet.collecting.models import Collection
from agentnet.commission.models import CommissionAdjustment, CommissionLine, OutletAccrual
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.models import User
from agentnet.users.permissions import Permission

COLUMNS: Mapping[str, SortBy] = {
    "made_at": SortBy(CommissionAdjustment.made_at, datetime),
    "amount": SortBy(CommissionAdjustment.amount_fen, int),
    "outlet": SortBy(Outlet.code),
}


@dataclass(frozen=True, slots=True)
class AdjustmentShown:
    """An adjustment as the list shows it."""

    outlet_code: str
    outlet_name: str
    of_month: Month
    month: Month
    amount_fen: Fen
    receipt_no: str | None
    reason: str
    made_by: str | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class SoFar:
    """What a closed month, or one collection of it, has paid: earned when it closed, adjusted since (fen)."""

    earned_fen: Fen
    adjusted_fen: Fen

    @property
    def paid_fen(self) -> Fen:
        return self.earned_fen + self.adjusted_fen


def month_so_far(outlet: Outlet, month: Month) -> SoFar:
    """Return what an outlet's closed month has paid."""
    earned = db.session.scalar(
        select(OutletAccrual.earned_fen).where(OutletAccrual.month == str(month), OutletAccrual.outlet_id == outlet.id)
    )
    adjusted = db.session.scalar(
        select(func.sum(CommissionAdjustment.amount_fen)).where(
            CommissionAdjustment.outlet_id == outlet.id, CommissionAdjustment.of_month == str(month)
        )
    )
    return SoFar(earned or 0, int(adjusted or 0))


def line_so_far(outlet: Outlet, collection_id: UUID) -> SoFar:
    """Return what a collection of a closed month has paid."""
    earned = db.session.scalar(
        select(func.sum(CommissionLine.commission_fen)).where(
            CommissionLine.outlet_id == outlet.id, CommissionLine.collection_id == collection_id
        )
    )
    adjusted = db.session.scalar(
        select(func.sum(CommissionAdjustment.amount_fen)).where(CommissionAdjustment.collection_id == collection_id)
    )
    return SoFar(int(earned or 0), int(adjusted or 0))


@built_once
def _adjustments(viewer: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(CommissionAdjustment, Outlet.code, Outlet.name, Collection.receipt_no, User.display_name)
        .join(Outlet, Outlet.id == CommissionAdjustment.outlet_id)
        .outerjoin(Collection, Collection.id == CommissionAdjustment.collection_id)
        .outerjoin(User, User.id == CommissionAdjustment.user_id)
        .where(visible_outlets(viewer, Permission.COMMISSION_READ))
    )


_KEY = SortBy(CommissionAdjustment.id, UUID)


def adjustment_page(viewer: Actor, arguments: Mapping[str, str]) -> Page[AdjustmentShown]:
    """Return a page of adjustments, newest first unless asked otherwise."""
    page = page_of(db.session(), _adjustments(viewer), arguments, columns=COLUMNS, default="-made_at", key=_KEY)
    shown = [
        AdjustmentShown(
            row.code,
            row.name,
            Month.parse(row.CommissionAdjustment.of_month),
            Month.parse(row.CommissionAdjustment.month),
            row.CommissionAdjustment.amount_fen,
            row.receipt_no,
            row.CommissionAdjustment.reason,
            row.display_name,
            row.CommissionAdjustment.made_at,
        )
        for row in page.items
    ]
    return Page(shown, page.sorting, page.next_cursor, page.previous_cursor)
