"""Everything an outlet's page shows, in a bounded number of queries; and a manager's page likewise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, select
from sqlalchemy.orm import aliased

from agentnet.core.clock import now, shanghai, today
from agentnet.divisions.models import Division, OrgUnit
from agentnet.infra.db import db
from agentnet.outlets.campaigns.models import Campaign
from agentnet.outlets.campaigns.queries import campaigns_of
from agentnet.outlets.models import (
    Agreement,
    Assignment,
    Docking,
    Manager,
    Outlet,
    OutletPlacement,
    OutletState,
    Partner,
    Service,
    Tender,
    Terminal,
)
from agentnet.outlets.queries.dated import (
    ManagerAt,
    agreement_on,
    hours_of,
    managers_of,
    readiness_on,
    services_of,
    tenders_of,
)
from agentnet.outlets.rules import Readiness, Span, State, is_open
from agentnet.users.models import User


@dataclass(frozen=True, slots=True)
class OutletPage:
    """The facts of an outlet's page."""

    outlet: Outlet
    unit: OrgUnit
    division: Division
    township: Division | None
    partner: Partner | None
    host: Outlet | None
    hosted: Sequence[Outlet]
    managers: Sequence[ManagerAt]
    agreement: Agreement | None
    hours: Sequence[Sequence[Span]]
    tenders: Sequence[Tender]
    services: Sequence[Service]
    terminals: Sequence[Terminal]
    readiness: Readiness
    campaigns: Sequence[Campaign]

    @property
    def open_now(self) -> bool:
        clock = shanghai(now())
        spans = self.hours[clock.isoweekday() - 1]
        return self.outlet.state == State.ACTIVE and is_open(spans, clock.hour * 60 + clock.minute)


def outlet_page(outlet: Outlet, day: date) -> OutletPage:
    """Return what an outlet's page shows on a day."""
    above = aliased(Division)
    unit, division, partner, township = db.session.execute(
        select(OrgUnit, Division, Partner, above)
        .select_from(Outlet)
        .join(OrgUnit, OrgUnit.id == Outlet.org_unit_id)
        .join(Division, Division.code == Outlet.division_code)
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .outerjoin(above, above.code == Division.parent_code)
        .where(Outlet.id == outlet.id)
    ).one()
    related = db.session.scalars(
        select(Outlet)
        .where((Outlet.id == outlet.hosted_by_id) | (Outlet.hosted_by_id == outlet.id))
        .order_by(Outlet.code)
    ).all()
    return OutletPage(
        outlet=outlet,
        unit=unit,
        division=division,
        township=township,
        partner=partner,
        host=next((one for one in related if one.id == outlet.hosted_by_id), None),
        hosted=[one for one in related if one.hosted_by_id == outlet.id],
        managers=managers_of(outlet.id, day),
        agreement=agreement_on(outlet.id, day),
        hours=hours_of(outlet.id),
        tenders=tenders_of(outlet.id),
        services=services_of(outlet.id),
        terminals=db.session.scalars(
            select(Terminal)
            .where(Terminal.outlet_id == outlet.id)
            .order_by(Terminal.removed_on.is_not(None), Terminal.installed_on)
        ).all(),
        readiness=readiness_on(outlet.id, day),
        campaigns=campaigns_of(outlet.id, day),
    )


@dataclass(frozen=True, slots=True)
class OutletHistory:
    """What has been, newest first."""

    states: Sequence[Row[OutletState, User]]
    assignments: Sequence[Row[Assignment, Manager]]
    placements: Sequence[Row[OutletPlacement, OrgUnit]]
    agreements: Sequence[Agreement]
    dockings: Sequence[Row[Docking, Division]]


def outlet_history(outlet_id: int) -> OutletHistory:
    """Return an outlet's steps, managers, units, agreements and docked villages, newest first; five queries."""
    return OutletHistory(
        states=db.session.execute(
            select(OutletState, User)
            .outerjoin(User, User.id == OutletState.user_id)
            .where(OutletState.outlet_id == outlet_id)
            .order_by(OutletState.effective_on.desc(), OutletState.id.desc())
        ).all(),
        assignments=db.session.execute(
            select(Assignment, Manager)
            .join(Manager, Manager.id == Assignment.manager_id)
            .where(Assignment.outlet_id == outlet_id)
            .order_by(Assignment.starts_on.desc(), Assignment.slot.desc())
        ).all(),
        placements=db.session.execute(
            select(OutletPlacement, OrgUnit)
            .join(OrgUnit, OrgUnit.id == OutletPlacement.org_unit_id)
            .where(OutletPlacement.outlet_id == outlet_id)
            .order_by(OutletPlacement.starts_on.desc())
        ).all(),
        agreements=db.session.scalars(
            select(Agreement).where(Agreement.outlet_id == outlet_id).order_by(Agreement.starts_on.desc())
        ).all(),
        dockings=db.session.execute(
            select(Docking, Division)
            .join(Division, Division.code == Docking.division_code)
            .where(Docking.outlet_id == outlet_id)
            .order_by(Docking.starts_on.desc())
        ).all(),
    )


def manager_history(manager_id: int) -> Sequence[Row[Assignment, Outlet]]:
    """Return a manager's assignments, present ones first, then the newest."""
    return db.session.execute(
        select(Assignment, Outlet)
        .join(Outlet, Outlet.id == Assignment.outlet_id)
        .where(Assignment.manager_id == manager_id)
        .order_by(
            ((Assignment.ends_on.is_(None)) | (Assignment.ends_on > today())).desc(),
            Assignment.starts_on.desc(),
            Outlet.code,
        )
    ).all()
