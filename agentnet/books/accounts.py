"""The accounts behind a line, and one account line by line with its running balance.

``account_for``, ``account_page`` and ``named`` serve any page that shows an account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import cast as sql_cast
from werkzeug.datastructures import MultiDict

from agentnet.books.queries import held_under
from agentnet.books.rules import Moved, Span, on_side, running
from agentnet.collecting.models import Household
from agentnet.core.errors import Missing
from agentnet.core.masks import mask_household_no, mask_name
from agentnet.core.money import Fen
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once
from agentnet.infra.straight import Straight, straight_rows
from agentnet.ledger.queries import accounts, transfers
from agentnet.ledger.rolling import ledger_months, posted_since
from agentnet.ledger.rules import CHART, DEBIT, HOUSEHOLD, ORG_UNIT, OUTLET, PARTNER, AccountKey
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries import under
from agentnet.users.permissions import Permission, covers_company, org_paths, require


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account with its owner as people know it; a household's number and name are masked."""

    id: int
    key: AccountKey
    owner_code: str
    owner_name: str
    owner_name_en: str | None
    org_unit_id: int | None
    """Where it belongs now; None for households and partners."""

    @property
    def normal_side(self) -> str:
        """Return DEBIT or CREDIT."""
        return CHART[self.key.owner_kind, self.key.code].normal_side


def _owned(kind: str, owner: Any) -> ColumnElement[bool]:
    return and_(accounts.c.owner_kind == kind, owner.id == accounts.c.owner_id)


_NAMED = (
    select(
        accounts.c.id,
        accounts.c.owner_kind,
        accounts.c.owner_id,
        accounts.c.code,
        accounts.c.detail,
        func.coalesce(Outlet.code, OrgUnit.code, Partner.code, Household.household_no, "").label("owner_code"),
        func.coalesce(Outlet.name, OrgUnit.name, Partner.name, Household.name, "").label("owner_name"),
        OrgUnit.name_en,
        func.coalesce(Outlet.org_unit_id, OrgUnit.id).label("org_unit_id"),
    )
    .select_from(accounts)
    .outerjoin(Outlet, _owned(OUTLET, Outlet))
    .outerjoin(OrgUnit, _owned(ORG_UNIT, OrgUnit))
    .outerjoin(Partner, _owned(PARTNER, Partner))
    .outerjoin(Household, _owned(HOUSEHOLD, Household))
)
_BY_IDS = _NAMED.where(accounts.c.id.in_(bindparam("ids", expanding=True)))


def _named(row: Any) -> NamedAccount:
    code, name = row.owner_code, row.owner_name
    if row.owner_kind == HOUSEHOLD:
        code, name = mask_household_no(code), mask_name(name)
    key = AccountKey(row.owner_kind, row.owner_id, row.code, row.detail)
    return NamedAccount(row.id, key, code, name, row.name_en, row.org_unit_id)


def named(account_ids: Many[int]) -> dict[int, NamedAccount]:
    """Return accounts by id with their owners' names."""
    return {row.id: _named(row) for row in rows_of(_BY_IDS, {"ids": sorted(set(account_ids))})}


@built_once
def _seen_by(viewer: Actor, permission: Permission) -> Select[*tuple[Any, ...]]:
    statement = _NAMED.where(accounts.c.id == bindparam("account_id", type_=BigInteger()))
    if covers_company(viewer, permission):
        return statement
    units = select(OrgUnit.id).where(under(org_paths(viewer, permission)))
    return statement.where(func.coalesce(Outlet.org_unit_id, OrgUnit.id).in_(units))


def account_for(viewer: Actor, account_id: int, permission: Permission = Permission.LEDGER_READ) -> NamedAccount:
    """Return an account of the viewer's territory: of its outlets and units; of anyone for the whole company.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``account_missing``.
    """
    require(viewer, permission)
    found = rows_of(_seen_by(viewer, permission), {"account_id": account_id}) if 0 < account_id < 1 << 62 else []
    if not found:
        raise Missing("account_missing", "没有找到这个账户，或它不在您的管辖范围内")
    return _named(found[0])


_CODE_OF: Mapping[str, tuple[Any, Any, Any]] = {
    OUTLET: (Outlet, Outlet.code, Outlet.name),
    ORG_UNIT: (OrgUnit, OrgUnit.code, OrgUnit.name),
    PARTNER: (Partner, Partner.code, Partner.name),
    HOUSEHOLD: (Household, Household.household_no, Household.name),
}


NOTHING_MOVED = Moved()


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in a list with what it held and moved, balances as its normal side shows them."""

    account: NamedAccount
    moved: Moved
    opening_fen: Fen
    closing_fen: Fen


@built_once
def _of_line(owner_kind: str, code: str, path: str | None, words: str, on_sqlite: bool) -> Select[*tuple[Any, ...]]:
    owner, owner_code, owner_name = _CODE_OF[owner_kind]
    conditions = [accounts.c.owner_kind == owner_kind]
    if owner_kind == OUTLET and not words and on_sqlite:
        # Nearly every outlet has the account: outlets are walked by their code and the account is looked up, until the
        # page is full. PostgreSQL finds that way; SQLite must not collect the line's accounts first and sort them.
        conditions.append(accounts.c.code.concat("") == code)
        of_owner = owner.id + 0 == accounts.c.owner_id
    else:
        conditions.append(accounts.c.code == code)
        of_owner = owner.id == accounts.c.owner_id
    if path is not None:
        conditions.append(held_under(path))
    if words and owner_kind == HOUSEHOLD:
        conditions.append(owner_code.endswith(words, autoescape=True))
    elif words:
        conditions.append(owner_code.startswith(words, autoescape=True) | owner_name.contains(words, autoescape=True))
    shown = (accounts.c.id, accounts.c.owner_kind, accounts.c.owner_id, accounts.c.code, accounts.c.detail)
    unit_id = {OUTLET: Outlet.org_unit_id, ORG_UNIT: OrgUnit.id}.get(owner_kind, null())
    found = select(
        *shown,
        owner_code.label("owner_code"),
        owner_name.label("owner_name"),
        (OrgUnit.name_en if owner_kind == ORG_UNIT else null()).label("name_en"),
        unit_id.label("org_unit_id"),
    )
    found = found.select_from(accounts).join(owner, of_owner)
    if owner_kind != OUTLET and path is not None:
        found = found.outerjoin(Outlet, _owned(OUTLET, Outlet))
    return found.where(*conditions)


_LINE_COLUMNS: Mapping[str, Mapping[str, SortBy]] = {
    kind: {"owner": SortBy(code, str)} for kind, (_owner, code, _name) in _CODE_OF.items()
}
_LINE_KEY = SortBy(accounts.c.id, int)


def accounts_page(
    unit: Any, owner_kind: str, code: str, span: Span, words: str, arguments: Mapping[str, str] | MultiDict[str, str]
) -> Page[AccountRow]:
    """Return a page of a line's accounts at and below a unit, by their owners' codes.

    Raises:
        Missing: ``line_missing``.
    """
    if (owner_kind, code) not in CHART:
        raise Missing("line_missing", "没有这个科目")
    path = None if unit.parent_id is None else unit.path
    page = page_of(
        db.session(),
        _of_line(owner_kind, code, path, words, db.engine.dialect.name == "sqlite"),
        arguments,
        columns=_LINE_COLUMNS[owner_kind],
        default="owner",
        key=_LINE_KEY,
    )
    all_moved = moved_by([row.id for row in page.items], span)
    side, rows = CHART[owner_kind, code].normal_side, []
    for row in page.items:
        moved = all_moved.get(row.id, NOTHING_MOVED)
        rows.append(AccountRow(_named(row), moved, on_side(moved.opening_fen, side), on_side(moved.closing_fen, side)))
    return Page(rows, page.sorting, page.next_cursor, page.previous_cursor)


_WANTED = select(accounts.c.id).where(accounts.c.id.in_(bindparam("ids", expanding=True))).cte("wanted")
_IDS = select(_WANTED.c.id)
_MONTH: BindParameter[str] = bindparam("month", type_=String())
_STARTS, _ENDS = bindparam("starts_on", type_=Date()), bindparam("ends_on", type_=Date())
_ZERO = literal(0, BigInteger)


def _whole(value: Any) -> ColumnElement[int]:
    return sql_cast(func.coalesce(func.sum(value), 0), BigInteger)


def _kept_by_account(whole_month: bool) -> Select[*tuple[Any, ...]]:
    kept = ledger_months.c
    in_month = [case((kept.month == _MONTH, side), else_=_ZERO) for side in (kept.debit_fen, kept.credit_fen)]
    before = case((kept.month < _MONTH, kept.debit_fen - kept.credit_fen), else_=_ZERO)
    moved = [_whole(side) for side in in_month] if whole_month else [_ZERO, _ZERO]
    reached = kept.month <= _MONTH if whole_month else kept.month < _MONTH
    return (
        select(kept.account_id, _whole(before), *moved)
        .where(kept.account_id.in_(_IDS), reached)
        .group_by(kept.account_id)
    )


def _days_by_account(debits: bool) -> Select[*tuple[Any, ...]]:
    """Return one side of what some days moved, of what is in the sums: the month's sum cannot be cut at a day."""
    account_id = transfers.c.debit_account_id if debits else transfers.c.credit_account_id
    within = _whole(transfers.c.amount_fen)
    return (
        select(account_id, _ZERO, *((within, _ZERO) if debits else (_ZERO, within)))
        .where(account_id.in_(_IDS), transfers.c.business_on >= _STARTS, transfers.c.business_on < _ENDS)
        .where(~posted_since())
        .group_by(account_id)
    )


def _since_by_account(debits: bool) -> Select[*tuple[Any, ...]]:
    """Return one side of what was posted since the sums were last added to: minutes of it, found by the instant."""
    account_id = transfers.c.debit_account_id if debits else transfers.c.credit_account_id
    amount, day = transfers.c.amount_fen, transfers.c.business_on
    before = case((day < _STARTS, amount if debits else -amount), else_=_ZERO)
    within = case((day >= _STARTS, amount), else_=_ZERO)
    return select(account_id, before, *((within, _ZERO) if debits else (_ZERO, within))).where(
        posted_since(), day < _ENDS, (account_id + 0).in_(_IDS)
    )


def _moved(whole_month: bool) -> Straight:
    sides = (True, False)
    days = [] if whole_month else [_days_by_account(debits) for debits in sides]
    return Straight(union_all(_kept_by_account(whole_month), *days, *(_since_by_account(debits) for debits in sides)))


_MOVED = {whole_month: _moved(whole_month) for whole_month in (True, False)}


def moved_by(account_ids: Sequence[int], span: Span) -> dict[int, Moved]:
    """Return what some accounts held and moved, by id; accounts that never moved are left out."""
    given = {"month": str(span.month), "ends_on": span.ends_on, "starts_on": span.month.starts_on}
    found: dict[int, Moved] = defaultdict(Moved)
    for id_, *figures in straight_rows(_MOVED[span.until is None], ids=list(account_ids), **given):
        found[id_] += Moved(*(int(figure) for figure in figures))
    return found


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A transfer as one of its accounts sees it; amounts on the debit side."""

    id: UUID
    kind: str
    business_on: date
    change_fen: Fen
    balance_fen: Fen
    """After it, in the order of business days and of ids within a day."""
    shown_fen: Fen
    """The balance as the account's normal side shows it."""
    subject_kind: str
    subject_id: str
    other: NamedAccount


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page of an account's lines with what it held and moved in the whole span."""

    page: Page[AccountLine]
    moved: Moved


@built_once
def _lines(account_id: int, starts_on: date, ends_on: date) -> tuple[Any, Select[*tuple[Any, ...]]]:
    """Return one account's transfers of some days, each once, as the account sees them; and the select of them."""
    days = (transfers.c.business_on >= starts_on, transfers.c.business_on < ends_on)
    shown = (
        transfers.c.id,
        transfers.c.kind,
        transfers.c.business_on,
        transfers.c.subject_kind,
        transfers.c.subject_id,
    )
    debit, credit, amount = transfers.c.debit_account_id, transfers.c.credit_account_id, transfers.c.amount_fen
    debits = select(*shown, amount.label("change"), credit.label("other_id")).where(debit == account_id, *days)
    credits = select(*shown, -amount, debit).where(credit == account_id, *days)
    legs = union_all(debits, credits).subquery("legs")
    return legs, select(legs)


@built_once
def _before(account_id: int, starts_on: date, ends_on: date) -> Select[*tuple[Any, ...]]:
    """Return what came before a row of an account's lines."""
    legs, _lines_of = _lines(account_id, starts_on, ends_on)
    day, id_ = bindparam("first_on", type_=legs.c.business_on.type), bindparam("first_id", type_=legs.c.id.type)
    earlier = or_(legs.c.business_on < day, and_(legs.c.business_on == day, legs.c.id < id_))
    return select(_whole(legs.c.change)).where(earlier)


@built_once
def _columns(account_id: int, starts_on: date, ends_on: date) -> tuple[Mapping[str, SortBy], SortBy]:
    """Return what an account's lines may be sorted by, and the column that breaks ties."""
    legs, _lines_of = _lines(account_id, starts_on, ends_on)
    return {"day": SortBy(legs.c.business_on, date)}, SortBy(legs.c.id, UUID)


def account_page(
    account_id: int,
    span: Span,
    arguments: Mapping[str, str] | MultiDict[str, str],
    default: str = "day",
    side: str = DEBIT,
) -> AccountPage:
    """Return a page of an account's transfers in a span with the balance after each, oldest first unless asked.

    ``side`` is the account's normal side, as which the balances are shown.
    """
    of = account_id, span.month.starts_on, span.ends_on
    _legs, statement = _lines(*of)
    columns, key = _columns(*of)
    page = page_of(db.session(), statement, arguments, columns=columns, default=default, key=key)
    moved = moved_by([account_id], span).get(account_id, Moved())
    rows = list(page.items)
    down = page.sorting.descending
    in_order = rows[::-1] if down else rows
    opening = moved.opening_fen
    # Before the first row of all there is nothing to add up.
    if in_order and (page.next_cursor if down else page.previous_cursor) is not None:
        first = in_order[0]
        given = {"first_on": first.business_on, "first_id": first.id}
        opening += int(db.session.connection().scalar(_before(*of), given) or 0)
    balances = running(opening, [int(row.change) for row in in_order])
    others = named([row.other_id for row in rows])
    lines = [
        AccountLine(
            row.id, row.kind, row.business_on, int(row.change), balance, on_side(balance, side), row.subject_kind,
            row.subject_id, others[row.other_id],
        )
        for row, balance in zip(in_order, balances, strict=True)
    ]  # fmt: skip
    shown = lines[::-1] if down else lines
    return AccountPage(Page(shown, page.sorting, page.next_cursor, page.previous_cursor), moved)
