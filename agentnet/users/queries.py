"""Who is signed in, and with which grants."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_login import UserMixin
from sqlalchemy import Date, Select, and_, bindparam, func, or_, select

from agentnet.core.clock import now, today
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor, Grant, Role
from agentnet.infra.db import UtcDateTime, db
from agentnet.infra.revisions import ALL_MARKS, keep_marks
from agentnet.infra.straight import Straight
from agentnet.users.models import FailedSignIn, RoleGrant, SignInSession, User
from agentnet.users.rules import WINDOW_MINUTES, is_throttled


@dataclass(frozen=True, eq=False)
class SignedIn(UserMixin):
    """The person behind a live session."""

    token: str
    actor: Actor
    username: str
    name: str
    must_change_password: bool
    seen_at: datetime

    def get_id(self) -> str:
        return self.token


def token_sha256(token: str) -> str:
    """Return what the database keeps of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


_HELD = and_(
    RoleGrant.starts_on <= bindparam("day", type_=Date()),
    or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on > bindparam("day", type_=Date())),
)
_GRANT = (RoleGrant.role, OrgUnit.path, RoleGrant.outlet_id, RoleGrant.partner_id)
_BY_TOKEN = Straight(
    select(
        User.id,
        User.username,
        User.display_name,
        User.must_change_password,
        User.locale,
        SignInSession.seen_at,
        ALL_MARKS,
        *_GRANT,
    )
    .join(SignInSession, SignInSession.user_id == User.id)
    .outerjoin(RoleGrant, and_(RoleGrant.user_id == User.id, _HELD))
    .outerjoin(OrgUnit, OrgUnit.id == RoleGrant.org_unit_id)
    .where(
        SignInSession.token_sha256 == bindparam("token_sha256"),
        SignInSession.ended_at.is_(None),
        SignInSession.seen_at > bindparam("seen_since", type_=UtcDateTime()),
        SignInSession.started_at > bindparam("started_since", type_=UtcDateTime()),
        User.disabled_at.is_(None),
    )
    .order_by(RoleGrant.id)
)
"""Every request asks this: the person, once for each grant, without one once, and all marks, which most pages need."""
_GRANTS = (
    select(*_GRANT)
    .outerjoin(OrgUnit, OrgUnit.id == RoleGrant.org_unit_id)
    .where(RoleGrant.user_id == bindparam("user_id"), _HELD)
    .order_by(RoleGrant.id)
)


def signed_in_by_token(token: str) -> SignedIn | None:
    """Return the person whose live session carries the token; ended, idle and expired sessions carry nobody."""
    settings = current_app.extensions["agentnet"]
    at = now()
    rows = _BY_TOKEN.rows(
        db.session.connection(),
        {
            "token_sha256": token_sha256(token),
            "seen_since": at - timedelta(minutes=settings.session_idle_minutes),
            "started_since": at - timedelta(hours=settings.session_hours),
            "day": today(),
        },
    )
    if not rows:
        return None
    user_id, username, name, must_change_password, locale, seen_at, marks, *_grant = rows[0]
    keep_marks(marks)
    held = (row[-len(_GRANT) :] for row in rows)
    grants = tuple(_grant_of(*grant) for grant in held if grant[0] is not None)
    return SignedIn(
        token=token,
        actor=Actor(user_id=user_id, name=name, grants=grants, locale=locale),
        username=username,
        name=name,
        must_change_password=must_change_password,
        seen_at=seen_at,
    )


def _grant_of(role: str, path: str | None, outlet_id: int | None, partner_id: int | None) -> Grant:
    return Grant(Role(role), org_path=path, outlet_id=outlet_id, partner_id=partner_id)


def actor_for(user: User) -> Actor:
    """Return the person as an actor, with the grants that hold today."""
    rows = db.session.execute(_GRANTS, {"user_id": user.id, "day": today()})
    grants = tuple(_grant_of(*row) for row in rows)
    return Actor(user_id=user.id, name=user.display_name, grants=grants, locale=user.locale)


def username_sha256(username: str) -> str:
    """Return what is kept of a name that failed to sign in (people type passwords into the name field)."""
    return hashlib.sha256(username.strip().lower().encode()).hexdigest()


def sign_in_must_wait(username: str, address: str) -> bool:
    """Return whether too many sign-ins failed lately for this name from this address, or from the address."""
    at_address = _recent_failures().where(FailedSignIn.address == address)
    by_name = at_address.where(FailedSignIn.username_sha256 == username_sha256(username))
    return is_throttled(db.session.scalar(by_name) or 0, db.session.scalar(at_address) or 0)


def present_password_must_wait(token: str) -> bool:
    """Return whether the present password was given wrong too often lately in this session, from whatever address."""
    by_session = _recent_failures().where(FailedSignIn.username_sha256 == token_sha256(token))
    return is_throttled(db.session.scalar(by_session) or 0, 0)


def _recent_failures() -> Select[int]:
    since = now() - timedelta(minutes=WINDOW_MINUTES)
    return select(func.count()).select_from(FailedSignIn).where(FailedSignIn.at > since)


def user_by_name(username: str) -> User | None:
    """Return the person with this sign-in name who is not disabled."""
    return db.session.scalar(select(User).where(User.username == username.strip().lower(), User.disabled_at.is_(None)))


def live_sessions(user_id: int) -> list[SignInSession]:
    """Return a person's sign-ins that have not ended, newest first."""
    return list(
        db.session.scalars(
            select(SignInSession)
            .where(SignInSession.user_id == user_id, SignInSession.ended_at.is_(None))
            .order_by(SignInSession.seen_at.desc())
        )
    )


def users_matching(words: str, state: str) -> Select[*tuple[Any, ...]]:
    """Return the select of people whose name contains the words; state is ``active``, ``disabled`` or empty."""
    statement: Select[*tuple[Any, ...]] = select(User.id, User.username, User.display_name, User.disabled_at)
    if words:
        statement = statement.where(
            or_(
                User.username.contains(words.lower(), autoescape=True),
                User.display_name.contains(words, autoescape=True),
            )
        )
    if state == "active":
        statement = statement.where(User.disabled_at.is_(None))
    elif state == "disabled":
        statement = statement.where(User.disabled_at.is_not(None))
    return statement
