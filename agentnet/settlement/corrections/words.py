"""What people read of corrections; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.core.words import translatable
from agentnet.settlement.corrections.rules import ADJUSTMENT, ADJUSTMENTS, BY_BANK, BY_CASH, REFUND, WRONG_HOUSEHOLD

KINDS: Mapping[str, str] = {
    REFUND: translatable("退费"),
    WRONG_HOUSEHOLD: translatable("更正户号"),
    ADJUSTMENT: translatable("账务调整"),
}
"""What each kind of correction is called."""

PAY_BY: Mapping[str, str] = {
    BY_CASH: translatable("网点退现金"),
    BY_BANK: translatable("财务从银行退"),
}
"""How a refund reaches the customer."""

ADJUSTMENT_WORDS: Mapping[str, str] = {code: kind.words for code, kind in ADJUSTMENTS.items()}
"""What each adjustment is called."""

REVERSALS: Mapping[str, str] = {
    "TIMEOUT": translatable("超时没有结果"),
    "ONE_SIDED": translatable("单边账：对方没有这一笔"),
    "POSTED_TWICE": translatable("系统重复入账"),
}
"""What failed, where the system undoes a collection."""
