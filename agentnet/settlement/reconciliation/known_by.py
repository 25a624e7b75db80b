"""What a file's figures and a day's tie rest on, as marks: while these stand, what was worked out still holds.

Postings leave no mark. A day at which an outlet's business day is not final yet is worked out each time; the night that
makes it final adds it up (``collection_days``), which marks the day.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, bindparam, exists, func, select

from agentnet.infra.db import db
from agentnet.infra.marks import marks_of
from agentnet.infra.revisions import REGISTER, mark_of
from agentnet.infra.straight import Straight
from agentnet.ledger.models import BusinessDay
from agentnet.settlement.models import DayClose
from agentnet.settlement.reconciliation.models import RowMatch

CLAIMS = "claims"
"""Files, what their rows were matched with, and differences: of all days, for a match may lie far from its file."""

_OPEN = Straight(
    select(
        exists().where(BusinessDay.business_on == bindparam("day", type_=Date()), BusinessDay.allocated_at.is_(None))
    )
)
_CLOSES = Straight(select(func.count()).where(DayClose.business_on == bindparam("day", type_=Date())))
"""How many closes a day has: they come with all they hold, and are neither changed nor deleted."""
_NEWEST = Straight(select(func.max(RowMatch.id)))


def claims_mark() -> str:
    """Return what all files are known by: another text once one is taken or withdrawn, matched or undone, or ended."""
    return f"{_newest_match()} {marks_of(CLAIMS)}"


def day_mark(day: date) -> str | None:
    """Return what all that the tie of a day shows is known by, or None while the day may still take collections."""
    # Asked first: a day that becomes final meanwhile is then known by the mark of its sums.
    ((still_open,),) = _OPEN.rows(db.session.connection(), {"day": day})
    if still_open:
        return None
    ((closes,),) = _CLOSES.rows(db.session.connection(), {"day": day})
    return f"{mark_of(REGISTER)} {_newest_match()} {closes} {marks_of(CLAIMS, day.isoformat())}"


def _newest_match() -> int:
    """Return the number of the newest match: on SQLite, where one writes at a time, no trigger tells of a new one."""
    connection = db.session.connection()
    if connection.dialect.name != "sqlite":
        return 0
    ((newest,),) = _NEWEST.rows(connection, {})
    return int(newest or 0)
