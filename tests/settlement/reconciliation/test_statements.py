"""A bank's statement meets the deposits that were declared; what came in twice, overlapping or with a fee is told apart."""

import pytest
from sqlalchemy import select, text

from agentnet.core.errors import Conflict, Forbidden
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.files.lines import FileRefused
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation.models import Difference, FileRow, ReconciliationFile, RowMatch
from tests import world
from tests.collecting.counter import count, item, record
from tests.settlement.drawer import confirm, declare, new_remittance
from tests.settlement.reconciliation.given import bank_file, differences, rows, said, take_bank


@pytest.fixture
def deposits(app):
    """300.00 by slip JK-0001 and 120.00 by slip JK-0002, both of WL0001 and in transit."""
    record(item(420_00, world.MEI))
    return [
        declare(new_remittance(300_00, slip_no="JK-0001")),
        declare(new_remittance(120_00, slip_no="JK-0002")),
    ]


def found():
    """Return the live matches with remittances: (line, step, slip's remittance)."""
    with reading():
        return [
            (one.line_no, one.step, one.remittance_id)
            for one in db.session.scalars(
                select(RowMatch).where(RowMatch.undone_at.is_(None)).order_by(RowMatch.line_no)
            )
        ]


def test_the_slip_in_the_text_and_the_amount_on_the_day_find_the_deposits(deposits):
    take_bank(bank_file((300_00, said("现金交款 JK-0001 小河头")), (120_00, said("现金")), (-50_00, said("手续费"))))
    assert found() == [(1, "REFERENCE", deposits[0].id), (2, "AMOUNT", deposits[1].id)]
    assert differences() == []
    with reading():
        file = db.session.scalars(select(ReconciliationFile)).one()
        # 1000.00 + 300.00 + 120.00 - 50.00 = 1370.00
        assert (file.opening_fen, file.amount_fen, file.closing_fen, file.account) == (
            1000_00,
            370_00,
            1370_00,
            "33050161",
        )


def test_matching_moves_no_money(deposits):
    take_bank(bank_file((300_00, said("JK-0001"))))
    with reading():
        states = db.session.scalars(text("SELECT state FROM remittances")).all()
        assert states == ["DECLARED", "DECLARED"]


def test_less_than_declared_and_money_nobody_declared_are_named(deposits):
    take_bank(bank_file((280_00, said("JK-0001")), (77_77, said("来路不明"))))
    assert found() == [(1, "REFERENCE", deposits[0].id)]
    assert differences() == [
        ("AMOUNT_MISMATCH", "REVERSE", 20_00, 1, "OPEN"),
        ("MISSING_AT_UTILITY", "LOOK", 77_77, 2, "OPEN"),
    ]
    with reading():
        short = db.session.scalars(select(Difference).where(Difference.kind == "AMOUNT_MISMATCH")).one()
        assert (short.outlet_id, short.remittance_id) == (1, deposits[0].id)


def test_gross_fee_and_net_are_kept_apart(deposits):
    """300.00 paid, 0.60 taken by the bank, 299.40 booked: the deposit is 300.00."""
    charges = '<Chrgs><Rcrd><Amt Ccy="CNY">0.60</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'
    take_bank(bank_file((299_40, charges + said("JK-0001"))))
    with reading():
        row = db.session.scalars(select(FileRow)).one()
        assert (row.amount_fen, row.gross_fen, row.fee_fen) == (299_40, 300_00, 60)
    assert found() == [(1, "REFERENCE", deposits[0].id)]
    assert differences() == []


def test_two_identical_legitimate_lines_both_survive(deposits):
    (file_id,) = take_bank(bank_file((55_00, said("现金")), (55_00, said("现金"))))
    assert [(row.line_no, row.occurrence, row.repeats_line_no) for row in rows(file_id)] == [(1, 1, None), (2, 2, None)]
    assert [one[:3] for one in differences()] == [("MISSING_AT_UTILITY", "LOOK", 55_00)] * 2


def test_a_line_of_an_overlapping_statement_is_not_money_twice(deposits):
    """Yesterday's statement has the deposit; the week's has it again, and one line more."""
    (first,) = take_bank(bank_file((300_00, said("JK-0001", "B-1")), id="DAY"))
    lines = ((300_00, said("JK-0001", "B-1")), (66_00, said("现金", "B-2")))
    (second,) = take_bank(bank_file(*lines, id="WEEK"), name="week.xml")
    assert [(row.line_no, row.repeats_file_id, row.repeats_line_no) for row in rows(second)] == [
        (1, first, 1),
        (2, None, None),
    ]
    assert found() == [(1, "REFERENCE", deposits[0].id)]
    assert differences() == [("MISSING_AT_UTILITY", "LOOK", 66_00, 2, "OPEN")]
    with reading():
        assert db.session.get_one(ReconciliationFile, second).repeated_count == 1


def test_a_line_that_was_pending_is_money_once_it_is_booked(deposits):
    """The evening's statement has the deposit as pending, tomorrow's as booked: that is no repetition."""
    pending = bank_file((300_00, said("JK-0001", "B-1")), id="EVENING", last=1_000_00)
    (first,) = take_bank(pending.replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>"))
    assert [(row.kind, row.said_sha256) for row in rows(first)] == [("OTHER", None)]
    assert (found(), differences()) == ([], [])
    take_bank(bank_file((300_00, said("JK-0001", "B-1")), id="MORNING"), name="morning.xml")
    assert found() == [(1, "REFERENCE", deposits[0].id)]


def test_the_same_line_of_another_account_is_other_money(deposits):
    take_bank(bank_file((66_00, said("现金")), account="111"))
    (second,) = take_bank(bank_file((66_00, said("现金")), account="222"))
    assert [row.repeats_line_no for row in rows(second)] == [None]


def test_what_could_be_two_deposits_is_left_to_a_person(app):
    record(item(200_00, world.MEI))
    declare(new_remittance(100_00, slip_no="JK-0001"))
    declare(new_remittance(100_00, slip_no="JK-0002"))
    take_bank(bank_file((100_00, said("现金"))))
    assert found() == []


def test_a_statement_that_does_not_foot_is_refused_whole(deposits):
    with pytest.raises(FileRefused) as refused:
        take_bank(bank_file((300_00, said("JK-0001")), last=1_000_00))
    assert refused.value.code == "statement_does_not_foot"
    assert (count(ReconciliationFile), count(FileRow), count(RowMatch)) == (0, 0, 0)


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "paul", "audrey", "adam"])
def test_only_finance_takes_a_statement(deposits, username):
    with pytest.raises(Forbidden, match="not_permitted"):
        take_bank(bank_file((300_00, said("JK-0001"))), by=username)
    assert count(ReconciliationFile) == 0


def test_the_same_upload_twice_is_once_and_the_same_file_twice_is_refused(deposits):
    content, upload_id = bank_file((300_00, said("JK-0001"))), new_id()
    first = take_bank(content, upload_id=upload_id)
    assert take_bank(content, upload_id=upload_id) == first
    with pytest.raises(Conflict, match="file_known"):
        take_bank(content, name="other.xml")
    assert (count(ReconciliationFile), count(RowMatch)) == (1, 1)


def test_the_database_refuses_a_line_of_the_account_twice(deposits):
    (file_id,) = take_bank(bank_file((300_00, said("JK-0001")), (1_00, said("利息"))))
    with pytest.raises(Exception, match=r"(?i)unique"), batch() as session:
        session.execute(
            text(
                "INSERT INTO reconciliation_rows SELECT file_id, line_no + 10, kind, day_on, amount_fen, gross_fen, fee_fen,"
                " reference, order_no, household_no, paid_type, text, said_sha256, occurrence, NULL, NULL, reversal"
                " FROM reconciliation_rows WHERE file_id = :file_id"
            ),
            {"file_id": file_id},
        )


def test_the_line_of_a_deposit_that_was_confirmed_by_hand_confirms_no_other(app):
    """Two deposits of 300.00; finance confirms the first on its page, then the bank's file brings its one line."""
    record(item(600_00, world.MEI))
    first, second = (declare(new_remittance(300_00, slip_no=f"JK-000{n}")) for n in (1, 2))
    confirm(first.id, 300_00)
    take_bank(bank_file((300_00, said("现金交款 JK-0001"))))
    assert found() == [(1, "REFERENCE", first.id)]
    with reading():
        assert db.session.get_one(Remittance, second.id).state == "DECLARED"


def test_without_a_number_a_confirmed_deposit_leaves_the_line_to_a_person(app):
    record(item(600_00, world.MEI))
    first, _second = (declare(new_remittance(300_00, slip_no=f"JK-000{n}")) for n in (1, 2))
    confirm(first.id, 300_00)
    take_bank(bank_file((300_00, said("现金"))))
    assert found() == []


def test_a_word_of_somebody_else_s_line_is_no_slip_number(app):
    record(item(500_00, world.MEI))
    declare(new_remittance(500_00, slip_no="ALIPAY"))
    take_bank(bank_file((88_00, said("ALIPAY batch"))))
    assert found() == []
