"""Seeded chance. Every draw hangs on a name, never on the order of a hash or on the machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from _typeshed import SupportsLenAndGetItem

T = TypeVar("T")

SEED = "agentnet demo 1"


class Chance(Random):
    """Draws whole numbers from one fraction each: three times as quick, and even enough for what is invented."""

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """Return a whole number from ``start`` (0 if one bound is given) up to, not including, ``stop``."""
        if stop is None:
            return int(self.random() * start)
        return start + int(self.random() * ((stop - start) // step)) * step

    def choice(self, seq: SupportsLenAndGetItem[T]) -> T:
        """Return one of the choices."""
        return seq[int(self.random() * len(seq))]


def chance(*name: object) -> Chance:
    """Return the source of chance with this name; the same name draws the same things on every machine.

    >>> chance("bills", "2026-10").randrange(1000) == chance("bills", "2026-10").randrange(1000)
    True
    >>> sorted({chance("doctest", n).randrange(3, 6) for n in range(50)})
    [3, 4, 5]
    """
    return Chance(" / ".join([SEED, *map(str, name)]))


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
