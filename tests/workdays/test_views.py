"""The calendar page: everyone may read it, the company's people change it."""

import pytest
from sqlalchemy import func, select

from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.workdays.models import WorkdayOverride


def rows() -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(WorkdayOverride))


def test_the_year_shows_holidays_made_up_days_and_exempt_weeks(app, sign_in) -> None:
    page = sign_in("carol").get("/workdays").text
    assert "248 个工作日" in page
    assert "2026年第8周" in page
    assert page.count("<small>班</small>") == 6  # made up at weekends in 2026
    assert page.count("<small>休</small>") == 19  # holidays on Monday to Friday in 2026


def test_a_year_without_a_published_calendar_says_so(app, sign_in) -> None:
    page = sign_in("carol").get("/workdays?year=2027").text
    assert "2027 年的放假安排还没有收录" in page
    assert "还没有收录" not in sign_in("carol").get("/workdays?year=2026").text


@pytest.mark.parametrize("year", ["1", "9999", "x", "-5", "99999999999"])
def test_a_year_that_is_none_is_brought_into_range(app, sign_in, year) -> None:
    assert sign_in("carol").get(f"/workdays?year={year}").status_code == 200


def test_an_administrator_changes_a_day_and_puts_it_back(app, sign_in) -> None:
    adam = sign_in("adam")
    assert "调整 11月20日 周五" in adam.get("/workdays?day=2026-11-20").text
    assert adam.post("/workdays/2026-11-20", data={"kind": "off", "reason": "台风停工"}).status_code == 303
    page = adam.get("/workdays").text
    assert "247 个工作日" in page
    assert "台风停工" in page
    assert adam.post("/workdays/2026-11-20/reset").status_code == 303
    assert rows() == 0


def test_a_county_supervisor_reads_and_does_not_change(app, sign_in) -> None:
    carol = sign_in("carol")
    assert "保存这一天" not in carol.get("/workdays?day=2026-11-20").text
    assert carol.post("/workdays/2026-11-20", data={"kind": "off", "reason": "放假"}).status_code == 403
    assert carol.post("/workdays/2026-11-20/reset").status_code == 403
    assert rows() == 0


def test_a_manager_may_not_change_a_day(app, sign_in) -> None:
    assert sign_in("bob").post("/workdays/2026-11-20", data={"kind": "off", "reason": "放假"}).status_code == 403
    assert rows() == 0


@pytest.mark.parametrize(
    ("day", "form", "status"),
    [
        ("2026-11-20", {"kind": "off", "reason": ""}, 422),
        ("2026-11-20", {"kind": "holiday", "reason": "放假"}, 422),
        ("2026-11-10", {"kind": "off", "reason": "上周"}, 422),
        ("2026-02-30", {"kind": "off", "reason": "没有"}, 404),
        ("nonsense", {"kind": "off", "reason": "没有"}, 404),
        ("9999-W52", {"kind": "off", "reason": "没有"}, 404),
        ("0001-01-01", {"kind": "off", "reason": "没有"}, 404),
    ],
)
def test_bad_input_leaves_no_rows(app, sign_in, day, form, status) -> None:
    assert sign_in("adam").post(f"/workdays/{day}", data=form).status_code == status
    assert rows() == 0


def test_sent_twice_is_once(app, sign_in) -> None:
    adam = sign_in("adam")
    for _ in range(2):
        assert adam.post("/workdays/2026-11-21", data={"kind": "workday", "reason": "补班"}).status_code == 303
    assert rows() == 1
