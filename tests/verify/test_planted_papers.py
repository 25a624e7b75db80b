"""verify names each error planted under the papers of money: into the facts they print, and into what they print."""

from __future__ import annotations

import hashlib
import json
import zlib
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from agentnet.books.report_data import (
    OUTLET_DAY,
    RECONCILIATION_DAY,
    RECONCILIATION_MONTH,
    STATION_REMITTANCES_MONTH,
    STATION_REMITTANCES_WEEK,
    TRIAL_BALANCE_MONTH,
)
from agentnet.closing.actions import close_month
from agentnet.commission.report_data import COMMISSION_PROVISIONAL
from agentnet.core.clock import Month, frozen_at
from agentnet.core.ids import new_id
from agentnet.documents.kinds import Period
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import move_outlet
from agentnet.settlement.day_actions import close_unattended
from agentnet.settlement.reconciliation.difference_actions import end, take_on
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.rules import State
from tests import world
from tests.books.test_report_data import DECEMBER_7, NOVEMBER, WEEK_46, printed
from tests.books.week import FRIDAY, MONDAY, SATURDAY, THURSDAY, TUESDAY, WEDNESDAY, a_week, at_ten
from tests.collecting.counter import item, record
from tests.settlement.drawer import close, confirm, declare, new_remittance
from tests.verify.test_planted import is_named, named_in
from tests.verify.test_planted_reconciliation import reconciled

__all__ = ["reconciled"]

SOME_CASH = "(SELECT transfer_id FROM collections WHERE amount_fen = 2000)"
POST_CALLS = "kind, starts_on, rhythm, weekdays, suspend_after, reason, entered_at"

MONEY = (
    ("day_sheet", "UPDATE collections SET amount_fen = amount_fen + 1 WHERE amount_fen = 2000"),
    ("day_sheet", "UPDATE collections SET tender = 'CASH' WHERE tender = 'UNIONPAY_CARD'"),
    ("day_sheet", "DELETE FROM voids"),
    ("day_sheet", "UPDATE voids SET voided_at = '2026-12-20 00:00:00.000000'"),
    ("day_sheet", f"UPDATE transfers SET amount_fen = amount_fen + 1 WHERE id = {SOME_CASH}"),
    ("day_sheet", "UPDATE transfers SET business_on = '2026-11-10' WHERE kind = 'OVER_SHORT'"),
    ("day_sheet", "UPDATE day_closes SET cash_counted_fen = cash_counted_fen + 1 WHERE business_on = '2026-11-11'"),
    ("day_sheet", "DELETE FROM day_closes WHERE business_on = '2026-11-11'"),
    ("day_sheet", "UPDATE day_close_tenders SET batch_fen = batch_fen + 1 WHERE batch_fen IS NOT NULL"),
    ("day_sheet", "UPDATE remittances SET slip_no = 'JK-9' WHERE slip_no = 'JK-F'"),
    ("day_sheet", "UPDATE remittances SET declared_at = '2026-11-14 02:00:00.000000' WHERE slip_no = 'JK-F'"),
    ("station_paper", "UPDATE remittances SET confirmed_fen = confirmed_fen + 1 WHERE confirmed_fen = 9000"),
    ("station_paper", "UPDATE remittances SET decided_at = '2026-12-20 00:00:00.000000'"),
    ("station_paper", "UPDATE remittances SET declared_at = '2026-11-20 02:00:00.000000'"),
    ("station_paper", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'REMITTANCE_RETURNED'"),
    ("station_paper", "UPDATE transfers SET business_on = '2026-11-10' WHERE business_on = '2026-11-09'"),
    ("station_paper", "UPDATE transfers SET business_on = '2026-11-17' WHERE kind = 'OVER_SHORT'"),
    ("station_paper", "DELETE FROM audit_lines WHERE action = 'move_outlet'"),
    (
        "station_paper",
        f"INSERT INTO remittance_days (id, {POST_CALLS}) VALUES"
        " (90, 'VILLAGE_POST', '2026-11-01', 'WEEKDAYS', '3', 0, 'x', '2026-11-01 00:00:00.000000')",
    ),
    ("trial_paper", f"UPDATE transfers SET amount_fen = amount_fen + 1 WHERE id = {SOME_CASH}"),
    ("trial_paper", "UPDATE transfers SET business_on = '2026-10-31' WHERE kind = 'COLLECTION'"),
    ("trial_paper", "UPDATE transfers SET debit_account_id = credit_account_id, credit_account_id = debit_account_id WHERE kind = 'OVER_SHORT'"),
    ("trial_paper", "UPDATE audit_lines SET at = '2026-11-01 02:00:00.000000' WHERE action = 'move_outlet'"),
    ("trial_paper", "UPDATE outlets SET setting = 'URBAN' WHERE id = 1"),
    ("trial_paper", "UPDATE transfers SET posted_at = '2026-12-20 00:00:00.000000' WHERE kind = 'OVER_SHORT'"),
    ("provisional_paper", "UPDATE collections SET amount_fen = amount_fen + 100000 WHERE amount_fen = 20350"),
    ("provisional_paper", "UPDATE collections SET business_on = '2026-10-31' WHERE amount_fen = 538"),
    ("provisional_paper", "DELETE FROM voids"),
    ("provisional_paper", "UPDATE plan_versions SET content = REPLACE(content, '0.50', '0.51')"),
    ("provisional_paper", "UPDATE collections SET posted_at = '2026-12-20 00:00:00.000000' WHERE amount_fen = 538"),
    ("provisional_paper", "UPDATE collections SET outlet_id = 2, receipt_no = 'X-1' WHERE amount_fen = 538"),
)  # fmt: skip

POST = "file_id = (SELECT id FROM reconciliation_files WHERE source = 'PARTNER')"

RECONCILED = (
    (
        "reconciliation_paper",
        f"UPDATE reconciliation_rows SET amount_fen = amount_fen + 1, gross_fen = gross_fen + 1 WHERE {POST}",
    ),
    ("reconciliation_paper", f"DELETE FROM reconciliation_rows WHERE line_no = 4 AND {POST}"),
    ("reconciliation_paper", "UPDATE reconciliation_rows SET kind = 'OTHER' WHERE amount_fen = 6600"),
    ("reconciliation_paper", "UPDATE reconciliation_files SET last_on = '2026-11-19' WHERE source = 'BANK'"),
    (
        "reconciliation_paper",
        "UPDATE reconciliation_files SET first_on = '2026-11-17', last_on = '2026-11-17' WHERE source = 'PARTNER'",
    ),
    ("reconciliation_paper", "UPDATE reconciliation_files SET org_unit_id = 6 WHERE source = 'PARTNER'"),
    ("reconciliation_paper", "DELETE FROM reconciliation_matches WHERE remittance_id IS NOT NULL"),
    (
        "reconciliation_paper",
        "UPDATE reconciliation_matches SET undone_at = matched_at, undo_reason = 'x' WHERE step <> 'HAND' AND collection_id IS NOT NULL",
    ),
    ("reconciliation_paper", "UPDATE reconciliation_differences SET amount_fen = 999 WHERE amount_fen = 1000"),
    ("reconciliation_paper", "UPDATE reconciliation_differences SET kind = 'DUPLICATE' WHERE amount_fen = 6600"),
    ("reconciliation_paper", "UPDATE reconciliation_differences SET org_unit_id = 6 WHERE amount_fen = 1000"),
    (
        "reconciliation_paper",
        "UPDATE reconciliation_differences SET opened_at = '2026-11-16 02:00:00.000000' WHERE amount_fen = 1000",
    ),
    (
        "reconciliation_paper",
        "UPDATE reconciliation_differences SET opened_at = '2026-11-25 02:00:00.000000' WHERE amount_fen = 1000",
    ),
    ("reconciliation_paper", "DELETE FROM reconciliation_differences WHERE amount_fen = 6600"),
    ("reconciliation_paper", "DELETE FROM reconciliation_steps WHERE verb = 'WRITTEN_OFF'"),
    ("reconciliation_paper", "UPDATE reconciliation_steps SET verb = 'ADJUSTED' WHERE verb = 'WRITTEN_OFF'"),
    (
        "reconciliation_paper",
        "UPDATE reconciliation_steps SET at = '2026-11-17 02:00:00.000000' WHERE verb = 'WRITTEN_OFF'",
    ),
    ("reconciliation_paper", "UPDATE reconciliation_steps SET owner_id = NULL WHERE verb = 'OWNED'"),
    ("reconciliation_paper", "UPDATE collections SET amount_fen = amount_fen + 1 WHERE amount_fen = 538"),
    ("reconciliation_paper", "UPDATE day_closes SET cash_counted_fen = cash_counted_fen + 1"),
    ("reconciliation_paper", "UPDATE remittances SET amount_fen = amount_fen + 1"),
    ("reconciliation_paper", "UPDATE remittances SET deposited_on = '2026-11-17'"),
    ("reconciliation_paper", "UPDATE outlets SET partner_id = NULL WHERE id = 1"),
    ("reconciliation_paper", "UPDATE outlets SET org_unit_id = 6 WHERE id = 1"),
)


@pytest.fixture
def month(app) -> None:
    """The week of the books, its papers and its month's; on Friday a day nobody counted, with a deposit."""
    a_week()
    with frozen_at(at_ten(FRIDAY)):
        record(item(3_00))
        late = declare(new_remittance(2_00, slip_no="JK-F"))
    with frozen_at(at_ten(SATURDAY)), batch():
        close_unattended(SYSTEM, SATURDAY)
    with frozen_at(at_ten(date(2026, 11, 16))):
        for day, after in ((MONDAY, TUESDAY), (TUESDAY, WEDNESDAY), (WEDNESDAY, THURSDAY), (FRIDAY, SATURDAY)):
            printed(OUTLET_DAY, Period(day, after))
        printed(OUTLET_DAY, Period(FRIDAY, SATURDAY), language="en")
        printed(STATION_REMITTANCES_WEEK, WEEK_46)
    with frozen_at(DECEMBER_7):
        printed(COMMISSION_PROVISIONAL, NOVEMBER)
        with reading():
            waiting = db.session.execute(select(Run.number).where(Run.kind == COMMISSION_PROVISIONAL.code)).first()
            assert waiting is not None
        confirm(late.id, 2_00)
        close_month(Month(2026, 11), SYSTEM)
        printed(TRIAL_BALANCE_MONTH, NOVEMBER)
        printed(STATION_REMITTANCES_MONTH, NOVEMBER, language="en")
    with frozen_at(datetime(2026, 12, 9, 2, tzinfo=UTC)), batch():  # what comes later changes no paper
        move_outlet("WL0001", "WL-ZG", date(2026, 12, 9), world.actor("carol"))
    with frozen_at(datetime(2026, 12, 9, 3, tzinfo=UTC)):
        record(item(4_00))


@pytest.fixture
def tied(reconciled) -> None:
    """The day of the Post and the bank, printed the next morning; what is ended after that is on later papers."""
    close()
    with reading():
        ours, banks = (
            db.session.scalars(select(Difference.id).where(Difference.amount_fen == fen)).one()
            for fen in (10_00, 66_00)
        )
    with batch():
        take_on(ours, new_id(), world.actor("fang"))
    with frozen_at(datetime(2026, 11, 19, 2, tzinfo=UTC)):
        printed(RECONCILIATION_DAY, Period(world.TODAY, date(2026, 11, 19)))
        printed(RECONCILIATION_DAY, Period(world.TODAY, date(2026, 11, 19)), world.TAIPING, "en")
    with frozen_at(datetime(2026, 11, 20, 2, tzinfo=UTC)), batch():
        end(banks, new_id(), State.ADJUSTED, "转入待查款项", world.actor("fang"))
    with frozen_at(datetime(2026, 12, 1, 3, tzinfo=UTC)):
        printed(RECONCILIATION_MONTH, Period(date(2026, 11, 1), date(2026, 12, 1)))


def test_honest_papers_of_money_agree(month):
    with reading():
        assert named_in(db.session.connection()) == set()


def test_each_error_planted_under_the_papers_of_money_is_named(month):
    unnoticed = [(name, sql) for name, sql in MONEY if not is_named(name, sql)]
    assert unnoticed == []


def test_honest_reconciliation_reports_agree(tied):
    with reading():
        assert named_in(db.session.connection()) == set()


def test_each_error_planted_under_the_reconciliation_reports_is_named(tied):
    unnoticed = [(name, sql) for name, sql in RECONCILED if not is_named(name, sql)]
    assert unnoticed == []


FORGED = (
    ("day_sheet", "OUTLET_DAY", ("taken_fen",)),
    ("day_sheet", "OUTLET_DAY", ("opening_cash_fen",)),
    ("station_paper", "STATION_REMITTANCES_WEEK", ("outlets", 0, "held_fen")),
    ("station_paper", "STATION_REMITTANCES_WEEK", ("outlets", 0, "missed")),
    ("station_paper", "STATION_REMITTANCES_MONTH", ("whole", "declared_fen")),
    ("station_paper", "STATION_REMITTANCES_WEEK", ("open_deposits", 0, "amount_fen")),
    ("trial_paper", "TRIAL_BALANCE_MONTH", ("rows", 0, "closing_fen")),
    ("trial_paper", "TRIAL_BALANCE_MONTH", ("outside_credit_fen",)),
    ("provisional_paper", "COMMISSION_PROVISIONAL", ("due_fen",)),
    ("provisional_paper", "COMMISSION_PROVISIONAL", ("collections", 0, "commission_fen")),
)
FORGED_TIES = (
    ("reconciliation_paper", "RECONCILIATION_DAY", ("open_fen",)),
    ("reconciliation_paper", "RECONCILIATION_DAY", ("files", 0, "matched_fen")),
    ("reconciliation_paper", "RECONCILIATION_DAY", ("open", 0, "age_days")),
    ("reconciliation_paper", "RECONCILIATION_MONTH", ("tie", 0, "theirs_fen")),
    ("reconciliation_paper", "RECONCILIATION_MONTH", ("untied", 0, "days")),
    ("reconciliation_paper", "RECONCILIATION_MONTH", ("taken_fen",)),
)


def stored_as(run, figures):
    """Return the statement that makes a paper print other figures, its hash made to fit."""
    text = json.dumps(figures, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    stored, sha256 = zlib.compress(text).hex(), hashlib.sha256(text).hexdigest()
    blob = f"X'{stored}'" if db.session.get_bind().dialect.name == "sqlite" else f"decode('{stored}', 'hex')"
    return f"UPDATE runs SET frozen = {blob}, frozen_sha256 = '{sha256}' WHERE number = '{run.number}'"


def papers_of(kind):
    """Return each paper of a kind with its figures."""
    runs = db.session.scalars(select(Run).where(Run.kind == kind).order_by(Run.number))
    return [(run, json.loads(zlib.decompress(run.frozen))) for run in runs]


def forged(kind, path):
    """Return the statement that raises one figure of the first paper that has it."""
    with reading():
        for run, figures in papers_of(kind):
            held = figures
            try:
                for step in path[:-1]:
                    held = held[step]
                held[path[-1]] += 1
            except IndexError:
                continue
            return stored_as(run, figures)
    raise AssertionError(f"no {kind} with {path}")


def test_a_paper_of_the_first_drawing_is_not_judged_by_opportunities_it_never_counted(month):
    with reading():
        run, figures = next(
            (run, figures) for run, figures in papers_of("STATION_REMITTANCES_WEEK") if figures["outlets"]
        )
        for outlet in figures["outlets"]:
            del outlet["missed"]
        old = stored_as(run, figures)
        figures["outlets"][0]["held_fen"] += 1
        wrong = stored_as(run, figures)
    assert not is_named("station_paper", old)
    assert is_named("station_paper", wrong)


def test_a_forged_figure_of_a_paper_of_money_is_named_even_if_its_hash_fits(month):
    unnoticed = [(kind, path) for name, kind, path in FORGED if not is_named(name, forged(kind, path))]
    assert unnoticed == []


def test_a_forged_figure_of_a_reconciliation_report_is_named_even_if_its_hash_fits(tied):
    unnoticed = [(kind, path) for name, kind, path in FORGED_TIES if not is_named(name, forged(kind, path))]
    assert unnoticed == []
