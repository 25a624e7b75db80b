"""The figures of the duty reports, frozen, against hand-worked weeks; and drawn."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, insert, update

from agentnet.core.clock import IsoWeek, Month, frozen_at
from agentnet.core.ids import new_id
from agentnet.divisions.models import OrgUnit
from agentnet.documents.kinds import Head, Period, ReportKind
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Assignment
from agentnet.visits.actions import log_visits, plan_weeks, strike_visit
from agentnet.visits.judging import FoundNeed
from agentnet.visits.report_data import DUTY_MANAGER_WEEK, DUTY_STATION_MONTH
from agentnet.visits.report_weeks import weeks_of
from reports.duties import DutyCounts, DutyShares
from reports.duty_visits_manager import DutyRow, HandoverNote
from reports.frozen import from_json, to_json
from tests.reports.samples import text_of
from tests.visits.given import ALL_PASS, ARRIVED, W46, W47, a_visit, days_later
from tests.world import COMPANY, JIAXING, TAIPING, WENLING, actor

MONDAY_AFTER = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
WEEK = Period(W47.starts_on, W47.ends_on)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
DONE, MISSED = "DONE", "MISSED"


@pytest.fixture
def two_weeks(app):
    """Weeks 46 and 47. Week 46: WL0001, WL0004 (and WL0005) and JX0001 done. Week 47: WL0001 by Ben, with findings.

    In week 47 Bob hands WL0002 to Ben on Wednesday 18; a visit of Bob's there on Tuesday was struck.
    """
    struck = a_visit("WL0002", arrived_at=days_later(-1), manager_code="M001")
    items = [
        a_visit("WL0001", arrived_at=days_later(-7), manager_code="M001"),
        a_visit("WL0004", arrived_at=days_later(-7), manager_code="M002"),
        a_visit("JX0001", arrived_at=days_later(-7), manager_code="M101"),
        a_visit(
            "WL0001",
            manager_code="M002",
            answers=ALL_PASS | {8: "FAIL"},
            needs=(FoundNeed("FAULT_REPAIR", "三组路灯不亮"),),
        ),
        struck,
    ]
    with batch():
        db.session.execute(update(Assignment).where(Assignment.outlet_id == 2).values(ends_on=date(2026, 11, 18)))
        db.session.execute(
            insert(Assignment).values(
                outlet_id=2, manager_id=2, slot="PRIMARY", starts_on=date(2026, 11, 18), reason="台区调整"
            )
        )
        plan_weeks([W46, W47], SYSTEM)
        assert {verdict.status for verdict in log_visits(items, SYSTEM)} == {"created"}
        strike_visit(struck.id, "没有到场", actor("carol"))


def unit(place) -> OrgUnit:
    return db.session.get_one(OrgUnit, place.id)


def frozen(kind: ReportKind, place, period: Period, language: str = "zh", at: datetime = MONDAY_AFTER) -> dict:
    """Return the frozen figures of everyone below a place, by subject code."""
    with frozen_at(at), reading():
        subjects = kind.subjects(unit(place), period)
        heads = {
            subject.code: Head(
                run_id=new_id(),
                number=f"DH-{subject.code}",
                revision=1,
                revision_reason="",
                made_at=at,
                company="东海电力公司",
                language=language,
                check_code="ABCD-EFGH-JKMN",
                verify_url="http://127.0.0.1:8000/d/1",
            )
            for subject in subjects
        }
        return {subject.code: figures for subject, figures in kind.freeze(subjects, period, heads)}


def test_the_subjects_of_a_week_are_the_managers_with_duties_in_it(two_weeks) -> None:
    with reading():
        everyone = DUTY_MANAGER_WEEK.subjects(unit(COMPANY), WEEK)
        assert [(one.code, one.manager_id, one.org_path) for one in everyone] == [
            ("manager:M001", 1, "/1/2/3/4/"),
            ("manager:M002", 2, "/1/2/3/5/"),
            ("manager:M101", 3, "/1/6/7/8/"),
        ]
        assert [one.code for one in DUTY_MANAGER_WEEK.subjects(unit(TAIPING), WEEK)] == ["manager:M001"]
        empty = Period(W47.next().starts_on, W47.next().ends_on)
        assert DUTY_MANAGER_WEEK.subjects(unit(COMPANY), empty) == []


def test_a_managers_week_shows_the_shared_outlet_and_the_one_handed_over(two_weeks) -> None:
    week = frozen(DUTY_MANAGER_WEEK, WENLING, WEEK)["manager:M001"]
    assert week.rows == (
        DutyRow(
            "WL0001",
            "小河头村邮站",
            "RURAL",
            DONE,
            visited_at=ARRIVED,
            distance_m=0,
            score=96,
            failed_items=("打印机和纸可用",),
            needs=("三组路灯不亮",),
            visited_by="贝恩宁",
            shared_with="贝恩宁",
        ),
        DutyRow("WL0002", "小河头便民服务点", "RURAL", MISSED, days_held=2),
    )
    assert week.handovers == (
        HandoverNote(date(2026, 11, 18), "WL0002", "小河头便民服务点", "鲍勃安", "贝恩宁", "台区调整"),
    )
    assert (week.urban, week.rural, week.whole) == (DutyCounts(0, 0, 0, 0), *(DutyCounts(2, 1, 1, 0),) * 2)
    assert week.head.org_name == "温岭供电公司 太平供电所"
    assert week.head.data_state == "2026年第47周（11月16日–22日）已结束"


def test_the_one_who_took_over_sees_the_other_side(two_weeks) -> None:
    week = frozen(DUTY_MANAGER_WEEK, WENLING, WEEK)["manager:M002"]
    by_code = {row.outlet_code: row for row in week.rows}
    assert list(by_code) == ["WL0001", "WL0002", "WL0004", "WL0005"]
    assert (by_code["WL0001"].slot, by_code["WL0001"].visited_by) == ("DEPUTY", "")
    assert (by_code["WL0002"].state, by_code["WL0002"].days_held) == (MISSED, 5)
    assert by_code["WL0002"].shared_with == ""
    assert len(week.handovers) == 1


def test_a_visit_at_the_host_shows_on_the_hosted_stations_row(two_weeks) -> None:
    earlier = Period(W46.starts_on, W46.ends_on)
    week = frozen(DUTY_MANAGER_WEEK, WENLING, earlier)["manager:M002"]
    assert {row.outlet_code: row.state for row in week.rows} == {"WL0001": DONE, "WL0004": DONE, "WL0005": DONE}


def test_an_english_week_is_english_where_words_are_ours(two_weeks) -> None:
    week = frozen(DUTY_MANAGER_WEEK, WENLING, WEEK, "en")["manager:M001"]
    assert week.rows[0].failed_items == ("Printer works and has paper",)
    assert week.head.org_name == "Wenling Power Supply · Taiping Station"
    assert "Week 47" in week.head.data_state


def test_the_week_is_final_on_the_monday_after(app) -> None:
    for moment, final in ((datetime(2026, 11, 22, 15, 59, tzinfo=UTC), False), (MONDAY_AFTER, True)):
        with frozen_at(moment):
            assert DUTY_MANAGER_WEEK.ready(WEEK) is final


def test_a_months_weeks_are_those_whose_thursday_lies_in_it() -> None:
    assert [week.week for week in weeks_of(Month(2026, 11))] == [45, 46, 47, 48]  # Thursdays 5, 12, 19, 26
    assert [week.week for week in weeks_of(Month(2026, 10))] == [40, 41, 42, 43, 44]  # 1, 8, 15, 22, 29
    assert [str(week) for week in weeks_of(Month(2026, 12))][-1] == "2026-W53"  # Thursday 31 December
    assert [str(week) for week in weeks_of(Month(2027, 1))] == ["2027-W01", "2027-W02", "2027-W03", "2027-W04"]


def test_every_week_belongs_to_exactly_one_month() -> None:
    months = [Month(2026, number) for number in range(1, 13)]
    found = [week for month in months for week in weeks_of(month)]
    assert found == sorted(set(found))
    assert len(found) == 53


def test_a_month_is_final_when_its_last_week_is_over(app) -> None:
    december = Period(date(2026, 12, 1), date(2027, 1, 1))
    for moment, final in (
        (datetime(2027, 1, 1, 2, 0, tzinfo=UTC), False),
        (datetime(2027, 1, 3, 15, 59, tzinfo=UTC), False),
        (datetime(2027, 1, 3, 16, 0, tzinfo=UTC), True),
    ):
        with frozen_at(moment):
            assert DUTY_STATION_MONTH.ready(december) is final


def test_the_subjects_of_a_month_are_stations_and_counties_with_duties(two_weeks) -> None:
    with reading():
        found = [one.code for one in DUTY_STATION_MONTH.subjects(unit(COMPANY), NOVEMBER)]
        assert found == ["org:WL", "org:WL-TP", "org:WL-ZG", "org:JX-NH", "org:JX-NH-1"]
        assert [one.code for one in DUTY_STATION_MONTH.subjects(unit(JIAXING), NOVEMBER)] == [
            "org:JX-NH",
            "org:JX-NH-1",
        ]


def test_a_stations_month_week_by_week(two_weeks) -> None:
    month = frozen(DUTY_STATION_MONTH, COMPANY, NOVEMBER, at=DECEMBER)["org:WL-TP"]
    assert [str(week) for week in month.weeks] == ["2026-W45", "2026-W46", "2026-W47", "2026-W48"]
    assert [(one.outlet_code, one.states, one.managers) for one in month.outlets] == [
        ("WL0001", ("", DONE, DONE, ""), "鲍勃安, 贝恩宁"),
        ("WL0002", ("", MISSED, MISSED, ""), "鲍勃安, 贝恩宁"),
    ]
    # Bob: WL0001 7 + 7 done; WL0002 missed 7 in week 46 and 2 in week 47. Ben: WL0001 7 + 7 done; WL0002 missed 5.
    assert [(one.manager_no, one.counts) for one in month.managers] == [
        ("M001", DutyShares(23, 14, 9, 0)),
        ("M002", DutyShares(19, 14, 5, 0)),
    ]
    assert [(str(one.week), one.outlet_code, one.managers, one.cause) for one in month.missed] == [
        ("2026-W46", "WL0002", "鲍勃安", ""),
        ("2026-W47", "WL0002", "鲍勃安, 贝恩宁", "走访被判无效：没有到场"),
    ]
    assert (month.urban, month.rural) == (DutyCounts(0, 0, 0, 0), DutyCounts(4, 2, 2, 0))


def test_a_countys_month_holds_its_stations(two_weeks) -> None:
    found = frozen(DUTY_STATION_MONTH, COMPANY, NOVEMBER, at=DECEMBER)
    assert found["org:WL"].whole == DutyCounts(8, 4, 4, 0)
    assert found["org:WL-ZG"].whole == DutyCounts(4, 2, 2, 0)
    assert found["org:JX-NH"].urban == found["org:JX-NH-1"].whole == DutyCounts(2, 1, 1, 0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_frozen_figures_can_be_stored_read_back_and_drawn(two_weeks, language) -> None:
    for kind, period, words in (
        (DUTY_MANAGER_WEEK, WEEK, "小河头便民服务点"),
        (DUTY_STATION_MONTH, NOVEMBER, "小河头便民服务点"),
    ):
        code, figures = next(
            (code, figures)
            for code, figures in frozen(kind, WENLING, period, language, DECEMBER).items()
            if code in ("manager:M001", "org:WL")
        )
        again = from_json(kind.figures, to_json(figures))
        assert again == figures
        drawn = kind.draw(again)
        assert drawn == kind.draw(figures), code
        assert words in "".join(text_of(drawn))


def test_freezing_more_managers_runs_no_more_queries(two_weeks) -> None:
    def statements(place) -> int:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_rest) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert frozen(DUTY_MANAGER_WEEK, place, WEEK)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    assert statements(TAIPING) == statements(COMPANY)


def test_the_spring_festival_week_is_exempt_on_paper_too(app) -> None:
    festival = IsoWeek(2026, 8)
    with batch():
        plan_weeks([festival], SYSTEM)
    week = frozen(DUTY_MANAGER_WEEK, WENLING, Period(festival.starts_on, festival.ends_on))["manager:M001"]
    assert week.whole == DutyCounts(0, 0, 0, 2)
