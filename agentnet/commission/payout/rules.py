"""What a batch pays to whom, what it holds and why, and which step follows which.

A month's due is split by the shares of its plan version, what corrects an earlier month by that month's. What is open
of all closed months up to the batch's counts together for an outlet and share, so that a clawback is set off against
what comes later. Plain values in and out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agentnet.commission.engine.language import Share
from agentnet.commission.engine.sharing import split
from agentnet.commission.engine.withholding import PayeeType
from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.core.money import Fen, share_out

KEEPER: Final = "KEEPER"
PARTNER: Final = "PARTNER"
LONGEST_NAME: Final = 70
"""Characters of a payee's name, an account holder and a bank: what ISO 20022 allows in every version."""
LONGEST_REASON: Final = 200


class BatchState(StrEnum):
    """Where a batch stands. All but the last follow each other; only what is not paid yet can be cancelled."""

    DRAFT = "DRAFT"
    CHECKED = "CHECKED"
    APPROVED = "APPROVED"
    PAID = "PAID"
    CANCELLED = "CANCELLED"


class PaymentState(StrEnum):
    """Where a payment stands: planned, sent with the bank's file, confirmed or returned by the bank."""

    PLANNED = "PLANNED"
    SENT = "SENT"
    CONFIRMED = "CONFIRMED"
    RETURNED = "RETURNED"


class Why(StrEnum):
    """Why something due is not paid in a batch."""

    ON_HOLD = "ON_HOLD"
    CLAWBACK = "CLAWBACK"
    NO_PARTNER = "NO_PARTNER"
    NO_PAYEE = "NO_PAYEE"
    NO_ACCOUNT = "NO_ACCOUNT"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    TAX_OVER = "TAX_OVER"


@dataclass(frozen=True, slots=True)
class Part:
    """What one share of an outlet's closed month comes to (fen, negative for a clawback)."""

    outlet_id: int
    month: str
    share: str
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid, as far as planning a batch needs to know."""

    id: int
    type: PayeeType
    has_account: bool


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment to one payee: what it is made of, the tax withheld, what goes out."""

    payee_id: int
    gross_fen: Fen
    tax_fen: Fen
    parts: Sequence[Part]

    @property
    def net_fen(self) -> Fen:
        """Return what goes to the bank."""
        return self.gross_fen - self.tax_fen


@dataclass(frozen=True, slots=True)
class Held:
    """A part that is not paid, and why."""

    part: Part
    why: Why


@dataclass(frozen=True, slots=True)
class Planned:
    """What a batch pays and what it holds."""

    payments: Sequence[Payment]
    held: Sequence[Held]

    @property
    def gross_fen(self) -> Fen:
        """Return what is paid before tax."""
        return sum(one.gross_fen for one in self.payments)

    @property
    def tax_fen(self) -> Fen:
        """Return what is withheld."""
        return sum(one.tax_fen for one in self.payments)

    @property
    def net_fen(self) -> Fen:
        """Return what goes to the bank."""
        return sum(one.net_fen for one in self.payments)

    @property
    def held_fen(self) -> Fen:
        """Return what is held; clawbacks count against it."""
        return sum(one.part.amount_fen for one in self.held)


def parts_of(outlet_id: int, month: str, sums: Sequence[tuple[Fen, Sequence[Share]]]) -> list[Part]:
    """Return a month's due by share: what it earned by its own shares, each correction by those of the month corrected.

    Without shares a sum is the keeper's. Shares of nothing are left out.

    >>> [(one.share, one.amount_fen) for one in parts_of(1, "2026-10", [(101, [])])]
    [('KEEPER', 101)]
    >>> halves = (Share("KEEPER", 500_000), Share("PARTNER", 500_000))
    >>> [(one.share, one.amount_fen) for one in parts_of(1, "2026-11", [(300, []), (-101, halves)])]
    [('KEEPER', 249), ('PARTNER', -50)]
    """
    found: dict[str, Fen] = defaultdict(int)
    for amount_fen, shares in sums:
        for share, part_fen in split(amount_fen, shares) or ((KEEPER, amount_fen),):
            found[share] += part_fen
    return [Part(outlet_id, month, share, amount) for share, amount in found.items() if amount]


Tax = Callable[[Payee, Fen], Fen]
"""What is withheld from a payment, given the payee and the gross amount."""


def planned(
    parts: Iterable[Part],
    payees: Mapping[Part, Payee],
    on_hold: frozenset[int],
    minimum_fen: Fen,
    tax: Tax,
    without_partner: Collection[Part] = (),
) -> Planned:
    """Return what is paid and what is held of the open parts, in their order.

    ``payees`` has who is paid a part: a month's partner need not be the next month's. An outlet of which one share
    would be taken back from a payee is not paid at all: what it is owed in sum is never passed. ``without_partner`` are
    partners' shares of months in which the outlet had none.
    """
    by_outlet: dict[int, list[Part]] = defaultdict(list)
    for part in parts:
        by_outlet[part.outlet_id].append(part)
    held: list[Held] = []
    to_pay: dict[int, list[Part]] = defaultdict(list)
    known: dict[int, Payee] = {}
    for outlet_id, own in by_outlet.items():
        why = Why.ON_HOLD if outlet_id in on_hold else Why.CLAWBACK if _taken_back(own, payees) else None
        for part in own:
            payee = payees.get(part)
            if payee is None:
                held.append(Held(part, why or (Why.NO_PARTNER if part in without_partner else Why.NO_PAYEE)))
                continue
            if why is not None or not payee.has_account:
                held.append(Held(part, why or Why.NO_ACCOUNT))
                continue
            known[payee.id] = payee
            to_pay[payee.id].append(part)
    payments = []
    for payee_id, own in to_pay.items():
        gross = sum(part.amount_fen for part in own)
        if gross < minimum_fen:
            held.extend(Held(part, Why.BELOW_MINIMUM) for part in own)
            continue
        tax_fen = tax(known[payee_id], gross)
        if tax_fen >= gross:
            held.extend(Held(part, Why.TAX_OVER) for part in own)
            continue
        payments.append(Payment(payee_id, gross, tax_fen, tuple(own)))
    return Planned(payments, held)


def _taken_back(parts: Sequence[Part], payees: Mapping[Part, Payee]) -> bool:
    """Return whether a payee's share of an outlet comes to nothing or less."""
    sums: dict[tuple[str, int | None], Fen] = defaultdict(int)
    for part in parts:
        payee = payees.get(part)
        sums[part.share, payee.id if payee is not None else None] += part.amount_fen
    return any(amount <= 0 for amount in sums.values())


@dataclass(frozen=True, slots=True)
class Leg:
    """What a payment takes from one outlet's payable, and how much of that is tax."""

    outlet_id: int
    amount_fen: Fen
    tax_fen: Fen


def legs_of(parts: Iterable[Part], tax_fen: Fen) -> list[Leg]:
    """Return a payment by outlet; the tax is shared out in proportion, to the fen.

    >>> [(one.outlet_id, one.amount_fen, one.tax_fen)
    ...  for one in legs_of([Part(1, "2026-10", "KEEPER", 200), Part(2, "2026-10", "KEEPER", 100)], 20)]
    [(1, 200, 13), (2, 100, 7)]
    """
    sums: dict[int, Fen] = defaultdict(int)
    for part in parts:
        sums[part.outlet_id] += part.amount_fen
    taxes = share_out(tax_fen, list(sums.values()))
    return [Leg(outlet_id, amount, tax) for (outlet_id, amount), tax in zip(sums.items(), taxes, strict=True)]


_STEPS: Final[Mapping[BatchState, frozenset[BatchState]]] = {
    BatchState.CHECKED: frozenset({BatchState.DRAFT}),
    BatchState.APPROVED: frozenset({BatchState.CHECKED}),
    BatchState.PAID: frozenset({BatchState.APPROVED}),
    BatchState.CANCELLED: frozenset({BatchState.DRAFT, BatchState.CHECKED, BatchState.APPROVED}),
}


def require_step(present: str, to: BatchState) -> None:
    """Refuse a step out of its order.

    Raises:
        Conflict: ``batch_step``.
    """
    if BatchState(present) not in _STEPS[to]:
        raise Conflict("batch_step", "这一批已经不在这一步了，请刷新页面查看现在的状态")


def require_uninvolved(decider_id: int | None, involved: Iterable[int | None]) -> None:
    """Refuse an approval by whoever drew the batch up or ever checked it, in whosever name.

    Raises:
        Forbidden: ``drew_or_checked``.
    """
    if decider_id is None or decider_id in involved:
        raise Forbidden("drew_or_checked", "制单或核对过这一批的人不能审批，请由另一个人审批")


def require_end(present: str, to: PaymentState) -> None:
    """Refuse a bank's answer to a payment that was not sent, or was answered; a confirmed one may still come back.

    Raises:
        Conflict: ``payment_answered``.
    """
    may_be = {PaymentState.SENT} if to is PaymentState.CONFIRMED else {PaymentState.SENT, PaymentState.CONFIRMED}
    if PaymentState(present) not in may_be:
        raise Conflict("payment_answered", "这笔付款已经登记过结果，或还没有送银行，请刷新页面")


def require_reason(reason: str) -> None:
    """Refuse to act without saying why.

    Raises:
        Invalid: ``reason_missing``.
    """
    if not 2 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid("reason_missing", "请用 2 到 200 个字写明原因", field="reason")
