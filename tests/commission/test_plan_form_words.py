"""The form of a plan version speaks the page's words: shares, every fault beside its box, and where a press leads."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from agentnet.approvals.models import Approval
from agentnet.closing.actions import close_month
from agentnet.commission.engine.language import Component, Kind, Share, Version
from agentnet.commission.engine.language import Plan as PlanDocument
from agentnet.commission.engine.reading import read_version
from agentnet.commission.engine.writing import write_plan
from agentnet.core.clock import Month
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from tests.approvals.given import more_finance, say_yes
from tests.commission.facts import POSTAL_STATION, collected

SignIn = Callable[[str], FlaskClient]
NEW_VERSION = "/commission/plans/STANDARD/versions/new"
FROM_FILE = "/commission/plans/STANDARD/versions/from-file"
EACH = Component(Kind.PER_COLLECTION, "每笔", fee_fen=1)


def typed(**changes: str) -> dict[str, str]:
    return {
        "id": str(new_id()),
        "starts_on": "2026-12-01",
        "note": "第 8 号文",
        "components-0-kind": "PER_COLLECTION",
        "components-0-name": "现金",
        "components-0-tenders": "CASH",
        "components-0-fixed": "0.60",
        "components-1-kind": "PER_COLLECTION",
        "components-1-name": "比例",
        "components-1-rate": "0.25",
    } | changes


def shared(first: str, second: str) -> dict[str, str]:
    return {"shares-0-name": first, "shares-0-percent": "70", "shares-1-name": second, "shares-1-percent": "30"}


def asked_for() -> Approval:
    with reading():
        return db.session.scalars(select(Approval)).one()


def nothing_asked_for() -> bool:
    with reading():
        return db.session.scalar(select(func.count()).select_from(Approval)) == 0


def summary(page: str) -> list[tuple[str, str]]:
    """Return what the summary on top says, each with the id it leads to."""
    box = re.search(r'<div class="summary".*?</ul>', page, re.DOTALL)
    assert box is not None
    return re.findall(r'href="#([^"]+)">([^<]*)<', box[0])


@pytest.mark.parametrize(("first", "second"), [("代办人", "Partner"), ("keeper", "合作单位"), ("代办员", "PARTNER")])
def test_a_share_named_in_words_is_the_part_payees_are_named_for(sign_in: SignIn, first: str, second: str) -> None:
    assert sign_in("fang").post(NEW_VERSION, data=typed(**shared(first, second))).status_code == 303
    says = read_version(json.dumps(asked_for().content["version"]))
    assert says.shares == (Share("KEEPER", 700_000), Share("PARTNER", 300_000))


def test_a_share_named_in_words_in_a_file_is_that_part_too(sign_in: SignIn) -> None:
    version = Version(date(2026, 12, 1), (EACH,), shares=(Share("keeper", 600_000), Share("王芳", 400_000)))
    document = write_plan(PlanDocument("A", "B", (version,))).encode()
    sent = {"file": (io.BytesIO(document), "plan.json")}
    page = sign_in("fang").post(FROM_FILE, data=sent, content_type="multipart/form-data").text
    assert re.findall(r'name="shares-\d-name"[^>]* value="([^"]*)"', page) == ["代办人", "王芳"]


def test_one_part_in_two_words_is_named_twice(sign_in: SignIn) -> None:
    answer = sign_in("fang").post(NEW_VERSION, data=typed(**shared("代办人", "KEEPER")))
    assert answer.status_code == 422
    assert summary(answer.text) == [("shares-1-name", "第 2 份分成：谁：代办人 出现了两次")]
    assert nothing_asked_for()


def test_wrong_figures_in_rows_are_counted_once_and_lead_to_their_boxes(sign_in: SignIn) -> None:
    wrong = {
        "components-1-kind": "TIERED",
        "components-1-measure": "VOLUME",
        "components-1-parts-0-start": "0",
        "components-1-parts-0-rate": "0.2",
        "components-1-parts-1-start": "1000",
        "components-1-parts-1-rate": "viel",
        "components-0-fixed": "abc",
    }
    answer = sign_in("fang").post(NEW_VERSION, data=typed(**wrong))
    assert answer.status_code == 422
    assert "有 2 处需要改" in answer.text
    assert [(place, words[:22]) for place, words in summary(answer.text)] == [
        ("components-0-fixed", "计酬项目 1：每笔：请输入金额，例如 203"[:22]),
        ("components-1-parts-1-rate", "计酬项目 2 第 2 段：比例（%）：请输入百分比"[:22]),
    ]
    assert "{&#39;" not in answer.text


def test_every_fault_of_a_plan_is_said_at_once_beside_its_box(sign_in: SignIn) -> None:
    wrong = {
        "components-0-minimum": "2",
        "components-0-maximum": "1",
        "components-1-kind": "GROWTH",
        "components-1-measure": "COUNT",
        "components-1-parts-0-start": "100",
        "components-1-parts-0-fixed": "0.10",
        "components-1-parts-1-start": "90",
        "components-1-parts-1-fixed": "0.20",
        "shares-0-name": "代办人",
        "shares-0-percent": "90",
    }
    answer = sign_in("fang").post(NEW_VERSION, data=typed(**wrong))
    assert answer.status_code == 422
    assert summary(answer.text) == [
        ("components-0-minimum", "计酬项目 1：每笔最低：最低 2.00 元大于最高 1.00 元"),
        ("components-1-parts-1-start", "计酬项目 2 第 2 段：从：应大于上一段的 100 %"),
        ("shares", "各方比例合计 90 %，应正好是 100 %"),
    ]
    assert "components[" not in answer.text
    assert nothing_asked_for()


def test_two_components_of_one_name_are_told_at_the_second_name(sign_in: SignIn) -> None:
    answer = sign_in("fang").post(NEW_VERSION, data=typed(**{"components-1-name": "现金"}))
    assert [place for place, _words in summary(answer.text)] == ["components-1-name"]


def test_a_file_with_faults_lists_them_all_with_their_places(sign_in: SignIn) -> None:
    content = json.loads(write_plan(PlanDocument("A", "B", (Version(date(2026, 12, 1), (EACH, EACH)),))))
    for one in content["versions"][0]["components"]:
        one["fee"] = "viel"
    sent = {"file": (io.BytesIO(json.dumps(content).encode()), "plan.json")}
    answer = sign_in("fang").post(FROM_FILE, data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "versions[0].components[0].fee" in answer.text
    assert "versions[0].components[1].fee" in answer.text


@pytest.mark.parametrize("kind", ["BANDED", "TIERED", "GROWTH"])
def test_a_component_by_parts_begins_with_a_first_part(sign_in: SignIn, kind: str) -> None:
    page = sign_in("fang").post(NEW_VERSION, data=typed(**{"components-1-kind": kind, "kinds": "1"})).text
    first = re.findall(r'name="components-1-parts-0-start"[^>]* value="([^"]*)"', page)
    assert first == ["100" if kind == "GROWTH" else "0"]


def test_a_press_comes_back_to_the_row_it_added(sign_in: SignIn) -> None:
    """The fragment is the id of the first box of the row that is to come, also after a row in between was taken away."""
    fang, data = sign_in("fang"), typed(**{"components-4-kind": "TIERED", "components-4-parts-2-start": "0"})
    page = fang.post(NEW_VERSION, data=data | {"remove": "0"}).text
    kept = {name: value for name, value in data.items() if not name.startswith("components-0")}
    for press, value in (("add", "1"), ("add_part", "1"), ("add_share", "1")):
        (place,) = re.findall(rf'name="{press}" value="{value}" formaction="[^"#]*#([^"]*)"', page)
        assert f'id="{place}"' in fang.post(NEW_VERSION, data=kept | {press: value}).text


def test_a_version_is_worked_out_before_it_is_said_what_it_rests_on(sign_in: SignIn) -> None:
    fang = sign_in("fang")
    assert fang.post(NEW_VERSION, data=typed(note="", check="1")).status_code == 200
    refused = fang.post(NEW_VERSION, data=typed(note=""))
    assert (refused.status_code, "请填写依据" in refused.text) == (422, True)


def test_a_day_in_a_closed_month_is_refused_when_it_is_worked_out(sign_in: SignIn) -> None:
    collected(POSTAL_STATION, 203_50)
    close_month(Month(2026, 10), SYSTEM)
    fang = sign_in("fang")
    for press in ("check", "try"):
        answer = fang.post(NEW_VERSION, data=typed(starts_on="2026-10-15", **{press: "1"}))
        assert answer.status_code == 409
        assert "新版本最早从 2026-11-01 起生效" in answer.text


def test_the_worked_example_adds_up_what_a_payment_earns_and_who_gets_it(sign_in: SignIn) -> None:
    """0.60 for cash and 0.25 % of anything: cash of 100.00 earns 0.85, 70 % of it is 0.60 (0.595) and 30 % 0.25."""
    page = sign_in("fang").post(NEW_VERSION, data=typed(check="1", **shared("代办人", "合作单位"))).text
    totals = page[page.index("这样一笔收费一共得多少") :]
    rows = re.findall(r'<th scope="row"[^>]*>([^<]*)</th>(.*?)</tr>', totals, re.DOTALL)
    figures = {name: re.findall(r'class="figure">([^<]*)<', cells) for name, cells in rows[:3]}
    assert figures["现金"][1] == "0.85"
    assert (figures["其中代办人 70%"][1], figures["其中合作单位 30%"][1]) == ("0.60", "0.25")
    assert [name for name, _cells in rows if not name.startswith("其中")] == ["现金", "其他支付方式"]


def test_a_plan_says_its_alternatives_and_the_names_of_its_components(sign_in: SignIn) -> None:
    more_finance()
    fang = sign_in("fang")
    group = {"components-0-group": "每笔", "components-1-group": "每笔"}
    fang.post(NEW_VERSION, data=typed(starts_on="2026-11-02", **group))
    say_yes(asked_for().id)
    page = fang.get("/commission/plans/STANDARD").text
    assert "现金（择一组：每笔）" in page
    assert "这样一笔收费一共得多少" in page


def test_whoever_approves_sees_the_shares_change_and_is_told_no_money_moves(sign_in: SignIn) -> None:
    more_finance()
    fang = sign_in("fang")
    fang.post(NEW_VERSION, data=typed(starts_on="2026-11-02", **shared("代办人", "合作单位")))
    first = asked_for().id
    grace = sign_in("grace")
    page = grace.get(f"/approvals/{first}").text
    assert page.count("不分成，全部付给代办人") == 1
    assert page.count("代办人 70%、合作单位 30%") == 2  # a fact, and what it becomes
    assert "标准代办费 STANDARD" in page
    assert f"version=pending:{first}" in page
    asked = grace.get(f"/approvals/{first}/approve").text
    assert "同意后立即生效，不能收回。" in asked
    assert "入账" not in asked
    say_yes(first)
    fang.post(NEW_VERSION, data=typed(starts_on="2026-11-03"))
    with reading():
        second = db.session.scalars(select(Approval.id).where(Approval.id != first)).one()
    removed = grace.get(f"/approvals/{second}").text
    assert "代办人 70%、合作单位 30%" in removed
    assert removed.count("不分成，全部付给代办人") == 2
