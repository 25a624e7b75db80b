"""Why a figure is empty or odd: codes that are stored and the words they are shown with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from agentnet.core.words import translatable


class Reason(StrEnum):
    """Why a figure is what it is where a number alone would leave a question."""

    NOTHING_COLLECTED = "NOTHING_COLLECTED"
    NOTHING_SETTLED = "NOTHING_SETTLED"
    NO_VERSION = "NO_VERSION"
    NOT_COVERED = "NOT_COVERED"
    NO_LAST_YEAR = "NO_LAST_YEAR"
    NO_GROWTH = "NO_GROWTH"
    CONDITION_MISSED = "CONDITION_MISSED"
    NO_MANDATE = "NO_MANDATE"
    NO_DAYS = "NO_DAYS"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    CAPPED = "CAPPED"
    HOUSEHOLD_CAPPED = "HOUSEHOLD_CAPPED"
    HOUSEHOLD_JOINED = "HOUSEHOLD_JOINED"
    RATE_ZERO = "RATE_ZERO"
    ROUNDED_AWAY = "ROUNDED_AWAY"
    CLAWED_BACK = "CLAWED_BACK"
    NOTHING_LEFT = "NOTHING_LEFT"


REASON_WORDS: Mapping[Reason, str] = {
    Reason.NOTHING_COLLECTED: translatable("本月没有收费"),
    Reason.NOTHING_SETTLED: translatable("本月没有结清任何金额"),
    Reason.NO_VERSION: translatable("这一天没有生效的方案版本"),
    Reason.NOT_COVERED: translatable("方案中没有项目适用于这笔收费"),
    Reason.NO_LAST_YEAR: translatable("去年同期没有可比的数据"),
    Reason.NO_GROWTH: translatable("没有超过计奖的增长起点"),
    Reason.CONDITION_MISSED: translatable("没有达到补贴条件"),
    Reason.NO_MANDATE: translatable("没有新签委托代扣"),
    Reason.NO_DAYS: translatable("这个版本在本月没有生效的日子"),
    Reason.BELOW_MINIMUM: translatable("低于最低额，按最低额计"),
    Reason.CAPPED: translatable("超过最高额，按最高额计"),
    Reason.HOUSEHOLD_CAPPED: translatable("同一户本月已达封顶额"),
    Reason.HOUSEHOLD_JOINED: translatable("同一户本月的几笔合并计算"),
    Reason.RATE_ZERO: translatable("这一档的标准是零"),
    Reason.ROUNDED_AWAY: translatable("不足半分，四舍五入后为零"),
    Reason.CLAWED_BACK: translatable("要扣回的（冲正、退费、银行冲回或调整）比本月的代办费多"),
    Reason.NOTHING_LEFT: translatable("这笔收费已撤销、全额退费或更正了户号，不计代办费"),
}
