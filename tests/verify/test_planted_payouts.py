"""verify names each error planted into batches that were drawn up, cancelled, paid, returned, held and taxed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentnet.closing.actions import close_month
from agentnet.commission.engine.withholding import PayeeType
from agentnet.core.clock import frozen_at
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from tests.commission.facts import POSTAL_STATION, SERVICE_POINT
from tests.commission.payout.given import (
    NOVEMBER,
    a_paid_batch,
    adjusted,
    approved,
    cancelled,
    confirmed,
    lifted,
    on_hold,
    paid,
    payee,
    payment_id,
    ready,
    returned,
    shares,
)
from tests.commission.payout.test_batches import DECEMBER_2
from tests.commission.payout.test_held_and_taxed import two_batches_of_december
from tests.verify.test_planted import is_named, named_in

PUT_IN = {"allocation", "collection_transfer", "receipt_gap", "request"}
"""What verify says of collections that the tests put straight into the tables."""

OTHER_PAYEE = (
    "SELECT MIN(q.id) FROM payees q WHERE NOT EXISTS (SELECT 1 FROM payout_payments x"
    " WHERE x.batch_id = payout_payments.batch_id AND x.payee_id = q.id) HAVING MIN(q.id) IS NOT NULL"
)

ONE_FEN_OF_TAX = "tax_fen = tax_fen + 1, net_fen = net_fen - 1"

PLANTS = (
    ("payout_batch", "UPDATE payout_batches SET gross_fen = gross_fen + 1, net_fen = net_fen + 1"),
    ("payout_batch", "UPDATE payout_batches SET payments = payments + 1"),
    ("payout_payment", "UPDATE payout_payments SET gross_fen = gross_fen + 1, net_fen = net_fen + 1"),
    ("payout_part", "UPDATE payout_parts SET amount_fen = amount_fen + 1"),
    ("payout_part", "UPDATE payout_parts SET share = '王芳' WHERE share = 'KEEPER' AND outlet_id = 2"),
    ("payout_part", "UPDATE outlet_accruals SET due_fen = due_fen + 1, earned_fen = earned_fen + 1 WHERE due_fen > 0"),
    ("paid_twice", "UPDATE payout_payments SET state = 'SENT', returned_reason = NULL WHERE state = 'RETURNED'"),
    (
        "payout_released",
        "UPDATE payout_payments SET state = 'RETURNED', returned_reason = 'x' WHERE state = 'CONFIRMED'",
    ),
    ("payout_released", "UPDATE payout_parts SET released = TRUE WHERE payment_id IS NOT NULL"),
    ("payout_moved", "UPDATE payout_legs SET amount_fen = amount_fen + 1 WHERE outlet_id = 2"),
    ("payout_moved", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'COMMISSION_PAID'"),
    ("payout_moved", "UPDATE transfers SET amount_fen = amount_fen - 1 WHERE kind = 'COMMISSION_TAX'"),
    (
        "payout_moved",
        "UPDATE transfers SET credit_account_id = (SELECT id FROM accounts WHERE code = 'COMMISSION_EXPENSE' LIMIT 1)"
        " WHERE kind = 'COMMISSION_PAID'",
    ),
    ("payout_returned", "UPDATE transfers SET kind = 'X' WHERE kind = 'COMMISSION_RETURNED'"),
    (
        "payout_returned",
        "UPDATE payout_payments SET state = 'CONFIRMED', returned_reason = NULL WHERE state = 'RETURNED'",
    ),
    ("payout_legs", "DELETE FROM payout_legs WHERE outlet_id = 11"),
    ("payout_legs", "UPDATE payout_payments SET state = 'PLANNED' WHERE state = 'CONFIRMED'"),
    ("stray_payout", "DELETE FROM payout_legs WHERE outlet_id = 2"),
    ("payout_alone", "UPDATE payout_batches SET approved_by_id = 11 WHERE state = 'PAID'"),
    ("payout_alone", "UPDATE approvals SET state = 'REJECTED' WHERE kind = 'PAYOUT'"),
    ("payout_alone", "UPDATE approvals SET amount_fen = amount_fen + 1 WHERE kind = 'PAYOUT'"),
    ("paid_on_hold", "UPDATE payout_holds SET lifted_at = NULL, lifted_reason = NULL"),
    (
        "payout_payee",
        f"UPDATE payout_payments SET payee_id = ({OTHER_PAYEE}) WHERE number = 1 AND EXISTS ({OTHER_PAYEE})",
    ),
    ("payout_approved", "UPDATE payout_payments SET account_number = '6666666666666666', holder = '王五'"),
    ("payout_approved", "UPDATE payout_payments SET bank_no = '402795602394'"),
    ("payout_account", "UPDATE payout_payments SET name = '张三'"),
    ("payout_account", "UPDATE payout_payments SET account_number = '6666666666666666' WHERE state = 'RETURNED'"),
    ("payee_account", "UPDATE payee_accounts SET number = '6666666666666666' WHERE number IS NOT NULL"),
    ("payout_setting", "UPDATE payout_settings SET number = '999999999999'"),
    ("payout_setting", "UPDATE audit_lines SET subject_id = '77' WHERE action = 'payout_settings_set'"),
    ("payout_hold", "DELETE FROM payout_holds"),
    ("payout_steps", "UPDATE payout_batches SET paid_on = '2026-12-25' WHERE paid_on IS NOT NULL"),
    ("payout_steps", "UPDATE payout_batches SET approved_at = '2020-01-01 00:00:00' WHERE approved_at IS NOT NULL"),
    ("payout_steps", "UPDATE payout_batches SET pay_on = '2026-10-01' WHERE state = 'PAID'"),
    ("payout_moved", "UPDATE transfers SET business_on = '2026-11-19' WHERE kind = 'COMMISSION_PAID'"),
    ("payout_moved", "UPDATE accounts SET owner_id = 2 WHERE code = 'WITHHOLDING'"),
    ("payout_payee", "UPDATE payee_terms SET starts_on = '2027-01-01'"),
    ("payout_tax", "UPDATE payout_payments SET tax_fen = tax_fen + 1, net_fen = net_fen - 1 WHERE tax_fen > 0"),
    ("payout_tax", f"UPDATE payout_payments SET {ONE_FEN_OF_TAX} WHERE type = 'INDIVIDUAL' AND state = 'SENT'"),
    ("payout_tax", "UPDATE payout_payments SET type = 'COMPANY' WHERE tax_fen > 0"),
)


@pytest.fixture
def two_batches(app):
    """October's batch with a hold that was lifted and a payment that came back; November's, taxed, with both again."""
    shares(("KEEPER", 666_667), ("PARTNER", 333_333))
    ready(withholds=True)
    for code in (SERVICE_POINT, "JX0001"):
        payee(code, code="BANK", share="PARTNER", name="东海农商银行", type=PayeeType.COMPANY)
    payee(partner_code="POST", code="POST", share="PARTNER", name="东海邮政", type=PayeeType.COMPANY)
    cancelled(approved())
    hold = on_hold(SERVICE_POINT)
    first = a_paid_batch()
    returned(payment_id(first, 1))
    confirmed(first)
    adjusted("JX0001", 5_000_00)
    adjusted(POSTAL_STATION, -10_00)
    with frozen_at(DECEMBER_2):
        lifted(hold)
        close_month(NOVEMBER, SYSTEM)
        a_paid_batch(NOVEMBER)


def test_honest_batches_agree(two_batches):
    with reading():
        assert named_in(db.session.connection()) == PUT_IN


def test_each_planted_error_is_named(two_batches):
    unnoticed = [(name, sql) for name, sql in PLANTS if not is_named(name, sql)]
    assert unnoticed == []
    with reading():
        assert named_in(db.session.connection()) == PUT_IN, "an experiment was not undone"


def test_tax_of_several_payments_of_a_month_is_judged_together(app):
    first, second = two_batches_of_december()
    with frozen_at(DECEMBER_2 + timedelta(hours=1)):
        paid(first)
    with frozen_at(DECEMBER_2 + timedelta(hours=2)):
        paid(second)
    with frozen_at(DECEMBER_2 + timedelta(days=1)):
        # What came back later changes nothing of what was right when the second was paid.
        returned(payment_id(first, 1))
    with reading():
        assert named_in(db.session.connection()) == PUT_IN
    of_second = f"batch_id = (SELECT id FROM payout_batches WHERE month = '{NOVEMBER}' AND number = 2)"
    assert is_named("payout_tax", f"UPDATE payout_payments SET {ONE_FEN_OF_TAX} WHERE {of_second}")
