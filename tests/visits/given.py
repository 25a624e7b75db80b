"""Visits as a phone of the cast would send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from agentnet.core.clock import IsoWeek
from agentnet.core.ids import new_id
from agentnet.infra.db import Model, db
from agentnet.infra.transaction import reading
from agentnet.outlets.models import Outlet
from agentnet.visits.evidence import Position
from agentnet.visits.judging import NewVisit
from agentnet.visits.models import Duty
from agentnet.visits.queries import outcome

W46, W47, W48 = IsoWeek(2026, 46), IsoWeek(2026, 47), IsoWeek(2026, 48)

ALL_PASS = dict.fromkeys(range(1, 17), "PASS")

ARRIVED = datetime(2026, 11, 18, 1, 40, tzinfo=UTC)
"""Wednesday 18 November, 09:40 in Shanghai: twenty minutes before the cast's present."""

AT_WL0001 = Position(28.37, 121.371, 20)
"""The cast's WL0001 stands at 28.37 north, 121.371 east."""


def a_visit(outlet_code: str = "WL0001", **changes: Any) -> NewVisit:
    """Return a complete visit to an outlet; anything may be changed."""
    usual: dict[str, Any] = {
        "id": new_id(),
        "outlet_code": outlet_code,
        "arrived_at": ARRIVED,
        "checklist_version": 1,
        "answers": ALL_PASS,
        "position": AT_WL0001,
    }
    return NewVisit(**(usual | changes))


def days_later(days: int) -> datetime:
    """Return the usual time of arrival, some days later."""
    return ARRIVED + timedelta(days=days)


def rows_of(*models: type[Model]) -> list[int]:
    """Return how many rows each table holds."""
    with reading():
        return [db.session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


def states_in(week: IsoWeek) -> dict[str, str]:
    """Return what became of each duty of a week, by outlet code."""
    with reading():
        rows = db.session.execute(
            select(Outlet.code, outcome().label("state"))
            .join(Outlet, Outlet.id == Duty.outlet_id)
            .where(Duty.week == str(week))
        )
        return {row.code: row.state for row in rows}
