"""Commission follows corrections: before the close what stands earns; after it the difference is taken back.

By hand, with the cast's plan: cash earns 0.50 a payment; a card earns 0.2 %, at least 0.10 and at most 1.00.
"""

from __future__ import annotations

import zlib
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from agentnet.closing.actions import close_month
from agentnet.commission.accruing import outlet_months
from agentnet.commission.models import CommissionAdjustment, CommissionLine
from agentnet.commission.queries import tariffs
from agentnet.core.clock import Month, frozen_at
from agentnet.core.errors import Conflict
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import begin_closing
from agentnet.settlement.jobs import close_what_nobody_closed
from reports.commission_statement import CommissionStatement
from reports.frozen import from_json
from tests import world
from tests.approvals.given import say_yes
from tests.settlement.corrections.given import ask_refund, collected, moved, next_day, night, refunded

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
DECEMBER_2 = datetime(2026, 12, 2, 2, tzinfo=UTC)
CARD = {"tender": "UNIONPAY_CARD"}


def earned():
    """Return what WL0001 earns so far in November: base and commission of each collection that counts."""
    with reading():
        (one,) = outlet_months(NOVEMBER, [1], tariffs())
        return [(line.base_fen, line.commission_fen) for line in one.earned]


def adjustments():
    with reading():
        return [
            (one.of_month, one.month, one.amount_fen)
            for one in db.session.scalars(select(CommissionAdjustment).order_by(CommissionAdjustment.made_at))
        ]


@pytest.fixture
def november(app):
    """By card 300.00 (0.60) and 100.00 (0.20); in cash 5.38 (0.50). October is closed."""
    close_month(OCTOBER, SYSTEM)
    return [
        collected(30000, world.MEI, reference="R1", **CARD)[1],
        collected(10000, world.OLD, reference="R2", **CARD)[1],
        collected(538)[1],
    ]


def test_before_the_close_what_stands_earns_and_no_line_is_written(november):
    big, small, cash = november
    with next_day():
        assert earned() == [(30000, 60), (10000, 20), (538, 50)]
        refunded(big, 20000, pay_by="BANK")  # 100.00 stand and earn 0.20
        refunded(small, 10000, pay_by="BANK")  # nothing stands
        moved(cash)  # taken for the wrong household
        assert earned() == [(10000, 20)]
        assert adjustments() == []
    with frozen_at(DECEMBER_2):
        close_what_nobody_closed()
        close_month(NOVEMBER, SYSTEM)
        with reading():
            lines = db.session.execute(select(CommissionLine.base_fen, CommissionLine.commission_fen)).all()
        assert lines == [(10000, 20)]


def test_after_the_close_the_difference_is_taken_back_in_the_open_month(november):
    big, small, cash = november
    with frozen_at(DECEMBER_2):
        night()
        close_what_nobody_closed()
        close_month(NOVEMBER, SYSTEM)
        refunded(big, 20000, pay_by="BANK")  # 0.60 become 0.20
        assert adjustments() == [("2026-11", "2026-12", -40)]
        refunded(big, 6000, pay_by="BANK")  # 40.00 stand: 0.08, at least 0.10
        refunded(small, 10000, pay_by="BANK")
        moved(cash)
        assert [amount for _, _, amount in adjustments()] == [-40, -10, -20, -50]
        refunded(cash, 100, pay_by="BANK")  # it earned nothing any more
        assert len(adjustments()) == 4
        refunded(big, 4000, pay_by="BANK")
        assert sum(amount for _, _, amount in adjustments()) == -(60 + 20 + 50)


def test_a_partial_refund_of_a_fixed_fee_takes_nothing_back(november):
    with frozen_at(DECEMBER_2):
        night()
        close_what_nobody_closed()
        close_month(NOVEMBER, SYSTEM)
        refunded(november[2], 100)
        assert adjustments() == []


def test_while_the_month_closes_a_correction_waits(november):
    with frozen_at(DECEMBER_2):
        night()
        new = ask_refund(november[2], 538)
        with batch():
            begin_closing(NOVEMBER, SYSTEM)
        with pytest.raises(Conflict) as refusal:
            say_yes(new.id, by="fang")
        assert refusal.value.code == "month_closing_now"
        close_what_nobody_closed()
        close_month(NOVEMBER, SYSTEM)
        say_yes(new.id, by="fang")
        assert adjustments() == [("2026-11", "2026-12", -50)]


def test_the_statement_of_the_next_month_shows_the_negative_line(november):
    with frozen_at(DECEMBER_2):
        night()
        close_what_nobody_closed()
        close_month(NOVEMBER, SYSTEM)
        refunded(november[0], 20000, pay_by="BANK")
    with frozen_at(DECEMBER_2 + timedelta(days=31)):
        close_month(Month(2026, 12), SYSTEM)
    with reading():
        lines = db.session.execute(
            select(CommissionLine.kind, CommissionLine.commission_fen).where(CommissionLine.month == "2026-12")
        ).all()
        frozen = db.session.scalars(
            select(Run.frozen).where(Run.subject == "outlet:WL0001:zh", Run.period_start == date(2026, 12, 1))
        ).one()
    assert lines == [("ADJUSTMENT", -40)]
    (line,) = from_json(CommissionStatement, zlib.decompress(frozen)).adjustments
    assert (line.receipt_no, line.amount_fen, line.commission_fen) == (november[0], -20000, -40)
