"""What the office's pages ask: people of one's own territory, their roles with places, and the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from agentnet.core.clock import shanghai_instant, today
from agentnet.core.errors import Forbidden, Missing
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor, Role
from agentnet.infra.audit import AuditLine, AuditSeal
from agentnet.infra.db import db
from agentnet.infra.statements import built_once
from agentnet.infra.straight import Straight, straight_rows
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries import outlet_for, partner_by_code, under, unit_for, visible_outlets
from agentnet.users.actions import PLACE_OF_ROLE, Place
from agentnet.users.models import RoleGrant, User
from agentnet.users.permissions import Permission, covers_company, org_paths, require
from agentnet.users.queries import users_matching


@built_once
def people_list(who: Actor, words: str, state: str) -> Select[*tuple[Any, ...]]:
    """Return the select of the people the viewer administers whose name contains the words; unordered, for paging."""
    return users_matching(words, state).where(people_of(who, Permission.USER_EDIT))


def people_of(who: Actor, permission: Permission) -> ColumnElement[bool]:
    """Return the condition on ``User`` that the viewer's territory answers for the person (decision 0010).

    Who administers one county must not reset the password of somebody who serves another, or will. So every open role
    must lie inside; of a person with none left, every role there was; a person who never had one is theirs who added
    them.
    """
    if covers_company(who, permission):
        return true()
    inside = or_(
        RoleGrant.org_unit_id.in_(select(OrgUnit.id).where(under(org_paths(who, permission)))),
        RoleGrant.outlet_id.in_(select(Outlet.id).where(visible_outlets(who, permission))),
    )
    any_role = exists().where(RoleGrant.user_id == User.id)
    open_role = any_role.where(_open())
    outside = not_(and_(inside.is_not(None), inside))
    return or_(
        and_(open_role, not_(open_role.where(outside))),
        and_(any_role, not_(open_role), not_(any_role.where(outside))),
        and_(not_(any_role), User.added_by_id == who.user_id),
    )


def _open() -> ColumnElement[bool]:
    return or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on > today())


def person_for(who: Actor, user_id: int) -> User:
    """Return a person the viewer administers.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``user_missing``.
    """
    require(who, Permission.USER_EDIT)
    user = db.session.scalar(select(User).where(User.id == user_id, people_of(who, Permission.USER_EDIT)))
    if user is None:
        raise Missing("user_missing", "没有找到这个账号")
    return user


@dataclass(frozen=True, slots=True)
class Held:
    """A role of a person and where it holds."""

    id: int
    user_id: int
    role: Role
    place_name: str
    place_name_en: str | None
    place_code: str
    starts_on: date
    ends_on: date | None


def roles_of(user_ids: Collection[int], *, history: bool = False) -> Mapping[int, list[Held]]:
    """Return the roles of people by person, those that hold or will hold first; with ``history`` also the ended."""
    statement = _roles(history)
    found: dict[int, list[Held]] = {user_id: [] for user_id in user_ids}
    for row in db.session.connection().execute(statement, {"user_ids": list(user_ids)}):
        unit = row.unit_code is not None
        found[row.user_id].append(
            Held(
                row.id,
                row.user_id,
                Role(row.role),
                row.unit_name if unit else row.name or row.partner_name,
                row.unit_name_en,
                row.unit_code if unit else row.code or row.partner,
                row.starts_on,
                row.ends_on,
            )
        )
    return found


@built_once
def _roles(history: bool) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            RoleGrant.id,
            RoleGrant.user_id,
            RoleGrant.role,
            RoleGrant.starts_on,
            RoleGrant.ends_on,
            OrgUnit.code.label("unit_code"),
            OrgUnit.name.label("unit_name"),
            OrgUnit.name_en.label("unit_name_en"),
            Outlet.code,
            Outlet.name,
            Partner.code.label("partner"),
            Partner.name.label("partner_name"),
        )
        .outerjoin(OrgUnit, OrgUnit.id == RoleGrant.org_unit_id)
        .outerjoin(Outlet, Outlet.id == RoleGrant.outlet_id)
        .outerjoin(Partner, Partner.id == RoleGrant.partner_id)
        .where(RoleGrant.user_id.in_(bindparam("user_ids", expanding=True)))
        .order_by(RoleGrant.ends_on.is_not(None), RoleGrant.starts_on, RoleGrant.id)
    )
    return statement if history else statement.where(_open())


def place_for(who: Actor, role: Role, code: str) -> Place:
    """Return the place a role may be given over, looked up in the viewer's own territory.

    Raises:
        Forbidden: ``not_permitted`` for partner staff unless the viewer administers the company.
        Missing: ``unit_missing``, ``outlet_missing``, ``partner_missing``.
    """
    wanted = PLACE_OF_ROLE.get(role, "org_unit_id")
    if wanted == "outlet_id":
        return Place(outlet_id=outlet_for(who, code, Permission.USER_EDIT).id)
    if wanted == "partner_id":
        if not covers_company(who, Permission.USER_EDIT):
            raise Forbidden("not_permitted", "您的岗位没有此项权限，如需办理请联系主管")
        return Place(partner_id=partner_by_code(code).id)
    return Place(org_unit_id=unit_for(who, code, Permission.USER_EDIT).id)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What a reader of the trail looks for."""

    person: str = ""
    action: str = ""
    subject_kind: str = ""
    subject: str = ""
    day: date | None = None

    @property
    def narrow(self) -> bool:
        return any((self.person, self.action, self.subject_kind, self.subject, self.day))


def audit_lines(who: Actor, wanted: AuditFilter) -> Select[*tuple[Any, ...]]:
    """Return the select of lines with the seal of each (None until the sealer has passed).

    Who audits a part of the company sees what people of that part did.
    """
    require(who, Permission.AUDIT_READ)
    return _audit_lines(who, wanted)


@built_once
def _audit_lines(who: Actor, wanted: AuditFilter) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = select(
        AuditLine.id,
        AuditLine.at,
        AuditLine.user_id,
        AuditLine.actor_name,
        AuditLine.action,
        AuditLine.subject_kind,
        AuditLine.subject_id,
        AuditLine.before,
        AuditLine.after,
        AuditSeal.id.label("seal_id"),
    ).outerjoin(AuditSeal, AuditSeal.audit_line_id == AuditLine.id)
    if not covers_company(who, Permission.AUDIT_READ):
        statement = statement.where(AuditLine.user_id.in_(select(User.id).where(people_of(who, Permission.AUDIT_READ))))
    if wanted.person:
        matching = select(User.id).where(
            or_(
                User.username == wanted.person.lower(),
                User.display_name.contains(wanted.person, autoescape=True),
            )
        )
        statement = statement.where(or_(AuditLine.user_id.in_(matching), AuditLine.actor_name == wanted.person))
    if wanted.action:
        statement = statement.where(AuditLine.action == wanted.action)
    if wanted.subject_kind:
        statement = statement.where(AuditLine.subject_kind == wanted.subject_kind)
    if wanted.subject:
        statement = statement.where(AuditLine.subject_id == wanted.subject)
    if wanted.day:
        starts = shanghai_instant(wanted.day)
        statement = statement.where(AuditLine.at >= starts, AuditLine.at < starts + timedelta(days=1))
    return statement


SEALS_LOOKED_AT = 1000
"""How many of the newest lines are asked whether they are sealed: no page counts a trail of years."""


def unsealed_count() -> int:
    """Return how many of the newest ``SEALS_LOOKED_AT`` lines wait for the sealer."""
    ((count,),) = straight_rows(_UNSEALED)
    return int(count)


_NEWEST = select(AuditLine.id).order_by(AuditLine.id.desc()).limit(literal_column(str(SEALS_LOOKED_AT))).subquery()
_UNSEALED = Straight(
    select(func.count())
    .select_from(_NEWEST)
    .outerjoin(AuditSeal, AuditSeal.audit_line_id == _NEWEST.c.id)
    .where(AuditSeal.id.is_(None))
)


__all__ = ["SEALS_LOOKED_AT", "AuditFilter", "Held", "Row", "audit_lines", "people_list",
           "people_of", "person_for", "place_for", "roles_of", "unsealed_count"]  # fmt: skip
