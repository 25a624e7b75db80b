"""verify names errors planted into the monthly sums and into what was exported."""

from __future__ import annotations

import pytest

from agentnet.books.journal_actions import add_mapping, export_journal
from agentnet.core.clock import Month
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.rolling import roll_up
from tests import world
from tests.verify.test_planted import is_named, named_in, october

__all__ = ["october"]

PLANTS = (
    ("ledger_month", "UPDATE ledger_months SET debit_fen = debit_fen + 1 WHERE debit_fen > 0"),
    ("ledger_month", "DELETE FROM ledger_months WHERE credit_fen > 0"),
    ("ledger_month", "UPDATE ledger_months SET month = '2026-09'"),
    ("ledger_month", "UPDATE transfers SET business_on = '2026-09-30' WHERE kind = 'REMITTANCE'"),
    ("ledger_month", "UPDATE ledger_rolls SET rolled_until = '2001-01-01 00:00:00.000000'"),
    ("ledger_roll", "DELETE FROM ledger_rolls"),
    ("journal_export", "UPDATE journal_exports SET debit_fen = debit_fen + 1, credit_fen = credit_fen + 1"),
    ("journal_export", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'COMMISSION'"),
    ("journal_export", "UPDATE accounting_months SET state = 'CLOSING'"),
)


@pytest.fixture
def exported(october) -> None:
    """The October of the other plants, added up and handed over."""
    roll_up(world.NOW)
    with batch():
        add_mapping(new_id(), "U8", "U8", SYSTEM)
        export_journal("U8", Month(2026, 10), SYSTEM)


def test_honest_books_agree(exported):
    with reading():
        assert named_in(db.session.connection()) == set()


def test_each_error_planted_into_the_books_is_named(exported):
    unnoticed = [(name, sql) for name, sql in PLANTS if not is_named(name, sql)]
    assert unnoticed == []
