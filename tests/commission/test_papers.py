"""Year sheets and partners' summaries: whom they are about, who reads them, and what they add up to."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from agentnet.closing.actions import close_month
from agentnet.commission.adjusting import NewAdjustment, record_adjustment
from agentnet.commission.report_data import COMMISSION_PARTNER, COMMISSION_YEAR
from agentnet.core.clock import Month, frozen_at, shanghai_instant
from agentnet.core.ids import new_id
from agentnet.divisions.models import OrgUnit
from agentnet.documents.actions import plan_documents
from agentnet.documents.kinds import Period, ReportKind
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from tests import world
from tests.commission.facts import NEWSSTAND, POSTAL_STATION, SERVICE_POINT, collected

SignIn = Callable[[str], FlaskClient]
OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
DECEMBER_2 = shanghai_instant(date(2026, 12, 2), 9)


@pytest.fixture
def two_months(app) -> None:
    """October: 0.50 + 0.50 + 0.41 at WL0001; November: 0.50, and 2.00 taken back from October."""
    collected(POSTAL_STATION, 203_50, 102_00)
    collected(POSTAL_STATION, 203_50, tender="ALIPAY")
    collected(SERVICE_POINT, 10_00)
    collected(NEWSSTAND, 10_00)
    close_month(OCTOBER, SYSTEM)
    collected(POSTAL_STATION, 10_00, on=date(2026, 11, 3))
    with batch():
        record_adjustment(NewAdjustment(new_id(), "WL0001", OCTOBER, -2_00, "多付"), world.actor("fang"))
    with frozen_at(DECEMBER_2):
        close_month(NOVEMBER, SYSTEM)


def made(kind: ReportKind, month: Month, unit: str = "DH", language: str = "zh") -> dict[str, dict[str, object]]:
    """Plan a kind's documents of a month and return their figures by subject."""
    period = Period(month.starts_on, month.ends_on)
    with frozen_at(DECEMBER_2):
        with batch():
            org_unit = db.session.scalars(select(OrgUnit).where(OrgUnit.code == unit)).one()
            plan_documents(kind, org_unit, period, language, SYSTEM)
        with reading():
            runs = db.session.scalars(select(Run).where(Run.kind == kind.code)).all()
            return {run.subject: json.loads(zlib.decompress(run.frozen)) for run in runs}


def test_a_year_sheet_holds_each_closed_month_and_their_sum(two_months: None) -> None:
    sheet = next(one for one in made(COMMISSION_YEAR, NOVEMBER).values() if one["outlet_code"] == "WL0001")
    assert [one["due_fen"] for one in sheet["months"]] == [1_41, 50 - 2_00]
    assert (sheet["count"], sheet["earned_fen"], sheet["adjusted_fen"], sheet["due_fen"]) == (4, 1_91, -2_00, -9)


def test_a_year_sheet_of_october_knows_nothing_of_november(two_months: None) -> None:
    sheet = next(one for one in made(COMMISSION_YEAR, OCTOBER).values() if one["outlet_code"] == "WL0001")
    assert [one["due_fen"] for one in sheet["months"]] == [1_41]


def test_a_partners_summary_holds_its_outlets_alone(two_months: None) -> None:
    (sheet,) = made(COMMISSION_PARTNER, NOVEMBER).values()
    assert [row["outlet_code"] for row in sheet["rows"]] == ["WL0001", "WL0005"]
    assert sheet["whole"]["commission_fen"] == 50 - 2_00
    assert sheet["previous_month"]["commission_fen"] == 1_41
    assert sheet["last_year"] is None


def test_a_partner_reads_its_own_summary_and_a_stranger_does_not(two_months: None, sign_in: SignIn) -> None:
    made(COMMISSION_PARTNER, NOVEMBER)
    with reading():
        number = db.session.scalars(select(Run.number).where(Run.kind == "COMMISSION_PARTNER")).one()
    assert sign_in("paul").get(f"/documents/{number}").status_code == 200
    assert sign_in("dora").get(f"/documents/{number}").status_code == 404
    assert sign_in("charlie").get(f"/documents/{number}").status_code == 404


def test_a_keeper_reads_the_own_year_sheet(two_months: None, sign_in: SignIn) -> None:
    made(COMMISSION_YEAR, NOVEMBER, language="en")
    with reading():
        runs = {
            run.outlet_id: run.number for run in db.session.scalars(select(Run).where(Run.kind == "COMMISSION_YEAR"))
        }
    assert sign_in("alice").get(f"/documents/{runs[1]}").status_code == 200
    assert sign_in("alan").get(f"/documents/{runs[1]}").status_code == 404


def test_neither_is_made_of_an_open_month(app) -> None:
    with reading():
        assert not COMMISSION_YEAR.ready(Period(NOVEMBER.starts_on, NOVEMBER.ends_on))
        assert not COMMISSION_PARTNER.ready(Period(NOVEMBER.starts_on, NOVEMBER.ends_on))
