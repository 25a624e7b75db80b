"""Long lists by cursor: page 1,000 costs what page 1 costs, and a row added meanwhile shifts nothing.

A list names the columns it may be sorted by and one unique column that breaks ties. The address carries
``sort=paid_at`` (``sort=-paid_at`` downwards) and an opaque ``cursor``: the sort values of the row at the edge of the
page, and the direction to go. Junk in either is a first page in the usual order, never an error. Rows without a value
come last in both directions, on SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Label,
    Select,
    String,
    and_,
    literal,
    literal_column,
    or_,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import InstrumentedAttribute, Session

from agentnet.core.clock import YEARS
from agentnet.infra.columnar import Shaped, as_columns
from agentnet.infra.straight import Straight

T = TypeVar("T")
Value = str | int | date | datetime | UUID | None

PAGE_SIZE = 50
_LONGEST_CURSOR = 2_000
_BIGINT = 2**63


@dataclass(frozen=True, slots=True)
class SortBy:
    """A column a list may be sorted by; ``kind`` is what its values are in Python."""

    column: InstrumentedAttribute[Any] | ColumnElement[Any]
    kind: type[str] | type[int] | type[date] | type[datetime] | type[UUID] = str
    nullable: bool = False
    within: InstrumentedAttribute[Any] | None = None
    """A column that is empty in every row of the list. Sorted by before all else it changes nothing, but an index that
    begins with it serves the order: PostgreSQL sees that of a column that equals something, not of an empty one."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """What rows in memory may be sorted by: a name that all of them have, and never None; ``kind`` as in ``SortBy``."""

    name: str
    kind: type[str] | type[int] | type[datetime] = str


@dataclass(frozen=True, slots=True)
class Sorting:
    """What a page is sorted by: a name from the list's own table of columns, and the direction."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and the cursors of its neighbours (None at an end)."""

    items: Sequence[T]
    sorting: Sorting
    next_cursor: str | None = None
    previous_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class _Edge:
    """The row a page begins after: its sort value, its tiebreaker, and whether to walk back from it."""

    value: Value
    key: Value
    backwards: bool


def page_of(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    arguments: Mapping[str, str],
    *,
    columns: Mapping[str, SortBy],
    default: str,
    key: SortBy,
    size: int = PAGE_SIZE,
    given: Mapping[str, Any] | None = None,
) -> Page[Any]:
    """Return one page of a select, as the address asks.

    ``arguments`` is the request's query string; ``columns`` is the whitelist by public name; ``default`` is one of
    them, with ``-`` before it for downwards; ``key`` is a column that is unique and never null. Rows of a select with
    one entity are that entity, others are rows with a name for each thing selected. Entities are read as their columns:
    each is a tuple that has the names of the entity's columns and its properties, but no relations, and changing the
    database with it is out of the question. The select must not be ordered, grouped or limited itself; a list that is
    asked for often builds it once (``infra.statements``), with ``given`` for the parameters it names.
    """
    sorting = sorting_from(arguments.get("sort"), columns, default)
    by = columns[sorting.name]
    edge = _read_cursor(arguments.get("cursor"), sorting, by.kind, key.kind, by.nullable)
    rows, asked = _fetch(session, statement, by, key, sorting.descending, edge, size + 1, given)
    if edge is not None and edge.backwards and len(rows) <= size:
        edge = None  # walked back to the beginning: show it as a full first page
        rows, asked = _fetch(session, statement, by, key, sorting.descending, None, size + 1, given)
    more = len(rows) > size
    rows = rows[:size]
    backwards = edge is not None and edge.backwards
    if backwards:
        rows.reverse()

    def cursor(row: Sequence[Any], back: bool) -> str:
        return _write_cursor(sorting, back, _plain(row[asked.value_at], by.kind), _plain(row[asked.key_at], key.kind))

    return Page(
        items=[asked.shaped(row) for row in rows],
        sorting=sorting,
        next_cursor=cursor(rows[-1], False) if rows and (more or backwards) else None,
        previous_cursor=cursor(rows[0], True) if rows and edge is not None else None,
    )


def page_of_rows(
    rows: Sequence[T],
    arguments: Mapping[str, str],
    *,
    columns: Mapping[str, InMemory],
    default: str,
    key: InMemory,
    size: int = PAGE_SIZE,
) -> Page[T]:
    """Return one page of rows in memory, as the address asks: what ``page_of`` does with rows of a select."""
    sorting = sorting_from(arguments.get("sort"), columns, default)
    by = columns[sorting.name]
    edge = _read_cursor(arguments.get("cursor"), sorting, by.kind, key.kind, False)
    place = attrgetter(by.name, key.name)
    ordered = sorted(rows, key=place, reverse=sorting.descending)
    start = 0 if edge is None else _start(list(map(place, ordered)), sorting.descending, edge, size)
    shown = ordered[start : start + size]

    def cursor(row: T, back: bool) -> str:
        value, its_key = place(row)
        return _write_cursor(sorting, back, _plain(value, by.kind), _plain(its_key, key.kind))

    return Page(
        items=shown,
        sorting=sorting,
        next_cursor=cursor(shown[-1], False) if shown and start + size < len(ordered) else None,
        previous_cursor=cursor(shown[0], True) if shown and start else None,
    )


def _start(places: Sequence[tuple[Any, Any]], down: bool, edge: _Edge, size: int) -> int:
    """Return where the page begins: behind the edge, whose row may be gone, or a page before it."""
    at = (edge.value, edge.key)
    ahead = sum(1 for place in places if (place > at if down else place < at))
    return max(ahead - size, 0) if edge.backwards else ahead + (at in places)


def sorting_from(text: str | None, columns: Collection[str], default: str) -> Sorting:
    """Return the sorting the address asks for if the list knows it, else the list's usual one."""
    for candidate in (text or "", default):
        name = candidate.removeprefix("-")
        if name in columns:
            return Sorting(name, candidate.startswith("-"))
    raise ValueError(f"the default sort {default!r} is not among the list's columns")


def _fetch(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    by: SortBy,
    key: SortBy,
    descending: bool,
    edge: _Edge | None,
    limit: int,
    given: Mapping[str, Any] | None,
) -> tuple[list[Any], _Ordered]:
    down = descending != (edge is not None and edge.backwards)
    empty_first = edge is not None and edge.backwards
    if edge is not None:
        statement = statement.where(_beyond(by, key, down, edge))
    ordered = _ordered(statement, by, key, down, empty_first, limit)
    return ordered.rows(session.connection(), given or {}), ordered


class _Ordered:
    """The select of a page, of columns alone, what makes of its rows what was selected, and where what they are sorted
    by and its tiebreaker stand in them."""

    def __init__(self, selected: Select[*tuple[Any, ...]], shaped: Shaped, value_at: int, key_at: int) -> None:
        self.shaped, self.value_at, self.key_at = shaped, value_at, key_at
        self._selected, self._straight = selected, Straight(selected)
        self._is_asked_again = False

    def rows(self, connection: Connection, given: Mapping[str, Any]) -> list[Any]:
        """Return what the select finds.

        Rows of columns need nothing of what the session does to build and remember objects. A list that is built once
        goes straight to the driver from the second time on; of one built anew each time SQLAlchemy knows the text.
        """
        if self._is_asked_again:
            return self._straight.rows(connection, given)
        self._is_asked_again = True
        return list(connection.execute(self._selected, given).all())


@lru_cache(maxsize=256)
def _ordered(
    statement: Select[*tuple[Any, ...]], by: SortBy, key: SortBy, down: bool, empty_first: bool, limit: int
) -> _Ordered:
    """Return the select of a page; it is kept for lists that build theirs once."""
    sorts = [by.column] if key.column is by.column else [by.column, key.column]
    if by.within is not None:
        sorts.insert(0, by.within)
    order = [column.desc() if down else column.asc() for column in sorts]
    if by.nullable:
        without_value = by.column.is_(None)
        order.insert(0, without_value.desc() if empty_first else without_value.asc())
    selected, shaped = as_columns(statement)
    selected, value_at = _with(selected, by, "sort_value")
    selected, key_at = _with(selected, key, "sort_key")
    # Written out: PostgreSQL plans what is asked for often without its parameters, and this one decides the plan.
    return _Ordered(selected.order_by(*order).limit(literal_column(str(limit))), shaped, value_at, key_at)


def _with(selected: Select[*tuple[Any, ...]], by: SortBy, name: str) -> tuple[Select[*tuple[Any, ...]], int]:
    """Return a select that has the column to sort by, and where: behind the others, unless it is one of them."""
    sought, there = by.column.expression, list(selected.selected_columns)
    for at, column in enumerate(there):
        if _is_same(column.element if isinstance(column, Label) else column, sought):
            return selected, at
    return selected.add_columns(_as_stored(by).label(name)), len(there)


def _is_same(shown: Any, sought: Any) -> bool:
    """Whether both are one column of one table or alias; nameless aliases are alike in all but being the same."""
    table = getattr(sought, "table", None)
    return table is not None and getattr(shown, "table", None) is table and shown.key == sought.key


def _as_stored(by: SortBy) -> ColumnElement[Any]:
    """Return the column to sort by as the driver reads it: of a page's rows only those at its ends are looked at."""
    if by.kind is UUID:
        return sql_cast(by.column, String)
    if by.kind is datetime:
        return type_coerce(by.column, String)
    return cast("ColumnElement[Any]", by.column)


def _bound(value: Value, kind: type) -> Any:
    """Return a value of a cursor as it is handed over: a number may be larger than any a count can reach."""
    return literal(value, BigInteger) if kind is int else value


def _beyond(by: SortBy, key: SortBy, down: bool, edge: _Edge) -> ColumnElement[bool]:
    """Return the condition for rows past the edge; written so that an index on (column, key) serves it."""
    key_value, value = _bound(edge.key, key.kind), _bound(edge.value, by.kind)
    past_key = key.column < key_value if down else key.column > key_value
    if edge.value is None:
        among_empty = and_(by.column.is_(None), past_key)
        return or_(by.column.is_not(None), among_empty) if edge.backwards else among_empty
    reached = by.column <= value if down else by.column >= value
    past = by.column < value if down else by.column > value
    beyond = and_(reached, or_(past, past_key))
    return or_(by.column.is_(None), beyond) if by.nullable and not edge.backwards else beyond


def _write_cursor(sorting: Sorting, back: bool, value: str | int | None, key: str | int | None) -> str:
    """Return the cursor of a row by its sort value and tiebreaker, as JSON holds them."""
    text = json.dumps([str(sorting), int(back), value, key], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Value, kind: type) -> str | int | None:
    if kind is datetime and value is not None:  # as the driver read it: text from SQLite, of some zone from PostgreSQL
        read = datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else cast(datetime, value)
        return read.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value


def _read_cursor(text: str | None, sorting: Sorting, kind: type, key_kind: type, nullable: bool) -> _Edge | None:
    """Return the edge a cursor names, or None if it is not one this list wrote for this sorting."""
    if not text or len(text) > _LONGEST_CURSOR:
        return None
    try:
        parts = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        written_for, backwards, value, key_value = parts
        if written_for != str(sorting) or backwards not in (0, 1) or (value is None and not nullable):
            return None
        return _Edge(None if value is None else _typed(value, kind), _typed(key_value, key_kind), bool(backwards))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        return None


def _typed(value: object, kind: type) -> Value:
    """Return a decoded value as the column's kind, or raise ValueError for anything a database could choke on."""
    if kind is int and type(value) is int and -_BIGINT <= value < _BIGINT:
        return value
    if not isinstance(value, str) or kind is int:
        raise ValueError("not a value this list wrote")
    if kind is str:
        if "\0" in value:
            raise ValueError("no column holds this")
        value.encode()  # a lone surrogate is no text
        return value
    if kind is UUID:
        return UUID(value)
    moment: date = datetime.fromisoformat(value) if kind is datetime else date.fromisoformat(value)
    if moment.year not in YEARS or (isinstance(moment, datetime) and moment.tzinfo is None):
        raise ValueError("outside the years of this network")
    return moment


def chosen(arguments: Mapping[str, str], name: str, allowed: Mapping[str, T], otherwise: T) -> T:
    """Return what a filter in the address stands for, or ``otherwise`` if it is absent or unknown."""
    return allowed.get(arguments.get(name, ""), otherwise)


def typed_text(arguments: Mapping[str, str], name: str, longest: int = 100) -> str:
    """Return the words typed into a filter, trimmed, cut and free of characters no column holds."""
    words = arguments.get(name, "").strip()[:longest]
    return "".join(character for character in words if character.isprintable())


def typed_day(arguments: Mapping[str, str], name: str) -> date | None:
    """Return the day typed into a filter, or None if it is no day of the years this network knows."""
    try:
        day = date.fromisoformat(arguments.get(name, ""))
    except ValueError:
        return None
    return day if day.year in YEARS else None
