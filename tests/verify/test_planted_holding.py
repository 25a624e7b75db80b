"""verify names each error planted into float, deposits, limits and what was taken under them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agentnet.core.clock import frozen_at
from agentnet.holding.rules import PayBackOf
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.limit_rules import Figures
from agentnet.outlets.models import OutletTender, Tender
from agentnet.settlement.rules import Count
from tests import world
from tests.approvals.given import more_finance, say_yes
from tests.collecting.counter import item, refusal_of
from tests.holding.given import agree, deposit, new_deposit, pay_back, top_up
from tests.holding.test_limits import new_limits, of_kind, pending, set_as
from tests.settlement.drawer import close, declare, new_remittance, reject
from tests.verify.test_planted import is_named, named_in

MORNING = datetime(2026, 11, 16, 1, tzinfo=UTC)

PLANTS = (
    ("over_ceiling", "UPDATE limits SET ceiling_fen = 29999 WHERE outlet_id = 1"),
    ("over_ceiling", "UPDATE agreements SET ceiling_fen = 100 WHERE outlet_id = 11"),
    ("over_ceiling", "UPDATE limits SET ceiling_fen = 49999 WHERE approved_by_id IS NOT NULL"),
    ("over_single_limit", "UPDATE agreements SET single_limit_fen = 100 WHERE outlet_id = 1"),
    ("over_daily_limit", "UPDATE limits SET daily_limit_fen = 40000 WHERE kind = 'VILLAGE_POST'"),
    ("large_mark", "UPDATE collections SET large = NOT large"),
    ("own_qr", "UPDATE agreements SET own_qr_allowed = FALSE"),
    ("own_qr", "UPDATE day_closes SET own_qr_fen = cash_system_fen + 1, cash_counted_fen = 0"),
    ("day_total", "UPDATE business_days SET taken_fen = taken_fen - 1 WHERE taken_fen > 0"),
    ("raise_alone", "UPDATE limits SET approved_by_id = NULL"),
    ("raise_unapproved", "UPDATE limits SET approved_by_id = 11 WHERE approved_by_id IS NOT NULL"),
    ("raise_unapproved", "UPDATE approvals SET state = 'REJECTED' WHERE kind = 'LIMIT_RAISE'"),
    ("top_up", "UPDATE top_ups SET amount_fen = amount_fen + 1"),
    ("top_up", "UPDATE transfers SET amount_fen = amount_fen + 1 WHERE kind = 'FLOAT_TOP_UP'"),
    ("top_up", "UPDATE top_ups SET org_unit_id = 1"),
    ("stray_top_up", "DELETE FROM top_ups"),
    ("history_below_zero", "UPDATE transfers SET amount_fen = 537 WHERE kind = 'FLOAT_TOP_UP'"),
    ("guarantee", "UPDATE deposit_moves SET amount_fen = amount_fen + 1"),
    ("guarantee", "UPDATE deposit_moves SET kind = 'RECEIVED', slip_no = 'X' WHERE kind = 'PAID_BACK'"),
    ("stray_guarantee", "DELETE FROM deposit_moves WHERE kind = 'PAID_BACK'"),
    ("history_below_zero", "UPDATE transfers SET amount_fen = 90000 WHERE kind = 'DEPOSIT_RECEIVED'"),
    ("float_pay_back", "UPDATE float_pay_backs SET amount_fen = amount_fen + 1"),
    ("float_pay_back", "UPDATE float_pay_backs SET org_unit_id = 1"),
    ("stray_float_pay_back", "DELETE FROM float_pay_backs"),
    ("pay_back_missing", "DELETE FROM float_pay_backs"),
    ("pay_back_alone", "UPDATE float_pay_backs SET approved_by_id = 11"),
    ("pay_back_alone", "UPDATE deposit_moves SET approved_by_id = NULL"),
    ("pay_back_alone", "UPDATE approvals SET state = 'REJECTED' WHERE kind = 'DEPOSIT_PAY_BACK'"),
    ("closed_with_money", "UPDATE outlets SET state = 'CLOSED' WHERE id = 2"),
    ("slip_free", "DELETE FROM bank_slips WHERE used_as = 'DEPOSIT'"),
)


@pytest.fixture
def three_days(app):
    """Three days on which money was held in every way, once above the ceiling and rightly so."""
    with batch() as session:
        session.get_one(Tender, "KEEPER_QR").enabled = True
        session.add(OutletTender(outlet_id=1, tender="KEEPER_QR"))
    agree(own_qr_allowed=True)
    more_finance()
    with frozen_at(MORNING):
        assert set_as(of_kind(Figures(daily_limit_fen=60000, large_amount_fen=20000), starts_on=MORNING.date()))
        assert set_as(new_limits(Figures(ceiling_fen=30000), starts_on=MORNING.date()))
        agree(2, holding_mode="PREPAID")
        deposit(new_deposit(1000_00, outlet_code="WL0002"))
        pay_back(950_00, outlet_code="WL0002")
    with frozen_at(MORNING + timedelta(minutes=5)):
        top_up(10_00, outlet_code="WL0002", by="alan")
        assert refusal_of(item(300_00, world.MEI, tender="KEEPER_QR")) == "created"
        assert refusal_of(item(5_38, outlet_code="WL0002"), by="alan") == "created"
        pay_back(1_00, PayBackOf.FLOAT, outlet_code="WL0002", slip_no="TH-2")
        new = declare(new_remittance(300_00))
    with frozen_at(MORNING + timedelta(minutes=10)):
        assert refusal_of(item(200_00, world.OLD)) == "created"
        assert refusal_of(item(5_00, world.OLD), by="dora") != "created"
        assert refusal_of(item(5_00, world.OLD, outlet_code="JX0001"), by="dora") == "created"
    with frozen_at(MORNING + timedelta(minutes=20)):
        reject(new.id)  # 500 held under a ceiling of 300: nobody's fault
        assert refusal_of(item(1, world.GANG)) == "over_ceiling"
        assert not set_as(new_limits(Figures(ceiling_fen=50000), starts_on=MORNING.date()))
        say_yes(pending()[0], by="carol")
        assert refusal_of(item(1, world.GANG)) == "over_ceiling"
        close(count=Count(other_fen=200_00, own_qr_fen=300_00))
    with frozen_at(MORNING + timedelta(days=1)):
        declare(new_remittance(300_00, slip_no="JK-2"))
        assert refusal_of(item(300_00, world.GANG)) == "created"


def test_three_honest_days_agree(three_days):
    with reading():
        assert named_in(db.session.connection()) == set()


def test_each_planted_error_is_named(three_days):
    unnoticed = [(name, sql) for name, sql in PLANTS if not is_named(name, sql)]
    assert unnoticed == []
    with reading():
        assert named_in(db.session.connection()) == set(), "an experiment was not undone"


def test_a_deposit_paid_back_by_one_person_is_named_where_nobody_was_ever_asked(three_days):
    alone = "UPDATE deposit_moves SET approved_by_id = NULL"
    assert is_named("pay_back_alone", "DELETE FROM approvals WHERE kind = 'DEPOSIT_PAY_BACK'", alone)
