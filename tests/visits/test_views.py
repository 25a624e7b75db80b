"""The pages of visits: who may open them, what they say, and what a form that comes back keeps."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import event, select, update

from agentnet.core.clock import frozen_at, today
from agentnet.core.ids import new_id
from agentnet.infra import picture_child
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Manager
from agentnet.visits.actions import log_visit, plan_weeks
from agentnet.visits.judging import FoundNeed
from agentnet.visits.models import FailedItem, Need, Visit
from tests.visits.given import ALL_PASS, ARRIVED, W46, W47, a_visit, days_later, rows_of, states_in
from tests.world import NOW, actor


@pytest.fixture
def planned(app):
    with batch():
        plan_weeks([W46, W47], SYSTEM)


def logged(outlet: str = "WL0001", by: str = "bob", **changes: Any):
    item = a_visit(outlet, **changes)
    with batch():
        log_visit(item, actor(by))
    return item.id


def typed(**changes: Any) -> dict[str, Any]:
    """Return what a manager types into the form of a visit."""
    form: dict[str, Any] = {
        "id": str(new_id()),
        "checklist_version": "1",
        "visited": "2026-11-18",
        "arrived": "09:40",
        "latitude": "28.370000",
        "longitude": "121.371000",
        "accuracy": "20",
        **{f"item_{no}": "PASS" for no in range(1, 17)},
    }
    return {name: value for name, value in (form | changes).items() if value is not None}


def a_photo(size: tuple[int, int] = (400, 300)) -> BytesIO:
    file = BytesIO()
    Image.new("RGB", size, "#4a7").save(file, "JPEG")
    file.seek(0)
    return file


def the_visit() -> Visit:
    with reading():
        visit = db.session.scalars(select(Visit)).one()
        db.session.expunge_all()
    return visit


def test_a_visit_is_logged_from_the_form(planned, sign_in) -> None:
    form = typed(
        left="10:00",
        item_8="FAIL",
        item_8_remark="没有纸了",
        need_service_0="FAULT_REPAIR",
        need_text_0="三组路灯不亮",
        agent_word=" 一切正常 ",
        photo=(a_photo(), "IMG_1.jpg"),
    )
    answer = sign_in("bob").post("/visits/new/WL0001", data=form, content_type="multipart/form-data")
    visit = the_visit()
    assert (answer.status_code, answer.location) == (303, f"/visits/{visit.id}")
    assert str(visit.id) == form["id"]
    assert (visit.arrived_at, visit.left_at) == (ARRIVED, NOW)
    assert (visit.distance_m, visit.flags, visit.agent_word) == (0, [], "一切正常")
    assert visit.score == 96  # weight 4 of 100 failed
    assert visit.photo_sha256 is not None
    assert states_in(W47)["WL0001"] == "DONE"
    with reading():
        assert db.session.scalars(select(FailedItem.remark)).all() == ["没有纸了"]
        assert db.session.scalars(select(Need.text)).all() == ["三组路灯不亮"]


def test_the_form_works_without_a_position(planned, sign_in) -> None:
    answer = sign_in("bob").post("/visits/new/WL0001", data=typed(latitude="", longitude="", accuracy=""))
    assert answer.status_code == 303
    assert the_visit().flags == ["NO_POSITION"]


def test_a_position_that_is_nonsense_is_a_visit_without_position(planned, sign_in) -> None:
    answer = sign_in("bob").post("/visits/new/WL0001", data=typed(latitude="north", accuracy="1e999"))
    assert answer.status_code == 303
    assert the_visit().flags == ["NO_POSITION"]


@pytest.mark.parametrize("version", ["", "=1+1", "9" * 30])
def test_a_version_of_the_checklist_that_is_none_is_the_one_in_force(planned, sign_in, version) -> None:
    assert sign_in("bob").post("/visits/new/WL0001", data=typed(checklist_version=version)).status_code == 303
    assert the_visit().checklist_version == 1


def test_sent_twice_from_the_form_is_once(planned, sign_in) -> None:
    form, bob = typed(), sign_in("bob")
    answers = [bob.post("/visits/new/WL0001", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert rows_of(Visit) == [1]


def test_the_same_form_with_other_content_is_a_conflict(planned, sign_in) -> None:
    form, bob = typed(), sign_in("bob")
    bob.post("/visits/new/WL0001", data=form)
    answer = bob.post("/visits/new/WL0001", data=form | {"remark": "另一句"})
    assert answer.status_code == 409
    assert "这个提交编号已用于另一笔内容不同的操作" in answer.text


def test_an_incomplete_checklist_names_its_items_and_keeps_what_was_typed(planned, sign_in) -> None:
    form = typed(item_3=None, item_9=None, agent_word="零钱不够", item_8="FAIL", item_8_remark="没有纸了")
    answer = sign_in("bob").post("/visits/new/WL0001", data=form)
    assert answer.status_code == 422
    assert 'href="#item_3-0"' in answer.text
    assert "第 3 项还没有选择" in answer.text
    assert "第 9 项还没有选择" in answer.text
    assert "第 8 项还没有选择" not in answer.text
    assert "零钱不够" in answer.text
    assert 'value="没有纸了"' in answer.text
    assert form["id"] in answer.text
    assert rows_of(Visit, Need, FailedItem) == [0, 0, 0]


def test_a_photo_is_kept_while_the_form_comes_back(planned, sign_in) -> None:
    bob = sign_in("bob")
    first = bob.post(
        "/visits/new/WL0001", data=typed(item_3=None, photo=(a_photo(), "a.jpg")), content_type="multipart/form-data"
    )
    assert "照片已收到，不必重选" in first.text
    token = re.search(r'name="photo_token"[^>]*value="([^"]+)"', first.text)[1]
    assert bob.post("/visits/new/WL0001", data=typed(photo_token=token)).status_code == 303
    assert the_visit().photo_sha256 is not None


def test_nobody_names_a_photo_that_is_not_theirs(planned, sign_in) -> None:
    first = sign_in("ben").post(
        "/visits/new/WL0001", data=typed(item_3=None, photo=(a_photo(), "a.jpg")), content_type="multipart/form-data"
    )
    token = re.search(r'name="photo_token"[^>]*value="([^"]+)"', first.text)[1]
    assert sign_in("bob").post("/visits/new/WL0001", data=typed(photo_token=token)).status_code == 303
    assert the_visit().photo_sha256 is None


def test_what_is_no_picture_is_refused_at_its_field(planned, sign_in) -> None:
    form = typed(photo=(BytesIO(b"<svg onload=alert(1)>"), "x.svg"))
    answer = sign_in("bob").post("/visits/new/WL0001", data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert 'id="photo-error"' in answer.text
    assert rows_of(Visit) == [0]


def test_a_picture_that_breaks_its_decoder_is_refused_at_its_field(planned, sign_in, monkeypatch, tmp_path) -> None:
    script = tmp_path / "child.py"
    script.write_text("import os; os.abort()")
    monkeypatch.setattr(picture_child, "__file__", str(script))
    form = typed(photo=(a_photo(), "IMG_1.jpg"))
    answer = sign_in("bob").post("/visits/new/WL0001", data=form, content_type="multipart/form-data")
    assert (answer.status_code, "这张照片处理不了" in answer.text, rows_of(Visit)) == (422, True, [0])


def test_the_rest_all_pass_marks_each_item_and_logs_nothing(planned, sign_in) -> None:
    form = typed(**{f"item_{no}": None for no in range(2, 17)}, item_1="FAIL", rest="1")
    answer = sign_in("bob").post("/visits/new/WL0001", data=form)
    assert answer.status_code == 200
    checked = re.findall(r'<input checked[^>]*name="item_(\d+)"[^>]*value="(\w+)"', answer.text)
    assert dict(checked) == {"1": "FAIL"} | {str(no): "PASS" for no in range(2, 17)}
    assert rows_of(Visit) == [0]


def test_nothing_is_passed_before_someone_chooses(planned, sign_in) -> None:
    answer = sign_in("bob").get("/visits/new/WL0001")
    assert re.findall(r'<input checked[^>]*name="item_\d+"', answer.text) == []
    assert len(re.findall(r'name="item_\d+"', answer.text)) == 16 * 3


def test_the_form_shows_what_the_last_visit_left_behind(planned, sign_in) -> None:
    logged(
        arrived_at=days_later(-6),
        answers=ALL_PASS | {9: "FAIL"},
        item_remarks={9: "少 20 元"},
        needs=(FoundNeed("FAULT_REPAIR", "三组路灯不亮"),),
    )
    answer = sign_in("bob").get("/visits/new/WL0001")
    assert "第 9 项不合格：" in answer.text
    assert "少 20 元" in answer.text
    assert "三组路灯不亮" in answer.text


def test_the_form_says_who_came_already_and_what_else_is_served(planned, sign_in) -> None:
    logged("WL0001", by="ben")
    assert "本周已由贝恩宁走访" in sign_in("bob").get("/visits/new/WL0001").text
    assert "垟岙村邮站" in sign_in("ben").get("/visits/new/WL0004").text


@pytest.mark.parametrize("username", ["alice", "carol", "fang", "paul", "audrey", "adam"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_managers_have_the_form(planned, sign_in, username, method) -> None:
    assert getattr(sign_in(username), method)("/visits/new/WL0001").status_code == 403
    assert rows_of(Visit) == [0]


def test_the_form_of_another_managers_outlet_is_missing(planned, sign_in) -> None:
    jing = sign_in("jing")
    assert jing.get("/visits/new/WL0001").status_code == 404
    assert jing.post("/visits/new/WL0001", data=typed()).status_code == 404
    assert rows_of(Visit) == [0]


def test_the_week_shows_neglected_outlets_first_and_the_done_last(app, sign_in) -> None:
    weeks = [W47, W46, W46.previous()]
    with batch():
        plan_weeks(weeks, SYSTEM)
    logged("WL0001")
    logged("WL0001", arrived_at=days_later(-7))
    page = sign_in("bob").get("/duties").text
    assert page.index("小河头便民服务点") < page.index("小河头村邮站")
    assert "已连续漏访 2 周" in page
    assert "与贝恩宁共担" in page
    assert "1 / 2" in page


def test_a_past_week_shows_what_was_missed(planned, sign_in) -> None:
    page = sign_in("bob").get("/duties?week=2026-W46").text
    assert page.count("补登走访") == 2
    assert "2026年第46周" in page


@pytest.mark.parametrize("week", ["2026-W99", "nonsense", "2027-W53", "2030-W01"])
def test_a_week_that_is_none_is_the_running_one(planned, sign_in, week) -> None:
    answer = sign_in("bob").get(f"/duties?week={week}")
    assert answer.status_code == 200
    assert "2026年第47周" in answer.text


def test_a_manager_without_outlets_is_told_why_the_week_is_empty(planned, sign_in) -> None:
    assert "这一周没有走访任务" in sign_in("bob").get("/duties?week=2024-W10").text


@pytest.mark.parametrize(
    ("username", "status"),
    [
        *((name, 200) for name in ("bob", "ben", "carol", "alice", "audrey", "adam")),
        *((name, 404) for name in ("charlie", "alan", "dora", "jing")),
        *((name, 403) for name in ("fang", "paul")),
    ],
)
def test_a_visit_is_seen_in_its_territory_alone(planned, sign_in, username, status) -> None:
    visit_id = logged()
    assert sign_in(username).get(f"/visits/{visit_id}").status_code == status


def test_who_is_in_post_no_more_has_no_week_from_then_on(planned, sign_in) -> None:
    bob = sign_in("bob")
    assert [bob.get("/duties").status_code for _ in range(2)] == [200, 200]
    with batch():
        db.session.execute(update(Manager).where(Manager.user_id == actor("bob").user_id).values(left_on=today()))
    assert bob.get("/duties").status_code == 404


def test_a_visit_page_says_what_is_odd_and_which_duties_it_serves(planned, sign_in) -> None:
    visit_id = logged("WL0004", by="ben", position=None, answers=ALL_PASS | {9: "FAIL"})
    page = sign_in("carol").get(f"/visits/{visit_id}").text
    assert "手机没有给出位置，无法核对到场" in page
    assert "检查表中的关键项有不合格" in page
    assert "垟岙村便民服务中心 ·" in page
    assert "垟岙村邮站 ·" in page


def test_the_photo_is_served_to_those_who_may_see_the_visit(planned, sign_in) -> None:
    form = typed(photo=(a_photo((3000, 2000)), "IMG.jpg"))
    sign_in("bob").post("/visits/new/WL0001", data=form, content_type="multipart/form-data")
    visit_id = the_visit().id
    answer = sign_in("carol").get(f"/visits/{visit_id}/photo")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert Image.open(BytesIO(answer.data)).size == (1600, 1067)
    assert sign_in("charlie").get(f"/visits/{visit_id}/photo").status_code == 404


def test_a_visit_without_photo_has_none(planned, sign_in) -> None:
    assert sign_in("carol").get(f"/visits/{logged()}/photo").status_code == 404


def test_a_supervisor_strikes_a_visit_from_its_page(planned, sign_in) -> None:
    visit_id, carol = logged(), sign_in("carol")
    assert carol.post(f"/visits/{visit_id}/strike", data={"reason": ""}).status_code == 422
    assert carol.post(f"/visits/{visit_id}/strike", data={"reason": "没有到场"}).status_code == 303
    page = carol.get(f"/visits/{visit_id}").text
    assert "这次走访已判为无效，不计入走访任务。原因：没有到场" in page
    assert states_in(W47)["WL0001"] == "DUE"


@pytest.mark.parametrize(("username", "status"), [("bob", 403), ("audrey", 403), ("charlie", 404)])
def test_others_do_not_strike(planned, sign_in, username, status) -> None:
    visit_id = logged()
    assert sign_in(username).post(f"/visits/{visit_id}/strike", data={"reason": "没有到场"}).status_code == status
    assert states_in(W47)["WL0001"] == "DONE"


def test_the_log_lists_the_own_territory_and_filters(planned, sign_in) -> None:
    logged("WL0001")
    logged("JX0001", by="jing", position=None)
    carol, audrey = sign_in("carol"), sign_in("audrey")
    assert "杉青闸报刊亭" not in carol.get("/visits").text
    assert "小河头村邮站" in carol.get("/visits").text
    flagged = audrey.get("/visits?flagged=1").text
    assert "杉青闸报刊亭" in flagged
    assert "小河头村邮站" not in flagged
    assert "没有符合条件的走访" in audrey.get("/visits?week=2026-W40").text
    assert "杉青闸报刊亭" in audrey.get("/visits?q=景怡").text
    assert "没有符合条件的走访" in audrey.get("/visits?struck=1").text


def test_a_deputy_sees_the_own_visit_to_another_stations_outlet_after_the_assignment_ends(planned, sign_in) -> None:
    visit_id = logged("WL0001", by="ben")
    with frozen_at(NOW + timedelta(minutes=1)), batch():
        db.session.execute(
            db.text("UPDATE assignments SET ends_on = :day WHERE outlet_id = 1 AND manager_id = 2"),
            {"day": date(2026, 11, 18)},
        )
    assert sign_in("ben").get(f"/visits/{visit_id}").status_code == 200


def test_needs_are_listed_closed_and_then_gone_from_the_open_ones(planned, sign_in) -> None:
    logged(needs=(FoundNeed("FAULT_REPAIR", "三组路灯不亮"),))
    bob = sign_in("bob")
    assert "三组路灯不亮" in bob.get("/needs").text
    with reading():
        need_id = db.session.scalar(select(Need.id))
    assert bob.post(f"/needs/{need_id}/close", data={"note": ""}).status_code == 422
    assert bob.post(f"/needs/{need_id}/close", data={"note": "当天修复"}).status_code == 303
    assert "没有待办的需求" in bob.get("/needs").text
    assert "三组路灯不亮" in bob.get("/needs?show=closed").text
    assert "当天修复" in bob.get(f"/needs/{need_id}").text
    again = bob.post(f"/needs/{need_id}/close", data={"note": "另一个说法"})
    assert again.status_code == 409


def test_the_log_of_a_thousand_visits_runs_a_bounded_number_of_queries(planned, sign_in) -> None:
    carol = sign_in("carol")
    counts = []
    for visits in (1, 12):
        for number in range(visits):
            logged("WL0001", arrived_at=ARRIVED - timedelta(minutes=number + visits), position=None)
        counts.append([_statements(lambda url=url: carol.get(url)) for url in ("/visits", "/needs", "/compliance")])
    assert all(more <= few for few, more in zip(*counts, strict=True))  # what did not change is remembered
    assert max(counts[0]) <= 12


def _statements(work: Any) -> int:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert work().status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_english_readers_get_english_pages(planned, sign_in) -> None:
    page = sign_in("bob").get("/visits/new/WL0001", headers={"Accept-Language": "en"}).text
    assert "The rest all pass" in page
    assert "Sign “代收电费” present" in page


def test_an_odd_hour_is_accepted_from_the_form(planned, sign_in) -> None:
    assert sign_in("bob").post("/visits/new/WL0001", data=typed(arrived="03:00")).status_code == 303
    assert the_visit().flags == ["ODD_HOUR"]
    assert isinstance(the_visit().arrived_at, datetime)
