"""Statements built once: building a list's select and finding its compiled form costs more than running it.

A builder marked ``built_once`` is asked once for the same arguments on the same business day (who is visible to whom
changes with the day); from then on the same select is answered, which SQLAlchemy knows at once. What it returns is a
question and never an answer, so nothing can be stale. A builder must not look at the request, the clock or the
database, the day apart, and takes arguments that can be compared: an ``Actor``, a filter, plain values.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, Select, literal, select, true

from agentnet.core.clock import today
from agentnet.infra.db import UtcDateTime

P = ParamSpec("P")
S = TypeVar("S")

KEPT = 256
"""How many statements of a builder are kept; those with typed words come and go."""


def built_once(build: Callable[P, S]) -> Callable[P, S]:
    """Keep what a builder of statements answered, by its arguments, for the length of the day."""

    @lru_cache(maxsize=KEPT)
    def built(_day: Any, *arguments: Any, **named: Any) -> S:
        return build(*arguments, **named)

    @wraps(build)
    def once(*arguments: P.args, **named: P.kwargs) -> S:
        keys: dict[str, Any] = dict(named)
        return built(today(), *arguments, **keys)

    return once


def written(value: str | int | date) -> ColumnElement[Any]:
    """Return a value written out in the text of a statement instead of handed over beside it.

    PostgreSQL plans what is asked for often without what is handed over, unless it takes that plan for a dearer one: it
    then plans each time anew, which costs more than many a question itself. So a constant that says how little is
    looked at is written out, and a day that a statement is built with; never what is different each time.
    """
    return literal(value, UtcDateTime() if isinstance(value, datetime) else None, literal_execute=True)


def in_one_row(*selects: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return the select of one row: the columns of several selects, each of which finds one row, side by side."""
    first, *others = [one.subquery() for one in selects]
    joined: Any = first
    for other in others:
        joined = joined.join(other, true())
    return select(*first.c, *(column for other in others for column in other.c)).select_from(joined)
