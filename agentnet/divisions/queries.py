"""Look-ups in the two trees."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from agentnet.core.errors import Missing
from agentnet.divisions.models import Division, OrgUnit
from agentnet.divisions.rules import parent_of
from agentnet.infra.columnar import rows_of
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


_OF_CODES = select(Division).where(Division.code.in_(bindparam("codes", expanding=True))).order_by(Division.code)


def division_and_above(code: str) -> tuple[Any, list[Any]]:
    """Return a division and those its code lies in, from the province down, all as their columns.

    Raises:
        Missing: ``division_unknown``.
    """
    codes = [code]
    while (above := parent_of(codes[-1])) is not None:
        codes.append(above)
    found = rows_of(_OF_CODES, {"codes": codes})
    division = next((one for one in found if one.code == code), None)
    if division is None:
        raise Missing("division_unknown", "没有这个行政区划，请核对名称或代码")
    return division, [one for one in found if one is not division]
