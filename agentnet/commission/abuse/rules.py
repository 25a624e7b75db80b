"""Patterns worth a look: evidence, not verdicts. Pure.

Sources: GSMA names split transactions first among the abuses of agents, bill payments among them; many tiny payments
of many households are how flat fees are farmed; reversals beyond 2 % or three a day are the usual alarm of networks;
payments just above an edge are what a table of bands invites.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from agentnet.commission.engine.amounts import pay_of
from agentnet.commission.engine.compiling import compile_version
from agentnet.commission.engine.inputs import Fact, Profile
from agentnet.commission.engine.language import Kind, Version
from agentnet.core.money import PPM, Fen


class Pattern(StrEnum):
    """What is looked for."""

    SPLIT = "SPLIT"
    TINY = "TINY"
    UNDONE = "UNDONE"
    EDGE = "EDGE"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a pattern is shown. Amounts are fen, shares parts per million."""

    split_least: int = 2
    """Payments of one household at one outlet on one day, or one after the other within ``split_minutes``."""
    split_minutes: int = 30
    tiny_from_fen: Fen = 1
    tiny_to_fen: Fen = 5_00
    tiny_households: int = 10
    """Different households with a tiny payment in the month."""
    undone_over_ppm: int = 20_000
    undone_least: int = 2
    """One slip of the hand in a quiet month is no pattern."""
    undone_a_day: int = 3
    """More than so many on one day are shown, whatever the share."""
    edge_over_ppm: int = 10_000
    edge_least: int = 3


SINCE: Sequence[tuple[date, Thresholds]] = ((date(2000, 1, 1), Thresholds()),)
"""The one place where thresholds are set, each from a day on: append, never change, so that a past month is shown as
it was looked at."""


def thresholds_on(day: date, since: Sequence[tuple[date, Thresholds]] = SINCE) -> Thresholds:
    """Return the thresholds in force on a day: the last to begin."""
    return max((one for one in since if one[0] <= day), key=lambda one: one[0])[1]


class Taken(NamedTuple):
    """A collection as the patterns look at it; ``undone`` if it was voided or reversed."""

    id: Any
    day: date
    at: datetime
    tender: str
    household: Hashable
    amount_fen: Fen
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A pattern at one outlet: the collections in groups that belong together.

    ``instead`` says for payments above an edge what is just below it.
    """

    pattern: Pattern
    groups: tuple[tuple[Taken, ...], ...]
    instead: Mapping[Any, Fen] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return sum(map(len, self.groups))

    @property
    def amount_fen(self) -> Fen:
        return sum(one.amount_fen for group in self.groups for one in group)


Edges = Callable[[Taken], Sequence[Fen]]


def found_in(taken: Sequence[Taken], limits: Thresholds, edges: Edges) -> list[Found]:
    """Return the patterns of one outlet's month; ``edges`` gives the edges of the bands that pay a collection."""
    stands = sorted((one for one in taken if not one.undone), key=lambda one: (one.at, one.id))
    undone = sorted((one for one in taken if one.undone), key=lambda one: (one.at, one.id))
    several = (
        split(stands, limits),
        tiny(stands, limits),
        undone_often(undone, len(taken), limits),
        above_edges(stands, limits, edges),
    )
    return [one for one in several if one is not None]


def split(stands: Iterable[Taken], limits: Thresholds) -> Found | None:
    """Return payments of one household that follow each other on one day or within minutes; in the order of time."""
    open_groups: dict[Hashable, list[Taken]] = {}
    groups: list[list[Taken]] = []
    gap = timedelta(minutes=limits.split_minutes)
    for one in stands:
        group = open_groups.get(one.household)
        if group is not None and (one.day == group[-1].day or one.at - group[-1].at <= gap):
            group.append(one)
        else:
            group = open_groups[one.household] = [one]
            groups.append(group)
    kept = tuple(tuple(group) for group in groups if len(group) >= limits.split_least)
    return Found(Pattern.SPLIT, kept) if kept else None


def tiny(stands: Iterable[Taken], limits: Thresholds) -> Found | None:
    """Return tiny payments, if many different households made one."""
    small = tuple(one for one in stands if limits.tiny_from_fen <= one.amount_fen <= limits.tiny_to_fen)
    if len({one.household for one in small}) < limits.tiny_households:
        return None
    return Found(Pattern.TINY, (small,))


def undone_often(undone: Sequence[Taken], number: int, limits: Thresholds) -> Found | None:
    """Return what was voided or reversed, by day, if it is too large a share of all or too much on one day."""
    by_day: dict[date, list[Taken]] = defaultdict(list)
    for one in undone:
        by_day[one.day].append(one)
    too_many = any(len(several) > limits.undone_a_day for several in by_day.values())
    share = len(undone) * PPM > limits.undone_over_ppm * number and len(undone) >= limits.undone_least
    if not (too_many or share):
        return None
    return Found(Pattern.UNDONE, tuple(tuple(by_day[day]) for day in sorted(by_day)))


def above_edges(stands: Iterable[Taken], limits: Thresholds, edges: Edges) -> Found | None:
    """Return payments just above an edge, by edge, if there are several."""
    by_edge: dict[Fen, list[Taken]] = defaultdict(list)
    for one in stands:
        for edge in edges(one):
            if edge <= one.amount_fen and (one.amount_fen - edge) * PPM <= limits.edge_over_ppm * edge:
                by_edge[edge].append(one)
                break
    if sum(map(len, by_edge.values())) < limits.edge_least:
        return None
    instead = {one.id: edge - 1 for edge, several in by_edge.items() for one in several}
    return Found(Pattern.EDGE, tuple(tuple(by_edge[edge]) for edge in sorted(by_edge)), instead)


def jumps(version: Version, profile: Profile, tender: str) -> tuple[Fen, ...]:
    """Return the edges at which a banded component of a version pays a collection more than one fen below."""
    indexes = compile_version(version, profile).route(tender).indexes
    found = set()
    for index in indexes:
        component = version.components[index]
        if component.kind is Kind.BANDED:
            pay = pay_of(component)
            edges = (band.from_fen for band in component.bands if band.from_fen > 0)
            found |= {edge for edge in edges if pay(edge) > pay(edge - 1)}
    return tuple(sorted(found))


def without(found: Found, facts: Sequence[Fact]) -> list[Fact]:
    """Return the month's facts as they would be without the pattern.

    Payments that were split are taken as one, with the first; tiny ones were never made; those above an edge lie one
    fen below. What was undone earns nothing as it is.
    """
    match found.pattern:
        case Pattern.SPLIT:
            first = {one.id: group[0].id for group in found.groups for one in group}
            sums: dict[Any, Fen] = defaultdict(int)
            for fact in facts:
                sums[first.get(fact.id, fact.id)] += fact.amount_fen
            return [fact._replace(amount_fen=sums[fact.id]) for fact in facts if first.get(fact.id, fact.id) == fact.id]
        case Pattern.TINY:
            gone = {one.id for group in found.groups for one in group}
            return [fact for fact in facts if fact.id not in gone]
        case Pattern.EDGE:
            return [fact._replace(amount_fen=found.instead.get(fact.id, fact.amount_fen)) for fact in facts]
        case Pattern.UNDONE:
            return list(facts)
