"""Bank statements as tables: CSV, XLSX, old .xls and HTML under that name, with titles above and totals below.

A ``Mapping`` says which column means what. Where a running balance stands, each row is proven from the one before,
whichever end the table begins at. Nothing is dropped in silence: below the lines only totals and notes without
figures are passed over, totals have to foot, and a line below a total or a note refuses the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agentnet.core.errors import Invalid, Refusal
from agentnet.core.money import Fen, format_yuan
from agentnet.infra.columns import plain_head
from agentnet.infra.tables import TableFile, look_at
from agentnet.settlement.files.cells import amount_or_none, clean, clock_time, direction, household_in, when
from agentnet.settlement.files.lines import (
    MOST_ROWS,
    Problems,
    Statement,
    StatementLine,
    counted,
    other_currency,
    refused,
    too_many_rows,
    whole_refusal,
)
from agentnet.settlement.files.mapping import HEAD_WITHIN, Mapping, columns_missing, placed

_TOTAL: Final = re.compile(r"(?:.{0,6})(合计|总计|共计|小计)")
_SUBTOTAL: Final = "小计"
_MONEY: Final = ("amount", "credit", "debit", "balance")
_LONGEST_TEXT: Final = 500
_YUAN: Final = frozenset(("CNY", "RMB", "人民币", "人民币元", "156", "01"))
"""Yuan as banks write it; 156 is its ISO 4217 number, 01 that of the banks at home."""

Row = tuple[int, Sequence[str]]


def read_table(source: bytes | Path, mapping: Mapping, account: str = "") -> Statement:
    """Read a bank's table as the statement of ``account``; the whole file or nothing.

    The statement's id is the file's SHA-256. Lines stand in the file's order, which may be newest first; opening and
    closing balance (fen) are those of the days, None without a balance column. A problem's row is the spreadsheet's,
    its column the words of the head.

    Raises:
        FileRefused: ``columns_missing``, ``column_twice``, ``no_rows``, ``too_many_rows``, what ``infra.tables``
            refuses; problems ``cell_day``, ``cell_time``, ``amount_shape``, ``amount_decimals``, ``amount_missing``,
            ``amount_twice``, ``direction_unknown``, ``currency_other``, ``balance_missing``, ``balance_does_not_foot``,
            ``total_does_not_foot``, ``total_row_inside``, ``note_inside``, ``row_short``.
    """
    try:
        file = look_at(source, bank_exports=True)
        reading = _begin(file, mapping)
    except Refusal as refusal:
        raise whole_refusal(refusal) from None
    lines = reading.lines
    reading.problems.refuse_any()
    if not lines:
        raise refused(Invalid("no_rows", "文件只有表头，没有数据行"))
    opening = closing = None
    if "balance" in reading.places:
        opening, closing = _prove_balances(lines, reading.title("balance"), reading.problems)
        reading.problems.refuse_any()
    days = [line.booked_on for line in lines]
    return Statement(file.sha256, account, min(days), max(days), opening, closing, counted(lines))


def _begin(file: TableFile, mapping: Mapping) -> _Reading:
    rows = file.rows()
    words = mapping.words
    if mapping.head_row == 0 or (mapping.head_row is None and not words):
        reading = _Reading(file, mapping, (), placed(mapping, (), 0))
    else:
        number, head = _head(rows, mapping)
        reading = _Reading(file, mapping, tuple(map(plain_head, head)), placed(mapping, head, number))
    for number, cells in rows:
        reading.take(number, cells)
        if len(reading.lines) > MOST_ROWS:
            raise too_many_rows()
    return reading


def _head(rows: Iterator[Row], mapping: Mapping) -> Row:
    nearest: frozenset[str] = mapping.words
    for at, (number, cells) in enumerate(rows):
        if mapping.head_row is not None:
            if number >= mapping.head_row:
                return number, cells
            continue
        missing = mapping.words - {plain_head(cell) for cell in cells}
        if not missing:
            return number, cells
        nearest = min(nearest, missing, key=len)
        if at >= HEAD_WITHIN:
            break
    raise columns_missing([str(place) for place in mapping.places().values() if plain_head(str(place)) in nearest])


@dataclass(slots=True)
class _Reading:
    """A table while its rows come in."""

    file: TableFile
    mapping: Mapping
    head: tuple[str, ...]
    places: dict[str, int]
    problems: Problems = field(default_factory=Problems)
    lines: list[StatementLine] = field(default_factory=list)
    _total_at: int = 0
    _note_at: int = 0
    _sums: dict[str, Fen] = field(default_factory=lambda: {"amount": 0, "credit": 0, "debit": 0})
    _page_sums: dict[str, Fen] = field(default_factory=lambda: {"amount": 0, "credit": 0, "debit": 0})

    def title(self, name: str) -> str:
        """Return how a column is called in messages."""
        place = self.mapping.places()[name]
        return place if isinstance(place, str) else f"#{place}"

    def take(self, number: int, cells: Sequence[str]) -> None:
        """Take a row in: a line, a total, a note, or the head of the next page."""
        if self.head and tuple(map(plain_head, cells)) == self.head:
            self._note_at = 0  # what stood above it was the next page's title
            return
        told = {name: clean(cells[at]) if at < len(cells) else "" for name, at in self.places.items()}
        figures = any(told.get(name) for name in _MONEY)
        try:
            day = when(told["date"])
        except Invalid as refusal:
            total = next((match for cell in cells if (match := _TOTAL.match("".join(cell.split())))), None)
            if total is not None:
                self._take_total(number, total[1], told)
            elif figures or told["date"][:1].isdigit():
                self._say(number, "date", refusal)
            elif self.lines and all(cell.strip().isdigit() for cell in cells if cell.strip()):
                self.problems.add(number, "", _short())  # the number of a line, and the rest is gone
            elif self.lines:
                self._note_at = self._note_at or number
            return
        if self._total_at or self._note_at:
            self._refuse_end()
        if self.file.form == "csv" and len(cells) <= max(self.places.values()):
            self.problems.add(number, "", _short())
            return
        self._take_line(number, told, day)

    def _refuse_end(self) -> None:
        """Say once that what looked like the table's end stands inside it."""
        if self._total_at:
            inside = Invalid("total_row_inside", "合计行之后还有交易行，无法确定文件是否完整")
        else:
            inside = Invalid("note_inside", "这一行没有日期也没有金额，后面却还有交易行")
        self.problems.add(self._total_at or self._note_at, "", inside)
        self._total_at = self._note_at = 0

    def _take_line(self, number: int, told: dict[str, str], day: Any) -> None:
        before = self.problems.count
        if "currency" in told and told["currency"].upper() not in _YUAN:
            self._say(number, "currency", other_currency(told["currency"]))
        booked_on, booked_at = day
        if booked_at is None and told.get("time"):
            booked_at = self._try(number, "time", lambda text: clock_time(booked_on, text), told)
        amount = self._amount(number, told)
        balance = self._try(number, "balance", amount_or_none, told)
        if "balance" in told and balance is None and self.problems.count == before:
            self._say(number, "balance", Invalid("balance_missing", "这一行没有余额"))
        if amount is None or self.problems.count > before:
            return
        self.lines.append(
            StatementLine(
                statement_id=self.file.sha256,
                sequence=len(self.lines) + 1,
                row=number,
                booked_on=booked_on,
                amount_fen=amount,
                gross_fen=amount,
                booked_at=booked_at,
                bank_reference=told.get("reference", "")[:_LONGEST_TEXT],
                counterparty=told.get("counterparty", "")[:_LONGEST_TEXT],
                text=told.get("text", "")[:_LONGEST_TEXT],
                household_no=household_in(told.get("household", "")),
                balance_fen=balance,
            )
        )

    def _amount(self, number: int, told: dict[str, str]) -> Fen | None:
        """Return what came in (fen, negative: went out), and add it to the sums that totals are held against."""
        if "amount" in told:
            figure: Fen | None = self._try(number, "amount", amount_or_none, told)
            if figure is None:
                self._say_no_amount(number, "amount", told)
                return None
            inward: bool | None = self.mapping.positive_is_in
            if "direction" in told:
                inward = self._try(number, "direction", direction, told, empty=True)
                if inward is None:
                    return None
            self._count("amount", figure)
            return figure if inward else -figure
        credit: Fen | None = self._try(number, "credit", amount_or_none, told)
        debit: Fen | None = self._try(number, "debit", amount_or_none, told)
        side = "credit" if "credit" in told else "debit"
        if credit and debit:
            self._say(number, side, Invalid("amount_twice", "收入和支出都有金额，只能有一个"))
            return None
        if credit is None and debit is None:
            self._say_no_amount(number, side, told)
            return None
        self._count("credit", credit or 0)
        self._count("debit", debit or 0)
        return (credit or 0) + ((debit or 0) if self.mapping.debit_is_negative else -(debit or 0))

    def _say_no_amount(self, number: int, column: str, told: dict[str, str]) -> None:
        if not any(told.get(name) for name in ("amount", "credit", "debit")):
            self._say(number, column, Invalid("amount_missing", "这一行没有金额"))

    def _count(self, column: str, fen: Fen) -> None:
        self._sums[column] += fen
        self._page_sums[column] += fen

    def _take_total(self, number: int, word: str, told: dict[str, str]) -> None:
        """Hold a total against the lines above it; a subtotal may be of its page or of all so far."""
        columns = [name for name in ("amount", "credit", "debit") if name in told and "direction" not in told]
        for name in columns:
            said = self._try(number, name, amount_or_none, told)
            sums = (self._sums[name], self._page_sums[name]) if word == _SUBTOTAL else (self._sums[name],)
            if said is not None and said not in sums and not self.problems.count:
                wrong = Invalid(
                    "total_does_not_foot",
                    "合计行写明 %(said)s 元，以上各行相加是 %(found)s 元",
                    said=format_yuan(said),
                    found=format_yuan(sums[-1]),
                )
                self._say(number, name, wrong)
        if word == _SUBTOTAL:
            self._page_sums = dict.fromkeys(self._page_sums, 0)
        else:
            self._total_at = self._total_at or number

    def _try(self, number: int, column: str, read: Any, told: dict[str, str], empty: bool = False) -> Any:
        """Return a cell's value; None if it is blank or wrong, which is noted."""
        if not told.get(column) and not empty:
            return None
        try:
            return read(told[column])
        except Refusal as refusal:
            self._say(number, column, refusal)
            return None

    def _say(self, number: int, column: str, refusal: Refusal) -> None:
        self.problems.add(number, self.title(column), refusal)


def _short() -> Invalid:
    return Invalid("row_short", "这一行不完整，文件可能被截断")


def _prove_balances(lines: Sequence[StatementLine], column: str, problems: Problems) -> tuple[Fen, Fen]:
    """Prove each row's balance from the one before it in time; return opening and closing (fen)."""
    moved = [line.amount_fen for line in lines]
    after = [line.balance_fen or 0 for line in lines]
    upward = [at for at in range(1, len(lines)) if after[at] != after[at - 1] + moved[at]]
    downward = [at for at in range(len(lines) - 1) if after[at] != after[at + 1] + moved[at]]
    first, last = lines[0].booked_on, lines[-1].booked_on
    newest_first = first > last if first != last else len(downward) < len(upward)
    wrong, step = (downward, 1) if newest_first else (upward, -1)
    for at in wrong:
        expected = after[at + step] + moved[at]
        refusal = Invalid(
            "balance_does_not_foot",
            "余额写明 %(said)s 元，按上一笔推算应为 %(found)s 元",
            said=format_yuan(after[at]),
            found=format_yuan(expected),
        )
        problems.add(lines[at].row, column, refusal)
    oldest, newest = (lines[-1], lines[0]) if newest_first else (lines[0], lines[-1])
    return (oldest.balance_fen or 0) - oldest.amount_fen, newest.balance_fen or 0
