"""A closed month goes out as balanced vouchers that tie to the trial balance, the same bytes each time, or not at all."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from agentnet.administration.commands import export_command
from agentnet.books.journal import journal_of, layout_of, mapping_named
from agentnet.books.journal_actions import add_mapping, change_layout, export_journal, set_account
from agentnet.books.models import JournalAccount, JournalExport, JournalMapping
from agentnet.books.voucher_rules import UTF_8, FileColumn, Layout, Ours, Theirs
from agentnet.closing.actions import close_month
from agentnet.core.clock import Month, frozen_at
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from agentnet.core.ids import new_id
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import SYSTEM, Actor, Grant, Role
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.rolling import roll_up
from agentnet.outlets.models import Outlet
from tests import world
from tests.at_once import at_once
from tests.books.week import TOTAL, a_week

pytestmark = pytest.mark.usefixtures("app")

NOVEMBER = Month(2026, 11)
DECEMBER_7 = datetime(2026, 12, 7, 2, tzinfo=UTC)

ACCRUED = 50 * 3 + 41
"""Commission of the week by the cast's plan: three standing cash payments at 0.50, 0.2 % of 203.50 = 0.407."""


@pytest.fixture
def closed_november(app):
    """The week, and its month closed on 7 December."""
    a_week()
    with frozen_at(DECEMBER_7):
        close_month(NOVEMBER, SYSTEM)
        yield


def mapping(package="U8", name=None, by="fang", request_id=None):
    with batch():
        return add_mapping(request_id or new_id(), name or package, package, world.actor(by)).name


def exported(name="U8", month=NOVEMBER, by="fang"):
    with batch():
        return export_journal(name, month, world.actor(by))


def refused(work) -> str:
    with pytest.raises(Refusal) as refusal, batch():
        work()
    return refusal.value.code


def count(model):
    with reading():
        return db.session.scalar(select(func.count()).select_from(model))


def table(found, encoding):
    return list(csv.reader(found.data.decode(encoding).splitlines()))


def test_a_month_goes_out_for_yonyou_in_balanced_vouchers(closed_november):
    mapping("U8")
    found = exported()
    heads, *lines = table(found, "gbk")
    assert heads[:8] == ["制单日期", "凭证类别字", "业务号", "附单据数", "摘要", "科目编码", "金额借方", "金额贷方"]
    assert lines[0][:8] == [
        "2026-11-09", "记", "1", "0", "太平供电所 2026-11 代收电费汇总", "122101", "107.38", "0.00",
    ]  # fmt: skip
    # Five days with money, and the last of the month for the commission.
    assert [voucher.day.day for voucher in found.journal.vouchers] == [9, 10, 11, 12, 13, 30]
    for voucher in found.journal.vouchers:
        assert sum(line.debit_fen - line.credit_fen for line in voucher.lines) == 0
    assert (found.journal.debit_fen, found.journal.credit_fen) == (TOTAL + ACCRUED, TOTAL + ACCRUED)
    debits = sum(int(line[6].replace(".", "")) for line in lines)
    credits = sum(int(line[7].replace(".", "")) for line in lines)
    assert debits == credits == TOTAL + ACCRUED


def test_one_day_is_one_voucher_summed_by_account_and_side(closed_november):
    """Wednesday by hand: cash in 20.00 + 1.00, out 1.00 (void) + 1.00 (short); received in 21.00, out 1.00 + 20.00."""
    mapping("U8")
    wednesday = exported().journal.vouchers[2]
    assert [(line.account.code, line.debit_fen, line.credit_fen) for line in wednesday.lines] == [
        ("122101", 21_00, 0),
        ("190101", 1_00, 0),
        ("224102", 21_00, 0),
        ("122101", 0, 2_00),
        ("220302", 0, 20_00),
        ("224102", 0, 21_00),
    ]


def test_kingdee_and_sap_have_their_own_layout(closed_november):
    mapping("K3")
    heads, first, *_rest = table(exported("K3"), "gbk")
    assert (heads[0], first[0], first[1:6]) == ("凭证日期", "2026/11/9", ["2026", "11", "记", "1", "1"])
    mapping("SAP")
    found = exported("SAP")
    assert found.data.startswith(b"\xef\xbb\xbf")
    heads, first, *rest = table(found, "utf-8-sig")
    row = dict(zip(heads, first, strict=True))
    assert (row["BUDAT"], row["NEWBS"], row["SHKZG"], row["HKONT"], row["WRBTR"]) == (
        "20261109", "40", "S", "1221010000", "107.38",
    )  # fmt: skip
    last = dict(zip(heads, rest[-1], strict=True))
    assert (last["NEWBS"], last["SHKZG"]) == ("50", "H")
    assert row["XBLNR"] == "20261109-WL-TP"


def test_the_same_month_again_is_the_same_bytes_and_one_record(closed_november):
    mapping("U8")
    first = exported()
    with batch():  # the outlet moves meanwhile: its closed month stays where it was
        db.session.get_one(Outlet, 1).org_unit_id = world.ZEGUO.id
    roll_up(DECEMBER_7)
    again = exported(by="fang")
    assert (again.data, count(JournalExport)) == (first.data, 1)
    with reading():
        actions = db.session.scalars(select(AuditLine.action).where(AuditLine.action == "journal_exported")).all()
    assert len(actions) == 1


def test_two_exports_at_once_are_recorded_once(app, closed_november):
    mapping("U8")
    with reading():
        fang = world.actor("fang")
    found = at_once(app, [lambda: export_journal("U8", NOVEMBER, fang).sha256] * 4, batch)
    assert (len(set(found)), count(JournalExport)) == (1, 1)


def test_an_account_without_one_of_theirs_stops_the_export_by_name(closed_november):
    mapping("U8")
    with batch():
        set_account("U8", 1, Ours("ORG_UNIT", "BANK"), "", None, world.actor("fang"))
    with pytest.raises(Invalid, match="银行存款借方") as refusal, batch():
        export_journal("U8", NOVEMBER, world.actor("fang"))
    assert refusal.value.code == "journal_unmapped"
    assert count(JournalExport) == 0


def test_a_tender_may_have_its_own_account(closed_november):
    mapping("U8")
    with batch():
        set_account(
            "U8", 1, Ours("OUTLET", "NONCASH_CLEARING", "UNIONPAY_CARD"), "", Theirs("122109", "银联"),
            world.actor("fang"),
        )  # fmt: skip
    codes = {line.account.code for voucher in exported().journal.vouchers for line in voucher.lines}
    assert "122109" in codes
    assert "122102" not in codes


def test_an_open_month_is_refused():
    a_week()
    mapping("U8")
    assert refused(lambda: export_journal("U8", NOVEMBER, world.actor("fang"))) == "month_not_closed"


def test_a_journal_that_is_not_the_trial_balance_is_refused(closed_november):
    mapping("U8")
    roll_up(DECEMBER_7)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ledger_months SET debit_fen = debit_fen + 1 WHERE debit_fen = 9000")
        connection.exec_driver_sql("UPDATE revisions SET mark = 'planted' WHERE subject = 'book'")
    assert refused(lambda: export_journal("U8", NOVEMBER, world.actor("fang"))) == "journal_disagrees"
    assert count(JournalExport) == 0


def test_letters_gbk_does_not_have_are_named(closed_november):
    mapping("U8")
    with batch():
        db.session.get_one(OrgUnit, world.TAIPING.id).name = "太平😀供电所"
    with pytest.raises(Invalid, match="😀"), batch():
        export_journal("U8", NOVEMBER, world.actor("fang"))


def test_no_cell_is_run_as_a_formula(closed_november):
    mapping("U8")
    with batch():
        db.session.get_one(OrgUnit, world.TAIPING.id).name = "=cmd|' /C calc'!A0"
    _heads, first, *_rest = table(exported(), "gbk")
    assert first[4].startswith("'=cmd")


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "paul", "audrey", "adam"])
def test_only_finance_keeps_mappings_and_exports(closed_november, username):
    mapping("U8")
    assert refused(lambda: add_mapping(new_id(), "X9", "U8", world.actor(username))) == "not_permitted"
    assert refused(lambda: export_journal("U8", NOVEMBER, world.actor(username))) == "not_permitted"
    assert refused(lambda: change_layout("U8", 1, a_layout(), world.actor(username))) == "not_permitted"
    anything = Ours("ORG_UNIT", "BANK"), "", Theirs("1", "")
    assert refused(lambda: set_account("U8", 1, *anything, world.actor(username))) == "not_permitted"
    assert (count(JournalMapping), count(JournalExport)) == (1, 0)


def test_finance_of_one_city_does_not_export_the_company(closed_november):
    city = Actor(user_id=9, name="city", grants=(Grant(Role.FINANCE, org_path="/1/2/"),))
    mapping("U8")
    for work in (
        lambda: add_mapping(new_id(), "X9", "U8", city),
        lambda: export_journal("U8", NOVEMBER, city),
        lambda: change_layout("U8", 1, a_layout(), city),
        lambda: set_account("U8", 1, Ours("ORG_UNIT", "BANK"), "", Theirs("1", ""), city),
    ):
        with pytest.raises(Forbidden) as refusal, batch():
            work()
        assert refusal.value.code == "journal_company_only"


def a_layout(**changes):
    values = {
        "encoding": UTF_8,
        "date_format": "YYYYMMDD",
        "heading": False,
        "columns": (
            FileColumn("日期", "date"),
            FileColumn("号", "number"),
            FileColumn("科目", "account"),
            FileColumn("金额", "signed"),
        ),
        "word": "转",
        "company_code": "",
        "abstract": "汇总",
    }
    return Layout(**(values | changes))


def test_a_changed_layout_is_written_and_makes_a_new_version(closed_november):
    mapping("U8")
    exported()
    with batch():
        change_layout("U8", 1, a_layout(), world.actor("fang"))
    first = table(exported(), "utf-8-sig")[0]
    assert first == ["20261109", "1", "122101", "107.38"]
    assert count(JournalExport) == 2
    with reading():
        found = mapping_named("U8", world.actor("fang"))
        assert (found.version, layout_of(found)) == (2, a_layout())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"encoding": "EBCDIC"}, "encoding_unknown"),
        ({"date_format": "yesterday"}, "date_format_unknown"),
        ({"columns": ()}, "columns_missing"),
        ({"columns": (FileColumn("x", "colour"),)}, "column_unknown"),
        ({"columns": (FileColumn("x", "date"), FileColumn("y", "account"))}, "columns_incomplete"),
    ],
)
def test_a_layout_no_file_can_be_written_by_changes_nothing(changes, code):
    mapping("U8")
    assert refused(lambda: change_layout("U8", 1, a_layout(**changes), world.actor("fang"))) == code
    with reading():
        assert mapping_named("U8", world.actor("fang")).version == 1


def test_bad_accounts_and_names_leave_nothing():
    mapping("U8")
    fang = "fang"
    bank, code = Ours("ORG_UNIT", "BANK"), Theirs("1002", "银行存款")
    assert refused(lambda: set_account("U8", 1, Ours("X", "Y"), "", code, world.actor(fang))) == "line_unknown"
    assert refused(lambda: set_account("U8", 1, bank, "LEFT", code, world.actor(fang))) == "side_unknown"
    for bad in ("", "=1+1", "1" * 31):
        wrong = Theirs(bad, "")
        assert refused(lambda wrong=wrong: set_account("U8", 1, bank, "", wrong, world.actor(fang))) == (
            "account_code_missing"
        )
    assert refused(lambda: set_account("U8", 7, bank, "", code, world.actor(fang))) == "mapping_changed"
    assert refused(lambda: set_account("NONE", 1, bank, "", code, world.actor(fang))) == "mapping_missing"
    assert refused(lambda: add_mapping(new_id(), "用友", "U8", world.actor(fang))) == "mapping_name"
    assert refused(lambda: add_mapping(new_id(), "X9", "EXCEL", world.actor(fang))) == "package_unknown"
    assert refused(lambda: add_mapping(new_id(), "U8", "U8", world.actor(fang))) == "mapping_exists"
    assert count(JournalMapping) == 1
    with reading():
        assert mapping_named("U8", world.actor(fang)).version == 1


def test_the_same_new_mapping_sent_twice_is_one(app):
    request_id = new_id()
    assert mapping("K3", request_id=request_id) == mapping("K3", request_id=request_id) == "K3"
    assert (count(JournalMapping), count(JournalAccount)) == (1, 20)
    assert refused(lambda: add_mapping(request_id, "K4", "K3", world.actor("fang"))) == "id_reused"


def test_a_month_without_entries_is_not_exported(closed_november):
    mapping("U8")
    with frozen_at(DECEMBER_7 + timedelta(days=31)):
        close_month(Month(2026, 12), SYSTEM)
        with pytest.raises((Invalid, Conflict, Missing)), batch():
            export_journal("U8", Month(2026, 12), world.actor("fang"))


def test_a_journal_of_an_open_month_can_be_looked_at():
    a_week()
    mapping("U8")
    with reading():
        found = journal_of(mapping_named("U8", world.actor("fang")), NOVEMBER)
    assert (found.debit_fen, found.credit_fen, found.lacking) == (TOTAL, TOTAL, [])


def test_the_command_line_writes_the_file_and_says_its_totals(app, closed_november, tmp_path):
    mapping("U8")
    out = tmp_path / "november.csv"
    asked = ["journal", "--period", "2026-11", "--mapping", "U8"]
    done = CliRunner().invoke(export_command, [*asked, "--out", str(out)], obj=app)
    assert done.exit_code == 0, done.output
    assert "debit 866.67, credit 866.67 yuan" in done.stderr
    assert out.read_bytes() == exported().data
    piped = CliRunner().invoke(export_command, asked, obj=app)
    assert piped.stdout_bytes == out.read_bytes()
    assert CliRunner().invoke(export_command, ["journal"], obj=app).exit_code == 2
    none = CliRunner().invoke(export_command, ["journal", "--period", "2026-11", "--mapping", "NONE"], obj=app)
    assert isinstance(none.exception, Missing)
