"""The figures of partners' summaries: a partner's outlets under a unit in a closed month, beside earlier closed months.

Whose an outlet was is what the month's close wrote down; before it did, the partner the outlet has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from sqlalchemy import select

from agentnet.commission.models import OutletAccrual
from agentnet.commission.summary_figures import totals_of
from agentnet.commission.words import closed_text
from agentnet.core.clock import Month
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.documents.heads import Units, document_head, in_language
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.db import db
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.models import Outlet, Partner
from reports.commission_summary import CommissionSummary, OutletRow, Totals
from reports.head import Level


def partner_subjects(org_unit: OrgUnit, period: Period) -> list[Subject]:
    """Return every partner with figures for the month under a unit; one sheet holds its outlets below that unit."""
    partners = {row.code: row for row in db.session.scalars(select(Partner))}
    return [
        Subject(
            code=f"partner:{code}:{org_unit.id}",
            title=partners[code].name,
            org_unit_id=org_unit.id,
            org_path=org_unit.path,
            partner_id=partners[code].id,
        )
        for code in sorted(_rows(Month.of(period.starts_on), org_unit.path))
        if code in partners
    ]


def freeze_partners(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, CommissionSummary]]:
    """Yield each partner's summary; a unit's months are read once for all its partners."""
    month, units = Month.of(period.starts_on), Units()
    partners = {row.id: row for row in db.session.scalars(select(Partner))}
    read: dict[tuple[Month, int], Mapping[str, list[OutletRow]]] = {}

    def rows_of(month: Month, unit: OrgUnit) -> Mapping[str, list[OutletRow]]:
        if (month, unit.id) not in read:
            closed = month_state(month) == CLOSED
            read[month, unit.id] = _rows(month, unit.path) if closed else {}
        return read[month, unit.id]

    for subject in subjects:
        unit, partner = units.by_id[subject.org_unit_id], partners[subject.partner_id or 0]
        own = rows_of(month, unit).get(partner.code, [])
        head = heads[subject.code]
        with in_language(head.language):
            printed = document_head(head, units, unit.id, closed_text(month))
        yield (
            subject,
            CommissionSummary(
                head=printed,
                period=month,
                level=cast(Level, unit.kind),
                org_code=unit.code,
                rows=tuple(own),
                urban=totals_of(row for row in own if row.setting == Setting.URBAN),
                rural=totals_of(row for row in own if row.setting == Setting.RURAL),
                whole=totals_of(own),
                previous_month=_totals(rows_of(month.previous(), unit).get(partner.code)),
                last_year=_totals(rows_of(Month(month.year - 1, month.month), unit).get(partner.code)),
                partner=partner.name,
            ),
        )


def _totals(rows: Sequence[OutletRow] | None) -> Totals | None:
    return totals_of(rows) if rows else None


def _rows(month: Month, path: str) -> dict[str, list[OutletRow]]:
    """Return the rows of the outlets below a path by the code of their partner."""
    found: dict[str, list[OutletRow]] = defaultdict(list)
    statement = (
        select(OutletAccrual, Outlet.code, Outlet.name, Partner.code.label("partner"))
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .join(OrgUnit, OrgUnit.id == OutletAccrual.org_unit_id)
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .where(OutletAccrual.month == str(month), OrgUnit.path.startswith(path, autoescape=True))
        .order_by(Outlet.code)
    )
    for accrual, code, name, partner in db.session.execute(statement):
        whose = partner if accrual.inputs is None else accrual.inputs.get("partner")
        if whose:
            found[whose].append(
                OutletRow(
                    outlet_code=code,
                    outlet_name=name,
                    outlet_kind=accrual.outlet_kind,
                    setting=accrual.setting,
                    count=accrual.collections_count,
                    amount_fen=accrual.collected_fen,
                    commission_fen=accrual.due_fen,
                )
            )
    return found
