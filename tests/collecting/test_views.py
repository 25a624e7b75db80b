"""The counter in a browser without script, receipts and their proof, and who may stand there."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from agentnet.collecting.actions import void_collection
from agentnet.collecting.day_room import take_days
from agentnet.collecting.models import Collection, Void
from agentnet.collecting.proof import proof_token
from agentnet.core.clock import frozen_at
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.idempotency import Request
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Agreement, OutletTender
from agentnet.users.models import RoleGrant, SignInSession
from tests import world
from tests.collecting.counter import CASH_HELD, balance_of, count, item, record, refusal_of

RECEIPT = "WL0001-261118-0001"
TOMORROW = world.NOW + timedelta(days=1)


def fields_of(page, action):
    """Return the hidden fields of the form with this action, as a browser would send them."""
    form = re.search(rf'<form[^>]*action="{action}"[^>]*>(.*?)</form>', page.text, re.S)
    assert form, page.text
    return {
        name: re.search(r'value="([^"]*)"', tag)[1]
        for tag, name in re.findall(r'(<input[^>]*name="([^"]+)"[^>]*>)', form[1])
        if 'type="hidden"' in tag
    }


def confirm_page(client, number=world.MEI, **typed):
    take = client.get(f"/collect/{number}")
    values = fields_of(take, f"/collect/{number}") | {"amount": "305.50", "tender": "CASH"} | typed
    return client.post(f"/collect/{number}", data=values)


def collect(client, number=world.MEI, **typed):
    values = fields_of(confirm_page(client, number, **typed), f"/collect/{number}/record")
    return client.post(f"/collect/{number}/record", data=values), values


def test_a_number_typed_in_groups_leads_to_the_household(app, sign_in):
    answer = sign_in("alice").get("/collect?household_no=3310+8100+0001+7")
    assert (answer.status_code, answer.location) == (303, f"/collect/{world.MEI}")


@pytest.mark.parametrize(("typed", "words"), [("123", "10 位或 13 位"), ("99999999999x9", "只有数字"), ("9999999999", "没有这个户号"), ("", "请输入户号")])  # fmt: skip
def test_a_wrong_number_is_said_at_the_field_and_stays_typed(app, sign_in, typed, words):
    page = sign_in("alice").get(f"/collect?household_no={typed}")
    assert page.status_code == 422
    assert words in page.text
    assert f'value="{typed}"' in page.text or not typed


def test_the_echo_shows_enough_to_catch_a_wrong_household_and_no_more(app, sign_in):
    page = sign_in("alice").get(f"/collect/{world.MEI}")
    assert "**梅" in page.text
    assert "陈小梅" not in page.text
    assert "小河头村*23号" in page.text
    assert "305.50" in page.text
    assert "2.00" in page.text


def test_the_last_month_paid_is_shown(app, sign_in):
    record(item(10200, world.MEI))
    assert "2026年9月" in sign_in("alice").get(f"/collect/{world.MEI}").text


def test_the_confirm_page_shows_figure_capitals_and_change_and_posts_nothing(app, sign_in):
    page = confirm_page(sign_in("alice"), amount="203.50", cash_received="300")
    assert page.status_code == 200
    for words in ("203.50", "人民币贰佰零叁元伍角整", "96.50", "收后还欠"):
        assert words in page.text
    assert count(Collection) == 0


def test_collecting_takes_three_pages_and_ends_on_the_receipt(app, sign_in):
    client = sign_in("alice")
    answer, _ = collect(client, cash_received="400")
    assert (answer.status_code, answer.location) == (303, f"/receipts/{RECEIPT}")
    receipt = client.get(answer.location)
    assert "已收 305.50 元" in receipt.text
    assert "94.50" in receipt.text
    assert "陈小梅" not in receipt.text
    assert balance_of(CASH_HELD) == 30550


def test_the_same_page_sent_twice_is_one_collection_and_one_receipt(app, sign_in):
    client = sign_in("alice")
    first, values = collect(client)
    second = client.post(f"/collect/{world.MEI}/record", data=values)
    assert (second.status_code, second.location) == (303, first.location)
    assert "没有重复入账" in client.get(second.location).text
    assert (count(Collection), balance_of(CASH_HELD)) == (1, 30550)


def test_the_same_page_with_another_amount_is_a_conflict(app, sign_in):
    client = sign_in("alice")
    _, values = collect(client)
    again = client.post(f"/collect/{world.MEI}/record", data=values | {"amount": "1.00"})
    assert again.status_code == 409
    assert count(Collection) == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"amount": ""}, "请输入收费金额"),
        ({"amount": "0"}, "不能少于"),
        ({"amount": "-5"}, "不能少于"),
        ({"amount": "1.005"}, "两位小数"),
        ({"amount": "abc"}, "请输入金额"),
        ({"tender": "UNIONPAY_CARD"}, "参考号"),
        ({"tender": "GOLD"}, "请从列出的选项中选择"),
        ({"cash_received": "300"}, "少 5.50 元"),
        ({"id": "7"}, "提交编号无效"),
    ],
)
def test_what_cannot_be_is_said_on_the_form_and_leaves_nothing(app, sign_in, typed, words):
    page = confirm_page(sign_in("alice"), **typed)
    assert page.status_code == 422
    assert words in page.text
    assert (count(Collection), count(Request), count(AuditLine)) == (0, 0, 0)


def test_a_card_shows_its_reference_and_asks_for_no_cash(app, sign_in):
    client = sign_in("alice")
    answer, values = collect(client, tender="UNIONPAY_CARD", reference="P-77", cash_received="1")
    assert "cash_received" not in values
    assert "P-77" in client.get(answer.location).text
    assert balance_of(CASH_HELD) == 0


def test_over_the_ceiling_is_refused_on_the_form(app, sign_in):
    with batch() as session:
        session.execute(update(Agreement).values(ceiling_fen=30549))
    answer, _ = collect(sign_in("alice"))
    assert answer.status_code == 422
    assert "超过协议限额" in answer.text
    assert count(Collection) == 0


def test_a_due_that_changed_meanwhile_is_shown_anew(app, sign_in):
    client = sign_in("alice")
    values = fields_of(confirm_page(client), f"/collect/{world.MEI}/record")
    record(item(10200, world.MEI))
    answer = client.post(f"/collect/{world.MEI}/record", data=values)
    assert answer.status_code == 409
    assert "应收金额刚刚变为 203.50 元" in answer.text
    assert count(Collection) == 1


def test_a_look_alike_is_asked_about_once_and_then_kept(app, sign_in):
    client = sign_in("alice")
    collect(client, amount="10.00")
    asked, values = collect(client, amount="10.00")
    assert asked.status_code == 409
    assert "不是重复，再收 10.00 元" in asked.text
    assert count(Collection) == 1
    confirmed = fields_of(asked, f"/collect/{world.MEI}/record")
    assert confirmed["id"] == values["id"]
    assert client.post(f"/collect/{world.MEI}/record", data=confirmed).status_code == 303
    assert count(Collection) == 2


def test_a_lost_answer_can_be_looked_up_by_its_id(app, sign_in):
    client = sign_in("alice")
    one = item()
    assert client.get(f"/collect/status/{one.id}").json == {"recorded": False, "receipt": None}
    record(one)
    assert client.get(f"/collect/status/{one.id}").json == {"recorded": True, "receipt": f"/receipts/{RECEIPT}"}
    assert sign_in("alan").get(f"/collect/status/{one.id}").json["recorded"] is False
    assert client.get("/collect/status/7").status_code == 422


def test_the_ceiling_is_warned_about_in_words(app, sign_in):
    client = sign_in("alice")
    with batch() as session:
        session.execute(update(Agreement).values(ceiling_fen=1000))
    assert "限额八成" not in client.get("/collect").text
    record(item(800))
    assert "已到上限八成" in client.get("/collect").text
    record(item(100))
    assert "已到上限九成" in client.get("/collect").text
    record(item(100, world.MEI))
    assert "已满额" in client.get("/collect").text


def test_with_two_outlets_the_keeper_says_which(app, sign_in):
    with batch() as session:
        session.add(RoleGrant(user_id=1, role="AGENT", outlet_id=2, starts_on=world.LONG_AGO))
    client = sign_in("alice")
    assert "在哪个网点收费" in client.get("/collect").text
    assert client.get(f"/collect/{world.MEI}").status_code == 422
    assert (
        client.get(f"/collect?outlet=WL0002&household_no={world.MEI}").location == f"/collect/{world.MEI}?outlet=WL0002"
    )
    assert "小河头便民服务点" in client.get("/collect/today?outlet=WL0002").text


def test_another_outlet_cannot_be_named(app, sign_in):
    client = sign_in("alice")
    values = fields_of(confirm_page(client), f"/collect/{world.MEI}/record")
    assert client.post(f"/collect/{world.MEI}/record", data=values | {"outlet": "WL0002"}).status_code == 404
    assert client.get("/collect/today?outlet=JX0001").status_code == 404
    assert count(Collection) == 0


@pytest.mark.parametrize("username", ["bob", "carol", "fang", "paul", "audrey", "adam"])
def test_only_agents_stand_at_the_counter(app, sign_in, username):
    client = sign_in(username)
    for path in ("/collect", "/collect/today", f"/collect/{world.MEI}", f"/collect/status/{new_id()}"):
        assert client.get(path).status_code == 403
    assert client.post(f"/collect/{world.MEI}/record", data={"amount": "1"}).status_code == 403


def test_today_lists_the_own_collections_finds_them_and_sums_without_voids(app, sign_in):
    one, other = item(538), item(10200, world.MEI)
    record(one, other)
    with batch():
        void_collection(one.id, new_id(), "金额输错", world.actor("alice"))
    record(item(9999, outlet_code="WL0002"), by="alan")
    client = sign_in("alice")
    page = client.get("/collect/today")
    assert "102.00" in page.text
    assert "99.99" not in page.text
    assert "已撤销" in page.text
    assert "合计 1 笔" in page.text
    found = client.get("/collect/today?q=0017")
    assert "0001" in found.text
    assert "5.38" not in found.text
    assert "没有找到" in client.get("/collect/today?q=4711").text


def test_a_void_on_the_same_day_needs_a_reason_and_tells_to_give_the_money_back(app, sign_in):
    record(item())
    client = sign_in("alice")
    page = client.get(f"/receipts/{RECEIPT}/void")
    void_id = re.search(r'name="id"[^>]*value="([^"]+)"', page.text)[1]
    refused = client.post(f"/receipts/{RECEIPT}/void", data={"id": void_id, "reason": " "})
    assert (refused.status_code, count(Void)) == (422, 0)
    done = client.post(f"/receipts/{RECEIPT}/void", data={"id": void_id, "reason": "户号不对"})
    assert done.status_code == 303
    receipt = client.get(done.location)
    assert "请把钱退给客户" in receipt.text
    assert "户号不对" in receipt.text
    again = client.post(f"/receipts/{RECEIPT}/void", data={"id": void_id, "reason": "户号不对"})
    assert (again.status_code, count(Void), balance_of(CASH_HELD)) == (303, 1, 0)


@pytest.mark.parametrize(("username", "status"), [("alan", 404), ("carol", 403), ("fang", 403), ("audrey", 403)])
def test_nobody_else_voids(app, sign_in, username, status):
    record(item())
    answer = sign_in(username).post(f"/receipts/{RECEIPT}/void", data={"id": str(new_id()), "reason": "户号不对"})
    assert (answer.status_code, count(Void)) == (status, 0)


@pytest.mark.parametrize(
    ("username", "status"),
    [("alice", 200), ("alan", 404), ("dora", 404), ("carol", 200), ("charlie", 404), ("fang", 200), ("paul", 200), ("audrey", 200), ("bob", 403)],
)  # fmt: skip
def test_a_receipt_is_seen_in_its_territory_alone(app, sign_in, username, status):
    record(item())
    client = sign_in(username)
    assert client.get(f"/receipts/{RECEIPT}").status_code == status
    assert client.get(f"/receipts/{RECEIPT}.pdf").status_code == status


@pytest.mark.parametrize("paper", ["slip58", "slip80", "a5", "wallpaper"])
def test_the_slip_is_a_pdf_on_every_paper(app, sign_in, paper):
    record(item(20000, world.MEI, cash_received_fen=30000))
    answer = sign_in("alice").get(f"/receipts/{RECEIPT}.pdf?paper={paper}")
    assert (answer.status_code, answer.content_type, answer.data[:5]) == (200, "application/pdf", b"%PDF-")


def token_of(app):
    with reading():
        collection = db.session.scalars(select(Collection)).one()
        return proof_token(app.extensions["agentnet"].secret_key, collection.id, collection.receipt_no)


def test_whoever_holds_a_receipt_can_prove_it_and_sees_it_masked(app):
    one = item(10200, world.MEI)
    record(one)
    visitor = app.test_client()
    page = visitor.get(f"/r/{token_of(app)}")
    assert page.status_code == 200
    assert "这张凭证有效" in page.text
    assert "**梅" in page.text
    assert "陈小梅" not in page.text
    assert world.MEI not in page.text
    with batch():
        void_collection(one.id, new_id(), "金额输错", world.actor("alice"))
    assert "已作废" in visitor.get(f"/r/{token_of(app)}").text


@pytest.mark.parametrize(
    "token", [RECEIPT, f"{RECEIPT}.", f"{RECEIPT}.aaaaaaaaaaaa", "x", "票.票", "WL0001-261118-0002.{hash}"]
)
def test_a_guessed_receipt_proves_nothing(app, token):
    record(item())
    guessed = token.replace("{hash}", token_of(app).rpartition(".")[2])
    answer = app.test_client().get(f"/r/{guessed}")
    assert answer.status_code == 404
    assert "5.38" not in answer.text


def test_a_tender_taken_away_is_not_offered(app, sign_in):
    with batch() as session:
        session.delete(session.get(OutletTender, (1, "UNIONPAY_CARD")))
    assert "银联卡" not in sign_in("alice").get(f"/collect/{world.MEI}").text


def test_the_pages_speak_english_to_who_reads_english(app, sign_in):
    client = sign_in("alice")
    client.post("/language", data={"locale": "en", "next": "/collect"})
    for path in ("/collect", f"/collect/{world.MEI}", "/collect/today"):
        page = client.get(path).text
        shown = re.sub(r"<[^>]+>", "", page.split("<main", 1)[1].split("</main>")[0])
        shown = re.sub(r"小河头村邮站|小河头村\S*|\*\*梅|梅", "", shown)
        assert not re.search(r"[\u4e00-\u9fff]", shown), shown


def test_yesterdays_receipt_offers_no_void(app, sign_in):
    record(item())
    client = sign_in("alice")
    assert "撤销这一笔" in client.get(f"/receipts/{RECEIPT}").text
    with batch() as session:
        session.execute(update(SignInSession).values(started_at=TOMORROW, seen_at=TOMORROW))
    with frozen_at(TOMORROW):
        assert "撤销这一笔" not in client.get(f"/receipts/{RECEIPT}").text


def closed_in_the_same_moment(monkeypatch):
    """Let the outlet's day be closed after a collection looked it up and before it takes its number."""

    def closed_meanwhile(connection, judged):
        connection.execute(
            text(
                "INSERT INTO business_days (outlet_id, business_on, receipt_serial, closed_at) VALUES (1, :day, 0, :at)"
            ),
            {"day": world.TODAY.isoformat(), "at": "2026-11-18 02:00:00"}
            if connection.dialect.name == "sqlite"
            else {"day": world.TODAY, "at": world.NOW},
        )
        return take_days(connection, judged)

    monkeypatch.setattr("agentnet.collecting.posting.take_days", closed_meanwhile)


def test_a_day_closed_in_the_same_moment_is_said_on_the_form_which_may_be_sent_again(app, sign_in, monkeypatch):
    client = sign_in("alice")
    with monkeypatch.context() as patched:
        closed_in_the_same_moment(patched)
        answer, values = collect(client)
    assert answer.status_code == 409
    assert "请再收一次" in answer.text
    assert 'name="amount"' in answer.text
    assert "陈小梅" not in answer.text
    assert count(Collection) == 0
    again = client.post(f"/collect/{world.MEI}/record", data=values)
    assert (again.status_code, count(Collection)) == (303, 1)


def test_a_day_closed_in_the_same_moment_is_a_verdict_and_leaves_nothing(app, monkeypatch):
    closed_in_the_same_moment(monkeypatch)
    assert refusal_of(item()) == "day_locked"
    assert (count(Collection), count(Request), balance_of(CASH_HELD)) == (0, 0, 0)
