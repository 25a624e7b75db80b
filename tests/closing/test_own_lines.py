"""The database takes an accrual only over lines that are that outlet's, of that month."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, collected

LINE = """
    INSERT INTO commission_lines (month, outlet_id, kind, collection_id, component_id, base_fen, commission_fen)
    SELECT :month, :outlet_id, 'COLLECTION', c.id, :component, c.amount_fen, 50 FROM collections c
    WHERE c.outlet_id = :of_outlet
"""
ACCRUAL = """
    INSERT INTO outlet_accruals (month, outlet_id, org_unit_id, outlet_kind, setting, state, collections_count,
                                 collected_fen, earned_fen, adjusted_fen, due_fen)
    SELECT :month, id, org_unit_id, kind, setting, state, 1, 203, 0, 0, 0 FROM outlets WHERE id = :outlet_id
"""


def written(month="2026-10", outlet_id=1, of_outlet=1, component=None) -> None:
    """Write a line for each collection of an outlet, and the accrual of an outlet's month over them."""
    values = {"month": month, "outlet_id": outlet_id, "of_outlet": of_outlet, "component": component}
    with batch() as session:
        session.execute(text(LINE), values)
        session.execute(text(ACCRUAL), {"month": month, "outlet_id": outlet_id})


@pytest.fixture(autouse=True)
def two_outlets(app) -> None:
    collected(POSTAL_STATION, 2_03)
    collected(NEWSSTAND, 7_00)


def count(table: str) -> int:
    with reading() as session:
        return session.scalar(text(f"SELECT COUNT(*) FROM {table}"))


def test_lines_of_the_outlets_own_month_are_taken() -> None:
    with reading():
        component = db.session.scalar(text("SELECT MIN(id) FROM plan_components"))
    written(component=component)
    assert (count("commission_lines"), count("outlet_accruals")) == (1, 1)


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param({"of_outlet": 11}, id="a collection of another outlet"),
        pytest.param({"month": "2026-09"}, id="a collection of another month"),
        pytest.param({"component": 999_999}, id="a component nobody wrote"),
    ],
)
def test_a_line_that_is_not_its_own_is_refused_and_leaves_nothing(foreign) -> None:
    with pytest.raises(DatabaseError, match="not of this outlet and month"):
        written(**foreign)
    assert (count("commission_lines"), count("outlet_accruals")) == (0, 0)


def test_a_line_for_no_collection_at_all_is_refused() -> None:
    with pytest.raises(DatabaseError, match="not of this outlet and month"), batch() as session:
        session.execute(
            text(
                "INSERT INTO commission_lines (month, outlet_id, kind, collection_id, base_fen, commission_fen)"
                " SELECT '2026-10', 1, 'COLLECTION', id, 1, 1 FROM transfers"
                " WHERE id NOT IN (SELECT id FROM collections) LIMIT 1"
            )
        )
        session.execute(text(ACCRUAL), {"month": "2026-10", "outlet_id": 1})
    assert count("commission_lines") == 0


@pytest.mark.parametrize(
    ("month", "refusal"),
    [
        pytest.param("2026-11", "not of this outlet and month", id="in another month"),
        pytest.param("2026-10", r"commission_lines", id="in the same month"),
    ],
)
def test_a_collection_is_paid_once(month, refusal) -> None:
    written()
    with pytest.raises(DatabaseError, match=refusal):
        written(month=month)
    assert count("commission_lines") == 1
