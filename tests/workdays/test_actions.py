"""Changes to the working calendar."""

from datetime import date

import pytest
from sqlalchemy import func, select

from agentnet.core.clock import IsoWeek
from agentnet.core.errors import Forbidden, Invalid, Missing
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.workdays.actions import remove_override, set_override
from agentnet.workdays.models import WorkdayOverride
from agentnet.workdays.queries import has_working_day, is_workday, overrides_in_year
from tests.world import actor

FRIDAY = date(2026, 11, 20)
SATURDAY = date(2026, 11, 21)


def rows() -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(WorkdayOverride))


def test_a_day_is_declared_off_and_the_calendar_speaks_again_after_removal(app) -> None:
    with batch():
        set_override(FRIDAY, False, "台风停工", actor("adam"))
    with reading():
        assert not is_workday(FRIDAY)
        assert [row.reason for row in overrides_in_year(2026)] == ["台风停工"]
    with batch():
        remove_override(FRIDAY, actor("adam"))
    with reading():
        assert is_workday(FRIDAY)


def test_a_week_declared_off_has_no_working_day(app) -> None:
    with batch():
        for day in IsoWeek(2026, 48).days:
            set_override(day, False, "防汛", actor("adam"))
    with reading():
        assert not has_working_day(IsoWeek(2026, 48))
        assert has_working_day(IsoWeek(2026, 49))


def test_every_change_is_on_the_audit_trail_with_before_and_after(app) -> None:
    with batch():
        set_override(SATURDAY, True, "调班", actor("adam"))
    with batch():
        set_override(SATURDAY, True, "调班到周六", actor("adam"))
    with reading():
        lines = db.session.scalars(
            select(AuditLine).where(AuditLine.action == "workdays.set_override").order_by(AuditLine.id)
        ).all()
    assert [line.before for line in lines] == [None, {"is_workday": True, "reason": "调班"}]
    assert lines[1].after == {"is_workday": True, "reason": "调班到周六"}


@pytest.mark.parametrize("username", ["bob", "alice", "fang", "audrey", "paul"])
def test_only_supervisors_and_administrators_hold_the_permission(app, username) -> None:
    with pytest.raises(Forbidden, match="not_permitted"), batch():
        set_override(FRIDAY, False, "放假", actor(username))
    assert rows() == 0


def test_the_calendar_is_the_companys_and_not_a_countys(app) -> None:
    with pytest.raises(Forbidden, match="calendar_is_the_companys"), batch():
        set_override(FRIDAY, False, "放假", actor("carol"))
    with pytest.raises(Forbidden, match="calendar_is_the_companys"), batch():
        remove_override(FRIDAY, actor("charlie"))
    assert rows() == 0


@pytest.mark.parametrize(
    ("day", "reason", "code"),
    [
        (FRIDAY, "  ", "reason_missing"),
        (FRIDAY, "长" * 121, "reason_too_long"),
        (date(2026, 11, 15), "上周日", "week_is_over"),
        (date(2200, 1, 1), "太远", "day_too_far"),
    ],
)
def test_bad_input_leaves_no_rows(app, day, reason, code) -> None:
    with pytest.raises(Invalid, match=code), batch():
        set_override(day, False, reason, actor("adam"))
    assert rows() == 0


def test_said_twice_is_one_override_and_one_audit_line(app) -> None:
    for _ in range(2):
        with batch():
            set_override(FRIDAY, False, "台风停工", actor("adam"))
    assert rows() == 1
    with reading():
        lines = select(func.count()).where(AuditLine.action == "workdays.set_override")
        assert db.session.scalar(lines) == 1


def test_there_is_nothing_to_remove_where_nothing_was_changed(app) -> None:
    with pytest.raises(Missing, match="override_missing"), batch():
        remove_override(FRIDAY, actor("adam"))
