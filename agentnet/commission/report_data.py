"""The printed kinds of commission: who is due a document of a month, and how its figures are filled in.

Subjects are the outlets and units as the month's close stamped them, so that a later move changes nothing.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, select

from agentnet.books.periods import month_is_closed
from agentnet.commission.accruing import counts_by_outlet
from agentnet.commission.models import OutletAccrual
from agentnet.commission.partner_figures import freeze_partners, partner_subjects
from agentnet.commission.queries import partner_ids
from agentnet.commission.statement_figures import freeze_provisional, freeze_statements
from agentnet.commission.summary_figures import freeze_summaries
from agentnet.commission.working import partner_then
from agentnet.commission.year_figures import freeze_years, year_subjects
from agentnet.core.clock import Month, today
from agentnet.core.words import translatable
from agentnet.divisions.models import OrgUnit
from agentnet.documents.heads import unit_subjects
from agentnet.documents.kinds import Period, ReportKind, Subject, drawn_by
from agentnet.infra.db import db
from agentnet.outlets.models import Outlet
from agentnet.users.permissions import Permission
from reports import commission_statement, commission_summary, commission_year


def _month(period: Period) -> Month:
    return Month.of(period.starts_on)


def _accrued_under(org_unit: OrgUnit, month: Month) -> Select[*tuple[Any, ...]]:
    return (
        select(OutletAccrual, OrgUnit)
        .join(OrgUnit, OrgUnit.id == OutletAccrual.org_unit_id)
        .where(OutletAccrual.month == str(month), OrgUnit.path.startswith(org_unit.path, autoescape=True))
    )


def statement_subjects(org_unit: OrgUnit, period: Period) -> list[Subject]:
    """Return the outlets below a unit, as they stood when the month closed, that have figures for it."""
    rows = db.session.execute(
        _accrued_under(org_unit, _month(period))
        .add_columns(Outlet.code, Outlet.name, Outlet.partner_id)
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .order_by(Outlet.code)
    )
    partners = partner_ids()
    return [
        Subject(
            code=f"outlet:{row.code}",
            title=f"{row.code} {row.name}",
            org_unit_id=row.OrgUnit.id,
            org_path=row.OrgUnit.path,
            outlet_id=row.OutletAccrual.outlet_id,
            partner_id=partner_then(row.OutletAccrual.inputs, row.partner_id, partners),
        )
        for row in rows
    ]


def summary_subjects(org_unit: OrgUnit, period: Period) -> list[Subject]:
    """Return the unit and every unit below it under which outlets have figures for the month."""
    rows = db.session.execute(_accrued_under(org_unit, _month(period)))
    return unit_subjects(org_unit, [unit.path for _accrual, unit in rows])


def is_over(period: Period) -> bool:
    """Return whether the period has ended, so that its provisional figures hold every day."""
    return period.ends_on <= today()


def nothing_provisional(period: Period) -> bool:
    """Return whether a month has no provisional statements: it is closed, or nobody collected in it."""
    return month_is_closed(period) or not counts_by_outlet(_month(period))


def provisional_subjects(org_unit: OrgUnit, period: Period) -> list[Subject]:
    """Return the outlets below a unit due a statement of a month that is not closed; of a closed month nobody.

    Who may see a document is decided by where the outlet stands today; the final one goes by the month's last day.
    """
    month = _month(period)
    if month_is_closed(period):
        return []
    due = counts_by_outlet(month)
    rows = db.session.execute(
        select(Outlet.id, Outlet.code, Outlet.name, Outlet.partner_id, OrgUnit.id, OrgUnit.path)
        .join(OrgUnit, OrgUnit.id == Outlet.org_unit_id)
        .where(OrgUnit.path.startswith(org_unit.path, autoescape=True))
        .order_by(Outlet.code)
    )
    return [
        Subject(f"outlet:{code}", f"{code} {name}", unit_id, path, outlet_id=id_, partner_id=partner_id)
        for id_, code, name, partner_id, unit_id, path in rows
        if id_ in due
    ]


def lines_by_subject(kind: ReportKind, month: Month) -> dict[str, int]:
    """Return how many lines each of a kind's documents will hold, so that they can be frozen in even pieces."""
    if kind.code == COMMISSION_PROVISIONAL.code:
        codes = db.session.execute(select(Outlet.id, Outlet.code)).all()
        counts = counts_by_outlet(month)
        return {f"outlet:{code}": counts[id_] for id_, code in codes if id_ in counts}
    if kind.code != COMMISSION_STATEMENT.code:
        return {}
    rows = db.session.execute(
        select(Outlet.code, OutletAccrual.collections_count)
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .where(OutletAccrual.month == str(month))
    )
    return {f"outlet:{code}": count for code, count in rows}


COMMISSION_STATEMENT: Final = drawn_by(
    commission_statement,
    commission_statement.CommissionStatement,
    code="COMMISSION_STATEMENT",
    letters="CS",
    name=translatable("代办费结算单"),
    cadence="MONTHLY",
    permission=Permission.COMMISSION_READ,
    subjects=statement_subjects,
    freeze=freeze_statements,
    ready=month_is_closed,
)

COMMISSION_PROVISIONAL: Final = drawn_by(
    commission_statement,
    commission_statement.CommissionStatement,
    code="COMMISSION_PROVISIONAL",
    letters="CP",
    name=translatable("代办费暂结单"),
    cadence="MONTHLY",
    permission=Permission.COMMISSION_READ,
    subjects=provisional_subjects,
    freeze=freeze_provisional,
    ready=is_over,
    over=nothing_provisional,
    not_ready=translatable("暂结单只出给已过完、还没有封账的月份；已封账的请出结算单"),
)

COMMISSION_SUMMARY: Final = drawn_by(
    commission_summary,
    commission_summary.CommissionSummary,
    code="COMMISSION_SUMMARY",
    letters="CM",
    name=translatable("代办费汇总表"),
    cadence="MONTHLY",
    permission=Permission.COMMISSION_READ,
    subjects=summary_subjects,
    freeze=freeze_summaries,
    ready=month_is_closed,
)

COMMISSION_PARTNER: Final = drawn_by(
    commission_summary,
    commission_summary.CommissionSummary,
    code="COMMISSION_PARTNER",
    letters="CR",
    name=translatable("合作单位代办费汇总表"),
    cadence="MONTHLY",
    permission=Permission.COMMISSION_READ,
    subjects=partner_subjects,
    freeze=freeze_partners,
    ready=month_is_closed,
)

COMMISSION_YEAR: Final = drawn_by(
    commission_year,
    commission_year.CommissionYear,
    code="COMMISSION_YEAR",
    letters="CY",
    name=translatable("代办费年度表（当年截至该月）"),
    cadence="MONTHLY",
    permission=Permission.COMMISSION_READ,
    subjects=year_subjects,
    freeze=freeze_years,
    ready=month_is_closed,
)
"""Of December it is the whole year; ordered or scheduled after any month it is the year so far."""
