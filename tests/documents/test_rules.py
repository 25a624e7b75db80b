"""When schedules tick, and what a document is called."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.core.clock import IsoWeek, Month, business_date, shanghai, shanghai_instant
from agentnet.core.errors import Invalid
from agentnet.documents.rules import (
    Cadence,
    Rhythm,
    check_code,
    document_number,
    failure_note,
    failure_parts,
    read_period,
    same_check_code,
    seconds_left,
    span_of,
)

instants = st.integers(0, 11 * 366 * 86_400).map(lambda second: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(0, second))
weekly = st.builds(Rhythm, st.just(Cadence.WEEKLY), st.integers(1, 7), st.integers(0, 23), st.integers(0, 59))
monthly = st.builds(Rhythm, st.just(Cadence.MONTHLY), st.integers(1, 28), st.integers(0, 23), st.integers(0, 59))
rhythms = st.one_of(weekly, monthly)


@given(rhythms, instants)
def test_the_next_tick_is_later_and_shows_the_wanted_time_in_shanghai(rhythm: Rhythm, instant: datetime) -> None:
    tick = rhythm.tick_after(instant)
    wall = shanghai(tick)
    day = wall.isoweekday() if rhythm.cadence is Cadence.WEEKLY else wall.day
    assert tick > instant
    assert (day, wall.hour, wall.minute) == (rhythm.day, rhythm.hour, rhythm.minute)


@given(rhythms, instants)
def test_no_tick_lies_between_an_instant_and_its_next_tick(rhythm: Rhythm, instant: datetime) -> None:
    tick = rhythm.tick_after(instant)
    longest = timedelta(days=7 if rhythm.cadence is Cadence.WEEKLY else 31)
    assert tick - instant <= longest
    assert rhythm.tick_after(tick - timedelta(microseconds=1)) == tick


@given(rhythms, instants, st.integers(1, 120))
def test_ticks_in_a_row_are_for_periods_in_a_row_none_missing_none_twice(
    rhythm: Rhythm, instant: datetime, count: int
) -> None:
    first = rhythm.tick_after(instant)
    until = first + timedelta(days=7 * count)
    periods = [rhythm.period_of(tick) for tick in rhythm.ticks(first, until)]
    for earlier, later in pairwise(periods):
        assert later == earlier.next()
        assert later.starts_on == earlier.ends_on


@given(rhythms, instants)
def test_a_tick_is_for_the_last_period_that_ended_before_it(rhythm: Rhythm, instant: datetime) -> None:
    tick = rhythm.tick_after(instant)
    period = rhythm.period_of(tick)
    day = business_date(tick)
    assert period.ends_on <= day < period.next().ends_on
    assert rhythm.tick_for(period) == tick


@given(rhythms, st.dates(date(2023, 1, 1), date(2033, 12, 1)))
def test_the_first_tick_may_fall_on_the_first_day(rhythm: Rhythm, starts_on: date) -> None:
    tick = rhythm.first_tick(starts_on)
    assert business_date(tick) >= starts_on
    assert rhythm.tick_after(shanghai_instant(starts_on) - timedelta(seconds=1)) == tick


def test_a_week_53_and_the_week_after_it_each_have_their_tick() -> None:
    monday = Rhythm(Cadence.WEEKLY, 1, 6, 0)
    first = shanghai_instant(date(2026, 12, 28), 6)
    ticks = list(monday.ticks(first, shanghai_instant(date(2027, 1, 11), 6)))
    assert [str(monday.period_of(tick)) for tick in ticks] == ["2026-W52", "2026-W53", "2027-W01"]


def test_february_of_a_leap_year_is_reported_whole() -> None:
    last_safe_day = Rhythm(Cadence.MONTHLY, 28, 23, 59)
    period = last_safe_day.period_of(shanghai_instant(date(2028, 3, 28), 23, 59))
    assert (period.starts_on, period.ends_on) == (date(2028, 2, 1), date(2028, 3, 1))


def test_a_tick_early_on_the_first_is_for_the_month_that_ended_though_utc_is_a_day_behind() -> None:
    tick = Rhythm(Cadence.MONTHLY, 1, 2, 0).tick_after(shanghai_instant(date(2027, 1, 1)))
    assert tick == datetime(2026, 12, 31, 18, 0, tzinfo=UTC)
    assert str(Rhythm(Cadence.MONTHLY, 1, 2, 0).period_of(tick)) == "2026-12"


@pytest.mark.parametrize(
    ("cadence", "day", "hour", "code"),
    [
        (Cadence.WEEKLY, 8, 6, "schedule_day"),
        (Cadence.WEEKLY, 0, 6, "schedule_day"),
        (Cadence.MONTHLY, 29, 6, "schedule_day"),
        (Cadence.MONTHLY, 1, 24, "schedule_time"),
    ],
)
def test_a_day_some_week_or_month_does_not_have_is_refused(cadence: Cadence, day: int, hour: int, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        Rhythm(cadence, day, hour, 0).check()
    assert refused.value.code == code


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_a_stored_period_is_read_back_as_the_week_or_month_it_was(day: date) -> None:
    for span in (IsoWeek.of(day), Month.of(day)):
        assert span_of(span.starts_on, span.ends_on) == span


def test_a_period_is_read_by_the_cadence_of_the_kind() -> None:
    assert read_period("WEEKLY", "2026-W47") == IsoWeek(2026, 47)
    assert read_period("MONTHLY", "2026-10") == Month(2026, 10)
    with pytest.raises(Invalid):
        read_period("MONTHLY", "2026-W47")


def test_a_revision_keeps_the_number_of_the_document() -> None:
    first = document_number("DH", "CS", Month(2026, 10), 123, 1)
    assert document_number("DH", "CS", Month(2026, 10), 123, 2) == f"{first}-R2"


@given(st.text("0123456789abcdef", min_size=64, max_size=64))
def test_a_check_code_is_eight_letters_that_nobody_confuses_and_is_recognised_as_typed(sha256: str) -> None:
    code = check_code("secret", sha256)
    assert len(code.replace("-", "")) == 8
    assert not set(code) & set("ILOU")
    assert same_check_code(code, code.lower().replace("-", " ").replace("0", "o").replace("1", "l"))


def test_another_secret_or_other_figures_give_another_check_code() -> None:
    assert len({check_code("a", "0" * 64), check_code("b", "0" * 64), check_code("a", "1" * 64)}) == 3


def test_no_check_code_is_never_right() -> None:
    assert not same_check_code("", "")
    assert not same_check_code("KKF8-D8M8", "KKF8")


def test_a_failure_is_stored_short_and_an_unknown_one_still_says_something() -> None:
    assert failure_parts(failure_note("storage", "No space left on device")) == ("storage", "No space left on device")
    assert failure_parts("who knows")[0] == "unexpected"
    assert len(failure_note("unexpected", "x" * 999)) == 400


def test_the_remaining_time_is_never_promised_too_early() -> None:
    assert seconds_left(0, 10, 5) is None
    assert seconds_left(1, 1300, 1) == 1299
    assert seconds_left(1299, 1300, 13) == 1
