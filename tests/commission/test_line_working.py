"""A collection's page shows how its commission came about, of open and of closed months alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from agentnet.closing.actions import close_month
from agentnet.collecting.models import Collection
from agentnet.commission.actions import add_version
from agentnet.commission.engine.language import Band, Component, Kind, Scope, Version
from agentnet.commission.line_working import line_working
from agentnet.core.clock import Month
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet
from tests import world
from tests.commission.facts import POSTAL_STATION, collected, voided

SignIn = Callable[[str], FlaskClient]
OCTOBER = Month(2026, 10)
NOVEMBER_3 = date(2026, 11, 3)
BANDED = Component(
    Kind.BANDED, "农村", bands=(Band(0, 2_000_01, fee_fen=20_00), Band(2_000_01, rate_ppm=10_000))
)  # UP rural: 20 up to 2,000, 1 % above
CAPPED = Component(Kind.PER_COLLECTION, "每户", fee_fen=50, household_month_cap_fen=80)


def ruled_by(*components: Component) -> None:
    with batch():
        add_version("STANDARD", Version(date(2026, 10, 1), components, note="试点"), world.actor("fang"))


def receipt_of(id_) -> str:
    with reading():
        return db.session.scalars(select(Collection.receipt_no).where(Collection.id == id_)).one()


def explained(id_):
    receipt_no = receipt_of(id_)
    with reading():
        return line_working(db.session.get_one(Outlet, 1), receipt_no)


def page(client: FlaskClient, id_) -> str:
    answer = client.get(f"/commission/outlets/WL0001/lines/{receipt_of(id_)}")
    assert answer.status_code == 200
    return answer.text


def test_a_closed_line_shows_band_formula_and_rounding(sign_in: SignIn) -> None:
    ruled_by(BANDED)
    small, large = collected(POSTAL_STATION, 2_000_00, 2_000_50)
    close_month(OCTOBER, SYSTEM)
    alice = sign_in("alice")
    # 2,000.50 x 1 % = 20.005, rounded to 20.01.
    shown = page(alice, large)
    for words in ("已封账", "20.005", "20.01", "2,000.50 × 1 %", "农村", "第 2 版", "提出异议"):
        assert words in shown
    assert "没有舍入" in page(alice, small)
    assert f"/lines/{receipt_of(large)}" in alice.get("/commission/outlets/WL0001?month=2026-10").text


def test_an_open_line_is_provisional_and_names_the_household_before(sign_in: SignIn) -> None:
    ruled_by(CAPPED)
    _first, second = collected(POSTAL_STATION, 10_00, 20_00, on=NOVEMBER_3)
    shown = page(sign_in("alice"), second)
    # 0.50 and 0.50 are capped at 0.80: the second earns 0.30.
    for words in ("未封账，暂计", "0.80 − 0.50 = 0.30", "同一户本月已达封顶额"):
        assert words in shown
    assert "提出异议" not in shown


@pytest.mark.usefixtures("app")
def test_open_and_closed_come_to_the_same() -> None:
    ruled_by(BANDED, CAPPED)
    ids = collected(POSTAL_STATION, 2_000_00, 2_000_50, 5_00)
    before = [explained(id_).explained for id_ in ids]
    close_month(OCTOBER, SYSTEM)
    after = [explained(id_) for id_ in ids]
    assert [one.explained for one in after] == before
    assert [one.paid_fen for one in after] == [one.total_fen for one in before]
    assert not any(one.differs for one in after)


def test_a_voided_collection_earns_nothing_and_says_why(sign_in: SignIn) -> None:
    (gone,) = collected(POSTAL_STATION, 10_00, on=NOVEMBER_3)
    voided(gone)
    assert "已撤销、全额退费或更正了户号" in page(sign_in("alice"), gone)


def test_a_line_no_component_covers_says_why(sign_in: SignIn) -> None:
    with batch():
        only = Component(Kind.PER_COLLECTION, "只付城区", scope=Scope(settings=frozenset({"URBAN"})), fee_fen=50)
        add_version("STANDARD", Version(date(2026, 11, 1), (only,), note="试点"), world.actor("fang"))
    (one,) = collected(POSTAL_STATION, 10_00, on=NOVEMBER_3)
    assert "方案中没有项目适用于这笔收费" in page(sign_in("alice"), one)


@pytest.mark.parametrize("who", ["dora", "alan", "charlie"])
def test_a_stranger_finds_no_line(sign_in: SignIn, who: str) -> None:
    (one,) = collected(POSTAL_STATION, 10_00, on=NOVEMBER_3)
    assert sign_in(who).get(f"/commission/outlets/WL0001/lines/{receipt_of(one)}").status_code == 404


def test_anothers_receipt_is_missing(sign_in: SignIn) -> None:
    (one,) = collected("WL0002", 10_00, on=NOVEMBER_3)
    assert sign_in("fang").get(f"/commission/outlets/WL0001/lines/{receipt_of(one)}").status_code == 404
