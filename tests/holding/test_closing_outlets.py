"""An outlet closes when no money is left with it, nor of its own with the utility."""

from __future__ import annotations

from threading import Thread

import pytest
from sqlalchemy import select

from agentnet.core.errors import Invalid
from agentnet.core.ids import new_id
from agentnet.holding.rules import PayBackOf
from agentnet.holding.top_up_actions import confirm_top_up
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import advance_outlet, lifecycle
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries.left import left_at
from agentnet.outlets.rules import State
from tests import world
from tests.approvals.given import more_finance
from tests.at_once import at_once
from tests.collecting.counter import count, item, record
from tests.holding.given import (
    agree,
    confirm,
    deposit,
    new_deposit,
    new_top_up,
    pay_back,
    prepaid_for_a_moment,
    top_up,
)
from tests.holding.given import declare as declare_float
from tests.holding.given import reject as reject_float
from tests.settlement.drawer import close, declare, new_remittance
from tests.settlement.drawer import confirm as confirm_remittance
from tests.verify.test_planted import named_in


def shut(by="carol"):
    with batch():
        advance_outlet("WL0001", State.CLOSED, world.TODAY, world.actor(by), reason="停业")


def refused():
    """Try to close; return the refusal's code and amount, and prove that nothing was written."""
    lines = count(AuditLine)
    with pytest.raises(Invalid) as refusal:
        shut()
    assert count(AuditLine) == lines
    with reading():
        assert db.session.scalars(select(Outlet.state).where(Outlet.id == 1)).one() == "ACTIVE"
    return refusal.value.code, refusal.value.params["amount"]


def test_each_kind_of_money_is_named_with_its_amount_until_all_of_it_is_settled(app):
    """305.50 collected, 3,000.00 left as a guarantee, 500.00 topped up after the agreement changed."""
    more_finance()
    record(item(305_50, world.MEI))
    deposit(new_deposit(3000_00))
    assert refused() == ("cash_left", "305.50")
    close()
    new = declare(new_remittance(305_50))
    assert refused() == ("transit_left", "305.50")
    confirm_remittance(new.id, 305_50)
    agree(holding_mode="PREPAID")
    top_up(500_00)
    assert refused() == ("float_left", "500.00")
    pay_back(500_00, PayBackOf.FLOAT)
    assert refused() == ("deposit_left", "3,000.00")
    pay_back(3000_00, slip_no="TH-2")
    shut()
    with reading():
        assert named_in(db.session.connection()) == set()


@pytest.mark.parametrize("decide", [confirm, reject_float])
def test_a_top_up_nobody_decided_is_decided_first(app, decide):
    more_finance()
    agree(holding_mode="PREPAID")
    new = declare_float(new_top_up(500_00))
    assert refused() == ("top_up_waiting", "500.00")
    decide(new.id)
    if decide is confirm:
        pay_back(500_00, PayBackOf.FLOAT)
    shut()


def test_a_closed_outlet_takes_no_deposit_and_no_top_up(app):
    agree(holding_mode="PREPAID")
    shut()
    with pytest.raises(Invalid, match="outlet_closed"):
        deposit(new_deposit(3000_00))
    with pytest.raises(Invalid, match="outlet_closed"):
        declare_float(new_top_up(500_00))


def test_suspending_asks_for_none_of_this(app):
    record(item(305_50, world.MEI))
    with batch():
        advance_outlet("WL0001", State.SUSPENDED, world.TODAY, world.actor("carol"), reason="装修")


def test_the_page_lists_what_is_left_and_refuses_before_it_asks_once_more(app, sign_in):
    record(item(305_50, world.MEI))
    deposit(new_deposit(3000_00))
    carol = sign_in("carol")
    page = carol.get("/outlets/WL0001/step/CLOSED")
    for words in ("305.50", "3,000.00", "先日结、交款", "财务退还"):
        assert words in page.text
    values = {"version": "1", "on": "2026-11-18", "reason": "停业"}
    page = carol.post("/outlets/WL0001/step/CLOSED", data=values)
    assert page.status_code == 422
    assert "网点还有 305.50 元现金没有交" in page.text
    assert "请再看一遍" not in page.text


def test_a_first_top_up_confirmed_while_its_outlet_closes_is_not_lost(app, monkeypatch):
    """No float was ever there to be held: the top-up that waits is judged before what is left is counted."""
    new, others = prepaid_for_a_moment(), []

    def then_confirmed(outlet_id):
        found = left_at(outlet_id)
        confirming = [lambda: confirm_top_up(new.id, new_id(), world.actor("fang"))]
        others.append(Thread(target=at_once, args=(app, confirming, batch)))
        others[-1].start()
        others[-1].join(2)
        return found

    monkeypatch.setattr(lifecycle, "left_at", then_confirmed)
    with pytest.raises(Invalid, match="top_up_waiting"):
        shut()
    for other in others:
        other.join(30)
    with reading():
        assert db.session.scalars(select(Outlet.state).where(Outlet.id == 1)).one() == "ACTIVE"
