"""Closing a day: works, who may not, what leaves nothing, what is sent twice, and what comes later."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from agentnet.collecting.actions import void_collection
from agentnet.collecting.models import Collection
from agentnet.core.clock import frozen_at
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import AccountingMonth, BusinessDay, Transfer
from agentnet.ledger.queries import wrong_balances
from agentnet.ledger.rules import AccountKey
from agentnet.settlement.day_actions import close_day, close_unattended
from agentnet.settlement.models import DayClose, DayCloseTender
from agentnet.settlement.rules import Count
from tests import world
from tests.at_once import at_once
from tests.collecting.counter import CASH_HELD, balance_of, count, item, record, refusal_of
from tests.settlement.drawer import OVER_SHORT, SUSPECTED, close, new_close

TOMORROW = world.NOW + timedelta(days=1)


def closed() -> DayClose:
    with reading():
        return db.session.scalars(select(DayClose)).one()


def test_a_day_that_ties_is_locked_and_moves_no_money(app):
    record(item(538), item(20_00, world.MEI))
    moved_before = count(Transfer)
    close(count=Count({10_00: 2, 5_00: 1}, other_fen=38))
    row = closed()
    assert (row.cash_system_fen, row.cash_counted_fen, row.cash_difference_fen) == (25_38, 25_38, 0)
    assert row.notes == {"1000": 2, "500": 1, "other": 38}
    assert (row.user_id, row.org_unit_id, count(Transfer)) == (1, 4, moved_before)
    with reading():
        assert db.session.scalars(select(BusinessDay.closed_at)).one() == world.NOW
        assert db.session.scalar(select(AuditLine.action).order_by(AuditLine.id.desc()).limit(1)) == "day_closed"


def test_one_yuan_short_goes_to_its_own_account_with_the_reason(app):
    record(item(100_00, world.MEI))
    close(count=Count({50_00: 1, 20_00: 2, 5_00: 1, 1_00: 4}), explanation="找零时多找了一元")
    assert closed().cash_difference_fen == -1_00
    assert (balance_of(CASH_HELD), balance_of(OVER_SHORT)) == (99_00, 1_00)
    with reading():
        assert wrong_balances() == []


def test_what_is_over_stands_in_the_drawer_even_above_the_ceiling(app):
    record(item(200_000, world.MEI), item(200_000, world.MEI, lookalike_confirmed=True))
    close(count=Count(other_fen=500_100), explanation="多出一笔，待查")
    assert (balance_of(CASH_HELD), balance_of(OVER_SHORT)) == (500_100, -100_100)
    assert refusal_of(item(100)) == "over_ceiling"


def test_suspected_notes_are_a_difference_of_their_own(app):
    """By hand: held 200.00; found 90.00 good, one suspected 100.00: the rest, 10.00, is short."""
    record(item(200_00, world.MEI))
    close(count=Count({50_00: 1, 20_00: 2}, counterfeit_fen=100_00), explanation="一张百元疑似假币，另短少十元")
    row = closed()
    assert (row.cash_difference_fen, row.counterfeit_fen) == (-10_00, 100_00)
    assert (balance_of(CASH_HELD), balance_of(OVER_SHORT), balance_of(SUSPECTED)) == (90_00, 10_00, 100_00)


def test_terminal_totals_are_tied_by_tender(app):
    record(
        item(300, tender="UNIONPAY_CARD", reference="P1"),
        item(238, tender="UNIONPAY_CARD", reference="P2"),
        item(100, world.MEI),
    )
    with pytest.raises(Invalid, match="batch_missing"):
        close()
    with pytest.raises(Invalid, match="difference_unexplained"):
        close(batches={"UNIONPAY_CARD": 300})
    assert count(DayClose) == 0
    close(batches={"UNIONPAY_CARD": 538})
    with reading():
        rows = db.session.execute(
            select(
                DayCloseTender.tender,
                DayCloseTender.collections_count,
                DayCloseTender.system_fen,
                DayCloseTender.batch_fen,
            ).order_by(DayCloseTender.tender)
        ).all()
    assert [tuple(row) for row in rows] == [("CASH", 1, 100, None), ("UNIONPAY_CARD", 2, 538, 538)]


def test_what_comes_after_the_close_belongs_to_the_next_day_with_its_own_receipts(app):
    record(item(100))
    close()
    (verdict,) = record(item(200))
    assert (verdict.status, verdict.receipt_no) == ("created", "WL0001-261119-0001")
    with reading():
        days = db.session.scalars(select(Collection.business_on).order_by(Collection.business_on)).all()
    assert days == [world.TODAY, world.TODAY + timedelta(days=1)]
    with frozen_at(TOMORROW):
        (verdict,) = record(item(300))
    assert verdict.receipt_no == "WL0001-261119-0002"


def test_on_the_last_day_of_a_month_what_comes_later_belongs_to_the_next_month(app):
    last = world.NOW.replace(day=30)
    with frozen_at(last):
        record(item(100))
        close()
        (verdict,) = record(item(200))
    assert verdict.receipt_no == "WL0001-261201-0001"


def test_what_was_collected_after_the_close_may_still_be_voided_and_what_came_before_may_not(app):
    before, after = item(100), item(200)
    record(before)
    close()
    record(after)
    with batch():
        void_collection(after.id, new_id(), "金额输错", world.actor("alice"))
    with pytest.raises(Invalid, match="void_too_late"), batch():
        void_collection(before.id, new_id(), "金额输错", world.actor("alice"))


def test_the_same_close_sent_twice_is_once_and_with_other_content_a_conflict(app):
    record(item(538))
    new = close()
    close(new)
    assert count(DayClose) == 1
    with pytest.raises(Conflict, match="id_reused"):
        close(replace(new, explanation="换个说法"))


def test_a_closed_day_is_not_closed_again(app):
    record(item(538))
    close()
    with pytest.raises(Conflict, match="day_closed_already"):
        close()


def test_a_day_without_collections_may_be_closed(app):
    close()
    assert (closed().cash_system_fen, count(DayCloseTender)) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"count": Count(other_fen=537)}, "difference_unexplained"),
        ({"count": Count(other_fen=537), "explanation": " 少 "}, "difference_unexplained"),
        ({"count": Count(other_fen=537), "explanation": "长" * 201}, "difference_unexplained"),
        ({"count": Count(other_fen=438, counterfeit_fen=100)}, "difference_unexplained"),
        ({"count": Count({3_00: 1}, other_fen=238)}, "count_impossible"),
        ({"count": Count({1_00: -1}, other_fen=638)}, "count_impossible"),
        ({"count": Count(other_fen=-1)}, "count_impossible"),
        ({"business_on": world.TODAY + timedelta(days=1)}, "day_to_come"),
        ({"business_on": world.TODAY - timedelta(days=1)}, "nothing_to_close"),
        ({"business_on": date.min}, "nothing_to_close"),
        ({"system_seen_fen": 500}, "cash_moved"),
        ({"batches": {"UNIONPAY_CARD": 5}}, "difference_unexplained"),
        ({"batches": {"UNIONPAY_CARD": -5}}, "batch_missing"),
    ],
)
def test_a_broken_rule_is_named_and_leaves_nothing(app, changes, code):
    record(item(538))
    before = [count(model) for model in (Transfer, AuditLine, BusinessDay)]
    with pytest.raises((Invalid, Conflict), match=code):
        close(**changes)
    assert count(DayClose) == 0
    assert [count(model) for model in (Transfer, AuditLine, BusinessDay)] == before
    assert refusal_of(item(100)) == "created"


def test_days_are_closed_in_their_order(app):
    record(item(538))
    with frozen_at(TOMORROW):
        record(item(100))
        with pytest.raises(Conflict, match="earlier_day_open"):
            close()
        close(business_on=world.TODAY)
        close()
    assert count(DayClose) == 2


def test_a_day_of_a_closed_month_is_booked_today(app):
    with frozen_at(world.NOW.replace(day=30)):
        record(item(538))
    with batch() as session:
        session.execute(insert(AccountingMonth).values(month="2026-11", state="CLOSED", closed_at=world.NOW))
    with frozen_at(world.NOW.replace(month=12, day=2)):
        close(business_on=date(2026, 11, 30), count=Count(other_fen=500), explanation="少三角八分")
    with reading():
        booked = db.session.scalars(select(Transfer.business_on).where(Transfer.kind == "OVER_SHORT")).one()
    assert booked == date(2026, 12, 2)


@pytest.mark.parametrize("username", ["bob", "carol", "fang", "audrey", "paul"])
def test_only_a_keeper_closes(app, username):
    record(item(538))
    with pytest.raises(Forbidden, match="not_permitted"):
        close(by=username)


@pytest.mark.parametrize("username", ["alan", "dora"])
def test_another_outlet_is_missing_to_a_keeper(app, username):
    record(item(538))
    with pytest.raises(Missing, match="outlet_missing"):
        close(by=username)
    assert count(DayClose) == 0


def test_a_count_can_be_neither_changed_nor_deleted(app):
    record(item(538))
    close()
    for statement in ("UPDATE day_closes SET cash_counted_fen = 0", "DELETE FROM day_close_tenders"):
        with pytest.raises(DBAPIError, match="append-only"), batch() as session:
            session.execute(text(statement))


def test_of_sixteen_closes_at_once_one_wins(app):
    record(item(538))
    news = [new_close() for _ in range(16)]
    answers = at_once(app, [lambda new=new: close_day(new, world.actor("alice")) for new in news], batch)
    assert sorted(map(str, answers)) == ["None"] + ["day_closed_already"] * 15
    assert count(DayClose) == 1


def test_collections_and_closes_at_once_leave_every_fen_on_a_day(app):
    """Each collection is on the closed day and counted by it, or on the next; none is lost in between."""
    record(item(538))
    close_works = [lambda new=new: close_day(new, world.actor("alice")) for new in [new_close() for _ in range(4)]]
    items = [item(100 + n) for n in range(12)]
    collect_works = [lambda one=one: record(one)[0].status for one in items]
    at_once(app, [*(_in_batch(work) for work in close_works), *collect_works], nullcontext)
    with reading():
        amounts = dict(
            db.session.execute(
                select(Collection.business_on, func.sum(Collection.amount_fen)).group_by(Collection.business_on)
            ).all()
        )
        assert wrong_balances() == []
    assert balance_of(CASH_HELD) == sum(int(amount) for amount in amounts.values())
    if count(DayClose):
        assert closed().cash_system_fen <= int(amounts[world.TODAY])


def _in_batch(work):
    def run():
        with batch():
            return work()

    return run


def test_the_clock_closes_what_nobody_closed_and_says_so(app):
    record(item(538), item(300, tender="UNIONPAY_CARD", reference="P1"))
    with batch():
        assert close_unattended(SYSTEM, world.TODAY) == 0
    with frozen_at(TOMORROW):
        with batch():
            assert close_unattended(SYSTEM, world.TODAY + timedelta(days=1)) == 1
        with batch():
            assert close_unattended(SYSTEM, world.TODAY + timedelta(days=1)) == 0
    row = closed()
    assert (row.user_id, row.cash_counted_fen, row.cash_system_fen, row.cash_difference_fen) == (None, None, 538, 0)
    assert count(DayCloseTender) == 2


def test_the_database_refuses_a_second_close_of_a_day(app):
    record(item(538))
    close()
    with pytest.raises(DBAPIError), batch() as session:
        session.execute(text("INSERT INTO day_closes SELECT * FROM day_closes"))


def test_a_suspended_outlet_may_still_close_its_day(app):
    record(item(538))
    with batch() as session:
        session.execute(update(BusinessDay).values(receipt_serial=1))
        session.execute(text("UPDATE outlets SET state = 'SUSPENDED' WHERE code = 'WL0001'"))
    close()
    assert closed().cash_difference_fen == 0


def test_who_reads_a_drawer_finds_what_the_book_has(app):
    record(item(538))
    close(count=Count(other_fen=500), explanation="少三角八分")
    assert balance_of(AccountKey("OUTLET", 1, "CASH_HELD")) == 500
