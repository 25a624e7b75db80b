"""Campaigns: who enters them, who takes part when, and that a closed month keeps what it was."""

from datetime import date

import pytest
from sqlalchemy import select

from agentnet.closing.actions import close_month
from agentnet.core.clock import Month
from agentnet.core.errors import Conflict, Forbidden, Invalid, Missing
from agentnet.core.ids import new_id
from agentnet.infra.actor import SYSTEM
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.outlets.campaigns.actions import (
    CampaignFacts,
    add_outlets,
    change_campaign,
    end_participation,
    register_campaign,
)
from agentnet.outlets.campaigns.models import Campaign, CampaignOutlet
from agentnet.outlets.campaigns.queries import CampaignDays, Chosen, campaign_days
from agentnet.outlets.models import Outlet
from tests.outlets.campaigns.given import DECEMBER_1, NOVEMBER_1, a_campaign
from tests.outlets.conftest import Do
from tests.outlets.helpers import count, last_audit

FACTS = CampaignFacts("跨业联动，助农缴费", NOVEMBER_1, DECEMBER_1, "邮政网点代农户缴费")
NOV_10, NOV_20 = date(2026, 11, 10), date(2026, 11, 20)


def taking_part() -> list[tuple[str, date, date | None]]:
    with reading():
        return [
            tuple(row)
            for row in db.session.execute(
                select(Outlet.code, CampaignOutlet.starts_on, CampaignOutlet.ends_on)
                .join(Outlet, Outlet.id == CampaignOutlet.outlet_id)
                .order_by(Outlet.code, CampaignOutlet.starts_on)
            )
        ]


def test_an_administrator_of_the_company_enters_a_campaign_once(do: Do) -> None:
    request_id = new_id()
    for _ in range(2):
        assert do("adam", register_campaign, "znjf", FACTS, request_id=request_id) == "ZNJF"
    assert count(Campaign) == 1
    assert last_audit() == ("register_campaign", "ZNJF", "Adam")
    with pytest.raises(Conflict, match="提交编号"):
        do("adam", register_campaign, "OTHER", FACTS, request_id=request_id)
    with pytest.raises(Invalid, match="已经用过"):
        do("adam", register_campaign, "ZNJF", FACTS)


@pytest.mark.parametrize("username", ["carol", "fang", "alice", "audrey"])
def test_nobody_else_enters_or_changes_campaigns(do: Do, username: str) -> None:
    with pytest.raises(Forbidden):
        do(username, register_campaign, "ZNJF", FACTS)
    a_campaign()
    with pytest.raises(Forbidden):
        do(username, change_campaign, "ZNJF", FACTS)


def test_a_period_that_ends_before_it_begins_leaves_nothing(do: Do) -> None:
    with pytest.raises(Invalid, match="终止日要晚于起始日"):
        do("adam", register_campaign, "ZNJF", CampaignFacts("错", DECEMBER_1, NOVEMBER_1))
    assert count(Campaign) == 0


def test_a_change_is_written_once_and_not_over_anothers(do: Do) -> None:
    a_campaign()
    longer = CampaignFacts(FACTS.name, NOVEMBER_1, date(2027, 1, 1), FACTS.note)
    do("adam", change_campaign, "ZNJF", longer, version=1)
    assert last_audit()[0] == "change_campaign"
    with pytest.raises(Conflict, match="已被别人改过"):
        do("adam", change_campaign, "ZNJF", FACTS, version=1)
    with pytest.raises(Missing):
        do("adam", change_campaign, "NONE", FACTS)


def test_a_supervisor_adds_the_outlets_of_a_station_or_kind_at_once(do: Do) -> None:
    a_campaign()
    request_id = new_id()
    postal = Chosen(kind="VILLAGE_POST")
    for _ in range(2):
        assert do("carol", add_outlets, "ZNJF", postal, 2, NOV_10, request_id=request_id) == 2
    assert taking_part() == [("WL0001", NOV_10, None), ("WL0005", NOV_10, None)]
    # Of the station Zeguo there remain the village centre and the shop that has applied; the stranger's are not hers.
    assert do("carol", add_outlets, "ZNJF", Chosen(unit="WL-ZG"), 2, NOV_20) == 2
    with pytest.raises(Invalid, match="没有选到"):
        do("carol", add_outlets, "ZNJF", Chosen(words="JX0001"), 1, NOV_20)
    with pytest.raises(Conflict, match="提交编号"):
        do("carol", add_outlets, "ZNJF", postal, 2, NOV_20, request_id=request_id)


def test_outlets_are_added_only_as_they_were_shown(do: Do) -> None:
    a_campaign()
    with pytest.raises(Conflict, match="刚有变化"):
        do("carol", add_outlets, "ZNJF", Chosen(kind="VILLAGE_POST"), 3, NOV_10)
    with pytest.raises(Invalid, match="就结束了"):
        do("carol", add_outlets, "ZNJF", Chosen(), 5, DECEMBER_1)
    with pytest.raises(Forbidden):
        do("fang", add_outlets, "ZNJF", Chosen(), 5, NOV_10)
    assert count(CampaignOutlet) == 0


def test_an_outlet_leaves_on_a_day_or_never_took_part(do: Do) -> None:
    a_campaign("WL0001", "WL0002")
    for _ in range(2):
        do("carol", end_participation, "ZNJF", "WL0001", NOV_20)
    do("carol", end_participation, "ZNJF", "WL0002", NOVEMBER_1)
    assert taking_part() == [("WL0001", NOVEMBER_1, NOV_20)]
    assert last_audit() == ("leave_campaign", "WL0002", "Carol")
    with pytest.raises(Missing):
        do("carol", end_participation, "ZNJF", "WL0002", NOV_20)
    with pytest.raises(Invalid, match="不能早于参加日期"):
        do("carol", end_participation, "ZNJF", "WL0001", date(2026, 10, 31))
    with pytest.raises(Missing):
        do("charlie", end_participation, "ZNJF", "WL0001", NOV_20)
    with pytest.raises(Forbidden):
        do("fang", end_participation, "ZNJF", "WL0001", NOV_20)


def test_a_campaign_counts_where_it_runs_and_the_outlet_takes_part(do: Do) -> None:
    a_campaign("WL0001", joined_on=date(2026, 10, 20), left_on=NOV_20)
    a_campaign("WL0002", code="LONG", ends_on=None, joined_on=NOV_10)
    with reading():
        found = campaign_days([1, 2, 4], NOVEMBER_1, DECEMBER_1)
    assert found == {
        1: (CampaignDays("ZNJF", NOVEMBER_1, NOV_20),),
        2: (CampaignDays("LONG", NOV_10, DECEMBER_1),),
    }


def test_nothing_changes_in_a_month_that_is_closed(do: Do) -> None:
    october = date(2026, 10, 1)
    a_campaign("WL0001", starts_on=october)
    close_month(Month(2026, 10), SYSTEM)
    for work in (
        lambda: do("carol", add_outlets, "ZNJF", Chosen(words="WL0002"), 1, date(2026, 10, 31)),
        lambda: do("carol", end_participation, "ZNJF", "WL0001", date(2026, 10, 31)),
        lambda: do("adam", change_campaign, "ZNJF", CampaignFacts("名", date(2026, 9, 1), DECEMBER_1)),
        lambda: do("adam", change_campaign, "ZNJF", CampaignFacts("名", october, date(2026, 10, 20))),
    ):
        with pytest.raises(Conflict, match="2026-11-01"):
            work()
    do("adam", change_campaign, "ZNJF", CampaignFacts("名", october, NOV_20))
    do("carol", end_participation, "ZNJF", "WL0001", NOVEMBER_1)
    assert taking_part() == [("WL0001", october, NOVEMBER_1)]
