"""The pages of documents: who sees what, what is sent, and what a form answers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from agentnet.core.ids import new_id
from agentnet.documents import jobs, views, worker
from agentnet.documents.models import Order, Run, Schedule
from agentnet.infra.db import db
from agentnet.infra.transaction import TransactionalFlask, reading
from reports.head import FiguresDisagree
from tests.documents import invented
from tests.documents.conftest import listed, number_of, plan, runs
from tests.documents.invented import Facts

SignIn = Callable[[str], FlaskClient]


def test_the_filters_narrow_the_list(drawn: Facts, sign_in: SignIn) -> None:
    client = sign_in("adam")
    assert len(listed(client)) == 8
    assert len(listed(client, "?kind=INVENTED_WEEK")) == 3
    assert len(listed(client, "?period=2026-10")) == 5
    assert len(listed(client, "?period=2026-W46")) == 3
    assert len(listed(client, "?org_unit=WL-ZG&kind=INVENTED_MONTH")) == 2
    assert len(listed(client, "?state=FAILED")) == 0
    assert len(listed(client, "?language=en")) == 0
    assert len(listed(client, "?q=报刊亭")) == 1
    assert len(listed(client, "?q=im-202610-000002")) == 1


def test_the_list_opens_in_the_readers_language_where_there_is_any(drawn: Facts, sign_in: SignIn) -> None:
    """Five papers of October and three of week 46 in Chinese; the five of October in English come later."""
    client = sign_in("adam")
    assert len(listed(client)) == 8
    plan(drawn, language="en")
    assert len(listed(client)) == 8
    page = client.get("/documents").get_data(as_text=True)
    assert "只列出中文的" in page
    assert "· 英文" not in page
    assert "/documents/archive.zip?language=zh" in page
    assert len(listed(client, "?language=")) == 13
    assert len(listed(client, "?period=2026-10")) == 10
    assert len(listed(client, "?sort=title")) == 8


def test_what_is_too_much_to_count_is_so_for_those_alone_who_see_all_of_it(
    drawn: Facts, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Adam sees five papers of October and three of week 46, the company's finance the five, a county's people fewer.

    October in English comes last, and is counted then.
    """
    monkeypatch.setattr(views, "MOST_IN_A_ZIP", 4)
    said = {"adam": "超过 4 份", "fang": "超过 4 份", "carol": "共 4 份", "charlie": "共 1 份"}
    for _again in range(2):
        for who, words in said.items():
            page = sign_in(who).get("/documents").get_data(as_text=True)
            assert words in page, who
    client = sign_in("adam")
    for asked, words in (
        ("?kind=INVENTED_WEEK", "共 3 份"),
        ("?language=zh", "超过 4 份"),
        ("?language=", "超过 4 份"),
    ):
        assert words in client.get(f"/documents{asked}").get_data(as_text=True), asked
    assert "没有符合条件的报表" in client.get("/documents?language=en").get_data(as_text=True)
    plan(drawn, language="en")
    assert "超过 4 份" in client.get("/documents?language=en").get_data(as_text=True)
    monkeypatch.setattr(views, "MOST_IN_A_ZIP", 7)
    assert "共 5 份" in client.get("/documents?language=en").get_data(as_text=True)


@pytest.mark.parametrize(
    "junk", ["?period=yesterday", "?state=x%00", "?order=1", "?cursor=zzz", "?kind='", "?q=%25%25", "?org_unit=%00"]
)
def test_junk_in_the_address_is_no_error(drawn: Facts, sign_in: SignIn, junk: str) -> None:
    assert sign_in("adam").get(f"/documents{junk}").status_code == 200


@pytest.mark.parametrize("number", ["x%00y", "%F0%9F%92%A9", "a" * 3000])
def test_junk_for_a_number_is_missing(drawn: Facts, sign_in: SignIn, number: str) -> None:
    assert sign_in("adam").get(f"/documents/{number}").status_code == 404
    assert sign_in("adam").get(f"/d/{number}?c=x").status_code == 404


def test_the_list_asks_few_questions_however_long_it_is(drawn: Facts, sign_in: SignIn) -> None:
    client = sign_in("adam")

    def questions() -> int:
        asked: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if statement.lstrip().upper().startswith("SELECT"):
                asked.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert client.get("/documents").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(asked)

    few = questions()
    plan(drawn, language="en")
    plan(drawn, period=invented.NOVEMBER)
    assert questions() <= few <= 8  # what never changes is remembered


def test_a_download_has_its_own_name_its_hash_as_etag_and_is_kept_by_nobody(drawn: Facts, sign_in: SignIn) -> None:
    client, number = sign_in("alice"), number_of("outlet:WL0001:zh")
    answer = client.get(f"/documents/{number}/download")
    run = next(run for run in runs() if run.number == number)
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.get_etag() == (run.file_sha256, False)
    assert answer.headers["Content-Disposition"].startswith(f"attachment; filename={number}.pdf; filename*=UTF-8")
    assert (
        f"{number}%20%E5%B0%8F%E6%B2%B3%E5%A4%B4%E6%9D%91%E9%82%AE%E7%AB%99.pdf"
        in answer.headers["Content-Disposition"]
    )
    assert answer.headers["Cache-Control"] == "no-store"
    again = client.get(f"/documents/{number}/download", headers={"If-None-Match": f'"{run.file_sha256}"'})
    assert again.status_code == 304


def test_only_our_own_page_may_frame_the_preview(drawn: Facts, sign_in: SignIn) -> None:
    client, number = sign_in("alice"), number_of("outlet:WL0001:zh")
    preview = client.get(f"/documents/{number}/preview.pdf")
    assert "frame-ancestors 'self'" in preview.headers["Content-Security-Policy"]
    assert preview.headers["Content-Disposition"].startswith("inline")
    page = client.get(f"/documents/{number}")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert f"/documents/{number}/preview.pdf" in page.get_data(as_text=True)


def test_a_document_that_is_not_drawn_yet_says_so(facts: Facts, sign_in: SignIn) -> None:
    plan(facts)
    number = number_of("outlet:WL0001:zh")
    assert "等待绘制" in sign_in("alice").get(f"/documents/{number}").get_data(as_text=True)
    assert sign_in("alice").get(f"/documents/{number}/download").status_code == 409


def test_a_zip_holds_what_the_filter_finds_and_what_the_viewer_may_see(drawn: Facts, sign_in: SignIn) -> None:
    answer = sign_in("carol").get("/documents/archive.zip?q=小河头")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert archive.read(names[0]).startswith(b"%PDF")
    assert [name.split(" ", 1)[1] for name in names] == ["小河头村邮站.pdf", "小河头便民服务点.pdf"]
    assert "filename*=UTF-8''%E6%8A%A5%E8%A1%A8-20261118-2.zip" in answer.headers["Content-Disposition"]


def test_an_empty_zip_and_one_too_large_are_refused(
    drawn: Facts, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("carol")
    assert client.get("/documents/archive.zip?q=nothing").status_code == 404
    monkeypatch.setattr(views, "MOST_IN_A_ZIP", 3)
    answer = client.get("/documents/archive.zip")
    assert answer.status_code == 422
    assert "3" in answer.get_data(as_text=True)


def order_form(**changes: str) -> dict[str, str]:
    return {"id": str(new_id()), "org_unit": "WL", "period": "2026-10", "language": "zh", **changes}


def test_an_order_leads_to_its_progress_and_to_documents(facts: Facts, sign_in: SignIn) -> None:
    client = sign_in("carol")
    answer = client.post("/documents/new?kind=INVENTED_MONTH", data=order_form(subject="WL0001"))
    assert answer.status_code == 303
    where = answer.headers["Location"]
    assert "正在冻结数字" in client.get(where).get_data(as_text=True)
    jobs.tick()
    inside = client.get(where, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in inside
    assert "0 / 1" in inside
    assert 'hx-trigger="every 2s"' in inside
    worker.draw_some()
    finished = client.get(where).get_data(as_text=True)
    assert "全部出好了" in finished
    assert "hx-trigger" not in finished
    assert [run.subject for run in runs()] == ["outlet:WL0001:zh"]


def test_the_same_order_sent_twice_is_one(facts: Facts, sign_in: SignIn) -> None:
    client, data = sign_in("carol"), order_form()
    places = {client.post("/documents/new?kind=INVENTED_MONTH", data=data).headers["Location"] for _ in range(2)}
    with reading():
        assert len(list(db.session.scalars(select(Order)))) == len(places) == 1


@pytest.mark.parametrize(
    ("who", "data", "status"),
    [
        ("alice", {}, 403),
        ("audrey", {}, 403),
        ("charlie", {}, 422),
        ("carol", {"period": "2026-11"}, 422),
        ("carol", {"subject": "JX0001"}, 422),
        ("carol", {"id": "1"}, 422),
    ],
)
def test_a_wrong_order_leaves_no_rows(
    facts: Facts, sign_in: SignIn, who: str, data: dict[str, str], status: int
) -> None:
    answer = sign_in(who).post("/documents/new?kind=INVENTED_MONTH", data=order_form(**data))
    assert answer.status_code == status
    with reading():
        assert db.session.scalar(select(Order)) is None


def test_only_periods_with_final_figures_are_offered(facts: Facts, sign_in: SignIn) -> None:
    page = sign_in("carol").get("/documents/new?kind=INVENTED_MONTH").get_data(as_text=True)
    assert 'value="2026-10"' in page
    assert 'value="2026-11"' not in page


def test_only_kinds_the_person_reads_are_offered(facts: Facts, sign_in: SignIn) -> None:
    page = sign_in("carol").get("/documents/new").get_data(as_text=True)
    assert "代办费结算单" in page
    assert "走访周报" not in page


def test_a_failure_says_its_reason_and_is_retried_by_a_button(facts: Facts, sign_in: SignIn) -> None:
    plan(facts, "JX")
    facts.broken = FiguresDisagree("due: stated 1, its parts add up to 2")
    worker.draw_some()
    client, number = sign_in("charlie"), number_of("outlet:JX0001:zh")
    assert "数字前后不一致" in client.get(f"/documents/{number}").get_data(as_text=True)
    assert "有 1 份文件没有出成" in client.get("/documents").get_data(as_text=True)
    assert sign_in("dora").post(f"/documents/{number}/retry").status_code == 403
    assert sign_in("carol").post(f"/documents/{number}/retry").status_code == 404
    facts.broken = None
    assert client.post(f"/documents/{number}/retry").status_code == 303
    worker.draw_some()
    assert runs()[0].state == "DONE"
    assert client.post(f"/documents/{number}/retry").status_code == 409


def test_all_failures_are_retried_at_once(facts: Facts, sign_in: SignIn) -> None:
    plan(facts)
    facts.broken = FiguresDisagree("due: stated 1, its parts add up to 2")
    worker.draw_some()
    facts.broken = None
    assert sign_in("alice").post("/documents/retry").status_code == 403
    assert sign_in("fang").post("/documents/retry").status_code == 303
    assert worker.draw_some() == 5


def test_a_revision_needs_its_reason_and_leads_from_the_old_to_the_new(drawn: Facts, sign_in: SignIn) -> None:
    client, number = sign_in("carol"), number_of("outlet:WL0001:zh")
    drawn.amounts["outlet:WL0001"] = 1
    assert client.post(f"/documents/{number}/revise", data={"reason": " "}).status_code == 422
    answer = client.post(f"/documents/{number}/revise", data={"reason": "补记一笔"})
    assert answer.headers["Location"] == f"/documents/{number}-R2"
    assert "已有第 2 版：补记一笔" in client.get(f"/documents/{number}").get_data(as_text=True)
    assert sign_in("alice").post(f"/documents/{number}/revise", data={"reason": "x"}).status_code == 403


def test_unchanged_figures_are_said_to_be_unchanged(drawn: Facts, sign_in: SignIn) -> None:
    number = number_of("outlet:WL0001:zh")
    answer = sign_in("carol").post(f"/documents/{number}/revise", data={"reason": "again"})
    assert answer.status_code == 422
    assert "数字与上一版完全相同" in answer.get_data(as_text=True)


def test_a_paper_is_proved_genuine_to_whoever_holds_it_and_nothing_else_is_said(
    drawn: Facts, app: TransactionalFlask
) -> None:
    run = next(run for run in runs() if run.subject == "outlet:WL0001:zh")
    anyone = app.test_client()
    answer = anyone.get(f"/d/{run.number}?c={run.check_code.lower()}")
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "这份文件是真的" in page
    assert "小河头村邮站" in page
    wrong = anyone.get(f"/d/{run.number}?c=0000-0000")
    unknown = anyone.get(f"/d/DH-IM-202610-999999?c={run.check_code}")
    assert (wrong.status_code, unknown.status_code) == (404, 404)
    assert "小河头村邮站" not in wrong.get_data(as_text=True)
    said = [answer.get_data(as_text=True).split("<main", 1)[1] for answer in (wrong, unknown)]
    assert said[0].replace(run.number, "N") == said[1].replace("DH-IM-202610-999999", "N")


def schedule_form(**changes: str) -> dict[str, str]:
    return {"name": "每月结算单", "org_unit": "WL", "day": "1", "time": "02:00", "language": "zh", **changes}


def schedule() -> Schedule | None:
    with reading():
        found = db.session.scalar(select(Schedule))
        db.session.expunge_all()
    return found


def test_a_schedule_is_added_changed_and_switched_off(facts: Facts, sign_in: SignIn) -> None:
    client = sign_in("carol")
    assert client.post("/documents/schedules/new?kind=INVENTED_MONTH", data=schedule_form()).status_code == 303
    added = schedule()
    assert added is not None
    page = client.get("/documents/schedules").get_data(as_text=True)
    assert "每月 1 日 02:00" in page
    assert "12月1日" in page
    form = client.get(f"/documents/schedules/{added.id}").get_data(as_text=True)
    assert 'value="02:00"' in form
    changed = schedule_form(version="1", day="3", time="08:30")
    assert client.post(f"/documents/schedules/{added.id}", data=changed).status_code == 303
    assert client.post(f"/documents/schedules/{added.id}", data=changed).status_code == 409
    assert client.post(f"/documents/schedules/{added.id}/switch", data={"enabled": "no"}).status_code == 303
    final = schedule()
    assert final is not None
    assert (final.day, final.hour, final.minute, final.enabled) == (3, 8, 30, False)


@pytest.mark.parametrize(("who", "status"), [("alice", 403), ("audrey", 403), ("charlie", 422)])
def test_a_schedule_by_the_wrong_person_leaves_no_rows(facts: Facts, sign_in: SignIn, who: str, status: int) -> None:
    answer = sign_in(who).post("/documents/schedules/new?kind=INVENTED_MONTH", data=schedule_form())
    assert answer.status_code == status
    assert schedule() is None


@pytest.mark.parametrize("wrong", [{"time": "25:00"}, {"day": "31"}, {"name": ""}, {"starts_on": "2019-01-01"}])
def test_a_wrong_schedule_says_what_to_change(facts: Facts, sign_in: SignIn, wrong: dict[str, str]) -> None:
    answer = sign_in("carol").post("/documents/schedules/new?kind=INVENTED_MONTH", data=schedule_form(**wrong))
    assert answer.status_code == 422
    assert schedule() is None


def test_another_territorys_schedule_is_missing(facts: Facts, sign_in: SignIn) -> None:
    sign_in("carol").post("/documents/schedules/new?kind=INVENTED_MONTH", data=schedule_form())
    found = schedule()
    assert found is not None
    stranger = sign_in("charlie")
    assert stranger.get(f"/documents/schedules/{found.id}").status_code == 404
    assert stranger.post(f"/documents/schedules/{found.id}/switch", data={"enabled": "no"}).status_code == 404
    assert stranger.get("/documents/schedules/999999999999999999999999").status_code == 404


def test_every_page_reads_well_in_english(drawn: Facts, sign_in: SignIn) -> None:
    client = sign_in("carol")
    client.post("/language", data={"locale": "en"})
    number = number_of("outlet:WL0001:zh")
    pages = (
        "/documents",
        f"/documents/{number}",
        "/documents/new",
        "/documents/schedules",
        f"/documents/{number}/revise",
    )
    for page in pages:
        assert 'lang="en"' in client.get(page).get_data(as_text=True)


def test_no_run_is_left_behind_by_looking(drawn: Facts, sign_in: SignIn) -> None:
    sign_in("adam").get("/documents")
    with reading():
        assert {run.state for run in db.session.scalars(select(Run))} == {"DONE"}
