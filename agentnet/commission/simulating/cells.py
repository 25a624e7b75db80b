"""Cells of a file of collections as values. What cannot be read is refused with what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime

from agentnet.core.clock import YEARS, business_date
from agentnet.core.errors import Invalid
from agentnet.core.money import Fen
from agentnet.infra.columns import clean_cell, plain_head
from agentnet.outlets.words import OUTLET_KINDS
from agentnet.settlement.files.cells import when

AMOUNT = re.compile(r"(\d{1,11})(?:\.(\d{1,2}))?", re.ASCII)
NAIVE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?", re.ASCII)
"""A day, with or without a time of day, on a Shanghai clock: what most files hold."""
HOUSEHOLD = re.compile(r"[0-9A-Za-z-]{4,32}", re.ASCII)

_ZONED = re.compile(r".*\d(?:Z|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE)
_TENDERS = {
    "现金": "CASH",
    "银联卡": "UNIONPAY_CARD",
    "电费充值卡": "RECHARGE_CARD",
    "市民卡": "CITIZEN_CARD",
    "支付宝": "ALIPAY",
    "银行代扣": "BANK_DEBIT",
    "微信支付": "WECHAT_PAY",
    "微信": "WECHAT_PAY",
    "银联二维码": "UNIONPAY_QR",
    "数字人民币": "E_CNY",
}
_KINDS = {plain_head(word): str(kind) for kind, word in OUTLET_KINDS.items()} | {
    plain_head(kind): str(kind) for kind in OUTLET_KINDS
}
_SETTINGS = {
    **dict.fromkeys(("urban", "城区", "城镇", "城"), "URBAN"),
    **dict.fromkeys(("rural", "农村", "乡村", "乡", "村"), "RURAL"),
}


def amount(text: str) -> Fen:
    """Read an amount in yuan above zero, without separators, and return fen.

    Raises:
        Invalid: ``amount_shape``, ``amount_zero``.

    >>> amount(" 203.5 "), amount("２０")
    (20350, 2000)
    """
    match = AMOUNT.fullmatch(unicodedata.normalize("NFKC", clean_cell(text)))
    if match is None:
        raise Invalid("amount_shape", "金额写成 1234.50 的样子：不要千位逗号和负号，最多两位小数")
    fen = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if fen == 0:
        raise Invalid("amount_zero", "金额要大于 0")
    return fen


def day(text: str) -> date:
    """Read the Shanghai day of an instant; one without a zone is on a Shanghai clock.

    Raises:
        Invalid: ``cell_day``, ``cell_time``.

    >>> day("2026-10-31T16:30:00Z").isoformat(), day("2026-10-31 23:59").isoformat(), day("2026/11/3").isoformat()
    ('2026-11-01', '2026-10-31', '2026-11-03')
    """
    clean = clean_cell(text)
    if _ZONED.fullmatch(clean) and ":" in clean:
        try:
            found = business_date(datetime.fromisoformat(clean.upper()))
        except (ValueError, OverflowError):
            raise Invalid("cell_time", "请写成时间，例如 08:30:00") from None
    else:
        found = when(clean)[0]
    if found.year not in YEARS:
        raise Invalid("cell_day", "请写成日期，例如 2026-11-03")
    return found


def household(text: str) -> str:
    """Read a household number.

    Raises:
        Invalid: ``household_shape``.

    >>> household("'3310810000017")
    '3310810000017'
    """
    clean = unicodedata.normalize("NFKC", clean_cell(text).removeprefix("'")).strip()
    if not HOUSEHOLD.fullmatch(clean):
        raise Invalid("household_shape", "请填写户号：4 到 32 位数字或字母；不要让表格软件改成 3.31E+12")
    return clean


def code(text: str) -> str:
    """Read a code of at most 64 characters.

    Raises:
        Invalid: ``code_shape``.
    """
    clean = clean_cell(text)
    if not 1 <= len(clean) <= 64 or any(character.isspace() for character in clean):
        raise Invalid("code_shape", "请填写编号，最多 64 个字，中间没有空格")
    return clean


def tender(text: str) -> str:
    """Read a tender by its code, or one of ours by its Chinese word.

    >>> tender("现金"), tender("cash"), tender("STORE_CARD")
    ('CASH', 'CASH', 'STORE_CARD')
    """
    clean = code(text)
    return _TENDERS.get(clean) or clean.upper()


def outlet_kind(text: str) -> str:
    """Read a kind of outlet by its code or word.

    Raises:
        Invalid: ``cell_choice``.
    """
    return _one_of(text, _KINDS, tuple(OUTLET_KINDS))


def setting(text: str) -> str:
    """Read URBAN or RURAL by its code or word.

    Raises:
        Invalid: ``cell_choice``.

    >>> setting("农村"), setting("urban")
    ('RURAL', 'URBAN')
    """
    return _one_of(text, _SETTINGS, ("URBAN", "RURAL"))


def campaigns(text: str) -> frozenset[str]:
    """Read the campaigns an outlet is in, parted by a comma, a semicolon or the Chinese pause mark.

    >>> sorted(campaigns("A、B; C"))
    ['A', 'B', 'C']
    """
    return frozenset(part.strip() for part in re.split(r"[,;|、，；]", clean_cell(text)) if part.strip())


def _one_of(text: str, known: Mapping[str, str], listed: tuple[str, ...]) -> str:
    found = known.get(plain_head(clean_cell(text)))
    if found is None:
        raise Invalid("cell_choice", "请从这些中选一个：%(choices)s", choices="、".join(listed))
    return found
