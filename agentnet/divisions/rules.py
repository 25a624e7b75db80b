"""What a division code says by itself: level, parent, and a hint whether a village is urban or rural.

Source: GB/T 2260 (digits 1-6), GB/T 10114 (7-9), and the statistics bureau's rule for villages (10-12), whose bands
were measured on all 620,573 codes. Development zones differ from the civil-affairs codes in their first six digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentnet.core.errors import Invalid

LEVELS = ("PROVINCE", "CITY", "COUNTY", "TOWNSHIP", "VILLAGE")
_ENDS = (2, 4, 6, 9, 12)

PROVINCES: Mapping[str, str] = {
    "11": "北京市", "12": "天津市", "13": "河北省", "14": "山西省", "15": "内蒙古自治区",
    "21": "辽宁省", "22": "吉林省", "23": "黑龙江省",
    "31": "上海市", "32": "江苏省", "33": "浙江省", "34": "安徽省", "35": "福建省", "36": "江西省", "37": "山东省",
    "41": "河南省", "42": "湖北省", "43": "湖南省", "44": "广东省", "45": "广西壮族自治区", "46": "海南省",
    "50": "重庆市", "51": "四川省", "52": "贵州省", "53": "云南省", "54": "西藏自治区",
    "61": "陕西省", "62": "甘肃省", "63": "青海省", "64": "宁夏回族自治区", "65": "新疆维吾尔自治区",
    "71": "台湾省", "81": "香港特别行政区", "82": "澳门特别行政区",
}  # fmt: skip
"""GB/T 2260: the first two digits. Files of villages rarely name their province."""


def read_code(text: str) -> str:
    """Return a division code in its 12 digits; shorter codes of a whole level are filled with zeros.

    Raises:
        Invalid: ``division_code``.

    >>> read_code("33"), read_code("331081"), read_code("331081001204")
    ('330000000000', '331081000000', '331081001204')
    """
    code = text.strip()
    if len(code) not in _ENDS or not re.fullmatch(r"[1-9][0-9]+", code):
        raise Invalid("division_code", "区划代码应为 2、4、6、9 或 12 位数字")
    return code.ljust(12, "0")


def level_of(code: str) -> str:
    """Return the level of a 12-digit code.

    >>> [level_of(code) for code in ("330000000000", "331000000000", "331081000000", "331081001000", "331081001204")]
    ['PROVINCE', 'CITY', 'COUNTY', 'TOWNSHIP', 'VILLAGE']
    >>> level_of("441900000000")  # a city without counties: Dongguan
    'CITY'
    """
    if code[9:] != "000":
        return "VILLAGE"
    if code[6:9] != "000":
        return "TOWNSHIP"
    if code[4:6] != "00":
        return "COUNTY"
    return "CITY" if code[2:4] != "00" else "PROVINCE"


def parent_of(code: str) -> str | None:
    """Return the code of the division above, or None above a province.

    Where a city has no counties its townships hang on the city itself, because both have the same 12 digits.

    >>> parent_of("331081001204"), parent_of("331081001000"), parent_of("330000000000")
    ('331081001000', '331081000000', None)
    >>> parent_of("441900003000")
    '441900000000'
    """
    end = _ENDS[LEVELS.index(level_of(code))]
    shorter = [place for place in _ENDS if place < end]
    return code[: shorter[-1]].ljust(12, "0") if shorter else None


def setting_hint(code: str) -> str | None:
    """Return URBAN or RURAL for a village by the last three digits of its code, else None.

    001-199 residents' committees, 200-399 villagers' committees, 400-499 and 500-599 what is like each. Measured: of
    487,144 codes in 200-399 only 62 are named a community. A hint the office may correct, not a rule.

    >>> setting_hint("331081001001"), setting_hint("331081001204"), setting_hint("331081100400")
    ('URBAN', 'RURAL', 'URBAN')
    >>> setting_hint("331081100500"), setting_hint("331081100999"), setting_hint("331081100000")
    ('RURAL', None, None)
    """
    band = int(code[9:])
    if 1 <= band < 200 or 400 <= band < 500:
        return "URBAN"
    return "RURAL" if 200 <= band < 400 or 500 <= band < 600 else None


def path_inside(path: str, above: str) -> bool:
    """Return whether an org path lies at or below another.

    >>> path_inside("/1/2/", "/1/"), path_inside("/1/2/", "/1/2/"), path_inside("/1/20/", "/1/2/")
    (True, True, False)
    """
    return path.startswith(above)
