"""The networks have the source's numbers, and nobody in them is real."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from agentnet.core.clock import shanghai_instant
from agentnet.demo.network import HOSTING, ceiling_fen
from agentnet.demo.timeline import Timeline
from agentnet.demo.villages import org_units, villages
from agentnet.demo.world import World, invent, invent_people
from agentnet.outlets.rules import OutletKind, Slot, State, TenderCode


def test_wenling_has_661_villages_and_jiaxing_seven_counties():
    found = villages()
    assert sum(village.is_wenling for village in found) == 661
    assert len({village.code[:6] for village in found if not village.is_wenling}) == 7
    assert len(found) == len({village.code for village in found})


def test_the_company_has_two_cities_eight_counties_and_a_station_for_every_township():
    units = org_units(villages())
    counts = Counter(unit.kind.value for unit in units)
    assert (counts["COMPANY"], counts["CITY"], counts["COUNTY"], counts["STATION"]) == (1, 2, 8, 88)
    assert sum(unit.code.startswith("WL-") for unit in units) == 16
    assert next(unit for unit in units if unit.code == "WL").declared_villages == 830
    assert all(unit.name_en.isascii() for unit in units)


def test_parents_come_before_their_children():
    seen: set[str | None] = {None}
    for unit in org_units(villages()):
        assert unit.parent_code in seen
        seen.add(unit.code)


def test_jiaxing_counts_959_outlets_of_three_kinds(world: World):
    kinds = Counter(outlet.kind for outlet in world.people.outlets if not outlet.village.is_wenling)
    assert kinds == {OutletKind.NEWSSTAND: 280, OutletKind.VILLAGE_POST: 261, OutletKind.SERVICE_POINT: 418}


def test_368_villages_of_wenling_are_docked_once_each(world: World):
    docked = [outlet for outlet in world.people.outlets if outlet.docked]
    assert len(docked) == len({outlet.village.code for outlet in docked}) == 368


def test_twelve_village_centres_host_a_postal_station_under_their_roof(world: World):
    by_code = {outlet.code: outlet for outlet in world.people.outlets}
    guests = [outlet for outlet in world.people.outlets if outlet.host_code]
    assert len(guests) == HOSTING
    for guest in guests:
        host = by_code[guest.host_code or ""]
        assert (guest.kind, host.kind) == (OutletKind.VILLAGE_POST, OutletKind.VILLAGE_CENTRE)
        assert (guest.village, guest.point, guest.opened_on) == (host.village, host.point, host.opened_on)


def test_300_managers_of_wenling_hold_one_to_two_places_at_every_open_outlet(world: World):
    staff = world.people.staff
    assert sum(manager.station_code.startswith("WL") for manager in staff.managers) == 300
    held: dict[str, list[Slot]] = {}
    for one in staff.assignments:
        held.setdefault(one.outlet_code, []).append(one.slot)
    opened = {outlet.code for outlet in world.people.outlets if outlet.state is State.ACTIVE}
    assert held.keys() == opened
    assert all(slots[0] is Slot.PRIMARY and slots[1:] in ([], [Slot.DEPUTY]) for slots in held.values())
    outlets_by_manager = Counter(one.manager_code for one in staff.assignments)
    assert outlets_by_manager.keys() == {manager.code for manager in staff.managers}
    assert max(outlets_by_manager.values()) > 3


def test_nobody_stands_twice_at_one_outlet(world: World):
    pairs = [(one.outlet_code, one.manager_code) for one in world.people.staff.assignments]
    assert len(pairs) == len(set(pairs))
    for change in world.people.staff.hand_overs:
        assert (change.outlet_code, change.manager_code) not in pairs
        assert change.on.isoweekday() == 3
        assert world.people.staff.holders_on(change.on)[change.outlet_code][0] == change.manager_code
        assert (
            world.people.staff.holders_on(change.on - timedelta(days=1))[change.outlet_code][0] != change.manager_code
        )


def test_every_phone_is_from_the_invented_range_and_belongs_to_one(world: World):
    phones = [outlet.phone for outlet in world.people.outlets] + [
        manager.work_phone for manager in world.people.staff.managers
    ]
    assert len(phones) == len(set(phones))
    assert all(phone.startswith("1380000") and len(phone) == 11 for phone in phones)


def test_every_outlet_takes_cash(world: World):
    assert all(TenderCode.CASH in outlet.tenders for outlet in world.people.outlets)


def test_household_numbers_have_13_digits_and_are_unique(world: World):
    numbers = [household.household_no for household in world.people.households]
    assert len(numbers) == len(set(numbers))
    assert {(len(number), number[:4]) for number in numbers} == {(13, "3310"), (13, "3304")}


def test_the_same_day_gives_the_same_world_and_the_next_day_the_same_register(world: World, timeline: Timeline):
    again = invent(invent_people(Timeline.ending(shanghai_instant(timeline.today, 9))))
    assert again.people.outlets == world.people.outlets
    assert again.people.staff == world.people.staff
    assert again.people.households == world.people.households
    assert [month.payments for month in again.months] == [month.payments for month in world.months]
    assert [month.bills for month in again.months] == [month.bills for month in world.months]


def test_a_tight_ceiling_still_holds_what_the_history_brings():
    for fen in (1, 999_99, 12_345_67, 115_000_00):
        assert ceiling_fen(fen, tight=True) >= fen
        assert ceiling_fen(fen, tight=False) >= 3 * fen


def test_the_history_has_thirteen_whole_months_and_ends_yesterday(timeline: Timeline):
    assert len(timeline.whole_months) == 13
    assert (timeline.first_on, timeline.last_on) == (date(2025, 10, 1), date(2026, 11, 22))
    assert str(timeline.weeks()[0]) == "2026-W35"
    assert str(timeline.weeks()[-1]) == "2026-W48"


def test_before_half_past_one_on_the_first_the_month_that_ended_still_runs():
    found = Timeline.ending(shanghai_instant(date(2027, 1, 1), 1, 29))
    assert (str(found.running), found.last_on) == ("2026-12", date(2026, 12, 31))
    assert str(Timeline.ending(shanghai_instant(date(2027, 1, 1), 1, 30)).running) == "2027-01"
