"""The bank's fee of a line: what it kept of the money that was paid in. Dr CHANNEL_FEE, Cr BANK of a unit."""

from __future__ import annotations

from agentnet.core.clock import today
from agentnet.core.ids import new_id
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.ledger.actions import post_many
from agentnet.ledger.queries import require_open as require_open_month
from agentnet.ledger.rules import ORG_UNIT, AccountKey, NewTransfer
from agentnet.settlement.matching import Kind
from agentnet.settlement.reconciliation.models import Difference, FileRow
from agentnet.settlement.reconciliation.rules import ABOUT


def fee_of(found: Difference) -> Fen:
    """Return what the bank kept (fen) of money that no deposit brought; 0 where confirming a deposit books it."""
    if found.partner_id is not None or found.line_no is None or found.kind != Kind.MISSING_AT_UTILITY:
        return 0
    return max(0, db.session.get_one(FileRow, (found.file_id, found.line_no)).fee_fen)


def book_fee_of(found: Difference, unit_id: int, by: Actor) -> None:
    """Book what the bank kept of a difference's money, where that money has just been booked gross on a unit's BANK.

    Raises:
        Conflict: ``month_closed``.
    """
    fee_fen = fee_of(found)
    if not fee_fen:
        return
    require_open_month(today())
    debit, credit = (AccountKey(ORG_UNIT, unit_id, code) for code in ("CHANNEL_FEE", "BANK"))
    post_many(by, [NewTransfer(new_id(), "CHANNEL_FEE", debit, credit, fee_fen, today(), ABOUT, str(found.id))])
