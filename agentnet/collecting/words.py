"""What people read of collecting; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentnet.core.words import translatable

CEILING_WORDS: Mapping[str, tuple[str, str]] = {
    "filling": (translatable("已到限额八成"), "careful"),
    "nearly_full": (translatable("已到限额九成，请尽快解款"), "careful"),
    "full": (translatable("已满额，请先解款再收现金"), "bad"),
}
"""How full the drawer is, and the tone it is shown in."""

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
