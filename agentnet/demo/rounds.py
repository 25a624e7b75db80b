"""The managers' rounds: who visits which outlet in a week, what the checklist found, what villagers asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random

from agentnet.core.clock import IsoWeek, shanghai_instant
from agentnet.demo.chance import chance, fact_id, hit
from agentnet.demo.managers import Staff
from agentnet.demo.network import DemoOutlet
from agentnet.demo.timeline import Timeline
from agentnet.divisions.places import moved
from agentnet.visits.checklist import Answer
from agentnet.visits.evidence import Position
from agentnet.visits.judging import FoundNeed, NewVisit
from agentnet.workdays.rules import day_kind

CHECKLIST_VERSION = 1
ITEMS = 16

DEPUTY_GOES = 280
NO_POSITION, FAR_AWAY, SHORT_STAY, LATE = 12, 6, 5, 8
"""In a thousand visits: without a position, logged far away, over in minutes, logged the day after next."""
A_WHILE = timedelta(days=3)
"""How long ago a visit has to be to have been logged late."""

SOMETHING_FAILED, NEED_FOUND, WORD_GIVEN = 45, 8, 60

FINDINGS = {
    1: "标识牌有污损，已约定更换",
    2: "公示牌上的电话看不清，需要重贴",
    4: "宣传资料只剩几份，下次带来",
    5: "下午提前关门，已提醒按公示时间营业",
    8: "打印纸快用完，已送两卷",
    13: "停电通知没有张贴，当场补贴",
    16: "上次说的插座还没有换",
}
"""What may be found wrong, by item number; the critical items stay in order."""

NEEDS = (
    FoundNeed("FAULT_REPAIR", "村东头路灯不亮，请安排人来看"),
    FoundNeed("FAULT_REPAIR", "表后线老化，想请人检查"),
    FoundNeed("BILL_QUERY_PAY", "老人不会用手机，想了解每月电费怎么查"),
    FoundNeed("BUSINESS_CONSULT", "准备装空调，想问增容要带什么证件"),
    FoundNeed("BUSINESS_CONSULT", "房子过户了，想改户名"),
    FoundNeed("OUTAGE_NOTICE", "停电通知贴得太晚，希望提前几天告知"),
    FoundNeed("METER_ROTATION_SIGN", "换表那天不在家，约个时间补签字"),
    FoundNeed("DISPUTE_MEDIATION", "与邻居合用一块表，想分开"),
)
WORDS = ("一切正常，来交费的人比上月多", "希望多送些宣传资料", "周末来的人多，零钱不够用", "扫码付款的人多起来了")

_ALL_PASSED: Mapping[int, str] = dict.fromkeys(range(1, ITEMS + 1), Answer.PASS)


class Rounds:
    """Plays the weeks; every outlet open in a week is due, and a village centre's visit serves the station it hosts."""

    def __init__(self, outlets: Sequence[DemoOutlet], staff: Staff, timeline: Timeline) -> None:
        self._outlets = [outlet for outlet in outlets if outlet.opened_on is not None and outlet.host_code is None]
        self._staff = staff
        self._timeline = timeline
        self._diligence = {manager.code: manager.diligence for manager in staff.managers}

    def of(self, week: IsoWeek) -> list[NewVisit]:
        """Return the visits of a week, in the order in which they were made; none in a week without a working day."""
        days = [day for day in week.days if day_kind(day, {}).is_workday]
        passed = [day for day in days if day <= self._timeline.last_on]
        draw = chance("rounds", week)
        found: list[NewVisit] = []
        holders = {day: self._staff.holders_on(day) for day in passed}
        for outlet in self._outlets:
            day = draw.choice(days) if days else week.starts_on
            luck, deputy_goes = draw.randrange(1000), hit(draw, DEPUTY_GOES)
            if day not in holders or not outlet.open_on(day):
                continue
            primary, deputy = holders[day][outlet.code]
            manager = deputy if deputy is not None and deputy_goes else primary
            if luck < self._diligence[manager]:
                found.append(_visit(draw, outlet, manager, day, self._timeline.last_on - day >= A_WHILE))
        return sorted(found, key=lambda visit: (visit.arrived_at, visit.id))


def _visit(draw: Random, outlet: DemoOutlet, manager_code: str, day: date, may_be_late: bool) -> NewVisit:
    arrived_at = shanghai_instant(day, draw.randrange(8, 17), draw.randrange(60))
    minutes = 3 if hit(draw, SHORT_STAY) else draw.randrange(9, 50)
    left_at = arrived_at + timedelta(minutes=minutes)
    late = hit(draw, LATE) and may_be_late
    later = timedelta(hours=draw.randrange(25, 40)) if late else timedelta(minutes=draw.randrange(1, 15))
    failed = draw.choice(tuple(FINDINGS)) if hit(draw, SOMETHING_FAILED) else None
    return NewVisit(
        id=fact_id(arrived_at, draw),
        outlet_code=outlet.code,
        arrived_at=arrived_at,
        checklist_version=CHECKLIST_VERSION,
        answers={**_ALL_PASSED, failed: Answer.FAIL} if failed else _ALL_PASSED,
        left_at=left_at,
        position=_position(draw, outlet),
        item_remarks={failed: FINDINGS[failed]} if failed else {},
        needs=(draw.choice(NEEDS),) if hit(draw, NEED_FOUND) else (),
        agent_word=draw.choice(WORDS) if hit(draw, WORD_GIVEN) else "",
        manager_code=manager_code,
        received_at=left_at + later,
    )


def _position(draw: Random, outlet: DemoOutlet) -> Position | None:
    if hit(draw, NO_POSITION):
        return None
    reach = 2_500 if hit(draw, FAR_AWAY) else 60
    point = moved(outlet.point, draw.randrange(-reach, reach + 1), draw.randrange(-reach, reach + 1))
    return Position(latitude=point.latitude, longitude=point.longitude, accuracy_m=draw.randrange(5, 40))


def evening_after(week: IsoWeek) -> datetime:
    """Return the instant at which a week's visits have all been received: Tuesday of the next week, 23:00."""
    return shanghai_instant(week.ends_on + timedelta(days=1), 23)
