"""verify names each error planted into a plan's trial and an old sheet, and nothing in honest ones."""

from __future__ import annotations

import pytest

from agentnet.closing.actions import close_month
from agentnet.commission.parallel.actions import NewSheet, bring_sheet
from agentnet.commission.parallel.reading import read_sheet
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch
from tests import world
from tests.commission.facts import POSTAL_STATION, SERVICE_POINT, collected
from tests.commission.whatif.test_trying import OCTOBER, asked, wanted
from tests.verify.test_planted import is_named, named_in

PLANTS = (
    ("trial", "UPDATE what_if_outlets SET new_fen = new_fen + 1, change_fen = change_fen + 1 WHERE outlet_id = 1"),
    ("trial", "UPDATE what_if_sums SET amount_fen = amount_fen + 1 WHERE side = 'PAID'"),
    ("trial", "DELETE FROM what_if_outlets WHERE outlet_id = 1"),
    ("trial", "UPDATE outlet_accruals SET earned_fen = earned_fen + 1, due_fen = due_fen + 1 WHERE outlet_id = 1"),
    ("old_sheet", "UPDATE old_sheet_lines SET ours_fen = ours_fen + 1, difference_fen = difference_fen + 1"),
    ("old_sheet", "UPDATE old_sheet_lines SET parts = '[]' WHERE difference_fen <> 0"),
)


@pytest.fixture
def tried(app):
    """October, a trial of it, and an old sheet beside it."""
    collected(POSTAL_STATION, 203_50, 102_00)
    collected(SERVICE_POINT, 203_50, tender="ALIPAY")
    close_month(OCTOBER, SYSTEM)
    asked(wanted())
    old = read_sheet("网点编号,月份,代办费,笔数\nWL0001,2026-10,0.50,1\n".encode())
    with batch():
        bring_sheet(NewSheet(new_id(), "旧表.csv", old, 0), world.actor("fang"))


def test_honest_trials_and_sheets_agree(tried):
    with db.engine.connect() as connection:
        assert named_in(connection) & {"trial", "old_sheet"} == set()


@pytest.mark.parametrize(("name", "statement"), PLANTS)
def test_each_planted_error_is_named(tried, name, statement):
    assert is_named(name, statement), statement
