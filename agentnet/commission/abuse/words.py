"""How patterns are said: what they are, why they are shown, and what their cost means."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from agentnet.commission.abuse.rules import Pattern, Thresholds
from agentnet.core.money import PPM, format_yuan
from agentnet.core.words import translatable

PATTERNS: Mapping[str, str] = {
    Pattern.SPLIT: translatable("同一户拆成几笔"),
    Pattern.TINY: translatable("很多小额收费"),
    Pattern.UNDONE: translatable("撤销和冲正偏多"),
    Pattern.EDGE: translatable("金额刚过档"),
}
COSTS: Mapping[str, str] = {
    Pattern.SPLIT: translatable("与每组合并为一笔时的代办费之差"),
    Pattern.TINY: translatable("与没有这些收费时的代办费之差"),
    Pattern.UNDONE: translatable("撤销和冲正的收费不计酬，所以没有成本"),
    Pattern.EDGE: translatable("与每笔金额差一分到档时的代办费之差"),
}
STATES: Mapping[str, tuple[str, str]] = {
    "OPEN": (translatable("未看"), "waiting"),
    "SEEN": (translatable("已看过"), "off"),
    "EXPLAINED": (translatable("已说明"), "good"),
}


def rule_text(pattern: str, limits: Thresholds) -> str:
    """Return from where on a pattern is shown."""
    match Pattern(pattern):
        case Pattern.SPLIT:
            return _(
                "同一户在同一网点、同一天，或相隔不到 %(minutes)d 分钟，收了 %(least)d 笔以上",
                minutes=limits.split_minutes,
                least=limits.split_least,
            )
        case Pattern.TINY:
            return _(
                "一个月里有 %(households)d 户以上交 %(from_)s 至 %(to)s 元",
                households=limits.tiny_households,
                from_=format_yuan(limits.tiny_from_fen),
                to=format_yuan(limits.tiny_to_fen),
            )
        case Pattern.UNDONE:
            return _(
                "撤销和冲正超过全部收费的 %(share)d%%（至少 %(least)d 笔），或一天超过 %(day)d 笔",
                share=limits.undone_over_ppm * 100 // PPM,
                least=limits.undone_least,
                day=limits.undone_a_day,
            )
        case Pattern.EDGE:
            return _(
                "金额在计酬分档的界线以上 %(share)d%% 以内，至少 %(least)d 笔",
                share=limits.edge_over_ppm * 100 // PPM,
                least=limits.edge_least,
            )
