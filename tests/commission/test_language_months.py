"""A month worked, closed, printed, corrected and witnessed under a plan with tiers, growth, a subsidy and households.

By hand, on 40.00 and 10.00 of one household and 40.00 of another, all on 18 November; 50.00 in November last year:
- once a household and month 0.50: 2 x 0.50 = 1.00
- marginal tiers, a published scale at a hundredth of its size (6 % to 30.00, 8 % on the next 50.00, 10 % above):
  90.00 earn 1.80 + 4.00 + 1.00 = 6.80
- growth as Odisha pays it (10 % of the increment from 100 to 120 %, 15 % above): 1.00 + 4.50 = 5.50
- a subsidy of 3.00 for at least one day of business
"""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DatabaseError

from agentnet.closing.actions import close_month
from agentnet.commission.accruing import outlet_months
from agentnet.commission.actions import add_version, create_plan
from agentnet.commission.engine.language import Component, Kind, Share, Step, Tier, Version
from agentnet.commission.following import _each_by_its_component, _standing
from agentnet.commission.models import CommissionAdjustment, CommissionLine, MonthlyCommission, OutletAccrual
from agentnet.commission.queries import tariffs
from agentnet.core.clock import Month, frozen_at
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Agreement, Outlet
from agentnet.settlement.jobs import close_what_nobody_closed
from agentnet.visits.actions import log_visits, strike_visit
from reports.commission_statement import CommissionStatement, draw
from reports.frozen import from_json
from tests import world
from tests.commission.facts import POSTAL_STATION
from tests.commission.facts import collected as last_year
from tests.settlement.corrections.given import collected, night, refunded
from tests.verify.test_planted import is_named, named_in
from tests.visits.given import a_visit, days_later
from tests.world import actor

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
DECEMBER_2 = datetime(2026, 12, 2, 2, tzinfo=UTC)
EVERYTHING = Version(
    date(2026, 11, 1),
    (
        Component(Kind.PER_COLLECTION, "每户", fee_fen=50, per_household=True),
        Component(
            Kind.TIERED,
            "阶梯",
            tiers=(Tier(0, 30_00, 60_000), Tier(30_00, 80_00, 80_000), Tier(80_00, None, 100_000)),
        ),
        Component(Kind.GROWTH, "增长", steps=(Step(1_000_000, 1_200_000, 100_000), Step(1_200_000, None, 150_000))),
        Component(Kind.SUBSIDY, "补贴", amount_fen=3_00, minimum_open_days=1),
    ),
    shares=(Share("KEEPER", 700_000), Share("PARTNER", 300_000)),
    note="试行方案",
)
MONTHLY = {"阶梯": 6_80, "增长": 5_50, "补贴": 3_00}


@pytest.fixture
def november(app):
    """The collections of the examples; October is closed. Returns the receipt of the other household's 40.00."""
    last_year(POSTAL_STATION, 50_00, on=date(2025, 11, 7))
    close_month(Month(2025, 11), SYSTEM)
    close_month(OCTOBER, SYSTEM)
    with batch():
        add_version("STANDARD", EVERYTHING, SYSTEM)
    collected(40_00, world.MEI, reference="R1", tender="UNIONPAY_CARD")
    collected(10_00, world.MEI, reference="R2", tender="UNIONPAY_CARD")
    return collected(40_00, world.GANG, reference="R3", tender="UNIONPAY_CARD")[1]


def closed():
    night()
    close_what_nobody_closed()
    close_month(NOVEMBER, SYSTEM)


def of_november(outlet_id=1):
    with reading():
        (one,) = outlet_months(NOVEMBER, [outlet_id], tariffs())
    return one


def test_an_open_month_shows_what_every_component_earns_so_far(november):
    one = of_november()
    assert [line.commission_fen for line in one.earned] == [50, 0, 50]
    assert [line.commission_fen for line in one.monthly] == list(MONTHLY.values())
    assert one.earned_fen == 1_00 + 6_80 + 5_50 + 3_00


def test_an_outlet_that_collected_nothing_is_told_why_by_each_component(november):
    one = of_november(2)
    assert [(line.commission_fen, line.reason) for line in one.monthly] == [
        (0, "NOTHING_COLLECTED"),
        (0, "NO_LAST_YEAR"),
        (0, "CONDITION_MISSED"),
    ]


def test_the_close_writes_down_every_figure_with_its_inputs_and_nothing_can_rewrite_them(november):
    with frozen_at(DECEMBER_2):
        closed()
    with reading():
        accrual = db.session.get(OutletAccrual, ("2026-11", 1))
        monthly = db.session.scalars(
            select(MonthlyCommission).where(MonthlyCommission.outlet_id == 1).order_by(MonthlyCommission.id)
        ).all()
    assert (accrual.collected_fen, accrual.earned_fen, accrual.due_fen) == (90_00, 16_30, 16_30)
    assert accrual.inputs["last_year"] == [["2025-11-07", "CASH", 50_00, 1]]
    assert accrual.inputs["open_days"] == ["2026-11-18"]
    assert [one.commission_fen for one in monthly] == list(MONTHLY.values())
    assert monthly[1].inputs == {
        "measured": 90_00, "last_year": 50_00, "open_days": 0, "visits": 0, "ruled_days": 30, "month_days": 30
    }  # fmt: skip
    for statement in ("UPDATE monthly_commissions SET commission_fen = 1", "DELETE FROM monthly_commissions"):
        with pytest.raises(DatabaseError), batch():
            db.session.execute(text(statement))


def test_the_statement_shows_each_component_and_how_it_was_worked_out(november):
    with frozen_at(DECEMBER_2):
        closed()
    with reading():
        frozen = db.session.scalars(
            select(Run.frozen).where(
                Run.subject == "outlet:WL0001:zh",
                Run.kind == "COMMISSION_STATEMENT",
                Run.period_start == NOVEMBER.starts_on,
            )
        ).one()
    paper = from_json(CommissionStatement, zlib.decompress(frozen))
    assert [(line.tender, line.commission_fen) for line in paper.components] == [
        ("UNIONPAY_CARD", 1_00), ("ALL", 6_80), ("ALL", 5_50), ("ALL", 3_00)
    ]  # fmt: skip
    assert [(one.component, one.commission_fen) for one in paper.workings] == [("每户", 1_00), *MONTHLY.items()]
    tiers = " ".join(paper.workings[1].steps)
    for words in ("本月收费额：90.00", "30.00 × 6 % = 1.80", "50.00 × 8 % = 4.00", "10.00 × 10 % = 1.00"):
        assert words in tiers, tiers
    growth = " ".join(paper.workings[2].steps)
    for words in ("去年同期：50.00", "10.00 × 10 % = 1.00", "30.00 × 15 % = 4.50"):
        assert words in growth, growth
    assert draw(paper) == draw(paper)


def test_a_refund_after_the_close_takes_back_what_the_whole_month_loses(november):
    # 70.00 stand: tiers 1.80 + 3.20, growth 1.00 + 1.50; each household still pays once, the subsidy stays.
    with frozen_at(DECEMBER_2):
        closed()
        refunded(november, 20_00, pay_by="BANK")
        with reading():
            (made,) = db.session.scalars(select(CommissionAdjustment)).all()
        assert made.amount_fen == -((6_80 - 5_00) + (5_50 - 2_50))
        # The rest: 50.00 stand: tiers 1.80 + 1.60, no growth, one household.
        refunded(november, 20_00, pay_by="BANK")
        with reading():
            sums = [one.amount_fen for one in db.session.scalars(select(CommissionAdjustment))]
        assert sum(sums) == -((6_80 - 3_40) + 5_50 + 50)


def test_two_versions_in_a_month_each_rule_their_days(november):
    with batch():
        later = Version(date(2026, 11, 25), (Component(Kind.SUBSIDY, "补贴", amount_fen=3_00),), note="改为补贴")
        add_version("STANDARD", later, SYSTEM)
    one = of_november()
    # The first version rules 24 of 30 days, the second 6: 3.00 x 24 / 30 and 3.00 x 6 / 30.
    assert [(line.ruled.starts_on.day, line.commission_fen) for line in one.monthly] == [
        (1, 6_80), (1, 5_50), (1, 2_40), (25, 60)
    ]  # fmt: skip


def test_the_days_before_it_opened_and_after_it_closed_are_not_paid_by_the_month(november):
    # 3.00 a month without condition; open from the 16th: 15 of 30 days; closed on the 6th: 6 of 30 days.
    with batch():
        whole = Version(date(2026, 11, 1), (Component(Kind.SUBSIDY, "补贴", amount_fen=3_00),), note="补贴")
        add_version("STANDARD", whole, SYSTEM)
        db.session.execute(update(Outlet).where(Outlet.id == 2).values(opened_on=date(2026, 11, 16)))
        db.session.execute(update(Outlet).where(Outlet.id == 11).values(closed_on=date(2026, 11, 6)))
        db.session.execute(update(Outlet).where(Outlet.id == 4).values(closed_on=date(2026, 10, 31)))
    assert [of_november(id_).earned_fen for id_ in (2, 11, 4)] == [1_50, 60, 0]


def test_a_month_closed_before_the_language_goes_on_by_each_lines_component(app):
    last_year(POSTAL_STATION, 203_50, 100_00, tender="UNIONPAY_CARD", on=date(2026, 10, 5))
    with batch():
        dear = create_plan("DEAR", "后来的", replace(EVERYTHING, starts_on=date(2026, 1, 1)), SYSTEM).id
    close_month(OCTOBER, SYSTEM)
    with db.engine.begin() as connection:
        drop = "DROP TRIGGER outlet_accruals_no_update"
        if connection.dialect.name != "sqlite":
            drop = "ALTER TABLE outlet_accruals DISABLE TRIGGER ALL"
        connection.execute(text(drop))
        connection.execute(text("UPDATE outlet_accruals SET inputs = NULL"))
    with batch():
        db.session.execute(update(Agreement).where(Agreement.outlet_id == 1).values(plan_id=dear))
        accrual = db.session.get_one(OutletAccrual, ("2026-10", 1))
        # 0.41 and 0.20 by the component of then; half of the first is gone: 101.75 at 0.2 % is 0.20.
        facts = [one._replace(amount_fen=101_75) if one.amount_fen == 203_50 else one for one in _standing(OCTOBER, 1)]
        assert accrual.earned_fen == _each_by_its_component(OCTOBER, 1, _standing(OCTOBER, 1)) == 61
        assert _each_by_its_component(OCTOBER, 1, facts) == 40


PLANTED = (
    ("commission_monthly", "UPDATE monthly_commissions SET commission_fen = commission_fen + 1"),
    ("commission_monthly", "DELETE FROM monthly_commissions"),
    ("accrual", "UPDATE monthly_commissions SET commission_fen = commission_fen - 1"),
    ("commission_line", "UPDATE commission_lines SET commission_fen = commission_fen + 1 WHERE base_fen = 1000"),
    ("commission_monthly", "UPDATE plan_versions SET content = REPLACE(content, '\"120\"', '\"110\"')"),
    ("commission_correction", "DELETE FROM commission_adjustments"),
    ("commission_inputs", "UPDATE collections SET amount_fen = amount_fen + 1 WHERE business_on = '2025-11-07'"),
)


def test_the_witness_agrees_and_names_each_planted_error(november):
    with frozen_at(DECEMBER_2):
        closed()
        refunded(november, 20_00, pay_by="BANK")
        night()
        with db.engine.connect() as connection:
            assert {name for name in named_in(connection) if "commission" in name or "accrual" in name} == set()
        postgresql = db.engine.dialect.name == "postgresql"
        for name, old, new in (("commission_ruling", "11-01", "11-02"), ("commission_inputs", "11-18", "11-19")):
            changed = f"REPLACE(CAST(inputs AS TEXT), '{old}', '{new}')"
            value = f"CAST({changed} AS JSON)" if postgresql else changed
            assert is_named(name, f"UPDATE outlet_accruals SET inputs = {value}"), name
        for name, statement in PLANTED:
            assert is_named(name, statement), (name, statement)


def test_visits_that_passed_before_the_close_are_paid_by_and_the_witness_counts_them(november):
    paid = Component(Kind.SUBSIDY, "补贴", amount_fen=2_00, minimum_visits=2)
    seen = [a_visit("WL0001", arrived_at=days_later(days), manager_code="M001") for days in (0, -7)]
    with batch():
        add_version("STANDARD", Version(date(2026, 11, 1), (paid,), note="走访"), SYSTEM)
        log_visits(seen, SYSTEM)
    with frozen_at(DECEMBER_2):
        closed()
        with reading():
            assert db.session.get_one(OutletAccrual, ("2026-11", 1)).earned_fen == 2_00
    with frozen_at(DECEMBER_2 + timedelta(days=1)):
        with batch():
            strike_visit(seen[0].id, "没有到场", actor("carol"))  # the closed month was paid by it
        night()
        with db.engine.connect() as connection:
            assert "commission_inputs" not in named_in(connection)
        for statement in (
            "UPDATE visits SET struck_at = received_at",
            "UPDATE visits SET visited_on = '2026-11-03' WHERE struck_at IS NULL",
        ):
            assert is_named("commission_inputs", statement), statement


def test_each_collection_keeps_what_every_component_paid_it(november):
    with batch():
        both = (
            Component(Kind.PER_COLLECTION, "每笔", fee_fen=20),
            Component(Kind.PER_COLLECTION, "比例", rate_ppm=2_000),
        )
        add_version("STANDARD", Version(date(2026, 11, 1), both, note="相加"), SYSTEM)
    with frozen_at(DECEMBER_2):
        closed()
    with reading():
        of_november = select(CommissionLine).where(CommissionLine.month == "2026-11")
        lines = db.session.scalars(of_november.order_by(CommissionLine.base_fen, CommissionLine.id)).all()
    # 0.20 and 0.2 % of 10.00, 40.00 and 40.00.
    assert [(line.commission_fen, [fen for _, fen in json.loads(line.parts)]) for line in lines] == [
        (22, [20, 2]), (28, [20, 8]), (28, [20, 8])
    ]  # fmt: skip
