"""The pages of requests without script: listed, shown, decided on a page of their own; and who stands in."""

from __future__ import annotations

import re

import pytest

from agentnet.core.ids import new_id
from tests import world
from tests.approvals.given import ADVANCE, asked, give_advance, know_the_sample, more_finance, seen, state_of
from tests.collecting.counter import balance_of


@pytest.fixture
def waiting(app):
    """Fang's request for 5.00."""
    know_the_sample()
    more_finance()
    give_advance(1000)
    return asked(500)


def test_a_request_is_listed_shown_and_approved_on_a_page_of_its_own(waiting, sign_in):
    grace = sign_in("grace")
    assert "件申请等您审批" in grace.get("/").text
    page = grace.get("/approvals")
    assert f"/approvals/{waiting.id}" in page.text
    page = grace.get(f"/approvals/{waiting.id}")
    for words in ("5.00", "伍元整", "多收了", "Fang", f"/approvals/{waiting.id}/approve"):
        assert words in page.text
    page = grace.get(f"/approvals/{waiting.id}/approve")
    assert "同意，办理 5.00 元" in page.text
    sent = {"id": new_id(), "seen": re.search(r'name="seen" value="(\w{64})"', page.text)[1], "note": "同意"}
    for _ in range(2):
        answer = grace.post(f"/approvals/{waiting.id}/approve", data=sent)
        assert (answer.status_code, answer.location) == (303, f"/approvals/{waiting.id}")
    page = grace.get(f"/approvals/{waiting.id}")
    assert "已同意并办理" in page.text
    assert f"/approvals/{waiting.id}/approve" not in page.text
    assert balance_of(ADVANCE) == 500


def test_a_refusal_of_a_rule_is_shown_and_the_request_still_waits(waiting, sign_in):
    grace, new = sign_in("grace"), asked(1001, subject_id="2")
    answer = grace.post(f"/approvals/{new.id}/approve", data={"id": new_id(), "seen": seen(new.id)})
    assert answer.status_code == 422
    assert "余额不足" in answer.text
    assert state_of(new.id)[0] == "PENDING"


def test_rejecting_needs_a_reason_which_the_requester_reads(waiting, sign_in):
    grace, fang = sign_in("grace"), sign_in("fang")
    assert grace.get(f"/approvals/{waiting.id}/reject").status_code == 200
    assert grace.post(f"/approvals/{waiting.id}/reject", data={"id": new_id()}).status_code == 422
    assert grace.post(f"/approvals/{waiting.id}/reject", data={"id": new_id(), "note": "单据不全"}).status_code == 303
    page = fang.get("/approvals?show=mine")
    assert "未同意" in page.text
    assert "单据不全" in fang.get(f"/approvals/{waiting.id}").text


def test_who_asked_finds_no_button_but_may_withdraw(waiting, sign_in):
    fang = sign_in("fang")
    page = fang.get(f"/approvals/{waiting.id}")
    assert "/approve" not in page.text
    assert "撤回申请" in page.text
    answer = fang.get(f"/approvals/{waiting.id}/approve", follow_redirects=True)
    assert "自己提的申请要由另一个人审批" in answer.text
    answer = fang.post(f"/approvals/{waiting.id}/approve", data={"id": new_id(), "seen": seen(waiting.id)})
    assert answer.status_code == 403
    assert fang.post(f"/approvals/{waiting.id}/withdraw", data={"id": new_id()}).status_code == 303
    assert state_of(waiting.id)[0] == "WITHDRAWN"
    assert fang.post(f"/approvals/{waiting.id}/withdraw", data={"id": new_id()}).status_code == 409


def test_a_delegate_is_named_for_days_and_taken_back(waiting, sign_in):
    grace, ben = sign_in("grace"), sign_in("ben")
    sent = {"id": new_id(), "username": "ben", "starts_on": world.TODAY.isoformat(), "until": "2026-11-20"}
    assert grace.post("/approvals/delegates", data=sent | {"username": "nobody"}).status_code == 422
    assert grace.post("/approvals/delegates", data=sent).status_code == 303
    assert "Grace" in ben.get("/approvals/delegates").text
    assert "您代Grace审批" in ben.get(f"/approvals/{waiting.id}/approve").text
    page = grace.get("/approvals/delegates")
    end = re.search(r"/approvals/delegates/[0-9a-f-]{36}/end", page.text)[0]
    assert grace.post(end).status_code == 303
    assert "现在没有委托" in grace.get("/approvals/delegates").text
    assert ben.get(f"/approvals/{waiting.id}").status_code == 404


def test_lists_say_what_comes_there_and_find_by_subject(waiting, sign_in):
    alice, grace = sign_in("alice"), sign_in("grace")
    assert "您还没有提过申请" in alice.get("/approvals").text
    assert f"/approvals/{waiting.id}" in grace.get("/approvals?q=WL0001&sort=-amount").text
    assert "没有找到" in grace.get("/approvals?q=XX").text
    assert "没有等您审批的申请" in sign_in("adam").get("/approvals?show=junk").text
