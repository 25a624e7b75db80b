"""An old sheet read: outlet_code, month, amount, and if it has them the number and amount of its collections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

from agentnet.core.errors import Invalid
from agentnet.core.money import Fen, parse_yuan
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor
from agentnet.infra.columns import Column, code, month, whole, yuan
from agentnet.infra.importing import Importer, Parsed, Plan, parse
from agentnet.infra.sheets import Cell
from agentnet.infra.tables import Source, look_at

MOST_LINES = 50_000


def _signed(text: str) -> Fen:
    """Read an amount in yuan, below zero where more was taken back than earned."""
    return -parse_yuan(text[1:]) if text.startswith("-") else parse_yuan(text)


_read_code: Final = code()


def _outlet_code(text: str) -> str:
    """Read an outlet's code; where a name stands instead, say that it is one."""
    if any("\u4e00" <= character <= "\u9fff" for character in text):
        raise Invalid("cell_outlet_name", "要填网点编号，不是名称，例如 WL0001")
    return _read_code(text)


COLUMNS: Final = (
    Column("outlet_code", translatable("网点编号"), _outlet_code, aliases=("outlet", "网点"), example="WL0001"),
    Column("month", translatable("月份"), month, example="2026-10"),
    Column(
        "amount",
        translatable("代办费（元）"),
        _signed,
        aliases=("代办费", "金额", "手续费", "酬金", "amount_yuan"),
        example="86.50",
    ),
    Column("count", translatable("笔数"), whole(0, 10**9), aliases=("缴费笔数", "number"), needed=False, example="173"),
    Column(
        "volume",
        translatable("收费金额（元）"),
        yuan,
        aliases=("收费金额", "代收金额", "volume_yuan"),
        needed=False,
        example="35206.00",
    ),
)


def _never(*_given: object) -> NoReturn:
    raise RuntimeError("an old sheet goes into no register")


def _no_plan(_parsed: Parsed, _by: Actor) -> Plan:
    _never()


def _no_write(_plan: Plan, _by: Actor) -> None:
    _never()


def _no_export(_by: Actor) -> Iterable[Sequence[Cell]]:
    _never()


SHEET: Final = Importer(
    "old-sheet", translatable("旧表"), COLUMNS, ("outlet_code", "month"), _no_plan, _no_write, _no_export, ()
)
"""Only its columns are used: heads in both languages, cells read, a line given twice noted."""


def read_sheet(source: Source) -> Parsed:
    """Read an old sheet, CSV or XLSX; wrong cells are noted in its errors.

    Raises:
        Invalid: as ``infra.importing.parse`` and ``infra.tables.look_at``; ``too_many_lines``.
    """
    parsed = parse(SHEET, look_at(source))
    if len(parsed.rows) > MOST_LINES:
        raise Invalid(
            "too_many_lines", "一次最多 %(most)s 行，请按月份分几个文件", field="file", most=f"{MOST_LINES:,}"
        )
    return parsed
