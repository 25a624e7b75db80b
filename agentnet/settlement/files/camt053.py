"""Bank statements as ISO 20022 camt.053, versions 02 to 13 of camt.053.001.

A statement is taken when its booked entries add up from the opening balance to the closing one, in CNY; otherwise
the file is refused. Element names are those of ISO 20022; newer versions only moved a few (Sts/Cd, Pty/Nm, Rcrd).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from agentnet.core.clock import SHANGHAI, YEARS, business_date, shanghai
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.money import Fen, format_yuan, parse_yuan
from agentnet.settlement.files.batches import Split, Transaction, split_entry
from agentnet.settlement.files.lines import (
    BOOKED,
    DETAIL,
    ENTRY,
    FEE,
    MOST_ROWS,
    Problems,
    Statement,
    StatementLine,
    counted,
    other_currency,
    refused,
    too_many_rows,
)
from agentnet.settlement.files.xml_stream import Element, stream

CURRENCY: Final = "CNY"
_NAMESPACE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(0[2-9]|1[0-3])")
_CONTAINERS: Final = {
    "": frozenset(("Document",)),
    "Document": frozenset(("BkToCstmrStmt",)),
    "BkToCstmrStmt": frozenset(("Stmt",)),
}
_STATUSES: Final = frozenset((BOOKED, "PDNG", "INFO", "FUTR"))
_OPENING, _CLOSING, _BETWEEN = ("OPBD", "PRCD"), "CLBD", "ITBD"
_AMOUNT: Final = re.compile(r"(\d{1,13})(?:\.(\d{1,5}))?")
_DAY: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)?")
_LONGEST_TEXT: Final = 500
_MOST_STATEMENTS: Final = 2_000
_MOST_BALANCES: Final = 100


def read_camt053(source: bytes | Path) -> tuple[Statement, ...]:
    """Read all statements of a camt.053 file, in its order; the whole file or nothing.

    A batch entry becomes its transactions when they add up to it. Lines that are not BOOK are handed on and count in no
    balance. The row of a problem is a line of the file, the column an element path.

    Raises:
        FileRefused: ``no_statement``, ``too_many_rows``, what ``xml_stream`` refuses; problems ``currency_other``,
            ``element_missing``, ``amount_shape``, ``amount_decimals``, ``cell_day``, ``sign_unknown``,
            ``status_unknown``, ``balance_missing``, ``balance_twice``, ``statement_does_not_foot``,
            ``entries_do_not_count``, ``statement_twice``.
    """
    problems = Problems()
    found: list[_Reading] = []
    rows = 0
    for event, element in stream(source, _CONTAINERS, _NAMESPACE):
        if element.name == "Stmt" and event != "whole":
            if event == "start":
                found.append(_Reading(element.line, problems))
            else:
                found[-1].end()
        elif event == "whole" and found:
            before = len(found[-1].lines)
            found[-1].take(element)
            rows += len(found[-1].lines) - before
            if rows > MOST_ROWS or len(found) > _MOST_STATEMENTS:
                raise too_many_rows()
    if not found:
        raise refused(Invalid("no_statement", "文件里没有对账单（Stmt）"))
    names = Counter((reading.account, reading.id) for reading in found)
    for reading in found:
        if reading.id and names[reading.account, reading.id] > 1:
            problems.add(reading.row, "Stmt/Id", Invalid("statement_twice", "文件里有两份编号相同的对账单"))
    problems.refuse_any()
    return tuple(reading.statement() for reading in found)


@dataclass(slots=True)
class _Reading:
    """One statement while it is read."""

    row: int
    problems: Problems
    id: str = ""
    account: str = ""
    lines: list[StatementLine] = field(default_factory=list)
    _balances: list[tuple[str, Fen, date | None]] = field(default_factory=list)
    _period: tuple[date | None, date | None] = (None, None)
    _entries: int = 0
    _count_said: int | None = None
    _booked_fen: Fen = 0
    _opening_fen: Fen = 0
    _closing_fen: Fen = 0
    _days: dict[str, date] = field(default_factory=dict)

    def take(self, element: Element) -> None:
        match element.name:
            case "Id":
                self.id = element.text.strip()
            case "Acct":
                self._take_account(element)
            case "FrToDt":
                first, _ = self._when(element.at("FrDtTm"), "FrToDt/FrDtTm")
                last, until = self._when(element.at("ToDtTm"), "FrToDt/ToDtTm")
                if first and last and until and first < last and shanghai(until).time() == time():
                    last -= timedelta(days=1)  # until midnight is up to the day before
                self._period = (first, last)
            case "Bal":
                self._take_balance(element)
            case "TxsSummry":
                said = element.words("TtlNtries/NbOfNtries")
                self._count_said = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None
            case "Ntry":
                self._entries += 1
                self._take_entry(element)

    def end(self) -> None:
        """Check the statement as a whole."""
        if not self.id or (self.lines and not self.lines[0].statement_id):
            self._say(self.row, "Stmt/Id", _missing())
        if not self.account:
            self._say(self.row, "Stmt/Acct/Id", _missing())
        first, last = self._span()
        if first is None or last is None:
            self._say(self.row, "Stmt/FrToDt", _missing())
        elif first > last:
            self._say(self.row, "Stmt/FrToDt", Invalid("period_backwards", "对账单的起止日期前后颠倒"))
        if self._count_said not in (None, self._entries):
            wrong = Invalid(
                "entries_do_not_count",
                "对账单写明 %(said)d 笔，实际有 %(found)d 笔",
                said=self._count_said,
                found=self._entries,
            )
            self._say(self.row, "TxsSummry/TtlNtries/NbOfNtries", wrong)
        opening, closing = self._ends()
        if opening is None or closing is None:
            return
        self._opening_fen, self._closing_fen = opening, closing
        rest = closing - opening - self._booked_fen
        if rest and not self.problems.count:
            wrong = Invalid(
                "statement_does_not_foot",
                "期初 %(opening)s 加发生额 %(booked)s 不等于期末 %(closing)s，相差 %(rest)s 元",
                opening=format_yuan(opening),
                booked=format_yuan(self._booked_fen),
                closing=format_yuan(closing),
                rest=format_yuan(rest),
            )
            self._say(self.row, "Bal", wrong)

    def statement(self) -> Statement:
        """Return the finished statement."""
        first, last = self._span()
        assert first is not None and last is not None  # noqa: PT018  # ``end`` has refused a statement without days
        return Statement(
            self.id,
            self.account,
            first,
            last,
            self._opening_fen,
            self._closing_fen,
            counted(self.lines),
        )

    def _span(self) -> tuple[date | None, date | None]:
        """Return the first and the last day: as the statement says, else of its lines, else of its balances."""
        days = [line.booked_on for line in self.lines]
        days += [day for code, _fen, day in self._balances if day is not None and code in ("OPBD", _CLOSING)]
        days = days or [day for _code, _fen, day in self._balances if day is not None]
        first, last = self._period
        return first or min(days, default=None), last or max(days, default=None)

    def _ends(self) -> tuple[Fen | None, Fen | None]:
        """Return opening and closing balance; a page of a longer statement has interim ones (ITBD) at its ends."""
        by_code: dict[str, list[Fen]] = {}
        for code, fen, _day in self._balances:
            by_code.setdefault(code, []).append(fen)
        between = by_code.get(_BETWEEN, [])
        openings = by_code.get(_OPENING[0]) or by_code.get(_OPENING[1]) or between[:1]
        closings = by_code.get(_CLOSING) or between[-1:]
        for name, fens in (("OPBD", openings), ("CLBD", closings)):
            if not fens:
                self._say(self.row, f"Bal/{name}", Invalid("balance_missing", "对账单缺少期初或期末余额"))
            elif len(set(fens)) > 1:
                self._say(self.row, f"Bal/{name}", Invalid("balance_twice", "同一种余额出现了不同的金额"))
        return (openings[0] if openings else None), (closings[0] if closings else None)

    def _take_account(self, element: Element) -> None:
        self.account = element.words("Id/IBAN", "Id/Othr/Id")
        currency = element.words("Ccy")
        if currency and currency != CURRENCY:
            self._say(element.line, "Acct/Ccy", other_currency(currency))

    def _take_balance(self, element: Element) -> None:
        code = element.words("Tp/CdOrPrtry/Cd")
        if code not in (*_OPENING, _CLOSING, _BETWEEN):
            return  # available and forward balances are no sums of entries
        amount, sign = self._money(element.at("Amt"), element.line, "Bal/Amt"), self._sign(element, "Bal")
        day = self._when(element.at("Dt"), "Bal/Dt")[0]
        if amount is not None and sign is not None and len(self._balances) < _MOST_BALANCES:
            self._balances.append((code, sign * amount, day))

    def _take_entry(self, entry: Element) -> None:
        amount, sign = self._money(entry.at("Amt"), entry.line, "Ntry/Amt"), self._sign(entry, "Ntry")
        status = entry.words("Sts/Cd", "Sts/Prtry", "Sts")
        if status not in _STATUSES:
            self._say(
                entry.line, "Ntry/Sts", Invalid("status_unknown", "不认识的入账状态：%(status)s", status=status[:20])
            )
        valued_on, _ = self._when(entry.at("ValDt"), "Ntry/ValDt")
        booked_on, booked_at = self._when(entry.at("BookgDt"), "Ntry/BookgDt")
        booked_on = booked_on or valued_on
        if booked_on is None and not (entry.at("BookgDt") or entry.at("ValDt")):
            self._say(entry.line, "Ntry/BookgDt", _missing())
        details = [detail for part in entry.all("NtryDtls") for detail in part.all("TxDtls")]
        transactions = [self._transaction(detail, sign or 1) for detail in details]
        fee = self._charges(entry, "Ntry/Chrgs")
        if amount is None or sign is None or booked_on is None:
            return
        if status == BOOKED:
            self._booked_fen += sign * amount
        said = entry.words("NtryDtls/Btch/NbOfTxs")
        complete = not said or said == str(len(details))
        for part in split_entry(sign * amount, fee, transactions if complete else ()):
            self._add(entry, details, part, status, (booked_on, booked_at, valued_on))

    def _add(
        self,
        entry: Element,
        details: Sequence[Element],
        part: Split,
        status: str,
        days: tuple[date, datetime | None, date | None],
    ) -> None:
        detail = details[part.at] if part.at is not None else None
        own = detail if detail is not None else entry
        side = "Dbtr" if part.net_fen > 0 else "Cdtr"
        remittance = own.at("RmtInf")
        unstructured = " ".join(each.text.strip() for each in remittance.all("Ustrd")) if remittance else ""
        self.lines.append(
            StatementLine(
                statement_id=self.id,
                sequence=len(self.lines) + 1,
                row=own.line,
                booked_on=days[0],
                amount_fen=part.net_fen,
                gross_fen=part.gross_fen,
                fee_fen=part.fee_fen,
                kind=FEE if part.fee_alone else DETAIL if part.at is not None and len(details) > 1 else ENTRY,
                status=status,
                valued_on=days[2],
                booked_at=days[1],
                reversal=entry.words("RvslInd") in ("true", "1"),
                bank_reference=own.words("Refs/AcctSvcrRef") or entry.words("AcctSvcrRef"),
                end_to_end_id=_given(own.words("Refs/EndToEndId")),
                entry_reference=entry.words("NtryRef"),
                counterparty=own.words(f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm"),
                text=(
                    unstructured or own.words("RmtInf/Strd/CdtrRefInf/Ref", "AddtlTxInf") or entry.words("AddtlNtryInf")
                )[:_LONGEST_TEXT],
            )
        )

    def _transaction(self, detail: Element, sign: int) -> Transaction:
        own = detail.at("Amt")
        told = detail.at("AmtDtls/TxAmt/Amt") or detail.at("AmtDtls/InstdAmt/Amt")
        if told is not None and told.attributes.get("Ccy") != CURRENCY:
            told = None  # what was instructed abroad is no amount of this account
        if detail.at("CdtDbtInd"):
            sign = self._sign(detail, "TxDtls") or sign
        amount = self._money(own, detail.line, "TxDtls/Amt") if own else None
        instructed = self._money(told, detail.line, "TxDtls/AmtDtls") if told else None
        return Transaction(
            None if amount is None else sign * amount,
            None if instructed is None else sign * instructed,
            self._charges(detail, "TxDtls/Chrgs"),
        )

    def _charges(self, element: Element, column: str) -> Fen:
        """Return what was kept back from the amount (fen); charges said to be booked apart are none of it."""
        total = 0
        for charges in element.all("Chrgs"):
            records = charges.all("Rcrd") or ([charges] if charges.at("Amt") else [])
            if not records and charges.at("TtlChrgsAndTaxAmt"):
                total += self._money(charges.at("TtlChrgsAndTaxAmt"), charges.line, column) or 0
            for record in records:
                if record.words("ChrgInclInd") not in ("false", "0"):
                    fen = self._money(record.at("Amt"), record.line, column) or 0
                    total += -fen if record.words("CdtDbtInd") == "CRDT" else fen
        return total

    def _money(self, element: Element | None, row: int, column: str) -> Fen | None:
        try:
            if element is None:
                raise _missing()
            currency = element.attributes.get("Ccy", "")
            if currency != CURRENCY:
                raise other_currency(currency)
            return amount_fen(element.text)
        except Refusal as refusal:
            self._say(element.line if element else row, column, refusal)
            return None

    def _sign(self, element: Element, column: str) -> int | None:
        sign = {"CRDT": 1, "DBIT": -1}.get(element.words("CdtDbtInd"))
        if sign is None:
            wrong = Invalid("sign_unknown", "借贷标志（CdtDbtInd）应为 CRDT 或 DBIT")
            self._say(element.line, f"{column}/CdtDbtInd", wrong)
        return sign

    def _when(self, element: Element | None, column: str) -> tuple[date | None, datetime | None]:
        """Return a day, and the instant where one is told; a time without a zone is Shanghai's."""
        if element is None:
            return None, None
        day, instant = (
            element.words("Dt"),
            element.words("DtTm") or (element.text.strip() if not element.children else ""),
        )
        try:
            if day:
                match = _DAY.fullmatch(day)
                if match is None:
                    raise ValueError(day)
                on = self._days.setdefault(match[1], date.fromisoformat(match[1]))
                at = None
            else:
                told = datetime.fromisoformat(instant)
                at = (told if told.tzinfo else told.replace(tzinfo=SHANGHAI)).astimezone(UTC)
                on = business_date(at)
            if on.year not in YEARS:
                raise ValueError(day)
        except (ValueError, OverflowError):
            self._say(element.line, column, Invalid("cell_day", "请写成日期，例如 2026-11-03"))
            return None, None
        return on, at

    def _say(self, row: int, column: str, refusal: Refusal) -> None:
        self.problems.add(row, column, refusal)


def amount_fen(text: str) -> Fen:
    """Read an amount as ISO 20022 writes it: no sign, no separators, zeros beyond the fen are no decimals.

    Raises:
        Invalid: ``amount_shape``, ``amount_decimals``.

    >>> amount_fen("203.5"), amount_fen("100.00000")
    (20350, 10000)
    """
    match = _AMOUNT.fullmatch(text.strip()) if text.isascii() else None
    if match is None:
        raise Invalid("amount_shape", "请输入金额，例如 203.50")
    whole, decimals = match[1], (match[2] or "")
    decimals = decimals[:2] + decimals[2:].rstrip("0")
    return parse_yuan(f"{whole}.{decimals}" if decimals else whole)


def _given(reference: str) -> str:
    return "" if reference == "NOTPROVIDED" else reference


def _missing() -> Invalid:
    return Invalid("element_missing", "缺少这一项")
