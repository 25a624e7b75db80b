"""What a day and what files say are known by: every change gives a new mark, and nobody waits for one.

WL0001 took 5.38 of Gang and 3.00 of Mei on the 17th, and the Post told 5.38 and 9.99; today is the 18th.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from agentnet.core.clock import frozen_at
from agentnet.infra.db import db
from agentnet.infra.marks import Mark, marks_of
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.reconciliation.known_by import claims_mark, day_mark
from tests import world
from tests.collecting.counter import item, record
from tests.settlement.corrections.given import night
from tests.settlement.drawer import declare, new_remittance
from tests.settlement.reconciliation.given import partner_file, payment_line, receipts, take_post
from tests.settlement.reconciliation.test_remedies import YESTERDAYS

DAY = world.TODAY - timedelta(days=1)

OF_CLAIMS = {
    "a file": "INSERT INTO reconciliation_files (source, sha256, part, name, account, statement_id, org_unit_id,"
    " first_on, last_on, rows_count, amount_fen, repeated_count, imported_at)"
    " VALUES ('BANK', 'x', 1, 'x', '', '', 1, '2026-11-01', '2026-11-01', 0, 0, 0, '2026-11-18 02:00:00')",
    "a file withdrawn": "UPDATE reconciliation_files SET withdrawn_at = NULL",
    "a match": "INSERT INTO reconciliation_matches (file_id, line_no, collection_id, step, matched_at, reason)"
    " SELECT file_id, 3, (SELECT id FROM collections WHERE amount_fen = 300), 'AMOUNT', matched_at, ''"
    " FROM reconciliation_matches",
    "a match undone": "UPDATE reconciliation_matches SET undone_at = matched_at, undo_reason = 'x'",
    "a difference": "INSERT INTO reconciliation_differences (file_id, line_no, org_unit_id, business_on, kind, proposal,"
    " amount_fen, opened_at, state, reason) SELECT min(file_id), 2, 1, '2026-11-01', 'DUPLICATE', 'LOOK', 1,"
    " '2026-11-18 02:00:00', 'OPEN', '' FROM reconciliation_rows",
    "a difference ended": "UPDATE reconciliation_differences SET reason = 'x'",
}
OF_THE_DAY = {
    "a sum": "INSERT INTO collection_days (business_on, org_unit_id, setting, count, amount_fen, voided)"
    " VALUES ('2026-11-17', 1, 'URBAN', 1, 1, 0)",
    "a sum changed": "UPDATE collection_days SET voided = 1",
    "a close": "INSERT INTO day_closes (id, outlet_id, org_unit_id, business_on, closed_at, cash_system_fen,"
    " counterfeit_fen, cash_difference_fen, notes, explanation)"
    " VALUES ('0192e17c-209c-7e2a-b1c5-9a3c1f5e8d10', 2, 1, '2026-11-17', '2026-11-18 02:00:00', 0, 0, 0, '{}', '')",
}


@pytest.fixture
def told(app) -> None:
    with frozen_at(world.NOW - timedelta(days=1)):
        record(item(538), item(3_00, world.MEI))
    night()
    told = ((receipts()[0], 538, world.GANG), ("P-000001", 9_99, world.MEI))
    lines = [payment_line(*one, at="20261117093000") for one in told]
    take_post(partner_file(*lines, day="20261117"), name=YESTERDAYS)


def done(statement: str) -> None:
    with batch():
        db.session.execute(text(statement))


@pytest.mark.parametrize("change", [*OF_CLAIMS, *OF_THE_DAY])
def test_each_kind_of_row_alone_gives_a_new_mark(told, change):
    def known() -> tuple[str | None, str | None, str]:
        with reading():
            return day_mark(DAY), day_mark(world.TODAY), claims_mark()

    of_day, of_today, of_files = known()
    done((OF_CLAIMS | OF_THE_DAY)[change])
    then = known()
    assert then[0] != of_day
    assert (then[1] != of_today, then[2] != of_files) == ((True, True) if change in OF_CLAIMS else (False, False))


def marks(*days: str) -> list[str]:
    with reading():
        return [marks_of(day) for day in days]


def test_a_day_has_one_mark_however_often_it_changed(told):
    for amount_fen in (1, 2, 3):
        declare(new_remittance(amount_fen, slip_no=f"JK-{amount_fen}", deposited_on=DAY))
    with reading():
        assert len(db.session.scalars(select(Mark).where(Mark.subject == DAY.isoformat())).all()) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_who_change_the_same_days_at_once_do_not_wait_and_both_are_seen(told):
    """Each has deposits of both days, in the other order: at one row of marks a day they would wait crosswise."""
    days = (DAY.isoformat(), world.TODAY.isoformat())
    made = [
        declare(new_remittance(1, slip_no=f"JK-{day}-{n}", deposited_on=day)).id
        for day in (DAY, world.TODAY)
        for n in (1, 2)
    ]
    change = text("UPDATE remittances SET amount_fen = 2 WHERE id = :id")
    known = [marks(*days)]
    with db.engine.connect() as one, db.engine.connect() as other:
        for connection in (one, other):
            connection.execute(text("SET lock_timeout = '2s'"))
        one.execute(change, {"id": made[0]})
        other.execute(change, {"id": made[3]})
        one.execute(change, {"id": made[2]})
        other.execute(change, {"id": made[1]})
        known.append(marks(*days))
        one.commit()
        known.append(marks(*days))
        other.commit()
        known.append(marks(*days))
    assert known[0] == known[1]  # nothing is seen of what is not committed
    for place in (0, 1):
        assert len({marks_then[place] for marks_then in known}) == 3
    with batch():
        db.session.execute(change, {"id": made[0]})
    assert len(marks(days[0])[0]) == 36  # the next one takes both away
