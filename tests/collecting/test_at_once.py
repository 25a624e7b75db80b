"""Many counters at once: the ceiling holds, a bill is paid once, an id counts once. Real threads, real time."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select, update

from agentnet import create_app
from agentnet.collecting.actions import record_collections, void_collection
from agentnet.collecting.models import Allocation, Collection, Household, Void
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.queries import wrong_balances
from agentnet.outlets.models import Agreement
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import CASH_HELD, RECEIVED, balance_of, count, item, record
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

    def recorded(each):
        (verdict,) = record_collections([each], SYSTEM)
        return verdict.refusal.code if verdict.refusal else verdict.status

    return sorted(at_once(app, [lambda each=each: recorded(each) for each in items], batch))


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
    items = [one, item(538)._replace(outlet_code="WL0002"), item(538)._replace(outlet_code="JX0001")]
    assert all_at_once(busy_app, items) == ["created"] * 3
    paid = dict(
        db.session.execute(
            select(Allocation.bill_id, func.sum(Allocation.principal_fen)).group_by(Allocation.bill_id)
        ).all()
    )
    assert paid == {3: 538, None: 1076}


def test_of_many_voids_of_one_collection_at_once_exactly_one_wins(busy_app):
    one = item(AMOUNT)
    record(one)
    with reading():
        alice = world.actor("alice")
    works = [lambda: void_collection(one.id, new_id(), "收错了", alice)] * THREADS
    answers = at_once(busy_app, works, batch)
    assert (answers.count(None), answers.count("already_voided")) == (1, THREADS - 1)
    assert (count(Void), balance_of(CASH_HELD), balance_of(RECEIVED)) == (1, 0, 0)
    assert wrong_balances() == []


def test_the_same_void_sent_by_eight_threads_is_once(busy_app):
    one, void_id = item(AMOUNT), new_id()
    record(one)
    with reading():
        alice = world.actor("alice")
    assert at_once(busy_app, [lambda: void_collection(one.id, void_id, "收错了", alice)] * 8, batch) == [None] * 8
    assert (count(Void), balance_of(CASH_HELD)) == (1, 0)
