"""What happens at the counters in a month: who pays how much, when, where and how.

Most pay what is due. Some pay a part, some a round sum in advance, some nothing until next month. A few collections are
made for a wrong amount, voided at once and made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from agentnet.core.clock import Month, shanghai_instant
from agentnet.core.money import Fen
from agentnet.demo.bills import Bill
from agentnet.demo.chance import chance, fact_id, hit
from agentnet.demo.households import DemoHousehold
from agentnet.demo.network import DemoOutlet
from agentnet.demo.timeline import Timeline
from agentnet.divisions.models import Setting
from agentnet.outlets.rules import TenderCode, is_open

LARGEST_FEN: Fen = 4_900_00
"""Just under the single limit of the demo's agreements."""

SINGLE_LIMIT_FEN: Fen = 5_000_00

PART, ADVANCE, ELSEWHERE, VOIDED = 35, 45, 60, 2
"""In a thousand payments: parts of what is due, round sums beyond it, at another outlet, first made wrongly."""

BEFORE_THE_HEAT = 110
"""In a thousand households and months from July to September: a round sum put by for the next bill."""

SUMMER = (7, 8, 9)

VOID_REASONS = ("金额输错，当场撤销重收", "客户改用刷卡，撤销重收", "户号看错一位，当场撤销")

FIRST_DAY, LAST_DAY = 5, 27
"""Bills come on the 3rd; from the 5th people pay them."""

MARKET_DAY = 850
"""In a thousand payments: made on one of the outlet's market days, when the village comes anyway."""
_HOURS = (8, 8, 9, 9, 9, 10, 10, 11, 13, 14, 14, 15, 15, 16, 16)
AFTERNOON = 15
"""An hour at which every outlet is open."""

_NOTES = (50_00, 100_00, 100_00, 10_00)


@dataclass(frozen=True, slots=True)
class Payment:
    """A collection to be made; ``void_id`` and ``void_reason`` are set if it is voided again minutes later."""

    id: UUID
    outlet: int
    household: int
    tender: TenderCode
    amount_fen: Fen
    cash_received_fen: Fen | None
    reference: str | None
    collected_at: datetime
    void_id: UUID | None = None
    void_reason: str = ""


class Counters:
    """Plays the months one after the other and remembers what each household owes (below zero: has in advance)."""

    def __init__(self, outlets: Sequence[DemoOutlet], households: Sequence[DemoHousehold], timeline: Timeline) -> None:
        self._outlets = outlets
        self._households = households
        self._timeline = timeline
        self._owed = [0] * len(households)
        self._market_days = [_market_days(outlet) for outlet in outlets]
        self._neighbours = _neighbours(outlets, timeline.first_on)

    def play(self, month: Month, bills: Sequence[Bill]) -> dict[date, list[Payment]]:
        """Return a month's payments by day, in the order in which they are made."""
        draw = chance("payments", month)
        by_day: dict[date, list[Payment]] = {day: [] for day in self._timeline.days_of(month)}
        for number, household in enumerate(self._households):
            principal, late_charge = bills[number]
            due = self._owed[number] + principal + late_charge
            self._owed[number] = due
            outlet = self._outlet_for(draw, household, month.starts_on)
            number_of_day = draw.choice(self._market_days[outlet])
            if not hit(draw, MARKET_DAY):
                number_of_day = draw.randrange(FIRST_DAY, LAST_DAY + 1)
            day = month.starts_on.replace(day=number_of_day)
            day = _open_day(self._outlets[outlet], day)
            if due <= 0 or hit(draw, household.carelessness) or day not in by_day:
                continue
            amount = min(_amount(draw, due), LARGEST_FEN)
            made = self._made(draw, number, outlet, day, amount)
            by_day[day] += made
            self._owed[number] = due - amount
            if month.month in SUMMER and hit(draw, BEFORE_THE_HEAT):
                self._put_by(draw, number, outlet, by_day)
        for payments in by_day.values():
            payments.sort(key=lambda payment: (payment.collected_at, payment.id))
        return by_day

    def _put_by(self, draw: Random, number: int, outlet: int, by_day: dict[date, list[Payment]]) -> None:
        month = Month.of(next(iter(by_day)))
        day = _open_day(self._outlets[outlet], month.starts_on.replace(day=draw.choice(self._market_days[outlet])))
        amount = draw.choice((50_00, 100_00, 100_00, 200_00))
        if day in by_day:
            by_day[day] += self._made(draw, number, outlet, day, amount)
            self._owed[number] -= amount

    def _made(self, draw: Random, number: int, outlet: int, day: date, amount: Fen) -> list[Payment]:
        hour, minute = draw.choice(_HOURS), draw.randrange(60)
        if not is_open(self._outlets[outlet].hours[day.weekday()], hour * 60 + minute):
            hour = AFTERNOON
        at = shanghai_instant(day, hour, minute) + timedelta(seconds=draw.randrange(60))
        tender = self._tender(draw, self._households[number], self._outlets[outlet])
        right = _payment(draw, outlet, number, tender, amount, at)
        if not hit(draw, VOIDED):
            return [right]
        wrong_amount = amount + draw.choice((10_00, 1_00, 100_00, 9_00))
        before = at - timedelta(minutes=draw.randrange(3, 15))
        wrong = _payment(draw, outlet, number, tender, wrong_amount, before)
        void = {"void_id": fact_id(at, draw), "void_reason": draw.choice(VOID_REASONS)}
        return [Payment(**{name: getattr(wrong, name) for name in Payment.__slots__} | void), right]

    def _outlet_for(self, draw: Random, household: DemoHousehold, day: date) -> int:
        home = household.outlet
        if hit(draw, ELSEWHERE) or not self._outlets[home].open_on(day):
            return draw.choice(self._neighbours[self._outlets[home].village.code[:6]])
        return home

    @staticmethod
    def _tender(draw: Random, household: DemoHousehold, outlet: DemoOutlet) -> TenderCode:
        if household.cash or hit(draw, 150):
            return TenderCode.CASH
        return draw.choice(outlet.tenders)


def _market_days(outlet: DemoOutlet) -> list[int]:
    """Return the days of the month on which most people come, fewer in a village than in town."""
    draw = chance("market days", outlet.code)
    wanted = 2 if outlet.village.setting == Setting.RURAL else 4
    return draw.sample(range(FIRST_DAY, LAST_DAY + 1), wanted)


def _neighbours(outlets: Sequence[DemoOutlet], first_on: date) -> dict[str, list[int]]:
    """Return, for each county, the outlets that were open when the history begins."""
    found: dict[str, list[int]] = {}
    for place, outlet in enumerate(outlets):
        if outlet.open_on(first_on):
            found.setdefault(outlet.village.code[:6], []).append(place)
    return found


def _open_day(outlet: DemoOutlet, day: date) -> date:
    """Return the day itself, or the Monday after a Sunday on which the outlet is closed."""
    return day if outlet.hours[day.weekday()] else day + timedelta(days=1)


def _amount(draw: Random, due: Fen) -> Fen:
    if due > 150_00 and hit(draw, PART):
        return due // 2 // 50_00 * 50_00 + 50_00
    if hit(draw, ADVANCE):
        return (due // 100_00 + draw.randrange(1, 3)) * 100_00
    return due


def _payment(draw: Random, outlet: int, household: int, tender: TenderCode, amount: Fen, at: datetime) -> Payment:
    cash = tender is TenderCode.CASH
    note = draw.choice(_NOTES)
    return Payment(
        id=fact_id(at, draw),
        outlet=outlet,
        household=household,
        tender=tender,
        amount_fen=amount,
        cash_received_fen=-(-amount // note) * note if cash else None,
        reference=None if cash else f"{draw.randrange(10**12):012d}",
        collected_at=at,
    )
