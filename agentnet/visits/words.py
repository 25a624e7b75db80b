"""What people read for states, flags and answers; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.core.words import translatable
from agentnet.visits.checklist import Answer
from agentnet.visits.evidence import Flag
from agentnet.visits.rules import DutyState

DUTY_STATES: Mapping[DutyState, str] = {
    DutyState.DUE: translatable("待访"),
    DutyState.DONE: translatable("已访"),
    DutyState.MISSED: translatable("漏访"),
    DutyState.EXEMPT: translatable("免访"),
}
DUTY_TONES: Mapping[DutyState, str] = {
    DutyState.DUE: "waiting",
    DutyState.DONE: "good",
    DutyState.MISSED: "bad",
    DutyState.EXEMPT: "off",
}
"""The shape a state is drawn with (``macros/states.html``)."""

ANSWERS: Mapping[Answer, str] = {
    Answer.PASS: translatable("合格"),
    Answer.FAIL: translatable("不合格"),
    Answer.NA: translatable("不适用"),
}
FLAGS: Mapping[Flag, str] = {
    Flag.CRITICAL_FAILED: translatable("关键项不合格"),
    Flag.OUTSIDE_RADIUS: translatable("位置超出范围"),
    Flag.NO_POSITION: translatable("无定位"),
    Flag.COARSE_POSITION: translatable("定位不准"),
    Flag.ODD_HOUR: translatable("时间异常"),
    Flag.SHORT_STAY: translatable("停留过短"),
    Flag.LOGGED_LATE: translatable("补登"),
    Flag.CLOCK_AHEAD: translatable("手机时间偏快"),
}
FLAG_REASONS: Mapping[Flag, str] = {
    Flag.CRITICAL_FAILED: translatable("检查表中的关键项有不合格，请尽快处理"),
    Flag.OUTSIDE_RADIUS: translatable("登记位置距网点超过 300 米加定位误差"),
    Flag.NO_POSITION: translatable("手机没有给出位置，无法核对到场"),
    Flag.COARSE_POSITION: translatable("定位误差超过 300 米，不足以核对到场"),
    Flag.ODD_HOUR: translatable("到达时间在 6 点之前或 21 点之后"),
    Flag.SHORT_STAY: translatable("停留不足 5 分钟"),
    Flag.LOGGED_LATE: translatable("到达 24 小时以后才登记"),
    Flag.CLOCK_AHEAD: translatable("到达时间比收到登记的时间晚 10 分钟以上"),
}
"""Why a visit carries a flag; a flag is a question for the supervisor, not a verdict."""
