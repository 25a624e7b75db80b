"""What goes to the keeper's own QR code: only where it is agreed, held under the ceiling, counted on a line of its own."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from agentnet.collecting.actions import void_collection
from agentnet.collecting.models import Collection
from agentnet.core.clock import frozen_at
from agentnet.core.errors import Invalid
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.rules import AccountKey
from agentnet.outlets.actions import NewAgreement, sign_agreement
from agentnet.outlets.models import OutletTender, Tender
from agentnet.settlement.models import DayClose, DayCloseTender
from agentnet.settlement.rules import Count
from tests import world
from tests.collecting.counter import CASH_HELD, balance_of, count, item, record, refusal_of
from tests.holding.given import FLOAT, agree, limit, top_up
from tests.settlement.drawer import OVER_SHORT, close, declare, new_close, new_remittance, reject
from tests.settlement.test_views import closed, hidden_of


@pytest.fixture
def offered(app):
    """The company has opened the tender and WL0001 lists it; the agreement says nothing of it yet."""
    with batch() as session:
        session.get_one(Tender, "KEEPER_QR").enabled = True
        session.add(OutletTender(outlet_id=1, tender="KEEPER_QR"))


@pytest.fixture
def agreed(offered):
    """The agreement of WL0001 allows it."""
    agree(own_qr_allowed=True)


def by_qr(amount_fen=300_00, household=world.MEI, **changes):
    return item(amount_fen, household, tender="KEEPER_QR", **changes)


def test_it_is_closed_for_the_company_until_somebody_opens_it(app):
    agree(own_qr_allowed=True)
    with batch() as session:
        session.add(OutletTender(outlet_id=1, tender="KEEPER_QR"))
    assert refusal_of(by_qr()) == "tender_not_accepted"


def test_without_the_agreement_it_is_refused_by_name(offered):
    assert refusal_of(by_qr()) == "own_qr_not_allowed"
    assert count(Collection) == 0


def test_the_counter_offers_it_only_where_it_is_agreed(offered, sign_in):
    alice = sign_in("alice")
    assert "代办员收款码" not in alice.get(f"/collect/{world.MEI}").text
    agree(own_qr_allowed=True)
    assert "代办员收款码" in alice.get(f"/collect/{world.MEI}").text


def test_a_new_agreement_allows_it_from_its_day_on(offered):
    signed = NewAgreement("DH-2026-1", world.TODAY, None, 500_000, 200_000, own_qr_allowed=True)
    with batch():
        sign_agreement("WL0001", signed, world.actor("carol"))
    assert refusal_of(by_qr()) == "created"


def test_it_is_money_held_and_uses_the_ceiling(agreed):
    limit(outlet_id=1, ceiling_fen=500_00)
    assert refusal_of(by_qr(300_00)) == "created"
    assert balance_of(CASH_HELD) == 300_00
    assert balance_of(AccountKey("OUTLET", 1, "NONCASH_CLEARING", "KEEPER_QR")) == 0
    assert refusal_of(by_qr(200_01, world.OLD)) == "over_ceiling"
    assert refusal_of(item(200_01, world.OLD)) == "over_ceiling"
    assert refusal_of(item(200_00, world.OLD)) == "created"


def test_where_the_outlet_prepaid_it_uses_the_float(agreed):
    agree(holding_mode="PREPAID")
    top_up(300_00)
    assert refusal_of(by_qr(300_00)) == "created"
    assert (balance_of(FLOAT), balance_of(CASH_HELD)) == (0, 0)
    assert refusal_of(by_qr(1, world.OLD)) == "float_empty"


def test_it_is_remitted_like_cash(agreed):
    record(by_qr(300_00))
    declare(new_remittance(300_00))
    assert balance_of(CASH_HELD) == 0


def test_a_count_that_names_it_ties(agreed):
    record(by_qr(300_00), item(100_00, world.OLD))
    close(count=Count(other_fen=100_00, own_qr_fen=300_00))
    with reading():
        row = db.session.scalars(select(DayClose)).one()
        assert (row.cash_system_fen, row.cash_counted_fen, row.own_qr_fen) == (400_00, 100_00, 300_00)
        assert row.cash_difference_fen == 0
        batches = dict(db.session.execute(select(DayCloseTender.tender, DayCloseTender.batch_fen)).all())
        assert batches == {"CASH": None, "KEEPER_QR": None}
    assert balance_of(CASH_HELD) == 400_00


def test_what_is_missing_from_it_is_short(agreed):
    record(by_qr(300_00), item(100_00, world.OLD))
    close(count=Count(other_fen=100_00, own_qr_fen=299_00), explanation="手续费扣了一元")
    assert (balance_of(CASH_HELD), balance_of(OVER_SHORT)) == (399_00, 1_00)


@pytest.mark.parametrize("stated", [300_01, 400_00])
def test_it_cannot_cover_a_shortage_of_the_drawer(agreed, stated):
    record(by_qr(300_00), item(100_00, world.OLD))
    with pytest.raises(Invalid, match="own_qr_too_much"):
        close(count=Count(other_fen=400_00 - min(stated, 400_00), own_qr_fen=stated), explanation="少了")
    assert count(DayClose) == 0


def test_the_next_count_goes_on_from_what_the_last_one_said(agreed):
    record(by_qr(300_00))
    close(count=Count(own_qr_fen=300_00))
    with frozen_at(world.NOW + timedelta(days=1)):
        record(item(50_00, world.OLD))
        with pytest.raises(Invalid, match="own_qr_too_much"):
            close(count=Count(own_qr_fen=300_01, other_fen=49_99))
        close(count=Count(own_qr_fen=200_00, other_fen=150_00))


def test_the_page_asks_for_it_on_a_line_of_its_own_and_shows_it(agreed, sign_in):
    record(by_qr(300_00), item(100_00, world.OLD))
    alice = sign_in("alice")
    page = alice.get("/drawer/close")
    assert "自己收款码里的电费" in page.text
    assert "batch_KEEPER_QR" not in page.text
    answer, _values = closed(alice, pieces_10000="1", own_qr="300.00")
    assert answer.status_code == 303
    page = alice.get(answer.location)
    assert "自己收款码里的电费" in page.text
    assert "300.00" in page.text


def test_the_page_says_what_is_too_much(agreed, sign_in):
    record(by_qr(300_00), item(100_00, world.OLD))
    alice = sign_in("alice")
    values = hidden_of(alice.get("/drawer/close"), "/drawer/close?outlet=WL0001")
    page = alice.post("/drawer/close", data=values | {"own_qr": "350.00", "other": "50"})
    assert page.status_code == 422
    assert "收款码里的电费最多只有 300.00 元" in page.text


def test_a_day_without_it_does_not_ask(offered, sign_in):
    record(item(100_00, world.OLD))
    assert "自己收款码里的电费" not in sign_in("alice").get("/drawer/close").text


def test_lists_and_receipt_flag_it_and_large_amounts(agreed, sign_in):
    limit(kind="VILLAGE_POST", large_amount_fen=300_00)
    record(by_qr(300_00))
    record(item(5_38))
    carol, alice = sign_in("carol"), sign_in("alice")
    for page in (alice.get("/collect/today"), carol.get("/collections"), alice.get("/receipts/WL0001-261118-0001")):
        assert "在代办员账户" in page.text
        assert "大额" in page.text
    only = carol.get("/collections?state=large").text
    assert "WL0001-261118-0001" in only
    assert "WL0001-261118-0002" not in only


def after_midnight(hours=13):
    """An hour of the 19th: before the clock closes the 18th, while its keeper still may."""
    return frozen_at(world.NOW + timedelta(hours=hours))


def test_what_came_in_before_a_late_count_is_not_counted_again_after_it(agreed):
    """The 18th is counted after midnight, when the 19th has begun: its 200.00 by code are in the count already."""
    record(by_qr(300_00))
    with after_midnight(15):
        record(by_qr(200_00, world.OLD))
    with after_midnight(15.1):
        close(new_close(business_on=world.TODAY, count=Count(own_qr_fen=500_00)))
        record(item(100_00))
    with after_midnight(24):
        with pytest.raises(Invalid, match="own_qr_too_much"):
            close(count=Count(own_qr_fen=500_01, other_fen=99_99))
        close(count=Count(own_qr_fen=500_00, other_fen=100_00))


def test_a_payment_voided_after_the_count_is_no_longer_in_the_account(agreed):
    record(by_qr(300_00))
    with after_midnight(15):
        late = by_qr(200_00, world.OLD)
        record(late)
    with after_midnight(15.1):
        close(new_close(business_on=world.TODAY, count=Count(own_qr_fen=500_00)))
    with after_midnight(15.2):
        with batch():
            void_collection(late.id, new_id(), "客户退了", world.actor("alice"))
        record(item(250_00))
    with after_midnight(24):
        with pytest.raises(Invalid, match="own_qr_too_much"):
            close(count=Count(own_qr_fen=300_01, other_fen=249_99))
        close(count=Count(own_qr_fen=300_00, other_fen=250_00))


def test_what_was_paid_in_beyond_the_drawer_came_from_the_account(agreed):
    """100.00 in the drawer and 300.00 by code; 350.00 are banked, so at least 250.00 of the code's."""
    record(by_qr(300_00), item(100_00, world.OLD))
    close(count=Count(other_fen=100_00, own_qr_fen=300_00))
    with frozen_at(world.NOW + timedelta(days=1)):
        declare(new_remittance(350_00))
    with frozen_at(world.NOW + timedelta(days=1, hours=1)):
        record(item(250_00))
        with pytest.raises(Invalid, match="own_qr_too_much"):
            close(count=Count(own_qr_fen=50_01, other_fen=249_99))
        close(count=Count(own_qr_fen=50_00, other_fen=250_00))


def test_what_the_bank_did_not_receive_may_be_in_the_account_again(agreed):
    record(by_qr(300_00), item(100_00, world.OLD))
    close(count=Count(other_fen=100_00, own_qr_fen=300_00))
    with frozen_at(world.NOW + timedelta(days=1)):
        new = declare(new_remittance(350_00))
    with frozen_at(world.NOW + timedelta(days=1, hours=1)):
        reject(new.id)
        record(item(1_00))
        close(count=Count(own_qr_fen=300_00, other_fen=101_00))
