"""From the trial balance to the paper behind a transfer, and a month handed over on a page of its own."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, select

from agentnet.books.accounts import account_for, account_page
from agentnet.books.models import JournalExport, JournalMapping
from agentnet.books.rules import Moved, Span
from agentnet.books.words import LINES
from agentnet.closing.actions import close_month
from agentnet.core.clock import Month, frozen_at
from agentnet.core.errors import Forbidden, Missing
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM, Actor, Grant, Role
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import post_many
from agentnet.ledger.models import Account
from agentnet.ledger.queries import account_ids
from agentnet.ledger.rolling import roll_up
from agentnet.ledger.rules import CHART, AccountKey, NewTransfer
from agentnet.users.models import RoleGrant
from tests import world
from tests.books.week import a_week
from tests.collecting.counter import CASH_HELD, count

NOVEMBER = Month(2026, 11)


def account_id(key=CASH_HELD) -> int:
    with reading():
        return account_ids([key])[key]


def test_the_trial_balance_shows_lines_and_that_they_balance(app, sign_in):
    a_week()
    page = sign_in("fang").get("/ledger").text
    for words in ("科目余额表", "网点持有现金", "用户预存电费", "借贷平衡", "864.76", "330.88", "未封账"):
        assert words in page
    assert "/ledger/lines/outlet/cash_held?unit=DH&amp;month=2026-11" in page


def test_it_may_be_asked_for_a_unit_a_month_or_a_day(app, sign_in):
    a_week()
    audrey = sign_in("audrey")
    station = audrey.get("/ledger?unit=WL-TP&month=2026-11").text
    assert "与本单位以外往来的净额" in station
    assert "用户预存电费" not in station
    day = audrey.get("/ledger?day=2026-11-11").text
    assert "银行存款" not in day
    assert audrey.get("/ledger?month=2026-10").text.count("这一期间没有账") == 1
    assert audrey.get("/ledger?month=2027-01").status_code == 404
    assert audrey.get("/ledger?month=x").status_code == 422
    assert audrey.get("/ledger?unit=NONE").status_code == 404


def test_a_line_leads_to_its_accounts_and_these_to_the_paper(app, sign_in):
    a_week()
    fang = sign_in("fang")
    line = fang.get("/ledger/lines/outlet/cash_held?month=2026-11").text
    assert "小河头村邮站" in line
    (address,) = re.findall(r'href="(/ledger/accounts/\d+\?month=2026-11)"', line)
    account = fang.get(address).text
    for words in ("代收", "撤销代收", "报交款", "解款退回", "长款短款", "126.38", "36.38"):
        assert words in account
    for place in (r"/receipts/WL0001-[\d-]+", r"/remittances/[\w-]+", r"/outlets/WL0001/days/2026-11-11"):
        (first, *_rest) = re.findall(rf'href="({place})"', account)
        assert fang.get(first).status_code == 200
    assert "没有找到账户" in fang.get("/ledger/lines/outlet/cash_held?q=nothing").text
    assert "小河头村邮站" in fang.get("/ledger/lines/outlet/cash_held?q=WL00").text
    assert fang.get("/ledger/lines/outlet/colour").status_code == 404
    assert fang.get("/ledger/accounts/999999").status_code == 404


def test_a_households_account_is_masked(app, sign_in):
    a_week()
    fang = sign_in("fang")
    page = fang.get("/ledger/lines/household/advance").text
    assert world.MEI not in page
    assert "陈小梅" not in page
    assert "0017" in page
    assert "20.00" in fang.get("/ledger/lines/household/advance?q=0017").text


@pytest.mark.parametrize("rolled", [False, True])
def test_the_running_balance_is_the_one_worked_out_by_hand(app, rolled):
    """WL0001's cash: 5.38 + 102.00 + 20.00 + 1.00 - 1.00 - 1.00 - 100.00 + 10.00."""
    a_week()
    if rolled:
        roll_up(world.NOW)
    with reading():
        found = account_page(account_id(), Span(NOVEMBER), {})
    lines = found.page.items
    assert [line.business_on.day for line in lines] == [9, 9, 11, 11, 11, 11, 12, 13]
    assert sorted(line.balance_fen for line in lines[:1]) in ([538], [10200])
    assert [line.balance_fen for line in lines][1] == 107_38
    assert [line.balance_fen for line in lines][5:] == [126_38, 26_38, 36_38]
    assert found.moved.closing_fen == 36_38
    with reading():
        down = account_page(account_id(), Span(NOVEMBER), {"sort": "-day"}).page.items
    assert [line.balance_fen for line in down] == [line.balance_fen for line in lines][::-1]


@pytest.mark.parametrize("rolled", [False, True])
def test_what_an_account_held_before_is_its_opening(app, rolled):
    """Up to Wednesday 128.38 came and 2.00 went; the week left 36.38."""
    a_week()
    if rolled:
        roll_up(world.NOW)
    with reading():
        days = account_page(account_id(), Span(NOVEMBER, until=date(2026, 11, 12)), {})
        after = account_page(account_id(), Span(Month(2026, 12)), {})
    assert days.moved == Moved(0, 128_38, 2_00)
    assert (after.moved, list(after.page.items)) == (Moved(36_38), [])


def test_each_page_goes_on_where_the_last_one_stood(app):
    a_week()
    cash, received = CASH_HELD, AccountKey("OUTLET", 1, "RECEIVED")
    many = [
        NewTransfer(new_id(), "TEST", cash, received, 1_00, world.TODAY, "TEST", "1") for _number in range(120)
    ]  # fmt: skip
    with batch():
        post_many(SYSTEM, many, {cash: 10_000_00})
    balances, arguments = [], {}
    while True:
        with reading():
            page = account_page(account_id(), Span(NOVEMBER), arguments).page
        balances += [line.balance_fen for line in page.items]
        if page.next_cursor is None:
            break
        arguments = {"cursor": page.next_cursor}
    assert len(balances) == 128
    assert balances[8:] == [36_38 + 1_00 * number for number in range(1, 121)]


def test_finance_of_another_city_finds_no_account_of_wenling(app):
    a_week()
    other = Actor(user_id=9, name="jx", grants=(Grant(Role.FINANCE, org_path="/1/6/"),))
    here = Actor(user_id=9, name="wl", grants=(Grant(Role.FINANCE, org_path="/1/2/"),))
    advance = account_id(AccountKey("HOUSEHOLD", 1, "ADVANCE"))
    bank = account_id(AccountKey("ORG_UNIT", world.TAIPING.id, "BANK"))
    with reading():
        assert account_for(here, account_id()).owner_code == "WL0001"
        assert account_for(here, bank).owner_code == "WL-TP"
        for viewer, of in ((other, account_id()), (other, bank), (here, advance)):
            with pytest.raises(Missing):
                account_for(viewer, of)
        with pytest.raises(Forbidden):
            account_for(world.actor("alice"), account_id())


def test_finance_of_one_city_sees_its_own_units_only(app, sign_in):
    a_week()
    with batch():
        db.session.execute(
            insert(RoleGrant),
            [{"user_id": 7, "role": "FINANCE", "org_unit_id": world.JIAXING.id, "starts_on": world.LONG_AGO}],
        )
    charlie = sign_in("charlie")
    assert "这一期间没有账" in charlie.get("/ledger").text
    assert charlie.get("/ledger?unit=WL").status_code == 404
    assert charlie.get(f"/ledger/accounts/{account_id()}").status_code == 404
    assert charlie.get("/ledger/journal").status_code == 403


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "paul"])
def test_the_books_are_not_for_everyone(app, sign_in, username):
    assert sign_in(username).get("/ledger").status_code == 403


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1]


@pytest.fixture
def december(app):
    """The week's month closed on 7 December; who is signed in still has 18 November."""
    a_week()
    with frozen_at(datetime(2026, 12, 7, 2, tzinfo=UTC)):
        close_month(NOVEMBER, SYSTEM)


def test_a_mapping_is_added_changed_and_a_month_handed_over(december, sign_in):
    fang = sign_in("fang")
    start = fang.get("/ledger/journal").text
    assert "还没有导出过凭证" in start
    typed = {"id": hidden(start, "id"), "name": "U8", "package": "U8"}
    for _sent_twice in range(2):
        assert fang.post("/ledger/journal", data=typed).location == "/ledger/journal/U8"
    assert count(JournalMapping) == 1
    page = fang.get("/ledger/journal/U8").text
    assert "122101" in page
    target = {"version": 1, "line": "ORG_UNIT/BANK", "account_code": "100201", "account_name": "银行存款-农商行"}
    assert fang.post("/ledger/journal/U8/accounts", data=target).status_code == 303
    again = fang.post("/ledger/journal/U8/accounts", data=target)
    assert (again.status_code, "别人刚改过" in again.text) == (409, True)
    look = fang.get("/ledger/journal/U8/2026-11").text
    assert "与科目余额表的本期发生额逐科目一致" in look
    assert "866.67" in look
    assert fang.get("/ledger/journal/U8/2026-11/file").status_code == 404
    assert count(JournalExport) == 0
    for _sent_twice in range(2):
        assert fang.post("/ledger/journal/U8/2026-11").status_code == 303
    assert count(JournalExport) == 1
    file = fang.get("/ledger/journal/U8/2026-11/file")
    assert file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''U8-2026-11.csv"
    assert "100201" in file.data.decode("gbk")
    assert "U8" in fang.get("/ledger/journal").text


def test_what_is_missing_is_said_before_anything_is_handed_over(december, sign_in):
    fang = sign_in("fang")
    fang.post("/ledger/journal", data={"id": str(new_id()), "name": "U8", "package": "U8"})
    taken_out = {"version": 1, "line": "ORG_UNIT/BANK", "account_code": "", "account_name": "", "remove": "1"}
    assert fang.post("/ledger/journal/U8/accounts", data=taken_out).status_code == 303
    assert "还没有对照" in fang.get("/ledger/journal/U8/2026-11").text
    answer = fang.post("/ledger/journal/U8/2026-11")
    assert (answer.status_code, "银行存款借方" in answer.text, count(JournalExport)) == (422, True, 0)


def test_a_layout_typed_wrongly_stays_on_the_page(december, sign_in):
    fang = sign_in("fang")
    fang.post("/ledger/journal", data={"id": str(new_id()), "name": "U8", "package": "U8"})
    typed = {
        "version": 1, "word": "记", "abstract": "x", "encoding": "GBK", "date_format": "YYYYMMDD", "columns": "颜色=colour",
    }  # fmt: skip
    answer = fang.post("/ledger/journal/U8", data=typed)
    assert (answer.status_code, "不认识列的内容" in answer.text, "颜色=colour" in answer.text) == (422, True, True)
    right = typed | {"columns": "日期=date\n号=number\n科目=account\n金额=signed"}
    assert fang.post("/ledger/journal/U8", data=right).status_code == 303
    with reading():
        assert db.session.scalars(select(JournalMapping.version)).one() == 2


def test_every_line_of_the_chart_has_a_name():
    assert LINES.keys() == CHART.keys()


def test_accounts_of_a_deposit_lead_both_ways(app, sign_in):
    a_week()
    with reading():
        bank = db.session.scalars(select(Account.id).where(Account.code == "BANK")).one()
    page = sign_in("audrey").get(f"/ledger/accounts/{bank}").text
    assert "在途解款" in page
    assert "90.00" in page
