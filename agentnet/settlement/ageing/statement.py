"""An outlet's account as a bank would show it: every transfer, what it took or brought, and the balance after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, Subquery, and_, bindparam, func, literal, or_, select, type_coerce, union_all

from agentnet.collecting.models import Collection
from agentnet.core.errors import Missing
from agentnet.core.money import Fen
from agentnet.infra.actor import Actor
from agentnet.infra.columnar import rows_of
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.infra.statements import built_once
from agentnet.infra.straight import Straight, straight_rows
from agentnet.ledger.queries import accounts, balance, balances, transfers
from agentnet.ledger.rules import DEBIT, OUTLET, AccountKey, chart_line
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.settlement.ageing.models import CashAge
from agentnet.settlement.models import DayClose, Remittance
from agentnet.users.permissions import Permission, require

ACCOUNTS = {"cash": "CASH_HELD", "float": "FLOAT", "transit": "IN_TRANSIT"}
"""The accounts of an outlet that have a page, by their name in the address."""

LINES = 30
"""Lines on a page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer as the account sees it; ``balance_fen`` is in the account's normal direction."""

    kind: str
    posted_at: datetime
    business_on: date
    debit_fen: Fen | None
    credit_fen: Fen | None
    balance_fen: Fen
    subject_id: str
    receipt: str | None
    """The receipt's number, the slip's, or the closed day: what moved the money, where it has a page."""
    slip: str | None
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A page of an account's lines, its balance now (fen), and whose it is."""

    lines: Sequence[Line]
    page: Page[Any]
    balance_fen: Fen
    outlet: Any
    age: Any
    """How the outlet's cash stands as it is kept; None for an outlet nobody has counted yet."""


@built_once
def _accounts_of(viewer: Actor, code: str) -> Select[*tuple[Any, ...]]:
    """Return the select of an outlet the viewer may see, its account of this code if it has one, and its cash's age."""
    key = {"owner_kind": OUTLET, "owner_id": Outlet.id, "code": code, "detail": ""}
    return (
        select(Outlet, accounts.c.id.label("account_id"), balances.c.balance_fen, CashAge)
        .outerjoin(accounts, and_(*(accounts.c[name] == value for name, value in key.items())))
        .outerjoin(balances, balances.c.account_id == accounts.c.id)
        .outerjoin(CashAge, CashAge.outlet_id == Outlet.id)
        .where(Outlet.code == bindparam("outlet_code"), visible_outlets(viewer, Permission.SETTLEMENT_READ))
    )


@built_once
def _legs(account_id: int) -> tuple[Subquery, Select[*tuple[Any, ...]]]:
    """Return the account's transfers, each as what it debits and credits, and the select of what a page shows."""
    columns = (
        transfers.c.id,
        transfers.c.kind,
        transfers.c.posted_at,
        transfers.c.business_on,
        transfers.c.subject_kind,
        transfers.c.subject_id,
    )
    zero = literal(0)
    debits = select(*columns, transfers.c.amount_fen.label("debit"), zero.label("credit")).where(
        transfers.c.debit_account_id == account_id
    )
    credits = select(*columns, zero, transfers.c.amount_fen).where(transfers.c.credit_account_id == account_id)
    legs = union_all(debits, credits).subquery()
    as_stored = type_coerce(legs.c.id, String).label("leg")  # of fifty only the first is looked at
    return legs, select(as_stored, *(column for column in legs.c if column.name != "id"))


def statement_of(viewer: Actor, code: str, name: str, arguments: Mapping[str, str]) -> Statement:
    """Return a page of an outlet's account, newest first unless asked otherwise; ``name`` is one of ``ACCOUNTS``.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``outlet_missing``, ``account_missing``.
    """
    require(viewer, Permission.SETTLEMENT_READ)
    found = rows_of(_accounts_of(viewer, ACCOUNTS.get(name, "")), {"outlet_code": code})
    if not found:
        raise Missing("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内")
    if name not in ACCOUNTS:
        raise Missing("account_missing", "没有这个账户")
    of = found[0]
    key = AccountKey(OUTLET, of.Outlet.id, ACCOUNTS[name])
    line = chart_line(key)
    sign = 1 if line.normal_side == DEBIT else -1
    whole = (of.balance_fen or 0) if line.guarded else balance(key)
    legs, shown = _legs(of.account_id or 0)
    page = page_of(
        db.session(),
        shown,
        arguments,
        columns={"posted": SortBy(legs.c.posted_at, datetime)},
        default="-posted",
        key=SortBy(legs.c.id, UUID),
        size=LINES,
    )
    # The balance after the page's first line is what the account held then; from there each line leads to the next.
    down, lines = page.sorting.descending, list[Line]()
    begins_now = down and page.previous_cursor is None
    held = whole if begins_now or not page.items else whole - sign * _moved_after(legs, page.items[0])
    receipts, slips, closed = (_named(kind, page.items) for kind in ("COLLECTION", "REMITTANCE", "DAY_CLOSE"))
    for row in page.items:
        change = sign * (row.debit - row.credit)
        if lines and not down:
            held += change
        subject = row.subject_id
        lines.append(
            Line(
                row.kind,
                row.posted_at,
                row.business_on,
                row.debit or None,
                row.credit or None,
                held,
                subject,
                receipts.get(subject),
                slips.get(subject),
                closed.get(subject),
            )
        )
        if down:
            held -= change
    return Statement(lines, page, whole, of.Outlet, of.CashAge)


def _moved_after(legs: Subquery, row: Any) -> Fen:
    """Return what moved after a line, in the order of posting."""
    same, id_ = legs.c.posted_at == row.posted_at, UUID(str(row.leg))
    later = or_(legs.c.posted_at > row.posted_at, and_(same, legs.c.id > id_))
    moved = select(func.coalesce(func.sum(legs.c.debit - legs.c.credit), 0)).where(later)
    return int(db.session.connection().scalar(moved) or 0)


def _names(id_: Any, name: Any) -> Straight:
    # As stored: building fifty ids to show none of them took a third of the page.
    return Straight(select(type_coerce(id_, String), name).where(id_.in_(bindparam("ids", expanding=True))))


_NAMES = {
    "COLLECTION": _names(Collection.id, Collection.receipt_no),
    "REMITTANCE": _names(Remittance.id, Remittance.slip_no),
    "DAY_CLOSE": _names(DayClose.id, DayClose.business_on),
}


def _named(kind: str, items: Sequence[Any]) -> dict[str, Any]:
    """Return the names of those subjects of a kind that have a page, by the subject's id as the transfer keeps it."""
    wanted = {row.subject_id: UUID(row.subject_id) for row in items if row.subject_kind == kind}
    if not wanted:
        return {}
    by_hex = {one.hex: subject for subject, one in wanted.items()}
    rows = straight_rows(_NAMES[kind], ids=list(wanted.values()))
    return {by_hex[str(row[0]).replace("-", "")]: row[1] for row in rows}
