"""The clock's part: days nobody closed are closed after the cut-off, and each night every outlet's cash grows older."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from agentnet.core.clock import now, shanghai, today
from agentnet.infra.actor import SYSTEM
from agentnet.infra.jobs import ClockJob
from agentnet.infra.transaction import batch
from agentnet.settlement.ageing.actions import age_some, count_new_outlets
from agentnet.settlement.day_actions import close_unattended

CUT_OFF_HOUR: Final = 2
"""Shanghai time at which a day that is over and not closed is closed by the clock."""


def close_what_nobody_closed() -> int:
    """Close every day that is over, in short transactions; return how many. Twice is once."""
    until = today() if shanghai(now()).hour >= CUT_OFF_HOUR else today() - timedelta(days=1)
    done = 0
    while True:
        with batch():
            closed = close_unattended(SYSTEM, until)
        done += closed
        if not closed:
            return done


CLOSE_DAYS: Final = ClockJob("close days", 600, close_what_nobody_closed)

AGED_AT_ONCE: Final = 25
"""Outlets counted in one transaction: their counters wait for it."""


def age_cash() -> int:
    """Count the cash of every outlet once a day, in short transactions; return how many. Twice is once.

    What is overdue suspends the outlet, what is settled meanwhile lifts it.
    """
    with batch():
        count_new_outlets()
    done = 0
    while True:
        with batch():
            counted = age_some(SYSTEM, AGED_AT_ONCE)
        done += counted
        if not counted:
            return done


AGE_CASH: Final = ClockJob("age cash", 600, age_cash)
