"""Connections to PostgreSQL: what they refuse outside a writer's transaction, and what becomes of one that was lost."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from agentnet.infra.bulk import in_pieces
from agentnet.infra.connections import answers_here
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet
from agentnet.users.guard import needs
from agentnet.users.permissions import Permission

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def asked(statement, **given):
    return db.session.connection().execute(text(statement), given)


def page(app, view):
    """Let a page of this application do something; return the application's browser."""
    app.add_url_rule("/try", view_func=needs(Permission.PUBLIC)(view), endpoint="try")
    return app.test_client()


def test_a_page_that_changes_something_is_refused_by_the_server(own_app):
    def view():
        with pytest.raises(DBAPIError, match="read-only"):
            asked("UPDATE outlets SET name = 'x'")
        return str(asked("SELECT count(*) FROM outlets WHERE name = 'x'").scalar())

    assert page(own_app, view).get("/try").text == "0"
    with batch():  # the connection is handed on as one that writes
        asked("UPDATE outlets SET name = name")


def test_a_page_asks_without_a_transaction(own_app):
    def view():
        return str(asked("SELECT 1").scalar() and driver().info.transaction_status.name)

    assert page(own_app, view).get("/try").text == "IDLE"


def test_a_page_that_reads_in_pieces_has_a_transaction_that_only_reads(own_app):
    def view():
        found = db.session.scalars(in_pieces(db.select(Outlet.code).order_by(Outlet.code), 2)).all()
        assert driver().info.transaction_status.name == "INTRANS"
        with pytest.raises(DBAPIError, match="read-only"):
            asked("UPDATE outlets SET name = 'x'")
        return str(len(found))

    browser = page(own_app, view)
    with reading():
        outlets = asked("SELECT count(*) FROM outlets").scalar()
    assert browser.get("/try").text == str(outlets)
    with batch():
        asked("UPDATE outlets SET name = name")


def test_a_page_that_opens_a_door_of_its_own_leaves_connections_that_write(own_app):
    def view():
        with batch():
            asked("UPDATE outlets SET name = name")
        return ""

    assert page(own_app, view).get("/try").status_code == 200
    with batch():
        asked("UPDATE outlets SET name = name")


def test_pieces_asked_for_without_a_door_leave_a_connection_that_writes(app):
    pieces = db.select(Outlet.code).order_by(Outlet.code)
    assert db.session.scalars(in_pieces(pieces, 2)).all() == db.session.scalars(in_pieces(pieces, 2)).all() != []
    db.session.rollback()
    with batch():
        asked("UPDATE outlets SET name = name")


def test_a_connection_the_server_closed_is_replaced_before_a_page_asks(own_app):
    browser = page(own_app, lambda: str(asked("SELECT pg_backend_pid()").scalar()))
    first = browser.get("/try").text
    assert browser.get("/try").text == first
    hang_up(int(first))
    assert browser.get("/try").text not in ("", first)


def test_a_connection_the_server_closed_is_replaced_before_a_writer_begins(app):
    with batch():
        first = asked("SELECT pg_backend_pid()").scalar()
    hang_up(first)
    with batch():
        assert asked("SELECT pg_backend_pid()").scalar() != first


def test_a_connection_long_unused_is_asked_whether_it_is_alive(app, monkeypatch):
    questions = []
    monkeypatch.setattr(db.engine.dialect, "do_ping", lambda connection: questions.append(connection) or True)
    with reading():
        asked("SELECT 1")
    assert not questions
    monkeypatch.setattr("agentnet.infra.connections.UNASKED_SECONDS", -1.0)
    with reading():
        asked("SELECT 1")
    assert questions


def test_a_connection_lost_in_the_middle_of_a_page_is_not_lent_again(own_app):
    lost = []

    def view():
        if not lost:
            lost.append(asked("SELECT pg_backend_pid()").scalar())
            hang_up(lost[0])
            with pytest.raises(DBAPIError):
                asked("SELECT 1")
        return ""

    browser = page(own_app, view)
    browser.get("/try")
    with batch():
        assert asked("SELECT pg_backend_pid()").scalar() not in lost
        asked("UPDATE outlets SET name = name")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("postgresql+psycopg://u:p@/agentnet?host=%2Ftmp%2Fserver", True),
        ("postgresql+psycopg://u:p@localhost:5433/agentnet", True),
        ("postgresql+psycopg://u:p@127.0.0.1/agentnet", True),
        ("postgresql+psycopg:///agentnet", True),
        ("postgresql+psycopg://u:p@db.example.cn/agentnet", False),
        ("postgresql+psycopg://u:p@/agentnet?host=one.example.cn&host=two.example.cn", False),
    ],
)
def test_a_server_is_here_if_it_is_reached_by_a_socket_or_by_this_machine_itself(database, url, here):
    assert answers_here(url) is here


def driver():
    return db.session.connection().connection.dbapi_connection


def hang_up(pid):
    """Close a session of the server from outside, and wait until it is gone."""
    with create_engine(db.engine.url, poolclass=NullPool).connect() as other:
        assert other.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
