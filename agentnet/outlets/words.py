"""What people read for the register's kinds, states and sources; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.core.words import translatable
from agentnet.outlets.campaigns.rules import Standing
from agentnet.outlets.rules import HoldingMode, OutletKind, PartnerKind, Slot, State, TerminalKind

OUTLET_KINDS: Mapping[OutletKind, str] = {
    OutletKind.VILLAGE_POST: translatable("村邮站"),
    OutletKind.NEWSSTAND: translatable("报刊亭"),
    OutletKind.CONVENIENCE_STORE: translatable("便利店"),
    OutletKind.SERVICE_POINT: translatable("便民服务点"),
    OutletKind.VILLAGE_CENTRE: translatable("村级便民服务中心"),
    OutletKind.BUSINESS_HALL: translatable("供电营业厅"),
}
STATES: Mapping[State, str] = {
    State.APPLIED: translatable("已申请"),
    State.SITE_CHECK: translatable("现场核查"),
    State.APPROVED: translatable("已批准"),
    State.ACTIVE: translatable("营业中"),
    State.SUSPENDED: translatable("暂停"),
    State.CLOSED: translatable("已关闭"),
}
SLOTS: Mapping[Slot, str] = {Slot.PRIMARY: translatable("主责经理"), Slot.DEPUTY: translatable("协助经理")}
PARTNER_KINDS: Mapping[PartnerKind, str] = {
    PartnerKind.POST: translatable("邮政"),
    PartnerKind.BANK: translatable("银行"),
    PartnerKind.CHAIN: translatable("连锁商户"),
    PartnerKind.OTHER: translatable("其他单位"),
}
TERMINAL_KINDS: Mapping[TerminalKind, str] = {
    TerminalKind.CARD: translatable("刷卡终端"),
    TerminalKind.CASH: translatable("现金终端"),
}
HOLDING_MODES: Mapping[HoldingMode, str] = {
    HoldingMode.POSTPAID: translatable("后付：收后上缴"),
    HoldingMode.PREPAID: translatable("预存：先存后收"),
}
COORDINATE_SOURCES: Mapping[str, str] = {
    "gps": translatable("现场定位"),
    "map": translatable("地图量取"),
    "partner": translatable("合作单位提供"),
    "demo": translatable("演示数据"),
    "township": translatable("按乡镇位置推算"),
}
"""Where a position came from. All positions are WGS-84."""

STATE_TONES: Mapping[State, str] = {
    State.APPLIED: "waiting",
    State.SITE_CHECK: "moving",
    State.APPROVED: "moving",
    State.ACTIVE: "good",
    State.SUSPENDED: "paused",
    State.CLOSED: "off",
}
"""The shape a state is drawn with (``macros/states.html``)."""

REASONS: Mapping[str, str] = {
    "REMITTANCE_OVERDUE": translatable("逾期未交款，系统自动暂停"),
    "REMITTANCE_ARRIVED": translatable("逾期款已到账，系统自动恢复"),
}
"""Reasons of steps that a rule took; whatever else stands there a person has written."""

LEFT_WORDS: Mapping[str, str] = {
    "CASH_HELD": translatable("手里的现金（先日结、交款）"),
    "IN_TRANSIT": translatable("在途的交款（财务确认或退回）"),
    "FLOAT": translatable("预存款（财务退还）"),
    "DEPOSIT": translatable("保证金（财务退还）"),
}
"""What may be left when an outlet is to close, and what is done with it."""
CAMPAIGN_STANDINGS: Mapping[Standing, tuple[str, str]] = {
    Standing.COMING: (translatable("还没开始"), "waiting"),
    Standing.RUNNING: (translatable("进行中"), "good"),
    Standing.OVER: (translatable("已结束"), "off"),
}
"""Word and shape of how a campaign stands."""
