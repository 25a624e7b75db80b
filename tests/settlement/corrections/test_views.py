"""Corrections in a browser without script: asked for from the receipt, shown once more, decided, paid out, listed."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from agentnet.approvals.models import Approval
from agentnet.collecting.models import Correction, Void
from agentnet.collecting.proof import proof_token
from agentnet.collecting.sums import taken_by_setting
from agentnet.core.clock import today
from agentnet.core.ids import new_id
from agentnet.infra.transaction import reading
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.collecting.counter import count
from tests.settlement.corrections.given import (
    GANG_OWED,
    ask_refund,
    balances,
    collected,
    due_of,
    moved,
    of_yesterday,
    pay,
    refunded,
)
from tests.settlement.test_views import hidden_of


def test_a_keeper_asks_for_a_refund_finance_approves_and_the_keeper_pays(app, sign_in):
    _, receipt_no = of_yesterday(5000)
    alice, fang = sign_in("alice"), sign_in("fang")
    page = alice.get(f"/receipts/{receipt_no}")
    assert f"/receipts/{receipt_no}/refund" in page.text
    page = alice.get(f"/receipts/{receipt_no}/refund")
    typed = hidden_of(page, f"/receipts/{receipt_no}/refund") | {
        "amount": "44.62",
        "pay_by": "CASH",
        "reason": "多收了",
    }
    page = alice.post(f"/receipts/{receipt_no}/refund", data=typed)
    assert page.status_code == 200
    assert "肆拾肆元陆角贰分" in page.text
    assert count(Approval) == 0
    sent = hidden_of(page, f"/receipts/{receipt_no}/refund/record")
    for _ in range(2):
        assert alice.post(f"/receipts/{receipt_no}/refund/record", data=sent).status_code == 303
    assert count(Approval) == 1
    page = fang.get(f"/approvals/{sent['id']}")
    for words in ("44.62", "多收了", "Alice", "网点退现金", "已缴：预存电费"):
        assert words in page.text
    page = fang.get(f"/approvals/{sent['id']}/approve")
    yes = {"id": new_id(), "seen": re.search(r'name="seen" value="(\w{64})"', page.text)[1]}
    assert fang.post(f"/approvals/{sent['id']}/approve", data=yes).status_code == 303
    page = alice.get(f"/receipts/{receipt_no}")
    assert "已退费 44.62 元" in page.text
    assert f"/refunds/{sent['id']}/pay-cash" in page.text
    page = alice.get(f"/refunds/{sent['id']}/pay-cash")
    assert "已退给客户 44.62 元" in page.text
    paid = {"id": new_id()}
    for _ in range(2):
        assert alice.post(f"/refunds/{sent['id']}/pay-cash", data=paid).status_code == 303
    assert balances(GANG_OWED) == (0,)
    assert "已办结" in fang.get("/corrections").text
    with reading():
        taken = taken_by_setting(None, today(), today().replace(day=28))
        assert sum(part.refunded_fen for part in taken.values()) == 4462
    assert "另退费 44.62 元" in fang.get("/").text


def test_a_second_refund_is_told_at_once(app):
    _, receipt_no = of_yesterday(538)
    for amount_fen, in_all in ((100, 100), (38, 138)):
        refunded(receipt_no, amount_fen)
        with reading():
            taken = taken_by_setting(None, today(), today().replace(day=28))
        assert sum(part.refunded_fen for part in taken.values()) == in_all


def test_what_cannot_be_refunded_is_said_on_the_form(app, sign_in):
    _, receipt_no = collected(100, world.OLD)
    alice = sign_in("alice")
    answer = alice.get(f"/receipts/{receipt_no}/refund", follow_redirects=True)
    assert "请网点直接撤销" in answer.text
    assert f"/receipts/{receipt_no}/refund" not in alice.get(f"/receipts/{receipt_no}").text
    _, receipt_no = of_yesterday(538)
    typed = {"id": new_id(), "amount": "5.39", "pay_by": "CASH", "reason": "多收了"}
    answer = sign_in("alice").post(f"/receipts/{receipt_no}/refund", data=typed)
    assert answer.status_code == 422
    assert "退费金额要在 0.01 元到 5.38 元之间" in answer.text
    for missing in ("amount", "pay_by", "reason"):
        assert alice.post(f"/receipts/{receipt_no}/refund", data=typed | {missing: ""}).status_code == 422


def test_a_keeper_raises_a_wrong_household_which_is_echoed_masked(app, sign_in):
    collection_id, receipt_no = of_yesterday(5000)
    alice, carol = sign_in("alice"), sign_in("carol")
    page = alice.get(f"/receipts/{receipt_no}/household")
    typed = hidden_of(page, f"/receipts/{receipt_no}/household") | {
        "household_no": "3310 8100 0001 7",
        "reason": "户号看错",
    }
    page = alice.post(f"/receipts/{receipt_no}/household", data=typed)
    assert page.status_code == 200
    for words in ("户名最后一个字是“梅”吗", "305.50", "转到这一户"):
        assert words in page.text
    assert "陈小梅" not in page.text
    sent = hidden_of(page, f"/receipts/{receipt_no}/household/record")
    assert alice.post(f"/receipts/{receipt_no}/household/record", data=sent).status_code == 303
    page = carol.get(f"/approvals/{sent['id']}")
    for words in ("应该缴给", "原来那户已缴", "应该那户已缴", "50.00"):
        assert words in page.text
    say_yes(UUID(sent["id"]), by="carol")
    assert due_of(world.GANG) == [("2026-10", 538, 0)]
    assert "已转到另一户" in alice.get(f"/receipts/{receipt_no}").text
    assert "更正到另一户" in _proof(app, collection_id, receipt_no)
    page = carol.get(f"/approvals/{sent['id']}")
    assert "+50.00 元" in page.text


def _proof(app, collection_id, receipt_no):
    key = app.extensions["agentnet"].secret_key
    return app.test_client().get(f"/r/{proof_token(key, collection_id, receipt_no)}").text


def test_the_public_page_says_what_was_refunded(app):
    collection_id, receipt_no = of_yesterday(5000)
    assert "款项已入账" in _proof(app, collection_id, receipt_no)
    refunded(receipt_no, 1000)
    assert "其中 10.00 元 已办理退费" in _proof(app, collection_id, receipt_no)
    refunded(receipt_no, 4000)
    page = _proof(app, collection_id, receipt_no)
    assert "款项已全部办理退费" in page
    assert "款项已入账" not in page


@pytest.mark.parametrize("number", ["3310810009999", "12", world.GANG])
def test_a_wrong_number_is_refused_on_the_form(app, sign_in, number):
    _, receipt_no = of_yesterday()
    typed = {"id": new_id(), "household_no": number, "reason": "户号看错"}
    answer = sign_in("alice").post(f"/receipts/{receipt_no}/household", data=typed)
    assert answer.status_code in (404, 422)
    assert "problem" in answer.text
    assert count(Approval) == 0


def test_the_slip_says_what_was_refunded(app, sign_in):
    _, receipt_no = of_yesterday(5000)
    refunded(receipt_no, 1000)
    moved(receipt_no)
    answer = sign_in("alice").get(f"/receipts/{receipt_no}.pdf")
    assert answer.status_code == 200
    assert answer.data.startswith(b"%PDF")


def test_finance_pays_from_the_bank_with_its_number(app, sign_in):
    _, receipt_no = of_yesterday(538, tender="UNIONPAY_CARD", reference="R1")
    new = refunded(receipt_no, 538, pay_by="BANK")
    fang = sign_in("fang")
    assert f"/refunds/{new.id}/pay-bank" in fang.get("/corrections?only=unpaid").text
    assert fang.get(f"/refunds/{new.id}/pay-bank").status_code == 200
    assert fang.post(f"/refunds/{new.id}/pay-bank", data={"id": new_id()}).status_code == 422
    answer = fang.post(f"/refunds/{new.id}/pay-bank", data={"id": new_id(), "reference": "HD-7"})
    assert answer.status_code == 303
    answer = fang.post(f"/refunds/{new.id}/pay-bank", data={"id": new_id(), "reference": "HD-8"})
    assert answer.status_code == 409
    assert fang.get(f"/refunds/{new.id}/pay-bank").status_code == 303
    assert "没有符合筛选" in fang.get("/corrections?only=unpaid").text


def test_finance_reverses_a_one_sided_entry_on_its_day(app, sign_in):
    _, receipt_no = collected(538)
    fang = sign_in("fang")
    assert f"/receipts/{receipt_no}/reverse" in fang.get(f"/receipts/{receipt_no}").text
    assert fang.get(f"/receipts/{receipt_no}/reverse").status_code == 200
    assert fang.post(f"/receipts/{receipt_no}/reverse", data={"id": new_id(), "reason": "查无此笔"}).status_code == 422
    sent = {"id": new_id(), "reason_code": "ONE_SIDED", "reason": "查无此笔"}
    for _ in range(2):
        assert fang.post(f"/receipts/{receipt_no}/reverse", data=sent).status_code == 303
    assert count(Void) == 1
    page = fang.get(f"/receipts/{receipt_no}")
    for words in ("已冲正", "技术故障", "查无此笔"):
        assert words in page.text


def test_an_adjustment_is_shown_once_more_before_it_is_asked_for(app, sign_in):
    more_finance()
    fang = sign_in("fang")
    page = fang.get("/corrections/adjust?outlet=WL0001")
    typed = hidden_of(page, "/corrections/adjust") | {
        "outlet": "wl0001",
        "adjustment": "CHANNEL_FEE",
        "amount": "0.07",
        "reason": "九月手续费",
    }
    assert fang.post("/corrections/adjust", data=typed | {"outlet": "XX"}).status_code == 404
    assert fang.post("/corrections/adjust", data=typed | {"adjustment": ""}).status_code == 422
    page = fang.post("/corrections/adjust", data=typed)
    assert "柒分" in page.text
    sent = hidden_of(page, "/corrections/adjust/record")
    answer = fang.post("/corrections/adjust/record", data=sent)
    assert (answer.status_code, answer.location) == (303, f"/approvals/{sent['id']}")
    assert "银行扣收手续费" in sign_in("grace").get(f"/approvals/{sent['id']}").text
    assert count(Correction) == 0


def test_the_list_narrows_and_strangers_see_none_of_it(app, sign_in):
    _, receipt_no = of_yesterday(5000)
    pay(refunded(receipt_no, 1000).id)
    ask_refund(receipt_no, 100)
    carol, charlie = sign_in("carol"), sign_in("charlie")
    assert receipt_no in carol.get("/corrections?kind=REFUND&outlet=WL0001&sort=-amount").text
    assert "没有符合筛选" in carol.get("/corrections?kind=ADJUSTMENT").text
    assert "还没有退费和更正" in charlie.get("/corrections").text
    assert "待审批" in carol.get(f"/receipts/{receipt_no}").text
