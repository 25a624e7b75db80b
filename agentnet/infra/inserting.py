"""Insert rows of any types past SQLAlchemy's machinery for one statement, for the paths where every collection goes.

The statement and the conversion of each column are worked out once for a table, its columns and a dialect; after that
a row costs its conversions and the driver's own work. Measured on batches of 300 collections the inserts took half
the time. Model defaults are not filled in: give every column that has none in the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from agentnet.infra.straight import Convert, run


@lru_cache(maxsize=64)
def _prepared(
    target: Table, columns: tuple[str, ...], make: Any, unless_there: bool = False
) -> tuple[str, tuple[Convert, ...]]:
    """Return the statement with positional parameters and what turns each column's values into the driver's.

    ``make`` is the class of the connection's dialect.
    """
    on_sqlite = make.name == "sqlite"
    dialect = make(paramstyle="qmark" if on_sqlite else "format")
    statement = sqlite.insert(target) if on_sqlite else postgresql.insert(target)
    if unless_there:
        statement = statement.on_conflict_do_nothing()
    bare = statement.compile(dialect=dialect, column_keys=list(columns))
    order = tuple(bare.positiontup or ())
    if order != columns:
        raise ValueError(f"{target.name}: give the columns in the table's order: {', '.join(order)}")
    converts = (target.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns)
    return str(bare), tuple(converts)


def _converted(values: Sequence[Any], convert: Callable[[Any], Any]) -> Iterable[Any]:
    """Return a column's values as the driver takes them; one that is the same in every row is converted once."""
    first = values[0]
    if values[-1] is first and all(value is first for value in values):
        return repeat(convert(first), len(values))
    return map(convert, values)


def insert_typed(
    connection: Connection, target: Table, rows: Sequence[Mapping[str, Any]], *, unless_there: bool = False
) -> int:
    """Insert rows that all have the same columns, in the table's order; return how many were inserted.

    ``unless_there`` leaves rows alone which another process inserted meanwhile, by any unique key.
    """
    if not rows:
        return 0
    columns = tuple(rows[0])
    statement, converts = _prepared(target, columns, cast(Any, type(connection.dialect)), unless_there)
    if len(rows) == 1:
        (row,) = rows
        only = [
            value if convert is None else convert(value) for value, convert in zip(row.values(), converts, strict=True)
        ]
        return run(connection, statement, tuple(only), fetch=False)[1]
    return _insert(connection, statement, converts, zip(*(row.values() for row in rows), strict=True))


def insert_columns(connection: Connection, target: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows given column by column, in the table's order: a month's close writes hundreds of thousands.

    Values are text, whole numbers or nothing, as the database keeps them: a UUID is its text, an instant does not
    belong here. PostgreSQL copies them.
    """
    if not next(iter(columns.values()), ()):
        return
    if connection.dialect.name == "postgresql":
        listed = ", ".join(f'"{name}"' for name in columns)
        driver = cast(Any, connection.connection.driver_connection)
        block = "\n".join(map("\t".join, zip(*map(_copied, columns.values()), strict=True)))
        with driver.cursor() as cursor, cursor.copy(f'COPY "{target.name}" ({listed}) FROM STDIN') as copy:
            copy.write(block + "\n")
        return
    statement, _converts = _prepared(target, tuple(columns), cast(Any, type(connection.dialect)))
    run(connection, statement, zip(*columns.values(), strict=True), fetch=False, many=True)


_ODD = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copied(values: Sequence[Any]) -> Iterable[str]:
    """Return a column's values as the text format of COPY spells them (postgresql.org, COPY, File Formats)."""
    first = values[0]
    if values[-1] is first and all(value is first for value in values):
        return repeat(_spelled(first), len(values))
    odd = _ODD.search("".join([value for value in values if type(value) is str])) is not None
    return [str(value) if type(value) is int else _spelled(value, odd) for value in values]


def _spelled(value: Any, odd: bool = True) -> str:
    if value is None:
        return "\\N"
    if type(value) is str:
        return value.translate(_ESCAPES) if odd else value
    return str(value)


def _insert(
    connection: Connection, statement: str, converts: Sequence[Convert], by_column: Iterable[Sequence[Any]]
) -> int:
    converted = (
        values if convert is None else _converted(values, convert)
        for values, convert in zip(by_column, converts, strict=True)
    )
    return run(connection, statement, list(zip(*converted, strict=True)), fetch=False, many=True)[1]
