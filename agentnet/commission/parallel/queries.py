"""Old sheets, their lines in the viewer's territory, and how far the parallel run is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, bindparam, case, func, select, true

from agentnet.commission.parallel.models import OldSheet, OldSheetLine
from agentnet.commission.parallel.words import STATES, cause_heads, part_texts
from agentnet.core.errors import Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.bulk import in_pieces
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.i18n import say
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.revisions import remembered
from agentnet.infra.sheets import Cell, Yuan
from agentnet.infra.statements import built_once, written
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.users.models import User
from agentnet.users.permissions import Permission, covers_company

READ = Permission.COMMISSION_ANALYSE
SHEETS = "old_sheets"
"""The subject of what old sheets come to (migration 0021 keeps its mark): their lines."""

SHEET_COLUMNS: Mapping[str, SortBy] = {"brought": SortBy(OldSheet.id, uuid.UUID)}
LINE_COLUMNS: Mapping[str, SortBy] = {
    "difference": SortBy(OldSheetLine.size_fen, int),
    "outlet": SortBy(OldSheetLine.outlet_code),
    "month": SortBy(OldSheetLine.month),
}


_LINE_KEY = SortBy(OldSheetLine.id, int)


def _mine(viewer: Actor) -> ColumnElement[bool]:
    """Return the condition on lines; what is no outlet of ours is the company's to look at."""
    if covers_company(viewer, READ):
        return true()
    return OldSheetLine.outlet_id.in_(select(Outlet.id).where(visible_outlets(viewer, READ)))


@built_once
def _sheets(viewer: Actor) -> Select[*tuple[Any, ...]]:
    still_open = (
        select(OldSheetLine.sheet_id, func.count().label("still_open"))
        .where(OldSheetLine.state == "OPEN", _mine(viewer))
        .group_by(OldSheetLine.sheet_id)
        .subquery()
    )
    return (
        select(
            OldSheet,
            User.display_name.label("brought_by"),
            func.coalesce(still_open.c.still_open, 0).label("still_open"),
        )
        .outerjoin(User, User.id == OldSheet.user_id)
        .outerjoin(still_open, still_open.c.sheet_id == OldSheet.id)
    )


def sheet_page(viewer: Actor, arguments: Mapping[str, str]) -> Page[Any]:
    """Return a page of sheets, newest first, with how many lines are still open in the viewer's territory."""
    return page_of(
        db.session(),
        _sheets(viewer),
        arguments,
        columns=SHEET_COLUMNS,
        default="-brought",
        key=SHEET_COLUMNS["brought"],
    )


def sheet_by_id(sheet_id: uuid.UUID) -> Any:
    """Return a sheet as its columns; its lines are given by territory.

    Raises:
        Missing: ``sheet_missing``.
    """
    for found in rows_of(_SHEET, {"sheet_id": sheet_id}):
        return found
    raise Missing("sheet_missing", "没有这份旧表")


_SHEET_ID: Any = bindparam("sheet_id", type_=OldSheet.id.type)
_SHEET = select(OldSheet).where(OldSheet.id == _SHEET_ID)


@dataclass(frozen=True, slots=True)
class MonthSums:
    """A month of a sheet on both sides."""

    month: str
    lines: int
    still_open: int
    theirs_fen: Fen
    ours_fen: Fen

    @property
    def difference_fen(self) -> Fen:
        return self.ours_fen - self.theirs_fen


@dataclass(frozen=True, slots=True)
class SheetSums:
    """What a sheet comes to in a territory: by month, and by main cause (lines, still open, sum of differences)."""

    months: Sequence[MonthSums]
    causes: Sequence[tuple[str, int, int, Fen]]


def sums_of(viewer: Actor, sheet: OldSheet) -> SheetSums:
    """Return the months of a sheet and the causes of its differences in the viewer's territory, the commonest first."""
    if covers_company(viewer, READ):  # a territory also changes with the register
        return remembered(SHEETS, ("sums", viewer, sheet.id), lambda: _summed(viewer, sheet))
    return _summed(viewer, sheet)


def _summed(viewer: Actor, sheet: OldSheet) -> SheetSums:
    by_month: dict[str, list[int]] = {}
    by_cause: dict[str, list[int]] = {}
    for month, cause, *figures in db.session.connection().execute(_sums(viewer), {"sheet_id": sheet.id}):
        lines, opened, theirs, ours = (int(figure) for figure in figures)
        _add(by_month.setdefault(month, [0] * 4), (lines, opened, theirs, ours))
        if cause is not None:
            _add(by_cause.setdefault(cause, [0] * 3), (lines, opened, ours - theirs))
    causes = sorted(by_cause.items(), key=lambda one: (-one[1][0], one[0]))
    return SheetSums(
        [MonthSums(month, *figures) for month, figures in sorted(by_month.items())],
        [(cause, lines, opened, fen) for cause, (lines, opened, fen) in causes],
    )


def _add(sums: list[int], figures: Sequence[int]) -> None:
    for place, figure in enumerate(figures):
        sums[place] += figure


@built_once
def _sums(viewer: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            OldSheetLine.month,
            OldSheetLine.cause,
            func.count(),
            func.sum(case((OldSheetLine.state == "OPEN", 1), else_=0)),
            func.coalesce(func.sum(OldSheetLine.theirs_fen), 0),
            func.coalesce(func.sum(OldSheetLine.ours_fen), 0),
        )
        .where(OldSheetLine.sheet_id == _SHEET_ID, _mine(viewer))
        .group_by(OldSheetLine.month, OldSheetLine.cause)
    )


@dataclass(frozen=True, slots=True)
class LineWanted:
    """What the lines are narrowed to; empty means all that differ."""

    state: str = ""
    cause: str = ""
    month: str = ""
    words: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on ``OldSheetLine``."""
        # The usual state is written out, so that PostgreSQL keeps its plan.
        differs = OldSheetLine.state != written("AGREES")
        found = [OldSheetLine.state == self.state if self.state else differs]
        if self.cause:
            found.append(OldSheetLine.cause == self.cause)
        if self.month:
            found.append(OldSheetLine.month == self.month)
        if self.words:
            found.append(OldSheetLine.outlet_code.icontains(self.words, autoescape=True))
        return found


@built_once
def _listed(viewer: Actor, sheet_id: uuid.UUID, wanted: LineWanted) -> Select[*tuple[Any, ...]]:
    shown = (
        OldSheetLine.id,
        OldSheetLine.outlet_code,
        OldSheetLine.month,
        OldSheetLine.theirs_fen,
        OldSheetLine.ours_fen,
        OldSheetLine.difference_fen,
        OldSheetLine.parts,
        OldSheetLine.state,
        OldSheetLine.note,
        Outlet.name,
    )
    return _lines(viewer, sheet_id).where(*wanted.conditions()).with_only_columns(*shown)


def _lines(viewer: Actor, sheet_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(OldSheetLine, Outlet.name)
        .outerjoin(Outlet, Outlet.id == OldSheetLine.outlet_id)
        .where(OldSheetLine.sheet_id == sheet_id, _mine(viewer))
    )


def line_page(viewer: Actor, sheet: OldSheet, wanted: LineWanted, arguments: Mapping[str, str]) -> Page[Any]:
    """Return a page of lines, the largest difference first."""
    return page_of(
        db.session(),
        _listed(viewer, sheet.id, wanted),
        arguments,
        columns=LINE_COLUMNS,
        default="-difference",
        key=_LINE_KEY,
    )


def line_of(viewer: Actor, sheet: OldSheet, line_id: int) -> tuple[OldSheetLine, str | None, str | None]:
    """Return a line with its outlet's name and who accepted it.

    Raises:
        Missing: ``sheet_line_missing``.
    """
    row = db.session.execute(_lines(viewer, sheet.id).where(OldSheetLine.id == line_id)).one_or_none()
    if row is None:
        raise Missing("sheet_line_missing", "没有这一行差异")
    return row[0], row[1], db.session.scalar(select(User.display_name).where(User.id == row[0].accepted_by_id))


def head() -> Sequence[str]:
    """Return the words above the columns of the file."""
    return (
        _("行"), _("网点编号"), _("网点名称"), _("月份"), _("旧表（元）"), _("旧表笔数"), _("旧表收费金额（元）"),
        _("本系统（元）"), _("本系统的笔数"), _("本系统的收费金额（元）"), _("差（元）"), _("原因"), _("状态"),
        _("说明"),
    )  # fmt: skip


def rows(viewer: Actor, sheet: OldSheet) -> Iterator[Sequence[Cell]]:
    """Yield every line as a row of a file, those that agree included, in the order of the sheet."""
    statement, heads = in_pieces(_lines(viewer, sheet.id).order_by(OldSheetLine.id), 2_000), cause_heads()
    for line, name in db.session.execute(statement):
        yield (
            line.line_no,
            line.outlet_code,
            name or "",
            line.month,
            _yuan(line.theirs_fen),
            line.theirs_count,
            _yuan(line.theirs_volume_fen),
            _yuan(line.ours_fen),
            line.ours_count,
            _yuan(line.ours_volume_fen),
            Yuan(line.difference_fen),
            "; ".join(part_texts(line, heads)),
            say(STATES[line.state][0]),
            line.note or "",
        )


def _yuan(fen: Fen | None) -> Yuan | None:
    return None if fen is None else Yuan(fen)
