"""What the readers hand on: lines of a bank statement, rows of a partner's file, and what is wrong with a file.

Amounts are whole fen, instants aware UTC, days Shanghai dates. A reader returns all of a file or raises one
``FileRefused``; it never returns half.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from agentnet.core.errors import Invalid, Refusal
from agentnet.core.money import Fen

MOST_ROWS: Final = 200_000
"""Lines of one file; the largest partner sends a fifth of that in a day."""
PROBLEMS_KEPT: Final = 50

BOOKED: Final = "BOOK"
ENTRY, DETAIL, FEE = "ENTRY", "DETAIL", "FEE"
"""A line is an entry of the statement, one transaction of a batch, or the fee taken from a batch as a whole."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """What is wrong at a place: ``row`` as a spreadsheet or editor counts it (0: the file), ``column`` by its name.

    ``message`` is Chinese, a msgid of the catalogue; ``params`` fill it in.
    """

    row: int
    column: str
    code: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, row: int, column: str, refusal: Refusal) -> FileProblem:
        """Return a refusal as the problem of a place."""
        return cls(row, column, refusal.code, refusal.message, refusal.params)

    def text(self) -> str:
        """Return the message in its own language with the parameters filled in."""
        return self.message % self.params if self.params else self.message


class FileRefused(Invalid):
    """A file is not taken in; ``problems`` holds the first fifty, ``count`` says how many there are.

    A file with one problem is refused in that problem's own words; one with several as ``file_wrong``.
    """

    def __init__(self, problems: Iterable[FileProblem], count: int | None = None) -> None:
        self.problems = tuple(problems)[:PROBLEMS_KEPT]
        self.count = len(self.problems) if count is None else count
        if self.count == 1:
            only = self.problems[0]
            super().__init__(only.code, only.message, field="file", **only.params)
        else:
            several = Invalid("file_wrong", "文件里有 %(count)d 处错误，没有读入", count=self.count)
            super().__init__(several.code, several.message, field="file", **several.params)


@dataclass(slots=True)
class Problems:
    """Problems met while a file is read: all counted, the first kept."""

    kept: list[FileProblem] = field(default_factory=list)
    count: int = 0

    def add(self, row: int, column: str, refusal: Refusal) -> None:
        """Note a problem at a row and, where it has one, a column's name."""
        self.count += 1
        if len(self.kept) < PROBLEMS_KEPT:
            self.kept.append(FileProblem.of(row, column, refusal))

    def refuse_any(self) -> None:
        """Stop if anything was noted.

        Raises:
            FileRefused: with the problems from the top of the file down.
        """
        if self.count:
            raise FileRefused(sorted(self.kept, key=lambda problem: problem.row), self.count)


def refused(refusal: Refusal, row: int = 0, column: str = "") -> FileRefused:
    """Return the refusal of a whole file for one reason."""
    return FileRefused([FileProblem.of(row, column, refusal)])


def whole_refusal(refusal: Refusal) -> FileRefused:
    """Return any refusal met on the way as that of the whole file."""
    if isinstance(refusal, FileRefused):
        return refusal
    row = refusal.params.get("row", 0)
    return refused(refusal, row if isinstance(row, int) else 0)


def too_many_rows() -> FileRefused:
    """Return the refusal of a file with more rows than are held in memory."""
    return refused(Invalid("too_many_rows", "文件超过 %(count)d 行，请按天拆成几个文件", count=MOST_ROWS))


def other_currency(currency: str) -> Invalid:
    """Return the refusal of money that is not yuan; no code at all is shown as a question mark."""
    return Invalid("currency_other", "币种是 %(currency)s，只收人民币（CNY）", currency=currency[:10] or "?")


@dataclass(frozen=True, slots=True)
class StatementLine:
    """Money that moved on an account: ``amount_fen`` is what was booked, positive when it came in.

    ``amount_fen`` is the net. ``gross_fen - fee_fen == amount_fen``; gross has the sign of the movement, the fee is
    positive when it was taken from us. ``sequence`` counts the lines of the statement from 1, ``row`` is the place in
    the file. ``occurrence`` counts rows of one day that are equal in everything (1 for the first).
    """

    statement_id: str
    sequence: int
    row: int
    booked_on: date
    amount_fen: Fen
    gross_fen: Fen
    fee_fen: Fen = 0
    kind: str = ENTRY
    status: str = BOOKED
    valued_on: date | None = None
    booked_at: datetime | None = None
    """Where the file tells a time of day."""
    reversal: bool = False
    bank_reference: str = ""
    """AcctSvcrRef, or a table's serial number (流水号)."""
    end_to_end_id: str = ""
    entry_reference: str = ""
    counterparty: str = ""
    text: str = ""
    household_no: str = ""
    balance_fen: Fen | None = None
    """The balance after this line, where a table has it; proven."""
    occurrence: int = 1

    @property
    def booked(self) -> bool:
        """Whether the bank has booked it; pending and informative lines are in no balance."""
        return self.status == BOOKED

    @property
    def identity(self) -> tuple[str, int]:
        """The line within its statement: the same file again gives the same."""
        return self.statement_id, self.sequence

    def content_sha256(self) -> str:
        """Return a hash of what the bank says of this line, whichever statement it stands in."""
        said = (
            *(self.booked_on, self.booked_at, self.amount_fen, self.gross_fen, self.fee_fen, self.kind, self.reversal),
            *(self.bank_reference, self.end_to_end_id, self.entry_reference, self.counterparty, self.text),
            *(self.household_no, self.balance_fen),
        )
        return hashlib.sha256("\x1f".join(map(str, said)).encode()).hexdigest()

    @property
    def day_key(self) -> tuple[date, str, int]:
        """The line among all statements of one account: what an importer looks up where days overlap."""
        return self.booked_on, self.content_sha256(), self.occurrence


@dataclass(frozen=True, slots=True)
class Statement:
    """A bank's statement of one account. Booked lines add up from the opening to the closing balance (fen).

    ``first_on`` and ``last_on`` both belong to it. Balances are None only where a table has no balance column.
    """

    id: str
    account: str
    first_on: date
    last_on: date
    opening_fen: Fen | None
    closing_fen: Fen | None
    lines: tuple[StatementLine, ...]


def counted(lines: Iterable[StatementLine]) -> tuple[StatementLine, ...]:
    """Return the lines with ``occurrence`` set: equal lines of a day are 1, 2, 3 in the order of the file."""
    seen: Counter[bytes] = Counter()
    out = []
    for line in lines:
        key = bytes.fromhex(line.content_sha256())
        seen[key] += 1
        out.append(line if seen[key] == 1 else replace(line, occurrence=seen[key]))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """A payment a partner says it took; ``row`` is its place in the file, ``paid_on`` the instant's Shanghai day."""

    row: int
    order_no: str
    kind: str
    household_no: str
    amount_fen: Fen
    paid_type: str
    paid_at: datetime
    paid_on: date
    receipt_no: str


@dataclass(frozen=True, slots=True)
class PartnerFile:
    """What a partner says it collected on a day; ``total_fen`` and the number of rows were proven."""

    client_id: str
    day_on: date
    total_fen: Fen
    sha256: str
    rows: tuple[PartnerRow, ...]
