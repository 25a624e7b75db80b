"""Execute a statement straight at the driver, for the paths where every collection, deposit and night goes.

SQLAlchemy compiles a statement once, but works out its lists, its parameters and a result object each time it is
executed: six times what SQLite needs to find a row. A ``Straight`` statement works the text and the conversions out
once for a dialect and the lengths of its lists; after that an execution costs the conversions and the driver's own
work. Whoever listens to an engine's statements still sees every one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from agentnet.infra.db import db

Convert = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Text:
    """The driver's text and where its values come from.

    The values lie in one row: the parameters in their order, lists laid out in place, then the fixed ones.
    """

    sql: str
    places: tuple[tuple[int, Convert], ...]
    """For each place of the text, which value goes there and how it is converted."""
    fixed: tuple[Any, ...]
    fetches: bool
    results: tuple[tuple[int, Callable[[Any], Any]], ...]
    """Which columns of a row are converted, and how; all others are the driver's own."""
    numbered: str | None
    """On PostgreSQL the same text as its server reads it, ``$1`` and not ``%s``: the driver need not look into it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the driver answered: the rows of a select or of RETURNING, and how many rows were changed."""

    rows: list[tuple[Any, ...]]
    rowcount: int


def _padded(values: list[Any]) -> list[Any]:
    """Return a list lengthened to a power of two by its last value, so that few lengths are ever compiled."""
    wanted = 1 << (len(values) - 1).bit_length()
    return values if wanted == len(values) else [*values, *[values[-1]] * (wanted - len(values))]


class Straight:
    """A select, or a change with or without RETURNING, whose lists are ``bindparam(..., expanding=True)``.

    An empty list finds nothing: the statement is then not executed.
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._texts: dict[tuple[Any, ...], _Text] = {}

    def execute(self, connection: Connection, parameters: Mapping[str, Any]) -> Answer:
        """Execute with these parameters, lists among them as such; every row is fetched.

        Raises:
            DBAPIError: as SQLAlchemy would raise it.
        """
        make = type(connection.dialect)
        lengths: list[int] = []
        values: list[Any] = []
        for value in parameters.values():
            if type(value) is list:
                if not value:
                    return Answer([], 0)
                padded = value if len(value) == 1 else _padded(value)
                lengths.append(len(padded))
                values += padded
            else:
                values.append(value)
        key = (make, tuple(parameters), tuple(lengths))
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._worked_out(cast(Any, make), parameters)
        values += text.fixed
        sent = tuple([values[at] if convert is None else convert(values[at]) for at, convert in text.places])
        rows, rowcount = run(connection, text.sql, sent, fetch=text.fetches, numbered=text.numbered)
        if text.results:
            rows = [_converted(row, text.results) for row in rows]
        return Answer(rows, rowcount)

    def rows(self, connection: Connection, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows the statement finds or returns."""
        return self.execute(connection, parameters).rows

    def execute_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute a change without lists once for each of these parameters, all named in the same order.

        Raises:
            DBAPIError: as SQLAlchemy would raise it.
        """
        if not rows:
            return
        make = type(connection.dialect)
        key = (make, tuple(rows[0]), ())
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._worked_out(cast(Any, make), rows[0])
        sent = [
            tuple([values[at] if convert is None else convert(values[at]) for at, convert in text.places])
            for values in ((*row.values(), *text.fixed) for row in rows)
        ]
        many = len(sent) > 1
        run(connection, text.sql, sent if many else sent[0], fetch=False, many=many, numbered=text.numbered)

    def _worked_out(self, make: Any, parameters: Mapping[str, Any]) -> _Text:
        dialect = make(paramstyle="qmark" if make.name == "sqlite" else "format")
        compiled: SQLCompiler = self._statement.compile(dialect=dialect)
        padded = {name: _padded(value) if type(value) is list else value for name, value in parameters.items()}
        state = compiled.construct_expanded_state(padded)
        laid_out: list[str] = []
        for name in parameters:
            laid_out += state.parameter_expansion.get(name, [name])
        where = {name: at for at, name in enumerate(laid_out)}
        own = {bind.key for bind in compiled.binds.values()} - parameters.keys()
        fixed: list[Any] = []
        for bind, name in compiled.bind_names.items():
            if bind.key not in own:
                continue
            several = state.parameter_expansion.get(name)
            for each, value in (
                zip(several, bind.effective_value or (), strict=True) if several else ((name, bind.value),)
            ):
                where[each] = len(laid_out) + len(fixed)
                fixed.append(value)
        converts: dict[str, Convert] = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for bind, name in compiled.bind_names.items()
        }
        converts |= cast(dict[str, Convert], state.processors)  # the names that lists were laid out in
        places = tuple((where[each], converts.get(each)) for each in state.positiontup or ())
        columns = getattr(self._statement, "exported_columns", ())
        results = tuple(_reading(column.type, dialect) for column in columns)
        converted = tuple((at, convert) for at, convert in enumerate(results) if convert is not None)
        numbered = None if dialect.name == "sqlite" else _numbered(state.statement)
        return _Text(state.statement, places, tuple(fixed), bool(results), converted, numbered)


def _numbered(sql: str) -> str:
    """Return the text with its places numbered in their order."""
    count = itertools.count(1)
    return re.sub("%[%s]", lambda found: "%" if found[0] == "%%" else f"${next(count)}", sql)


def _reading(kind: Any, dialect: Any) -> Convert:
    """Return what makes a value of what the driver hands over; None if it is one already.

    For coordinates SQLAlchemy asks which type the server told with the rows; psycopg read them by it already.
    """
    if dialect.name == "postgresql" and hasattr(kind, "asdecimal"):
        return None if kind.asdecimal else _as_float
    return cast(Convert, kind.dialect_impl(dialect).result_processor(dialect, None))


def _as_float(value: Any) -> float | None:
    return None if value is None else float(value)


def straight_rows(statement: Straight, **given: Any) -> list[tuple[Any, ...]]:
    """Return what a statement finds in the session's transaction, what was changed in it so far included."""
    session = db.session()
    session.flush()  # as any question to the session would
    return statement.rows(session.connection(), given)


def _converted(row: Sequence[Any], converts: Sequence[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    values = list(row)
    for at, convert in converts:
        values[at] = convert(values[at])
    return tuple(values)


def run(
    connection: Connection,
    sql: str,
    parameters: Any,
    *,
    fetch: bool,
    many: bool = False,
    numbered: str | None = None,
) -> tuple[list[tuple[Any, ...]], int]:
    """Execute the driver's text on the connection's own cursor; return the rows if asked for and the count changed.

    On PostgreSQL a text with its places ``numbered`` goes to the server as it is. Of the other the driver works out
    where its parameters stand, for each execution where they are many.

    Raises:
        DBAPIError: as SQLAlchemy would raise it.
    """
    if connection.engine.dispatch.before_cursor_execute:
        result = connection.exec_driver_sql(sql, list(parameters) if many else parameters)
        return ([tuple(row) for row in result] if fetch else []), result.rowcount
    cursor: Any
    if numbered is None:
        cursor = connection.connection.cursor()
    else:
        sql, cursor = numbered, cast(Any, connection.dialect.dbapi).RawCursor(connection.connection.dbapi_connection)
    try:
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)
        return (list(cursor.fetchall()) if fetch else []), cursor.rowcount
    except Exception as error:
        base = cast(Any, connection.dialect.dbapi).Error
        if not isinstance(error, base):
            raise
        raise DBAPIError.instance(sql, parameters, error, base, dialect=connection.dialect) from error
    finally:
        cursor.close()
