"""Live through the weeks of duty: plan them, log the visits, hand over, settle needs, strike what did not happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from agentnet.core.clock import IsoWeek, frozen_at, now, shanghai_instant
from agentnet.demo.chance import chance, fact_id, hit
from agentnet.demo.history import HistoryRefused
from agentnet.demo.managers import HandOver
from agentnet.demo.rounds import Rounds, evening_after
from agentnet.demo.villages import Unit
from agentnet.demo.world import People
from agentnet.infra.actor import SYSTEM, Actor, Grant, Role
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import hand_over
from agentnet.outlets.rules import Slot
from agentnet.visits.actions import close_need, log_visits, plan_weeks, strike_visit
from agentnet.visits.judging import NewVisit
from agentnet.visits.models import Need, Visit

SUPERVISORS = Actor(user_id=None, name="demo", grants=(Grant(Role.SUPERVISOR, org_path="/"),))
"""The supervisors of all counties, for what only a supervisor does."""

SETTLED_A_WEEK, STRUCK = 550, 120
"""In a thousand: open needs settled within a week, visits logged far away that a supervisor strikes."""

NOTES = ("已派人处理，村民满意", "已电话答复", "已现场办好", "资料已收齐，业务办结")
STRIKE_REASON = "登记位置离网点太远，本人说明是补登，按规定判为无效"

FAR_METRES = 1_000

WEEKS_AT_ONCE = 13


@dataclass(frozen=True, slots=True)
class Duties:
    """What the weeks of duty are played from."""

    units: Sequence[Unit]
    weeks: Sequence[IsoWeek]
    rounds: Rounds
    hand_overs: Sequence[HandOver]

    @classmethod
    def of(cls, people: People) -> Duties:
        """Return people's duties, without the rest of them: they are sent to the process that plays them."""
        return cls(people.units, people.timeline.weeks(), people.rounds, people.staff.hand_overs)


def play_rounds(duties: Duties) -> None:
    """Plan every week's duties and live through the weeks, one transaction a week.

    Raises:
        HistoryRefused: naming the visit and the refusal.
    """
    with reading():
        last_logged = db.session.scalar(select(func.max(Visit.week))) or ""
    left = list(duties.hand_overs)
    for number, week in enumerate(duties.weeks):
        if number % WEEKS_AT_ONCE == 0:
            with frozen_at(shanghai_instant(week.starts_on, 0, 30)), batch():
                plan_weeks(duties.weeks[number : number + WEEKS_AT_ONCE], SYSTEM)
        due = [change for change in left if change.on < week.ends_on]
        left = left[len(due) :]
        visits = duties.rounds.of(week)
        with batch():
            _hand_over(due)
            if str(week) > last_logged:
                with frozen_at(min(evening_after(week), now())):
                    _log(visits)
                    _settle_needs(week)
                    _strike(week)


def _hand_over(changes: Sequence[HandOver]) -> None:
    for change in changes:
        at = shanghai_instant(change.on, 8)
        with frozen_at(at):
            request_id = fact_id(at, chance("hand-over", change.outlet_code, change.on))
            reason = "岗位调整，周中交接"
            hand_over(change.outlet_code, Slot.PRIMARY, change.manager_code, change.on, SYSTEM, reason, request_id)


def _log(visits: Sequence[NewVisit]) -> None:
    for verdict in log_visits(visits, SYSTEM) if visits else ():
        if verdict.refusal is not None:
            raise HistoryRefused(f"visit {verdict.id}: {verdict.refusal}")


def _settle_needs(week: IsoWeek) -> None:
    """Close most of the needs that have been open for a week or more."""
    draw = chance("needs", week)
    before = shanghai_instant(week.starts_on)
    statement = select(Need.id).where(Need.closed_at.is_(None), Need.raised_at < before).order_by(Need.id)
    for need_id in db.session.scalars(statement).all():
        if hit(draw, SETTLED_A_WEEK):
            close_need(need_id, draw.choice(NOTES), SUPERVISORS)


def _strike(week: IsoWeek) -> None:
    """Strike a few of the visits that were logged far from their outlet."""
    draw = chance("strikes", week)
    far_away = Visit.distance_m > FAR_METRES
    found = db.session.scalars(select(Visit.id).where(Visit.week == str(week), far_away).order_by(Visit.id))
    for visit_id in found.all():
        if hit(draw, STRUCK):
            strike_visit(visit_id, STRIKE_REASON, SUPERVISORS)
