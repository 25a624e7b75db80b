"""The two printed kinds of visits: a manager's week, and a station's or county's month."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from agentnet.core.clock import Month, today
from agentnet.core.words import translatable
from agentnet.divisions.models import OrgKind, OrgUnit
from agentnet.documents.heads import unit_subjects
from agentnet.documents.kinds import Period, Subject, drawn_by
from agentnet.infra.db import db
from agentnet.outlets.models import Assignment, Manager
from agentnet.outlets.queries import under
from agentnet.users.permissions import Permission
from agentnet.visits.manager_figures import freeze_weeks
from agentnet.visits.models import Duty
from agentnet.visits.queries import Shares, overlapping, weeks_between
from agentnet.visits.report_weeks import week_of, weeks_of
from agentnet.visits.rules import is_over
from agentnet.visits.station_figures import freeze_months
from reports import duty_visits_manager, duty_visits_station


def manager_subjects(org_unit: OrgUnit, period: Period) -> list[Subject]:
    """Return the managers of a unit and below who held an outlet with a duty in the week."""
    week = week_of(period)
    duties = set(db.session.scalars(select(Duty.outlet_id).where(Duty.week == str(week))))
    shares = Shares(week, week, duties)
    holders = {manager_id for outlet_id in duties for manager_id in shares.of(outlet_id, week)}
    rows = db.session.execute(
        select(Manager.id, Manager.code, Manager.name, OrgUnit.id.label("unit_id"), OrgUnit.path)
        .join(OrgUnit, OrgUnit.id == Manager.org_unit_id)
        .where(under((org_unit.path,)))
        .where(
            Manager.id.in_(select(Assignment.manager_id).where(*overlapping(Assignment, week.starts_on, week.ends_on)))
        )
        .order_by(Manager.code)
    )
    return [
        Subject(
            code=f"manager:{row.code}",
            title=f"{row.code} {row.name}",
            org_unit_id=row.unit_id,
            org_path=row.path,
            manager_id=row.id,
        )
        for row in rows
        if row.id in holders
    ]


def week_is_over(period: Period) -> bool:
    """Return whether a weekly period's figures are final."""
    return is_over(week_of(period), today())


def station_subjects(org_unit: OrgUnit, period: Period) -> list[Subject]:
    """Return the stations and counties, the unit itself included, below which duties stood in the month's weeks."""
    weeks = weeks_of(Month.of(period.starts_on))
    paths = db.session.scalars(
        select(OrgUnit.path)
        .where(OrgUnit.id.in_(select(Duty.org_unit_id).where(*weeks_between(weeks[0], weeks[-1]))))
        .where(under((org_unit.path,)))
    )
    return unit_subjects(org_unit, paths, (OrgKind.STATION, OrgKind.COUNTY))


def weeks_are_over(period: Period) -> bool:
    """Return whether a monthly period's figures are final: its last ISO week may end in the next month."""
    return is_over(weeks_of(Month.of(period.starts_on))[-1], today())


DUTY_MANAGER_WEEK: Final = drawn_by(
    duty_visits_manager,
    duty_visits_manager.ManagerWeek,
    code="DUTY_MANAGER_WEEK",
    letters="DW",
    name=translatable("台区经理周走访报告"),
    cadence="WEEKLY",
    permission=Permission.COMPLIANCE_READ,
    subjects=manager_subjects,
    freeze=freeze_weeks,
    ready=week_is_over,
)

DUTY_STATION_MONTH: Final = drawn_by(
    duty_visits_station,
    duty_visits_station.StationMonth,
    code="DUTY_STATION_MONTH",
    letters="DM",
    name=translatable("走访完成情况月报"),
    cadence="MONTHLY",
    permission=Permission.COMPLIANCE_READ,
    subjects=station_subjects,
    freeze=freeze_months,
    ready=weeks_are_over,
)
