"""Pages of disputes: from a line to the answer, and onto the next statement."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from agentnet.closing.actions import close_month
from agentnet.commission.disputes.models import Dispute
from agentnet.core.clock import frozen_at, shanghai_instant
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from tests.commission.disputes.given import NOVEMBER, WRONG, closed_october, disputed, found, line_id

SignIn = Callable[[str], FlaskClient]
OCTOBER_PAGE = "/commission/outlets/WL0001?month=2026-10"


@pytest.fixture
def line(app) -> int:
    return line_id(closed_october()[0])


def sent_id(page: str) -> str:
    """Return the id a form was given."""
    match = re.search(r'name="id"[^>]*value="([0-9a-f-]{36})"', page) or re.search(
        r'value="([0-9a-f-]{36})"[^>]*name="id"', page
    )
    assert match
    return match[1]


def address_of(line: int) -> str:
    return f"/commission/outlets/WL0001/disputes/new?month=2026-10&line={line}"


def test_a_keeper_disputes_a_line_from_the_months_page(sign_in: SignIn, line: int) -> None:
    alice = sign_in("alice")
    page = alice.get(OCTOBER_PAGE).text
    assert address_of(line).replace("&", "&amp;") in page
    form = alice.get(address_of(line)).text
    assert "WL0001-261005-000001" in form
    assert "0.50" in form
    answer = alice.post(address_of(line), data={"id": sent_id(form), "reason": WRONG})
    assert answer.status_code == 303
    shown = alice.get(answer.location).text
    assert "等待答复" in shown
    assert WRONG in shown
    assert "撤回异议" in shown
    assert "登记调整" not in shown
    assert "等待答复" in alice.get(OCTOBER_PAGE).text


def test_an_open_month_has_nothing_to_dispute(sign_in: SignIn) -> None:
    closed_october()
    assert "提出异议" not in sign_in("alice").get("/commission/outlets/WL0001?month=2026-11").text


def test_without_a_reason_the_form_says_so(sign_in: SignIn, line: int) -> None:
    alice = sign_in("alice")
    form = alice.get(address_of(line)).text
    assert alice.post(address_of(line), data={"id": sent_id(form), "reason": ""}).status_code == 422
    with reading():
        assert db.session.scalars(select(Dispute)).all() == []


@pytest.mark.parametrize("query", ["", "?month=2026-10", "?month=2026-10&line=x", "?month=2026-10&line=999999"])
def test_a_line_nobody_has_is_missing(sign_in: SignIn, line: int, query: str) -> None:
    assert sign_in("alice").get(f"/commission/outlets/WL0001/disputes/new{query}").status_code in (404, 422)


def test_finance_sees_it_waiting_takes_it_on_and_refuses(sign_in: SignIn, line: int) -> None:
    id_ = disputed(line)
    fang = sign_in("fang")
    assert "条代办费异议等着答复" in fang.get("/").text
    listed = fang.get("/commission/disputes").text
    assert WRONG in listed
    assert "没有人" in listed
    page = fang.get(f"/commission/disputes/{id_}").text
    assert fang.post(f"/commission/disputes/{id_}/own", data={"id": sent_id(page)}).status_code == 303
    assert "没有人" not in fang.get("/commission/disputes?owner=me").text
    page = fang.get(f"/commission/disputes/{id_}").text
    assert fang.post(f"/commission/disputes/{id_}/refuse", data={"id": sent_id(page)}).status_code == 422
    told = {"id": sent_id(page), "reason": "收的是现金"}
    assert fang.post(f"/commission/disputes/{id_}/refuse", data=told).status_code == 303
    assert found(id_).state == "REFUSED"
    assert "条代办费异议等着答复" not in fang.get("/").text
    assert "没有等待答复的异议" in fang.get("/commission/disputes").text
    assert "收的是现金" in sign_in("alice").get(f"/commission/disputes/{id_}").text


def test_accepting_leads_to_the_adjustment_with_its_fields_filled_in(sign_in: SignIn, line: int) -> None:
    id_ = disputed(line)
    fang = sign_in("fang")
    form = fang.get(f"/commission/adjustments/new?dispute={id_}").text
    for words in ('value="WL0001"', "WL0001-261005-000001", f"认可异议：{WRONG}", str(id_)):
        assert words in form
    told = {
        "id": sent_id(form),
        "dispute": str(id_),
        "outlet": "WL0001",
        "of_month": "2026-10",
        "direction": "PAY_MORE",
        "amount": "0.30",
        "receipt_no": "WL0001-261005-000001",
        "reason": "按支付宝计",
    }
    asked = fang.post("/commission/adjustments/new", data=told)
    assert asked.status_code == 200
    assert f'name="dispute" value="{id_}"' in asked.text
    answer = fang.post("/commission/adjustments/new", data=told | {"confirmed": "1"})
    assert (answer.status_code, answer.location) == (303, f"/commission/disputes/{id_}")
    assert found(id_).state == "ACCEPTED"
    page = sign_in("alice").get(answer.location).text
    assert "已认可并调整" in page
    assert "0.30" in page


def test_the_list_is_filtered_and_ends_at_the_territory(sign_in: SignIn, line: int) -> None:
    disputed(line)
    carol = sign_in("carol")
    assert WRONG in carol.get("/commission/disputes?state=ALL&month=2026-10&outlet=WL0001").text
    assert "没有找到" in carol.get("/commission/disputes?outlet=WL0002").text
    assert "没有找到" in carol.get("/commission/disputes?state=REFUSED").text
    assert "没有找到" in carol.get("/commission/disputes?age=10").text
    assert WRONG not in sign_in("charlie").get("/commission/disputes").text
    assert WRONG not in sign_in("alan").get("/commission/disputes").text


def test_a_stranger_finds_no_dispute(sign_in: SignIn, line: int) -> None:
    id_ = disputed(line)
    assert sign_in("charlie").get(f"/commission/disputes/{id_}").status_code == 404
    assert sign_in("dora").post(f"/commission/disputes/{id_}/withdraw").status_code == 404


def test_the_next_statement_prints_the_answer(sign_in: SignIn, line: int) -> None:
    id_ = disputed(line)
    fang = sign_in("fang")
    page = fang.get(f"/commission/disputes/{id_}").text
    fang.post(f"/commission/disputes/{id_}/refuse", data={"id": sent_id(page), "reason": "收的是现金"})
    with frozen_at(shanghai_instant(date(2026, 12, 2), 9)):
        close_month(NOVEMBER, SYSTEM)
    october, november = (printed(month) for month in (date(2026, 10, 1), date(2026, 11, 1)))
    assert october["disputes"] == []
    assert november["disputes"] == [
        {
            "raised_on": "2026-11-18",
            "belongs_to": {"year": 2026, "month": 10},
            "line": "WL0001-261005-000001",
            "reason": WRONG,
            "answer_state": "REFUSED",
            "answer": "收的是现金",
        }
    ]


def printed(month: date) -> dict[str, object]:
    """Return the frozen figures of WL0001's statement of a month."""
    with reading():
        run = db.session.scalars(
            select(Run).where(
                Run.kind == "COMMISSION_STATEMENT",
                Run.period_start == month,
                Run.outlet_id == 1,
                Run.language == "zh",
            )
        ).one()
        return dict(json.loads(zlib.decompress(run.frozen)))
