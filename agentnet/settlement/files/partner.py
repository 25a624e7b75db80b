"""A partner's daily collection file, ``CLIENTID_COLLECTION_YYYYMMDD.csv`` (domain.md 2.4).

The first row carries totalAmount, totalRecord, transactionStartDate and transactionEndDate of one day; each further
row is a payment that succeeded. Partners write the names of the columns above the figures or leave them out; both are
read. A file whose totals do not foot, or whose name tells another client or day, is refused whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from agentnet.core.clock import SHANGHAI
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.money import Fen, format_yuan
from agentnet.infra.columns import clean_cell, code, digits, yuan
from agentnet.infra.tables import look_at
from agentnet.settlement.files.lines import (
    MOST_ROWS,
    PartnerFile,
    PartnerRow,
    Problems,
    refused,
    too_many_rows,
    whole_refusal,
)

TOTALS: Final = ("totalAmount", "totalRecord", "transactionStartDate", "transactionEndDate")
COLUMNS: Final = ("orderNO", "kind", "requestNO", "amountTendered", "paidType", "transactionDate", "receiptNO")
KINDS: Final = ("POSTPAY", "PREPAY")
PAID_TYPES: Final = ("CASH", "CHEQUE", "POS", "BANKTELLER")

_NAME: Final = re.compile(r"(?P<client>[0-9A-Za-z._-]{1,32})_COLLECTION_(?P<day>\d{8})\.csv", re.IGNORECASE)

_ORDINARY: Final = re.compile(
    r"([0-9A-Za-z][0-9A-Za-z._/-]{0,39})\x1f(POSTPAY|PREPAY)\x1f([0-9]{13}|[0-9]{10})\x1f([0-9]{1,9})(?:\.([0-9]{1,2}))?"
    r"\x1f(cash|CASH|cheque|CHEQUE|POS|bankteller|BANKTELLER)\x1f(20[0-9]{6})([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])"
    r"\x1f([0-9A-Za-z][0-9A-Za-z._/-]{0,47})"
)
_PAID: Final = {text: word for word in PAID_TYPES for text in (word, word.lower())}

Row = tuple[int, Sequence[str]]


def read_partner_file(source: bytes | Path, name: str, client_id: str | None = None) -> PartnerFile:
    """Read a day's payments of a partner; the whole file or nothing.

    ``name`` is the file's own name and gives client and day; ``client_id`` is the partner who sent it, where known.
    Amounts are yuan with at most two decimals; times are Shanghai's. A row that occurs twice stays twice: whether it is
    a duplicate is for matching to say.

    Raises:
        FileRefused: ``file_name``, ``client_other``, ``too_many_rows``, ``totals_missing``, what ``infra.tables``
            refuses; problems by row and column: ``amount_does_not_foot``, ``count_does_not_foot``, ``day_other``,
            ``cell_missing``, ``cell_instant``, ``kind_unknown``, ``paid_type_unknown``, ``amount_not_positive``,
            ``row_wide``, ``row_short`` and what the readers of cells say.
    """
    client, day = _named(name, client_id)
    try:
        file = look_at(source)
        rows = file.rows()
        totals, following = _totals(rows)
        problems = Problems()
        found: list[PartnerRow] = []
        seen = 0
        for number, cells in following:
            seen += 1
            if seen > MOST_ROWS:
                raise too_many_rows()
            row = ordinary(number, cells)
            if row is None:
                values = _read(number, cells, COLUMNS, _READERS, problems)
                row = None if values is None else _row(number, values)
            if row is not None:
                found.append(row)
    except Refusal as refusal:
        raise whole_refusal(refusal) from None
    said = _read(*totals, TOTALS, _TOTAL_READERS, problems)
    if said is not None:
        _check_totals(_Totals(totals[0], *said), day, found, seen, problems)
    _check_days(found, day, problems)
    problems.refuse_any()
    return PartnerFile(client, day, sum(row.amount_fen for row in found), file.sha256, tuple(found))


@dataclass(frozen=True, slots=True)
class _Totals:
    row: int
    amount_fen: Fen
    count: int
    first_on: date
    last_on: date


def _named(name: str, client_id: str | None) -> tuple[str, date]:
    match = _NAME.fullmatch(name)
    try:
        if match is None:
            raise ValueError(name)
        client, day = match["client"], _compact_day(match["day"])
    except (ValueError, Invalid):
        raise refused(
            Invalid("file_name", "文件名应为 客户编号_COLLECTION_年月日.csv，例如 UT000011_COLLECTION_20261103.csv")
        ) from None
    if client_id is not None and client != client_id:
        raise refused(Invalid("client_other", "文件名写的是 %(client)s，不是这个合作单位", client=client))
    return client, day


def _totals(rows: Iterator[Row]) -> tuple[Row, Iterator[Row]]:
    """Return the row of totals and the payments after it, passing over rows that only name columns."""

    def unnamed() -> Iterator[Row]:
        heads = {TOTALS[0].lower(), COLUMNS[0].lower()}
        for at, (number, cells) in enumerate(rows):
            if at > 2 or cells[0].strip().lstrip("\ufeff").lower() not in heads:
                yield number, cells

    following = unnamed()
    first = next(following, None)
    if first is None:
        raise Invalid("totals_missing", "第一行应有总金额、总笔数和起止日期")
    return first, following


def _read(
    number: int, cells: Sequence[str], names: Sequence[str], readers: Sequence[Callable[[str], Any]], problems: Problems
) -> list[Any] | None:
    """Return a row's values, or None when something in it is wrong and was noted."""
    before = problems.count
    if any(cell.strip() for cell in cells[len(names) :]):
        problems.add(number, "", Invalid("row_wide", "这一行的单元格比表头多，请检查是否多了逗号"))
    if len(cells) < len(names):
        problems.add(number, names[len(cells)], Invalid("row_short", "这一行不完整，文件可能被截断"))
        return None
    values = []
    for name, read, cell in zip(names, readers, cells, strict=False):
        try:
            text = clean_cell(cell)
            if not text:
                raise Invalid("cell_missing", "不能为空")
            values.append(read(text))
        except Refusal as refusal:
            problems.add(number, name, refusal)
    return values if problems.count == before else None


def ordinary(number: int, cells: Sequence[str]) -> PartnerRow | None:
    """Return a row written as nearly all are, in one step; None where cell by cell may still read it or say why not.

    >>> ordinary(2, ["O1", "POSTPAY", "3310810000017", "203.5", "cash", "20261103093045", "R1"]).amount_fen
    20350
    """
    match = _ORDINARY.fullmatch("\x1f".join(cells))
    if match is None:
        return None
    order_no, kind, household_no, yuan_, cents, paid_type, day, hour, minute, second, receipt_no = match.groups()
    amount = int(yuan_) * 100 + int((cents or "").ljust(2, "0"))
    try:
        on, midnight = _day_begins(day)
    except Invalid:
        return None
    if not amount:
        return None
    paid_at = midnight + timedelta(seconds=int(hour) * 3600 + int(minute) * 60 + int(second))
    return PartnerRow(number, order_no, kind, household_no, amount, _PAID[paid_type], paid_at, on, receipt_no)


@lru_cache(maxsize=64)
def _day_begins(text: str) -> tuple[date, datetime]:
    """Return a day and the instant it begins in Shanghai, whose clocks are never changed."""
    local = _compact(text, 8)
    return local.date(), local.astimezone(UTC)


def _row(number: int, values: list[Any]) -> PartnerRow:
    order_no, kind, household_no, amount, paid_type, (paid_at, paid_on), receipt_no = values
    return PartnerRow(number, order_no, kind, household_no, amount, paid_type, paid_at, paid_on, receipt_no)


def _check_totals(said: _Totals, day: date, rows: Sequence[PartnerRow], seen: int, problems: Problems) -> None:
    for name, on in ((TOTALS[2], said.first_on), (TOTALS[3], said.last_on)):
        if on != day:
            problems.add(said.row, name, _other_day(day))
    if said.count != seen:
        wrong = Invalid("count_does_not_foot", "首行写明 %(said)d 笔，实际有 %(found)d 笔", said=said.count, found=seen)
        problems.add(said.row, TOTALS[1], wrong)
    total = sum(row.amount_fen for row in rows)
    if said.amount_fen != total and len(rows) == seen:  # a row that could not be read is missing from the sum
        wrong = Invalid(
            "amount_does_not_foot",
            "首行写明 %(said)s 元，各笔合计 %(found)s 元",
            said=format_yuan(said.amount_fen),
            found=format_yuan(total),
        )
        problems.add(said.row, TOTALS[0], wrong)


def _check_days(rows: Sequence[PartnerRow], day: date, problems: Problems) -> None:
    for row in rows:
        if row.paid_on != day:
            problems.add(row.row, COLUMNS[5], _other_day(day))


def _other_day(day: date) -> Invalid:
    return Invalid("day_other", "日期与文件名的 %(day)s 不符", day=day.isoformat())


def _positive(text: str) -> Fen:
    fen = yuan(text)
    if fen <= 0:
        raise Invalid("amount_not_positive", "收费金额必须大于 0")
    return fen


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Invalid("cell_count", "请写成笔数，例如 120")
    return int(text)


def _compact_day(text: str) -> date:
    return _compact(text, 8).date()


def _instant(text: str) -> tuple[datetime, date]:
    local = _compact(text, 14)
    return local.astimezone(UTC), local.date()


def _compact(text: str, length: int) -> datetime:
    """Read yyyyMMdd or yyyyMMddHHmmss on a Shanghai clock."""
    try:
        if not re.fullmatch(rf"20[0-9]{{{length - 2}}}", text):
            raise ValueError(text)
        parts = [int(text[:4]), *(int(text[at : at + 2]) for at in range(4, length, 2))]
        return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type, misc]
    except ValueError:
        shown = "20261103" if length == 8 else "20261103083000"
        raise Invalid("cell_instant", "请写成数字，例如 %(shown)s", shown=shown) from None


def _word(words: Sequence[str], wrong: Callable[[], Invalid]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.upper() not in words:
            raise wrong()
        return words[words.index(text.upper())]

    return read


_READERS: Final[tuple[Callable[[str], Any], ...]] = (
    code(40),
    _word(KINDS, lambda: Invalid("kind_unknown", "应为 POSTPAY 或 PREPAY")),
    digits(10, 13),
    _positive,
    _word(PAID_TYPES, lambda: Invalid("paid_type_unknown", "应为 cash、cheque、POS 或 bankteller")),
    _instant,
    code(48),
)
_TOTAL_READERS: Final[tuple[Callable[[str], Any], ...]] = (yuan, _count, _compact_day, _compact_day)
