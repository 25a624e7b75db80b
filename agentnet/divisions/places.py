"""Positions for places nobody has measured: villages and outlets scattered around their township's point.

All positions are WGS-84 degrees. No public source gives village coordinates, so these are invented, always the same
for the same key, and must be stored with ``synthetic`` set. Geometry uses floats; money never comes here.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
METRES_PER_DEGREE = 111_320.0
_TURN = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True, slots=True)
class Point:
    """A WGS-84 position in degrees."""

    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class ShippedPoints:
    """Known township points by 9-digit code, and each county's box for townships without one."""

    known: Mapping[str, Point]
    boxes: Mapping[str, tuple[Point, Point]]
    names: Mapping[str, str]


@cache
def township_points(path: Path = DATA / "township_points.csv") -> ShippedPoints:
    """Read the shipped township points (GeoNames, CC BY 4.0)."""
    known: dict[str, Point] = {}
    names: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names[row["street_code"]] = row["street_name"]
            if row["lon_wgs84"]:
                known[row["street_code"]] = Point(float(row["lon_wgs84"]), float(row["lat_wgs84"]))
    counties = {code[:6] for code in known}
    boxes = {county: _box(point for code, point in known.items() if code[:6] == county) for county in counties}
    return ShippedPoints(known, boxes, names)


def township_point(code: str) -> Point:
    """Return the point of a township by its code (9 digits or more), inside its county's box when none is known.

    Raises:
        LookupError: if no township of the county has a known point.

    >>> point = township_point("330206002"); point.longitude, point.latitude
    (121.83778, 29.91917)
    """
    shipped = township_points()
    code = code[:9]
    if code in shipped.known:
        return shipped.known[code]
    if code[:6] not in shipped.boxes:
        raise LookupError(f"no known point in county {code[:6]}")
    low, high = shipped.boxes[code[:6]]
    across, up = _two_fractions(code)
    return Point(
        round(low.longitude + across * (high.longitude - low.longitude), 6),
        round(low.latitude + up * (high.latitude - low.latitude), 6),
    )


def scatter(centre: Point, keys: Iterable[str], radius_metres: float = 2500.0) -> dict[str, Point]:
    """Return a position for each key, spread evenly over a disc around the centre, in the order of the keys.

    A sunflower pattern keeps neighbours apart; a small shift by the key's own hash hides the pattern. The same keys
    in the same order always get the same positions.

    >>> found = scatter(Point(121.4, 28.4), ["331081001201", "331081001202"])
    >>> found == scatter(Point(121.4, 28.4), ["331081001201", "331081001202"]), len(set(found.values()))
    (True, 2)
    """
    ordered = list(keys)
    found = {}
    for place, key in enumerate(ordered):
        aside, along = _two_fractions(key)
        distance = radius_metres * math.sqrt((place + 0.3 + 0.4 * aside) / len(ordered))
        angle = place * _TURN + 0.3 * along
        found[key] = moved(centre, distance * math.cos(angle), distance * math.sin(angle))
    return found


def moved(point: Point, east_metres: float, north_metres: float) -> Point:
    """Return the position so many metres east and north of a point (good to a few metres within a county).

    >>> point = moved(Point(121.0, 28.0), 0.0, 111.32); point.longitude, point.latitude
    (121.0, 28.001)
    """
    east = east_metres / (METRES_PER_DEGREE * math.cos(math.radians(point.latitude)))
    return Point(round(point.longitude + east, 6), round(point.latitude + north_metres / METRES_PER_DEGREE, 6))


def _two_fractions(key: str) -> tuple[float, float]:
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32, int.from_bytes(digest[4:8]) / 2**32


def _box(points: Iterable[Point]) -> tuple[Point, Point]:
    found = list(points)
    return (
        Point(min(point.longitude for point in found), min(point.latitude for point in found)),
        Point(max(point.longitude for point in found), max(point.latitude for point in found)),
    )
