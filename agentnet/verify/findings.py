"""What a check finds, and how checks read rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the check's name, what it is about, and both sides of the difference."""

    check: str
    subject: str
    says: str


@dataclass(frozen=True, slots=True)
class Check:
    """A named check; ``run`` yields what is wrong and nothing when all is right."""

    name: str
    proves: str
    run: Callable[[Connection], Iterator[Finding]]


def rows(connection: Connection, sql: str, values: Mapping[str, object] | None = None) -> Iterator[Row[Any]]:
    """Yield the rows of a statement without holding them all."""
    yield from connection.execute(text(sql), dict(values or {}), execution_options={"yield_per": 2000})


def yuan(fen: int) -> str:
    """Write fen as yuan for a finding."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
