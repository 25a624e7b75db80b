"""Many rows at once, the quickest way each database has: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Executable,
    Table,
    any_,
    bindparam,
    column,
    insert,
    literal,
    select,
    table,
    text,
    update,
)

from agentnet.infra.connections import driver_of, read_in_transaction
from agentnet.infra.db import db

ROWS_A_STATEMENT = 4_000

Asked = TypeVar("Asked", bound=Executable)


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


def in_pieces(statement: Asked, rows: int = ROWS_A_STATEMENT) -> Asked:
    """Return a statement of which so many rows are fetched at a time, however many it finds.

    On PostgreSQL a cursor lives in a transaction; a page that has none is given one.
    """
    if db.engine.dialect.name == "postgresql" and driver_of(db.session()).autocommit:
        read_in_transaction(db.session())
    return statement.execution_options(yield_per=rows)


def update_many(
    target: Table, key: str, changes: Iterable[tuple[Any, Mapping[str, Any]]], raising: str | None = None
) -> None:
    """Change rows by their key, each its own columns, in few statements; ``raising`` names a column to add one to."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for value, change in changes:
        by_columns.setdefault(tuple(sorted(change)), []).append(
            {"of_row": value} | {f"to_{name}": change[name] for name in change}
        )
    for names, rows in by_columns.items():
        values: dict[str, Any] = {name: bindparam(f"to_{name}") for name in names}
        if raising:
            values[raising] = target.c[raising] + 1
        statement = update(target).where(target.c[key] == bindparam("of_row")).values(values)
        for start in range(0, len(rows), ROWS_A_STATEMENT):
            db.session.connection().execute(statement, rows[start : start + ROWS_A_STATEMENT])


def insert_rows(target: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of any types, all with the same columns, in few statements."""
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        db.session.connection().execute(insert(target), list(rows[start : start + ROWS_A_STATEMENT]))


def rows_with(target: Table, key: str, values: Collection[Any], *columns: str) -> dict[Any, Any]:
    """Return the rows whose key is among the values, by key, with the named columns (all unless named)."""
    wanted = sorted(set(values))
    chosen = [target.c[name] for name in columns] if columns else list(target.c)
    found: dict[Any, Any] = {}
    for start in range(0, len(wanted), ROWS_A_STATEMENT):
        piece = wanted[start : start + ROWS_A_STATEMENT]
        rows = db.session.execute(select(target.c[key].label("key_of_row"), *chosen).where(among(target.c[key], piece)))
        found |= {row.key_of_row: row for row in rows}
    return found


def lock_tables(*targets: Table) -> None:
    """Keep other writers out of the tables until the transaction ends; readers go on. SQLite has one writer anyway."""
    if targets and db.session.connection().dialect.name == "postgresql":
        listed = ", ".join(f'"{target.name}"' for target in targets)
        db.session.execute(text(f"LOCK TABLE {listed} IN SHARE ROW EXCLUSIVE MODE"))


def all_rows_with(target: Table, key: str, values: Collection[Any]) -> list[Any]:
    """Return every row whose column has one of the values; a value may have many rows."""
    wanted = sorted(set(values))
    found: list[Any] = []
    for start in range(0, len(wanted), ROWS_A_STATEMENT):
        piece = wanted[start : start + ROWS_A_STATEMENT]
        found += db.session.execute(select(target).where(among(target.c[key], piece))).all()
    return found
