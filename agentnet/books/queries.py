"""The trial balance: monthly sums, and what was posted since they were last added to.

The sums are worked out once for a change of theirs and remembered (``infra.revisions``); what came since is a short
list that an index finds. Both are read in one transaction, so together they are the book as it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from agentnet.books.rules import Moved, Span, TrialBalance, trial_balance_of
from agentnet.core.clock import Month
from agentnet.divisions.models import OrgUnit
from agentnet.infra.db import UtcDateTime, db
from agentnet.infra.revisions import remembered
from agentnet.infra.statements import built_once
from agentnet.ledger.queries import accounts, transfers
from agentnet.ledger.rolling import BOOK, ledger_months, rolled_until
from agentnet.ledger.rules import ORG_UNIT, OUTLET
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import under

T = TypeVar("T")
Sums = Mapping[tuple[str, str, str], Moved]

_MONTH = bindparam("month", type_=String())
_STARTS, _ENDS = bindparam("starts_on", type_=Date()), bindparam("ends_on", type_=Date())
_ROLLED = bindparam("rolled", type_=UtcDateTime())
_ZERO = literal(0, BigInteger)


def _whole(value: Any) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(value), 0), BigInteger)


def of_owner(sides: FromClause, account_id: Any) -> Any:
    """Join accounts, and for accounts of outlets the outlet, to rows that name an account."""
    mine = and_(accounts.c.owner_kind == OUTLET, Outlet.id == accounts.c.owner_id)
    return sides.join(accounts, accounts.c.id == account_id).outerjoin(Outlet, mine)


def held_under(path: str | None) -> ColumnElement[bool]:
    """Return the condition that an account belongs to a unit and below: its outlets' where they are now, its own.

    Households and partners belong to the whole company (None).
    """
    if path is None:
        return true()
    units = select(OrgUnit.id).where(under((path,)))
    return or_(Outlet.org_unit_id.in_(units), and_(accounts.c.owner_kind == ORG_UNIT, accounts.c.owner_id.in_(units)))


_BY_LINE = (accounts.c.owner_kind, accounts.c.code, func.coalesce(Outlet.setting, ""))
_UNIT = func.coalesce(
    case((accounts.c.owner_kind == ORG_UNIT, accounts.c.owner_id)), Outlet.org_unit_id, literal(0, BigInteger)
)
"""Where an account belongs now; 0 for households and partners."""


@built_once
def _of_sums(path: str | None, whole_month: bool, by_unit: bool = False) -> Select[*tuple[Any, ...]]:
    """Return the opening balances of a month by line, and with it what the month moved."""
    sums = ledger_months.c
    in_month = sums.month == _MONTH
    net = sums.debit_fen - sums.credit_fen
    moved = (
        (_whole(case((in_month, sums.debit_fen), else_=0)), _whole(case((in_month, sums.credit_fen), else_=0)))
        if whole_month
        else (_ZERO, _ZERO)
    )
    reached = sums.month <= _MONTH if whole_month else sums.month < _MONTH
    keys = (_UNIT, *_BY_LINE) if by_unit else _BY_LINE
    return (
        select(*keys, _whole(case((sums.month < _MONTH, net), else_=0)), *moved)
        .select_from(of_owner(ledger_months, sums.account_id))
        .where(reached, held_under(path))
        .group_by(*keys)
    )


@built_once
def _of_transfers(
    path: str | None, debits: bool, since_rolled: bool, by_unit: bool = False
) -> Select[*tuple[Any, ...]]:
    """Return one side of transfers by line: those not in the sums yet, or those of some days that are."""
    account_id = transfers.c.debit_account_id if debits else transfers.c.credit_account_id
    amount, day = transfers.c.amount_fen, transfers.c.business_on
    before = _whole(case((day < _STARTS, amount if debits else -amount), else_=0))
    within = _whole(case((day >= _STARTS, amount), else_=0))
    keys = (_UNIT, *_BY_LINE) if by_unit else _BY_LINE
    statement = select(*keys, before, *((within, _ZERO) if debits else (_ZERO, within)))
    rolled = transfers.c.posted_at >= _ROLLED if since_rolled else transfers.c.posted_at < _ROLLED
    days = [day < _ENDS] if since_rolled else [day < _ENDS, day >= _STARTS]
    return statement.select_from(of_owner(transfers, account_id)).where(rolled, *days, held_under(path)).group_by(*keys)


@built_once
def _since(path: str | None, by_unit: bool = False) -> Any:
    """Return both sides of what is not in the sums yet, as one statement sees them: a posting shows both or neither."""
    return union_all(_of_transfers(path, True, True, by_unit), _of_transfers(path, False, True, by_unit))


def _added(found: Iterable[Iterable[Any]]) -> dict[tuple[str, str, str], Moved]:
    sums: dict[tuple[str, str, str], Moved] = defaultdict(Moved)
    for owner_kind, code, setting, opening, debit, credit in found:
        sums[owner_kind, code, setting] += Moved(int(opening), int(debit), int(credit))
    return sums


def _rows(statement: Any, given: Mapping[str, Any]) -> list[Any]:
    return list(db.session.connection().execute(statement, dict(given)))


def sums_by_line(path: str | None, span: Span) -> Sums:
    """Return what accounts at and below an org path (None: all) held and moved, by line and setting."""
    return as_of_one_roll(lambda rolled: _sums_at(path, span, rolled))


def as_of_one_roll(work: Callable[[datetime], T]) -> T:
    """Return what is found with the sums and the instant they reach to; asked again if the clock moved it meanwhile.

    Statements of one transaction on PostgreSQL may see different sums.
    """
    while True:
        rolled = rolled_until()
        found = work(rolled)
        if db.session.connection().dialect.name == "sqlite" or rolled_until() == rolled:
            return found


def _sums_at(path: str | None, span: Span, rolled: datetime) -> Sums:
    given = given_of(span, rolled)

    def rolled_sums() -> Sums:
        found = _rows(_of_sums(path, span.until is None), given)
        if span.until is not None:
            found += _rows(_of_transfers(path, True, False), given) + _rows(_of_transfers(path, False, False), given)
        return _added(found)

    kept = remembered(BOOK, ("lines", path, span, rolled), rolled_sums)
    since = _rows(_since(path), given)
    if not since:
        return kept
    found: dict[tuple[str, str, str], Moved] = defaultdict(Moved, kept)
    for key, moved in _added(since).items():
        found[key] += moved
    return found


def given_of(span: Span, rolled: datetime) -> dict[str, Any]:
    """Return what the statements about a span are given."""
    return {
        "month": str(span.month),
        "starts_on": span.month.starts_on,
        "ends_on": span.ends_on,
        "rolled": rolled,
    }


def sums_by_unit(month: Month) -> Mapping[int, Sums]:
    """Return what the accounts of each org unit held and moved in a month, by unit; 0 is households and partners."""

    def found_at(rolled: datetime) -> Mapping[int, Sums]:
        given = given_of(Span(month), rolled)
        statements = [_of_sums(None, True, True), _since(None, True)]
        found: dict[int, list[Any]] = defaultdict(list)
        for statement in statements:
            for unit_id, *row in _rows(statement, given):
                found[int(unit_id)].append(row)
        return {unit_id: _added(rows) for unit_id, rows in found.items()}

    return as_of_one_roll(found_at)


def trial_balance(unit: OrgUnit | Any, span: Span) -> TrialBalance:
    """Return the trial balance of an org unit and all below it; of the whole company for its root."""
    whole = unit.parent_id is None
    return trial_balance_of(sums_by_line(None if whole else unit.path, span), whole)
