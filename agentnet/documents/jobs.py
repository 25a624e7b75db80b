"""The tick: place the orders that are due, then plan the runs of every open order, a few subjects a transaction.

Any number of clocks may tick. On PostgreSQL one of them acts at a time, as long as its connection lives; the unique
order and run rows guard the rest. A tick that is killed is carried on by the next.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from agentnet.core.clock import now
from agentnet.core.errors import Refusal
from agentnet.divisions.models import OrgUnit
from agentnet.documents.actions import plan_documents
from agentnet.documents.kinds import Period, Subject, report_kind
from agentnet.documents.models import Order, Run
from agentnet.documents.rules import SUBJECTS_A_TRANSACTION, OrderState, failure_note
from agentnet.documents.schedules import place_due_orders
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.jobs import ClockJob
from agentnet.infra.locks import sole_holder
from agentnet.infra.transaction import batch, reading

log = logging.getLogger("agentnet.documents")


def tick() -> int:
    """Do everything that is due now; return how many documents were planned."""
    with sole_holder("documents tick") as mine:
        if not mine():
            return 0
        with batch():
            place_due_orders(now(), SYSTEM)
        with reading():
            unfinished = (OrderState.OPEN, OrderState.WAITING)
            order_ids = list(db.session.scalars(select(Order.id).where(Order.state.in_(unfinished)).order_by(Order.id)))
        return sum(_carry_out(order_id, mine) for order_id in order_ids if mine())


def _carry_out(order_id: uuid.UUID, mine: Callable[[], bool]) -> int:
    """Carry out one order; an order that cannot be carried out is marked and does not hold up the others."""
    try:
        return _plan_order(order_id, mine)
    except Refusal as refusal:
        _mark(order_id, OrderState.FAILED, failure_note("unexpected", refusal.text()))
    except DBAPIError:
        log.exception("order %s stays open: the database did not answer", order_id)
    except Exception as error:
        log.exception("order %s could not be planned", order_id)
        _mark(order_id, OrderState.FAILED, failure_note("unexpected", type(error).__name__))
    return 0


def _plan_order(order_id: uuid.UUID, mine: Callable[[], bool]) -> int:
    with reading():
        order = db.session.get_one(Order, order_id)
        kind, period = report_kind(order.kind), Period(order.period_start, order.period_end)
        unit = db.session.get_one(OrgUnit, order.org_unit_id)
        ready = kind.ready(period)
        state, language, schedule_id = order.state, order.language, order.schedule_id
        subjects = [s for s in kind.subjects(unit, period) if order.subject in (None, s.code)] if ready else []
        db.session.expunge_all()
    if not ready:
        if state != OrderState.WAITING:
            _mark(order_id, OrderState.WAITING, None)
        return 0
    new = 0
    for chunk in _chunks(subjects):
        if not mine():
            return new
        with batch():
            new += plan_documents(kind, unit, period, language, SYSTEM, schedule_id, chunk, order_id).new
    _mark(order_id, OrderState.PLANNED, None, len(subjects))
    return new


def _chunks(subjects: list[Subject]) -> list[list[Subject]]:
    step = SUBJECTS_A_TRANSACTION
    return [subjects[start : start + step] for start in range(0, len(subjects), step)]


def _mark(order_id: uuid.UUID, state: OrderState, failure: str | None, subject_count: int = 0) -> None:
    planned = select(func.count(Run.id)).where(Run.order_id == order_id).scalar_subquery()
    with batch():
        db.session.execute(
            update(Order)
            .where(Order.id == order_id)
            .values(
                state=state,
                failure=failure,
                subject_count=subject_count,
                new_count=planned,
                planned_at=now() if state is OrderState.PLANNED else None,
            )
            .execution_options(synchronize_session=False)
        )


TICK = ClockJob("documents tick", 5, tick)
