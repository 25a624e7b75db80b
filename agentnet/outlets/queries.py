"""Look up and permit in one step: what a viewer may see of the register."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, or_, select

from agentnet.core.errors import Missing
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.outlets.models import Manager, Outlet
from agentnet.users.permissions import Permission, grants_for, org_paths, require


def under(paths: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the condition that an org unit lies at or below one of the paths."""
    return or_(false(), *(OrgUnit.path.startswith(path, autoescape=True) for path in paths))


def visible_outlets(viewer: Actor, permission: Permission) -> ColumnElement[bool]:
    """Return the condition on ``Outlet`` that it lies in the viewer's territory for this permission."""
    if "/" in org_paths(viewer, permission):
        return Outlet.id == Outlet.id
    grants = grants_for(viewer, permission)
    paths = org_paths(viewer, permission)
    outlet_ids = [grant.outlet_id for grant in grants if grant.outlet_id is not None]
    partner_ids = [grant.partner_id for grant in grants if grant.partner_id is not None]
    places: list[ColumnElement[bool]] = [false()]
    if paths:
        places.append(Outlet.org_unit_id.in_(select(OrgUnit.id).where(under(paths))))
    if outlet_ids:
        places.append(Outlet.id.in_(outlet_ids))
    if partner_ids:
        places.append(Outlet.partner_id.in_(partner_ids))
    return or_(*places)


def outlet_for(viewer: Actor, code: str, permission: Permission = Permission.OUTLET_READ) -> Outlet:
    """Return the outlet with this code if the viewer holds the permission for it.

    Raises:
        Forbidden: ``not_permitted`` if the viewer holds the permission nowhere.
        Missing: ``outlet_missing`` if there is none in the viewer's territory.
    """
    require(viewer, permission)
    outlet = db.session.scalar(select(Outlet).where(Outlet.code == code, visible_outlets(viewer, permission)))
    if outlet is None:
        raise Missing("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
    return outlet


def visible_managers(viewer: Actor, permission: Permission = Permission.MANAGER_READ) -> ColumnElement[bool]:
    """Return the condition on ``Manager`` that the viewer may see them: own territory, or oneself."""
    paths = org_paths(viewer, permission)
    return or_(
        Manager.user_id == viewer.user_id,
        Manager.org_unit_id.in_(select(OrgUnit.id).where(under(paths))),
    )


def manager_for(viewer: Actor, code: str, permission: Permission = Permission.MANAGER_READ) -> Manager:
    """Return the manager with this code if the viewer may see them.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``manager_missing``.
    """
    require(viewer, permission)
    manager = db.session.scalar(select(Manager).where(Manager.code == code, visible_managers(viewer, permission)))
    if manager is None:
        raise Missing("manager_missing", "没有找到这位台区经理，或其不在您的管辖范围内")
    return manager


def own_manager(viewer: Actor) -> Manager:
    """Return the viewer's own record as a district manager.

    Raises:
        Missing: ``not_a_manager``.
    """
    manager = db.session.scalar(select(Manager).where(Manager.user_id == viewer.user_id, Manager.left_on.is_(None)))
    if manager is None:
        raise Missing("not_a_manager", "您的账号没有关联在岗的台区经理，请联系管理员")
    return manager
