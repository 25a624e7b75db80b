"""The whole invented world in one value: who there is, and what each month and week brings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agentnet.core.clock import Month
from agentnet.core.money import Fen
from agentnet.demo.bills import Bill, bills_of
from agentnet.demo.chance import chance, hit
from agentnet.demo.households import DemoHousehold, households
from agentnet.demo.managers import Staff, staff
from agentnet.demo.network import DemoOutlet, ceiling_fen, outlets
from agentnet.demo.payments import Counters, Payment
from agentnet.demo.rounds import Rounds
from agentnet.demo.timeline import Timeline
from agentnet.demo.villages import Unit, Village, org_units, villages
from agentnet.outlets.rules import OutletKind, TenderCode

TIGHT_PER_MILLE = 9
"""So many in a thousand outlets have a ceiling that the history nearly fills."""


@dataclass(frozen=True, slots=True)
class MonthOfFacts:
    """What billing delivers at the beginning of a month, and what people then pay, by day."""

    month: Month
    billed: Month
    bills: Sequence[Bill]
    payments: Mapping[date, Sequence[Payment]]


@dataclass(frozen=True, slots=True)
class People:
    """Who there is, and who visits whom, drawn once from seeded chance."""

    timeline: Timeline
    villages: Sequence[Village]
    units: Sequence[Unit]
    outlets: Sequence[DemoOutlet]
    staff: Staff
    households: Sequence[DemoHousehold]
    rounds: Rounds
    agents_code: str
    """The outlet whose keeper has a sign-in."""

    @property
    def managers_code(self) -> str:
        """The manager who has a sign-in: the agent's."""
        return self.staff.holders_on(self.timeline.today)[self.agents_code][0]


@dataclass(frozen=True, slots=True)
class World:
    """Everything the demo invents: the people, what they pay each month, and the ceilings their cash needs."""

    people: People
    months: Sequence[MonthOfFacts]
    ceilings: Mapping[str, Fen]


def _agents_code(found: Sequence[DemoOutlet], timeline: Timeline) -> str:
    """Return Wenling's busiest postal station that has a room of its own."""
    stations = [
        outlet
        for outlet in found
        if outlet.village.is_wenling
        and outlet.kind is OutletKind.VILLAGE_POST
        and outlet.host_code is None
        and outlet.open_on(timeline.first_on)
    ]
    return max(stations, key=lambda outlet: (outlet.traffic, outlet.code)).code


def invent_people(timeline: Timeline) -> People:
    """Return the people of the world that ends on a day; the same day gives the same people."""
    found = villages()
    its_outlets = outlets(found, timeline)
    its_staff = staff(its_outlets, timeline)
    return People(
        timeline=timeline,
        villages=found,
        units=org_units(found),
        outlets=its_outlets,
        staff=its_staff,
        households=households(its_outlets),
        rounds=Rounds(its_outlets, its_staff, timeline),
        agents_code=_agents_code(its_outlets, timeline),
    )


def invent(people: People) -> World:
    """Return what people live through; the same people live the same."""
    timeline = people.timeline
    counters = Counters(people.outlets, people.households, timeline)
    before = timeline.whole_months[0].previous()
    months = []
    for month in timeline.months:
        billed = month.previous()
        bills = bills_of(billed, people.households, before)
        months.append(MonthOfFacts(month, billed, bills, counters.play(month, bills)))
    return World(people, months, _ceilings(people.outlets, months))


def _ceilings(found: Sequence[DemoOutlet], months: Sequence[MonthOfFacts]) -> dict[str, Fen]:
    cash: dict[int, Fen] = defaultdict(int)
    for month in months:
        for payments in month.payments.values():
            for payment in payments:
                if payment.tender is TenderCode.CASH:
                    cash[payment.outlet] += payment.amount_fen
    return {
        outlet.code: ceiling_fen(cash[place], tight=hit(chance("tight", outlet.code), TIGHT_PER_MILLE))
        for place, outlet in enumerate(found)
        if outlet.opened_on is not None
    }
