"""The clock's part of the book: adding what was posted to the monthly sums, in short transactions."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from agentnet.infra.jobs import ClockJob
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.rolling import add_sums, next_slice, rolled_until, settled_until, sums_between


def roll_up(until: datetime | None = None) -> int:
    """Add to the monthly sums what has settled (or all posted before ``until``); return how many rows were moved.

    What is added is summed with no lock held. Two clocks add nothing twice: the second finds the instant moved.
    """
    if until is None:
        with batch():
            until = settled_until()
    added = 0
    while True:
        with reading():
            since = rolled_until()
            end = next_slice(since, until)
            rows = [] if end is None else sums_between(since, end)
        if end is None:
            return added
        with batch():
            if not add_sums(rows, since, end):
                return added
        added += len(rows)


ROLL_UP: Final = ClockJob("add up the book", 600, roll_up)
