"""Cash taken and banked at WL0001 by day, for months that pay what was settled."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from agentnet.closing.actions import close_month
from agentnet.collecting.models import Collection
from agentnet.commission.actions import add_version
from agentnet.commission.engine.language import Basis, Component, Kind, Version
from agentnet.commission.models import CommissionLine, OutletAccrual
from agentnet.core.clock import Month, frozen_at, shanghai_instant
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.jobs import close_what_nobody_closed
from tests import world
from tests.collecting.counter import item, record
from tests.settlement.corrections.given import night
from tests.settlement.drawer import confirm, declare, new_remittance

OCTOBER, NOVEMBER, DECEMBER, JANUARY = Month(2026, 10), Month(2026, 11), Month(2026, 12), Month(2027, 1)
SETTLED = Version(
    date(2026, 11, 1),
    (
        Component(Kind.PER_COLLECTION, "每笔", fee_fen=1_00),
        Component(Kind.PER_COLLECTION, "金额", rate_ppm=10_000),
    ),
    basis=Basis.SETTLED,
    note="按结清计酬",
)
"""1.00 a collection and 1 % of it, as far as it is settled."""


def on(day: date, hour: int = 10):
    """Stop the clock on a day."""
    return frozen_at(shanghai_instant(day, hour))


def nov(day: int) -> date:
    return date(2026, 11, day)


def dec(day: int) -> date:
    return date(2026, 12, day)


def agreed(version: Version = SETTLED) -> None:
    """Close October and agree the plan."""
    close_month(OCTOBER, SYSTEM, signature="测试：有未结事项也封账")
    with batch():
        add_version("STANDARD", version, SYSTEM)


def taken(day: date, *amounts_fen: int, **changes) -> list[str]:
    """Collect at WL0001 on a day; return the receipts."""
    with on(day):
        receipts = []
        for fen in amounts_fen:
            (verdict,) = record(item(fen, world.MEI, lookalike_confirmed=True, **changes))
            assert verdict.receipt_no, verdict
            receipts.append(verdict.receipt_no)
        return receipts


def banked(day: date, amount_fen: int, arrived_on: date | None = None) -> None:
    """Declare a deposit on a day and confirm it on that day, or on another."""
    with on(day, 11):
        deposit = declare(new_remittance(amount_fen, slip_no=f"{day:%m%d}-{amount_fen}"))
    with on(arrived_on or day, 12):
        confirm(deposit.id, amount_fen)


def closed(month: Month) -> None:
    """Close a month on the second day after it."""
    with on(date(month.next().year, month.next().month, 2)):
        night()
        close_what_nobody_closed()
        close_month(month, SYSTEM, signature="测试：有未结事项也封账")


def lines(month: Month, outlet_id: int = 1) -> list[tuple[int, int, int, int]]:
    """Return amount, settled from, settled to and commission of a closed month's lines, the oldest collection first."""
    with reading():
        rows = db.session.execute(
            select(
                CommissionLine.amount_fen,
                CommissionLine.settled_from_fen,
                CommissionLine.settled_to_fen,
                CommissionLine.commission_fen,
            )
            .join(Collection, Collection.id == CommissionLine.collection_id)
            .where(CommissionLine.month == str(month), CommissionLine.outlet_id == outlet_id)
            .order_by(Collection.business_on, Collection.id)
        )
        return [tuple(row) for row in rows]


def accrual(month: Month, outlet_id: int = 1) -> OutletAccrual:
    with reading():
        found = db.session.get_one(OutletAccrual, (str(month), outlet_id))
        db.session.expunge(found)
        return found
