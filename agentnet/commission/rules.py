"""Which plan and version pays an outlet on which days, and what closed months allow.

What a version pays is said in the plan language (``engine``); here stands which version that is: the one in force on
the collection's business day, of the plan the outlet's agreement of that day names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

from agentnet.commission.engine import language
from agentnet.commission.engine.inputs import Span
from agentnet.core.clock import Month
from agentnet.core.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class Version:
    """A plan as it stands from a day on; ``component_ids`` are its components' ids, by position."""

    id: int
    number: int
    says: language.Version
    component_ids: tuple[int, ...]

    @property
    def starts_on(self) -> date:
        return self.says.starts_on

    @property
    def components(self) -> tuple[language.Component, ...]:
        return self.says.components

    @property
    def settles(self) -> bool:
        """Whether it pays what was settled, not what was entered."""
        return self.says.basis is language.Basis.SETTLED


@dataclass(frozen=True, slots=True)
class Ruled:
    """A version, and the days of a month it rules at an outlet (half-open)."""

    version: Version
    starts_on: date
    ends_on: date

    @property
    def span(self) -> Span:
        """Return it as the engine takes it."""
        return Span(self.version.says, self.starts_on, self.ends_on)


def version_on(versions: Iterable[Version], day: date) -> Version | None:
    """Return the version in force on a business day: the last to start, of one day the higher number."""
    started = [version for version in versions if version.starts_on <= day]
    return max(started, key=lambda version: (version.starts_on, version.number), default=None)


@dataclass(frozen=True, slots=True)
class Terms:
    """An outlet's agreement: the plan it names (None for the default plan) from a day until a day (exclusive)."""

    agreement_id: int
    starts_on: date
    ends_on: date | None
    plan_id: int | None
    number: str = ""


def terms_on(terms: Iterable[Terms], day: date) -> Terms | None:
    """Return the agreement in force on a day."""
    in_force = [one for one in terms if one.starts_on <= day and (one.ends_on is None or one.ends_on > day)]
    return max(in_force, key=lambda one: (one.starts_on, one.agreement_id), default=None)


@dataclass(frozen=True)
class Tariffs:
    """Every plan's versions and which plan serves agreements that name none."""

    versions_by_plan: Mapping[int, tuple[Version, ...]]
    default_plan_id: int | None

    @cached_property
    def first_settled_on(self) -> date | None:
        """The first day on which a version that pays what was settled may rule; None while there is none."""
        found = [one.starts_on for several in self.versions_by_plan.values() for one in several if one.settles]
        return min(found, default=None)

    def plan_for(self, terms: Iterable[Terms], day: date) -> int | None:
        """Return the plan that pays an outlet with these agreements on a day."""
        agreed = terms_on(terms, day)
        return agreed.plan_id if agreed is not None and agreed.plan_id is not None else self.default_plan_id

    def version_for(self, terms: Iterable[Terms], day: date) -> Version | None:
        """Return the plan version that rules an outlet with these agreements on a day."""
        plan_id = self.plan_for(terms, day)
        return None if plan_id is None else version_on(self.versions_by_plan.get(plan_id, ()), day)

    def ruling(self, terms: Sequence[Terms], month: Month) -> tuple[Ruled, ...]:
        """Return which version rules which days of a month at an outlet with these agreements.

        A version begins anew only where another takes over: an agreement renewed on the same plan changes nothing.
        """
        found: list[Ruled] = []
        for starts_on, ends_on in self._stretches(terms, month):
            version = self.version_for(terms, starts_on)
            if version is None:
                continue
            last = found[-1] if found else None
            if last is not None and last.version.id == version.id and last.ends_on == starts_on:
                found[-1] = Ruled(version, last.starts_on, ends_on)
            else:
                found.append(Ruled(version, starts_on, ends_on))
        return tuple(found)

    def _stretches(self, terms: Sequence[Terms], month: Month) -> list[tuple[date, date]]:
        """Cut a month where anything may change."""
        cuts = {month.starts_on, month.ends_on}
        cuts |= {day for one in terms for day in (one.starts_on, one.ends_on) if day is not None}
        plan_ids = {one.plan_id for one in terms} | {self.default_plan_id}
        cuts |= {version.starts_on for id_ in plan_ids for version in self.versions_by_plan.get(id_ or 0, ())}
        inside = sorted(day for day in cuts if month.starts_on <= day <= month.ends_on)
        return list(pairwise(inside))


def open_days_of(opened_on: date | None, closed_on: date | None, taken: Sequence[date]) -> tuple[date, date]:
    """Return from when until when (exclusive) an outlet is paid by the month: from its opening to the day it closed.

    ``taken`` are the days of its collections, in their order; they count whatever the register says. An outlet that
    never opened and took nothing has no days.

    >>> open_days_of(date(2026, 11, 20), None, [])[0], open_days_of(date(2020, 1, 1), date(2026, 11, 2), [])[1]
    (datetime.date(2026, 11, 20), datetime.date(2026, 11, 3))
    >>> open_days_of(None, None, []) == (date.max, date.max)
    True
    """
    first = min(opened_on or date.max, taken[0] if taken else date.max)
    if closed_on is None:
        return first, date.max
    return first, max(closed_on, taken[-1] if taken else closed_on) + timedelta(days=1)


def joined(ruling: Iterable[Ruled]) -> tuple[Ruled, ...]:
    """Return which version rules which days, days of one version that follow each other as one."""
    found: list[Ruled] = []
    for one in sorted(ruling, key=lambda one: one.starts_on):
        last = found[-1] if found else None
        if last is not None and last.version.id == one.version.id and last.ends_on == one.starts_on:
            found[-1] = Ruled(one.version, last.starts_on, one.ends_on)
        else:
            found.append(one)
    return tuple(found)


def within(ruling: Iterable[Ruled], starts_on: date, ends_on: date) -> tuple[Ruled, ...]:
    """Return which version rules which of some days."""
    cut = (Ruled(one.version, max(one.starts_on, starts_on), min(one.ends_on, ends_on)) for one in ruling)
    return tuple(one for one in cut if one.starts_on < one.ends_on)


def check_start(starts_on: date, locked: Sequence[Month]) -> None:
    """Refuse a version that would change what a closed or closing month was paid by.

    ``locked`` are the months that are CLOSED or CLOSING.

    Raises:
        Conflict: ``month_locked``.
    """
    last = max(locked, default=None)
    if last is not None and starts_on < last.ends_on:
        raise Conflict(
            "month_locked",
            "%(month)s已封账或正在封账，新版本最早从 %(day)s 起生效",
            field="starts_on",
            month=last,
            day=last.ends_on.isoformat(),
        )


def paying_month(of_month: Month, locked: Sequence[Month]) -> Month:
    """Return the open month an adjustment of a closed month is paid or taken back in: the first after the closed ones.

    Raises:
        Invalid: ``month_still_open`` if the month is not closed, so that its facts can still be put right themselves.

    >>> str(paying_month(Month(2026, 9), [Month(2026, 9), Month(2026, 10)]))
    '2026-11'
    """
    if of_month not in locked:
        raise Invalid("month_still_open", "%(month)s尚未封账，不需要调整", field="of_month", month=of_month)
    return max(locked).next()


def parse_percent(text: str) -> int:
    """Read a percentage with at most four decimals and return parts per million.

    Raises:
        Invalid: ``percent_shape``.

    >>> parse_percent("1"), parse_percent("0.4%"), parse_percent("0.0001")
    (10000, 4000, 1)
    """
    clean = text.strip().replace("％", "%").removesuffix("%").strip()
    whole, _, decimals = clean.partition(".")
    digits = whole + decimals
    if not (whole and digits.isascii() and digits.isdigit() and len(whole) <= 3 and len(decimals) <= 4):
        raise Invalid("percent_shape", "请输入百分比，例如 0.4，最多四位小数")
    return int(whole) * 10_000 + int(decimals.ljust(4, "0"))


def format_percent(rate_ppm: int) -> str:
    """Write parts per million as a percentage without needless zeros.

    >>> format_percent(4000), format_percent(10000), format_percent(1), format_percent(0)
    ('0.4', '1', '0.0001', '0')
    """
    whole, rest = divmod(rate_ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
