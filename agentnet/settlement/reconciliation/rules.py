"""What may be taken in, matched by hand, undone and ended. Plain values in and out.

"We" are the utility, "they" are the partner or the bank whose file it is (domain.md 2.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import Fen, format_yuan

LONGEST_REASON: Final = 200
SLIPS_NAMED: Final = 5
"""Slips named in a refusal."""
WORST_AGE_DAYS: Final = 7
"""A difference older than this is shown as late."""


class Source(StrEnum):
    """Whose file: a partner's day of payments, or a bank's statement of an account."""

    PARTNER = "PARTNER"
    BANK = "BANK"


class State(StrEnum):
    """Open, or how a difference ended."""

    OPEN = "OPEN"
    EXPLAINED = "EXPLAINED"
    ADJUSTED = "ADJUSTED"
    WRITTEN_OFF = "WRITTEN_OFF"


class Verb(StrEnum):
    """What happened to a difference."""

    OWNED = "OWNED"
    EXPLAINED = "EXPLAINED"
    ADJUSTED = "ADJUSTED"
    WRITTEN_OFF = "WRITTEN_OFF"
    REOPENED = "REOPENED"


class RowKind(StrEnum):
    """What a row of a file is; OTHER is told by the bank but not booked."""

    PAYMENT = "PAYMENT"
    ENTRY = "ENTRY"
    DETAIL = "DETAIL"
    FEE = "FEE"
    OTHER = "OTHER"


WRITE_OFF: Final = "WRITE_OFF_DIFFERENCE"
BOOKING: Final = "BOOK_COLLECTION"
ABOUT: Final = "DIFFERENCE"
"""The kinds of approval that a difference asks for, and what they are about."""
WITHDRAWAL: Final = "WITHDRAW_FILE"
ABOUT_FILE: Final = "CHANNEL_FILE"

BY_HAND: Final = "HAND"
BY_AMOUNT: Final = "AMOUNT"
"""Further steps of matching, beside those of ``settlement.matching``."""


def derived_id(id_: UUID, place: int = 0) -> UUID:
    """Return the id of what follows from a request: as old as it, always the same, and not its own.

    >>> one = UUID("01932c07-209c-7e2a-b1c5-9a3c1f5e8d10")
    >>> derived_id(one).version, len({one, derived_id(one), derived_id(one, 1)})
    (7, 3)
    """
    return UUID(int=id_.int ^ (0xA6E7 + place))


def require_reason(reason: str) -> None:
    """Refuse a step that only its reason can explain, without one.

    Raises:
        Invalid: ``reason_missing``.
    """
    if not 2 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid("reason_missing", "请用 2 到 200 个字写明原因", field="reason")


def require_new_file(known_as: str | None) -> None:
    """Refuse a file that was taken in before, whatever it is called now.

    Raises:
        Conflict: ``file_known``.
    """
    if known_as is not None:
        raise Conflict("file_known", "这个文件已经导入过（%(name)s），没有再导入", name=known_as)


def require_new_day(day: date, known_as: str | None) -> None:
    """Refuse another file of a partner's day that is reconciled already or in progress (domain.md 2.4).

    Raises:
        Conflict: ``partner_day_known``.
    """
    if known_as is not None:
        raise Conflict(
            "partner_day_known",
            "这个合作单位 %(day)s 的文件已经导入过（%(name)s），同一天不能再导入",
            day=day.isoformat(),
            name=known_as,
        )


def require_day_begun(day: date, today: date) -> None:
    """Refuse a file of a day to come.

    Raises:
        Invalid: ``file_day_to_come``.
    """
    if day > today:
        raise Invalid("file_day_to_come", "文件的日期 %(day)s 还没有到", day=day.isoformat())


def require_standing(withdrawn: bool) -> None:
    """Refuse to work with a file that was withdrawn.

    Raises:
        Conflict: ``file_withdrawn``.
    """
    if withdrawn:
        raise Conflict("file_withdrawn", "这个对账文件已经撤回，不能再办理；请用后来导入的那一份")


def require_no_confirmation(slips: Sequence[str]) -> None:
    """Refuse to withdraw a statement by which deposits were confirmed: that money is booked.

    Raises:
        Conflict: ``file_confirmed``.
    """
    if slips:
        raise Conflict(
            "file_confirmed",
            "已按这份对账单确认了 %(count)d 笔解款到账（%(slips)s），钱已入账，不能整份撤回；"
            "请逐条处理其余的差异，到账确认错了的用账务调整更正",
            count=len(slips),
            slips="、".join(slips[:SLIPS_NAMED]),
        )


def require_nothing_adjusted(count: int) -> None:
    """Refuse to withdraw a file because of which the books were changed.

    Raises:
        Conflict: ``file_adjusted``.
    """
    if count:
        raise Conflict(
            "file_adjusted",
            "已按这个文件的 %(count)d 个差异调过账，不能整份撤回；请先用退费或账务调整更正那几笔，其余的差异逐条说明",
            count=count,
        )


def require_nothing_waiting(waiting: bool) -> None:
    """Refuse to withdraw a file while somebody has to decide about one of its differences.

    Raises:
        Conflict: ``file_requests_wait``.
    """
    if waiting:
        raise Conflict("file_requests_wait", "这个文件的差异还有申请在等批准，请先批准、退回或撤回那些申请")


def require_unrepeated(later: str | None) -> None:
    """Refuse to withdraw a statement whose lines a later one left to it.

    Raises:
        Conflict: ``file_repeated``.
    """
    if later is not None:
        raise Conflict(
            "file_repeated", "后来导入的对账单（%(name)s）有行算作与它重复，请先撤回那一份，再撤回这一份", name=later
        )


def require_unmatched(row_matched: bool, side_matched: bool) -> None:
    """Refuse to match what is matched: a row and a fact of ours meet once.

    Raises:
        Conflict: ``row_matched``, ``side_matched``.
    """
    if row_matched:
        raise Conflict("row_matched", "这一行已经匹配过了，要改请先取消原来的匹配")
    if side_matched:
        raise Conflict("side_matched", "这一笔已经与另一行匹配，要改请先取消那个匹配")


def require_unbooked(booked: bool) -> None:
    """Refuse to match or part a bank's line whose money was set aside, made short or written off: it is in the books.

    Raises:
        Conflict: ``row_booked``.
    """
    if booked:
        raise Conflict(
            "row_booked",
            "这一行的钱已按它的差异记过账，不能再改匹配；查明是哪笔解款后，先用账务调整冲回，再在解款页面确认到账",
        )


def require_unmended(mended: bool) -> None:
    """Refuse to part a partner's row from its match once what it says more or less was booked or given back.

    Matched again, the same money would be a difference once more.

    Raises:
        Conflict: ``row_booked``.
    """
    if mended:
        raise Conflict(
            "row_booked",
            "这一行比收据多或少的钱已按差异补记或退费，取消匹配会再记一次；匹配错了，请用更正或退费把收据改对，"
            "补记错的当日可冲正，冲正后再取消匹配",
        )


def require_matchable(kind: str, repeats: bool, reversal: bool) -> None:
    """Refuse a row that stands for no money of its own, and one by which the bank takes back what it booked.

    Raises:
        Invalid: ``row_not_matchable``.
    """
    if reversal:
        raise Invalid("row_not_matchable", "这一行是银行冲回，不能与解款匹配；请在它的差异里处理")
    if repeats or kind in (RowKind.FEE, RowKind.OTHER):
        raise Invalid("row_not_matchable", "这一行不能匹配：它是手续费、未入账，或在另一份对账单里已经有了")


def require_same_household(theirs: str, ours: str) -> None:
    """Refuse to match payments of two households: money paid for one never covers another unseen.

    Raises:
        Invalid: ``household_other``.
    """
    if theirs != ours:
        raise Invalid("household_other", "两边的户号不同，不能匹配；户号缴错请走更正")


def require_money_in(amount_fen: Fen) -> None:
    """Refuse to match money that left the account with a deposit.

    Raises:
        Invalid: ``money_went_out``.
    """
    if amount_fen <= 0:
        raise Invalid("money_went_out", "这一行是支出，不能与解款匹配")


def require_undoable(undone: bool, remittance_state: str | None) -> None:
    """Refuse to undo twice, or what has confirmed a remittance: that money is booked.

    Raises:
        Conflict: ``match_undone``, ``match_booked``.
    """
    if undone:
        raise Conflict("match_undone", "这个匹配已经取消过了")
    if remittance_state == "CONFIRMED":
        raise Conflict("match_booked", "这笔解款已据此确认到账，不能取消匹配；记错了请做调账")


def require_open(state: str) -> None:
    """Refuse to end what has ended.

    Raises:
        Conflict: ``difference_ended``.
    """
    if state != State.OPEN:
        raise Conflict("difference_ended", "这个差异已经处理完了")


def require_not_asked(asked: bool) -> None:
    """Refuse to end a difference while a request about it waits for its second person.

    Raises:
        Conflict: ``write_off_waiting``.
    """
    if asked:
        raise Conflict("write_off_waiting", "这个差异已有申请在等另一个人批准，请先批准或撤回")


def confirmable_fen(declared_fen: Fen, gross_fen: Fen) -> Fen:
    """Return what a bank's line confirms of a deposit: what came, and never more than was declared.

    >>> confirmable_fen(300_00, 280_00), confirmable_fen(300_00, 320_00)
    (28000, 30000)
    """
    return min(declared_fen, gross_fen)


def shortfall_note(declared_fen: Fen, gross_fen: Fen) -> str:
    """Return what the keeper reads when less arrived than was declared; empty when all did.

    >>> shortfall_note(300_00, 280_00)
    '银行实收 280.00 元，少 20.00 元'
    """
    if gross_fen >= declared_fen:
        return ""
    return f"银行实收 {format_yuan(gross_fen)} 元，少 {format_yuan(declared_fen - gross_fen)} 元"


def age_days(opened_on: date, until: date) -> int:
    """Return how many days a difference has been open; 0 on its first.

    >>> age_days(date(2026, 11, 18), date(2026, 11, 20))
    2
    """
    return max(0, (until - opened_on).days)
