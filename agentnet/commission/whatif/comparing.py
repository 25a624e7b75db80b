"""What was paid beside what another plan would have paid, and why an outlet gains or loses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from agentnet.core.money import Fen

Parts = Sequence[tuple[int, Fen]]
"""A component's id and what it pays."""


class PaidLine(NamedTuple):
    """What was paid for a collection, in all and by component."""

    base_fen: Fen
    commission_fen: Fen
    parts: Parts


class NewLine(Protocol):
    """What the other plan pays for the same collection."""

    @property
    def commission_fen(self) -> Fen:
        """In all."""

    @property
    def parts(self) -> Parts:
        """By component."""


class Monthly(NamedTuple):
    """What a component pays once a month, and why, if that is odd."""

    component_id: int
    commission_fen: Fen
    reason: str | None = None


@dataclass(slots=True)
class Tally:
    """How many collections, and by how much in all."""

    number: int = 0
    fen: Fen = 0

    def add(self, fen: Fen) -> None:
        """Count one more."""
        self.number += 1
        self.fen += fen


@dataclass(slots=True)
class Change:
    """An outlet over several months: what it was paid, what it would have been, and where the difference lies.

    ``less`` and ``more`` count collections the new plan pays worse and better for, with the difference; those no
    component of it covers are ``uncovered`` instead. These and what is paid by the month add up to the change.
    ``reasons`` are those of the new plan's monthly components, by name, with the number of months.
    """

    collections: int = 0
    collected_fen: Fen = 0
    paid_fen: Fen = 0
    new_fen: Fen = 0
    less: Tally = field(default_factory=Tally)
    more: Tally = field(default_factory=Tally)
    uncovered: Tally = field(default_factory=Tally)
    paid_by: dict[str, Fen] = field(default_factory=dict)
    new_by: dict[str, Fen] = field(default_factory=dict)
    paid_monthly: dict[str, Fen] = field(default_factory=dict)
    new_monthly: dict[str, Fen] = field(default_factory=dict)
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    months: dict[str, tuple[Fen, Fen]] = field(default_factory=dict)

    @property
    def change_fen(self) -> Fen:
        return self.new_fen - self.paid_fen

    def why(self) -> dict[str, Any]:
        """Return as plain values what an outlet's page explains."""
        return {
            "less": [self.less.number, self.less.fen],
            "more": [self.more.number, self.more.fen],
            "uncovered": [self.uncovered.number, self.uncovered.fen],
            "paid_by": self.paid_by,
            "new_by": self.new_by,
            "paid_monthly": self.paid_monthly,
            "new_monthly": self.new_monthly,
            "reasons": self.reasons,
            "months": {month: list(both) for month, both in self.months.items()},
        }


@dataclass(frozen=True, slots=True)
class MonthCompared:
    """One outlet's month on both sides: fen by component's name."""

    paid_by: Mapping[str, Fen]
    new_by: Mapping[str, Fen]


def add_month(
    change: Change,
    month: str,
    paid: tuple[Sequence[PaidLine], Iterable[Monthly]],
    new: tuple[Sequence[NewLine], Iterable[Monthly]],
    names: Mapping[int, str],
) -> MonthCompared:
    """Add a month to an outlet's change; both sides hold the same collections in the same order.

    ``names`` are those of every component of both sides.

    Raises:
        ValueError: if the sides are not of the same length.
    """
    paid_sums: dict[int, Fen] = {}
    new_sums: dict[int, Fen] = {}
    paid_fen = new_fen = collected_fen = 0
    for old, now in zip(paid[0], new[0], strict=True):
        base_fen, was, old_parts = old
        gets, now_parts = now.commission_fen, now.parts
        paid_fen += was
        new_fen += gets
        collected_fen += base_fen
        for id_, fen in old_parts:
            paid_sums[id_] = paid_sums.get(id_, 0) + fen
        for id_, fen in now_parts:
            new_sums[id_] = new_sums.get(id_, 0) + fen
        if gets < was:
            (change.less if now_parts else change.uncovered).add(gets - was)
        elif gets > was:
            change.more.add(gets - was)
    change.collections += len(paid[0])
    change.collected_fen += collected_fen
    for one in paid[1]:
        paid_fen += one.commission_fen
        paid_sums[one.component_id] = paid_sums.get(one.component_id, 0) + one.commission_fen
        _add(change.paid_monthly, names[one.component_id], one.commission_fen)
    for one in new[1]:
        new_fen += one.commission_fen
        new_sums[one.component_id] = new_sums.get(one.component_id, 0) + one.commission_fen
        _add(change.new_monthly, names[one.component_id], one.commission_fen)
        if one.reason is not None:
            seen = change.reasons.setdefault(names[one.component_id], {})
            seen[one.reason] = seen.get(one.reason, 0) + 1
    compared = MonthCompared(_named(paid_sums, names), _named(new_sums, names))
    for sums, all_months in ((compared.paid_by, change.paid_by), (compared.new_by, change.new_by)):
        for name, fen in sums.items():
            _add(all_months, name, fen)
    change.paid_fen += paid_fen
    change.new_fen += new_fen
    before = change.months.get(month, (0, 0))
    change.months[month] = (before[0] + paid_fen, before[1] + new_fen)
    return compared


def _named(sums: Mapping[int, Fen], names: Mapping[int, str]) -> dict[str, Fen]:
    found: dict[str, Fen] = {}
    for id_, fen in sums.items():
        _add(found, names[id_], fen)
    return found


def _add(sums: dict[str, Fen], name: str, fen: Fen) -> None:
    sums[name] = sums.get(name, 0) + fen


def change_tenths(new_fen: Fen, paid_fen: Fen) -> int | None:
    """Return the change in tenths of a per cent, rounded half away from zero; None where nothing was paid.

    >>> change_tenths(110_00, 100_00), change_tenths(99_95, 100_00), change_tenths(1, 0)
    (100, -1, None)
    """
    if paid_fen <= 0:
        return None
    moved = new_fen - paid_fen
    tenths = (2_000 * abs(moved) + paid_fen) // (2 * paid_fen)
    return tenths if moved >= 0 else -tenths
