"""Pages of trying a plan: from a file, a stored version, one that waits, or the form; figures by territory; files."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from agentnet.commission.engine.language import Plan
from agentnet.commission.engine.writing import write_plan
from agentnet.commission.whatif import actions
from agentnet.commission.whatif.jobs import try_some
from agentnet.commission.whatif.models import WhatIf
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from tests.commission.test_form_views import NEW_VERSION, version_data
from tests.commission.test_views import an_october
from tests.commission.whatif.test_trying import HALF_PERCENT, POSTAL_ALONE

SignIn = Callable[[str], FlaskClient]
NEW = "/commission/what-if/new"


def asked_from_file(client: FlaskClient, says=HALF_PERCENT, **changes):
    document = write_plan(Plan("TRY", "千分之五方案", (says,)))
    data = {"id": str(new_id()), "first_month": "2026-10", "last_month": "2026-10", "version": "", "plan": ""} | changes
    return client.post(NEW, data=data | {"file": (io.BytesIO(document.encode()), "plan.json")})


def counted() -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(WhatIf)) or 0


def test_finance_tries_a_file_and_sees_cost_winners_and_losers(sign_in: SignIn) -> None:
    # Paid 0.50 + 0.50 + 0.41 + 0.10 + 1.00 = 2.51; 0.5 % is 1.02 + 0.51 + 1.02 + 0.03 + 10.00 = 12.58, 10.07 more.
    an_october()
    fang = sign_in("fang")
    answer = asked_from_file(fang)
    assert answer.status_code == 303
    page = fang.get(answer.location).text
    for words in (
        "千分之五方案",
        "新方案比实际多付 10.07 元（+401.2%）",
        "2.51",
        "12.58",
        "千分之五",
        "WL0002",
        "-0.07",
    ):
        assert words in page, words
    assert page.index("WL0002") < page.index("WL0001") < page.index("JX0001")
    losers = fang.get(f"{answer.location}?direction=less").text
    assert "WL0002" in losers
    assert "JX0001" not in losers
    assert "没有符合条件的网点" in fang.get(f"{answer.location}?q=none").text
    assert "千分之五方案" in fang.get("/commission/what-if").text


def test_a_version_can_be_written_from_what_was_tried(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    page = fang.get(asked_from_file(fang).location).text
    where = page.partition('href="/commission/plans/STANDARD/versions/new?')[2].partition('"')[0]
    assert where.startswith("trial=")
    form = fang.get(f"/commission/plans/STANDARD/versions/new?{where}").text
    assert "千分之五" in form
    assert 'value="2027-01-01"' in form
    assert "千分之五" not in fang.get("/commission/plans/STANDARD/versions/new?trial=junk").text


def test_an_outlets_page_says_why_it_loses(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    where = asked_from_file(fang, POSTAL_ALONE).location
    page = fang.get(f"{where}/outlets/WL0002").text
    for words in ("为什么少 0.10 元", "1 笔收费在新方案里没有适用的项目，少 0.10 元", "这一档的标准是零"):
        assert words in page, words
    assert "为什么多" in fang.get(f"{where}/outlets/WL0001").text


def test_a_supervisor_reads_the_own_territory_and_tries_nothing(sign_in: SignIn) -> None:
    an_october()
    where = asked_from_file(sign_in("fang")).location
    carol, charlie = sign_in("carol"), sign_in("charlie")
    page = carol.get(where).text
    assert "WL0001" in page
    assert "JX0001" not in page
    assert "1.51" in page  # what Wenling was paid
    assert charlie.get(f"{where}/outlets/WL0001").status_code == 404
    assert "JX0001" in charlie.get(where).text
    assert carol.get(NEW).status_code == 403
    assert sign_in("alice").get(where).status_code == 403
    assert "/commission/what-if" not in sign_in("alice").get("/commission/plans").text


def test_the_outlets_are_given_as_a_file(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    where = asked_from_file(fang).location
    rows = list(csv.reader(io.StringIO(fang.get(f"{where}/outlets.csv").data.decode("utf-8-sig"))))
    assert rows[0][-3:] == ["实付（元）", "试算（元）", "增减（元）"]
    assert [rows[1][0], *rows[1][-3:]] == ["WL0002", "0.10", "0.03", "-0.07"]
    assert fang.get(f"{where}/outlets.xlsx").data[:2] == b"PK"
    assert fang.get(f"{where}/outlets.pdf").status_code == 404


def test_a_version_is_tried_straight_from_its_form(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    page = fang.post(NEW_VERSION, data=version_data(**{"try": "1"}))
    assert page.status_code == 200
    assert "正在填写的版本" in page.text
    content = page.text.partition('name="content" type="hidden" value="')[2].partition('">')[0]
    data = {"id": str(new_id()), "content": html.unescape(content), "name": "标准代办费"}
    answer = fang.post(NEW, data=data | {"first_month": "2026-10", "last_month": "2026-10", "plan": "STANDARD"})
    assert answer.status_code == 303, answer.text
    shown = fang.get(answer.location).text
    # Cash 0.60 each instead of 0.50; other tenders are covered by nothing but at the newsstand: 0.4 %, at least 12.00.
    assert "正在填写的版本" in shown
    assert "12.00" in shown


def test_a_stored_version_and_one_that_waits_can_be_chosen(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    assert fang.post(NEW_VERSION, data=version_data()).status_code == 303
    page = fang.get("/commission/plans/STANDARD").text
    waiting = page.partition("version=pending")[2].partition('"')[0].lstrip(":%3A")
    assert waiting
    for chosen, words in ((f"pending:{waiting}", "等待审批的版本"), ("version:1", "标准代办费，第 1 版")):
        assert "selected" in fang.get(f"{NEW}?version={chosen}").text
        data = {"id": str(new_id()), "version": chosen, "first_month": "2026-10", "last_month": "2026-10", "plan": ""}
        answer = fang.post(NEW, data=data)
        assert answer.status_code == 303, chosen
        assert words in fang.get(answer.location).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"file": (b"", "")}, "请选择要试算的方案，或选一个方案文件"),
        ({"file": (b"{", "plan.json")}, "不是有效的 JSON"),
        ({"first_month": "2026-11"}, "请从列出的选项中选择"),
    ],
)
def test_what_cannot_be_tried_is_said_on_the_form(sign_in: SignIn, changes, words) -> None:
    an_october()
    document = write_plan(Plan("TRY", "千分之五方案", (HALF_PERCENT,))).encode()
    content, name = changes.get("file", (document, "plan.json"))
    data = {"id": str(new_id()), "first_month": "2026-10", "last_month": "2026-10", "version": "", "plan": ""}
    answer = sign_in("fang").post(NEW, data=data | changes | {"file": (io.BytesIO(content), name)})
    assert answer.status_code == 422
    assert words in answer.text
    assert counted() == 0


def test_a_large_network_shows_how_far_it_is_and_blocks_no_page(sign_in: SignIn, monkeypatch) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    an_october()
    fang = sign_in("fang")
    where = asked_from_file(fang).location
    assert "已算完的网点" in fang.get(where).text
    assert fang.get(f"{where}/outlets.csv").status_code == 409
    while try_some():
        pass
    assert "新方案比实际多付" in fang.get(where).text
    assert "算完了" not in fang.get(where).text


def test_without_a_closed_month_the_page_says_what_is_missing(sign_in: SignIn) -> None:
    assert "还没有封账的月份" in sign_in("fang").get(NEW).text
    assert "还没有试算过" in sign_in("carol").get("/commission/what-if").text


def test_a_draft_that_was_not_tried_comes_back_to_its_form(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    data = version_data(note="", starts_on="2026-12-16") | {"shares-0-name": "代办人", "shares-0-percent": "100"}
    page = fang.post(NEW_VERSION, data=data | {"try": "1"}).text
    assert "代办人 100%" in page
    assert f'formaction="{NEW_VERSION}"' in page
    content = html.unescape(page.partition('name="content"')[2].partition('value="')[2].partition('"')[0])
    back = fang.post(NEW_VERSION, data={"id": str(new_id()), "content": content, "name": "标准", "draft": "1"})
    assert back.status_code == 200
    for value in ("现金", "0.60", "2026-12-16", "代办人"):
        assert f'value="{value}"' in back.text, value
    assert fang.post(NEW_VERSION, data={"content": "[]", "draft": "1"}).status_code == 422
    assert counted() == 0


def test_a_new_plans_draft_comes_back_with_its_code_and_name(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    page = fang.post("/commission/plans/new", data=version_data(code="POST-2026", name="邮政方案") | {"try": "1"}).text
    assert 'formaction="/commission/plans/new"' in page
    hidden = {
        name: html.unescape(page.partition(f'name="{name}"')[2].partition('value="')[2].partition('"')[0])
        for name in ("content", "name", "new_code")
    }
    back = fang.post("/commission/plans/new", data=hidden | {"id": str(new_id()), "draft": "1"}).text
    for value in ("POST-2026", "邮政方案", "第 8 号文", "0.60"):
        assert f'value="{value}"' in back, value


def test_a_version_written_from_a_trial_brings_what_it_rests_on(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    page = fang.post(NEW_VERSION, data=version_data() | {"try": "1"}).text
    content = html.unescape(page.partition('name="content"')[2].partition('value="')[2].partition('"')[0])
    data = {"id": str(new_id()), "content": content, "name": "标准", "first_month": "2026-10", "last_month": "2026-10"}
    tried = fang.post(NEW, data=data)
    form = fang.get(f"{NEW_VERSION}?trial={tried.location.rpartition('/')[2]}").text
    assert 'value="第 8 号文"' in form


def test_every_fault_of_a_tried_file_is_listed_with_its_place(sign_in: SignIn) -> None:
    an_october()
    content = write_plan(Plan("TRY", "千分之五方案", (HALF_PERCENT, POSTAL_ALONE))).replace('"rate": "', '"rate": "x')
    data = {"id": str(new_id()), "first_month": "2026-10", "last_month": "2026-10", "version": "", "plan": ""}
    answer = sign_in("fang").post(NEW, data=data | {"file": (io.BytesIO(content.encode()), "plan.json")})
    assert answer.status_code == 422
    assert "versions[0].components[0].rate" in answer.text
    assert "versions[1].components[1].tiers[1].rate" in answer.text
    assert counted() == 0
