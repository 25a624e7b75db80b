"""An outlet's account as a bank would show it: every transfer, what it took or brought, and the balance after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Subquery, func, literal, select, union_all

from agentnet.collecting.models import Collection
from agentnet.core.errors import Refusal
from agentnet.core.ids import parse_id
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.infra.pages import Page, SortBy, page_of
from agentnet.ledger.queries import account_ids, transfers
from agentnet.ledger.rules import DEBIT, OUTLET, AccountKey, chart_line
from agentnet.settlement.models import DayClose, Remittance

ACCOUNTS = {"cash": "CASH_HELD", "float": "FLOAT", "transit": "IN_TRANSIT"}
"""The accounts of an outlet that have a page, by their name in the address."""


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer as the account sees it; ``balance_fen`` is in the account's normal direction."""

    id: UUID
    kind: str
    posted_at: datetime
    business_on: date
    debit_fen: Fen | None
    credit_fen: Fen | None
    balance_fen: Fen
    subject_kind: str
    subject_id: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A page of an account's lines and its balance now (fen)."""

    lines: Sequence[Line]
    page: Page[Any]
    balance_fen: Fen
    receipts: Mapping[str, str]
    """Receipt numbers by the collection's id."""
    slips: Mapping[str, str]
    """Slip numbers by the remittance's id."""
    days: Mapping[str, date]
    """Closed days by the close's id."""


def _legs(account_id: int) -> Subquery:
    """Return the account's transfers, each as what it debits and credits."""
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
    return union_all(debits, credits).subquery()


def statement_of(outlet_id: int, name: str, arguments: Mapping[str, str]) -> Statement:
    """Return a page of an outlet's account, newest first unless asked otherwise; ``name`` is one of ``ACCOUNTS``."""
    key = AccountKey(OUTLET, outlet_id, ACCOUNTS[name])
    sign = 1 if chart_line(key).normal_side == DEBIT else -1
    legs = _legs(account_ids([key]).get(key, 0))
    page = page_of(
        db.session(),
        select(legs),
        arguments,
        columns={"posted": SortBy(legs.c.posted_at, datetime)},
        default="-posted",
        key=SortBy(legs.c.id, UUID),
    )
    whole = sign * _sum(legs)
    # The balance after the page's first line is what the account held then; from there each line leads to the next.
    lines: list[Line] = []
    balance = whole - sign * _sum_after(legs, page.items[0]) if page.items else 0
    for row in page.items:
        change = sign * (int(row.debit) - int(row.credit))
        if lines and not page.sorting.descending:
            balance += change
        lines.append(
            Line(
                row.id,
                row.kind,
                row.posted_at,
                row.business_on,
                row.debit or None,
                row.credit or None,
                balance,
                row.subject_kind,
                row.subject_id,
            )
        )
        if page.sorting.descending:
            balance -= change
    return Statement(lines, page, whole, _receipts(lines), _slips(lines), _closed_days(lines))


def _sum(legs: Subquery) -> Fen:
    return int(db.session.connection().scalar(select(func.coalesce(func.sum(legs.c.debit - legs.c.credit), 0))) or 0)


def _sum_after(legs: Subquery, row: Any) -> Fen:
    """Return what moved after a line, in the order of posting."""
    later = (legs.c.posted_at > row.posted_at) | ((legs.c.posted_at == row.posted_at) & (legs.c.id > row.id))
    moved = select(func.coalesce(func.sum(legs.c.debit - legs.c.credit), 0)).where(later)
    return int(db.session.connection().scalar(moved) or 0)


def _ids(lines: Sequence[Line], kind: str) -> list[UUID]:
    found = []
    for line in lines:
        if line.subject_kind == kind:
            try:
                found.append(parse_id(line.subject_id))
            except Refusal:  # a subject without a page of its own
                continue
    return found


def _receipts(lines: Sequence[Line]) -> dict[str, str]:
    wanted = _ids(lines, "COLLECTION")
    rows = db.session.execute(select(Collection.id, Collection.receipt_no).where(Collection.id.in_(wanted)))
    return {str(id_): receipt_no for id_, receipt_no in rows} if wanted else {}


def _slips(lines: Sequence[Line]) -> dict[str, str]:
    wanted = _ids(lines, "REMITTANCE")
    rows = db.session.execute(select(Remittance.id, Remittance.slip_no).where(Remittance.id.in_(wanted)))
    return {str(id_): slip_no for id_, slip_no in rows} if wanted else {}


def _closed_days(lines: Sequence[Line]) -> dict[str, date]:
    wanted = _ids(lines, "DAY_CLOSE")
    rows = db.session.execute(select(DayClose.id, DayClose.business_on).where(DayClose.id.in_(wanted)))
    return {str(id_): day for id_, day in rows} if wanted else {}
