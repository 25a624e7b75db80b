"""The one commit: what commits, what rolls back, and what survives a refusal."""

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from agentnet.core.errors import Invalid
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine, write_audit
from agentnet.infra.db import db
from agentnet.infra.idempotency import remember
from agentnet.infra.transaction import afterwards, batch, reading
from agentnet.outlets.models import Assignment
from agentnet.users.guard import needs
from agentnet.users.permissions import Permission
from tests import world


def lines() -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(AuditLine))


def test_a_batch_commits_what_it_wrote(app):
    with batch():
        write_audit(SYSTEM, "something_done", "test", 1)
    assert lines() == 1


def test_a_batch_that_raises_leaves_nothing(app):
    with pytest.raises(Invalid), batch():
        write_audit(SYSTEM, "something_done", "test", 1)
        raise Invalid("no", "不行")
    assert lines() == 0


def test_work_for_afterwards_survives_the_refusal(app):
    with pytest.raises(Invalid), batch():
        afterwards(lambda: write_audit(SYSTEM, "refused", "test", 1))
        raise Invalid("no", "不行")
    assert lines() == 1


@pytest.mark.parametrize(
    ("method", "status", "kept"),
    [("POST", 200, 1), ("POST", 303, 1), ("POST", 422, 0), ("GET", 200, 0), ("HEAD", 200, 0)],
)
def test_a_request_commits_only_when_it_is_unsafe_and_succeeds(own_app, method, status, kept):
    @own_app.route("/try", methods=["GET", "POST"])
    @needs(Permission.PUBLIC)
    def view():
        write_audit(SYSTEM, "tried", "test", 1)
        return "", status

    own_app.test_client().open("/try", method=method)
    assert lines() == kept


def test_a_refused_request_leaves_nothing_and_says_why(own_app):
    @own_app.post("/try")
    @needs(Permission.PUBLIC)
    def view():
        write_audit(SYSTEM, "tried", "test", 1)
        raise Invalid("no", "今天不行")

    answer = own_app.test_client().post("/try")
    assert (answer.status_code, lines()) == (422, 0)
    assert "今天不行" in answer.text


def test_a_read_that_tries_to_write_is_a_bug(app):
    with pytest.raises(RuntimeError, match="a read tried to write"), reading():
        db.session.add(
            AuditLine(**dict.fromkeys(("actor_name", "action", "subject_kind", "subject_id"), "x"), at=world.NOW)
        )
        db.session.flush()


def test_a_transaction_inside_another_is_refused(app):
    with batch(), pytest.raises(RuntimeError, match="already open"), batch():
        pass


@pytest.mark.parametrize("statement", ["UPDATE audit_lines SET action = 'x'", "DELETE FROM audit_lines"])
def test_the_database_refuses_to_change_the_audit_trail(app, statement):
    with batch():
        write_audit(SYSTEM, "something_done", "test", 1)
    with pytest.raises(DBAPIError, match="append-only"), batch() as session:
        session.connection().exec_driver_sql(statement)


@pytest.mark.parametrize("slot", ["PRIMARY", "DEPUTY"])
def test_the_database_refuses_overlapping_assignments(app, slot):
    with pytest.raises(DBAPIError, match="assignment_overlap"), batch():
        db.session.execute(
            insert(Assignment).values(
                outlet_id=2, manager_id=1, slot=slot, starts_on=world.TODAY, ends_on=None, reason=""
            )
        )


def test_two_requests_with_one_id_at_once_are_a_conflict_not_a_crash(own_app):
    @own_app.post("/try")
    @needs(Permission.PUBLIC)
    def view():
        one_id = new_id()
        remember(one_id, "something", SYSTEM, {"amount": 1}, 1)
        remember(one_id, "something", SYSTEM, {"amount": 2}, 2)
        return ""

    assert own_app.test_client().post("/try").status_code == 409


def test_on_postgresql_the_server_refuses_a_change_while_reading(app):
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite begins a reading transaction that could write; the session refuses")
    with pytest.raises(DBAPIError, match="read-only"), reading() as session:
        session.connection().execute(text("UPDATE outlets SET name = 'x'"))
    with batch() as session:  # the connection is handed on as it was
        session.connection().execute(text("UPDATE outlets SET name = name"))


def test_a_connection_keeps_its_prepared_statements_when_a_page_has_read(app):
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite prepares nothing on a server")
    asked = text("SELECT count(*) FROM outlets WHERE code = :code")
    for _page in range(8):
        with reading() as session:
            session.connection().execute(asked, {"code": "WL0001"})
    with reading() as session:
        kept = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT count(*) FROM outlets%'")
        assert session.connection().execute(kept).scalar() == 1


def test_a_page_that_failed_in_the_database_leaves_a_sound_connection(app):
    with pytest.raises(DBAPIError), reading() as session:
        session.connection().execute(text("SELECT nothing FROM nowhere"))
    with reading() as session:
        assert session.connection().execute(text("SELECT count(*) FROM outlets")).scalar()
