"""The list of differences: what it shows of each, what narrows and what sorts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Outlet, Partner
from agentnet.settlement.matching import Kind
from agentnet.settlement.reconciliation.ages import by_age
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.queries import seen_by
from agentnet.settlement.reconciliation.rules import State
from agentnet.users.models import User
from agentnet.users.permissions import Permission

DIFFERENCE_COLUMNS = {
    "day": SortBy(Difference.business_on, date),
    "amount": SortBy(Difference.amount_fen, int),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What narrows the list of differences."""

    kind: str = ""
    state: str = State.OPEN
    outlet: str = ""
    day: date | None = None
    file_id: int | None = None
    opened_before: Any = None
    """An instant: only those opened before it."""
    owner_id: int | None = None


@built_once
def _differences(viewer: Actor, asked: Asked, age: SortBy) -> Select[*tuple[Any, ...]]:
    of_outlet = [
        # Looked up for the rows shown: PostgreSQL would read the whole register to join it to hundreds of differences.
        select(column).where(Outlet.id == Difference.outlet_id).scalar_subquery().label(column.key)
        for column in (Outlet.code, Outlet.name)
    ]
    statement: Select[*tuple[Any, ...]] = (
        select(
            Difference.id,
            Difference.kind,
            Difference.business_on,
            Difference.amount_fen,
            Difference.partner_id,
            Difference.proposal,
            Difference.state,
            age.column.label("age"),
            *of_outlet,
            Partner.name.label("partner_name"),
            User.display_name.label("owner"),
        )
        .outerjoin(Partner, Partner.id == Difference.partner_id)
        .outerjoin(User, User.id == Difference.owner_id)
        .where(seen_by(viewer, Permission.RECONCILIATION_READ, Difference.org_unit_id, Difference.partner_id))
    )
    if asked.kind in tuple(Kind):
        statement = statement.where(Difference.kind == asked.kind)
    if asked.state in tuple(State):
        statement = statement.where(Difference.state == asked.state)
    if asked.outlet:
        statement = statement.where(Difference.outlet_id.in_(select(Outlet.id).where(Outlet.code == asked.outlet)))
    if asked.day:
        statement = statement.where(Difference.business_on == asked.day)
    if asked.file_id:
        statement = statement.where(Difference.file_id == asked.file_id)
    if asked.opened_before:
        statement = statement.where(Difference.opened_at < asked.opened_before)
    if asked.owner_id:
        statement = statement.where(Difference.owner_id == asked.owner_id)
    return statement


_BY_ID = SortBy(Difference.id, int)


def differences_page(viewer: Actor, arguments: Mapping[str, str], asked: Asked) -> Page[Any]:
    """Return a page of differences in the viewer's territory, the oldest first unless asked otherwise."""
    age = by_age()
    columns, statement = DIFFERENCE_COLUMNS | {"age": age}, _differences(viewer, asked, age)
    return page_of(db.session(), statement, arguments, columns=columns, default="-age", key=_BY_ID)
