"""A bank's slip says once that money reached the bank: for remitted cash, for a top-up or for a guarantee deposit.

One table for all three, so that the database is the last guard. What is sent back gives its slip free again.

Take a slip after the row it is for, and give it back last: that row's foreign key holds the outlet, so that whoever
declares for the same outlet waits there and not here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from agentnet.core.clock import now
from agentnet.core.errors import Conflict
from agentnet.infra.db import db
from agentnet.infra.straight import Straight
from agentnet.settlement.models import BankSlip

slips = cast(Table, BankSlip.__table__)

_USED = Straight(
    select(slips.c.subject_id).where(slips.c.outlet_id == bindparam("of_outlet"), slips.c.slip_no == bindparam("no"))
)
_TAKE = {
    "sqlite": Straight(sqlite.insert(slips).on_conflict_do_nothing()),
    "postgresql": Straight(postgresql.insert(slips).on_conflict_do_nothing()),
}


class SlipUse(StrEnum):
    """What a slip was declared or recorded as."""

    REMITTANCE = "REMITTANCE"
    TOP_UP = "TOP_UP"
    DEPOSIT = "DEPOSIT"


def _used() -> Conflict:
    return Conflict("slip_used", "这张交款单已经报过了，请核对单号", field="slip_no")


def require_fresh_slip(outlet_id: int, slip_no: str) -> None:
    """Refuse a slip the outlet has used before, unless what it was for was sent back.

    Raises:
        Conflict: ``slip_used``.
    """
    if _USED.rows(db.session.connection(), {"of_outlet": outlet_id, "no": slip_no.strip()}):
        raise _used()


def take_slip(outlet_id: int, slip_no: str, use: SlipUse, subject_id: UUID) -> None:
    """Use a slip up for a declaration or a deposit.

    Raises:
        Conflict: ``slip_used``, also if somebody else used it in the same moment.
    """
    row = {"outlet_id": outlet_id, "slip_no": slip_no, "used_as": use, "subject_id": subject_id, "taken_at": now()}
    connection = db.session.connection()
    if _TAKE[connection.dialect.name].execute(connection, row).rowcount != 1:
        raise _used()


def free_slip(subject_id: UUID) -> None:
    """Give back the slip of a declaration that was rejected: it may be declared again, rightly this time."""
    db.session.execute(
        delete(BankSlip).where(BankSlip.subject_id == subject_id).execution_options(synchronize_session=False)
    )
