"""What people read of settlement; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.core.money import Fen
from agentnet.core.words import translatable
from agentnet.settlement.rules import FACES_FEN, RemittanceState

REMITTANCE_STATES: Mapping[str, tuple[str, str]] = {
    RemittanceState.DECLARED: (translatable("在途，待确认"), "moving"),
    RemittanceState.CONFIRMED: (translatable("已到账"), "good"),
    RemittanceState.REJECTED: (translatable("未到账，已退回"), "bad"),
}
"""What a state is called, and the tone it is shown in."""

_FACES: Mapping[Fen, str] = {
    100_00: translatable("100 元"),
    50_00: translatable("50 元"),
    20_00: translatable("20 元"),
    10_00: translatable("10 元"),
    5_00: translatable("5 元"),
    1_00: translatable("1 元"),
    50: translatable("5 角"),
    10: translatable("1 角"),
}

FACES: Mapping[str, str] = {f"pieces_{face}": _FACES[face] for face in FACES_FEN}
"""What the notes and coins are called, by the form's field, largest first."""

ACCOUNT_NAMES: Mapping[str, str] = {
    "cash": translatable("手头现金账"),
    "transit": translatable("在途款账"),
    "float": translatable("预存款账"),
}
"""The accounts of an outlet that have a page, by their name in the address."""

TRANSFER_KINDS: Mapping[str, str] = {
    "COLLECTION": translatable("收费"),
    "VOID": translatable("撤销收费"),
    "REMITTANCE": translatable("报交款"),
    "REMITTANCE_BANKED": translatable("解款到账"),
    "REMITTANCE_RETURNED": translatable("未到账，退回手头"),
    "FLOAT_TOP_UP": translatable("充值"),
    "FLOAT_PAID_BACK": translatable("退还预存款"),
    "OVER_SHORT": translatable("长短款"),
    "COUNTERFEIT": translatable("疑似假币"),
}
"""What moved money on an outlet's accounts."""

OTHER_TRANSFER = translatable("其他记账")

RHYTHMS: Mapping[str, str] = {
    "WORKDAYS": translatable("每个工作日（附近有银行）"),
    "WEEKDAYS": translatable("每周固定几天（邮政上门），节假日除外"),
    "NONE": translatable("没有固定的交款机会（附近没有银行）"),
    "AS_KIND": translatable("照同类网点的规定"),
}
"""When an outlet can remit."""
