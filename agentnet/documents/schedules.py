"""Schedules as data: a supervisor says what is to be printed, for whom and when; the clock's tick places the orders."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select, update

from agentnet.core.clock import now, today
from agentnet.core.errors import Conflict, Invalid
from agentnet.core.ids import new_id
from agentnet.divisions.models import OrgUnit
from agentnet.documents.actions import LANGUAGES
from agentnet.documents.kinds import ReportKind, report_kind
from agentnet.documents.models import Order, Schedule
from agentnet.documents.queries import schedule_for, unit_for
from agentnet.documents.rules import Cadence, OrderState, Rhythm
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.users.permissions import Permission

LONGEST_MAKE_UP = timedelta(days=800)
"""How far back a schedule may start: two years and the months around them."""


@dataclass(frozen=True, slots=True)
class ScheduleWish:
    """What a person fills in; ``starts_on`` empty means today, a past day makes up every tick since."""

    name: str
    kind: str
    org_unit_code: str
    language: str
    day: int
    hour: int
    minute: int
    starts_on: date | None = None


def rhythm_of(schedule: Schedule) -> Rhythm:
    """Return when a schedule ticks."""
    return Rhythm(Cadence(schedule.cadence), schedule.day, schedule.hour, schedule.minute)


def add_schedule(wish: ScheduleWish, by: Actor) -> Schedule:
    """Add a schedule; its ticks since ``starts_on`` are made up, each once.

    Raises:
        Forbidden, Missing: unless the org unit lies where the person edits schedules and reads this kind.
        Invalid: ``name_missing``, ``language_unknown``, ``schedule_day``, ``schedule_time``, ``starts_too_early``.
    """
    kind, unit, rhythm = _checked(wish, by)
    starts_on = wish.starts_on or today()
    if starts_on < today() - LONGEST_MAKE_UP:
        raise Invalid("starts_too_early", "最多补出两年内的报表，请选较近的开始日期", field="starts_on")
    schedule = Schedule(
        name=wish.name.strip(),
        kind=kind.code,
        org_unit_id=unit.id,
        language=wish.language,
        cadence=kind.cadence,
        day=rhythm.day,
        hour=rhythm.hour,
        minute=rhythm.minute,
        enabled=True,
        starts_on=starts_on,
        next_at=rhythm.first_tick(starts_on),
        version=1,
    )
    db.session.add(schedule)
    db.session.flush()
    write_audit(by, "add_schedule", "schedule", schedule.id, after=_plain(wish))
    return schedule


def change_schedule(schedule_id: int, version: int, wish: ScheduleWish, by: Actor) -> Schedule:
    """Change a schedule; the period it owes next stays owed, and gets the new day and time.

    Raises:
        Forbidden, Missing: as for adding.
        Invalid: as for adding.
        Conflict: ``schedule_changed`` if somebody else changed it meanwhile.
    """
    schedule, unit_before = schedule_for(by, schedule_id)
    kind, unit, rhythm = _checked(wish, by)
    if schedule.version != version:
        raise Conflict("schedule_changed", "别人刚改过这个出表计划，请刷新后再改")
    before = _plain(_wish_of(schedule, unit_before))
    if kind.cadence == schedule.cadence:
        owed = rhythm_of(schedule).period_of(schedule.next_at)
        schedule.next_at = rhythm.tick_for(owed)
    else:
        schedule.next_at = rhythm.tick_after(now())
    schedule.name, schedule.kind, schedule.cadence = wish.name.strip(), kind.code, kind.cadence
    schedule.org_unit_id, schedule.language = unit.id, wish.language
    schedule.day, schedule.hour, schedule.minute = rhythm.day, rhythm.hour, rhythm.minute
    schedule.version += 1
    write_audit(by, "change_schedule", "schedule", schedule.id, before=before, after=_plain(wish))
    return schedule


def switch_schedule(schedule_id: int, enabled: bool, by: Actor) -> Schedule:
    """Switch a schedule off or on; what fell into the time it was off is not made up.

    Raises:
        Forbidden, Missing: unless it lies where the person edits schedules.
    """
    schedule, _ = schedule_for(by, schedule_id)
    if schedule.enabled == enabled:
        return schedule
    schedule.enabled = enabled
    if enabled:
        schedule.next_at = max(schedule.next_at, rhythm_of(schedule).tick_after(now()))
    schedule.version += 1
    write_audit(by, "enable_schedule" if enabled else "disable_schedule", "schedule", schedule.id)
    return schedule


def _checked(wish: ScheduleWish, by: Actor) -> tuple[ReportKind, OrgUnit, Rhythm]:
    kind = report_kind(wish.kind)
    unit = unit_for(by, wish.org_unit_code, Permission.SCHEDULE_EDIT)
    unit_for(by, wish.org_unit_code, kind.permission)
    if not wish.name.strip():
        raise Invalid("name_missing", "请填写名称", field="name")
    if wish.language not in LANGUAGES:
        raise Invalid("language_unknown", "请选择中文或英文", field="language")
    rhythm = Rhythm(Cadence(kind.cadence), wish.day, wish.hour, wish.minute)
    rhythm.check()
    return kind, unit, rhythm


def _wish_of(schedule: Schedule, unit: OrgUnit) -> ScheduleWish:
    return ScheduleWish(
        name=schedule.name,
        kind=schedule.kind,
        org_unit_code=unit.code,
        language=schedule.language,
        day=schedule.day,
        hour=schedule.hour,
        minute=schedule.minute,
        starts_on=schedule.starts_on,
    )


def _plain(wish: ScheduleWish) -> dict[str, object]:
    return asdict(wish) | {"starts_on": wish.starts_on.isoformat() if wish.starts_on else None}


def place_due_orders(at: datetime, by: Actor) -> int:
    """Place an order for every tick due, the missed ones too, and move each schedule on; return how many.

    Whoever comes second finds the schedule moved on, so that two clocks order once.
    """
    due = db.session.execute(
        select(Schedule, OrgUnit)
        .join(OrgUnit, OrgUnit.id == Schedule.org_unit_id)
        .where(Schedule.enabled, Schedule.next_at <= at)
        .order_by(Schedule.id)
    ).all()
    return sum(_place_orders_of(schedule, unit, at, by) for schedule, unit in due)


def _place_orders_of(schedule: Schedule, unit: OrgUnit, at: datetime, by: Actor) -> int:
    rhythm, first = rhythm_of(schedule), schedule.next_at
    ticks = list(rhythm.ticks(first, at))
    moved = db.session.execute(
        update(Schedule)
        .where(Schedule.id == schedule.id, Schedule.next_at == first, Schedule.enabled)
        .values(next_at=rhythm.tick_after(ticks[-1]))
        .execution_options(synchronize_session=False)
    )
    if getattr(moved, "rowcount", 0) != 1:
        return 0
    owed = {str(period): period for period in map(rhythm.period_of, ticks)}
    ordered = select(Order.period_start, Order.period_end).where(Order.schedule_id == schedule.id)
    known = {tuple(row) for row in db.session.execute(ordered)}
    rows = [
        {
            "id": new_id(),
            "schedule_id": schedule.id,
            "kind": schedule.kind,
            "org_unit_id": unit.id,
            "org_path": unit.path,
            "language": schedule.language,
            "period_start": period.starts_on,
            "period_end": period.ends_on,
            "ordered_by": by.name,
            "ordered_at": now(),
            "state": OrderState.OPEN,
        }
        for period in owed.values()
        if (period.starts_on, period.ends_on) not in known
    ]
    if rows:
        db.session.execute(insert(Order), rows)
    return len(rows)
