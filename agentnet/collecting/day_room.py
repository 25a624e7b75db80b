"""A business day's receipt serials and the room left under its daily limit, taken together by one guarded statement.

The day is taken before the money moves: whoever holds an outlet's day holds it first and its balance second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from agentnet.collecting.lookups import days
from agentnet.collecting.rows import Judged
from agentnet.collecting.rules import over_daily_limit
from agentnet.core.errors import Conflict, Refusal
from agentnet.core.money import Fen
from agentnet.infra.straight import Straight


@dataclass(frozen=True, slots=True)
class TakenDays:
    """What of a batch its days have room for, why not for the others, and each outlet's first receipt serial."""

    fitting: Sequence[Judged]
    refused: Sequence[tuple[Judged, Refusal]]
    first_serials: Mapping[int, int]


def _taking(dialect_insert: Any) -> Any:
    statement = dialect_insert(days)
    new = statement.excluded
    taken = days.c.taken_fen + new.taken_fen
    unlocked = days.c.closed_at.is_(None) & days.c.remitted_at.is_(None) & days.c.allocated_at.is_(None)
    return statement.on_conflict_do_update(
        index_elements=[days.c.outlet_id, days.c.business_on],
        set_={
            "receipt_serial": days.c.receipt_serial + new.receipt_serial,
            "taken_fen": taken,
            "daily_limit_fen": new.daily_limit_fen,
        },
        where=unlocked & or_(new.daily_limit_fen.is_(None), taken <= new.daily_limit_fen),
    ).returning(days.c.outlet_id, days.c.receipt_serial)


_ONE = {
    name: bindparam(name, type_=days.c[name].type)
    for name in ("outlet_id", "business_on", "receipt_serial", "taken_fen", "daily_limit_fen")
}
_TAKE = {"sqlite": _taking(sqlite.insert), "postgresql": _taking(postgresql.insert)}
_TAKE_ONE = {name: Straight(statement.values(_ONE)) for name, statement in _TAKE.items()}
_OF_DAY = (days.c.outlet_id == bindparam("of_outlet"), days.c.business_on == bindparam("of_day"))
_GIVE_BACK = (
    update(days)
    .where(*_OF_DAY)
    .values(
        receipt_serial=days.c.receipt_serial - bindparam("count"),
        taken_fen=days.c.taken_fen - bindparam("amount_fen"),
    )
)
_FORGET = delete(days).where(
    *_OF_DAY,
    days.c.receipt_serial == 0,
    days.c.closed_at.is_(None),
    days.c.remitted_at.is_(None),
    days.c.allocated_at.is_(None),
)
_LOCKED = select(
    or_(days.c.closed_at.is_not(None), days.c.remitted_at.is_not(None), days.c.allocated_at.is_not(None))
).where(*_OF_DAY)


def _row(ones: Sequence[Judged]) -> dict[str, Any]:
    terms = ones[0].terms
    return {
        "outlet_id": terms.outlet_id,
        "business_on": terms.business_on,
        "receipt_serial": len(ones),
        "taken_fen": _sum(ones),
        "daily_limit_fen": terms.daily_limit_fen,
    }


def _sum(ones: Iterable[Judged]) -> Fen:
    return sum(one.item.amount_fen for one in ones)


def _take(connection: Connection, batches: Sequence[Sequence[Judged]]) -> dict[int, int]:
    """Take what each outlet's batch needs, or nothing of it; return the last serial of those that got it."""
    if not batches:
        return {}
    dialect = connection.dialect.name
    if len(batches) == 1:
        taken = _TAKE_ONE[dialect].rows(connection, _row(batches[0]))
    else:
        rows = connection.execute(_TAKE[dialect], [_row(ones) for ones in batches])
        taken = [(outlet_id, serial) for outlet_id, serial in rows]
    return {outlet_id: int(serial) for outlet_id, serial in taken}


def take_days(connection: Connection, judged: Sequence[Judged]) -> TakenDays:
    """Take serials and room of its open day for each outlet of a batch, as one sum or, if that is too much, singly.

    Raises:
        Conflict: ``day_locked`` if an outlet's day was closed since it was looked up.
    """
    by_outlet: dict[int, list[Judged]] = {}
    for one in judged:
        by_outlet.setdefault(one.terms.outlet_id, []).append(one)
    # A day that is not there yet is opened by the statement without a look at its limit.
    whole = [ones for _, ones in sorted(by_outlet.items()) if not _too_much(ones)]
    first = {id_: last - len(by_outlet[id_]) + 1 for id_, last in _take(connection, whole).items()}
    refused: dict[Any, Refusal] = {}
    for outlet_id in sorted(by_outlet.keys() - first.keys()):
        for one in by_outlet[outlet_id]:
            serial = {} if _too_much([one]) else _take(connection, [[one]])
            if serial:
                first.setdefault(outlet_id, serial[outlet_id])
            else:
                refused[one.item.id] = _why_not(connection, one)
    fitting = [one for one in judged if one.item.id not in refused] if refused else judged
    return TakenDays(fitting, [(one, refused[one.item.id]) for one in judged if one.item.id in refused], first)


def _too_much(ones: Sequence[Judged]) -> bool:
    limit = ones[0].terms.daily_limit_fen
    return limit is not None and _sum(ones) > limit


def _why_not(connection: Connection, one: Judged) -> Refusal:
    """Return why a day had no room.

    Raises:
        Conflict: ``day_locked``.
    """
    named = {"of_outlet": one.terms.outlet_id, "of_day": one.terms.business_on}
    if connection.scalar(_LOCKED, named):
        raise Conflict("day_locked", "这个网点刚刚日结，请再收一次：会记入下一个营业日")
    return over_daily_limit(one.terms.daily_limit_fen or 0)


def give_back(connection: Connection, ones: Iterable[Judged]) -> None:
    """Give back the serials and the room of collections whose money found no room; they were the day's last."""
    by_day: dict[tuple[int, date], list[Judged]] = {}
    for one in ones:
        by_day.setdefault((one.terms.outlet_id, one.terms.business_on), []).append(one)
    for (outlet_id, day), of_day in sorted(by_day.items()):
        named = {"of_outlet": outlet_id, "of_day": day}
        connection.execute(_GIVE_BACK, {**named, "count": len(of_day), "amount_fen": _sum(of_day)})
        connection.execute(_FORGET, named)  # a day opened for nothing leaves nothing


def give_back_amount(connection: Connection, outlet_id: int, day: date, amount_fen: Fen) -> None:
    """Give a voided collection's amount back to the room of its day; its receipt number stays used."""
    connection.execute(_GIVE_BACK, {"of_outlet": outlet_id, "of_day": day, "count": 0, "amount_fen": amount_fen})
