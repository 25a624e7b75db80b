"""What may be topped up, kept as a guarantee and set as a limit. Plain values in and out.

Sources: collection against a prepaid wallet until it is empty, with a first top-up of 5,000 and later multiples of
1,000 (MSEDCL, domain.md 3.2); a guarantee deposit of 1,000 to 3,000 yuan (domain.md 2.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.core.money import MAX_FEN, Fen, format_yuan
from agentnet.outlets.limit_rules import NAMES, Figures

LONGEST_SLIP: Final = 40
LONGEST_NOTE: Final = 200
DAYS_BACK: Final = 62
"""How far back a bank slip may be dated."""

NEAR_PERCENT: Final = 80
"""From this share of its ceiling on an outlet is near it."""


def near_from(ceiling_fen: Fen) -> Fen:
    """Return the least cash with which an outlet is near its ceiling; without any cash it never is.

    >>> near_from(500_000), near_from(101), near_from(0)
    (400000, 81, 1)
    """
    return max(1, -(-ceiling_fen * NEAR_PERCENT // 100))


def percent_full(cash_fen: Fen, ceiling_fen: Fen) -> int:
    """Return how much of the ceiling the cash reaches, rounded down; 100 where nothing may be held.

    >>> percent_full(449_999, 500_000), percent_full(1, 0)
    (89, 100)
    """
    return cash_fen * 100 // ceiling_fen if ceiling_fen else 100


class TopUpState(StrEnum):
    """Declared: waits for finance. Confirmed: in the float. Rejected: nothing arrived."""

    DECLARED = "DECLARED"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"


class DepositKind(StrEnum):
    """Which way a guarantee deposit moves."""

    RECEIVED = "RECEIVED"
    PAID_BACK = "PAID_BACK"


@dataclass(frozen=True, slots=True)
class NewTopUp:
    """Money paid into the utility's bank for the float, as a keeper declares it."""

    id: UUID
    outlet_code: str
    slip_no: str
    amount_fen: Fen
    paid_on: date

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same top-up."""
        return {
            "outlet_code": self.outlet_code,
            "slip_no": self.slip_no.strip(),
            "amount_fen": self.amount_fen,
            "paid_on": self.paid_on,
        }


class PayBackOf(StrEnum):
    """What is paid back to a keeper; also the code of the outlet's account it comes from."""

    DEPOSIT = "DEPOSIT"
    FLOAT = "FLOAT"


PAY_BACK_KINDS: Final = {PayBackOf.DEPOSIT: "DEPOSIT_PAY_BACK", PayBackOf.FLOAT: "FLOAT_PAY_BACK"}
"""The kind of approval each waits for."""


@dataclass(frozen=True, slots=True)
class NewPayBack:
    """Float or guarantee deposit that goes back to the keeper's bank account, as finance asks for it."""

    id: UUID
    outlet_code: str
    of: PayBackOf
    amount_fen: Fen
    moved_on: date
    slip_no: str
    reason: str

    def sent(self) -> dict[str, object]:
        """Return what the sender says, as the request keeps it."""
        return {
            "of": self.of.value,
            "amount_fen": self.amount_fen,
            "moved_on": self.moved_on.isoformat(),
            "slip_no": self.slip_no.strip(),
        }


def pay_back_from(id_: UUID, outlet_code: str, content: Mapping[str, Any], reason: str) -> NewPayBack:
    """Return what an approval was asked for.

    >>> new = NewPayBack(UUID(int=1), "WL0001", PayBackOf.FLOAT, 500, date(2026, 11, 18), "T-1", "停业")
    >>> pay_back_from(UUID(int=1), "WL0001", new.sent(), "停业") == new
    True
    """
    return NewPayBack(
        id=id_,
        outlet_code=outlet_code,
        of=PayBackOf(content["of"]),
        amount_fen=content["amount_fen"],
        moved_on=date.fromisoformat(content["moved_on"]),
        slip_no=content["slip_no"],
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class NewDeposit:
    """A guarantee deposit that came in, as finance records it."""

    id: UUID
    outlet_code: str
    amount_fen: Fen
    moved_on: date
    slip_no: str
    note: str = ""

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same move."""
        return {
            "outlet_code": self.outlet_code,
            "kind": DepositKind.RECEIVED,
            "amount_fen": self.amount_fen,
            "moved_on": self.moved_on,
            "slip_no": self.slip_no.strip(),
            "note": self.note.strip(),
        }


@dataclass(frozen=True, slots=True)
class NewLimits:
    """Limits for a kind of outlet or for one outlet (``outlet_code``), from a day until a day (exclusive)."""

    id: UUID
    figures: Figures
    starts_on: date
    reason: str
    ends_on: date | None = None
    kind: str | None = None
    outlet_code: str | None = None

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same; as JSON it is also all that an approval carries out."""
        return {
            "kind": self.kind,
            "outlet_code": self.outlet_code,
            **self.figures.as_dict(),
            "starts_on": self.starts_on.isoformat(),
            "ends_on": None if self.ends_on is None else self.ends_on.isoformat(),
            "reason": self.reason.strip(),
        }


def limits_from(id_: UUID, content: Mapping[str, object]) -> NewLimits:
    """Return the limits an approval was asked for.

    >>> new = NewLimits(UUID(int=1), Figures(5), date(2026, 11, 18), "旺季", kind="NEWSSTAND")
    >>> limits_from(UUID(int=1), new.content()) == new
    True
    """
    ends_on, kind, outlet_code = content["ends_on"], content["kind"], content["outlet_code"]
    figures = {name: content[name] for name in NAMES}
    return NewLimits(
        id=id_,
        figures=Figures(**{name: int(str(fen)) for name, fen in figures.items() if fen is not None}),
        starts_on=date.fromisoformat(str(content["starts_on"])),
        ends_on=None if ends_on is None else date.fromisoformat(str(ends_on)),
        reason=str(content["reason"]),
        kind=None if kind is None else str(kind),
        outlet_code=None if outlet_code is None else str(outlet_code),
    )


def require_slip(slip_no: str, day: date, today: date, field: str) -> None:
    """Refuse a bank slip without a number, of a day to come, or from too long ago.

    Raises:
        Invalid: ``slip_missing``, ``paid_to_come``, ``paid_long_ago``.
    """
    if not 1 <= len(slip_no.strip()) <= LONGEST_SLIP:
        raise Invalid("slip_missing", "请填写银行单号，最多 40 个字", field="slip_no")
    if day > today:
        raise Invalid("paid_to_come", "银行日期还没有到，请按银行单上的日期填写", field=field)
    if day < today - timedelta(days=DAYS_BACK):
        raise Invalid("paid_long_ago", "银行日期太早，请核对；确实如此请联系财务", field=field)


def require_amount(amount_fen: Fen) -> None:
    """Refuse an amount that moves nothing, or more than the book holds.

    Raises:
        Invalid: ``amount_not_positive``.
    """
    if not 0 < amount_fen <= MAX_FEN:
        raise Invalid("amount_not_positive", "金额必须大于 0", field="amount")


def require_top_up(new: NewTopUp, *, prepaid: bool, first: bool, limits: Figures, today: date) -> None:
    """Refuse a top-up the agreement or the rule of the outlet's kind does not allow.

    Raises:
        Invalid: ``not_prepaid``, ``first_top_up_small``, ``top_up_not_multiple``, ``amount_not_positive`` and those
            of ``require_slip``.
    """
    if not prepaid:
        raise Invalid("not_prepaid", "这个网点不是预存方式，不用充值；收的现金请日结后交款")
    require_slip(new.slip_no, new.paid_on, today, "paid_on")
    require_amount(new.amount_fen)
    if first and new.amount_fen < (limits.first_top_up_fen or 0):
        raise Invalid(
            "first_top_up_small",
            "第一次充值至少 %(least)s 元",
            field="amount",
            least=format_yuan(limits.first_top_up_fen or 0),
        )
    if not first and limits.top_up_multiple_fen and new.amount_fen % limits.top_up_multiple_fen:
        raise Invalid(
            "top_up_not_multiple",
            "充值金额要是 %(multiple)s 元的整数倍",
            field="amount",
            multiple=format_yuan(limits.top_up_multiple_fen),
        )


def require_undecided(state: str) -> None:
    """Refuse to decide twice.

    Raises:
        Conflict: ``top_up_decided``.
    """
    if state != TopUpState.DECLARED:
        raise Conflict("top_up_decided", "这笔充值已经处理过了")


def require_other_person(declared_by: int | None, decided_by: int | None) -> None:
    """Refuse to confirm one's own claim, in whatever second role.

    Raises:
        Forbidden: ``own_top_up``.
    """
    if declared_by is not None and declared_by == decided_by:
        raise Forbidden("own_top_up", "自己报的充值要由另一位财务人员处理")


def require_note(note: str) -> None:
    """Refuse to send a top-up back without a word for the keeper.

    Raises:
        Invalid: ``note_missing``.
    """
    if not 2 <= len(note.strip()) <= LONGEST_NOTE:
        raise Invalid("note_missing", "请用 2 到 200 个字写明原因，网点会看到", field="note")


def require_deposit(new: NewDeposit, today: date) -> None:
    """Refuse a deposit that cannot be right.

    Raises:
        Invalid: ``amount_not_positive``, ``note_too_long`` and those of ``require_slip``.
    """
    require_slip(new.slip_no, new.moved_on, today, "moved_on")
    require_amount(new.amount_fen)
    if len(new.note.strip()) > LONGEST_NOTE:
        raise Invalid("note_too_long", "说明最多 200 个字", field="note")


def require_pay_back(new: NewPayBack, held_fen: Fen, today: date) -> None:
    """Refuse to pay back more than is held, or without the bank's slip.

    Raises:
        Invalid: ``deposit_short``, ``float_short``, ``amount_not_positive`` and those of ``require_slip``.
    """
    require_slip(new.slip_no, new.moved_on, today, "moved_on")
    require_amount(new.amount_fen)
    if new.amount_fen <= held_fen:
        return
    if new.of is PayBackOf.DEPOSIT:
        raise Invalid(
            "deposit_short",
            "这个网点的保证金只有 %(held)s 元，不能退这么多",
            field="amount",
            held=format_yuan(held_fen),
        )
    raise Invalid(
        "float_short", "这个网点的预存款只有 %(held)s 元，不能退这么多", field="amount", held=format_yuan(held_fen)
    )


def require_limits(new: NewLimits, today: date) -> None:
    """Refuse limits that begin in the past, end before they begin, say nothing why, or cannot be kept.

    Raises:
        Invalid: ``limits_in_past``, ``limits_period``, ``reason_missing``, ``limits_impossible``.
    """
    if new.starts_on < today:
        raise Invalid("limits_in_past", "限额不能从过去的日子起改，请填今天或以后", field="starts_on")
    if new.ends_on is not None and new.ends_on <= new.starts_on:
        raise Invalid("limits_period", "终止日要晚于起始日", field="ends_on")
    if not 2 <= len(new.reason.strip()) <= LONGEST_NOTE:
        raise Invalid("reason_missing", "请用 2 到 200 个字写明原因", field="reason")
    for name, figure in new.figures.as_dict().items():
        least = 1 if name in ("single_limit_fen", "large_amount_fen") else 0
        if figure is not None and not least <= figure <= MAX_FEN:
            raise Invalid("limits_impossible", "限额的金额不对，请核对", field=name.removesuffix("_fen"))
