"""The monthly sums of every account, kept beside the transfers so that a trial balance does not walk a year of them.

``ledger_months`` holds all transfers posted before one instant, ``ledger_rolls.rolled_until``, by account and month of
their business day; whoever reads adds what was posted since (``posted_since``), which an index finds. So the sums are
exact at any time, a posting never touches them, and it does not matter which month a late transfer belongs to.

The instant only moves to where every posting has ended: on SQLite there is one writer; on PostgreSQL no transaction
that is still running began before it. Clocks of several machines may differ by ``SKEW``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    Table,
    bindparam,
    delete,
    func,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite

from agentnet.core.clock import now
from agentnet.infra.db import UtcDateTime, db
from agentnet.infra.straight import Straight
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import LedgerMonth, LedgerRoll
from agentnet.ledger.queries import transfers

ledger_months = cast(Table, LedgerMonth.__table__)
rolls = cast(Table, LedgerRoll.__table__)

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Where the sums begin: before any transfer."""

SKEW: Final = timedelta(minutes=5)
"""What is younger is left to the next turn: no two clocks of one installation differ by more."""

SLICE: Final = timedelta(days=7)
"""How much is added in one transaction; after an upgrade there may be years to add."""

BOOK: Final = "book"
"""The subject (``infra.revisions``) that changes with the sums and with who owns the accounts."""

_ROLLED = select(rolls.c.rolled_until).where(rolls.c.id == 1)
_SINCE: ColumnElement[datetime] = func.coalesce(_ROLLED.scalar_subquery(), literal(BEGINNING, UtcDateTime()))
_END = literal(datetime(9999, 1, 1, tzinfo=UTC), UtcDateTime())
_OLDEST_RUNNING = text(
    "SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
)


def rolled_until() -> datetime:
    """Return the instant before which every transfer is in the monthly sums."""
    return db.session.connection().scalar(_ROLLED) or BEGINNING


def posted_since() -> ColumnElement[bool]:
    """Return the condition that a transfer is not in the monthly sums yet, for a statement that reads both.

    It sees one state of the book: what it adds up is in the sums or was posted since, never both or neither.
    """
    # The end leaves nothing out: between two instants PostgreSQL expects few rows and takes the index.
    return transfers.c.posted_at.between(_SINCE, _END)


def settled_until() -> datetime:
    """Return an instant before which nothing will be posted any more; ask inside a writing door."""
    connection = db.session.connection()
    settled = now()
    if connection.dialect.name == "postgresql":
        settled = min(settled, connection.scalar(_OLDEST_RUNNING) or settled)
    return settled - SKEW  # the clocks of the machines that post need not agree with the database's


def next_slice(since: datetime, settled: datetime) -> datetime | None:
    """Return the end of what is to be added next, or None if nothing was posted since that has settled."""
    first = db.session.connection().scalar(
        select(func.min(transfers.c.posted_at)).where(transfers.c.posted_at >= since, transfers.c.posted_at < settled)
    )
    return None if first is None else min(first + SLICE, settled)


def _sides() -> Any:
    since, until = (bindparam(name, type_=UtcDateTime()) for name in ("since", "until"))
    posted = (transfers.c.posted_at >= since, transfers.c.posted_at < until)
    month = func.substr(sql_cast(transfers.c.business_on, String), 1, 7)
    zero = literal(0, BigInteger)
    debits = select(
        transfers.c.debit_account_id.label("account_id"),
        month.label("month"),
        transfers.c.amount_fen.label("debit"),
        zero.label("credit"),
    ).where(*posted)
    credits = select(transfers.c.credit_account_id, month, zero, transfers.c.amount_fen).where(*posted)
    return union_all(debits, credits).subquery("sides")


_BOTH = _sides()
_SUMS = Straight(
    select(
        _BOTH.c.account_id,
        _BOTH.c.month,
        sql_cast(func.sum(_BOTH.c.debit), BigInteger),
        sql_cast(func.sum(_BOTH.c.credit), BigInteger),
    )
    .group_by(_BOTH.c.account_id, _BOTH.c.month)
    .order_by(_BOTH.c.account_id, _BOTH.c.month)
)


def sums_between(since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return what was posted from an instant until another, by account and month, as rows of ``ledger_months``."""
    rows = _SUMS.rows(db.session.connection(), {"since": since, "until": until})
    return [
        {"account_id": account_id, "month": month, "debit_fen": debit, "credit_fen": credit}
        for account_id, month, debit, credit in rows
    ]


def _adding(dialect_insert: Any) -> Straight:
    statement = dialect_insert(ledger_months)
    added = {name: ledger_months.c[name] + statement.excluded[name] for name in ("debit_fen", "credit_fen")}
    key = [ledger_months.c.account_id, ledger_months.c.month]
    return Straight(statement.on_conflict_do_update(index_elements=key, set_=added))


_ADD = {"sqlite": _adding(sqlite.insert), "postgresql": _adding(postgresql.insert)}


def add_sums(rows: Sequence[dict[str, Any]], since: datetime, until: datetime) -> bool:
    """Add what was posted between two instants to the monthly sums; False if another clock has added it already."""
    connection = db.session.connection()
    moved = connection.execute(
        update(rolls).where(rolls.c.id == 1, rolls.c.rolled_until == since).values(rolled_until=until)
    )
    if moved.rowcount != 1:
        return False
    _ADD[connection.dialect.name].execute_many(connection, rows)
    return True


def roll_up(until: datetime | None = None) -> int:
    """Add to the monthly sums what has settled (or all posted before ``until``); return how many rows were moved.

    What is added is summed with no lock held. Two clocks add nothing twice: the second finds the instant moved.
    """
    if until is None:
        with batch():
            until = settled_until()
    added = 0
    while True:
        with reading():
            since = rolled_until()
            end = next_slice(since, until)
            rows = [] if end is None else sums_between(since, end)
        if end is None:
            return added
        with batch():
            if not add_sums(rows, since, end):
                return added
        added += len(rows)


def forget_sums() -> None:
    """Empty the monthly sums, so that the clock adds them up anew; until it has, readers walk the transfers.

    For a book ``verify`` finds wrong sums in: a server's clock was set back by more than ``SKEW``, say.
    """
    connection = db.session.connection()
    connection.execute(update(rolls).where(rolls.c.id == 1).values(rolled_until=BEGINNING))
    connection.execute(delete(ledger_months))
