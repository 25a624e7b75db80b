"""The counter's first page tells the month's income, per open hour, and what is missing to the next tier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, insert

from agentnet.commission.actions import add_version
from agentnet.commission.engine.language import Component, Kind, Measure, Mode, Step, Tier, Version
from agentnet.commission.engine.monthly import MonthInputs
from agentnet.commission.engine.reaching import next_of
from agentnet.commission.income import income_of, open_minutes
from agentnet.core.clock import frozen_at
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import OpeningHours, Outlet
from tests import world
from tests.commission.facts import POSTAL_STATION, collected

SignIn = Callable[[str], FlaskClient]
NOVEMBER_3, NOVEMBER_4 = date(2026, 11, 3), date(2026, 11, 4)  # a Tuesday and a Wednesday
SCALE = Component(
    Kind.TIERED,
    "按月累计",
    tiers=(Tier(0, 3_000_00, 60_000), Tier(3_000_00, 8_000_00, 80_000), Tier(8_000_00, None, 100_000)),
)


def open_on(*spans: tuple[int, int, int]) -> None:
    """Give WL0001 opening hours: weekday and minutes."""
    with batch():
        db.session.execute(delete(OpeningHours).where(OpeningHours.outlet_id == 1))
        rows = [{"outlet_id": 1, "weekday": day, "opens_minute": a, "closes_minute": b} for day, a, b in spans]
        if rows:
            db.session.execute(insert(OpeningHours), rows)


def scaled(*components: Component) -> None:
    with batch():
        add_version("STANDARD", Version(date(2026, 11, 1), components or (SCALE,), note="试点"), world.actor("fang"))


def income():
    with reading():
        return income_of(db.session.get_one(Outlet, 1))


@pytest.mark.usefixtures("app")
def test_income_per_open_hour_counts_the_hours_of_days_with_business() -> None:
    # Tuesday 8:00-12:00, Wednesday 8:00-12:00 and 13:00-17:00: 12 hours; two payments in cash earn 1.00.
    open_on((2, 480, 720), (3, 480, 720), (3, 780, 1020), (4, 0, 1440))
    collected(POSTAL_STATION, 203_50, on=NOVEMBER_3)
    collected(POSTAL_STATION, 102_00, on=NOVEMBER_4)
    found = income()
    assert (found.count, found.earned_fen, found.days, found.open_minutes) == (2, 1_00, 2, 12 * 60)
    assert found.per_hour_fen == 8  # 100 / 12 = 8.33


@pytest.mark.usefixtures("app")
def test_without_opening_hours_nothing_is_divided() -> None:
    open_on()
    collected(POSTAL_STATION, 203_50, on=NOVEMBER_3)
    assert income().per_hour_fen is None


@pytest.mark.usefixtures("app")
def test_it_is_worked_out_once_a_minute() -> None:
    collected(POSTAL_STATION, 203_50, on=NOVEMBER_3)
    assert income().count == 1
    collected(POSTAL_STATION, 203_50, on=NOVEMBER_3)
    assert income().count == 1
    with frozen_at(world.NOW + timedelta(minutes=1)):
        assert income().count == 2


def test_the_counter_says_what_is_missing_to_the_next_tier(sign_in: SignIn) -> None:
    scaled()
    collected(POSTAL_STATION, 1_766_00, on=NOVEMBER_3)
    page = sign_in("alice").get("/collect").text
    for words in ("105.96", "1,234.00", "就到 8%这一段", "平均每营业小时", "有收费的 1 天"):
        assert words in page
    assert "/commission/outlets/WL0001" in page


def test_an_empty_month_says_why(sign_in: SignIn) -> None:
    page = sign_in("alice").get("/collect").text
    assert "本月没有收费" in page
    assert "平均每营业小时" not in page


def test_a_component_that_pays_nothing_says_why(sign_in: SignIn) -> None:
    scaled(SCALE, Component(Kind.SUBSIDY, "开门补贴", amount_fen=300_00, minimum_open_days=20))
    collected(POSTAL_STATION, 100_00, on=NOVEMBER_3)
    assert "开门补贴：没有达到补贴条件" in sign_in("alice").get("/collect").text


@pytest.mark.parametrize(
    ("measured", "missing"), [(0, 3_000_00), (2_999_99, 1), (3_000_00, 5_000_00), (7_999_99, 1), (8_000_00, None)]
)
def test_the_next_tier_begins_at_its_edge(measured: int, missing: int | None) -> None:
    found = next_of(SCALE, MonthInputs(measured=measured))
    assert (found.missing if found else None) == missing


def test_growth_needs_a_figure_of_last_year_and_rounds_up() -> None:
    steps = (Step(1_000_000, 1_200_000, 100_000), Step(1_200_000, None, 150_000))
    growth = Component(Kind.GROWTH, "同比", measure=Measure.COUNT, mode=Mode.WHOLE, steps=steps)
    assert next_of(growth, MonthInputs(measured=5)) is None
    # 120 % of 13 is 15.6: the sixteenth reaches it.
    found = next_of(growth, MonthInputs(measured=14, last_year=13))
    assert found is not None
    assert (found.missing, found.from_ppm, found.whole, found.by_volume) == (2, 1_200_000, True, False)


def test_a_day_without_hours_adds_none() -> None:
    assert open_minutes([[] for _ in range(7)], [NOVEMBER_3]) == 0
