"""What plans ask beside a month's collections: last year's month, days of business, visits, days in campaigns.

Each is fetched only for outlets whose versions ask for it. A visit passes if it was not struck and no critical item
failed; a day of business is one with a collection that stands, or whose drawer the keeper counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as Many
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select

from agentnet.collecting.models import Collection, Correction, Void
from agentnet.commission.engine.inputs import CampaignDays, DaySum, Fact
from agentnet.commission.engine.language import Component, Kind
from agentnet.commission.rules import Ruled
from agentnet.core.clock import Month
from agentnet.infra.db import db
from agentnet.outlets.campaigns.queries import campaign_days
from agentnet.settlement.models import DayClose
from agentnet.visits.evidence import Flag
from agentnet.visits.models import Visit


@dataclass(slots=True)
class Outside:
    """What one outlet's plans look at beside its collections."""

    last_year: Sequence[DaySum] | None = None
    open_days: frozenset[date] = frozenset()
    visits_passed: list[date] = field(default_factory=list)
    campaigns: tuple[CampaignDays, ...] = ()


def outside_of(
    month: Month, ruling: Mapping[int, Sequence[Ruled]], facts: Mapping[int, Sequence[Fact]]
) -> dict[int, Outside]:
    """Return what the versions that rule each outlet ask for; no query for what none asks."""
    found: dict[int, Outside] = defaultdict(Outside)
    growing = _asking(ruling, lambda one: one.kind is Kind.GROWTH)
    if growing:
        for outlet_id, sums in _last_year(month, growing).items():
            found[outlet_id].last_year = sums
    open_ = _asking(ruling, lambda one: one.kind is Kind.SUBSIDY and one.minimum_open_days > 0)
    if open_:
        counted = _counted_days(month, open_)
        for outlet_id in open_:
            taken = {fact.day for fact in facts.get(outlet_id, ()) if fact.day >= month.starts_on}
            found[outlet_id].open_days = frozenset(taken | counted.get(outlet_id, set()))
    visited = _asking(ruling, lambda one: one.kind is Kind.SUBSIDY and one.minimum_visits > 0)
    if visited:
        for outlet_id, day in _passed(month, visited):
            found[outlet_id].visits_passed.append(day)
    addressed = _asking(ruling, lambda one: bool(one.scope.campaigns))
    if addressed:
        since = min([month.starts_on, *(fact.day for id_ in addressed for fact in facts.get(id_, ())[:1])])
        for outlet_id, days in campaign_days(addressed, since, month.ends_on).items():
            named = campaigns_named(ruling[outlet_id])
            found[outlet_id].campaigns = tuple(CampaignDays(*one) for one in days if one.code in named)
    return found


def campaigns_named(ruling: Sequence[Ruled]) -> frozenset[str]:
    """Return the campaigns that some component is scoped by; others change nothing and are not kept."""
    return frozenset(
        code for one in ruling for component in one.version.components for code in component.scope.campaigns
    )


def _asking(ruling: Mapping[int, Sequence[Ruled]], asks: Callable[[Component], bool]) -> list[int]:
    answers: dict[int, bool] = {}
    for ruled in (one for several in ruling.values() for one in several):
        if ruled.version.id not in answers:
            answers[ruled.version.id] = any(asks(component) for component in ruled.version.components)
    return [id_ for id_, several in ruling.items() if any(answers[one.version.id] for one in several)]


def _last_year(month: Month, outlet_ids: Many[int]) -> dict[int, list[DaySum]]:
    """Return what stands of the same month last year, by outlet, day and tender."""
    then = Month(month.year - 1, month.month)
    cleared = select(Correction.collection_id).where(Correction.clears, Correction.collection_id.is_not(None))
    refunded = (
        select(Correction.collection_id, func.sum(Correction.amount_fen).label("fen"))
        .where(Correction.kind == "REFUND")
        .group_by(Correction.collection_id)
        .subquery()
    )
    rows = db.session.connection().execute(
        select(
            Collection.outlet_id,
            Collection.business_on,
            Collection.tender,
            func.sum(Collection.amount_fen - func.coalesce(refunded.c.fen, 0)),
            func.count(),
        )
        .outerjoin(refunded, refunded.c.collection_id == Collection.id)
        .where(
            Collection.outlet_id.in_(outlet_ids),
            Collection.business_on >= then.starts_on,
            Collection.business_on < then.ends_on,
            ~select(Void.collection_id).where(Void.collection_id == Collection.id).exists(),
            Collection.id.not_in(cleared),
        )
        .group_by(Collection.outlet_id, Collection.business_on, Collection.tender)
        .order_by(Collection.outlet_id, Collection.business_on, Collection.tender)
    )
    found: dict[int, list[DaySum]] = defaultdict(list)
    for outlet_id, day, tender, volume_fen, number in rows:
        found[outlet_id].append(DaySum(day, tender, int(volume_fen), int(number)))
    return found


def _counted_days(month: Month, outlet_ids: Many[int]) -> dict[int, set[date]]:
    rows = db.session.execute(
        select(DayClose.outlet_id, DayClose.business_on).where(
            DayClose.outlet_id.in_(outlet_ids),
            DayClose.business_on >= month.starts_on,
            DayClose.business_on < month.ends_on,
            DayClose.user_id.is_not(None),
        )
    )
    found: dict[int, set[date]] = defaultdict(set)
    for outlet_id, day in rows:
        found[outlet_id].add(day)
    return found


def _passed(month: Month, outlet_ids: Many[int]) -> list[tuple[int, date]]:
    rows = db.session.execute(
        select(Visit.outlet_id, Visit.visited_on, Visit.flags)
        .where(
            Visit.outlet_id.in_(outlet_ids),
            Visit.visited_on >= month.starts_on,
            Visit.visited_on < month.ends_on,
            Visit.struck_at.is_(None),
        )
        .order_by(Visit.visited_on, Visit.id)
    )
    return [(outlet_id, day) for outlet_id, day, flags in rows if Flag.CRITICAL_FAILED.value not in flags]
