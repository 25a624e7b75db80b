"""64 counters at one outlet with room for ten: exactly ten, for its ceiling, its float and its day. Real threads."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

from agentnet import create_app
from agentnet.collecting.actions import record_collections, void_collection
from agentnet.collecting.models import Collection, Household
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import BusinessDay
from agentnet.ledger.queries import wrong_balances
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import CASH_HELD, balance_of, count, item, record
from tests.conftest import settings_for
from tests.holding.given import FLOAT, agree, limit, top_up

THREADS = 64
ROOM = 10
AMOUNT = 100_00


@pytest.fixture
def busy_app(database, tmp_path):
    """An application in real time with a household for each thread."""
    app = create_app(settings_for(tmp_path, database))
    with app.app_context():
        with batch() as session:
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


def all_at_once(app, **changes):
    """Record one collection for each household, all beginning together; return what became of them, sorted."""

    def recorded(number):
        (verdict,) = record_collections([item(AMOUNT, f"33109900{number:05d}", **changes)], SYSTEM)
        return verdict.refusal.code if verdict.refusal else verdict.status

    return sorted(at_once(app, [lambda number=number: recorded(number) for number in range(THREADS)], batch))


def require_ten(taken_fen=ROOM * AMOUNT):
    """Prove that ten were taken, numbered without a gap, and that the day and the book say so."""
    with reading():
        numbers = sorted(db.session.scalars(select(Collection.receipt_no)))
        assert [number[-4:] for number in numbers] == [f"{serial:04d}" for serial in range(1, ROOM + 1)]
        day = db.session.execute(select(BusinessDay.receipt_serial, BusinessDay.taken_fen)).one()
        assert tuple(day) == (ROOM, taken_fen)
        assert db.session.scalar(select(func.sum(Collection.amount_fen))) == taken_fen
        assert wrong_balances() == []


def test_the_ceiling_lets_exactly_ten_through(busy_app):
    limit(outlet_id=1, ceiling_fen=ROOM * AMOUNT)
    assert all_at_once(busy_app) == ["created"] * ROOM + ["over_ceiling"] * (THREADS - ROOM)
    assert balance_of(CASH_HELD) == ROOM * AMOUNT
    require_ten()


def test_the_float_lets_exactly_ten_through(busy_app):
    agree(holding_mode="PREPAID")
    top_up(ROOM * AMOUNT)
    assert all_at_once(busy_app) == ["created"] * ROOM + ["float_empty"] * (THREADS - ROOM)
    assert (balance_of(FLOAT), balance_of(CASH_HELD)) == (0, 0)
    require_ten()


def test_the_daily_limit_lets_exactly_ten_through(busy_app):
    limit(kind="VILLAGE_POST", daily_limit_fen=ROOM * AMOUNT)
    answers = all_at_once(busy_app, tender="UNIONPAY_CARD", reference="P1")
    assert answers == ["created"] * ROOM + ["over_daily_limit"] * (THREADS - ROOM)
    require_ten()


def test_ceiling_and_daily_limit_at_once_let_the_smaller_through(busy_app):
    limit(outlet_id=1, ceiling_fen=(ROOM + 3) * AMOUNT, daily_limit_fen=ROOM * AMOUNT)
    assert all_at_once(busy_app) == ["created"] * ROOM + ["over_daily_limit"] * (THREADS - ROOM)
    require_ten()


def test_voids_and_collections_together_neither_wait_for_ever_nor_lose_room(busy_app):
    limit(outlet_id=1, daily_limit_fen=ROOM * AMOUNT, ceiling_fen=ROOM * AMOUNT)
    agree(ceiling_fen=ROOM * AMOUNT)
    first = [item(AMOUNT, f"33109900{number:05d}") for number in range(ROOM)]
    assert {verdict.status for verdict in record(*first, by=SYSTEM)} == {"created"}
    with reading():
        alice = world.actor("alice")

    def voided(one):
        return void_collection(one.id, new_id(), "收错了", alice)

    def recorded(number):
        (verdict,) = record_collections([item(AMOUNT, f"33109900{number:05d}")], SYSTEM)
        return verdict.refusal.code if verdict.refusal else verdict.status

    works = [lambda one=one: voided(one) for one in first]
    works += [lambda number=number: recorded(number) for number in range(ROOM, 40)]
    answers = at_once(busy_app, works, batch)
    assert answers[:ROOM] == [None] * ROOM
    assert set(answers[ROOM:]) <= {"created", "over_ceiling", "over_daily_limit"}
    created = answers.count("created")
    assert balance_of(CASH_HELD) == created * AMOUNT
    with reading():
        day = db.session.execute(select(BusinessDay.receipt_serial, BusinessDay.taken_fen)).one()
        assert tuple(day) == (ROOM + created, created * AMOUNT)
    assert count(Collection) == ROOM + created
