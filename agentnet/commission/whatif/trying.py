"""A plan version tried on closed months: the collections each close paid for, worked anew. Reads only.

What a close paid for is what stands in its lines, so the same version comes to the same fen as the close; what was put
right afterwards is on neither side. What plans ask beside the collections (last year, days of business, visits) is
read as it is now.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import String, bindparam, select, type_coerce

from agentnet.collecting.models import Collection
from agentnet.commission.accruing import EarnedLine, MonthlyEarned, Part, worked
from agentnet.commission.engine import language
from agentnet.commission.engine.inputs import Fact, OutletInputs, Profile
from agentnet.commission.engine.reading import read_version
from agentnet.commission.models import CommissionLine, OutletAccrual, PlanComponent
from agentnet.commission.outside import Outside, outside_of
from agentnet.commission.queries import tariffs, terms_of
from agentnet.commission.rules import Ruled, Tariffs, Terms, Version, open_days_of, within
from agentnet.commission.settling import Concerned, cut_to, settle_outlets
from agentnet.commission.stored import closed_monthly
from agentnet.commission.whatif.comparing import Change, Monthly, NewLine, PaidLine, add_month
from agentnet.commission.working import read_parts, read_ruling
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.infra.straight import Straight
from agentnet.outlets.models import Outlet, Partner

TRIED = 0
"""Id of the version that is tried; stored ones count from 1, and so do their components."""
SINCE = date(1900, 1, 1)
EVERY_PLAN = 0


@dataclass(slots=True)
class Tried:
    """What became of one outlet, and where it lay at the end of the last month."""

    org_unit_id: int
    setting: str
    change: Change = field(default_factory=Change)


@dataclass(slots=True)
class Portion:
    """Some outlets tried; ``sums`` are fen by month, org unit, setting, side and component."""

    outlets: dict[int, Tried] = field(default_factory=dict)
    sums: dict[tuple[str, int, str, str, str], Fen] = field(default_factory=dict)

    def add(self, month: str, accrual: Any, side: str, by_name: Mapping[str, Fen]) -> None:
        """Add what components came to."""
        for name, fen in by_name.items():
            key = (month, accrual.org_unit_id, accrual.setting, side, name)
            self.sums[key] = self.sums.get(key, 0) + fen


def tried_tariffs(says: language.Version, plan_id: int | None, book: Tariffs) -> Tariffs:
    """Return the tariffs with the version in place of a plan's versions, whenever it starts; of every plan for None."""
    ids = tuple(-1 - position for position in range(len(says.components)))
    always = (Version(TRIED, 0, replace(says, starts_on=SINCE), ids),)
    if plan_id is not None:
        return Tariffs({**book.versions_by_plan, plan_id: always}, book.default_plan_id)
    everywhere = dict.fromkeys((*book.versions_by_plan, EVERY_PLAN), always)
    return Tariffs(everywhere, EVERY_PLAN if book.default_plan_id is None else book.default_plan_id)


def try_outlets(content: str, plan_id: int | None, months: Sequence[Month], outlet_ids: Sequence[int]) -> Portion:
    """Try a version on some outlets' closed months; outlets it would not have ruled are left out."""
    says, book = read_version(content), tariffs()
    trial = tried_tariffs(says, plan_id, book)
    names = dict(db.session.execute(select(PlanComponent.id, PlanComponent.name)).all())
    names |= {-1 - position: one.name for position, one in enumerate(says.components)}
    terms, opened = terms_of(outlet_ids), _opened(outlet_ids)
    portion = Portion()
    stands: dict[uuid.UUID, Fen] = {}
    for month in months:
        ruling = {id_: trial.ruling(terms.get(id_, ()), month) for id_ in outlet_ids}
        ruled = [id_ for id_ in outlet_ids if any(one.version.id == TRIED for one in ruling[id_])]
        if not ruled:
            continue
        lines = _lines(month, ruled)
        for id_ in ruled:
            days = [line.fact.day for line in lines[id_] if line.own]
            open_days = open_days_of(*opened[id_], [min(days), max(days)] if days else [])
            ruling[id_] = within(ruling[id_], *open_days)
        facts: dict[int, list[Fact]] = {id_: [line.fact for line in lines[id_] if line.own] for id_ in ruled}
        stands |= {line.fact.id: line.fact.amount_fen for id_ in ruled for line in lines[id_]}
        concerned = _concerned(month, months, {id_: ruling[id_] for id_ in ruled}, terms, trial, book)
        for id_, settled in settle_outlets(month, concerned, facts, stands).items():
            ruling[id_], facts[id_] = settled.ruling, settled.facts
        _try_month(month, ruled, ruling, facts, lines, names, portion)
    return portion


def _opened(outlet_ids: Sequence[int]) -> Mapping[int, tuple[date | None, date | None]]:
    """Return from when until when each outlet was open."""
    opened = select(Outlet.id, Outlet.opened_on, Outlet.closed_on).where(Outlet.id.in_(outlet_ids))
    return {id_: (opened_on, closed_on) for id_, opened_on, closed_on in db.session.execute(opened)}


def _concerned(
    month: Month,
    months: Sequence[Month],
    ruling: Mapping[int, tuple[Ruled, ...]],
    terms: Mapping[int, Sequence[Terms]],
    trial: Tariffs,
    book: Tariffs,
) -> dict[int, Concerned]:
    """Return the outlets for which the trial pays what was settled, with the earlier days that count.

    Those are the chosen months before this one, and days whose collections the closed months paid as they were settled.
    """
    first = trial.first_settled_on
    if first is None:
        return {}
    found = {id_: Concerned(several) for id_, several in ruling.items()}
    since = min([months[0], *([Month.of(book.first_settled_on)] if book.first_settled_on else [])])
    versions = {one.id: one for several in book.versions_by_plan.values() for one in several}
    for outlet_id, of_month, inputs in db.session.execute(
        select(OutletAccrual.outlet_id, OutletAccrual.month, OutletAccrual.inputs).where(
            OutletAccrual.outlet_id.in_(list(found)),
            OutletAccrual.month >= str(since),
            OutletAccrual.month < str(month),
        )
    ):
        stored, outlet = Month.parse(of_month), found[outlet_id]
        paid_settled = [one for one in cut_to(read_ruling(inputs or {}, versions), stored) if one.version.settles]
        days = (
            [(stored.starts_on, stored.ends_on)]
            if stored in months
            else [(one.starts_on, one.ends_on) for one in paid_settled]
        )
        tried = [one for one in trial.ruling(terms.get(outlet_id, ()), stored) if one.version.settles]
        outlet.earlier += [one for first_day, end in days for one in within(tried, first_day, end)]
        outlet.worked_until = max(outlet.worked_until, stored.ends_on)
    return {id_: one for id_, one in found.items() if one.earlier or any(ruled.version.settles for ruled in one.ruling)}


def _try_month(
    month: Month,
    outlet_ids: list[int],
    ruling: Mapping[int, Any],
    facts: Mapping[int, Sequence[Fact]],
    lines: Mapping[int, Sequence[_Line]],
    names: Mapping[int, str],
    portion: Portion,
) -> None:
    once: dict[int, list[Monthly]] = defaultdict(list)
    for stored in closed_monthly(month, outlet_ids):
        once[stored.outlet_id].append(Monthly(stored.component_id, stored.commission_fen))
    outside = outside_of(month, {id_: ruling[id_] for id_ in outlet_ids}, facts)
    for accrual, partner in _accruals(month, outlet_ids):
        id_ = accrual.outlet_id
        beside = outside.get(id_, Outside())
        inputs = OutletInputs(
            month,
            Profile(accrual.outlet_kind, accrual.setting, partner),
            last_year=beside.last_year,
            open_days=beside.open_days,
            visits_passed=beside.visits_passed,
            campaigns=beside.campaigns,
        )
        earned, monthly, _reason = worked(ruling[id_], inputs, facts.get(id_, []))
        paid, new = _paired(lines[id_], facts.get(id_, []), earned)
        tried = portion.outlets.setdefault(id_, Tried(accrual.org_unit_id, accrual.setting))
        tried.org_unit_id, tried.setting = accrual.org_unit_id, accrual.setting
        compared = add_month(
            tried.change,
            str(month),
            (paid, once.get(id_, ())),
            (new, map(_monthly, monthly)),
            names,
        )
        portion.add(str(month), accrual, "PAID", compared.paid_by)
        portion.add(str(month), accrual, "NEW", compared.new_by)


def _monthly(one: MonthlyEarned) -> Monthly:
    return Monthly(one.component_id, one.commission_fen, one.reason.value if one.reason else None)


def _accruals(month: Month, outlet_ids: Sequence[int]) -> list[tuple[Any, str]]:
    """Return the outlets' stamps, each with the partner as the close wrote it down, else as it is."""
    rows = db.session.execute(
        select(
            OutletAccrual.outlet_id,
            OutletAccrual.org_unit_id,
            OutletAccrual.outlet_kind,
            OutletAccrual.setting,
            OutletAccrual.inputs,
            Partner.code,
        )
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .where(OutletAccrual.month == str(month), OutletAccrual.outlet_id.in_(outlet_ids))
        .order_by(OutletAccrual.outlet_id)
    )
    return [(row, (row.code or "") if row.inputs is None else row.inputs.get("partner", "")) for row in rows]


class _Line(NamedTuple):
    """A line of a closed month: what it paid for as the engine takes it, and what it paid.

    ``own`` says that the collection is of this month: not of an earlier one, settled in this.
    """

    fact: Fact
    paid: PaidLine
    own: bool


def _paired(
    lines: Sequence[_Line], facts: Sequence[Fact], earned: Sequence[EarnedLine]
) -> tuple[Sequence[PaidLine], Sequence[NewLine]]:
    """Return both sides with the same collections in the same order; what one side does not have is nothing there."""
    if len(lines) == len(earned) and all(line.own for line in lines):
        return [line.paid for line in lines], earned
    new = {line.collection_id: line for line in earned}
    paid = {line.fact.id: line.paid for line in lines}
    ids = [*paid, *(fact.id for fact in facts if fact.id not in paid)]
    return [paid.get(id_, PaidLine(0, 0, ())) for id_ in ids], [
        new.get(id_) or EarnedLine(id_, 0, 0, ()) for id_ in ids
    ]


@lru_cache(maxsize=16)
def _month_lines(month: Month) -> Straight:
    """Return the statement for the lines of a closed month at some outlets: ids and days as plain text."""
    return Straight(
        select(
            CommissionLine.outlet_id,
            type_coerce(Collection.id, String),
            type_coerce(Collection.business_on, String),
            Collection.tender,
            Collection.household_id,
            CommissionLine.base_fen,
            CommissionLine.commission_fen,
            CommissionLine.component_id,
            CommissionLine.parts,
            CommissionLine.amount_fen,
        )
        .join(Collection, Collection.id == CommissionLine.collection_id)
        .where(
            CommissionLine.month == str(month), CommissionLine.outlet_id.in_(bindparam("outlet_ids", expanding=True))
        )
        .order_by(CommissionLine.outlet_id, Collection.business_on, Collection.id)
    )


def _lines(month: Month, outlet_ids: Sequence[int]) -> Mapping[int, list[_Line]]:
    """Return what the close paid for and what it paid, by outlet, in the order of day and id."""
    found: dict[int, list[_Line]] = defaultdict(list)
    days: dict[Any, date] = {}
    known: dict[tuple[Any, ...], tuple[Part, ...]] = {}
    starts_on = month.starts_on
    # Plain rows from the driver: a million of them are read in a month of a large network.
    rows = _month_lines(month).rows(db.session.connection(), {"outlet_ids": list(outlet_ids)})
    for outlet_id, id_, on, tender, household_id, base_fen, fen, component_id, parts, amount_fen in rows:
        day = days.get(on)
        if day is None:
            day = days[on] = on if isinstance(on, date) else date.fromisoformat(on)
        key = (fen, component_id, parts)
        read = known.get(key)
        if read is None:
            read = known[key] = read_parts(*key)
        of = id_ if isinstance(id_, uuid.UUID) else uuid.UUID(id_)
        fact = Fact(of, day, tender, household_id, base_fen if amount_fen is None else amount_fen)
        found[outlet_id].append(_Line(fact, PaidLine(base_fen, fen, read), day >= starts_on))
    return found
