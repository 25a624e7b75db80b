"""Reading the book: months, balances, the trial balance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, case, func, literal, select, text, union_all

from agentnet.core.clock import Month, today
from agentnet.core.errors import Conflict
from agentnet.core.money import Fen
from agentnet.infra.db import db
from agentnet.infra.revisions import MONTHS, remembered
from agentnet.infra.straight import Straight
from agentnet.ledger.models import Account, AccountingMonth, Balance, Transfer
from agentnet.ledger.rules import DEBIT, OPEN, AccountKey, chart_line

accounts = cast(Table, Account.__table__)
balances = cast(Table, Balance.__table__)
transfers = cast(Table, Transfer.__table__)
months = cast(Table, AccountingMonth.__table__)

_MONTH = Straight(select(months.c.state).where(months.c.month == bindparam("month")))
_HOLD_OPEN = text("SELECT pg_advisory_xact_lock_shared(:key)")
_ACCOUNTS = Straight(
    select(accounts.c.id, accounts.c.owner_id, accounts.c.code, accounts.c.detail).where(
        accounts.c.owner_kind == bindparam("owner_kind"),
        accounts.c.owner_id.in_(bindparam("owner_ids", expanding=True)),
        accounts.c.code.in_(bindparam("codes", expanding=True)),
    )
)

_HELD = Straight(
    select(balances.c.balance_fen)
    .join(accounts, accounts.c.id == balances.c.account_id)
    .where(*(accounts.c[name] == bindparam(name) for name in AccountKey._fields))
    .with_for_update(of=balances)
)

_MONTH_LOCKS = 0x6D6F6E7468 << 16
"""Advisory lock numbers of accounting months: "month" in ASCII, then the month counted from year 0."""


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """All accounts of one line of the chart: what was debited and credited in all (fen)."""

    owner_kind: str
    code: str
    debit_fen: Fen
    credit_fen: Fen


@dataclass(frozen=True, slots=True)
class WrongBalance:
    """A guarded balance that is not the sum of its transfers."""

    key: AccountKey
    balance_fen: Fen
    sum_fen: Fen


def month_lock(month: Month) -> int:
    """Return the number of the month's advisory lock (PostgreSQL)."""
    return _MONTH_LOCKS + month.year * 12 + month.month


def month_state(month: Month) -> str:
    """Return OPEN, CLOSING or CLOSED; a month nobody began to close is open."""
    return remembered(MONTHS, ("state", month), lambda: _state(db.session.connection(), month))


def _state(connection: Connection, month: Month) -> str:
    found = _MONTH.rows(connection, {"month": str(month)})
    return str(found[0][0]) if found else OPEN


def require_open(day: date) -> None:
    """Refuse a fact in a month that is closing or closed, and hold the month open until the transaction ends.

    Raises:
        Conflict: ``month_closed``.
    """
    hold_open(db.session.connection(), Month.of(day))


def hold_open(connection: Connection, month: Month) -> None:
    """Do what ``require_open`` does, for who holds the transaction's connection already."""
    if connection.dialect.name == "postgresql":
        # Without this a posting that saw OPEN could commit after the close had read the month.
        connection.execute(_HOLD_OPEN, {"key": month_lock(month)})
    if _state(connection, month) != OPEN:
        raise Conflict("month_closed", "%(month)s 已封账，不能再记入；请记入下一个未封账的月份", month=str(month))


def account_ids(keys: Iterable[AccountKey]) -> dict[AccountKey, int]:
    """Return the ids of those accounts that are open; one statement for each kind of owner."""
    return ids_by(db.session.connection(), keys)


def ids_by(connection: Connection, keys: Iterable[AccountKey]) -> dict[AccountKey, int]:
    """Return what ``account_ids`` does, for who holds the transaction's connection already."""
    by_owner: dict[str, tuple[set[int], set[str]]] = {}
    wanted = set(keys)
    for key in wanted:
        owners, codes = by_owner.setdefault(key.owner_kind, (set(), set()))
        owners.add(key.owner_id)
        codes.add(key.code)
    found: dict[AccountKey, int] = {}
    for owner_kind, (owners, codes) in by_owner.items():
        rows = _ACCOUNTS.rows(
            connection, {"owner_kind": owner_kind, "owner_ids": sorted(owners), "codes": sorted(codes)}
        )
        for id_, owner_id, code, detail in rows:
            key = AccountKey(owner_kind, owner_id, code, detail)
            if key in wanted:
                found[key] = id_
    return found


def account_key(account_id: int) -> AccountKey:
    """Return whose account an id is."""
    row = (
        db.session.connection()
        .execute(
            select(accounts.c.owner_kind, accounts.c.owner_id, accounts.c.code, accounts.c.detail).where(
                accounts.c.id == account_id
            )
        )
        .one()
    )
    return AccountKey(*row)


def balance(key: AccountKey) -> Fen:
    """Return an account's balance in its normal direction (fen): its row if it is guarded, else the sum."""
    account_id = account_ids([key]).get(key)
    if account_id is None:
        return 0
    line = chart_line(key)
    if line.guarded:
        return db.session.scalar(select(balances.c.balance_fen).where(balances.c.account_id == account_id)) or 0
    debit, credit = (
        db.session.scalar(select(func.coalesce(func.sum(transfers.c.amount_fen), 0)).where(side == account_id)) or 0
        for side in (transfers.c.debit_account_id, transfers.c.credit_account_id)
    )
    difference = int(debit) - int(credit)
    return difference if line.normal_side == DEBIT else -difference


def balance_held(key: AccountKey) -> Fen:
    """Return a guarded account's balance (fen) and let nobody move it until the transaction ends; 0 without a row."""
    held = _HELD.rows(db.session.connection(), key._asdict())
    return int(held[0][0]) if held else 0


def booking_day(day: date) -> date:
    """Return the day itself while its month is open; what comes later belongs to today."""
    return day if month_state(Month.of(day)) == OPEN else today()


def balances_of(owner_kind: str, owner_ids: Sequence[int], code: str) -> dict[int, Fen]:
    """Return the guarded balances of many owners by owner id (fen); owners without an account are left out."""
    given = {"owner_kind": owner_kind, "owner_ids": list(owner_ids), "code": code}
    return dict(db.session.connection().execute(_BALANCES_OF, given).all())


_BALANCES_OF = (
    select(accounts.c.owner_id, balances.c.balance_fen)
    .join(balances, balances.c.account_id == accounts.c.id)
    .where(
        accounts.c.owner_kind == bindparam("owner_kind", type_=accounts.c.owner_kind.type),
        accounts.c.code == bindparam("code", type_=accounts.c.code.type),
        accounts.c.owner_id.in_(bindparam("owner_ids", type_=accounts.c.owner_id.type, expanding=True)),
    )
)


def _legs(until: date | None) -> Any:
    """Return every transfer as two rows: account, debit, credit."""
    zero = literal(0)
    debits = select(
        transfers.c.debit_account_id.label("account_id"), transfers.c.amount_fen.label("debit"), zero.label("credit")
    )
    credits = select(transfers.c.credit_account_id, zero, transfers.c.amount_fen)
    if until is not None:
        debits = debits.where(transfers.c.business_on < until)
        credits = credits.where(transfers.c.business_on < until)
    return union_all(debits, credits).subquery("legs")


def trial_balance(until: date | None = None) -> list[TrialBalanceRow]:
    """Return debits and credits by line of the chart, of business days before ``until`` (all without it)."""
    legs = _legs(until)
    rows = db.session.execute(
        select(accounts.c.owner_kind, accounts.c.code, func.sum(legs.c.debit), func.sum(legs.c.credit))
        .join(accounts, accounts.c.id == legs.c.account_id)
        .group_by(accounts.c.owner_kind, accounts.c.code)
        .order_by(accounts.c.owner_kind, accounts.c.code)
    )
    return [TrialBalanceRow(kind, code, int(debit), int(credit)) for kind, code, debit, credit in rows]


def wrong_balances() -> list[WrongBalance]:
    """Return the guarded balances that are not the sum of their transfers; an honest book has none."""
    legs = _legs(None)
    sums = (
        select(legs.c.account_id, func.sum(legs.c.debit - legs.c.credit).label("difference"))
        .group_by(legs.c.account_id)
        .subquery()
    )
    difference = func.coalesce(sums.c.difference, 0)
    signed = case((accounts.c.normal_side == DEBIT, difference), else_=-difference)
    rows = db.session.execute(
        select(
            accounts.c.owner_kind,
            accounts.c.owner_id,
            accounts.c.code,
            accounts.c.detail,
            balances.c.balance_fen,
            signed,
        )
        .select_from(balances)
        .join(accounts, accounts.c.id == balances.c.account_id)
        .outerjoin(sums, sums.c.account_id == balances.c.account_id)
        .where(balances.c.balance_fen != signed)
        .order_by(accounts.c.id)
    )
    return [WrongBalance(AccountKey(*row[:4]), int(row[4]), int(row[5])) for row in rows]


def require_right_balances() -> None:
    """Prove the guarded balances by their transfers, as one statement sees both.

    A transfer is one amount on two sides, so debits equal credits; what can be wrong is a balance.

    Raises:
        Conflict: ``book_disagrees``.
    """
    if wrong_balances():
        raise Conflict("book_disagrees", "余额与明细不符，不能封账；请运行核对并联系管理员")
