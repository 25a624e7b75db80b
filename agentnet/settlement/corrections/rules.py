"""Four verbs, four rules (domain.md 2.2, 4.5): what a correction may take, from where, and how it is paid out.

A collection that may still be voided is voided; after that its money is refunded or moved to the household it was
meant for. What it paid is taken back in the opposite order: advance first, then the newest bill, principal before late
charge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from agentnet.collecting.rules import CASH, Part
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.money import Fen, format_yuan
from agentnet.core.words import translatable
from agentnet.settlement.rules import COUNTERFEIT

REFUND: Final = "REFUND"
WRONG_HOUSEHOLD: Final = "WRONG_HOUSEHOLD"
ADJUSTMENT: Final = "ADJUSTMENT"

BY_CASH: Final = "CASH"
BY_BANK: Final = "BANK"

LONGEST_REFERENCE: Final = 40


@dataclass(frozen=True, slots=True)
class Held:
    """What of a collection stands on one bill (``bill_id`` None: the household's advance), in fen."""

    bill_id: int | None
    bill_month: str | None
    principal_fen: Fen
    late_charge_fen: Fen

    @property
    def total_fen(self) -> Fen:
        return self.principal_fen + self.late_charge_fen


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a collection, and whose it is now."""

    household_id: int
    held: Sequence[Held]

    @property
    def total_fen(self) -> Fen:
        return sum(one.total_fen for one in self.held)


@dataclass(frozen=True, slots=True)
class NewRefund:
    """A refund asked for: whole or part, paid in cash at the outlet or through the bank."""

    id: UUID
    receipt_no: str
    amount_fen: Fen
    pay_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewMove:
    """A wrong household: what was paid for one was meant for another."""

    id: UUID
    receipt_no: str
    household_no: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewAdjustment:
    """Money moved between two accounts of an outlet and its unit, one of the short list ``ADJUSTMENTS``."""

    id: UUID
    outlet_code: str
    adjustment: str
    amount_fen: Fen
    reason: str


@dataclass(frozen=True, slots=True)
class AdjustmentKind:
    """An allowed adjustment: its words and the codes of the debited and the credited account.

    OVER_SHORT is the outlet's, every other account its org unit's; ``detail`` is where in OVER_SHORT.
    """

    words: str
    debit: str
    credit: str
    detail: str = ""


ADJUSTMENTS: Final[Mapping[str, AdjustmentKind]] = {
    "SHORT_WRITTEN_OFF": AdjustmentKind(translatable("短款核销"), "WRITE_OFF", "OVER_SHORT"),
    "SHORT_MADE_GOOD": AdjustmentKind(translatable("网点补交短款（已存银行）"), "BANK", "OVER_SHORT"),
    "SUSPECT_WRITTEN_OFF": AdjustmentKind(translatable("假币核销"), "WRITE_OFF", "OVER_SHORT", COUNTERFEIT),
    "SUSPECT_MADE_GOOD": AdjustmentKind(
        translatable("疑似假币：鉴定为真币或网点补交（已存银行）"), "BANK", "OVER_SHORT", COUNTERFEIT
    ),
    "OVER_TO_SUSPENSE": AdjustmentKind(translatable("长款转待处理"), "OVER_SHORT", "SUSPENSE"),
    "UNKNOWN_RECEIVED": AdjustmentKind(translatable("银行收到来历不明的款，转待处理"), "BANK", "SUSPENSE"),
    "UNKNOWN_RETURNED": AdjustmentKind(translatable("待处理款项退回（银行付出）"), "SUSPENSE", "BANK"),
    "DEPOSIT_TAKEN_BACK": AdjustmentKind(translatable("银行冲回已入账的解款，记为网点短款"), "OVER_SHORT", "BANK"),
    "CHANNEL_FEE": AdjustmentKind(translatable("银行扣收手续费"), "CHANNEL_FEE", "BANK"),
}
"""Every adjustment there is. What no line allows is put right by its own verb."""


def net_of_changes(parts: Iterable[tuple[int, Held]]) -> Standing | None:
    """Return what stands after adding up what was allocated and what corrections changed, by household and bill.

    None if nothing stands any more. All of it belongs to one household: a wrong household moves the whole.

    >>> advance = Held(None, None, 500, 0)
    >>> net_of_changes([(1, advance), (1, Held(None, None, -500, 0)), (2, advance)]).household_id
    2
    """
    sums: dict[tuple[int, int | None], Held] = {}
    for household_id, part in parts:
        so_far = sums.get((household_id, part.bill_id), Held(part.bill_id, part.bill_month, 0, 0))
        sums[household_id, part.bill_id] = Held(
            part.bill_id,
            part.bill_month,
            so_far.principal_fen + part.principal_fen,
            so_far.late_charge_fen + part.late_charge_fen,
        )
    standing = {key: held for key, held in sums.items() if held.total_fen}
    if not standing:
        return None
    ((household_id, _), *_others) = standing
    return Standing(household_id, sorted(standing.values(), key=_first_taken_back))


def _first_taken_back(held: Held) -> tuple[bool, int, int]:
    """Sort the advance first, then the newest bill."""
    month = int((held.bill_month or "0").replace("-", ""))
    return held.bill_id is not None, -month, -(held.bill_id or 0)


def take_back(amount_fen: Fen, standing: Standing) -> list[Held]:
    """Return what an amount takes back from what stands: advance, then newest bill, principal before late charge.

    The opposite of how a payment pays: oldest bill first, late charge first.

    >>> bill = Held(7, "2026-09", 100_00, 2_00)
    >>> [(one.bill_id, one.principal_fen, one.late_charge_fen)
    ...  for one in take_back(151_00, Standing(1, [Held(None, None, 50_00, 0), bill]))]
    [(None, 5000, 0), (7, 10000, 100)]
    """
    taken, left = [], amount_fen
    for held in standing.held:
        principal = min(left, held.principal_fen)
        late = min(left - principal, held.late_charge_fen)
        if principal + late:
            taken.append(Held(held.bill_id, held.bill_month, principal, late))
            left -= principal + late
    return taken


def given(parts: Iterable[Part], months: Mapping[int, str]) -> list[Held]:
    """Return what a payment pays in the same shape as what is taken back."""
    return [
        Held(part.bill_id, months.get(part.bill_id or 0), part.principal_fen, part.late_charge_fen) for part in parts
    ]


def require_no_void(voided: bool, voidable: bool) -> None:
    """Refuse to correct what does not stand, and what is put right by a void.

    Raises:
        Conflict: ``already_voided``. Invalid: ``void_instead``.
    """
    if voided:
        raise Conflict("already_voided", "这笔收费已经撤销过了")
    if voidable:
        raise Invalid("void_instead", "这一天还没有日结：请网点直接撤销，再重新收费")


def require_left(standing: Standing | None) -> Standing:
    """Return what stands of a collection, or refuse where nothing does.

    Raises:
        Conflict: ``nothing_left``.
    """
    if standing is None:
        raise Conflict("nothing_left", "这笔收费已经全部退还，没有可以办理的金额")
    return standing


def require_refund(amount_fen: Fen, standing: Standing, tender: str, pay_by: str) -> None:
    """Refuse a refund of nothing, of more than stands, and cash for what was not paid in cash.

    Raises:
        Invalid: ``refund_amount``, ``refund_way``.
    """
    if not 0 < amount_fen <= standing.total_fen:
        raise Invalid(
            "refund_amount",
            "退费金额要在 0.01 元到 %(most)s 元之间",
            field="amount",
            most=format_yuan(standing.total_fen),
        )
    if pay_by not in (BY_CASH, BY_BANK) or (pay_by == BY_CASH and tender != CASH):
        raise Invalid("refund_way", "不是现金收的，只能由财务从银行退", field="pay_by")


def require_another_household(from_id: int, to_id: int) -> None:
    """Refuse to move money to the household it is already for.

    Raises:
        Invalid: ``same_household``.
    """
    if from_id == to_id:
        raise Invalid("same_household", "这正是现在的户号，请输入应该缴的那一户", field="household_no")


def require_same_standing(standing: Standing, household_id: int, amount_fen: Fen) -> None:
    """Refuse to move another amount, or another household's, than was asked for.

    Raises:
        Conflict: ``collection_changed``.
    """
    if (standing.household_id, standing.total_fen) != (household_id, amount_fen):
        raise Conflict("collection_changed", "申请之后这笔收费又有变动，请退回这件申请，重新提出")


def require_allocated(allocated_at: datetime | None) -> None:
    """Refuse before the night has moved the money to billing and advances: there is nothing to take it from yet.

    Raises:
        Conflict: ``correction_waits``.
    """
    if allocated_at is None:
        raise Conflict("correction_waits", "这一天的收费夜间才入账，请明天再审批")


def require_adjustment(adjustment: str, amount_fen: Fen) -> AdjustmentKind:
    """Return the allowed adjustment, or refuse one the list does not know.

    Raises:
        Invalid: ``adjustment_unknown``, ``adjustment_amount``.
    """
    if adjustment not in ADJUSTMENTS:
        raise Invalid("adjustment_unknown", "请选择一种调整", field="adjustment")
    if amount_fen <= 0:
        raise Invalid("adjustment_amount", "调整金额必须大于零", field="amount")
    return ADJUSTMENTS[adjustment]


def require_within(kind: AdjustmentKind, amount_fen: Fen, short_fen: Fen) -> None:
    """Refuse to write off, make good or set aside more than an outlet is short or over (``short_fen`` below zero).

    ``short_fen`` is the balance of the OVER_SHORT account the kind names: suspected notes never exceed what was found.

    Raises:
        Invalid: ``more_than_short``, ``more_than_over``, ``more_than_suspected``.
    """
    if kind.detail == COUNTERFEIT and amount_fen > max(short_fen, 0):
        raise Invalid(
            "more_than_suspected",
            "网点现在的疑似假币是 %(amount)s 元，不能超过它",
            field="amount",
            amount=format_yuan(max(short_fen, 0)),
        )
    if kind.credit == "OVER_SHORT" and amount_fen > max(short_fen, 0):
        raise Invalid(
            "more_than_short",
            "网点现在的短款是 %(amount)s 元，不能超过它",
            field="amount",
            amount=format_yuan(max(short_fen, 0)),
        )
    if (kind.debit, kind.credit) == ("OVER_SHORT", "SUSPENSE") and amount_fen > max(-short_fen, 0):
        raise Invalid(
            "more_than_over",
            "网点现在的长款是 %(amount)s 元，不能超过它",
            field="amount",
            amount=format_yuan(max(-short_fen, 0)),
        )


def require_in_suspense(kind: AdjustmentKind, amount_fen: Fen, suspense_fen: Fen) -> None:
    """Refuse to pay back more than a unit holds of what nobody has claimed.

    Raises:
        Invalid: ``more_than_suspense``.
    """
    if kind.debit == "SUSPENSE" and amount_fen > max(suspense_fen, 0):
        raise Invalid(
            "more_than_suspense",
            "待处理款项现有 %(amount)s 元，不能退得更多",
            field="amount",
            amount=format_yuan(max(suspense_fen, 0)),
        )


def require_bank_reference(reference: str) -> None:
    """Refuse a payment through the bank without the bank's number for it.

    Raises:
        Invalid: ``reference_missing``.
    """
    if not 2 <= len(reference.strip()) <= LONGEST_REFERENCE:
        raise Invalid("reference_missing", "请填写银行回单号", field="reference")
