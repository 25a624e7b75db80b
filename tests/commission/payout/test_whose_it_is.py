"""Whose a part is: shares of the month that is corrected, the partner an outlet had; every figure by hand."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, update

from agentnet.closing.actions import close_month
from agentnet.commission.engine.withholding import PayeeType
from agentnet.commission.payout.open_parts import open_parts
from agentnet.core.clock import frozen_at
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet, Partner
from tests.commission.facts import POSTAL_STATION, collected
from tests.commission.payout.given import (
    NOVEMBER,
    a_paid_batch,
    adjusted,
    drawn,
    held,
    payee,
    payments,
    ready,
    shares,
)
from tests.commission.payout.test_batches import DECEMBER_2
from tests.verify.test_planted import named_in


def posts_payee(**changes):
    payee(partner_code="POST", code="POST", share="PARTNER", name="东海邮政", type=PayeeType.COMPANY, **changes)


def open_of(outlet_id, until=NOVEMBER):
    """Return what is open of an outlet: month, share, amount."""
    with reading():
        found = [one.part for one in open_parts(until)]
        return [(one.month, one.share, one.amount_fen) for one in found if one.outlet_id == outlet_id]


def test_a_clawback_is_shared_as_the_month_it_corrects_was(app):
    shares(("KEEPER", 600_000), ("PARTNER", 400_000))
    ready()
    posts_payee()
    a_paid_batch()
    shares(number=3, starts_on=date(2026, 11, 1))
    adjusted(POSTAL_STATION, -1_40)
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        # October was shared 60 to 40: of 1.40 taken back 0.84 are the keeper's and 0.56 the partner's.
        assert open_of(1) == [("2026-11", "KEEPER", -84), ("2026-11", "PARTNER", -56)]


def test_a_correction_of_nothing_in_sum_still_moves_from_one_share_to_another(app):
    shares(("KEEPER", 600_000), ("PARTNER", 400_000))
    ready()
    shares(number=3, starts_on=date(2026, 11, 1))
    collected(POSTAL_STATION, 203_50, on=date(2026, 11, 3))
    adjusted(POSTAL_STATION, -50)
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        # November's 0.50 is all the keeper's; of October's 0.50 taken back 0.20 are the partner's.
        assert open_of(1)[2:] == [("2026-11", "KEEPER", 20), ("2026-11", "PARTNER", -20)]


def test_the_witness_splits_a_clawback_so_too(app):
    shares(("KEEPER", 600_000), ("PARTNER", 400_000))
    ready()
    posts_payee()
    a_paid_batch()
    shares(number=3, starts_on=date(2026, 11, 1))
    adjusted(POSTAL_STATION, -1_40)
    adjusted("JX0001", 2_00)
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        id_ = drawn(NOVEMBER)
        assert [one for one in held(id_) if one[0] == 1] == [
            (1, "2026-11", "KEEPER", -84, "CLAWBACK"),
            (1, "2026-11", "PARTNER", -56, "CLAWBACK"),
        ]
        with reading():
            assert not {name for name in named_in(db.session.connection()) if name.startswith("payout")}


def test_a_months_partner_share_goes_to_the_partner_of_that_month(app):
    shares(("KEEPER", 600_000), ("PARTNER", 400_000))
    ready()
    posts_payee()
    payee(partner_code="BANK", code="BANK", share="PARTNER", name="东海农商银行", type=PayeeType.COMPANY)
    moved_to("BANK")
    id_ = drawn()
    # Of 2.41 the partner's 40 % are 0.96, and October was the Post's.
    assert ("东海邮政", 96, 0, 96, "PLANNED") in payments(id_)
    assert "东海农商银行" not in {name for name, *_ in payments(id_)}
    with reading():
        assert not {name for name in named_in(db.session.connection()) if name.startswith("payout")}


def test_a_new_partner_does_not_pay_for_the_one_before(app):
    shares(("KEEPER", 600_000), ("PARTNER", 400_000))
    ready()
    posts_payee()
    payee(partner_code="BANK", code="BANK", share="PARTNER", name="东海农商银行", type=PayeeType.COMPANY)
    moved_to("BANK")
    adjusted(POSTAL_STATION, -1_00)
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)
        id_ = drawn(NOVEMBER)
        # The Post is owed 0.96 of October, the bank owes 0.40 of November: the outlet waits until they agree.
        assert {why for outlet_id, *_, why in held(id_) if outlet_id == 1} == {"CLAWBACK"}


def moved_to(code, outlet=POSTAL_STATION):
    """Write another partner into the register, as the outlet's edit page does."""
    with batch() as session:
        partner_id = session.scalars(select(Partner.id).where(Partner.code == code)).one()
        session.execute(update(Outlet).where(Outlet.code == outlet).values(partner_id=partner_id))
