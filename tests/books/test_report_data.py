"""The papers of money say what the week worked out by hand says, and are ordered and scheduled like any other."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from agentnet.books.report_data import (
    KINDS,
    OUTLET_DAY,
    STATION_REMITTANCES_MONTH,
    STATION_REMITTANCES_WEEK,
    TRIAL_BALANCE_MONTH,
)
from agentnet.closing.actions import close_month
from agentnet.core.clock import Month, frozen_at
from agentnet.core.errors import Missing
from agentnet.core.ids import new_id
from agentnet.divisions.models import OrgUnit
from agentnet.documents.actions import NewOrder, place_order, plan_documents
from agentnet.documents.freezing import read_figures
from agentnet.documents.jobs import TICK
from agentnet.documents.kinds import Period
from agentnet.documents.models import Run, Schedule
from agentnet.documents.schedules import ScheduleWish, add_schedule
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.rolling import roll_up
from agentnet.settlement.day_actions import close_unattended
from reports.station_remittances import sums_of
from tests import world
from tests.books.week import FRIDAY, SATURDAY, WEDNESDAY, a_week, at_ten
from tests.collecting.counter import item, record

pytestmark = pytest.mark.usefixtures("app")

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
WEEK_46 = Period(date(2026, 11, 9), date(2026, 11, 16))
WEDNESDAY_ONLY = Period(WEDNESDAY, date(2026, 11, 12))
DECEMBER_7 = datetime(2026, 12, 7, 2, tzinfo=UTC)


def printed(kind, period, place=world.COMPANY, language="zh"):
    """Plan documents and return their figures by subject."""
    with batch():
        plan_documents(kind, db.session.get_one(OrgUnit, place.id), period, language, SYSTEM)
    with reading():
        runs = db.session.scalars(select(Run).where(Run.kind == kind.code, Run.language == language)).all()
        return {run.subject.rpartition(":")[0]: read_figures(kind, run.frozen) for run in runs}


def only(found, word):
    (one,) = (figures for subject, figures in found.items() if word in subject)
    return one


def test_a_days_sheet_is_the_wednesday_worked_out_by_hand():
    a_week()
    assert OUTLET_DAY.ready(WEDNESDAY_ONLY)
    sheet = only(printed(OUTLET_DAY, WEDNESDAY_ONLY), "WL0001")
    assert [(row.tender, row.count, row.amount_fen) for row in sheet.takings] == [("CASH", 1, 20_00)]
    assert [(row.amount_fen, row.reason) for row in sheet.voids] == [(1_00, "客户改主意")]
    assert (sheet.count.counted_fen, sheet.count.system_fen, sheet.count.difference_fen) == (126_38, 127_38, -1_00)
    assert sheet.count.counted_by == "Alice"
    assert sheet.opening_cash_fen == 107_38
    assert [(row.name, row.change_fen) for row in sheet.cash] == [
        ("代收", 21_00), ("撤销代收", -1_00), ("长款短款", -1_00),
    ]  # fmt: skip
    assert sheet.closing_cash_fen == 126_38
    assert OUTLET_DAY.draw(sheet).startswith(b"%PDF")


def test_a_deposit_stands_on_the_sheet_of_the_day_it_was_declared():
    a_week()
    with frozen_at(at_ten(SATURDAY)):
        assert printed(OUTLET_DAY, Period(date(2026, 11, 12), FRIDAY)) == {}  # Thursday was not closed: no takings
    tuesday = only(printed(OUTLET_DAY, Period(date(2026, 11, 10), WEDNESDAY)), "WL0001")
    assert [(row.tender, row.batch_fen) for row in tuesday.takings] == [("UNIONPAY_CARD", 203_50)]
    assert (tuesday.opening_cash_fen, tuesday.closing_cash_fen, tuesday.cash) == (107_38, 107_38, ())


def test_a_day_nobody_counted_says_so_in_english():
    a_week()
    with frozen_at(at_ten(date(2026, 11, 13))):
        record(item(3_00))
    with frozen_at(at_ten(date(2026, 11, 14))), batch():
        close_unattended(SYSTEM, date(2026, 11, 14))
    sheet = only(printed(OUTLET_DAY, Period(FRIDAY, SATURDAY), language="en"), "WL0001")
    assert sheet.count is None
    # Friday's 10.00 that came back, and 3.00 taken
    assert sorted((row.name, row.change_fen) for row in sheet.cash) == [
        ("Collection", 3_00),
        ("Deposit returned", 10_00),
    ]
    assert sheet.closing_cash_fen == 39_38
    assert OUTLET_DAY.draw(sheet).startswith(b"%PDF")


def test_a_day_is_not_printed_before_everybody_closed():
    a_week()
    with frozen_at(at_ten(date(2026, 11, 17))):
        record(item(3_00))
    assert not OUTLET_DAY.ready(Period(date(2026, 11, 17), date(2026, 11, 18)))
    assert OUTLET_DAY.ready(WEDNESDAY_ONLY)
    assert not OUTLET_DAY.ready(Period(date(2026, 11, 18), date(2026, 11, 19)))
    assert STATION_REMITTANCES_WEEK.ready(WEEK_46)
    assert not STATION_REMITTANCES_MONTH.ready(NOVEMBER)


@pytest.mark.parametrize("rolled", [False, True])
def test_a_stations_week_is_the_one_worked_out_by_hand(rolled):
    """100.00 declared, 90.00 arrived, 10.00 back; 36.38 held: 20.00 of Wednesday less 1.00 short, the rest of Monday."""
    a_week()
    if rolled:
        roll_up(world.NOW)
    found = printed(STATION_REMITTANCES_WEEK, WEEK_46)
    station = only(found, "WL-TP")
    (outlet,) = station.outlets
    assert outlet.outlet_code == "WL0001"
    assert (outlet.declared_fen, outlet.confirmed_fen, outlet.transit_fen, outlet.returned_fen) == (
        100_00, 90_00, 0, 10_00,
    )  # fmt: skip
    assert (outlet.held_fen, outlet.oldest_on) == (36_38, date(2026, 11, 9))
    assert outlet.missed == 2  # the post called on Wednesday and on Friday
    assert station.head.data_state.startswith("到账情况截至11月")  # never "today": it is read on another day
    assert station.whole == sums_of(station.outlets)
    (deposit,) = station.open_deposits
    assert (deposit.amount_fen, deposit.state, deposit.reason) == (10_00, "CONFIRMED", "银行只收到九十元")
    assert {subject for subject in found if "WL" in subject or "JX" in subject} == set(found)
    assert all(STATION_REMITTANCES_WEEK.draw(one).startswith(b"%PDF") for one in found.values())


def test_the_months_trial_balance_is_the_week_and_its_commission():
    a_week()
    with frozen_at(DECEMBER_7):
        assert not TRIAL_BALANCE_MONTH.ready(NOVEMBER)
        close_month(Month(2026, 11), SYSTEM)
        assert TRIAL_BALANCE_MONTH.ready(NOVEMBER)
        found = printed(TRIAL_BALANCE_MONTH, NOVEMBER)
        whole = only(found, "DH")
        station = only(found, "WL-TP")
        english = only(printed(TRIAL_BALANCE_MONTH, NOVEMBER, language="en"), "DH")
    assert whole.debit_fen == 864_76 + 1_91
    cash = whole.rows[0]
    assert (cash.name, cash.side, cash.closing_fen, cash.rural_fen, cash.urban_fen) == (
        "网点持有现金",
        "借",
        36_38,
        36_38,
        0,
    )
    assert (english.rows[0].name, english.rows[0].side) == ("Cash held by outlets", "Dr")
    assert [row.owner_kind for row in whole.rows].count("HOUSEHOLD") == 1
    assert station.outside_credit_fen == 20_00
    assert [row.owner_kind for row in station.rows].count("HOUSEHOLD") == 0
    assert set(found) == {"org:DH", "org:TZ", "org:WL", "org:WL-TP"}
    for one in found.values():
        assert TRIAL_BALANCE_MONTH.draw(one).startswith(b"%PDF")


def test_a_schedule_makes_the_sheets_every_day(app):
    a_week()
    with frozen_at(at_ten(date(2026, 11, 12))), batch():
        wish = ScheduleWish("日结单", "OUTLET_DAY", "WL", "zh", 1, 6, 0, date(2026, 11, 10))
        add_schedule(wish, world.actor("carol"))
    with reading():
        assert db.session.scalars(select(Schedule.cadence)).one() == "DAILY"
    with frozen_at(at_ten(date(2026, 11, 13))):
        while TICK.run():
            pass
    with reading():
        numbers = db.session.scalars(select(Run.number).order_by(Run.number)).all()
    assert numbers == ["DH-OD-20261109-000001", "DH-OD-20261110-000001", "DH-OD-20261111-000001"]


def test_who_reads_may_order_and_others_find_no_such_kind(app, sign_in):
    a_week()
    order = NewOrder(new_id(), "OUTLET_DAY", "WL", WEDNESDAY_ONLY, "zh", "WL0001")
    for _sent_twice in range(2):
        with batch():
            place_order(order, world.actor("carol"))
    with pytest.raises(Missing), batch():
        place_order(NewOrder(new_id(), "OUTLET_DAY", "WL", WEDNESDAY_ONLY, "zh"), world.actor("charlie"))
    carol, fang = sign_in("carol"), sign_in("fang")
    assert "网点日结单" in carol.get("/documents/new").text
    assert "科目余额表" not in carol.get("/documents/new").text
    assert "科目余额表" in fang.get("/documents/new").text
    assert "2026-11-11" in carol.get("/documents/new?kind=OUTLET_DAY").text
    assert "每天" in carol.get("/documents/schedules/new?kind=OUTLET_DAY").text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_period_without_anything_prints_or_is_left_out(kind):
    period = {
        "DAILY": Period(FRIDAY, SATURDAY),
        "WEEKLY": WEEK_46,
        "MONTHLY": Period(date(2026, 10, 1), date(2026, 11, 1)),
    }
    for figures in printed(kind, period[kind.cadence]).values():
        assert kind.draw(figures).startswith(b"%PDF")
