"""What may be closed and remitted, and what a count comes to. Plain values in and out.

Sources: the day's fees are cleared and settled daily, cash is counted face to face, and what comes in after the day's
remittance is banked the next day (domain.md 2.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.core.money import MAX_FEN, Fen, format_yuan

FACES_FEN: Final[tuple[Fen, ...]] = (100_00, 50_00, 20_00, 10_00, 5_00, 1_00, 50, 10)
"""Notes and coins in use: 100 yuan to 1 jiao. Whatever else lies in the drawer is typed as an amount."""

MOST_OF_A_FACE: Final = 100_000

LONGEST_EXPLANATION: Final = 200
LONGEST_SLIP: Final = 40

DAYS_BACK: Final = 62
"""How far back a deposit slip may be dated."""


COUNTERFEIT: Final = "COUNTERFEIT"
"""The detail of the outlet's OVER_SHORT account that suspected notes go to."""


class RemittanceState(StrEnum):
    """Declared: in transit. Confirmed: in the bank. Rejected: back with the keeper."""

    DECLARED = "DECLARED"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Count:
    """What was found in the drawer: how many of each face (fen), an amount of anything else, and suspected notes.

    ``own_qr_fen`` is held but not in the drawer: it lies in the account behind the keeper's own QR code.
    """

    pieces: Mapping[Fen, int] = field(default_factory=dict)
    other_fen: Fen = 0
    counterfeit_fen: Fen = 0
    own_qr_fen: Fen = 0

    @property
    def good_fen(self) -> Fen:
        """Return what the good notes and coins come to.

        >>> Count({100_00: 3, 50: 1}, other_fen=7).good_fen
        30057
        """
        return sum(face * pieces for face, pieces in self.pieces.items()) + self.other_fen

    @property
    def found_fen(self) -> Fen:
        """Return all that is held: good cash, suspected notes by their face, and what lies in the keeper's account."""
        return self.good_fen + self.counterfeit_fen + self.own_qr_fen

    def as_notes(self) -> dict[str, int]:
        """Return the count as it is stored: pieces by face, without the faces that were not there.

        >>> Count({100_00: 3, 50: 0}, other_fen=7).as_notes()
        {'10000': 3, 'other': 7}
        """
        notes = {str(face): pieces for face, pieces in self.pieces.items() if pieces}
        return notes | ({"other": self.other_fen} if self.other_fen else {})


@dataclass(frozen=True, slots=True)
class NewClose:
    """A close as a keeper sends it; ``batches`` are the terminals' totals by tender (fen)."""

    id: UUID
    outlet_code: str
    business_on: date
    count: Count
    batches: Mapping[str, Fen]
    system_seen_fen: Fen
    """The cash the page showed the keeper: if it moved since, the count is asked for again."""
    explanation: str = ""

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same close."""
        return {
            "outlet_code": self.outlet_code,
            "business_on": self.business_on,
            "notes": self.count.as_notes(),
            "counterfeit_fen": self.count.counterfeit_fen,
            "batches": dict(sorted(self.batches.items())),
            "explanation": self.explanation.strip(),
            **({"own_qr_fen": self.count.own_qr_fen} if self.count.own_qr_fen else {}),
        }


@dataclass(frozen=True, slots=True)
class TenderTotal:
    """What a day took by one tender (voided collections left out)."""

    tender: str
    count: int
    system_fen: Fen


@dataclass(frozen=True, slots=True)
class Differences:
    """What a count found against the book (fen): above zero is over, below is short."""

    cash_fen: Fen
    """Found, suspected counterfeit and the keeper's own account included, less held by the book."""
    counterfeit_fen: Fen
    batches: Mapping[str, Fen]
    """By tender, the terminal's total less the book's; only those that differ."""

    @property
    def none(self) -> bool:
        """Return whether everything ties."""
        return not (self.cash_fen or self.counterfeit_fen or self.batches)


def differences(
    system_fen: Fen, count: Count, totals: Sequence[TenderTotal], batches: Mapping[str, Fen]
) -> Differences:
    """Compare a count with the book.

    >>> differences(500_00, Count({100_00: 4, 50_00: 1}, counterfeit_fen=50_00), [], {})
    Differences(cash_fen=0, counterfeit_fen=5000, batches={})
    >>> differences(0, Count(other_fen=100), [TenderTotal("UNIONPAY_CARD", 2, 300)], {"UNIONPAY_CARD": 200}).batches
    {'UNIONPAY_CARD': -100}
    >>> differences(500_00, Count({100_00: 3}, own_qr_fen=199_00), [], {}).cash_fen
    -100
    """
    by_tender = {total.tender: total.system_fen for total in totals}
    unequal = {
        tender: batch - by_tender.get(tender, 0)
        for tender, batch in batches.items()
        if batch != by_tender.get(tender, 0)
    }
    return Differences(count.found_fen - system_fen, count.counterfeit_fen, unequal)


def require_count(count: Count) -> None:
    """Refuse a count that cannot be one.

    Raises:
        Invalid: ``count_impossible``.
    """
    pieces_right = all(face in FACES_FEN and 0 <= n <= MOST_OF_A_FACE for face, n in count.pieces.items())
    amounts = (count.other_fen, count.counterfeit_fen, count.own_qr_fen, count.good_fen)
    if not pieces_right or not all(0 <= amount <= MAX_FEN for amount in amounts):
        raise Invalid("count_impossible", "清点的张数或金额不对，请核对后重新填写")


@dataclass(frozen=True, slots=True)
class HeldMove:
    """What changed the money an outlet holds: a payment through the keeper's own code, or its undoing, is marked."""

    change_fen: Fen
    by_own_qr: bool = False
    came_back: bool = False
    """A deposit the bank did not receive."""


def most_in_own_account(drawer_fen: Fen, own_fen: Fen, moves: Iterable[HeldMove]) -> Fen:
    """Return the most that can lie in the keeper's own account after some moves.

    ``drawer_fen`` and ``own_fen`` are what the last count found in the drawer and was told of the account. What is paid
    in at the bank comes from the drawer as far as it reaches, so more than that was the account's.

    >>> most_in_own_account(100_00, 300_00, [HeldMove(-350_00), HeldMove(20_00, by_own_qr=True), HeldMove(200_00)])
    7000
    >>> most_in_own_account(100_00, 300_00, [HeldMove(-350_00), HeldMove(350_00, came_back=True)])
    30000
    """
    declared_fen = 0
    for move in moves:
        change_fen = move.change_fen
        if not move.by_own_qr:
            if change_fen < 0:
                from_own_fen = max(0, -change_fen - drawer_fen)
                declared_fen += from_own_fen
            else:
                from_own_fen = -min(change_fen, declared_fen) if move.came_back else 0
                declared_fen += from_own_fen
            drawer_fen += change_fen + from_own_fen
            own_fen -= from_own_fen
        else:
            own_fen += change_fen
            drawer_fen += min(0, own_fen)
            own_fen = max(0, own_fen)
    return own_fen


def require_own_qr(stated_fen: Fen, most_fen: Fen) -> None:
    """Refuse to call money of the keeper's own account what no customer paid into it: that would hide a shortage.

    ``most_fen`` is what was stated at the last count and what came in through the code since, less what must have gone.

    Raises:
        Invalid: ``own_qr_too_much``.
    """
    if stated_fen > most_fen:
        raise Invalid(
            "own_qr_too_much",
            "收款码里的电费最多只有 %(most)s 元（上次日结填的，加上之后扫码收的，减去已交的），请核对",
            field="own_qr",
            most=format_yuan(most_fen),
        )


def require_explained(found: Differences, explanation: str) -> None:
    """Refuse a difference without a reason.

    Raises:
        Invalid: ``difference_unexplained``.
    """
    if not found.none and not 2 <= len(explanation.strip()) <= LONGEST_EXPLANATION:
        raise Invalid("difference_unexplained", "清点与系统不一致，请用 2 到 200 个字说明原因", field="explanation")


def require_closable(business_on: date, today: date, closed: bool, first_open: date | None) -> None:
    """Refuse a close out of turn: a day to come, one that is closed, one before which another is still open.

    Raises:
        Invalid: ``day_to_come``, ``nothing_to_close`` for a past day on which nothing was collected.
        Conflict: ``day_closed_already``, ``earlier_day_open``.
    """
    if business_on > today:
        raise Invalid("day_to_come", "这一天还没有到，不能日结")
    if closed:
        raise Conflict("day_closed_already", "这一天已经日结过了")
    if first_open is not None and first_open < business_on:
        raise Conflict("earlier_day_open", "%(day)s 还没有日结，请先结那一天", day=first_open.isoformat())
    if business_on < today and first_open != business_on:
        raise Invalid("nothing_to_close", "这一天没有收费，不用日结")


def require_same_cash(system_fen: Fen, seen_fen: Fen) -> None:
    """Refuse when the book moved between the count and its arrival.

    Raises:
        Conflict: ``cash_moved``.
    """
    if system_fen != seen_fen:
        raise Conflict(
            "cash_moved",
            "清点期间系统现金变为 %(amount)s 元（可能刚收了一笔），请核对后重新提交",
            amount=format_yuan(system_fen),
        )


@dataclass(frozen=True, slots=True)
class NewRemittance:
    """A deposit as a keeper declares it."""

    id: UUID
    outlet_code: str
    slip_no: str
    amount_fen: Fen
    deposited_on: date
    photo_sha256: str | None = None

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same remittance."""
        return {
            "outlet_code": self.outlet_code,
            "slip_no": self.slip_no.strip(),
            "amount_fen": self.amount_fen,
            "deposited_on": self.deposited_on,
            "photo_sha256": self.photo_sha256,
        }


def require_remittance(new: NewRemittance, held_fen: Fen, today: date) -> None:
    """Refuse a deposit that cannot be right.

    Raises:
        Invalid: ``slip_missing``, ``amount_not_positive``, ``over_cash_held``, ``deposited_to_come``,
            ``deposited_long_ago``.
    """
    if not 1 <= len(new.slip_no.strip()) <= LONGEST_SLIP:
        raise Invalid("slip_missing", "请填写交款单号，最多 40 个字", field="slip_no")
    if new.amount_fen <= 0:
        raise Invalid("amount_not_positive", "收费金额必须大于 0", field="amount")
    if new.amount_fen > held_fen:
        raise Invalid(
            "over_cash_held",
            "手头现金只有 %(held)s 元，不能交这么多；请核对交款单",
            field="amount",
            held=format_yuan(held_fen),
        )
    if new.deposited_on > today:
        raise Invalid("deposited_to_come", "交款日期还没有到，请按交款单上的日期填写", field="deposited_on")
    if new.deposited_on < today - timedelta(days=DAYS_BACK):
        raise Invalid("deposited_long_ago", "交款日期太早，请核对；确实如此请联系财务", field="deposited_on")


def require_confirmable(state: str, amount_fen: Fen, confirmed_fen: Fen, note: str) -> None:
    """Refuse to confirm what is decided, or an amount the slip cannot have brought.

    Raises:
        Conflict: ``remittance_decided``. Invalid: ``confirmed_amount``, ``note_missing``.
    """
    require_undecided(state)
    if not 0 < confirmed_fen <= amount_fen:
        raise Invalid(
            "confirmed_amount",
            "到账金额应在 0.01 到 %(amount)s 元之间；多出的部分请网点另报一笔",
            field="amount",
            amount=format_yuan(amount_fen),
        )
    if confirmed_fen < amount_fen:
        require_note(note)


def require_other_person(declared_by: int | None, decided_by: int | None) -> None:
    """Refuse to decide one's own deposit, in whatever second role.

    Raises:
        Forbidden: ``own_remittance``.
    """
    if declared_by is not None and declared_by == decided_by:
        raise Forbidden("own_remittance", "自己报的解款要由另一位财务人员处理")


def require_undecided(state: str) -> None:
    """Refuse to decide twice.

    Raises:
        Conflict: ``remittance_decided``.
    """
    if state != RemittanceState.DECLARED:
        raise Conflict("remittance_decided", "这笔解款已经处理过了")


def require_note(note: str) -> None:
    """Refuse a rejection, or a confirmation of less than declared, without a word for the keeper.

    Raises:
        Invalid: ``note_missing``.
    """
    if not 2 <= len(note.strip()) <= LONGEST_EXPLANATION:
        raise Invalid("note_missing", "请用 2 到 200 个字写明原因，网点会看到", field="note")


def oldest_unremitted(held_fen: Fen, takings: Sequence[tuple[date, Fen]]) -> date | None:
    """Return the day whose cash is the oldest still held: cash is banked first in, first out.

    ``takings`` are the cash takings by business day, newest first; None where nothing is held.

    >>> days = [(date(2026, 11, 18), 300), (date(2026, 11, 17), 200), (date(2026, 11, 16), 400)]
    >>> [oldest_unremitted(held, days) for held in (0, 300, 301, 900)]
    [None, datetime.date(2026, 11, 18), datetime.date(2026, 11, 17), datetime.date(2026, 11, 16)]
    """
    if held_fen <= 0:
        return None
    left, oldest = held_fen, None
    for day, taken in takings:
        oldest = day
        left -= taken
        if left <= 0:
            break
    return oldest
