"""Who is signed in, and with which grants."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from flask_login import UserMixin
from sqlalchemy import or_, select

from agentnet.core.clock import now, today
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor, Grant, Role
from agentnet.infra.db import db
from agentnet.users.models import RoleGrant, SignInSession, User


@dataclass(frozen=True, eq=False)
class SignedIn(UserMixin):
    """The person behind a live session."""

    token: str
    actor: Actor
    username: str
    must_change_password: bool

    def get_id(self) -> str:
        return self.token


def token_sha256(token: str) -> str:
    """Return what the database keeps of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


def signed_in_by_token(token: str) -> SignedIn | None:
    """Return the person whose live session carries the token; ended, idle and expired sessions carry nobody."""
    settings = current_app.extensions["agentnet"]
    at = now()
    row = db.session.execute(
        select(User, SignInSession.seen_at)
        .join(SignInSession, SignInSession.user_id == User.id)
        .where(
            SignInSession.token_sha256 == token_sha256(token),
            SignInSession.ended_at.is_(None),
            SignInSession.seen_at > at - timedelta(minutes=settings.session_idle_minutes),
            SignInSession.started_at > at - timedelta(hours=settings.session_hours),
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    user = row.User
    return SignedIn(
        token=token, actor=actor_for(user), username=user.username, must_change_password=user.must_change_password
    )


def actor_for(user: User) -> Actor:
    """Return the person as an actor, with the grants that hold today."""
    day = today()
    rows = db.session.execute(
        select(RoleGrant.role, RoleGrant.outlet_id, RoleGrant.partner_id, OrgUnit.path)
        .outerjoin(OrgUnit, OrgUnit.id == RoleGrant.org_unit_id)
        .where(RoleGrant.user_id == user.id, RoleGrant.starts_on <= day)
        .where(or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on > day))
        .order_by(RoleGrant.id)
    ).all()
    grants = tuple(
        Grant(Role(row.role), org_path=row.path, outlet_id=row.outlet_id, partner_id=row.partner_id) for row in rows
    )
    return Actor(user_id=user.id, name=user.display_name, grants=grants, locale=user.locale)
