"""What the demo company prints, and when: schedules as a supervisor would set them up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from agentnet.commission.report_data import COMMISSION_STATEMENT, COMMISSION_SUMMARY
from agentnet.core.clock import IsoWeek, Month, business_date
from agentnet.demo.villages import Unit
from agentnet.divisions.models import OrgKind
from agentnet.documents.kinds import ReportKind
from agentnet.documents.models import Schedule
from agentnet.documents.rules import Cadence, Rhythm
from agentnet.documents.schedules import ScheduleWish, add_schedule
from agentnet.infra.actor import Actor, Grant, Role
from agentnet.infra.db import db
from agentnet.visits.report_data import DUTY_MANAGER_WEEK, DUTY_STATION_MONTH

OFFICE = Actor(user_id=None, name="demo", grants=(Grant(Role.SUPERVISOR, org_path="/"),))
"""The company's supervisors."""

MONTHLY = Rhythm(Cadence.MONTHLY, 1, 2, 0)
WEEKLY = Rhythm(Cadence.WEEKLY, 1, 6, 0)


def schedule_money(at: datetime) -> None:
    """Schedule the commission papers of each month: Wenling's statements and all summaries since the last tick.

    Jiaxing's statements begin with the next tick: there is something left to order, and to wait for.
    """
    _add("温岭代办费结算单", COMMISSION_STATEMENT, "WL", "zh", MONTHLY, last_tick(MONTHLY, at))
    _add("嘉兴代办费结算单", COMMISSION_STATEMENT, "JX", "zh", MONTHLY, next_tick(MONTHLY, at))
    _add("代办费汇总表", COMMISSION_SUMMARY, "DH", "zh", MONTHLY, last_tick(MONTHLY, at))
    _add("温岭代办费汇总表（英文）", COMMISSION_SUMMARY, "WL", "en", MONTHLY, last_tick(MONTHLY, at))


def schedule_duties(units: Iterable[Unit], at: datetime) -> None:
    """Schedule the duty reports: every county's managers each week, all stations each month."""
    for unit in units:
        if unit.kind is OrgKind.COUNTY:
            _add(f"{unit.name}周走访报告", DUTY_MANAGER_WEEK, unit.code, "zh", WEEKLY, last_tick(WEEKLY, at))
    _add("走访完成情况月报", DUTY_STATION_MONTH, "DH", "zh", MONTHLY, last_tick(MONTHLY, at))


def _add(name: str, kind: ReportKind, unit_code: str, language: str, rhythm: Rhythm, first: datetime) -> None:
    """Add a schedule from a first tick on, made up once if it has passed; an earlier run may have added it."""
    if db.session.scalar(select(Schedule.id).where(Schedule.name == name)) is not None:
        return
    starts_on = business_date(first)
    wish = ScheduleWish(name, kind.code, unit_code, language, rhythm.day, rhythm.hour, rhythm.minute, starts_on)
    add_schedule(wish, OFFICE)


def last_tick(rhythm: Rhythm, at: datetime) -> datetime:
    """Return the newest tick that is not after an instant.

    >>> from datetime import date
    >>> from agentnet.core.clock import shanghai_instant
    >>> last_tick(WEEKLY, shanghai_instant(date(2026, 11, 23), 5)) == shanghai_instant(date(2026, 11, 16), 6)
    True
    >>> last_tick(MONTHLY, shanghai_instant(date(2026, 11, 1), 2)) == shanghai_instant(date(2026, 11, 1), 2)
    True
    """
    day = business_date(at)
    span: IsoWeek | Month = IsoWeek.of(day) if rhythm.cadence is Cadence.WEEKLY else Month.of(day)
    tick = rhythm.first_tick(span.starts_on)
    return tick if tick <= at else rhythm.first_tick(span.previous().starts_on)


def next_tick(rhythm: Rhythm, at: datetime) -> datetime:
    """Return the first tick after an instant.

    >>> from datetime import date
    >>> from agentnet.core.clock import shanghai_instant
    >>> next_tick(MONTHLY, shanghai_instant(date(2026, 11, 1), 2)) == shanghai_instant(date(2026, 12, 1), 2)
    True
    """
    day = business_date(at)
    span: IsoWeek | Month = IsoWeek.of(day) if rhythm.cadence is Cadence.WEEKLY else Month.of(day)
    tick = rhythm.first_tick(span.starts_on)
    return tick if tick > at else rhythm.first_tick(span.next().starts_on)
