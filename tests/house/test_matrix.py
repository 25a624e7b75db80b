"""Nobody reads or changes another territory: every route, tried by every member of the cast.

The routes come from the application itself. A route with a parameter and no sample below fails, so that a new one
cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from agentnet.infra.transaction import reading
from agentnet.users.permissions import MAY, Permission
from tests import world
from tests.house.samples import Sample, lay_down_facts, samples

CAST = ["alice", "alan", "bob", "ben", "jing", "carol", "charlie", "dora", "fang", "paul", "audrey", "adam"]
STRANGERS = ("charlie", "dora", "jing")
"""The people of Jiaxing: nothing of Wenling is theirs."""


@pytest.fixture
def facts(app) -> dict[str, object]:
    """One collection, visit, need, document and schedule in Wenling."""
    return lay_down_facts()


@dataclass(frozen=True)
class Call:
    """One route with one method."""

    endpoint: str
    method: str
    path: str
    permission: Permission
    placed: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@pytest.fixture
def calls(app, facts) -> list[Call]:
    """Return every call there is, from the application's own map."""
    known, found = samples(facts), []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        assert not rule.arguments or rule.endpoint in known, f"{rule.endpoint} needs a sample"
        sample = known.get(rule.endpoint, Sample({}, placed=False))
        assert set(sample.values) == set(rule.arguments), rule.endpoint
        path = app.url_map.bind("localhost").build(rule.endpoint, sample.values)
        permission = app.view_functions[rule.endpoint].permission
        found += [
            Call(rule.endpoint, method, path, permission, sample.placed)
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        ]
    return found


def statuses(client, calls, expected) -> dict[str, int]:
    """Return the calls that were answered otherwise than expected."""
    answers = {str(call): client.open(call.path, method=call.method).status_code for call in calls}
    return {name: status for name, status in answers.items() if status not in expected}


def test_nobody_unknown_gets_past_the_door(app, calls):
    guarded = [call for call in calls if call.permission is not Permission.PUBLIC]
    client = app.test_client()
    for call in guarded:
        answer = client.open(call.path, method=call.method)
        assert answer.status_code == 303, call
        assert answer.location.startswith("/sign-in"), call


def allowed_to(username: str) -> Callable[[Call], bool]:
    """Return whether a member of the cast holds a call's permission somewhere."""
    with reading():
        roles = world.actor(username).roles
    return lambda call: call.permission not in MAY or bool(roles & MAY[call.permission])


def tried_by(people, sign_in, chosen, expected) -> dict[str, dict[str, int]]:
    """Return, by person, the chosen calls that were answered otherwise than expected."""
    found = {username: statuses(sign_in(username), chosen(username), expected) for username in people}
    return {username: odd for username, odd in found.items() if odd}


def test_who_lacks_the_permission_is_refused_everywhere(app, sign_in, calls):
    def forbidden(username):
        may = allowed_to(username)
        return [call for call in calls if not may(call)]

    assert tried_by(CAST, sign_in, forbidden, {403}) == {}


def test_a_stranger_who_has_the_permission_finds_nothing_of_wenling(app, sign_in, calls):
    def placed(username):
        may = allowed_to(username)
        return [call for call in calls if call.placed and may(call)]

    assert all(placed(username) for username in STRANGERS)
    assert tried_by(STRANGERS, sign_in, placed, {404}) == {}


def test_no_page_anyone_may_open_breaks(app, sign_in, calls):
    def pages(username):
        may = allowed_to(username)
        return [call for call in calls if call.method == "GET" and may(call)]

    assert tried_by(CAST, sign_in, pages, {200, 303, 404, 409, 422}) == {}
