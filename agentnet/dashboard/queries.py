"""The few figures each home page needs, each by one bounded statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, func, or_, select, true

from agentnet.collecting.models import Collection, Household, Void
from agentnet.collecting.queries import visible_households
from agentnet.core.clock import now
from agentnet.core.money import Fen
from agentnet.dashboard.rules import DOCUMENT_IS_LATE_MINUTES, NEED_IS_OLD_DAYS
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.documents.models import Run
from agentnet.documents.queries import visible_runs
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.ledger.models import Account, Balance
from agentnet.outlets.models import Assignment, Manager, Outlet
from agentnet.outlets.queries import under, visible_managers, visible_outlets
from agentnet.outlets.rules import State
from agentnet.users.permissions import Permission, covers_company, grants_for, may, org_paths
from agentnet.visits.models import Need

FOUND = 20
"""How many hits of each kind a search shows."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many collections count, and how much they come to."""

    count: int
    total_fen: Fen

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.count + other.count, self.total_fen + other.total_fen)


@dataclass(frozen=True, slots=True)
class Stuck:
    """Something waiting for a person: how many, and where they are listed."""

    what: str
    count: int


def taken_in(viewer: Actor, starts_on: date, ends_on: date) -> Mapping[str, Taken]:
    """Return what the viewer's territory took from a day until a day (exclusive), by setting, voids left out."""
    rows = db.session.execute(
        select(Collection.setting, func.count(), func.sum(Collection.amount_fen))
        .where(
            _in_territory(viewer),
            Collection.business_on >= starts_on,
            Collection.business_on < ends_on,
            ~exists().where(Void.collection_id == Collection.id),
        )
        .group_by(Collection.setting)
    )
    found = {setting: Taken(int(count), int(total)) for setting, count, total in rows}
    return {setting.value: found.get(setting, Taken(0, 0)) for setting in Setting}


def taken_by_month(outlet_id: int, since: date) -> Mapping[str, Taken]:
    """Return what an outlet took in each month since a day, by ``YYYY-MM``; served by the outlet's index alone."""
    month = func.substr(cast(Collection.business_on, String), 1, 7)
    rows = db.session.execute(
        select(month, func.count(), func.sum(Collection.amount_fen))
        .where(
            Collection.outlet_id == outlet_id,
            Collection.business_on >= since,
            ~exists().where(Void.collection_id == Collection.id),
        )
        .group_by(month)
        .order_by(month)
    )
    return {label: Taken(int(count), int(total)) for label, count, total in rows}


def _in_territory(viewer: Actor) -> ColumnElement[bool]:
    if covers_company(viewer, Permission.COLLECTION_READ):
        return true()
    grants = grants_for(viewer, Permission.COLLECTION_READ)
    paths = org_paths(viewer, Permission.COLLECTION_READ)
    if any(grant.partner_id is not None or grant.outlet_id is not None for grant in grants):
        return Collection.outlet_id.in_(select(Outlet.id).where(visible_outlets(viewer, Permission.COLLECTION_READ)))
    return Collection.org_unit_id.in_(select(OrgUnit.id).where(under(paths)))


def _needs(viewer: Actor, permission: Permission) -> Any:
    return (
        select(func.count(Need.id))
        .join(Outlet, Outlet.id == Need.outlet_id)
        .where(Need.closed_at.is_(None), visible_outlets(viewer, permission))
    )


def stuck(viewer: Actor, day: date) -> list[Stuck]:
    """Return what waits for a person in the viewer's territory; only what there is."""
    found: list[Stuck] = []
    if org_paths(viewer, Permission.DOCUMENT_RUN):
        late = now() - timedelta(minutes=DOCUMENT_IS_LATE_MINUTES)
        failed, waiting = db.session.execute(
            select(
                func.sum(case((Run.state == "FAILED", 1), else_=0)),
                func.sum(case((and_(Run.state == "PLANNED", Run.planned_at < late), 1), else_=0)),
            ).where(Run.state.in_(["FAILED", "PLANNED"]), visible_runs(viewer))
        ).one()
        found += [Stuck("documents_failed", int(failed or 0)), Stuck("documents_waiting", int(waiting or 0))]
    if may(viewer, Permission.OUTLET_EDIT):
        here = visible_outlets(viewer, Permission.OUTLET_EDIT)
        assigned = exists().where(
            Assignment.outlet_id == Outlet.id,
            Assignment.slot == "PRIMARY",
            Assignment.starts_on <= day,
            or_(Assignment.ends_on.is_(None), Assignment.ends_on > day),
        )
        found.append(
            Stuck(
                "outlets_without_manager",
                _count(select(Outlet.id).where(Outlet.state == State.ACTIVE, here, ~assigned)),
            )
        )
        full = (
            select(Account.id)
            .join(Balance, Balance.account_id == Account.id)
            .join(Outlet, Outlet.id == Account.owner_id)
            .where(Account.owner_kind == "OUTLET", Account.code == "CASH_HELD", here)
            .where(Balance.balance_fen * 10 >= Balance.maximum_fen * 9)
        )
        found.append(Stuck("outlets_near_ceiling", _count(full)))
        waiting_states = [State.APPLIED, State.SITE_CHECK, State.APPROVED]
        found.append(
            Stuck("outlets_in_progress", _count(select(Outlet.id).where(Outlet.state.in_(waiting_states), here)))
        )
    if may(viewer, Permission.NEED_CLOSE):
        old = now() - timedelta(days=NEED_IS_OLD_DAYS)
        statement = _needs(viewer, Permission.NEED_CLOSE).where(Need.raised_at < old)
        found.append(Stuck("needs_old", db.session.scalar(statement) or 0))
    return [one for one in found if one.count]


def _count(statement: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def cash_in_territory(viewer: Actor) -> Fen:
    """Return all cash held by the outlets of the viewer's territory."""
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(Balance.balance_fen), 0))
            .join(Account, Account.id == Balance.account_id)
            .join(Outlet, Outlet.id == Account.owner_id)
            .where(
                Account.owner_kind == "OUTLET",
                Account.code == "CASH_HELD",
                visible_outlets(viewer, Permission.COLLECTION_READ),
            )
        )
        or 0
    )


def newest_documents(viewer: Actor, count: int = 5) -> Sequence[Run]:
    """Return the newest documents the viewer may read."""
    return db.session.scalars(
        # Ids grow with the time of planning, and have an index.
        select(Run).where(visible_runs(viewer)).order_by(Run.id.desc()).limit(count)
    ).all()


def found_outlets(viewer: Actor, words: str) -> Sequence[Outlet]:
    """Return outlets of the territory whose code begins with the words or whose name or address holds them."""
    return db.session.scalars(
        select(Outlet)
        .where(
            visible_outlets(viewer, Permission.OUTLET_READ),
            or_(
                Outlet.code.startswith(words.upper(), autoescape=True),
                Outlet.name.contains(words, autoescape=True),
                Outlet.partner_outlet_no == words,
            ),
        )
        .order_by(Outlet.code)
        .limit(FOUND)
    ).all()


def found_managers(viewer: Actor, words: str) -> Sequence[Manager]:
    """Return managers of the territory by code, name or work phone."""
    if not may(viewer, Permission.MANAGER_READ):
        return []
    return db.session.scalars(
        select(Manager)
        .where(
            visible_managers(viewer),
            or_(
                Manager.code.startswith(words.upper(), autoescape=True),
                Manager.name.contains(words, autoescape=True),
                Manager.work_phone == words,
            ),
        )
        .order_by(Manager.code)
        .limit(FOUND)
    ).all()


def found_households(viewer: Actor, words: str) -> Sequence[Household]:
    """Return households by number; nobody is found by name.

    Who may read households finds those of the own territory by the beginning of a number (four digits or more); who
    collects serves any household, by its whole number alone.
    """
    digits = words.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 13):
        return []
    number = Household.household_no
    found: list[ColumnElement[bool]] = []
    if may(viewer, Permission.HOUSEHOLD_READ):
        here = visible_households(viewer, Permission.HOUSEHOLD_READ)
        found.append(and_(number >= digits, number < digits + ":", here))
    if may(viewer, Permission.COLLECTION_RECORD) and len(digits) in (10, 13):
        found.append(number == digits)
    if not found:
        return []
    return db.session.scalars(select(Household).where(or_(*found)).order_by(number).limit(FOUND)).all()
