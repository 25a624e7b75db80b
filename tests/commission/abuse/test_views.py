"""Pages of patterns: the month's list by territory, the evidence with masked households, the mark, and the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from agentnet.commission.abuse import actions
from agentnet.commission.abuse.jobs import look_for_patterns
from agentnet.commission.abuse.models import PatternFinding
from agentnet.core.ids import new_id
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from tests import world
from tests.commission.abuse.test_actions import NOV_5, a_split, findings, look
from tests.commission.facts import NEWSSTAND, collected

SignIn = Callable[[str], FlaskClient]
LIST = "/commission/patterns?month=2026-11"


def found() -> PatternFinding:
    with reading():
        return db.session.scalars(select(PatternFinding).where(PatternFinding.outlet_id == 1)).one()


def a_november() -> None:
    a_split(on=NOV_5)
    collected(NEWSSTAND, 30_00, 20_00, on=NOV_5)
    look_for_patterns()


def test_a_supervisor_sees_the_own_territory_and_what_it_costs(sign_in: SignIn) -> None:
    a_november()
    carol, fang = sign_in("carol").get(LIST).text, sign_in("fang").get(LIST).text
    for words in ("同一户拆成几笔", "WL0001", "0.50", "未看"):
        assert words in carol, words
    assert "JX0001" not in carol
    assert "JX0001" in fang
    assert "1.00" in fang  # both outlets' cost


def test_the_evidence_is_shown_with_masked_households(sign_in: SignIn) -> None:
    a_november()
    page = sign_in("carol").get(f"/commission/patterns/{found().id}").text
    for words in ("WL0001-261105-000001", "60.00", "40.00", "*********0017", "与每组合并为一笔时的代办费之差"):
        assert words in page, words
    assert world.MEI not in page


def test_a_finding_is_explained_with_a_note_and_shown_as_such(sign_in: SignIn) -> None:
    a_november()
    carol, where = sign_in("carol"), f"/commission/patterns/{found().id}"
    data = {"id": str(new_id()), "state": "EXPLAINED", "note": ""}
    refused = carol.post(f"{where}/mark", data=data)
    assert (refused.status_code, "请写明原因" in refused.text) == (422, True)
    assert carol.post(f"{where}/mark", data={"id": str(new_id())}).status_code == 422
    for _ in range(2):
        assert carol.post(f"{where}/mark", data=data | {"note": "一户两表"}).status_code == 303
    page = carol.get(LIST).text
    assert "已说明" in page
    assert "一户两表" in page
    assert "没有符合条件的线索" in carol.get(f"{LIST}&state=SEEN").text
    assert found().marked_by_id == 6  # Carol


def test_strangers_and_those_who_are_paid_find_nothing(sign_in: SignIn) -> None:
    a_november()
    where = f"/commission/patterns/{found().id}"
    assert sign_in("charlie").get(where).status_code == 404
    assert sign_in("charlie").post(f"{where}/mark", data={}).status_code == 404
    assert sign_in("alice").get(LIST).status_code == 403
    audrey = sign_in("audrey")
    assert audrey.get(where).status_code == 200
    assert "看过以后" not in audrey.get(where).text
    assert audrey.post(f"{where}/mark", data={}).status_code == 403


def test_a_month_is_looked_through_when_asked_and_says_so_before_it_was(sign_in: SignIn, monkeypatch) -> None:
    a_split()
    carol = sign_in("carol")
    october = "/commission/patterns?month=2026-10"
    assert "这个月还没有查过" in carol.get(october).text
    assert carol.post("/commission/patterns/look?month=2026-10").status_code == 303
    assert "WL0001" in carol.get(october).text
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    carol.post("/commission/patterns/look?month=2026-10")
    assert "正在后台查" in carol.get(october).text
    assert carol.get("/commission/patterns?month=2026-12").status_code == 404
    assert carol.get("/commission/patterns?month=soon").status_code == 422


def test_a_month_without_patterns_says_so(sign_in: SignIn) -> None:
    look()
    assert findings() == {}
    assert "没有查到线索" in sign_in("carol").get("/commission/patterns?month=2026-10").text


def test_the_findings_are_given_as_a_file(sign_in: SignIn) -> None:
    a_november()
    carol = sign_in("carol")
    answer = carol.get("/commission/patterns/findings.csv?month=2026-11")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[1] == ["2026-11", "WL0001", "小河头村邮站", "同一户拆成几笔", "2", "1", "100.00", "0.50", "未看", ""]
    assert len(rows) == 2
    assert carol.get("/commission/patterns/findings.xlsx?month=2026-11").data[:2] == b"PK"
    assert carol.get("/commission/patterns/findings.doc").status_code == 404
