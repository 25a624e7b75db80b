"""Duties are planned for every active outlet with a manager, and follow the register through the week."""

from datetime import UTC, date, datetime

from sqlalchemy import func, insert, select, update

from agentnet.core.clock import IsoWeek, frozen_at
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Assignment, Outlet, OutletPlacement, OutletState
from agentnet.visits.actions import log_visit, plan_duties, plan_weeks
from agentnet.visits.jobs import plan_what_is_due
from agentnet.visits.models import Duty, DutyVisit
from agentnet.workdays.actions import set_override
from tests.visits.given import W46, W47, W48, a_visit, rows_of, states_in
from tests.world import NANHU_STATION, NOW, TAIPING, ZEGUO, actor

EVERY_ACTIVE = {"WL0001", "WL0002", "WL0004", "WL0005", "JX0001"}


def duties(week: IsoWeek) -> dict[str, Duty]:
    with reading():
        rows = db.session.execute(
            select(Outlet.code, Duty).join(Outlet, Outlet.id == Duty.outlet_id).where(Duty.week == str(week))
        ).all()
        db.session.expunge_all()
    return {row.code: row.Duty for row in rows}


def step(outlet_id: int, state: str, day: date) -> None:
    db.session.execute(
        insert(OutletState).values(outlet_id=outlet_id, state=state, reason="", effective_on=day, changed_at=NOW)
    )


def test_every_active_outlet_with_a_manager_has_a_duty_stamped_with_its_place(app) -> None:
    with batch():
        assert plan_duties(W47, SYSTEM) == 5
    planned = duties(W47)
    assert planned.keys() == EVERY_ACTIVE  # WL0009 has only applied
    assert {code: duty.org_unit_id for code, duty in planned.items()} == {
        "WL0001": TAIPING.id,
        "WL0002": TAIPING.id,
        "WL0004": ZEGUO.id,
        "WL0005": ZEGUO.id,
        "JX0001": NANHU_STATION.id,
    }
    assert planned["JX0001"].setting == "URBAN"
    assert planned["WL0001"].starts_on == date(2026, 11, 16)
    assert not any(duty.exempt for duty in planned.values())


def test_planning_again_changes_nothing_and_says_so_once(app) -> None:
    for expected in (5, 0):
        with batch():
            assert plan_duties(W47, SYSTEM) == expected
    with reading():
        lines = db.session.scalars(select(AuditLine).where(AuditLine.action == "visits.plan_duties")).all()
        assert [(line.subject_id, line.after) for line in lines] == [
            ("2026-W47", {"planned": 5, "withdrawn": 0, "exemption_changed": 0})
        ]


def test_spring_festival_week_is_exempt_and_national_day_weeks_are_not(app) -> None:
    weeks = [IsoWeek(2026, number) for number in (7, 8, 9, 40, 41)]
    with batch():
        plan_weeks(weeks, SYSTEM)
    assert [{duty.exempt for duty in duties(week).values()} for week in weeks] == [
        {False},
        {True},
        {False},
        {False},
        {False},
    ]


def test_a_week_declared_off_becomes_exempt_and_back(app) -> None:
    with batch():
        plan_duties(W48, SYSTEM)
        for day in W48.days:
            set_override(day, False, "防汛", actor("adam"))
        assert plan_duties(W48, SYSTEM) == 5
    assert all(duty.exempt for duty in duties(W48).values())
    with batch():
        set_override(date(2026, 11, 25), True, "恢复上班", actor("adam"))
        assert plan_duties(W48, SYSTEM) == 5
    assert not any(duty.exempt for duty in duties(W48).values())


def test_week_53_is_planned_like_any_other(app) -> None:
    with batch():
        assert plan_duties(IsoWeek(2026, 53), SYSTEM) == 5
    assert {duty.starts_on for duty in duties(IsoWeek(2026, 53)).values()} == {date(2026, 12, 28)}


def test_an_outlet_opened_or_assigned_in_mid_week_gains_its_duty(app) -> None:
    with batch():
        plan_duties(W47, SYSTEM)
        db.session.execute(
            insert(Assignment).values(outlet_id=9, manager_id=2, slot="PRIMARY", starts_on=date(2026, 11, 19))
        )
        step(9, "ACTIVE", date(2026, 11, 20))
    assert "WL0009" not in duties(W47)
    with batch():
        assert plan_duties(W47, SYSTEM) == 1
    assert "WL0009" in duties(W47)


def test_an_outlet_assigned_only_after_it_was_suspended_has_no_duty(app) -> None:
    with batch():
        step(2, "SUSPENDED", date(2026, 11, 18))
        db.session.execute(update(Assignment).where(Assignment.outlet_id == 2).values(starts_on=date(2026, 11, 18)))
        plan_duties(W47, SYSTEM)
    assert "WL0002" not in duties(W47)


def test_a_duty_of_the_running_week_that_no_longer_stands_is_withdrawn_and_an_old_one_stays(app) -> None:
    with batch():
        plan_weeks([W46, W47], SYSTEM)
        log_visit(a_visit("WL0002"), actor("bob"))
        step(2, "CLOSED", date(2026, 11, 9))
        assert plan_weeks([W46, W47], SYSTEM) == 1
    assert "WL0002" in duties(W46)
    assert "WL0002" not in duties(W47)
    assert rows_of(DutyVisit) == [0]


def test_an_outlet_moved_in_mid_week_stays_where_its_duty_began(app) -> None:
    with batch():
        db.session.execute(
            update(OutletPlacement).where(OutletPlacement.outlet_id == 2).values(ends_on=date(2026, 11, 18))
        )
        db.session.execute(
            insert(OutletPlacement).values(outlet_id=2, org_unit_id=ZEGUO.id, starts_on=date(2026, 11, 18))
        )
        db.session.execute(update(Outlet).where(Outlet.id == 2).values(org_unit_id=ZEGUO.id))
        plan_weeks([W47, W48], SYSTEM)
    assert duties(W47)["WL0002"].org_unit_id == TAIPING.id
    assert duties(W48)["WL0002"].org_unit_id == ZEGUO.id


def test_a_visit_that_came_before_its_duty_was_planned_serves_it(app) -> None:
    with batch():
        log_visit(a_visit("WL0001"), actor("bob"))
    assert states_in(W47) == {"WL0001": "DONE"}
    with batch():
        assert plan_duties(W47, SYSTEM) == 4
    assert states_in(W47)["WL0001"] == "DONE"


def test_the_clock_plans_the_running_week_and_then_has_nothing_to_do(app) -> None:
    assert plan_what_is_due() == 5
    assert plan_what_is_due() == 0
    assert states_in(W47) == dict.fromkeys(EVERY_ACTIVE, "DUE")


def test_the_clock_makes_up_for_weeks_in_which_it_stood_still(app) -> None:
    assert plan_what_is_due() == 5
    with frozen_at(datetime(2026, 12, 9, 2, 0, tzinfo=UTC)):  # Wednesday of week 50
        assert plan_what_is_due() == 15
        with reading():
            weeks = db.session.scalars(select(Duty.week).distinct().order_by(Duty.week)).all()
        assert weeks == ["2026-W47", "2026-W48", "2026-W49", "2026-W50"]
        assert states_in(W48) == dict.fromkeys(EVERY_ACTIVE, "MISSED")


def test_a_year_of_weeks_takes_a_bounded_number_of_statements(app) -> None:
    first = date(2025, 11, 3)
    weeks = [IsoWeek.of(date.fromordinal(first.toordinal() + 7 * number)) for number in range(54)]
    with batch():
        assert plan_weeks(weeks, SYSTEM) == 54 * 5
    with reading():
        assert db.session.scalar(select(func.count()).select_from(Duty)) == 270
