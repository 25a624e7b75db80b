"""What a month's commission is worked out from: the outlet, its collections, and who rules which days.

Days are business days. Amounts are fen. A fact is what stands of a collection: what was voided, refunded or reversed
before the month was worked is not among the facts, or with the rest of its amount.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from agentnet.commission.engine.language import Version
from agentnet.core.clock import Month
from agentnet.core.money import Fen


class Fact(NamedTuple):
    """One collection; ids of one outlet can be sorted.

    On basis SETTLED, ``settled_from_fen`` until ``settled_to_fen`` is the part of the amount that became settled in the
    month that is worked (0 and the amount: all of it); where ``settled_to_fen`` is the smaller, money that had arrived
    was taken back. On basis ENTERED it is not looked at.
    """

    id: Any
    day: date
    tender: str
    household: Hashable
    amount_fen: Fen
    settled_from_fen: Fen = 0
    settled_to_fen: Fen = 0


class DaySum(NamedTuple):
    """What an outlet took on a day of last year by one tender."""

    day: date
    tender: str
    volume_fen: Fen
    number: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What of an outlet a component's scope asks for, apart from the tender of a collection."""

    outlet_kind: str = ""
    setting: str = ""
    partner: str = ""
    campaigns: frozenset[str] = frozenset()


class CampaignDays(NamedTuple):
    """Days (half-open) on which the outlet is in a campaign that runs."""

    code: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class OutletInputs:
    """One outlet's month. ``last_year`` holds the same month last year; None or nothing in scope: no figure.

    ``profile`` holds the campaigns the outlet is in all the time, ``campaigns`` those it is in on some days.
    """

    month: Month
    profile: Profile = Profile()
    last_year: Sequence[DaySum] | None = None
    open_days: frozenset[date] = frozenset()
    visits_passed: Sequence[date] = ()
    mandates: Sequence[date] = ()
    campaigns: tuple[CampaignDays, ...] = ()

    def profile_on(self, day: date) -> Profile:
        """Return what the outlet is on a day.

        >>> autumn = CampaignDays("AUTUMN", date(2026, 11, 10), date(2026, 11, 20))
        >>> outlet = OutletInputs(Month(2026, 11), campaigns=(autumn,))
        >>> [sorted(outlet.profile_on(date(2026, 11, day)).campaigns) for day in (9, 10, 19, 20)]
        [[], ['AUTUMN'], ['AUTUMN'], []]
        """
        running = frozenset(one.code for one in self.campaigns if one.starts_on <= day < one.ends_on)
        return replace(self.profile, campaigns=self.profile.campaigns | running) if running else self.profile

    def cut(self, starts_on: date, ends_on: date) -> list[tuple[date, date]]:
        """Cut days where the outlet enters or leaves a campaign; days without any are one piece."""
        edges = {day for one in self.campaigns for day in (one.starts_on, one.ends_on) if starts_on < day < ends_on}
        return list(pairwise([starts_on, *sorted(edges), ends_on]))


@dataclass(frozen=True, slots=True)
class Span:
    """A version and the business days it rules, half-open; it may begin before the month (settled later)."""

    version: Version
    starts_on: date
    ends_on: date


def spans_of(versions: Iterable[Version], month: Month, since: date | None = None) -> tuple[Span, ...]:
    """Return which version rules which days of a month, and of the days before it back to ``since``.

    The last version to start rules; of one day the later listed.
    """
    first = min(since, month.starts_on) if since else month.starts_on
    ordered = sorted(versions, key=lambda version: version.starts_on)  # stable: of one day the later listed comes last
    found = []
    for at, version in enumerate(ordered):
        ends_on = ordered[at + 1].starts_on if at + 1 < len(ordered) else month.ends_on
        starts_on, ends_on = max(version.starts_on, first), min(ends_on, month.ends_on)
        if starts_on < ends_on:
            found.append(Span(version, starts_on, ends_on))
    return tuple(found)
