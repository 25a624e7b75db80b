"""The pages of the age of cash: what they show, to whom, and an outlet's account line by line."""

import re

import pytest

from agentnet.core.ids import new_id
from agentnet.settlement.ageing.models import RemittanceDays
from agentnet.settlement.rules import Count
from tests import world
from tests.collecting.counter import count, item, record
from tests.settlement.aged import at, enforced, kind_days, night, nov, outlet_days, taken
from tests.settlement.drawer import close, confirm, declare, new_remittance, reject


def figures(page):
    """Return the table rows of a page as plain text cells."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.text, re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row] for row in cells]


@pytest.fixture
def old_cash(app):
    """WL0001 (rural, post): 100.00 of Mon 9 missed three calls by the 18th. JX0001 (urban, bank): 40.00 of Tue 17, none."""
    taken(9, 100_00)
    with at(17):
        record(item(40_00, outlet_code="JX0001"), by="dora")
    night(18)


def test_buckets_keep_town_and_country_apart(old_cash, sign_in):
    page = sign_in("fang").get("/ageing")
    rows = figures(page)
    assert ["没有错过", "1", "40.00", "0", "0.00", "40.00"] in rows
    assert ["3 次以上", "0", "0.00", "1", "100.00", "100.00"] in rows
    assert ["合计", "1", "40.00", "1", "100.00", "140.00"] in rows
    assert page.text.index("小河头村邮站") < page.text.index("杉青闸报刊亭"), "most missed first"
    assert "错过 3 次" in page.text


def test_a_supervisor_sees_the_own_county(old_cash, sign_in):
    page = sign_in("charlie").get("/ageing")
    assert "JX0001" in page.text
    assert "WL0001" not in page.text
    assert ["合计", "1", "40.00", "0", "0.00", "40.00"] in figures(page)


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("missed=3", {"WL0001"}),
        ("missed=0", {"JX0001"}),
        ("missed=1", set()),
        ("setting=URBAN", {"JX0001"}),
        ("unit=WL", {"WL0001"}),
        ("q=报刊", {"JX0001"}),
        ("q=wl0", {"WL0001"}),
        ("standing=warned", set()),
        ("standing=suspended", set()),
        ("missed=junk&setting=junk&unit=junk&standing=junk&sort=junk&cursor=junk", {"WL0001", "JX0001"}),
    ],
)
def test_the_list_narrows(old_cash, sign_in, query, seen):
    page = sign_in("fang").get(f"/ageing?{query}")
    assert {code for code in ("WL0001", "JX0001") if f">{code}<" in page.text} == seen


@pytest.mark.parametrize("sort", ["code", "unit", "missed", "-missed", "oldest", "-due", "due"])
def test_the_list_sorts(old_cash, sign_in, sort):
    page = sign_in("fang").get(f"/ageing?sort={sort}")
    first = page.text.index(">WL0001<") < page.text.index(">JX0001<")
    assert first == (sort in ("-missed", "-due", "oldest", "unit"))


def test_stations_add_up(old_cash, sign_in):
    page = sign_in("fang").get("/ageing/stations")
    rows = figures(page)
    assert ["太平供电所", "1", "100.00", "100.00", "1", "100.00", "错过 3 次", "11月9日 周一", "-"] in rows
    assert ["建设供电所", "1", "40.00", "0.00", "0", "0.00", "没有错过", "昨天", "-"] in rows
    assert next(row for row in rows if "合计" in row[0])[:6] == ["全部单位合计", "2", "140.00", "100.00", "1", "100.00"]
    assert "没有叫这个名字的单位" in sign_in("fang").get("/ageing/stations?q=nowhere").text


def test_punctuality_is_the_share_declared_at_the_first_opportunity(app, sign_in):
    """Mon 9: declared Wed 11 (in time). Wed 11: declared Mon 16 (late, Friday missed). One rejected does not count."""
    taken(9, 100_00)
    with at(11):
        declare(new_remittance(100_00, slip_no="A"))
    taken(11, 50_00)
    with at(16):
        declare(new_remittance(40_00, slip_no="C"))
        gone = declare(new_remittance(10_00, slip_no="D"))
        reject(gone.id)
    night(18)
    page = sign_in("fang").get("/ageing")
    assert "50.0%" in page.text
    assert "最近 90 天 2 笔交款里，1 笔在第一个机会报交" in page.text


def test_an_empty_page_says_so(app, sign_in):
    assert "没有积压的现金" in sign_in("carol").get("/ageing").text
    night(18)
    page = sign_in("carol").get("/ageing")
    assert "没有积压的现金" in page.text
    assert "今天还没有算过" not in page.text


def test_what_was_not_counted_today_is_said(old_cash, sign_in):
    kind_days()
    assert "2 个网点今天还没有算过" in sign_in("carol").get("/ageing").text


def test_late_and_partial_deposits_are_flagged(app, sign_in):
    taken(9, 100_00)
    with at(14):
        new = declare(new_remittance(60_00))
        confirm(new.id, 59_00, "少一元")
    page = sign_in("fang").get("/remittances")
    for words in ("晚 2 次机会", "只交了一部分", "少到账 1.00 元"):
        assert words in page.text
        assert words in sign_in("fang").get(f"/remittances/{new.id}").text


def test_the_account_runs_from_nothing_to_the_balance(app, sign_in):
    """Mon 9: 100 and 20 taken. Tue 10: counted 1 short, 90 declared, 80 arrive, 10 come back. 39 are left."""
    taken(9, 100_00)
    taken(9, 20_00)
    with at(10):
        close(business_on=nov(9), count=Count(other_fen=119_00), explanation="少一元")
        new = declare(new_remittance(90_00))
    with at(11):
        confirm(new.id, 80_00, "银行少收")
    client = sign_in("carol")
    rows = [row[2:] for row in figures(client.get("/outlets/WL0001/accounts/cash"))[1:]]
    assert [row[1:] for row in rows] == [
        ["10.00", "-", "39.00"],
        ["-", "90.00", "29.00"],
        ["-", "1.00", "119.00"],
        ["20.00", "-", "120.00"],
        ["100.00", "-", "100.00"],
    ]
    assert rows[0][0] == "未到账，退回手头 JK-0001"
    assert rows[2][0].startswith("长短款")
    assert rows[4][0] == "收费 WL0001-261109-0001"
    upwards = figures(client.get("/outlets/WL0001/accounts/cash?sort=posted"))[1:]
    assert [row[5] for row in upwards] == ["100.00", "120.00", "119.00", "29.00", "39.00"]
    transit = [row[3:] for row in figures(client.get("/outlets/WL0001/accounts/transit"))[1:]]
    assert sorted(transit) == sorted([["-", "10.00", "0.00"], ["-", "80.00", "10.00"], ["90.00", "-", "90.00"]])
    assert "还没有往来" in client.get("/outlets/WL0001/accounts/float").text


def test_the_balance_goes_on_over_the_page(app, sign_in):
    record(*(item(100 + number, world.MEI) for number in range(60)))
    client = sign_in("carol")
    first = client.get("/outlets/WL0001/accounts/cash")
    held = sum(range(100, 160))
    assert figures(first)[1][5] == f"{held / 100:.2f}"
    cursor = re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    second = figures(client.get(cursor))[1:]
    assert len(second) == 30
    assert second[-1][5] == second[-1][3], "the first line ever leads from nothing"
    back = figures(client.get(cursor + "&sort=posted"))[1:]
    assert back[0][5] == back[0][3]


@pytest.mark.parametrize("name", ["cash", "float", "transit"])
def test_another_county_has_no_such_account(app, sign_in, name):
    for username in ("charlie", "dora", "alan"):
        assert sign_in(username).get(f"/outlets/WL0001/accounts/{name}").status_code == 404
    assert sign_in("alice").get(f"/outlets/WL0001/accounts/{name}").status_code == 200
    assert sign_in("carol").get("/outlets/WL0001/accounts/received").status_code == 404


def typed(**changes):
    return {
        "id": str(new_id()),
        "rhythm": "WEEKDAYS",
        "weekdays": ["2", "4"],
        "starts_on": "2026-11-18",
        "reason": "邮路调整",
    } | changes


def test_a_supervisor_changes_an_outlets_days(old_cash, sign_in):
    carol = sign_in("carol")
    form = carol.get("/outlets/WL0001/remittance-days/change")
    assert re.findall(r'<input checked[^>]*name="weekdays"[^>]*value="(.)"', form.text) == ["1", "3", "5"]
    answer = carol.post("/outlets/WL0001/remittance-days/change", data=typed())
    assert (answer.status_code, answer.location) == (303, "/outlets/WL0001/remittance-days")
    page = carol.get(answer.location)
    for words in ("周二、周四，节假日除外", "这个网点单独的", "邮路调整", "11月24日"):
        assert words in page.text
    assert "小河头村邮站" in carol.get("/remittance-days").text
    assert "小河头村邮站" not in sign_in("charlie").get("/remittance-days").text
    assert "周二、周四" in sign_in("alice").get("/outlets/WL0001/remittance-days").text


def test_wrong_days_are_said_and_stay_typed(app, sign_in):
    answer = sign_in("carol").post("/outlets/WL0001/remittance-days/change", data=typed(weekdays=[]))
    assert answer.status_code == 422
    assert "请选择每周哪几天" in answer.text
    assert 'value="邮路调整"' in answer.text
    answer = sign_in("carol").post("/outlets/WL0001/remittance-days/change", data=typed(rhythm="SOMETIMES"))
    assert answer.status_code == 422
    assert count(RemittanceDays) == 0


def test_only_the_companys_office_changes_a_kind(app, sign_in):
    kind = typed(suspend_after="2")
    assert "保存解款日" not in sign_in("carol").get("/remittance-days/VILLAGE_POST").text
    assert sign_in("carol").post("/remittance-days/VILLAGE_POST", data=kind).status_code == 403
    adam = sign_in("adam")
    assert adam.post("/remittance-days/VILLAGE_POST", data=kind | {"suspend_after": "99"}).status_code == 422
    assert adam.post("/remittance-days/VILLAGE_POST", data=kind).status_code == 303
    assert adam.post("/remittance-days/VILLAGE_POST", data=kind).status_code == 303
    assert count(RemittanceDays) == 1
    page = adam.get("/remittance-days")
    assert ["村邮站", "周二、周四，节假日除外", "错过 2 次自动暂停", "今天", "修改"] in figures(page)
    assert adam.get("/remittance-days/KIOSK").status_code == 404


@pytest.mark.parametrize("username", ["alice", "bob", "fang", "audrey"])
def test_others_change_no_days(app, sign_in, username):
    client = sign_in(username)
    for path in ("/outlets/WL0001/remittance-days/change", "/remittance-days/VILLAGE_POST"):
        assert client.post(path, data=typed(suspend_after="2")).status_code == 403
    assert count(RemittanceDays) == 0


def test_who_is_warned_and_who_is_suspended_is_in_the_list(app, sign_in):
    enforced(2)
    taken(11, 100_00)
    night(16)
    with at(16):
        page = sign_in("carol").get("/ageing?standing=warned")
        assert "WL0001" in page.text
        assert "今天不交就暂停" in page.text
    night(17)
    with at(17):
        assert "WL0001" in sign_in("carol").get("/ageing?standing=suspended").text
        assert ">WL0001<" not in sign_in("carol").get("/ageing?standing=warned").text
    with at(17):
        outlet_days(rhythm="NONE", weekdays="", starts_on=nov(1))
        assert ">WL0001<" not in sign_in("carol").get("/ageing?standing=suspended").text


def test_keeper_and_supervisor_are_warned_on_the_last_day_and_told_afterwards(app, sign_in):
    """Cash of Wed 11, suspension after two: Fri 13 missed, on Mon 16 it is the last chance, on Tue 17 it is done."""
    enforced(2)
    taken(11, 100_00)
    alice, carol = sign_in("alice"), sign_in("carol")
    night(13)
    with at(13):
        assert "交款机会" not in alice.get("/collect").text
    night(14)
    with at(14):
        assert "已错过 1 次交款机会：以前收的 100.00 元。下一个交款日" in alice.get("/collect").text
        assert "自动暂停" not in carol.get("/").text
    night(16)
    with at(16):
        for path in ("/collect", "/drawer"):
            assert "今天是最后的机会" in alice.get(path).text
        assert "个网点今天不交款就自动暂停" in carol.get("/").text
        assert "个网点今天不交款就自动暂停" not in sign_in("charlie").get("/").text
    night(17)
    with at(17):
        for path in ("/collect", "/drawer"):
            assert "本网点已自动暂停收费" in alice.get(path).text
        assert "个网点因逾期未交款已暂停" in carol.get("/").text
        page = carol.get("/outlets/WL0001")
        assert "逾期未交款，系统自动暂停" in page.text
        assert "REMITTANCE_OVERDUE" not in page.text
        confirm(declare(new_remittance(100_00)).id, 100_00)
        assert "暂停" not in alice.get("/collect").text
        assert "逾期" not in carol.get("/").text
