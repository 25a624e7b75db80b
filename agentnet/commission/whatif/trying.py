"""A plan version tried on closed months: the collections each close paid for, worked anew. Reads only.

What a close paid for is what stands in its lines, so the same version comes to the same fen as the close; what was put
right afterwards is on neither side. What plans ask beside the collections (last year, days of business, visits) is
read as it is now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import String, bindparam, select, type_coerce

from agentnet.collecting.models import Collection
from agentnet.commission.accruing import MonthlyEarned, Part, worked
from agentnet.commission.engine import language
from agentnet.commission.engine.inputs import Fact, OutletInputs, Profile
from agentnet.commission.engine.reading import read_version
from agentnet.commission.models import CommissionLine, OutletAccrual, PlanComponent
from agentnet.commission.outside import Outside, outside_of
from agentnet.commission.queries import tariffs, terms_of
from agentnet.commission.rules import Tariffs, Version
from agentnet.commission.stored import closed_monthly
from agentnet.commission.whatif.comparing import Change, Monthly, PaidLine, add_month
from agentnet.commission.working import read_parts
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
    terms = terms_of(outlet_ids)
    portion = Portion()
    for month in months:
        ruling = {id_: trial.ruling(terms.get(id_, ()), month) for id_ in outlet_ids}
        ruled = [id_ for id_ in outlet_ids if any(one.version.id == TRIED for one in ruling[id_])]
        if ruled:
            _try_month(month, ruled, ruling, names, portion)
    return portion


def _try_month(
    month: Month, outlet_ids: list[int], ruling: Mapping[int, Any], names: Mapping[int, str], portion: Portion
) -> None:
    facts, paid = _lines(month, outlet_ids)
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
        )
        earned, monthly, _reason = worked(ruling[id_], inputs, facts.get(id_, []))
        tried = portion.outlets.setdefault(id_, Tried(accrual.org_unit_id, accrual.setting))
        tried.org_unit_id, tried.setting = accrual.org_unit_id, accrual.setting
        compared = add_month(
            tried.change,
            str(month),
            (paid.get(id_, []), once.get(id_, ())),
            (earned, map(_monthly, monthly)),
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
        )
        .join(Collection, Collection.id == CommissionLine.collection_id)
        .where(
            CommissionLine.month == str(month), CommissionLine.outlet_id.in_(bindparam("outlet_ids", expanding=True))
        )
        .order_by(CommissionLine.outlet_id, Collection.business_on, Collection.id)
    )


def _lines(month: Month, outlet_ids: Sequence[int]) -> tuple[dict[int, list[Fact]], dict[int, list[PaidLine]]]:
    """Return what the close paid for, as the engine takes it, and what it paid, by outlet and in the same order."""
    facts: dict[int, list[Fact]] = defaultdict(list)
    paid: dict[int, list[PaidLine]] = defaultdict(list)
    days: dict[Any, date] = {}
    known: dict[tuple[Any, ...], tuple[Part, ...]] = {}
    # Plain rows from the driver: a million of them are read in a month of a large network.
    rows = _month_lines(month).rows(db.session.connection(), {"outlet_ids": list(outlet_ids)})
    for outlet_id, id_, on, tender, household_id, base_fen, *earned in rows:
        day = days.get(on)
        if day is None:
            day = days[on] = on if isinstance(on, date) else date.fromisoformat(on)
        key = tuple(earned)
        parts = known.get(key)
        if parts is None:
            parts = known[key] = read_parts(*key)
        facts[outlet_id].append(Fact(id_, day, tender, household_id, base_fen))
        paid[outlet_id].append(PaidLine(base_fen, key[0], parts))
    return facts, paid
