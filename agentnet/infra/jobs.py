"""Work outside any request: jobs of the clock and loops of the worker. Features register theirs in ``create_app``."""

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


@dataclass(frozen=True, slots=True)
class WorkerLoop:
    """Something a worker does for as long as there is some of it.

    ``run`` does a small batch and returns how many things it did, 0 when nothing waits. It opens its own doors, holds
    no transaction while it works, and may run in several processes at once.
    """

    name: str
    run: Callable[[], int]
