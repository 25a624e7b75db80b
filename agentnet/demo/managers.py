"""The district managers: 300 in Wenling (S39), who answers for which outlet since when, and a few hand-overs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agentnet.core.money import share_out
from agentnet.demo.chance import chance, hit
from agentnet.demo.network import DemoOutlet
from agentnet.demo.people import PHONE_PREFIX, person_name
from agentnet.demo.timeline import Timeline
from agentnet.outlets.rules import Slot

WENLING_MANAGERS = 300
JIAXING_MANAGERS = 320
HAND_OVERS = 12
DEPUTY_PER_MILLE = 330


@dataclass(frozen=True, slots=True)
class DemoManager:
    """A district manager; ``diligence`` is how many of a thousand due visits are made."""

    code: str
    name: str
    work_phone: str
    station_code: str
    consent_on: date | None
    diligence: int


@dataclass(frozen=True, slots=True)
class DemoAssignment:
    """A manager's slot at an outlet from a day on."""

    outlet_code: str
    manager_code: str
    slot: Slot
    starts_on: date


@dataclass(frozen=True, slots=True)
class HandOver:
    """The day an outlet's primary passes to a colleague of the same station."""

    outlet_code: str
    manager_code: str
    on: date


@dataclass(frozen=True, slots=True)
class Staff:
    """Who answers for what."""

    managers: tuple[DemoManager, ...]
    assignments: tuple[DemoAssignment, ...]
    hand_overs: tuple[HandOver, ...]

    def holders_on(self, day: date) -> Mapping[str, tuple[str, str | None]]:
        """Return each outlet's primary and deputy on a day, by outlet code."""
        primary = {one.outlet_code: one.manager_code for one in self.assignments if one.slot is Slot.PRIMARY}
        deputy = {one.outlet_code: one.manager_code for one in self.assignments if one.slot is Slot.DEPUTY}
        for change in self.hand_overs:
            if change.on <= day:
                primary[change.outlet_code] = change.manager_code
        return {outlet: (manager, deputy.get(outlet)) for outlet, manager in primary.items()}


def staff(outlets: Sequence[DemoOutlet], timeline: Timeline) -> Staff:
    """Return managers and assignments: every open outlet has a primary, some a deputy; a centre and its guest share."""
    by_station: dict[str, list[DemoOutlet]] = defaultdict(list)
    for outlet in outlets:
        if outlet.opened_on is not None:
            by_station[outlet.village.station_code].append(outlet)
    managers: list[DemoManager] = []
    assignments: list[DemoAssignment] = []
    for letters, total in (("WL", WENLING_MANAGERS), ("JX", JIAXING_MANAGERS)):
        stations = sorted(station for station in by_station if station.startswith(letters))
        counts = _heads([len(by_station[station]) for station in stations], total)
        for station, count in zip(stations, counts, strict=True):
            team = [_manager(len(managers) + number, station, timeline) for number in range(1, count + 1)]
            managers += team
            assignments += _assign(by_station[station], team)
    shared = {code for outlet in outlets if outlet.host_code for code in (outlet.code, outlet.host_code)}
    changes = _hand_overs(managers, [one for one in assignments if one.outlet_code not in shared], timeline)
    return Staff(tuple(managers), tuple(assignments), changes)


def _heads(outlets_by_station: Sequence[int], total: int) -> list[int]:
    """Return how many managers each station has: one at least, the rest by outlets, never more than outlets."""
    spare = share_out(total - len(outlets_by_station), [count - 1 for count in outlets_by_station])
    return [1 + extra for extra in spare]


def _manager(number: int, station: str, timeline: Timeline) -> DemoManager:
    code = f"M{number:04d}"
    draw = chance("manager", code)
    return DemoManager(
        code=code,
        name=person_name(draw),
        work_phone=f"{PHONE_PREFIX}{5000 + number:04d}",
        station_code=station,
        consent_on=timeline.first_on - timedelta(days=draw.randrange(10, 400)) if hit(draw, 930) else None,
        diligence=820 if hit(draw, 60) else draw.randrange(940, 1000),
    )


def _assign(outlets: Sequence[DemoOutlet], team: Sequence[DemoManager]) -> list[DemoAssignment]:
    found = []
    primaries: dict[str, int] = {}
    turn = 0
    for outlet in outlets:
        if outlet.host_code is not None:
            place = primaries[outlet.host_code]
        else:
            place, turn = turn % len(team), turn + 1
        primaries[outlet.code] = place
        assert outlet.opened_on is not None
        starts_on = outlet.opened_on - timedelta(days=7)
        found.append(DemoAssignment(outlet.code, team[place].code, Slot.PRIMARY, starts_on))
        if len(team) > 1 and hit(chance("deputy", outlet.code), DEPUTY_PER_MILLE):
            other = team[(place + 1) % len(team)]
            found.append(DemoAssignment(outlet.code, other.code, Slot.DEPUTY, starts_on))
    return found


def _hand_overs(
    managers: Sequence[DemoManager], assignments: Sequence[DemoAssignment], timeline: Timeline
) -> tuple[HandOver, ...]:
    """Return a dozen hand-overs in mid-week to a colleague who holds nothing else at the outlet."""
    draw = chance("hand-overs")
    station_of = {manager.code: manager.station_code for manager in managers}
    held: dict[str, set[str]] = defaultdict(set)
    for one in assignments:
        held[one.outlet_code].add(one.manager_code)
    primaries = [one for one in assignments if one.slot is Slot.PRIMARY and one.starts_on < timeline.first_on]
    found: list[HandOver] = []
    for one in draw.sample(primaries, len(primaries)):
        colleagues = [
            code
            for code, station in station_of.items()
            if station == station_of[one.manager_code] and code not in held[one.outlet_code]
        ]
        on = timeline.first_on + timedelta(days=draw.randrange(40, 380))
        if colleagues and on < timeline.last_on:
            on -= timedelta(days=on.weekday() - 2)  # a Wednesday
            found.append(HandOver(one.outlet_code, draw.choice(colleagues), on))
        if len(found) == HAND_OVERS:
            break
    return tuple(sorted(found, key=lambda change: (change.on, change.outlet_code)))
