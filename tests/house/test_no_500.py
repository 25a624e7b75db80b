"""No input breaks a page: every route, with odd values in its address, its filters and its form, is answered.

A person who may use the route sends what browsers, scanners and clumsy scripts send. Refused is well; a 500 is a bug.
What is posted is flushed and rolled back, so that each call meets the same history. One seed repeats a run.
"""

from __future__ import annotations

import inspect
import random
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from types import ModuleType
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from wtforms.fields.core import UnboundField

from agentnet.infra.db import db
from agentnet.infra.forms import HouseForm
from agentnet.users.permissions import MAY
from tests.house.samples import Sample, lay_down_facts, samples

SEED = 20261118
PERSON = {
    "AGENT": "alice",
    "MANAGER": "bob",
    "SUPERVISOR": "carol",
    "FINANCE": "fang",
    "PARTNER": "paul",
    "AUDITOR": "audrey",
    "ADMINISTRATOR": "adam",
}
PATH_ROUNDS, FILTER_ROUNDS, FORM_ROUNDS = 6, 3, 2
FORM = "application/x-www-form-urlencoded"

ODD = [
    "",
    *["+", "0", "-1", "1", "NaN", "1e400", "0.001", "null", "true", "[]", "{}", "x", "yes", "%25", "_", "=1%2B1"],
    *["0001-01-01", "9999-12-31", "9999-12-30", "2026-13-45", "0001-01", "9999-12", "0000-00", "0001-W01", "9999-W52"],
    *[
        "%00",
        "a%00b",
        "%ED%A0%80",
        "%FF",
        "%F0%9F%92%A9",
        "%E2%80%AE",
        "%C2%B2",
        "%E2%91%A0",
        "%D9%A3",
        "%0A",
        "%0D%0AX:1",
    ],
    *["..%2F..%2Fetc%2Fpasswd", "%22%3E%3Cscript%3E", "'%20OR%201=1--", "%25s%25%28n%29d", "%7B%7B7*7%7D%7D"],
    *["9223372036854775807", "9223372036854775808", "01932c07-209c-7e2a-b1c5-9a3c1f5e8d10"],
    "00000000-0000-0000-0000-000000000000",
    *("9" * 19, "9" * 30, "-" + "9" * 30, "9" * 5000, "0" * 12, "0" * 64, "%5B" * 3000, "x" * 5000),
]
"""Values as they stand in an address; ``%ED%A0%80`` is half a character, ``%C2%B2`` a digit that is no number."""


@dataclass(frozen=True)
class Target:
    """A route as one person calls it: its address, and the names of its filters and its form."""

    endpoint: str
    method: str
    path: str
    username: str
    filters: tuple[str, ...]
    fields: tuple[str, ...]
    values: dict[str, object] = field(hash=False)


def _module(view: Callable[..., object]) -> ModuleType:
    return sys.modules[inspect.unwrap(view).__module__]


def _filters(module: ModuleType) -> tuple[str, ...]:
    """Return the names the module reads from the address, as its source spells them, with those of every list."""
    source = inspect.getsource(module)
    spelled = re.findall(r"(?:args|arguments|values|form)(?:\.get\(|\[|, )\"(\w+)\"", source)
    return tuple(sorted({"cursor", "sort", *spelled}))


def _fields(module: ModuleType) -> tuple[str, ...]:
    """Return the names of all fields of the forms the module uses, and what it reads from a form itself."""
    forms = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, HouseForm)]
    spelled = re.findall(r"request\.form(?:\.get\(|\[)\"(\w+)\"", inspect.getsource(module))
    named = {name for form in forms for name in dir(form) if isinstance(getattr(form, name), UnboundField)}
    return tuple(sorted(named | set(spelled)))


@pytest.fixture
def targets(app) -> list[Target]:
    """Return every route with every method, for the first of the cast who may use it."""
    known, found = samples(lay_down_facts()), []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        view = app.view_functions[rule.endpoint]
        roles = MAY.get(view.permission)
        username = next(person for role, person in PERSON.items() if roles is None or role in roles)
        sample = known.get(rule.endpoint, Sample({}, placed=False))
        path = app.url_map.bind("localhost").build(rule.endpoint, sample.values)
        module = _module(view)
        found += [
            Target(rule.endpoint, method, path, username, _filters(module), _fields(module), sample.values)
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        ]
    return found


class Sender:
    """Sends calls as members of the cast, keeps nothing of what they do, and notes what broke."""

    def __init__(self, app, sign_in, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sign_in, self.monkeypatch = sign_in, monkeypatch
        self.clients: dict[str, object] = {}
        self.broken: list[str] = []
        self.sent = 0
        app.config["PROPAGATE_EXCEPTIONS"] = False

    def send(self, target: Target, path: str, method: str | None = None, **options: object) -> None:
        """Send one call; a person whose cookie it changed signs in anew before the next."""
        if target.username not in self.clients:
            self.clients[target.username] = self.sign_in(target.username)
        with self.monkeypatch.context() as patch:
            patch.setattr(db.session, "commit", db.session.flush)
            answer = self.clients[target.username].open(path, method=method or target.method, **options)
        self.sent += 1
        if "Set-Cookie" in answer.headers:
            del self.clients[target.username]
        if answer.status_code >= 500:
            self.broken.append(f"{target.method} {path[:200]} {str(options)[:300]} -> {answer.status_code}")


@pytest.fixture
def sender(app, sign_in, monkeypatch) -> Sender:
    return Sender(app, sign_in, monkeypatch)


def odd_paths(target: Target, chance: random.Random) -> Iterator[str]:
    """Yield the route's address with one of its parts replaced by odd values."""
    for value in target.values.values():
        for odd in chance.sample(ODD[1:], PATH_ROUNDS):
            yield target.path.replace(quote(str(value)), odd[:400], 1)


def encoded(pairs: dict[str, str]) -> str:
    """Return pairs whose values are encoded already as a query or a form."""
    return "&".join(f"{name}={value}" for name, value in pairs.items())


def shown_in(page: str) -> dict[str, str]:
    """Return what the form on a page would send if it were sent as it stands, encoded."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<select.*?</select>|<(?:input|textarea)[^>]*>", page, re.DOTALL):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]+)"', tag)
        if name and name[1] not in ("csrf_token", "q"):
            found.setdefault(name[1], quote_plus(unescape(value[1])) if value else "")
    return found


def odd_forms(usual: dict[str, str], chance: random.Random) -> Iterator[bytes]:
    """Yield a form with every field odd, a few times, and with each field odd alone."""
    for _ in range(FORM_ROUNDS):
        yield encoded({name: chance.choice(ODD) for name in usual}).encode()
    for name in usual:
        yield encoded(usual | {name: chance.choice(ODD)}).encode()


def odd_bodies(usual: dict[str, str]) -> Iterator[tuple[bytes, str]]:
    """Yield bodies no browser sends, with what they call themselves: files for every field, halves, other kinds."""
    files = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="../{name}"\r\n\r\n{unquote_plus(value)}\r\n'
        for name, value in usual.items()
    ).encode()
    yield files + b"--b--\r\n", "multipart/form-data; boundary=b"
    yield files, "multipart/form-data; boundary=b"
    yield b"\xff\xfe\0\0", "multipart/form-data"
    yield b'{"a": [', "application/json"
    yield b'[1, {"amount": 5}]', "application/json"
    yield b"\0" * 64, "text/plain; charset=nonsense"
    yield b"a=1&" * 5_000, FORM


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_odd_addresses_are_answered(targets, sender):
    chance = random.Random(SEED)
    for target in targets:
        for path in odd_paths(target, chance):
            sender.send(target, path)
    assert sender.broken == []
    assert sender.sent > 400


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_odd_filters_are_answered(targets, sender):
    chance = random.Random(SEED)
    for target in targets:
        if target.method == "GET":
            for _ in range(FILTER_ROUNDS):
                names = chance.sample(target.filters, chance.randint(1, len(target.filters)))
                sender.send(target, target.path + "?" + encoded({name: chance.choice(ODD) for name in names}))
            for name in target.filters:
                sender.send(target, f"{target.path}?{name}={chance.choice(ODD)}")
    assert sender.broken == []
    assert sender.sent > 400


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_odd_forms_are_answered(app, targets, sender, sign_in):
    chance = random.Random(SEED)
    readers = {target.endpoint for target in targets if target.method == "GET"}
    for target in targets:
        if target.method == "GET":
            continue
        page = sign_in(target.username).get(target.path).text if target.endpoint in readers else ""
        usual = dict.fromkeys(target.fields, "") | shown_in(page)
        for form in odd_forms(usual, chance):
            sender.send(target, target.path, data=form, content_type=FORM)
        for body, kind in odd_bodies(usual):
            sender.send(target, target.path, data=body, content_type=kind)
    assert sender.broken == []
    assert sender.sent > 400


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_odd_methods_are_answered(targets, sender):
    for target in targets:
        for method in ("PUT", "OPTIONS", "HEAD", "BREW"):
            sender.send(target, target.path, method=method)
    assert sender.broken == []
