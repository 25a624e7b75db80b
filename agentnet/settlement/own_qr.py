"""How much of what an outlet holds can lie in the account behind the keeper's own QR code.

Reckoned by instants from the last count on, in the order in which the book moved: a business day may be counted when
the next has begun, and what came in before the count was counted with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, case, or_, select
from sqlalchemy.orm import aliased

from agentnet.collecting.models import Collection, Void
from agentnet.collecting.rules import KEEPER_QR
from agentnet.core.clock import today
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.ledger.models import Account, Transfer
from agentnet.ledger.rules import OUTLET
from agentnet.settlement.models import DayClose
from agentnet.settlement.rules import HeldMove, most_in_own_account

TAKINGS_LOOKED_AT = 400
"""Days looked back for takings through a keeper's own account where nobody ever counted; older is old enough."""


def own_qr_most(outlet_id: int, held_fen: Fen) -> Fen:
    """Return the most that can lie in the keeper's own account: what the last count said, and what moved since."""
    last = db.session.execute(
        select(DayClose.business_on, DayClose.closed_at, DayClose.cash_counted_fen, DayClose.own_qr_fen)
        .where(DayClose.outlet_id == outlet_id, DayClose.user_id.is_not(None))
        .order_by(DayClose.business_on.desc())
        .limit(1)
    ).one_or_none()
    since_on = last.business_on if last else today() - timedelta(days=TAKINGS_LOOKED_AT)
    stated_fen = last.own_qr_fen if last else 0
    if not stated_fen and not _took_any(outlet_id, since_on):
        return 0
    counted_fen = (last.cash_counted_fen or 0) if last else 0
    return min(held_fen, most_in_own_account(counted_fen, stated_fen, _moves(outlet_id, last)))


def _took_any(outlet_id: int, since_on: date) -> bool:
    found = select(Collection.id).where(
        Collection.outlet_id == outlet_id, Collection.business_on > since_on, Collection.tender == KEEPER_QR
    )
    return db.session.scalar(found.limit(1)) is not None


def _moves(outlet_id: int, last: Any) -> Iterator[HeldMove]:
    """Yield what moved the money held after the last count, in its order; at one instant what came in goes first.

    A collection at the very instant of the count belongs to a later business day: the day of the count was locked.
    """
    account_id = db.session.scalar(
        select(Account.id).where(
            Account.owner_kind == OUTLET, Account.owner_id == outlet_id, Account.code == "CASH_HELD"
        )
    )
    taken = aliased(Collection)
    change = case((Transfer.debit_account_id == account_id, Transfer.amount_fen), else_=-Transfer.amount_fen)
    statement: Select[*tuple[Any, ...]] = (
        select(change, Transfer.kind, taken.tender)
        .outerjoin(Void, Void.transfer_id == Transfer.id)
        .outerjoin(taken, or_(taken.transfer_id == Transfer.id, taken.id == Void.collection_id))
        .where(or_(Transfer.debit_account_id == account_id, Transfer.credit_account_id == account_id))
        .order_by(Transfer.posted_at, change.desc())
    )
    if last is not None:
        with_the_count = (Transfer.posted_at == last.closed_at) & (taken.business_on > last.business_on)
        statement = statement.where(or_(Transfer.posted_at > last.closed_at, with_the_count))
    for change_fen, kind, tender in db.session.execute(statement):
        yield HeldMove(int(change_fen), by_own_qr=tender == KEEPER_QR, came_back=kind == "REMITTANCE_RETURNED")
