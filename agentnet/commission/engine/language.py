"""The plan language as values: a plan, its dated versions, and the components that add up.

Nothing here judges; ``checking`` does. Money is fen, a rate parts per million, a share of last year parts per million
as well. Bands, tiers and steps are half-open: ``from_`` belongs to one, ``to`` to the next; ``to`` None has no end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from agentnet.core.money import Fen

FORMAT = "agentnet-plan-1"


class Basis(StrEnum):
    """What earns: the collection as entered, or the money of it that was settled."""

    ENTERED = "ENTERED"
    SETTLED = "SETTLED"


class Kind(StrEnum):
    """Kinds of component."""

    PER_COLLECTION = "PER_COLLECTION"
    BANDED = "BANDED"
    TIERED = "TIERED"
    GROWTH = "GROWTH"
    SUBSIDY = "SUBSIDY"
    MANDATE_BONUS = "MANDATE_BONUS"


PAYS_COLLECTIONS = frozenset({Kind.PER_COLLECTION, Kind.BANDED})
"""Kinds that pay each collection; the others pay an outlet's month."""
LOOKS_AT_COLLECTIONS = PAYS_COLLECTIONS | {Kind.TIERED, Kind.GROWTH}
"""Kinds that depend on collections, so that a tender can narrow them."""


class Measure(StrEnum):
    """What a month is measured by: the sum of its collections, or their number."""

    VOLUME = "VOLUME"
    COUNT = "COUNT"


class Mode(StrEnum):
    """Each part at its own tier's rate, or the whole at the rate of the tier it reaches."""

    MARGINAL = "MARGINAL"
    WHOLE = "WHOLE"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a component is for; an empty set is any.

    >>> Scope(partners=frozenset({"POST"}), tenders=frozenset({"CASH"})).weight
    10
    """

    outlet_kinds: frozenset[str] = frozenset()
    tenders: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    partners: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()

    @property
    def weight(self) -> int:
        """How narrow it is: campaign 16, partner 8, outlet kind 4, tender 2, setting 1."""
        return (
            16 * bool(self.campaigns)
            + 8 * bool(self.partners)
            + 4 * bool(self.outlet_kinds)
            + 2 * bool(self.tenders)
            + bool(self.settings)
        )

    def overlaps(self, other: Scope) -> bool:
        """Return whether one collection can lie in both."""
        return all(
            not mine or not theirs or mine & theirs
            for mine, theirs in (
                (self.outlet_kinds, other.outlet_kinds),
                (self.tenders, other.tenders),
                (self.settings, other.settings),
                (self.partners, other.partners),
                (self.campaigns, other.campaigns),
            )
        )


SCOPE_FIELDS = ("outlet_kinds", "tenders", "settings", "partners", "campaigns")


@dataclass(frozen=True, slots=True)
class Band:
    """Amounts from ``from_fen`` until before ``to_fen``: the whole amount takes the fee and the rate."""

    from_fen: Fen
    to_fen: Fen | None = None
    fee_fen: Fen = 0
    rate_ppm: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """A part of a month's measure (fen or a number of collections) with its rate (VOLUME) or fee (COUNT)."""

    from_: int
    to: int | None = None
    rate_ppm: int = 0
    fee_fen: Fen = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Shares of last year from ``from_ppm`` (1,000,000: as much as then) with the rate or fee of the increment."""

    from_ppm: int
    to_ppm: int | None = None
    rate_ppm: int = 0
    fee_fen: Fen = 0


@dataclass(frozen=True, slots=True)
class Component:
    """One thing a version pays; which fields count depends on ``kind``.

    PER_COLLECTION: ``fee_fen``, ``rate_ppm``. BANDED: ``bands``. TIERED: ``measure``, ``mode``, ``tiers``. GROWTH:
    ``measure``, ``mode``, ``steps``. SUBSIDY: ``amount_fen``, ``minimum_open_days``, ``minimum_visits``. MANDATE_BONUS:
    ``amount_fen``. Bounds of a collection and the household's belong to the first two, bounds of the month to all.
    """

    kind: Kind
    name: str
    scope: Scope = field(default_factory=Scope)
    group: str | None = None
    fee_fen: Fen = 0
    rate_ppm: int = 0
    minimum_fen: Fen | None = None
    maximum_fen: Fen | None = None
    per_household: bool = False
    household_month_cap_fen: Fen | None = None
    bands: tuple[Band, ...] = ()
    measure: Measure = Measure.VOLUME
    mode: Mode = Mode.MARGINAL
    tiers: tuple[Tier, ...] = ()
    steps: tuple[Step, ...] = ()
    amount_fen: Fen = 0
    minimum_open_days: int = 0
    minimum_visits: int = 0
    month_minimum_fen: Fen | None = None
    month_maximum_fen: Fen | None = None

    @property
    def bounds_month(self) -> bool:
        """Whether the month's sum is held between bounds."""
        return self.month_minimum_fen is not None or self.month_maximum_fen is not None

    @property
    def joins_household(self) -> bool:
        """Whether a collection's pay depends on the household's others of the month."""
        return self.per_household or self.household_month_cap_fen is not None


@dataclass(frozen=True, slots=True)
class Share:
    """A named part of what is due, in parts per million."""

    name: str
    ppm: int


@dataclass(frozen=True, slots=True)
class Version:
    """A plan as it stands from a business day on."""

    starts_on: date
    components: tuple[Component, ...]
    basis: Basis = Basis.ENTERED
    shares: tuple[Share, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan document; of versions that start on one day the later listed rules."""

    code: str
    name: str
    versions: tuple[Version, ...]
