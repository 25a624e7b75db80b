"""When the figures of a period are final: its days are closed everywhere, or its month is."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from agentnet.core.clock import Month, today
from agentnet.documents.kinds import Period
from agentnet.infra.db import db
from agentnet.ledger.models import BusinessDay
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CLOSED


def period_is_closed(period: Period) -> bool:
    """Return whether a period is over and no outlet has an open day in it or before it."""
    return period.ends_on <= today() and days_are_closed(period.ends_on)


def days_are_closed(until: date) -> bool:
    """Return whether no outlet has an open day before one."""
    waiting = select(BusinessDay.outlet_id).where(
        BusinessDay.closed_at.is_(None), BusinessDay.receipt_serial > 0, BusinessDay.business_on < until
    )
    return db.session.connection().execute(waiting.limit(1)).first() is None


def month_is_closed(period: Period) -> bool:
    """Return whether a month's figures are final: its book is closed."""
    return month_state(Month.of(period.starts_on)) == CLOSED
