"""Pages of month end: what has to be checked, the totals once more, progress, the result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select

from agentnet.closing.actions import close_month, order_close
from agentnet.closing.jobs import close_due_month
from agentnet.commission.models import OutletAccrual
from agentnet.core.clock import Month
from agentnet.core.errors import Conflict
from agentnet.core.ids import new_id
from agentnet.documents.actions import NewOrder, place_order
from agentnet.documents.kinds import Period
from agentnet.documents.models import Order
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.queries import month_state
from agentnet.outlets.models import Agreement
from agentnet.users.models import RoleGrant
from tests import world
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT, collected

SignIn = Callable[[str], FlaskClient]
OCTOBER = Month(2026, 10)


def state_of(month: Month) -> str:
    with reading():
        return month_state(month)


def test_the_list_says_which_month_waits(sign_in: SignIn) -> None:
    collected(POSTAL_STATION, 203_50)
    page = sign_in("fang").get("/closing").text
    assert "检查并封2026年10月的账" in page
    assert "/closing/2026-10" in page


def test_the_list_of_an_empty_company_shows_the_present_month(sign_in: SignIn) -> None:
    page = sign_in("fang").get("/closing")
    assert page.status_code == 200
    assert "2026年11月" in page.text
    assert "检查并封" not in page.text


def test_the_check_list_names_what_is_not_right(sign_in: SignIn) -> None:
    collected(POSTAL_STATION, 20_00, on=date(2026, 9, 3))
    collected(SERVICE_POINT, 203_50)
    with batch():
        db.session.execute(delete(Agreement).where(Agreement.outlet_id == 2))
    page = sign_in("fang").get("/closing/2026-10").text
    assert "2026年9月还没有封账，请先封那个月" in page
    assert "这些网点没有协议，按默认方案计酬：WL0002" in page
    assert "下一步：核对金额" not in page
    assert "这个月还没有结束，12月1日 周二 起可以封账" in sign_in("fang").get("/closing/2026-11").text


def test_the_totals_are_shown_in_full_before_the_month_closes(sign_in: SignIn) -> None:
    collected(POSTAL_STATION, 203_50)
    collected(NEWSSTAND, 2_000_00, tender="ALIPAY")
    page = sign_in("fang").get("/closing/2026-10/confirm").text
    assert "人民币壹元伍角整" in page
    assert "2,203.50 元" in page
    assert "封账不能撤回" in page
    assert state_of(OCTOBER) == "OPEN"


def test_closing_is_ordered_once_and_the_clock_finishes_it(sign_in: SignIn) -> None:
    collected(POSTAL_STATION, 203_50)
    fang = sign_in("fang")
    for _ in range(2):
        answer = fang.post("/closing/2026-10/close")
        assert (answer.status_code, answer.location) == (303, "/closing/2026-10")
    assert state_of(OCTOBER) == "CLOSING"
    progress = fang.get("/closing/2026-10").text
    assert "正在封2026年10月的账" in progress
    assert "0 / 5" in progress
    part = fang.get("/closing/2026-10", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert close_due_month() == 1
    assert fang.get("/closing/2026-10", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    result = fang.get("/closing/2026-10").text
    for words in ("已封账", "0.50", "13 份结算单和汇总表", "城区", "农村"):
        assert words in result
    assert fang.post("/closing/2026-10/close").status_code == 303
    assert "Fang" in fang.get("/closing").text


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "paul", "audrey", "adam"])
def test_only_finance_closes(sign_in: SignIn, username: str) -> None:
    collected(POSTAL_STATION, 203_50)
    client = sign_in(username)
    for path in ("/closing", "/closing/2026-10", "/closing/2026-10/confirm"):
        assert client.get(path).status_code == 403
    assert client.post("/closing/2026-10/close").status_code == 403
    assert state_of(OCTOBER) == "OPEN"


def test_finance_of_a_county_is_sent_to_the_company(app, sign_in: SignIn) -> None:
    with batch():
        db.session.execute(RoleGrant.__table__.update().where(RoleGrant.user_id == 9).values(org_unit_id=3))
    answer = sign_in("fang").get("/closing")
    assert answer.status_code == 403
    assert "由公司统一办理" in answer.text


@pytest.mark.parametrize(
    ("path", "status"), [("/closing/2026-13", 422), ("/closing/2027-01", 404), ("/closing/x/confirm", 422)]
)
def test_a_month_that_is_none_is_refused(sign_in: SignIn, path: str, status: int) -> None:
    assert sign_in("fang").get(path).status_code == status


def test_a_month_that_may_not_close_yet_is_sent_back_to_its_checks(sign_in: SignIn) -> None:
    fang = sign_in("fang")
    answer = fang.get("/closing/2026-11/confirm")
    assert (answer.status_code, answer.location) == (303, "/closing/2026-11")
    assert fang.post("/closing/2026-11/close").status_code == 422
    assert state_of(Month(2026, 11)) == "OPEN"


def test_an_earlier_open_month_refuses_the_order(sign_in: SignIn) -> None:
    collected(POSTAL_STATION, 20_00, on=date(2026, 9, 3))
    collected(POSTAL_STATION, 20_00)
    assert sign_in("fang").post("/closing/2026-10/close").status_code == 409
    assert state_of(OCTOBER) == "OPEN"


def test_a_closed_month_is_not_confirmed_again(sign_in: SignIn) -> None:
    collected(POSTAL_STATION, 20_00)
    close_month(OCTOBER, SYSTEM)
    assert sign_in("fang").get("/closing/2026-10/confirm").status_code == 303


def test_a_month_without_facts_may_be_closed_too(app) -> None:
    with batch():
        order_close(OCTOBER, SYSTEM)
    assert close_due_month() == 1
    assert state_of(OCTOBER) == "CLOSED"
    with reading():
        assert db.session.query(OutletAccrual).count() == 5


def test_a_provisional_statement_is_offered_for_a_month_that_is_over_and_open_and_never_for_a_closed_one(
    sign_in: SignIn,
) -> None:
    """It is 18 November 2026 in the cast's world: October is over, November is not."""
    collected(POSTAL_STATION, 203_50)
    fang, path = sign_in("fang"), "/documents/new?kind=COMMISSION_PROVISIONAL"
    page = fang.get(path).text
    assert ['value="2026-10"' in page, 'value="2026-11"' in page, 'value="2026-09"' in page] == [True, False, False]
    close_month(OCTOBER, SYSTEM)
    page = fang.get(path).text
    assert 'value="2026-10"' not in page
    new = NewOrder(new_id(), "COMMISSION_PROVISIONAL", "DH", Period(OCTOBER.starts_on, OCTOBER.ends_on), "zh")
    with pytest.raises(Conflict, match="已封账的请出结算单"), batch():
        place_order(new, world.actor("fang"))
    with reading():
        assert db.session.scalar(select(func.count()).select_from(Order)) == 0
