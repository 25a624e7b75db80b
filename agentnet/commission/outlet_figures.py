"""One outlet's month for the screens: what is due, by which component, line by line, and the months before."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, bindparam, cast, or_, select

from agentnet.collecting.models import Collection, Household
from agentnet.commission.accruing import EarnedLine, MonthlyEarned, OutletMonth, outlet_months, pays_settled
from agentnet.commission.counted import Listed, counted_lines, in_month
from agentnet.commission.disputes.queries import LineKey
from agentnet.commission.engine.explaining import Working
from agentnet.commission.engine.language import Component
from agentnet.commission.engine.reasons import Reason
from agentnet.commission.models import (
    CommissionAdjustment,
    CommissionLine,
    MonthlyCommission,
    OutletAccrual,
)
from agentnet.commission.month_figures import Sums, was_of
from agentnet.commission.queries import Paying, PlanNamed, components_by_id, components_ruling, plan_named, tariffs
from agentnet.commission.stored import closed_lines, closed_monthly, settled_amounts, working_of
from agentnet.core.clock import Month
from agentnet.core.masks import mask_household_no
from agentnet.core.money import Fen
from agentnet.documents.models import Run
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import InMemory, Page, SortBy, page_of, page_of_rows
from agentnet.infra.statements import built_once
from agentnet.ledger.models import AccountingMonth
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.models import Agreement, Outlet

LINE_COLUMNS: Mapping[str, SortBy] = {
    "collected_at": SortBy(Collection.collected_at, datetime),
    "amount": SortBy(Collection.amount_fen, int),
}
_LISTED_COLUMNS: Mapping[str, InMemory] = {
    "collected_at": InMemory("collected_at", datetime),
    "amount": InMemory("amount_fen", int),
}
"""The same, of lines that are in memory."""


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


class LineShown(NamedTuple):
    """One collection with what it earned and why."""

    collected_at: datetime
    receipt_no: str
    household_masked: str
    tender: str
    amount_fen: Fen
    commission_fen: Fen
    components: Sequence[Component]
    """What pays it; ``component_ids`` are what they are stored by."""
    component_ids: tuple[int, ...]
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
    plan: PlanNamed | None
    agreement_no: str | None
    components: Sequence[ComponentSum]
    monthly: Sequence[MonthlyShown]
    adjustments: Sequence[Any]
    lines: Page[LineShown]
    adjustment_keys: Mapping[uuid.UUID, LineKey]
    """What names the line of each adjustment, once the month is closed."""
    reason: Reason | None = None
    """Why the month is empty or negative, if it is."""
    settles: bool = False
    """Whether lines pay what became settled of a collection."""
    unsettled: tuple[int, Fen] = (0, 0)
    """Then how many are not wholly settled at the month's end, and how much of them."""


def outlet_figures(outlet: Outlet, month: Month, closed: bool, arguments: Mapping[str, str]) -> OutletFigures:
    """Return an outlet's month with one page of its lines; provisional while the month is not closed."""
    monthly: Sequence[MonthlyCommission | MonthlyEarned]
    reason = None
    whole: dict[uuid.UUID, Fen] = {}
    earlier: list[uuid.UUID] = []
    unsettled = (0, 0)
    counted: Sequence[tuple[Any, ...]] | None = None
    listed_lines: list[Listed] | None = None
    if closed:
        accrual, agreement_no = _accrued(outlet, month)
        adjustments = rows_of(_ADJUSTMENTS, {"outlet_id": outlet.id, "month": str(month)})
        earned = closed_lines(month, [outlet.id])
        whole = settled_amounts(month, outlet.id)
        count, fen = ((accrual.inputs or {}).get("unsettled") or (0, 0)) if accrual else (0, 0)
        unsettled = (count, fen)
        if whole and not any(line.base_fen for line in earned.values()):
            reason = Reason.NOTHING_SETTLED
        monthly = closed_monthly(month, [outlet.id])
        sums = _sums(accrual) if accrual is not None else Sums()
        version_id = accrual.version_id if accrual else None
        components = components_by_id(
            {part[0] for line in earned.values() for part in line.parts} | {one.component_id for one in monthly}
        )
    else:
        known = tariffs()
        if not pays_settled(known, month):
            counted, listed_lines = counted_lines(month, outlet.id)
        worked = outlet_months(month, [outlet.id], known, as_stored=True, counted=counted)[0]
        earned = {line.collection_id: line for line in worked.earned}
        monthly = worked.monthly
        sums = _provisional(worked)
        if worked.settling is not None:
            whole = {id_: fact.amount_fen for id_, fact in worked.settling.counts.items()}
            earlier = [id_ for id_, fact in worked.settling.counts.items() if fact.day < month.starts_on]
            unsettled = worked.settling.unsettled
        adjustments = sorted(worked.adjusted, key=attrgetter("made_at", "id"))
        version_id, agreement_no = worked.version_id, worked.agreed.number if worked.agreed else None
        reason = worked.reason
        components = components_ruling(one.version for one in worked.ruling)
    return OutletFigures(
        closed=closed,
        sums=sums,
        plan=plan_named(version_id),
        agreement_no=agreement_no,
        components=_by_component(earned.values(), components),
        monthly=[_monthly(one, components) for one in monthly],
        adjustments=adjustments,
        lines=_line_page(outlet, month, arguments, earned, components, closed, whole, earlier, listed_lines),
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
    listed_lines: Sequence[Listed] | None,
) -> Page[LineShown]:
    page: Page[Any]
    if listed_lines is not None:
        page = page_of_rows(
            listed_lines, arguments, columns=_LISTED_COLUMNS, default="-collected_at", key=InMemory("id")
        )
    else:
        statement = _lines_of(month, closed)
        if earlier:  # collections of earlier months that were settled in this one
            statement = _listed_lines(or_(_counts(month, closed), Collection.id.in_(earlier)))
        page = page_of(
            db.session(),
            statement,
            arguments,
            columns=LINE_COLUMNS,
            default="-collected_at",
            key=_LINE_KEY,
            given={"outlet_id": outlet.id},
        )
    ids = [row.id for row in page.items]
    keys = _keys(outlet, month, CommissionLine.collection_id, ids) if closed else {}
    lines = []
    paying: dict[Any, tuple[list[Component], tuple[int, ...]]] = {}  # of fifty lines mostly the same
    for collection in page.items:
        line = earned.get(collection.id) or EarnedLine(collection.id, collection.amount_fen, 0, ())
        paid_by = paying.get(line.parts)
        if paid_by is None:
            component_ids = tuple([component_id for component_id, _fen in line.parts])
            paid_by = paying[line.parts] = ([components[id_].component for id_ in component_ids], component_ids)
        lines.append(
            LineShown(
                collection.collected_at,
                collection.receipt_no,
                mask_household_no(collection.household_no),
                collection.tender,
                line.base_fen,
                line.commission_fen,
                *paid_by,
                keys.get(collection.id),
                whole.get(collection.id),
            )
        )
    return Page(lines, page.sorting, page.next_cursor, page.previous_cursor)


_OUTLET: Any = bindparam("outlet_id", type_=BigInteger())
_LINE_KEY = SortBy(Collection.id, uuid.UUID)


def _counts(month: Month, closed: bool) -> ColumnElement[bool]:
    if not closed:
        return in_month(month)
    # A closed month shows what it paid for, whatever was put right since.
    paid_in = (CommissionLine.month == str(month), CommissionLine.outlet_id == _OUTLET)
    return Collection.id.in_(select(CommissionLine.collection_id).where(*paid_in))


def _listed_lines(counts: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return select(
        Collection.id,
        Collection.collected_at,
        Collection.receipt_no,
        Collection.tender,
        Collection.amount_fen,
        # Not joined: of all that is sorted only the page's own are looked up.
        select(Household.household_no)
        .where(Household.id == Collection.household_id)
        .scalar_subquery()
        .label("household_no"),
    ).where(Collection.outlet_id == _OUTLET, counts)


@built_once
def _lines_of(month: Month, closed: bool) -> Select[*tuple[Any, ...]]:
    return _listed_lines(_counts(month, closed))


_ADJUSTMENTS = (
    select(CommissionAdjustment)
    .where(CommissionAdjustment.outlet_id == _OUTLET, CommissionAdjustment.month == bindparam("month"))
    .order_by(CommissionAdjustment.made_at, CommissionAdjustment.id)
)


def _accrued(outlet: Outlet, month: Month) -> tuple[Any, str | None]:
    """Return what a closed month came to at an outlet, and the number of the agreement it was paid by."""
    return next(iter(rows_of(_ACCRUAL, {"outlet_id": outlet.id, "month": str(month)})), (None, None))


_ACCRUAL = (
    select(OutletAccrual, Agreement.number)
    .outerjoin(Agreement, Agreement.id == OutletAccrual.agreement_id)
    .where(OutletAccrual.outlet_id == _OUTLET, OutletAccrual.month == bindparam("month"))
)


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """An earlier month of an outlet and its printed statement."""

    month: Month
    count: int
    due_fen: Fen
    number: str | None


MOST_CLOSED = 13


def closed_months_of(outlet: Outlet, partners: frozenset[str] | None) -> list[ClosedMonth]:
    """Return an outlet's closed months (of some partners' alone), newest first, with the newest Chinese statement."""
    found = rows_of(_HISTORY if partners is None else _HISTORY_BY_PARTNER, {"outlet_id": outlet.id})
    if partners is not None:
        found = [one for one in found if was_of(partners, one)]
    months = {  # of a month's statements the newest comes last
        one.month: ClosedMonth(Month.parse(one.month), one.collections_count, one.due_fen, one.number)
        for one in found
        if one.state == CLOSED
    }
    return list(months.values())


def _history(*columns: Any) -> Select[*tuple[Any, ...]]:
    accrued = (
        select(OutletAccrual.month, OutletAccrual.collections_count, OutletAccrual.due_fen, *columns)
        .add_columns(AccountingMonth.state)
        .outerjoin(AccountingMonth, AccountingMonth.month == OutletAccrual.month)
        .where(OutletAccrual.outlet_id == _OUTLET)
        .order_by(OutletAccrual.month.desc())
        .limit(MOST_CLOSED)
        .subquery("accrued")
    )
    its_statement = and_(
        Run.kind == "COMMISSION_STATEMENT",
        Run.outlet_id == _OUTLET,
        Run.language == "zh",
        cast(Run.period_start, String) == accrued.c.month + "-01",
    )
    return select(*accrued.c, Run.number).outerjoin(Run, its_statement).order_by(accrued.c.month.desc(), Run.revision)


_HISTORY = _history()
_HISTORY_BY_PARTNER = _history(OutletAccrual.inputs)
