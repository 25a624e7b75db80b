"""The chart of accounts, and what a transfer does to the accounts it touches.

Sides follow the utility's books: what it is owed stands on the debit side, what it owes on the credit side. A guarded
account carries a balance row with limits in the database; every other balance is a sum of transfers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from agentnet.core.errors import Invalid
from agentnet.core.money import MAX_FEN, Fen
from agentnet.core.words import translatable

OUTLET: Final = "OUTLET"
HOUSEHOLD: Final = "HOUSEHOLD"
PARTNER: Final = "PARTNER"
ORG_UNIT: Final = "ORG_UNIT"

DEBIT: Final = "DEBIT"
CREDIT: Final = "CREDIT"

OPEN: Final = "OPEN"
CLOSING: Final = "CLOSING"
CLOSED: Final = "CLOSED"


class AccountKey(NamedTuple):
    """Names an account by its owner; ``detail`` is the tender where an account is kept per tender."""

    owner_kind: str
    owner_id: int
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ChartLine:
    """An account of the chart: its normal side, and for guarded ones the limits a new balance row starts with."""

    normal_side: str
    guarded: bool = False
    minimum_fen: Fen = 0
    maximum_fen: Fen = MAX_FEN


CHART: Final[Mapping[tuple[str, str], ChartLine]] = {
    # No agreement, no room: the ceiling comes from the agreement in force with each posting.
    (OUTLET, "CASH_HELD"): ChartLine(DEBIT, guarded=True, maximum_fen=0),
    (OUTLET, "FLOAT"): ChartLine(CREDIT, guarded=True),
    (OUTLET, "DEPOSIT"): ChartLine(CREDIT, guarded=True),
    (OUTLET, "NONCASH_CLEARING"): ChartLine(DEBIT),
    (OUTLET, "RECEIVED"): ChartLine(CREDIT),
    (OUTLET, "IN_TRANSIT"): ChartLine(DEBIT),
    (OUTLET, "OVER_SHORT"): ChartLine(DEBIT),
    (OUTLET, "COMMISSION_PAYABLE"): ChartLine(CREDIT),
    (HOUSEHOLD, "ADVANCE"): ChartLine(CREDIT, guarded=True),
    (HOUSEHOLD, "REFUND_PAYABLE"): ChartLine(CREDIT),
    (PARTNER, "CLEARING"): ChartLine(DEBIT),
    (PARTNER, "COMMISSION_PAYABLE"): ChartLine(CREDIT),
    (ORG_UNIT, "BANK"): ChartLine(DEBIT),
    (ORG_UNIT, "BILLING_CLEARING"): ChartLine(CREDIT),
    (ORG_UNIT, "DEBIT_CLEARING"): ChartLine(DEBIT),
    (ORG_UNIT, "COMMISSION_EXPENSE"): ChartLine(DEBIT),
    (ORG_UNIT, "WITHHOLDING"): ChartLine(CREDIT),
    (ORG_UNIT, "CHANNEL_FEE"): ChartLine(DEBIT),
    (ORG_UNIT, "SUSPENSE"): ChartLine(CREDIT),
    (ORG_UNIT, "WRITE_OFF"): ChartLine(DEBIT),
}


class NewTransfer(NamedTuple):
    """Money moving from the credited to the debited account: one positive amount, so it cannot be unbalanced."""

    id: UUID
    kind: str
    debit: AccountKey
    credit: AccountKey
    amount_fen: Fen
    business_on: date
    subject_kind: str
    subject_id: str
    reverses_id: UUID | None = None


class OutOfLimits(Invalid):
    """A guarded balance would pass its ceiling or its floor; ``key`` is the account, ``amount_fen`` the change."""

    def __init__(self, code: str, message: str, key: AccountKey, change_fen: Fen) -> None:
        super().__init__(code, message)
        self.key = key
        self.change_fen = change_fen


def chart_line(key: AccountKey) -> ChartLine:
    """Return the chart's line for an account.

    Raises:
        ValueError: if the chart has no such account; that is a bug, not a refusal.

    >>> chart_line(AccountKey(OUTLET, 1, "CASH_HELD")).normal_side
    'DEBIT'
    """
    try:
        return CHART[key.owner_kind, key.code]
    except KeyError:
        raise ValueError(f"the chart has no {key.code} for a {key.owner_kind}") from None


def guarded_changes(transfers: Iterable[NewTransfer]) -> dict[AccountKey, Fen]:
    """Return the net change of each guarded account touched, in its normal direction (fen).

    >>> cash, received = AccountKey(OUTLET, 1, "CASH_HELD"), AccountKey(OUTLET, 1, "RECEIVED")
    >>> one = NewTransfer(UUID(int=1), "COLLECTION", cash, received, 500, date(2026, 11, 18), "COLLECTION", "1")
    >>> guarded_changes([one, one]) == {cash: 1000}
    True
    """
    changes: dict[AccountKey, Fen] = {}
    for transfer in transfers:
        for key, side in ((transfer.debit, DEBIT), (transfer.credit, CREDIT)):
            line = chart_line(key)
            if line.guarded:
                sign = 1 if line.normal_side == side else -1
                changes[key] = changes.get(key, 0) + sign * transfer.amount_fen
    return changes


def out_of_limits(key: AccountKey, change_fen: Fen) -> OutOfLimits:
    """Return the refusal for a change that a guarded account has no room for."""
    if change_fen > 0:
        message = translatable("这一笔会使网点持有现金超过协议限额，请先解款再收费")
        return OutOfLimits("over_ceiling", message, key, change_fen)
    return OutOfLimits("under_floor", translatable("账户余额不足，这一笔不能入账"), key, change_fen)


def reversal(transfer: NewTransfer, id_: UUID, kind: str, business_on: date) -> NewTransfer:
    """Return the transfer that undoes another: sides exchanged, linked to what it reverses."""
    return NewTransfer(
        id=id_,
        kind=kind,
        debit=transfer.credit,
        credit=transfer.debit,
        amount_fen=transfer.amount_fen,
        business_on=business_on,
        subject_kind=transfer.subject_kind,
        subject_id=transfer.subject_id,
        reverses_id=transfer.id,
    )
