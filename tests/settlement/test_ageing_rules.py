"""Missed opportunities, worked out by hand on the calendar of 2026.

Spring Festival 2026 as the State Council published it (and ``chinesecalendar`` carries it): 15 to 23 February off,
Saturday 14 and Saturday 28 February worked. The calls of the post are Mondays, Wednesdays and Fridays.
"""

from datetime import date, timedelta

import pytest

from agentnet.core.errors import Invalid
from agentnet.outlets.rules import OutletKind
from agentnet.settlement.ageing.rules import (
    BUILT_IN,
    Calendar,
    DaysRule,
    NewDays,
    age_of,
    due_cash,
    opportunities,
    require_days,
)
from agentnet.workdays.rules import day_kind

BANK = DaysRule(date(2026, 1, 1), "WORKDAYS")
POST = DaysRule(date(2026, 1, 1), "WEEKDAYS", "135")
NOWHERE = DaysRule(date(2026, 1, 1), "NONE")


def feb(day):
    return date(2026, 2, day)


def nov(day):
    return date(2026, 11, day)


def kinds(overrides=None):
    """Return what every day of 2026 and the weeks after is."""
    first = date(2026, 1, 1)
    return {(day := first + timedelta(days=n)): day_kind(day, overrides or {}) for n in range(420)}


def aged(found, asked_on, taken_on, released_on=None):
    """Return the age of cash as an outlet's calendar makes it."""
    days = opportunities(found, kinds(), (taken_on or asked_on) - timedelta(days=1), asked_on + timedelta(days=45))
    return age_of(found, days, asked_on, taken_on, released_on)


def calendar(*own, of_kind=(), built_in="NEWSSTAND"):
    return Calendar(own, of_kind, BUILT_IN[built_in])


@pytest.mark.parametrize(
    ("own", "taken_on", "asked_on", "missed"),
    [
        # An ordinary week. Cash of Monday 16 November; the 16th itself is no opportunity for it.
        (BANK, nov(16), nov(16), 0),
        (BANK, nov(16), nov(17), 0),  # Tuesday is running
        (BANK, nov(16), nov(18), 1),  # Tuesday passed
        (BANK, nov(16), nov(21), 4),  # Tue Wed Thu Fri
        (BANK, nov(16), nov(23), 4),  # the weekend is none
        (BANK, nov(20), nov(23), 0),  # Friday's cash on Monday: Monday is running
        (BANK, nov(20), nov(24), 1),
        # The post calls three times a week.
        (POST, nov(16), nov(18), 0),  # Wednesday is running
        (POST, nov(16), nov(19), 1),  # Wednesday passed
        (POST, nov(17), nov(19), 1),
        (POST, nov(18), nov(20), 0),  # Wednesday's cash waits for Friday
        (POST, nov(20), nov(24), 1),  # Friday's cash: Monday passed
        (POST, nov(16), nov(24), 3),  # Wed Fri Mon
        # Spring Festival: Friday 13 February is the last of the post's calls, the bank works on Saturday 14.
        (BANK, feb(12), feb(13), 0),
        (BANK, feb(13), feb(15), 1),  # the make-up Saturday
        (BANK, feb(13), feb(24), 1),  # nine days off are no opportunity
        (BANK, feb(13), feb(25), 2),
        (BANK, feb(14), feb(24), 0),
        (POST, feb(13), feb(24), 0),  # Mon 16, Wed 18, Fri 20, Mon 23 are holidays
        (POST, feb(13), feb(25), 0),  # Wednesday 25 is running
        (POST, feb(13), feb(26), 1),
        (POST, feb(11), feb(26), 2),  # Fri 13, Wed 25
        # A village without a bank: never, however long.
        (NOWHERE, feb(2), nov(23), 0),
    ],
)
def test_missed_opportunities(own, taken_on, asked_on, missed):
    assert aged(calendar(own), asked_on, taken_on).missed == missed


def test_a_saturday_of_the_post_counts_unless_it_is_a_holiday_or_declared_one():
    saturdays = DaysRule(date(2026, 1, 1), "WEEKDAYS", "6")
    assert opportunities(calendar(saturdays), kinds(), feb(6), date(2026, 3, 2)) == [feb(7), feb(14), feb(28)]
    declared = kinds({feb(7): False, feb(21): True})
    assert opportunities(calendar(saturdays), declared, feb(6), feb(28)) == [feb(14), feb(21)]


def test_the_days_change_with_the_calendar_not_before():
    """From Thursday 19 November the post does not call any more and the bank's van comes on working days."""
    changed = calendar(POST, DaysRule(nov(19), "WORKDAYS"))
    assert opportunities(changed, kinds(), nov(15), nov(24)) == [nov(16), nov(18), nov(19), nov(20), nov(23)]


def test_what_was_entered_later_for_the_same_day_holds():
    corrected = calendar(DaysRule(nov(16), "WORKDAYS"), DaysRule(nov(16), "NONE"))
    assert opportunities(corrected, kinds(), nov(15), nov(24)) == []


def test_an_outlet_goes_back_to_what_its_kind_does():
    own = (NOWHERE, DaysRule(nov(18), "AS_KIND"))
    assert opportunities(calendar(*own, of_kind=(POST,)), kinds(), nov(15), nov(24)) == [nov(18), nov(20), nov(23)]
    assert opportunities(calendar(*own, built_in=OutletKind.VILLAGE_POST), kinds(), nov(15), nov(21)) == [
        nov(18),
        nov(20),
    ]


def enforced(suspend_after, since=date(2026, 1, 1), entered=date(2026, 1, 1)):
    return (DaysRule(since, "WEEKDAYS", "135", suspend_after, entered),)


@pytest.mark.parametrize(
    ("of_kind", "asked_on", "released_on", "suspends_on", "counted"),
    [
        # Cash of Monday 9 November; the post calls Wed 11, Fri 13, Mon 16, Wed 18.
        (enforced(2), nov(10), None, nov(14), 0),  # the second call is Friday 13: suspended on the 14th
        (enforced(2), nov(14), None, nov(14), 2),
        (enforced(3), nov(14), None, nov(17), 2),
        (enforced(0), nov(14), None, None, 0),
        (enforced(2, since=nov(12)), nov(14), None, nov(17), 1),  # what was missed before the rule began is forgiven
        (enforced(2, entered=nov(13)), nov(14), None, nov(17), 1),  # and so before it was entered; that day counts
        (enforced(2), nov(14), nov(13), nov(19), 0),  # let go on by hand on the 13th: Mon 16 and Wed 18 count
        ((*enforced(2), DaysRule(nov(12), "WEEKDAYS", "135", 0)), nov(14), None, None, 0),
        ((DaysRule(nov(1), "NONE", "", 2, nov(1)),), nov(23), None, None, 0),
    ],
)
def test_when_an_outlet_is_suspended(of_kind, asked_on, released_on, suspends_on, counted):
    found = aged(calendar(of_kind=of_kind), asked_on, nov(9), released_on)
    assert (found.suspends_on, found.counted) == (suspends_on, counted)


def test_nothing_due_is_no_age():
    found = aged(calendar(of_kind=enforced(1)), nov(18), None)
    assert (found.missed, found.suspends_on, found.next_on) == (0, None, nov(18))


@pytest.mark.parametrize(
    ("held", "oldest", "due"),
    [
        # 16 November 400, 17 November 200, 18 November (today) 300: first in, first out.
        (0, None, 0),
        (300, None, 0),
        (301, nov(17), 1),
        (500, nov(17), 200),
        (501, nov(16), 201),
        (900, nov(16), 600),
        (950, nov(16), 650),  # more than was taken: the oldest day there is
    ],
)
def test_the_oldest_cash_goes_first(held, oldest, due):
    found = due_cash(held, [(nov(18), 300), (nov(17), 200), (nov(16), 400)], nov(18))
    assert (found.oldest_on if found else None, found.amount_fen if found else 0) == (oldest, due)


def test_cash_without_any_taking_is_as_old_as_is_looked_back():
    assert due_cash(5, [], nov(18)).oldest_on == nov(18) - timedelta(days=400)


@pytest.mark.parametrize(
    ("changes", "of_kind", "code"),
    [
        ({"rhythm": "SOMETIMES"}, False, "rhythm_unknown"),
        ({"rhythm": "AS_KIND", "weekdays": "", "suspend_after": 2}, True, "rhythm_unknown"),
        ({"weekdays": ""}, False, "weekdays_missing"),
        ({"weekdays": "138"}, False, "weekdays_missing"),
        ({"weekdays": "11"}, False, "weekdays_missing"),
        ({"rhythm": "WORKDAYS"}, False, "weekdays_missing"),
        ({"reason": " "}, False, "reason_missing"),
        ({"reason": "长" * 121}, False, "reason_missing"),
        ({"starts_on": nov(18) - timedelta(days=32)}, False, "too_far_back"),
        ({"starts_on": date(2028, 1, 1)}, False, "too_far_ahead"),
        ({"suspend_after": 2}, False, "suspend_after_range"),
        ({"suspend_after": None}, True, "suspend_after_range"),
        ({"suspend_after": 31}, True, "suspend_after_range"),
        ({"suspend_after": -1}, True, "suspend_after_range"),
    ],
)
def test_days_that_say_nothing_are_refused(changes, of_kind, code):
    values = {"starts_on": nov(18), "rhythm": "WEEKDAYS", "weekdays": "135", "reason": "邮路调整"} | changes
    with pytest.raises(Invalid, match=code):
        require_days(NewDays(**values), nov(18), of_kind)
