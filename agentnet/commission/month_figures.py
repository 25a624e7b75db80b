"""A month's commission for the screens: by station and outlet, urban and rural apart; closed, or provisional so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, null, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from agentnet.collecting.models import Collection
from agentnet.commission.accruing import open_in, outlet_months
from agentnet.commission.counted import in_month
from agentnet.commission.models import CommissionAdjustment, OutletAccrual
from agentnet.commission.queries import tariffs
from agentnet.commission.settling import owing_in
from agentnet.core.clock import Month
from agentnet.core.errors import Missing
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.revisions import REGISTER, remembered
from agentnet.infra.statements import built_once
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries import under, visible_outlets
from agentnet.users.permissions import Permission, covers_company, grants_for, org_paths

PROVISIONAL_LIMIT = 20_000
"""Most collections of an open month that a page works through; beyond it only counts and amounts are shown."""

READ = Permission.COMMISSION_READ


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over outlets; commission is None where an open month is too large to work through for a page."""

    outlets: int = 0
    count: int = 0
    collected_fen: Fen = 0
    earned_fen: Fen | None = 0
    adjusted_fen: Fen = 0

    @property
    def due_fen(self) -> Fen | None:
        return None if self.earned_fen is None else self.earned_fen + self.adjusted_fen


def added(parts: Iterable[Sums]) -> Sums:
    """Return the sum of sums; unknown as soon as one part's commission is."""
    outlets = count = collected = adjusted = 0
    earned: Fen | None = 0
    for part in parts:
        outlets += part.outlets
        count += part.count
        collected += part.collected_fen
        adjusted += part.adjusted_fen
        earned = None if earned is None or part.earned_fen is None else earned + part.earned_fen
    return Sums(outlets, count, collected, earned, adjusted)


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """A station's month, urban and rural apart."""

    unit: Any
    """The org unit, and the one above it, as rows."""
    above: Any
    by_setting: Mapping[str, Sums]
    whole: Sums = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", added(self.by_setting.values()))


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """A month in the viewer's territory; ``closed`` figures never change."""

    month: Month
    closed: bool
    units: Sequence[UnitFigures]

    def setting(self, setting: str) -> Sums:
        """Return the sums of all urban or all rural outlets."""
        return added(unit.by_setting[setting] for unit in self.units if setting in unit.by_setting)

    @property
    def whole(self) -> Sums:
        return added(unit.whole for unit in self.units)


def accrued_for(viewer: Actor) -> ColumnElement[bool]:
    """Return the condition on ``OutletAccrual`` that it lies in the viewer's territory as stamped at the close."""
    if covers_company(viewer, READ):
        return true()
    grants = grants_for(viewer, READ)
    outlet_ids = [grant.outlet_id for grant in grants if grant.outlet_id is not None]
    partner_ids = [grant.partner_id for grant in grants if grant.partner_id is not None]
    return or_(
        OutletAccrual.org_unit_id.in_(select(OrgUnit.id).where(under(org_paths(viewer, READ)))),
        OutletAccrual.outlet_id.in_(outlet_ids),
        *_of_partners(partner_ids),
    )


def _of_partners(partner_ids: Sequence[int]) -> list[ColumnElement[bool]]:
    """Return the conditions that a month was one of the partners' (before it was written down: is today)."""
    if not partner_ids:
        return []
    codes = select(Partner.code).where(Partner.id.in_(partner_ids))
    outlets = select(Outlet.id).where(Outlet.partner_id.in_(partner_ids))
    return [
        OutletAccrual.inputs["partner"].as_string().in_(codes),
        and_(OutletAccrual.inputs.is_(null()), OutletAccrual.outlet_id.in_(outlets)),
    ]


def only_of_partners(viewer: Actor) -> frozenset[str] | None:
    """Return the codes of the partners whose months alone the viewer may read; None for everybody else."""
    ids = [grant.partner_id for grant in grants_for(viewer, READ)]
    if None in ids:
        return None
    return frozenset(db.session.scalars(select(Partner.code).where(Partner.id.in_(ids))))


def require_own_month(viewer: Actor, outlet: Outlet, month: Month) -> None:
    """Refuse a partner a closed month in which the outlet was another partner's.

    Raises:
        Missing: ``month_of_another``.
    """
    codes = only_of_partners(viewer)
    accrual = db.session.get(OutletAccrual, (str(month), outlet.id)) if codes is not None else None
    if codes is not None and accrual is not None and not was_of(codes, accrual):
        raise Missing("month_of_another", "这个月网点还不属于您的单位，不能查看；请选择以后的月份")


def was_of(codes: frozenset[str], accrual: Any) -> bool:
    """Return whether a closed month was one of the partners'; before it was written down it is today's."""
    return accrual.inputs is None or accrual.inputs.get("partner") in codes


_UNITS = select(OrgUnit.id, OrgUnit.code, OrgUnit.name, OrgUnit.name_en, OrgUnit.path, OrgUnit.parent_id)


def month_figures(viewer: Actor, month: Month) -> MonthFigures:
    """Return a month by station; a handful of queries whatever its size."""
    closed = month_state(month) == CLOSED
    if not closed:
        return _figures(month, closed, _provisional_sums(viewer, month))
    # What a closed month came to never changes; who may see it, and the units' names, do with the register.
    question = ("accrued", viewer, month)
    return remembered(REGISTER, question, lambda: _figures(month, closed, _accrued_sums(viewer, month)))


def _figures(month: Month, closed: bool, sums: Mapping[int, Mapping[str, Sums]]) -> MonthFigures:
    units = {unit.id: unit for unit in db.session.connection().execute(_UNITS)}
    found = [
        UnitFigures(units[unit_id], units.get(units[unit_id].parent_id or 0), by_setting)
        for unit_id, by_setting in sums.items()
    ]
    return MonthFigures(month, closed, sorted(found, key=lambda one: _tree_order(one.unit)))


def _tree_order(unit: Any) -> list[int]:
    return [int(step) for step in unit.path.strip("/").split("/")]


def _accrued_sums(viewer: Actor, month: Month) -> dict[int, dict[str, Sums]]:
    found: dict[int, dict[str, Sums]] = defaultdict(dict)
    for unit_id, setting, *figures in db.session.connection().execute(_accrued(viewer, str(month))):
        found[unit_id][setting] = Sums(*(int(figure) for figure in figures))
    return found


@built_once
def _accrued(viewer: Actor, month: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            OutletAccrual.org_unit_id,
            OutletAccrual.setting,
            func.count(),
            func.sum(OutletAccrual.collections_count),
            func.sum(OutletAccrual.collected_fen),
            func.sum(OutletAccrual.earned_fen),
            func.sum(OutletAccrual.adjusted_fen),
        )
        .where(OutletAccrual.month == month, accrued_for(viewer))
        .group_by(OutletAccrual.org_unit_id, OutletAccrual.setting)
    )


def _provisional_sums(viewer: Actor, month: Month) -> dict[int, dict[str, Sums]]:
    statement = (
        select(Outlet.id, Outlet.org_unit_id, Outlet.setting, func.count(), func.sum(Collection.amount_fen))
        .join(Collection, Collection.outlet_id == Outlet.id)
        .where(in_month(month), visible_outlets(viewer, READ))
        .group_by(Outlet.id, Outlet.org_unit_id, Outlet.setting)
    )
    rows = db.session.execute(statement).all()
    parts: dict[tuple[int, str], list[Sums]] = defaultdict(list)
    if sum(row[3] for row in rows) > PROVISIONAL_LIMIT:
        for _outlet_id, unit_id, setting, count, collected in rows:
            parts[unit_id, setting].append(Sums(1, count, int(collected), None))
    else:
        parts = _worked_through(viewer, month, {row[0]: (row[1], row[2]) for row in rows})
    found: dict[int, dict[str, Sums]] = defaultdict(dict)
    for (unit_id, setting), sums in parts.items():
        found[unit_id][setting] = added(sums)
    return found


def _worked_through(
    viewer: Actor, month: Month, places: dict[int, tuple[int, str]]
) -> dict[tuple[int, str], list[Sums]]:
    besides = select(CommissionAdjustment.outlet_id).where(CommissionAdjustment.month == str(month))
    adjusted = db.session.execute(
        select(Outlet.id, Outlet.org_unit_id, Outlet.setting).where(
            or_(Outlet.id.in_(besides), Outlet.id.in_(owing_in(month))), visible_outlets(viewer, READ)
        )
    )
    places = places | {row.id: (row.org_unit_id, row.setting) for row in adjusted}
    book, outlet_ids = tariffs(), sorted(places)
    parts: dict[tuple[int, str], list[Sums]] = defaultdict(list)
    for start in range(0, len(outlet_ids), 500):
        for one in outlet_months(month, outlet_ids[start : start + 500], book):
            parts[places[one.outlet_id]].append(
                Sums(1, len(one.earned), one.collected_fen, one.earned_fen, one.adjusted_fen)
            )
    return parts


@dataclass(frozen=True, slots=True)
class OutletLine:
    """An outlet in the list of a month."""

    code: str
    name: str
    kind: str
    setting: str
    sums: Sums


OUTLET_COLUMNS: Mapping[str, SortBy] = {
    "code": SortBy(Outlet.code),
    "due": SortBy(OutletAccrual.due_fen, int),
    "count": SortBy(OutletAccrual.collections_count, int),
    "collected": SortBy(OutletAccrual.collected_fen, int),
}
OPEN_COLUMNS: Mapping[str, SortBy] = {"code": SortBy(Outlet.code)}
_ACCRUAL_KEY, _OUTLET_KEY = SortBy(OutletAccrual.outlet_id, int), SortBy(Outlet.id, int)


@dataclass(frozen=True, slots=True)
class OutletFilter:
    """What the list of outlets is narrowed to; empty means all."""

    unit: OrgUnit | None = None
    setting: str = ""
    words: str = ""

    def conditions(self, setting_column: InstrumentedAttribute[str]) -> list[ColumnElement[bool]]:
        """Return the conditions; the org unit is joined as ``OrgUnit``."""
        found: list[ColumnElement[bool]] = []
        if self.unit is not None:
            found.append(OrgUnit.path.startswith(self.unit.path, autoescape=True))
        if self.setting in (Setting.URBAN, Setting.RURAL):
            found.append(setting_column == self.setting)
        if self.words:
            found.append(
                or_(
                    Outlet.code.icontains(self.words, autoescape=True),
                    Outlet.name.icontains(self.words, autoescape=True),
                )
            )
        return found


def outlet_page(viewer: Actor, month: Month, wanted: OutletFilter, arguments: Mapping[str, str]) -> Page[OutletLine]:
    """Return a page of outlets with their month: as closed, or worked out for the outlets on the page."""
    if month_state(month) == CLOSED:
        page = page_of(
            db.session(),
            _accrued_outlets(viewer, str(month), replace(wanted, unit=None), wanted.unit.path if wanted.unit else ""),
            arguments,
            columns=OUTLET_COLUMNS,
            default="-due",
            key=_ACCRUAL_KEY,
        )
        return Page([_closed_line(row) for row in page.items], page.sorting, page.next_cursor, page.previous_cursor)
    statement: Select[*tuple[Outlet]] = (
        select(Outlet)
        .join(OrgUnit, OrgUnit.id == Outlet.org_unit_id)
        .where(visible_outlets(viewer, READ), open_in(month), *wanted.conditions(Outlet.setting))
    )
    outlets = page_of(db.session(), statement, arguments, columns=OPEN_COLUMNS, default="code", key=_OUTLET_KEY)
    figures = {one.outlet_id: one for one in outlet_months(month, [one.id for one in outlets.items], tariffs())}
    lines = [
        OutletLine(
            outlet.code,
            outlet.name,
            outlet.kind,
            outlet.setting,
            Sums(1, len(one.earned), one.collected_fen, one.earned_fen, one.adjusted_fen),
        )
        for outlet, one in ((outlet, figures[outlet.id]) for outlet in outlets.items)
    ]
    return Page(lines, outlets.sorting, outlets.next_cursor, outlets.previous_cursor)


@built_once
def _accrued_outlets(viewer: Actor, month: str, wanted: OutletFilter, unit_path: str) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(
            Outlet.code,
            Outlet.name,
            OutletAccrual.outlet_kind,
            OutletAccrual.setting,
            OutletAccrual.collections_count,
            OutletAccrual.collected_fen,
            OutletAccrual.earned_fen,
            OutletAccrual.adjusted_fen,
        )
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .where(OutletAccrual.month == month, accrued_for(viewer), *wanted.conditions(OutletAccrual.setting))
    )
    if not unit_path:
        return statement
    return statement.join(OrgUnit, OrgUnit.id == OutletAccrual.org_unit_id).where(under((unit_path,)))


def _closed_line(row: Sequence[Any]) -> OutletLine:
    code, name, kind, setting, count, collected, earned, adjusted, *_sorting = row
    return OutletLine(code, name, kind, setting, Sums(1, count, collected, earned, adjusted))
