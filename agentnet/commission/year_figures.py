"""The figures of year sheets: an outlet's closed months of a year, each as its close wrote it down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select

from agentnet.commission.models import OutletAccrual
from agentnet.commission.queries import closed_months, partner_ids
from agentnet.commission.words import closed_text
from agentnet.commission.working import partner_then
from agentnet.core.clock import Month
from agentnet.divisions.models import OrgUnit
from agentnet.documents.heads import Units, document_head, in_language
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.db import db
from agentnet.outlets.models import Outlet, Partner
from reports.commission_year import CommissionYear, YearMonth

CHUNK = 200


def year_subjects(org_unit: OrgUnit, period: Period) -> list[Subject]:
    """Return the outlets with figures in the year up to a month, where they stood in the last month that has them.

    A partner reads the sheet where all of its months were the partner's.
    """
    month = Month.of(period.starts_on)
    rows = db.session.execute(
        select(
            OutletAccrual.outlet_id,
            Outlet.code,
            Outlet.name,
            Outlet.partner_id,
            OutletAccrual.inputs,
            OrgUnit.id,
            OrgUnit.path,
        )
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .join(OrgUnit, OrgUnit.id == OutletAccrual.org_unit_id)
        .where(OutletAccrual.month >= str(Month(month.year, 1)), OutletAccrual.month <= str(month))
        .order_by(Outlet.code, OutletAccrual.month)
    )
    partners, last, whose = partner_ids(), {}, defaultdict[int, set[int | None]](set)
    for row in rows:
        last[row.outlet_id] = row
        whose[row.outlet_id].add(partner_then(row.inputs, row.partner_id, partners))
    return [
        Subject(
            f"outlet:{row.code}",
            f"{row.code} {row.name}",
            row.id,
            row.path,
            row.outlet_id,
            partner_id=min(whose[row.outlet_id], key=str) if len(whose[row.outlet_id]) == 1 else None,
        )
        for row in last.values()
        if row.path.startswith(org_unit.path)
    ]


def freeze_years(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, CommissionYear]]:
    """Yield each outlet's year up to a month; a handful of queries for every ``CHUNK`` of them."""
    month, units, closed = Month.of(period.starts_on), Units(), {str(one) for one in closed_months()}
    names = dict(db.session.execute(select(Partner.code, Partner.name)).all())
    for start in range(0, len(subjects), CHUNK):
        chunk = subjects[start : start + CHUNK]
        ids = [subject.outlet_id for subject in chunk if subject.outlet_id is not None]
        accruals = _accruals(month, ids, closed)
        outlets = {
            row.Outlet.id: row
            for row in db.session.execute(
                select(Outlet, Partner.name.label("partner"))
                .outerjoin(Partner, Partner.id == Outlet.partner_id)
                .where(Outlet.id.in_(ids))
            )
        }
        for subject in chunk:
            head, row = heads[subject.code], outlets[subject.outlet_id or 0]
            with in_language(head.language):
                printed = document_head(head, units, subject.org_unit_id, closed_text(month))
            own = accruals[row.Outlet.id]
            partner = partner_then(own[-1].inputs, row.partner, names) if own else row.partner
            months = tuple(
                YearMonth(
                    month=Month.parse(one.month),
                    count=one.collections_count,
                    collected_fen=one.collected_fen,
                    earned_fen=one.earned_fen,
                    adjusted_fen=one.adjusted_fen,
                    due_fen=one.due_fen,
                )
                for one in own
            )
            yield (
                subject,
                CommissionYear(
                    head=printed,
                    period=month,
                    outlet_code=row.Outlet.code,
                    outlet_name=row.Outlet.name,
                    outlet_kind=own[-1].outlet_kind if own else row.Outlet.kind,
                    setting=own[-1].setting if own else row.Outlet.setting,
                    partner=partner or "-",
                    agent=row.Outlet.keeper_name or "-",
                    months=months,
                    count=sum(one.count for one in months),
                    collected_fen=sum(one.collected_fen for one in months),
                    earned_fen=sum(one.earned_fen for one in months),
                    adjusted_fen=sum(one.adjusted_fen for one in months),
                    due_fen=sum(one.due_fen for one in months),
                ),
            )


def _accruals(month: Month, outlet_ids: Sequence[int], closed: set[str]) -> Mapping[int, list[OutletAccrual]]:
    """Return the closed months of the year up to one, oldest first, by outlet; none that is still closing."""
    found: dict[int, list[OutletAccrual]] = defaultdict(list)
    rows = db.session.scalars(
        select(OutletAccrual)
        .where(
            OutletAccrual.outlet_id.in_(outlet_ids),
            OutletAccrual.month >= str(Month(month.year, 1)),
            OutletAccrual.month <= str(month),
        )
        .order_by(OutletAccrual.outlet_id, OutletAccrual.month)
    )
    for row in rows:
        if row.month in closed:
            found[row.outlet_id].append(row)
    return found
