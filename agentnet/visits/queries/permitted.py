"""Visits, needs and the checklist, as a viewer may see them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true

from agentnet.core.clock import IsoWeek, today
from agentnet.core.errors import Missing
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Assignment, Manager, Outlet, Service
from agentnet.outlets.queries import visible_outlets
from agentnet.users.permissions import Permission, covers_company, require
from agentnet.visits.checklist import Item, items_from
from agentnet.visits.models import Checklist, Duty, DutyVisit, FailedItem, Need, Visit
from agentnet.visits.rules import DutyState, duty_state, is_over


@dataclass(frozen=True, slots=True)
class ChecklistVersion:
    """A checklist as it is asked: its version and its items in order."""

    version: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class ServedDuty:
    """A duty a visit serves, and what became of it."""

    outlet: Outlet
    week: IsoWeek
    state: DutyState


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What the last visit left behind: its failed items, and every need of the outlet that is still open."""

    last_visit: Visit | None
    failed: Sequence[tuple[Item, str]]
    needs: Sequence[Need]


def visible_visits(viewer: Actor, permission: Permission) -> ColumnElement[bool]:
    """Return the condition on ``Visit`` that its outlet lies in the viewer's territory, or the visit is their own."""
    if covers_company(viewer, permission):
        return true()
    return or_(
        Visit.outlet_id.in_(select(Outlet.id).where(visible_outlets(viewer, permission))),
        Visit.manager_id.in_(select(Manager.id).where(Manager.user_id == viewer.user_id)),
    )


def visit_for(viewer: Actor, visit_id: uuid.UUID, permission: Permission = Permission.VISIT_READ) -> Visit:
    """Return a visit if the viewer holds the permission for it.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``visit_missing``.
    """
    require(viewer, permission)
    visit = db.session.scalar(select(Visit).where(Visit.id == visit_id, visible_visits(viewer, permission)))
    if visit is None:
        raise Missing("visit_missing", "没有找到这次走访，或它不在您的管辖范围内")
    return visit


def need_for(viewer: Actor, need_id: int, permission: Permission = Permission.VISIT_READ) -> Need:
    """Return a need if the viewer holds the permission for its outlet.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``need_missing``.
    """
    require(viewer, permission)
    outlets = select(Outlet.id).where(visible_outlets(viewer, permission))
    need = db.session.scalar(select(Need).where(Need.id == need_id, Need.outlet_id.in_(outlets)))
    if need is None:
        raise Missing("need_missing", "没有找到这条需求，或它不在您的管辖范围内")
    return need


@built_once
def visits_list(
    viewer: Actor,
    *,
    week: IsoWeek | None = None,
    outlet_code: str = "",
    words: str = "",
    flagged: bool = False,
    struck: bool = False,
) -> Select[*tuple[Any, ...]]:
    """Return the select of a territory's visits with outlet and manager; unordered, for paging."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            Visit.id,
            Visit.arrived_at,
            Visit.score,
            Visit.distance_m,
            Visit.flags,
            Visit.struck_at,
            Outlet.code,
            Outlet.name,
            Manager.name.label("manager_name"),
        )
        .join(Outlet, Outlet.id == Visit.outlet_id)
        .join(Manager, Manager.id == Visit.manager_id)
        .where(visible_visits(viewer, Permission.VISIT_READ))
    )
    if week is not None:
        statement = statement.where(Visit.week == str(week))
    if outlet_code:
        statement = statement.where(Outlet.code == outlet_code)
    if words:
        statement = statement.where(
            or_(
                Outlet.name.contains(words, autoescape=True),
                Outlet.code.startswith(words, autoescape=True),
                Manager.name.contains(words, autoescape=True),
            )
        )
    if flagged:
        statement = statement.where(_has_flags())
    if struck:
        statement = statement.where(Visit.struck_at.is_not(None))
    return statement


def _has_flags() -> ColumnElement[bool]:
    """Return the condition that a visit carries any flag; ``json_array_length`` exists on both databases."""
    return func.json_array_length(Visit.flags) > 0


@built_once
def needs_list(
    viewer: Actor, *, still_open: bool | None = True, service: str = "", outlet_code: str = ""
) -> Select[*tuple[Any, ...]]:
    """Return the select of a territory's needs with outlet and service; unordered, for paging."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            Need.id,
            Need.text,
            Need.raised_at,
            Need.closed_at,
            Outlet.code,
            Outlet.name,
            Service.name.label("service_name"),
            Service.name_en.label("service_name_en"),
        )
        .join(Outlet, Outlet.id == Need.outlet_id)
        .join(Service, Service.code == Need.service)
        .where(visible_outlets(viewer, Permission.VISIT_READ))
    )
    if still_open is not None:
        statement = statement.where(Need.closed_at.is_(None) if still_open else Need.closed_at.is_not(None))
    if service:
        statement = statement.where(Need.service == service)
    if outlet_code:
        statement = statement.where(Outlet.code == outlet_code)
    return statement


def checklist_on(day: date) -> ChecklistVersion:
    """Return the checklist in force on a day.

    Raises:
        Missing: ``checklist_missing``.
    """
    found = db.session.scalar(
        select(Checklist).where(Checklist.starts_on <= day).order_by(Checklist.version.desc()).limit(1)
    )
    if found is None:
        raise Missing("checklist_missing", "这一天还没有检查表，请联系管理员")
    return ChecklistVersion(found.version, items_from(found.items))


def checklist_version(version: int) -> ChecklistVersion:
    """Return one version of the checklist.

    Raises:
        Missing: ``checklist_missing``.
    """
    found = db.session.get(Checklist, version)
    if found is None:
        raise Missing("checklist_missing", "这一天还没有检查表，请联系管理员")
    return ChecklistVersion(found.version, items_from(found.items))


def checklist_asked(version: str | None, day: date) -> ChecklistVersion:
    """Return the version a form was drawn with if it says so, else the one in force on a day.

    Raises:
        Missing: ``checklist_missing``.
    """
    if version and version.isdecimal() and len(version) < 10:
        return checklist_version(int(version))
    return checklist_on(day)


def outlet_to_visit(manager: Manager, code: str) -> Outlet:
    """Return an outlet that is or was assigned to a manager; the day of the visit decides whether it may be logged.

    Raises:
        Missing: ``outlet_missing``.
    """
    outlet = db.session.scalar(
        select(Outlet).where(
            Outlet.code == code,
            Outlet.id.in_(select(Assignment.outlet_id).where(Assignment.manager_id == manager.id)),
        )
    )
    if outlet is None:
        raise Missing("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
    return outlet


def hosted_by(outlet: Outlet) -> Sequence[Outlet]:
    """Return the postal stations an outlet hosts: one visit serves them all."""
    return db.session.scalars(select(Outlet).where(Outlet.hosted_by_id == outlet.id).order_by(Outlet.code)).all()


_SERVICES = select(Service.code, Service.name, Service.name_en).order_by(Service.position)


def services() -> Sequence[Any]:
    """Return the seven services in their order: code and names."""
    return rows_of(_SERVICES)


def failed_items(visit_id: uuid.UUID) -> Mapping[int, str]:
    """Return the remarks on a visit's failed items, by item number."""
    rows = db.session.execute(select(FailedItem.item_no, FailedItem.remark).where(FailedItem.visit_id == visit_id))
    return {row.item_no: row.remark for row in rows}


def needs_of_visit(visit_id: uuid.UUID) -> Sequence[tuple[Need, Service]]:
    """Return the needs a visit found."""
    rows = db.session.execute(
        select(Need, Service)
        .join(Service, Service.code == Need.service)
        .where(Need.visit_id == visit_id)
        .order_by(Need.id)
    )
    return [(row.Need, row.Service) for row in rows]


def duties_served(visit: Visit) -> list[ServedDuty]:
    """Return the duties a visit points to, the own outlet's first, with what became of each."""
    rows = db.session.execute(
        select(Duty, Outlet, visited_duty().label("visited"))
        .join(DutyVisit, DutyVisit.duty_id == Duty.id)
        .join(Outlet, Outlet.id == Duty.outlet_id)
        .where(DutyVisit.visit_id == visit.id)
    ).all()
    served = []
    for row in rows:
        week = IsoWeek.parse(row.Duty.week)
        state = duty_state(visited=row.visited, exempt=row.Duty.exempt, week_is_over=is_over(week, today()))
        served.append(ServedDuty(row.Outlet, week, state))
    return sorted(served, key=lambda one: one.outlet.id != visit.outlet_id)


def visited_duty() -> ColumnElement[bool]:
    """Return the expression on ``Duty`` that a visit which was not struck serves it."""
    return (
        select(DutyVisit.visit_id)
        .join(Visit, Visit.id == DutyVisit.visit_id)
        .where(DutyVisit.duty_id == Duty.id, Visit.struck_at.is_(None))
        .exists()
    )


def unsettled(outlet: Outlet) -> Unsettled:
    """Return what the next visit has to look after."""
    last = db.session.scalar(
        select(Visit)
        .where(Visit.outlet_id == outlet.id, Visit.struck_at.is_(None))
        .order_by(Visit.visited_on.desc(), Visit.received_at.desc())
        .limit(1)
    )
    failed: list[tuple[Item, str]] = []
    if last is not None:
        remarks = failed_items(last.id)
        items = checklist_version(last.checklist_version).items if remarks else ()
        failed = [(item, remarks[item.no]) for item in items if item.no in remarks]
    needs = db.session.scalars(
        select(Need).where(Need.outlet_id == outlet.id, Need.closed_at.is_(None)).order_by(Need.raised_at)
    ).all()
    return Unsettled(last, failed, needs)
