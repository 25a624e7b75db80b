"""verify names each error planted into requests, delegations, corrections and what followed them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from agentnet.approvals.actions import name_delegate
from agentnet.approvals.rules import NewDelegation
from agentnet.closing.actions import close_month
from agentnet.collecting.actions import reverse_collection
from agentnet.core.clock import Month, frozen_at, today
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.rules import Count
from tests import world
from tests.approvals.given import more_finance, say_no, say_yes
from tests.collecting.counter import item, record
from tests.settlement.corrections.given import ask_adjustment, ask_refund, collected, moved, night, pay, refunded
from tests.settlement.drawer import close
from tests.verify.test_planted import is_named, named_in

OCTOBER_20 = datetime(2026, 10, 20, 2, tzinfo=UTC)

REFUND = "(SELECT id FROM corrections WHERE kind = 'REFUND' ORDER BY amount_fen DESC LIMIT 1)"

PLANTS = (
    ("approval_content", "UPDATE approvals SET content = '{\"amount_fen\": 1}' WHERE state = 'REJECTED'"),
    ("delegate", "DELETE FROM delegations"),
    ("delegate", "UPDATE delegations SET starts_on = '2027-01-01', ends_on = '2027-01-02'"),
    ("correction_approval", "UPDATE approvals SET state = 'REJECTED' WHERE kind = 'ADJUSTMENT'"),
    ("correction_approval", "UPDATE corrections SET amount_fen = amount_fen + 1 WHERE kind = 'ADJUSTMENT'"),
    ("correction_approval", "UPDATE corrections SET user_id = 1 WHERE kind = 'REFUND'"),
    ("correction_moves", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'REFUND_BILLING'"),
    ("correction_moves", "UPDATE corrections SET adjustment = 'CHANNEL_FEE' WHERE kind = 'ADJUSTMENT'"),
    ("correction_moves", "UPDATE allocation_changes SET principal_fen = principal_fen + 1 WHERE principal_fen > 1"),
    ("correction_changes", f"UPDATE corrections SET amount_fen = amount_fen + 1 WHERE id = {REFUND}"),
    ("correction_standing", "UPDATE allocation_changes SET principal_fen = principal_fen - 1 WHERE principal_fen < 0"),
    ("correction_standing", "UPDATE allocation_changes SET household_id = 1"),
    ("correction_household", "UPDATE allocation_changes SET household_id = 3"),
    ("correction_clears", "UPDATE corrections SET clears = NOT clears"),
    (
        "correction_of_void",
        "UPDATE voids SET collection_id = (SELECT collection_id FROM corrections WHERE kind = 'WRONG_HOUSEHOLD')",
    ),
    ("refund_payout", "DELETE FROM refund_payouts"),
    ("refund_payout", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'REFUND_PAID'"),
    ("refund_payout", "UPDATE corrections SET pay_by = 'BANK' WHERE pay_by = 'CASH'"),
    ("stray_correction", "UPDATE transfers SET subject_id = 'x' WHERE kind = 'REFUND_PAID'"),
    ("stray_difference", "UPDATE transfers SET subject_kind = 'OUTLET' WHERE kind = 'ADJUSTMENT'"),
    ("void_kind", "UPDATE voids SET reason_code = NULL"),
    ("void_kind", "UPDATE voids SET reason_code = 'MISTAKE'"),
    ("commission_correction", "DELETE FROM commission_adjustments"),
    ("commission_correction", "UPDATE commission_adjustments SET amount_fen = amount_fen - 1"),
    ("commission_line", "UPDATE commission_lines SET base_fen = base_fen + 1"),
    ("commission_missing", "UPDATE corrections SET clears = NOT clears"),
)


REFUSED_BY_THE_DATABASE = (
    ("ck_approvals_four_eyes", "UPDATE approvals SET requested_by_id = decided_by_id WHERE state = 'REJECTED'"),
    ("ck_approvals_on_behalf_of", "UPDATE approvals SET requested_by_id = on_behalf_of_id WHERE on_behalf_of_id > 0"),
)
"""What a CHECK does not let happen is named all the same once somebody took it away."""


@pytest.fixture
def october(app) -> None:
    """An October with a reversal, refunds and a moved collection before its close, and some of them after it."""
    more_finance()
    with frozen_at(OCTOBER_20):
        failed = item(100, world.OLD)
        record(failed)
        with batch():
            reverse_collection(failed.id, new_id(), "TIMEOUT", "终端没有应答", SYSTEM)
        receipts = [
            collected(amount, number, tender="UNIONPAY_CARD", reference=f"R{amount}")[1]
            for amount, number in ((300_00, world.MEI), (100_00, world.OLD), (90_00, world.OLD), (50_00, world.GANG))
        ]
        _, in_cash = collected(5_38, world.GANG, lookalike_confirmed=True)
        close(count=Count(other_fen=4_38), batches={"UNIONPAY_CARD": 540_00}, explanation="少一元")
    with frozen_at(OCTOBER_20 + timedelta(days=1)):
        night()
        refunded(receipts[0], 200_00, pay_by="BANK")
        pay(refunded(in_cash, 1_00).id)
        moved(receipts[3], world.MEI)
        say_yes(ask_adjustment("SHORT_WRITTEN_OFF", 1_00).id, by="grace")
        say_no(ask_refund(receipts[1], 1_00, pay_by="BANK").id, by="fang")
    close_month(Month(2026, 10), SYSTEM)
    refunded(receipts[1], 100_00, pay_by="BANK")
    refunded(receipts[0], 60_00, pay_by="BANK")
    with batch():
        tomorrow = today() + timedelta(days=1)
        name_delegate(NewDelegation(new_id(), "ben", today(), tomorrow), world.actor("grace"))
    say_yes(ask_refund(receipts[2], 40_00, pay_by="BANK").id, by="ben")


def test_honest_corrections_agree(october):
    with reading():
        assert named_in(db.session.connection()) == set()


def test_each_planted_error_is_named(october):
    unnoticed = [(name, sql) for name, sql in PLANTS if not is_named(name, sql)]
    assert unnoticed == []
    for check, sql in REFUSED_BY_THE_DATABASE:
        with pytest.raises(DBAPIError):
            is_named("four_eyes", sql)
        assert is_named("four_eyes", sql, unguarded=f"approvals.{check}")
    with reading():
        assert named_in(db.session.connection()) == set(), "an experiment was not undone"
