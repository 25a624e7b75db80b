"""The list of patterns in a territory, and the collections behind one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, String, bindparam, func, or_, select

from agentnet.collecting.models import Collection, Household
from agentnet.commission.abuse.models import PatternFinding, PatternScan
from agentnet.commission.abuse.words import PATTERNS, STATES
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.i18n import say
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.sheets import Cell, Yuan
from agentnet.infra.statements import built_once, written
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.models import User
from agentnet.users.permissions import Permission, covers_company

READ = Permission.COMMISSION_ANALYSE
MOST_ROWS = 50_000

COLUMNS: Mapping[str, SortBy] = {
    "cost": SortBy(PatternFinding.cost_fen, int),
    "number": SortBy(PatternFinding.number, int),
    "amount": SortBy(PatternFinding.amount_fen, int),
    "outlet": SortBy(Outlet.code),
}


_KEY = SortBy(PatternFinding.id, int)
_NOTHING = written(0)
"""Written out, so that PostgreSQL keeps its plan."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to; empty means all. What is no longer there shows only if it was marked."""

    month: Month
    pattern: str = ""
    state: str = ""
    words: str = ""

    def conditions(self, viewer: Actor) -> list[ColumnElement[bool]]:
        """Return the conditions on ``PatternFinding`` and ``Outlet``."""
        found = [
            PatternFinding.month == str(self.month),
            or_(PatternFinding.number > _NOTHING, PatternFinding.state != written("OPEN")),
            visible_outlets(viewer, READ),
        ]
        if self.pattern:
            found.append(PatternFinding.pattern == self.pattern)
        if self.state:
            found.append(PatternFinding.state == self.state)
        if self.words:
            found.append(
                or_(
                    Outlet.code.icontains(self.words, autoescape=True),
                    Outlet.name.icontains(self.words, autoescape=True),
                )
            )
        return found


@built_once
def _findings(viewer: Actor, wanted: Wanted) -> Select[*tuple[Any, ...]]:
    return (
        select(
            PatternFinding.id,
            PatternFinding.pattern,
            PatternFinding.number,
            PatternFinding.group_count,
            PatternFinding.amount_fen,
            PatternFinding.cost_fen,
            PatternFinding.state,
            PatternFinding.note,
            Outlet.code,
            Outlet.name,
        )
        .join(Outlet, Outlet.id == PatternFinding.outlet_id)
        .where(*wanted.conditions(viewer))
    )


def finding_page(viewer: Actor, wanted: Wanted, arguments: Mapping[str, str]) -> Page[Any]:
    """Return a page of findings, the costliest first."""
    return page_of(
        db.session(),
        _findings(viewer, wanted),
        arguments,
        columns=COLUMNS,
        default="-cost",
        key=_KEY,
    )


def sums_of(viewer: Actor, month: Month) -> list[tuple[str, int, Fen]]:
    """Return for each pattern how many outlets show it in a month and what it costs in all."""
    rows = rows_of(_sums(viewer), {"month": str(month)})
    found = {pattern: (number, int(fen)) for pattern, number, fen in rows}
    return [(pattern, *found.get(pattern, (0, 0))) for pattern in PATTERNS]


@built_once
def _sums(viewer: Actor) -> Select[*tuple[Any, ...]]:
    sums = select(PatternFinding.pattern, func.count(), func.sum(PatternFinding.cost_fen))
    if not covers_company(viewer, READ):  # for the company no outlet need be looked for
        sums = sums.join(Outlet, Outlet.id == PatternFinding.outlet_id).where(visible_outlets(viewer, READ))
    return sums.where(PatternFinding.month == _MONTH, PatternFinding.number > _NOTHING).group_by(PatternFinding.pattern)


def scan_of(month: Month) -> Any:
    """Return when a month was looked through, if it was, as its columns."""
    return next(iter(rows_of(_SCAN, {"month": str(month)})), None)


_MONTH: Any = bindparam("month", type_=String())
_SCAN = select(PatternScan).where(PatternScan.month == _MONTH)


def evidence_of(finding: PatternFinding) -> list[list[Any]]:
    """Return the collections behind a finding, in groups that belong together, as rows."""
    ids = [uuid.UUID(id_) for group in finding.evidence for id_ in group]
    rows = db.session.execute(
        select(
            Collection.id,
            Collection.receipt_no,
            Collection.collected_at,
            Collection.tender,
            Collection.amount_fen,
            Household.household_no,
        )
        .join(Household, Household.id == Collection.household_id)
        .where(Collection.id.in_(ids))
    )
    known = {str(row.id): row for row in rows}
    return [[known[id_] for id_ in group] for group in finding.evidence]


def marked_by(finding: PatternFinding) -> str | None:
    """Return who marked a finding."""
    return db.session.scalar(select(User.display_name).where(User.id == finding.marked_by_id))


def head() -> Sequence[str]:
    """Return the words above the columns of the file."""
    return (
        _("月份"), _("网点编号"), _("网点名称"), _("线索"), _("笔数"), _("组数"), _("收费金额（元）"), _("成本（元）"),
        _("状态"), _("说明"),
    )  # fmt: skip


def rows(viewer: Actor, wanted: Wanted) -> Iterator[Sequence[Cell]]:
    """Yield the findings as rows of a file, the costliest first."""
    statement = _findings(viewer, wanted).order_by(PatternFinding.cost_fen.desc(), PatternFinding.id)
    for row in db.session.execute(statement.limit(MOST_ROWS)):
        yield (
            str(wanted.month),
            row.code,
            row.name,
            say(PATTERNS[row.pattern]),
            row.number,
            row.group_count,
            Yuan(row.amount_fen),
            Yuan(row.cost_fen),
            say(STATES[row.state][0]),
            row.note or "",
        )
