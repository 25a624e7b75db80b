"""Where outlets stood on a month's last day: the unit they belonged to and the state they were in.

Statements are kept by month: an outlet's page and a close ask them of few outlets at a time, again and again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, or_, select

from agentnet.core.clock import Month
from agentnet.infra.straight import Straight, straight_rows
from agentnet.outlets.models import OutletPlacement, OutletState

OUTLETS: Any = bindparam("outlet_ids", expanding=True)


def of_outlets(statement: Straight, outlet_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return what a statement over ``OUTLETS`` finds of these."""
    return straight_rows(statement, outlet_ids=list(outlet_ids))


def places_at_end(month: Month, outlet_ids: Sequence[int]) -> Mapping[int, int]:
    """Return the org unit each outlet belonged to on the month's last day."""
    return dict(of_outlets(_places(month), outlet_ids))


@lru_cache(maxsize=4)
def _places(month: Month) -> Straight:
    return Straight(
        select(OutletPlacement.outlet_id, OutletPlacement.org_unit_id)
        .where(
            OutletPlacement.outlet_id.in_(OUTLETS),
            OutletPlacement.starts_on < month.ends_on,
            or_(OutletPlacement.ends_on.is_(None), OutletPlacement.ends_on >= month.ends_on),
        )
        .order_by(OutletPlacement.starts_on)
    )


def states_at_end(month: Month, outlet_ids: Sequence[int]) -> Mapping[int, str]:
    """Return the state each outlet was in on the month's last day."""
    return dict(of_outlets(_states(month), outlet_ids))


@lru_cache(maxsize=4)
def _states(month: Month) -> Straight:
    return Straight(
        select(OutletState.outlet_id, OutletState.state)
        .where(OutletState.outlet_id.in_(OUTLETS), OutletState.effective_on < month.ends_on)
        .order_by(OutletState.effective_on, OutletState.id)
    )
