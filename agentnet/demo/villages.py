"""The villages of the two networks, and the org units that follow from their townships.

Rows are real (``agentnet/data``); positions are scattered around the township's point and marked synthetic.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from agentnet.demo.romanised import romanised
from agentnet.divisions.models import OrgKind
from agentnet.divisions.places import DATA, Point, scatter, township_point
from agentnet.divisions.rules import setting_hint

WENLING = "331081"
JIAXING = "3304"
COORDINATE_SOURCE = "demo"

DECLARED_VILLAGES = 830
"""The programme's own total for Wenling (S38); the register has 661 villages and communities today."""

_TOWN_ENDINGS = ("街道", "镇")
_WITHOUT_STATION = {"331081400": "331081001"}
"""A development zone of one village, served by the county seat's station."""


@dataclass(frozen=True, slots=True)
class Village:
    """A village or community of the networks."""

    code: str
    name: str
    township_name: str
    county_name: str
    city_name: str
    setting: str
    point: Point

    @property
    def township_code(self) -> str:
        return self.code[:9]

    @property
    def is_wenling(self) -> bool:
        return self.code.startswith(WENLING)

    @property
    def station_code(self) -> str:
        return station_code(self.township_code)

    @property
    def place_name(self) -> str:
        """The name as people say it, without the committee that governs the place."""
        for ending in ("村村民委员会", "村民委员会", "村村委会", "村委会"):
            if self.name.endswith(ending):
                return self.name.removesuffix(ending) + "村"
        return self.name.removesuffix("居委会").removesuffix("居民")


@dataclass(frozen=True, slots=True)
class Unit:
    """An org unit of the demo company, parents before children."""

    code: str
    name: str
    name_en: str
    kind: OrgKind
    parent_code: str | None
    division_code: str | None = None
    declared_villages: int | None = None


def station_code(township_code: str) -> str:
    """Return the org unit code of the station that serves a township.

    >>> station_code("331081100"), station_code("331081400"), station_code("330402005")
    ('WL-100', 'WL-001', 'JX-02-005')
    """
    code = _WITHOUT_STATION.get(township_code, township_code)
    return f"WL-{code[6:]}" if code.startswith(WENLING) else f"JX-{code[4:6]}-{code[6:]}"


def villages() -> list[Village]:
    """Return every village and community of Wenling and of Jiaxing's seven counties, by code."""
    with (DATA / "divisions.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["code"].startswith((WENLING, JIAXING))]
    by_township: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_township[row["code"][:9]].append(row["code"])
    points = {
        code: point
        for township, codes in by_township.items()
        for code, point in scatter(township_point(township), codes).items()
    }
    return [
        Village(
            code=row["code"],
            name=row["name"],
            township_name=row["street_name"],
            county_name=row["area_name"],
            city_name=row["city_name"],
            setting=setting_hint(row["code"]) or "RURAL",
            point=points[row["code"]],
        )
        for row in sorted(rows, key=lambda row: row["code"])
    ]


def org_units(found: Sequence[Village]) -> list[Unit]:
    """Return the invented company over the real places: two city units, eight county units, a station a township."""
    units = [
        Unit("DH", "东海电力公司", "Donghai Power Company", OrgKind.COMPANY, None),
        Unit("TZ", "台州供电公司", "Taizhou Power Supply", OrgKind.CITY, "DH", "331000000000"),
        Unit("JX", "嘉兴供电公司", "Jiaxing Power Supply", OrgKind.CITY, "DH", "330400000000"),
    ]
    counties = {village.code[:6]: village.county_name for village in found}
    for code, name in sorted(counties.items(), key=lambda county: (county[0] != WENLING, county[0])):
        short = name[:-1]
        in_wenling = code == WENLING
        units.append(
            Unit(
                "WL" if in_wenling else f"JX-{code[4:]}",
                f"{short}供电公司",
                f"{romanised(short)} Power Supply",
                OrgKind.COUNTY,
                "TZ" if in_wenling else "JX",
                code.ljust(12, "0"),
                DECLARED_VILLAGES if in_wenling else None,
            )
        )
    townships = {village.township_code: village.township_name for village in found}
    for code, name in sorted(townships.items()):
        if code in _WITHOUT_STATION:
            continue
        short = _short(name)
        own = station_code(code)
        units.append(
            Unit(
                own,
                f"{short}供电所",
                f"{romanised(short)} Station",
                OrgKind.STATION,
                own.rpartition("-")[0],
                code.ljust(12, "0"),
            )
        )
    return units


def _short(township_name: str) -> str:
    for ending in _TOWN_ENDINGS:
        if township_name.endswith(ending):
            return township_name.removesuffix(ending)
    return township_name
