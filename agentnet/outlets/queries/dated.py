"""What holds at an outlet on a day: managers, agreement, hours, tenders, and whether that is enough to open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from agentnet.infra.db import db
from agentnet.outlets.models import (
    Agreement,
    Assignment,
    Manager,
    OpeningHours,
    OutletService,
    OutletTender,
    Service,
    Tender,
)
from agentnet.outlets.queries.permitted import held_on
from agentnet.outlets.rules import Readiness, Slot, Span


@dataclass(frozen=True, slots=True)
class ManagerAt:
    """A manager of an outlet, in a slot, since a day."""

    slot: Slot
    assignment: Assignment
    manager: Manager


def assignments_on(day: date) -> Sequence[Assignment]:
    """Return every assignment of the network that holds on a day, by outlet, the primary first."""
    return db.session.scalars(
        select(Assignment).where(held_on(day)).order_by(Assignment.outlet_id, Assignment.slot.desc())
    ).all()


def managers_of(outlet_id: int, day: date) -> list[ManagerAt]:
    """Return who answers for an outlet on a day: the primary, then the deputy."""
    rows = db.session.execute(
        select(Assignment, Manager)
        .join(Manager, Manager.id == Assignment.manager_id)
        .where(Assignment.outlet_id == outlet_id, held_on(day))
        .order_by(Assignment.slot.desc())
    ).all()
    return [ManagerAt(Slot(row.Assignment.slot), row.Assignment, row.Manager) for row in rows]


def agreement_on(outlet_id: int, day: date) -> Agreement | None:
    """Return the agreement in force at an outlet on a day."""
    return db.session.scalar(
        select(Agreement)
        .where(Agreement.outlet_id == outlet_id, Agreement.starts_on <= day)
        .where(or_(Agreement.ends_on.is_(None), Agreement.ends_on > day))
        .order_by(Agreement.starts_on.desc())
        .limit(1)
    )


def hours_of(outlet_id: int) -> list[list[Span]]:
    """Return an outlet's opening hours: seven lists, Monday first."""
    week: list[list[Span]] = [[] for _ in range(7)]
    rows = db.session.execute(
        select(OpeningHours.weekday, OpeningHours.opens_minute, OpeningHours.closes_minute)
        .where(OpeningHours.outlet_id == outlet_id)
        .order_by(OpeningHours.weekday, OpeningHours.opens_minute)
    )
    for row in rows:
        week[row.weekday - 1].append((row.opens_minute, row.closes_minute))
    return week


def tenders_of(outlet_id: int) -> Sequence[Tender]:
    """Return the tenders an outlet accepts, in their fixed order; some may be closed for the company meanwhile."""
    return db.session.scalars(
        select(Tender)
        .join(OutletTender, OutletTender.tender == Tender.code)
        .where(OutletTender.outlet_id == outlet_id)
        .order_by(Tender.position)
    ).all()


def enabled_tenders() -> Sequence[Tender]:
    """Return the tenders the company has opened, in their fixed order."""
    return db.session.scalars(select(Tender).where(Tender.enabled).order_by(Tender.position)).all()


def services_of(outlet_id: int) -> Sequence[Service]:
    """Return which of the seven services an outlet offers, in their fixed order."""
    return db.session.scalars(
        select(Service)
        .join(OutletService, OutletService.service == Service.code)
        .where(OutletService.outlet_id == outlet_id)
        .order_by(Service.position)
    ).all()


def readiness_on(outlet_id: int, day: date) -> Readiness:
    """Return what an outlet has of what it needs to be open on a day (``rules.require_ready``)."""
    primary = select(Assignment.id).where(
        Assignment.outlet_id == outlet_id, Assignment.slot == Slot.PRIMARY, held_on(day)
    )
    hours = select(OpeningHours.id).where(OpeningHours.outlet_id == outlet_id)
    tenders = select(OutletTender.tender).where(OutletTender.outlet_id == outlet_id)
    found = db.session.execute(
        select(primary.exists().label("primary"), hours.exists().label("hours"), tenders.exists().label("tenders"))
    ).one()
    return Readiness(
        primary_manager=bool(found.primary),
        agreement=agreement_on(outlet_id, day) is not None,
        opening_hours=bool(found.hours),
        tenders=bool(found.tenders),
    )
