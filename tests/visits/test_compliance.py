"""Compliance by manager, outlet, station and week; figures worked out by hand from a small month."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, update

from agentnet.core.clock import frozen_at
from agentnet.core.errors import Forbidden
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Assignment
from agentnet.visits.actions import log_visits, plan_weeks
from agentnet.visits.queries import Breakdown, compliance, territory_total
from agentnet.visits.rules import Tally
from agentnet.workdays.actions import set_override
from tests.visits.given import W46, W47, a_visit, days_later
from tests.world import actor

MONDAY_AFTER = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def two_weeks(app):
    """Weeks 46 and 47 are over. Week 46: WL0001, WL0004 (serving WL0005) and JX0001 visited. Week 47: WL0001 by Ben.

    In week 47 Bob hands WL0002 over to Ben on Wednesday 18.
    """
    items = [
        a_visit("WL0001", arrived_at=days_later(-7), manager_code="M001"),
        a_visit("WL0004", arrived_at=days_later(-7), manager_code="M002"),
        a_visit("JX0001", arrived_at=days_later(-7), manager_code="M101"),
        a_visit("WL0001", manager_code="M002"),
    ]
    with batch():
        db.session.execute(update(Assignment).where(Assignment.outlet_id == 2).values(ends_on=date(2026, 11, 18)))
        db.session.execute(
            insert(Assignment).values(outlet_id=2, manager_id=2, slot="PRIMARY", starts_on=date(2026, 11, 18))
        )
        plan_weeks([W46, W47], SYSTEM)
        assert {verdict.status for verdict in log_visits(items, SYSTEM)} == {"created"}


def rows(username: str, by: Breakdown, first=W46, last=W47, at=MONDAY_AFTER, **more) -> dict[str, tuple[Tally, Tally]]:
    """Return what a viewer is told on the Monday after, when both weeks are over."""
    with frozen_at(at), reading():
        return {row.code: (row.urban, row.rural) for row in compliance(actor(username), by, first, last, **more)}


def test_by_week_urban_and_rural_stand_apart(two_weeks) -> None:
    assert rows("audrey", Breakdown.WEEK) == {
        # WL0001, WL0004, WL0005 done, WL0002 missed; JX0001 done
        "2026-W46": (Tally(due=1, done=1), Tally(due=4, done=3, missed=1)),
        # only WL0001 done
        "2026-W47": (Tally(due=1, missed=1), Tally(due=4, done=1, missed=3)),
    }


def test_by_outlet_each_is_counted_once_a_week(two_weeks) -> None:
    found = rows("carol", Breakdown.OUTLET)
    assert found == {
        "WL0001": (Tally(), Tally(due=2, done=2)),
        "WL0002": (Tally(), Tally(due=2, missed=2)),
        "WL0004": (Tally(), Tally(due=2, done=1, missed=1)),
        "WL0005": (Tally(), Tally(due=2, done=1, missed=1)),
    }
    assert next(iter(found)) == "WL0002"  # the worst first


def test_by_station(two_weeks) -> None:
    assert rows("audrey", Breakdown.STATION) == {
        "WL-TP": (Tally(), Tally(due=4, done=2, missed=2)),
        "WL-ZG": (Tally(), Tally(due=4, done=2, missed=2)),
        "JX-NH-1": (Tally(due=2, done=1, missed=1), Tally()),
    }


def test_by_manager_in_days_with_the_hand_over_shared_out(two_weeks) -> None:
    found = rows("audrey", Breakdown.MANAGER)
    # Week 46, in days. Bob: WL0001 done 7/7, WL0002 missed 7. Ben: WL0001 7/7, WL0004 7/7, WL0005 7/7.
    # Week 47. Bob: WL0001 done 7/7 (Ben came), WL0002 missed, held Monday and Tuesday: 2.
    #          Ben: WL0001 done 7/7, WL0002 missed, held from Wednesday: 5, WL0004 and WL0005 missed 7 each.
    assert found == {
        "M001": (Tally(), Tally(due=7 + 7 + 7 + 2, done=14, missed=7 + 2)),
        "M002": (Tally(), Tally(due=21 + 7 + 5 + 14, done=28, missed=5 + 14)),
        "M101": (Tally(due=14, done=7, missed=7), Tally()),
    }


def test_an_open_week_is_due_and_not_missed(two_weeks) -> None:
    last_minute = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)  # Sunday 23:59 in Shanghai
    _urban, rural = rows("carol", Breakdown.WEEK, W47, W47, last_minute)["2026-W47"]
    assert rural == Tally(due=4, done=1)
    assert rural.open == 3


def test_an_exempt_week_is_not_due_and_a_visit_in_it_counts(app) -> None:
    with batch():
        for day in W47.days:
            set_override(day, False, "防汛", actor("adam"))
        plan_weeks([W47], SYSTEM)
        log_visits([a_visit("WL0001", manager_code="M001")], SYSTEM)
    assert rows("carol", Breakdown.WEEK, W47, W47) == {"2026-W47": (Tally(), Tally(due=1, done=1, exempt=3))}
    assert rows("carol", Breakdown.MANAGER, W47, W47)["M001"] == (Tally(), Tally(due=7, done=7, exempt=7))


def test_a_territory_sees_its_own_and_may_be_narrowed(two_weeks) -> None:
    assert set(rows("charlie", Breakdown.OUTLET)) == {"JX0001"}
    assert set(rows("bob", Breakdown.OUTLET)) == {"WL0001", "WL0002"}
    assert set(rows("carol", Breakdown.OUTLET, unit_path="/1/2/3/5/")) == {"WL0004", "WL0005"}
    assert rows("charlie", Breakdown.OUTLET, unit_path="/1/2/3/5/") == {}


def test_a_territory_total_counts_a_shared_duty_once(two_weeks) -> None:
    with frozen_at(MONDAY_AFTER), reading():
        whole = territory_total(actor("audrey"), W46, W47)
    assert whole.whole == Tally(due=10, done=5, missed=5)


@pytest.mark.parametrize("username", ["alice", "fang", "paul"])
def test_others_see_no_compliance(two_weeks, username) -> None:
    with pytest.raises(Forbidden, match="not_permitted"):
        rows(username, Breakdown.WEEK)


@pytest.mark.parametrize("by", list(Breakdown))
def test_the_page_shows_every_breakdown_and_sorting(two_weeks, sign_in, by) -> None:
    carol = sign_in("carol")
    for sort in ("code", "-due", "missed", "-rate", "nonsense"):
        answer = carol.get(f"/compliance?by={by}&week=2026-W47&span=4&sort={sort}&cursor=99")
        assert answer.status_code == 200
        assert "50.0%" in answer.text  # 4 of 8
        assert "漏访 1" in answer.text  # week 47 is still open


def test_the_page_tells_parts_of_duties_with_two_decimals(two_weeks, sign_in) -> None:
    page = sign_in("carol").get("/compliance?by=manager&week=2026-W47").text
    assert "1.29" in page  # Bob is due 9 of 7 days
    assert "0.29" in page  # of which 2 are open


def test_a_time_without_duties_says_so(two_weeks, sign_in) -> None:
    assert "这段时间没有走访任务" in sign_in("carol").get("/compliance?week=2026-W01").text
