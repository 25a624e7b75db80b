"""A partner's day is taken in once, matched by reference, then by household, amount and day; what is left is named.

The amounts are small and added up by hand.
"""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from agentnet.collecting.actions import void_collection
from agentnet.collecting.models import Collection
from agentnet.core.clock import frozen_at
from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.files.lines import FileRefused
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from agentnet.settlement.reconciliation.rechecking import recheck_recent
from agentnet.settlement.reconciliation.taking import take_partner_file
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import count, item, record
from tests.settlement.reconciliation.given import (
    differences,
    matches,
    partner_file,
    payment_line,
    read_post,
    receipts,
    rows,
    take_post,
)


@pytest.fixture
def three(app):
    """WL0001 of the Post took 5.38 of Gang, 203.50 and 10.00 of Mei; WL0002, which is nobody's, took 7.00."""
    record(item(538), item(203_50, world.MEI), item(10_00, world.MEI))
    record(item(7_00, outlet_code="WL0002"), by="alan")
    return receipts()[:3]


def test_a_file_that_agrees_is_matched_by_its_receipts(three):
    file_id = take_post(
        partner_file(
            payment_line(three[0], 538),
            payment_line(three[1], 203_50, world.MEI),
            payment_line(three[2], 10_00, world.MEI),
        )
    )
    assert matches(file_id) == [(line, "REFERENCE", receipt) for line, receipt in zip((2, 3, 4), three, strict=True)]
    assert differences() == []
    with reading():
        file = db.session.get_one(ReconciliationFile, file_id)
        # 5.38 + 203.50 + 10.00
        assert (file.rows_count, file.amount_fen, file.first_on, file.org_unit_id) == (3, 218_88, world.TODAY, 1)
        assert db.session.scalar(select(AuditLine.action).order_by(AuditLine.id.desc()).limit(1)) == (
            "partner_file_taken"
        )
    assert [(row.line_no, row.reference, row.amount_fen, row.paid_type) for row in rows(file_id)] == [
        (2, three[0], 538, "CASH"),
        (3, three[1], 203_50, "CASH"),
        (4, three[2], 10_00, "CASH"),
    ]


def test_each_kind_of_difference_is_named(three):
    """Theirs: Gang's 5.38 as 5.83, Mei's 203.50 told twice, and 9.99 we never took. Ours alone: Mei's 10.00."""
    file_id = take_post(
        partner_file(
            payment_line(three[0], 583),
            payment_line(three[1], 203_50, world.MEI, order="20261118093000123001000001"),
            payment_line(three[1], 203_50, world.MEI, order="20261118093000123001000002"),
            payment_line("P-999999", 9_99),
        )
    )
    assert [(line, step) for line, step, _receipt in matches(file_id)] == [(2, "REFERENCE"), (3, "REFERENCE")]
    assert sorted(differences()) == [
        ("AMOUNT_MISMATCH", "BOOK", 45, 2, "OPEN"),
        ("DUPLICATE", "LOOK", 203_50, 4, "OPEN"),
        ("MISSING_AT_AGENT", "REVERSE", 10_00, None, "OPEN"),
        ("MISSING_AT_UTILITY", "BOOK", 9_99, 5, "OPEN"),
    ]
    with reading():
        ours = db.session.scalars(select(Difference).where(Difference.kind == "MISSING_AT_AGENT")).one()
        assert (ours.outlet_id, ours.org_unit_id, ours.business_on) == (1, world.TAIPING.id, world.TODAY)
        theirs = db.session.scalars(select(Difference).where(Difference.kind == "MISSING_AT_UTILITY")).one()
        assert (theirs.outlet_id, theirs.org_unit_id, theirs.partner_id) == (None, world.COMPANY.id, 1)


def test_a_payment_without_our_receipt_is_found_by_household_amount_and_day(three):
    file_id = take_post(
        partner_file(
            payment_line("P-1", 538),
            payment_line("P-2", 203_50, world.MEI),
            payment_line("P-3", 10_00, world.MEI),
        )
    )
    assert matches(file_id) == [(line, "HOUSEHOLD", receipt) for line, receipt in zip((2, 3, 4), three, strict=True)]


def test_two_identical_payments_stay_two(app):
    record(item(538), item(538, lookalike_confirmed=True))
    file_id = take_post(partner_file(payment_line("P-1", 538), payment_line("P-2", 538)))
    assert len(matches(file_id)) == 2
    assert differences() == []


def test_a_collection_we_took_back_while_they_count_it_is_a_late_reversal(three):
    with reading():
        id_ = db.session.scalars(select(Collection.id).where(Collection.receipt_no == three[0])).one()
    with batch():
        void_collection(id_, new_id(), "客户改主意", world.actor("alice"))
    take_post(
        partner_file(
            payment_line(three[0], 538),
            payment_line(three[1], 203_50, world.MEI),
            payment_line(three[2], 10_00, world.MEI),
        )
    )
    assert differences() == [("LATE_REVERSAL", "BOOK", 538, 2, "OPEN")]


def test_a_payment_they_date_a_day_later_is_found_on_its_own_day(three):
    """Yesterday's file lacks Gang's 5.38 of today's business day; today's file of tomorrow tells it by its receipt."""
    tomorrow = datetime(2026, 11, 19, 2, tzinfo=UTC)
    take_post(partner_file(payment_line(three[1], 203_50, world.MEI), payment_line(three[2], 10_00, world.MEI)))
    assert differences() == [("MISSING_AT_AGENT", "REVERSE", 538, None, "OPEN")]
    with frozen_at(tomorrow):
        later = take_post(
            partner_file(payment_line(three[0], 538, at="20261119000100"), day="20261119"),
            name="POST_COLLECTION_20261119.csv",
        )
    assert matches(later) == [(2, "REFERENCE", three[0])]
    assert differences() == [
        ("MISSING_AT_AGENT", "REVERSE", 538, None, "EXPLAINED"),
        ("WRONG_DATE", "LOOK", 538, 2, "OPEN"),
    ]


def test_what_comes_or_goes_after_the_file_is_found_by_the_clock_once(three):
    """The file tells Gang's 5.38 alone; then 4.44 comes in late and Gang's 5.38 is voided."""
    take_post(partner_file(payment_line(three[0], 538)))
    assert [one[:3] for one in differences()] == [("MISSING_AT_AGENT", "REVERSE", fen) for fen in (203_50, 10_00)]
    record(item(4_44))
    with reading():
        id_ = db.session.scalars(select(Collection.id).where(Collection.receipt_no == three[0])).one()
    with batch():
        void_collection(id_, new_id(), "客户改主意", world.actor("alice"))
    assert (recheck_recent(), recheck_recent()) == (2, 0)
    assert differences()[2:] == [
        ("MISSING_AT_AGENT", "REVERSE", 4_44, None, "OPEN"),
        ("LATE_REVERSAL", "BOOK", 538, 2, "OPEN"),
    ]


def test_a_file_of_a_day_to_come_is_refused(three):
    with pytest.raises(Invalid, match="file_day_to_come"):
        take_post(
            partner_file(payment_line(three[0], 538, at="20261119000100"), day="20261119"),
            name="POST_COLLECTION_20261119.csv",
        )
    assert count(ReconciliationFile) == 0


def test_a_receipt_that_has_its_match_in_another_file_is_a_duplicate_and_never_booked_again(three):
    take_post(
        partner_file(
            payment_line(three[0], 538),
            payment_line(three[1], 203_50, world.MEI),
            payment_line(three[2], 10_00, world.MEI),
        )
    )
    with frozen_at(datetime(2026, 11, 19, 2, tzinfo=UTC)):
        take_post(
            partner_file(payment_line(three[0], 538, at="20261119000100"), day="20261119"),
            name="POST_COLLECTION_20261119.csv",
        )
    assert differences() == [("DUPLICATE", "LOOK", 538, 2, "OPEN")]


def test_the_partners_own_people_may_send_their_file(three):
    assert take_post(partner_file(payment_line(three[0], 538)), by="paul")


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "audrey", "adam"])
def test_nobody_else_takes_a_partners_file(three, username):
    with pytest.raises(Forbidden, match="not_permitted"):
        take_post(partner_file(payment_line(three[0], 538)), by=username)
    assert (count(ReconciliationFile), count(FileRow)) == (0, 0)


def test_another_partners_file_is_not_pauls_to_send(three):
    new = read_post(partner_file(payment_line(three[0], 538)))
    with pytest.raises(Forbidden, match="file_of_others"), batch():
        take_partner_file(new_id(), new.__class__(2, new.name, new.file, new.plan), world.actor("paul"))
    assert count(ReconciliationFile) == 0


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (partner_file(payment_line("P-1", 538), total_fen=539), "POST_COLLECTION_20261118.csv", "amount_does_not_foot"),
        (partner_file(payment_line("P-1", 538))[:-30], "POST_COLLECTION_20261118.csv", "row_short"),
        (partner_file(payment_line("P-1", 538)), "BANK_COLLECTION_20261118.csv", "client_other"),
        (
            partner_file(payment_line("P-1", 538)).replace(b"5.38,cash", b"12.345,cash"),
            "POST_COLLECTION_20261118.csv",
            "amount_decimals",
        ),
    ],
)
def test_a_wrong_file_is_refused_whole(app, content, name, code):
    with pytest.raises(FileRefused) as refused:
        take_post(content, name=name)
    assert refused.value.code == code
    assert count(ReconciliationFile) == 0


def test_the_same_upload_twice_is_once(three):
    content, upload_id = partner_file(payment_line(three[0], 538)), new_id()
    first = take_post(content, upload_id=upload_id)
    assert take_post(content, upload_id=upload_id) == first
    assert (count(ReconciliationFile), count(FileRow)) == (1, 1)
    with pytest.raises(Conflict, match="id_reused"):
        take_post(partner_file(payment_line(three[1], 203_50, world.MEI)), upload_id=upload_id)


def test_the_same_file_and_another_file_of_the_same_day_are_refused_by_name(three):
    content = partner_file(payment_line(three[0], 538))
    take_post(content)
    with pytest.raises(Conflict, match="file_known"):
        take_post(content)
    with pytest.raises(Conflict, match="partner_day_known"):
        take_post(partner_file(payment_line(three[1], 203_50, world.MEI)))
    assert (count(ReconciliationFile), count(FileRow), count(RowMatch)) == (1, 1, 1)


def test_of_eight_people_with_the_same_day_one_wins(app, three):
    contents = [partner_file(payment_line(three[0], 538), payment_line(f"P-{n}", 100 + n)) for n in range(8)]
    news = [read_post(content) for content in contents]
    answers = at_once(
        app, [lambda new=new: take_partner_file(new_id(), new, world.actor("fang")) for new in news], batch
    )
    assert sorted(map(str, answers))[1:] == ["partner_day_known"] * 7
    assert (count(ReconciliationFile), count(FileRow), count(RowMatch)) == (1, 2, 1)


def test_what_was_taken_after_the_file_was_read_is_seen_all_the_same(three):
    new = read_post(partner_file(payment_line("P-1", 538), payment_line("P-2", 4_44)))
    record(item(4_44))
    with batch():
        file_id = take_partner_file(new_id(), new, world.actor("fang"))
    assert [(line, step) for line, step, _receipt in matches(file_id)] == [(2, "HOUSEHOLD"), (3, "HOUSEHOLD")]


def test_what_breaks_in_the_middle_leaves_nothing(three, monkeypatch):
    new = read_post(partner_file(payment_line(three[0], 538)))

    def killed(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr("agentnet.settlement.reconciliation.taking._write_differences", killed)
    with pytest.raises(KeyboardInterrupt), batch():
        take_partner_file(new_id(), new, world.actor("fang"))
    assert (count(ReconciliationFile), count(FileRow), count(RowMatch)) == (0, 0, 0)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE reconciliation_rows SET amount_fen = amount_fen",
        "DELETE FROM reconciliation_rows",
        "UPDATE reconciliation_files SET name = 'x'",
        "DELETE FROM reconciliation_matches",
        "UPDATE reconciliation_matches SET line_no = line_no",
        "DELETE FROM reconciliation_differences",
        "UPDATE reconciliation_differences SET amount_fen = 1",
        "INSERT INTO reconciliation_matches (file_id, line_no, collection_id, step, matched_at, reason)"
        " SELECT file_id, line_no, collection_id, step, matched_at, reason FROM reconciliation_matches",
    ],
)
def test_the_database_refuses_to_change_what_a_file_said(three, sql):
    take_post(partner_file(payment_line(three[0], 538)))
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(text(sql))
