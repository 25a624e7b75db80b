"""A bank's lines against the deposits that were declared, to the fen. Plain values in and out.

First the deposit slip's number, standing whole in one of the line's references or in its text; then the amount on one
of the days a bank needs, where only one line and one deposit have it. Whatever could be meant in two ways is left to a
person: a deposit confirmed from a stranger's money would hide a hole in somebody's drawer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from agentnet.core.money import Fen

DAYS_TO_BOOK: Final = 3
"""How long after the deposit a bank may book it."""
DAYS_TO_NAME: Final = 31
"""How long after the deposit a line may name its slip: numbers come again, and so do words."""
LEAST_SLIP: Final = 6
"""A shorter number stands in too many texts to name a deposit by itself: the amount has to agree as well."""

_WORD: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_/.-]*")


@dataclass(frozen=True, slots=True)
class Deposit:
    """A declared remittance."""

    id: Hashable
    slip_no: str
    amount_fen: Fen
    deposited_on: date


@dataclass(frozen=True, slots=True)
class BankLine:
    """Money that came in; ``gross_fen`` is what was paid, before the bank took its fee."""

    line_no: int
    booked_on: date
    gross_fen: Fen
    references: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A line and the deposit it is; ``step`` is REFERENCE or AMOUNT."""

    line: BankLine
    deposit: Deposit
    step: str


def match_deposits(lines: Sequence[BankLine], deposits: Sequence[Deposit]) -> list[Found]:
    """Pair lines with deposits one to one, in the order of the lines.

    >>> day = date(2026, 11, 18)
    >>> slip, other = Deposit(1, "JK-0001", 300_00, day), Deposit(2, "JK-0002", 120_00, day)
    >>> lines = [BankLine(1, day, 300_00, (), "现金交款 JK-0001"), BankLine(2, day, 120_00)]
    >>> [(found.line.line_no, found.deposit.id, found.step) for found in match_deposits(lines, [slip, other])]
    [(1, 1, 'REFERENCE'), (2, 2, 'AMOUNT')]
    """
    found: dict[int, Found] = {}
    taken: set[Hashable] = set()

    def pair(line: BankLine, deposit: Deposit, step: str) -> None:
        found[line.line_no] = Found(line, deposit, step)
        taken.add(deposit.id)

    by_slip: dict[str, list[Deposit]] = defaultdict(list)
    for deposit in deposits:
        if any(character.isdigit() for character in deposit.slip_no):  # a word in somebody's text is no number
            by_slip[_plain(deposit.slip_no)].append(deposit)
    late = timedelta(days=DAYS_TO_NAME)
    named = {
        line.line_no: [
            one
            for word in _words(line)
            for one in by_slip.get(word, ())
            if one.deposited_on <= line.booked_on <= one.deposited_on + late
        ]
        for line in lines
    }
    for line in lines:
        exact = [one for one in named[line.line_no] if one.amount_fen == line.gross_fen and one.id not in taken]
        if len(exact) == 1:
            pair(line, exact[0], "REFERENCE")
    longer = [
        (line, one)
        for line in lines
        if line.line_no not in found
        for one in named[line.line_no]
        if one.id not in taken and len(_plain(one.slip_no)) >= LEAST_SLIP
    ]
    for only, deposit in _only_pairs(longer):
        pair(only, deposit, "REFERENCE")
    by_amount: dict[Fen, list[Deposit]] = defaultdict(list)
    for deposit in deposits:
        if deposit.id not in taken:
            by_amount[deposit.amount_fen].append(deposit)
    window = timedelta(days=DAYS_TO_BOOK)
    equal = [
        (line, one)
        for line in lines
        if line.line_no not in found and not named[line.line_no]  # what names a slip is not another's
        for one in by_amount.get(line.gross_fen, ())
        if one.deposited_on <= line.booked_on <= one.deposited_on + window
    ]
    for only, deposit in _only_pairs(equal):
        pair(only, deposit, "AMOUNT")
    return [found[line.line_no] for line in lines if line.line_no in found]


def _only_pairs(possible: Sequence[tuple[BankLine, Deposit]]) -> list[tuple[BankLine, Deposit]]:
    """Return the pairs whose line has no other deposit and whose deposit no other line."""
    of_line: dict[int, set[Hashable]] = defaultdict(set)
    of_deposit: dict[Hashable, set[int]] = defaultdict(set)
    for line, one in possible:
        of_line[line.line_no].add(one.id)
        of_deposit[one.id].add(line.line_no)
    alone = {
        (line.line_no, one.id): (line, one)
        for line, one in possible
        if len(of_line[line.line_no]) == 1 and len(of_deposit[one.id]) == 1
    }
    return list(alone.values())


def _words(line: BankLine) -> set[str]:
    whole = {_plain(reference) for reference in line.references if reference}
    return whole | {_plain(word) for word in _WORD.findall(" ".join((*line.references, line.text)))}


def _plain(reference: str) -> str:
    return "".join(reference.split()).casefold()
