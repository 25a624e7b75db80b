"""One outlet's month for the screens: what is due, by which component, line by line, and the months before."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from agentnet.collecting.models import Collection, Household
from agentnet.commission.accruing import OutletMonth, in_month, outlet_months
from agentnet.commission.models import CommissionAdjustment, CommissionLine, OutletAccrual, Plan, PlanVersion
from agentnet.commission.month_figures import Sums
from agentnet.commission.queries import closed_months, components_by_id, tariffs
from agentnet.commission.rules import Component
from agentnet.core.clock import Month
from agentnet.core.masks import mask_household_no
from agentnet.core.money import Fen
from agentnet.documents.models import Run
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.models import Agreement, Outlet

LINE_COLUMNS: Mapping[str, SortBy] = {
    "collected_at": SortBy(Collection.collected_at, datetime),
    "amount": SortBy(Collection.amount_fen, int),
}


@dataclass(frozen=True, slots=True)
class ComponentSum:
    """What one component paid at an outlet in a month; ``component`` None where nothing applied."""

    component: Component | None
    count: int
    base_fen: Fen
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class LineShown:
    """One collection with what it earned and why."""

    collected_at: datetime
    receipt_no: str
    household_masked: str
    tender: str
    amount_fen: Fen
    commission_fen: Fen
    component: Component | None


@dataclass(frozen=True, slots=True)
class OutletFigures:
    """An outlet's month as its page shows it."""

    closed: bool
    sums: Sums
    plan: Plan | None
    version: PlanVersion | None
    agreement: Agreement | None
    components: Sequence[ComponentSum]
    adjustments: Sequence[CommissionAdjustment]
    lines: Page[LineShown]


def outlet_figures(outlet: Outlet, month: Month, arguments: Mapping[str, str]) -> OutletFigures:
    """Return an outlet's month with one page of its lines; provisional while the month is open."""
    closed = month_state(month) == CLOSED
    if closed:
        accrual = db.session.get(OutletAccrual, (str(month), outlet.id))
        earned = _closed_lines(outlet, month)
        sums = _sums(accrual) if accrual is not None else Sums()
        version_id = accrual.version_id if accrual else None
        agreement_id = accrual.agreement_id if accrual else None
    else:
        worked = outlet_months(month, [outlet.id], tariffs())[0]
        earned = {line.collection_id: (line.component_id, line.commission_fen, line.base_fen) for line in worked.earned}
        sums = _provisional(worked)
        version_id, agreement_id = worked.version_id, worked.agreement_id
    components = components_by_id({row[0] for row in earned.values() if row[0] is not None})
    version = db.session.get(PlanVersion, version_id) if version_id else None
    return OutletFigures(
        closed=closed,
        sums=sums,
        plan=db.session.get(Plan, version.plan_id) if version else None,
        version=version,
        agreement=db.session.get(Agreement, agreement_id) if agreement_id else None,
        components=_by_component(earned, components),
        adjustments=adjustments_in(outlet, month),
        lines=_line_page(outlet, month, arguments, earned, components, closed),
    )


Earned = Mapping[uuid.UUID, tuple[int | None, Fen, Fen]]


def _closed_lines(outlet: Outlet, month: Month) -> Earned:
    rows = db.session.execute(
        select(
            CommissionLine.collection_id,
            CommissionLine.component_id,
            CommissionLine.commission_fen,
            CommissionLine.base_fen,
        ).where(
            CommissionLine.month == str(month),
            CommissionLine.outlet_id == outlet.id,
            CommissionLine.kind == "COLLECTION",
        )
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows if row[0] is not None}


def _sums(accrual: OutletAccrual) -> Sums:
    return Sums(1, accrual.collections_count, accrual.collected_fen, accrual.earned_fen, accrual.adjusted_fen)


def _provisional(worked: OutletMonth) -> Sums:
    return Sums(1, len(worked.earned), worked.collected_fen, worked.earned_fen, worked.adjusted_fen)


def _by_component(earned: Earned, components: Mapping[int, Component]) -> list[ComponentSum]:
    sums: dict[int, list[int]] = {}
    for component_id, commission_fen, base_fen in earned.values():
        so_far = sums.setdefault(component_id or 0, [0, 0, 0])
        so_far[0] += 1
        so_far[1] += base_fen
        so_far[2] += commission_fen
    return [ComponentSum(components.get(id_), *figures) for id_, figures in sorted(sums.items())]


def _line_page(
    outlet: Outlet,
    month: Month,
    arguments: Mapping[str, str],
    earned: Earned,
    components: Mapping[int, Component],
    closed: bool,
) -> Page[LineShown]:
    paid_in = (CommissionLine.month == str(month), CommissionLine.outlet_id == outlet.id)
    # A closed month shows what it paid for, whatever was put right since.
    counts = Collection.id.in_(select(CommissionLine.collection_id).where(*paid_in)) if closed else in_month(month)
    statement = (
        select(Collection, Household.household_no)
        .join(Household, Household.id == Collection.household_id)
        .where(Collection.outlet_id == outlet.id, counts)
    )
    page = page_of(
        db.session(),
        statement,
        arguments,
        columns=LINE_COLUMNS,
        default="-collected_at",
        key=SortBy(Collection.id, uuid.UUID),
    )
    lines = []
    for row in page.items:
        collection = row.Collection
        component_id, commission_fen, base_fen = earned.get(collection.id, (None, 0, collection.amount_fen))
        lines.append(
            LineShown(
                collection.collected_at,
                collection.receipt_no,
                mask_household_no(row.household_no),
                collection.tender,
                base_fen,
                commission_fen,
                components.get(component_id or 0),
            )
        )
    return Page(lines, page.sorting, page.next_cursor, page.previous_cursor)


def adjustments_in(outlet: Outlet, month: Month) -> list[CommissionAdjustment]:
    """Return the adjustments paid or taken back at an outlet in a month."""
    statement = select(CommissionAdjustment).where(
        CommissionAdjustment.outlet_id == outlet.id, CommissionAdjustment.month == str(month)
    )
    return list(db.session.scalars(statement.order_by(CommissionAdjustment.made_at, CommissionAdjustment.id)))


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """An earlier month of an outlet and its printed statement."""

    month: Month
    count: int
    due_fen: Fen
    number: str | None


def closed_months_of(outlet: Outlet, most: int = 13) -> list[ClosedMonth]:
    """Return an outlet's closed months, newest first, with the number of the newest Chinese statement."""
    accruals = db.session.scalars(
        select(OutletAccrual)
        .where(OutletAccrual.outlet_id == outlet.id)
        .order_by(OutletAccrual.month.desc())
        .limit(most)
    ).all()
    runs = db.session.execute(
        select(Run.period_start, Run.number)
        .where(Run.kind == "COMMISSION_STATEMENT", Run.outlet_id == outlet.id, Run.language == "zh")
        .order_by(Run.revision)
    )
    numbers = {run.period_start: run.number for run in runs}
    closed = set(closed_months())
    return [
        ClosedMonth(month, accrual.collections_count, accrual.due_fen, numbers.get(month.starts_on))
        for month, accrual in ((Month.parse(accrual.month), accrual) for accrual in accruals)
        if month in closed
    ]
