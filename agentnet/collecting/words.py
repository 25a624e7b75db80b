"""What people read of collecting; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentnet.core.words import translatable

ROOM_WORDS: Mapping[str, tuple[str, str]] = {
    "filling": (translatable("已到上限八成，今天去银行存一次"), "careful"),
    "nearly_full": (translatable("已到上限九成，请今天就去银行交款"), "careful"),
    "full": (translatable("已满额，先去银行交款，再收现金"), "bad"),
    "low": (translatable("预存款不够一天半了，请尽快充值"), "careful"),
    "empty": (translatable("预存款用完了，先充值再收费"), "bad"),
}
"""How full the drawer or how low the float is, what to do about it, and the tone it is shown in."""

PAPERS: Mapping[str, str] = {
    "slip58": translatable("58 毫米小票"),
    "slip80": translatable("80 毫米小票"),
    "a5": translatable("A5 纸"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What the counter's first page must say before anything else; ``tone`` as ``macros/page.html`` draws notes.

    Features above collecting bring theirs through ``agentnet.counter_notices`` (create_app).
    """

    text: str
    tone: str
    url: str = ""
    label: str = ""


def grouped_number(number: str) -> str:
    """Return a household number in groups of four, as it is read aloud.

    >>> grouped_number("3310810000017")
    '3310 8100 0001 7'
    """
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
