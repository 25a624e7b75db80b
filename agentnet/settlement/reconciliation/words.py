"""What people read of reconciliation; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentnet.core.words import translatable
from agentnet.settlement.matching import EXPLANATIONS, KIND_WORDS, PROPOSAL_WORDS, STEP_WORDS, Kind, Proposal
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.remedies import BANK, WRITTEN_OFF, Remedy
from agentnet.settlement.reconciliation.rules import BY_AMOUNT, BY_HAND, RowKind, Source, State, Verb

SOURCES: Final[Mapping[str, str]] = {
    Source.PARTNER: translatable("合作单位日文件"),
    Source.BANK: translatable("银行对账单"),
}
KINDS: Final[Mapping[str, str]] = {str(kind): words for kind, words in KIND_WORDS.items()}
PROPOSALS: Final[Mapping[str, str]] = {str(proposal): words for proposal, words in PROPOSAL_WORDS.items()}
STEPS: Final[Mapping[str, str]] = {
    **{str(step): words for step, words in STEP_WORDS.items()},
    BY_AMOUNT: translatable("金额相同，且只有这一笔在到账日前三天内"),
    BY_HAND: translatable("手工匹配"),
}
BANK_REFERENCE: Final = translatable("交款单号相同")
"""By what a bank's line and a deposit are found by reference."""
STATES: Final[Mapping[str, tuple[str, str]]] = {
    State.OPEN: (translatable("待处理"), "careful"),
    State.EXPLAINED: (translatable("已说明"), "good"),
    State.ADJUSTED: (translatable("已调账"), "good"),
    State.WRITTEN_OFF: (translatable("已核销"), "off"),
}
VERBS: Final[Mapping[str, str]] = {
    Verb.OWNED: translatable("接手"),
    Verb.EXPLAINED: translatable("说明后办结"),
    Verb.ADJUSTED: translatable("调账后办结"),
    Verb.WRITTEN_OFF: translatable("核销"),
    Verb.REOPENED: translatable("取消匹配，重新打开"),
}
ROW_KINDS: Final[Mapping[str, str]] = {
    RowKind.PAYMENT: translatable("缴费"),
    RowKind.ENTRY: translatable("入账"),
    RowKind.DETAIL: translatable("批量明细"),
    RowKind.FEE: translatable("手续费"),
    RowKind.OTHER: translatable("未入账"),
}
_AT_THE_BANK: Final[Mapping[tuple[str, str], str]] = {
    (Kind.MISSING_AT_UTILITY, Proposal.LOOK): translatable(
        "银行收到了钱，没有网点报过；请找到对应的解款，找不到的转入待查款项"
    ),
    (Kind.AMOUNT_MISMATCH, Proposal.BOOK): translatable(
        "银行收到的比网点报的多；多出的请网点另报一笔，不是网点的钱转入待查款项"
    ),
    (Kind.AMOUNT_MISMATCH, Proposal.REVERSE): translatable("银行收到的比网点报的少，按到账确认，差额退回网点手头"),
    (Kind.BANK_REVERSAL, Proposal.REVERSE): translatable("银行把已入账的钱冲回去了；请问明原因"),
    (Kind.BANK_REVERSAL, Proposal.LOOK): translatable("银行退回了先前扣走的钱；请核对原来扣的是哪一笔"),
}
_AFTER_THE_DAY: Final[Mapping[str, str]] = {
    Kind.AMOUNT_MISMATCH: translatable("同一笔我方多记，差额按退费办理"),
    Kind.MISSING_AT_AGENT: translatable("我方已记而对方没有；当天已经结束，按单边账规则退费"),
    Kind.DUPLICATE: translatable("我方同户、同日、同金额多记一笔而对方没有；当天已经结束，按单边账规则退费"),
}
"""What a refund puts right, by the kind of the difference: its day is over, so nothing is reversed."""
_TAKEN_BACK: Final[Mapping[str, str]] = {
    Remedy.SHORT: translatable("银行把已入账的解款冲回去了；请问明原因，再记为网点短款，由网点补交"),
    Remedy.RETURN: translatable(
        "银行冲回了一笔钱，没有对应的解款；先前转入过待查款项的，从待查款项退回，没有转过的写明原因办结"
    ),
}
"""What the bank took back, by what puts it right."""
_PARTNER: Final[Mapping[tuple[str, str], str]] = {
    (str(kind), str(proposal)): words for (kind, proposal), words in EXPLANATIONS.items()
}

REMEDIES: Final[Mapping[str, str]] = {
    Remedy.BOOK: translatable("补记这笔收费"),
    Remedy.REVERSE: translatable("冲正这笔收费"),
    Remedy.REFUND: translatable("申请退费"),
    Remedy.SET_ASIDE: translatable("转入待查款项"),
    Remedy.SHORT: translatable("记为网点短款"),
    Remedy.RETURN: translatable("从待查款项退回"),
}
"""What a remedy is called on its button."""
REMEDY_HINTS: Final[Mapping[str, str]] = {
    Remedy.BOOK: translatable(
        "对方有、我方没有：按网点今天的营业日补记一笔收费，现金算在网点手头，客户的账单随之结清。要由另一位财务批准。"
    ),
    Remedy.REVERSE: translatable(
        "我方有、对方没有，当天还没有日结：马上冲正整笔收费，客户的账单恢复未缴，网点手头现金随之减少。"
    ),
    Remedy.REFUND: translatable("我方有、对方没有，当天已经结束：按退费办理，客户的账单恢复未缴。要由另一位财务批准。"),
    Remedy.SET_ASIDE: translatable(
        "银行收到的钱没有主人：记入银行存款和待查款项，查清后再退回或转走。要由另一位财务批准。"
    ),
    Remedy.RETURN: translatable(
        "银行冲回的是先前转入待查款项的钱：从待查款项记回银行存款。先前没有转过的，不用记账，写明原因办结。要由另一位财务批准。"
    ),
    Remedy.SHORT: translatable("银行冲回了网点存的钱：从银行存款转为网点短款，由网点补交或核销。要由另一位财务批准。"),
}
"""What a remedy does, in a sentence or two."""
MOVED: Final[Mapping[tuple[str, str], str]] = {
    (BANK, WRITTEN_OFF): translatable("借：银行存款，贷：核销损失"),
    (WRITTEN_OFF, BANK): translatable("借：核销损失，贷：银行存款"),
}
MOVES_NOTHING: Final = translatable("不记账：这个差异没有占用任何科目的钱，账本保持原样")
"""What a write-off books."""


def explanation(found: Difference, remedy: str | None = None) -> str:
    """Return what happened and what is proposed (a msgid), in the words of the remedy its page offers."""
    if remedy == Remedy.REFUND and found.kind in _AFTER_THE_DAY:
        return _AFTER_THE_DAY[found.kind]
    if remedy is not None and remedy in _TAKEN_BACK:
        return _TAKEN_BACK[remedy]
    words = _PARTNER if found.partner_id is not None else _AT_THE_BANK
    return words.get((found.kind, found.proposal)) or KINDS[found.kind]


REVERSE_OR_REFUND: Final = translatable("冲正或退费")


def proposed(found: Difference) -> str:
    """Return what is proposed (a msgid) where its remedy is not looked up: of a bank's difference, to look."""
    if found.partner_id is None:
        return PROPOSALS[Proposal.LOOK]
    return REVERSE_OR_REFUND if found.proposal == Proposal.REVERSE else PROPOSALS[found.proposal]


def advice(found: Difference, remedy: str | None) -> str:
    """Return what is proposed (a msgid) as the button beside it says it; where the page books nothing, to look."""
    if found.state != State.OPEN or found.proposal == Proposal.LOOK:
        return proposed(found)
    return REMEDIES[remedy] if remedy else PROPOSALS[Proposal.LOOK]


def step_words(step: str, source: str) -> str:
    """Return by what a row and its other side were found to be the same (a msgid)."""
    return BANK_REFERENCE if source == Source.BANK and step == "REFERENCE" else STEPS[step]


FILE_KINDS: Final[Mapping[str, str]] = {
    "PARTNER": translatable("合作单位日文件（CSV）"),
    "CAMT": translatable("银行对账单（camt.053）"),
    "TABLE": translatable("银行对账单（表格：CSV、Excel、网页导出的 .xls）"),
}
COLUMN_WORDS: Final[Mapping[str, str]] = {
    "date": translatable("交易日期"),
    "time": translatable("交易时间"),
    "amount": translatable("金额（收支同一列）"),
    "credit": translatable("收入金额"),
    "debit": translatable("支出金额"),
    "direction": translatable("借贷标志"),
    "balance": translatable("余额"),
    "reference": translatable("流水号"),
    "counterparty": translatable("对方户名"),
    "text": translatable("摘要"),
    "household": translatable("户号"),
    "currency": translatable("币种"),
}
"""What the columns of ``files.mapping.Mapping`` are called."""
