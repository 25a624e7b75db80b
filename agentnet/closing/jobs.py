"""The clock closes the month that ended, from the 1st at 01:30 Shanghai time, and one that was ordered or killed.

A month that something holds open is printed provisionally once and closed as soon as nothing holds it any more.
"""

from __future__ import annotations

from typing import Final

from agentnet.closing.actions import close_month, plan_provisional
from agentnet.closing.obstacles import obstacles_of
from agentnet.closing.queries import month_to_close
from agentnet.closing.rules import provisional_due_at
from agentnet.core.clock import now
from agentnet.infra.actor import SYSTEM
from agentnet.infra.jobs import ClockJob
from agentnet.infra.transaction import reading
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import OPEN


def close_due_month() -> int:
    """Close one month that is due, the oldest first; return how many were closed."""
    with reading():
        month = month_to_close(now())
        held = month is not None and month_state(month) == OPEN and not obstacles_of(month).none
    if month is None:
        return 0
    if held:
        if provisional_due_at(month) <= now():
            plan_provisional(month, SYSTEM)
        return 0
    close_month(month, SYSTEM)
    return 1


CLOSE_MONTHS: Final = ClockJob("close months", 10, close_due_month)
