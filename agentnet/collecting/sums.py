"""What a period came to, by setting: final days from their sums, what may still change from the collections themselves.

From the night on a business day is final (``business_days.allocated_at``): nothing is collected or voided on it any
more, and the night adds it to ``collection_days`` in the same transaction. Every day before the first one the night has
not seen to is therefore read from its sums, and a home page does not walk a month of collections. A posting that ends
after midnight opens its day again by its own business day, so its day is then read from the collections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)

from agentnet.collecting.models import Collection, CollectionDay, Void
from agentnet.core.clock import shanghai_instant, today
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.infra.db import UtcDateTime, db
from agentnet.infra.statements import built_once
from agentnet.ledger.models import BusinessDay
from agentnet.outlets.queries import under


@dataclass(frozen=True, slots=True)
class Taken:
    """How many collections count, how much they come to, and how many more were voided."""

    count: int = 0
    total_fen: Fen = 0
    voided: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.count + other.count, self.total_fen + other.total_fen, self.voided + other.voided)


_SINCE, _FINAL_UNTIL, _LIVE_SINCE, _UNTIL = (
    bindparam(name, type_=Date()) for name in ("since", "final_until", "live_since", "until")
)
_FIRST_OPEN = select(func.min(BusinessDay.business_on)).where(BusinessDay.allocated_at.is_(None))


SUMMED = ("business_on", "org_unit_id", "setting", "count", "amount_fen", "voided")
"""What is kept of a final day, in the order of ``day_sums``."""


def day_sums(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the select of what is kept of days, worked out from their collections."""
    standing = Void.id.is_(None)
    return (
        select(
            Collection.business_on,
            Collection.org_unit_id,
            Collection.setting,
            func.count().filter(standing),
            func.coalesce(func.sum(Collection.amount_fen).filter(standing), 0),
            func.count(Void.id),
        )
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(*conditions)
        .group_by(Collection.business_on, Collection.org_unit_id, Collection.setting)
        .order_by(Collection.business_on, Collection.org_unit_id, Collection.setting)
    )


@built_once
def _taken(paths: tuple[str, ...] | None) -> CompoundSelect[*tuple[Any, ...]]:
    """Return rows to be added up: count, amount and voided, first of urban collections, then of all.

    ``paths`` None is the whole company. Two settings are told apart in one pass: grouping sorted every row.
    """

    def here(column: Any) -> tuple[ColumnElement[bool], ...]:
        return () if paths is None else (column.in_(select(OrgUnit.id).where(under(paths))),)

    def sums(setting: Any, *values: Any) -> list[ColumnElement[int]]:
        urban = [case((setting == Setting.URBAN.value, value), else_=0) for value in values]
        return [cast(func.coalesce(func.sum(value), 0), BigInteger) for value in (*urban, *values)]

    one, none = literal(1, BigInteger), literal(0, BigInteger)
    amount = Collection.amount_fen
    live = (Collection.business_on >= _LIVE_SINCE, Collection.business_on < _UNTIL, *here(Collection.org_unit_id))
    return union_all(
        select(*sums(CollectionDay.setting, CollectionDay.count, CollectionDay.amount_fen, CollectionDay.voided)).where(
            CollectionDay.business_on >= _SINCE,
            CollectionDay.business_on < _FINAL_UNTIL,
            *here(CollectionDay.org_unit_id),
        ),
        select(*sums(Collection.setting, one, amount, none)).where(*live),
        # A collection is never voided before its day: the few voids since then are all there can be.
        select(*sums(Collection.setting, -one, -amount, one))
        .join(Void, Void.collection_id == Collection.id)
        .where(Void.voided_at >= bindparam("live_at", type_=UtcDateTime()), *live),
    )


def taken_by_setting(paths: tuple[str, ...] | None, since: date, until: date) -> Mapping[str, Taken]:
    """Return what was taken from a day until a day (exclusive) below org paths (None: anywhere), by setting."""
    connection = db.session.connection()
    first_open = min(connection.execute(_FIRST_OPEN).scalar() or today(), today())
    live_since = max(since, first_open)
    given = {
        "since": since,
        "final_until": min(until, first_open),
        "live_since": live_since,
        "live_at": shanghai_instant(live_since),
        "until": until,
    }
    urban = whole = Taken()
    for row in connection.execute(_taken(paths), given):
        figures = [int(figure) for figure in row]
        urban += Taken(*figures[:3])
        whole += Taken(*figures[3:])
    rural = Taken(whole.count - urban.count, whole.total_fen - urban.total_fen, whole.voided - urban.voided)
    return {Setting.URBAN.value: urban, Setting.RURAL.value: rural}
