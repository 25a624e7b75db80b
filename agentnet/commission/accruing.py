"""What outlets earned in a month, computed from the facts as they are now. Reads only; the rules do the sums.

The month's close writes down what this returns; before that the screens show it as provisional.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from agentnet.collecting.models import Collection, Correction, Void
from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.queries import terms_of
from agentnet.commission.rules import Tariffs, Terms, earnings, terms_on
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.outlets.models import Outlet, OutletPlacement, OutletState


@dataclass(frozen=True, slots=True)
class EarnedLine:
    """What one collection earned; ``component_id`` is None where no component covered it."""

    collection_id: uuid.UUID
    component_id: int | None
    base_fen: Fen
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class AdjustedLine:
    """What an adjustment adds or takes back."""

    adjustment_id: uuid.UUID
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class OutletMonth:
    """One outlet's month: its place and terms on the last day, and every line."""

    outlet_id: int
    outlet_code: str
    outlet_kind: str
    setting: str
    state: str
    org_unit_id: int
    agreement_id: int | None
    version_id: int | None
    earned: Sequence[EarnedLine]
    adjusted: Sequence[AdjustedLine]

    @property
    def collected_fen(self) -> Fen:
        return sum(line.base_fen for line in self.earned)

    @property
    def earned_fen(self) -> Fen:
        return sum(line.commission_fen for line in self.earned)

    @property
    def adjusted_fen(self) -> Fen:
        return sum(line.amount_fen for line in self.adjusted)

    @property
    def due_fen(self) -> Fen:
        return self.earned_fen + self.adjusted_fen


def in_month(month: Month) -> ColumnElement[bool]:
    """Return the condition on ``Collection`` that it counts in a month: business day in it, not voided.

    Nor wholly refunded, nor taken for the wrong household: what was put right before the month closes earns nothing.
    """
    cleared = select(Correction.collection_id).where(Correction.clears, Correction.collection_id.is_not(None))
    return and_(
        Collection.business_on >= month.starts_on,
        Collection.business_on < month.ends_on,
        ~select(Void.collection_id).where(Void.collection_id == Collection.id).exists(),
        Collection.id.not_in(cleared),
    )


def refunded_in(month: Month, *conditions: ColumnElement[bool]) -> Mapping[uuid.UUID, Fen]:
    """Return what was refunded, in part, of the month's collections that meet the conditions, by collection."""
    statement = (
        select(Correction.collection_id, func.sum(Correction.amount_fen))
        .join(Collection, Collection.id == Correction.collection_id)
        .where(Correction.kind == "REFUND", in_month(month), *conditions)
        .group_by(Correction.collection_id)
    )
    rows = db.session.connection().execute(statement)
    return {collection_id: int(fen) for collection_id, fen in rows if collection_id is not None}


def open_in(month: Month) -> ColumnElement[bool]:
    """Return the condition on ``Outlet`` that it was open at some time in a month."""
    return and_(Outlet.opened_on < month.ends_on, or_(Outlet.closed_on.is_(None), Outlet.closed_on > month.starts_on))


def counts_by_outlet(month: Month) -> dict[int, int]:
    """Return, for every outlet due a statement of the month, how many collections count.

    Due one: outlets open in the month, and any other with collections or adjustments in it.
    """
    counted = select(Collection.outlet_id, func.count()).where(in_month(month)).group_by(Collection.outlet_id)
    counts = dict(db.session.execute(counted).all())
    adjusted = select(CommissionAdjustment.outlet_id).where(CommissionAdjustment.month == str(month))
    others = db.session.scalars(select(Outlet.id).where(or_(open_in(month), Outlet.id.in_(adjusted))))
    return dict.fromkeys(others, 0) | counts


def outlet_months(month: Month, outlet_ids: Sequence[int], tariffs: Tariffs) -> list[OutletMonth]:
    """Return the months of some outlets, a handful of queries for all of them."""
    terms = terms_of(outlet_ids)
    places = _places(month, outlet_ids)
    states = _states(month, outlet_ids)
    adjusted = _adjusted(month, outlet_ids)
    facts = _facts(month, outlet_ids)
    last = month.ends_on - timedelta(days=1)
    outlets = db.session.execute(
        select(Outlet.id, Outlet.code, Outlet.kind, Outlet.setting, Outlet.state, Outlet.org_unit_id)
        .where(Outlet.id.in_(outlet_ids))
        .order_by(Outlet.code)
    )
    months = []
    for outlet in outlets:
        agreed = _last_terms(terms.get(outlet.id, []), month)
        version = tariffs.version_for(terms.get(outlet.id, []), last)
        months.append(
            OutletMonth(
                outlet_id=outlet.id,
                outlet_code=outlet.code,
                outlet_kind=outlet.kind,
                setting=outlet.setting,
                state=states.get(outlet.id, outlet.state),
                org_unit_id=places.get(outlet.id, outlet.org_unit_id),
                agreement_id=agreed.agreement_id if agreed else None,
                version_id=version.id if version else None,
                earned=_earned(tariffs, terms.get(outlet.id, []), outlet.kind, facts.get(outlet.id, [])),
                adjusted=adjusted.get(outlet.id, []),
            )
        )
    return months


Fact = tuple[uuid.UUID, date, str, Fen]


def _facts(month: Month, outlet_ids: Sequence[int]) -> Mapping[int, list[Fact]]:
    found: dict[int, list[Fact]] = defaultdict(list)
    statement = (
        select(Collection.outlet_id, Collection.id, Collection.business_on, Collection.tender, Collection.amount_fen)
        .where(Collection.outlet_id.in_(outlet_ids), in_month(month))
        .order_by(Collection.outlet_id, Collection.business_on, Collection.id)
    )
    refunded = refunded_in(month, Collection.outlet_id.in_(outlet_ids))
    # Plain rows from the connection: a million of them are read in a large month.
    for outlet_id, collection_id, day, tender, amount_fen in db.session.connection().execute(statement):
        found[outlet_id].append((collection_id, day, tender, amount_fen - refunded.get(collection_id, 0)))
    return found


def _earned(tariffs: Tariffs, terms: Sequence[Terms], outlet_kind: str, facts: Sequence[Fact]) -> list[EarnedLine]:
    found = earnings(tariffs, terms, outlet_kind, [(day, tender, amount) for _, day, tender, amount in facts])
    return [
        EarnedLine(fact[0], earning.component.id if earning.component else None, fact[3], earning.commission_fen)
        for fact, earning in zip(facts, found, strict=True)
    ]


def _adjusted(month: Month, outlet_ids: Sequence[int]) -> Mapping[int, list[AdjustedLine]]:
    found: dict[int, list[AdjustedLine]] = defaultdict(list)
    statement = (
        select(CommissionAdjustment.outlet_id, CommissionAdjustment.id, CommissionAdjustment.amount_fen)
        .where(CommissionAdjustment.month == str(month), CommissionAdjustment.outlet_id.in_(outlet_ids))
        .order_by(CommissionAdjustment.id)
    )
    for outlet_id, adjustment_id, amount_fen in db.session.execute(statement):
        found[outlet_id].append(AdjustedLine(adjustment_id, amount_fen))
    return found


def _places(month: Month, outlet_ids: Sequence[int]) -> Mapping[int, int]:
    """Return the org unit each outlet belonged to on the month's last day."""
    statement = (
        select(OutletPlacement.outlet_id, OutletPlacement.org_unit_id)
        .where(
            OutletPlacement.outlet_id.in_(outlet_ids),
            OutletPlacement.starts_on < month.ends_on,
            or_(OutletPlacement.ends_on.is_(None), OutletPlacement.ends_on >= month.ends_on),
        )
        .order_by(OutletPlacement.starts_on)
    )
    return dict(db.session.execute(statement).all())


def _states(month: Month, outlet_ids: Sequence[int]) -> Mapping[int, str]:
    """Return the state each outlet was in on the month's last day."""
    statement = (
        select(OutletState.outlet_id, OutletState.state)
        .where(OutletState.outlet_id.in_(outlet_ids), OutletState.effective_on < month.ends_on)
        .order_by(OutletState.effective_on, OutletState.id)
    )
    return dict(db.session.execute(statement).all())


def _last_terms(terms: Sequence[Terms], month: Month) -> Terms | None:
    """Return the agreement in force on the month's last day, else the last that began before the month ended."""
    last = month.ends_on - timedelta(days=1)
    begun = [one for one in terms if one.starts_on <= last]
    return terms_on(terms, last) or max(begun, key=lambda one: one.starts_on, default=None)
