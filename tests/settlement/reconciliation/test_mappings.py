"""A column mapping and its bank account are its unit's: seen and used there, below it, and by who stands above it."""

from io import BytesIO

import pytest
from sqlalchemy import delete, insert, select

from agentnet.core.errors import Forbidden, Missing
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.files.mapping import Mapping
from agentnet.settlement.reconciliation.models import ColumnMapping
from agentnet.settlement.reconciliation.queries import mapping_for, mappings
from agentnet.settlement.reconciliation.reading import save_mapping
from agentnet.users.models import RoleGrant
from tests import world
from tests.collecting.counter import count

COLUMNS = Mapping(date="日期", credit="收入")

PLACES = {"ben": world.TAIZHOU, "carol": world.WENLING, "alan": world.TAIPING, "charlie": world.JIAXING}
"""Finance of the city, of its county, of a station in that, and of another city; Fang is the company's."""


@pytest.fixture
def finance(app):
    with batch() as session:
        for username, place in PLACES.items():
            user_id = world.actor(username).user_id
            session.execute(delete(RoleGrant).where(RoleGrant.user_id == user_id))
            given = {"role": "FINANCE", "org_unit_id": place.id, "starts_on": world.LONG_AGO}
            session.execute(insert(RoleGrant).values(user_id=user_id, **given))


def save(by, name="农行网银", account="6228 0001", mapping=COLUMNS):
    with batch():
        return save_mapping(name, account, mapping, world.actor(by))


def seen(username):
    """Return the mappings a person may use, by their account."""
    with reading():
        return [one.ColumnMapping.account for one in mappings(world.actor(username))]


def may_use(username, mapping_id):
    with reading():
        try:
            return mapping_for(world.actor(username), str(mapping_id)).id == mapping_id
        except Missing:
            return False


def test_the_unit_those_below_and_those_above_use_it_and_the_neighbour_does_not(finance):
    saved = save("carol")
    able = {name for name in (*PLACES, "fang") if may_use(name, saved)}
    assert able == {"ben", "carol", "alan", "fang"}
    assert {name for name in (*PLACES, "fang") if seen(name)} == able


def test_what_the_company_saves_everybody_uses(finance):
    saved = save("fang")
    assert all(may_use(name, saved) for name in (*PLACES, "fang"))


def test_two_units_may_use_one_name_and_follow_their_own(finance):
    save("carol", account="6228 0001")
    theirs = save("charlie", account="6228 0002")
    save("carol", account="6228 0003")
    assert save("charlie", account="6228 0002") == theirs
    assert (seen("carol"), seen("charlie")) == (["6228 0003"], ["6228 0002"])
    assert seen("fang") == ["6228 0002", "6228 0003"]


def test_one_kept_before_units_were_is_the_companys(finance):
    with batch() as session:
        old = {"name": "旧", "version": 1, "account": "1", "columns": {"date": "日期", "credit": "收入"}}
        session.execute(insert(ColumnMapping).values(saved_at=world.NOW, **old))
    assert (seen("alan"), seen("charlie")) == (["1"], ["1"])
    save("fang", name="旧", account="2")
    with reading():
        versions = [tuple(row) for row in db.session.execute(select(ColumnMapping.version, ColumnMapping.account))]
    assert versions == [(1, "1"), (2, "2")]


@pytest.mark.parametrize("username", ["alice", "bob", "paul", "audrey", "adam"])
def test_only_finance_saves_one(finance, username):
    with pytest.raises(Forbidden, match="not_permitted"):
        save(username)
    assert count(ColumnMapping) == 0


def test_a_neighbour_reads_no_file_by_it(finance, sign_in):
    saved = save("carol")
    table = "日期,收入\n2026-11-18,7.00\n".encode()
    for username, status in (("carol", 200), ("charlie", 404)):
        client = sign_in(username)
        page = client.get("/reconciliation/files/new").text
        assert ("农行网银" in page) is (status == 200)
        assert ("6228 0001" in client.get("/reconciliation/mappings").text) is (status == 200)
        told = {"kind": "TABLE", "file": (BytesIO(table), "明细.csv")}
        waiting = client.post("/reconciliation/files/new", data=told).location.partition("?")[0].rsplit("/", 1)[1]
        answer = client.get(f"/reconciliation/check/{waiting}?kind=TABLE&mapping={saved}&name=x.csv")
        assert answer.status_code == status, username
