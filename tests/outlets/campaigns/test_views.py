"""The pages of campaigns, and outlets that take part from a file."""

from datetime import date
from io import BytesIO

import pytest

from agentnet.core.ids import new_id
from agentnet.outlets.campaigns.models import Campaign, CampaignOutlet
from tests.commission.facts import collected
from tests.conftest import SignIn
from tests.outlets.campaigns.given import a_campaign
from tests.outlets.campaigns.test_actions import NOV_10, NOVEMBER_1, taking_part
from tests.outlets.helpers import count

PATHS = ["/campaigns", "/campaigns/ZNJF", "/campaigns/ZNJF/edit", "/campaigns/new", "/campaigns/ZNJF/outlets/add"]


@pytest.mark.parametrize("path", PATHS)
def test_an_administrator_sees_every_page_in_both_languages(sign_in: SignIn, path: str) -> None:
    a_campaign("WL0001")
    adam = sign_in("adam")
    for language in ("zh-CN", "en"):
        answer = adam.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200, path


def test_an_empty_register_says_what_to_do(sign_in: SignIn) -> None:
    assert "还没有活动" in sign_in("alice").get("/campaigns").text
    a_campaign()
    assert "您管辖的网点都没有参加" in sign_in("carol").get("/campaigns/ZNJF").text


def test_a_campaign_is_entered_from_its_page_with_its_last_day(sign_in: SignIn) -> None:
    adam = sign_in("adam")
    form = {"id": str(new_id()), "code": "ZNJF", "name": "助农缴费", "starts_on": "2026-11-01", "last_on": "2026-11-30"}
    for _ in range(2):
        assert adam.post("/campaigns/new", data=form).status_code == 303
    assert count(Campaign) == 1
    assert "2026-11-30" in adam.get("/campaigns").text
    wrong = adam.post("/campaigns/new", data={**form, "id": str(new_id()), "code": "X", "last_on": "2026-10-01"})
    assert (wrong.status_code, "终止日要晚于起始日" in wrong.text) == (422, True)
    changed = adam.post("/campaigns/ZNJF/edit", data={**form, "version": "1", "name": "助农缴费周"})
    assert (changed.status_code, "助农缴费周" in adam.get("/campaigns").text) == (303, True)


def test_outlets_are_chosen_seen_and_added(sign_in: SignIn) -> None:
    a_campaign()
    carol = sign_in("carol")
    page = carol.get("/campaigns/ZNJF/outlets/add?kind=VILLAGE_POST")
    assert "把这 2 个网点加入" in page.text
    form = {"id": str(new_id()), "seen": "2", "on": NOV_10.isoformat()}
    for _ in range(2):
        assert carol.post("/campaigns/ZNJF/outlets/add?kind=VILLAGE_POST", data=form).status_code == 303
    assert taking_part() == [("WL0001", NOV_10, None), ("WL0005", NOV_10, None)]
    stale = carol.post("/campaigns/ZNJF/outlets/add", data={**form, "id": str(new_id()), "seen": "9"})
    assert (stale.status_code, "刚有变化" in stale.text) == (409, True)
    assert "WL0001" in carol.get("/campaigns/ZNJF?q=wl0001").text
    assert carol.get("/outlets/WL0001").text.count("/campaigns/ZNJF") == 1
    assert "WL0001" not in sign_in("charlie").get("/campaigns/ZNJF").text


def test_an_outlet_leaves_from_its_page(sign_in: SignIn) -> None:
    a_campaign("WL0001")
    carol = sign_in("carol")
    assert carol.get("/campaigns/ZNJF/outlets/WL0001/end").status_code == 200
    assert carol.post("/campaigns/ZNJF/outlets/WL0001/end", data={"on": NOV_10.isoformat()}).status_code == 303
    assert taking_part() == [("WL0001", NOVEMBER_1, NOV_10)]
    assert sign_in("fang").post("/campaigns/ZNJF/outlets/WL0001/end", data={"on": "2026-11-11"}).status_code == 403
    assert sign_in("charlie").get("/campaigns/ZNJF/outlets/WL0001/end").status_code == 404


def brought(client, text: str) -> tuple[int, str]:
    """Bring a file and confirm it if it can be; return the status of the last step and what the page said."""
    file = (BytesIO(text.encode()), "who.csv")
    tried = client.post("/imports", data={"kind": "campaign-outlets", "file": file})
    page = client.get(tried.location)
    address = tried.location.partition("?")[0]
    sent = client.post(address, data={"name": "who.csv"})
    return sent.status_code, page.text


def test_outlets_come_from_a_file_and_the_same_file_changes_nothing(sign_in: SignIn) -> None:
    a_campaign()
    carol = sign_in("carol")
    head = "活动编号,网点编号,参加日期,退出日期\n"
    assert brought(carol, head + "ZNJF,WL0001,2026-11-10,\nZNJF,WL0002,2026-11-10,2026-11-20\n")[0] == 303
    assert [row[0] for row in taking_part()] == ["WL0001", "WL0002"]
    brought(carol, head + "ZNJF,WL0001,2026-11-10,2026-11-15\n")
    assert taking_part()[0][2].isoformat() == "2026-11-15"
    brought(carol, head + "ZNJF,WL0001,2026-11-10,2026-11-15\n")
    for line, why in (
        ("NONE,WL0001,2026-11-10,", "没有找到这个活动"),
        ("ZNJF,JX0001,2026-11-10,", "没有找到这个网点"),
        ("ZNJF,WL0002,2026-11-12,", "已经参加了这个活动"),
        ("ZNJF,WL0005,2026-12-12,", "就结束了"),
        ("ZNJF,WL0005,2026-11-12,2026-11-01", "终止日要晚于起始日"),
    ):
        assert why in brought(carol, head + line + "\n")[1], line
    assert count(CampaignOutlet) == 2
    exported = carol.get("/exports/campaign-outlets.csv")
    assert "ZNJF,WL0001,2026-11-10,2026-11-15" in exported.text


def test_the_collections_of_a_campaign_are_listed_and_summed(sign_in: SignIn) -> None:
    a_campaign("WL0001", joined_on=NOV_10, left_on=date(2026, 11, 12))
    for day, fen in ((9, 1_00), (10, 2_00), (11, 4_00), (12, 8_00)):
        collected("WL0001", fen, on=date(2026, 11, day))
    collected("WL0002", 16_00, on=NOV_10)
    carol = sign_in("carol")
    link = "/collections?campaign=ZNJF&amp;from=2026-11-01&amp;to=2026-11-18"
    assert link in carol.get("/campaigns/ZNJF").text
    page = carol.get(link.replace("&amp;", "&")).text
    assert ("6.00" in page, "16.00" in page) == (True, False)
