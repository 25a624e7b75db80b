"""What the clock does for visits: every week gets its duties, also the weeks in which the clock stood still."""

from __future__ import annotations

from sqlalchemy import func, select

from agentnet.core.clock import IsoWeek, today
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.jobs import ClockJob
from agentnet.infra.transaction import batch, reading
from agentnet.visits.actions import plan_weeks
from agentnet.visits.models import Duty
from agentnet.visits.queries import duty_plan

EVERY_SECONDS = 600


def plan_what_is_due() -> int:
    """Plan the running week and every week since the last one planned; return how many duties changed.

    The last planned week is looked at once more when a new one begins, so that what changed on its last evening is in.
    Looking takes no lock; only when something is to be changed is a writing transaction opened.
    """
    with reading():
        weeks = _weeks_to_plan()
        if not duty_plan(weeks, today()):
            return 0
    with batch():
        return plan_weeks(_weeks_to_plan(), SYSTEM)


def _weeks_to_plan() -> list[IsoWeek]:
    running = IsoWeek.of(today())
    last = db.session.scalar(select(func.max(Duty.starts_on)).where(Duty.starts_on <= running.starts_on))
    week = IsoWeek.of(last) if last is not None else running
    weeks = [week]
    while week < running:
        week = week.next()
        weeks.append(week)
    return weeks


PLAN_DUTIES = ClockJob("plan duties", EVERY_SECONDS, plan_what_is_due)
