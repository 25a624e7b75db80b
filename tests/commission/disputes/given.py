"""A closed October with three lines at WL0001, and disputes about them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from agentnet.closing.actions import close_month
from agentnet.commission.adjusting import NewAdjustment
from agentnet.commission.disputes.actions import NewDispute, raise_dispute
from agentnet.commission.disputes.models import Dispute
from agentnet.commission.disputes.queries import LineKey
from agentnet.commission.models import CommissionLine
from agentnet.core.clock import Month
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.commission.facts import POSTAL_STATION, collected

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
WRONG = "这一笔是支付宝，应按 0.2% 计"


def closed_october() -> list[UUID]:
    """Collect 203.50 and 102.00 in cash (0.50 each) and close October; return the collections."""
    ids = collected(POSTAL_STATION, 203_50, 102_00)
    close_month(OCTOBER, SYSTEM)
    return ids


def line_id(collection_id: UUID) -> int:
    """Return the id of a collection's stored line."""
    with reading():
        return db.session.scalars(select(CommissionLine.id).where(CommissionLine.collection_id == collection_id)).one()


def a_dispute(line: int, **changes: object) -> NewDispute:
    """Return a dispute of a line of WL0001's October."""
    return replace(NewDispute(new_id(), POSTAL_STATION, OCTOBER, LineKey(line), WRONG), **changes)


def disputed(line: int, by: str = "alice", **changes: object) -> UUID:
    """Raise a dispute and return its id."""
    with batch():
        return raise_dispute(a_dispute(line, **changes), world.actor(by)).id


def paid_more(**changes: object) -> NewAdjustment:
    """Return 0.30 more for WL0001's October."""
    return replace(NewAdjustment(new_id(), POSTAL_STATION, OCTOBER, 30, "按合同补付"), **changes)


def found(dispute_id: UUID) -> Dispute:
    """Return a dispute as it stands."""
    with reading():
        dispute = db.session.get_one(Dispute, dispute_id)
        db.session.expunge(dispute)
        return dispute
