"""What the demo company prints, and when: schedules as a supervisor would set them up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from agentnet.books.journal_actions import add_mapping
from agentnet.books.models import JournalMapping
from agentnet.books.presets import PRESETS
from agentnet.books.report_data import (
    OUTLET_DAY,
    RECONCILIATION_DAY,
    RECONCILIATION_MONTH,
    STATION_REMITTANCES_MONTH,
    STATION_REMITTANCES_WEEK,
    TRIAL_BALANCE_MONTH,
)
from agentnet.commission.report_data import COMMISSION_STATEMENT, COMMISSION_SUMMARY
from agentnet.core.clock import business_date
from agentnet.core.ids import new_id
from agentnet.demo.villages import Unit
from agentnet.divisions.models import OrgKind
from agentnet.documents.kinds import ReportKind
from agentnet.documents.models import Run, Schedule
from agentnet.documents.rules import SPANS, Cadence, Rhythm, RunState
from agentnet.documents.schedules import ScheduleWish, add_schedule
from agentnet.infra.actor import SYSTEM, Actor, Grant, Role
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.visits.report_data import DUTY_MANAGER_WEEK, DUTY_STATION_MONTH

OF_EACH_KIND = 5
"""Documents of each kind that are drawn before a demo is served."""

OFFICE = Actor(
    user_id=None, name="demo", grants=(Grant(Role.SUPERVISOR, org_path="/"), Grant(Role.FINANCE, org_path="/"))
)
"""The company's supervisors and finance."""

MONTHLY = Rhythm(Cadence.MONTHLY, 1, 2, 0)
WEEKLY = Rhythm(Cadence.WEEKLY, 1, 6, 0)
DAILY = Rhythm(Cadence.DAILY, 1, 6, 0)
AFTER_FILES = Rhythm(Cadence.DAILY, 1, 17, 0)
"""Partners send yesterday's file in the morning, and somebody works off what differs."""


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


def schedule_books(units: Iterable[Unit], at: datetime) -> None:
    """Schedule the papers of money: daily sheets, deposits and cash by age, reconciliation, the trial balance.

    The rest begins with the next tick: three thousand daily sheets would be a day's work before the first look.
    """
    stations = [unit for unit in units if unit.kind is OrgKind.STATION]
    for station in [one for one in stations if one.code.startswith("WL")][:1]:
        _add(f"{station.name}日结单", OUTLET_DAY, station.code, "zh", DAILY, last_tick(DAILY, at))
    _add("解款与账龄周报", STATION_REMITTANCES_WEEK, "WL", "zh", WEEKLY, last_tick(WEEKLY, at))
    _add("解款与账龄月报", STATION_REMITTANCES_MONTH, "DH", "zh", MONTHLY, next_tick(MONTHLY, at))
    _add("温岭对账日报", RECONCILIATION_DAY, "WL", "zh", AFTER_FILES, last_tick(AFTER_FILES, at))
    _add("对账月报", RECONCILIATION_MONTH, "DH", "zh", MONTHLY, next_tick(MONTHLY, at))
    _add("科目余额表", TRIAL_BALANCE_MONTH, "DH", "zh", MONTHLY, last_tick(MONTHLY, at))
    _add("科目余额表（英文）", TRIAL_BALANCE_MONTH, "WL", "en", MONTHLY, last_tick(MONTHLY, at))


def add_mappings() -> None:
    """Give finance a mapping for each accounting package."""
    for name in PRESETS:
        if db.session.scalar(select(JournalMapping.id).where(JournalMapping.name == name)) is None:
            add_mapping(new_id(), name, name, SYSTEM)


def some_of_each_kind() -> list[UUID]:
    """Return which of the first documents of each kind are not drawn yet; a demo is served with them."""
    with reading():
        place = func.row_number().over(partition_by=Run.kind, order_by=Run.id)
        first = select(Run.id, Run.state, place.label("place")).subquery()
        planned = first.c.state == RunState.PLANNED
        return list(db.session.scalars(select(first.c.id).where(planned, first.c.place <= OF_EACH_KIND)))


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
    span = SPANS[rhythm.cadence].of(business_date(at))
    tick = rhythm.first_tick(span.starts_on)
    return tick if tick <= at else rhythm.first_tick(span.previous().starts_on)


def next_tick(rhythm: Rhythm, at: datetime) -> datetime:
    """Return the first tick after an instant.

    >>> from datetime import date
    >>> from agentnet.core.clock import shanghai_instant
    >>> next_tick(MONTHLY, shanghai_instant(date(2026, 11, 1), 2)) == shanghai_instant(date(2026, 12, 1), 2)
    True
    """
    span = SPANS[rhythm.cadence].of(business_date(at))
    tick = rhythm.first_tick(span.starts_on)
    return tick if tick > at else rhythm.first_tick(span.next().starts_on)
