"""The three-way tie of a period by org unit: each day as its page shows it, added up by outlet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from agentnet.core.money import Fen
from agentnet.documents.kinds import Period
from agentnet.infra.actor import Actor, Grant, Role
from agentnet.infra.db import db
from agentnet.outlets.models import Outlet
from agentnet.settlement.reconciliation.tie import Leg, OutletTie, ties_of
from reports.reconciled import TieSum, UntiedOutlet

READER: Final = Actor(user_id=None, name="documents", grants=(Grant(Role.FINANCE, org_path="/"),))
"""Whoever orders a paper may see its unit; the figures are read for all units together."""

FILE, COUNT, CARDS, BANK = "FILE", "COUNT", "CARDS", "BANK"
LEGS: Final = (FILE, COUNT, CARDS, BANK)


@dataclass(slots=True)
class _Sum:
    """One figure over days: those on which both sides were told, and those that wait."""

    told: int = 0
    ours_fen: Fen = 0
    theirs_fen: Fen = 0
    untied: int = 0
    waiting: int = 0

    def add(self, leg: Leg) -> None:
        if leg.theirs_fen is None:
            self.waiting += 1
            return
        self.told += 1
        self.ours_fen += leg.ours_fen
        self.theirs_fen += leg.theirs_fen
        self.untied += not leg.ties


@dataclass(slots=True)
class _Outlet:
    """An outlet's days."""

    unit_id: int
    name: str
    taken_fen: Fen = 0
    untied_days: int = 0
    sums: Mapping[str, _Sum] = field(default_factory=lambda: {leg: _Sum() for leg in LEGS})

    def add(self, day: OutletTie) -> None:
        self.taken_fen += day.taken_fen
        legs = [(name, leg) for name, leg in zip(LEGS, day.legs, strict=True) if leg is not None]
        for name, leg in legs:
            self.sums[name].add(leg)
        self.untied_days += any(leg.theirs_fen is not None and not leg.ties for _name, leg in legs)

    def beyond(self, leg: str) -> Fen | None:
        """Return what the other side has beyond ours; None if it was never told."""
        found = self.sums[leg]
        return found.theirs_fen - found.ours_fen if found.told else None


class Ties:
    """The tie of every day of a period."""

    def __init__(self, period: Period) -> None:
        units = dict(db.session.execute(select(Outlet.code, Outlet.org_unit_id)).all())
        self._outlets: dict[str, _Outlet] = {}
        day = period.starts_on
        while day < period.ends_on:
            for one in ties_of(READER, day):
                self._outlets.setdefault(one.code, _Outlet(units[one.code], one.name)).add(one)
            day += timedelta(days=1)

    def _under(self, here: set[int]) -> Iterable[tuple[str, _Outlet]]:
        return [(code, one) for code, one in sorted(self._outlets.items()) if one.unit_id in here]

    def taken_fen(self, here: set[int]) -> Fen:
        """Return what the outlets of some units collected."""
        return sum(one.taken_fen for _code, one in self._under(here))

    def under(self, here: set[int]) -> tuple[tuple[TieSum, ...], tuple[UntiedOutlet, ...]]:
        """Return the sums of the outlets of some units, and the outlets that do not tie."""
        outlets = self._under(here)
        sums = tuple(_whole(leg, [one.sums[leg] for _code, one in outlets]) for leg in LEGS)
        untied = tuple(
            UntiedOutlet(code, one.name, one.untied_days, *(one.beyond(leg) for leg in LEGS))
            for code, one in outlets
            if one.untied_days
        )
        return tuple(one for one in sums if one.told or one.waiting), untied


def _whole(leg: str, parts: Iterable[_Sum]) -> TieSum:
    whole = TieSum(leg, 0, 0, 0, 0, 0)
    for one in parts:
        whole = TieSum(
            leg,
            whole.told + one.told,
            whole.ours_fen + one.ours_fen,
            whole.theirs_fen + one.theirs_fen,
            whole.untied + one.untied,
            whole.waiting + one.waiting,
        )
    return whole
