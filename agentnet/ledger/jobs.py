"""The clock's part of the book: adding what was posted to the monthly sums."""

from __future__ import annotations

from typing import Final

from agentnet.infra.jobs import ClockJob
from agentnet.ledger.rolling import roll_up

ROLL_UP: Final = ClockJob("add up the book", 600, roll_up)
