"""A month closes for good when its days are closed and its deposits decided, or when finance signs for it."""

from __future__ import annotations

import zlib
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, insert, select, update

from agentnet.closing.actions import close_month, order_close
from agentnet.closing.jobs import close_due_month
from agentnet.closing.models import MonthEnd
from agentnet.closing.obstacles import Obstacles, final_expected_on, obstacles_of
from agentnet.commission.models import OutletAccrual
from agentnet.core.clock import Month, frozen_at, now, shanghai_instant
from agentnet.core.errors import Conflict, Forbidden, Invalid
from agentnet.core.ids import new_id
from agentnet.documents.models import Run
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import BusinessDay
from agentnet.ledger.queries import month_state
from agentnet.settlement.models import Remittance
from agentnet.settlement.reconciliation.difference_actions import end
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.rules import State
from agentnet.workdays.actions import set_override
from reports.commission_statement import CommissionStatement, draw
from reports.frozen import from_json
from tests import world
from tests.commission.facts import POSTAL_STATION, SERVICE_POINT, collected, voided
from tests.reports.samples import text_of
from tests.settlement.reconciliation.given import partner_file, payment_line, take_post

OCTOBER = Month(2026, 10)
REASON = "银行系统升级，解款单号已电话核对"

pytestmark = pytest.mark.usefixtures("app")


def an_open_day(outlet_id: int = 1, on: date = date(2026, 10, 5)) -> None:
    with batch() as session:
        session.execute(
            insert(BusinessDay).values(
                outlet_id=outlet_id, business_on=on, receipt_serial=2, closed_at=None, allocated_at=now()
            )
        )


def a_deposit(amount_fen: int = 300_00, on: date = date(2026, 10, 30), state: str = "DECLARED") -> None:
    decided = None if state == "DECLARED" else now()
    with batch() as session:
        session.execute(
            insert(Remittance).values(
                id=new_id(),
                outlet_id=1,
                org_unit_id=4,
                slip_no=f"S{amount_fen}",
                amount_fen=amount_fen,
                deposited_on=on,
                declared_at=now(),
                user_id=1,
                state=state,
                confirmed_fen=amount_fen if state == "CONFIRMED" else None,
                decided_at=decided,
                note="",
            )
        )


def everything_settled() -> None:
    with batch() as session:
        session.execute(update(BusinessDay).values(closed_at=now()))
        session.execute(
            update(Remittance).values(state="CONFIRMED", confirmed_fen=Remittance.amount_fen, decided_at=now())
        )


def state() -> str:
    with reading():
        return month_state(OCTOBER)


def provisional() -> dict[str, CommissionStatement]:
    with reading():
        rows = db.session.execute(select(Run.subject, Run.frozen).where(Run.kind == "COMMISSION_PROVISIONAL")).all()
    return {subject: from_json(CommissionStatement, read(frozen)) for subject, frozen in rows}


def read(frozen: bytes) -> str:
    return zlib.decompress(frozen).decode()


def test_open_days_and_deposits_in_transit_of_the_month_are_counted() -> None:
    an_open_day()
    an_open_day(2)
    an_open_day(1, date(2026, 10, 6))
    an_open_day(1, date(2026, 11, 1))
    a_deposit(300_00)
    a_deposit(50_00)
    a_deposit(70_00, date(2026, 11, 1))
    a_deposit(90_00, state="CONFIRMED")
    with reading():
        assert obstacles_of(OCTOBER) == Obstacles(3, 2, 2, 350_00, 0, 0)
        assert obstacles_of(Month(2026, 9)).none


@pytest.mark.parametrize("hold", [an_open_day, a_deposit])
def test_an_obstacle_refuses_the_close_and_leaves_nothing(hold) -> None:
    collected(POSTAL_STATION, 20_00)
    hold()
    with pytest.raises(Conflict) as refused:
        close_month(OCTOBER, SYSTEM)
    assert refused.value.code == "month_not_settled"
    assert state() == "OPEN"
    with reading():
        for model in (OutletAccrual, MonthEnd, Run):
            assert db.session.scalar(select(func.count()).select_from(model)) == 0


def test_finance_may_sign_with_a_reason_which_is_kept() -> None:
    collected(POSTAL_STATION, 20_00)
    an_open_day()
    a_deposit()
    fang = world.actor("fang")
    with pytest.raises(Invalid) as refused, batch():
        order_close(OCTOBER, fang, "急")
    assert refused.value.code == "signature_shape"
    assert state() == "OPEN"
    for _ in range(2):
        with batch():
            order_close(OCTOBER, fang, f" {REASON} ")
    with reading():
        end = db.session.get_one(MonthEnd, "2026-10")
        assert (end.signed_by_id, end.signed_reason) == (fang.user_id, REASON)
        assert end.signed_over == {"open_days": 1, "outlets": 1, "in_transit": 1, "in_transit_fen": 300_00} | {
            "differences": 0,
            "differences_fen": 0,
        }
        signed = select(func.count()).select_from(AuditLine).where(AuditLine.action == "month_signed")
        assert db.session.scalar(signed) == 1
    assert close_due_month() == 1
    assert state() == "CLOSED"


def test_nobody_but_finance_signs() -> None:
    an_open_day()
    with pytest.raises(Forbidden), batch():
        order_close(OCTOBER, world.actor("carol"), REASON)
    assert state() == "OPEN"


def test_a_month_without_obstacles_needs_no_signature_and_keeps_none() -> None:
    collected(POSTAL_STATION, 20_00)
    close_month(OCTOBER, SYSTEM, signature=REASON)
    with reading():
        assert db.session.scalar(select(func.count()).select_from(MonthEnd)) == 0


def test_the_clock_prints_provisionally_after_the_night_and_closes_once_nothing_holds_the_month() -> None:
    """By hand, with the cast's plan: 0.50 a cash collection, so WL0001 earns 2 x 0.50 and then 1 x 0.50."""
    ids = collected(POSTAL_STATION, 203_50, 102_00)
    collected(SERVICE_POINT, 5_38)
    a_deposit()
    with frozen_at(datetime(2026, 10, 31, 18, 29, tzinfo=UTC)):
        assert close_due_month() == 0
        assert provisional() == {}
    with frozen_at(datetime(2026, 10, 31, 18, 30, tzinfo=UTC)):
        assert [close_due_month() for _ in range(2)] == [0, 0]
    printed = provisional()
    assert len(printed) == 5  # the outlets of the cast that were open in October
    early = printed["outlet:WL0001:zh"]
    assert (early.provisional, early.due_fen, early.collected_fen, len(early.collections)) == (True, 100, 305_50, 2)
    words = " ".join(text_of(draw(early)))
    assert "代办费结算单（暂结）" in words
    assert "尚未封账" in words
    assert "不作付款依据" in words
    assert "（盖章）" not in words
    voided(ids[1])
    everything_settled()
    with frozen_at(shanghai_instant(date(2026, 11, 4), 9)):
        assert [close_due_month() for _ in range(2)] == [1, 0]
    with reading():
        final = db.session.scalars(
            select(Run.frozen).where(Run.kind == "COMMISSION_STATEMENT", Run.subject == "outlet:WL0001:zh")
        ).one()
    statement = from_json(CommissionStatement, read(final))
    assert (statement.provisional, statement.due_fen) == (False, 50)
    assert "（盖章）" in " ".join(text_of(draw(statement)))
    assert provisional()["outlet:WL0001:zh"] == early  # what was printed stays


def test_a_provisional_statement_shows_what_the_final_one_will_if_nothing_changes() -> None:
    collected(POSTAL_STATION, 203_50, 102_00)
    collected(SERVICE_POINT, 5_38, tender="UNIONPAY_CARD")
    an_open_day()
    with frozen_at(shanghai_instant(date(2026, 11, 1), 3)):
        close_due_month()
    everything_settled()
    assert close_due_month() == 1
    with reading():
        rows = db.session.execute(select(Run.subject, Run.frozen).where(Run.kind == "COMMISSION_STATEMENT")).all()
    early = provisional()
    assert len(rows) == len(early) == 5
    for subject, frozen in rows:
        final = from_json(CommissionStatement, read(frozen))
        for name in ("components", "collections", "adjustments", "due_fen", "plan_name", "agreement_no", "setting"):
            assert getattr(final, name) == getattr(early[subject], name)


def test_the_fifth_working_day_decides_when_a_month_should_be_closed() -> None:
    """The calendar of the State Council: 2026-10-01 to 10-07 are days off, Saturday 10-10 is worked."""
    with reading():
        assert final_expected_on(Month(2026, 9)) == date(2026, 10, 13)
        assert final_expected_on(OCTOBER) == date(2026, 11, 6)
    with frozen_at(shanghai_instant(date(2026, 10, 20), 9)), batch():
        set_override(date(2026, 11, 4), False, "停电检修", SYSTEM)
    with reading():
        assert final_expected_on(OCTOBER) == date(2026, 11, 9)


def test_the_page_says_what_holds_a_month_and_takes_the_signature(sign_in) -> None:
    collected(POSTAL_STATION, 203_50)
    an_open_day()
    a_deposit()
    fang = sign_in("fang")
    page = fang.get("/closing/2026-10").text
    assert "1 个营业日还没有日结" in page
    assert "1 笔解款还没有确认" in page
    assert "11月6日" in page
    confirm = fang.get("/closing/2026-10/confirm").text
    assert "为什么现在封账" in confirm
    refused = fang.post("/closing/2026-10/close")
    assert refused.status_code == 409
    assert "请先办完" in refused.text
    assert fang.post("/closing/2026-10/close", data={"signature": "急"}).status_code == 422
    assert state() == "OPEN"
    assert fang.post("/closing/2026-10/close", data={"signature": REASON}).status_code == 303
    assert close_due_month() == 1
    closed = fang.get("/closing/2026-10").text
    assert REASON in closed
    assert "1 个营业日没有日结、1 笔解款没有确认（300.00 元）" in closed


def test_a_month_waits_for_the_night_and_nobody_signs_for_that() -> None:
    with batch() as session:
        row = {"outlet_id": 1, "business_on": date(2026, 10, 31), "receipt_serial": 2}
        session.execute(insert(BusinessDay).values(**row, closed_at=now(), allocated_at=None))
    with pytest.raises(Conflict, match="还在入账"), batch():
        order_close(OCTOBER, world.actor("fang"), REASON)
    assert state() == "OPEN"


def test_a_difference_nobody_has_ended_holds_the_month() -> None:
    """The Post says 9.99 that we do not have."""
    from_post = partner_file(payment_line("P-000001", 9_99, at="20261005093000"), day="20261005")
    with frozen_at(shanghai_instant(date(2026, 10, 6), 9)):
        take_post(from_post, name="POST_COLLECTION_20261005.csv")
    with reading():
        assert obstacles_of(OCTOBER) == Obstacles(0, 0, 0, 0, 1, 9_99)
    with pytest.raises(Conflict, match="没处理的差异"):
        close_month(OCTOBER, SYSTEM)
    with batch():
        (found,) = db.session.scalars(select(Difference.id))
        end(found, new_id(), State.EXPLAINED, "次日冲回，已核对", world.actor("fang"))
    close_month(OCTOBER, SYSTEM)
    assert state() == "CLOSED"
