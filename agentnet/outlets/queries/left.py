"""What lies with an outlet, or of an outlet's with the utility, that has to be settled before the outlet closes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentnet.core.money import Fen
from agentnet.ledger.queries import balance, balance_held
from agentnet.ledger.rules import OUTLET, AccountKey

ACCOUNTS: Final = ("CASH_HELD", "IN_TRANSIT", "FLOAT", "DEPOSIT")
"""The accounts of an outlet that have to be empty, in the order in which they are emptied."""


def left_at(outlet_id: int) -> Mapping[str, Fen]:
    """Return what is left on an outlet's accounts (fen), empty ones left out."""
    found = {code: balance(AccountKey(OUTLET, outlet_id, code)) for code in ACCOUNTS}
    return {code: fen for code, fen in found.items() if fen}


def hold_money(outlet_id: int) -> None:
    """Hold an outlet's cash and float until the transaction ends: what is being posted now is seen first."""
    for code in ("CASH_HELD", "FLOAT"):
        balance_held(AccountKey(OUTLET, outlet_id, code))
