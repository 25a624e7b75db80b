"""Which collections an outlet's money settles: the oldest first, so that what it still owes is of the newest."""

from __future__ import annotations

from collections.abc import Sequence

from agentnet.core.money import Fen


def settled_oldest_first(amounts: Sequence[Fen], owed_fen: Fen) -> list[Fen]:
    """Return how much of each amount (oldest first) is settled while ``owed_fen`` of them all is still owed.

    Only the amounts are needed that reach back over what is owed: whatever is older is settled.

    >>> settled_oldest_first([300, 200, 400], 500)
    [300, 100, 0]
    >>> settled_oldest_first([300, 200], 0), settled_oldest_first([300, 200], 900), settled_oldest_first([300], -5)
    ([300, 200], [0, 0], [300])
    """
    left, settled = max(owed_fen, 0), []
    for amount in reversed(amounts):
        owed = min(max(amount, 0), left)
        left -= owed
        settled.append(max(amount, 0) - owed)
    return settled[::-1]
