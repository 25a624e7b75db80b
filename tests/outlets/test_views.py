"""The register's pages, each seen by the cast."""

import re
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, select, update

from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.models import Agreement, Outlet, Partner, Tender, Terminal
from agentnet.users.models import RoleGrant
from tests import world
from tests.conftest import SignIn
from tests.outlets.helpers import count, outlet, photo

TODAY = world.TODAY.isoformat()

READING = ["/outlets", "/outlets/WL0001", "/partners"]
MANAGER_PAGES = ["/managers", "/managers/M001", "/dockings"]
EDITING = [
    "/outlets/new",
    "/outlets/WL0001/edit",
    "/outlets/WL0001/move",
    "/outlets/WL0001/step/SUSPENDED",
    "/outlets/WL0009/step/SITE_CHECK",
    "/outlets/WL0001/hours",
    "/outlets/WL0001/offer",
    "/outlets/WL0001/terminals/new",
    "/outlets/WL0001/agreements/new",
    "/outlets/WL0001/agreements/DH-0001/end",
    "/outlets/WL0001/managers/primary",
    "/outlets/WL0001/managers/deputy",
    "/outlets/WL0001/managers/deputy/end",
    "/managers/new",
    "/managers/M001/edit",
    "/managers/M001/leave",
    f"/dockings/{world.OTHER_VILLAGE}/new",
    f"/dockings/{world.VILLAGE}/end",
]
ADMINISTRATION = ["/tenders", "/partners/new", "/partners/POST/edit"]

APPLICATION = {
    "code": "WL0020",
    "name": "垟岙报刊亭",
    "kind": "NEWSSTAND",
    "unit": "WL-ZG",
    "village": "垟岙村委会",
    "setting": "RURAL",
    "address": "垟岙村口 8 号",
    "phone": "13800000099",
    "staffed": "y",
    "applied_on": TODAY,
}


@pytest.mark.parametrize("path", [*READING, *MANAGER_PAGES, *EDITING, *ADMINISTRATION])
def test_an_administrator_sees_every_page_in_both_languages(sign_in: SignIn, path: str) -> None:
    adam = sign_in("adam")
    for language in ("zh-CN", "en"):
        answer = adam.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200, path
        main = answer.text.split("<main", 1)[1]
        assert "<h1>" in main
        assert not re.search(r"\b(VILLAGE_POST|PRIMARY|ACTIVE|RURAL)\b<", main)


@pytest.mark.parametrize("path", READING)
@pytest.mark.parametrize("username", ["alice", "bob", "carol", "fang", "paul", "audrey"])
def test_everybody_reads_their_outlet(sign_in: SignIn, username: str, path: str) -> None:
    assert sign_in(username).get(path).status_code == 200


@pytest.mark.parametrize("path", EDITING)
@pytest.mark.parametrize("username", ["alice", "bob", "fang", "paul", "audrey"])
def test_only_who_edits_the_register_sees_its_forms(sign_in: SignIn, username: str, path: str) -> None:
    client = sign_in(username)
    assert client.get(path).status_code == 403
    assert client.post(path).status_code == 403


@pytest.mark.parametrize("path", [path for path in [*READING, *MANAGER_PAGES, *EDITING] if "0" in path])
def test_a_stranger_finds_nothing(sign_in: SignIn, path: str) -> None:
    charlie = sign_in("charlie")
    assert charlie.get(path).status_code == 404
    if path in EDITING:
        assert charlie.post(path, data={"on": TODAY}).status_code == 404


def test_the_list_holds_the_territory_and_no_more(sign_in: SignIn) -> None:
    assert "JX0001" not in sign_in("carol").get("/outlets").text
    page = sign_in("charlie").get("/outlets").text
    assert "JX0001" in page
    assert "WL0001" not in page
    assert "WL0002" not in sign_in("alice").get("/outlets").text


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("q=垟岙", {"WL0004", "WL0005"}),
        ("q=wl0002", {"WL0002"}),
        ("q=鲍勃", {"WL0001", "WL0002"}),
        ("q=%25", set()),
        ("state=APPLIED", {"WL0009"}),
        ("kind=VILLAGE_POST", {"WL0001", "WL0005"}),
        ("setting=URBAN", {"JX0001"}),
        ("unit=WL-ZG", {"WL0004", "WL0005", "WL0009"}),
        ("partner=POST", {"WL0001", "WL0005"}),
        ("lacks=manager", {"WL0009"}),
        ("manager=none", {"WL0009"}),
        ("lacks=agreement", {"WL0009"}),
        ("lacks=position", set()),
        ("cash=high", set()),
        ("open=now", {"WL0001", "WL0002", "WL0004", "WL0005", "JX0001"}),
        ("state=junk&kind=junk&unit=junk", {"WL0001", "WL0002", "WL0004", "WL0005", "WL0009", "JX0001"}),
    ],
)
def test_the_list_is_narrowed_by_its_address(sign_in: SignIn, query: str, codes: set[str]) -> None:
    page = sign_in("adam").get(f"/outlets?{query}")
    assert page.status_code == 200
    assert set(re.findall(r'class="digits" href="/outlets/([A-Z0-9]+)"', page.text)) == codes


@pytest.mark.parametrize("sort", ["code", "-name", "unit", "manager", "-opened_on", "junk"])
def test_the_list_is_sorted_as_asked(sign_in: SignIn, sort: str) -> None:
    assert sign_in("adam").get(f"/outlets?sort={sort}").status_code == 200


@pytest.mark.parametrize(
    ("query", "change"),
    [
        ("", update(Outlet).where(Outlet.code == "WL0001").values(setting="URBAN")),
        ("?state=ACTIVE", update(Outlet).where(Outlet.code == "WL0001").values(setting="URBAN")),
        ("?lacks=agreement", update(Agreement).values(ends_on=world.TODAY)),
        ("?partner=POST", update(Partner).where(Partner.code == "POST").values(code="MAIL")),
    ],
)
def test_how_many_outlets_there_are_is_of_this_moment(sign_in: SignIn, query: str, change: Any) -> None:
    carol = sign_in("carol")

    def told() -> str:
        return re.search(r"\d+ 个网点：城区 \d+，农村 \d+", carol.get(f"/outlets{query}").text)[0]

    before = told()
    assert told() == before
    with batch():
        db.session.execute(change)
    assert told() != before


def test_the_list_asks_a_bounded_number_of_queries(sign_in: SignIn) -> None:
    carol = sign_in("carol")
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    carol.get("/outlets")
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) <= 10


def test_the_list_is_handed_over_as_a_file_by_who_may(sign_in: SignIn) -> None:
    csv = sign_in("carol").get("/outlets/list.csv?state=ACTIVE").data.decode("utf-8-sig").splitlines()
    assert csv[0].startswith("编号,名称,类型,状态,城乡")
    assert [line.split(",")[0] for line in csv[1:]] == ["WL0001", "WL0002", "WL0004", "WL0005"]
    book = load_workbook(BytesIO(sign_in("paul").get("/outlets/list.xlsx").data))
    assert [row[0].value for row in book.active.iter_rows(min_row=2)] == ["WL0001", "WL0005"]
    assert sign_in("alice").get("/outlets/list.csv").status_code == 403
    assert sign_in("carol").get("/outlets/list.exe").status_code == 404


def test_the_outlet_page_tells_all_facts(sign_in: SignIn) -> None:
    page = sign_in("carol").get("/outlets/WL0005").text
    for words in (
        "垟岙村邮站",
        "营业中",
        "此刻开门",
        "P-1005",
        "东海邮政",
        "垟岙村便民服务中心",
        "贝恩宁",
        "5,000.00",
        "08:00–18:00",
        "现金",
        "推算，非实测",
        "每天",
    ):
        assert words in page
    assert "改资料" in page
    assert "改资料" not in sign_in("ben").get("/outlets/WL0005").text


def test_a_feature_above_adds_its_part_to_the_story(app: Any, sign_in: SignIn) -> None:
    told: list[tuple[str, str]] = []

    def part(viewer: Any, outlet: Outlet) -> tuple[str, dict[str, Any]]:
        told.append((viewer.name, outlet.code))
        return "macros/_person.html", {}

    app.extensions["agentnet.outlet_story"] = (part,)
    carol = sign_in("carol")
    with_part = carol.get("/outlets/WL0001").text
    app.extensions["agentnet.outlet_story"] = ()
    assert told == [("Carol", "WL0001")]
    assert with_part.count("data-menu") == carol.get("/outlets/WL0001").text.count("data-menu") + 1


def test_an_outlet_is_registered_once_however_often_it_is_sent(sign_in: SignIn) -> None:
    carol, form = sign_in("carol"), {"id": str(new_id()), **APPLICATION}
    before = count(Outlet)
    for _ in range(2):
        answer = carol.post("/outlets/new", data=form)
        assert (answer.status_code, answer.location) == (303, "/outlets/WL0020")
    assert count(Outlet) == before + 1
    assert carol.post("/outlets/new", data={**form, "name": "别的"}).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "请填写网点名称"),
        ({"kind": "JUNK"}, "请从列出的选项中选择"),
        ({"unit": "JX-NH-1"}, "请从列出的选项中选择"),
        ({"village": "没有的村"}, "没有这个村"),
        ({"village": "村委会"}, "有多个村符合"),
        ({"code": "WL0001"}, "已经用过"),
        ({"phone": "1380000"}, "11 位手机号"),
        ({"longitude": "abc"}, "请输入度数"),
        ({"longitude": "121.3"}, "经度和纬度要一起填"),
        ({"host": "WL0004"}, "托管村邮站"),
        ({"applied_on": "2027-01-01"}, "不能晚于今天"),
        ({"phone": "13800000000"}, "可能已经登记过"),
    ],
)
def test_a_mistake_is_shown_and_leaves_nothing(sign_in: SignIn, wrong: dict[str, str], words: str) -> None:
    before = count(Outlet)
    answer = sign_in("carol").post("/outlets/new", data={"id": str(new_id()), **APPLICATION, **wrong})
    assert answer.status_code == 422
    assert words in answer.text
    assert "垟岙村口 8 号" in answer.text
    assert count(Outlet) == before


def test_a_lookalike_that_really_is_another_may_be_registered(sign_in: SignIn) -> None:
    form = {"id": str(new_id()), **APPLICATION, "phone": "13800000000", "really_another": "y"}
    assert sign_in("carol").post("/outlets/new", data=form).status_code == 303


def test_an_edit_of_something_changed_meanwhile_is_shown_as_such(sign_in: SignIn) -> None:
    carol = sign_in("carol")
    form = {key: value for key, value in APPLICATION.items() if key not in ("code", "unit", "applied_on")}
    assert carol.post("/outlets/WL0009/edit", data={**form, "version": "1"}).status_code == 303
    answer = carol.post("/outlets/WL0009/edit", data={**form, "version": "1", "name": "又一个"})
    assert answer.status_code == 409
    assert "已被别人改过" in answer.text
    assert outlet("WL0009").name == "垟岙报刊亭"


def test_a_step_that_shuts_a_counter_is_shown_once_more_before_it_happens(sign_in: SignIn) -> None:
    carol, form = sign_in("carol"), {"version": "1", "on": TODAY, "reason": "店主住院"}
    page = carol.post("/outlets/WL0002/step/SUSPENDED", data=form)
    assert page.status_code == 200
    assert "请再看一遍" in page.text
    assert outlet("WL0002").state == "ACTIVE"
    assert carol.post("/outlets/WL0002/step/SUSPENDED", data={**form, "confirmed": "back"}).status_code == 200
    assert carol.post("/outlets/WL0002/step/SUSPENDED", data={**form, "confirmed": "yes"}).status_code == 303
    assert outlet("WL0002").state == "SUSPENDED"
    assert carol.post("/outlets/WL0002/step/SUSPENDED", data={**form, "confirmed": "yes"}).status_code == 404


def test_a_step_without_its_reason_or_readiness_is_refused_on_the_form(sign_in: SignIn) -> None:
    carol = sign_in("carol")
    answer = carol.post("/outlets/WL0002/step/CLOSED", data={"version": "1", "on": TODAY})
    assert (answer.status_code, "请写明原因" in answer.text) == (422, True)
    for state in ("SITE_CHECK", "APPROVED"):
        version = str(outlet("WL0009").version)
        assert carol.post(f"/outlets/WL0009/step/{state}", data={"version": version, "on": TODAY}).status_code == 303
    form = {"version": str(outlet("WL0009").version), "on": TODAY, "confirmed": "yes"}
    answer = carol.post("/outlets/WL0009/step/ACTIVE", data=form)
    assert (answer.status_code, "还没有主责经理" in answer.text) == (422, True)


def test_hours_are_typed_once_for_the_whole_week(sign_in: SignIn) -> None:
    carol = sign_in("carol")
    form = {"version": "1", "monday": "6:00-20:00", "like_monday": "y"}
    assert carol.post("/outlets/WL0001/hours", data=form).status_code == 303
    assert "06:00–20:00" in carol.get("/outlets/WL0001").text
    wrong = carol.post("/outlets/WL0001/hours", data={"version": "2", "monday": "20:00-02:00"})
    assert (wrong.status_code, "过了零点" in wrong.text) == (422, True)


def test_tenders_and_services_are_ticked(sign_in: SignIn) -> None:
    carol = sign_in("carol")
    form = {"version": "1", "tenders": ["CASH", "ALIPAY"], "services": ["FAULT_REPAIR", "OUTAGE_NOTICE"]}
    assert carol.post("/outlets/WL0001/offer", data=form).status_code == 303
    page = carol.get("/outlets/WL0001").text
    assert "支付宝" in page
    assert "停送电公告通知" in page
    refused = carol.post("/outlets/WL0001/offer", data={"version": "3", "tenders": ["ALIPAY"]})
    assert (refused.status_code, "不得拒收现金" in refused.text) == (422, True)
    assert carol.post("/outlets/WL0001/offer", data={"version": "3", "tenders": ["E_CNY"]}).status_code == 422


def test_the_administrator_opens_a_tender_for_the_company(sign_in: SignIn) -> None:
    assert sign_in("carol").post("/tenders/E_CNY", data={"enabled": "yes"}).status_code == 403
    assert sign_in("adam").post("/tenders/E_CNY", data={"enabled": "yes"}).status_code == 303
    with reading():
        assert db.session.get_one(Tender, "E_CNY").enabled
    assert sign_in("adam").post("/tenders/CASH", data={"enabled": "no"}).status_code == 422
    assert sign_in("adam").post("/tenders/GOLD", data={"enabled": "yes"}).status_code == 404


def test_who_administers_a_county_leaves_what_is_the_companys(sign_in: SignIn) -> None:
    with batch() as session:
        session.execute(update(RoleGrant).where(RoleGrant.user_id == 12).values(org_unit_id=world.WENLING.id))
    adam, form = sign_in("adam"), {"id": str(new_id()), "code": "CHAIN", "name": "东海便利", "kind": "CHAIN"}
    assert adam.post("/tenders/E_CNY", data={"enabled": "yes"}).status_code == 403
    assert adam.post("/partners/new", data=form).status_code == 403
    assert adam.post("/partners/POST/edit", data={**form, "version": "1"}).status_code == 403
    assert "/partners/new" not in adam.get("/partners").text
    assert count(Partner) == 2
    with reading():
        assert not db.session.get_one(Tender, "E_CNY").enabled


def test_a_terminal_is_entered_and_taken_away(sign_in: SignIn) -> None:
    carol, form = sign_in("carol"), {"id": str(new_id()), "kind": "CASH", "serial_no": "T-77", "on": TODAY}
    for _ in range(2):
        assert carol.post("/outlets/WL0001/terminals/new", data=form).status_code == 303
    assert count(Terminal) == 1
    assert carol.get("/outlets/WL0001/terminals/T-77/remove").status_code == 200
    assert carol.post("/outlets/WL0001/terminals/T-77/remove", data={"on": TODAY}).status_code == 303
    assert (
        carol.post("/outlets/WL0001/terminals/new", data={**form, "id": str(new_id()), "serial_no": "A/B"}).status_code
        == 422
    )


PDF = b"%PDF-1.7\n% an agreement"


@pytest.mark.parametrize(
    ("sent", "kind"), [(PDF, "application/pdf"), (photo(), "image/jpeg"), (photo("PNG"), "image/jpeg")]
)
def test_an_agreement_is_kept_with_its_paper(sign_in: SignIn, sent: bytes, kind: str) -> None:
    carol = sign_in("carol")
    form = {
        "id": str(new_id()), "number": "DH-2026-9", "starts_on": TODAY, "holding_mode": "POSTPAID",
        "ceiling": "4000", "single_limit": "2,000.00", "plan": "1",
    }  # fmt: skip
    answer = carol.post("/outlets/WL0001/agreements/new", data={**form, "document": (BytesIO(sent), "协议.pdf")})
    assert answer.status_code == 303
    with reading():
        row = db.session.scalars(select(Agreement).where(Agreement.number == "DH-2026-9")).one()
        assert (row.ceiling_fen, row.single_limit_fen, row.plan_id) == (400_000, 200_000, 1)
    paper = carol.get("/outlets/WL0001/agreements/DH-2026-9/document")
    assert (paper.status_code, paper.content_type) == (200, kind)
    assert sign_in("charlie").get("/outlets/WL0001/agreements/DH-2026-9/document").status_code == 404
    assert carol.get("/outlets/WL0001/agreements/DH-0001/document").status_code == 404


def test_a_paper_that_is_none_is_refused_on_the_form(sign_in: SignIn) -> None:
    before = count(Agreement)
    form = {
        "id": str(new_id()), "number": "DH-2026-9", "starts_on": TODAY, "holding_mode": "POSTPAID",
        "ceiling": "8000", "single_limit": "2000", "document": (BytesIO(b"<html>"), "a.pdf"),
    }  # fmt: skip
    answer = sign_in("carol").post("/outlets/WL0001/agreements/new", data=form)
    assert (answer.status_code, "不是能读的照片" in answer.text) == (422, True)
    assert count(Agreement) == before
