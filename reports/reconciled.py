"""The figures of a reconciliation report: files, the tie, open and ended differences of a unit's period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from agentnet.core.money import Fen
from reports.head import DocumentHead, Level


@dataclass(frozen=True, slots=True)
class FileShare:
    """A file of the period, or the part of it that is a unit's: its rows by where they stand (fen net of fees)."""

    source: str
    name: str
    """The partner, or the account."""
    first_on: date
    last_on: date
    rows: int
    amount_fen: Fen
    matched: int
    matched_fen: Fen
    settled: int
    """Without a match, and somebody has ended its difference."""
    settled_fen: Fen
    open: int
    open_fen: Fen
    apart: int
    """Nothing to match: fees, what went out, what an earlier statement had."""
    apart_fen: Fen


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A partner that collected on days of the period of which no file has come."""

    partner: str
    days: int
    first_on: date
    taken_fen: Fen


@dataclass(frozen=True, slots=True)
class TieSum:
    """One figure of the tie over all outlets' days on which both sides were told; ``waiting`` days were not."""

    leg: str
    told: int
    ours_fen: Fen
    theirs_fen: Fen
    untied: int
    waiting: int


@dataclass(frozen=True, slots=True)
class UntiedOutlet:
    """An outlet with a figure that was told and does not tie; differences are what the other side has beyond ours."""

    outlet_code: str
    outlet_name: str
    days: int
    file_fen: Fen | None
    count_fen: Fen | None
    cards_fen: Fen | None
    bank_fen: Fen | None


@dataclass(frozen=True, slots=True)
class OpenDifference:
    """A difference nobody has ended; ``outlet_name`` is the partner or the account where no outlet is known."""

    number: int
    business_on: date
    kind: str
    outlet_code: str
    outlet_name: str
    owner: str
    age_days: int
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class EndedDifference:
    """A difference ended in the period; ``ended_by`` is empty where the system found its end."""

    number: int
    business_on: date
    kind: str
    outlet_code: str
    outlet_name: str
    state: str
    ended_on: date
    ended_by: str
    amount_fen: Fen
    reason: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The frozen figures of a unit's period, half-open."""

    head: DocumentHead
    starts_on: date
    ends_on: date
    level: Level
    org_code: str
    taken_fen: Fen
    files: tuple[FileShare, ...]
    missing: tuple[MissingFile, ...]
    tie: tuple[TieSum, ...]
    untied: tuple[UntiedOutlet, ...]
    open: tuple[OpenDifference, ...]
    open_fen: Fen
    ended: tuple[EndedDifference, ...]
    ended_fen: Fen
