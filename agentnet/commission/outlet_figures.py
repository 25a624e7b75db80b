"""One outlet's month for the screens: what is due, by which component, line by line, and the months before."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from agentnet.collecting.models import Collection, Household
from agentnet.commission.accruing import EarnedLine, MonthlyEarned, OutletMonth, in_month, outlet_months
from agentnet.commission.disputes.queries import LineKey
from agentnet.commission.engine.explaining import Working
from agentnet.commission.engine.language import Component
from agentnet.commission.engine.reasons import Reason
from agentnet.commission.models import (
    CommissionAdjustment,
    CommissionLine,
    MonthlyCommission,
    OutletAccrual,
    Plan,
    PlanVersion,
)
from agentnet.commission.month_figures import Sums, was_of
from agentnet.commission.queries import Paying, closed_months, components_by_id, tariffs
from agentnet.commission.stored import closed_lines, closed_monthly, settled_amounts, working_of
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
class MonthlyShown:
    """What a component earned once in the month, with its working."""

    component: Component
    starts_on: date
    ends_on: date
    working: Working
    commission_fen: Fen
    key: LineKey | None = None
    """What names it, once it is stored."""


@dataclass(frozen=True, slots=True)
class LineShown:
    """One collection with what it earned and why."""

    collected_at: datetime
    receipt_no: str
    household_masked: str
    tender: str
    amount_fen: Fen
    commission_fen: Fen
    components: Sequence[Component]
    key: LineKey | None = None
    of_fen: Fen | None = None
    """Where what is settled pays: the whole collection; ``amount_fen`` is what of it became settled."""

    @property
    def is_unsettled(self) -> bool:
        """Whether nothing of it became settled in the month."""
        return self.of_fen is not None and self.amount_fen == 0


@dataclass(frozen=True, slots=True)
class OutletFigures:
    """An outlet's month as its page shows it."""

    closed: bool
    sums: Sums
    plan: Plan | None
    version: PlanVersion | None
    agreement: Agreement | None
    components: Sequence[ComponentSum]
    monthly: Sequence[MonthlyShown]
    adjustments: Sequence[CommissionAdjustment]
    lines: Page[LineShown]
    adjustment_keys: Mapping[uuid.UUID, LineKey]
    """What names the line of each adjustment, once the month is closed."""
    reason: Reason | None = None
    """Why the month is empty or negative, if it is."""
    settles: bool = False
    """Whether lines pay what became settled of a collection."""
    unsettled: tuple[int, Fen] = (0, 0)
    """Then how many are not wholly settled at the month's end, and how much of them."""


def outlet_figures(outlet: Outlet, month: Month, arguments: Mapping[str, str]) -> OutletFigures:
    """Return an outlet's month with one page of its lines; provisional while the month is open."""
    closed = month_state(month) == CLOSED
    monthly: Sequence[MonthlyCommission | MonthlyEarned]
    reason = None
    whole: dict[uuid.UUID, Fen] = {}
    earlier: list[uuid.UUID] = []
    unsettled = (0, 0)
    if closed:
        accrual = db.session.get(OutletAccrual, (str(month), outlet.id))
        earned = closed_lines(month, [outlet.id])
        whole = settled_amounts(month, outlet.id)
        count, fen = ((accrual.inputs or {}).get("unsettled") or (0, 0)) if accrual else (0, 0)
        unsettled = (count, fen)
        if whole and not any(line.base_fen for line in earned.values()):
            reason = Reason.NOTHING_SETTLED
        monthly = closed_monthly(month, [outlet.id])
        sums = _sums(accrual) if accrual is not None else Sums()
        version_id = accrual.version_id if accrual else None
        agreement_id = accrual.agreement_id if accrual else None
    else:
        worked = outlet_months(month, [outlet.id], tariffs())[0]
        earned = {line.collection_id: line for line in worked.earned}
        monthly = worked.monthly
        sums = _provisional(worked)
        if worked.settling is not None:
            whole = {id_: fact.amount_fen for id_, fact in worked.settling.counts.items()}
            earlier = [id_ for id_, fact in worked.settling.counts.items() if fact.day < month.starts_on]
            unsettled = worked.settling.unsettled
        version_id, agreement_id = worked.version_id, worked.agreement_id
        reason = worked.reason
    ids = {part[0] for line in earned.values() for part in line.parts} | {one.component_id for one in monthly}
    components = components_by_id(ids)
    version = db.session.get(PlanVersion, version_id) if version_id else None
    return OutletFigures(
        closed=closed,
        sums=sums,
        plan=db.session.get(Plan, version.plan_id) if version else None,
        version=version,
        agreement=db.session.get(Agreement, agreement_id) if agreement_id else None,
        components=_by_component(earned.values(), components),
        monthly=[_monthly(one, components) for one in monthly],
        adjustments=adjustments_in(outlet, month),
        lines=_line_page(outlet, month, arguments, earned, components, closed, whole, earlier),
        adjustment_keys=_keys(outlet, month, CommissionLine.adjustment_id) if closed else {},
        reason=Reason.CLAWED_BACK if (sums.due_fen or 0) < 0 else reason,
        settles=bool(whole),
        unsettled=unsettled,
    )


def _monthly(one: MonthlyCommission | MonthlyEarned, components: Mapping[int, Paying]) -> MonthlyShown:
    found = components[one.component_id]
    days = one if isinstance(one, MonthlyCommission) else one.ruled
    key = LineKey(monthly_id=one.id) if isinstance(one, MonthlyCommission) else None
    return MonthlyShown(found.component, days.starts_on, days.ends_on, working_of(one, found), one.commission_fen, key)


def _keys(
    outlet: Outlet, month: Month, column: Any, ids: Sequence[uuid.UUID] | None = None
) -> dict[uuid.UUID, LineKey]:
    """Return what names a closed month's lines, by the collections or adjustments of a column."""
    statement = select(column, CommissionLine.id).where(
        CommissionLine.month == str(month), CommissionLine.outlet_id == outlet.id, column.is_not(None)
    )
    if ids is not None:
        statement = statement.where(column.in_(ids))
    return {of: LineKey(line_id=id_) for of, id_ in db.session.execute(statement)}


def _sums(accrual: OutletAccrual) -> Sums:
    return Sums(1, accrual.collections_count, accrual.collected_fen, accrual.earned_fen, accrual.adjusted_fen)


def _provisional(worked: OutletMonth) -> Sums:
    return Sums(1, len(worked.earned), worked.collected_fen, worked.earned_fen, worked.adjusted_fen)


def _by_component(earned: Iterable[EarnedLine], components: Mapping[int, Paying]) -> list[ComponentSum]:
    sums: dict[int, list[int]] = {}
    for line in earned:
        if not line.base_fen:
            continue  # nothing of it was settled: no component had anything to pay
        for component_id, fen in line.parts or ((0, 0),):
            so_far = sums.setdefault(component_id, [0, 0, 0])
            so_far[0] += 1
            so_far[1] += line.base_fen
            so_far[2] += fen
    return [ComponentSum(components[id_].component if id_ else None, *figures) for id_, figures in sorted(sums.items())]


def _line_page(
    outlet: Outlet,
    month: Month,
    arguments: Mapping[str, str],
    earned: Mapping[uuid.UUID, EarnedLine],
    components: Mapping[int, Paying],
    closed: bool,
    whole: Mapping[uuid.UUID, Fen],
    earlier: Sequence[uuid.UUID],
) -> Page[LineShown]:
    paid_in = (CommissionLine.month == str(month), CommissionLine.outlet_id == outlet.id)
    # A closed month shows what it paid for, whatever was put right since.
    counts = Collection.id.in_(select(CommissionLine.collection_id).where(*paid_in)) if closed else in_month(month)
    if earlier:  # collections of earlier months that were settled in this one
        counts = or_(counts, Collection.id.in_(earlier))
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
    ids = [row.Collection.id for row in page.items]
    keys = _keys(outlet, month, CommissionLine.collection_id, ids) if closed else {}
    lines = []
    for row in page.items:
        collection = row.Collection
        line = earned.get(collection.id) or EarnedLine(collection.id, collection.amount_fen, 0, ())
        lines.append(
            LineShown(
                collection.collected_at,
                collection.receipt_no,
                mask_household_no(row.household_no),
                collection.tender,
                line.base_fen,
                line.commission_fen,
                [components[component_id].component for component_id, _fen in line.parts],
                keys.get(collection.id),
                whole.get(collection.id),
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


def closed_months_of(outlet: Outlet, partners: frozenset[str] | None, most: int = 13) -> list[ClosedMonth]:
    """Return an outlet's closed months (of some partners' alone), newest first, with the newest Chinese statement."""
    found = db.session.scalars(
        select(OutletAccrual)
        .where(OutletAccrual.outlet_id == outlet.id)
        .order_by(OutletAccrual.month.desc())
        .limit(most)
    )
    accruals = [one for one in found if partners is None or was_of(partners, one)]
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
