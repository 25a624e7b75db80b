"""What stands before a month's close: the list a person goes through, and the totals they confirm."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from agentnet.closing.queries import first_open_month
from agentnet.collecting.models import Collection
from agentnet.commission.accruing import counts_by_outlet, in_month, outlet_months, refunded_in
from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.month_figures import PROVISIONAL_LIMIT
from agentnet.commission.queries import tariffs
from agentnet.core.clock import Month, today
from agentnet.core.money import Fen
from agentnet.infra.db import db


@dataclass(frozen=True, slots=True)
class BeforeClosing:
    """An open month as it would be closed now; commission is None where it is too large to work through for a page."""

    month: Month
    is_over: bool
    earlier: Month | None
    """An earlier month that has to be closed first."""
    outlets: int
    collections: int
    collected_fen: Fen
    adjustments: int
    adjusted_fen: Fen
    earned_fen: Fen | None
    unpaid_collections: int
    """Collections that no component covers, so that they would earn nothing."""
    without_agreement: tuple[str, ...]
    """Codes of outlets with collections and no agreement."""

    @property
    def may_close(self) -> bool:
        return self.is_over and self.earlier is None

    @property
    def due_fen(self) -> Fen | None:
        return None if self.earned_fen is None else self.earned_fen + self.adjusted_fen


def before_closing(month: Month) -> BeforeClosing:
    """Return what a person should know before closing a month."""
    counts = counts_by_outlet(month)
    collections = sum(counts.values())
    collected = db.session.scalar(select(func.coalesce(func.sum(Collection.amount_fen), 0)).where(in_month(month)))
    adjustments, adjusted = db.session.execute(
        select(func.count(), func.coalesce(func.sum(CommissionAdjustment.amount_fen), 0)).where(
            CommissionAdjustment.month == str(month)
        )
    ).one()
    first = first_open_month()
    earned: Fen | None = None
    unpaid, without = 0, []
    if collections <= PROVISIONAL_LIMIT:
        earned, book = 0, tariffs()
        busy = sorted(outlet_id for outlet_id, count in counts.items() if count)
        for start in range(0, len(busy), 500):
            for one in outlet_months(month, busy[start : start + 500], book):
                earned += one.earned_fen
                if not one.monthly:  # a component of the month may be all that pays an outlet
                    unpaid += sum(not line.parts for line in one.earned)
                if one.agreement_id is None:
                    without.append(one.outlet_code)
    return BeforeClosing(
        month=month,
        is_over=month.ends_on <= today(),
        earlier=first if first is not None and first < month else None,
        outlets=len(counts),
        collections=collections,
        collected_fen=int(collected or 0) - sum(refunded_in(month).values()),
        adjustments=int(adjustments),
        adjusted_fen=int(adjusted),
        earned_fen=earned,
        unpaid_collections=unpaid,
        without_agreement=tuple(without),
    )
