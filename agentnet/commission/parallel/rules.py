"""Why our figure for an outlet's month differs from the old sheet's: in parts that add up to the difference. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from agentnet.core.money import Fen


class Cause(StrEnum):
    """What a part of a difference comes from."""

    NO_OUTLET = "NO_OUTLET"
    """Their code is in no register of ours."""
    MONTH_OPEN = "MONTH_OPEN"
    """The month is not closed with us: nothing can be compared yet."""
    NOT_OURS = "NOT_OURS"
    """The outlet had no month with us: not open, nothing collected."""
    NOT_THEIRS = "NOT_THEIRS"
    """Their sheet has no line for it."""
    ADJUSTMENT = "ADJUSTMENT"
    """We paid or took back something of earlier months."""
    COUNT = "COUNT"
    """They counted another number of collections; valued at our average a collection."""
    VOLUME = "VOLUME"
    """They counted another amount; valued at our average rate."""
    RATE = "RATE"
    """The same collections, so another rate or rule."""
    ROUNDING = "ROUNDING"
    UNKNOWN = "UNKNOWN"
    """Their sheet gives no count or amount to tell by."""


class Scope(StrEnum):
    """Which outlets of ours a sheet that leaves them out is asked about."""

    UNITS = "UNITS"
    """Those of the stations whose outlets it holds: a station's sheet, a pilot's."""
    FILE = "FILE"
    """None: only the outlets it holds are compared."""
    ALL = "ALL"
    """Every one of the company."""


class Part(NamedTuple):
    """A part of a difference, in fen; above zero where we pay more."""

    cause: Cause
    fen: Fen


@dataclass(frozen=True, slots=True)
class Theirs:
    """A line of the old sheet; count and volume if it gives them."""

    amount_fen: Fen
    count: int | None = None
    volume_fen: Fen | None = None


@dataclass(frozen=True, slots=True)
class Ours:
    """Our closed month of an outlet."""

    earned_fen: Fen
    adjusted_fen: Fen
    count: int
    volume_fen: Fen

    @property
    def due_fen(self) -> Fen:
        return self.earned_fen + self.adjusted_fen


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference (ours less theirs) and the parts it is made of; no parts where both agree."""

    difference_fen: Fen
    parts: Sequence[Part]


def explain(
    theirs: Theirs | None,
    ours: Ours | None,
    rounding_fen: Fen,
    *,
    known_outlet: bool = True,
    month_closed: bool = True,
) -> Explained:
    """Explain why our figure differs; up to ``rounding_fen`` a rest counts as rounding.

    What was adjusted is taken out first, as far as that brings both closer. Then a different count is valued at what a
    collection earns with us on average; with the same count a different volume at our average rate. What is left is
    rounding, another rate, or unknown where the sheet gives nothing to tell by.
    """
    difference = (ours.due_fen if ours else 0) - (theirs.amount_fen if theirs else 0)
    alone = _alone(theirs, ours, known_outlet, month_closed)
    if alone is not None:
        return Explained(difference, [Part(alone, difference)])
    assert theirs is not None
    assert ours is not None
    parts = []
    rest = difference
    if ours.adjusted_fen and abs(rest - ours.adjusted_fen) < abs(rest):
        parts.append(Part(Cause.ADJUSTMENT, ours.adjusted_fen))
        rest -= ours.adjusted_fen
    if abs(rest) > rounding_fen:
        counted = _other_facts(theirs, ours)
        if counted is not None and counted.fen:
            parts.append(counted)
            rest -= counted.fen
    if rest:
        parts.append(Part(_rest(theirs, ours, rest, rounding_fen), rest))
    return Explained(difference, parts)


def _alone(theirs: Theirs | None, ours: Ours | None, known_outlet: bool, month_closed: bool) -> Cause | None:
    if not known_outlet:
        return Cause.NO_OUTLET
    if not month_closed:
        return Cause.MONTH_OPEN
    if theirs is None:
        return Cause.NOT_THEIRS
    return Cause.NOT_OURS if ours is None else None


def _other_facts(theirs: Theirs, ours: Ours) -> Part | None:
    if theirs.count is not None and theirs.count != ours.count:
        if ours.count:
            return _part(Cause.COUNT, ours.earned_fen * (ours.count - theirs.count), ours.count)
        return Part(Cause.COUNT, ours.earned_fen - theirs.amount_fen)
    if theirs.volume_fen is not None and theirs.volume_fen != ours.volume_fen:
        if ours.volume_fen:
            return _part(Cause.VOLUME, ours.earned_fen * (ours.volume_fen - theirs.volume_fen), ours.volume_fen)
        return Part(Cause.VOLUME, ours.earned_fen - theirs.amount_fen)
    return None


def _part(cause: Cause, over: int, under: int) -> Part:
    return Part(cause, divide_away(over, under))


def divide_away(over: int, under: int) -> int:
    """Divide and round half away from zero.

    >>> divide_away(5, 2), divide_away(-5, 2), divide_away(4, 3)
    (3, -3, 1)
    """
    whole = (2 * abs(over) + under) // (2 * under)
    return whole if over >= 0 else -whole


def _rest(theirs: Theirs, ours: Ours, rest: Fen, rounding_fen: Fen) -> Cause:
    if abs(rest) <= rounding_fen:
        return Cause.ROUNDING
    return Cause.UNKNOWN if theirs.count is None and theirs.volume_fen is None else Cause.RATE
