"""Plan versions stored before the plan language, in the plan language: one group, of which the narrowest applies."""

from __future__ import annotations

from collections.abc import Iterable

from agentnet.commission.engine.language import Component, Kind, Scope, Version
from agentnet.commission.rules import Component as StoredComponent
from agentnet.commission.rules import Version as StoredVersion
from agentnet.commission.rules import format_percent
from agentnet.core.money import format_yuan

GROUP = "narrowest"


def version_of(stored: StoredVersion) -> Version:
    """Return a stored version in the plan language; each collection earns the same by it, to the fen."""
    return Version(stored.starts_on, components_of(stored.components))


def components_of(stored: Iterable[StoredComponent]) -> tuple[Component, ...]:
    """Return stored components in the plan language, in the same order."""
    return tuple(
        Component(
            kind=Kind.PER_COLLECTION,
            name=_name(one),
            scope=Scope(
                outlet_kinds=frozenset({one.outlet_kind} if one.outlet_kind else ()),
                tenders=frozenset({one.tender} if one.tender else ()),
            ),
            group=GROUP,
            fee_fen=one.fixed_fen,
            rate_ppm=one.rate_ppm,
            minimum_fen=one.minimum_fen,
            maximum_fen=one.maximum_fen,
        )
        for one in stored
    )


def _name(one: StoredComponent) -> str:
    price = f"{format_yuan(one.fixed_fen)} + {format_percent(one.rate_ppm)} %"
    return " ".join(part for part in (one.outlet_kind, one.tender, price) if part)
