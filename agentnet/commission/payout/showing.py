"""What of an outlet's month was paid, as its page shows it to finance, the keeper and the partner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask_babel import gettext as _

from agentnet.commission.payout.queries import paid_states
from agentnet.commission.payout.rules import PaymentState
from agentnet.commission.payout.words import PAYMENT_STATES, REASONS, share_text
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.core.words import translatable

HELD = (translatable("暂不付款"), "paused")


@dataclass(frozen=True, slots=True)
class PaidShown:
    """Where a share of an outlet's month stands. Why an outlet is looked into stays with the office."""

    share: str
    amount_fen: Fen
    words: str
    tone: str
    paid_on: date | None
    reason: str
    batch_id: UUID


def shown_states(outlet_id: int, month: Month) -> list[PaidShown]:
    """Return where each share of an outlet's closed month stands; nothing before a batch took it up."""
    found = []
    for one in paid_states(outlet_id, month):
        words, tone = PAYMENT_STATES.get(one.state, HELD)
        reason = _(REASONS[one.why]) if one.why else one.returned_reason or ""
        if one.state == PaymentState.RETURNED:
            reason = _("%(reason)s；下一批再付", reason=reason)
        paid_on = one.paid_on if one.state in (PaymentState.SENT, PaymentState.CONFIRMED) else None
        found.append(PaidShown(share_text(one.share), one.amount_fen, _(words), tone, paid_on, reason, one.batch_id))
    return found
