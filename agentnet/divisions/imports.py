"""Divisions from files: any level, the national list's own layouts, and lists that name the levels above in the row.

A village's setting is hinted from its code when the file does not say; what the office corrected is never overwritten
by a hint. An empty optional cell leaves what is there. A division hangs on the one its code names, which must exist.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Table, select

from agentnet.core.errors import Invalid
from agentnet.core.words import translatable
from agentnet.divisions.models import Division
from agentnet.divisions.rules import PROVINCES, level_of, parent_of, read_code, setting_hint
from agentnet.divisions.words import SETTINGS
from agentnet.infra.actor import Actor
from agentnet.infra.bulk import among, in_pieces, insert_many, update_many
from agentnet.infra.columns import Column, degrees, one_of, words, yes_or_no
from agentnet.infra.db import db
from agentnet.infra.importing import CHUNK, Importer, Parsed, Plan, chunks
from agentnet.infra.sheets import Cell

DIVISIONS = cast(Table, Division.__table__)
INSERTED = (
    "code", "level", "name", "parent_code", "setting",
    "longitude", "latitude", "coordinate_source", "coordinate_synthetic",
)  # fmt: skip
KEPT = ("name", "setting", "longitude", "latitude", "coordinate_source", "coordinate_synthetic")
"""What a file may change; level and parent follow from the code."""

ABOVE = (("street_name", 9), ("area_name", 6), ("city_name", 4))
"""Columns that name the levels above a row, with the length of their codes."""

COLUMNS = (
    Column(
        "code",
        translatable("区划代码"),
        read_code,
        ("统计用区划代码", "行政区划代码", "division code"),
        example="331081001204",
    ),
    Column("name", translatable("区划名称"), words(120), ("名称",), example="小河头村委会"),
    Column(
        "setting",
        translatable("城乡属性"),
        one_of(SETTINGS, {"城市": "URBAN", "城区": "URBAN", "农村": "RURAL", "city": "URBAN", "village": "RURAL"}),
        ("urban or rural",),
        needed=False,
        example="乡村",
    ),
    Column("longitude", translatable("经度"), degrees(180), ("lng", "lon", "lon_wgs84"), needed=False),
    Column("latitude", translatable("纬度"), degrees(90), ("lat", "lat_wgs84"), needed=False),
    Column("coordinate_source", translatable("坐标来源"), words(32), needed=False),
    Column("coordinate_synthetic", translatable("坐标为推算"), yes_or_no, ("synthetic",), needed=False),
    Column("city_name", translatable("地市名称"), words(120), needed=False),
    Column("area_name", translatable("县区名称"), words(120), needed=False),
    Column("street_name", translatable("乡镇名称"), words(120), needed=False),
    # they repeat what the code says: the national list carries them
    Column("provinceCode", translatable("省级代码"), words(20), needed=False, ignored=True),
    Column("cityCode", translatable("地市代码"), words(20), needed=False, ignored=True),
    Column("areaCode", translatable("县区代码"), words(20), needed=False, ignored=True),
    Column("streetCode", translatable("乡镇代码"), words(20), needed=False, ignored=True),
    Column(
        "kind",
        translatable("类别"),
        words(20),
        ("level", "层级", "parent_code", "上级代码"),
        needed=False,
        ignored=True,
    ),
)
EXPORTED = ("code", *KEPT)


@dataclass(slots=True)
class Work:
    """What a plan found: places of new rows in the file, changed columns by code, and divisions above."""

    parsed: Parsed
    new: array[int]
    changed: list[tuple[str, dict[str, Any]]]
    above: dict[str, str]


def plan(parsed: Parsed, _by: Actor) -> Plan:
    """Compare the file with the register, chunk by chunk; refuse rows whose division above exists nowhere."""
    work = Work(parsed, array("l"), [], {})
    found = Plan(work=work, errors=parsed.errors)
    position = parsed.names.index("code")
    codes = {row[position] for row in parsed.rows}
    work.above = _named_above(parsed, codes)
    _refuse_orphans(parsed, position, codes, work.above, found)
    changeable = [(name, parsed.names.index(name)) for name in KEPT if name in parsed.names]
    columns = [DIVISIONS.c.code, *(DIVISIONS.c[name] for name, _ in changeable)]
    for start in range(0, len(parsed.rows), CHUNK):
        piece = parsed.rows[start : start + CHUNK]
        rows = db.session.execute(select(*columns).where(among(DIVISIONS.c.code, [row[position] for row in piece])))
        existing = {row[0]: row for row in rows}
        for at, row in enumerate(piece, start):
            before = existing.get(row[position])
            if before is None:
                work.new.append(at)
                continue
            change = {
                name: row[place]
                for (name, place), old in zip(changeable, before[1:], strict=True)
                if row[place] is not None and row[place] != old
            }
            if change:
                work.changed.append((row[position], change))
            else:
                found.unchanged += 1
    found.new, found.changed = len(work.new) + len(work.above), len(work.changed)
    _refuse_half_positions(parsed, found)
    return found


def write(found: Plan, _by: Actor) -> None:
    """Insert what is new in one go and update what changed."""
    work: Work = found.work
    insert_many(DIVISIONS, INSERTED, (_division(code, {"name": name}) for code, name in work.above.items()))
    insert_many(DIVISIONS, INSERTED, _new_rows(work))
    update_many(DIVISIONS, "code", work.changed)


def _new_rows(work: Work) -> Iterator[tuple[Any, ...]]:
    names = work.parsed.names
    for at in work.new:
        values = dict(zip(names, work.parsed.rows[at], strict=True))
        yield _division(values["code"], values)


def _division(code: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    level = level_of(code)
    setting = values.get("setting") or (setting_hint(code) if level == "VILLAGE" else None)
    source = values.get("coordinate_source") or ("import" if values.get("longitude") is not None else None)
    return (
        code, level, values["name"], parent_of(code), setting,
        values.get("longitude"), values.get("latitude"), source, bool(values.get("coordinate_synthetic")),
    )  # fmt: skip


def _named_above(parsed: Parsed, codes: set[str]) -> dict[str, str]:
    """Return the divisions above that rows name and nobody has yet, from the province down."""
    columns = [(parsed.names.index(name), length) for name, length in ABOVE if name in parsed.names]
    if not columns:
        return {}
    position = parsed.names.index("code")
    named: dict[str, str] = {}
    for row in parsed.rows:
        code = row[position]
        for place, length in columns:
            if row[place]:
                named.setdefault(code[:length].ljust(12, "0"), row[place])
        if code[:2] in PROVINCES:
            named.setdefault(code[:2].ljust(12, "0"), PROVINCES[code[:2]])
    wanted = sorted(named.keys() - codes)
    known = _known(wanted)
    return {code: named[code] for code in wanted if code not in known}


def _known(codes: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for piece in chunks(codes):
        found |= set(db.session.scalars(select(DIVISIONS.c.code).where(among(DIVISIONS.c.code, piece))))
    return found


def _refuse_orphans(parsed: Parsed, position: int, codes: set[str], above: Mapping[str, str], found: Plan) -> None:
    parents = {parent_of(code) for code in codes}
    strange = sorted(code for code in parents if code and code not in codes and code not in above)
    missing = set(strange) - _known(strange)
    if not missing:
        return
    for line, row in zip(parsed.lines, parsed.rows, strict=True):
        parent = parent_of(row[position])
        if parent in missing:
            refusal = Invalid("parent_missing", "上级区划 %(parent)s 还没有，请先导入上一级", parent=parent)
            found.errors.add(line, "code", refusal)


def _refuse_half_positions(parsed: Parsed, found: Plan) -> None:
    if not (parsed.has("longitude") or parsed.has("latitude")):
        return
    for line, values in parsed.records():
        if (values.get("longitude") is None) != (values.get("latitude") is None):
            found.errors.add(line, "longitude", Invalid("half_position", "经度和纬度要一起填写"))


def export(_by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield all divisions in the order of their codes: they are public."""
    rows = db.session.execute(in_pieces(select(*(DIVISIONS.c[name] for name in EXPORTED)).order_by(DIVISIONS.c.code)))
    pick = itemgetter(*range(len(EXPORTED)))
    for row in rows:
        code, name, setting, longitude, latitude, source, synthetic = pick(row)
        located = longitude is not None
        yield (
            code, name, setting, str(longitude) if located else None, str(latitude) if located else None,
            source, ("yes" if synthetic else "no") if located else None, None, None, None,
        )  # fmt: skip


IMPORTER = Importer(
    kind="divisions",
    words=translatable("行政区划"),
    columns=COLUMNS,
    key=("code",),
    plan=plan,
    write=write,
    export=export,
    tables=(DIVISIONS,),
    whole_company=True,
)
