"""Which documents there are, and who may see them: by the org path stamped when they were frozen, not by today's."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, union

from agentnet.core.errors import Missing
from agentnet.divisions.models import OrgUnit
from agentnet.documents.freezing import Company
from agentnet.documents.kinds import ReportKind, report_kinds
from agentnet.documents.models import Order, Run, Schedule
from agentnet.documents.rules import RunState
from agentnet.infra.actor import Actor, Grant, Role
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.revisions import REGISTER, remembered
from agentnet.infra.statements import built_once, written
from agentnet.users.permissions import Permission, grants_for, may, org_paths, require

RUN_COLUMNS: Mapping[str, SortBy] = {
    "made": SortBy(Run.id, uuid.UUID),
    "title": SortBy(Run.title),
    "number": SortBy(Run.number),
    "period": SortBy(Run.period_start, date),
}


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What a list of documents is narrowed to; empty means all."""

    kind: str = ""
    state: str = ""
    language: str = ""
    org_path: str = ""
    words: str = ""
    period: tuple[date, date] | None = None
    order_id: uuid.UUID | None = None


def at_or_below(column: Any, paths: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the condition that a path column lies at or below one of the paths."""
    return or_(false(), *(column.startswith(path, autoescape=True) for path in paths))


def visible_runs(viewer: Actor, permission: Permission = Permission.DOCUMENT_READ) -> ColumnElement[bool]:
    """Return the condition on ``Run`` that the viewer may see it.

    A document is seen by whoever holds its kind's permission where it was stamped, by the keeper of the outlet, the
    partner or the manager it is about. A manager's own report is no business of the station's other managers: as
    managers they see what is about the station, not about one of them.
    """
    wide: dict[tuple[str, ...], list[str]] = {}
    of_the_station: dict[tuple[str, ...], list[str]] = {}
    narrow: list[ColumnElement[bool]] = []
    for kind in report_kinds().values():
        grants = grants_for(viewer, kind.permission) if may(viewer, permission) else ()
        office = office_paths(grants)
        colleagues = _paths(grant for grant in grants if grant.role is Role.MANAGER)
        outlets = [grant.outlet_id for grant in grants if grant.outlet_id is not None]
        partners = [grant.partner_id for grant in grants if grant.partner_id is not None]
        of_kind = Run.kind == kind.code
        if office:
            wide.setdefault(office, []).append(kind.code)
        if colleagues:
            of_the_station.setdefault(colleagues, []).append(kind.code)
        if outlets:
            narrow.append(and_(of_kind, Run.outlet_id.in_(outlets)))
        if partners:
            narrow.append(and_(of_kind, Run.partner_id.in_(partners)))
    if sees_everything(viewer, permission):
        return Run.kind.concat("").in_(list(report_kinds()))
    own: Callable[[Actor], Select[Any]] | None = current_app.extensions.get("agentnet.own_manager_ids")
    if own is not None and viewer.user_id is not None and may(viewer, permission):
        narrow.append(Run.manager_id.in_(own(viewer)))
    if wide or of_the_station or not narrow:
        # A territory has documents everywhere: the newest first are walked until a page is full.
        about_no_one = [
            and_(Run.manager_id.is_(None), _of_kinds_below(kinds, paths)) for paths, kinds in of_the_station.items()
        ]
        return or_(false(), *(_of_kinds_below(kinds, paths) for paths, kinds in wide.items()), *about_no_one, *narrow)
    # A few documents among very many: found by the index of outlet, partner or manager, then sorted.
    return Run.id.in_(union(*(select(Run.id).where(condition) for condition in narrow)))


def office_paths(grants: Iterable[Grant]) -> tuple[str, ...]:
    """Return where the grants let one see everything, what is about a single manager included."""
    return _paths(grant for grant in grants if grant.role is not Role.MANAGER)


def _paths(grants: Iterable[Grant]) -> tuple[str, ...]:
    return tuple(grant.org_path for grant in grants if grant.org_path is not None)


def sees_everything(viewer: Actor, permission: Permission = Permission.DOCUMENT_READ) -> bool:
    """Return whether the viewer may see every document there is, of every kind that is still made."""
    if not may(viewer, permission):
        return False
    return all(is_everywhere(office_paths(grants_for(viewer, kind.permission))) for kind in report_kinds().values())


def is_everywhere(paths: tuple[str, ...]) -> bool:
    """Return whether one of the paths is the root's, which is ``/1/``; everything is below it."""
    return any(path.count("/") <= 2 for path in paths)


def _of_kinds_below(kinds: list[str], paths: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the condition that a document is of one of the kinds, and was stamped at or below one of the paths."""
    # The concatenation keeps the databases from collecting a whole kind by its index and sorting it.
    of_kinds = Run.kind.concat("").in_(kinds)
    return of_kinds if is_everywhere(paths) else and_(of_kinds, at_or_below(Run.org_path, paths))


def plain_number(text: str) -> str:
    """Return a number from an address without what no number has and no database takes."""
    return "".join(character for character in text[:40] if character.isascii() and character.isprintable())


def run_for(viewer: Actor, number: str) -> Run:
    """Return the document with this number if the viewer may see it.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``document_missing``.
    """
    require(viewer, Permission.DOCUMENT_READ)
    run = db.session.scalar(select(Run).where(Run.number == plain_number(number), visible_runs(viewer)))
    if run is None:
        raise Missing("document_missing", "没有找到这份文件，或它不在您的管辖范围内")
    return run


def run_by_number(number: str) -> Run | None:
    """Return the document with this number for anyone: the caller shows it only to who knows its check code."""
    return db.session.scalar(select(Run).where(Run.number == plain_number(number)))


_SHOWN = (
    Run.number,
    Run.title,
    Run.kind,
    Run.language,
    Run.period_start,
    Run.period_end,
    Run.planned_at,
    Run.state,
    Run.failure,
)
"""What a list shows of a document."""


@built_once
def shown_runs(viewer: Actor, wanted: RunFilter, _kinds: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """Return the select of what a list shows of the documents the viewer may see, among the kinds there are."""
    return select(*_SHOWN).where(*conditions_of(viewer, wanted))


@built_once
def _failed_runs(viewer: Actor, _kinds: tuple[str, ...]) -> Select[int]:
    return select(func.count(Run.id)).where(visible_runs(viewer), Run.state == RunState.FAILED)


@built_once
def _runs_and_failed(viewer: Actor, wanted: RunFilter, kinds: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    failed = _failed_runs(viewer, kinds).correlate(None).scalar_subquery()
    return shown_runs(viewer, wanted, kinds).add_columns(failed.label("failed_count"))


def runs_page(viewer: Actor, wanted: RunFilter, arguments: Mapping[str, str]) -> Page[Any]:
    """Return one page of what a list shows of the documents the viewer may see, newest first unless asked otherwise.

    Each row says how many of all the viewer sees could not be made.
    """
    statement = _runs_and_failed(viewer, wanted, tuple(report_kinds()))
    return page_of(db.session(), statement, arguments, columns=RUN_COLUMNS, default="-made", key=RUN_COLUMNS["made"])


@built_once
def _newest_runs(viewer: Actor, count: int, _kinds: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    # Ids grow with the time of planning, and have an index.
    return select(*_SHOWN).where(visible_runs(viewer)).order_by(Run.id.desc()).limit(written(count))


def newest_runs(viewer: Actor, count: int) -> Sequence[Any]:
    """Return what a list shows of the newest documents the viewer may see."""
    return rows_of(_newest_runs(viewer, count, tuple(report_kinds())))


def finished_runs(viewer: Actor, wanted: RunFilter, most: int) -> list[Run]:
    """Return up to ``most`` finished documents of a filter, in the order of their numbers."""
    conditions = [*conditions_of(viewer, wanted), Run.state == RunState.DONE]
    return list(db.session.scalars(select(Run).where(*conditions).order_by(Run.number).limit(most)))


def conditions_of(viewer: Actor, wanted: RunFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on ``Run`` that the viewer may see it, first, and that a filter finds it."""
    conditions = [visible_runs(viewer)]
    for column, value in ((Run.kind, wanted.kind), (Run.state, wanted.state), (Run.language, wanted.language)):
        if value:
            conditions.append(column == value)
    if wanted.org_path:
        conditions.append(at_or_below(Run.org_path, (wanted.org_path,)))
    if wanted.period:
        conditions += [Run.period_start == wanted.period[0], Run.period_end == wanted.period[1]]
    if wanted.order_id:
        conditions.append(Run.order_id == wanted.order_id)
    if wanted.words:
        conditions.append(
            or_(
                Run.title.icontains(wanted.words, autoescape=True),
                Run.number.icontains(wanted.words, autoescape=True),
            )
        )
    return conditions


def revisions_of(run: Run) -> list[Run]:
    """Return every revision of a document, newest first."""
    same = (Run.kind == run.kind, Run.subject == run.subject)
    period = (Run.period_start == run.period_start, Run.period_end == run.period_end)
    return list(db.session.scalars(select(Run).where(*same, *period).order_by(Run.revision.desc())))


def failed_run_count(viewer: Actor) -> int:
    """Return how many documents in the viewer's sight could not be made."""
    return int(rows_of(_failed_runs(viewer, tuple(report_kinds())))[0])


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the documents of an order are; ``seconds`` since the first was planned."""

    total: int
    done: int
    failed: int

    @property
    def finished(self) -> bool:
        return self.done + self.failed >= self.total


def progress_of(order_id: uuid.UUID) -> Progress:
    """Return how far the runs an order planned are."""
    row = db.session.execute(
        select(
            func.count(Run.id),
            func.coalesce(func.sum(case((Run.state == RunState.DONE, 1), else_=0)), 0),
            func.coalesce(func.sum(case((Run.state == RunState.FAILED, 1), else_=0)), 0),
        ).where(Run.order_id == order_id)
    ).one()
    return Progress(int(row[0]), int(row[1]), int(row[2]))


def company_in(language: str) -> Company:
    """Return the company's code and its name in a document's language.

    Raises:
        Missing: ``company_missing`` before the company has been entered.
    """
    unit = db.session.scalar(select(OrgUnit).where(OrgUnit.parent_id.is_(None)).order_by(OrgUnit.id).limit(1))
    if unit is None:
        raise Missing("company_missing", "还没有录入公司，请先导入组织机构")
    return Company(unit.code, (unit.name_en or unit.name) if language == "en" else unit.name)


def permitted_kinds(viewer: Actor) -> list[ReportKind]:
    """Return the kinds of which the viewer may see some document."""
    return [kind for kind in report_kinds().values() if may(viewer, kind.permission)]


@built_once
def _units_below(paths: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    columns = (OrgUnit.id, OrgUnit.code, OrgUnit.name, OrgUnit.name_en, OrgUnit.path)
    return select(*columns).where(at_or_below(OrgUnit.path, paths))


def units_for(viewer: Actor, permission: Permission) -> list[Any]:
    """Return the org units where the viewer holds the permission, the company first, each above its own units."""
    statement = _units_below(org_paths(viewer, permission))

    def in_order() -> list[Any]:
        units = db.session.connection().execute(statement)
        return sorted(units, key=lambda unit: [int(step) for step in unit.path.strip("/").split("/")])

    return remembered(REGISTER, statement, in_order)


def unit_for(viewer: Actor, code: str, permission: Permission) -> OrgUnit:
    """Return the org unit with this code if the viewer holds the permission there.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``org_unit_missing``.
    """
    require(viewer, permission)
    paths = org_paths(viewer, permission)
    unit = db.session.scalar(select(OrgUnit).where(OrgUnit.code == code, at_or_below(OrgUnit.path, paths)))
    if unit is None:
        raise Missing("org_unit_missing", "没有找到这个单位，或它不在您的管辖范围内", field="org_unit")
    return unit


def order_for(viewer: Actor, order_id: uuid.UUID) -> Order:
    """Return an order if the viewer may order documents where it was placed.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``order_missing``.
    """
    require(viewer, Permission.DOCUMENT_RUN)
    paths = org_paths(viewer, Permission.DOCUMENT_RUN)
    order = db.session.scalar(select(Order).where(Order.id == order_id, at_or_below(Order.org_path, paths)))
    if order is None:
        raise Missing("order_missing", "没有找到这次出表，或它不在您的管辖范围内")
    return order


def schedules_for(viewer: Actor) -> list[tuple[Schedule, OrgUnit]]:
    """Return the schedules of the viewer's territory with the unit each is for."""
    paths = org_paths(viewer, Permission.SCHEDULE_EDIT)
    rows = db.session.execute(
        select(Schedule, OrgUnit)
        .join(OrgUnit, OrgUnit.id == Schedule.org_unit_id)
        .where(at_or_below(OrgUnit.path, paths))
        .order_by(Schedule.enabled.desc(), Schedule.name, Schedule.id)
    )
    return [(row[0], row[1]) for row in rows]


def schedule_for(viewer: Actor, schedule_id: int) -> tuple[Schedule, OrgUnit]:
    """Return a schedule of the viewer's territory with the unit it is for.

    Raises:
        Forbidden: ``not_permitted``.
        Missing: ``schedule_missing``.
    """
    require(viewer, Permission.SCHEDULE_EDIT)
    found = next((row for row in schedules_for(viewer) if row[0].id == schedule_id), None)
    if found is None:
        raise Missing("schedule_missing", "没有找到这个出表计划，或它不在您的管辖范围内")
    return found


def latest_orders(schedule_ids: list[int], each: int) -> dict[int, list[Order]]:
    """Return the newest orders of each schedule, newest period first."""
    ranked = (
        select(
            Order.id,
            func.row_number().over(partition_by=Order.schedule_id, order_by=Order.period_start.desc()).label("place"),
        )
        .where(Order.schedule_id.in_(schedule_ids))
        .subquery()
    )
    orders = db.session.scalars(
        select(Order)
        .join(ranked, ranked.c.id == Order.id)
        .where(ranked.c.place <= each)
        .order_by(Order.schedule_id, Order.period_start.desc())
    )
    found: dict[int, list[Order]] = {}
    for order in orders:
        found.setdefault(order.schedule_id or 0, []).append(order)
    return found
