"""How one collection's commission came about, worked out again from the version and inputs of a month that paid it.

Of a closed month from what its close wrote down, of an open one from the facts as they are now; only the household's
own collections are read, since no other changes what this one earns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from agentnet.collecting.models import Collection
from agentnet.commission.accruing import outlet_months
from agentnet.commission.counted import in_month, refunded_in
from agentnet.commission.disputes.queries import LineKey
from agentnet.commission.engine.explaining import Explained, explain_collection
from agentnet.commission.engine.inputs import CampaignDays, Fact, OutletInputs, Profile
from agentnet.commission.engine.reasons import Reason
from agentnet.commission.models import CommissionLine, OutletAccrual, Plan, PlanVersion, is_line_of
from agentnet.commission.outside import Outside, outside_of
from agentnet.commission.queries import tariffs, terms_of
from agentnet.commission.rules import Ruled, Tariffs, Version
from agentnet.commission.working import read_inputs, read_ruling
from agentnet.core.clock import Month
from agentnet.core.errors import Missing
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.models import Outlet, Partner


@dataclass(frozen=True, slots=True)
class SettledIn:
    """What of a collection became settled in a closed month (less than nothing if it was taken back)."""

    month: Month
    settled_fen: Fen
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class LineWorking:
    """A collection's workings. ``paid_fen`` is what its closed month paid, None while it is open or if it paid none."""

    collection: Collection
    month: Month
    closed: bool
    explained: Explained
    version: Version | None
    plan: Plan | None
    base_fen: Fen
    paid_fen: Fen | None
    key: LineKey | None
    months: Sequence[SettledIn] = ()
    """Where what is settled pays: what became settled in each closed month, the oldest first."""
    campaigns: Sequence[str] = ()
    """Codes of the campaigns the plan pays by that counted at the outlet on the collection's day."""

    @property
    def differs(self) -> bool:
        """Whether it no longer comes out as it was paid: a fault somebody must look into."""
        return self.paid_fen is not None and self.paid_fen != self.explained.total_fen


def collection_of(outlet: Outlet, receipt_no: str) -> Collection:
    """Return an outlet's collection by its receipt number.

    Raises:
        Missing: ``receipt_missing``.
    """
    found = db.session.scalar(
        select(Collection).where(Collection.receipt_no == receipt_no, Collection.outlet_id == outlet.id)
    )
    if found is None:
        raise Missing("receipt_missing", "这个网点没有这个凭证号的收费")
    return found


def line_working(outlet: Outlet, receipt_no: str, of_month: Month | None = None) -> LineWorking:
    """Return how a collection's commission came about: in its own month, or in a later one it was settled in.

    Raises:
        Missing: ``receipt_missing``.
    """
    collection = collection_of(outlet, receipt_no)
    month = max(of_month or Month.of(collection.business_on), Month.of(collection.business_on))
    book = tariffs()
    closed = month_state(month) == CLOSED
    line = None
    if closed:
        line = db.session.scalar(select(CommissionLine).where(is_line_of(collection, month)))
        accrual = db.session.get(OutletAccrual, (str(month), outlet.id))
        ruling, inputs = _stored(outlet, month, accrual, book)
        facts = _paid_for(outlet, month, collection)
    else:
        ruling, inputs, facts = _open(outlet, month, collection, book)
    mine = next((fact for fact in facts if fact.id == collection.id), None)
    if mine is None and month > Month.of(collection.business_on):
        raise Missing("receipt_missing", "这个网点没有这个凭证号的收费")
    if mine is None:  # voided, or wholly put right before the month closed
        explained = Explained((), Reason.NOTHING_LEFT)
    else:
        explained = explain_collection([one.span for one in ruling], inputs, facts, collection.id)
    ruled = next((one for one in ruling if one.starts_on <= collection.business_on < one.ends_on), None)
    return LineWorking(
        collection=collection,
        month=month,
        closed=closed,
        explained=explained,
        version=ruled.version if ruled else None,
        plan=_plan_of(ruled.version) if ruled else None,
        base_fen=_base(mine, ruled) if mine else 0,
        paid_fen=line.commission_fen if line is not None else None,
        key=LineKey(line_id=line.id) if line is not None else None,
        months=_settled_in(collection),
        campaigns=sorted(inputs.profile_on(collection.business_on).campaigns),
    )


def _open(
    outlet: Outlet, month: Month, collection: Collection, book: Tariffs
) -> tuple[Sequence[Ruled], OutletInputs, list[Fact]]:
    """Return who rules an open month, what it is worked from, and the household's collections as they are now."""
    if book.first_settled_on is not None and book.first_settled_on < month.ends_on:
        (whole,) = outlet_months(month, [outlet.id], book)
        if whole.settling is not None:
            facts = [fact for fact in whole.settling.facts if fact.household == collection.household_id]
            return whole.ruling, whole.inputs, facts
    ruling = book.ruling(terms_of([outlet.id]).get(outlet.id, ()), month)
    partner = db.session.get(Partner, outlet.partner_id) if outlet.partner_id else None
    profile = Profile(outlet.kind, outlet.setting, partner.code if partner else "")
    facts = _standing(outlet, month, collection)
    return ruling, OutletInputs(month, profile, campaigns=_campaigns(outlet, month, ruling, facts)), facts


def _base(fact: Fact, ruled: Ruled | None) -> Fen:
    if ruled is not None and ruled.version.settles:
        return fact.settled_to_fen - fact.settled_from_fen
    return fact.amount_fen


def _settled_in(collection: Collection) -> list[SettledIn]:
    rows = db.session.execute(
        select(CommissionLine.month, CommissionLine.base_fen, CommissionLine.commission_fen)
        .where(
            CommissionLine.outlet_id == collection.outlet_id,
            CommissionLine.collection_id == collection.id,
            CommissionLine.settled_to_fen.is_not(None),
        )
        .order_by(CommissionLine.month)
    )
    return [SettledIn(Month.parse(month), base_fen, fen) for month, base_fen, fen in rows]


def _campaigns(
    outlet: Outlet, month: Month, ruling: Sequence[Ruled], facts: Sequence[Fact]
) -> tuple[CampaignDays, ...]:
    return outside_of(month, {outlet.id: ruling}, {outlet.id: facts}).get(outlet.id, Outside()).campaigns


def _stored(
    outlet: Outlet, month: Month, accrual: OutletAccrual | None, book: Tariffs
) -> tuple[Sequence[Ruled], OutletInputs]:
    """Return what a closed month was worked from; before versions knew more, the agreements say which version ruled."""
    kind, setting = (accrual.outlet_kind, accrual.setting) if accrual else (outlet.kind, outlet.setting)
    if accrual is None or accrual.inputs is None:
        ruling = book.ruling(terms_of([outlet.id]).get(outlet.id, ()), month)
        return ruling, read_inputs({}, month, kind, setting)
    versions: Mapping[int, Version] = {one.id: one for several in book.versions_by_plan.values() for one in several}
    return read_ruling(accrual.inputs, versions), read_inputs(accrual.inputs, month, kind, setting)


def _paid_for(outlet: Outlet, month: Month, collection: Collection) -> list[Fact]:
    """Return what a closed month paid for of a household, with the amounts it counted."""
    rows = db.session.execute(
        select(
            Collection.id,
            Collection.business_on,
            Collection.tender,
            Collection.household_id,
            func.coalesce(CommissionLine.amount_fen, CommissionLine.base_fen),
            func.coalesce(CommissionLine.settled_from_fen, 0),
            func.coalesce(CommissionLine.settled_to_fen, 0),
        )
        .join(CommissionLine, CommissionLine.collection_id == Collection.id)
        .where(
            CommissionLine.month == str(month),
            CommissionLine.outlet_id == outlet.id,
            Collection.household_id == collection.household_id,
        )
    )
    return [Fact(*row) for row in rows]


def _standing(outlet: Outlet, month: Month, collection: Collection) -> list[Fact]:
    """Return what stands of a household's collections in an open month."""
    mine = (Collection.outlet_id == outlet.id, Collection.household_id == collection.household_id)
    refunded = refunded_in(month, *mine)
    rows = db.session.execute(
        select(
            Collection.id, Collection.business_on, Collection.tender, Collection.household_id, Collection.amount_fen
        ).where(in_month(month), *mine)
    )
    return [Fact(*row[:4], row[4] - refunded.get(row[0], 0)) for row in rows]


def _plan_of(version: Version) -> Plan | None:
    return db.session.scalar(
        select(Plan).join(PlanVersion, PlanVersion.plan_id == Plan.id).where(PlanVersion.id == version.id)
    )
