"""The reconciliation report says what a day of the Post and of a bank, worked out by hand, says.

WL0001 collects 5.38, 203.50 and 10.00 in cash and banks 200.00. The Post tells of 5.38, of 200.00 (by hand the 203.50:
3.50 short), of 9.99 (explained) and of 8.88 (written off), and knows nothing of the 10.00. The bank's statement of the
day has the 200.00 less its fee of 0.60; the week's repeats it and has 66.00 nobody declared. Fang, who took the files
in, is the company's: a row without a match is the company's too.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from agentnet.books.report_data import RECONCILIATION_DAY, RECONCILIATION_MONTH
from agentnet.core.clock import frozen_at
from agentnet.core.errors import Missing
from agentnet.core.ids import new_id
from agentnet.documents.actions import NewOrder, place_order
from agentnet.documents.jobs import TICK
from agentnet.documents.kinds import Period
from agentnet.documents.models import Run
from agentnet.documents.schedules import ScheduleWish, add_schedule
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.reconciliation.difference_actions import end
from agentnet.settlement.reconciliation.models import Difference
from agentnet.settlement.reconciliation.rules import State
from tests import world
from tests.books.test_report_data import only, printed
from tests.collecting.counter import item, record
from tests.settlement.drawer import close
from tests.verify.test_planted_reconciliation import reconciled

__all__ = ["reconciled"]

THE_18TH = Period(world.TODAY, date(2026, 11, 19))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
NEXT_MORNING = datetime(2026, 11, 19, 2, tzinfo=UTC)


@pytest.fixture
def evening(reconciled) -> None:
    """The day is closed and counted."""
    close()


def by_name(report):
    return {(one.source, one.name): one for one in report.files}


def test_the_companys_day_is_the_one_worked_out_by_hand(evening):
    with frozen_at(NEXT_MORNING):
        assert RECONCILIATION_DAY.ready(THE_18TH)
        report = only(printed(RECONCILIATION_DAY, THE_18TH), "DH")
    post, day, week = report.files
    assert (post.source, post.rows, post.amount_fen) == ("PARTNER", 4, 5_38 + 200_00 + 9_99 + 8_88)
    assert (post.matched, post.matched_fen, post.settled, post.settled_fen) == (2, 205_38, 2, 18_87)
    assert (post.open, post.open_fen, post.apart, post.apart_fen) == (0, 0, 0, 0)
    assert (day.source, day.name, day.rows, day.matched_fen, day.amount_fen) == ("BANK", "*0161", 1, 199_40, 199_40)
    assert (week.rows, week.amount_fen) == (2, 265_40)
    assert (week.open, week.open_fen, week.apart, week.apart_fen) == (1, 66_00, 1, 199_40)
    assert sorted((one.kind, one.amount_fen) for one in report.open) == [
        ("AMOUNT_MISMATCH", 3_50), ("MISSING_AT_AGENT", 10_00), ("MISSING_AT_UTILITY", 66_00),
    ]  # fmt: skip
    assert {one.age_days for one in report.open} == {1}
    assert report.open_fen == 79_50
    # 200.00 and 203.50 until they met, 3.50 of the match that was undone, 9.99 explained, 8.88 written off
    assert sorted(one.amount_fen for one in report.ended) == [3_50, 8_88, 9_99, 200_00, 203_50]
    assert {(one.state, one.reason) for one in report.ended if one.amount_fen == 9_99} == {
        ("EXPLAINED", "对方次日撤销了这一笔")
    }
    assert report.missing == ()
    assert RECONCILIATION_DAY.draw(report).startswith(b"%PDF")


def test_a_countys_day_has_what_is_its_outlets_and_no_more(evening):
    with frozen_at(NEXT_MORNING):
        found = printed(RECONCILIATION_DAY, THE_18TH, world.WENLING, "en")
    assert set(found) == {"org:WL"}  # stations are asked for by name
    report = found["org:WL"]
    assert [(one.rows, one.matched_fen, one.amount_fen) for one in report.files] == [
        (2, 205_38, 205_38), (1, 199_40, 199_40),
    ]  # fmt: skip
    assert (report.taken_fen, report.open_fen, report.ended_fen) == (218_88, 13_50, 207_00)
    legs = {one.leg: (one.told, one.ours_fen, one.theirs_fen, one.untied, one.waiting) for one in report.tie}
    assert legs == {
        "FILE": (1, 218_88, 205_38, 1, 0),
        "COUNT": (1, 18_88, 18_88, 0, 0),
        "BANK": (1, 200_00, 200_00, 0, 0),
    }
    (outlet,) = report.untied
    assert (outlet.outlet_code, outlet.days) == ("WL0001", 1)
    assert (outlet.file_fen, outlet.count_fen, outlet.cards_fen, outlet.bank_fen) == (-13_50, 0, None, 0)
    assert RECONCILIATION_DAY.draw(report).startswith(b"%PDF")


def test_a_station_asked_for_itself_has_its_own(evening):
    with frozen_at(NEXT_MORNING):
        found = printed(RECONCILIATION_DAY, THE_18TH, world.TAIPING)
        assert found["org:WL-TP"].open_fen == 13_50
        other = printed(RECONCILIATION_DAY, THE_18TH, world.ZEGUO)["org:WL-ZG"]
    assert (other.files, other.open, other.ended, other.tie, other.taken_fen) == ((), (), (), (), 0)
    assert RECONCILIATION_DAY.draw(other).startswith(b"%PDF")


def test_a_file_that_has_not_come_is_named(app):
    record(item(5_38))
    close()
    with frozen_at(NEXT_MORNING):
        report = only(printed(RECONCILIATION_DAY, THE_18TH), "DH")
    assert [(one.partner, one.days, one.first_on, one.taken_fen) for one in report.missing] == [
        ("东海邮政", 1, world.TODAY, 5_38)
    ]
    assert [(one.leg, one.told, one.waiting) for one in report.tie] == [("FILE", 0, 1), ("COUNT", 1, 0)]
    assert report.untied == ()


def test_what_is_ended_the_next_day_is_on_neither_list_of_the_day_and_on_the_months(evening):
    with reading():
        number = db.session.scalars(select(Difference.id).where(Difference.amount_fen == 66_00)).one()
    with frozen_at(NEXT_MORNING), batch():
        end(number, new_id(), State.ADJUSTED, "转入待查款项", world.actor("fang"))
    with frozen_at(datetime(2026, 11, 19, 3, tzinfo=UTC)):
        report = only(printed(RECONCILIATION_DAY, THE_18TH), "DH")
    assert number not in {one.number for one in (*report.open, *report.ended)}
    assert by_name(report)["BANK", "*0161"].settled_fen in (0, 66_00)
    with frozen_at(datetime(2026, 12, 1, 3, tzinfo=UTC)):
        assert RECONCILIATION_MONTH.ready(NOVEMBER)
        month = only(printed(RECONCILIATION_MONTH, NOVEMBER), "DH")
    assert number in {one.number for one in month.ended}
    assert {one.age_days for one in month.open} == {13}
    assert month.files[-1].settled_fen == 66_00
    assert RECONCILIATION_MONTH.draw(month).startswith(b"%PDF")


def test_a_schedule_makes_it_every_day_and_the_filter_of_documents_knows_it(evening, sign_in):
    with frozen_at(NEXT_MORNING), batch():
        wish = ScheduleWish("对账日报", "RECONCILIATION_DAY", "WL", "zh", 1, 6, 0, date(2026, 11, 19))
        add_schedule(wish, world.actor("carol"))
    with frozen_at(datetime(2026, 11, 20, 2, tzinfo=UTC)):
        while TICK.run():
            pass
        with reading():
            assert "DH-RD-20261118-000001" in db.session.scalars(select(Run.number)).all()
    carol = sign_in("carol")
    shown, others = (carol.get(f"/documents?kind={kind}").text for kind in ("RECONCILIATION_DAY", "OUTLET_DAY"))
    assert "对账日报" in shown
    assert "DH-RD-20261118-000001" in shown
    assert "DH-RD-20261118-000001" not in others
    # Paul's grant is for the Post's outlets and Dora's for one in Jiaxing: a unit's paper is nobody's of theirs.
    for username in ("paul", "dora", "charlie"):
        assert "DH-RD-20261118-000001" not in sign_in(username).get("/documents?kind=RECONCILIATION_DAY").text


def test_who_reads_reconciliation_may_order_it_in_their_territory_once(evening, sign_in):
    order = NewOrder(new_id(), "RECONCILIATION_DAY", "WL", THE_18TH, "zh")
    with frozen_at(NEXT_MORNING):
        for _sent_twice in range(2):
            with batch():
                place_order(order, world.actor("carol"))
        with pytest.raises(Missing), batch():
            place_order(NewOrder(new_id(), "RECONCILIATION_DAY", "WL", THE_18TH, "zh"), world.actor("charlie"))
    assert "对账日报" in sign_in("carol").get("/documents/new").text
