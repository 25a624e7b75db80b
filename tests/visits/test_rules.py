"""Duties and their shares; every expected value was worked out by hand."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentnet.core.clock import IsoWeek
from agentnet.visits.rules import (
    DutyState,
    Tally,
    active_spans,
    counted,
    days_in,
    duties_text,
    duty_state,
    first_day_in,
    in_common,
    is_over,
    share_of,
    total,
)

W47 = IsoWeek(2026, 47)  # Monday 16 to Sunday 22 November 2026
FOREVER = date.max


@pytest.mark.parametrize(
    ("visited", "exempt", "over", "state"),
    [
        (False, False, False, "DUE"),
        (False, False, True, "MISSED"),
        (False, True, False, "EXEMPT"),
        (False, True, True, "EXEMPT"),
        (True, False, False, "DONE"),
        (True, False, True, "DONE"),
        (True, True, False, "DONE"),
        (True, True, True, "DONE"),
    ],
)
def test_a_visit_counts_always_and_only_a_week_that_is_over_can_be_missed(visited, exempt, over, state) -> None:
    assert duty_state(visited=visited, exempt=exempt, week_is_over=over) == state


def test_a_week_is_over_with_its_sunday() -> None:
    assert not is_over(W47, date(2026, 11, 22))
    assert is_over(W47, date(2026, 11, 23))


def test_week_53_ends_in_the_next_year() -> None:
    assert not is_over(IsoWeek(2026, 53), date(2027, 1, 3))
    assert is_over(IsoWeek(2026, 53), date(2027, 1, 4))


def test_a_missed_duty_is_split_by_days_at_a_hand_over() -> None:
    # Ann holds Monday 16 and Tuesday 17, Bo from Wednesday 18: 2 + 5 days are one duty.
    ann, bo = days_in(W47, [(date(2026, 1, 1), date(2026, 11, 18))]), days_in(W47, [(date(2026, 11, 18), FOREVER)])
    assert (ann, bo) == (2, 5)
    assert share_of(DutyState.MISSED, ann) == Tally(due=2, missed=2)
    assert share_of(DutyState.MISSED, bo) == Tally(due=5, missed=5)
    assert (share_of(DutyState.MISSED, ann) + share_of(DutyState.MISSED, bo)).missed == 7


def test_a_done_duty_counts_whole_for_both_sides_of_a_hand_over() -> None:
    assert share_of(DutyState.DONE, 2) == share_of(DutyState.DONE, 5) == Tally(due=7, done=7)


def test_two_managers_all_week_share_one_duty_wholly() -> None:
    assert share_of(DutyState.MISSED, 7) == Tally(due=7, missed=7)
    assert share_of(DutyState.DONE, 7) == Tally(due=7, done=7)


def test_an_open_duty_is_due_by_days_and_an_exempt_one_from_nobody() -> None:
    assert share_of(DutyState.DUE, 3) == Tally(due=3)
    assert share_of(DutyState.DUE, 3).open == 3
    assert share_of(DutyState.EXEMPT, 3) == Tally(exempt=7)


def test_who_did_not_hold_the_outlet_has_no_part_in_its_duty() -> None:
    assert share_of(DutyState.DONE, 0) == Tally()


@pytest.mark.parametrize("days", [-1, 8])
def test_no_week_has_more_than_seven_days(days) -> None:
    with pytest.raises(ValueError, match="no"):
        share_of(DutyState.DONE, days)


def test_an_outlet_opened_on_thursday_asks_for_four_days_of_a_missed_duty() -> None:
    opened = active_spans([(date(2026, 11, 2), "APPROVED"), (date(2026, 11, 19), "ACTIVE")])
    held = in_common([(date(2026, 11, 1), FOREVER)], opened)
    assert first_day_in(W47, held) == date(2026, 11, 19)
    assert days_in(W47, held) == 4


def test_an_outlet_suspended_all_week_has_no_duty() -> None:
    steps = [(date(2026, 1, 1), "ACTIVE"), (date(2026, 11, 16), "SUSPENDED"), (date(2026, 11, 23), "ACTIVE")]
    held = in_common([(date(2026, 1, 1), FOREVER)], active_spans(steps))
    assert first_day_in(W47, held) is None
    assert first_day_in(W47.next(), held) == date(2026, 11, 23)
    assert first_day_in(W47.previous(), held) == date(2026, 11, 9)


def test_two_steps_on_one_day_leave_only_the_later() -> None:
    assert active_spans([(date(2026, 11, 16), "ACTIVE"), (date(2026, 11, 16), "SUSPENDED")]) == []


def test_someone_who_hands_over_and_takes_back_in_one_week_holds_both_parts() -> None:
    # Monday, then Saturday and Sunday: 3 days.
    spans = [(date(2026, 11, 2), date(2026, 11, 17)), (date(2026, 11, 21), FOREVER)]
    assert days_in(W47, spans) == 3


def test_primary_turned_deputy_on_the_same_day_counts_each_day_once() -> None:
    spans = [(date(2026, 11, 2), date(2026, 11, 19)), (date(2026, 11, 18), FOREVER)]
    assert days_in(W47, spans) == 7


def test_tallies_add_up_and_say_what_is_open_and_judged() -> None:
    added = total([counted(state) for state in DutyState])
    assert added == Tally(due=3, done=1, missed=1, exempt=1)
    assert (added.open, added.judged) == (1, 2)


def test_days_are_told_as_duties_with_two_decimals() -> None:
    # 2/7 = 0.2857, 5/7 = 0.7142, 9/7 = 1.2857, 7000/7 = 1000
    assert [duties_text(days) for days in (0, 2, 5, 7, 9, 7000)] == ["0", "0.29", "0.71", "1", "1.29", "1,000"]


days = st.dates(date(2026, 10, 1), date(2026, 12, 31))


@given(day=days)
def test_however_a_week_is_cut_in_two_the_missed_parts_make_one_duty(day) -> None:
    before, after = [(date(2025, 1, 1), day)], [(day, FOREVER)]
    parts = [share_of(DutyState.MISSED, days_in(W47, spans)).missed for spans in (before, after)]
    assert sum(parts) == 7


@given(spans=st.lists(st.tuples(days, st.integers(1, 30)), max_size=4))
def test_days_are_never_counted_twice_and_agree_with_counting_one_by_one(spans) -> None:
    held = [(start, start + timedelta(days=length)) for start, length in spans]
    one_by_one = sum(any(a <= day < b for a, b in held) for day in W47.days)
    assert days_in(W47, held) == one_by_one
    assert (first_day_in(W47, held) is not None) == (one_by_one > 0)
