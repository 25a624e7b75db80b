"""The plan language's codes in words, for forms, statements and pages."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.commission.engine.language import Basis, Kind, Measure, Mode
from agentnet.commission.engine.withholding import PayeeType, Why
from agentnet.core.words import translatable

KIND_WORDS: Mapping[Kind, str] = {
    Kind.PER_COLLECTION: translatable("每笔计酬"),
    Kind.BANDED: translatable("按单笔金额分档"),
    Kind.TIERED: translatable("按当月累计分档"),
    Kind.GROWTH: translatable("同比增长奖励"),
    Kind.SUBSIDY: translatable("固定补贴"),
    Kind.MANDATE_BONUS: translatable("委托代扣签约奖励"),
}
MEASURE_WORDS: Mapping[Measure, str] = {
    Measure.VOLUME: translatable("按收费额"),
    Measure.COUNT: translatable("按笔数"),
}
MODE_WORDS: Mapping[Mode, str] = {
    Mode.MARGINAL: translatable("各段按各段的标准"),
    Mode.WHOLE: translatable("全部按达到的那一档"),
}
BASIS_WORDS: Mapping[Basis, str] = {
    Basis.ENTERED: translatable("按收费计"),
    Basis.SETTLED: translatable("按结清计"),
}
PAYEE_WORDS: Mapping[PayeeType, str] = {
    PayeeType.INDIVIDUAL: translatable("个人"),
    PayeeType.SOLE_TRADER: translatable("个体工商户"),
    PayeeType.COMPANY: translatable("公司"),
}
WHY_NOT_WITHHELD: Mapping[Why, str] = {
    Why.OFF: translatable("没有启用代扣个税"),
    Why.OWN_TAX: translatable("由收款方开票并自行纳税"),
    Why.BELOW_DEDUCTION: translatable("没有超过减除费用"),
    Why.NOTHING_PAID: translatable("没有应付金额"),
}
