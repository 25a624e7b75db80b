"""verify names each error planted into a month that was collected, voided, visited, closed, drawn and sealed."""

from __future__ import annotations

import importlib
import inspect
from datetime import UTC, datetime
from functools import cache

import pytest
from sqlalchemy import Connection, select, text

from agentnet.closing.actions import close_month
from agentnet.collecting.actions import void_collection
from agentnet.collecting.models import Collection
from agentnet.core.clock import IsoWeek, Month, frozen_at
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.sealing import seal_settled
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.rules import Count
from agentnet.verify.commands import CHECKS, findings_of
from agentnet.verify.findings import Check
from agentnet.visits.actions import log_visit, plan_duties
from tests import world
from tests.collecting.counter import item, record
from tests.settlement.drawer import close, confirm, declare, new_remittance
from tests.visits.given import a_visit

OCTOBER_20 = datetime(2026, 10, 20, 2, tzinfo=UTC)

SOME_COLLECTION = "(SELECT transfer_id FROM collections ORDER BY receipt_no LIMIT 1)"

PLANTS = (
    ("account_owner", "UPDATE accounts SET owner_id = 987654 WHERE owner_kind = 'HOUSEHOLD' OR code = 'RECEIVED'"),
    ("balance", "UPDATE balances SET balance_fen = balance_fen + 1 WHERE balance_fen > 0"),
    ("balance", f"UPDATE transfers SET amount_fen = amount_fen + 1 WHERE id = {SOME_COLLECTION}"),
    ("collection_transfer", f"UPDATE transfers SET amount_fen = amount_fen + 1 WHERE id = {SOME_COLLECTION}"),
    ("collection_transfer", "UPDATE collections SET business_on = '2026-10-19'"),
    ("collection_transfer", "UPDATE collections SET tender = 'ALIPAY'"),
    ("reversal", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE reverses_id IS NOT NULL"),
    ("void", "UPDATE transfers SET business_on = '2026-10-21' WHERE reverses_id IS NOT NULL"),
    (
        "stray_transfer",
        "UPDATE transfers SET reverses_id = NULL, debit_account_id = credit_account_id, credit_account_id = debit_account_id WHERE reverses_id IS NOT NULL",
    ),
    ("allocation", "UPDATE allocations SET principal_fen = principal_fen + 1"),
    ("wrong_household", "UPDATE allocations SET bill_id = 1"),
    ("paid_off", "UPDATE bills SET paid_off_on = '2026-10-20'"),
    ("month_end", "UPDATE business_days SET closed_at = NULL"),
    ("month_end", "UPDATE remittances SET decided_at = '2027-01-01 00:00:00'"),
    (
        "month_order",
        "INSERT INTO accounting_months (month, state, closing_at, closed_at)"
        " VALUES ('2020-01', 'CLOSED', '2027-01-01 00:00:00', '2027-01-01 00:00:00')",
    ),
    ("month_end", "UPDATE accounting_months SET closing_at = '2026-10-20 01:00:00'"),
    ("receipt_gap", "UPDATE business_days SET receipt_serial = receipt_serial + 1"),
    ("day_sums", "UPDATE collection_days SET amount_fen = amount_fen + 1"),
    ("day_sums", "UPDATE collection_days SET voided = voided + 1"),
    ("day_sums", "DELETE FROM collection_days"),
    ("request", "DELETE FROM requests WHERE id IN (SELECT id FROM collections)"),
    ("closed_day", "UPDATE day_close_tenders SET system_fen = system_fen + 1"),
    ("closed_day", "DELETE FROM day_close_tenders"),
    ("day_lock", "UPDATE business_days SET closed_at = NULL"),
    ("day_lock", "DELETE FROM day_closes"),
    ("count_difference", "UPDATE day_closes SET cash_counted_fen = cash_counted_fen + 1"),
    ("count_difference", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'OVER_SHORT'"),
    ("counterfeit", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'COUNTERFEIT'"),
    ("stray_difference", "UPDATE day_closes SET difference_transfer_id = NULL"),
    ("deposit", "UPDATE remittances SET confirmed_fen = confirmed_fen - 1"),
    ("deposit", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'REMITTANCE_RETURNED'"),
    ("commission_line", "UPDATE commission_lines SET commission_fen = commission_fen + 1"),
    ("commission_line", "UPDATE plan_versions SET content = REPLACE(content, '0.50', '0.51')"),
    ("plan_version", "UPDATE plan_versions SET content = REPLACE(content, '0.50', '0.51')"),
    ("plan_version", "UPDATE plan_components SET position = position + 5"),
    ("commission_ruling", "UPDATE plan_versions SET starts_on = '2026-10-15'"),
    ("commission_missing", "DELETE FROM commission_lines"),
    ("commission_line_source", "UPDATE commission_lines SET component_id = 999"),
    (
        "commission_line_source",
        "UPDATE commission_lines SET collection_id = (SELECT id FROM transfers WHERE id NOT IN"
        " (SELECT id FROM collections) LIMIT 1) WHERE id = (SELECT MIN(id) FROM commission_lines)",
    ),
    (
        "commission_line_source",
        "INSERT INTO commission_lines (month, outlet_id, kind, collection_id, base_fen, commission_fen)"
        " SELECT month, outlet_id + 1, kind, collection_id, base_fen, commission_fen FROM commission_lines",
    ),
    ("accrual", "UPDATE outlet_accruals SET earned_fen = earned_fen + 1, due_fen = due_fen + 1 WHERE due_fen > 0"),
    (
        "accrual_transfer",
        "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE id IN (SELECT transfer_id FROM outlet_accruals)",
    ),
    ("statement", "UPDATE outlet_accruals SET earned_fen = earned_fen + 1, due_fen = due_fen + 1 WHERE due_fen > 0"),
    ("managers", "UPDATE assignments SET ends_on = '2026-11-01' WHERE outlet_id = 2"),
    ("assignment_overlap", "UPDATE assignments SET manager_id = 1 WHERE outlet_id = 1 AND slot = 'DEPUTY'"),
    ("outlet_state", "UPDATE outlets SET state = 'SUSPENDED' WHERE id = 11"),
    ("duty_missing", "DELETE FROM duties WHERE outlet_id = 2"),
    ("duty_week", "UPDATE duties SET starts_on = '2026-10-20' WHERE outlet_id = 2"),
    ("visit_week", "UPDATE visits SET week = '2026-W44'"),
    ("visit_not_counted", "DELETE FROM duty_visits"),
    ("visit_of_other_duty", "UPDATE duty_visits SET duty_id = (SELECT id FROM duties WHERE outlet_id = 11)"),
    ("visit_by_stranger", "UPDATE visits SET manager_id = 3"),
    ("document_figures", "UPDATE runs SET frozen_sha256 = file_sha256"),
    ("document_file", "UPDATE runs SET file_sha256 = frozen_sha256"),
    ("audit_chain", "UPDATE audit_lines SET actor_name = 'Mallory' WHERE id = (SELECT MIN(id) FROM audit_lines)"),
    ("audit_chain", "DELETE FROM audit_seals WHERE id = (SELECT MIN(id) + 1 FROM audit_seals)"),
)


@pytest.fixture
def october(app) -> None:
    """An October in which everything happened once."""
    with frozen_at(OCTOBER_20):
        record(item(538), item(20_00, world.MEI), item(100, world.MEI, tender="UNIONPAY_CARD", reference="POS-1"))
        with reading():
            last = db.session.scalars(select(Collection.id).where(Collection.amount_fen == 100)).one()
        with batch():
            void_collection(last, new_id(), "客户改主意", world.actor("alice"))
        deposit = declare(new_remittance(5_00))
        confirm(deposit.id, 4_00, "银行少收一元")
        close(count=Count(other_fen=20_28, counterfeit_fen=1_00), explanation="一张疑似假币，另少一角")
        with batch():
            plan_duties(IsoWeek.of(OCTOBER_20.date()), SYSTEM)
        with batch():
            log_visit(a_visit(arrived_at=OCTOBER_20), world.actor("bob"))
    close_month(Month(2026, 10), SYSTEM)
    for worker in app.extensions["agentnet.workers"]:
        while worker.run():
            pass
    seal_settled()


def named_in(connection: Connection) -> set[str]:
    """Return the names of everything that verify finds."""
    return {one.check for check in CHECKS for one in findings_of(check, connection)[0]}


def _where_it_is_written(name: str) -> list[Check]:
    """Return every check, those first whose module knows the finding by this name."""
    return sorted(CHECKS, key=lambda check: f'"{name}"' not in _source(check.run.__module__))


@cache
def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(module))


def is_named(name: str, sql: str, *first: str, unguarded: str = "") -> bool:
    """Change rows behind the product's back, as someone with the database's password could; look; undo it.

    ``unguarded`` names a CHECK, as ``table.name``, that would not let the rows be changed so; ``first`` takes away what
    else would refuse the change. The looking ends when the error is named.
    """
    with db.engine.connect() as connection, connection.begin() as transaction:
        if connection.dialect.name == "sqlite":
            for (trigger,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql(f"PRAGMA ignore_check_constraints = {'ON' if unguarded else 'OFF'}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            if unguarded:
                table, _, guard = unguarded.partition(".")
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {guard}")
        for statement in first:
            connection.exec_driver_sql(statement)
        assert connection.exec_driver_sql(sql).rowcount > 0, sql
        found = any(
            one.check == name for check in _where_it_is_written(name) for one in findings_of(check, connection)[0]
        )
        transaction.rollback()
    return found


def test_an_honest_month_agrees(october):
    with reading():
        assert named_in(db.session.connection()) == set()


def test_each_planted_error_is_named(october):
    unnoticed = [(name, sql) for name, sql in PLANTS if not is_named(name, sql)]
    assert unnoticed == []
    with reading():
        assert named_in(db.session.connection()) == set(), "an experiment was not undone"
