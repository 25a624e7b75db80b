"""Pages of mail: what each role sees, the way from an address to a mail that went out, and what is said when mail is off."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from agentnet.commission.mailing.jobs import send_some
from agentnet.core.ids import new_id
from tests.commission.facts import SERVICE_POINT
from tests.commission.mailing.given import (
    WANG,
    ZHOU,
    addressed,
    approved_october,
    drawn_october,
    mail_to,
    mails,
    number_of,
    posted,
)
from tests.machines.mail import PostOffice, post_office, send_through

SignIn = Callable[[str], FlaskClient]
MAILS = "/payouts/mails"


def hidden(page: str, name: str = "id") -> str:
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert tag
    value = re.search(r'value="([^"]*)"', tag[0])
    assert value
    return value[1]


def test_finance_enters_an_address_sends_a_month_and_sees_it_go(office: PostOffice, sign_in: SignIn) -> None:
    drawn_october()
    fang = sign_in("fang")
    assert "还没有邮件" in fang.get(MAILS).text
    assert "是谁的邮箱" in fang.get(f"{MAILS}/addresses/set").text
    form = fang.get(f"{MAILS}/addresses/set?outlet=wl0001").text
    sent = {"id": hidden(form), "address": ZHOU, "language": "zh"}
    listed = fang.post(f"{MAILS}/addresses/set?outlet=WL0001", data=sent, follow_redirects=True).text
    assert "z***@mail.example" in listed
    assert ZHOU not in listed
    page = fang.get(f"{MAILS}/month?month=2026-10").text
    assert "寄出 1 封" in page
    answer = fang.post(f"{MAILS}/month?month=2026-10", data={"id": hidden(page)})
    assert answer.location == f"{MAILS}?month=2026-10"
    assert "等着寄出" in fang.get(answer.location).text
    send_some()
    page = fang.get(MAILS).text
    assert "已寄出" in page
    one = fang.get(f"{MAILS}/{mail_to(ZHOU).id}").text
    assert number_of(mail_to(ZHOU)) in one
    assert ZHOU not in one
    assert "没有要寄的结算单" in fang.get(f"{MAILS}/month?month=2026-10").text


def test_a_failure_says_why_and_what_to_do_and_is_sent_again(office: PostOffice, sign_in: SignIn) -> None:
    approved_october()
    office.refused[ZHOU] = f"550 <{ZHOU}> unknown"
    posted()
    fang = sign_in("fang")
    assert "1 封邮件没有寄到" in fang.get(MAILS).text
    failed = fang.get(f"{MAILS}?state=FAILED").text
    assert "对方服务器不收这个地址：550 &lt;z***@mail.example&gt; unknown" in failed
    assert "w***@mail.example" not in failed
    place = f"{MAILS}/{mail_to(ZHOU).id}"
    page = fang.get(place).text
    assert "更正地址；更正后自动寄往新地址" in page
    office.refused.clear()
    again = {"id": hidden(page)}
    for _ in range(2):
        assert fang.post(f"{place}/again", data=again).location == place
    send_some()
    assert "已寄出" in fang.get(place).text
    page = fang.get(place).text
    assert fang.post(f"{place}/returned", data={"id": str(new_id()), "reason": ""}).status_code == 422
    assert fang.post(f"{place}/returned", data={"id": str(new_id()), "reason": "550 停用"}).location == place
    assert "退信：550 停用" in fang.get(place).text
    assert fang.post(f"{place}/returned", data={"id": str(new_id()), "reason": "550"}).status_code == 409
    assert "封结算单邮件没有寄到" in fang.get("/").text
    assert fang.post(f"{place}/settle", data={"id": str(new_id())}).location == place
    assert "已了结，不用再寄 · 退信：550 停用" in fang.get(place).text
    assert "封结算单邮件没有寄到" not in fang.get("/").text


def test_a_stuck_server_is_answered_by_one_button(app: Flask, office: PostOffice, sign_in: SignIn) -> None:
    from datetime import timedelta

    from agentnet.commission.mailing.rules import WAITS
    from agentnet.core.clock import frozen_at
    from tests import world

    approved_october()
    with post_office() as gone:
        away = gone.server
    send_through(app, away)
    posted()
    at = world.NOW
    for wait in (*WAITS, timedelta()):
        at += wait
        with frozen_at(at):
            send_some()
    fang = sign_in("fang")
    page = fang.get(MAILS).text
    assert "2 封因发信服务器没有寄出的，再寄一次" in page
    assert fang.post(f"{MAILS}/again", data={"id": hidden(page)}).location == MAILS
    assert [one.state for one in mails()] == ["WAITING", "WAITING"]


def test_a_wrong_address_stays_on_the_form_and_an_unknown_owner_is_asked_again(app: Flask, sign_in: SignIn) -> None:
    fang = sign_in("fang")
    sent = {"id": str(new_id()), "address": "zhou@", "language": "zh"}
    answer = fang.post(f"{MAILS}/addresses/set?outlet=WL0001", data=sent)
    assert (answer.status_code, "name@example.com" in answer.text, 'value="zhou@"' in answer.text) == (422, True, True)
    answer = fang.get(f"{MAILS}/addresses/set?outlet=XX0001")
    assert (answer.status_code, "没有找到这个网点或收款人" in answer.text) == (404, True)


def test_an_address_is_taken_away_by_its_button(app: Flask, sign_in: SignIn) -> None:
    addressed()
    fang = sign_in("fang")
    form = fang.get(f"{MAILS}/addresses/set?outlet=WL0001").text
    assert "z***@mail.example" in form
    assert ZHOU not in form
    gone = fang.post(f"{MAILS}/addresses/remove?outlet=WL0001", data={"id": hidden(form)}, follow_redirects=True).text
    assert "还没有登记邮箱" in gone


def test_switched_off_every_page_says_so_and_what_to_do(app: Flask, sign_in: SignIn) -> None:
    drawn_october()
    addressed()
    fang = sign_in("fang")
    for page in (fang.get(MAILS), fang.get(f"{MAILS}/month?month=2026-10")):
        assert "AGENTNET_SMTP_URL" in page.text
        assert "寄出 1 封" not in page.text
    refused = fang.post(f"{MAILS}/month?month=2026-10", data={"id": str(new_id())})
    assert (refused.status_code, "还没有设置发信服务器" in refused.text) == (422, True)


def test_each_sees_the_mail_of_its_territory(office: PostOffice, sign_in: SignIn) -> None:
    approved_october()
    addressed("JX0001", "shen@mail.example")
    posted()
    seen = {who: sign_in(who).get(MAILS).text for who in ("fang", "carol", "charlie", "audrey")}
    assert {who: ("z***@" in page, "s***@" in page) for who, page in seen.items()} == {
        "fang": (True, True),
        "carol": (True, False),
        "charlie": (False, True),
        "audrey": (True, True),
    }
    assert "再寄一次" not in sign_in("carol").get(f"{MAILS}/{mail_to(ZHOU).id}").text
    assert sign_in("charlie").get(f"{MAILS}/{mail_to(ZHOU).id}").status_code == 404
    for who in ("alice", "paul", "bob"):
        assert sign_in(who).get(MAILS).status_code == 403


@pytest.mark.parametrize("query", ["state=SENT", "month=2026-10", "q=WL0002", f"q={SERVICE_POINT}"])
def test_the_outbox_is_narrowed(office: PostOffice, sign_in: SignIn, query: str) -> None:
    approved_october()
    posted()
    page = sign_in("fang").get(f"{MAILS}?{query}").text
    assert "w***@mail.example" in page
    assert ("z***@mail.example" in page) == (not query.startswith("q="))
    assert WANG not in page
    assert "没有找到" in sign_in("fang").get(f"{MAILS}?q=XX&state=FAILED").text


def test_the_list_of_payees_shows_the_address_masked(office: PostOffice, sign_in: SignIn) -> None:
    approved_october()
    page = sign_in("fang").get("/payouts/payees").text
    assert "w***@mail.example" in page
    assert WANG not in page
