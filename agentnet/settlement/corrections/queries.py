"""A collection as a correction finds it, and the lists of what was corrected and what is still to be paid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select, true
from werkzeug.datastructures import MultiDict

from agentnet.approvals.models import Approval
from agentnet.collecting.models import (
    Allocation,
    AllocationChange,
    Bill,
    Collection,
    Correction,
    RefundPayout,
    Void,
)
from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once
from agentnet.ledger.models import BusinessDay
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.settlement.corrections.rules import BY_CASH, REFUND, Held, Standing, net_of_changes
from agentnet.users.models import User
from agentnet.users.permissions import Permission, require


@dataclass(frozen=True, slots=True)
class Corrected:
    """A collection with what decides how it may be put right."""

    collection: Collection
    outlet: Outlet
    voided: bool
    voidable: bool
    """Whether its day is still open, so that a void puts it right."""
    allocated_at: datetime | None
    standing: Standing | None


def _found(condition: ColumnElement[bool], territory: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(Collection, Outlet, Void.id.label("void_id"), BusinessDay)
        .join(Outlet, Outlet.id == Collection.outlet_id)
        .join(
            BusinessDay,
            (BusinessDay.outlet_id == Collection.outlet_id) & (BusinessDay.business_on == Collection.business_on),
        )
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(condition, territory)
    )


def correctable(viewer: Actor, receipt_no: str, permission: Permission) -> Corrected:
    """Return a collection of the viewer's territory by its receipt number.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``collection_missing``.
    """
    require(viewer, permission)
    row = db.session.execute(
        _found(Collection.receipt_no == receipt_no, visible_outlets(viewer, permission))
    ).one_or_none()
    if row is None:
        raise Missing("collection_missing", "没有找到这笔收费，或它不在您的管辖范围内")
    return _corrected(row)


def corrected_held(collection_id: UUID) -> Corrected:
    """Return a collection and let nobody else void or correct it until the transaction ends."""
    statement = _found(Collection.id == collection_id, true()).with_for_update(of=BusinessDay)
    return _corrected(db.session.execute(statement.execution_options(populate_existing=True)).one())


def corrected_shown(collection_id: UUID) -> Corrected:
    """Return a collection for the page of a request about it; who may read the request was judged before."""
    return _corrected(db.session.execute(_found(Collection.id == collection_id, true())).one())


def _corrected(row: Any) -> Corrected:
    day = row.BusinessDay
    locked = day.closed_at or day.remitted_at or day.allocated_at
    return Corrected(
        collection=row.Collection,
        outlet=row.Outlet,
        voided=row.void_id is not None,
        voidable=row.Collection.business_on >= today() and locked is None,
        allocated_at=day.allocated_at,
        standing=standing_of(row.Collection.id),
    )


def standing_of(collection_id: UUID) -> Standing | None:
    """Return what is left of a collection after its corrections, and whose it is."""
    allocated = (
        select(
            Collection.household_id,
            Allocation.bill_id,
            Bill.bill_month,
            Allocation.principal_fen,
            Allocation.late_charge_fen,
        )
        .join(Collection, Collection.id == Allocation.collection_id)
        .outerjoin(Bill, Bill.id == Allocation.bill_id)
        .where(Allocation.collection_id == collection_id)
    )
    changed = (
        select(
            AllocationChange.household_id,
            AllocationChange.bill_id,
            Bill.bill_month,
            AllocationChange.principal_fen,
            AllocationChange.late_charge_fen,
        )
        .join(Correction, Correction.id == AllocationChange.correction_id)
        .outerjoin(Bill, Bill.id == AllocationChange.bill_id)
        .where(Correction.collection_id == collection_id)
    )
    connection = db.session.connection()
    rows = (*connection.execute(allocated), *connection.execute(changed))
    return net_of_changes((household_id, Held(*part)) for household_id, *part in rows)


def changes_of(correction_id: UUID) -> list[tuple[int, Held]]:
    """Return what a correction changed, by household: below zero is what it took back."""
    rows = db.session.execute(
        select(
            AllocationChange.household_id,
            AllocationChange.bill_id,
            Bill.bill_month,
            AllocationChange.principal_fen,
            AllocationChange.late_charge_fen,
        )
        .outerjoin(Bill, Bill.id == AllocationChange.bill_id)
        .where(AllocationChange.correction_id == correction_id)
        .order_by(AllocationChange.id)
    )
    return [(row[0], Held(row[1], row[2], row[3], row[4])) for row in rows]


@dataclass(frozen=True, slots=True)
class Payable:
    """A refund with the place it is paid out at."""

    correction: Correction
    outlet: Outlet
    receipt_no: str
    household_id: int
    """Who is owed."""
    paid: bool


def payable(viewer: Actor, correction_id: UUID, permission: Permission, *, for_change: bool = False) -> Payable:
    """Return a refund of the viewer's territory that was approved; ``for_change`` holds it.

    Whoever pays from the bank may pay what was to come from a drawer too: the drawer may be empty, or closed for good.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``refund_missing``.
    """
    require(viewer, permission)
    statement = (
        select(Correction, Outlet, Collection.receipt_no, Approval)
        .join(Outlet, Outlet.id == Correction.outlet_id)
        .join(Collection, Collection.id == Correction.collection_id)
        .join(Approval, Approval.id == Correction.id)
        .where(
            Correction.id == correction_id,
            Correction.kind == REFUND,
            true() if permission is Permission.REFUND_PAY_BANK else Correction.pay_by == BY_CASH,
            visible_outlets(viewer, permission),
        )
    )
    if for_change:
        statement = statement.with_for_update(of=Approval)
    row = db.session.execute(statement).one_or_none()
    if row is None:
        raise Missing("refund_missing", "没有找到这笔退费，或它不归您付")
    paid = select(RefundPayout.correction_id).where(RefundPayout.correction_id == correction_id)
    household_id = row.Correction.household_id
    return Payable(row.Correction, row.Outlet, row.receipt_no, household_id, db.session.scalar(paid) is not None)


COLUMNS = {
    "carried": SortBy(Correction.id, UUID),
    "amount": SortBy(Correction.amount_fen, int),
}


@built_once
def _corrections(viewer: Actor, kind: str, code: str, unpaid: bool) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            Correction,
            Outlet.code,
            Outlet.name,
            Collection.receipt_no,
            RefundPayout.paid_at,
            User.display_name.label("approver"),
        )
        .join(Outlet, Outlet.id == Correction.outlet_id)
        .outerjoin(Collection, Collection.id == Correction.collection_id)
        .outerjoin(RefundPayout, RefundPayout.correction_id == Correction.id)
        .outerjoin(User, User.id == Correction.user_id)
        .where(visible_outlets(viewer, Permission.SETTLEMENT_READ))
    )
    if kind:
        statement = statement.where(Correction.kind == kind)
    if code:
        statement = statement.where(Outlet.code == code)
    if unpaid:
        paid = exists().where(RefundPayout.correction_id == Correction.id).correlate(Correction)
        statement = statement.where(Correction.kind == REFUND, ~paid)
    return statement


def corrections_page(
    viewer: Actor,
    arguments: Mapping[str, str] | MultiDict[str, str],
    kind: str = "",
    code: str = "",
    unpaid: bool = False,
) -> Page[Any]:
    """Return a page of corrections in the viewer's territory, newest first; ``unpaid`` keeps refunds not paid out."""
    statement, key = _corrections(viewer, kind, code, unpaid), COLUMNS["carried"]
    return page_of(db.session(), statement, arguments, columns=COLUMNS, default="-carried", key=key)


def months_of(bill_ids: Iterable[int]) -> dict[int, str]:
    """Return the months of bills, by id."""
    rows = db.session.execute(select(Bill.id, Bill.bill_month).where(Bill.id.in_(list(bill_ids))))
    return dict(rows.all())
