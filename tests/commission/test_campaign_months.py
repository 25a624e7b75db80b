"""A month paid by a campaign: worked, closed, explained, tried again and witnessed.

By hand. The campaign runs all November; WL0001 takes part from the 10th until before the 20th. It collects 10.00 on the
5th, 20.00 on the 10th, 30.00 on the 19th and 40.00 on the 20th.
- once a collection 0.50, in the campaign 1.00 instead: 0.50 + 1.00 + 1.00 + 0.50 = 3.00
- 10 % of what the campaign's days took: 50.00 earn 5.00
- 30.00 a month while in the campaign: 10 of 30 days, 10.00
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from agentnet.closing.actions import close_month
from agentnet.commission.accruing import outlet_months
from agentnet.commission.actions import add_version
from agentnet.commission.engine.language import Component, Kind, Scope, Tier, Version
from agentnet.commission.engine.writing import write_version
from agentnet.commission.models import CommissionLine, OutletAccrual
from agentnet.commission.queries import tariffs
from agentnet.commission.whatif.trying import try_outlets
from agentnet.core.clock import Month, frozen_at
from agentnet.core.errors import Invalid
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.jobs import close_what_nobody_closed
from tests.commission.facts import POSTAL_STATION, collected
from tests.outlets.campaigns.given import a_campaign
from tests.verify.test_planted import is_named, named_in

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
DECEMBER_2 = datetime(2026, 12, 2, 2, tzinfo=UTC)
IN_CAMPAIGN = Scope(campaigns=frozenset({"ZNJF"}))
BY_CAMPAIGN = Version(
    date(2026, 11, 1),
    (
        Component(Kind.PER_COLLECTION, "平时", group="每笔", fee_fen=50),
        Component(Kind.PER_COLLECTION, "活动期间", IN_CAMPAIGN, group="每笔", fee_fen=1_00),
        Component(Kind.TIERED, "活动收费额", IN_CAMPAIGN, tiers=(Tier(0, None, 100_000),)),
        Component(Kind.SUBSIDY, "活动补贴", IN_CAMPAIGN, amount_fen=30_00),
    ),
    note="助农缴费",
)


def nov(day: int) -> date:
    return date(2026, 11, day)


@pytest.fixture
def november(app):
    """The collections of the example, under the plan; October is closed."""
    a_campaign(POSTAL_STATION, joined_on=nov(10), left_on=nov(20))
    close_month(OCTOBER, SYSTEM)
    with batch():
        add_version("STANDARD", BY_CAMPAIGN, SYSTEM)
    for day, fen in ((5, 10_00), (10, 20_00), (19, 30_00), (20, 40_00)):
        collected(POSTAL_STATION, fen, on=nov(day), household_id=day % 2 + 1)


def of_november(outlet_id=1):
    with reading():
        (one,) = outlet_months(NOVEMBER, [outlet_id], tariffs())
    return one


def test_a_campaign_pays_for_the_days_on_which_the_outlet_took_part(november):
    one = of_november()
    assert [line.commission_fen for line in one.earned] == [50, 1_00, 1_00, 50]
    assert [(line.commission_fen, line.inputs.measured, line.inputs.ruled_days) for line in one.monthly] == [
        (5_00, 50_00, 10),
        (10_00, 0, 10),
    ]
    assert one.earned_fen == 18_00


def test_an_outlet_outside_the_campaign_is_paid_as_always(november):
    collected("WL0002", 10_00, on=nov(10))
    one = of_november(2)
    assert ([line.commission_fen for line in one.earned], list(one.monthly)) == ([50], [])


def test_a_plan_for_a_campaign_nobody_entered_is_refused(app):
    with pytest.raises(Invalid, match="ZNJF"), batch():
        add_version("STANDARD", BY_CAMPAIGN, SYSTEM)


def test_each_collection_says_which_component_paid_it(november, sign_in):
    fang = sign_in("fang")
    for number, words in ((1, "平时"), (2, "活动期间")):
        receipt = f"WL0001-2611{5 * number:02d}-{number:06d}"
        for language in ("zh-CN", "en"):
            page = fang.get(f"/commission/outlets/WL0001/lines/{receipt}", headers={"Accept-Language": language})
            assert (page.status_code, words in page.text) == (200, True)
            assert ("/campaigns/ZNJF" in page.text) == (number == 2)


def test_the_close_keeps_the_days_and_a_trial_of_the_same_plan_comes_to_the_fen(november):
    with frozen_at(DECEMBER_2):
        close_what_nobody_closed()
        close_month(NOVEMBER, SYSTEM)
    with reading():
        accrual = db.session.get(OutletAccrual, ("2026-11", 1))
        lines = db.session.scalars(select(CommissionLine.commission_fen).order_by(CommissionLine.base_fen)).all()
        assert accrual.inputs["campaigns"] == [["ZNJF", "2026-11-10", "2026-11-20"]]
        assert (accrual.earned_fen, lines) == (18_00, [50, 1_00, 1_00, 50])
        tried = try_outlets(write_version(BY_CAMPAIGN), 1, [NOVEMBER], [1])
        assert tried.outlets[1].change.new_fen == tried.outlets[1].change.paid_fen == 18_00


PLANTED = (
    ("campaign_days", "UPDATE campaign_outlets SET ends_on = '2026-11-21'"),
    ("campaign_days", "UPDATE campaigns SET starts_on = '2026-11-11'"),
    ("campaign_days", "DELETE FROM campaign_outlets"),
    ("campaign_twice", "INSERT INTO campaign_outlets (id, campaign_id, outlet_id, starts_on) VALUES (99, (SELECT MIN(id) FROM campaigns), 1, '2026-11-15')"),
    ("commission_line", "UPDATE commission_lines SET commission_fen = 50 WHERE base_fen = 2000"),
    ("commission_monthly", "UPDATE monthly_commissions SET commission_fen = commission_fen + 1"),
)  # fmt: skip


def test_the_witness_agrees_and_names_each_planted_error(november):
    with frozen_at(DECEMBER_2):
        close_what_nobody_closed()
        close_month(NOVEMBER, SYSTEM)
        with db.engine.connect() as connection:
            assert {name for name in named_in(connection) if "commission" in name or "campaign" in name} == set()
        for name, statement in PLANTED:
            assert is_named(name, statement), (name, statement)
