"""How the limits an outlet works under come about: its agreement, its kind, and what finance set for it alone.

docs/decisions/0017 says why: what was set for the outlet alone stands for itself; without it the agreement holds, but
never above what its kind allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final

from agentnet.core.money import Fen

RAISABLE: Final = ("ceiling_fen", "single_limit_fen", "daily_limit_fen")
"""The figures whose raise needs a second person; the others mark or ask, they do not hold."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Limits as one source has them (fen); None where it says nothing, and in the result where nothing limits."""

    ceiling_fen: Fen | None = None
    single_limit_fen: Fen | None = None
    daily_limit_fen: Fen | None = None
    large_amount_fen: Fen | None = None
    first_top_up_fen: Fen | None = None
    top_up_multiple_fen: Fen | None = None

    def as_dict(self) -> dict[str, Fen | None]:
        """Return the figures by name."""
        return asdict(self)


NAMES: Final = tuple(field.name for field in fields(Figures))
NOTHING: Final = Figures()


def in_force(agreement: Figures, of_kind: Figures = NOTHING, own: Figures = NOTHING) -> Figures:
    """Return what holds at an outlet: its own figure, else the lower of agreement and kind.

    >>> in_force(Figures(500_000, 200_000), Figures(400_000, None, 2_000_000), Figures(daily_limit_fen=3_000_000))
    ... # doctest: +NORMALIZE_WHITESPACE
    Figures(ceiling_fen=400000, single_limit_fen=200000, daily_limit_fen=3000000, large_amount_fen=None,
            first_top_up_fen=None, top_up_multiple_fen=None)
    """
    return Figures(*(_one(getattr(agreement, name), getattr(of_kind, name), getattr(own, name)) for name in NAMES))


def _one(agreed: Fen | None, of_kind: Fen | None, own: Fen | None) -> Fen | None:
    if own is not None:
        return own
    if agreed is None or of_kind is None:
        return of_kind if agreed is None else agreed
    return min(agreed, of_kind)


def raised(before: Figures, after: Figures) -> Mapping[str, tuple[Fen | None, Fen | None]]:
    """Return the limits that would let more through than before, as (before, after); None is no limit.

    >>> raised(Figures(500_000, 200_000, None), Figures(400_000, 300_000, 1_000_000))
    {'single_limit_fen': (200000, 300000)}
    >>> raised(Figures(daily_limit_fen=1_000_000), Figures())
    {'daily_limit_fen': (1000000, None)}
    """
    return {
        name: (getattr(before, name), getattr(after, name))
        for name in RAISABLE
        if _higher(getattr(before, name), getattr(after, name))
    }


def _higher(before: Fen | None, after: Fen | None) -> bool:
    if before is None:
        return False
    return after is None or after > before
