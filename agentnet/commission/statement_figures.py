"""The figures of commission statements, from a closed month's lines; a handful of queries for many outlets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import Row, Select, func, select

from agentnet.collecting.models import Collection, Correction, Household
from agentnet.commission.models import (
    CommissionAdjustment,
    CommissionLine,
    OutletAccrual,
    Plan,
    PlanComponent,
    PlanVersion,
)
from agentnet.commission.queries import components_by_id
from agentnet.commission.words import closed_text, listed, pay_text
from agentnet.core.clock import Month, business_date
from agentnet.core.masks import mask_household_no
from agentnet.documents.heads import Units, document_head, in_language
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.db import db
from agentnet.outlets.models import Agreement, Outlet, Partner
from reports.commission_statement import AdjustmentLine, CollectionLine, CommissionStatement, ComponentLine
from reports.head import DocumentHead

CHUNK: Final = 200
"""Statements fetched together when a caller hands over more."""

_EMPTY = {"ACTIVE": "no_collections", "SUSPENDED": "suspended", "CLOSED": "closed"}


def freeze_statements(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, CommissionStatement]]:
    """Yield each outlet's statement; a handful of queries for every ``CHUNK`` of them."""
    month, units = Month.of(period.starts_on), Units()
    for start in range(0, len(subjects), CHUNK):
        chunk = subjects[start : start + CHUNK]
        figures = _StatementFigures(month, [subject.outlet_id for subject in chunk if subject.outlet_id is not None])
        for subject in chunk:
            head = heads[subject.code]
            with in_language(head.language):
                printed = document_head(head, units, subject.org_unit_id, closed_text(month))
                yield subject, figures.statement(subject, printed)


class _StatementFigures:
    """Everything the statements of some outlets need, fetched at once."""

    def __init__(self, month: Month, outlet_ids: Sequence[int]) -> None:
        self.month = month
        self.outlets = {row.Outlet.id: row for row in db.session.execute(_outlets(month, outlet_ids))}
        self.collections: dict[int, list[Row[Any]]] = defaultdict(list)
        for line in db.session.connection().execute(_collections(month, outlet_ids)):
            self.collections[line.outlet_id].append(line)
        self.adjustments: dict[int, list[AdjustmentLine]] = defaultdict(list)
        for row in db.session.execute(_adjustments(month, outlet_ids)):
            self.adjustments[row.outlet_id].append(
                AdjustmentLine(
                    entered_on=business_date(row.made_at),
                    belongs_to=Month.parse(row.of_month),
                    receipt_no=row.receipt_no or "-",
                    reason=row.reason,
                    amount_fen=-(row.amount_fen or 0) if row.commission_fen < 0 else row.amount_fen or 0,
                    commission_fen=row.commission_fen,
                )
            )
        used = {line.component_id for lines in self.collections.values() for line in lines if line.component_id}
        self.components = components_by_id(used)
        self.plans = _plans_by_component(used)
        self.versions = _plans_by_version({row.OutletAccrual.version_id for row in self.outlets.values()})

    def statement(self, subject: Subject, head: DocumentHead) -> CommissionStatement:
        row = self.outlets[subject.outlet_id or 0]
        accrual, outlet = row.OutletAccrual, row.Outlet
        lines = self.collections[outlet.id]
        plans = sorted({self.plans[line.component_id] for line in lines if line.component_id})
        if not plans and accrual.version_id is not None:
            plans = [self.versions[accrual.version_id]]
        return CommissionStatement(
            head=head,
            period=self.month,
            outlet_code=outlet.code,
            outlet_name=outlet.name,
            outlet_kind=accrual.outlet_kind,
            setting=accrual.setting,
            partner=row.partner or "-",
            agent=outlet.keeper_name or "-",
            plan_name=listed(dict.fromkeys(name for name, _number in plans)) or "-",
            plan_version=listed(_("第 %(number)d 版", number=number) for _name, number in plans) or "-",
            agreement_no=row.agreement_no or "-",
            components=self._components(lines),
            collections=tuple(_collection_line(line) for line in lines),
            adjustments=tuple(self.adjustments[outlet.id]),
            collected_fen=accrual.collected_fen,
            earned_fen=accrual.earned_fen,
            adjusted_fen=accrual.adjusted_fen,
            due_fen=accrual.due_fen,
            empty_reason=_EMPTY.get(accrual.state, "not_yet_active"),
        )

    def _components(self, lines: Sequence[Row[Any]]) -> tuple[ComponentLine, ...]:
        sums: dict[tuple[int, str], list[int]] = {}
        for line in lines:
            so_far = sums.setdefault((line.component_id or 0, line.tender), [0, 0, 0])
            so_far[0] += 1
            so_far[1] += line.base_fen
            so_far[2] += line.commission_fen
        return tuple(
            ComponentLine(pay_text(self.components.get(component_id)), tender, *figures)
            for (component_id, tender), figures in sorted(sums.items())
        )


def _outlets(month: Month, outlet_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(OutletAccrual, Outlet, Partner.name.label("partner"), Agreement.number.label("agreement_no"))
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .outerjoin(Agreement, Agreement.id == OutletAccrual.agreement_id)
        .where(OutletAccrual.month == str(month), OutletAccrual.outlet_id.in_(outlet_ids))
    )


def _collections(month: Month, outlet_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            CommissionLine.outlet_id,
            CommissionLine.component_id,
            CommissionLine.base_fen,
            CommissionLine.commission_fen,
            Collection.collected_at,
            Collection.receipt_no,
            Collection.tender,
            Household.household_no,
        )
        .join(Collection, Collection.id == CommissionLine.collection_id)
        .join(Household, Household.id == Collection.household_id)
        .where(
            CommissionLine.month == str(month),
            CommissionLine.outlet_id.in_(outlet_ids),
            CommissionLine.kind == "COLLECTION",
        )
        .order_by(CommissionLine.outlet_id, Collection.collected_at, Collection.receipt_no)
    )


def _adjustments(month: Month, outlet_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            CommissionLine.outlet_id,
            CommissionLine.commission_fen,
            CommissionAdjustment.made_at,
            CommissionAdjustment.of_month,
            CommissionAdjustment.reason,
            Collection.receipt_no,
            # What was put right; an adjustment entered by hand speaks of the whole collection.
            func.coalesce(Correction.amount_fen, Collection.amount_fen).label("amount_fen"),
        )
        .join(CommissionAdjustment, CommissionAdjustment.id == CommissionLine.adjustment_id)
        .outerjoin(Collection, Collection.id == CommissionAdjustment.collection_id)
        .outerjoin(Correction, Correction.id == CommissionAdjustment.id)
        .where(CommissionLine.month == str(month), CommissionLine.outlet_id.in_(outlet_ids))
        .order_by(CommissionAdjustment.made_at, CommissionAdjustment.id)
    )


def _plans_by_version(version_ids: set[int | None]) -> dict[int, tuple[str, int]]:
    rows = db.session.execute(
        select(PlanVersion.id, Plan.name, PlanVersion.number)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(PlanVersion.id.in_({id_ for id_ in version_ids if id_ is not None}))
    )
    return {row.id: (row.name, row.number) for row in rows}


def _plans_by_component(component_ids: set[int]) -> dict[int, tuple[str, int]]:
    from_component = select(PlanComponent.id, PlanComponent.version_id).where(PlanComponent.id.in_(component_ids))
    versions = {row.id: row.version_id for row in db.session.execute(from_component)}
    named = _plans_by_version(set(versions.values()))
    return {component_id: named[version_id] for component_id, version_id in versions.items()}


def _collection_line(line: Row[Any]) -> CollectionLine:
    return CollectionLine(
        collected_at=line.collected_at,
        receipt_no=line.receipt_no,
        household_masked=mask_household_no(line.household_no),
        tender=line.tender,
        amount_fen=line.base_fen,
        commission_fen=line.commission_fen,
    )
