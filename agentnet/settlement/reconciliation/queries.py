"""Files, rows, matches and differences as the viewer may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from agentnet.approvals.models import Approval
from agentnet.approvals.rules import ApprovalState
from agentnet.collecting.models import Collection, Household
from agentnet.core.errors import Missing
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries import under
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation.models import (
    ColumnMapping,
    Difference,
    DifferenceStep,
    FileRow,
    ReconciliationFile,
    RowMatch,
)
from agentnet.settlement.reconciliation.rules import ABOUT_FILE, WITHDRAWAL, RowKind, State
from agentnet.users.models import User
from agentnet.users.permissions import Permission, covers_company, grants_for, org_paths, require

LIVE = and_(RowMatch.file_id == FileRow.file_id, RowMatch.line_no == FileRow.line_no, RowMatch.undone_at.is_(None))


def seen_by(
    viewer: Actor,
    permission: Permission,
    org_unit_id: InstrumentedAttribute[int],
    partner_id: InstrumentedAttribute[int | None],
) -> ColumnElement[bool]:
    """Return the condition that something lies under the viewer's units or is their partner's."""
    if covers_company(viewer, permission):
        return true()
    units = select(OrgUnit.id).where(under(org_paths(viewer, permission)))
    partners = [grant.partner_id for grant in grants_for(viewer, permission) if grant.partner_id is not None]
    return or_(org_unit_id.in_(units), partner_id.in_(partners))


def file_for(
    viewer: Actor, file_id: int, permission: Permission = Permission.RECONCILIATION_READ, *, for_change: bool = False
) -> ReconciliationFile:
    """Return a file the viewer may see; ``for_change`` locks it until the transaction ends.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``channel_file_missing``.
    """
    require(viewer, permission)
    file = ReconciliationFile
    statement = _file_seen(viewer, permission)
    if for_change:
        statement = statement.with_for_update(of=file)
    found = db.session.scalar(statement, {"file_id": file_id})
    if found is None:
        raise _no_such_file()
    return found


def _no_such_file() -> Missing:
    return Missing("channel_file_missing", "没有找到这个对账文件，或它不在您的管辖范围内")


@built_once
def _file_seen(viewer: Actor, permission: Permission) -> Select[ReconciliationFile]:
    file = ReconciliationFile
    return select(file).where(file.id == _FILE, seen_by(viewer, permission, file.org_unit_id, file.partner_id))


def file_shown(viewer: Actor, file_id: int) -> Any:
    """Return the file ``file_for`` would, as its columns, with its partner's name and the request to withdraw it.

    That is the one by which it was withdrawn, else the one that waits for its second person.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``channel_file_missing``.
    """
    require(viewer, Permission.RECONCILIATION_READ)
    found = rows_of(_file_shown(viewer), {"file_id": file_id, "subject_id": str(file_id)})
    if not found:
        raise _no_such_file()
    return found[0]


@built_once
def _file_shown(viewer: Actor) -> Select[*tuple[Any, ...]]:
    file = ReconciliationFile
    about_it = {"kind": WITHDRAWAL, "subject_kind": ABOUT_FILE, "subject_id": bindparam("subject_id", type_=String())}
    waiting = select(Approval.id).filter_by(**about_it, state=ApprovalState.PENDING).scalar_subquery()
    request = Approval.__table__.alias("request")
    return (
        select(
            file,
            Partner.name.label("partner_name"),
            request.c.id.label("withdrawal_id"),
            request.c.reason.label("withdrawal_reason"),
        )
        .outerjoin(Partner, Partner.id == file.partner_id)
        .outerjoin(request, request.c.id == func.coalesce(file.withdrawal_id, waiting))
        .where(file.id == _FILE, seen_by(viewer, Permission.RECONCILIATION_READ, file.org_unit_id, file.partner_id))
    )


def row_for(
    viewer: Actor,
    file_id: int,
    line_no: int,
    permission: Permission = Permission.RECONCILIATION_READ,
    *,
    for_change: bool = False,
) -> tuple[ReconciliationFile, FileRow]:
    """Return a row of a file the viewer may see, with its file; ``for_change`` locks the row.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``channel_file_missing``, ``row_missing``.
    """
    file = file_for(viewer, file_id, permission)
    statement = select(FileRow).where(FileRow.file_id == file_id, FileRow.line_no == line_no)
    if for_change:
        statement = statement.with_for_update()
    row = db.session.scalar(statement)
    if row is None:
        raise Missing("row_missing", "文件里没有这一行")
    return file, row


def live_match(file_id: int, line_no: int) -> RowMatch | None:
    """Return the match of a row that stands."""
    return db.session.scalar(
        select(RowMatch).where(RowMatch.file_id == file_id, RowMatch.line_no == line_no, RowMatch.undone_at.is_(None))
    )


FILE_COLUMNS = {
    "imported": SortBy(ReconciliationFile.id, int),
    "day": SortBy(ReconciliationFile.first_on, date),
    "amount": SortBy(ReconciliationFile.amount_fen, int),
}


@built_once
def _files(viewer: Actor, source: str) -> Select[*tuple[Any, ...]]:
    file = ReconciliationFile
    # Added up once for all files: few differences are open, and the page of files is sorted by anything.
    still_open = (
        select(Difference.file_id, func.count().label("open_count"))
        .where(Difference.state == State.OPEN)
        .group_by(Difference.file_id)
        .subquery()
    )
    statement: Select[*tuple[Any, ...]] = (
        select(file, Partner.name.label("partner_name"), still_open.c.open_count)
        .outerjoin(Partner, Partner.id == file.partner_id)
        .outerjoin(still_open, still_open.c.file_id == file.id)
        .where(seen_by(viewer, Permission.RECONCILIATION_READ, file.org_unit_id, file.partner_id))
    )
    if source:
        statement = statement.where(file.source == source)
    return statement


def files_page(viewer: Actor, arguments: Mapping[str, str], source: str = "") -> Page[Any]:
    """Return a page of files, the newest first unless asked otherwise, each with its open differences."""
    statement, key = _files(viewer, source), FILE_COLUMNS["imported"]
    return page_of(db.session(), statement, arguments, columns=FILE_COLUMNS, default="-imported", key=key)


_FILE: Any = bindparam("file_id", type_=BigInteger())


def matchable() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on ``FileRow`` that it is money of its own that came in."""
    nothing = (RowKind.FEE.value, RowKind.OTHER.value)
    return FileRow.kind.not_in(nothing), FileRow.repeats_line_no.is_(None), FileRow.gross_fen > 0, ~FileRow.reversal


ROW_COLUMNS = {"line": SortBy(FileRow.line_no, int), "amount": SortBy(FileRow.amount_fen, int)}


_SHOWN = (
    FileRow.line_no,
    FileRow.kind,
    FileRow.day_on,
    FileRow.amount_fen,
    FileRow.gross_fen,
    FileRow.reference,
    FileRow.order_no,
    FileRow.household_no,
    FileRow.text,
    FileRow.repeats_line_no,
    FileRow.reversal,
)


@built_once
def _rows(file_id: int, only: str) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(*_SHOWN, RowMatch.step).outerjoin(RowMatch, LIVE).where(FileRow.file_id == file_id)
    )
    if only == "unmatched":
        statement = statement.where(RowMatch.id.is_(None), *matchable())
    elif only == "matched":
        statement = statement.where(RowMatch.id.is_not(None))
    return statement


def rows_page(file: ReconciliationFile, arguments: Mapping[str, str], only: str = "") -> Page[Any]:
    """Return a page of a file's rows with the step each was matched by; ``only`` is unmatched, matched or empty."""
    statement, key = _rows(file.id, only), ROW_COLUMNS["line"]
    return page_of(db.session(), statement, arguments, columns=ROW_COLUMNS, default="line", key=key)


def matches_of(file_id: int, line_no: int) -> Sequence[Any]:
    """Return every match a row has or had, the newest first, with what it was matched with."""
    maker, undoer = User.__table__.alias("maker"), User.__table__.alias("undoer")
    return db.session.execute(
        select(
            RowMatch,
            Collection.receipt_no,
            Collection.amount_fen.label("collection_fen"),
            Remittance,
            Outlet.code,
            Outlet.name,
            maker.c.display_name.label("maker"),
            undoer.c.display_name.label("undoer"),
        )
        .outerjoin(Collection, Collection.id == RowMatch.collection_id)
        .outerjoin(Remittance, Remittance.id == RowMatch.remittance_id)
        .outerjoin(Outlet, Outlet.id == func.coalesce(Collection.outlet_id, Remittance.outlet_id))
        .outerjoin(maker, maker.c.id == RowMatch.user_id)
        .outerjoin(undoer, undoer.c.id == RowMatch.undone_by_id)
        .where(RowMatch.file_id == file_id, RowMatch.line_no == line_no)
        .order_by(RowMatch.id.desc())
        .limit(20)
    ).all()


def differences_of_row(file_id: int, line_no: int) -> Sequence[Difference]:
    """Return what was found about a row, the newest first."""
    return db.session.scalars(
        select(Difference)
        .where(Difference.file_id == file_id, Difference.line_no == line_no)
        .order_by(Difference.id.desc())
        .limit(20)
    ).all()


def difference_for(
    viewer: Actor,
    difference_id: int,
    permission: Permission = Permission.RECONCILIATION_READ,
    *,
    for_change: bool = False,
) -> Difference:
    """Return a difference in the viewer's territory; ``for_change`` reads it anew and locks it.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``difference_missing``.
    """
    require(viewer, permission)
    statement = select(Difference).where(
        Difference.id == difference_id,
        seen_by(viewer, permission, Difference.org_unit_id, Difference.partner_id),
    )
    if for_change:
        statement = statement.with_for_update(of=Difference).execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise Missing("difference_missing", "没有找到这个差异，或它不在您的管辖范围内")
    return found


def deposit_state(found: Difference) -> str | None:
    """Return the state of the deposit a difference is about, None where it is about none."""
    return db.session.scalar(select(Remittance.state).where(Remittance.id == found.remittance_id))


def steps_of(difference_id: int) -> Sequence[Any]:
    """Return what happened to a difference, the oldest first, with who did it."""
    return db.session.execute(
        select(DifferenceStep, User.display_name)
        .outerjoin(User, User.id == DifferenceStep.user_id)
        .where(DifferenceStep.difference_id == difference_id)
        .order_by(DifferenceStep.id)
        .limit(100)
    ).all()


def sides_of(found: Difference) -> Any:
    """Return both sides of a difference with their outlet and people, for its page."""
    owner, ender = User.__table__.alias("owner"), User.__table__.alias("ender")
    return db.session.execute(
        select(
            FileRow,
            ReconciliationFile,
            Collection,
            Household.household_no,
            Remittance,
            Outlet.code,
            Outlet.name,
            owner.c.display_name.label("owner"),
            ender.c.display_name.label("ender"),
            OrgUnit.name.label("unit_name"),
            OrgUnit.name_en.label("unit_name_en"),
        )
        .select_from(Difference)
        .join(ReconciliationFile, ReconciliationFile.id == Difference.file_id)
        .join(OrgUnit, OrgUnit.id == Difference.org_unit_id)
        .outerjoin(FileRow, (FileRow.file_id == Difference.file_id) & (FileRow.line_no == Difference.line_no))
        .outerjoin(Collection, Collection.id == Difference.collection_id)
        .outerjoin(Household, Household.id == Collection.household_id)
        .outerjoin(Remittance, Remittance.id == Difference.remittance_id)
        .outerjoin(Outlet, Outlet.id == Difference.outlet_id)
        .outerjoin(owner, owner.c.id == Difference.owner_id)
        .outerjoin(ender, ender.c.id == Difference.ended_by_id)
        .where(Difference.id == found.id)
    ).one()


def usable_mappings(viewer: Actor) -> ColumnElement[bool]:
    """Return the condition on ``ColumnMapping`` that the viewer may see and use it.

    A unit's mapping, with its bank account, is for that unit and those below; who reconciles above it sees it as well.
    """
    if covers_company(viewer, Permission.RECONCILE):
        return true()
    paths = org_paths(viewer, Permission.RECONCILE)
    below = select(OrgUnit.id).where(under(paths))
    above = select(OrgUnit.id).where(or_(false(), *(literal(path).startswith(OrgUnit.path) for path in paths)))
    own = or_(ColumnMapping.org_unit_id.in_(below), ColumnMapping.org_unit_id.in_(above))
    return or_(own, ColumnMapping.org_unit_id.is_(None))


def mappings(viewer: Actor) -> Sequence[Any]:
    """Return the mappings in force that the viewer may use: the last version of each name of a unit, with the unit."""
    last = select(func.max(ColumnMapping.id)).group_by(ColumnMapping.org_unit_id, ColumnMapping.name)
    return db.session.execute(
        select(ColumnMapping, OrgUnit.name.label("unit_name"), OrgUnit.name_en.label("unit_name_en"))
        .outerjoin(OrgUnit, OrgUnit.id == ColumnMapping.org_unit_id)
        .where(ColumnMapping.id.in_(last), usable_mappings(viewer))
        .order_by(ColumnMapping.name, ColumnMapping.id)
    ).all()


def mapping_for(viewer: Actor, mapping_id: str) -> ColumnMapping:
    """Return a saved mapping the viewer may use.

    Raises:
        Missing: ``mapping_missing``.
    """
    number = int(mapping_id) if mapping_id.isascii() and mapping_id.isdigit() and len(mapping_id) < 18 else 0
    found = db.session.scalar(select(ColumnMapping).where(ColumnMapping.id == number, usable_mappings(viewer)))
    if found is None:
        raise Missing("mapping_missing", "没有找到这个列对应，或它不是本单位可用的")
    return found


def unit_of(viewer: Actor) -> int:
    """Return the highest unit the viewer reconciles for."""
    paths = sorted(org_paths(viewer, Permission.RECONCILE), key=len)
    return db.session.scalars(select(OrgUnit.id).where(OrgUnit.path == paths[0])).one()
