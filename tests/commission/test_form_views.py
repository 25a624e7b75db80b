"""Forms of commission: a plan version row by row, and adjustments that move only once they are confirmed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from agentnet.closing.actions import close_month
from agentnet.commission.actions import NewAdjustment, record_adjustment
from agentnet.commission.models import CommissionAdjustment, Plan, PlanComponent, PlanVersion
from agentnet.core.clock import Month
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.commission.facts import POSTAL_STATION, collected

SignIn = Callable[[str], FlaskClient]
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)


def an_october() -> None:
    collected(POSTAL_STATION, 203_50, 102_00)
    close_month(OCTOBER, SYSTEM)


def counted(model: type) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def version_data(**changes: object) -> dict[str, object]:
    return {
        "id": str(new_id()),
        "starts_on": "2026-12-01",
        "note": "第 8 号文",
        "components-0-outlet_kind": "",
        "components-0-tender": "CASH",
        "components-0-fixed": "0.60",
        "components-1-outlet_kind": "NEWSSTAND",
        "components-1-tender": "",
        "components-1-rate": "0.4",
        "components-1-minimum": "12",
    } | changes


NEW_VERSION = "/commission/plans/STANDARD/versions/new"


def test_a_new_version_is_saved_once_however_often_it_is_sent(sign_in: SignIn) -> None:
    fang, data = sign_in("fang"), version_data()
    for _ in range(2):
        answer = fang.post(NEW_VERSION, data=data)
        assert (answer.status_code, answer.location) == (303, "/commission/plans/STANDARD")
    with reading():
        rows = db.session.execute(
            select(PlanComponent.outlet_kind, PlanComponent.tender, PlanComponent.fixed_fen, PlanComponent.rate_ppm)
            .join(PlanVersion, PlanVersion.id == PlanComponent.version_id)
            .where(PlanVersion.number == 2)
            .order_by(PlanComponent.id)
        ).all()
    assert [tuple(row) for row in rows] == [(None, "CASH", 60, 0), ("NEWSSTAND", None, 0, 4000)]
    assert counted(PlanVersion) == 2


def test_the_form_begins_with_the_version_in_force(sign_in: SignIn) -> None:
    page = sign_in("fang").get(NEW_VERSION).text
    assert 'name="components-1-rate"' in page
    assert 'value="0.2"' in page
    assert 'value="2026-12-01"' in page


def test_rows_come_and_go_by_buttons_and_keep_what_was_typed(sign_in: SignIn) -> None:
    fang = sign_in("fang")
    added = fang.post(NEW_VERSION, data=version_data(add="1")).text
    assert 'name="components-2-fixed"' in added
    assert 'value="0.60"' in added
    removed = fang.post(NEW_VERSION, data=version_data(remove="0")).text
    assert 'value="0.60"' not in removed
    assert 'value="12"' in removed
    assert counted(PlanVersion) == 1


def test_the_worked_example_can_be_seen_before_saving(sign_in: SignIn) -> None:
    page = sign_in("fang").post(NEW_VERSION, data=version_data(check="1"))
    assert page.status_code == 200
    assert "算一算：收一笔电费" in page.text
    assert "12.00" in page.text
    assert counted(PlanVersion) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"components-1-outlet_kind": "", "components-1-tender": "CASH"}, "适用范围相同"),
        ({"components-0-fixed": "abc"}, "请输入金额"),
        ({"components-1-rate": "0.00001"}, "请输入百分比"),
        ({"components-1-rate": "101"}, "比例应在 0 到 100 之间"),
        ({"components-0-tender": "SHELLS"}, "请从列出的选项中选择"),
        ({"note": ""}, "请填写依据"),
        ({"starts_on": "soon"}, "请输入日期"),
        ({"id": "1"}, "提交编号无效"),
    ],
)
def test_a_wrong_version_says_where_and_leaves_no_rows(sign_in: SignIn, changes: dict[str, object], words: str) -> None:
    answer = sign_in("fang").post(NEW_VERSION, data=version_data(**changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert counted(PlanVersion) == 1


def test_a_version_inside_a_closed_month_is_refused_on_the_form(sign_in: SignIn) -> None:
    an_october()
    answer = sign_in("fang").post(NEW_VERSION, data=version_data(starts_on="2026-10-31"))
    assert answer.status_code == 409
    assert "新版本最早从 2026-11-01 起生效" in answer.text
    assert "最早 2026-11-01" in answer.text


@pytest.mark.parametrize("username", ["carol", "alice", "paul", "audrey", "adam"])
@pytest.mark.parametrize("path", [NEW_VERSION, "/commission/plans/new", "/commission/adjustments/new"])
def test_only_finance_may_open_or_send_the_forms(sign_in: SignIn, username: str, path: str) -> None:
    client = sign_in(username)
    assert client.get(path).status_code == 403
    assert client.post(path, data=version_data()).status_code == 403
    assert (counted(PlanVersion), counted(CommissionAdjustment)) == (1, 0)


def test_a_new_plan_is_set_up_with_its_first_version(sign_in: SignIn) -> None:
    fang = sign_in("fang")
    answer = fang.post("/commission/plans/new", data=version_data(code="POST-2026", name="邮政方案"))
    assert (answer.status_code, answer.location) == (303, "/commission/plans/POST-2026")
    assert "邮政方案" in fang.get("/commission/plans").text
    taken = fang.post("/commission/plans/new", data=version_data(code="STANDARD", name="又一个"))
    assert (taken.status_code, counted(Plan)) == (409, 2)
    assert "已被使用" in taken.text


def adjustment_data(**changes: object) -> dict[str, object]:
    return {
        "id": str(new_id()),
        "outlet": "WL0001",
        "of_month": "2026-10",
        "direction": "TAKE_BACK",
        "amount": "0.50",
        "receipt_no": "",
        "reason": "重复缴费，已退款",
    } | changes


NEW_ADJUSTMENT = "/commission/adjustments/new"


def test_an_adjustment_is_shown_in_full_before_it_moves_and_counts_once(sign_in: SignIn) -> None:
    an_october()
    fang, data = sign_in("fang"), adjustment_data()
    shown = fang.post(NEW_ADJUSTMENT, data=data)
    assert shown.status_code == 200
    assert "人民币伍角整" in shown.text
    assert "2026年11月" in shown.text
    assert counted(CommissionAdjustment) == 0
    for _ in range(2):
        answer = fang.post(NEW_ADJUSTMENT, data=data | {"confirmed": "1"})
        assert (answer.status_code, answer.location) == (303, "/commission/adjustments")
    assert counted(CommissionAdjustment) == 1
    page = fang.get("/commission/adjustments").text
    assert "-0.50" in page
    assert "重复缴费，已退款" in page
    assert "重复缴费，已退款" in sign_in("alice").get("/commission/outlets/WL0001").text


def test_the_same_id_with_another_amount_is_a_conflict(sign_in: SignIn) -> None:
    an_october()
    fang, data = sign_in("fang"), adjustment_data(confirmed="1")
    fang.post(NEW_ADJUSTMENT, data=data)
    answer = fang.post(NEW_ADJUSTMENT, data=data | {"amount": "0.60"})
    assert answer.status_code == 409
    assert counted(CommissionAdjustment) == 1


def test_going_back_from_the_confirmation_keeps_what_was_typed(sign_in: SignIn) -> None:
    an_october()
    page = sign_in("fang").post(NEW_ADJUSTMENT, data=adjustment_data(confirmed="1", change="1")).text
    assert "重复缴费，已退款" in page
    assert counted(CommissionAdjustment) == 0


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"outlet": "NOPE"}, 404, "没有找到这个网点"),
        ({"amount": "0"}, 422, "金额不能少于 0.01 元"),
        ({"amount": "-5"}, 422, "金额不能少于 0.01 元"),
        ({"of_month": "2026-11"}, 422, "请从列出的选项中选择"),
        ({"direction": ""}, 422, "请选择扣回还是补付"),
        ({"reason": ""}, 422, "请填写原因"),
        ({"receipt_no": "WL0001-1", "confirmed": "1"}, 422, "没有凭证号为 WL0001-1 的收费"),
    ],
)
def test_a_wrong_adjustment_says_where_and_leaves_no_rows(
    sign_in: SignIn, changes: dict[str, object], status: int, words: str
) -> None:
    an_october()
    answer = sign_in("fang").post(NEW_ADJUSTMENT, data=adjustment_data(**changes))
    assert answer.status_code == status
    assert words in answer.text
    assert counted(CommissionAdjustment) == 0


def test_a_supervisor_sees_the_adjustments_of_the_own_outlets_alone(sign_in: SignIn) -> None:
    an_october()
    with batch():
        record_adjustment(NewAdjustment(new_id(), "JX0001", OCTOBER, 70, "漏计一笔"), world.actor("fang"))
    assert "漏计一笔" in sign_in("charlie").get("/commission/adjustments").text
    assert "漏计一笔" not in sign_in("carol").get("/commission/adjustments").text
