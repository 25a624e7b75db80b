"""What codes say by themselves, and where places without a measured position are put."""

from __future__ import annotations

import csv
import doctest
import math

import pytest

from agentnet.core.errors import Invalid
from agentnet.divisions import places, rules
from agentnet.divisions.places import DATA, Point, moved, scatter, township_point, township_points
from agentnet.divisions.rules import PROVINCES, level_of, parent_of, read_code, setting_hint
from agentnet.infra import columns, importing


@pytest.mark.parametrize("module", [rules, places, columns, importing])
def test_the_examples_in_the_docstrings_hold(module) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    "text", ["", "3", "331", "33108", "3310810", "33108100120", "3310810012045", "0331", "33a0", "３３"]
)
def test_what_is_no_division_code_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="division_code"):
        read_code(text)


def test_every_shipped_village_lies_under_a_township_a_county_a_city_and_a_province() -> None:
    with (DATA / "divisions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code = read_code(row["code"])
            assert level_of(code) == "VILLAGE"
            above = [parent_of(code)]
            while above[-1] is not None:
                above.append(parent_of(above[-1]))
            wanted = [read_code(row[name]) for name in ("street_code", "area_code", "city_code")]
            assert above == [*wanted, "330000000000", None]
            assert PROVINCES["33"] == "浙江省"


def test_the_band_of_a_code_agrees_with_the_shipped_kinds_but_for_a_few() -> None:
    urban = {"community", "community_like"}
    with (DATA / "divisions.csv").open(encoding="utf-8", newline="") as file:
        rows = [(setting_hint(row["code"]), row["kind"]) for row in csv.DictReader(file)]
    differing = [row for row in rows if (row[0] == "URBAN") != (row[1] in urban)]
    assert len(differing) <= len(rows) // 100


def metres(one: Point, other: Point) -> float:
    across = (one.longitude - other.longitude) * places.METRES_PER_DEGREE * math.cos(math.radians(one.latitude))
    return math.hypot(across, (one.latitude - other.latitude) * places.METRES_PER_DEGREE)


def test_scattered_places_stay_near_apart_and_where_they_were() -> None:
    centre = Point(121.4, 28.4)
    keys = [f"331081001{number}" for number in range(200, 260)]
    found = scatter(centre, keys, 2_000)
    assert all(metres(point, centre) <= 2_010 for point in found.values())
    assert min(metres(a, b) for i, a in enumerate(found.values()) for b in list(found.values())[i + 1 :]) > 60
    assert found == scatter(centre, keys, 2_000)
    assert scatter(centre, []) == {}


def test_a_township_without_a_known_point_lies_inside_its_county() -> None:
    shipped = township_points()
    assert (len(shipped.names), len(shipped.known)) == (147, 89)
    assert {code[:6] for code in shipped.names} - set(shipped.boxes) == {"330723"}  # Wuyi: none of its 18 is known
    for code in shipped.names.keys() - {code for code in shipped.names if code[:6] == "330723"}:
        point = township_point(code)
        low, high = shipped.boxes[code[:6]]
        assert low.longitude <= point.longitude <= high.longitude
        assert low.latitude <= point.latitude <= high.latitude
        assert point == township_point(code + "204")


def test_a_county_nobody_knows_has_no_points() -> None:
    for code in ("110101001", "330723001"):
        with pytest.raises(LookupError):
            township_point(code)


def test_a_move_of_a_thousand_metres_is_one() -> None:
    start = Point(121.4, 28.4)
    assert abs(metres(start, moved(start, 600, 800)) - 1000) < 1
