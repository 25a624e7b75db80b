"""What a period came to, by setting: final days from their sums, what may still change from the collections themselves.

From the night on a business day is final (``business_days.allocated_at``): nothing is collected or voided on it any
more, and the night adds it to ``collection_days`` in the same transaction. Every day before the first one the night has
not seen to is therefore read from its sums, and a home page does not walk a month of collections. A posting that ends
after midnight opens its day again by its own business day, so its day is then read from the collections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Select,
    bindparam,
    cast,
    func,
    literal,
    select,
    union_all,
)

from agentnet.collecting.models import Collection, CollectionDay, Correction, Void
from agentnet.core.clock import shanghai_instant, today
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.infra.db import UtcDateTime, db
from agentnet.infra.revisions import FIELD, remembered
from agentnet.infra.statements import built_once
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


_SINCE, _UNTIL = bindparam("since", type_=Date()), bindparam("until", type_=Date())
_FIRST_OPEN = Straight(select(func.min(BusinessDay.business_on)).where(BusinessDay.allocated_at.is_(None)))


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
def _running(paths: tuple[str, ...] | None) -> Straight:
    """Return two such rows to be added up: what was taken on days that may change, and less what of it was voided."""
    setting, amount, none = Collection.setting, Collection.amount_fen, literal(0, BigInteger)
    taken = select(_urban(setting, 1), _urban(setting, amount), none, func.count(), _whole(amount), none)
    voided = select(
        -_urban(setting, 1), -_urban(setting, amount), _urban(setting, 1), -func.count(), -_whole(amount), func.count()
    )
    days = (Collection.business_on >= _SINCE, Collection.business_on < _UNTIL)
    here = _here(Collection.org_unit_id, paths)
    # A collection is never voided before its day: the few voids since then are all there can be.
    since_then = select(Void.collection_id).where(Void.voided_at >= bindparam("since_at", type_=UtcDateTime()))
    return Straight(union_all(taken.where(*days, *here), voided.where(Collection.id.in_(since_then), *days, *here)))


@built_once
def _refunded(paths: tuple[str, ...] | None, periods: int) -> Straight:
    """Return a row of refunds carried out in each of so many periods: which, of urban collections, then of all."""
    amount = Correction.amount_fen
    return Straight(
        union_all(
            *(
                select(literal(which, BigInteger), _urban(Collection.setting, amount), _whole(amount))
                .select_from(Correction)
                .join(Collection, Collection.id == Correction.collection_id)
                .where(
                    Correction.kind == "REFUND",
                    Correction.business_on >= bindparam(f"since_{which}", type_=Date()),
                    Correction.business_on < bindparam(f"until_{which}", type_=Date()),
                    *_here(Collection.org_unit_id, paths),
                )
                for which in range(periods)
            )
        )
    )


def taken_by_setting(paths: tuple[str, ...] | None, since: date, until: date) -> Mapping[str, Taken]:
    """Return what was taken from a day until a day (exclusive) below org paths (None: anywhere), by setting."""
    return taken_in_periods(paths, (since, until))[0]


def taken_in_periods(paths: tuple[str, ...] | None, *periods: tuple[date, date]) -> list[Mapping[str, Taken]]:
    """Return what ``taken_by_setting`` does for each of several periods; what they share is asked once."""
    connection = db.session.connection()
    ((first_open,),) = _FIRST_OPEN.rows(connection, {})
    open_since = min(first_open or today(), today())
    asked: dict[str, date] = {}
    for which, (since, until) in enumerate(periods):
        asked |= {f"since_{which}": since, f"until_{which}": until}
    given_back = _refunded(paths, len(periods)).rows(connection, asked)
    refunds = {int(which): (int(urban), int(whole)) for which, urban, whole in given_back}
    return [
        _taken(connection, paths, since, until, open_since, refunds[which])
        for which, (since, until) in enumerate(periods)
    ]


def _taken(
    connection: Connection,
    paths: tuple[str, ...] | None,
    since: date,
    until: date,
    open_since: date,
    refunds: tuple[Fen, Fen],
) -> Mapping[str, Taken]:
    """Return a period's takings by setting; ``refunds`` is what was given back of urban collections, then of all."""
    parts: list[Sequence[int]] = []
    if since < (final_until := min(until, open_since)):
        given = {"since": since, "until": final_until}
        parts += remembered(
            FIELD,
            ("taken", paths, since, final_until),
            lambda: _final(paths).rows(connection, given),
        )
    if until > open_since:
        first = max(since, open_since)
        given_at = {"since": first, "until": until, "since_at": shanghai_instant(first)}
        parts += _running(paths).rows(connection, given_at)
    urban = whole = Taken()
    for part in parts:
        figures = [int(figure) for figure in part]
        urban += Taken(*figures[:3])
        whole += Taken(*figures[3:])
    urban += Taken(refunded_fen=refunds[0])
    whole += Taken(refunded_fen=refunds[1])
    rural = Taken(
        whole.count - urban.count,
        whole.total_fen - urban.total_fen,
        whole.voided - urban.voided,
        whole.refunded_fen - urban.refunded_fen,
    )
    return {Setting.URBAN.value: urban, Setting.RURAL.value: rural}
