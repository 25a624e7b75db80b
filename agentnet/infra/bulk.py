"""Many rows at once, the quickest way each database has: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Table, any_, column, insert, literal, table

from agentnet.infra.db import db


def insert_many(target: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of plain values (text, whole numbers, booleans, degrees, days) in the open transaction.

    Values go past SQLAlchemy's column types, so instants and JSON do not belong here. Defaults of the model are not
    filled in: give every column that has no default in the database.
    """
    connection = db.session.connection()
    driver = connection.connection.driver_connection
    assert driver is not None
    if connection.dialect.name == "postgresql":
        listed = ", ".join(f'"{target.c[name].name}"' for name in columns)
        with driver.cursor() as cursor, cursor.copy(f'COPY "{target.name}" ({listed}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    bare = table(target.name, *(column(target.c[name].name) for name in columns))  # no Python-side defaults
    driver.executemany(str(insert(bare).compile(dialect=connection.dialect)), rows)


def among(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of many values.

    PostgreSQL takes them as one array, which it plans and sends far quicker than thousands of parameters.
    """
    if db.session.connection().dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(list(values))
