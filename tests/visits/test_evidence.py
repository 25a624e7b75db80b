"""What is odd about a visit is flagged, never refused."""

from datetime import UTC, datetime, timedelta

import pytest

from agentnet.visits.evidence import Flag, Position, distance_m, flags

TEN = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
HERE = Position(28.37, 121.371, 20)


def raised(**changes: object) -> list[Flag]:
    usual: dict[str, object] = {
        "arrived_at": TEN,
        "left_at": None,
        "received_at": TEN + timedelta(minutes=20),
        "position": HERE,
        "metres_away": 40,
        "critical_failed": False,
    }
    return flags(**(usual | changes))  # type: ignore[arg-type]


def test_an_ordinary_visit_carries_no_flag() -> None:
    assert raised() == []


def test_the_radius_is_300_metres_and_what_the_phone_is_unsure_of() -> None:
    assert raised(metres_away=320) == []
    assert raised(metres_away=321) == [Flag.OUTSIDE_RADIUS]


def test_without_the_outlets_place_no_distance_is_held_against_anyone() -> None:
    assert raised(metres_away=None) == []


def test_a_position_that_proves_little_says_so() -> None:
    assert raised(position=Position(28.37, 121.371, 301)) == [Flag.COARSE_POSITION]
    assert raised(position=None, metres_away=None) == [Flag.NO_POSITION]


@pytest.mark.parametrize(
    ("hour", "minute", "odd"), [(5, 59, True), (6, 0, False), (20, 59, False), (21, 0, True), (0, 30, True)]
)
def test_hours_at_which_nobody_keeps_an_outlet_are_odd(hour, minute, odd) -> None:
    arrived_at = datetime(2026, 11, 17, 16, 0, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)
    found = raised(arrived_at=arrived_at, received_at=arrived_at + timedelta(minutes=10))
    assert (Flag.ODD_HOUR in found) == odd


def test_a_stay_under_five_minutes_is_short() -> None:
    assert raised(left_at=TEN + timedelta(minutes=4, seconds=59)) == [Flag.SHORT_STAY]
    assert raised(left_at=TEN + timedelta(minutes=5)) == []


def test_a_visit_told_a_day_later_is_late_and_one_from_the_future_is_a_clock() -> None:
    assert raised(received_at=TEN + timedelta(hours=24)) == []
    assert raised(received_at=TEN + timedelta(hours=24, seconds=1)) == [Flag.LOGGED_LATE]
    assert raised(received_at=TEN - timedelta(minutes=10)) == []
    assert raised(received_at=TEN - timedelta(minutes=11)) == [Flag.CLOCK_AHEAD]


def test_a_failed_critical_item_comes_first() -> None:
    assert raised(critical_failed=True, metres_away=900) == [Flag.CRITICAL_FAILED, Flag.OUTSIDE_RADIUS]


def test_distances_agree_with_those_worked_out_by_hand() -> None:
    # A degree of latitude: 2 pi * 6371009 / 360 = 111194.9 m; of longitude at 60 degrees north half of it.
    assert distance_m(28.0, 121.0, 29.0, 121.0) == 111_195
    assert distance_m(60.0, 121.0, 60.0, 121.001) == 56  # 55.6
    assert distance_m(28.37, 121.37, 28.3727, 121.37) == 300  # 0.0027 degrees = 300.2 m
    assert distance_m(28.37, 121.37, 28.37, 121.37) == 0
