"""The office's lists of collections and households: territory, filters, exports, names shown for a reason."""

import pytest
from sqlalchemy import select

from agentnet.bench.posting_replay import captured
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from tests import world
from tests.collecting.counter import count, item, record


@pytest.mark.parametrize(
    ("username", "seen"),
    [("carol", {"WL0001"}), ("charlie", {"JX0001"}), ("fang", {"WL0001", "JX0001"}), ("paul", {"WL0001"}), ("audrey", {"WL0001", "JX0001"}), ("alice", {"WL0001"})],
)  # fmt: skip
def test_the_list_holds_the_territory_alone(app, sign_in, username, seen):
    record(item())
    record(item(777, outlet_code="JX0001"), by="dora")
    page = sign_in(username).get("/collections")
    assert {code for code in ("WL0001", "JX0001") if f"{code}-261118" in page.text} == seen


def test_the_list_filters_sorts_and_sums(app, sign_in):
    record(item(538), item(10200, world.MEI), item(300, world.OLD, tender="UNIONPAY_CARD", reference="x"))
    carol = sign_in("carol")
    assert "110.38" in carol.get("/collections").text
    assert "合计 1 笔" in carol.get("/collections?tender=UNIONPAY_CARD").text
    assert "合计 1 笔" in carol.get(f"/collections?q={world.MEI}").text
    assert "没有符合条件" in carol.get("/collections?from=2026-01-01&to=2026-02-01").text
    assert "没有符合条件" in carol.get("/collections?state=voided").text
    assert "没有符合条件" in carol.get("/collections?outlet=JX0001").text
    assert "没有符合条件" in carol.get("/collections?setting=URBAN").text
    by_amount = carol.get("/collections?sort=-amount").text
    assert by_amount.index("102.00") < by_amount.index("5.38") < by_amount.index("3.00")
    assert carol.get("/collections?from=junk&sort=junk&cursor=junk").status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "soon"])
def test_a_day_that_is_none_is_no_filter(app, sign_in, day):
    assert sign_in("carol").get(f"/collections?from={day}&to={day}").status_code == 200


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_list_is_exported_masked(app, sign_in, kind):
    record(item(538, reference=None))
    answer = sign_in("carol").get(f"/collections.{kind}")
    assert answer.status_code == 200
    if kind == "csv":
        text = answer.data.decode("utf-8-sig")
        assert "5.38" in text
        assert "*********0025" in text
        assert "**刚" in text
        assert "林志刚" not in text
        assert world.GANG not in text
    else:
        assert answer.data[:2] == b"PK"


def test_an_export_never_holds_a_formula(app, sign_in):
    record(item(538, tender="UNIONPAY_CARD", reference="=1+1"))
    assert "'=1+1" in sign_in("carol").get("/collections.csv").data.decode("utf-8-sig")


@pytest.mark.parametrize(("username", "status"), [("alice", 403), ("bob", 403), ("paul", 200), ("audrey", 200)])
def test_who_may_export(app, sign_in, username, status):
    assert sign_in(username).get("/collections.csv").status_code == status
    assert sign_in(username).get("/collections.exe").status_code == (404 if status == 200 else 403)


def test_households_are_found_masked_in_the_territory_alone(app, sign_in):
    carol, charlie = sign_in("carol"), sign_in("charlie")
    page = carol.get("/households")
    assert "**梅" in page.text
    assert "陈小梅" not in page.text
    assert "**明" not in page.text
    assert "**明" in charlie.get("/households?q=567890").text
    assert "**刚" in carol.get("/households?q=0025").text
    assert "**刚" in carol.get("/households?q=小河头").text
    assert carol.get(f"/households/{world.OLD}").status_code == 404
    assert carol.get(f"/households/{world.MEI}").status_code == 200


def test_a_name_is_revealed_for_a_reason_that_is_written_down(app, sign_in):
    carol = sign_in("carol")
    page = carol.post(f"/households/{world.MEI}/reveal", data={"reason": "客户来电核对"})
    assert (page.status_code, "陈小梅" in page.text) == (200, True)
    with reading():
        line = db.session.scalars(select(AuditLine)).one()
    assert (line.action, line.subject_id, line.after) == ("household_revealed", world.MEI, {"reason": "客户来电核对"})


@pytest.mark.parametrize("reason", ["", " ", "看"])
def test_without_a_reason_no_name(app, sign_in, reason):
    page = sign_in("carol").post(f"/households/{world.MEI}/reveal", data={"reason": reason})
    assert page.status_code == 422
    assert "陈小梅" not in page.text
    assert count(AuditLine) == 0


@pytest.mark.parametrize(("username", "status"), [("alice", 403), ("audrey", 403), ("charlie", 404), ("fang", 200)])
def test_who_may_reveal(app, sign_in, username, status):
    page = sign_in(username).post(f"/households/{world.MEI}/reveal", data={"reason": "客户来电核对"})
    assert page.status_code == status
    assert ("陈小梅" in page.text) == (status == 200)


def test_a_full_page_costs_as_many_queries_as_a_row(app, sign_in):
    carol = sign_in("carol")
    record(item(1, world.OLD))

    def queries(path):
        carol.get(path)  # what is kept for the next page is known from here on
        with captured(db.engine) as statements:
            assert carol.get(path).status_code == 200
        return len(statements)

    few = {path: queries(path) for path in ("/collections", "/collections.csv", "/households")}
    record(*(item(2 + number, world.OLD) for number in range(70)))
    assert {path: queries(path) for path in few} == few
    assert few["/collections"] <= 8
