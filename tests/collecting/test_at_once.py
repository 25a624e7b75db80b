"""Many counters at once: the ceiling holds, a bill is paid once, an id counts once. Real threads, real time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import func, insert, select, update

from agentnet import create_app
from agentnet.collecting.actions import record_collections
from agentnet.collecting.models import Allocation, Collection, Household
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch
from agentnet.ledger.queries import wrong_balances
from agentnet.outlets.models import Agreement
from tests import world
from tests.collecting.counter import CASH_HELD, balance_of, count, item
from tests.conftest import settings_for

THREADS = 64
ROOM = 10
AMOUNT = 10_000


@pytest.fixture
def busy_app(database, tmp_path):
    """An application in real time whose first outlet has room for exactly ten collections."""
    app = create_app(settings_for(tmp_path, database))
    with app.app_context():
        with batch() as session:
            session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(ceiling_fen=ROOM * AMOUNT))
            session.execute(
                insert(Household),
                [
                    {
                        "household_no": f"33109900{number:05d}",
                        "name": "无名氏",
                        "address": "1号",
                        "division_code": world.VILLAGE,
                    }
                    for number in range(THREADS)
                ],
            )
        yield app
        db.session.remove()
        db.engine.dispose()


def all_at_once(app, items):
    """Record each item in a thread and transaction of its own, all beginning together; return their statuses."""
    barrier = Barrier(len(items))

    def one(each):
        with app.app_context():
            barrier.wait()
            with batch():
                (verdict,) = record_collections([each], SYSTEM)
            return verdict.refusal.code if verdict.refusal else verdict.status

    with ThreadPoolExecutor(len(items)) as pool:
        return sorted(pool.map(one, items))


def test_of_64_threads_with_room_for_ten_exactly_ten_win(busy_app):
    items = [item(AMOUNT, f"33109900{number:05d}") for number in range(THREADS)]
    statuses = all_at_once(busy_app, items)
    assert statuses == ["created"] * ROOM + ["over_ceiling"] * (THREADS - ROOM)
    assert (balance_of(CASH_HELD), count(Collection)) == (ROOM * AMOUNT, ROOM)
    numbers = sorted(db.session.scalars(select(Collection.receipt_no)))
    assert [number[-4:] for number in numbers] == [f"{serial:04d}" for serial in range(1, ROOM + 1)]
    assert wrong_balances() == []


def test_the_same_collection_sent_by_eight_threads_is_once(busy_app):
    one = item(AMOUNT)
    assert all_at_once(busy_app, [one] * 8) == ["created"] + ["exists"] * 7
    assert balance_of(CASH_HELD) == AMOUNT


def test_a_bill_paid_at_two_counters_at_once_is_paid_once_and_the_excess_is_advance(busy_app):
    one = item(538)
    items = [one, replace(item(538), outlet_code="WL0002"), replace(item(538), outlet_code="JX0001")]
    assert all_at_once(busy_app, items) == ["created"] * 3
    paid = dict(
        db.session.execute(
            select(Allocation.bill_id, func.sum(Allocation.principal_fen)).group_by(Allocation.bill_id)
        ).all()
    )
    assert paid == {3: 538, None: 1076}
