"""Cells of a bank's table as values. Whatever way a bank writes them, an amount is whole fen or refused."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Final

from agentnet.core.clock import SHANGHAI
from agentnet.core.errors import Invalid
from agentnet.core.money import Fen, parse_yuan
from agentnet.infra.columns import day

_PROTECTED: Final = re.compile(r"^=?\"(.*)\"$|^'(.*)$")
_NOTHING: Final = frozenset(("-", "--", "—", "——", "/"))
_WHEN: Final = re.compile(r"(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{8})[T\s]*(.*)")
_CLOCK: Final = re.compile(r"(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})?秒?(?:\.\d+)?)?|(\d\d)(\d\d)(\d\d)")
_HOUSEHOLD: Final = re.compile(r"(?<!\d)(\d{13}|\d{10})(?!\d)")
_IN: Final = frozenset(("贷", "贷方", "收", "收入", "进", "来账", "转入", "存入", "C", "CR", "CRDT", "CREDIT"))
_OUT: Final = frozenset(("借", "借方", "支", "支出", "付", "往账", "转出", "支取", "D", "DR", "DBIT", "DEBIT"))


def clean(text: str) -> str:
    """Return a cell without spaces around it, control characters, or what keeps numbers from being rounded.

    >>> clean('="00123"'), clean("\\t20261103 "), clean("a\\n b")
    ('00123', '20261103', 'a b')
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    match = _PROTECTED.match(text)
    return (match[1] or match[2] or "").strip() if match else text


def amount_or_none(text: str) -> Fen | None:
    """Read an amount in yuan as fen; a dash is none.

    Raises:
        Invalid: ``amount_shape``, ``amount_decimals``.

    >>> amount_or_none("1,234.50"), amount_or_none("１２．３"), amount_or_none("--")
    (123450, 1230, None)
    """
    return None if text in _NOTHING else parse_yuan(text)


def when(text: str) -> tuple[date, datetime | None]:
    """Read a day, with the time of day where one follows, on a Shanghai clock.

    Raises:
        Invalid: ``cell_day``, ``cell_time``.

    >>> when("20261103083000")[1] == when("2026/11/3 8:30")[1] == when("2026年11月03日 08:30:00")[1]
    True
    """
    match = _WHEN.fullmatch(unicodedata.normalize("NFKC", text))
    if match is None:
        return day(text), None
    on = day(match[1])
    return on, clock_time(on, match[2]) if match[2] else None


def clock_time(on: date, text: str) -> datetime:
    """Return the instant at which a Shanghai clock shows a time on a day.

    Raises:
        Invalid: ``cell_time``.

    >>> clock_time(date(2026, 11, 3), "083000").isoformat()
    '2026-11-03T00:30:00+00:00'
    """
    narrow = unicodedata.normalize("NFKC", text)
    try:
        match = _CLOCK.fullmatch(narrow)
        if match is None:
            on, told = when(text)  # some banks write the day again
            if told is None:
                raise ValueError(text)
            return told
        hour, minute, second = (int(match[at] or match[at + 3] or 0) for at in (1, 2, 3))
        return datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=SHANGHAI).astimezone(UTC)
    except (ValueError, Invalid):
        raise Invalid("cell_time", "请写成时间，例如 08:30:00") from None


def direction(text: str) -> bool:
    """Return whether money came in: 贷 is in, as the bank that holds the account counts.

    Raises:
        Invalid: ``direction_unknown``.

    >>> direction("贷"), direction("支出")
    (True, False)
    """
    word = "".join(text.split()).upper()
    if word in _IN or word in _OUT:
        return word in _IN
    raise Invalid("direction_unknown", "应为 借 或 贷，收 或 支")


def household_in(text: str) -> str:
    """Return the household number in a cell (10 or 13 digits standing alone), or an empty string.

    >>> household_in("户号3310810000017 电费"), household_in("结息")
    ('3310810000017', '')
    """
    match = _HOUSEHOLD.search(unicodedata.normalize("NFKC", text))
    return match[1] if match else ""
