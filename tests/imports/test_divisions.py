"""Divisions: the national list's layouts, lists that name the levels above, hints that never overrule the office."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from sqlalchemy import func, select

from agentnet.divisions.models import Division
from agentnet.divisions.places import DATA
from agentnet.infra.db import db
from tests import world
from tests.imports.conftest import Bring, counts

VILLAGES = (
    "code,name,streetCode,provinceCode,cityCode,areaCode\n"
    '331081001205,"新河头村委会",331081001,33,3310,331081\n'
    '331081001003,"三星社区居委会",331081001,33,3310,331081\n'
)


def division(code: str) -> Division:
    return db.session.scalars(select(Division).where(Division.code == code)).one()


def test_the_national_lists_layouts_come_in_level_by_level(bring: Bring) -> None:
    assert counts(bring("divisions", 'code,name\n32,"江苏省"\n')) == (1, 0, 0)
    assert counts(bring("divisions", 'code,name,provinceCode\n3212,"泰州市",32\n')) == (1, 0, 0)
    assert counts(bring("divisions", 'code,name,cityCode,provinceCode\n321202,"海陵区",3212,32\n')) == (1, 0, 0)
    street = 'code,name,areaCode,provinceCode,cityCode\n321202001,"城东街道",321202,32,3212\n'
    assert counts(bring("divisions", street)) == (1, 0, 0)
    assert counts(bring("divisions", VILLAGES)) == (2, 0, 0)
    village = division("331081001205")
    assert (village.level, village.parent_code, village.setting) == ("VILLAGE", "331081001000", "RURAL")
    assert division("331081001003").setting == "URBAN"
    assert division("321202001000").level == "TOWNSHIP"


def test_a_hint_never_overrules_what_the_office_said(bring: Bring) -> None:
    bring("divisions", VILLAGES)
    assert counts(bring("divisions", "区划代码,名称,城乡属性\n331081001205,新河头村委会,城镇\n")) == (0, 1, 0)
    assert counts(bring("divisions", VILLAGES)) == (0, 0, 2)
    assert division("331081001205").setting == "URBAN"


def test_a_division_without_the_one_above_is_refused_at_its_row(bring: Bring, wrong) -> None:
    plan = bring("divisions", VILLAGES + '331081999201,"无镇村",331081999,33,3310,331081\n')
    assert wrong(plan) == [(4, "code", "parent_missing")]


def test_a_city_without_counties_is_its_own_county(bring: Bring) -> None:
    bring("divisions", "code,name\n44,广东省\n4419,东莞市\n")
    assert counts(bring("divisions", "code,name,cityCode\n441900,东莞市,4419\n")) == (0, 0, 1)
    assert counts(bring("divisions", "code,name,areaCode\n441900003,东城街道,441900\n")) == (1, 0, 0)


def test_half_a_position_and_junk_codes_are_refused(bring: Bring, wrong) -> None:
    plan = bring("divisions", "code,name,longitude,latitude\n331081001205,甲,121.4,\n")
    assert wrong(plan) == [(2, "longitude", "half_position")]
    plan = bring("divisions", "code,name\n33108100120,甲\n03,乙\n=1+1,丙\n")
    assert wrong(plan) == [(row, "code", "division_code") for row in (2, 3, 4)]


def test_the_shipped_villages_bring_every_level_above_them(bring: Bring) -> None:
    plan = bring("divisions", DATA / "divisions.csv")
    assert plan.errors.kept == []
    assert (
        db.session.scalar(select(func.count()).where(Division.code.like("331081%"), Division.level == "VILLAGE")) >= 661
    )
    assert (division("330700000000").level, division("330000000000").name) == ("CITY", "浙江省")
    assert counts(bring("divisions", DATA / "divisions.csv"))[:2] == (0, 0)


def test_the_old_encoding_of_offices_is_read(bring: Bring) -> None:
    bring("divisions", "区划代码,区划名称\n331081001209,㘰塆村委会\n".encode("gb18030"))
    assert division("331081001209").name == "㘰塆村委会"


@pytest.mark.slow
def test_fifty_thousand_villages_come_in_within_their_memory(bring: Bring, tmp_path: Path) -> None:
    # The whole country (620,573 rows) was measured by hand: see docs/decisions/0007. This holds the shape.
    bring("divisions", "code,name\n" + "".join(f"331081{n:03d},第{n}镇\n" for n in range(200, 300)))
    path = tmp_path / "villages.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("code,name,streetCode\n")
        for number in range(50_000):
            town, village = 200 + number // 500, 200 + number % 500
            file.write(f"331081{town}{village},第{number}村委会,331081{town}\n")
    tracemalloc.start()
    plan = bring("divisions", path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts(plan) == (50_000, 0, 0)
    assert peak < 60_000_000
    assert counts(bring("divisions", path)) == (0, 0, 50_000)
    assert world.VILLAGE not in path.read_text(encoding="utf-8")
