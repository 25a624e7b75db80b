"""Jobs of the clock: what is done again and again, and how often. Features register theirs in ``create_app``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClockJob:
    """Something the clock does every so many seconds.

    ``run`` opens its own doors (``infra.transaction.batch``), keeps each transaction short, may be called twice and
    returns how many things it did.
    """

    name: str
    every_seconds: int
    run: Callable[[], int]
