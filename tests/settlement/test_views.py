"""The drawer in a browser without script: counting, closing, declaring, deciding; and who may stand there."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from agentnet.core.clock import frozen_at
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.settlement.models import DayClose, Remittance
from agentnet.settlement.rules import Count
from tests import world
from tests.collecting.counter import CASH_HELD, balance_of, count, item, record
from tests.settlement.drawer import BANK, close, declare, new_remittance


def hidden_of(page, action):
    """Return the hidden fields of the form with this action, as a browser would send them."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page.text, re.S)
    assert form, page.text
    return {
        re.search(r'name="([^"]+)"', tag)[1]: re.search(r'value="([^"]*)"', tag)[1]
        for tag in re.findall(r"<input[^>]*>", form[1])
        if 'type="hidden"' in tag
    }


def checked(client, **typed):
    """Count, and return the page that shows the count beside the book."""
    page = client.get("/drawer/close")
    return client.post("/drawer/close", data=hidden_of(page, "/drawer/close?outlet=WL0001") | typed)


def closed(client, explanation=None, **typed):
    """Count and close; return the answer and what was sent."""
    values = hidden_of(checked(client, **typed), "/drawer/close/record?outlet=WL0001")
    values |= {} if explanation is None else {"explanation": explanation}
    return client.post("/drawer/close/record", data=values), values


def test_the_drawer_shows_the_cash_and_what_to_do_next(app, sign_in):
    record(item(200_00, world.MEI))
    page = sign_in("alice").get("/drawer")
    for words in ("200.00", "清点并日结", "报交款", "小河头村邮站"):
        assert words in page.text


def test_an_empty_drawer_says_what_comes_here(app, sign_in):
    page = sign_in("alice").get("/drawer")
    assert "还没有日结和交款" in page.text


def test_a_count_that_ties_closes_the_day(app, sign_in):
    record(item(25_38, world.MEI))
    alice = sign_in("alice")
    page = checked(alice, pieces_1000="2", pieces_500="1", other="0.38")
    assert page.status_code == 200
    assert "清点与系统相符" in page.text
    assert "人民币贰拾伍元叁角捌分" in page.text
    assert count(DayClose) == 0
    answer, values = closed(alice, pieces_1000="2", pieces_500="1", other="0.38")
    assert (answer.status_code, answer.location) == (303, "/outlets/WL0001/days/2026-11-18")
    again = alice.post("/drawer/close/record", data=values)
    assert (again.status_code, count(DayClose)) == (303, 1)
    page = alice.get(answer.location)
    for words in ("相符", "10 元", "25.38"):
        assert words in page.text
    assert "今天已经日结" in alice.get("/drawer").text
    assert alice.get("/drawer/close").status_code == 303


def test_one_yuan_short_asks_for_a_reason_and_keeps_what_was_counted(app, sign_in):
    record(item(100_00, world.MEI))
    alice = sign_in("alice")
    answer, values = closed(alice, pieces_5000="1", pieces_2000="2", pieces_500="1", pieces_100="4")
    assert answer.status_code == 422
    assert "请用 2 到 200 个字说明原因" in answer.text
    assert 'value="50"' not in answer.text
    assert count(DayClose) == 0
    answer = alice.post("/drawer/close/record", data=values | {"explanation": "找零时多找了一元"})
    assert answer.status_code == 303
    page = alice.get(answer.location)
    assert "短款 1.00 元" in page.text
    assert "找零时多找了一元" in page.text
    assert balance_of(CASH_HELD) == 99_00


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"pieces_1000": "两张"}, "请输入整数"),
        ({"pieces_1000": "-1"}, "请输入整数"),
        ({"other": "1.234"}, "元"),
        ({"pieces_10000": "999999999"}, "清点的张数或金额不对"),
    ],
)
def test_a_wrong_count_is_said_and_stays_typed(app, sign_in, typed, words):
    record(item(100_00, world.MEI))
    page = checked(sign_in("alice"), **typed)
    assert page.status_code == 422
    assert words in page.text
    assert f'value="{next(iter(typed.values()))}"' in page.text
    assert count(DayClose) == 0


def test_a_collection_during_the_count_asks_to_look_again(app, sign_in):
    record(item(100_00, world.MEI))
    alice = sign_in("alice")
    page = checked(alice, pieces_10000="1")
    record(item(50_00, world.MEI))
    answer = alice.post("/drawer/close/record", data=hidden_of(page, "/drawer/close/record?outlet=WL0001"))
    assert answer.status_code == 409
    assert "150.00" in answer.text
    assert count(DayClose) == 0


def test_the_terminals_total_is_asked_for_by_the_tenders_name(app, sign_in):
    record(item(300, tender="UNIONPAY_CARD", reference="P1"))
    alice = sign_in("alice")
    page = alice.get("/drawer/close")
    assert "终端批次合计" in page.text
    assert "UNIONPAY" not in re.sub(r'(name|id|for|aria-describedby|href)="[^"]*"', "", page.text)
    answer, _values = closed(alice, batch_UNIONPAY_CARD="3.00")
    assert answer.status_code == 303


def test_a_deposit_is_shown_once_more_and_then_in_transit(app, sign_in):
    record(item(300_00, world.MEI))
    alice = sign_in("alice")
    page = alice.get("/drawer/remit")
    assert 'value="300.00"' in page.text
    typed = {"amount": "200", "slip_no": "JK-1", "deposited_on": "2026-11-18"}
    page = alice.post("/drawer/remit", data=hidden_of(page, "/drawer/remit?outlet=WL0001") | typed)
    assert "人民币贰佰元整" in page.text
    assert "100.00" in page.text
    assert count(Remittance) == 0
    values = hidden_of(page, "/drawer/remit/record?outlet=WL0001")
    answer = alice.post("/drawer/remit/record", data=values)
    assert answer.status_code == 303
    assert alice.post("/drawer/remit/record", data=values).status_code == 303
    assert count(Remittance) == 1
    assert "在途，待确认" in alice.get(answer.location).text
    assert "确认到账" not in alice.get(answer.location).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"amount": "300.01"}, "手头现金只有 300.00 元，不能"),
        ({"deposited_on": "2026-11-19"}, "交款日期还没有到"),
        ({"amount": ""}, "请输入交款金额"),
        ({"slip_no": " "}, "请填写交款单号"),
        ({"deposited_on": "昨天"}, "请输入日期"),
    ],
)
def test_a_wrong_deposit_is_said_at_its_field(app, sign_in, typed, words):
    record(item(300_00, world.MEI))
    alice = sign_in("alice")
    page = alice.get("/drawer/remit")
    values = hidden_of(page, "/drawer/remit?outlet=WL0001")
    values |= {"amount": "200", "slip_no": "JK-1", "deposited_on": "2026-11-18"} | typed
    page = alice.post("/drawer/remit", data=values)
    assert page.status_code == 422
    assert words in page.text
    assert count(Remittance) == 0


def test_finance_confirms_what_the_bank_received(app, sign_in):
    record(item(300_00, world.MEI))
    new = declare(new_remittance(300_00))
    fang = sign_in("fang")
    assert "JK-0001" in fang.get("/remittances?state=DECLARED").text
    page = fang.get(f"/remittances/{new.id}")
    values = hidden_of(page, f"/remittances/{new.id}/confirm") | {"amount": "280.00", "note": ""}
    answer = fang.post(f"/remittances/{new.id}/confirm", data=values)
    assert answer.status_code == 422
    assert "写明原因" in answer.text
    answer = fang.post(f"/remittances/{new.id}/confirm", data=values | {"note": "银行清点少 20 元"})
    assert answer.status_code == 303
    page = fang.get(answer.location)
    for words in ("已到账", "280.00", "退回网点手头", "20.00"):
        assert words in page.text
    assert balance_of(BANK) == 280_00
    answer = fang.post(f"/remittances/{new.id}/confirm", data=values | {"note": "另一个说法"})
    assert answer.status_code == 409


def test_finance_rejects_what_never_arrived(app, sign_in):
    record(item(300_00, world.MEI))
    new = declare(new_remittance(300_00))
    fang = sign_in("fang")
    values = hidden_of(fang.get(f"/remittances/{new.id}"), f"/remittances/{new.id}/reject")
    assert fang.post(f"/remittances/{new.id}/reject", data=values | {"note": ""}).status_code == 422
    assert fang.post(f"/remittances/{new.id}/reject", data=values | {"note": "查无此单"}).status_code == 303
    page = sign_in("alice").get(f"/remittances/{new.id}")
    assert "未到账，已退回" in page.text
    assert "查无此单" in page.text
    assert balance_of(CASH_HELD) == 300_00


def test_a_supervisor_sees_who_has_not_closed_and_what_differed(app, sign_in):
    with frozen_at(world.NOW - timedelta(days=2)):
        record(item(300_00, world.MEI))
    carol = sign_in("carol")
    page = carol.get("/days")
    assert "以前的日子还没有日结" in page.text
    assert "小河头村邮站" in page.text
    close(business_on=world.TODAY - timedelta(days=2), count=Count(other_fen=299_00), explanation="少一元")
    assert "今天以前的日子都已日结" in carol.get("/days").text
    assert "短款 1.00 元" in carol.get("/days?only=differing").text
    assert "没有找到" in carol.get("/days?only=unattended").text


@pytest.mark.parametrize("path", ["/days", "/remittances"])
def test_another_county_sees_nothing_of_it(app, sign_in, path):
    record(item(300_00, world.MEI))
    close()
    declare(new_remittance(100_00))
    page = sign_in("charlie").get(path)
    assert page.status_code == 200
    assert "WL0001" not in page.text


def test_pages_of_another_county_are_missing(app, sign_in):
    record(item(300_00, world.MEI))
    close()
    new = declare(new_remittance(100_00))
    for name in ("charlie", "dora"):
        client = sign_in(name)
        assert client.get("/outlets/WL0001/days/2026-11-18").status_code == 404
        assert client.get(f"/remittances/{new.id}").status_code == 404


@pytest.mark.parametrize("path", ["/outlets/WL0001/days/2026-11-17", "/outlets/WL0001/days/soon", "/remittances/x"])
def test_what_is_not_there_is_said(app, sign_in, path):
    assert sign_in("carol").get(path).status_code in (404, 422)


@pytest.mark.parametrize("username", ["bob", "carol", "fang", "audrey", "adam"])
def test_only_keepers_have_a_drawer(app, sign_in, username):
    client = sign_in(username)
    for path in ("/drawer", "/drawer/close", "/drawer/remit"):
        assert client.get(path).status_code == 403
    for path in ("/drawer/close/record", "/drawer/remit/record"):
        assert client.post(path).status_code == 403


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "audrey", "adam"])
def test_only_finance_decides_on_the_page(app, sign_in, username):
    record(item(300_00, world.MEI))
    new = declare(new_remittance(100_00))
    for verb in ("confirm", "reject"):
        answer = sign_in(username).post(f"/remittances/{new.id}/{verb}", data={"id": str(new_id()), "note": "不行"})
        assert answer.status_code == 403
    with reading():
        assert db.session.scalars(select(Remittance.state)).one() == "DECLARED"


def test_what_comes_after_the_close_is_still_todays_at_the_counter_and_may_be_voided(app, sign_in):
    record(item(538))
    close()
    record(item(20_00, world.MEI))
    alice = sign_in("alice")
    page = alice.get("/collect/today")
    assert "WL0001-261119-0001" in page.text
    assert "25.38" in page.text
    assert "25.38" in alice.get("/collect").text
    assert "撤销这一笔" in alice.get("/receipts/WL0001-261119-0001").text
    assert "撤销这一笔" not in alice.get("/receipts/WL0001-261118-0001").text
