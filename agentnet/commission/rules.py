"""What a collection earns: which plan, version and component rule it, and how much that is.

A plan holds dated versions; a version holds components, each for one outlet kind and tender or for any. The version
in force on the collection's business day applies, and of its components the narrowest: kind and tender before kind,
kind before tender, tender before any. Amounts are whole fen; a rate is rounded once, in ``core.money.part_ppm``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from agentnet.core.clock import Month
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import PPM, Fen, part_ppm


@dataclass(frozen=True, slots=True)
class Component:
    """Fixed fee plus a share of the amount, held between a minimum and a maximum per collection.

    ``outlet_kind`` and ``tender`` are codes, None for any; amounts are fen, the rate parts per million.
    """

    outlet_kind: str | None = None
    tender: str | None = None
    fixed_fen: Fen = 0
    rate_ppm: int = 0
    minimum_fen: Fen | None = None
    maximum_fen: Fen | None = None
    id: int | None = None

    @property
    def scope(self) -> tuple[str | None, str | None]:
        return (self.outlet_kind, self.tender)


@dataclass(frozen=True, slots=True)
class Version:
    """A plan as it stands from a day on."""

    id: int
    number: int
    starts_on: date
    components: tuple[Component, ...]


def commission_of(component: Component, amount_fen: Fen) -> Fen:
    """Return what one collection of ``amount_fen`` earns, in fen.

    >>> commission_of(Component(rate_ppm=10_000, minimum_fen=2000), 1_999_99), commission_of(Component(fixed_fen=50), 1)
    (2000, 50)
    >>> commission_of(Component(rate_ppm=2000, minimum_fen=10, maximum_fen=100), 203_50)
    41
    """
    earned = component.fixed_fen + part_ppm(amount_fen, component.rate_ppm)
    if component.minimum_fen is not None:
        earned = max(earned, component.minimum_fen)
    if component.maximum_fen is not None:
        earned = min(earned, component.maximum_fen)
    return earned


def pick_component(components: Iterable[Component], outlet_kind: str, tender: str) -> Component | None:
    """Return the narrowest component for an outlet kind and a tender; None if none covers them.

    >>> any_, cash = Component(fixed_fen=1), Component(tender="CASH", fixed_fen=2)
    >>> pick_component([any_, cash], "NEWSSTAND", "CASH").fixed_fen, pick_component([cash], "NEWSSTAND", "ALIPAY")
    (2, None)
    """
    by_scope = {component.scope: component for component in components}
    for scope in ((outlet_kind, tender), (outlet_kind, None), (None, tender), (None, None)):
        if scope in by_scope:
            return by_scope[scope]
    return None


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


def terms_on(terms: Iterable[Terms], day: date) -> Terms | None:
    """Return the agreement in force on a day."""
    in_force = [one for one in terms if one.starts_on <= day and (one.ends_on is None or one.ends_on > day)]
    return max(in_force, key=lambda one: (one.starts_on, one.agreement_id), default=None)


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Every plan's versions and which plan serves agreements that name none."""

    versions_by_plan: Mapping[int, tuple[Version, ...]]
    default_plan_id: int | None
    _found: dict[tuple[int, date, str, str], Component | None] = field(default_factory=dict, repr=False, compare=False)

    def plan_for(self, terms: Iterable[Terms], day: date) -> int | None:
        """Return the plan that pays an outlet with these agreements on a day."""
        agreed = terms_on(terms, day)
        return agreed.plan_id if agreed is not None and agreed.plan_id is not None else self.default_plan_id

    def version_for(self, terms: Iterable[Terms], day: date) -> Version | None:
        """Return the plan version that rules an outlet with these agreements on a day."""
        plan_id = self.plan_for(terms, day)
        return None if plan_id is None else version_on(self.versions_by_plan.get(plan_id, ()), day)

    def component_for(self, plan_id: int | None, day: date, outlet_kind: str, tender: str) -> Component | None:
        """Return the component that pays a collection of a day; None if no plan or component covers it."""
        if plan_id is None:
            return None
        key = (plan_id, day, outlet_kind, tender)
        if key not in self._found:
            version = version_on(self.versions_by_plan.get(plan_id, ()), day)
            self._found[key] = pick_component(version.components, outlet_kind, tender) if version else None
        return self._found[key]


@dataclass(frozen=True, slots=True)
class Earning:
    """What one collection earns and by which component (None: nothing covers it, so nothing is earned)."""

    component: Component | None
    commission_fen: Fen


def earnings(
    tariffs: Tariffs, terms: Sequence[Terms], outlet_kind: str, facts: Iterable[tuple[date, str, Fen]]
) -> list[Earning]:
    """Return, in order, what an outlet's collections earn; each fact is business day, tender and amount in fen."""
    plans: dict[date, int | None] = {}
    found = []
    for day, tender, amount_fen in facts:
        if day not in plans:
            plans[day] = tariffs.plan_for(terms, day)
        component = tariffs.component_for(plans[day], day, outlet_kind, tender)
        found.append(Earning(component, commission_of(component, amount_fen) if component else 0))
    return found


def check_components(components: Sequence[Component]) -> None:
    """Refuse a version that could not be read one way only.

    Raises:
        Invalid: ``components_missing``, ``component_twice``, ``rate_range``, ``fixed_range``, ``bounds_order``.
    """
    if not components:
        raise Invalid("components_missing", "请至少填写一行计酬项目")
    for line, component in enumerate(components, 1):
        if any(earlier.scope == component.scope for earlier in components[: line - 1]):
            raise Invalid("component_twice", "第 %(line)s 行与前面的行适用范围相同，同一范围只能有一行", line=line)
        if not 0 <= component.rate_ppm <= PPM:
            raise Invalid("rate_range", "第 %(line)s 行的比例应在 0 到 100 之间", line=line)
        bounds = (component.fixed_fen, component.minimum_fen or 0, component.maximum_fen or 0)
        if min(bounds) < 0:
            raise Invalid("fixed_range", "第 %(line)s 行的金额不能为负数", line=line)
        if None not in (component.minimum_fen, component.maximum_fen) and bounds[1] > bounds[2]:
            raise Invalid("bounds_order", "第 %(line)s 行的最低金额大于最高金额", line=line)


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
            "%(month)s 已封账或正在封账，新版本最早从 %(day)s 起生效",
            field="starts_on",
            month=str(last),
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
        raise Invalid("month_still_open", "%(month)s 尚未封账，不需要调整", field="of_month", month=str(of_month))
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
