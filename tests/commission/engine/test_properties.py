"""What holds for every plan: the order of facts, splitting, parts of a whole, scales without jumps, and who comes first in a group."""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agentnet.commission.engine.amounts import growth, pay_of, rounded, tiered
from agentnet.commission.engine.evaluating import month_of
from agentnet.commission.engine.inputs import Fact, OutletInputs, Profile
from agentnet.commission.engine.language import (
    Band,
    Basis,
    Component,
    Kind,
    Measure,
    Mode,
    Scope,
    Share,
    Step,
    Tier,
    Version,
)
from agentnet.commission.engine.sharing import split
from agentnet.core.clock import Month
from agentnet.core.money import PPM

JANUARY = date(2026, 1, 1)
OUTLET = OutletInputs(Month(2026, 10), Profile("NEWSSTAND", "RURAL"))
fens = st.integers(0, 10_000_00)
rates = st.integers(0, PPM)


@st.composite
def bands(draw: Any) -> tuple[Band, ...]:
    edges = [0, *sorted(draw(st.sets(st.integers(1, 5_000_00), max_size=4)))]
    ends = [*edges[1:], None]
    return tuple(Band(a, b, draw(fens), draw(rates)) for a, b in zip(edges, ends, strict=True))


@st.composite
def paying(draw: Any) -> Component:
    least = draw(st.none() | st.integers(0, 50_00))
    most = draw(st.none() | st.integers(least or 0, 100_00))
    common = {
        "minimum_fen": least,
        "maximum_fen": most,
        "per_household": draw(st.booleans()),
        "household_month_cap_fen": draw(st.none() | st.integers(0, 60_00)),
        "month_maximum_fen": draw(st.none() | fens),
    }
    if draw(st.booleans()):
        return Component(Kind.BANDED, "b", bands=draw(bands()), **common)
    return Component(Kind.PER_COLLECTION, "p", fee_fen=draw(st.integers(0, 30_00)), rate_ppm=draw(rates), **common)


@st.composite
def tiers(draw: Any, mode: Mode = Mode.MARGINAL) -> Component:
    edges = [0, *sorted(draw(st.sets(st.integers(1, 20_000), max_size=4)))]
    parts = tuple(Tier(a, b, draw(rates)) for a, b in zip(edges, [*edges[1:], None], strict=True))
    return Component(Kind.TIERED, "t", measure=Measure.VOLUME, mode=mode, tiers=parts)


facts = st.lists(
    st.tuples(st.integers(1, 31), st.sampled_from(["CASH", "CARD"]), st.sampled_from("ABC"), st.integers(1, 6_000_00)),
    max_size=12,
).map(lambda rows: [Fact(at, date(2026, 10, day), *rest, 0, rest[-1]) for at, (day, *rest) in enumerate(rows)])


@given(st.lists(paying(), min_size=1, max_size=4), tiers(), facts, st.sampled_from(Basis), st.randoms())
def test_the_order_of_facts_does_not_matter(
    components: list[Component], scale: Component, found: list[Fact], basis: Basis, chance: random.Random
) -> None:
    version = Version(JANUARY, (*components, scale), basis)
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert month_of(version, OUTLET, shuffled) == month_of(version, OUTLET, found)


@given(st.lists(paying(), min_size=1, max_size=3), facts)
def test_parts_add_up_to_lines_and_lines_to_the_month(components: list[Component], found: list[Fact]) -> None:
    worked = month_of(Version(JANUARY, tuple(components)), OUTLET, found)
    assert all(line.total_fen == sum(fen for _, fen in line.parts) for line in worked.lines)
    assert sum(worked.by_component().values()) == worked.total_fen


@given(paying(), st.integers(2, 6_000_00), st.data())
def test_splitting_never_pays_more_where_a_household_is_one_payment(
    component: Component, amount: int, data: Any
) -> None:
    joined = Version(JANUARY, (Component(**{**_fields(component), "per_household": True}),))
    cut = data.draw(st.integers(1, amount - 1))
    whole = month_of(joined, OUTLET, [Fact(1, date(2026, 10, 1), "CASH", "A", amount)])
    halves = [Fact(1, date(2026, 10, 1), "CASH", "A", cut), Fact(2, date(2026, 10, 9), "CASH", "A", amount - cut)]
    assert month_of(joined, OUTLET, halves).total_fen == whole.total_fen


@given(paying(), facts)
def test_a_capped_household_gets_the_cap_or_what_it_earned(component: Component, found: list[Fact]) -> None:
    fields = {**_fields(component), "per_household": False, "household_month_cap_fen": 20_00, "month_maximum_fen": None}
    capped = Component(**fields)
    worked = month_of(Version(JANUARY, (capped,)), OUTLET, found)
    pay = pay_of(capped)
    expected = sum(min(20_00, sum(pay(one.amount_fen) for one in found if one.household == name)) for name in "ABC")
    assert worked.total_fen == expected


@given(st.lists(paying(), min_size=1, max_size=3), st.integers(1, 6_000_00), st.data())
def test_the_parts_of_what_is_settled_sum_to_the_whole(components: list[Component], amount: int, data: Any) -> None:
    plain = [Component(**{**_fields(one), "month_maximum_fen": None}) for one in components]
    version = Version(JANUARY, tuple(plain), Basis.SETTLED)
    edges = sorted({0, amount, *data.draw(st.lists(st.integers(0, amount), max_size=5))})
    paid = [
        month_of(version, OUTLET, [Fact(1, date(2026, 10, 1), "CASH", "A", amount, a, b)]).total_fen
        for a, b in pairwise(edges)
    ]
    entered = month_of(Version(JANUARY, tuple(plain)), OUTLET, [Fact(1, date(2026, 10, 1), "CASH", "A", amount)])
    assert sum(paid) == entered.total_fen


@given(tiers(), st.integers(0, 30_000))
def test_marginal_tiers_are_what_a_fen_by_fen_sum_gives_and_never_fall(scale: Component, volume: int) -> None:
    exact = Fraction(0)
    for tier in scale.tiers:
        exact += Fraction(max(0, min(volume, tier.to if tier.to is not None else volume) - tier.from_)) * tier.rate_ppm
    found = tiered(scale, volume)
    assert Fraction(found.over, found.under) == exact / PPM
    more = tiered(scale, volume + 1)
    step = Fraction(more.over - found.over, found.under)
    assert 0 <= step <= 1  # continuous: one fen more earns at most one fen more


@given(st.integers(1, 5_000), st.integers(0, 20_000), st.lists(rates, min_size=3, max_size=3))
def test_marginal_growth_is_continuous_and_never_falls(last: int, now: int, prices: list[int]) -> None:
    edges = [PPM, 1_200_000, 2_000_000]
    steps = tuple(Step(a, b, rate) for a, b, rate in zip(edges, [*edges[1:], None], prices, strict=True))
    component = Component(Kind.GROWTH, "g", measure=Measure.VOLUME, mode=Mode.MARGINAL, steps=steps)
    found, more = growth(component, now, last), growth(component, now + 1, last)
    assert 0 <= Fraction(more.over - found.over, found.under) <= 1
    assert now > last or found.over == 0


@given(st.integers(-(10**14), 10**14), st.lists(st.integers(0, 1_000), min_size=1, max_size=6))
def test_shares_add_up_and_are_within_a_fen(total: int, weights: list[int]) -> None:
    ppm = [weight * 1000 for weight in weights]
    ppm[0] += PPM - sum(ppm)
    if ppm[0] < 0:
        return
    parts = split(total, [Share(str(at), one) for at, one in enumerate(ppm)])
    assert sum(fen for _, fen in parts) == total
    assert all(abs(Fraction(total * one, PPM) - fen) < 1 for one, (_, fen) in zip(ppm, parts, strict=True))


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**12))
def test_halves_round_away_from_zero(over: int, under: int) -> None:
    exact = abs(Fraction(over, under))
    expected = int(exact + Fraction(1, 2))
    assert rounded(over, under) == (expected if over >= 0 else -expected)


kinds = st.sampled_from([None, "NEWSSTAND", "VILLAGE_POST"])
tenders = st.sampled_from([None, "CASH", "CARD"])


@st.composite
def alternative(draw: Any) -> tuple[str | None, str | None, int]:
    return draw(kinds), draw(tenders), draw(st.integers(0, 30_00))


@settings(max_examples=200)
@given(st.lists(alternative(), min_size=1, max_size=9, unique_by=lambda one: one[:2]), facts)
def test_of_a_group_kind_and_tender_come_before_kind_before_tender_before_any(
    alternatives: list[tuple[str | None, str | None, int]], found: list[Fact]
) -> None:
    fees = {(kind, tender): fee for kind, tender, fee in alternatives}
    components = tuple(
        Component(
            Kind.PER_COLLECTION,
            f"{kind} {tender}",
            Scope(frozenset({kind} if kind else ()), frozenset({tender} if tender else ())),
            group="each",
            fee_fen=fee,
        )
        for (kind, tender), fee in fees.items()
    )
    worked = month_of(Version(JANUARY, components), OUTLET, found)
    by_id = {line.id: line.total_fen for line in worked.lines}
    for one in found:
        narrowing = (("NEWSSTAND", one.tender), ("NEWSSTAND", None), (None, one.tender), (None, None))
        expected = next((fees[scope] for scope in narrowing if scope in fees), 0)
        assert by_id[one.id] == (expected if one.amount_fen else 0)


def _fields(component: Component) -> dict[str, Any]:
    return {name: getattr(component, name) for name in component.__dataclass_fields__}
