"""How the outcome of trying a plan is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from agentnet.commission.engine.reasons import REASON_WORDS, Reason
from agentnet.commission.whatif.comparing import change_tenths
from agentnet.commission.whatif.queries import Both
from agentnet.core.money import Fen, format_yuan
from agentnet.core.words import translatable
from agentnet.infra.i18n import money_text, say

STATES: Mapping[str, tuple[str, str]] = {
    "WAITING": (translatable("正在试算"), "moving"),
    "DONE": (translatable("已算完"), "good"),
    "FAILED": (translatable("没有算成"), "careful"),
}
SOURCES: Mapping[str, str] = {
    "FILE": translatable("方案文件"),
    "VERSION": translatable("已定的版本"),
    "PENDING": translatable("等待审批的版本"),
    "FORM": translatable("正在填写的版本"),
}
DIRECTIONS: Mapping[str, str] = {
    "less": translatable("比原来少的"),
    "more": translatable("比原来多的"),
    "same": translatable("不变的"),
}


def signed(fen: Fen) -> str:
    """Return a change with its sign: ``+1.00``, ``-0.50``, ``0.00``."""
    return f"+{format_yuan(fen)}" if fen > 0 else format_yuan(fen)


def share_text(both: Both) -> str:
    """Return a change in per cent of what was paid, with its sign; a dash where nothing was paid."""
    tenths = change_tenths(both.new_fen, both.paid_fen)
    if tenths is None:
        return "-"
    sign = "+" if tenths > 0 else "-" if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}%"


def finding(both: Both) -> str:
    """Return in a sentence what the plan would have cost."""
    words = {"amount": money_text(abs(both.change_fen)), "share": share_text(both)}
    if both.change_fen > 0:
        return _("新方案比实际多付 %(amount)s（%(share)s）", **words)
    if both.change_fen < 0:
        return _("新方案比实际少付 %(amount)s（%(share)s）", **words)
    return _("新方案与实际付的一样多")


def why_texts(why: Mapping[str, Any]) -> Iterator[str]:
    """Yield why an outlet gains or loses, the weightiest kinds first."""
    number, fen = why["uncovered"]
    if number:
        text = ngettext(
            "%(num)d 笔收费在新方案里没有适用的项目，少 %(amount)s",
            "%(num)d 笔收费在新方案里没有适用的项目，少 %(amount)s",
            number,
            amount=money_text(-fen),
        )
        yield text
    number, fen = why["less"]
    if number:
        yield ngettext(
            "%(num)d 笔收费比原来计得少，共少 %(amount)s",
            "%(num)d 笔收费比原来计得少，共少 %(amount)s",
            number,
            amount=money_text(-fen),
        )
    number, fen = why["more"]
    if number:
        yield ngettext(
            "%(num)d 笔收费比原来计得多，共多 %(amount)s",
            "%(num)d 笔收费比原来计得多，共多 %(amount)s",
            number,
            amount=money_text(fen),
        )
    for name in sorted(why["paid_monthly"].keys() | why["new_monthly"].keys()):
        paid, new = why["paid_monthly"].get(name, 0), why["new_monthly"].get(name, 0)
        if paid != new:
            yield _(
                "按月计的“%(name)s”：原来 %(paid)s，新方案 %(new)s",
                name=name,
                paid=money_text(paid),
                new=money_text(new),
            )
    for name, reasons in sorted(why["reasons"].items()):
        for reason, months in sorted(reasons.items()):
            yield ngettext(
                "“%(name)s”有 %(num)d 个月：%(reason)s",
                "“%(name)s”有 %(num)d 个月：%(reason)s",
                months,
                name=name,
                reason=say(REASON_WORDS[Reason(reason)]),
            )
