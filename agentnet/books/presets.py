"""Layouts and accounts to begin a mapping with, one for each accounting package in use.

Accounts are the usual ones of the Chinese standard chart (企业会计准则应用指南); each office puts in its own. Where the
layouts come from: docs/decisions/0020.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentnet.books.voucher_rules import GBK, UTF_8, FileColumn, Layout, Ours, Theirs
from agentnet.core.words import translatable
from agentnet.ledger.rules import HOUSEHOLD, ORG_UNIT, OUTLET, PARTNER

Accounts = Sequence[tuple[Ours, str, Theirs]]


@dataclass(frozen=True, slots=True)
class Preset:
    """A package's layout and accounts."""

    title: str
    layout: Layout
    accounts: Accounts


_PLAIN: Final[Mapping[Ours, Theirs]] = {
    Ours(OUTLET, "CASH_HELD"): Theirs("122101", "其他应收款-网点现金"),
    Ours(OUTLET, "FLOAT"): Theirs("220301", "预收账款-网点预存款"),
    Ours(OUTLET, "DEPOSIT"): Theirs("224101", "其他应付款-网点保证金"),
    Ours(OUTLET, "NONCASH_CLEARING"): Theirs("122102", "其他应收款-非现金待清算"),
    Ours(OUTLET, "RECEIVED"): Theirs("224102", "其他应付款-代收待分配"),
    Ours(OUTLET, "IN_TRANSIT"): Theirs("1012", "其他货币资金-在途"),
    Ours(OUTLET, "OVER_SHORT"): Theirs("190101", "待处理财产损溢-长短款"),
    Ours(OUTLET, "COMMISSION_PAYABLE"): Theirs("220201", "应付账款-网点代办费"),
    Ours(HOUSEHOLD, "ADVANCE"): Theirs("220302", "预收账款-用户预存电费"),
    Ours(HOUSEHOLD, "REFUND_PAYABLE"): Theirs("224103", "其他应付款-应退电费"),
    Ours(PARTNER, "CLEARING"): Theirs("122103", "其他应收款-合作单位"),
    Ours(PARTNER, "COMMISSION_PAYABLE"): Theirs("220202", "应付账款-合作单位代办费"),
    Ours(ORG_UNIT, "BANK"): Theirs("1002", "银行存款"),
    Ours(ORG_UNIT, "BILLING_CLEARING"): Theirs("112201", "应收账款-电费"),
    Ours(ORG_UNIT, "DEBIT_CLEARING"): Theirs("122104", "其他应收款-批扣清算"),
    Ours(ORG_UNIT, "COMMISSION_EXPENSE"): Theirs("660101", "销售费用-代办费"),
    Ours(ORG_UNIT, "WITHHOLDING"): Theirs("222101", "应交税费-代扣个人所得税"),
    Ours(ORG_UNIT, "CHANNEL_FEE"): Theirs("660301", "财务费用-手续费"),
    Ours(ORG_UNIT, "SUSPENSE"): Theirs("224104", "其他应付款-待查款项"),
    Ours(ORG_UNIT, "WRITE_OFF"): Theirs("671101", "营业外支出-核销"),
}
_ACCOUNTS: Final[Accounts] = [(ours, "", theirs) for ours, theirs in _PLAIN.items()]
_SAP_ACCOUNTS: Final[Accounts] = [
    (ours, "", Theirs(theirs.code.ljust(10, "0"), theirs.name)) for ours, theirs in _PLAIN.items()
]

_ABSTRACT = "{unit} {month} 代收电费汇总"


def _columns(*columns: tuple[str, str] | tuple[str, str, int]) -> tuple[FileColumn, ...]:
    return tuple(FileColumn(*column) for column in columns)


PRESETS: Final[Mapping[str, Preset]] = {
    "U8": Preset(
        translatable("用友 U8 / NC"),
        Layout(
            GBK,
            "YYYY-MM-DD",
            True,
            _columns(
                ("制单日期", "date"),
                ("凭证类别字", "word"),
                ("业务号", "number"),
                ("附单据数", "attachments"),
                ("摘要", "abstract", 60),
                ("科目编码", "account", 15),
                ("金额借方", "debit"),
                ("金额贷方", "credit"),
                ("数量", "empty"),
                ("外币", "empty"),
                ("汇率", "empty"),
                ("制单人", "=agentnet"),
                ("结算方式", "empty"),
                ("票号", "empty"),
                ("发生日期", "date"),
                ("部门编码", "unit", 12),
            ),
            "记",
            "",
            _ABSTRACT,
        ),
        _ACCOUNTS,
    ),
    "K3": Preset(
        translatable("金蝶 K/3 / Cloud"),
        Layout(
            GBK,
            "YYYY/M/D",
            True,
            _columns(
                ("凭证日期", "date"),
                ("会计年度", "year"),
                ("会计期间", "period"),
                ("凭证字", "word"),
                ("凭证号", "number"),
                ("分录序号", "line"),
                ("摘要", "abstract", 80),
                ("科目代码", "account"),
                ("科目名称", "account_name", 80),
                ("币别代码", "=RMB"),
                ("汇率", "=1"),
                ("原币金额", "amount"),
                ("借方金额", "debit"),
                ("贷方金额", "credit"),
                ("附件数", "attachments"),
                ("部门", "unit_name", 60),
                ("制单人", "=agentnet"),
            ),
            "记",
            "",
            _ABSTRACT,
        ),
        _ACCOUNTS,
    ),
    "SAP": Preset(
        "SAP",
        Layout(
            UTF_8,
            "YYYYMMDD",
            True,
            _columns(
                ("BUKRS", "company", 4),
                ("BLART", "word", 2),
                ("BLDAT", "date"),
                ("BUDAT", "date"),
                ("MONAT", "period"),
                ("WAERS", "=CNY"),
                ("XBLNR", "reference", 16),
                ("BKTXT", "abstract", 25),
                ("DOCUMENT", "number"),
                ("BUZEI", "line"),
                ("NEWBS", "posting_key"),
                ("SHKZG", "indicator"),
                ("HKONT", "account", 10),
                ("WRBTR", "amount"),
                ("ZUONR", "unit", 18),
                ("SGTXT", "abstract", 50),
            ),
            "SA",
            "1000",
            _ABSTRACT,
        ),
        _SAP_ACCOUNTS,
    ),
}
"""What a new mapping may begin as."""
