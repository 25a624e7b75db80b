"""How old differences are, for a database to sort by: in whole days, as the list shows them."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Integer, cast, func, literal, literal_column, type_coerce

from agentnet.core.clock import today
from agentnet.infra.db import db
from agentnet.infra.pages import SortBy
from agentnet.settlement.reconciliation.models import Difference

_DAY_ZERO = date(1970, 1, 1)


def by_age() -> SortBy:
    """Return how many days a difference has been open or was, as ``rules.age_days`` counts.

    It changes at midnight and not between two pages of a list.
    """
    return _by_age(today(), db.session().get_bind().dialect.name)


@lru_cache(maxsize=8)
def _by_age(until: date, dialect: str) -> SortBy:
    until_number = literal_column(str((until - _DAY_ZERO).days), BigInteger)
    ended = func.coalesce(_day_number(Difference.ended_at, dialect), until_number)
    return SortBy(ended - _day_number(Difference.opened_at, dialect), int)


def _day_number(instant: Any, dialect: str) -> ColumnElement[int]:
    """Return the number of an instant's day in Shanghai, eight hours before UTC."""
    if dialect == "sqlite":
        # Written out, so that SQLite sees the same expression in what it shows and sorts by, and works it out once.
        seconds = cast(func.strftime(literal_column("'%s'"), instant), BigInteger)
        return (seconds + literal_column("28800", Integer)) // literal_column("86400", Integer)
    in_shanghai = cast(func.timezone(literal_column("interval '8 hours'"), instant), Date)
    return type_coerce(in_shanghai - literal(_DAY_ZERO, Date), BigInteger)  # a number: the server's own dates are one
