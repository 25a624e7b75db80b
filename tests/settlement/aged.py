"""Short ways to let cash grow old in tests. The post calls at WL0001 on Mondays, Wednesdays and Fridays."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from agentnet.core.clock import frozen_at, shanghai_instant
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet, OutletState
from agentnet.settlement.ageing.calendar_actions import set_kind_days, set_outlet_days
from agentnet.settlement.ageing.models import CashAge, RemittanceSuspension
from agentnet.settlement.ageing.rules import NewDays
from agentnet.settlement.jobs import age_cash
from tests import world
from tests.collecting.counter import item, record


def nov(day):
    return date(2026, 11, day)


def at(day, hour=10, minute=0):
    """Stop the clock on a day of November 2026."""
    return frozen_at(shanghai_instant(nov(day), hour, minute))


def night(day):
    """Let the clock count cash ten minutes after a day of November began."""
    with at(day, 0, 10):
        return age_cash()


def taken(day, fen, **changes):
    """Take cash at WL0001 on a day of November."""
    with at(day):
        (verdict,) = record(item(fen, world.MEI, lookalike_confirmed=True, **changes), by=changes.pop("by", "alice"))
        assert verdict.status == "created", verdict


def new_days(**changes):
    values = {"starts_on": nov(1), "rhythm": "WEEKDAYS", "weekdays": "135", "reason": "邮路调整"}
    return NewDays(**(values | changes))


def kind_days(kind="VILLAGE_POST", by="adam", request_id=None, **changes):
    with batch():
        set_kind_days(kind, new_days(**({"suspend_after": 2} | changes)), request_id or new_id(), world.actor(by))


def outlet_days(code="WL0001", by="carol", request_id=None, **changes):
    with batch():
        set_outlet_days(code, new_days(**changes), request_id or new_id(), world.actor(by))


def enforced(suspend_after=2, day=1):
    """Switch suspension on for village posts on a day of November."""
    with at(day):
        kind_days(starts_on=nov(day), suspend_after=suspend_after)


def age(outlet_id=1):
    """Return (oldest day, due, missed, suspended on) as kept."""
    with reading():
        row = db.session.execute(select(CashAge).where(CashAge.outlet_id == outlet_id)).scalar_one()
        return (row.oldest_on, row.due_fen, row.missed, row.suspends_on)


def state(outlet_id=1):
    """Return an outlet's state, and the reason and number of its steps."""
    with reading():
        steps = db.session.scalars(
            select(OutletState.reason).where(OutletState.outlet_id == outlet_id).order_by(OutletState.id)
        ).all()
        return db.session.scalar(select(Outlet.state).where(Outlet.id == outlet_id)), steps[-1], len(steps)


def suspensions():
    """Return (outlet, day, counted, how it ended) of every suspension for overdue cash."""
    with reading():
        rows = db.session.scalars(select(RemittanceSuspension).order_by(RemittanceSuspension.id)).all()
        return [(row.outlet_id, row.suspended_on, row.missed, row.ending) for row in rows]
