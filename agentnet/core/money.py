"""Money is whole fen. This module reads it, writes it, takes rates of it, shares it out and spells it in capitals.

No float ever touches an amount. Rates are whole parts per million (``_ppm``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentnet.core.errors import Invalid

Fen = int
"""An amount of money in fen (1/100 yuan). BIGINT in the database; negative only where a document says so."""

MAX_FEN: Fen = 10**14 - 1
"""One fen short of a million million yuan: beyond any amount here, inside BIGINT, and spellable in capitals."""

PPM = 1_000_000

_YUAN = re.compile(r"^([+-]?)(\d{1,13}|\d{1,3}(?:,\d{3}){1,4})(?:\.(\d{1,2}))?$")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，－￥", "0123456789.,-¥")


def parse_yuan(text: str) -> Fen:
    """Read an amount typed in yuan, with at most two decimals, and return fen.

    Thousands separators must stand in threes; full-width digits and a leading ¥ are accepted.

    Raises:
        Invalid: ``amount_shape`` if the text is no amount; ``amount_decimals`` if it has more than two decimals.

    >>> parse_yuan("203.5"), parse_yuan("¥1,234.50"), parse_yuan("-0.01"), parse_yuan("２０")
    (20350, 123450, -1, 2000)
    """
    clean = text.translate(_FULL_WIDTH).strip().removeprefix("¥").removesuffix("元").strip()
    match = _YUAN.match(clean)
    if match is None:
        if re.match(r"^[+-]?[\d,]+\.\d{3,}$", clean):
            raise Invalid("amount_decimals", "金额最多两位小数（到分）")
        raise Invalid("amount_shape", "请输入金额，例如 203.50")
    sign, whole, decimals = match.groups()
    fen = int(whole.replace(",", "")) * 100 + int((decimals or "").ljust(2, "0"))
    return -fen if sign == "-" else fen


def format_yuan(fen: Fen) -> str:
    """Write fen as yuan with separators and two decimals.

    >>> format_yuan(123456789), format_yuan(-5), format_yuan(0)
    ('1,234,567.89', '-0.05', '0.00')
    """
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), 100)
    return f"{sign}{yuan:,}.{rest:02d}"


def part_ppm(amount: Fen, rate_ppm: int) -> Fen:
    """Return ``rate_ppm`` millionths of ``amount``, rounded half away from zero to the fen.

    This is the one place where a rate meets money; callers round nowhere else.

    >>> part_ppm(20350, 3000), part_ppm(50, 10000), part_ppm(-50, 10000), part_ppm(49, 10000)
    (61, 1, -1, 0)
    """
    product = abs(amount) * rate_ppm
    rounded = (product + PPM // 2) // PPM if rate_ppm >= 0 else -((-product + PPM // 2) // PPM)
    return -rounded if amount < 0 else rounded


def share_out(total: Fen, weights: Sequence[int]) -> list[Fen]:
    """Split ``total`` in proportion to ``weights`` so that the parts add up to it (largest remainder first).

    Raises:
        ValueError: if there is no positive weight or one is negative.

    >>> share_out(100, [1, 1, 1]), share_out(-5, [1, 1]), share_out(7, [0, 3])
    ([34, 33, 33], [-3, -2], [0, 7])
    """
    if any(weight < 0 for weight in weights) or sum(weights) <= 0:
        raise ValueError("weights must be non-negative with a positive sum")
    sign = -1 if total < 0 else 1
    whole = sum(weights)
    parts = [abs(total) * weight // whole for weight in weights]
    rest = abs(total) - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(abs(total) * weights[i] % whole), i))
    for i in by_remainder[:rest]:
        parts[i] += 1
    return [sign * part for part in parts]


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_SMALL = ("", "拾", "佰", "仟")
_LARGE = ("", "万", "亿")


def _section(four: int) -> str:
    """Spell 1..9999 without its large unit; zeros inside collapse to one."""
    out, zero = "", False
    for place in (3, 2, 1, 0):
        digit = four // 10**place % 10
        if digit == 0:
            zero = bool(out)
            continue
        out += ("零" if zero else "") + _DIGITS[digit] + _SMALL[place]
        zero = False
    return out


def rmb_capitals(fen: Fen) -> str:
    """Spell an amount in RMB capitals for vouchers.

    Rule: 正确填写票据和结算凭证的基本规定 (PBoC): 整 after 元 is required, after 角 optional (we write it, as invoices
    do), never after 分; 零 stands between 元 and 分 when there is no 角; where 元 ends in 0 and 角 is not 0 both forms
    are official and we write the one without 零. Negative amounts (a clawback) begin with 负 after 人民币.

    >>> rmb_capitals(140950)
    '人民币壹仟肆佰零玖元伍角整'
    >>> rmb_capitals(168032)
    '人民币壹仟陆佰捌拾元叁角贰分'
    >>> rmb_capitals(32504)
    '人民币叁佰贰拾伍元零肆分'
    >>> rmb_capitals(0), rmb_capitals(1000), rmb_capitals(5), rmb_capitals(-1050)
    ('人民币零元整', '人民币壹拾元整', '人民币伍分', '人民币负壹拾元伍角整')
    >>> rmb_capitals(10_000_0000_00), rmb_capitals(1_0001_00), rmb_capitals(10_0000_0500_00)
    ('人民币壹亿元整', '人民币壹万零壹元整', '人民币壹拾亿零伍佰元整')
    """
    if fen == 0:
        return "人民币零元整"
    yuan, rest = divmod(abs(fen), 100)
    jiao, cents = divmod(rest, 10)
    text = _whole_yuan(yuan)
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif cents and yuan:
        text += "零"
    text += _DIGITS[cents] + "分" if cents else "整"
    return "人民币" + ("负" if fen < 0 else "") + text


def _whole_yuan(yuan: int) -> str:
    if yuan == 0:
        return ""
    if yuan >= 10**12:
        raise ValueError("beyond what a voucher can carry")
    out, gap = "", False
    for place in (2, 1, 0):
        four = yuan // 10 ** (4 * place) % 10**4
        if four == 0:
            gap = bool(out)
            continue
        if out and (gap or four < 1000):
            out += "零"
        out += _section(four) + _LARGE[place]
        gap = False
    return out + "元"
