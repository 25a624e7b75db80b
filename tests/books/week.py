"""A week of the postal station WL0001, Monday 9 to Friday 13 November 2026, worked out by hand in fen.

| day | what happens | debit | credit | fen |
|---|---|---|---|---|
| Mon | GANG pays 5.38, MEI 102.00 (September) in cash | CASH_HELD | RECEIVED | 538, 10200 |
| Tue | MEI pays 203.50 (October) by card | NONCASH_CLEARING | RECEIVED | 20350 |
| Wed | MEI pays 20.00 ahead in cash | CASH_HELD | RECEIVED | 2000 |
| Wed | GANG pays 1.00 in cash, voided | CASH_HELD and back | RECEIVED and back | 100, 100 |
| Wed | the count is 1.00 short | OVER_SHORT | CASH_HELD | 100 |
| Thu | 100.00 is banked | IN_TRANSIT | CASH_HELD | 10000 |
| Fri | 90.00 arrive, 10.00 are back in the drawer | BANK, CASH_HELD | IN_TRANSIT | 9000, 1000 |
| nights | Monday and Tuesday paid bills | RECEIVED | BILLING_CLEARING | 10738, 20350 |
| night | Wednesday's 20.00 are MEI's advance | RECEIVED | ADVANCE | 2000 |

CASH_HELD: debit 538 + 10200 + 2000 + 100 + 1000 = 13838, credit 100 + 100 + 10000 = 10200, left 3638.
RECEIVED: credit 538 + 10200 + 20350 + 2000 + 100 = 33188, debit 100 + 10738 + 20350 + 2000 = 33188, left 0.
All debits: 13838 + 20350 + 33188 + 10000 + 100 + 9000 = 86476; all credits: 10200 + 33188 + 10000 + 2000 + 31088 = 86476.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import select

from agentnet.collecting.actions import void_collection
from agentnet.collecting.jobs import allocate_received
from agentnet.collecting.models import Collection
from agentnet.core.clock import frozen_at
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.rules import Count
from tests import world
from tests.collecting.counter import item, record
from tests.settlement.drawer import close, confirm, declare, new_remittance

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = (date(2026, 11, day) for day in range(9, 15))

WEEK = {
    ("OUTLET", "CASH_HELD"): (13838, 10200),
    ("OUTLET", "NONCASH_CLEARING"): (20350, 0),
    ("OUTLET", "RECEIVED"): (33188, 33188),
    ("OUTLET", "IN_TRANSIT"): (10000, 10000),
    ("OUTLET", "OVER_SHORT"): (100, 0),
    ("HOUSEHOLD", "ADVANCE"): (0, 2000),
    ("ORG_UNIT", "BANK"): (9000, 0),
    ("ORG_UNIT", "BILLING_CLEARING"): (0, 31088),
}
"""What each line was debited and credited in the week."""

TOTAL = 86476

UP_TO_WEDNESDAY = {
    ("OUTLET", "CASH_HELD"): (538 + 10200 + 2000 + 100, 100 + 100),
    ("OUTLET", "NONCASH_CLEARING"): (20350, 0),
    ("OUTLET", "RECEIVED"): (33188, 33188),
    ("OUTLET", "OVER_SHORT"): (100, 0),
    ("HOUSEHOLD", "ADVANCE"): (0, 2000),
    ("ORG_UNIT", "BILLING_CLEARING"): (0, 31088),
}
"""The same without what was banked: the nights book a day's money on the day itself."""


def at_ten(day: date) -> datetime:
    """Return ten o'clock in Shanghai."""
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def a_week() -> None:
    """Let the week happen by the product's own actions."""
    with frozen_at(at_ten(MONDAY)):
        record(item(538), item(102_00, world.MEI))
        close()
    with frozen_at(at_ten(TUESDAY)):
        allocate_received()
        record(item(203_50, world.MEI, tender="UNIONPAY_CARD", reference="POS-1"))
        close(batches={"UNIONPAY_CARD": 203_50})
    with frozen_at(at_ten(WEDNESDAY)):
        allocate_received()
        record(item(20_00, world.MEI), item(1_00))
        with reading():
            wrong = db.session.scalars(select(Collection.id).where(Collection.amount_fen == 100)).one()
        with batch():
            void_collection(wrong, new_id(), "客户改主意", world.actor("alice"))
        close(count=Count(other_fen=126_38), explanation="少一元，查不到原因")
    with frozen_at(at_ten(THURSDAY)):
        allocate_received()
        deposit = declare(new_remittance(100_00))
    with frozen_at(at_ten(FRIDAY)):
        confirm(deposit.id, 90_00, "银行只收到九十元")
    with frozen_at(at_ten(SATURDAY)):
        allocate_received()
