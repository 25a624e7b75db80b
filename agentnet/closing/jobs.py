"""The clock closes the month that ended, from the 1st at 01:30 Shanghai time, and one that was ordered or killed."""

from __future__ import annotations

from typing import Final

from agentnet.closing.actions import close_month
from agentnet.closing.queries import month_to_close
from agentnet.core.clock import now
from agentnet.infra.actor import SYSTEM
from agentnet.infra.jobs import ClockJob
from agentnet.infra.transaction import reading


def close_due_month() -> int:
    """Close one month that is due, the oldest first; return how many were closed."""
    with reading():
        month = month_to_close(now())
    if month is None:
        return 0
    close_month(month, SYSTEM)
    return 1


CLOSE_MONTHS: Final = ClockJob("close months", 10, close_due_month)
