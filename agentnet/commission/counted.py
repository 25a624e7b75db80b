"""Which collections count in a month, and what of them the engine looks at and a list shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Connection, String, and_, cast, func, select, type_coerce

from agentnet.collecting.models import Collection, Correction, Household, Void
from agentnet.commission.engine.inputs import Fact
from agentnet.commission.standing import OUTLETS, of_outlets
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.infra.straight import Straight


def in_month(month: Month) -> ColumnElement[bool]:
    """Return the condition on ``Collection`` that it counts in a month: business day in it, not voided.

    Nor wholly refunded, nor taken for the wrong household: what was put right before the month closes earns nothing.
    """
    cleared = select(Correction.collection_id).where(Correction.clears, Correction.collection_id.is_not(None))
    return and_(
        Collection.business_on >= month.starts_on,
        Collection.business_on < month.ends_on,
        ~select(Void.collection_id).where(Void.collection_id == Collection.id).exists(),
        Collection.id.not_in(cleared),
    )


def refunded_in(month: Month, *conditions: ColumnElement[bool]) -> Mapping[UUID, Fen]:
    """Return what was refunded, in part, of the month's collections that meet the conditions, by collection."""
    rows = db.session.connection().execute(
        select(Correction.collection_id, func.sum(Correction.amount_fen))
        .join(Collection, Collection.id == Correction.collection_id)
        .where(Correction.kind == "REFUND", in_month(month), *conditions)
        .group_by(Correction.collection_id)
    )
    return {collection_id: int(fen) for collection_id, fen in rows if collection_id is not None}


def refunded_as_stored(month: Month, *conditions: ColumnElement[bool]) -> Mapping[str, Fen]:
    """Return the same by the collection's id as ``CAST(id AS VARCHAR)`` gives it."""
    spelled = str if db.session.connection().dialect.name == "postgresql" else attrgetter("hex")
    return {spelled(id_): fen for id_, fen in refunded_in(month, *conditions).items()}


@lru_cache(maxsize=4)
def month_facts(month: Month, *shown: Any) -> Straight:
    """Return the statement for the collections that count in a month at some outlets: ids and days as plain text.

    Each with its amount less what was refunded of it, and whatever of it is shown.
    """
    refunded = (
        select(Correction.collection_id, cast(func.sum(Correction.amount_fen), BigInteger).label("fen"))
        .where(Correction.kind == "REFUND", Correction.outlet_id.in_(OUTLETS))
        .group_by(Correction.collection_id)
        .subquery("refunded")
    )
    return Straight(
        select(
            cast(Collection.id, String),
            type_coerce(Collection.business_on, String),
            Collection.tender,
            Collection.household_id,
            Collection.amount_fen - func.coalesce(refunded.c.fen, 0),
            Collection.outlet_id,
            *shown,
        )
        .outerjoin(refunded, refunded.c.collection_id == Collection.id)
        .where(Collection.outlet_id.in_(OUTLETS), in_month(month))
        .order_by(Collection.outlet_id, Collection.business_on, Collection.id)
    )


_fact: Callable[[tuple[Any, ...]], Fact] = partial(tuple.__new__, Fact)
"""A million of them are made in a large month: no function of ours in between."""


def as_stored_ids(connection: Connection, ids: Sequence[Any]) -> Sequence[str]:
    """Return the ids of collections as the database keeps them; those that are so already are left alone."""
    if not ids or isinstance(ids[0], str):
        return ids
    spelled: Callable[[Any], str] = str if connection.dialect.name == "postgresql" else attrgetter("hex")
    return [spelled(id_) for id_ in ids]


class Listed(NamedTuple):
    """A collection as a list shows it, its id as the database keeps it."""

    id: str
    tender: str
    collected_at: datetime
    receipt_no: str
    amount_fen: Fen
    household_no: str


_OF_FACT = 6
"""So many columns the engine looks at come first."""
_LISTED = (
    Collection.collected_at,
    Collection.receipt_no,
    Collection.amount_fen,
    select(Household.household_no).where(Household.id == Collection.household_id).scalar_subquery(),
)


def counted_lines(month: Month, outlet_id: int) -> tuple[Sequence[tuple[Any, ...]], list[Listed]]:
    """Return the collections that count in a month at an outlet: for ``outlet_months``, and as a list shows them."""
    rows = of_outlets(month_facts(month, *_LISTED), [outlet_id])
    return [row[:_OF_FACT] for row in rows], [Listed._make((row[0], row[2], *row[_OF_FACT:])) for row in rows]


def facts_of(counted: Sequence[tuple[Any, ...]], as_stored: bool) -> Mapping[int, list[Fact]]:
    """Return the facts of what ``month_facts`` found by outlet, with ids as UUIDs or as the database keeps them."""
    found: dict[int, list[Fact]] = defaultdict(list)
    days: dict[Any, date] = {}
    last: int | None = None
    for id_, on, tender, household_id, amount_fen, outlet_id in counted:
        if outlet_id != last:
            last, add = outlet_id, found[outlet_id].append
        day = days.get(on)
        if day is None:
            day = days[on] = on if isinstance(on, date) else date.fromisoformat(on)
        add(_fact((id_ if as_stored else UUID(id_), day, tender, household_id, amount_fen, 0, 0)))
    return found
