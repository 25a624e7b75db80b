"""People: added with a password shown once, given roles over places of the own territory, stopped and started."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import event, func, insert, select

from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.users.models import RoleGrant, SignInSession, User
from agentnet.users.passwords import password_matches
from tests import world

PASSWORD = re.compile(r"([a-z2-9]{4}(?:-[a-z2-9]{4}){3})")
EMMA = {"display_name": "艾玛", "username": "Emma", "phone": ""}


def user(username: str) -> User | None:
    with reading():
        found = db.session.scalar(select(User).where(User.username == username))
        db.session.expunge_all()
        return found


def grants() -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(RoleGrant)) or 0


@pytest.fixture
def county_administrator(app: Flask, sign_in):
    """Somebody who administers Wenling alone."""
    with batch():
        db.session.execute(
            insert(User).values(
                id=50,
                username="wendy",
                display_name="Wendy",
                password_hash="x",
                must_change_password=False,
                created_at=world.NOW,
            )
        )
        db.session.execute(
            insert(RoleGrant).values(
                user_id=50, role="ADMINISTRATOR", org_unit_id=world.WENLING.id, starts_on=world.LONG_AGO
            )
        )
    return sign_in("wendy")


def test_a_new_person_gets_a_password_that_works_and_is_shown_once(sign_in) -> None:
    adam = sign_in("adam")
    answer = adam.post("/people/new", data=EMMA)
    shown = PASSWORD.search(answer.get_data(as_text=True))
    emma = user("emma")
    assert answer.status_code == 200
    assert shown is not None
    assert emma is not None
    assert password_matches(emma.password_hash, shown[1])
    assert emma.must_change_password
    assert shown[1] not in adam.get(f"/people/{emma.id}").get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"


def test_sending_the_form_twice_adds_one_person(sign_in) -> None:
    adam = sign_in("adam")
    assert [adam.post("/people/new", data=EMMA).status_code for _ in range(2)] == [200, 422]


@pytest.mark.parametrize(
    "wrong", [{"username": ""}, {"username": "王 五"}, {"username": "alice"}, {"display_name": ""}]
)
def test_a_form_with_a_mistake_adds_nobody(sign_in, wrong: dict[str, str]) -> None:
    assert sign_in("adam").post("/people/new", data={**EMMA, **wrong}).status_code == 422
    assert user("emma") is None


@pytest.mark.parametrize("name", ["carol", "fang", "audrey", "alice"])
def test_nobody_else_touches_people(sign_in, name: str) -> None:
    client = sign_in(name)
    before = user("bob")
    for address in ("/people/new", "/people/3/password", "/people/3/disable", "/people/3/enable", "/people/3/roles"):
        assert client.post(address, data=EMMA).status_code == 403
    after = user("bob")
    assert before is not None
    assert after is not None
    assert (after.password_hash, after.disabled_at) == (before.password_hash, None)


def test_a_reset_ends_every_sign_in_of_the_person(sign_in) -> None:
    bob = sign_in("bob")
    answer = sign_in("adam").post("/people/3/password")
    assert PASSWORD.search(answer.get_data(as_text=True))
    with reading():
        live = db.session.scalar(
            select(func.count()).where(SignInSession.user_id == 3, SignInSession.ended_at.is_(None))
        )
    assert live == 0
    assert bob.get("/divisions").status_code == 303


def test_who_is_stopped_cannot_sign_in_until_started_again(sign_in) -> None:
    adam = sign_in("adam")
    assert adam.post("/people/3/disable").status_code == 303
    stopped = user("bob")
    assert stopped is not None
    assert stopped.disabled_at is not None
    assert "已停用" in adam.get("/people?state=disabled").get_data(as_text=True)
    assert adam.post("/people/3/enable").status_code == 303
    started = user("bob")
    assert started is not None
    assert started.disabled_at is None
    assert adam.post("/people/12/disable").status_code == 422  # not oneself


@pytest.mark.parametrize(
    ("role", "place", "column"),
    [("FINANCE", "WL", "org_unit_id"), ("AGENT", "wl0002", "outlet_id"), ("PARTNER", "BANK", "partner_id")],
)
def test_a_role_is_given_over_its_kind_of_place(sign_in, role: str, place: str, column: str) -> None:
    before = grants()
    adam = sign_in("adam")
    form = {"role": role, "place": place, "starts_on": "2026-11-18"}
    assert adam.post("/people/1/roles", data=form).status_code == 303
    assert adam.post("/people/1/roles", data=form).status_code == 409
    assert grants() == before + 1
    with reading():
        given = db.session.scalars(select(RoleGrant).order_by(RoleGrant.id.desc()).limit(1)).one()
        assert (given.role, given.starts_on, getattr(given, column) is not None) == (role, date(2026, 11, 18), True)


@pytest.mark.parametrize(
    "wrong", [{"role": "KING"}, {"place": "NOBODY"}, {"place": ""}, {"starts_on": "soon"}, {"role": "AGENT"}]
)
def test_a_role_with_a_mistake_is_not_given(sign_in, wrong: dict[str, str]) -> None:
    before = grants()
    form = {"role": "FINANCE", "place": "WL", "starts_on": "2026-11-18", **wrong}
    assert sign_in("adam").post("/people/1/roles", data=form).status_code in (404, 422)
    assert grants() == before


def test_a_role_is_ended_and_only_on_its_own_person(sign_in) -> None:
    adam = sign_in("adam")
    with reading():
        grant_id = db.session.scalars(select(RoleGrant.id).where(RoleGrant.user_id == 6)).one()
    assert adam.post(f"/people/7/roles/{grant_id}/end").status_code == 404
    assert adam.post(f"/people/6/roles/{grant_id}/end").status_code == 303
    with reading():
        assert db.session.scalars(select(RoleGrant.ends_on).where(RoleGrant.id == grant_id)).one() == world.TODAY


def test_a_countys_administrator_stays_inside_the_county(county_administrator) -> None:
    client = county_administrator
    listed = client.get("/people").get_data(as_text=True)
    assert "Carol" in listed
    for outsider in ("Adam", "Charlie", "Fang", "Paul", "Dora"):
        assert outsider not in listed
    for outsider in (12, 7, 9, 10, 8):
        assert client.get(f"/people/{outsider}").status_code == 404
        assert client.post(f"/people/{outsider}/password").status_code == 404
    before = grants()
    for role, place in (("ADMINISTRATOR", "DH"), ("SUPERVISOR", "JX"), ("AGENT", "JX0001")):
        form = {"role": role, "place": place, "starts_on": "2026-11-18"}
        assert client.post("/people/6/roles", data=form).status_code == 404
    partner = {"role": "PARTNER", "place": "POST", "starts_on": "2026-11-18"}
    assert client.post("/people/6/roles", data=partner).status_code == 403
    assert grants() == before
    inside = {"role": "SUPERVISOR", "place": "WL-TP", "starts_on": "2026-11-18"}
    assert client.post("/people/3/roles", data=inside).status_code == 303


def give(user_id: int, unit: world.Place, ends_on: date | None = None) -> None:
    with batch():
        db.session.execute(
            insert(RoleGrant).values(
                user_id=user_id, role="AUDITOR", org_unit_id=unit.id, starts_on=world.LONG_AGO, ends_on=ends_on
            )
        )


def finds(client, person: User) -> bool:
    """Return whether the list and the page agree that this administrator answers for the person."""
    on_list = person.display_name in client.get("/people").get_data(as_text=True)
    assert on_list == (client.get(f"/people/{person.id}").status_code == 200)
    assert on_list == (client.post(f"/people/{person.id}/enable").status_code == 303)
    return on_list


@pytest.mark.parametrize(("added_by", "hers"), [("adam", False), ("wendy", True)])
def test_a_person_without_a_role_is_theirs_who_added_them_and_the_companys(
    county_administrator, sign_in, added_by: str, hers: bool
) -> None:
    sign_in(added_by).post("/people/new", data=EMMA)
    emma = user("emma")
    assert emma is not None
    assert finds(county_administrator, emma) is hers
    assert finds(sign_in("adam"), emma)


def test_a_person_who_was_added_here_and_serves_elsewhere_is_theirs_where_they_serve(county_administrator) -> None:
    county_administrator.post("/people/new", data=EMMA)
    emma = user("emma")
    assert emma is not None
    give(emma.id, world.JIAXING)
    assert not finds(county_administrator, emma)


@pytest.mark.parametrize(
    ("served", "hers"),
    [([world.WENLING], True), ([world.JIAXING], False), ([world.WENLING, world.JIAXING], False)],
)
def test_a_person_whose_roles_have_ended_is_theirs_where_all_of_them_were(
    county_administrator, sign_in, served: list[world.Place], hers: bool
) -> None:
    sign_in("adam").post("/people/new", data=EMMA)
    emma = user("emma")
    assert emma is not None
    for unit in served:
        give(emma.id, unit, ends_on=world.TODAY)
    assert finds(county_administrator, emma) is hers


def test_the_list_finds_by_name(sign_in) -> None:
    text = sign_in("adam").get("/people?q=aud").get_data(as_text=True)
    assert "Audrey" in text
    assert "Carol" not in text


def test_a_longer_list_asks_no_more_questions(app: Flask, sign_in) -> None:
    adam = sign_in("adam")
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    adam.get("/people?q=aud")
    few = len(asked)
    asked.clear()
    adam.get("/people")
    assert len(asked) == few <= 8
