"""What stands before a month's close: the list a person goes through, and the totals they confirm."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from agentnet.closing.queries import earliest_to_close, first_open_month
from agentnet.collecting.models import Collection
from agentnet.commission.accruing import counts_by_outlet, outlet_months
from agentnet.commission.counted import in_month, refunded_in
from agentnet.commission.engine.language import Kind
from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.month_figures import PROVISIONAL_LIMIT
from agentnet.commission.queries import tariffs
from agentnet.commission.rules import Tariffs
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
    is_past: bool
    """Whether it lies before the first month that may be closed."""
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
        return self.is_over and self.earlier is None and not self.is_past

    @property
    def due_fen(self) -> Fen | None:
        return None if self.earned_fen is None else self.earned_fen + self.adjusted_fen


def _pays_the_idle(book: Tariffs) -> bool:
    """Return whether some plan pays an outlet by the month, whatever it collected."""
    versions = (version for several in book.versions_by_plan.values() for version in several)
    return any(
        one.kind is Kind.SUBSIDY or one.month_minimum_fen is not None
        for version in versions
        for one in version.components
    )


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
    first, earliest = first_open_month(), earliest_to_close()
    earned: Fen | None = None
    unpaid, without = 0, []
    if collections <= PROVISIONAL_LIMIT:
        earned, book = 0, tariffs()
        idle_too = _pays_the_idle(book)
        busy = sorted(outlet_id for outlet_id, count in counts.items() if count or idle_too)
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
        is_past=earliest is not None and month < earliest,
        outlets=len(counts),
        collections=collections,
        collected_fen=int(collected or 0) - sum(refunded_in(month).values()),
        adjustments=int(adjustments),
        adjusted_fen=int(adjusted),
        earned_fen=earned,
        unpaid_collections=unpaid,
        without_agreement=tuple(without),
    )
