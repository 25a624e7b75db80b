"""Live through the demo's months at the counters, by the product's own actions, the clock standing at each day in turn.

Bills come as billing would deliver them: a whole month at once, before anyone can pay it. They are inserted as a set
with an audit line of their own; the import does the same after judging every cell, which rows made here do not need.
A run that was killed goes on where it stopped: every day, week and month is one transaction or may be repeated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Protocol, cast

from sqlalchemy import Table, func, select

from agentnet.collecting.actions import NewCollection, record_collections, void_collection
from agentnet.collecting.models import Bill, Collection, Household
from agentnet.collecting.nightly import allocate_oldest_day, spend_advances
from agentnet.core.clock import Month, frozen_at, shanghai_instant
from agentnet.demo.bills import delivered_at, due_on
from agentnet.demo.payments import Payment
from agentnet.demo.settling import Week
from agentnet.demo.world import MonthOfFacts, World
from agentnet.infra.actor import SYSTEM, Actor, Grant, Role
from agentnet.infra.audit import write_audit
from agentnet.infra.bulk import insert_many
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.infra.turns import another_waits
from agentnet.settlement.day_actions import close_unattended
from agentnet.settlement.jobs import CUT_OFF_HOUR

Watch = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


class BackOffice(Protocol):
    """What is done beside the counters, now or a little later."""

    def close(self, month: Month) -> None:
        """Close a month that takes no further facts; the last whole one is the ordinary clock's to close."""

    def seal(self) -> None:
        """Chain the audit lines written so far."""


EVENING = 21
"""The hour at which a day's collections have all reached the office."""

DAYS_AT_ONCE = 12
"""Days in one transaction where nobody waits for its end: it holds longer than a counter would bear."""

MOST_OUTLETS = 10_000
"""More than there are, so that a night is done at once."""

KEEPERS = Actor(user_id=None, name="demo", grants=(Grant(Role.AGENT, org_path="/"),))
"""The keepers of all outlets, for the few things only a keeper does."""

BILL_COLUMNS = ("household_id", "bill_month", "principal_fen", "late_charge_fen", "due_on", "version", "delivered_at")


class HistoryRefused(Exception):
    """An action refused what the demo invented: a rule and a generator do not fit together."""


def play_counters(world: World, agent_id: int, watch: Watch, office: BackOffice) -> None:
    """Deliver bills, post every collection, let each night do its work and the office close every whole month.

    Raises:
        HistoryRefused: naming the collection and the refusal.
    """
    with reading():
        households = dict(db.session.execute(select(Household.household_no, Household.id)).all())
        delivered = set(db.session.scalars(select(Bill.bill_month).distinct()))
        last_day = db.session.scalar(select(func.max(Collection.business_on))) or date.min
    household_ids = [households[one.household_no] for one in world.people.households]
    total = sum(len(payments) for month in world.months for payments in month.payments.values())
    done = 0
    timeline = world.people.timeline
    week = Week(timeline)
    for month in world.months:
        if str(month.billed) not in delivered and delivered_at(month.billed) < shanghai_instant(timeline.today):
            _deliver(month, household_ids)
        days = [(day, payments) for day, payments in month.payments.items() if payments]
        done += sum(len(payments) for day, payments in days if day <= last_day)
        left = deque((day, payments) for day, payments in days if day > last_day)
        while left:
            with batch():
                for _ in range(min(DAYS_AT_ONCE, len(left))):
                    day, payments = left.popleft()
                    _live_through(world, day, payments, agent_id, week)
                    done += len(payments)
                    if another_waits():
                        break
            office.seal()
            watch("collections", done, total)
        if month.month in timeline.whole_months:
            office.close(month.month)


def _live_through(world: World, day: date, payments: Sequence[Payment], agent_id: int, week: Week) -> None:
    """Post a day in the evening; let the night allocate what it received and close what nobody counted."""
    with frozen_at(shanghai_instant(day, EVENING)):
        _post(world, payments, agent_id)
    week.evening(day)
    night = day + timedelta(days=1)
    with frozen_at(shanghai_instant(night, 0, 30)):
        allocate_oldest_day(SYSTEM, night, MOST_OUTLETS)
    with frozen_at(shanghai_instant(night, CUT_OFF_HOUR)):
        close_unattended(SYSTEM, night, MOST_OUTLETS)
    week.morning(day)


def _deliver(month: MonthOfFacts, household_ids: Sequence[int]) -> None:
    """Insert a month's bills and let advances pay what they can of them the night after."""
    at = delivered_at(month.billed)
    with frozen_at(at), batch():
        table = cast(Table, Bill.__table__)
        stored = table.c.delivered_at.type.bind_processor(db.engine.dialect)  # insert_many goes past column types
        common = (due_on(month.billed), 1, stored(at) if stored else at)
        insert_many(
            table,
            BILL_COLUMNS,
            (
                (household_id, str(month.billed), principal, late_charge, *common)
                for household_id, (principal, late_charge) in zip(household_ids, month.bills, strict=True)
            ),
        )
        write_audit(SYSTEM, "bills_delivered", "month", str(month.billed), after={"new": len(month.bills)})
    with frozen_at(at + timedelta(hours=20)), batch():
        spend_advances(SYSTEM, len(household_ids))


def _post(world: World, payments: Sequence[Payment], agent_id: int) -> None:
    """Record a day: first what was typed wrongly, which is voided, then everything else."""
    wrong = [payment for payment in payments if payment.void_id is not None]
    _record(world, wrong, agent_id)
    for payment in wrong:
        if payment.void_id is not None:
            void_collection(payment.id, payment.void_id, payment.void_reason, KEEPERS)
    _record(world, [payment for payment in payments if payment.void_id is None], agent_id)


def _record(world: World, payments: Sequence[Payment], agent_id: int) -> None:
    people, items = world.people, []
    for payment in payments:
        code = people.outlets[payment.outlet].code
        items.append(
            NewCollection(
                id=payment.id,
                outlet_code=code,
                household_no=people.households[payment.household].household_no,
                tender=payment.tender,
                amount_fen=payment.amount_fen,
                collected_at=payment.collected_at,
                cash_received_fen=payment.cash_received_fen,
                reference=payment.reference,
                lookalike_confirmed=True,
                user_id=agent_id if code == people.agents_code else None,
            )
        )
    for item, verdict in zip(items, record_collections(items, SYSTEM), strict=True):
        if verdict.refusal is not None:
            raise HistoryRefused(f"{item}: {verdict.refusal}")
