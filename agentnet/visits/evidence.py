"""What speaks for and against a visit having happened. Pure. Oddities are flagged for a person, never refused.

A phone's position and clock can be wrong without anyone's fault, so a flag is a question, not a verdict.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from agentnet.core.clock import shanghai

RADIUS_M = 300
"""How far from the outlet a visit may be logged, beyond the accuracy the phone states (domain 2.8)."""
COARSE_M = 300
"""A position less accurate than this proves little: "300 m and accuracy" would let anything pass."""
EARLIEST_HOUR = 6
LATEST_HOUR = 21
SHORTEST_STAY = timedelta(minutes=5)
LATEST_LOGGING = timedelta(hours=24)
CLOCK_SKEW = timedelta(minutes=10)

_EARTH_RADIUS_M = 6_371_009
"""Mean radius (IUGG)."""


class Flag(StrEnum):
    """Something a supervisor may want to look at."""

    CRITICAL_FAILED = "CRITICAL_FAILED"
    OUTSIDE_RADIUS = "OUTSIDE_RADIUS"
    NO_POSITION = "NO_POSITION"
    COARSE_POSITION = "COARSE_POSITION"
    ODD_HOUR = "ODD_HOUR"
    SHORT_STAY = "SHORT_STAY"
    LOGGED_LATE = "LOGGED_LATE"
    CLOCK_AHEAD = "CLOCK_AHEAD"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a phone says it is: WGS-84 degrees, and the radius in metres it is sure of."""

    latitude: float
    longitude: float
    accuracy_m: int


def distance_m(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> int:
    """Return the distance in whole metres between two WGS-84 points on a sphere.

    One degree of latitude is 2 * pi * 6371009 / 360 = 111195 m:

    >>> distance_m(28.0, 121.0, 29.0, 121.0), distance_m(28.37, 121.37, 28.37, 121.37)
    (111195, 0)
    """
    ax, ay, az = _unit(latitude, longitude)
    bx, by, bz = _unit(other_latitude, other_longitude)
    across = math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
    return round(_EARTH_RADIUS_M * math.atan2(across, ax * bx + ay * by + az * bz))


def _unit(latitude: float, longitude: float) -> tuple[float, float, float]:
    north, east = math.radians(latitude), math.radians(longitude)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)


def flags(
    *,
    arrived_at: datetime,
    left_at: datetime | None,
    received_at: datetime,
    position: Position | None,
    metres_away: int | None,
    critical_failed: bool,
) -> list[Flag]:
    """Return what is odd about a visit, the gravest first. ``metres_away`` is None where either place is unknown."""
    hour = shanghai(arrived_at).hour
    found = (
        (Flag.CRITICAL_FAILED, critical_failed),
        (Flag.OUTSIDE_RADIUS, position is not None and (metres_away or 0) > RADIUS_M + position.accuracy_m),
        (Flag.NO_POSITION, position is None),
        (Flag.COARSE_POSITION, position is not None and position.accuracy_m > COARSE_M),
        (Flag.ODD_HOUR, not EARLIEST_HOUR <= hour < LATEST_HOUR),
        (Flag.SHORT_STAY, left_at is not None and left_at - arrived_at < SHORTEST_STAY),
        (Flag.LOGGED_LATE, received_at - arrived_at > LATEST_LOGGING),
        (Flag.CLOCK_AHEAD, arrived_at - received_at > CLOCK_SKEW),
    )
    return [flag for flag, raised in found if raised]
