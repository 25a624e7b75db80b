"""A month as vouchers: what is to be exported, what has no account yet, whether it ties to the trial balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, and_, case, cast, func, or_, select
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from agentnet.books.models import JournalAccount, JournalExport, JournalMapping
from agentnet.books.queries import sums_by_line
from agentnet.books.rules import Span
from agentnet.books.voucher_rules import (
    FileColumn,
    Layout,
    Ours,
    Summed,
    Targets,
    Theirs,
    Voucher,
    movements,
    require_tied,
    unmapped,
    vouchers_of,
)
from agentnet.core.clock import Month
from agentnet.core.errors import Forbidden, Missing
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit
from agentnet.divisions.queries import company
from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once
from agentnet.ledger.models import Account, Transfer
from agentnet.ledger.rules import CHART, ORG_UNIT, OUTLET
from agentnet.outlets.models import OutletPlacement
from agentnet.users.models import User
from agentnet.users.permissions import Permission, covers_company, require

_PLACES = {line: at for at, line in enumerate(CHART)}
"""Where a line stands in the chart."""


def require_accountant(by: Actor) -> None:
    """Refuse anyone who does not export the whole company's vouchers.

    Raises:
        Forbidden: ``not_permitted``, ``journal_company_only``.
    """
    if by == SYSTEM:
        return
    require(by, Permission.JOURNAL_EXPORT)
    if not covers_company(by, Permission.JOURNAL_EXPORT):
        raise Forbidden("journal_company_only", "凭证由公司财务统一导出，请联系公司财务")


def mapping_named(name: str, by: Actor, *, for_change: bool = False) -> JournalMapping:
    """Return a mapping by its name.

    Raises:
        Forbidden: ``not_permitted``, ``journal_company_only``. Missing: ``mapping_missing``.
    """
    require_accountant(by)
    statement = select(JournalMapping).where(JournalMapping.name == name)
    if for_change:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise Missing("mapping_missing", "没有这个科目对照")
    return found


def mappings() -> Sequence[JournalMapping]:
    """Return all mappings by name."""
    return db.session.scalars(select(JournalMapping).order_by(JournalMapping.name)).all()


def layout_of(mapping: JournalMapping) -> Layout:
    """Return how a mapping's file is written."""
    return Layout(
        mapping.encoding,
        mapping.date_format,
        mapping.heading,
        tuple(FileColumn(*column) for column in mapping.columns),
        mapping.word,
        mapping.company_code,
        mapping.abstract,
    )


def accounts_of(mapping: JournalMapping) -> Sequence[JournalAccount]:
    """Return a mapping's accounts in the order of ours."""
    found = db.session.scalars(select(JournalAccount).where(JournalAccount.mapping_id == mapping.id)).all()
    return sorted(found, key=lambda one: (_PLACES[one.owner_kind, one.code], one.detail, one.side))


def targets_of(mapping: JournalMapping) -> Targets:
    """Return their account by ours and side."""
    return {
        (Ours(one.owner_kind, one.code, one.detail), one.side): Theirs(one.account_code, one.account_name)
        for one in accounts_of(mapping)
    }


def summed(month: Month) -> list[Summed]:
    """Return a month's transfers by day, unit and both accounts.

    A transfer is the unit's whose account it touches, else the outlet's unit on that day, else the company's: what was
    stamped or is dated, so that the same month always gives the same vouchers.
    """
    root = company()
    debit, credit = aliased(Account), aliased(Account)
    outlet_id = case((debit.owner_kind == OUTLET, debit.owner_id), (credit.owner_kind == OUTLET, credit.owner_id))
    place = OutletPlacement
    unit_id = case(
        (debit.owner_kind == ORG_UNIT, debit.owner_id),
        (credit.owner_kind == ORG_UNIT, credit.owner_id),
        else_=func.coalesce(place.org_unit_id, root.id if root else 0),
    )
    grouped = (
        select(
            Transfer.business_on,
            unit_id.label("unit_id"),
            debit.owner_kind,
            debit.code,
            debit.detail,
            credit.owner_kind,
            credit.code,
            credit.detail,
            cast(func.sum(Transfer.amount_fen), BigInteger),
        )
        .select_from(Transfer)
        .join(debit, debit.id == Transfer.debit_account_id)
        .join(credit, credit.id == Transfer.credit_account_id)
        .outerjoin(
            place,
            and_(
                place.outlet_id == outlet_id,
                place.starts_on <= Transfer.business_on,
                or_(place.ends_on.is_(None), place.ends_on > Transfer.business_on),
            ),
        )
        .where(Transfer.business_on >= month.starts_on, Transfer.business_on < month.ends_on)
        .group_by(Transfer.business_on, unit_id, debit.owner_kind, debit.code, debit.detail)
        .group_by(credit.owner_kind, credit.code, credit.detail)
    )
    units = {unit.id: unit for unit in db.session.scalars(select(OrgUnit))}
    found = []
    for day, unit, *ours, amount in db.session.connection().execute(grouped):
        of = units[unit]
        found.append(Summed(day, of.code, of.name, Ours(*ours[:3]), Ours(*ours[3:]), int(amount)))
    return sorted(found, key=lambda one: (one.day, one.unit_code, one.debit, one.credit))


@dataclass(frozen=True, slots=True)
class Journal:
    """A month ready to be written: its vouchers and totals, or what has no account of theirs yet."""

    month: Month
    vouchers: Sequence[Voucher]
    lacking: Sequence[tuple[Ours, str]]
    by_line: Mapping[tuple[str, str], tuple[Fen, Fen]]
    """Debits and credits by line of our chart, proved to be the trial balance's movements."""

    @property
    def lines(self) -> int:
        """Return how many lines the vouchers have."""
        return sum(len(voucher.lines) for voucher in self.vouchers)

    @property
    def debit_fen(self) -> Fen:
        """Return what all debits come to."""
        return sum(line.debit_fen for voucher in self.vouchers for line in voucher.lines)

    @property
    def credit_fen(self) -> Fen:
        """Return what all credits come to."""
        return sum(line.credit_fen for voucher in self.vouchers for line in voucher.lines)


def journal_of(mapping: JournalMapping, month: Month) -> Journal:
    """Return a month's journal, tied to the trial balance.

    Raises:
        Conflict: ``journal_disagrees``.
    """
    parts, targets = summed(month), targets_of(mapping)
    by_line = movements(parts)
    balance: dict[tuple[str, str], tuple[Fen, Fen]] = {}
    for (owner_kind, code, _setting), moved in sums_by_line(None, Span(month)).items():
        debit, credit = balance.get((owner_kind, code), (0, 0))
        balance[owner_kind, code] = (debit + moved.debit_fen, credit + moved.credit_fen)
    require_tied(by_line, balance)
    lacking = unmapped(parts, targets)
    in_order = dict(sorted(by_line.items(), key=lambda item: _PLACES[item[0]]))
    return Journal(month, [] if lacking else vouchers_of(parts, targets), lacking, in_order)


def export_of(mapping: JournalMapping, month: Month) -> JournalExport | None:
    """Return the export of a month by the mapping as it stands."""
    return db.session.scalar(
        select(JournalExport).where(
            JournalExport.mapping_id == mapping.id,
            JournalExport.mapping_version == mapping.version,
            JournalExport.month == str(month),
        )
    )


EXPORT_COLUMNS = {"month": SortBy(JournalExport.month, str), "exported": SortBy(JournalExport.id, UUID)}


@built_once
def _exports() -> Select[*tuple[Any, ...]]:
    return (
        select(JournalExport, JournalMapping.name, JournalMapping.version, User.display_name)
        .join(JournalMapping, JournalMapping.id == JournalExport.mapping_id)
        .outerjoin(User, User.id == JournalExport.user_id)
    )


def exports_page(arguments: Mapping[str, str] | MultiDict[str, str]) -> Page[Any]:
    """Return a page of what was exported, the newest first."""
    key = EXPORT_COLUMNS["exported"]
    return page_of(db.session(), _exports(), arguments, columns=EXPORT_COLUMNS, default="-exported", key=key)
