"""People, dated grants, server-side sessions and failed sign-ins."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import BigId, Key, Model, Name


class User(Model):
    """A person who signs in."""

    __tablename__ = "users"

    id: Mapped[Key]
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[Name]
    phone: Mapped[str | None] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change_password: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str | None] = mapped_column(String(16))
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id"))
    """Who added the person; None for those added from the command line."""


class RoleGrant(Model):
    """A role held by a person over exactly one place, from a day until a day (exclusive)."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint(
            "(org_unit_id IS NOT NULL AND outlet_id IS NULL AND partner_id IS NULL)"
            " OR (org_unit_id IS NULL AND outlet_id IS NOT NULL AND partner_id IS NULL)"
            " OR (org_unit_id IS NULL AND outlet_id IS NULL AND partner_id IS NOT NULL)",
            name="one_place",
        ),
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="period"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    org_unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_units.id"))
    outlet_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("outlets.id"), index=True)
    partner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("partners.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class SignInSession(Model):
    """A sign-in; the cookie holds a random token, the row its SHA-256. Ending the row ends the sign-in."""

    __tablename__ = "sessions"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), index=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(45))
    device: Mapped[str] = mapped_column(String(200))


class FailedSignIn(Model):
    """A refused password, kept to slow guessing down; written after the refusal's rollback.

    At sign-in ``username_sha256`` is the hash of the name that was typed. When somebody signed in gives a wrong present
    password it is the hash of their session's token: whoever sits at a stolen session has just one of them.
    """

    __tablename__ = "failed_sign_ins"
    __table_args__ = (
        Index("ix_failed_sign_ins_username_at", "username_sha256", "at"),
        Index("ix_failed_sign_ins_address_at", "address", "at"),
    )

    id: Mapped[Key]
    username_sha256: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime]
