"""A longer list asks no more questions: every page, before and after sixty of everything moved in.

The pages come from the application itself, so that a new one cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, select, update

from agentnet.bench.crowd import FIRST_ID, Crowd, Root, add_register
from agentnet.bench.crowd_facts import add_facts
from agentnet.collecting.models import Collection, CollectionDay
from agentnet.documents.models import Run
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Assignment, Outlet
from agentnet.users.models import User
from agentnet.users.permissions import MAY, Permission
from agentnet.visits.models import Visit
from tests import world
from tests.collecting.counter import item, record
from tests.house.samples import Sample, lay_down_facts, samples

READERS = ("alice", "bob", "carol", "fang", "paul", "audrey", "adam")
"""One of each role."""

MOST = 20
MOST_OF_ONE = 30
"""A page about one thing gathers what every feature has to say of it."""
FILES = ("export", "template", "archive", "download", "preview", "receipt_pdf", "photo", "agreement_document")
"""What sends a file is no page; its rows are read in one go by their own tests."""

CROWD = Crowd(
    outlets=60,
    collections=120,
    weeks=2,
    months=1,
    at=world.NOW,
    today=world.TODAY,
    root=Root(world.TAIPING.id, world.TAIPING.path),
)


def move_in() -> None:
    """Let sixty outlets with all they do move in with Taiping, and give each reader a share of them."""
    with batch() as session:
        add_register(CROWD)
        session.execute(delete(CollectionDay))  # summed anew with the crowd's
        add_facts(CROWD)
        crowd = Outlet.id >= FIRST_ID
        session.execute(update(Outlet).where(crowd, Outlet.partner_id.is_not(None)).values(partner_id=1))
        session.execute(
            update(Assignment)
            .where(Assignment.outlet_id >= FIRST_ID, Assignment.slot == "PRIMARY")
            .values(manager_id=1)
        )
        session.execute(update(Visit).where(Visit.outlet_id >= FIRST_ID).values(manager_id=1))
        session.execute(update(Visit).where(Visit.outlet_id >= FIRST_ID + 30).values(outlet_id=1))
        session.execute(update(Run).where(Run.outlet_id >= FIRST_ID + 30).values(outlet_id=1, manager_id=1))
    assert {verdict.status for verdict in record(*(item(100 + number) for number in range(60)))} == {"created"}


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements executed."""
    statements: list[str] = []

    def note(*given: object) -> None:
        statements.append(str(given[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def pages(app: Flask, facts: dict[str, object]) -> dict[str, Permission]:
    """Return the address of every page with the permission it needs."""
    known, found = samples(facts), {}
    for rule in app.url_map.iter_rules():
        name = rule.endpoint.partition(".")[2]
        if "GET" not in rule.methods or rule.endpoint == "static" or name.endswith(FILES):
            continue
        sample = known.get(rule.endpoint, Sample({}))
        path = app.url_map.bind("localhost").build(rule.endpoint, sample.values)
        found[path] = app.view_functions[rule.endpoint].permission
    return found


def asked(client, paths: list[str]) -> dict[str, int]:
    """Return how many statements each page that is shown executes."""
    found = {}
    for path in paths:
        client.get(path)  # what is kept for the next page is known from here on
        with counted() as statements:
            answer = client.get(path)
        if answer.status_code == 200:
            found[path] = len(statements)
    return found


@pytest.mark.parametrize("reader", READERS)
def test_a_page_asks_no_more_of_a_crowd(app, sign_in, reader):
    facts = lay_down_facts()
    with reading():
        roles = world.actor(reader).roles
    mine = [path for path, needed in pages(app, facts).items() if needed not in MAY or roles & MAY[needed]]
    client = sign_in(reader)
    few = asked(client, mine)
    move_in()
    many = asked(client, mine)
    assert few.keys() == many.keys()
    assert len(few) >= 8
    assert {path: (few[path], many[path]) for path in few if many[path] > few[path]} == {}
    lists = {str(rule) for rule in app.url_map.iter_rules() if not rule.arguments}
    assert {path: n for path, n in many.items() if n > (MOST if path in lists else MOST_OF_ONE)} == {}


def test_the_crowd_is_seen(app, sign_in):
    lay_down_facts()
    move_in()
    with reading():
        assert db.session.scalar(select(func.count(Outlet.id)).where(Outlet.id >= FIRST_ID)) == 60
        assert db.session.scalar(select(func.count(Collection.id)).where(Collection.outlet_id == 1)) > 60
        assert db.session.scalar(select(func.count(User.id)).where(User.id >= FIRST_ID)) > 60
    for reader, path, seen in (
        ("carol", "/outlets", "CR000"),
        ("bob", "/visits", "测试村"),
        ("carol", "/documents", "CR-CS-"),
        ("adam", "/people", "keeper"),
        ("alice", "/collect/today", 'rel="next"'),
    ):
        assert seen in sign_in(reader).get(path).get_data(as_text=True), path
