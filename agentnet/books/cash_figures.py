"""What several papers need of outlets' cash: its account, its balance at a day, the day of its oldest part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection as Many
from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import func, select

from agentnet.books.accounts import moved_by
from agentnet.books.rules import Span
from agentnet.collecting.models import Collection, Void
from agentnet.collecting.rules import CASH
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.ledger.models import BusinessDay
from agentnet.ledger.queries import account_ids
from agentnet.ledger.rules import OUTLET, AccountKey
from agentnet.settlement.own_qr import TAKINGS_LOOKED_AT
from agentnet.settlement.rules import oldest_unremitted


def cash_accounts(outlet_ids: Many[int]) -> dict[int, int]:
    """Return the accounts of outlets' cash by outlet; outlets that never held any are left out."""
    found = account_ids(AccountKey(OUTLET, outlet_id, "CASH_HELD") for outlet_id in outlet_ids)
    return {key.owner_id: id_ for key, id_ in found.items()}


def cash_before(accounts_by_outlet: Mapping[int, int], day: date) -> dict[int, Fen]:
    """Return the cash each outlet held before a business day (fen)."""
    moved = moved_by(list(accounts_by_outlet.values()), Span(Month.of(day), until=day))
    return {
        outlet_id: moved[account_id].closing_fen if account_id in moved else 0
        for outlet_id, account_id in accounts_by_outlet.items()
    }


def oldest_days(held: Mapping[int, Fen], before: date) -> dict[int, date]:
    """Return the business day of the oldest cash each outlet held before a day; first in, first out."""
    holding = [outlet_id for outlet_id, amount in held.items() if amount > 0]
    taken: dict[int, list[tuple[date, Fen]]] = defaultdict(list)
    rows = db.session.connection().execute(
        select(Collection.outlet_id, Collection.business_on, func.sum(Collection.amount_fen))
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(
            Collection.outlet_id.in_(holding),
            Collection.tender == CASH,
            Collection.business_on < before,
            Collection.business_on >= before - timedelta(days=TAKINGS_LOOKED_AT),
            Void.id.is_(None),
        )
        .group_by(Collection.outlet_id, Collection.business_on)
        .order_by(Collection.outlet_id, Collection.business_on.desc())
    )
    for outlet_id, day, amount in rows:
        taken[outlet_id].append((day, int(amount)))
    found = {outlet_id: oldest_unremitted(held[outlet_id], days) for outlet_id, days in taken.items()}
    return {outlet_id: day for outlet_id, day in found.items() if day is not None}


def days_are_closed(until: date) -> bool:
    """Return whether no outlet has an open day before one."""
    waiting = select(BusinessDay.outlet_id).where(
        BusinessDay.closed_at.is_(None), BusinessDay.receipt_serial > 0, BusinessDay.business_on < until
    )
    return db.session.connection().execute(waiting.limit(1)).first() is None
