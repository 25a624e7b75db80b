"""The figures of commission statements; a handful of queries for many outlets.

A final statement shows a closed month's lines as its close wrote them down, a provisional one what the rules make of
the facts as they are now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, func, or_, select

from agentnet.collecting.models import Collection, Correction, Household
from agentnet.commission.accruing import MonthlyEarned, OutletMonth, Part, outlet_months
from agentnet.commission.component_words import listed, pay_text, working_texts
from agentnet.commission.counted import in_month
from agentnet.commission.disputes.printing import answer_line, answers_by_outlet
from agentnet.commission.engine.language import PAYS_COLLECTIONS
from agentnet.commission.models import (
    CommissionAdjustment,
    CommissionLine,
    MonthlyCommission,
    OutletAccrual,
    Plan,
    PlanVersion,
)
from agentnet.commission.queries import components_by_id, tariffs
from agentnet.commission.stored import closed_monthly, working_of
from agentnet.commission.words import closed_text, provisional_text
from agentnet.commission.working import partner_then, read_parts
from agentnet.core.clock import Month, business_date
from agentnet.core.masks import mask_household_no
from agentnet.core.money import Fen
from agentnet.documents.heads import Units, document_head, in_language
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.db import db
from agentnet.outlets.models import Agreement, Outlet, Partner
from reports.commission_statement import (
    AdjustmentLine,
    CollectionLine,
    CommissionStatement,
    ComponentLine,
    Unsettled,
    WorkingLine,
)
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
        ids = [subject.outlet_id for subject in chunk if subject.outlet_id is not None]
        figures = _StatementFigures(
            month,
            _closed_sums(month, ids),
            _closed_lines(month, ids),
            [(one.outlet_id, one) for one in closed_monthly(month, ids)],
            _adjustments(month, ids),
        )
        for subject in chunk:
            head = heads[subject.code]
            with in_language(head.language):
                printed = document_head(head, units, subject.org_unit_id, closed_text(month))
                yield subject, figures.statement(subject, printed)


def freeze_provisional(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, CommissionStatement]]:
    """Yield what each outlet's statement would be if the month closed now; nothing is written down."""
    month, units, book = Month.of(period.starts_on), Units(), tariffs()
    for start in range(0, len(subjects), CHUNK):
        chunk = subjects[start : start + CHUNK]
        ids = [subject.outlet_id for subject in chunk if subject.outlet_id is not None]
        months = {one.outlet_id: one for one in outlet_months(month, ids, book)}
        monthly = [(one.outlet_id, line) for one in months.values() for line in one.monthly]
        figures = _StatementFigures(month, months, _open_lines(month, months), monthly, _open_adjustments(month, ids))
        for subject in chunk:
            head = heads[subject.code]
            with in_language(head.language):
                state = provisional_text(month, head.made_at)
                printed = document_head(head, units, subject.org_unit_id, state)
                yield subject, replace(figures.statement(subject, printed), provisional=True)


_Monthly = MonthlyCommission | MonthlyEarned
Sums = OutletAccrual | OutletMonth
"""An outlet's month: written down at its close, or worked out now."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A collection on a statement and what it earned."""

    outlet_id: int
    base_fen: Fen
    commission_fen: Fen
    parts: tuple[Part, ...]
    collected_at: datetime
    receipt_no: str
    tender: str
    household_no: str
    settles: bool
    """Whether it pays what became settled of the collection."""


class _StatementFigures:
    """Everything the statements of some outlets need, fetched at once."""

    def __init__(
        self,
        month: Month,
        sums: Mapping[int, Sums],
        lines: Iterable[_Line],
        monthly: Iterable[tuple[int, _Monthly]],
        adjustments: Select[*tuple[Any, ...]],
    ) -> None:
        self.month = month
        self.sums = sums
        self.outlets = {row.Outlet.id: row for row in db.session.execute(_outlets(sums))}
        self.partners = dict(db.session.execute(select(Partner.code, Partner.name)).all())
        self.agreements = _agreement_numbers({one.agreement_id for one in sums.values()})
        self.collections: dict[int, list[_Line]] = defaultdict(list)
        for line in lines:
            self.collections[line.outlet_id].append(line)
        self.monthly: dict[int, list[_Monthly]] = defaultdict(list)
        for outlet_id, one in monthly:
            self.monthly[outlet_id].append(one)
        self.adjustments: dict[int, list[AdjustmentLine]] = defaultdict(list)
        for row in db.session.execute(adjustments):
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
        self.answers = answers_by_outlet(month, list(sums))
        used = {id_ for lines in self.collections.values() for line in lines for id_, _fen in line.parts}
        used |= {one.component_id for several in self.monthly.values() for one in several}
        self.components = components_by_id(used)
        named = {one.version_id for one in self.components.values()} | {one.version_id for one in sums.values()}
        self.versions = _plans_by_version(named)

    def statement(self, subject: Subject, head: DocumentHead) -> CommissionStatement:
        row = self.outlets[subject.outlet_id or 0]
        outlet, accrual = row.Outlet, self.sums[row.Outlet.id]
        # Of what pays as it is settled, what did not become settled is told as a sum.
        settles = any(one.settles for one in self.collections[outlet.id])
        lines, monthly = [one for one in self.collections[outlet.id] if one.base_fen], self.monthly[outlet.id]
        used = {id_ for line in lines for id_, _fen in line.parts} | {one.component_id for one in monthly}
        plans = sorted({self.versions[self.components[id_].version_id] for id_ in used})
        if not plans and accrual.version_id is not None:
            plans = [self.versions[accrual.version_id]]
        return CommissionStatement(
            head=head,
            period=self.month,
            outlet_code=outlet.code,
            outlet_name=outlet.name,
            outlet_kind=accrual.outlet_kind,
            setting=accrual.setting,
            partner=self._partner(accrual, row.partner) or "-",
            agent=outlet.keeper_name or "-",
            plan_name=listed(dict.fromkeys(name for name, _number in plans)) or "-",
            plan_version=(listed(_("第 %(number)d 版", number=number) for _name, number in plans) or "-")
            + (_("，按结清计") if settles else ""),
            unsettled=_unsettled(accrual),
            agreement_no=self.agreements.get(accrual.agreement_id or 0) or "-",
            components=(*self._components(lines), *map(self._monthly_line, monthly)),
            workings=self._workings(lines, monthly),
            collections=tuple(_collection_line(line) for line in lines),
            adjustments=tuple(self.adjustments[outlet.id]),
            collected_fen=accrual.collected_fen,
            earned_fen=accrual.earned_fen,
            adjusted_fen=accrual.adjusted_fen,
            due_fen=accrual.due_fen,
            empty_reason="nothing_settled" if settles else _EMPTY.get(accrual.state, "not_yet_active"),
            disputes=tuple(answer_line(*one) for one in self.answers.get(outlet.id, ())),
        )

    def _components(self, lines: Sequence[_Line]) -> tuple[ComponentLine, ...]:
        sums: dict[tuple[int, str], list[int]] = {}
        for line in lines:
            for component_id, fen in line.parts or ((0, 0),):
                so_far = sums.setdefault((component_id, line.tender), [0, 0, 0])
                so_far[0] += 1
                so_far[1] += line.base_fen
                so_far[2] += fen
        return tuple(
            ComponentLine(self._pay_text(component_id), tender, *figures)
            for (component_id, tender), figures in sorted(sums.items())
        )

    def _partner(self, one: Sums, present: str | None) -> str | None:
        return partner_then(one.inputs, present, self.partners) if isinstance(one, OutletAccrual) else present

    def _pay_text(self, component_id: int) -> str:
        return pay_text(self.components[component_id].component if component_id else None)

    def _monthly_line(self, one: _Monthly) -> ComponentLine:
        """Return what was earned once a month as the table of components has it: of no collection in particular."""
        return ComponentLine(self._pay_text(one.component_id), "ALL", 0, 0, one.commission_fen)

    def _workings(self, lines: Sequence[_Line], monthly: Sequence[_Monthly]) -> tuple[WorkingLine, ...]:
        """Return how each component's figure came about; a version that pays collections alone says it all above."""
        if not monthly and all(len(line.parts) < 2 for line in lines):
            return ()
        found: dict[int, list[int]] = {}
        for line in lines:
            for component_id, fen in line.parts:
                so_far = found.setdefault(component_id, [0, 0])
                so_far[0] += 1
                so_far[1] += fen
        workings = [
            WorkingLine(
                self.components[id_].component.name,
                (
                    self._pay_text(id_),
                    _each_rounded(count),
                ),
                fen,
            )
            for id_, (count, fen) in sorted(found.items())
            if self.components[id_].component.kind in PAYS_COLLECTIONS
        ]
        for one in monthly:
            paying = self.components[one.component_id]
            steps = (self._pay_text(one.component_id), *working_texts(working_of(one, paying)))
            workings.append(WorkingLine(paying.component.name, steps, one.commission_fen))
        return tuple(workings)


def _unsettled(sums: Sums) -> Unsettled | None:
    """Return what is not settled yet at the month's end, of collections that pay as they are settled."""
    if isinstance(sums, OutletAccrual):
        count, fen = (sums.inputs or {}).get("unsettled") or (0, 0)
    else:
        count, fen = sums.settling.unsettled if sums.settling else (0, 0)
    return Unsettled(count, fen) if count else None


def _each_rounded(count: int) -> str:
    return ngettext("%(num)d 笔，每笔四舍五入到分后相加", "%(num)d 笔，每笔四舍五入到分后相加", count)


def _outlets(outlet_ids: Iterable[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(Outlet, Partner.name.label("partner"))
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .where(Outlet.id.in_(list(outlet_ids)))
    )


def _agreement_numbers(agreement_ids: set[int | None]) -> dict[int, str]:
    wanted = {id_ for id_ in agreement_ids if id_ is not None}
    return dict(db.session.execute(select(Agreement.id, Agreement.number).where(Agreement.id.in_(wanted))).all())


def _closed_sums(month: Month, outlet_ids: Sequence[int]) -> dict[int, Sums]:
    rows = db.session.scalars(
        select(OutletAccrual).where(OutletAccrual.month == str(month), OutletAccrual.outlet_id.in_(outlet_ids))
    )
    return {row.outlet_id: row for row in rows}


def _closed_lines(month: Month, outlet_ids: Sequence[int]) -> Iterator[_Line]:
    rows = db.session.connection().execute(
        select(
            CommissionLine.outlet_id,
            CommissionLine.base_fen,
            CommissionLine.commission_fen,
            CommissionLine.component_id,
            CommissionLine.parts,
            Collection.collected_at,
            Collection.receipt_no,
            Collection.tender,
            Household.household_no,
            CommissionLine.settled_to_fen.is_not(None),
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
    for outlet_id, base_fen, fen, component_id, parts, collected_at, receipt_no, tender, household_no, settles in rows:
        paid = (base_fen, fen, read_parts(fen, component_id, parts))
        yield _Line(outlet_id, *paid, collected_at, receipt_no, tender, household_no, bool(settles))


def _open_lines(month: Month, months: Mapping[int, OutletMonth]) -> Iterator[_Line]:
    earned = {line.collection_id: line for one in months.values() for line in one.earned}
    counts = {id_: fact for one in months.values() if one.settling for id_, fact in one.settling.counts.items()}
    earlier = [id_ for id_, fact in counts.items() if fact.day < month.starts_on]
    rows = db.session.connection().execute(
        select(
            Collection.id,
            Collection.outlet_id,
            Collection.collected_at,
            Collection.receipt_no,
            Collection.tender,
            Household.household_no,
        )
        .join(Household, Household.id == Collection.household_id)
        .where(Collection.outlet_id.in_(list(months)), or_(in_month(month), Collection.id.in_(earlier)))
        .order_by(Collection.outlet_id, Collection.collected_at, Collection.receipt_no)
    )
    for id_, outlet_id, collected_at, receipt_no, tender, household_no in rows:
        line = earned[id_]
        paid = (line.base_fen, line.commission_fen, line.parts)
        yield _Line(outlet_id, *paid, collected_at, receipt_no, tender, household_no, id_ in counts)


def _open_adjustments(month: Month, outlet_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            CommissionAdjustment.outlet_id,
            CommissionAdjustment.amount_fen.label("commission_fen"),
            CommissionAdjustment.made_at,
            CommissionAdjustment.of_month,
            CommissionAdjustment.reason,
            Collection.receipt_no,
            func.coalesce(Correction.amount_fen, Collection.amount_fen).label("amount_fen"),
        )
        .outerjoin(Collection, Collection.id == CommissionAdjustment.collection_id)
        .outerjoin(Correction, Correction.id == CommissionAdjustment.id)
        .where(CommissionAdjustment.month == str(month), CommissionAdjustment.outlet_id.in_(outlet_ids))
        .order_by(CommissionAdjustment.made_at, CommissionAdjustment.id)
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


def _collection_line(line: _Line) -> CollectionLine:
    return CollectionLine(
        collected_at=line.collected_at,
        receipt_no=line.receipt_no,
        household_masked=mask_household_no(line.household_no),
        tender=line.tender,
        amount_fen=line.base_fen,
        commission_fen=line.commission_fen,
    )
