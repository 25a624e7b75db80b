"""Signing in: what works, what is refused, what ends a sign-in."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from agentnet.core.clock import frozen_at
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.users.actions import disable_user, reset_password
from agentnet.users.models import FailedSignIn, SignInSession, User
from tests import world


def sign_in_with(client, username="alice", password=world.PASSWORD, **more):
    return client.post("/sign-in", data={"username": username, "password": password, **more})


def is_signed_in(client) -> bool:
    return client.get("/account/sessions").status_code == 200


def test_the_right_password_signs_in_with_a_fresh_session(app):
    client = app.test_client()
    answer = sign_in_with(client)
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_signed_in(client)


def test_a_wrong_password_says_so_and_is_remembered(app):
    client = app.test_client()
    answer = sign_in_with(client, password="wrong")
    assert answer.status_code == 422
    assert "登录名或密码不对" in answer.text
    with reading():
        assert len(db.session.scalars(select(FailedSignIn)).all()) == 1


def test_a_name_no_database_takes_is_only_a_wrong_name(app):
    answer = app.test_client().post("/sign-in", data={"username": "ali\0\x1fnobody", "password": "x\0y"})
    assert answer.status_code == 422


def test_the_answer_does_not_tell_whether_a_person_exists(app):
    client = app.test_client()
    known, unknown = (sign_in_with(client, name, "wrong") for name in ("alice", "nobody"))
    assert known.status_code == unknown.status_code
    assert "登录名或密码不对" in unknown.text


def test_after_five_failures_even_the_right_password_waits_a_quarter_of_an_hour(app):
    client = app.test_client()
    for _ in range(5):
        sign_in_with(client, password="wrong")
    assert sign_in_with(client).status_code == 429
    with frozen_at(world.NOW + timedelta(minutes=16)):
        assert sign_in_with(client).status_code == 303


def test_a_stranger_elsewhere_cannot_lock_a_person_out(app):
    stranger, alice = app.test_client(), app.test_client()
    for _ in range(9):
        stranger.post(
            "/sign-in", data={"username": "alice", "password": "x"}, environ_base={"REMOTE_ADDR": "192.0.2.9"}
        )
    assert sign_in_with(alice).status_code == 303


def test_a_disabled_person_is_out_at_once(app, sign_in):
    client = sign_in("alice")
    with batch():
        disable_user(1, world.actor("adam"))
    assert not is_signed_in(client)
    assert sign_in_with(app.test_client()).status_code == 422


def test_signing_out_ends_the_session_on_the_server(app, sign_in):
    client = sign_in("alice")
    with client.session_transaction() as session:
        kept = dict(session)
    client.post("/sign-out")
    with client.session_transaction() as session:
        session.update(kept)
    assert not is_signed_in(client)


@pytest.mark.parametrize(("later", "still"), [(timedelta(minutes=59), True), (timedelta(minutes=61), False)])
def test_an_idle_session_ends_after_an_hour(app, sign_in, later, still):
    client = sign_in("alice")
    with frozen_at(world.NOW + later):
        assert is_signed_in(client) is still


def test_a_session_in_use_lives_on_but_not_past_twelve_hours(app, sign_in):
    client = sign_in("alice")
    for minutes in range(0, 12 * 60, 50):
        with frozen_at(world.NOW + timedelta(minutes=minutes)):
            assert is_signed_in(client)
    with frozen_at(world.NOW + timedelta(hours=12, minutes=1)):
        assert not is_signed_in(client)


def test_a_generated_password_must_be_changed_before_anything_else(app, sign_in):
    client = sign_in("alice")
    with batch():
        db.session.get(User, 1).must_change_password = True
    answer = client.get("/account/sessions")
    assert (answer.status_code, answer.location) == (303, "/account/password")


def test_changing_the_password_ends_the_other_sign_ins(app, sign_in):
    here, elsewhere = sign_in("alice"), sign_in("alice")
    new = "seven quiet lanterns"
    answer = here.post("/account/password", data={"present": world.PASSWORD, "password": new, "repeated": new})
    assert answer.status_code == 303
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert sign_in_with(app.test_client(), password=new).status_code == 303


@pytest.mark.parametrize(
    ("present", "new", "repeated", "words"),
    [
        ("wrong", "seven quiet lanterns", "seven quiet lanterns", "现在的密码不对"),
        (world.PASSWORD, "short", "short", "至少 12 个字符"),
        (world.PASSWORD, "seven quiet lanterns", "other", "不一致"),
        (world.PASSWORD, world.PASSWORD, world.PASSWORD, "不能与现在的相同"),
    ],
)
def test_a_bad_change_of_password_changes_nothing(app, sign_in, present, new, repeated, words):
    answer = sign_in("alice").post(
        "/account/password", data={"present": present, "password": new, "repeated": repeated}
    )
    assert answer.status_code == 422
    assert words in answer.text
    assert sign_in_with(app.test_client()).status_code == 303


NEW = "seven quiet lanterns"


def change(client, present=world.PASSWORD, address="192.0.2.1"):
    form = {"present": present, "password": NEW, "repeated": NEW}
    return client.post("/account/password", data=form, environ_base={"REMOTE_ADDR": address})


def test_after_five_wrong_present_passwords_even_the_right_one_waits_a_quarter_of_an_hour(app, sign_in):
    client = sign_in("alice")
    answers = [change(client, "wrong", f"192.0.2.{number}") for number in range(5)]
    assert {answer.status_code for answer in answers} == {422}
    answer = change(client, address="192.0.2.99")
    assert (answer.status_code, "15 分钟后再试" in answer.text) == (429, True)
    with frozen_at(world.NOW + timedelta(minutes=16)):
        assert change(client).status_code == 303


def test_wrong_present_passwords_in_one_session_lock_nobody_out(app, sign_in):
    unattended, elsewhere = sign_in("alice"), sign_in("alice")
    for _ in range(9):
        change(unattended, "wrong")
    assert is_signed_in(unattended)
    assert sign_in_with(app.test_client()).status_code == 303
    assert change(elsewhere).status_code == 303


def test_a_form_that_is_not_whole_is_no_way_to_try_passwords(app, sign_in):
    client = sign_in("alice")
    texts = {
        client.post("/account/password", data={"present": present, "password": NEW, "repeated": ""}).text
        for present in ("wrong", world.PASSWORD)
    }
    assert len(texts) == 1


def test_a_reset_ends_every_sign_in(app, sign_in):
    client = sign_in("alice")
    with batch():
        reset_password(1, "x", world.actor("adam"))
    assert not is_signed_in(client)


def test_someone_elses_session_cannot_be_ended(app, sign_in):
    alice, bob = sign_in("alice"), sign_in("bob")
    with reading():
        token = db.session.scalars(select(SignInSession.token_sha256).where(SignInSession.user_id == 1)).one()
    bob.post(f"/account/sessions/{token}/end")
    assert is_signed_in(alice)


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:1"])
def test_sign_in_never_leads_off_the_site(app, target):
    assert sign_in_with(app.test_client(), next=target).location == "/"


def test_a_page_asked_for_before_signing_in_comes_after_it(app):
    client = app.test_client()
    answer = client.get("/account/sessions?x=1")
    assert answer.location == "/sign-in?next=/account/sessions?x%3D1"
    assert sign_in_with(client, next="/account/sessions?x=1").location == "/account/sessions?x=1"


def test_the_choice_of_language_stays_with_the_person(app, sign_in):
    client = sign_in("alice")
    client.post("/language", data={"locale": "en", "next": "/account/sessions"})
    assert "Where you are signed in" in client.get("/account/sessions").text
    with reading():
        assert db.session.get(User, 1).locale == "en"


def test_every_answer_carries_the_security_headers(app):
    headers = app.test_client().get("/sign-in").headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_a_form_without_its_token_is_refused(app):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = sign_in_with(app.test_client())
    assert answer.status_code == 409
