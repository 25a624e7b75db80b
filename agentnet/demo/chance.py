"""Seeded chance. Every draw hangs on a name, never on the order of a hash or on the machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

SEED = "agentnet demo 1"


def chance(*name: object) -> Random:
    """Return the source of chance with this name; the same name draws the same things on every machine.

    >>> chance("bills", "2026-10").randrange(1000) == chance("bills", "2026-10").randrange(1000)
    True
    """
    return Random(" / ".join([SEED, *map(str, name)]))  # noqa: S311 - invented content, nothing secret


def fact_id(at: datetime, source: Random) -> UUID:
    """Return the UUIDv7 of a fact: its instant to the millisecond, then 74 drawn bits.

    >>> from datetime import UTC
    >>> found = fact_id(datetime(2026, 10, 5, 1, 30, tzinfo=UTC), chance("doctest"))
    >>> found.version, found.variant == UUID(int=0x8 << 60).variant, found.int >> 80
    (7, True, 1791163800000)
    """
    milliseconds = int(at.timestamp()) * 1000 + at.microsecond // 1000
    drawn = source.getrandbits(74)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | drawn >> 62 << 64 | 0b10 << 62 | drawn & (1 << 62) - 1)


def hit(source: Random, per_mille: int) -> bool:
    """Return True so many times in a thousand."""
    return source.random() * 1000 < per_mille


def weighted(source: Random, choices: Sequence[tuple[T, int]]) -> T:
    """Return one of the choices, each as often as its whole-number weight says."""
    left = source.randrange(sum(weight for _, weight in choices))
    for choice, weight in choices:
        if left < weight:
            return choice
        left -= weight
    raise ValueError("no choice has a weight")
