"""Looking through some outlets' month for patterns, each with what it costs by the engine. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import String, bindparam, cast, select, type_coerce

from agentnet.collecting.models import Collection, Correction, Void
from agentnet.commission.abuse.rules import Found, Taken, found_in, jumps, thresholds_on, without
from agentnet.commission.accruing import OutletMonth, outlet_months, worked
from agentnet.commission.counted import refunded_as_stored
from agentnet.commission.engine.inputs import Fact, Profile
from agentnet.commission.engine.language import Kind
from agentnet.commission.queries import tariffs, terms_of
from agentnet.commission.rules import Ruled
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.infra.straight import Straight
from agentnet.outlets.models import Outlet, Partner

MOST_EVIDENCE = 300


@dataclass(frozen=True, slots=True)
class Costed:
    """A pattern at an outlet and what it costs."""

    outlet_id: int
    org_unit_id: int
    found: Found
    cost_fen: Fen

    @property
    def evidence(self) -> list[list[str]]:
        """Return the ids in groups, no more than a page can show."""
        kept: list[list[str]] = []
        left = MOST_EVIDENCE
        for group in self.found.groups:
            if left <= 0:
                break
            kept.append([str(UUID(str(one.id))) for one in group[:left]])
            left -= len(group)
        return kept


def patterns_of(month: Month, outlet_ids: Sequence[int]) -> list[Costed]:
    """Return the patterns of some outlets' month, closed or running."""
    limits = thresholds_on(month.starts_on)
    book, terms = tariffs(), terms_of(outlet_ids)
    taken = _taken(month, outlet_ids)
    profiles = _profiles(list(taken))
    found: dict[int, list[Found]] = {}
    for id_, several in taken.items():
        ruling = book.ruling(terms.get(id_, ()), month)
        patterns = found_in(several, limits, _Edges(ruling, profiles[id_]).of)
        if patterns:
            found[id_] = patterns
    if not found:
        return []
    costed = []
    for one in outlet_months(month, list(found), book, as_stored=True):
        stands = [_fact(taken_) for taken_ in taken[one.outlet_id] if not taken_.undone and taken_.amount_fen]
        # Where what is settled pays, a pattern costs what it will once all of it is settled.
        whole = one.earned_fen if one.settling is None else _earned(one, stands)
        for pattern in found[one.outlet_id]:
            rest = _earned(one, sorted(without(pattern, stands), key=lambda fact: (fact.day, fact.id)))
            costed.append(Costed(one.outlet_id, one.org_unit_id, pattern, whole - rest))
    return costed


def _earned(one: OutletMonth, facts: Sequence[Fact]) -> Fen:
    settled = [fact._replace(settled_from_fen=0, settled_to_fen=fact.amount_fen) for fact in facts]
    earned, monthly, _reason = worked(one.ruling, one.inputs, settled)
    return sum(line.commission_fen for line in earned) + sum(line.commission_fen for line in monthly)


def _fact(taken: Taken) -> Fact:
    return Fact(taken.id, taken.day, taken.tender, taken.household, taken.amount_fen)


class _Edges:
    """The edges of the bands that pay an outlet's collections, by the version of the day and the tender."""

    def __init__(self, ruling: Sequence[Ruled], profile: Profile) -> None:
        self.profile = profile
        self.banded = [
            one for one in ruling if any(component.kind is Kind.BANDED for component in one.version.components)
        ]
        self.known: dict[tuple[int, str], tuple[Fen, ...]] = {}

    def of(self, taken: Taken) -> tuple[Fen, ...]:
        """Return the edges for a collection."""
        for one in self.banded:
            if one.starts_on <= taken.day < one.ends_on:
                key = (one.version.id, taken.tender)
                if key not in self.known:
                    self.known[key] = jumps(one.version.says, self.profile, taken.tender)
                return self.known[key]
        return ()


def _profiles(outlet_ids: Sequence[int]) -> Mapping[int, Profile]:
    rows = db.session.execute(
        select(Outlet.id, Outlet.kind, Outlet.setting, Partner.code)
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .where(Outlet.id.in_(outlet_ids))
    )
    return {id_: Profile(kind, setting, partner or "") for id_, kind, setting, partner in rows}


@lru_cache(maxsize=4)
def _month_taken(month: Month) -> Straight:
    """Return the statement for what was collected in a month at some outlets: ids, days and instants as plain text."""
    cleared = select(Correction.collection_id).where(Correction.clears, Correction.collection_id.is_not(None))
    return Straight(
        select(
            Collection.outlet_id,
            cast(Collection.id, String),
            type_coerce(Collection.business_on, String),
            type_coerce(Collection.collected_at, String),
            Collection.tender,
            Collection.household_id,
            Collection.amount_fen,
            type_coerce(Void.id, String),
        )
        .outerjoin(Void, Void.collection_id == Collection.id)
        .where(
            Collection.outlet_id.in_(bindparam("outlet_ids", expanding=True)),
            Collection.business_on >= month.starts_on,
            Collection.business_on < month.ends_on,
            Collection.id.not_in(cleared),
        )
        .order_by(Collection.outlet_id, Collection.business_on, Collection.id)
    )


def _taken(month: Month, outlet_ids: Sequence[int]) -> dict[int, list[Taken]]:
    """Return what was collected, by outlet, with what stands of it; what was cleared afterwards is left out.

    The ids are text, as in months worked ``as_stored``.
    """
    connection = db.session.connection()
    refunded = refunded_as_stored(month, Collection.outlet_id.in_(outlet_ids))
    days: dict[Any, date] = {}
    found: dict[int, list[Taken]] = defaultdict(list)
    rows = _month_taken(month).rows(connection, {"outlet_ids": list(outlet_ids)})
    for outlet_id, id_, on, at, tender, household_id, amount_fen, void_id in rows:
        day = days.get(on)
        if day is None:
            day = days[on] = on if isinstance(on, date) else date.fromisoformat(on)
        instant = at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
        stands = amount_fen - refunded.get(id_, 0)
        found[outlet_id].append(Taken(id_, day, instant, tender, household_id, stands, void_id is not None))
    return found
