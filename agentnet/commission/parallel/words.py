"""How differences from an old sheet are said."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from agentnet.commission.parallel.models import OldSheetLine
from agentnet.commission.parallel.rules import Cause, Scope
from agentnet.core.clock import Month
from agentnet.core.money import Fen, format_yuan
from agentnet.core.words import translatable
from agentnet.infra.dates import month_text
from agentnet.infra.i18n import in_english, say

CAUSES: Mapping[str, str] = {
    Cause.NO_OUTLET: translatable("登记簿里没有这个网点编号"),
    Cause.MONTH_OPEN: translatable("这个月还没有封账，先不比"),
    Cause.NOT_OURS: translatable("本系统这个月没有这个网点的代办费"),
    Cause.NOT_THEIRS: translatable("旧表里没有这个网点"),
    Cause.ADJUSTMENT: translatable("本系统含以前月份的调整"),
    Cause.COUNT: translatable("笔数不同（按本系统每笔平均估）"),
    Cause.VOLUME: translatable("收费金额不同（按本系统的平均比例估）"),
    Cause.RATE: translatable("收费相同，标准不同"),
    Cause.ROUNDING: translatable("四舍五入"),
    Cause.UNKNOWN: translatable("旧表没有笔数和金额，还说不清"),
}
SCOPES: Mapping[str, str] = {
    Scope.UNITS: translatable("旧表里的网点，和它们所在供电所的其他网点"),
    Scope.FILE: translatable("只比旧表里的网点"),
    Scope.ALL: translatable("全公司的网点"),
}
STATES: Mapping[str, tuple[str, str]] = {
    "AGREES": (translatable("一致"), "good"),
    "OPEN": (translatable("待说明"), "waiting"),
    "ACCEPTED": (translatable("已接受"), "good"),
}


def month_words(month: str) -> str:
    """Return a month of a sheet as people say it."""
    return month_text(Month.parse(month))


def signed(fen: Fen) -> str:
    """Return a difference with its sign."""
    return f"+{format_yuan(fen)}" if fen > 0 else format_yuan(fen)


def cause_heads() -> Mapping[str, str]:
    """Return what stands before a part of a difference, by its cause: looked up once for many lines."""
    colon = ": " if in_english() else "："
    return {cause: say(words) + colon for cause, words in CAUSES.items()}


def part_texts(line: OldSheetLine, heads: Mapping[str, str]) -> list[str]:
    """Return what a line's difference is made of, part by part; ``heads`` are ``cause_heads``."""
    return [f"{heads[cause]}{signed(fen)}" for cause, fen in line.parts]


def average_text(fen: Fen | None, count: int | None) -> str:
    """Return what a collection earns on average, in yuan with four decimals; nothing where it cannot be told."""
    if fen is None or not count:
        return ""
    parts = (abs(fen) * 200 + count) // (2 * count)  # of a hundredth of a fen
    sign = "-" if fen < 0 else ""
    return _("每笔平均 %(yuan)s 元", yuan=f"{sign}{parts // 10_000}.{parts % 10_000:04d}")
