"""What people read of held money; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.core.words import translatable
from agentnet.holding.rules import DepositKind, PayBackOf, TopUpState

TOP_UP_STATES: Mapping[str, tuple[str, str]] = {
    TopUpState.DECLARED: (translatable("待财务确认"), "moving"),
    TopUpState.CONFIRMED: (translatable("已充值"), "good"),
    TopUpState.REJECTED: (translatable("未到账，已退回"), "bad"),
}
"""What a state is called, and the tone it is shown in."""

DEPOSIT_KINDS: Mapping[str, str] = {
    DepositKind.RECEIVED: translatable("收到保证金"),
    DepositKind.PAID_BACK: translatable("退还保证金"),
}

PAY_BACKS: Mapping[str, str] = {
    PayBackOf.DEPOSIT: translatable("退还保证金"),
    PayBackOf.FLOAT: translatable("退还预存款"),
}
"""What going back is called."""

HELD_NAMES: Mapping[str, str] = {
    PayBackOf.DEPOSIT: translatable("现有保证金"),
    PayBackOf.FLOAT: translatable("现有预存款"),
}
"""What is held of each."""

FIGURES: Mapping[str, str] = {
    "ceiling_fen": translatable("现金上限"),
    "single_limit_fen": translatable("单笔限额"),
    "daily_limit_fen": translatable("每天限额"),
    "large_amount_fen": translatable("大额标记从"),
    "first_top_up_fen": translatable("首次充值至少"),
    "top_up_multiple_fen": translatable("以后充值的整数倍"),
}
"""What each figure of the limits is called."""
