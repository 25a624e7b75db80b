"""Schedules and the tick that carries them out."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import func, select, text

from agentnet.core.clock import frozen_at, shanghai_instant
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.documents import schedules
from agentnet.documents.jobs import tick
from agentnet.documents.models import Order, Schedule
from agentnet.documents.rules import OrderState
from agentnet.documents.schedules import ScheduleWish
from agentnet.infra.db import db
from agentnet.infra.locks import sole_holder
from agentnet.infra.transaction import TransactionalFlask, batch, reading
from tests import world
from tests.documents.conftest import runs
from tests.documents.invented import Facts

WISH = ScheduleWish("每月结算单", "INVENTED_MONTH", "DH", "zh", day=1, hour=2, minute=0)
FIRST_OF_DECEMBER = shanghai_instant(date(2026, 12, 1), 2)
HANG_UP_ON_THE_HOLDER = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""In this database alone: other tests hold locks of theirs on the same server at the same time."""


def add(**changes: object) -> int:
    with batch():
        return schedules.add_schedule(replace(WISH, **changes), world.actor("fang")).id


def tick_at(instant: datetime) -> int:
    with frozen_at(instant):
        return tick()


def orders() -> list[Order]:
    with reading():
        found = list(db.session.scalars(select(Order).order_by(Order.period_start)))
        db.session.expunge_all()
    return found


def schedule() -> Schedule:
    with reading():
        found = db.session.scalars(select(Schedule)).one()
        db.session.expunge_all()
    return found


def test_nothing_happens_before_the_time_and_everything_at_it(facts: Facts) -> None:
    facts.open_from = date(2026, 12, 1)
    add()
    assert tick_at(shanghai_instant(date(2026, 12, 1), 1, 59)) == 0
    assert tick_at(FIRST_OF_DECEMBER) == 5
    assert tick_at(FIRST_OF_DECEMBER) == 0
    assert [(o.period_start, o.state, o.subject_count, o.new_count) for o in orders()] == [
        (date(2026, 11, 1), OrderState.PLANNED, 5, 5)
    ]
    assert {run.schedule_id for run in runs()} == {schedule().id}
    assert schedule().next_at == shanghai_instant(date(2027, 1, 1), 2)


def test_missed_ticks_are_made_up_each_once(facts: Facts) -> None:
    facts.open_from = date(2026, 11, 1)
    add(starts_on=date(2026, 8, 1))
    assert tick() == 4 * 5
    assert [o.period_start.month for o in orders()] == [7, 8, 9, 10]
    assert tick() == 0


def test_a_period_that_is_not_final_waits_and_then_is_made(facts: Facts) -> None:
    add()
    assert tick_at(FIRST_OF_DECEMBER) == 0
    assert [o.state for o in orders()] == [OrderState.WAITING]
    facts.open_from = date(2026, 12, 1)
    assert tick_at(FIRST_OF_DECEMBER) == 5
    assert [o.state for o in orders()] == [OrderState.PLANNED]


def test_documents_already_planned_are_left_alone(facts: Facts) -> None:
    facts.open_from = date(2026, 12, 1)
    add()
    add(name="又一个", org_unit_code="JX")
    assert tick_at(FIRST_OF_DECEMBER) == 5
    assert sorted((o.subject_count, o.new_count) for o in orders()) == [(1, 0), (5, 5)]


def test_two_clocks_on_one_database_make_one_document(app: TransactionalFlask, facts: Facts) -> None:
    add(starts_on=date(2026, 9, 1))
    ready = threading.Barrier(3)
    failures: list[Exception] = []

    def clock() -> None:
        try:
            with frozen_at(world.NOW), app.app_context():
                ready.wait()
                for _ in range(3):
                    tick()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=clock) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tick()
    assert failures == []
    assert [o.period_start.month for o in orders()] == [8, 9, 10]
    assert len(runs()) == 3 * 5


def test_a_clock_acts_only_while_it_holds_the_lock_of_its_own_connection(app: TransactionalFlask, facts: Facts) -> None:
    if db.engine.dialect.name == "sqlite":
        with sole_holder("documents tick") as mine:
            assert mine(), "one machine, one writer at a time: the lock is free"
        return
    add(starts_on=date(2026, 10, 1))
    with sole_holder("documents tick") as mine:
        assert mine()
        assert tick() == 0, "another connection holds the lock"
        with db.engine.connect() as other:
            assert other.scalars(text(HANG_UP_ON_THE_HOLDER)).all() == [True]
        assert not mine(), "a lost connection has lost the lock"
    assert tick() == 2 * 5


def test_a_kind_that_cannot_freeze_marks_its_order_and_the_next_goes_on(app: TransactionalFlask, facts: Facts) -> None:
    kinds = app.extensions["agentnet.report_kinds"]
    kinds["BROKEN"] = replace(kinds["INVENTED_MONTH"], code="BROKEN", freeze=lambda *_: iter(()))
    add(kind="BROKEN", starts_on=date(2026, 11, 1))
    add(name="好的", starts_on=date(2026, 11, 1))
    assert tick() == 5
    assert sorted(o.state for o in orders()) == [OrderState.FAILED, OrderState.PLANNED]


def test_a_changed_schedule_still_owes_its_next_period(facts: Facts) -> None:
    facts.open_from = date(2026, 12, 1)
    schedule_id = add()
    with batch():
        schedules.change_schedule(schedule_id, 1, replace(WISH, day=5, hour=8), world.actor("fang"))
    assert schedule().next_at == shanghai_instant(date(2026, 12, 5), 8)
    assert tick_at(shanghai_instant(date(2026, 12, 5), 8)) == 5


def test_a_schedule_that_was_off_does_not_make_up_that_time(facts: Facts) -> None:
    facts.open_from = date(2027, 3, 1)
    schedule_id = add()
    with batch():
        schedules.switch_schedule(schedule_id, False, world.actor("fang"))
    assert tick_at(shanghai_instant(date(2027, 2, 3))) == 0
    with frozen_at(shanghai_instant(date(2027, 2, 3))), batch():
        schedules.switch_schedule(schedule_id, True, world.actor("fang"))
    assert tick_at(shanghai_instant(date(2027, 3, 2))) == 5
    assert [o.period_start.month for o in orders()] == [2]


def test_two_editors_cannot_overwrite_each_other(facts: Facts) -> None:
    schedule_id = add()
    with batch():
        schedules.change_schedule(schedule_id, 1, replace(WISH, day=2), world.actor("fang"))
    with pytest.raises(Conflict, match="schedule_changed"), batch():
        schedules.change_schedule(schedule_id, 1, replace(WISH, day=3), world.actor("fang"))


@pytest.mark.parametrize(
    ("who", "changes", "code"),
    [
        ("alice", {}, "not_permitted"),
        ("audrey", {}, "not_permitted"),
        ("carol", {}, "org_unit_missing"),
        ("charlie", {"org_unit_code": "WL"}, "org_unit_missing"),
        ("fang", {"kind": "INVENTED_WEEK"}, "not_permitted"),
        ("fang", {"kind": "NO_SUCH"}, "report_kind_missing"),
        ("fang", {"name": " "}, "name_missing"),
        ("fang", {"language": "fr"}, "language_unknown"),
        ("fang", {"day": 31}, "schedule_day"),
        ("fang", {"hour": 25}, "schedule_time"),
        ("fang", {"starts_on": date(2019, 1, 1)}, "starts_too_early"),
    ],
)
def test_a_wrong_schedule_is_refused_by_name_and_leaves_no_rows(
    facts: Facts, who: str, changes: dict[str, object], code: str
) -> None:
    with pytest.raises((Forbidden, Missing, Invalid), match=code), batch():
        schedules.add_schedule(replace(WISH, **changes), world.actor(who))
    with reading():
        assert db.session.scalar(select(func.count()).select_from(Schedule)) == 0
