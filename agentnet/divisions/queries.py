"""Look-ups in the two trees."""

from __future__ import annotations

from sqlalchemy import select

from agentnet.divisions.models import Division, OrgUnit
from agentnet.divisions.rules import parent_of
from agentnet.infra.db import db


def org_unit_by_code(code: str) -> OrgUnit | None:
    """Return the org unit with this code, or None."""
    return db.session.scalar(select(OrgUnit).where(OrgUnit.code == code.strip()))


def company() -> OrgUnit | None:
    """Return the root of the organisation: one database is one company; None before it is set up."""
    return db.session.scalar(select(OrgUnit).where(OrgUnit.parent_id.is_(None)).order_by(OrgUnit.id).limit(1))


def units_under(path: str) -> list[OrgUnit]:
    """Return an org unit and all below it, in the order of the tree."""
    return list(
        db.session.scalars(select(OrgUnit).where(OrgUnit.path.startswith(path, autoescape=True)).order_by(OrgUnit.path))
    )


def divisions_above(code: str) -> list[Division]:
    """Return the divisions a code lies in, from the province down, without itself."""
    codes = []
    above = parent_of(code)
    while above is not None:
        codes.append(above)
        above = parent_of(above)
    return list(db.session.scalars(select(Division).where(Division.code.in_(codes)).order_by(Division.code)))
