"""Where outlets stood on a month's last day: the unit they belonged to, the state they were in, and what they agreed.

Statements are kept by month: an outlet's page and a close ask them of few outlets at a time, again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select

from agentnet.commission.rules import Terms
from agentnet.core.clock import Month
from agentnet.infra.straight import Straight, straight_rows
from agentnet.outlets.models import Agreement, Outlet, OutletPlacement, OutletState, Partner

OUTLETS: Any = bindparam("outlet_ids", expanding=True)


def of_outlets(statement: Straight, outlet_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return what a statement over ``OUTLETS`` finds of these."""
    return straight_rows(statement, outlet_ids=list(outlet_ids))


class Standing(NamedTuple):
    """An outlet as the register has it now, but with its state and unit of a month's last day; all its agreements."""

    id: int
    code: str
    kind: str
    setting: str
    state: str
    org_unit_id: int
    partner: str | None
    opened_on: date
    closed_on: date | None
    terms: list[Terms]


def standing_at_end(month: Month, outlet_ids: Sequence[int]) -> list[Standing]:
    """Return how outlets stood on the month's last day, by code; one query for all of them."""
    found: dict[int, Standing] = {}
    for row in of_outlets(_standing(month), outlet_ids):
        outlet = found.get(row[0])
        if outlet is None:
            outlet = found[row[0]] = Standing._make((*row[:_OF_TERMS], []))
        if row[_OF_TERMS] is not None:
            outlet.terms.append(Terms(*row[_OF_TERMS:]))
    return list(found.values())


_OF_TERMS = len(Standing._fields) - 1
"""Where an agreement's columns begin: an outlet has a row for each."""


@lru_cache(maxsize=4)
def _standing(month: Month) -> Straight:
    state = (
        select(OutletState.state)
        .where(OutletState.outlet_id == Outlet.id, OutletState.effective_on < month.ends_on)
        .order_by(OutletState.effective_on.desc(), OutletState.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    unit = (
        select(OutletPlacement.org_unit_id)
        .where(
            OutletPlacement.outlet_id == Outlet.id,
            OutletPlacement.starts_on < month.ends_on,
            or_(OutletPlacement.ends_on.is_(None), OutletPlacement.ends_on >= month.ends_on),
        )
        .order_by(OutletPlacement.starts_on.desc())
        .limit(1)
        .scalar_subquery()
    )
    return Straight(
        select(
            Outlet.id,
            Outlet.code,
            Outlet.kind,
            Outlet.setting,
            func.coalesce(state, Outlet.state),
            func.coalesce(unit, Outlet.org_unit_id),
            Partner.code,
            Outlet.opened_on,
            Outlet.closed_on,
            Agreement.id,
            Agreement.starts_on,
            Agreement.ends_on,
            Agreement.plan_id,
            Agreement.number,
        )
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .outerjoin(Agreement, Agreement.outlet_id == Outlet.id)
        .where(Outlet.id.in_(OUTLETS))
        .order_by(Outlet.code, Agreement.id)
    )
