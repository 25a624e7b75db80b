"""The worker's part: what a plan would have cost in a large network, a portion of outlets at a time."""

from __future__ import annotations

from typing import Final

from agentnet.commission.whatif.actions import lease, next_portion, write_portion
from agentnet.infra.jobs import WorkerLoop
from agentnet.infra.quiet_heap import quiet_heap
from agentnet.infra.transaction import batch, reading


def try_some() -> int:
    """Work one portion of the oldest what-if that waits; return how many portions were taken in hand."""
    with batch():
        leased = lease()
        if leased is None:
            return 0
        asked_id, token = leased.asked.id, leased.token
    if token < 0:
        return 1
    with quiet_heap(), reading():
        outlet_ids, portion = next_portion(asked_id)
    with batch():
        write_portion(asked_id, token, outlet_ids, portion)
    return 1


TRYING: Final = WorkerLoop("what-if", try_some)
