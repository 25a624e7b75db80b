"""Month end: what is written, in which order, and that it may be killed anywhere and begun again."""

from __future__ import annotations

import zlib
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from agentnet.closing import actions
from agentnet.closing.actions import close_month
from agentnet.closing.commands import close_month_command
from agentnet.closing.jobs import close_due_month
from agentnet.closing.queries import month_to_close
from agentnet.closing.rules import LINES_FOR_AN_OUTLET
from agentnet.commission.actions import add_version
from agentnet.commission.adjusting import NewAdjustment, record_adjustment
from agentnet.commission.engine.language import Component, Kind, Version
from agentnet.commission.models import CommissionLine, OutletAccrual
from agentnet.core.clock import Month, frozen_at, now, shanghai_instant
from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.core.ids import new_id
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import post_many
from agentnet.ledger.models import Balance, Transfer
from agentnet.ledger.queries import balance, month_state, trial_balance
from agentnet.ledger.rules import HOUSEHOLD, ORG_UNIT, OUTLET, AccountKey, NewTransfer
from agentnet.outlets.models import Outlet
from reports.commission_statement import CommissionStatement, draw
from reports.commission_summary import CommissionSummary
from reports.commission_summary import draw as draw_summary
from reports.frozen import from_json
from tests import world
from tests.at_once import at_once
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT, collected, voided

SEPTEMBER, OCTOBER, NOVEMBER = Month(2026, 9), Month(2026, 10), Month(2026, 11)

pytestmark = pytest.mark.usefixtures("app")


ONE_OUTLET, TWO_OUTLETS = LINES_FOR_AN_OUTLET, 2 * LINES_FOR_AN_OUTLET
"""Lines in a transaction that takes so few outlets."""


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it."""


def an_october() -> None:
    """Two outlets in Wenling and one in Jiaxing collect; one collection is voided.

    By hand, with the cast's plan (cash 0.50 each; else 0.2 %, at least 0.10, at most 1.00): WL0001 earns 2 x 0.50 and
    0.2 % of 203.50 = 0.407, so 0.41; WL0002 earns the minimum 0.10; JX0001 earns the maximum 1.00.
    """
    collected(POSTAL_STATION, 203_50, 102_00)
    collected(POSTAL_STATION, 203_50, tender="ALIPAY")
    voided(collected(POSTAL_STATION, 9_999_00)[0])
    collected(SERVICE_POINT, 5_38, tender="UNIONPAY_CARD")
    collected(NEWSSTAND, 2_000_00, tender="ALIPAY", on=date(2026, 10, 31))


def dues(month: Month) -> dict[str, int]:
    with reading():
        return dict(
            db.session.execute(
                select(Outlet.code, OutletAccrual.due_fen)
                .join(Outlet, Outlet.id == OutletAccrual.outlet_id)
                .where(OutletAccrual.month == str(month))
            ).all()
        )


def counted(model: type) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def statement(code: str, month: Month, language: str = "zh") -> CommissionStatement:
    with reading():
        frozen = db.session.scalars(
            select(Run.frozen).where(Run.subject == f"outlet:{code}:{language}", Run.period_start == month.starts_on)
        ).one()
    return from_json(CommissionStatement, zlib.decompress(frozen))


def summary(code: str, month: Month) -> CommissionSummary:
    with reading():
        frozen = db.session.scalars(
            select(Run.frozen).where(Run.subject == f"org:{code}:zh", Run.period_start == month.starts_on)
        ).one()
    return from_json(CommissionSummary, zlib.decompress(frozen))


def test_a_closed_month_pays_every_outlet_to_the_fen() -> None:
    an_october()
    closed = close_month(OCTOBER, SYSTEM)
    assert dues(OCTOBER) == {"WL0001": 1_41, "WL0002": 10, "WL0004": 0, "WL0005": 0, "JX0001": 1_00}
    assert (closed.already, closed.written.collections, closed.written.due_fen) == (False, 5, 2_51)
    with reading():
        assert month_state(OCTOBER) == "CLOSED"
        assert balance(AccountKey(OUTLET, 1, "COMMISSION_PAYABLE")) == 1_41
        assert balance(AccountKey(ORG_UNIT, world.TAIPING.id, "COMMISSION_EXPENSE")) == 1_51
        assert balance(AccountKey(ORG_UNIT, world.NANHU_STATION.id, "COMMISSION_EXPENSE")) == 1_00
        rows = trial_balance()
        assert sum(row.debit_fen for row in rows) == sum(row.credit_fen for row in rows)
        lines = db.session.scalar(select(func.sum(CommissionLine.commission_fen)))
        posted = db.session.scalar(select(func.sum(Transfer.amount_fen)).where(Transfer.kind == "COMMISSION"))
        assert lines == posted == 2_51


def test_the_accrual_belongs_to_the_months_last_day() -> None:
    an_october()
    close_month(OCTOBER, SYSTEM)
    with reading():
        days = set(db.session.scalars(select(Transfer.business_on).where(Transfer.kind == "COMMISSION")))
    assert days == {date(2026, 10, 31)}


def test_every_line_says_which_component_paid_it() -> None:
    an_october()
    close_month(OCTOBER, SYSTEM)
    with reading():
        found = db.session.execute(
            select(CommissionLine.component_id, CommissionLine.base_fen, CommissionLine.commission_fen)
            .where(CommissionLine.outlet_id == 1)
            .order_by(CommissionLine.id)
        ).all()
    assert sorted(map(tuple, found)) == [(1, 102_00, 50), (1, 203_50, 50), (2, 203_50, 41)]


def test_statements_and_summaries_are_frozen_and_can_be_drawn() -> None:
    an_october()
    closed = close_month(OCTOBER, SYSTEM)
    # Five outlets; company, two cities, two counties, three stations.
    assert closed.documents == 5 + 8
    paper = statement("WL0001", OCTOBER)
    assert (paper.due_fen, paper.collected_fen, len(paper.collections)) == (1_41, 509_00, 3)
    assert paper.plan_name == "标准代办费"
    assert paper.agreement_no == "DH-0001"
    assert [(line.tender, line.count, line.commission_fen) for line in paper.components] == [
        ("CASH", 2, 1_00),
        ("ALIPAY", 1, 41),
    ]
    assert paper.components[0].component == "每笔 0.50 元"
    assert paper.components[1].component == "金额的 0.2%，最低 0.10 元，最高 1.00 元"
    assert paper.head.org_name == "温岭供电公司 太平供电所"
    assert paper.head.data_state == "2026年10月已封账"
    assert draw(paper).startswith(b"%PDF")
    assert draw(statement("WL0004", OCTOBER)).startswith(b"%PDF")
    wenling = summary("WL", OCTOBER)
    assert [row.outlet_code for row in wenling.rows] == ["WL0001", "WL0002", "WL0004", "WL0005"]
    assert (wenling.rural.commission_fen, wenling.urban.outlets, wenling.level) == (1_51, 0, "COUNTY")
    assert (wenling.previous_month, wenling.last_year) == (None, None)
    company = summary("DH", OCTOBER)
    assert (company.urban.commission_fen, company.rural.commission_fen, company.whole.commission_fen) == (100, 151, 251)
    assert draw_summary(company).startswith(b"%PDF")


def test_the_next_months_summary_stands_beside_the_month_before_and_last_years() -> None:
    collected(POSTAL_STATION, 100_00, on=date(2025, 10, 1))
    an_october()
    for month in (Month(2025, 10), OCTOBER):
        close_month(month, SYSTEM)
    collected(POSTAL_STATION, 50_00, on=date(2026, 11, 2))
    with frozen_at(shanghai_instant(date(2026, 12, 1), 9)):
        close_month(NOVEMBER, SYSTEM)
    october, november = summary("WL", OCTOBER), summary("WL", NOVEMBER)
    assert october.last_year is not None
    assert (october.last_year.count, october.last_year.commission_fen) == (1, 50)
    assert november.previous_month == october.whole
    assert november.last_year is None


def test_closing_twice_does_nothing() -> None:
    an_october()
    first = close_month(OCTOBER, SYSTEM)
    before = [counted(model) for model in (CommissionLine, Transfer, Run, AuditLine)]
    second = close_month(OCTOBER, SYSTEM)
    assert (second.already, second.written) == (True, first.written)
    assert [counted(model) for model in (CommissionLine, Transfer, Run, AuditLine)] == before


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_a_killed_close_resumes_and_doubles_nothing(killed_at: int) -> None:
    an_october()
    calls = 0

    def kill(_step: str, _done: int, _total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == killed_at:
            raise Killed

    with pytest.raises(Killed):
        close_month(OCTOBER, SYSTEM, kill, lines_at_once=TWO_OUTLETS)
    with reading():
        assert month_state(OCTOBER) == "CLOSING"
        assert month_to_close(now()) == OCTOBER
    assert close_due_month() == 1
    assert dues(OCTOBER) == {"WL0001": 1_41, "WL0002": 10, "WL0004": 0, "WL0005": 0, "JX0001": 1_00}
    assert (counted(CommissionLine), counted(Run)) == (5, 13)
    assert close_due_month() == 0


@pytest.mark.parametrize("step", ["accrue", "plan_documents", "finish_closing"])
def test_a_close_that_fails_inside_a_step_leaves_that_step_undone(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    an_october()
    real = getattr(actions, step)

    def broken(*arguments: object, **more: object) -> object:
        real(*arguments, **more)
        raise Killed

    monkeypatch.setattr(actions, step, broken)
    with pytest.raises(Killed):
        close_month(OCTOBER, SYSTEM)
    monkeypatch.setattr(actions, step, real)
    with reading():
        assert month_state(OCTOBER) == "CLOSING"
    close_month(OCTOBER, SYSTEM)
    assert (counted(CommissionLine), counted(Run), sum(dues(OCTOBER).values())) == (5, 13, 2_51)


def test_eight_closers_at_once_make_one_close(app: Flask) -> None:
    an_october()
    closers = [lambda: close_month(OCTOBER, SYSTEM, lines_at_once=ONE_OUTLET).written.due_fen] * 8
    assert at_once(app, closers, nullcontext) == [2_51] * 8
    assert (counted(CommissionLine), counted(Run), sum(dues(OCTOBER).values())) == (5, 13, 2_51)
    with reading():
        closed = db.session.scalars(select(AuditLine.id).where(AuditLine.action == "month_closed")).all()
    assert len(closed) == 1


def test_a_close_that_is_overtaken_finds_the_month_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    an_october()
    compute = actions.outlet_months

    def overtaken(*given, **named):
        monkeypatch.setattr(actions, "outlet_months", compute)
        close_month(OCTOBER, SYSTEM)
        return compute(*given, **named)

    monkeypatch.setattr(actions, "outlet_months", overtaken)
    closed = close_month(OCTOBER, SYSTEM)
    assert (closed.already, closed.written.due_fen, counted(CommissionLine)) == (True, 2_51, 5)


def test_a_month_does_not_close_on_a_book_that_disagrees() -> None:
    an_october()
    received, advance = AccountKey(OUTLET, 1, "RECEIVED"), AccountKey(HOUSEHOLD, 1, "ADVANCE")
    with batch() as session:
        post_many(
            SYSTEM, [NewTransfer(new_id(), "TO_ADVANCE", received, advance, 5_00, OCTOBER.starts_on, "test", "1")]
        )
        session.execute(update(Balance).values(balance_fen=Balance.balance_fen + 1))
    with pytest.raises(Conflict) as refusal:
        close_month(OCTOBER, SYSTEM)
    assert refusal.value.code == "book_disagrees"
    with reading():
        assert month_state(OCTOBER) == "CLOSING"


def test_a_month_that_is_not_over_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        close_month(NOVEMBER, SYSTEM)
    assert refusal.value.code == "month_not_over"
    assert counted(OutletAccrual) == 0


def test_an_earlier_month_with_facts_closes_first() -> None:
    collected(POSTAL_STATION, 100_00, on=date(2026, 8, 3))
    an_october()
    with pytest.raises(Conflict) as refusal:
        close_month(OCTOBER, SYSTEM)
    assert refusal.value.code == "earlier_month_open"
    with reading():
        assert month_state(OCTOBER) == "OPEN"
    close_month(Month(2026, 8), SYSTEM)
    close_month(OCTOBER, SYSTEM)
    with reading():
        assert month_state(SEPTEMBER) == "CLOSED", "an empty month between two closed ones takes no late facts either"


def test_a_month_before_the_closed_ones_or_before_any_business_never_closes() -> None:
    an_october()
    for early in (SEPTEMBER, Month(2026, 3)):
        with pytest.raises(Conflict) as refusal:
            close_month(early, SYSTEM)
        assert refusal.value.code == "month_before_closed"
    close_month(OCTOBER, SYSTEM)
    with pytest.raises(Conflict) as refusal:
        close_month(SEPTEMBER, SYSTEM)
    assert refusal.value.code == "month_before_closed"
    with reading():
        assert [month_state(one) for one in (Month(2026, 3), SEPTEMBER)] == ["OPEN", "OPEN"]
        assert db.session.scalar(select(func.count()).where(OutletAccrual.month != "2026-10")) == 0


@pytest.mark.parametrize("username", ["alice", "bob", "carol", "paul", "audrey", "adam"])
def test_only_finance_closes_a_month(username: str) -> None:
    an_october()
    with reading():
        by = world.actor(username)
    with pytest.raises(Forbidden):
        close_month(OCTOBER, by)
    assert counted(OutletAccrual) == 0


def test_finance_of_the_company_closes_a_month() -> None:
    an_october()
    with reading():
        fang = world.actor("fang")
    assert close_month(OCTOBER, fang).written.due_fen == 2_51


def test_an_adjustment_shows_as_a_negative_line_in_the_next_month() -> None:
    an_october()
    close_month(OCTOBER, SYSTEM)
    with batch():
        receipt = "WL0001-261005-000001"
        record_adjustment(
            NewAdjustment(new_id(), "WL0001", OCTOBER, -50, "重复缴费，已退款", receipt), world.actor("fang")
        )
    collected(POSTAL_STATION, 20_00, on=date(2026, 11, 3))
    with frozen_at(shanghai_instant(date(2026, 12, 1), 9)):
        close_month(NOVEMBER, SYSTEM)
    paper = statement("WL0001", NOVEMBER)
    assert (paper.earned_fen, paper.adjusted_fen, paper.due_fen) == (50, -50, 0)
    assert [(line.belongs_to, line.reason, line.commission_fen) for line in paper.adjustments] == [
        (OCTOBER, "重复缴费，已退款", -50)
    ]
    assert draw(paper).startswith(b"%PDF")
    assert statement("WL0001", OCTOBER).due_fen == 1_41


def test_an_outlet_that_gives_back_more_than_it_earned_owes_the_difference() -> None:
    an_october()
    close_month(OCTOBER, SYSTEM)
    with batch():
        record_adjustment(NewAdjustment(new_id(), "WL0002", OCTOBER, -10, "多付"), world.actor("fang"))
    with frozen_at(shanghai_instant(date(2026, 12, 1), 9)):
        close_month(NOVEMBER, SYSTEM)
    assert dues(NOVEMBER)["WL0002"] == -10
    with reading():
        assert balance(AccountKey(OUTLET, 2, "COMMISSION_PAYABLE")) == 0


def test_a_rate_change_never_touches_a_closed_month() -> None:
    an_october()
    close_month(OCTOBER, SYSTEM)
    before = dues(OCTOBER)
    with batch():
        new = Version(date(2026, 11, 1), (Component(Kind.PER_COLLECTION, "每笔", fee_fen=99),), note="上调")
        add_version("STANDARD", new, world.actor("fang"))
    collected(POSTAL_STATION, 20_00, on=date(2026, 11, 3))
    with frozen_at(shanghai_instant(date(2026, 12, 1), 9)):
        close_month(NOVEMBER, SYSTEM)
    assert dues(OCTOBER) == before
    assert dues(NOVEMBER)["WL0001"] == 99


def test_the_clock_waits_until_half_past_one_on_the_first() -> None:
    collected(POSTAL_STATION, 20_00, on=date(2026, 11, 3))
    with frozen_at(datetime(2026, 11, 30, 17, 29, tzinfo=UTC)):
        assert close_due_month() == 0
    with frozen_at(datetime(2026, 11, 30, 17, 30, tzinfo=UTC)):
        assert close_due_month() == 1
        with reading():
            assert month_state(NOVEMBER) == "CLOSED"
        assert close_due_month() == 0


def test_a_clock_that_was_off_closes_every_month_it_missed_the_oldest_first() -> None:
    for month in (8, 9, 10):
        collected(POSTAL_STATION, 20_00, on=date(2026, month, 3))
    assert [close_due_month() for _ in range(4)] == [1, 1, 1, 0]


def test_the_command_closes_a_month_and_says_what_it_did(app: Flask, tmp_path: Path) -> None:
    an_october()
    result = app.test_cli_runner().invoke(close_month_command, ["2026-10", "--json"], obj=app)
    assert result.exit_code == 0
    assert '"due_fen": 251' in result.output
    again = app.test_cli_runner().invoke(close_month_command, ["2026-10"], obj=app)
    assert "was closed already" in again.output
