"""verify names each error planted under a dispute: its line, its answer, and what the next statement prints of it."""

from __future__ import annotations

from datetime import date

import pytest

from agentnet.closing.actions import close_month
from agentnet.commission.disputes.actions import accept_dispute, refuse_dispute
from agentnet.commission.report_data import COMMISSION_PARTNER, COMMISSION_YEAR
from agentnet.core.clock import frozen_at, shanghai_instant
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch
from tests import world
from tests.commission.disputes.given import NOVEMBER, closed_october, disputed, line_id, paid_more
from tests.commission.test_papers import made
from tests.verify.test_planted import is_named, named_in

PLANTED = (
    ("dispute_line", "UPDATE commission_disputes SET outlet_id = 2 WHERE state = 'REFUSED'", ""),
    ("dispute_line", "UPDATE commission_disputes SET month = '2026-09' WHERE state = 'REFUSED'", ""),
    ("dispute_answer", "UPDATE commission_disputes SET answered_in = '2026-12' WHERE state = 'ACCEPTED'", ""),
    ("dispute_printed", "UPDATE commission_disputes SET answer = '另一种说法' WHERE state = 'REFUSED'", ""),
    ("dispute_printed", "UPDATE commission_disputes SET reason = '另一种说法' WHERE state = 'ACCEPTED'", ""),
    ("dispute_printed", "DELETE FROM commission_disputes WHERE state = 'REFUSED'", ""),
)


@pytest.fixture
def answered(app) -> None:
    """Two lines of October disputed, one accepted and one refused, and November closed."""
    first, second = (line_id(id_) for id_ in closed_october())
    accepted, refused = disputed(first), disputed(second)
    with batch():
        accept_dispute(accepted, paid_more(), world.actor("fang"))
    with batch():
        refuse_dispute(refused, new_id(), "核对无误", world.actor("fang"))
    with frozen_at(shanghai_instant(date(2026, 12, 2), 9)):
        close_month(NOVEMBER, SYSTEM)


PAPERS = (
    ("year_sheet", "UPDATE outlet_accruals SET due_fen = due_fen + 1 WHERE outlet_id = 1 AND month = '2026-10'"),
    ("year_sheet", "UPDATE outlet_accruals SET collections_count = 9 WHERE outlet_id = 1 AND month = '2026-11'"),
    ("partner_summary", "UPDATE outlet_accruals SET due_fen = due_fen + 1 WHERE outlet_id = 1 AND month = '2026-11'"),
    ("partner_summary", "DELETE FROM outlet_accruals WHERE outlet_id = 1 AND month = '2026-11'"),
)


@pytest.fixture
def printed(answered: None) -> None:
    """November's year sheets and partners' summaries."""
    for kind in (COMMISSION_YEAR, COMMISSION_PARTNER):
        made(kind, NOVEMBER)


def test_verify_agrees_with_year_sheets_and_partners_summaries(printed: None) -> None:
    with db.engine.connect() as connection:
        assert named_in(connection) & {"year_sheet", "partner_summary"} == set()


@pytest.mark.parametrize(("name", "sql"), PAPERS)
def test_each_error_planted_under_these_papers_is_named(printed: None, name: str, sql: str) -> None:
    assert is_named(name, sql, unguarded="outlet_accruals.ck_outlet_accruals_due")


def test_verify_agrees_with_what_was_answered(answered: None) -> None:
    with db.engine.connect() as connection:
        assert {name for name in named_in(connection) if name.startswith("dispute")} == set()


@pytest.mark.parametrize(("name", "sql", "unguarded"), PLANTED)
def test_each_planted_error_is_named(answered: None, name: str, sql: str, unguarded: str) -> None:
    assert is_named(name, sql, unguarded=unguarded)
