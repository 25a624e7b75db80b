"""Invented people: names put together from syllables, telephone numbers from a range marked as invented."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

SURNAMES = "陈林王张李叶金江潘朱黄吴蔡郑周徐蒋孙胡许沈钱陆姚顾俞方毛赵莫"
SYLLABLES = (
    "一云亦仁佳元冬初北千南可嘉园大安宁宇小山岚川帆平年庆康心怀思恒春晓晨松果柏桐森水江沐河泽洋"
    "海清溪渔湖灵照玉珊田石禾秋竹素航芳若英荷莲行言谷远里野长青静音风飞"
)

PHONE_PREFIX = "1380000"
"""Numbers 1380000xxxx are the ones the demo, the tests and the manuals use; they belong to nobody here."""


def person_name(source: Random) -> str:
    """Return a name of two or three characters."""
    given = source.choice(SYLLABLES) + (source.choice(SYLLABLES) if source.randrange(5) else "")
    return source.choice(SURNAMES) + given


def phone_numbers() -> Iterator[str]:
    """Yield invented mobile numbers, each once.

    >>> numbers = phone_numbers(); next(numbers), next(numbers)
    ('13800000001', '13800000002')
    """
    return (f"{PHONE_PREFIX}{number:04d}" for number in range(1, 10_000))
