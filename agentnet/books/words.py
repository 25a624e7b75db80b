"""What people read of the books; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.core.words import translatable
from agentnet.ledger.rules import CREDIT, DEBIT, HOUSEHOLD, ORG_UNIT, OUTLET, PARTNER

LINES: Mapping[tuple[str, str], str] = {
    (OUTLET, "CASH_HELD"): translatable("网点持有现金"),
    (OUTLET, "FLOAT"): translatable("网点预存款"),
    (OUTLET, "DEPOSIT"): translatable("网点保证金"),
    (OUTLET, "NONCASH_CLEARING"): translatable("非现金待清算"),
    (OUTLET, "RECEIVED"): translatable("网点代收待分配"),
    (OUTLET, "IN_TRANSIT"): translatable("在途解款"),
    (OUTLET, "OVER_SHORT"): translatable("长短款"),
    (OUTLET, "COMMISSION_PAYABLE"): translatable("应付网点代办费"),
    (HOUSEHOLD, "ADVANCE"): translatable("用户预存电费"),
    (HOUSEHOLD, "REFUND_PAYABLE"): translatable("应退用户电费"),
    (PARTNER, "CLEARING"): translatable("合作单位待清算"),
    (PARTNER, "COMMISSION_PAYABLE"): translatable("应付合作单位代办费"),
    (ORG_UNIT, "BANK"): translatable("银行存款"),
    (ORG_UNIT, "BILLING_CLEARING"): translatable("营销电费清算"),
    (ORG_UNIT, "DEBIT_CLEARING"): translatable("批扣清算"),
    (ORG_UNIT, "COMMISSION_EXPENSE"): translatable("代办费支出"),
    (ORG_UNIT, "WITHHOLDING"): translatable("代扣税款"),
    (ORG_UNIT, "CHANNEL_FEE"): translatable("渠道手续费"),
    (ORG_UNIT, "SUSPENSE"): translatable("待查款项"),
    (ORG_UNIT, "WRITE_OFF"): translatable("核销损失"),
}
"""What a line of the chart is called."""

OWNERS: Mapping[str, str] = {
    OUTLET: translatable("网点账"),
    HOUSEHOLD: translatable("用户账"),
    PARTNER: translatable("合作单位账"),
    ORG_UNIT: translatable("公司账"),
}

SIDES: Mapping[str, str] = {DEBIT: translatable("借"), CREDIT: translatable("贷")}

KINDS: Mapping[str, str] = {
    "COLLECTION": translatable("代收"),
    "VOID": translatable("撤销代收"),
    "TO_BILLING": translatable("转入电费"),
    "TO_ADVANCE": translatable("转入预存"),
    "FROM_ADVANCE": translatable("预存抵电费"),
    "REMITTANCE": translatable("报交款"),
    "REMITTANCE_BANKED": translatable("解款到账"),
    "REMITTANCE_RETURNED": translatable("解款退回"),
    "OVER_SHORT": translatable("长款短款"),
    "COUNTERFEIT": translatable("疑似假币"),
    "COMMISSION": translatable("计提代办费"),
    "COMMISSION_PAID": translatable("付出代办费"),
    "COMMISSION_TAX": translatable("代办费代扣税款"),
    "COMMISSION_RETURNED": translatable("代办费被银行退回"),
    "COMMISSION_TAX_BACK": translatable("退回代办费的代扣税款"),
}
"""What a kind of transfer is called."""

OTHER_KIND = translatable("其他分录")
"""What a transfer of a kind this page does not know is called."""

COUNTERFEIT = translatable("疑似假币")
"""What the detail of an over-and-short account is called; other details are tenders."""
