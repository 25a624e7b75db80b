"""Which months wait to be closed, how far a close is, and whether its sums agree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, Select, String, bindparam, case, func, select

from agentnet.closing.rules import due_at
from agentnet.collecting.models import Collection
from agentnet.commission.accruing import counts_by_outlet
from agentnet.commission.actions import ACCRUAL
from agentnet.commission.models import CommissionAdjustment, CommissionLine, MonthlyCommission, OutletAccrual
from agentnet.commission.report_data import COMMISSION_STATEMENT, COMMISSION_SUMMARY
from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.documents.models import Run
from agentnet.infra.db import db
from agentnet.infra.revisions import MONTHS, remembered
from agentnet.ledger.models import Account, AccountingMonth, Transfer
from agentnet.users.models import User


def last_closed() -> Month | None:
    """Return the newest closed month; remembered until another is."""
    return remembered(MONTHS, "last closed", lambda: _month_found(_LAST_CLOSED))


def _month_found(statement: Select[str]) -> Month | None:
    found = db.session.connection().execute(statement).scalar()
    return Month.parse(found) if found else None


_LAST_CLOSED = select(func.max(AccountingMonth.month)).where(AccountingMonth.state == "CLOSED")
_CLOSING = select(func.min(AccountingMonth.month)).where(AccountingMonth.state == "CLOSING")


def closing_month() -> Month | None:
    """Return the month that is closing; there is at most one."""
    return remembered(MONTHS, "closing", lambda: _month_found(_CLOSING))


def first_open_month() -> Month | None:
    """Return the first month after the closed ones that has collections or adjustments."""
    last, connection = last_closed(), db.session.connection()
    after = (date.min, "") if last is None else (last.ends_on, str(last))
    day = connection.execute(_FIRST_DAY, {"since": after[0]}).scalar()
    month = connection.execute(_FIRST_ADJUSTED, {"after": after[1]}).scalar()
    found = ([Month.of(day)] if day else []) + ([Month.parse(month)] if month else [])
    return min(found, default=None)


_FIRST_DAY = select(func.min(Collection.business_on)).where(Collection.business_on >= bindparam("since", type_=Date()))
_FIRST_ADJUSTED = select(func.min(CommissionAdjustment.month)).where(
    CommissionAdjustment.month > bindparam("after", type_=String())
)


def earliest_to_close() -> Month | None:
    """Return the first month that may be closed: the one after the last closed, else the first with facts."""
    last = last_closed()
    return last.next() if last is not None else first_open_month()


def month_to_close(at: datetime) -> Month | None:
    """Return the month the clock should close now: one whose close was killed or ordered, else the next that is due."""
    underway = closing_month()
    if underway is not None:
        return underway
    month = first_open_month()
    return month if month is not None and due_at(month) <= at else None


@dataclass(frozen=True, slots=True)
class Written:
    """What of a month is written down so far."""

    outlets: int
    collections: int
    collected_fen: Fen
    earned_fen: Fen
    adjusted_fen: Fen
    due_fen: Fen


def written(month: Month) -> Written:
    """Return the sums over the outlets whose month is written down."""
    row = db.session.execute(
        select(
            func.count(),
            *(
                func.coalesce(func.sum(column), 0)
                for column in (
                    OutletAccrual.collections_count,
                    OutletAccrual.collected_fen,
                    OutletAccrual.earned_fen,
                    OutletAccrual.adjusted_fen,
                    OutletAccrual.due_fen,
                )
            ),
        ).where(OutletAccrual.month == str(month))
    ).one()
    return Written(*(int(figure) for figure in row))


def written_outlets(month: Month) -> set[int]:
    """Return the outlets whose month is written down."""
    return set(db.session.scalars(select(OutletAccrual.outlet_id).where(OutletAccrual.month == str(month))))


def sums_agree(month: Month) -> bool:
    """Return whether lines, outlet sums and the ledger say the same of a month's commission."""
    lines = sum(
        int(db.session.scalar(select(func.sum(table.commission_fen)).where(table.month == str(month))) or 0)
        for table in (CommissionLine, MonthlyCommission)
    )
    due = written(month).due_fen
    signed = case((Account.code == "COMMISSION_PAYABLE", Transfer.amount_fen), else_=-Transfer.amount_fen)
    posted = db.session.scalar(
        select(func.coalesce(func.sum(signed), 0))
        .select_from(OutletAccrual)
        .join(Transfer, Transfer.id == OutletAccrual.transfer_id)
        .join(Account, Account.id == Transfer.credit_account_id)
        .where(OutletAccrual.month == str(month), Transfer.kind == ACCRUAL)
    )
    return lines == due == int(posted or 0)


@dataclass(frozen=True, slots=True)
class MonthLine:
    """A month in the list: its state, and once closed when, by whom and for how much."""

    month: Month
    state: str
    closed_at: datetime | None = None
    closed_by: str | None = None
    sums: Written | None = None


def month_lines(until: Month, opened: Month | None, most: int = 36) -> list[MonthLine]:
    """Return the months from the first with facts to the present one, newest first; a fixed number of queries.

    ``opened`` is the first open month.
    """
    rows = {row.month: row for row in db.session.connection().execute(_MONTHS)}
    begun = min([*(Month.parse(month) for month in rows), *([opened] if opened else []), until])
    sums = remembered(MONTHS, "sums by month", _written_by_month)
    lines: list[MonthLine] = []
    month = until
    while month >= begun and len(lines) < most:
        row = rows.get(str(month))
        if row is None:
            lines.append(MonthLine(month, "OPEN"))
        else:
            lines.append(MonthLine(month, row.state, row.closed_at, row.display_name, sums.get(str(month))))
        month = month.previous()
    return lines


_MONTHS = select(AccountingMonth.month, AccountingMonth.state, AccountingMonth.closed_at, User.display_name).outerjoin(
    User, User.id == AccountingMonth.user_id
)


def _written_by_month() -> dict[str, Written]:
    rows = db.session.execute(
        select(
            OutletAccrual.month,
            func.count(),
            func.sum(OutletAccrual.collections_count),
            func.sum(OutletAccrual.collected_fen),
            func.sum(OutletAccrual.earned_fen),
            func.sum(OutletAccrual.adjusted_fen),
            func.sum(OutletAccrual.due_fen),
        ).group_by(OutletAccrual.month)
    )
    return {month: Written(*(int(figure) for figure in figures)) for month, *figures in rows}


def outlets_due(month: Month) -> int:
    """Return how many outlets a close of the month has to write down."""
    return len(counts_by_outlet(month))


def documents_planned(month: Month) -> int:
    """Return how many commission documents of a month are planned or made."""
    kinds = (COMMISSION_STATEMENT.code, COMMISSION_SUMMARY.code)
    statement = select(func.count()).select_from(Run).where(Run.kind.in_(kinds), Run.period_start == month.starts_on)
    return db.session.scalar(statement.where(Run.period_end == month.ends_on)) or 0


def closed_at(month: Month) -> datetime | None:
    """Return when a month was closed."""
    return db.session.scalar(select(AccountingMonth.closed_at).where(AccountingMonth.month == str(month)))
