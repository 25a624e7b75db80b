"""What a period came to, by setting: final days from their sums, what may still change from the collections themselves.

From the night on a business day is final (``business_days.allocated_at``): nothing is collected or voided on it any
more, and the night adds it to ``collection_days`` in the same transaction. Every day before the first one the night has
not seen to is therefore read from its sums, and a home page does not walk a month of collections. A posting that ends
after midnight opens its day again by its own business day, so its day is then read from the collections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    bindparam,
    cast,
    func,
    select,
)

from agentnet.collecting.models import Collection, CollectionDay, Correction, Void
from agentnet.core.clock import shanghai_instant, today
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.infra.db import db
from agentnet.infra.revisions import FIELD, remembered_under, select_mark
from agentnet.infra.statements import built_once, in_one_row, written
from agentnet.infra.straight import Straight
from agentnet.ledger.models import BusinessDay
from agentnet.outlets.queries import under


@dataclass(frozen=True, slots=True)
class Taken:
    """How many collections count, how much they come to, and how many more were voided.

    What was refunded in the period, of whatever day, is told apart: the takings of a day that is over never change.
    """

    count: int = 0
    total_fen: Fen = 0
    voided: int = 0
    refunded_fen: Fen = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            self.count + other.count,
            self.total_fen + other.total_fen,
            self.voided + other.voided,
            self.refunded_fen + other.refunded_fen,
        )

    def __sub__(self, other: Taken) -> Taken:
        return Taken(
            self.count - other.count,
            self.total_fen - other.total_fen,
            self.voided - other.voided,
            self.refunded_fen - other.refunded_fen,
        )


_SINCE, _UNTIL = bindparam("since", type_=Date()), bindparam("until", type_=Date())
Periods = tuple[tuple[date, date], ...]
"""Each from a day until a day (exclusive)."""


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


def _here(column: Any, paths: tuple[str, ...] | None) -> tuple[ColumnElement[bool], ...]:
    return () if paths is None else (column.in_(select(OrgUnit.id).where(under(paths))),)


def _whole(value: Any, *of: ColumnElement[bool]) -> ColumnElement[int]:
    total = func.sum(value)
    return cast(func.coalesce(total.filter(*of) if of else total, 0), BigInteger)


def _urban(setting: Any, value: Any) -> ColumnElement[int]:
    """Return a sum over urban collections alone: telling two settings apart by grouping sorted every row."""
    return _whole(value, setting == Setting.URBAN.value)


@built_once
def _final(paths: tuple[str, ...] | None) -> Straight:
    """Return one row of final days: count, amount and voided of urban collections, then of all."""
    days = CollectionDay
    figures = (days.count, days.amount_fen, days.voided)
    summed = select(*(_urban(days.setting, one) for one in figures), *(_whole(one) for one in figures))
    return Straight(
        summed.where(days.business_on >= _SINCE, days.business_on < _UNTIL, *_here(days.org_unit_id, paths))
    )


@built_once
def _running(paths: tuple[str, ...] | None, since: date, until: date, periods: Periods) -> Straight:
    """Return one row: what all else is known by and the first day that is not final; what was taken on days that may
    change, what of it was voided: how many urban ones and all, then what they come to; and how many refunds there are
    anywhere, by period.
    """
    days = (Collection.business_on >= written(since), Collection.business_on < written(until))
    here = _here(Collection.org_unit_id, paths)
    taken = select(*_figures()).where(*days, *here)
    # Nothing is voided after its business day, nor before the day it was taken on: the evening before, if that day was
    # closed. So the few voids of then are all there can be; a day more bears with whoever works at midnight. They lead
    # to their collections: asked for by day as well, PostgreSQL would walk the day again.
    voided_at = Void.voided_at >= written(shanghai_instant(since - timedelta(days=1)))
    voided_by = Void.voided_at < written(shanghai_instant(until + timedelta(days=1)))
    since_then = select(Void.collection_id).where(voided_at, voided_by)
    voided = select(*_figures(*days)).where(Collection.id.in_(since_then), *here)
    still_open = select(func.min(BusinessDay.business_on)).where(BusinessDay.allocated_at.is_(None))
    first_open = select(still_open.scalar_subquery())  # SQLite then looks at one day alone
    refunds = (select(func.count()).where(*_refunded_in(written(a), written(b))) for a, b in periods)
    return Straight(in_one_row(select_mark(FIELD), first_open, taken, voided, *refunds))


def _figures(*of: ColumnElement[bool]) -> tuple[ColumnElement[int], ...]:
    """Return how many urban collections there are and how many in all, then what they come to."""
    urban, amount = Collection.setting == Setting.URBAN.value, Collection.amount_fen
    counted = func.count().filter(*of) if of else func.count()
    return func.count().filter(urban, *of), counted, _whole(amount, urban, *of), _whole(amount, *of)


def _refunded_in(since: ColumnElement[Any], until: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    of_kind = Correction.kind == written("REFUND")
    return of_kind, Correction.business_on >= since, Correction.business_on < until


@built_once
def _refunded(paths: tuple[str, ...] | None) -> Straight:
    """Return what refunds of a period come to, of urban collections, then of all."""
    amount = Correction.amount_fen
    summed = select(_urban(Collection.setting, amount), _whole(amount)).select_from(Correction)
    joined = summed.join(Collection, Collection.id == Correction.collection_id)
    return Straight(joined.where(*_refunded_in(_SINCE, _UNTIL), *_here(Collection.org_unit_id, paths)))


def taken_by_setting(paths: tuple[str, ...] | None, since: date, until: date) -> Mapping[str, Taken]:
    """Return what was taken from a day until a day (exclusive) below org paths (None: anywhere), by setting."""
    return taken_in_periods(paths, (since, until))[0]


def taken_in_periods(paths: tuple[str, ...] | None, *periods: tuple[date, date]) -> list[Mapping[str, Taken]]:
    """Return what ``taken_by_setting`` does for each of several periods; what they share is asked once."""
    connection = db.session.connection()
    # Nearly always today alone is open, so it is asked for together with what tells whether it is.
    first, until = today(), max(until for _since, until in periods)
    [(mark, first_open, *figures)] = _running(paths, first, until, periods).rows(connection, {})
    open_since = min(first_open or first, first)
    running, refunds = {(first, until): figures[:8]}, figures[8:]

    def taken(since: date, until: date, refunded: int) -> Mapping[str, Taken]:
        urban, whole = Taken(), Taken()
        given = {"since": since, "until": min(until, open_since)}
        if since < given["until"]:
            question = ("taken", paths, *given.values())
            [final] = remembered_under(mark, question, lambda: _final(paths).rows(connection, given))
            urban, whole = Taken(*map(int, final[:3])), Taken(*map(int, final[3:]))
        if until > open_since:
            days = (max(since, open_since), until)
            if days not in running:
                [(_mark, _first_open, *running[days])] = _running(paths, *days, ()).rows(connection, {})
            urban, whole = urban + _standing(*running[days][::2]), whole + _standing(*running[days][1::2])
        if refunded:
            # None is ever changed or taken away: while there are as many, they are the same.
            question = ("refunded", paths, since, until, refunded)
            asked = {"since": since, "until": until}
            [back] = remembered_under(mark, question, lambda: _refunded(paths).rows(connection, asked))
            urban, whole = urban + Taken(refunded_fen=back[0]), whole + Taken(refunded_fen=back[1])
        return {Setting.URBAN.value: urban, Setting.RURAL.value: whole - urban}

    return [taken(*period, refunded) for period, refunded in zip(periods, refunds, strict=True)]


def _standing(taken: int, taken_fen: Fen, voided: int, voided_fen: Fen) -> Taken:
    return Taken(taken - voided, taken_fen - voided_fen, voided)
