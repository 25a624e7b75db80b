"""Forms of commission: a plan version row by row, and adjustments that move only once they are confirmed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from agentnet.approvals.models import Approval
from agentnet.closing.actions import close_month
from agentnet.commission.adjusting import NewAdjustment, record_adjustment
from agentnet.commission.engine.language import (
    Band,
    Basis,
    Component,
    Kind,
    Measure,
    Mode,
    Scope,
    Share,
    Step,
    Tier,
    Version,
)
from agentnet.commission.engine.language import Plan as PlanDocument
from agentnet.commission.engine.reading import read_version
from agentnet.commission.engine.writing import write_plan
from agentnet.commission.models import CommissionAdjustment, Plan, PlanVersion
from agentnet.core.clock import Month
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.approvals.given import more_finance, say_yes
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
        "components-0-kind": "PER_COLLECTION",
        "components-0-name": "现金",
        "components-0-tenders": "CASH",
        "components-0-group": "每笔",
        "components-0-fixed": "0.60",
        "components-1-kind": "PER_COLLECTION",
        "components-1-outlet_kinds": "NEWSSTAND",
        "components-1-group": "每笔",
        "components-1-rate": "0.4",
        "components-1-minimum": "12",
    } | changes


NEW_VERSION = "/commission/plans/STANDARD/versions/new"


def the_version_asked_for() -> Version:
    with reading():
        return read_version(json.dumps(db.session.scalars(select(Approval)).one().content["version"]))


def test_a_new_version_is_asked_for_once_however_often_it_is_sent(sign_in: SignIn) -> None:
    fang, data = sign_in("fang"), version_data()
    for _ in range(2):
        answer = fang.post(NEW_VERSION, data=data)
        assert (answer.status_code, answer.location) == (303, "/commission/plans/STANDARD")
    assert (counted(Approval), counted(PlanVersion)) == (1, 1)
    first, second = the_version_asked_for().components
    assert (first.name, first.scope.tenders, first.fee_fen) == ("现金", {"CASH"}, 60)
    assert (second.name, second.scope.outlet_kinds) == ("每笔：固定金额加比例 2", {"NEWSSTAND"})
    assert (second.rate_ppm, second.minimum_fen) == (4000, 12_00)
    assert "有一个新版本在等另一个人审批" in fang.get("/commission/plans/STANDARD").text


def test_another_person_sees_what_would_change_and_agrees(sign_in: SignIn) -> None:
    more_finance()
    sign_in("fang").post(NEW_VERSION, data=version_data())
    with reading():
        approval = db.session.scalars(select(Approval)).one()
    grace = sign_in("grace")
    page = grace.get(f"/approvals/{approval.id}").text
    for words in ("标准代办费", "12月1日", "不限网点 · 现金：每笔 0.50 元", "不限网点 · 现金：每笔 0.60 元"):
        assert words in page
    say_yes(approval.id)
    assert "第 2 版" in grace.get("/commission/plans/STANDARD").text
    decided = grace.get(f"/approvals/{approval.id}").text  # an auditor can still see what was changed
    assert "不限网点 · 现金：每笔 0.60 元" in decided


def test_whoever_approves_sees_that_alternatives_become_additions(sign_in: SignIn) -> None:
    more_finance()
    changes = {"components-0-fixed": "0.50", "components-0-group": ""}
    sign_in("fang").post(NEW_VERSION, data=version_data(**changes))
    with reading():
        approval = db.session.scalars(select(Approval)).one()
    page = sign_in("grace").get(f"/approvals/{approval.id}").text
    assert "每笔 0.50 元（择一组：每笔）" in page


EVERY_KIND = {
    "components-0-kind": "BANDED",
    "components-0-name": "按金额",
    "components-0-tenders": ["CASH", "ALIPAY"],
    "components-0-settings": "RURAL",
    "components-0-household_cap": "40",
    "components-0-parts-0-start": "0",
    "components-0-parts-0-fixed": "20",
    "components-0-parts-1-start": "2000.01",
    "components-0-parts-1-rate": "1",
    "components-1-kind": "TIERED",
    "components-1-name": "阶梯",
    "components-1-measure": "COUNT",
    "components-1-mode": "WHOLE",
    "components-1-parts-0-start": "0",
    "components-1-parts-0-fixed": "0.10",
    "components-1-parts-1-start": "300",
    "components-1-parts-1-fixed": "0.05",
    "components-1-month_maximum": "500",
    "components-2-kind": "GROWTH",
    "components-2-name": "增长",
    "components-2-measure": "VOLUME",
    "components-2-mode": "MARGINAL",
    "components-2-parts-0-start": "100",
    "components-2-parts-0-rate": "10",
    "components-2-parts-1-start": "120",
    "components-2-parts-1-rate": "15",
    "components-3-kind": "SUBSIDY",
    "components-3-name": "补贴",
    "components-3-amount": "300",
    "components-3-open_days": "20",
    "components-3-visits": "4",
    "shares-0-name": "KEEPER",
    "shares-0-percent": "70",
    "shares-1-name": "PARTNER",
    "shares-1-percent": "30",
}


def test_every_kind_of_component_can_be_written_in_the_form(sign_in: SignIn) -> None:
    data = {"id": str(new_id()), "starts_on": "2026-12-01", "note": "第 9 号文"} | EVERY_KIND
    assert sign_in("fang").post(NEW_VERSION, data=data).status_code == 303
    found = the_version_asked_for()
    rural = Scope(tenders=frozenset({"CASH", "ALIPAY"}), settings=frozenset({"RURAL"}))
    bands = (Band(0, 2_000_01, fee_fen=20_00), Band(2_000_01, rate_ppm=10_000))
    tiers = (Tier(0, 300, fee_fen=10), Tier(300, None, fee_fen=5))
    steps = (Step(1_000_000, 1_200_000, 100_000), Step(1_200_000, None, 150_000))
    assert found.components == (
        Component(Kind.BANDED, "按金额", rural, bands=bands, household_month_cap_fen=40_00),
        Component(Kind.TIERED, "阶梯", measure=Measure.COUNT, mode=Mode.WHOLE, tiers=tiers, month_maximum_fen=500_00),
        Component(Kind.GROWTH, "增长", steps=steps),
        Component(Kind.SUBSIDY, "补贴", amount_fen=300_00, minimum_open_days=20, minimum_visits=4),
    )
    assert found.shares == (Share("KEEPER", 700_000), Share("PARTNER", 300_000))


def test_what_a_plan_says_fills_the_form_from_its_file_and_comes_out_the_same(sign_in: SignIn) -> None:
    more_finance()
    fang = sign_in("fang")
    data = {"id": str(new_id()), "starts_on": "2026-12-01", "note": "第 9 号文"} | EVERY_KIND
    fang.post(NEW_VERSION, data=data)
    with reading():
        approval = db.session.scalars(select(Approval)).one()
    say_yes(approval.id)
    document = fang.get("/commission/plans/STANDARD/plan.json").data
    filled = fang.post(
        "/commission/plans/STANDARD/versions/from-file",
        data={"file": (io.BytesIO(document), "plan.json")},
        content_type="multipart/form-data",
    )
    assert filled.status_code == 200
    boxes = dict(re.findall(r'name="(components-\d[^"]*|shares-[^"]*)"[^>]* value="([^"]*)"', filled.text))
    for name in ("components-0-parts-1-start", "components-2-parts-1-start", "components-3-visits"):
        assert boxes[name] == EVERY_KIND[name]
    assert (boxes["shares-0-name"], boxes["shares-1-name"]) == ("代办人", "合作单位")


EACH = Component(Kind.PER_COLLECTION, "每笔", fee_fen=1)


def plan_bytes(*components: Component, basis: Basis = Basis.ENTERED) -> bytes:
    return write_plan(PlanDocument("A", "B", (Version(date(2026, 12, 1), components, basis),))).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "请选择一个不超过 1 MB 的方案文件"),
        ("方案".encode("gbk"), "不是 UTF-8 编码"),
        (b"[1]", "方案"),
        (b'{"format": "agentnet-plan-1", "code": "A", "name": "B", "versions": []}', "个版本"),
        (plan_bytes(replace(EACH, scope=Scope(partners=frozenset({"MARS"})))), "系统中没有的 MARS"),
        (plan_bytes(Component(Kind.MANDATE_BONUS, "签约", amount_fen=1)), "按签约计酬目前只能试算"),
        (plan_bytes(*(replace(EACH, name=str(n)) for n in range(61))), "表单放不下"),
    ],
)
def test_a_file_that_is_no_plan_says_what_to_do(sign_in: SignIn, content: bytes, words: str) -> None:
    answer = sign_in("fang").post(
        "/commission/plans/STANDARD/versions/from-file",
        data={"file": (io.BytesIO(content), "plan.json")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 422
    assert words in answer.text


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
        (
            {"components-1-outlet_kinds": [], "components-1-tenders": "CASH"},
            "计酬项目 2：择一组：与同组第 1 项的适用范围一样宽并且重叠",
        ),
        ({"components-0-fixed": "abc"}, "计酬项目 1：每笔：请输入金额"),
        ({"components-1-rate": "0.00001"}, "计酬项目 2：比例（%）：请输入百分比"),
        ({"components-1-rate": "101"}, "计酬项目 2：比例（%）：比例应在 0 到 100 之间"),
        ({"components-0-tenders": "SHELLS"}, "请从列出的选项中选择"),
        ({"components-1-name": "现金"}, "有两个项目都叫"),
        ({"components-0-kind": "BANDED", "check": "1"}, "计酬项目 1：要有 1 到 200 档"),
        (
            {
                "components-0-kind": "TIERED",
                "components-0-measure": "COUNT",
                "components-0-parts-0-start": "0",
                "components-0-parts-1-start": "2000000000",
            },
            "计酬项目 1 第 2 段：从：",
        ),
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
    assert (answer.status_code, answer.location) == (303, "/commission/plans")
    with reading():
        approval = db.session.scalars(select(Approval)).one()
    more_finance()
    say_yes(approval.id)
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
        ({"receipt_no": "WL0001-1"}, 422, "2026年10月该网点没有凭证号为 WL0001-1 的收费"),
        ({"amount": "1000000.01"}, 422, "金额不能超过 1,000,000.00 元"),
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
