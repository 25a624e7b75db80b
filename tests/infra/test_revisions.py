"""What is remembered holds until a row it rests on changes, and not one page longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from agentnet.collecting.queries import tender_name
from agentnet.commission.accruing import outlet_months
from agentnet.commission.parallel.models import OldSheet
from agentnet.commission.parallel.queries import SHEETS
from agentnet.commission.queries import PLANS, closed_months, tariffs
from agentnet.core.clock import IsoWeek, Month, frozen_at, now, today
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.revisions import FIELD, MONTHS, REGISTER, remembered
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.queries import month_state
from agentnet.outlets.queries.villages import VILLAGES
from agentnet.visits.actions import log_visit, plan_duties, strike_visit
from tests import world
from tests.visits.given import a_visit

CHANGES = {
    "outlets": "UPDATE outlets SET name = 'x' WHERE id = 1",
    "managers": "UPDATE managers SET name = 'x' WHERE id = 1",
    "assignments": "UPDATE assignments SET reason = 'x' WHERE outlet_id = 1",
    "outlet_states": "INSERT INTO outlet_states (outlet_id, state, effective_on, reason, changed_at)"
    " VALUES (1, 'ACTIVE', '2026-11-18', 'x', '2026-11-18 02:00:00')",
    "org_units": "UPDATE org_units SET name = 'x' WHERE id = 1",
    "agreements": "UPDATE agreements SET ceiling_fen = 1 WHERE outlet_id = 1",
    "limits": "INSERT INTO limits (outlet_id, starts_on, ceiling_fen, reason, set_at, user_id)"
    " VALUES (1, '2026-11-18', 1, 'x', '2026-11-18 02:00:00', 1)",
    "tenders": "UPDATE tenders SET name = 'x' WHERE code = 'CASH'",
    "collection_days": "INSERT INTO collection_days (business_on, org_unit_id, setting, count, amount_fen, voided)"
    " VALUES ('2026-11-17', 1, 'RURAL', 1, 1, 0)",
}
REGISTERED = set(CHANGES) - {"collection_days"}


class Asked:
    """Counts how often it has to work."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times

    def answers(self, subject: str) -> int:
        with reading():
            return remembered(subject, "how often", self)


@pytest.fixture
def asked(app) -> Asked:
    with batch():
        plan_duties(IsoWeek.of(today()), SYSTEM)
    return Asked()


def done(sql: str) -> None:
    with batch():
        db.session.execute(text(sql))


@pytest.mark.parametrize("table", CHANGES)
@pytest.mark.parametrize("subject", [REGISTER, FIELD])
def test_an_answer_is_remembered_until_a_row_changes(asked, subject, table):
    assert [asked.answers(subject), asked.answers(subject)] == [1, 1]
    done(CHANGES[table])
    rests_on_it = subject == FIELD or table in REGISTERED
    assert asked.answers(subject) == (2 if rests_on_it else 1)
    done("UPDATE users SET locale = NULL")
    assert asked.answers(subject) == asked.times


@pytest.mark.parametrize(
    ("reads", "change", "before", "after"),
    [
        (
            lambda: month_state(Month(2026, 10)),
            "INSERT INTO accounting_months (month, state) VALUES ('2026-10', 'CLOSING')",
            "OPEN",
            "CLOSING",
        ),
        (
            closed_months,
            "INSERT INTO accounting_months (month, state) VALUES ('2026-10', 'CLOSED')",
            [],
            [Month(2026, 10)],
        ),
        (
            lambda: [one.amount_fen for one in outlet_months(Month(2026, 11), [1], tariffs())[0].adjusted],
            "INSERT INTO commission_adjustments (id, outlet_id, of_month, month, amount_fen, reason, made_at)"
            " VALUES ('01a2b3c4d5e67f8091a2b3c4d5e6f708', 1, '2026-10', '2026-11', -250, 'x', '2026-11-18 02:00:00')",
            [],
            [-250],
        ),
        (
            lambda: tender_name("CASH", False),
            "UPDATE tenders SET name = '铜钱' WHERE code = 'CASH'",
            "现金",
            "铜钱",
        ),
    ],
)
def test_what_is_remembered_of_months_and_tenders_is_seen_as_soon_as_it_changes(app, reads, change, before, after):
    for _again in range(2):
        with reading():
            assert reads() == before
    done(change)
    with reading():
        assert reads() == after


def test_what_months_and_old_sheets_came_to_is_worked_out_again_once_a_line_is_added(asked):
    of_month = (
        "INSERT INTO outlet_accruals (month, outlet_id, org_unit_id, outlet_kind, setting, state, collections_count,"
        " collected_fen, earned_fen, adjusted_fen, due_fen)"
        " VALUES ('2026-10', 1, 1, 'SERVICE_POINT', 'RURAL', 'ACTIVE', 0, 0, 0, 0, 0)"
    )
    of_sheet = (
        "INSERT INTO old_sheet_lines (sheet_id, line_no, outlet_code, month, theirs_fen, ours_fen, difference_fen,"
        " size_fen, cause, parts, state) VALUES ('{sheet}', 2, 'X', '2026-10', 1, 2, 1, 1, 'UNKNOWN', '[]', 'OPEN')"
    )
    with batch():
        sheet = OldSheet(
            id=new_id(), file_name="x", sha256="0" * 64, rounding_fen=1, lines_count=1, user_id=1, brought_at=now()
        )
        db.session.add(sheet)
        key = sheet.id.hex
    for subject, line in ((MONTHS, of_month), (SHEETS, of_sheet.format(sheet=key))):
        before = asked.answers(subject)
        assert asked.answers(subject) == before
        done(line)
        assert asked.answers(subject) == before + 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE divisions SET name = 'x' WHERE code = '{village}'",
        "UPDATE dockings SET starts_on = '2026-01-02' WHERE division_code = '{village}'",
        "INSERT INTO dockings (division_code, starts_on) VALUES ('{other}', '2026-01-02')",
    ],
)
def test_villages_are_counted_again_once_one_or_a_docking_changes(asked, change):
    assert [asked.answers(VILLAGES), asked.answers(VILLAGES)] == [1, 1]
    done(change.format(village=world.VILLAGE, other=world.OTHER_VILLAGE))
    assert [asked.answers(VILLAGES), asked.answers(VILLAGES)] == [2, 2]
    done(CHANGES["outlets"])
    assert asked.answers(VILLAGES) == 2


def changes_of_visits() -> list[tuple[str, Callable[[], object]]]:
    visit = a_visit(arrived_at=world.NOW)
    return [
        ("duties planned", lambda: plan_duties(IsoWeek.of(today()).previous(), SYSTEM)),
        ("a visit logged", lambda: log_visit(visit, world.actor("bob"))),
        ("a visit struck", lambda: strike_visit(visit.id, "没有去", world.actor("carol"))),
    ]


def test_what_happens_to_visits_is_seen_on_the_next_page(asked):
    assert asked.answers(FIELD) == 1
    for times, (what, change) in enumerate(changes_of_visits(), 2):
        with batch():
            change()
        assert asked.answers(FIELD) == times, what
        assert asked.answers(FIELD) == times, what


def test_a_change_that_is_rolled_back_leaves_the_answer(asked):
    asked.answers(FIELD)
    with pytest.raises(ZeroDivisionError), batch():
        db.session.execute(text(CHANGES["outlets"]))
        raise ZeroDivisionError
    assert asked.answers(FIELD) == 1


def test_nothing_is_remembered_while_writing(asked):
    with batch():
        assert [remembered(FIELD, "how often", asked) for _again in range(2)] == [1, 2]


def test_another_day_is_another_question(asked):
    asked.answers(FIELD)
    with frozen_at(now() + timedelta(days=1)):
        assert asked.answers(FIELD) == 2


def test_one_transaction_sees_one_state(asked):
    with reading():
        first = remembered(FIELD, "how often", asked)
        assert remembered(FIELD, "how often", asked) == first


def test_each_application_remembers_for_itself(asked, app):
    asked.answers(FIELD)
    app.extensions.pop("agentnet.memory")
    assert asked.answers(FIELD) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE plans SET is_default = is_default",
        "INSERT INTO plan_versions (plan_id, number, starts_on, note, created_at, content, content_sha256)"
        " SELECT plan_id, 99, starts_on, note, created_at, content, content_sha256 FROM plan_versions LIMIT 1",
        "INSERT INTO plan_components (version_id, position, kind, name)"
        " SELECT version_id, 99, kind, name FROM plan_components LIMIT 1",
    ],
)
def test_what_plans_say_is_read_again_once_one_changes(asked, change):
    assert [asked.answers(PLANS), asked.answers(PLANS)] == [1, 1]
    done(change)
    assert [asked.answers(PLANS), asked.answers(PLANS)] == [2, 2]
