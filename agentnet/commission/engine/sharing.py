"""Who gets what of a sum: named parts that add up to the whole, also when it is negative (a clawback)."""

from __future__ import annotations

from collections.abc import Sequence

from agentnet.commission.engine.language import Share
from agentnet.core.money import Fen, share_out


def split(total_fen: Fen, shares: Sequence[Share]) -> tuple[tuple[str, Fen], ...]:
    """Return each share's part in fen, by largest remainder; of equal remainders the share listed first gets the fen.

    A version without shares has none to split by: ``()``.

    >>> split(101, (Share("KEEPER", 500_000), Share("PARTNER", 500_000)))
    (('KEEPER', 51), ('PARTNER', 50))
    >>> split(-100, (Share("王芳", 333_334), Share("李强", 333_333), Share("PARTNER", 333_333)))
    (('王芳', -34), ('李强', -33), ('PARTNER', -33))
    """
    if not shares:
        return ()
    parts = share_out(total_fen, [share.ppm for share in shares])
    return tuple((share.name, fen) for share, fen in zip(shares, parts, strict=True))
