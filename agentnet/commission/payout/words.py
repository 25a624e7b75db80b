"""What people read of payouts; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.commission.payout.rules import KEEPER, PARTNER, BatchState, PaymentState, Why
from agentnet.core.words import translatable
from agentnet.infra.i18n import say as _

BATCH_STATES: Mapping[str, tuple[str, str]] = {
    BatchState.DRAFT: (translatable("已制单，待核对"), "waiting"),
    BatchState.CHECKED: (translatable("已核对，待审批"), "moving"),
    BatchState.APPROVED: (translatable("已审批，待付款"), "moving"),
    BatchState.PAID: (translatable("已付款"), "good"),
    BatchState.CANCELLED: (translatable("已作废"), "off"),
}
"""What a batch's state is called, and the tone it is shown in."""

PAYMENT_STATES: Mapping[str, tuple[str, str]] = {
    PaymentState.PLANNED: (translatable("未付"), "waiting"),
    PaymentState.SENT: (translatable("已送银行，等结果"), "moving"),
    PaymentState.CONFIRMED: (translatable("已到账"), "good"),
    PaymentState.RETURNED: (translatable("银行退回"), "bad"),
}

REASONS: Mapping[str, str] = {
    Why.ON_HOLD: translatable("网点核查期间暂停付款"),
    Why.CLAWBACK: translatable("扣回不小于应付，结转到以后月份抵扣"),
    Why.NO_PARTNER: translatable("方案给合作单位分成，但网点当月没有合作单位"),
    Why.NO_PAYEE: translatable("没有登记收款人"),
    Why.NO_ACCOUNT: translatable("收款人没有银行账户"),
    Why.BELOW_MINIMUM: translatable("低于最低付款额，留到下次一起付"),
    Why.TAX_OVER: translatable("当月应补扣的税款不小于这笔应付，留到下个月付款"),
}

TYPES: Mapping[str, str] = {
    "INDIVIDUAL": translatable("个人"),
    "SOLE_TRADER": translatable("个体工商户"),
    "COMPANY": translatable("公司"),
}


def share_text(share: str) -> str:
    """Return what a share is called; a person's name is itself."""
    if share == KEEPER:
        return _("代办人")
    return _("合作单位") if share == PARTNER else share
