"""What an entry of a bank statement consists of: gross, fee and net, and the transactions of a batch.

The lines of an entry always add up to what was booked, whatever the bank tells beside it; where its details do not
prove themselves the entry stays whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentnet.core.money import Fen


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction detail as told (fen, signed): its amount, the amount before charges, the charges in it."""

    amount_fen: Fen | None
    instructed_fen: Fen | None
    fee_fen: Fen

    @property
    def told_fen(self) -> Fen | None:
        return self.amount_fen if self.amount_fen is not None else self.instructed_fen


@dataclass(frozen=True, slots=True)
class Split:
    """A line: ``gross_fen - fee_fen == net_fen``; ``at`` is the transaction it stands for, None for the whole entry."""

    net_fen: Fen
    gross_fen: Fen
    fee_fen: Fen
    at: int | None = None
    fee_alone: bool = False


def split_entry(net: Fen, fee: Fen, transactions: Sequence[Transaction]) -> list[Split]:
    """Return the lines of an entry of ``net`` fen (signed) that says it holds ``fee`` of charges.

    Transactions are split out when they add up to the entry: as they are, less their own fees, or less the entry's fee,
    which is then a line of its own. Where they add up to more and nobody names a fee, the rest is the fee of the whole.

    >>> [(line.net_fen, line.gross_fen, line.fee_fen) for line in split_entry(99500, 0, [Transaction(100000, None, 0)])]
    [(99500, 100000, 500)]
    >>> [line.net_fen for line in split_entry(99500, 500, [Transaction(60000, None, 0), Transaction(40000, None, 0)])]
    [60000, 40000, -500]
    """
    told = [each.told_fen for each in transactions]
    amounts = [fen for fen in told if fen is not None]
    whole = Split(net, net + fee, fee, 0 if len(transactions) == 1 else None)
    if not transactions or len(amounts) < len(told):
        return [whole]
    own_fees, total, alone = sum(each.fee_fen for each in transactions), sum(amounts), len(transactions) == 1
    if total == net:
        if fee and not own_fees:
            return [whole]  # the entry's fee cannot be told to one of several transactions
        return [_net_line(at, each, fen) for at, (each, fen) in enumerate(zip(transactions, amounts, strict=True))]
    if own_fees and total - own_fees == net:
        return [
            Split(fen - each.fee_fen, fen, each.fee_fen, at)
            for at, (each, fen) in enumerate(zip(transactions, amounts, strict=True))
        ]
    if fee and total - fee == net:
        if alone:
            return [Split(net, total, fee, 0)]
        return [*(Split(fen, fen, 0, at) for at, fen in enumerate(amounts)), Split(-fee, 0, fee, fee_alone=True)]
    if not fee and not own_fees and total > net and (total > 0) == (net > 0):
        return [Split(net, total, total - net, 0 if alone else None)]
    return [whole]


def _net_line(at: int, each: Transaction, net: Fen) -> Split:
    fee = each.fee_fen
    if not fee and each.instructed_fen is not None and each.instructed_fen > net and each.instructed_fen * net > 0:
        fee = each.instructed_fen - net  # told apart from the amount, though not called a charge
    return Split(net, net + fee, fee, at)
