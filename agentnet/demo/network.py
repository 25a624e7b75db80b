"""The two networks: which villages have an outlet of which kind, since when, and what it offers.

Wenling: 368 docked villages (S38), each with its outlet; at twelve of them a village service centre hosts the postal
station next to its counter (S30), so that 380 outlets are open. Jiaxing: 280 newsstands, 261 village postal stations
and 418 service points, together 959 (S26). A few applications in Wenling wait for their next step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from agentnet.core.money import Fen
from agentnet.demo.chance import chance, hit, weighted
from agentnet.demo.people import person_name, phone_numbers
from agentnet.demo.timeline import Timeline
from agentnet.demo.villages import Village
from agentnet.divisions.models import Setting
from agentnet.divisions.places import Point, moved
from agentnet.outlets.rules import ALWAYS, OutletKind, Span, State, TenderCode, TerminalKind

DOCKED = 368
HOSTING = 12
JIAXING_KINDS = ((OutletKind.NEWSSTAND, 280), (OutletKind.VILLAGE_POST, 261), (OutletKind.SERVICE_POINT, 418))

POST, BANK, CHAIN = "POST", "BANK", "CHAIN"
PARTNERS = (
    (POST, "东海邮政", "POST"),
    (BANK, "东海农商银行", "BANK"),
    (CHAIN, "东海便利连锁", "CHAIN"),
)

OPEN_BEFORE_PER_MILLE = 780
"""So many in a thousand outlets were open before the history begins; the others open in its first five sevenths."""

SERVICES = (
    "BILL_QUERY_PAY", "FAULT_REPAIR", "BUSINESS_CONSULT", "OUTAGE_NOTICE",
    "DISPUTE_MEDIATION", "METER_ROTATION_SIGN", "INTEGRITY_NOTICE",
)  # fmt: skip

_SHOP: Span = (8 * 60, 18 * 60)
_MORNING: Span = (8 * 60, 11 * 60 + 30)
_AFTERNOON: Span = (13 * 60 + 30, 17 * 60)
_LONG: Span = (6 * 60 + 30, 20 * 60)


@dataclass(frozen=True, slots=True)
class DemoOutlet:
    """An outlet of the demo as it stands today, with the days that led there."""

    code: str
    name: str
    kind: OutletKind
    village: Village
    address: str
    phone: str
    keeper_name: str
    point: Point
    partner_code: str | None
    partner_outlet_no: str | None
    host_code: str | None
    staffed: bool
    applied_on: date
    opened_on: date | None
    state: State
    tenders: tuple[TenderCode, ...]
    services: tuple[str, ...]
    hours: tuple[tuple[Span, ...], ...]
    terminals: tuple[TerminalKind, ...]
    traffic: int
    """How busy it is, against the others."""

    @property
    def setting(self) -> Setting:
        return Setting.URBAN if self.kind is OutletKind.NEWSSTAND else Setting(self.village.setting)

    @property
    def docked(self) -> bool:
        """Whether it is the one that serves its docked village."""
        return self.village.is_wenling and self.host_code is None and self.state is State.ACTIVE

    def open_on(self, day: date) -> bool:
        """Return whether it had opened by a day."""
        return self.opened_on is not None and self.opened_on <= day


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where an outlet of which kind goes, before it has a number."""

    kind: OutletKind
    village: Village
    hosted: bool = False


def outlets(found: Sequence[Village], timeline: Timeline) -> list[DemoOutlet]:
    """Return the outlets of both networks, Wenling first; the same villages and first day give the same outlets."""
    phones = phone_numbers()
    wenling = [
        _outlet("WL", number, seat, phones, timeline)
        for number, seat in enumerate(_wenling_seats([village for village in found if village.is_wenling]), 1)
    ]
    hosted = _hosted([outlet for outlet in wenling if outlet.kind is OutletKind.VILLAGE_CENTRE][:HOSTING], wenling)
    jiaxing_seats = _jiaxing_seats([village for village in found if not village.is_wenling])
    jiaxing = [_outlet("JX", number, seat, phones, timeline) for number, seat in enumerate(jiaxing_seats, 1)]
    return [*hosted, *jiaxing]


def _wenling_seats(found: Sequence[Village]) -> Iterator[_Seat]:
    draw = chance("seats", "Wenling")
    rural = [village for village in found if village.setting == Setting.RURAL]
    urban = [village for village in found if village.setting == Setting.URBAN]
    chosen_rural, chosen_urban = draw.sample(rural, DOCKED - 28), draw.sample(urban, 28)
    kinds = [
        *[OutletKind.VILLAGE_CENTRE] * 72,
        *[OutletKind.SERVICE_POINT] * 56,
        *[OutletKind.VILLAGE_POST] * (DOCKED - 28 - 72 - 56),
    ]
    for kind, village in zip(kinds, chosen_rural, strict=True):
        yield _Seat(kind, village)
    for number, village in enumerate(chosen_urban):
        yield _Seat(OutletKind.BUSINESS_HALL if number < 4 else OutletKind.CONVENIENCE_STORE, village)
    for village in chosen_rural[:HOSTING]:
        yield _Seat(OutletKind.VILLAGE_POST, village, hosted=True)
    waiting = [village for village in rural if village not in set(chosen_rural)]
    for village in draw.sample(waiting, 5):
        yield _Seat(OutletKind.SERVICE_POINT, village)


def _jiaxing_seats(found: Sequence[Village]) -> Iterator[_Seat]:
    draw = chance("seats", "Jiaxing")
    rural = [village for village in found if village.setting == Setting.RURAL]
    urban = [village for village in found if village.setting == Setting.URBAN]
    draw.shuffle(rural)
    draw.shuffle(urban)
    (newsstand, newsstands), (post, posts), (point, points) = JIAXING_KINDS
    for village in urban[:newsstands]:
        yield _Seat(newsstand, village)
    for village in rural[:posts]:
        yield _Seat(post, village)
    urban_points = points - min(points, len(rural) - posts)
    urban_points = max(urban_points, 90)
    for village in rural[posts : posts + points - urban_points] + urban[newsstands : newsstands + urban_points]:
        yield _Seat(point, village)


APPLICATIONS = (State.APPLIED, State.APPLIED, State.SITE_CHECK, State.SITE_CHECK, State.APPROVED)


def _outlet(letters: str, number: int, seat: _Seat, phones: Iterator[str], timeline: Timeline) -> DemoOutlet:
    code = f"{letters}{number:04d}"
    draw = chance("outlet", code)
    village, kind = seat.village, seat.kind
    waiting = number - DOCKED - HOSTING if letters == "WL" else 0
    state = APPLICATIONS[waiting - 1] if waiting > 0 else State.ACTIVE
    opened_on = _opening_day(draw, kind, timeline)
    applied_on = opened_on - timedelta(days=draw.randrange(30, 75))
    if state is not State.ACTIVE:
        applied_on = timeline.today - timedelta(days=draw.randrange(8, 40))
    partner = _partner(draw, kind)
    always = kind is OutletKind.BUSINESS_HALL or (kind is OutletKind.SERVICE_POINT and hit(draw, 15))
    return DemoOutlet(
        code=code,
        name=_name(kind, village),
        kind=kind,
        village=village,
        address=f"{village.township_name}{village.place_name}{draw.randrange(1, 199)}号",
        phone=next(phones),
        keeper_name=person_name(draw),
        point=moved(village.point, draw.randrange(-150, 151), draw.randrange(-150, 151)),
        partner_code=partner,
        partner_outlet_no=f"{partner[0]}{33 if letters == 'JX' else 10}{number:05d}" if partner else None,
        host_code=None,
        staffed=True,
        applied_on=applied_on,
        opened_on=opened_on if state is State.ACTIVE else None,
        state=state,
        tenders=_tenders(draw, kind, letters),
        services=SERVICES if kind is OutletKind.VILLAGE_CENTRE else SERVICES[: draw.randrange(2, 8)],
        hours=_hours(kind, always=always),
        terminals=_terminals(draw, kind, always=always),
        traffic=weighted(draw, ((3, 25), (6, 30), (9, 25), (14, 12), (24, 6), (45, 2))) + draw.randrange(3),
    )


def _hosted(centres: Sequence[DemoOutlet], wenling: Sequence[DemoOutlet]) -> list[DemoOutlet]:
    """Return Wenling's outlets with the last twelve postal stations put under the roof of their village's centre."""
    by_village = {centre.village.code: centre for centre in centres}
    found = []
    for place, outlet in enumerate(wenling):
        if DOCKED <= place < DOCKED + HOSTING:
            centre = by_village[outlet.village.code]
            outlet = DemoOutlet(
                **{name: getattr(outlet, name) for name in DemoOutlet.__slots__}
                | {
                    "host_code": centre.code,
                    "address": centre.address,
                    "point": centre.point,
                    "applied_on": centre.applied_on,
                    "opened_on": centre.opened_on,
                }
            )
        found.append(outlet)
    return found


def _opening_day(draw: Random, kind: OutletKind, timeline: Timeline) -> date:
    if kind is OutletKind.BUSINESS_HALL or hit(draw, OPEN_BEFORE_PER_MILLE):
        return timeline.first_on - timedelta(days=draw.randrange(30, 900))
    days = (timeline.last_on - timeline.first_on).days
    return timeline.first_on + timedelta(days=draw.randrange(3, days * 5 // 7))


_SUFFIXES = {
    OutletKind.VILLAGE_POST: "邮站",
    OutletKind.NEWSSTAND: "报刊亭",
    OutletKind.SERVICE_POINT: "便民服务点",
    OutletKind.VILLAGE_CENTRE: "便民服务中心",
}


def _name(kind: OutletKind, village: Village) -> str:
    if kind is OutletKind.BUSINESS_HALL:
        return f"{village.place_name}供电营业厅"
    if kind is OutletKind.CONVENIENCE_STORE:
        return f"东海便利{village.place_name}店"
    place = village.place_name
    if kind is OutletKind.NEWSSTAND:
        place = place.removesuffix("社区")
    return place + _SUFFIXES[kind]


def _partner(draw: Random, kind: OutletKind) -> str | None:
    if kind in (OutletKind.VILLAGE_POST, OutletKind.NEWSSTAND):
        return POST
    if kind is OutletKind.CONVENIENCE_STORE:
        return CHAIN
    return BANK if kind is OutletKind.SERVICE_POINT and hit(draw, 180) else None


def _tenders(draw: Random, kind: OutletKind, letters: str) -> tuple[TenderCode, ...]:
    busy_place = kind in (OutletKind.NEWSSTAND, OutletKind.CONVENIENCE_STORE, OutletKind.BUSINESS_HALL)
    chances = (
        (TenderCode.CASH, 1000),
        (TenderCode.UNIONPAY_CARD, 900 if busy_place else 550),
        (TenderCode.ALIPAY, 700 if busy_place else 250),
        (TenderCode.RECHARGE_CARD, 200),
        (TenderCode.CITIZEN_CARD, 150 if letters == "JX" else 0),
    )
    return tuple(tender for tender, per_mille in chances if hit(draw, per_mille))


def _hours(kind: OutletKind, *, always: bool) -> tuple[tuple[Span, ...], ...]:
    if always:
        return ((ALWAYS,),) * 7
    if kind is OutletKind.VILLAGE_POST:
        return ((_MORNING, _AFTERNOON),) * 6 + ((),)
    if kind in (OutletKind.NEWSSTAND, OutletKind.CONVENIENCE_STORE):
        return ((_LONG,),) * 7
    return ((_SHOP,),) * 7


def _terminals(draw: Random, kind: OutletKind, *, always: bool) -> tuple[TerminalKind, ...]:
    if always:
        return (TerminalKind.CARD, TerminalKind.CASH)
    if kind is OutletKind.CONVENIENCE_STORE or (kind is OutletKind.NEWSSTAND and hit(draw, 60)):
        return (TerminalKind.CARD,)
    return ()


def ceiling_fen(expected_cash_fen: Fen, *, tight: bool) -> Fen:
    """Return the ceiling an agreement sets, in whole thousands of yuan.

    The spine has no remittance yet, so the cash of all the demo's months stays at the outlet and the ceilings are far
    above what a real agreement would allow: three times what the history brings, and at a tight outlet just enough for
    the page to warn.

    >>> ceiling_fen(12_345_67, tight=False), ceiling_fen(12_345_67, tight=True), ceiling_fen(0, tight=False)
    (4000000, 1400000, 2000000)
    """
    wanted = expected_cash_fen * 110 // 100 if tight else max(3 * expected_cash_fen, 20_000_00)
    step = 1_000_00 if tight else 10_000_00
    return max(-(-wanted // step) * step, 5_000_00)
