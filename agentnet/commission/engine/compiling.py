"""A version made ready for one outlet profile: which components pay a tender's collections, as plain functions.

Of a group the narrowest component that covers a collection applies; of two campaigns an outlet is in at once, the
component listed first. Whatever stands in no group always adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agentnet.commission.engine.amounts import Pay, pay_of
from agentnet.commission.engine.inputs import Profile
from agentnet.commission.engine.language import LOOKS_AT_COLLECTIONS, PAYS_COLLECTIONS, Component, Scope, Version
from agentnet.core.money import Fen

Part = tuple[int, Fen]
"""A component's index in its version and what it pays."""

OTHER = ""
"""Stands for every tender no component names."""


Earned = Callable[[Fen], tuple[Fen, tuple[Part, ...]]]
"""What an amount earns: in all, and part by part."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a tender's collections are paid: by components that see the amount alone, and by those that join households.

    ``indexes`` are all components that look at these collections, monthly ones too.
    """

    earned: Earned
    joined: tuple[tuple[int, Component, Pay], ...]
    indexes: frozenset[int]


MOST_KNOWN: Final = 10_000
"""Amounts whose pay is remembered, some 3 MB: bills of one network come to the same sums again and again."""


@lru_cache(maxsize=16)
def _earned_by(paying: tuple[tuple[int, Component], ...]) -> Earned:
    """Return what components that see the amount alone earn together; an amount met again is not worked out again.

    Outlets of all profiles that these components pay share it.
    """
    earned = _adding_up([(index, pay_of(one)) for index, one in paying])
    known: dict[Fen, tuple[Fen, tuple[Part, ...]]] = {}
    seen = known.get

    def remembered(amount: Fen) -> tuple[Fen, tuple[Part, ...]]:
        found = seen(amount)
        if found is None:
            found = earned(amount)
            if len(known) < MOST_KNOWN:
                known[amount] = found
        return found

    return remembered


def _adding_up(plain: Sequence[tuple[int, Pay]]) -> Earned:
    """Return one function for components that see the amount alone; the common few without a loop."""
    if not plain:
        return lambda amount: (0, ())
    index, pay = plain[0]
    if len(plain) == 1:

        def one(amount: Fen) -> tuple[Fen, tuple[Part, ...]]:
            fen = pay(amount)
            return fen, ((index, fen),)

        return one
    second, pay_second = plain[1]
    if len(plain) == 2:

        def two(amount: Fen) -> tuple[Fen, tuple[Part, ...]]:
            fen, more = pay(amount), pay_second(amount)
            return fen + more, ((index, fen), (second, more))

        return two

    def several(amount: Fen) -> tuple[Fen, tuple[Part, ...]]:
        parts = tuple([(index, pay(amount)) for index, pay in plain])
        return sum([fen for _, fen in parts]), parts

    return several


@dataclass(frozen=True, slots=True)
class Compiled:
    """A version for one profile. ``monthly`` are the components that are looked at once a month."""

    routes: dict[str, Route]
    monthly: tuple[int, ...]
    joins: bool

    def route(self, tender: str) -> Route:
        """Return how a tender's collections are paid."""
        return self.routes.get(tender) or self.routes[OTHER]


@lru_cache(maxsize=2_048)
def compile_version(version: Version, profile: Profile) -> Compiled:
    """Make a version ready for outlets of one profile."""
    covering = [
        (index, component)
        for index, component in enumerate(version.components)
        if covers_outlet(component.scope, profile)
    ]
    looking = [(index, component) for index, component in covering if component.kind in LOOKS_AT_COLLECTIONS]
    tenders = {tender for _, component in looking for tender in component.scope.tenders} | {OTHER}
    routes = {}
    live = {index for index, _ in _narrowest(one for one in covering if one[1].kind not in LOOKS_AT_COLLECTIONS)}
    for tender in sorted(tenders):
        chosen = _narrowest(one for one in looking if not one[1].scope.tenders or tender in one[1].scope.tenders)
        paying = [(index, component) for index, component in chosen if component.kind in PAYS_COLLECTIONS]
        routes[tender] = Route(
            earned=_earned_by(tuple([(index, one) for index, one in paying if not one.joins_household])),
            joined=tuple((index, one, pay_of(one)) for index, one in paying if one.joins_household),
            indexes=frozenset(index for index, _ in chosen),
        )
        live |= routes[tender].indexes
    monthly = tuple(
        index
        for index, component in covering
        if index in live and (component.kind not in PAYS_COLLECTIONS or component.bounds_month)
    )
    return Compiled(routes, monthly, any(route.joined for route in routes.values()))


def covers_outlet(scope: Scope, profile: Profile) -> bool:
    """Return whether an outlet lies in a scope, whatever the tender."""
    return (
        (not scope.outlet_kinds or profile.outlet_kind in scope.outlet_kinds)
        and (not scope.settings or profile.setting in scope.settings)
        and (not scope.partners or profile.partner in scope.partners)
        and (not scope.campaigns or not scope.campaigns.isdisjoint(profile.campaigns))
    )


def _narrowest(covering: Iterable[tuple[int, Component]]) -> list[tuple[int, Component]]:
    """Return the components that apply together: of each group the narrowest, and all that stand alone."""
    chosen: list[tuple[int, Component]] = []
    best: dict[str, tuple[int, Component]] = {}
    for index, component in covering:
        if component.group is None:
            chosen.append((index, component))
            continue
        known = best.get(component.group)
        if known is None or component.scope.weight > known[1].scope.weight:
            best[component.group] = (index, component)
    return sorted([*chosen, *best.values()], key=lambda one: one[0])
