"""What came of trying a plan, for the viewer's territory: by month and component, and outlet by outlet."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from agentnet.commission.component_words import kind_text, setting_text
from agentnet.commission.engine.language import Version
from agentnet.commission.engine.reading import read_version
from agentnet.commission.models import Plan
from agentnet.commission.whatif.models import WhatIf, WhatIfOutlet, WhatIfSum
from agentnet.core.clock import Month
from agentnet.core.errors import Missing
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.revisions import REGISTER, remembered
from agentnet.infra.sheets import Cell, Yuan
from agentnet.infra.statements import built_once
from agentnet.ledger.models import AccountingMonth
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import under
from agentnet.users.models import User
from agentnet.users.permissions import Permission, covers_company, org_paths

READ = Permission.COMMISSION_ANALYSE
MOST_ROWS = 50_000
DIRECTIONS: Mapping[str, ColumnElement[bool]] = {
    "less": WhatIfOutlet.change_fen < 0,
    "more": WhatIfOutlet.change_fen > 0,
    "same": WhatIfOutlet.change_fen == 0,
}


_ASKED = SortBy(WhatIf.id, uuid.UUID)


@built_once
def _what_ifs() -> Select[*tuple[Any, ...]]:
    return (
        select(
            WhatIf.id,
            WhatIf.name,
            WhatIf.source,
            WhatIf.state,
            WhatIf.first_month,
            WhatIf.last_month,
            WhatIf.asked_at,
            WhatIf.outlets_count,
            WhatIf.outlets_done,
            User.display_name.label("asked_by"),
            Plan.name.label("plan_name"),
        )
        .outerjoin(User, User.id == WhatIf.user_id)
        .outerjoin(Plan, Plan.id == WhatIf.plan_id)
    )


def what_if_page(arguments: Mapping[str, str]) -> Page[Any]:
    """Return a page of what was tried, newest first, each with who asked and the plan's name."""
    return page_of(db.session(), _what_ifs(), arguments, columns={"asked": _ASKED}, default="-asked", key=_ASKED)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was tried, as its columns; the first and last month it is tried on, and the plan it would be agreed for.

    That is the one it was tried on, else the default.
    """

    what_if: Any
    first_month: Month
    last_month: Month
    plan_code: str | None


def asked_by_id(what_if_id: uuid.UUID) -> Asked:
    """Return what was tried; its figures are given by territory.

    Raises:
        Missing: ``what_if_missing``.
    """
    for asked, first, last, plan_code in rows_of(_BY_ID, {"what_if_id": what_if_id}):
        return Asked(asked, Month.parse(first or asked.first_month), Month.parse(last or asked.last_month), plan_code)
    raise Missing("what_if_missing", "没有这次试算")


def _of_closed_months(chosen: Any) -> Any:
    closed = AccountingMonth.month.between(WhatIf.first_month, WhatIf.last_month)
    return select(chosen(AccountingMonth.month)).where(AccountingMonth.state == CLOSED, closed).scalar_subquery()


_WHAT_IF: Any = bindparam("what_if_id", type_=WhatIf.id.type)
_BY_ID = select(
    WhatIf,
    _of_closed_months(func.min).label("first"),
    _of_closed_months(func.max).label("last"),
    select(Plan.code)
    .where(or_(Plan.id == WhatIf.plan_id, and_(WhatIf.plan_id.is_(None), Plan.is_default)))
    .scalar_subquery()
    .label("plan_code"),
).where(WhatIf.id == _WHAT_IF)


def tried_version(text: str) -> Version | None:
    """Return the version of a trial named in an address, to begin a new version from; None for what is no trial."""
    try:
        found = db.session.get(WhatIf, uuid.UUID(text))
    except ValueError:
        return None
    return read_version(found.content) if found is not None else None


def _mine(viewer: Actor, column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    if covers_company(viewer, READ):
        return true()
    return column.in_(select(OrgUnit.id).where(under(org_paths(viewer, READ))))


@dataclass(slots=True)
class Both:
    """What was paid and what it would have been."""

    paid_fen: Fen = 0
    new_fen: Fen = 0

    @property
    def change_fen(self) -> Fen:
        return self.new_fen - self.paid_fen

    def add(self, side: str, fen: Fen) -> None:
        """Add to a side."""
        if side == "PAID":
            self.paid_fen += fen
        else:
            self.new_fen += fen


@dataclass(slots=True)
class Split:
    """Both sides, urban and rural apart."""

    urban: Both = field(default_factory=Both)
    rural: Both = field(default_factory=Both)
    whole: Both = field(default_factory=Both)

    def add(self, setting: str, side: str, fen: Fen) -> None:
        """Add to a setting's side and the whole."""
        (self.urban if setting == Setting.URBAN else self.rural).add(side, fen)
        self.whole.add(side, fen)


@dataclass(slots=True)
class Figures:
    """What came of it in a territory; ``counts`` are (outlets, sum of changes) of those who lose, gain, stay."""

    months: dict[str, Split] = field(default_factory=dict)
    components: dict[str, Split] = field(default_factory=dict)
    whole: Split = field(default_factory=Split)
    counts: dict[str, tuple[int, Fen]] = field(default_factory=dict)
    collections: int = 0


def figures_of(viewer: Actor, asked: WhatIf) -> Figures:
    """Return the figures of the viewer's territory.

    What is done never changes: the figures are worked out once, and again when the register's units do.
    """
    return remembered(REGISTER, ("what if", viewer, asked.id, asked.finished_at), lambda: _figures(viewer, asked.id))


@built_once
def _sums(viewer: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(WhatIfSum.month, WhatIfSum.component, WhatIfSum.setting, WhatIfSum.side, func.sum(WhatIfSum.amount_fen))
        .where(WhatIfSum.what_if_id == _WHAT_IF, _mine(viewer, WhatIfSum.org_unit_id))
        .group_by(WhatIfSum.month, WhatIfSum.component, WhatIfSum.setting, WhatIfSum.side)
        .order_by(WhatIfSum.month, WhatIfSum.component)
    )


@built_once
def _counts(viewer: Actor) -> Select[*tuple[Any, ...]]:
    direction = case((WhatIfOutlet.change_fen < 0, "less"), (WhatIfOutlet.change_fen > 0, "more"), else_="same")
    return (
        select(
            direction.label("direction"),
            func.count(),
            func.sum(WhatIfOutlet.change_fen),
            func.sum(WhatIfOutlet.collections_count),
        )
        .where(WhatIfOutlet.what_if_id == _WHAT_IF, _mine(viewer, WhatIfOutlet.org_unit_id))
        .group_by("direction")
    )


def _figures(viewer: Actor, what_if_id: uuid.UUID) -> Figures:
    found, connection, given = Figures(), db.session.connection(), {"what_if_id": what_if_id}
    rows = connection.execute(_sums(viewer), given)
    for month, component, setting, side, fen in rows:
        for split in (
            found.months.setdefault(month, Split()),
            found.components.setdefault(component, Split()),
            found.whole,
        ):
            split.add(setting, side, int(fen))
    for name, outlets, fen, collections in connection.execute(_counts(viewer), given):
        found.counts[name] = (outlets, int(fen))
        found.collections += int(collections)
    return found


@dataclass(frozen=True, slots=True)
class OutletWanted:
    """What the list of outlets is narrowed to; empty means all."""

    direction: str = ""
    setting: str = ""
    words: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on ``WhatIfOutlet`` and ``Outlet``."""
        found: list[ColumnElement[bool]] = []
        if self.direction in DIRECTIONS:
            found.append(DIRECTIONS[self.direction])
        if self.setting in (Setting.URBAN, Setting.RURAL):
            found.append(WhatIfOutlet.setting == self.setting)
        if self.words:
            found.append(
                or_(
                    Outlet.code.icontains(self.words, autoescape=True),
                    Outlet.name.icontains(self.words, autoescape=True),
                )
            )
        return found


_OUTLET_KEY = SortBy(WhatIfOutlet.outlet_id, int)
OUTLET_COLUMNS: Mapping[str, SortBy] = {
    "code": SortBy(Outlet.code),
    "count": SortBy(WhatIfOutlet.collections_count, int),
    "paid": SortBy(WhatIfOutlet.paid_fen, int),
    "new": SortBy(WhatIfOutlet.new_fen, int),
    "change": SortBy(WhatIfOutlet.change_fen, int),
}


@built_once
def _outlets(viewer: Actor, what_if_id: uuid.UUID, wanted: OutletWanted) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Outlet.code,
            Outlet.name,
            Outlet.kind,
            WhatIfOutlet.setting,
            WhatIfOutlet.collections_count,
            WhatIfOutlet.collected_fen,
            WhatIfOutlet.paid_fen,
            WhatIfOutlet.new_fen,
            WhatIfOutlet.change_fen,
        )
        .join(Outlet, Outlet.id == WhatIfOutlet.outlet_id)
        .where(WhatIfOutlet.what_if_id == what_if_id, _mine(viewer, WhatIfOutlet.org_unit_id), *wanted.conditions())
    )


def outlet_page(viewer: Actor, asked: WhatIf, wanted: OutletWanted, arguments: Mapping[str, str]) -> Page[Any]:
    """Return a page of outlets, those who lose most first."""
    return page_of(
        db.session(),
        _outlets(viewer, asked.id, wanted),
        arguments,
        columns=OUTLET_COLUMNS,
        default="change",
        key=_OUTLET_KEY,
    )


def outlet_of(viewer: Actor, asked: WhatIf, code: str) -> tuple[Outlet, WhatIfOutlet]:
    """Return one outlet of a what-if in the viewer's territory.

    Raises:
        Missing: ``outlet_missing``.
    """
    found = db.session.execute(
        select(Outlet, WhatIfOutlet)
        .join(WhatIfOutlet, WhatIfOutlet.outlet_id == Outlet.id)
        .where(WhatIfOutlet.what_if_id == asked.id, Outlet.code == code, _mine(viewer, WhatIfOutlet.org_unit_id))
    ).one_or_none()
    if found is None:
        raise Missing("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
    return found[0], found[1]


def head() -> Sequence[str]:
    """Return the words above the columns of the file."""
    return (
        _("网点编号"), _("网点名称"), _("网点类型"), _("城乡"), _("笔数"), _("收费金额（元）"), _("实付（元）"),
        _("试算（元）"), _("增减（元）"),
    )  # fmt: skip


def rows(viewer: Actor, asked: WhatIf, wanted: OutletWanted) -> Iterator[Sequence[Cell]]:
    """Yield the outlets as rows of a file, those who lose most first."""
    statement = _outlets(viewer, asked.id, wanted).order_by(WhatIfOutlet.change_fen, WhatIfOutlet.outlet_id)
    for row in db.session.execute(statement.limit(MOST_ROWS)):
        yield (
            row.code,
            row.name,
            kind_text(row.kind),
            setting_text(row.setting),
            row.collections_count,
            Yuan(row.collected_fen),
            Yuan(row.paid_fen),
            Yuan(row.new_fen),
            Yuan(row.change_fen),
        )
