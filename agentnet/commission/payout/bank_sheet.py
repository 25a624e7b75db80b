"""The bank's own sheet: which columns under which headings. Plain values in, rows of text out.

Amounts are yuan with two decimals and no separators; account and bank numbers are text. What stands in the sheet is
proved against the batch before it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import Fen
from agentnet.core.words import translatable

MOST_COLUMNS: Final = 30
SOURCES: Final[Mapping[str, str]] = {
    "number": translatable("序号"),
    "holder": translatable("收款户名"),
    "account": translatable("收款账号"),
    "bank": translatable("开户行"),
    "bank_no": translatable("行号"),
    "amount": translatable("金额"),
    "purpose": translatable("用途"),
    "reference": translatable("流水号"),
    "payer": translatable("付款户名"),
    "payer_account": translatable("付款账号"),
    "date": translatable("付款日期"),
    "currency": translatable("币种"),
    "empty": translatable("空列"),
}
"""What a column may hold; ``=text`` is the text itself."""
NEEDED: Final = ("holder", "account", "bank", "bank_no", "amount")


class SheetColumn(NamedTuple):
    """A column of the sheet."""

    heading: str
    source: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How a sheet is written."""

    heading: bool
    columns: Sequence[SheetColumn]


USUAL: Final = Layout(
    True,
    (
        SheetColumn("序号", "number"),
        SheetColumn("收款户名", "holder"),
        SheetColumn("收款账号", "account"),
        SheetColumn("开户行", "bank"),
        SheetColumn("行号", "bank_no"),
        SheetColumn("金额", "amount"),
        SheetColumn("用途", "purpose"),
        SheetColumn("流水号", "reference"),
    ),
)
"""What most banks' sheets of payments in bulk hold; each bank has its own headings."""


@dataclass(frozen=True, slots=True)
class ToPay:
    """One payment as a bank needs it."""

    number: int
    reference: str
    holder: str
    account: str
    bank: str
    bank_no: str
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class Order:
    """A batch as a bank needs it; ``count`` and ``sum_fen`` are the batch's own, which the payments must come to."""

    reference: str
    month: str
    pay_on: date
    payer: str
    payer_account: str
    payer_bank: str
    payer_bank_no: str
    payments: Sequence[ToPay]
    count: int
    sum_fen: Fen

    @property
    def purpose(self) -> str:
        """Return what the payment is for, as it stands on the payee's statement."""
        return f"{self.month} 代办费"


def yuan(fen: Fen) -> str:
    """Write fen as yuan with two decimals and no separators.

    >>> yuan(123456), yuan(5)
    ('1234.56', '0.05')
    """
    return f"{fen // 100}.{fen % 100:02d}"


def require_tied(order: Order) -> None:
    """Refuse a file whose payments are not the batch's number and sum.

    Raises:
        Conflict: ``file_disagrees``.
    """
    found = (len(order.payments), sum(one.amount_fen for one in order.payments))
    if found != (order.count, order.sum_fen) or any(one.amount_fen <= 0 for one in order.payments):
        raise Conflict("file_disagrees", "付款明细与这一批的笔数或合计不符，没有生成文件；请联系管理员核验")


def require_layout(layout: Layout) -> None:
    """Refuse a sheet no bank could pay by.

    Raises:
        Invalid: ``columns_missing``, ``column_unknown``, ``columns_incomplete``.
    """
    if not 1 <= len(layout.columns) <= MOST_COLUMNS:
        raise Invalid("columns_missing", "请写明表格的列，每行一列，最多 30 列", field="columns")
    for column in layout.columns:
        if not column.heading or (column.source not in SOURCES and not column.source.startswith("=")):
            raise Invalid("column_unknown", "不认识列的内容“%(source)s”", field="columns", source=column.source[:40])
    if not set(NEEDED) <= {column.source for column in layout.columns}:
        raise Invalid("columns_incomplete", "列里至少要有收款户名、收款账号、开户行、行号和金额", field="columns")


def sheet(layout: Layout, order: Order) -> tuple[list[str], list[list[str]]]:
    """Return the headings (none where the bank wants none) and a row for each payment, proved against the batch.

    Raises:
        Conflict: ``file_disagrees``.
    """
    require_tied(order)
    head = [column.heading for column in layout.columns] if layout.heading else []
    return head, [[_cell(column.source, order, one) for column in layout.columns] for one in order.payments]


def _cell(source: str, order: Order, one: ToPay) -> str:
    if source.startswith("="):
        return source[1:]
    return {
        "number": str(one.number),
        "holder": one.holder,
        "account": one.account,
        "bank": one.bank,
        "bank_no": one.bank_no,
        "amount": yuan(one.amount_fen),
        "purpose": order.purpose,
        "reference": one.reference,
        "payer": order.payer,
        "payer_account": order.payer_account,
        "date": order.pay_on.isoformat(),
        "currency": "CNY",
        "empty": "",
    }[source]


def read_columns(text: str) -> tuple[SheetColumn, ...]:
    """Return typed columns, a line each: heading=content.

    >>> read_columns("户名=holder\\n币别==人民币")
    (SheetColumn(heading='户名', source='holder'), SheetColumn(heading='币别', source='=人民币'))
    """
    found = []
    for line in text.splitlines():
        if line.strip():
            heading, _, source = line.strip().partition("=")
            found.append(SheetColumn(heading.strip(), source.strip()))
    return tuple(found)


def written_columns(columns: Sequence[SheetColumn]) -> str:
    """Return columns as they are typed.

    >>> written_columns(USUAL.columns[:2])
    '序号=number\\n收款户名=holder'
    """
    return "\n".join(f"{heading}={source}" for heading, source in columns)
