"""People and their sign-ins: what can be done to them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select, update

from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict, Invalid, Missing
from agentnet.infra.actor import Actor, Role
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.users.models import FailedSignIn, RoleGrant, SignInSession, User
from agentnet.users.permissions import Permission, require
from agentnet.users.queries import token_sha256, username_sha256


@dataclass(frozen=True, slots=True)
class Place:
    """Where a role holds: exactly one of the three."""

    org_unit_id: int | None = None
    outlet_id: int | None = None
    partner_id: int | None = None


PLACE_OF_ROLE = {Role.AGENT: "outlet_id", Role.PARTNER: "partner_id"}
"""Agents belong to an outlet and partner staff to a partner; every other role holds over an org unit."""


def start_session(user: User, address: str, device: str) -> str:
    """Begin a sign-in and return its token, which only the cookie keeps."""
    token = secrets.token_urlsafe(32)
    at = now()
    db.session.execute(
        insert(SignInSession).values(
            token_sha256=token_sha256(token),
            user_id=user.id,
            started_at=at,
            seen_at=at,
            address=address[:45],
            device=device[:200],
        )
    )
    write_audit(_as_actor(user), "signed_in", "user", user.id, after={"address": address[:45]})
    return token


def note_failed_sign_in(username: str, address: str) -> None:
    """Remember a refused sign-in; called after the refusal's rollback."""
    _note_failure(username_sha256(username), address)


def note_wrong_present_password(token: str, address: str) -> None:
    """Remember that the present password was wrong in this session; called after the refusal's rollback."""
    _note_failure(token_sha256(token), address)


def _note_failure(whose_sha256: str, address: str) -> None:
    db.session.execute(insert(FailedSignIn).values(username_sha256=whose_sha256, address=address[:45], at=now()))


def touch_session(token: str) -> None:
    """Note that a session was used just now."""
    db.session.execute(
        update(SignInSession).where(SignInSession.token_sha256 == token_sha256(token)).values(seen_at=now())
    )


def end_session(token_hash: str, by: Actor) -> None:
    """End one of the actor's own sign-ins."""
    ended = db.session.execute(
        update(SignInSession)
        .where(
            SignInSession.token_sha256 == token_hash,
            SignInSession.user_id == by.user_id,
            SignInSession.ended_at.is_(None),
        )
        .values(ended_at=now())
        .returning(SignInSession.user_id)
    ).all()
    if ended:
        write_audit(by, "signed_out", "user", by.user_id)


def end_sessions_of(user_id: int, keep: str | None = None) -> None:
    """End every sign-in of a person, except the one with this token."""
    statement = update(SignInSession).where(SignInSession.user_id == user_id, SignInSession.ended_at.is_(None))
    if keep is not None:
        statement = statement.where(SignInSession.token_sha256 != token_sha256(keep))
    db.session.execute(statement.values(ended_at=now()))


def change_own_password(new_hash: str, keep_token: str | None, by: Actor) -> None:
    """Set the actor's own password (already checked and hashed) and end the other sign-ins."""
    user = db.session.get_one(User, by.user_id)
    user.password_hash = new_hash
    user.must_change_password = False
    end_sessions_of(user.id, keep=keep_token)
    write_audit(by, "changed_password", "user", user.id)


def set_locale(locale: str, by: Actor) -> None:
    """Keep the actor's own choice of language."""
    user = db.session.get_one(User, by.user_id)
    before, user.locale = user.locale, locale
    write_audit(by, "changed_language", "user", user.id, {"locale": before}, {"locale": locale})


def add_user(
    username: str, display_name: str, password_hash: str, by: Actor, phone: str | None = None, must_change: bool = True
) -> User:
    """Add a person who can sign in; roles are granted apart.

    Raises:
        Forbidden: ``not_permitted``.
        Invalid: ``username_taken``.
    """
    require(by, Permission.USER_EDIT)
    name = username.strip().lower()
    if db.session.scalar(select(User.id).where(User.username == name)) is not None:
        raise Invalid("username_taken", "这个登录名已有人使用", field="username")
    user = User(
        username=name,
        display_name=display_name,
        phone=phone or None,
        password_hash=password_hash,
        must_change_password=must_change,
        created_at=now(),
        added_by_id=by.user_id,
    )
    db.session.add(user)
    db.session.flush()
    write_audit(by, "added_user", "user", user.id, after={"username": name, "display_name": display_name})
    return user


def reset_password(user_id: int, password_hash: str, by: Actor) -> User:
    """Give a person a generated password that must be changed, and end their sign-ins.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``user_missing``.
    """
    user = _user(user_id, by)
    user.password_hash = password_hash
    user.must_change_password = True
    end_sessions_of(user.id)
    write_audit(by, "reset_password", "user", user.id)
    return user


def disable_user(user_id: int, by: Actor) -> User:
    """Stop a person from signing in, at once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``user_missing``. Invalid: ``own_account``.
    """
    user = _user(user_id, by)
    if user.id == by.user_id:
        raise Invalid("own_account", "不能停用自己的账号，请由另一位管理员办理")
    if user.disabled_at is None:
        user.disabled_at = now()
        end_sessions_of(user.id)
        write_audit(by, "disabled_user", "user", user.id)
    return user


def enable_user(user_id: int, by: Actor) -> User:
    """Let a disabled person sign in again.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``user_missing``.
    """
    user = _user(user_id, by)
    if user.disabled_at is not None:
        user.disabled_at = None
        write_audit(by, "enabled_user", "user", user.id)
    return user


def grant_role(user_id: int, role: Role, place: Place, by: Actor, starts_on: date | None = None) -> RoleGrant:
    """Give a person a role over one place from a day on (today unless said).

    Raises:
        Forbidden: ``not_permitted``. Missing: ``user_missing``.
        Invalid: ``place_of_role`` if the place does not suit the role. Conflict: ``grant_exists``.
    """
    user = _user(user_id, by)
    wanted = PLACE_OF_ROLE.get(role, "org_unit_id")
    given = {name for name in ("org_unit_id", "outlet_id", "partner_id") if getattr(place, name) is not None}
    if given != {wanted}:
        raise Invalid("place_of_role", "代办员要选网点，合作单位人员要选合作单位，其他岗位要选组织单位", field="place")
    day = starts_on or today()
    held = db.session.scalar(
        select(RoleGrant.id).where(
            RoleGrant.user_id == user.id,
            RoleGrant.role == role,
            getattr(RoleGrant, wanted) == getattr(place, wanted),
            RoleGrant.ends_on.is_(None),
        )
    )
    if held is not None:
        raise Conflict("grant_exists", "此人已有这个岗位和范围")
    grant = RoleGrant(
        user_id=user.id,
        role=role.value,
        org_unit_id=place.org_unit_id,
        outlet_id=place.outlet_id,
        partner_id=place.partner_id,
        starts_on=day,
    )
    db.session.add(grant)
    db.session.flush()
    write_audit(
        by,
        "granted_role",
        "user",
        user.id,
        after={"role": role.value, wanted: getattr(place, wanted), "starts_on": day.isoformat()},
    )
    return grant


def end_grant(grant_id: int, by: Actor) -> RoleGrant:
    """End a role today; what was done with it stays.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``grant_missing``. Invalid: ``own_account``.
    """
    require(by, Permission.USER_EDIT)
    grant = db.session.get(RoleGrant, grant_id)
    if grant is None:
        raise Missing("grant_missing", "没有找到这项岗位授权")
    if grant.user_id == by.user_id and grant.role == Role.ADMINISTRATOR:
        raise Invalid("own_account", "不能停用自己的账号，请由另一位管理员办理")
    if grant.ends_on is None or grant.ends_on > today():
        if grant.starts_on >= today():
            db.session.delete(grant)
        else:
            grant.ends_on = today()
        write_audit(by, "ended_grant", "user", grant.user_id, before={"role": grant.role, "grant": grant.id})
    return grant


def _user(user_id: int, by: Actor) -> User:
    require(by, Permission.USER_EDIT)
    user = db.session.get(User, user_id)
    if user is None:
        raise Missing("user_missing", "没有找到这个账号")
    return user


def _as_actor(user: User) -> Actor:
    return Actor(user_id=user.id, name=user.display_name)
