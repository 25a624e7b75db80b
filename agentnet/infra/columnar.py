"""Entities read as their columns: a page only shows them, and building objects costs more than reading the rows.

What stands for an entity is a tuple that has the names of its columns and its properties, but no relations; nothing in
the database can be changed with it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, inspect
from sqlalchemy.orm import Mapper

from agentnet.infra.db import db
from agentnet.infra.straight import Straight

Shaped = Callable[[Any], Any]


def as_columns(statement: Select[*tuple[Any, ...]]) -> tuple[Select[*tuple[Any, ...]], Shaped]:
    """Return a select with columns in place of its entities, and what puts together what it selects from a row of it.

    A row may have further columns behind.
    """
    told = statement.column_descriptions
    entities = [one["entity"] if one["expr"] is one.get("entity") else None for one in told]
    if not any(entities):
        return statement, _first if len(told) == 1 else _named(tuple(statement.exported_columns.keys()))
    columns: list[Any] = []
    parts: list[tuple[slice, Callable[[Any], Any]]] = []
    for entity, expression in zip(entities, told, strict=True):
        begins = len(columns)
        if entity is None:
            columns.append(expression["expr"])
            parts.append((slice(begins, begins + 1), _first))
        else:
            shown, key = _shown(expression["type"])
            columns += [getattr(expression["expr"], name) for name in shown._fields]
            parts.append((slice(begins, len(columns)), _maker(shown, key)))
    flat = statement.with_only_columns(*columns)
    if len(told) == 1:
        [(whole, make)] = parts
        return flat, lambda row: make(row[whole])
    Shown: Any = namedtuple("Shown", [one["name"] for one in told])  # type: ignore[misc]  # noqa: N806
    return flat, lambda row: Shown._make([make(row[part]) for part, make in parts])


def _first(values: Any) -> Any:
    return values[0]


@lru_cache(maxsize=512)
def _named(names: tuple[str, ...]) -> Shaped:
    """Return what names the columns of a row: a tuple with names is read faster than SQLAlchemy's row."""
    named: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    count = len(names)
    return lambda row: named._make(row[:count])


def _maker(shown: Any, key: int) -> Callable[[Any], Any]:
    """Return what makes an entity of its columns; one that was joined in vain is None."""
    return lambda values: None if values[key] is None else shown._make(values)


@lru_cache(maxsize=256)
def _shown(model: type) -> tuple[Any, int]:
    """Return a class of tuples with the names of a model's columns and its properties, and where its key stands."""
    mapper: Mapper[Any] = inspect(model)
    names = [column.key for column in mapper.column_attrs]
    known = {
        name: value
        for one in reversed(model.__mro__)
        for name, value in vars(one).items()
        if isinstance(value, property)
    }
    shown = type(model.__name__, (namedtuple(model.__name__, names),), {"__slots__": (), **known})
    return shown, names.index(mapper.get_property_by_column(mapper.primary_key[0]).key)


@lru_cache(maxsize=512)
def _kept(statement: Select[*tuple[Any, ...]]) -> tuple[Straight, Shaped]:
    flat, shaped = as_columns(statement)
    return Straight(flat), shaped


def rows_of(statement: Select[*tuple[Any, ...]], given: Mapping[str, Any] | None = None) -> list[Any]:
    """Return what a select that is built once finds, its entities as their columns; one thing a row is that thing.

    Lists among what is given are ``bindparam(..., expanding=True)``; an empty one finds nothing.
    """
    straight, shaped = _kept(statement)
    return [shaped(row) for row in straight.rows(db.session.connection(), given or {})]
