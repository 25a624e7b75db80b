"""verify names each error planted into what put differences right and into withdrawn files."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from agentnet.books.report_data import RECONCILIATION_DAY
from agentnet.core.clock import frozen_at
from agentnet.documents.kinds import Period
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.settlement.reconciliation.models import Difference
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.books.test_report_data import printed
from tests.collecting.counter import item, record
from tests.settlement.camt import entry
from tests.settlement.drawer import confirm, declare, new_remittance
from tests.settlement.reconciliation.given import (
    bank_file,
    partner_file,
    payment_line,
    receipts,
    said,
    take_bank,
    take_post,
)
from tests.settlement.reconciliation.test_bank_reversals import reversal, take
from tests.settlement.reconciliation.test_differences import ask as ask_write_off
from tests.settlement.reconciliation.test_fees_of_no_deposit import CHARGES
from tests.settlement.reconciliation.test_remedies import book, right
from tests.settlement.reconciliation.test_withdrawals import withdraw
from tests.verify.test_planted import is_named, named_in

WRITTEN_OFF = "kind = 'DIFFERENCE_WRITE_OFF'"
FEE = "kind = 'CHANNEL_FEE'"
WITHDRAWN = "file_id = (SELECT MIN(id) FROM reconciliation_files WHERE withdrawn_at IS NOT NULL)"
COPIED = (
    "file_id, line_no, collection_id, partner_id, outlet_id, org_unit_id, business_on, kind, proposal, amount_fen,"
    " opened_at, owner_id, state, ended_at, ended_by_id, reason, approval_id"
)

PLANTS = (
    ("withdrawal", "DELETE FROM approvals WHERE kind = 'WITHDRAW_FILE'"),
    ("withdrawal", "UPDATE approvals SET state = 'REJECTED' WHERE kind = 'WITHDRAW_FILE'"),
    (
        "withdrawal",
        "UPDATE reconciliation_files SET withdrawn_at = NULL, withdrawal_id = NULL WHERE source = 'PARTNER'",
    ),
    (
        "withdrawn_file",
        f"UPDATE reconciliation_matches SET undone_at = NULL, undo_reason = NULL WHERE {WITHDRAWN}",
    ),
    ("withdrawn_file", f"UPDATE reconciliation_differences SET state = 'OPEN', ended_at = NULL WHERE {WITHDRAWN}"),
    ("withdrawn_file", f"UPDATE reconciliation_rows SET said_sha256 = 'x' WHERE line_no = 2 AND {WITHDRAWN}"),
    ("difference_remedy", "UPDATE approvals SET amount_fen = amount_fen + 1 WHERE kind = 'BOOK_COLLECTION'"),
    (
        "difference_remedy",
        "UPDATE reconciliation_differences SET ended_by_id = 9 WHERE approval_id IS NOT NULL AND state = 'ADJUSTED'",
    ),
    (
        "difference_booked",
        "UPDATE reconciliation_differences SET amount_fen = amount_fen + 1 WHERE booked_id IS NOT NULL",
    ),
    ("difference_booked", "UPDATE reconciliation_differences SET booked_id = NULL WHERE booked_id IS NOT NULL"),
    (
        "mended_twice",
        f"INSERT INTO reconciliation_differences ({COPIED}) SELECT {COPIED} FROM reconciliation_differences"
        " WHERE kind = 'AMOUNT_MISMATCH' AND state = 'ADJUSTED'",
    ),
    ("write_off_moved", f"UPDATE transfers SET amount_fen = amount_fen + 1 WHERE {WRITTEN_OFF}"),
    ("write_off_moved", f"DELETE FROM transfers WHERE {WRITTEN_OFF}"),
    (
        "write_off_moved",
        f"UPDATE transfers SET debit_account_id = credit_account_id, credit_account_id = debit_account_id"
        f" WHERE {WRITTEN_OFF}",
    ),
    ("write_off_moved", f"UPDATE transfers SET subject_id = '99' WHERE {WRITTEN_OFF}"),
    ("channel_fee", f"UPDATE transfers SET amount_fen = amount_fen + 1 WHERE {FEE}"),
    ("channel_fee", f"DELETE FROM transfers WHERE {FEE}"),
    ("channel_fee", f"UPDATE transfers SET subject_id = '99' WHERE {FEE}"),
    (
        "channel_fee",
        "UPDATE transfers SET credit_account_id = (SELECT MIN(id) FROM accounts WHERE code = 'BANK' AND id <>"
        f" transfers.credit_account_id) WHERE {FEE}",
    ),
    (
        "row_forgotten",
        "DELETE FROM reconciliation_differences WHERE kind = 'BANK_REVERSAL'",
    ),
)


def open_ones(kind):
    with reading():
        found = select(Difference.id).where(Difference.kind == kind, Difference.state == "OPEN")
        return list(db.session.scalars(found.order_by(Difference.id)))


@pytest.fixture
def put_right(app) -> None:
    """A wrong file withdrawn and the right one taken; a booking, money set aside, two write-offs, a deposit taken back.

    The bank kept 1.00 of the money set aside and of that written off.
    """
    more_finance()
    record(item(300_00, world.MEI), item(538), item(5_00, world.OLD))
    wrong = partner_file(payment_line(receipts()[1], 538), payment_line("P-000001", 9_99, world.MEI))
    withdraw(take_post(wrong))
    more = payment_line(receipts()[2], 7_00, world.OLD)
    take_post(partner_file(payment_line(receipts()[1], 538), payment_line("P-000002", 8_88, world.MEI), more))
    say_yes(book(open_ones("AMOUNT_MISMATCH")[0]))
    say_yes(book(open_ones("MISSING_AT_UTILITY")[0]))
    (first,) = take_bank(bank_file((44_44, said("错账户", "X-1")), (33_33, said("错账户", "X-2")), id="WRONG"))
    withdraw(first)
    confirm(declare(new_remittance(300_00, slip_no="JK-0001")).id, 300_00)
    take(entry(300_00, said("JK-0001", "B-1"), day="2026-11-18"), reversal(), closing=0)
    say_yes(right(open_ones("BANK_REVERSAL")[0], "SHORT"))
    lines = (76_77, CHARGES + said("来路不明")), (54_55, CHARGES + said("现金"))
    take_bank(bank_file(*lines, id="S-3"), name="third.xml")
    unknown, other = open_ones("MISSING_AT_UTILITY")
    say_yes(right(unknown, "SET_ASIDE", outlet_code="WL0001"))
    say_yes(ask_write_off(other))
    say_yes(ask_write_off(open_ones("MISSING_AT_AGENT")[0]))
    with frozen_at(world.NOW + timedelta(days=1)):
        printed(RECONCILIATION_DAY, Period(world.TODAY, world.TODAY + timedelta(days=1)))


def test_what_was_honestly_put_right_agrees(put_right):
    with reading():
        assert named_in(db.session.connection()) == set()


def test_each_planted_error_is_named(put_right):
    drops = ("DROP INDEX uq_reconciliation_files_partner_day", "DROP INDEX uq_reconciliation_matches_collection")
    unnoticed = [(name, sql) for name, sql in PLANTS if not is_named(name, sql, *drops)]
    assert unnoticed == []
