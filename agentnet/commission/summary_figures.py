"""The figures of commission summaries: every unit's outlets in a closed month, beside earlier closed months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from sqlalchemy import func, select

from agentnet.commission.models import OutletAccrual
from agentnet.commission.words import closed_text
from agentnet.core.clock import Month
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.documents.heads import Units, document_head, in_language
from agentnet.documents.kinds import Head, Period, Subject
from agentnet.infra.db import db
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.models import Outlet
from reports.commission_summary import CommissionSummary, OutletRow, Totals
from reports.head import Level


def freeze_summaries(
    subjects: Sequence[Subject], period: Period, heads: Mapping[str, Head]
) -> Iterator[tuple[Subject, CommissionSummary]]:
    """Yield each unit's summary; the month's sums are read once for all of them."""
    month, units = Month.of(period.starts_on), Units()
    rows = _rows_by_unit(month)
    previous = _totals_by_unit(month.previous())
    last_year = _totals_by_unit(Month(month.year - 1, month.month))
    for subject in subjects:
        unit, own = units.by_id[subject.org_unit_id], rows.get(subject.org_unit_id, [])
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
                previous_month=previous.get(unit.id),
                last_year=last_year.get(unit.id),
            ),
        )


def totals_of(rows: Iterable[OutletRow]) -> Totals:
    """Return the sums of some outlets."""
    outlets = count = amount_fen = commission_fen = 0
    for row in rows:
        outlets += 1
        count += row.count
        amount_fen += row.amount_fen
        commission_fen += row.commission_fen
    return Totals(outlets, count, amount_fen, commission_fen)


def _unit_ids(path: str) -> list[int]:
    """Return a unit and every unit above it.

    >>> _unit_ids("/1/2/3/")
    [1, 2, 3]
    """
    return [int(step) for step in path.strip("/").split("/")]


def _rows_by_unit(month: Month) -> dict[int, list[OutletRow]]:
    found: dict[int, list[OutletRow]] = defaultdict(list)
    statement = (
        select(OutletAccrual, Outlet.code, Outlet.name, OrgUnit.path)
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .join(OrgUnit, OrgUnit.id == OutletAccrual.org_unit_id)
        .where(OutletAccrual.month == str(month))
        .order_by(Outlet.code)
    )
    for accrual, code, name, path in db.session.execute(statement):
        row = OutletRow(
            outlet_code=code,
            outlet_name=name,
            outlet_kind=accrual.outlet_kind,
            setting=accrual.setting,
            count=accrual.collections_count,
            amount_fen=accrual.collected_fen,
            commission_fen=accrual.due_fen,
        )
        for unit_id in _unit_ids(path):
            found[unit_id].append(row)
    return found


def _totals_by_unit(month: Month) -> dict[int, Totals]:
    """Return each unit's totals of a closed month; nothing for one that is not closed."""
    if month_state(month) != CLOSED:
        return {}
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    statement = (
        select(
            OrgUnit.path,
            func.count(),
            func.sum(OutletAccrual.collections_count),
            func.sum(OutletAccrual.collected_fen),
            func.sum(OutletAccrual.due_fen),
        )
        .join(OrgUnit, OrgUnit.id == OutletAccrual.org_unit_id)
        .where(OutletAccrual.month == str(month))
        .group_by(OrgUnit.path)
    )
    for path, *figures in db.session.execute(statement):
        for unit_id in _unit_ids(path):
            sums[unit_id] = [so_far + int(figure) for so_far, figure in zip(sums[unit_id], figures, strict=True)]
    return {unit_id: Totals(*figures) for unit_id, figures in sums.items()}
