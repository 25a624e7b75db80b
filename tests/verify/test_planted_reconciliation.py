"""verify names each error planted into files, matches and differences."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.reconciliation.difference_actions import end, take_on
from agentnet.settlement.reconciliation.match_actions import NewMatch, confirm_by_statement, match_by_hand, undo_match
from agentnet.settlement.reconciliation.models import Difference, RowMatch
from agentnet.settlement.reconciliation.rules import State
from tests import world
from tests.collecting.counter import item, record
from tests.settlement.drawer import declare, new_remittance
from tests.settlement.reconciliation.given import (
    bank_file,
    partner_file,
    payment_line,
    receipts,
    said,
    take_bank,
    take_post,
)
from tests.settlement.reconciliation.test_differences import written_off
from tests.verify.test_planted import is_named, named_in

PARTNERS = "file_id = (SELECT id FROM reconciliation_files WHERE source = 'PARTNER')"
MATCH = "(file_id, line_no, collection_id, remittance_id, step, matched_at, reason)"
COPY = "file_id, line_no, collection_id, remittance_id, step, matched_at, reason FROM reconciliation_matches WHERE"

PLANTS = (
    ("channel_file", f"DELETE FROM reconciliation_rows WHERE line_no = 4 AND {PARTNERS}"),
    (
        "channel_file",
        f"UPDATE reconciliation_rows SET amount_fen = amount_fen + 1, gross_fen = gross_fen + 1 WHERE {PARTNERS}",
    ),
    ("channel_file", f"UPDATE reconciliation_rows SET day_on = '2026-11-17' WHERE {PARTNERS}"),
    ("channel_file", "UPDATE reconciliation_files SET amount_fen = amount_fen + 1, closing_fen = closing_fen + 1"),
    ("channel_file", "UPDATE reconciliation_files SET repeated_count = repeated_count + 1"),
    (
        "line_twice",
        "UPDATE reconciliation_rows SET repeats_file_id = NULL, repeats_line_no = NULL WHERE repeats_line_no IS NOT NULL",
    ),
    ("line_repeats", "UPDATE reconciliation_rows SET day_on = '2026-11-17' WHERE repeats_line_no IS NOT NULL"),
    ("match_sides", f"UPDATE reconciliation_rows SET household_no = '{world.MEI}' WHERE line_no = 2 AND {PARTNERS}"),
    (
        "match_sides",
        "UPDATE reconciliation_matches SET line_no = 999 WHERE collection_id IS NOT NULL AND undone_at IS NULL",
    ),
    ("match_sides", "UPDATE reconciliation_rows SET kind = 'FEE'"),
    ("matched_twice", f"INSERT INTO reconciliation_matches {MATCH} SELECT {COPY} undone_at IS NULL"),
    (
        "matched_twice",
        "UPDATE reconciliation_matches SET undone_at = NULL, undo_reason = NULL WHERE undone_at IS NOT NULL",
    ),
    ("row_forgotten", f"DELETE FROM reconciliation_differences WHERE collection_id IS NULL AND {PARTNERS}"),
    ("row_forgotten", "DELETE FROM reconciliation_matches WHERE remittance_id IS NOT NULL"),
    ("difference_end", "DELETE FROM reconciliation_steps WHERE verb = 'EXPLAINED'"),
    ("difference_end", "UPDATE reconciliation_steps SET user_id = 12 WHERE verb = 'EXPLAINED'"),
    (
        "difference_end",
        "UPDATE reconciliation_differences SET state = 'OPEN', ended_at = NULL WHERE state = 'EXPLAINED'",
    ),
    ("write_off", "UPDATE reconciliation_differences SET ended_by_id = 9 WHERE state = 'WRITTEN_OFF'"),
    ("write_off", "DELETE FROM approvals"),
    ("channel_fee", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'CHANNEL_FEE'"),
    ("channel_fee", "UPDATE reconciliation_rows SET fee_fen = 0, gross_fen = amount_fen WHERE fee_fen > 0"),
)

UNGUARDED = tuple(
    f"DROP INDEX uq_reconciliation_{name}"
    for name in ("rows_said", "matches_row", "matches_collection", "matches_remittance")
)


@pytest.fixture
def reconciled(app) -> None:
    """A day of the Post with each way a row can go, and two statements that overlap; everything done once."""
    record(item(538), item(203_50, world.MEI), item(10_00, world.MEI))
    post = take_post(
        partner_file(
            payment_line(receipts()[0], 538),
            payment_line("P-000001", 200_00, world.MEI),
            payment_line("P-000002", 9_99),
            payment_line("P-000003", 8_88),
        )
    )
    fang, receipt_no = world.actor("fang"), receipts()[1]
    with batch():
        match_by_hand(NewMatch(new_id(), post, 3, receipt_no, None, "收据存根"), fang)
    with reading():
        last = db.session.scalars(select(RowMatch.id).order_by(RowMatch.id.desc())).first()
        alone = list(
            db.session.scalars(select(Difference.id).where(Difference.line_no.in_((4, 5))).order_by(Difference.id))
        )
    with batch():
        undo_match(last, new_id(), "认错了", fang)
    with batch():
        match_by_hand(NewMatch(new_id(), post, 3, receipt_no, None, "收据存根，再核对过"), fang)
    with batch():
        take_on(alone[0], new_id(), fang)
        end(alone[0], new_id(), State.EXPLAINED, "对方次日撤销了这一笔", fang)
    written_off(alone[1])
    declare(new_remittance(200_00, slip_no="JK-0001"))
    charges = '<Chrgs><Rcrd><Amt Ccy="CNY">0.60</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'
    line = (199_40, charges + said("JK-0001", "B-1"))
    (day,) = take_bank(bank_file(line, id="DAY"))
    take_bank(bank_file(line, (66_00, said("现金", "B-2")), id="WEEK"), name="week.xml")
    with batch():
        confirm_by_statement(day, new_id(), 200_00, fang)


def test_an_honest_reconciliation_agrees(reconciled):
    with reading():
        assert named_in(db.session.connection()) == set()


def test_each_planted_error_is_named(reconciled):
    unnoticed = [(name, sql) for name, sql in PLANTS if not is_named(name, sql, *UNGUARDED)]
    assert unnoticed == []
