"""Bringing an old sheet and accepting what differs. Nothing of the books is read for writing or changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, cast

from sqlalchemy import Table, and_, func, select, update

from agentnet.commission.models import OutletAccrual
from agentnet.commission.parallel.models import OldSheet, OldSheetLine
from agentnet.commission.parallel.rules import Cause, Ours, Part, Scope, Theirs, explain
from agentnet.commission.queries import closed_months, require_company_wide
from agentnet.core.clock import now
from agentnet.core.errors import Invalid, Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import earlier_result, remember
from agentnet.infra.importing import Parsed, chunks
from agentnet.infra.inserting import insert_typed
from agentnet.outlets.models import Outlet
from agentnet.users.permissions import Permission

MOST_ROUNDING_FEN = 10_00
EDIT = Permission.COMMISSION_EDIT


@dataclass(frozen=True, slots=True)
class NewSheet:
    """A sheet to bring; ``id`` is the sender's."""

    id: uuid.UUID
    file_name: str
    parsed: Parsed
    rounding_fen: Fen
    scope: Scope = Scope.UNITS


def bring_sheet(new: NewSheet, by: Actor) -> OldSheet:
    """Set an old sheet beside our closed months, each difference explained. Sent twice is once.

    Our outlets with a figure in one of its months that it leaves out are lines as well, as far as the scope reaches.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Conflict: ``id_reused``.
        Invalid: ``sheet_faults``, ``rounding_range``.
    """
    require_company_wide(by, EDIT)
    content = {"sha256": new.parsed.sha256, "rounding_fen": new.rounding_fen, "scope": new.scope.value}
    known = earlier_result(new.id, "old_sheet", content)
    if known is not None:
        return db.session.get_one(OldSheet, uuid.UUID(known))
    if new.parsed.errors.count:
        raise Invalid(
            "sheet_faults", "文件有 %(count)d 处错误，没有读入任何一行", field="file", count=new.parsed.errors.count
        )
    if not 0 <= new.rounding_fen <= MOST_ROUNDING_FEN:
        raise Invalid("rounding_range", "四舍五入的差请填 0 到 10 元之间", field="rounding")
    lines = list(_lines(new))
    sheet = OldSheet(
        id=new.id,
        file_name=new.file_name[:120],
        sha256=new.parsed.sha256,
        rounding_fen=new.rounding_fen,
        lines_count=len(lines),
        user_id=by.user_id,
        brought_at=now(),
    )
    db.session.add(sheet)
    db.session.flush()
    insert_typed(db.session.connection(), cast(Table, OldSheetLine.__table__), lines)
    remember(new.id, "old_sheet", by, content, sheet.id)
    after = {"file": sheet.file_name, "rows": len(lines), **content}
    write_audit(by, "brought_old_sheet", "old_sheet", sheet.id, after=after)
    return sheet


def _lines(new: NewSheet) -> Iterator[dict[str, Any]]:
    records = [(line, record) for line, record in new.parsed.records()]
    months = sorted({record["month"] for _line, record in records})
    outlets, units = _outlets({record["outlet_code"] for _line, record in records})
    ours = _ours(months)
    closed = {str(month) for month in closed_months()}
    seen = set()
    for line, record in records:
        code, month = record["outlet_code"], record["month"]
        seen.add((code, month))
        theirs = Theirs(record["amount"], record.get("count"), record.get("volume"))
        yield _line(new, line, code, outlets.get(code), month, theirs, ours.get((code, month)), month in closed)
    units |= {found.org_unit_id for (code, _month), found in ours.items() if code in outlets}
    for (code, month), found in sorted(ours.items()):
        if (code, month) not in seen and found.ours.due_fen and _asked(new.scope, found, code in outlets, units):
            yield _line(new, None, code, found.outlet_id, month, None, found, True)


@dataclass(frozen=True, slots=True)
class _Found:
    outlet_id: int
    org_unit_id: int
    """Where the outlet stood in that month."""
    ours: Ours


def _asked(scope: Scope, found: _Found, in_file: bool, units: set[int]) -> bool:
    """Return whether a sheet is asked about a month of an outlet that it leaves out."""
    return scope is Scope.ALL or in_file or (scope is Scope.UNITS and found.org_unit_id in units)


def _outlets(codes: set[str]) -> tuple[dict[str, int], set[int]]:
    """Return the outlets of a sheet that we know, by code, and the units they stand in today."""
    found: dict[str, int] = {}
    units: set[int] = set()
    for some in chunks(sorted(codes)):
        rows = db.session.execute(select(Outlet.code, Outlet.id, Outlet.org_unit_id).where(Outlet.code.in_(some)))
        for code, id_, unit_id in rows:
            found[code] = id_
            units.add(unit_id)
    return found, units


def _ours(months: list[str]) -> dict[tuple[str, str], _Found]:
    rows = db.session.connection().execute(
        select(
            Outlet.code,
            OutletAccrual.month,
            OutletAccrual.outlet_id,
            OutletAccrual.org_unit_id,
            OutletAccrual.earned_fen,
            OutletAccrual.adjusted_fen,
            OutletAccrual.collections_count,
            OutletAccrual.collected_fen,
        )
        .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
        .where(OutletAccrual.month.in_(months))
    )
    return {
        (code, month): _Found(outlet_id, unit_id, Ours(*figures)) for code, month, outlet_id, unit_id, *figures in rows
    }


def _line(
    new: NewSheet,
    line: int | None,
    code: str,
    outlet_id: int | None,
    month: str,
    theirs: Theirs | None,
    found: _Found | None,
    closed: bool,
) -> dict[str, Any]:
    ours = found.ours if found is not None and closed else None
    explained = explain(
        theirs, ours, new.rounding_fen, known_outlet=outlet_id is not None, month_closed=closed
    )  # fmt: skip
    return {
        "sheet_id": new.id,
        "line_no": line,
        "outlet_code": code,
        "outlet_id": outlet_id,
        "month": month,
        "theirs_fen": theirs.amount_fen if theirs else None,
        "theirs_count": theirs.count if theirs else None,
        "theirs_volume_fen": theirs.volume_fen if theirs else None,
        "ours_fen": ours.due_fen if ours else None,
        "ours_count": ours.count if ours else None,
        "ours_volume_fen": ours.volume_fen if ours else None,
        "difference_fen": explained.difference_fen,
        "size_fen": abs(explained.difference_fen),
        "cause": _main(explained.parts),
        "parts": [list(part) for part in explained.parts],
        "state": "OPEN" if explained.parts else "AGREES",
    }


def _main(parts: Any) -> str | None:
    """Return the cause of the largest part."""
    largest: Part | None = max(parts, key=lambda part: abs(part.fen), default=None)
    return largest.cause.value if largest is not None else None


@dataclass(frozen=True, slots=True)
class NewAcceptance:
    """Why a difference is as it should be; ``id`` is the sender's. One line, or every open one of a cause."""

    id: uuid.UUID
    sheet_id: uuid.UUID
    note: str
    line_id: int | None = None
    cause: Cause | None = None


def accept(new: NewAcceptance, by: Actor) -> int:
    """Accept differences with a note; return how many lines. Sent twice is once.

    Raises:
        Forbidden: ``not_permitted``, ``company_only``. Missing: ``sheet_missing``, ``sheet_line_missing``.
        Invalid: ``note_missing``. Conflict: ``id_reused``.
    """
    require_company_wide(by, EDIT)
    content = {name: str(value) for name, value in asdict(new).items() if name != "id"}
    known = earlier_result(new.id, "accept_differences", content)
    if known is not None:
        return int(known)
    if db.session.get(OldSheet, new.sheet_id) is None:
        raise Missing("sheet_missing", "没有这份旧表")
    if not new.note:
        raise Invalid("note_missing", "请写明为什么接受，例如旧表少算了补缴", field="note")
    which = and_(OldSheetLine.sheet_id == new.sheet_id, OldSheetLine.state == "OPEN")
    if new.line_id is not None:
        line = OldSheetLine.id == new.line_id
        exists = select(func.count()).where(OldSheetLine.sheet_id == new.sheet_id, line, OldSheetLine.state != "AGREES")
        if not db.session.scalar(exists):
            raise Missing("sheet_line_missing", "没有这一行差异")
        which = and_(OldSheetLine.sheet_id == new.sheet_id, OldSheetLine.state != "AGREES", line)
    elif new.cause is not None:
        which = and_(which, OldSheetLine.cause == new.cause.value)
    values = {"state": "ACCEPTED", "note": new.note, "accepted_by_id": by.user_id, "accepted_at": now()}
    result = db.session.execute(
        update(OldSheetLine).where(which).values(values).execution_options(synchronize_session=False)
    )
    number = int(getattr(result, "rowcount", 0))
    remember(new.id, "accept_differences", by, content, number)
    after = {"rows": number, "note": new.note, "line": new.line_id, "cause": new.cause.value if new.cause else None}
    write_audit(by, "accepted_differences", "old_sheet", new.sheet_id, after=after)
    return number
