"""Working days against the State Council's notice for 2026, read by hand."""

from datetime import date

from agentnet.core.clock import IsoWeek
from agentnet.workdays.rules import LAST_KNOWN_YEAR, Source, day_kind, days_of_year, has_working_day, is_provisional


def test_spring_festival_2026_takes_the_whole_of_week_8() -> None:
    # Notice for 2026: off from Sunday 15 to Monday 23 February, worked on Saturdays 14 and 28 February.
    assert IsoWeek(2026, 8).starts_on == date(2026, 2, 16)
    assert not has_working_day(IsoWeek(2026, 8), {})
    assert has_working_day(IsoWeek(2026, 7), {})
    assert has_working_day(IsoWeek(2026, 9), {})
    assert day_kind(date(2026, 2, 14), {}).is_workday
    assert not day_kind(date(2026, 2, 23), {}).is_workday


def test_national_day_2026_leaves_working_days_in_both_weeks_it_touches() -> None:
    # Off from Thursday 1 to Wednesday 7 October, worked on Sunday 20 September and Saturday 10 October.
    assert [day_kind(day, {}).is_workday for day in IsoWeek(2026, 40).days] == [True] * 3 + [False] * 4
    assert [day_kind(day, {}).is_workday for day in IsoWeek(2026, 41).days] == [False] * 3 + [True] * 3 + [False]


def test_a_holiday_says_its_name() -> None:
    assert day_kind(date(2026, 10, 1), {}).holiday == "National Day"
    assert day_kind(date(2026, 11, 18), {}).holiday == ""


def test_week_53_of_2026_crosses_into_a_year_the_calendar_does_not_know() -> None:
    week = IsoWeek(2026, 53)
    kinds = [day_kind(day, {}) for day in week.days]
    assert [str(kind.day) for kind in kinds][::6] == ["2026-12-28", "2027-01-03"]
    assert [kind.source for kind in kinds] == [Source.CALENDAR] * 4 + [Source.PROVISIONAL] * 3
    assert [kind.is_workday for kind in kinds] == [True] * 5 + [False] * 2


def test_years_beyond_the_shipped_calendar_are_provisional_and_worked_monday_to_friday() -> None:
    assert LAST_KNOWN_YEAR >= 2026
    year = LAST_KNOWN_YEAR + 1
    assert is_provisional(year)
    assert not is_provisional(2026)
    assert all(kind.is_workday == (kind.day.weekday() < 5) for kind in days_of_year(year, {}))


def test_an_override_stands_above_the_calendar() -> None:
    monday_of_festival = {date(2026, 2, 16): True}
    assert has_working_day(IsoWeek(2026, 8), monday_of_festival)
    assert day_kind(date(2026, 2, 16), monday_of_festival).source is Source.OVERRIDE


def test_a_week_taken_off_day_by_day_has_no_working_day() -> None:
    week = IsoWeek(2026, 48)
    assert not has_working_day(week, dict.fromkeys(week.days, False))


def test_a_year_has_all_its_days_and_2026_has_248_working_ones() -> None:
    days = days_of_year(2026, {})
    assert len(days) == 365
    # 365 days less 104 weekend days less 19 holidays on weekdays plus 6 made up on weekends, counted in the notice.
    assert sum(kind.is_workday for kind in days) == 248
    assert len(days_of_year(2028, {})) == 366
