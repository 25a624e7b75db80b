"""Rules of collecting: what may be taken at a counter, which bills it pays, and when to ask twice.

Late charges come from billing as they are; nothing here computes one (domain.md 2.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import Fen, format_yuan

CASH: Final = "CASH"
KEEPER_QR: Final = "KEEPER_QR"
HELD_TENDERS: Final = (CASH, KEEPER_QR)
"""What is paid this way lies with the keeper: in the drawer, or in the account behind the keeper's own QR code."""

AGENT_OUTLET: Final = "AGENT_OUTLET"
PREPAID: Final = "PREPAID"

LOOK_ALIKE_WINDOW: Final = timedelta(minutes=10)
"""A collection of the same household, amount and outlet this close to another is asked about (domain.md 7.3)."""

CLOCK_TOLERANCE: Final = timedelta(minutes=10)
"""How far a sender's clock may run ahead of ours."""

LONGEST_REFERENCE: Final = 40
LONGEST_REASON: Final = 200

CEILING_STEPS: Final = ((100, "full"), (90, "nearly_full"), (80, "filling"))
"""Percent of the ceiling from which the cash held is worth a word."""

_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


class NewCollection(NamedTuple):
    """What a sender asks to record: ``amount_fen`` is paid, ``cash_received_fen`` is what the customer handed over.

    ``due_seen_fen`` is the total due that the confirming person saw (None: do not check). ``user_id`` says who took
    the money where the system posts for others; a person's own posting carries the person.
    """

    id: UUID
    outlet_code: str
    household_no: str
    tender: str
    amount_fen: Fen
    collected_at: datetime
    cash_received_fen: Fen | None = None
    reference: str | None = None
    due_seen_fen: Fen | None = None
    lookalike_confirmed: bool = False
    user_id: int | None = None

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same: not the time, nor what was merely confirmed on the way."""
        return {
            "outlet_code": self.outlet_code,
            "household_no": self.household_no,
            "tender": self.tender,
            "amount_fen": self.amount_fen,
            "cash_received_fen": self.cash_received_fen,
            "reference": self.reference,
        }


class BillDue(NamedTuple):
    """What is still owed on a bill (fen)."""

    bill_id: int
    bill_month: str
    principal_fen: Fen
    late_charge_fen: Fen

    @property
    def total_fen(self) -> Fen:
        return self.principal_fen + self.late_charge_fen


class Part(NamedTuple):
    """A part of a collection: what it pays of one bill, or, without a bill, an advance (as principal)."""

    bill_id: int | None
    principal_fen: Fen
    late_charge_fen: Fen


@dataclass(frozen=True, slots=True)
class Terms:
    """What an outlet may do on its open day; ``tenders`` maps the accepted ones to whether they need a reference."""

    outlet_id: int
    code: str
    state: str
    org_unit_id: int
    setting: str
    holding_mode: str | None
    """None without an agreement in force."""
    ceiling_fen: Fen
    single_limit_fen: Fen
    business_on: date
    """The outlet's open day: what is collected now belongs to it."""
    tenders: Mapping[str, bool]
    daily_limit_fen: Fen | None = None
    """Most collected on a business day by all tenders; None without such a limit."""
    large_amount_fen: Fen | None = None
    own_qr_allowed: bool = False


def household_no(text: str) -> str:
    """Return the household number in what was typed or scanned: 10 or 13 digits, spaces and hyphens dropped.

    There is no check digit to lean on; the echo of name and house number is what catches a wrong number.

    Raises:
        Invalid: ``household_no_shape``.

    >>> household_no("3310 8100 0001 7"), household_no("１２３４５６７８９０")
    ('3310810000017', '1234567890')
    """
    digits = re.sub(r"[\s-]", "", text.translate(_FULL_WIDTH))
    if not re.fullmatch(r"[0-9]{10}|[0-9]{13}", digits):
        raise Invalid("household_no_shape", "户号是 10 位或 13 位数字", field="household_no")
    return digits


def due_total(bills: Iterable[BillDue]) -> Fen:
    """Return what all the bills still ask for (fen)."""
    return sum(bill.total_fen for bill in bills)


def allocate(amount_fen: Fen, bills: Sequence[BillDue]) -> list[Part]:
    """Return which part of an amount pays which bill: oldest bill first, in it the late charge first.

    What is left when nothing is due is an advance. The choice of order is docs/decisions/0005.

    >>> bills = [BillDue(2, "2026-10", 20350, 0), BillDue(1, "2026-09", 10000, 200)]
    >>> allocate(10300, bills)
    [Part(bill_id=1, principal_fen=10000, late_charge_fen=200), Part(bill_id=2, principal_fen=100, late_charge_fen=0)]
    >>> allocate(500, [])
    [Part(bill_id=None, principal_fen=500, late_charge_fen=0)]
    """
    parts: list[Part] = []
    left = amount_fen
    for bill in sorted(bills, key=lambda bill: (bill.bill_month, bill.bill_id)):
        late_charge = min(left, bill.late_charge_fen)
        principal = min(left - late_charge, bill.principal_fen)
        if late_charge + principal:
            parts.append(Part(bill.bill_id, principal, late_charge))
            left -= late_charge + principal
    if left:
        parts.append(Part(None, left, 0))
    return parts


def after_paying(bills: Sequence[BillDue], parts: Iterable[Part]) -> list[BillDue]:
    """Return what is still owed once the parts are paid; bills that are settled are left out.

    >>> after_paying([BillDue(1, "2026-09", 10000, 200)], [Part(1, 5000, 200), Part(None, 7, 0)])
    [BillDue(bill_id=1, bill_month='2026-09', principal_fen=5000, late_charge_fen=0)]
    """
    paid = {part.bill_id: part for part in parts}
    rest = []
    for bill in bills:
        part = paid.get(bill.bill_id)
        if part is not None:
            principal, late_charge = (
                bill.principal_fen - part.principal_fen,
                bill.late_charge_fen - part.late_charge_fen,
            )
            bill = BillDue(bill.bill_id, bill.bill_month, principal, late_charge)
        if bill.total_fen:
            rest.append(bill)
    return rest


def change_due(amount_fen: Fen, cash_received_fen: Fen) -> Fen:
    """Return the change to hand back (fen).

    Raises:
        Invalid: ``cash_short``.

    >>> change_due(20350, 30000)
    9650
    """
    if cash_received_fen < amount_fen:
        raise Invalid(
            "cash_short",
            "收到的现金比应收少 %(missing)s 元",
            field="cash_received",
            missing=format_yuan(amount_fen - cash_received_fen),
        )
    return cash_received_fen - amount_fen


def require_terms(terms: Terms) -> None:
    """Refuse an outlet that may not collect today.

    Raises:
        Invalid: ``outlet_not_active``, ``no_agreement``.
    """
    if terms.state != "ACTIVE":
        raise Invalid("outlet_not_active", "这个网点没有在营业，不能收费；请联系主管")
    if terms.holding_mode is None:
        raise Invalid("no_agreement", "这个网点没有有效的代收协议，不能收费；请联系主管")


def require_item(item: NewCollection, terms: Terms, now: datetime) -> None:
    """Refuse a collection that breaks a rule of the counter.

    Raises:
        Invalid: ``amount_not_positive``, ``over_single_limit``, ``over_daily_limit``, ``own_qr_not_allowed``,
            ``tender_not_accepted``, ``reference_missing``, ``reference_too_long``, ``cash_short``,
            ``cash_without_cash``, ``collected_in_future``.
    """
    if item.amount_fen <= 0:
        raise Invalid("amount_not_positive", "收费金额必须大于 0", field="amount")
    if item.amount_fen > terms.single_limit_fen:
        raise Invalid(
            "over_single_limit",
            "单笔最多收 %(limit)s 元，请分次或到营业厅办理",
            field="amount",
            limit=format_yuan(terms.single_limit_fen),
        )
    if terms.daily_limit_fen is not None and item.amount_fen > terms.daily_limit_fen:
        raise over_daily_limit(terms.daily_limit_fen)
    if item.tender == KEEPER_QR and not terms.own_qr_allowed:
        raise Invalid(
            "own_qr_not_allowed", "协议不允许用代办员自己的收款码收电费，请客户换一种支付方式", field="tender"
        )
    if item.tender not in terms.tenders:
        raise Invalid("tender_not_accepted", "这个网点不收这种支付方式，请换一种", field="tender")
    if terms.tenders[item.tender] and not (item.reference or "").strip():
        raise Invalid("reference_missing", "请填写 POS 小票上的参考号", field="reference")
    if len(item.reference or "") > LONGEST_REFERENCE:
        raise Invalid("reference_too_long", "参考号最多 %(count)d 个字", field="reference", count=LONGEST_REFERENCE)
    if item.cash_received_fen is not None:
        if item.tender != CASH:
            raise Invalid("cash_without_cash", "不是现金支付，请不要填写收到的现金", field="cash_received")
        change_due(item.amount_fen, item.cash_received_fen)
    if item.collected_at > now + CLOCK_TOLERANCE:
        raise Invalid("collected_in_future", "收费时间晚于现在，请检查设备的时钟")


def over_daily_limit(limit_fen: Fen) -> Invalid:
    """Return the refusal of a collection that would take the day past its limit."""
    return Invalid(
        "over_daily_limit",
        "加上这一笔，今天就超过每天 %(limit)s 元的收费限额；请明天再收，或请客户到营业厅办理",
        field="amount",
        limit=format_yuan(limit_fen),
    )


def require_same_due(due_fen: Fen, seen_fen: Fen | None) -> None:
    """Refuse when the due changed between the confirming person's look and the posting.

    Raises:
        Conflict: ``due_changed``.
    """
    if seen_fen is not None and seen_fen != due_fen:
        raise Conflict("due_changed", "应收金额刚刚变为 %(due)s 元，请与客户重新核对", due=format_yuan(due_fen))


def look_alike() -> Conflict:
    """Return the question about a second collection that looks like one of a moment ago."""
    return Conflict("look_alike", "10 分钟内已在本网点为这一户收过相同金额，请确认不是重复收费")


def is_look_alike(one_at: datetime, other_at: datetime) -> bool:
    """Return whether two collections of one household, amount and outlet are close enough to ask.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 18, 4, tzinfo=UTC)
    >>> is_look_alike(noon, noon + timedelta(minutes=10)), is_look_alike(noon, noon - timedelta(seconds=601))
    (True, False)
    """
    return abs(one_at - other_at) <= LOOK_ALIKE_WINDOW


def receipt_number(outlet_code: str, business_on: date, serial: int) -> str:
    """Return the receipt number: outlet code, day, serial of that day at that outlet.

    >>> receipt_number("WL0001", date(2026, 11, 18), 7)
    'WL0001-261118-0007'
    """
    return f"{outlet_code}-{business_on:%y%m%d}-{serial:04d}"


def ceiling_word(cash_held_fen: Fen, ceiling_fen: Fen) -> str | None:
    """Return how full the drawer is, from 80 percent of the ceiling on: filling, nearly_full or full.

    >>> [ceiling_word(fen, 1000) for fen in (799, 800, 900, 1000)], ceiling_word(0, 0)
    ([None, 'filling', 'nearly_full', 'full'], 'full')
    """
    for percent, word in CEILING_STEPS:
        if cash_held_fen * 100 >= ceiling_fen * percent:
            return word
    return None


def float_word(float_fen: Fen, normal_day_fen: Fen) -> str | None:
    """Return how low the float is: empty, or low when it covers less than one and a half normal days.

    Source: agents keep a stock of 1.5 days at all times (Top Image for Safaricom, domain.md 3.1).

    >>> [float_word(fen, 1000) for fen in (1500, 1499, 0)], float_word(1, 0), float_word(0, 0)
    ([None, 'low', 'empty'], None, 'empty')
    """
    if float_fen <= 0:
        return "empty"
    return "low" if float_fen * 2 < normal_day_fen * 3 else None


def open_day(today: date, locked: bool) -> date:
    """Return the business day that collections of now belong to: today, or the next day once today is closed.

    Source: what comes in after the day's remittance is kept and banked the next day (domain.md 2.2).

    >>> open_day(date(2026, 10, 31), locked=False), open_day(date(2026, 10, 31), locked=True)
    (datetime.date(2026, 10, 31), datetime.date(2026, 11, 1))
    """
    return today + timedelta(days=1) if locked else today


def require_voidable(business_on: date, today: date, locked: bool) -> None:
    """Refuse a void that comes too late: after its own business day, or once the day is closed or remitted.

    What was collected after the day's close belongs to the next day and may be voided until that is closed.

    Source: electricity-fee rules say that after the day's cash is banked only a refund is left (domain.md 2.2).

    Raises:
        Invalid: ``void_too_late``.
    """
    if business_on < today or locked:
        raise Invalid("void_too_late", "只能在当天日结前撤销；过后请走退费流程，联系主管办理")


def require_void_reason(reason: str) -> None:
    """Refuse a void without a reason.

    Raises:
        Invalid: ``void_reason_missing``.
    """
    if not 2 <= len(reason) <= LONGEST_REASON:
        raise Invalid("void_reason_missing", "请用 2 到 200 个字写明撤销原因", field="reason")


REVERSAL_CODES: Final = ("TIMEOUT", "ONE_SIDED", "POSTED_TWICE")
"""What may have failed: no answer came in time, the other side does not know it, or it was entered twice."""


def require_reversal_code(reason_code: str) -> None:
    """Refuse a reversal that names no technical failure: what a person got wrong is voided or refunded.

    Raises:
        Invalid: ``reversal_code``.
    """
    if reason_code not in REVERSAL_CODES:
        raise Invalid("reversal_code", "请选择是哪种技术故障", field="reason_code")


def require_reveal_reason(reason: str) -> None:
    """Refuse to show a full name without a reason.

    Raises:
        Invalid: ``reveal_reason_missing``.
    """
    if not 2 <= len(reason) <= LONGEST_REASON:
        raise Invalid("reveal_reason_missing", "请用 2 到 200 个字写明查看原因", field="reason")
