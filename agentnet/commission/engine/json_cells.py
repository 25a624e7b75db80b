"""A JSON document as values: one object at a time, every wrong cell noted with its path, nothing guessed.

Money and percentages are text, counts are whole numbers. A number with a decimal point, a key given twice and a key
nobody knows are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from agentnet.commission.engine.faults import Faults
from agentnet.core.clock import YEARS
from agentnet.core.errors import Invalid
from agentnet.core.money import Fen
from agentnet.core.words import translatable

LONGEST_DOCUMENT = 4_000_000
"""Characters of a document that are looked at."""

_MONEY = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,2}))?")
_PERCENT = re.compile(r"(\d{1,8})(?:\.(\d{1,4}))?")

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Inexact:
    """A JSON number with a decimal point or exponent, kept as it was written so that it can be refused by its path."""

    text: str


def load(text: str) -> Any:
    """Return a JSON document's values; numbers that are not whole become ``Inexact``.

    Raises:
        Invalid: ``json_shape``, ``json_large``, ``json_key_twice``.
    """
    if len(text) > LONGEST_DOCUMENT:
        raise Invalid("json_large", "方案文件太大，最多 %(most)d 个字符", field="plan", most=LONGEST_DOCUMENT)
    try:
        return json.loads(
            text.removeprefix("\ufeff"), parse_float=Inexact, parse_constant=Inexact, object_pairs_hook=_once
        )
    except json.JSONDecodeError as error:
        raise Invalid(
            "json_shape",
            "不是有效的 JSON：第 %(row)d 行第 %(column)d 个字符处读不懂",
            field="plan",
            row=error.lineno,
            column=error.colno,
        ) from None
    except (RecursionError, ValueError):  # nested without end, or a number of thousands of digits
        raise Invalid("json_shape", "不是有效的 JSON：嵌套太深或数字太长", field="plan") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid("json_key_twice", "同一个对象里“%(name)s”写了两次", field="plan", name=twice[:80])
    return found


@dataclass(slots=True)
class Cells:
    """One object of a document while it is read; ``done`` notes what nobody asked for."""

    content: dict[str, Any]
    path: str
    faults: Faults
    taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, value: Any, path: str, faults: Faults) -> Cells:
        """Take a value that has to be an object; note it and go on with an empty one if it is none."""
        if not isinstance(value, dict):
            faults.add(path or "$", "object_wanted", translatable("这里应是一个对象 {…}"))
            return cls({}, path, faults)
        return cls(value, path, faults)

    def at(self, name: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{name}" if self.path else name

    def _take(self, name: str, needed: bool = False) -> Any:
        self.taken.add(name)
        value = self.content.get(name)
        if value is None and needed:
            self.faults.add(self.at(name), "field_missing", translatable("缺少这一项"))
        return value

    def text(self, name: str, needed: bool = False) -> str:
        """Return a text; empty where there is none."""
        value = self._take(name, needed)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.faults.add(self.at(name), "text_wanted", translatable("这里应是文字，写在引号里"))
            return ""
        return value

    def money(self, name: str, needed: bool = False) -> Fen | None:
        """Return an amount in fen from yuan as text; None where there is none."""
        value = self._take(name, needed)
        if value is None:
            return None
        match = _MONEY.fullmatch(value) if isinstance(value, str) and value.isascii() else None
        if match is None:
            self.faults.add(
                self.at(name), "money_shape", translatable('金额写成文字，单位元，最多两位小数，例如 "20.00"')
            )
            return None
        sign, whole, decimals = match.groups()
        fen = int(whole) * 100 + int((decimals or "").ljust(2, "0"))
        return -fen if sign else fen

    def percent(self, name: str, needed: bool = False) -> int | None:
        """Return parts per million from a percentage as text; None where there is none."""
        value = self._take(name, needed)
        if value is None:
            return None
        match = _PERCENT.fullmatch(value) if isinstance(value, str) and value.isascii() else None
        if match is None:
            self.faults.add(
                self.at(name), "percent_shape", translatable('百分比写成文字，不带百分号，最多四位小数，例如 "0.4"')
            )
            return None
        return int(match[1]) * 10_000 + int((match[2] or "").ljust(4, "0"))

    def whole(self, name: str, needed: bool = False) -> int | None:
        """Return a whole number; None where there is none."""
        value = self._take(name, needed)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
            self.faults.add(
                self.at(name), "whole_shape", translatable("这里应是 0 到 10 亿之间的整数，不带引号和小数点")
            )
            return None
        return value

    def flag(self, name: str) -> bool:
        """Return a yes or no; no where there is none."""
        value = self._take(name)
        if value is not None and not isinstance(value, bool):
            self.faults.add(self.at(name), "flag_shape", translatable("这里应是 true 或 false"))
        return value is True

    def day(self, name: str) -> date:
        """Return a day; any day, and a note, where there is none."""
        value = self.text(name, needed=True)
        try:
            found = date.fromisoformat(value)
            if found.isoformat() == value and found.year in YEARS:
                return found
        except ValueError:
            pass
        if value:
            self.faults.add(self.at(name), "day_shape", translatable("日期写成 2026-11-01 的样子"))
        return date(2000, 1, 1)

    def choice(self, name: str, choices: type[E], default: E | None = None) -> E | None:
        """Return one of an enumeration by its code."""
        value = self.text(name, needed=default is None)
        if not value:
            return default
        try:
            return choices(value)
        except ValueError:
            self.faults.add(
                self.at(name),
                "choice_unknown",
                translatable("应为这些之一：%(choices)s"),
                choices="、".join(one.value for one in choices),
            )
            return default

    def objects(self, name: str, needed: bool = False) -> list[Cells]:
        """Return the objects of a list."""
        value = self._take(name, needed)
        if value is None:
            return []
        if not isinstance(value, list):
            self.faults.add(self.at(name), "list_wanted", translatable("这里应是一个列表 […]"))
            return []
        return [Cells.of(one, f"{self.at(name)}[{at}]", self.faults) for at, one in enumerate(value)]

    def object(self, name: str) -> Cells:
        """Return an inner object; an empty one where there is none."""
        value = self._take(name)
        return Cells.of({} if value is None else value, self.at(name), self.faults)

    def codes(self, name: str) -> frozenset[str]:
        """Return the set of codes in a list."""
        value = self._take(name)
        if value is None:
            return frozenset()
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self.faults.add(self.at(name), "codes_wanted", translatable('这里应是编号的列表，例如 ["CASH"]'))
            return frozenset()
        if len(set(value)) != len(value):
            self.faults.add(self.at(name), "code_twice", translatable("同一个编号写了两次"))
        return frozenset(value)

    def done(self, also: Iterable[str] = ()) -> None:
        """Note every key that was not asked for."""
        for name in self.content:
            if name not in self.taken and name not in also:
                self.faults.add(self.at(name[:80]), "field_unknown", translatable("不认识这一项，请删去或改正拼写"))
