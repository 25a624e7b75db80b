"""What is settled on the pages, on paper and in the form of a plan; the figures are those of ``test_settled_months``."""

from __future__ import annotations

import zlib
from datetime import date

import pytest
from sqlalchemy import select, update

from agentnet.approvals.models import Approval
from agentnet.closing.actions import plan_provisional
from agentnet.commission.queries import tariffs
from agentnet.core.clock import now
from agentnet.core.ids import new_id
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.users.models import SignInSession
from reports.commission_statement import CommissionStatement, draw
from reports.frozen import from_json
from tests.approvals.given import more_finance, say_yes
from tests.commission.settled import (
    DECEMBER,
    NOVEMBER,
    agreed,
    banked,
    closed,
    dec,
    nov,
    on,
    taken,
)
from tests.outlets.campaigns.given import a_campaign
from tests.verify.test_planted import named_in


@pytest.fixture
def november(app) -> list[str]:
    """The collections of the example under the plan; returns the receipts of the three in cash."""
    agreed()
    receipts = taken(nov(18), 100_00, 200_00, 300_00)
    taken(nov(18), 50_00, tender="UNIONPAY_CARD", reference="R1")
    return receipts


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_pages_of_an_open_month_tell_what_is_settled_and_what_is_not(november, sign_in, language):
    banked(nov(20), 250_00)
    fang = sign_in("fang")
    head = {"Accept-Language": language}
    page = fang.get("/commission/outlets/WL0001?month=2026-11", headers=head).text
    words = ("没有结清", "350.00", "结清金额") if language == "zh-CN" else ("Not settled", "350.00", "Settled (CNY)")
    assert [one for one in words if one not in page] == []
    for receipt, said in ((november[1], "150.00"), (november[2], "本月没有结清任何金额")):
        line = fang.get(f"/commission/outlets/WL0001/lines/{receipt}", headers=head)
        assert line.status_code == 200
        assert said in line.text or language == "en"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_pages_of_a_closed_month_tell_when_a_collection_was_settled(november, sign_in, language):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    banked(dec(5), 350_00)
    closed(DECEMBER)
    head = {"Accept-Language": language}
    with on(date(2027, 1, 3)):
        fang = sign_in("fang")
        with batch() as session:
            session.execute(update(SignInSession).values(started_at=now(), seen_at=now()))
        page = fang.get("/commission/outlets/WL0001?month=2026-12", headers=head)
        assert (page.status_code, november[1] in page.text) == (200, True)
        line = fang.get(f"/commission/outlets/WL0001/lines/{november[1]}?month=2026-12", headers=head).text
        assert [one for one in ("0.75", "2.25", "150.00") if one not in line] == []
        assert "重新计算" not in line  # it comes out as it was paid
        assert fang.get(f"/commission/outlets/WL0001/lines/{november[0]}?month=2026-12").status_code == 404
        table = fang.get("/commission/lines.csv?month=2026-11").text
        assert ("没有结清" in table, november[2] in table) == (True, True)


def test_the_statement_prints_what_arrived_and_tells_the_rest(november):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    with reading():
        frozen = db.session.scalars(
            select(Run.frozen).where(Run.subject == "outlet:WL0001:zh", Run.period_start == NOVEMBER.starts_on)
        ).one()
    paper = from_json(CommissionStatement, zlib.decompress(frozen))
    assert sorted((one.amount_fen, one.commission_fen) for one in paper.collections) == [
        (50_00, 1_50),
        (100_00, 2_00),
        (150_00, 2_25),
    ]
    assert (paper.unsettled.count, paper.unsettled.amount_fen, paper.due_fen) == (2, 350_00, 5_75)
    assert draw(paper) == draw(paper)


def test_a_provisional_statement_holds_what_arrived_so_far_and_the_witness_agrees(november):
    banked(nov(20), 250_00)
    closed(NOVEMBER)
    banked(dec(5), 350_00)
    taken(dec(6), 80_00)
    with on(dec(7)):
        plan_provisional(DECEMBER, SYSTEM)
    with reading():
        statement = select(Run.frozen).where(Run.subject == "outlet:WL0001:zh", Run.kind == "COMMISSION_PROVISIONAL")
        paper = from_json(CommissionStatement, zlib.decompress(db.session.scalars(statement).one()))
    assert sorted((one.amount_fen, one.commission_fen) for one in paper.collections) == [(50_00, 75), (300_00, 4_00)]
    assert (paper.unsettled.count, paper.unsettled.amount_fen, paper.due_fen) == (1, 80_00, 4_75)
    assert "按结清" in paper.plan_version
    assert draw(paper)
    with db.engine.connect() as connection:
        assert {name for name in named_in(connection) if "provisional" in name or "commission" in name} == set()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_plan_by_settlement_and_campaign_is_written_in_the_form_and_agreed(app, sign_in, language):
    a_campaign("WL0001")
    more_finance()
    data = {
        "id": str(new_id()),
        "starts_on": "2026-12-01",
        "note": "第 9 号文",
        "basis": "SETTLED",
        "components-0-kind": "PER_COLLECTION",
        "components-0-name": "活动",
        "components-0-campaigns": "ZNJF",
        "components-0-fixed": "0.60",
    }
    path, head = "/commission/plans/STANDARD/versions/new", {"Accept-Language": language}
    page = sign_in("fang").get(path, headers=head).text
    assert ("ZNJF" in page, 'value="SETTLED"' in page) == (True, True)
    assert sign_in("fang").post(path, data=data).status_code == 303
    with reading():
        approval = db.session.scalars(select(Approval)).one()
    words = "按结清：现金到账后" if language == "zh-CN" else "As settled: cash earns once it has arrived"
    assert words in sign_in("grace").get(f"/approvals/{approval.id}", headers=head).text
    say_yes(approval.id, by="grace")
    page = sign_in("fang").get("/commission/plans/STANDARD", headers=head).text
    assert (words in page, "ZNJF" in page) == (True, True)
    with reading():
        (version,) = [one for several in tariffs().versions_by_plan.values() for one in several if one.settles]
    assert version.components[0].scope.campaigns == {"ZNJF"}
