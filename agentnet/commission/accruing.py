"""What outlets earned in a month, worked out from the facts as they are now. Reads only; the engine does the sums.

The month's close writes down what this returns; before that the screens show it as provisional.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from agentnet.collecting.models import Collection
from agentnet.commission.counted import facts_of, in_month, month_facts
from agentnet.commission.engine.evaluating import Worked, month_of
from agentnet.commission.engine.inputs import Fact, OutletInputs, Profile
from agentnet.commission.engine.monthly import MonthInputs
from agentnet.commission.engine.reasons import Reason
from agentnet.commission.models import CommissionAdjustment
from agentnet.commission.outside import Outside, outside_of
from agentnet.commission.rules import Ruled, Tariffs, Terms, open_days_of, terms_on, within
from agentnet.commission.settling import Settling, owing_in, settle
from agentnet.commission.standing import Standing, of_outlets, standing_at_end
from agentnet.core.clock import Month, shanghai_instant, today
from agentnet.core.money import Fen
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.revisions import MONTHS, remembered
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries.as_of import facts_before

Part = tuple[int, Fen]
"""A component's id and what it pays."""


class EarnedLine(NamedTuple):
    """What one collection earned, in all and by component; no parts where no component covered it."""

    collection_id: Any
    """Its UUID; in months that are written down at once, its text as the database keeps it."""
    base_fen: Fen
    commission_fen: Fen
    parts: tuple[Part, ...]

    @property
    def component_id(self) -> int | None:
        """The component that paid it, the first of several."""
        return self.parts[0][0] if self.parts else None


@dataclass(frozen=True, slots=True)
class MonthlyEarned:
    """What a component earned once in the month, or days of it, and from what."""

    component_id: int
    ruled: Ruled
    position: int
    inputs: MonthInputs
    reason: Reason | None
    commission_fen: Fen


@dataclass(frozen=True, slots=True)
class OutletMonth:
    """One outlet's month: its place and terms on the last day, what it was worked from, and every line."""

    outlet_id: int
    outlet_code: str
    outlet_kind: str
    setting: str
    state: str
    org_unit_id: int
    agreed: Terms | None
    version_id: int | None
    ruling: Sequence[Ruled]
    inputs: OutletInputs
    earned: Sequence[EarnedLine]
    monthly: Sequence[MonthlyEarned]
    reason: Reason | None
    adjusted: Sequence[Any]
    """What adds to it or takes back: adjustments as their columns, in the order of id."""
    collected_fen: Fen
    earned_fen: Fen
    settling: Settling | None = None
    """What became settled, where a version pays that; lines of its facts count what became settled."""

    @property
    def entered(self) -> list[EarnedLine]:
        """The lines that pay what was entered."""
        counts = self.settling.counts if self.settling else {}
        return [line for line in self.earned if line.collection_id not in counts]

    @property
    def agreement_id(self) -> int | None:
        return self.agreed.agreement_id if self.agreed else None

    @property
    def adjusted_fen(self) -> Fen:
        return sum(line.amount_fen for line in self.adjusted)

    @property
    def due_fen(self) -> Fen:
        return self.earned_fen + self.adjusted_fen


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
    return dict.fromkeys(owing_in(month), 0) | dict.fromkeys(others, 0) | counts


def outlet_months(
    month: Month,
    outlet_ids: Sequence[int],
    tariffs: Tariffs,
    as_stored: bool = False,
    counted: Sequence[tuple[Any, ...]] | None = None,
) -> list[OutletMonth]:
    """Return the months of some outlets, a handful of queries for all of them.

    Kind, setting and partner are those of the month's end: what is changed later pays later months.
    ``as_stored`` leaves the ids of collections as the database keeps them, for lines that only go back to it.
    ``counted`` are the collections that count, for who has read them already (``counted_lines``).
    """
    outlets = standing_at_end(month, outlet_ids)
    terms = {one.id: one.terms for one in outlets}
    adjusted = _adjusted(month)
    as_stored = as_stored and not pays_settled(tariffs, month)
    facts = dict(facts_of(of_outlets(month_facts(month), outlet_ids) if counted is None else counted, as_stored))
    last = month.ends_on - timedelta(days=1)
    was = _facts_at_end(month, outlets)
    partners = _partner_codes() if was else {}
    ruling = {}
    for one in outlets:
        taken = facts.get(one.id, ())
        days = [taken[0].day, taken[-1].day] if taken else []
        ruling[one.id] = within(tariffs.ruling(one.terms, month), *open_days_of(one.opened_on, one.closed_on, days))
    own = dict(ruling)
    settling = settle(month, ruling, facts, terms, tariffs)
    for id_, settled in settling.items():
        ruling[id_], facts[id_] = settled.ruling, settled.facts
    outside = outside_of(month, ruling, facts)
    months = []
    for id_, code, kind, setting, state, org_unit_id, partner, _opened_on, _closed_on, agreements in outlets:
        version = own[id_][-1].version if own[id_] else tariffs.version_for(agreements, last)
        if id_ in was:
            kind, setting = was[id_].get("kind", kind), was[id_].get("setting", setting)
            partner = partners.get(was[id_]["partner_id"], "") if "partner_id" in was[id_] else partner
        inputs = _inputs(month, Profile(kind, setting, partner or ""), outside.get(id_, Outside()))
        earned, monthly, reason = worked(ruling[id_], inputs, facts.get(id_, []))
        if id_ in settling:
            earned = settled_lines(earned, settling[id_].counts)
        months.append(
            OutletMonth(
                outlet_id=id_,
                outlet_code=code,
                outlet_kind=kind,
                setting=setting,
                state=state,
                org_unit_id=org_unit_id,
                agreed=_last_terms(agreements, month),
                version_id=version.id if version else None,
                ruling=ruling[id_],
                inputs=inputs,
                earned=earned,
                monthly=monthly,
                reason=reason,
                adjusted=adjusted.get(id_, []),
                collected_fen=sum([line[1] for line in earned]),
                earned_fen=sum([line[2] for line in earned]) + sum([one.commission_fen for one in monthly]),
                settling=settling.get(id_),
            )
        )
    return months


def pays_settled(tariffs: Tariffs, month: Month) -> bool:
    """Whether a plan that pays what became settled rules by the end of the month."""
    return tariffs.first_settled_on is not None and tariffs.first_settled_on < month.ends_on


_earned_line: Callable[[tuple[Any, ...]], EarnedLine] = partial(tuple.__new__, EarnedLine)


def _facts_at_end(month: Month, outlets: Sequence[Standing]) -> Mapping[int, Mapping[str, Any]]:
    """Return what of outlets was changed since the month ended, as it was then; in a month that runs on, nothing."""
    if month.ends_on > today():
        return {}
    return facts_before({one.id: one.code for one in outlets}, shanghai_instant(month.ends_on))


def _partner_codes() -> Mapping[int | None, str]:
    return dict(db.session.execute(select(Partner.id, Partner.code)).all())


def settled_lines(earned: Sequence[EarnedLine], counts: Mapping[UUID, Fact]) -> list[EarnedLine]:
    """Return the lines with what became settled as their base, where that is what counts."""
    return [
        line._replace(base_fen=counts[line.collection_id].settled_to_fen - counts[line.collection_id].settled_from_fen)
        if line.collection_id in counts
        else line
        for line in earned
    ]


def _inputs(month: Month, profile: Profile, outside: Outside) -> OutletInputs:
    return OutletInputs(
        month,
        profile,
        last_year=outside.last_year,
        open_days=outside.open_days,
        visits_passed=outside.visits_passed,
        campaigns=outside.campaigns,
    )


def worked(
    ruling: Sequence[Ruled], inputs: OutletInputs, facts: Sequence[Fact]
) -> tuple[list[EarnedLine], list[MonthlyEarned], Reason | None]:
    """Work an outlet's month; facts in the order of day and id, lines in the same."""
    found: Worked = month_of([one.span for one in ruling], inputs, facts)
    ids = [one.version.component_ids for one in ruling]
    # By identity: collections of one amount share their parts, and the lines found keep each alive until the end.
    names: dict[int, tuple[Part, ...]] = {}
    earned: list[EarnedLine] = []
    add, make = earned.append, _earned_line
    for fact, (id_, span, total, parts) in zip(facts, found.lines, strict=True):
        if id_ is not fact[0]:
            raise ValueError(f"{id_}: not in the order of day and id")
        stored = names.get(id(parts))
        if stored is None:
            stored = names[id(parts)] = tuple([(ids[span][position], fen) for position, fen in parts])
        add(make((id_, fact[4], total, stored)))
    monthly = [
        MonthlyEarned(
            ids[line.span][line.component], ruling[line.span], line.component, line.inputs, line.reason, line.fen
        )
        for line in found.monthly
    ]
    return earned, monthly, found.reason


def _adjusted(month: Month) -> Mapping[int, list[Any]]:
    """Return what is adjusted in a month by outlet: there is little of it, and most outlets have none."""
    return remembered(MONTHS, ("adjusted", month), lambda: _adjusted_by_outlet(month))


def _adjusted_by_outlet(month: Month) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for one in rows_of(_ADJUSTED, {"month": str(month)}):
        found[one.outlet_id].append(one)
    return dict(found)


_ADJUSTED = (
    select(CommissionAdjustment)
    .where(CommissionAdjustment.month == bindparam("month"))
    .order_by(CommissionAdjustment.id)
)


def _last_terms(terms: Sequence[Terms], month: Month) -> Terms | None:
    """Return the agreement in force on the month's last day, else the last that began before the month ended."""
    last = month.ends_on - timedelta(days=1)
    begun = [one for one in terms if one.starts_on <= last]
    return terms_on(terms, last) or max(begun, key=lambda one: one.starts_on, default=None)
