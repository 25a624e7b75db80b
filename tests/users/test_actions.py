"""People: what an administrator can do, and nobody else."""

import pytest
from sqlalchemy import func, select

from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.infra.actor import Role
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.users.actions import Place, add_user, disable_user, end_grant, grant_role, reset_password
from agentnet.users.models import RoleGrant, User
from agentnet.users.rules import check_password
from tests import world


def users() -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(User))


def test_an_administrator_adds_a_person_and_the_trail_says_so(app):
    with batch():
        add_user("  Emma ", "Emma", "hash", world.actor("adam"))
    with reading():
        emma = db.session.scalars(select(User).where(User.username == "emma")).one()
        line = db.session.scalars(select(AuditLine).where(AuditLine.action == "added_user")).one()
    assert emma.must_change_password
    assert (line.actor_name, line.subject_id, line.after["username"]) == ("Adam", str(emma.id), "emma")


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "fang", "paul", "audrey"])
def test_nobody_else_adds_people(app, username):
    before = users()
    with pytest.raises(Forbidden, match="not_permitted"), batch():
        add_user("emma", "Emma", "hash", world.actor(username))
    assert users() == before


def test_a_taken_name_is_refused(app):
    before = users()
    with pytest.raises(Invalid, match="username_taken"), batch():
        add_user("ALICE", "Another", "hash", world.actor("adam"))
    assert users() == before


def test_a_role_needs_the_place_that_suits_it(app):
    with pytest.raises(Invalid, match="place_of_role"), batch():
        grant_role(1, Role.AGENT, Place(org_unit_id=1), world.actor("adam"))


def test_the_same_role_is_not_granted_twice(app):
    with pytest.raises(Conflict, match="grant_exists"), batch():
        grant_role(6, Role.SUPERVISOR, Place(org_unit_id=world.WENLING.id), world.actor("adam"))


def test_an_ended_grant_gives_nothing_from_today_and_stays_in_history(app):
    with reading():
        grant = db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == 6)).one().id
    with batch():
        end_grant(grant, world.actor("adam"))
    with reading():
        assert world.actor("carol").grants == ()
        assert db.session.get(RoleGrant, grant).ends_on == world.TODAY


def test_an_administrator_cannot_lock_themselves_out(app):
    with pytest.raises(Invalid, match="own_account"), batch():
        disable_user(12, world.actor("adam"))


def test_a_reset_password_must_be_changed(app):
    with batch():
        reset_password(1, "hash", world.actor("adam"))
    with reading():
        assert db.session.get(User, 1).must_change_password


def test_a_person_who_does_not_exist_is_missing(app):
    with pytest.raises(Missing, match="user_missing"), batch():
        reset_password(987, "hash", world.actor("adam"))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_short"),
        ("x" * 201, "password_long"),
        ("Password1234", "password_common"),
        ("alice1234567", "password_common"),
        ("ababababababab", "password_common"),
    ],
)
def test_weak_passwords_are_refused_by_name(password, code):
    with pytest.raises(Invalid, match=code):
        check_password(password, "alice")
