"""Vouchers for an accounting package: which lines they have, and the file they make. Plain values in and out.

One voucher for a business day and org unit sums all that day's transfers of the unit by account and side, gross, so
that a month's vouchers add up to the trial balance's movements to the fen. A transfer belongs to one unit as a whole:
every voucher balances by itself.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Final, NamedTuple

from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import Fen
from agentnet.ledger.rules import CREDIT, DEBIT

GBK: Final = "GBK"
UTF_8: Final = "UTF-8-BOM"
ENCODINGS: Final = (GBK, UTF_8)

DATE_FORMATS: Final[Mapping[str, str]] = {
    "YYYY-MM-DD": "{0.year:04d}-{0.month:02d}-{0.day:02d}",
    "YYYY/M/D": "{0.year}/{0.month}/{0.day}",
    "YYYYMMDD": "{0.year:04d}{0.month:02d}{0.day:02d}",
    "DD.MM.YYYY": "{0.day:02d}.{0.month:02d}.{0.year:04d}",
}

SOURCES: Final = (
    "date", "year", "period", "word", "number", "line", "attachments", "abstract", "account", "account_name",
    "debit", "credit", "amount", "signed", "indicator", "posting_key", "unit", "unit_name", "company", "reference",
    "empty",
)  # fmt: skip
"""What a column may hold; ``=text`` is the text itself. ``indicator`` is S or H, ``posting_key`` 40 or 50 (SAP)."""

MOST_COLUMNS: Final = 60


class Ours(NamedTuple):
    """An account of ours as a mapping knows it."""

    owner_kind: str
    code: str
    detail: str = ""


class Theirs(NamedTuple):
    """An account of the accounting package."""

    code: str
    name: str


Targets = Mapping[tuple[Ours, str], Theirs]
"""Their account by ours and side; an empty detail or side stands for any."""


@dataclass(frozen=True, slots=True)
class Summed:
    """A day's transfers of a unit from one of our accounts to another, in one sum."""

    day: date
    unit_code: str
    unit_name: str
    debit: Ours
    credit: Ours
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a voucher; one of the amounts is 0."""

    account: Theirs
    debit_fen: Fen
    credit_fen: Fen


@dataclass(frozen=True, slots=True)
class Voucher:
    """A balanced voucher of a day and unit; numbers count from 1 in a month."""

    number: int
    day: date
    unit_code: str
    unit_name: str
    lines: Sequence[Line]

    @property
    def amount_fen(self) -> Fen:
        """Return what its debits come to, as do its credits."""
        return sum(line.debit_fen for line in self.lines)


class FileColumn(NamedTuple):
    """A column of the file; ``most`` bytes of it are written (0: all)."""

    heading: str
    source: str
    most: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written."""

    encoding: str
    date_format: str
    heading: bool
    columns: Sequence[FileColumn]
    word: str
    company_code: str
    abstract: str


def target_of(targets: Targets, ours: Ours, side: str) -> Theirs | None:
    """Return their account for one of ours: the closest of detail and side, then detail, side, neither.

    >>> pos, cash = Theirs("112201", "应收银联"), Theirs("1122", "应收")
    >>> any_of, card = Ours("OUTLET", "NONCASH_CLEARING"), Ours("OUTLET", "NONCASH_CLEARING", "UNIONPAY_CARD")
    >>> targets = {(card, ""): pos, (any_of, "DEBIT"): cash}
    >>> target_of(targets, card, "DEBIT").code, target_of(targets, any_of._replace(detail="ALIPAY"), "DEBIT").code
    ('112201', '1122')
    >>> target_of(targets, any_of._replace(detail="ALIPAY"), "CREDIT") is None
    True
    """
    any_detail = ours._replace(detail="")
    for key in ((ours, side), (ours, ""), (any_detail, side), (any_detail, "")):
        if key in targets:
            return targets[key]
    return None


def unmapped(summed: Iterable[Summed], targets: Targets) -> list[tuple[Ours, str]]:
    """Return the accounts and sides that have no account of theirs, each once."""
    found = {
        (ours, side)
        for one in summed
        for ours, side in ((one.debit, DEBIT), (one.credit, CREDIT))
        if target_of(targets, ours, side) is None
    }
    return sorted(found)


def movements(summed: Iterable[Summed]) -> dict[tuple[str, str], tuple[Fen, Fen]]:
    """Return what was debited and credited by line of the chart."""
    found: dict[tuple[str, str], list[Fen]] = defaultdict(lambda: [0, 0])
    for one in summed:
        found[one.debit.owner_kind, one.debit.code][0] += one.amount_fen
        found[one.credit.owner_kind, one.credit.code][1] += one.amount_fen
    return {line: (debit, credit) for line, (debit, credit) in found.items()}


def require_tied(
    exported: Mapping[tuple[str, str], tuple[Fen, Fen]], balance: Mapping[tuple[str, str], tuple[Fen, Fen]]
) -> None:
    """Refuse an export that is not the trial balance's movements.

    Raises:
        Conflict: ``journal_disagrees``.
    """
    nothing = (0, 0)
    for line in sorted(exported.keys() | balance.keys()):
        if exported.get(line, nothing) != balance.get(line, nothing):
            raise Conflict("journal_disagrees", "凭证与科目余额表的发生额不一致，没有导出；请运行核验并联系管理员")


def vouchers_of(summed: Iterable[Summed], targets: Targets) -> list[Voucher]:
    """Return the vouchers of a month by day and unit; debits before credits, by account.

    Every account must have one of theirs (``unmapped``).
    """
    by_voucher: dict[tuple[date, str], list[Summed]] = defaultdict(list)
    for one in summed:
        by_voucher[one.day, one.unit_code].append(one)
    found = []
    for number, ((day, unit_code), parts) in enumerate(sorted(by_voucher.items()), 1):
        sums: dict[tuple[str, Theirs], Fen] = defaultdict(int)
        for one in parts:
            for ours, side in ((one.debit, DEBIT), (one.credit, CREDIT)):
                theirs = target_of(targets, ours, side)
                if theirs is None:
                    raise ValueError(f"{ours} has no account")
                sums[side, theirs] += one.amount_fen
        ordered = sorted(sums.items(), key=lambda item: (item[0][0] == CREDIT, item[0][1]))
        lines = [
            Line(theirs, amount if side == DEBIT else 0, amount if side == CREDIT else 0)
            for (side, theirs), amount in ordered
        ]
        found.append(Voucher(number, day, unit_code, parts[0].unit_name, lines))
    return found


def yuan(fen: Fen) -> str:
    """Write fen as yuan with two decimals and no separators.

    >>> yuan(123456), yuan(-5), yuan(0)
    ('1234.56', '-0.05', '0.00')
    """
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def cut(text: str, most: int, encoding: str) -> str:
    """Return the beginning of a text that fits into so many bytes; no character is halved.

    >>> cut("太平供电所", 6, GBK), cut("太平供电所", 7, GBK), cut("太平", 0, GBK)
    ('太平供', '太平供', '太平')
    """
    if not most:
        return text
    codec = _codec(encoding)
    kept = text
    while len(kept.encode(codec, "replace")) > most:
        kept = kept[:-1]
    return kept


def _codec(encoding: str) -> str:
    return "gbk" if encoding == GBK else "utf-8"


def require_layout(layout: Layout) -> None:
    """Refuse a layout no file can be written by.

    Raises:
        Invalid: ``encoding_unknown``, ``date_format_unknown``, ``columns_missing``, ``column_unknown``,
            ``columns_incomplete``.
    """
    if layout.encoding not in ENCODINGS:
        raise Invalid("encoding_unknown", "请选择文件编码", field="encoding")
    if layout.date_format not in DATE_FORMATS:
        raise Invalid("date_format_unknown", "请选择日期写法", field="date_format")
    if not 1 <= len(layout.columns) <= MOST_COLUMNS:
        raise Invalid("columns_missing", "请写明文件的列，每行一列，最多 60 列", field="columns")
    for column in layout.columns:
        if column.source not in SOURCES and not column.source.startswith("="):
            raise Invalid("column_unknown", "不认识列的内容“%(source)s”", field="columns", source=column.source[:40])
    sources = {column.source for column in layout.columns}
    by_columns = {"debit", "credit"} <= sources
    by_sign = "signed" in sources or ("amount" in sources and sources & {"indicator", "posting_key"})
    if not ({"date", "number", "account"} <= sources and (by_columns or by_sign)):
        raise Invalid(
            "columns_incomplete", "列里至少要有日期、凭证号、科目，以及借贷两列或金额加借贷标志", field="columns"
        )


_RUN_AS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def _safe(text: str) -> str:
    """Return words that no spreadsheet runs as a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_RUN_AS_FORMULA) else text


def _cells(layout: Layout, voucher: Voucher, at: int, line: Line) -> list[str]:
    day = DATE_FORMATS[layout.date_format].format(voucher.day)
    debit = line.debit_fen > 0
    amount = line.debit_fen or line.credit_fen
    words = {
        "word": layout.word,
        "abstract": layout.abstract.replace("{unit}", voucher.unit_name)
        .replace("{day}", day)
        .replace("{month}", f"{voucher.day.year:04d}-{voucher.day.month:02d}"),
        "account": line.account.code,
        "account_name": line.account.name,
        "unit": voucher.unit_code,
        "unit_name": voucher.unit_name,
        "company": layout.company_code,
        "reference": f"{voucher.day.year:04d}{voucher.day.month:02d}{voucher.day.day:02d}-{voucher.unit_code}",
    }
    figures = {
        "date": day,
        "year": str(voucher.day.year),
        "period": str(voucher.day.month),
        "number": str(voucher.number),
        "line": str(at),
        "attachments": "0",
        "debit": yuan(line.debit_fen),
        "credit": yuan(line.credit_fen),
        "amount": yuan(amount),
        "signed": yuan(amount if debit else -amount),
        "indicator": "S" if debit else "H",
        "posting_key": "40" if debit else "50",
        "empty": "",
    }
    cells = []
    for column in layout.columns:
        if column.source in figures:
            cells.append(figures[column.source])
            continue
        text = column.source[1:] if column.source.startswith("=") else words[column.source]
        cells.append(_safe(cut(text, column.most, layout.encoding)))
    return cells


def file_of(layout: Layout, vouchers: Iterable[Voucher]) -> bytes:
    """Return the file: the same vouchers and layout give the same bytes.

    Raises:
        Invalid: ``letters_not_in_gbk``, naming them.
    """
    written = StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    if layout.heading:
        writer.writerow([_safe(column.heading) for column in layout.columns])
    for voucher in vouchers:
        writer.writerows(_cells(layout, voucher, at, line) for at, line in enumerate(voucher.lines, 1))
    text = written.getvalue()
    if layout.encoding == UTF_8:
        return b"\xef\xbb\xbf" + text.encode()
    foreign = sorted({letter for letter in text if not _in_gbk(letter)})
    if foreign:
        raise Invalid(
            "letters_not_in_gbk", "GBK 里没有这些字：%(letters)s；请改名称，或改用 UTF-8", letters="".join(foreign[:20])
        )
    return text.encode("gbk")


def _in_gbk(letter: str) -> bool:
    try:
        letter.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True
