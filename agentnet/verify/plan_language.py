"""The witness's own reading of a plan version and its own sums: fractions throughout, rounded half up at the end.

Nothing here is shared with the product's engine. A version is the JSON it was stored as; a fact is (day, tender,
household, fen, settled before, settled now), in the order of day and collection id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

Fact = tuple[date, str, int, int, int, int]
Component = Mapping[str, Any]
FEN = 100
WEIGHTS = (("campaigns", 16), ("partners", 8), ("outlet_kinds", 4), ("tenders", 2), ("settings", 1))
EACH = ("PER_COLLECTION", "BANDED")


def fen(yuan: str) -> int:
    """Return yuan text as fen."""
    return int(Fraction(yuan) * FEN)


def half_up(exact: Fraction) -> int:
    """Round half away from zero."""
    if exact < 0:
        return -half_up(-exact)
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


@dataclass(frozen=True, slots=True)
class Outlet:
    """What of an outlet a scope asks for; ``days`` are campaign, first day and day after the last."""

    kind: str
    setting: str
    partner: str
    days: tuple[tuple[str, date, date], ...] = ()
    campaigns: frozenset[str] = frozenset()

    def on(self, day: date) -> Outlet:
        """Return the outlet with the campaigns it is in on a day."""
        return replace(self, campaigns=frozenset(code for code, first, end in self.days if first <= day < end))


@dataclass(slots=True)
class Sums:
    """What a span of days earned: by fact and component, and by the month and component."""

    parts: list[list[tuple[int, int]]] = field(default_factory=list)
    monthly: dict[int, int] = field(default_factory=dict)


def covers(component: Component, outlet: Outlet, tender: str | None) -> bool:
    """Return whether a component is for an outlet, and for a tender if one is given."""
    scope = component.get("scope", {})
    return (
        ("outlet_kinds" not in scope or outlet.kind in scope["outlet_kinds"])
        and ("settings" not in scope or outlet.setting in scope["settings"])
        and ("partners" not in scope or outlet.partner in scope["partners"])
        and ("campaigns" not in scope or bool(outlet.campaigns & set(scope["campaigns"])))
        and (tender is None or "tenders" not in scope or tender in scope["tenders"])
    )


def applying(components: Sequence[Component], outlet: Outlet, tender: str | None) -> list[int]:
    """Return the positions of what applies: all outside groups, and of each group the narrowest."""
    chosen: list[int] = []
    best: dict[str, tuple[int, int]] = {}
    for at, one in enumerate(components):
        if not covers(one, outlet, tender) or (tender is None and one["kind"] in (*EACH, "TIERED", "GROWTH")):
            continue
        if tender is not None and one["kind"] in ("SUBSIDY", "MANDATE_BONUS"):
            continue
        if "group" not in one:
            chosen.append(at)
            continue
        weight = sum(points for name, points in WEIGHTS if name in one.get("scope", {}))
        if one["group"] not in best or weight > best[one["group"]][0]:
            best[one["group"]] = (weight, at)
    return sorted([*chosen, *(at for _, at in best.values())])


def alone(component: Component, amount: int) -> int:
    """Return what one payment of an amount earns by itself."""
    pays: Mapping[str, Any] = component
    if component["kind"] == "BANDED":
        pays = next(band for band in reversed(component["bands"]) if amount >= fen(band["from"]))
    earned = fen(pays.get("fee", "0")) + half_up(amount * Fraction(pays.get("rate", "0")) / 100)
    if "minimum" in component:
        earned = max(earned, fen(component["minimum"]))
    return min(earned, fen(component["maximum"])) if "maximum" in component else earned


def span_sums(
    components: Sequence[Component],
    outlet: Outlet,
    facts: Sequence[Fact],
    days: tuple[date, date],
    month: tuple[date, date],
    outside: Mapping[str, Any],
    settles: bool = False,
) -> Sums:
    """Work out a span of days that one version rules. ``outside`` is what the close wrote down beside the lines.

    With ``settles`` a fact pays in proportion to what of it was settled in the month, to be taken back if less is.
    """
    found = Sums()
    households: dict[tuple[int, int], tuple[int, int]] = {}
    measured: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    lines: dict[int, int] = defaultdict(int)
    applies: dict[tuple[Outlet, str], list[int]] = {}
    known: dict[tuple[int, int], int] = {}
    of_day: dict[date, Outlet] = {}
    for day, tender, household, amount, settled_from, settled_to in facts:
        if not amount or (settles and settled_from == settled_to):
            found.parts.append([])
            continue
        if day not in of_day:
            of_day[day] = outlet.on(day) if outlet.days else outlet
        where = (of_day[day], tender)
        if where not in applies:
            applies[where] = applying(components, *where)
        parts = []
        for at in applies[where]:
            one = components[at]
            measured[at][0] += settled_to - settled_from if settles else amount
            measured[at][1] += (settled_to == amount) - (settled_from == amount) if settles else 1
            if one["kind"] not in EACH:
                continue
            if "per_household" in one or "household_month_cap" in one:
                earned = _with_household(one, at, household, amount, households)
            else:
                if (at, amount) not in known:
                    known[at, amount] = alone(one, amount)
                earned = known[at, amount]
            if settles:
                whole = Fraction(earned, amount)
                earned = half_up(whole * settled_to) - half_up(whole * settled_from)
            lines[at] += earned
            parts.append((at, earned))
        found.parts.append(parts)
    first, end = max(days[0], month[0]), min(days[1], month[1])
    every = [first + timedelta(days=n) for n in range(max(0, (end - first).days))]
    outlets = {day: outlet.on(day) if outlet.days else outlet for day in every}
    for at, one in enumerate(components):
        if one["kind"] in EACH and "month_minimum" not in one and "month_maximum" not in one:
            continue
        alive = {where: _live(components, where, at) for where in set(outlets.values())}
        live = {day: where for day, where in outlets.items() if alive[where]}
        if live or (one["kind"] == "TIERED" and any(measured[at])):
            share = Fraction(len(live), (month[1] - month[0]).days)
            found.monthly[at] = _monthly(one, measured[at], lines[at], share, live, outside, components, at)
    return found


def _live(components: Sequence[Component], outlet: Outlet, at: int) -> bool:
    """Return whether a component may pay this outlet a month at all: also one whose tenders nobody used."""
    if components[at]["kind"] in ("SUBSIDY", "MANDATE_BONUS"):
        return at in applying(components, outlet, None)
    named = {tender for each in components for tender in each.get("scope", {}).get("tenders", ())}
    return any(at in applying(components, outlet, tender) for tender in {*named, ""})


def _with_household(
    one: Component, at: int, household: int, amount: int, before: dict[tuple[int, int], tuple[int, int]]
) -> int:
    so_far, paid = before.get((at, household), (0, 0))
    so_far += amount if "per_household" in one else alone(one, amount)
    reached = alone(one, so_far) if "per_household" in one else so_far
    if "household_month_cap" in one:
        reached = min(reached, fen(one["household_month_cap"]))
    before[at, household] = (so_far, reached)
    return reached - paid


def _monthly(
    one: Component,
    measured: Sequence[int],
    lines: int,
    share: Fraction,
    live: Mapping[date, Outlet],
    outside: Mapping[str, Any],
    components: Sequence[Component],
    at: int,
) -> int:
    figure = measured[1] if one.get("measure") == "COUNT" else measured[0]
    held = True
    if one["kind"] == "TIERED":
        earned = half_up(_tiered(one, figure))
    elif one["kind"] == "GROWTH":
        last = _last_year(one, live, outside, lambda outlet, tender: at in applying(components, outlet, tender))
        earned = half_up(_growth(one, figure, last))
    elif one["kind"] == "SUBSIDY":
        wanted = one.get("conditions", {})
        held = bool(share) and all(
            _inside(outside.get(name, ()), live) >= wanted.get(key, 0)
            for key, name in (("open_days", "open_days"), ("visits", "visits_passed"))
        )
        earned = half_up(fen(one["amount"]) * share) if held else 0
    elif one["kind"] == "MANDATE_BONUS":
        earned = fen(one["amount"]) * _inside(outside.get("mandates", ()), live)
    else:
        earned = lines
    if held and share:
        if "month_minimum" in one:
            earned = max(earned, half_up(fen(one["month_minimum"]) * share))
        if "month_maximum" in one:
            earned = min(earned, half_up(fen(one["month_maximum"]) * share))
    return earned - lines if one["kind"] in EACH else earned


def _tiered(one: Component, figure: int) -> Fraction:
    by_count = one.get("measure") == "COUNT"
    if figure < 0:
        return -_tiered(one, -figure)
    edges = [int(tier["from"]) if by_count else fen(tier["from"]) for tier in one["tiers"]]
    prices = [
        Fraction(fen(tier.get("fee", "0"))) if by_count else Fraction(tier.get("rate", "0")) / 100
        for tier in one["tiers"]
    ]
    if one.get("mode") == "WHOLE":
        return figure * next(price for edge, price in zip(edges[::-1], prices[::-1], strict=True) if figure >= edge)
    total = Fraction(0)
    for edge, end, price in zip(edges, [*edges[1:], None], prices, strict=True):
        top = figure if end is None else min(figure, end)
        total += max(0, top - edge) * price
    return total


def _growth(one: Component, figure: int, last: int) -> Fraction:
    if last <= 0 or figure <= last:
        return Fraction(0)
    by_count = one.get("measure") == "COUNT"
    edges = [last * Fraction(step["from"]) / 100 for step in one["steps"]]
    prices = [
        Fraction(fen(step.get("fee", "0"))) if by_count else Fraction(step.get("rate", "0")) / 100
        for step in one["steps"]
    ]
    if one.get("mode") == "WHOLE":
        reached = [price for edge, price in zip(edges, prices, strict=True) if figure >= edge]
        return (figure - last) * reached[-1] if reached else Fraction(0)
    total = Fraction(0)
    for edge, end, price in zip(edges, [*edges[1:], None], prices, strict=True):
        top = Fraction(figure) if end is None else min(Fraction(figure), end)
        total += max(Fraction(0), top - edge) * price
    return total


def _last_year(one: Component, live: Mapping[date, Outlet], outside: Mapping[str, Any], counts: Any) -> int:
    """Sum last year's figures of the day numbers that count; the month's last day stands for the later ones too."""
    by_number = {day.day: where for day, where in live.items()}
    last = max(live)
    if (last + timedelta(days=1)).day == 1:
        by_number |= dict.fromkeys(range(last.day + 1, 32), live[last])
    which = 3 if one.get("measure") == "COUNT" else 2
    numbered = ((date.fromisoformat(row[0]).day, row) for row in outside.get("last_year", ()))
    return sum(row[which] for number, row in numbered if number in by_number and counts(by_number[number], row[1]))


def _inside(found: Iterable[str], live: Mapping[date, Outlet]) -> int:
    return sum(date.fromisoformat(day) in live for day in found)
