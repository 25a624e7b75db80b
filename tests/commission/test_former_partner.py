"""Whose a closed month was stays so when an outlet goes to another partner: who reads it, and the name it carries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from agentnet.closing.actions import close_month
from agentnet.commission.report_data import COMMISSION_STATEMENT, COMMISSION_YEAR
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Outlet, Partner
from tests.commission.facts import POSTAL_STATION, SERVICE_POINT, collected
from tests.commission.test_papers import OCTOBER, made

SignIn = Callable[[str], FlaskClient]


def moved_to(partner: str, outlet: str) -> None:
    """Write another partner into the register, as the outlet's edit page does."""
    with batch() as session:
        partner_id = session.scalars(select(Partner.id).where(Partner.code == partner)).one()
        session.execute(update(Outlet).where(Outlet.code == outlet).values(partner_id=partner_id))


@pytest.fixture
def october_changed_hands(app) -> None:
    """October at WL0001 was the Post's and at WL0002 nobody's; since then the bank has the one and the Post the other."""
    collected(POSTAL_STATION, 203_50, 102_00)
    collected(SERVICE_POINT, 10_00)
    close_month(OCTOBER, SYSTEM)
    moved_to("BANK", POSTAL_STATION)
    moved_to("POST", SERVICE_POINT)


def test_a_partner_lists_the_months_that_were_its_own(october_changed_hands: None, sign_in: SignIn) -> None:
    page = sign_in("paul").get("/commission/outlets?month=2026-10").text
    assert POSTAL_STATION in page
    assert SERVICE_POINT not in page


def test_a_new_partner_does_not_open_a_month_before_its_time(october_changed_hands: None, sign_in: SignIn) -> None:
    paul = sign_in("paul")
    assert paul.get(f"/commission/outlets/{SERVICE_POINT}?month=2026-10").status_code == 404
    page = paul.get(f"/commission/outlets/{SERVICE_POINT}?month=2026-11")
    assert page.status_code == 200
    assert page.text.count("month=2026-10") == 1, "October is led to by the arrow alone"
    assert sign_in("fang").get(f"/commission/outlets/{SERVICE_POINT}?month=2026-10").status_code == 200


def test_papers_of_a_month_are_its_partners_and_carry_its_name(october_changed_hands: None) -> None:
    sheets = made(COMMISSION_STATEMENT, OCTOBER) | made(COMMISSION_YEAR, OCTOBER)
    with reading():
        ids = dict(db.session.execute(select(Partner.code, Partner.id)).all())
        names = dict(db.session.execute(select(Partner.code, Partner.name)).all())
        stamped = set(db.session.execute(select(Run.kind, Run.subject, Run.partner_id)).all())
    for kind in ("COMMISSION_STATEMENT", "COMMISSION_YEAR"):
        assert (kind, f"outlet:{POSTAL_STATION}:zh", ids["POST"]) in stamped
        assert (kind, f"outlet:{SERVICE_POINT}:zh", None) in stamped
    assert sheets[f"outlet:{POSTAL_STATION}:zh"]["partner"] == names["POST"]
    assert sheets[f"outlet:{SERVICE_POINT}:zh"]["partner"] == "-"
