"""A period's sums are the same whether its days are read from their sums or from the collections themselves."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from agentnet.collecting.actions import void_collection
from agentnet.collecting.jobs import allocate_received
from agentnet.collecting.models import Collection, CollectionDay, Void
from agentnet.collecting.sums import Taken, taken_by_setting, taken_in_periods
from agentnet.core.clock import frozen_at, today
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.verify.collections import final_days_are_added_up
from tests import world
from tests.collecting.counter import count, item, record
from tests.settlement.drawer import close

DAY = timedelta(days=1)
TOMORROW = world.NOW + DAY


def void(one) -> None:
    with batch():
        void_collection(one.id, new_id(), "金额输错", world.actor("alice"))


def taken(paths=None, since=world.TODAY - DAY, until=world.TODAY + 2 * DAY):
    with reading():
        return taken_by_setting(paths, since, until)


def walked(since=world.TODAY - DAY, until=world.TODAY + 2 * DAY):
    """Return the same by setting, from every collection of the period."""
    with reading():
        rows = db.session.execute(
            select(Collection.setting, Collection.amount_fen, Void.id)
            .outerjoin(Void, Void.collection_id == Collection.id)
            .where(Collection.business_on >= since, Collection.business_on < until)
        ).all()
    found = {"URBAN": Taken(), "RURAL": Taken()}
    for setting, amount, void_id in rows:
        found[setting] += Taken(1, amount) if void_id is None else Taken(voided=1)
    return found


def test_the_running_day_is_read_from_its_collections(app):
    one, two = item(538), item(40000, world.MEI)
    record(one, two)
    void(two)
    assert taken()["RURAL"] == Taken(1, 538, 1)
    assert taken() == walked()
    assert count(CollectionDay) == 0


def test_a_final_day_is_read_from_its_sums_and_the_running_day_is_added(app):
    one, two = item(538), item(40000, world.MEI)
    record(one, two)
    void(two)
    before = taken()
    with frozen_at(TOMORROW):
        allocate_received()
        assert count(CollectionDay) == 1
        assert taken() == before
        three = item(700, world.MEI)
        record(three)
        assert taken()["RURAL"] == Taken(2, 538 + 700, 1)
        assert taken() == walked()
        void(three)
        assert taken() == walked()
        assert taken(until=today()) == before
        assert taken(since=today())["RURAL"] == Taken(0, 0, 1)


def test_a_posting_that_ends_after_the_night_is_counted_at_once_and_added_later(app):
    record(item(538))
    with frozen_at(TOMORROW):
        allocate_received()
        assert taken()["RURAL"] == Taken(1, 538)
    # It began before midnight, at an outlet whose day the night had not seen.
    (verdict,) = record(item(900, world.MEI, outlet_code="WL0002"), by="alan")
    assert verdict.status == "created", verdict
    with frozen_at(TOMORROW):
        assert count(Collection) == 2
        assert taken() == walked()
        allocate_received()
        assert taken() == walked()
    with reading():
        assert list(final_days_are_added_up(db.session.connection())) == []


def test_what_was_taken_after_the_close_and_voided_that_evening_is_not_counted_the_day_after(app):
    record(item(538))
    close()
    late = item(900, world.MEI)
    record(late)
    void(late)
    with frozen_at(TOMORROW):
        allocate_received()
        assert taken() == walked()
        assert taken(since=today())["RURAL"] == Taken(0, 0, 1)


def test_a_territory_has_its_own_sums(app):
    record(item(538))
    assert taken((world.TAIPING.path,))["RURAL"].total_fen == 538
    assert taken((world.NANHU.path,))["RURAL"] == Taken()
    with frozen_at(TOMORROW):
        allocate_received()
        assert taken((world.TAIPING.path,))["RURAL"].total_fen == 538
        assert taken((world.NANHU.path,))["RURAL"] == Taken()
        assert taken(())["RURAL"] == Taken()


def test_several_periods_at_once_are_what_each_is_alone(app):
    record(item(538), item(40000, world.MEI))
    with frozen_at(TOMORROW):
        allocate_received()
        record(item(900, world.OLD))
        periods = [(world.TODAY, TOMORROW.date()), (world.TODAY - DAY, world.TODAY), (world.TODAY, today() + DAY)]
        with reading():
            together = taken_in_periods(None, *periods)
        assert together == [taken(None, *period) for period in periods]
    assert [one["RURAL"].count for one in together] == [2, 0, 3]
