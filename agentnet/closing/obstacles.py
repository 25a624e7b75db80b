"""What keeps a month from being closed for good, each with where to do something about it.

Sources: the day's takings are cleared and settled daily (domain.md 2.2); the month's final statement follows when its
remittances are confirmed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from agentnet.closing.models import MonthEnd
from agentnet.closing.rules import expected_on
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.ledger.models import BusinessDay
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.rules import State
from agentnet.settlement.rules import RemittanceState
from agentnet.users.models import User
from agentnet.workdays.queries import overrides_between
from agentnet.workdays.rules import day_kind

LOOKED_AHEAD = timedelta(days=40)
"""Days in which even the longest holidays leave enough working days."""


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What stands before a month's final close."""

    open_days: int
    """Business days with collections that nobody closed."""
    outlets: int
    """Outlets with such days."""
    in_transit: int
    """Deposits of the month that are neither confirmed nor rejected."""
    in_transit_fen: Fen
    differences: int
    """Differences of the month between the books and a partner's or bank's files that nobody has ended."""
    differences_fen: Fen

    @property
    def none(self) -> bool:
        return not (self.open_days or self.in_transit or self.differences)

    def as_written(self) -> dict[str, int]:
        """Return what a signature is given over."""
        return asdict(self)


def obstacles_of(month: Month) -> Obstacles:
    """Return what stands before a month's final close now; three queries on indexes."""
    days = db.session.execute(
        select(func.count(), func.count(BusinessDay.outlet_id.distinct())).where(
            BusinessDay.closed_at.is_(None),
            BusinessDay.receipt_serial > 0,
            BusinessDay.business_on >= month.starts_on,
            BusinessDay.business_on < month.ends_on,
        )
    ).one()
    deposits = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Remittance.amount_fen), 0)).where(
            Remittance.state == RemittanceState.DECLARED, Remittance.deposited_on < month.ends_on
        )
    ).one()
    differences = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Difference.amount_fen), 0)).where(
            Difference.state == State.OPEN, Difference.business_on < month.ends_on
        )
    ).one()
    return Obstacles(*(int(figure) for figure in (*days, *deposits, *differences)))


def unsorted_days(month: Month) -> int:
    """Return how many days of a month the night has not sorted yet: what they received is not with billing."""
    return int(
        db.session.scalar(
            select(func.count()).where(
                BusinessDay.allocated_at.is_(None),
                BusinessDay.receipt_serial > 0,
                BusinessDay.business_on >= month.starts_on,
                BusinessDay.business_on < month.ends_on,
            )
        )
        or 0
    )


def month_end(month: Month) -> MonthEnd | None:
    """Return what is written about a month's end."""
    return db.session.get(MonthEnd, str(month))


def signer_of(month: Month) -> str | None:
    """Return who signed for closing a month over obstacles; None if nobody did, or the command line."""
    signer = select(User.display_name).join(MonthEnd, MonthEnd.signed_by_id == User.id)
    return db.session.scalar(signer.where(MonthEnd.month == str(month)))


def final_expected_on(month: Month) -> date:
    """Return the working day by which the month's remittances should be confirmed and the month closed."""
    overrides = overrides_between(month.ends_on, month.ends_on + LOOKED_AHEAD)
    return expected_on(month, lambda day: day_kind(day, overrides).is_workday)
