"""The clock's part in collecting: allocate what ended days received, then let advances pay."""

from __future__ import annotations

from agentnet.collecting.nightly import advances_owing, allocate_oldest_day, spend_advances
from agentnet.core.clock import today
from agentnet.infra.actor import SYSTEM
from agentnet.infra.jobs import ClockJob
from agentnet.infra.transaction import batch, reading


def allocate_received() -> int:
    """Allocate every day before today and spend advances, in short transactions; return how many steps were done.

    Safe to call at any time and twice; before a month is closed, call it once so that its days are in its book.
    """
    done = 0
    while True:
        with batch():
            outlets = allocate_oldest_day(SYSTEM, today())
        done += outlets
        if not outlets:
            break
    while True:
        with reading():  # looking takes longer than spending; it must not keep the counters waiting
            owing = advances_owing()
        if not owing:
            return done
        with batch():
            done += spend_advances(SYSTEM)


ALLOCATE_RECEIVED = ClockJob("allocate received", 600, allocate_received)
