"""What a correction changes in an outlet's month: the whole month before against the whole month after.

Tiers, growth, caps and households make a collection's pay depend on others, so a clawback is never the pay of one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agentnet.commission.engine.evaluating import Worked, month_of
from agentnet.commission.engine.inputs import Fact, OutletInputs, Span
from agentnet.commission.engine.language import Version
from agentnet.core.money import Fen


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed, in fen; only what differs is listed. ``total_fen`` negative: to be taken back."""

    total_fen: Fen
    lines: tuple[tuple[Any, Fen, Fen], ...]
    """Collection, before, after; one that is gone has 0 after."""
    components: tuple[tuple[int, int, Fen, Fen], ...]
    """Span, component, before, after: lines and monthly lines together."""


def difference(before: Worked, after: Worked) -> Difference:
    """Return what differs between two workings of one outlet's month."""
    was = {line.id: line.total_fen for line in before.lines}
    became = {line.id: line.total_fen for line in after.lines}
    ids = [line.id for line in before.lines] + [line.id for line in after.lines if line.id not in was]
    components_was, components_became = before.by_component(), after.by_component()
    return Difference(
        total_fen=after.total_fen - before.total_fen,
        lines=tuple((one, was.get(one, 0), became.get(one, 0)) for one in ids if was.get(one, 0) != became.get(one, 0)),
        components=tuple(
            (*key, components_was.get(key, 0), components_became.get(key, 0))
            for key in sorted({*components_was, *components_became})
            if components_was.get(key, 0) != components_became.get(key, 0)
        ),
    )


def correction(
    ruling: Version | Sequence[Span], outlet: OutletInputs, facts: Iterable[Fact], of: Any, stands: Fact | None
) -> Difference:
    """Return what it changes that of collection ``of`` only ``stands`` is left (None: nothing).

    Raises:
        LookupError: if the month has no such collection.
    """
    known = list(facts)
    rest = [fact for fact in known if fact.id != of]
    if len(rest) == len(known):
        raise LookupError(of)
    after = rest if stands is None else [*rest, stands]
    return difference(month_of(ruling, outlet, known), month_of(ruling, outlet, after))
