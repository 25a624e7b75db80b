"""Look up and permit in one step: what a viewer may see of the register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Select, and_, bindparam, false, or_, select, true

from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor, Role
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.revisions import REGISTER, remembered
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Assignment, Manager, Outlet, Partner
from agentnet.users.permissions import Permission, covers_company, grants_for, org_paths, require


def under(paths: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the condition that an org unit lies at or below one of the paths."""
    return or_(false(), *(OrgUnit.path.startswith(path, autoescape=True) for path in paths))


def held_on(day: date) -> ColumnElement[bool]:
    """Return the condition on ``Assignment`` that it holds on a day."""
    return and_(Assignment.starts_on <= day, or_(Assignment.ends_on.is_(None), Assignment.ends_on > day))


def in_post(day: Any) -> ColumnElement[bool]:
    """Return the condition on ``Manager`` that they have not left by a day."""
    return or_(Manager.left_on.is_(None), Manager.left_on > day)


def visible_outlets(viewer: Actor, permission: Permission) -> ColumnElement[bool]:
    """Return the condition on ``Outlet`` that it lies in the viewer's territory for this permission.

    A district manager's territory also holds every outlet assigned to them today, whichever station it belongs to.
    """
    if covers_company(viewer, permission):
        return true()
    grants = grants_for(viewer, permission)
    paths = org_paths(viewer, permission)
    outlet_ids = [grant.outlet_id for grant in grants if grant.outlet_id is not None]
    partner_ids = [grant.partner_id for grant in grants if grant.partner_id is not None]
    places: list[ColumnElement[bool]] = [false()]
    if any(grant.role is Role.MANAGER for grant in grants):
        places.append(
            Outlet.id.in_(
                select(Assignment.outlet_id)
                .join(Manager, Manager.id == Assignment.manager_id)
                .where(Manager.user_id == viewer.user_id, held_on(today()))
            )
        )
    if paths:
        places.append(Outlet.org_unit_id.in_(select(OrgUnit.id).where(under(paths))))
    if outlet_ids:
        places.append(Outlet.id.in_(outlet_ids))
    if partner_ids:
        places.append(Outlet.partner_id.in_(partner_ids))
    return or_(*places)


@built_once
def _outlet_of(viewer: Actor, permission: Permission, for_change: bool) -> Select[Outlet]:
    of_code = Outlet.code == bindparam("outlet_code")
    statement = select(Outlet).where(of_code, visible_outlets(viewer, permission))
    if not for_change:
        return statement
    # Not against those who only point at the outlet: the day's first collection does, holding its day.
    return statement.with_for_update(of=Outlet, key_share=True).execution_options(populate_existing=True)


def outlet_for(
    viewer: Actor, code: str, permission: Permission = Permission.OUTLET_READ, *, for_change: bool = False
) -> Outlet:
    """Return the outlet with this code if the viewer holds the permission for it.

    ``for_change`` reads it anew and locks its row until the transaction ends, so that rules over its dated rows
    (one primary, no gap, no overlap) are judged by one writer at a time.

    Raises:
        Forbidden: ``not_permitted`` if the viewer holds the permission nowhere.
        Missing: ``outlet_missing`` if there is none in the viewer's territory.
    """
    require(viewer, permission)
    outlet = db.session.scalar(_outlet_of(viewer, permission, for_change), {"outlet_code": code})
    if outlet is None:
        raise Missing("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
    return outlet


def outlet_shown(viewer: Actor, code: str, permission: Permission = Permission.OUTLET_READ) -> Any:
    """Return the outlet ``outlet_for`` would, as its columns: enough for a page that only shows it.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``.
    """
    require(viewer, permission)
    found = rows_of(_outlet_of(viewer, permission, False), {"outlet_code": code})
    if not found:
        raise Missing("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
    return found[0]


def visible_managers(viewer: Actor, permission: Permission = Permission.MANAGER_READ) -> ColumnElement[bool]:
    """Return the condition on ``Manager`` that the viewer may see them: own territory, or oneself."""
    if covers_company(viewer, permission):
        return true()
    paths = org_paths(viewer, permission)
    return or_(
        Manager.user_id == viewer.user_id,
        Manager.org_unit_id.in_(select(OrgUnit.id).where(under(paths))),
    )


def manager_for(
    viewer: Actor, code: str, permission: Permission = Permission.MANAGER_READ, *, for_change: bool = False
) -> Manager:
    """Return the manager with this code if the viewer may see them; ``for_change`` locks the row.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``manager_missing``.
    """
    require(viewer, permission)
    statement = select(Manager).where(Manager.code == code, visible_managers(viewer, permission))
    if for_change:
        statement = statement.with_for_update(of=Manager).execution_options(populate_existing=True)
    manager = db.session.scalar(statement)
    if manager is None:
        raise Missing("manager_missing", "没有找到这位台区经理，或其不在您的管辖范围内")
    return manager


_OWN_MANAGER = select(Manager).where(
    Manager.user_id == bindparam("user_id", type_=BigInteger()), in_post(bindparam("day", type_=Date()))
)


_OWN_MANAGER_ID = _OWN_MANAGER.with_only_columns(Manager.id)


def own_manager_id(viewer: Actor) -> int:
    """Return the viewer's own id as a district manager.

    Raises:
        Missing: ``not_a_manager``.
    """
    given = {"user_id": viewer.user_id, "day": today()}
    found = remembered(REGISTER, ("own manager", viewer.user_id), lambda: rows_of(_OWN_MANAGER_ID, given))
    if not found:
        raise Missing("not_a_manager", "您的账号没有关联在岗的台区经理，请联系管理员")
    return int(found[0])


def own_manager(viewer: Actor) -> Manager:
    """Return the viewer's own record as a district manager.

    Raises:
        Missing: ``not_a_manager``.
    """
    manager = db.session.scalar(_OWN_MANAGER, {"user_id": viewer.user_id, "day": today()})
    if manager is None:
        raise Missing("not_a_manager", "您的账号没有关联在岗的台区经理，请联系管理员")
    return manager


def own_manager_ids(viewer: Actor) -> Select[int]:
    """Return the select of the viewer's own id as a district manager in post; of nobody's if there is none."""
    return select(Manager.id).where(Manager.user_id == viewer.user_id, in_post(today()))


def unit_for(viewer: Actor, code: str, permission: Permission) -> OrgUnit:
    """Return the org unit with this code if the viewer holds the permission there.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``unit_missing``.
    """
    require(viewer, permission)
    unit = db.session.scalar(select(OrgUnit).where(OrgUnit.code == code, under(org_paths(viewer, permission))))
    if unit is None:
        raise Missing("unit_missing", "没有找到这个单位，或它不在您的管辖范围内", field="unit")
    return unit


@built_once
def _units_under(paths: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return select(*OrgUnit.__table__.c).where(under(paths)).order_by(OrgUnit.path)


def units_of(viewer: Actor, permission: Permission) -> Sequence[Any]:
    """Return the org units in which the viewer holds the permission, as rows in the order of the tree."""
    statement = _units_under(org_paths(viewer, permission))
    return remembered(REGISTER, statement, lambda: db.session.connection().execute(statement).all())


def partner_by_code(code: str) -> Partner:
    """Return the partner with this code; partners are known to the whole company.

    Raises:
        Missing: ``partner_missing``.
    """
    partner = db.session.scalar(select(Partner).where(Partner.code == code))
    if partner is None:
        raise Missing("partner_missing", "没有找到这个合作单位", field="partner")
    return partner
