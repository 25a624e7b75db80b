"""Columns of an import: how a cell becomes a value, and what is said when it cannot.

A reader takes the trimmed text of a cell and returns the value, or raises ``Invalid`` with what to type instead. It
never sees an empty cell. Names of columns and the words for choices are known in both languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import has_app_context
from flask_babel import gettext

from agentnet.core.clock import Month
from agentnet.core.errors import Invalid
from agentnet.core.money import Fen, parse_yuan
from agentnet.infra.i18n import in_english

Reader = Callable[[str], Any]

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_FULL_WIDTH = str.maketrans({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20})
_ESCAPED = re.compile(r"^'(?=[=+\-@＝＋－＠\t\r])")


@dataclass(frozen=True, slots=True)
class Column:
    """A column an import knows.

    ``name`` is the English head and the key in rows, ``words`` the Chinese head. ``needed`` columns must stand in the
    file and be filled in every row. An ``ignored`` column may stand in the file and is not read. ``mask`` hides
    personal data in exports.
    """

    name: str
    words: str
    read: Reader
    aliases: tuple[str, ...] = ()
    needed: bool = True
    ignored: bool = False
    mask: Callable[[str], str] | None = None
    example: str = ""
    heads: frozenset[str] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        heads = frozenset(plain_head(text) for text in (self.name, self.words, *self.aliases))
        object.__setattr__(self, "heads", heads)


def plain_head(text: str) -> str:
    """Return a head as it is compared: no case, spaces, underscores or brackets with units.

    >>> plain_head(" Street Code "), plain_head("street_code"), plain_head("本金（元）")
    ('streetcode', 'streetcode', '本金')
    """
    narrow = text.translate(_FULL_WIDTH).strip().lstrip("\ufeff")
    return re.sub(r"[\s_\-*]|\([^)]*\)", "", narrow).lower()


def clean_cell(text: str) -> str:
    """Return a cell without the spaces around it and without the apostrophe our own exports put before a formula.

    Raises:
        Invalid: ``cell_control`` if it holds characters no column takes.

    >>> clean_cell("  村邮站 "), clean_cell("'=1+1"), clean_cell("'＝1"), clean_cell("'s")
    ('村邮站', '=1+1', '＝1', "'s")
    """
    text = text.strip()
    if not text.isprintable() and _CONTROL.search(text):
        raise Invalid("cell_control", "含有换行或看不见的控制字符，请删除后再导入")
    return text[1:] if text[:1] == "'" and _ESCAPED.match(text) else text


def words(longest: int) -> Reader:
    """Return a reader of plain text up to a length."""

    def read(text: str) -> str:
        if len(text) > longest:
            raise Invalid("cell_long", "最多 %(count)d 个字，现在有 %(typed)d 个", count=longest, typed=len(text))
        return text

    return read


def code(longest: int = 32) -> Reader:
    """Return a reader of codes: letters, digits, hyphens; full-width ones are narrowed."""

    def read(text: str) -> str:
        narrow = text.translate(_FULL_WIDTH)
        if not re.fullmatch(rf"[0-9A-Za-z][0-9A-Za-z._/-]{{0,{longest - 1}}}", narrow):
            raise Invalid("cell_code", "编号只用字母、数字和连字符，最多 %(count)d 位", count=longest)
        return narrow

    return read


def digits(*lengths: int) -> Reader:
    """Return a reader of numbers kept as text that have one of the lengths; spaces and hyphens are forgiven."""

    def read(text: str) -> str:
        narrow = re.sub(r"[\s-]", "", text.translate(_FULL_WIDTH))
        if not narrow.isascii() or not narrow.isdigit() or len(narrow) not in lengths:
            allowed = " / ".join(map(str, lengths))
            raise Invalid("cell_digits", "应为 %(lengths)s 位数字", lengths=allowed)
        return narrow

    return read


def phone(text: str) -> str:
    """Read a telephone number: 7 to 15 digits, spaces and hyphens forgiven.

    >>> phone("0576-8612 3456")
    '057686123456'
    """
    narrow = re.sub(r"[\s-]", "", text.translate(_FULL_WIDTH))
    if not re.fullmatch(r"\+?[0-9]{7,15}", narrow):
        raise Invalid("cell_phone", "应为 7 到 15 位电话号码")
    return narrow


def yuan(text: str) -> Fen:
    """Read an amount in yuan that is not negative; the value is fen.

    >>> yuan("203.5")
    20350
    """
    fen = parse_yuan(text)
    if fen < 0:
        raise Invalid("cell_negative", "金额不能是负数")
    return fen


def day(text: str) -> date:
    """Read a day in one of the ways offices write it.

    >>> day("2026-11-03") == day("2026/11/3") == day("2026年11月3日") == day("20261103")
    True
    """
    match = re.fullmatch(r"(20\d\d)(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d\d)(\d\d))", text.translate(_FULL_WIDTH))
    try:
        if match is None:
            raise ValueError(text)
        year, *rest = (int(part) for part in match.groups() if part is not None)
        return date(year, *rest)
    except ValueError:
        raise Invalid("cell_day", "请写成日期，例如 2026-11-03") from None


def month(text: str) -> str:
    """Read a billing month, ``2026-10`` or ``202610`` or ``2026年10月``.

    >>> month("202610"), month("2026年9月"), month("2026-10-01")
    ('2026-10', '2026-09', '2026-10')
    """
    match = re.fullmatch(r"(20\d\d)[-/.年]?(\d{1,2})(?:月|[-/]0?1)?", text.translate(_FULL_WIDTH))
    if match is None or not 1 <= int(match[2]) <= 12:
        raise Invalid("cell_month", "请写成月份，例如 2026-10")
    return str(Month(int(match[1]), int(match[2])))


def whole(least: int, most: int) -> Reader:
    """Return a reader of whole numbers between two limits, both allowed."""

    def read(text: str) -> int:
        narrow = text.translate(_FULL_WIDTH).replace(",", "")
        if not re.fullmatch(r"\d{1,12}", narrow) or not least <= int(narrow) <= most:
            raise Invalid("cell_whole", "请写 %(least)d 到 %(most)d 之间的整数", least=least, most=most)
        return int(narrow)

    return read


def degrees(most: int) -> Reader:
    """Return a reader of WGS-84 degrees as a decimal number."""

    def read(text: str) -> float:
        narrow = text.translate(_FULL_WIDTH)
        if not re.fullmatch(r"-?\d{1,3}(\.\d{1,17})?", narrow) or abs(float(narrow)) > most:
            raise Invalid("cell_degrees", "请写 WGS-84 的度数，例如 121.38712")
        return float(narrow)

    return read


def yes_or_no(text: str) -> bool:
    """Read a yes or a no in either language."""
    found = _YES_NO.get(text.lower())
    if found is None:
        raise Invalid("cell_yes_no", "请写“是”或“否”")
    return found


_YES_NO = {"是": True, "否": False, "yes": True, "no": False, "1": True, "0": False, "true": True, "false": False}


def one_of(choices: Mapping[Any, str], more: Mapping[str, str] | None = None) -> Reader:
    """Return a reader of one of several codes by the code itself, its Chinese word, or further words in ``more``."""
    known = {plain_head(value): value for value in choices}
    known |= {plain_head(text): value for value, text in choices.items()}
    known |= {plain_head(text): value for text, value in (more or {}).items()}
    listed = _Listed(tuple(choices.values()))

    def read(text: str) -> str:
        found = known.get(plain_head(text))
        if found is None:
            raise Invalid("cell_choice", "请从这些中选一个：%(choices)s", choices=listed)
        return str(found)

    return read


class _Listed:
    """The words of a choice, in the reader's language at the time they are shown."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts

    def __str__(self) -> str:
        if not has_app_context():
            return "、".join(self.texts)
        return (", " if in_english() else "、").join(gettext(text) for text in self.texts)


def several_of(choices: Mapping[Any, str], more: Mapping[str, str] | None = None) -> Reader:
    """Return a reader of several codes parted by a comma, a semicolon, a slash or the Chinese pause mark."""
    one = one_of(choices, more)

    def read(text: str) -> tuple[str, ...]:
        parts = (part.strip() for part in re.split(r"[,;/|、，；]", text))
        return tuple(sorted({one(part) for part in parts if part}))

    return read
