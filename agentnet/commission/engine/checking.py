"""What a version has to keep so that it can be read one way only. The shape of a file is ``reading``'s matter.

Bands, tiers and steps cover everything from their first edge on, without gap or overlap; components of one group are
told apart by their scopes; shares add up to the whole; no component carries what its kind does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

from agentnet.commission.engine.faults import Faults
from agentnet.commission.engine.language import (
    LOOKS_AT_COLLECTIONS,
    PAYS_COLLECTIONS,
    Component,
    Kind,
    Measure,
    Plan,
    Share,
    Version,
)
from agentnet.core.money import MAX_FEN, PPM, format_yuan
from agentnet.core.words import translatable
from agentnet.outlets.rules import OutletKind

SETTINGS = ("URBAN", "RURAL")
MOST_VERSIONS = 500
MOST_COMPONENTS = 100
MOST_PARTS = 200
LONGEST_NAME = 80
LONGEST_NOTE = 200
MOST_GROWTH_PPM = 1000 * PPM

_Words = Callable[[int], str]
_CODE = re.compile(r"[0-9A-Za-z_-]{1,32}")
_SCOPE_CODE = re.compile(r"[0-9A-Za-z_./:-]{1,64}")


def check_plan(plan: Plan) -> None:
    """Refuse a plan that could not be read one way only.

    Raises:
        PlanRefused: with every fault.
    """
    faults = Faults()
    note_plan(plan, faults)
    faults.refuse_any()


def check_version(version: Version) -> None:
    """Refuse a version that could not be read one way only; paths begin at ``components``.

    Raises:
        PlanRefused: with every fault.
    """
    faults = Faults()
    note_version(version, "", faults)
    faults.refuse_any()


def note_plan(plan: Plan, faults: Faults) -> None:
    """Collect what is wrong in a plan."""
    if not _CODE.fullmatch(plan.code):
        faults.add("code", "plan_code", translatable("方案编号只用字母、数字、- 和 _，最多 32 位"))
    _note_words(plan.name, "name", LONGEST_NAME, faults)
    if not 1 <= len(plan.versions) <= MOST_VERSIONS:
        faults.add("versions", "versions_count", translatable("一个方案要有 1 到 %(most)d 个版本"), most=MOST_VERSIONS)
    for at, version in enumerate(plan.versions):
        note_version(version, f"versions[{at}].", faults)


def note_version(version: Version, before: str, faults: Faults) -> None:
    """Collect what is wrong in a version; ``before`` is put before every path."""
    components = version.components
    if not 1 <= len(components) <= MOST_COMPONENTS:
        faults.add(
            f"{before}components",
            "components_count",
            translatable("一个版本要有 1 到 %(most)d 个计酬项目"),
            most=MOST_COMPONENTS,
        )
    if len(version.note) > LONGEST_NOTE:
        faults.add(f"{before}note", "text_long", translatable("最多 %(most)d 个字"), most=LONGEST_NOTE)
    for at, component in enumerate(components):
        _note_component(component, f"{before}components[{at}].", faults)
    _note_groups(components, f"{before}components", faults)
    _note_shares(version.shares, f"{before}shares", faults)


def _note_words(text: str, path: str, most: int, faults: Faults) -> None:
    if not text.strip() or not text.isprintable():
        faults.add(path, "text_missing", translatable("请填写名称，不含换行和控制字符"))
    elif len(text) > most:
        faults.add(path, "text_long", translatable("最多 %(most)d 个字"), most=most)


def _note_component(component: Component, path: str, faults: Faults) -> None:
    _note_words(component.name, f"{path}name", LONGEST_NAME, faults)
    if component.group is not None:
        _note_words(component.group, f"{path}group", LONGEST_NAME, faults)
    _note_scope(component, path, faults)
    _note_range(component.rate_ppm, PPM, f"{path}rate", faults)
    for name, fen in (
        ("fee", component.fee_fen),
        ("amount", component.amount_fen),
        ("minimum", component.minimum_fen),
        ("maximum", component.maximum_fen),
        ("household_month_cap", component.household_month_cap_fen),
        ("month_minimum", component.month_minimum_fen),
        ("month_maximum", component.month_maximum_fen),
    ):
        _note_money(fen, f"{path}{name}", faults)
    for low, high, name in (
        (component.minimum_fen, component.maximum_fen, "minimum"),
        (component.month_minimum_fen, component.month_maximum_fen, "month_minimum"),
    ):
        if low is not None and high is not None and low > high:
            faults.add(
                f"{path}{name}",
                "bounds_order",
                translatable("最低 %(low)s 元大于最高 %(high)s 元"),
                low=format_yuan(low),
                high=format_yuan(high),
            )
    match component.kind:
        case Kind.BANDED:
            _note_bands(component, path, faults)
        case Kind.TIERED:
            _note_tiers(component, path, faults)
        case Kind.GROWTH:
            _note_steps(component, path, faults)
        case Kind.SUBSIDY:
            for name, days in (("open_days", component.minimum_open_days), ("visits", component.minimum_visits)):
                if not 0 <= days <= 31:
                    faults.add(f"{path}conditions.{name}", "condition_range", translatable("应为 0 到 31 之间的整数"))
        case Kind.PER_COLLECTION | Kind.MANDATE_BONUS:
            pass
    _note_strangers(component, path, faults)


def _note_strangers(component: Component, path: str, faults: Faults) -> None:
    """Refuse what the component's kind does not know: it would be silently without effect."""
    pays = component.kind in PAYS_COLLECTIONS
    carried = {
        "fee": (component.fee_fen, component.kind is Kind.PER_COLLECTION),
        "rate": (component.rate_ppm, component.kind is Kind.PER_COLLECTION),
        "minimum": (component.minimum_fen is not None, pays),
        "maximum": (component.maximum_fen is not None, pays),
        "per_household": (component.per_household, pays),
        "household_month_cap": (component.household_month_cap_fen is not None, pays),
        "bands": (component.bands, component.kind is Kind.BANDED),
        "tiers": (component.tiers, component.kind is Kind.TIERED),
        "steps": (component.steps, component.kind is Kind.GROWTH),
        "amount": (component.amount_fen, component.kind in (Kind.SUBSIDY, Kind.MANDATE_BONUS)),
        "conditions": (component.minimum_open_days or component.minimum_visits, component.kind is Kind.SUBSIDY),
        "scope.tenders": (component.scope.tenders, component.kind in LOOKS_AT_COLLECTIONS),
    }
    for name, (value, belongs) in carried.items():
        if value and not belongs:
            faults.add(
                f"{path}{name}",
                "field_stranger",
                translatable("%(kind)s 项目没有这一项，请删去"),
                kind=component.kind.value,
            )


def _note_scope(component: Component, path: str, faults: Faults) -> None:
    scope = component.scope
    for name, given, known in (
        ("outlet_kinds", scope.outlet_kinds, tuple(OutletKind)),
        ("settings", scope.settings, SETTINGS),
    ):
        for code in sorted(given - set(known)):
            faults.add(
                f"{path}scope.{name}",
                "scope_unknown",
                translatable("不认识 %(code)s；可用的有 %(known)s"),
                code=code,
                known="、".join(known),
            )
    for name, given in (("tenders", scope.tenders), ("partners", scope.partners), ("campaigns", scope.campaigns)):
        for code in sorted(given):
            if not _SCOPE_CODE.fullmatch(code):
                faults.add(f"{path}scope.{name}", "scope_code", translatable("编号 %(code)s 写法不对"), code=code[:64])


def _note_money(fen: int | None, path: str, faults: Faults) -> None:
    if fen is not None and not 0 <= fen <= MAX_FEN:
        faults.add(path, "money_range", translatable("金额不能是负数，也不能超过一万亿元"))


def _note_range(ppm: int, most: int, path: str, faults: Faults) -> None:
    if not 0 <= ppm <= most:
        faults.add(path, "rate_range", translatable("比例应在 0 到 100 之间"))


def _note_bands(component: Component, path: str, faults: Faults) -> None:
    edges = [(band.from_fen, band.to_fen) for band in component.bands]
    _note_cover(edges, f"{path}bands", 0, format_yuan, faults)
    for at, band in enumerate(component.bands):
        _note_money(band.fee_fen, f"{path}bands[{at}].fee", faults)
        _note_range(band.rate_ppm, PPM, f"{path}bands[{at}].rate", faults)


def _note_tiers(component: Component, path: str, faults: Faults) -> None:
    by_volume = component.measure is Measure.VOLUME
    edges = [(tier.from_, tier.to) for tier in component.tiers]
    _note_cover(edges, f"{path}tiers", 0, format_yuan if by_volume else str, faults)
    for at, tier in enumerate(component.tiers):
        _note_pay(tier.rate_ppm, tier.fee_fen, by_volume, f"{path}tiers[{at}].", faults)


def _note_steps(component: Component, path: str, faults: Faults) -> None:
    edges = [(step.from_ppm, step.to_ppm) for step in component.steps]
    first = component.steps[0].from_ppm if component.steps else PPM
    if first < PPM:
        faults.add(f"{path}steps[0].from", "steps_start", translatable("增长的起点不能低于 100（即去年同月）"))
    _note_cover(edges, f"{path}steps", first, lambda ppm: f"{_percent(ppm)} %", faults)
    for at, step in enumerate(component.steps):
        by_volume = component.measure is Measure.VOLUME
        if step.from_ppm > MOST_GROWTH_PPM:
            faults.add(f"{path}steps[{at}].from", "step_range", translatable("不能超过去年的一千倍"))
        _note_pay(step.rate_ppm, step.fee_fen, by_volume, f"{path}steps[{at}].", faults)


def _note_pay(rate_ppm: int, fee_fen: int, by_volume: bool, path: str, faults: Faults) -> None:
    _note_range(rate_ppm, PPM, f"{path}rate", faults)
    _note_money(fee_fen, f"{path}fee", faults)
    if by_volume and fee_fen:
        faults.add(f"{path}fee", "fee_by_volume", translatable("按金额分档的写比例 rate，不写每笔金额 fee"))
    if not by_volume and rate_ppm:
        faults.add(f"{path}rate", "rate_by_count", translatable("按笔数分档的写每笔金额 fee，不写比例 rate"))


def _percent(ppm: int) -> str:
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def _note_cover(edges: Sequence[tuple[int, int | None]], path: str, first: int, words: _Words, faults: Faults) -> None:
    """Refuse a gap or an overlap between half-open parts, naming its edges."""
    if not 1 <= len(edges) <= MOST_PARTS:
        faults.add(path, "parts_count", translatable("要有 1 到 %(most)d 档"), most=MOST_PARTS)
        return
    if edges[0][0] != first:
        if edges[0][0] > first:
            _gap(f"{path}[0].from", first, edges[0][0], words, faults)
        else:
            faults.add(f"{path}[0].from", "part_negative", translatable("起点不能小于 0"))
    for at, (start, end) in enumerate(edges):
        if end is not None and end <= start:
            faults.add(
                f"{path}[{at}].to",
                "part_empty",
                translatable("终点 %(to)s 应大于起点 %(start)s"),
                to=words(end),
                start=words(start),
            )
    for at, ((_, end), (start, _)) in enumerate(pairwise(edges), 1):
        if end is None or end > start:
            faults.add(
                f"{path}[{at}].from",
                "parts_overlap",
                translatable("从 %(start)s 到 %(end)s 有两档重叠"),
                start=words(start),
                end="∞" if end is None else words(end),
            )
        elif end < start:
            _gap(f"{path}[{at}].from", end, start, words, faults)
    last = edges[-1][1]
    if last is not None:
        faults.add(
            f"{path}[{len(edges) - 1}].to",
            "parts_gap",
            translatable("%(start)s 以上没有任何一档；最后一档不写终点"),
            start=words(last),
        )


def _gap(path: str, start: int, end: int, words: _Words, faults: Faults) -> None:
    faults.add(
        path,
        "parts_gap",
        translatable("从 %(start)s 到 %(end)s（不含）没有任何一档"),
        start=words(start),
        end=words(end),
    )


def _note_groups(components: Sequence[Component], path: str, faults: Faults) -> None:
    """Refuse alternatives of one group that nothing tells apart."""
    grouped = [(at, component) for at, component in enumerate(components) if component.group is not None]
    for (first, one), (second, other) in combinations(grouped, 2):
        if one.group != other.group:
            continue
        if (one.kind in LOOKS_AT_COLLECTIONS) != (other.kind in LOOKS_AT_COLLECTIONS):
            faults.add(
                f"{path}[{second}].group",
                "group_mixed",
                translatable("同一组里不能既有按收费计酬的项目，又有补贴或签约奖励（第 %(first)d 项）"),
                first=first + 1,
            )
        elif one.scope.weight == other.scope.weight and one.scope.overlaps(other.scope):
            faults.add(
                f"{path}[{second}].scope",
                "group_ambiguous",
                translatable("与同组第 %(first)d 项的适用范围一样宽并且重叠，分不清用哪一项"),
                first=first + 1,
            )


def _note_shares(shares: Sequence[Share], path: str, faults: Faults) -> None:
    if not shares:
        return
    names: set[str] = set()
    for at, share in enumerate(shares):
        _note_words(share.name, f"{path}[{at}].name", LONGEST_NAME, faults)
        if share.name in names:
            faults.add(f"{path}[{at}].name", "share_twice", translatable("%(name)s 出现了两次"), name=share.name)
        names.add(share.name)
        _note_range(share.ppm, PPM, f"{path}[{at}].percent", faults)
    total = sum(share.ppm for share in shares)
    if total != PPM:
        faults.add(
            path,
            "shares_sum",
            translatable("各方比例合计 %(total)s %%，应正好是 100 %%"),
            total=_percent(total) if total >= 0 else f"-{_percent(-total)}",
        )
