"""Statements that go straight to the driver answer as SQLAlchemy would."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import BigInteger, bindparam, event, func, insert, literal, select, update
from sqlalchemy.exc import DBAPIError

from agentnet.core.clock import SHANGHAI
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.idempotency import Request
from agentnet.infra.inserting import insert_typed
from agentnet.infra.straight import Straight, straight_rows
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import AccountingMonth
from agentnet.outlets.models import Outlet
from tests import world

TABLE = Request.__table__
BY_ID = Straight(
    select(TABLE.c.id, TABLE.c.at, TABLE.c.result_id, literal(7, BigInteger).label("seven"))
    .where(TABLE.c.id.in_(bindparam("ids", expanding=True)), TABLE.c.kind.in_(["A", "B"]))
    .order_by(TABLE.c.result_id)
)


def remember(*kinds: str) -> list[uuid.UUID]:
    ids = [new_id() for _ in kinds]
    with batch() as session:
        insert_typed(
            session.connection(),
            TABLE,
            [
                {
                    "id": id_,
                    "kind": kind,
                    "user_id": None,
                    "content_sha256": "0" * 64,
                    "result_id": str(n),
                    "at": world.NOW,
                }
                for n, (id_, kind) in enumerate(zip(ids, kinds, strict=True))
            ],
        )
    return ids


@pytest.mark.parametrize("several", [1, 2, 3, 5])
def test_rows_carry_the_types_of_their_columns_for_lists_of_any_length(app, several):
    ids = remember(*["A"] * several, "C")
    with reading() as session:
        rows = BY_ID.rows(session.connection(), {"ids": ids})
        usual = session.execute(
            select(TABLE.c.id, TABLE.c.at, TABLE.c.result_id, literal(7))
            .where(TABLE.c.id.in_(ids), TABLE.c.kind.in_(["A", "B"]))
            .order_by(TABLE.c.result_id)
        ).all()
    assert rows == [tuple(row) for row in usual] == [(ids[n], world.NOW, str(n), 7) for n in range(several)]


def test_an_instant_is_compared_as_it_is_stored_whatever_zone_it_is_told_in(app):
    since = Straight(select(TABLE.c.result_id).where(TABLE.c.at >= bindparam("since")))
    remember("A")
    with reading() as session:
        for instant, found in ((world.NOW, ["0"]), (world.NOW + timedelta(seconds=1), [])):
            told = {"since": instant.astimezone(SHANGHAI)}
            assert [result_id for (result_id,) in since.rows(session.connection(), told)] == found


def test_an_empty_list_finds_nothing(app):
    remember("A")
    with reading() as session:
        assert BY_ID.rows(session.connection(), {"ids": []}) == []


def test_a_change_says_how_many_rows_it_changed_and_what_it_returns(app):
    months = AccountingMonth.__table__

    def change():
        return update(months).where(months.c.month == bindparam("of")).values(state=bindparam("now"))

    with batch() as session:
        connection = session.connection()
        connection.execute(insert(months), [{"month": month, "state": "OPEN"} for month in ("2026-01", "2026-02")])
        answer = Straight(change()).execute(connection, {"of": "2026-01", "now": "CLOSING"})
        assert (answer.rowcount, answer.rows) == (1, [])
        returned = Straight(change().returning(months.c.month, func.length(months.c.state)))
        assert returned.rows(connection, {"of": "2026-02", "now": "CLOSED"}) == [("2026-02", 6)]
        assert Straight(change()).execute(connection, {"of": "2026-03", "now": "CLOSED"}).rowcount == 0


@pytest.mark.parametrize("several", [0, 1, 3])
def test_a_change_is_made_once_for_each_row_it_is_given(app, several):
    kept = Straight(insert(TABLE))
    rows = [
        {"id": new_id(), "kind": "A", "user_id": None, "content_sha256": "0" * 64, "result_id": str(n), "at": world.NOW}
        for n in range(several)
    ]
    with batch() as session:
        kept.execute_many(session.connection(), rows)
    with reading() as session:
        found = session.execute(select(TABLE).order_by(TABLE.c.result_id)).mappings().all()
    assert [dict(row) for row in found] == rows


def test_what_the_database_refuses_is_refused_as_ever(app):
    (one,) = remember("A")
    row = {"id": one, "kind": "A", "user_id": None, "content_sha256": "0" * 64, "result_id": "", "at": world.NOW}
    with pytest.raises(DBAPIError), batch() as session:
        insert_typed(session.connection(), TABLE, [row])
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(TABLE)) == 1


def test_rows_left_alone_because_they_are_there_are_not_counted(app):
    (there,) = remember("A")
    rows = [
        {"id": id_, "kind": "B", "user_id": None, "content_sha256": "0" * 64, "result_id": "", "at": world.NOW}
        for id_ in (there, new_id(), new_id())
    ]
    with batch() as session:
        assert insert_typed(session.connection(), TABLE, rows[:1], unless_there=True) == 0
        assert insert_typed(session.connection(), TABLE, rows, unless_there=True) == 2
        assert session.scalar(select(func.count()).where(TABLE.c.kind == "B")) == 2


def test_whoever_listens_to_statements_sees_them(app):
    ids, seen = remember("A"), []
    event.listen(db.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    with reading() as session:
        assert len(BY_ID.rows(session.connection(), {"ids": ids})) == 1
    assert len(seen) == 1
    assert "requests" in seen[0]


def test_a_coordinate_is_read_as_a_float(app):
    where = Straight(select(Outlet.code, Outlet.latitude, Outlet.longitude).order_by(Outlet.id))
    with batch() as session:
        session.execute(update(Outlet).where(Outlet.id == 1).values(latitude=28, longitude=121.25))
        session.execute(update(Outlet).where(Outlet.id == 2).values(latitude=None, longitude=None))
    with reading() as session:
        first, second, *_others = where.rows(session.connection(), {})
    assert (first[1:], [type(value) for value in first[1:]]) == ((28.0, 121.25), [float, float])
    assert second[1:] == (None, None)


def test_a_percent_sign_in_the_text_is_no_place(app):
    begins = literal("WL%", literal_execute=True)
    statement = Straight(
        select(Outlet.code).where(
            Outlet.code.like(begins), Outlet.id.in_(bindparam("ids", expanding=True)), Outlet.code != bindparam("other")
        )
    )
    with reading():
        rows = straight_rows(statement, ids=[1, 2, 3], other="WL0002")
        assert sorted(rows) == sorted(db.session.execute(select(Outlet.code).where(Outlet.id.in_([1, 3]))))
