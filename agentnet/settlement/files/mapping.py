"""Which column of a bank's table means what: saved once by a person, guessed at first from the words of the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from agentnet.core.errors import Invalid, Refusal
from agentnet.infra.columns import plain_head
from agentnet.infra.tables import look_at
from agentnet.settlement.files.lines import FileRefused, refused, whole_refusal

Place = str | int
"""A column by the words of its head, or by its number counted from 1."""

HEAD_WITHIN: Final = 60
"""Rows of titles a head may have above it."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a table turns into statement lines; may be saved as JSON (``dataclasses.asdict``) and given back.

    The money stands in one ``amount`` column or in ``credit`` (in) and ``debit`` (out). An amount's sign tells its
    direction (``positive_is_in``) unless a ``direction`` column says 借 or 贷, 收 or 支. ``debit_is_negative``: figures
    in the debit column carry a minus of their own. ``head_row`` is the head's row counted from 1, 0 where there is
    none, None to look for the row that holds all mapped words. ``date`` may hold a time as well. Where a ``currency``
    column is mapped, every line has to be in yuan.

    Raises:
        Invalid: ``mapping_amount``.
    """

    date: Place
    time: Place | None = None
    amount: Place | None = None
    credit: Place | None = None
    debit: Place | None = None
    direction: Place | None = None
    balance: Place | None = None
    reference: Place | None = None
    counterparty: Place | None = None
    text: Place | None = None
    household: Place | None = None
    currency: Place | None = None
    positive_is_in: bool = True
    debit_is_negative: bool = False
    head_row: int | None = None

    def __post_init__(self) -> None:
        halves = self.credit is not None or self.debit is not None
        if halves == (self.amount is not None) or (self.direction is not None and self.amount is None):
            raise Invalid("mapping_amount", "请指定金额列，或收入列与支出列，二者选一")

    def places(self) -> dict[str, Place]:
        """Return the mapped columns by what they mean."""
        named = ((name, getattr(self, name)) for name in COLUMNS)
        return {name: place for name, place in named if place is not None}

    @property
    def words(self) -> frozenset[str]:
        """The mapped heads as they are compared."""
        return frozenset(plain_head(place) for place in self.places().values() if isinstance(place, str))


COLUMNS: Final = tuple(
    each.name for each in fields(Mapping) if each.name not in ("positive_is_in", "debit_is_negative", "head_row")
)

_WORDS: Final = {
    "date": (
        "交易日期 记账日期 入账日期 发生日期 业务日期 交易日 日期 交易日期时间 交易时间 记账时间 入账时间"
        " TransactionDate BookingDate Date"
    ),
    "time": "交易时间 交易时刻 时间 Time",
    "credit": (
        "贷方发生额 贷方发生金额 贷方金额 贷方 收入金额 收入 存入金额 存入 转入金额 收方金额 CreditAmount Credit"
    ),
    "debit": "借方发生额 借方发生金额 借方金额 借方 支出金额 支出 支取金额 支取 转出金额 付方金额 DebitAmount Debit",
    "amount": "交易金额 发生额 发生金额 收支金额 入账金额 金额 Amount",
    "direction": "借贷标志 借贷标识 借贷方向 借/贷 借贷 收支方向 收支标志 收支类型 收/支 收支 交易方向",
    "balance": "余额 账户余额 帐户余额 交易后余额 本次余额 当前余额 Balance",
    "reference": (
        "流水号 交易流水号 交易流水 银行流水号 核心流水号 柜员流水号 业务编号 交易编号 参考号 凭证号码 凭证号 日志号"
        " Reference"
    ),
    "counterparty": (
        "对方户名 对方名称 对方账户名称 对方账号名称 对方单位名称 对手户名 对方姓名 对方单位 对方 Counterparty"
    ),
    "text": "摘要 交易摘要 摘要说明 附言 用途 备注 交易备注 说明 Description",
    "household": "户号 用电户号 缴费户号 用户号 用户编号",
    "currency": "币种 交易币种 货币 币别 Currency",
}
"""Heads as banks write them, the likeliest first."""
_KNOWN: Final = {name: tuple(plain_head(word) for word in words.split()) for name, words in _WORDS.items()}


def guess_mapping(source: bytes | Path) -> Mapping:
    """Return a first guess from the words of the head: the first row that names a day and money.

    Raises:
        FileRefused: ``head_unknown``, what ``infra.tables`` refuses.
    """
    try:
        for at, (_number, cells) in enumerate(look_at(source, bank_exports=True).rows()):
            if at >= HEAD_WITHIN:
                break
            found = guess_from(cells)
            if found is not None:
                return found
    except Refusal as refusal:
        raise whole_refusal(refusal) from None
    raise refused(Invalid("head_unknown", "找不到表头，请指定哪一列是日期、哪一列是金额"))


def guess_from(head: Sequence[str]) -> Mapping | None:
    """Return what a head's words tell, or None if they name no day or no money.

    >>> guess_from(["交易日期", "借方发生额（元）", "贷方发生额（元）", "余额", "摘要"]).credit
    '贷方发生额（元）'
    """
    plain = [plain_head(cell) for cell in head]
    found: dict[str, int] = {}
    for name, words in _KNOWN.items():
        place = next((plain.index(word) for word in words if word in plain), None)
        if place is not None and place not in found.values():
            found[name] = place
    if "credit" in found or "debit" in found:
        found.pop("amount", None)
    if "amount" not in found:
        found.pop("direction", None)
    if "date" not in found or not found.keys() & {"amount", "credit", "debit"}:
        return None
    places: dict[str, Place] = {
        name: head[at].strip() if plain.count(plain[at]) == 1 else at + 1 for name, at in found.items()
    }
    return Mapping(**places)  # type: ignore[arg-type]


def placed(mapping: Mapping, head: Sequence[str], row: int) -> dict[str, int]:
    """Return which cell (from 0) feeds what.

    Raises:
        FileRefused: ``columns_missing``, ``column_twice``.
    """
    plain = [plain_head(cell) for cell in head]
    places: dict[str, int] = {}
    missing = []
    for name, place in mapping.places().items():
        if isinstance(place, int):
            places[name] = place - 1
        elif (count := plain.count(plain_head(place))) == 1:
            places[name] = plain.index(plain_head(place))
        elif count:
            twice = Invalid("column_twice", "这些列出现了不止一次：%(columns)s", columns=place)
            raise refused(twice, row, place)
        else:
            missing.append(place)
    if missing:
        raise columns_missing(missing, row)
    return places


def columns_missing(words: Sequence[str], row: int = 0) -> FileRefused:
    """Return the refusal of a table whose head lacks columns."""
    return refused(Invalid("columns_missing", "缺少这些列：%(columns)s", columns="、".join(words)[:300]), row)
