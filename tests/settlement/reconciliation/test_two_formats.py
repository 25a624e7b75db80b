"""The same lines of an account by two ways are money once; two that merely look alike are two."""

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.migrating import downgrade, upgrade
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.files.mapping import Mapping
from agentnet.settlement.files.table import read_table
from agentnet.settlement.reconciliation.models import ReconciliationFile
from agentnet.settlement.reconciliation.reading import save_mapping
from agentnet.settlement.reconciliation.taking import ReadStatements, take_statements
from tests import world
from tests.collecting.counter import item, record
from tests.settlement.drawer import declare, new_remittance
from tests.settlement.reconciliation.given import bank_file, differences, rows, said, take_bank

HEAD = "日期,收入,支出,流水号,摘要"
COLUMNS = Mapping(date="日期", credit="收入", debit="支出", reference="流水号", text="摘要")
BARE = replace(COLUMNS, reference=None)


def take_table(*lines, mapping=COLUMNS, name="网银", account="33050161", head=HEAD):
    """Take a bank's table of these lines in by a mapping saved for it; return the file's id."""
    content = "\n".join([head, *lines, ""]).encode()
    fang = world.actor("fang")
    with batch():
        mapping_id = save_mapping(name, account, mapping, fang)
    statement = read_table(content, mapping, account)
    with batch():
        new = ReadStatements("table.csv", hashlib.sha256(content).hexdigest(), (statement,), mapping_id)
        (file_id,) = take_statements(new_id(), new, fang)
    return file_id


def repeats(file_id):
    """Return what each line of a file repeats."""
    return [(row.line_no, row.repeats_line_no) for row in rows(file_id)]


@pytest.fixture
def camt(app):
    """300.00 of slip JK-0001 and 66.00 of nobody, by camt.053, with the bank's numbers B-1 and B-2."""
    record(item(300_00, world.MEI))
    declare(new_remittance(300_00, slip_no="JK-0001"))
    take_bank(bank_file((300_00, said("现金交款 JK-0001", "B-1")), (66_00, said("现金", "B-2"))))


def test_a_table_with_the_banks_numbers_repeats_the_statement(camt):
    table = take_table("2026-11-18,300.00,,b-1,交款", "2026-11-18,66.00,,B-2,现金", "2026-11-18,5.00,,B-3,现金")
    assert repeats(table) == [(1, 1), (2, 2), (3, None)]
    assert [one[2] for one in differences()] == [66_00, 5_00]
    with reading():
        assert db.session.get_one(ReconciliationFile, table).repeated_count == 2


def test_a_table_without_numbers_repeats_as_many_lines_as_both_have(camt):
    table = take_table("2026-11-18,66.00,,,网银转入", "2026-11-18,66.00,,,网银转入", mapping=BARE)
    assert repeats(table) == [(1, 2), (2, None)]


def test_lines_of_one_day_and_amount_with_other_numbers_are_other_money(camt):
    table = take_table("2026-11-18,66.00,,W-9,现金")
    assert repeats(table) == [(1, None)]


def test_other_numbers_of_a_statement_that_is_the_same_to_its_balances_are_the_same_money(camt):
    """1000.00 before, 1300.00 and 1366.00 after: both tell the same balances and the same amounts."""
    head, mapping = HEAD + ",余额", replace(COLUMNS, balance="余额")
    table = take_table(
        "2026-11-18,300.00,,W-1,交款,1300.00", "2026-11-18,66.00,,W-2,现金,1366.00", mapping=mapping, head=head
    )
    assert repeats(table) == [(1, 1), (2, 2)]


def test_another_mapping_of_the_same_table_finds_the_same_lines(camt):
    line = "2026-11-18,7.00,,,利息"
    first = take_table(line, mapping=BARE, name="一")
    second = take_table(line, "2026-11-18,8.00,,,利息", mapping=replace(BARE, text=None), name="二")
    assert repeats(first) == [(1, None)]
    with reading():
        origin = [(row.repeats_file_id, row.repeats_line_no) for row in rows(second)]
    assert origin == [(first, 1), (None, None)]


@pytest.mark.parametrize("account", ["3305 0161", "3305-0161", "３３０５０１６１"])
def test_another_spelling_of_the_account_is_the_same_account(camt, account):
    lines = ((300_00, said("现金交款 JK-0001", "B-1")), (66_00, said("现金", "B-2")))
    (again,) = take_bank(bank_file(*lines, id="AGAIN", account=account), name="again.xml")
    assert repeats(again) == [(1, 1), (2, 2)]
    with reading():
        assert set(db.session.scalars(select(ReconciliationFile.account))) == {"33050161"}


def test_a_third_statement_repeats_the_first_line_and_not_its_repetition(camt):
    lines = ("2026-11-18,300.00,,B-1,交款", "2026-11-18,66.00,,B-2,现金")
    second = take_table(*lines)
    third = take_table(*lines, "2026-11-18,1.00,,B-4,利息")
    first = rows(second)[0].repeats_file_id
    origins = [(row.repeats_file_id, row.repeats_line_no) for row in rows(third)]
    assert origins == [(first, 1), (first, 2), (None, None)]


def test_money_out_is_not_money_in(camt):
    table = take_table("2026-11-18,,66.00,B-2,转出")
    assert repeats(table) == [(1, None)]


def test_two_identical_lines_of_a_table_both_survive(app):
    table = take_table("2026-11-18,55.00,,,现金", "2026-11-18,55.00,,,现金", mapping=BARE)
    assert repeats(table) == [(1, None), (2, None)]


def test_accounts_of_earlier_statements_are_spelt_as_those_of_later_ones_are(app):
    """Full-width letters, a dot and a slash tell nothing; a masked digit does."""
    (file_id,) = take_bank(bank_file((50_00, said("存款", "R-1"))))
    written = {"ＣＮ12.3305/0161": "CN1233050161", " 3305 0161-00**88 ": "3305016100**88", "ﬁ" * 40: "FI" * 20}
    db.session.remove()
    downgrade("0010")
    copied = (
        "INSERT INTO reconciliation_files (source, sha256, part, name, account, statement_id, org_unit_id, first_on,"
        " last_on, rows_count, amount_fen, opening_fen, closing_fen, repeated_count, imported_at)"
        " SELECT source, :name, part, :name, :account, statement_id, org_unit_id, first_on, last_on, rows_count,"
        " amount_fen, opening_fen, closing_fen, repeated_count, imported_at FROM reconciliation_files WHERE id = :id"
    )
    with db.engine.begin() as connection:
        for number, account in enumerate(written):
            connection.execute(text(copied), {"name": f"earlier {number}", "account": account, "id": file_id})
    upgrade()
    with reading():
        found = db.session.scalars(select(ReconciliationFile.account).order_by(ReconciliationFile.id))
        assert list(found) == ["33050161", *written.values()]
