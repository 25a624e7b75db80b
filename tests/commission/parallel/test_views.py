"""The parallel run through its pages: a sheet is brought, each difference explained, accepted, and given as a file.

October by hand under the STANDARD plan (see test_views): WL0001 took 203.50 and 102.00 in cash (1.00) and 203.50 by
Alipay (0.41): 1.41 for 3 collections of 509.00; WL0002 0.10 for one of 5.38; JX0001 1.00 for one of 2,000.00.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import func, select

from agentnet.commission.parallel.models import OldSheet, OldSheetLine
from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.ledger.models import Transfer
from tests.commission.test_views import an_october

SignIn = Callable[[str], FlaskClient]
NEW = "/commission/parallel/new"
SHEET = (
    "网点编号,月份,代办费（元）,笔数,收费金额（元）\n"
    "WL0001,2026-10,0.94,2,305.50\n"  # one fewer at 0.47 on average
    "WL0002,2026-10,0.10,1,5.38\n"
    "XX0009,2026-10,12.00,,\n"
    "WL0001,2026-11,3.00,,\n"
)
"""Their sheet; JX0001 is not in it."""


def brought(client: FlaskClient, text: str = SHEET, rounding: str = "0.02", id_=None, scope: str = "ALL"):
    file = (io.BytesIO(text.encode()), "十月.csv")
    return client.post(NEW, data={"id": str(id_ or new_id()), "scope": scope, "rounding": rounding, "file": file})


def lines() -> dict[tuple[str, str], OldSheetLine]:
    with reading():
        return {(one.outlet_code, one.month): one for one in db.session.scalars(select(OldSheetLine))}


def counted(model) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_every_line_is_set_beside_ours_and_explained(sign_in: SignIn) -> None:
    an_october()
    fang, transfers = sign_in("fang"), counted(Transfer)
    answer = brought(fang)
    assert answer.status_code == 303
    found = lines()
    assert {key: (one.difference_fen, one.parts, one.state) for key, one in found.items()} == {
        ("WL0001", "2026-10"): (47, [["COUNT", 47]], "OPEN"),
        ("WL0002", "2026-10"): (0, [], "AGREES"),
        ("XX0009", "2026-10"): (-12_00, [["NO_OUTLET", -12_00]], "OPEN"),
        ("WL0001", "2026-11"): (-3_00, [["MONTH_OPEN", -3_00]], "OPEN"),
        ("JX0001", "2026-10"): (1_00, [["NOT_THEIRS", 1_00]], "OPEN"),
    }
    page = fang.get(answer.location).text
    for words in ("4 行差异还没有接受", "笔数不同（按本系统每笔平均估）：+0.47", "登记簿里没有这个网点编号", "-12.00"):
        assert words in page, words
    assert page.index("XX0009") < page.index("JX0001")
    line = fang.get(f"{answer.location}/lines/{found['WL0001', '2026-10'].id}").text
    for words in ("每笔平均 0.4700 元", "509.00", "305.50"):
        assert words in line, words
    assert counted(Transfer) == transfers


def test_the_same_sheet_as_a_workbook_is_read_alike(sign_in: SignIn) -> None:
    an_october()
    book, written = Workbook(), io.BytesIO()
    for row in (["outlet_code", "month", "amount", "count"], ["WL0001", "2026-10", 1.41, 3]):
        book.active.append(row)
    book.save(written)
    data = {"id": str(new_id()), "scope": "ALL", "rounding": "0", "file": (io.BytesIO(written.getvalue()), "old.xlsx")}
    assert sign_in("fang").post(NEW, data=data).status_code == 303
    assert lines()["WL0001", "2026-10"].state == "AGREES"


def test_differences_are_accepted_one_by_one_or_by_cause_with_a_note(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    where = brought(fang).location
    one = lines()["WL0001", "2026-10"].id
    assert fang.post(f"{where}/lines/{one}/accept", data={"id": str(new_id()), "note": ""}).status_code == 422
    data = {"id": str(new_id()), "note": "旧表漏了一笔"}
    for _ in range(2):
        assert fang.post(f"{where}/lines/{one}/accept", data=data).status_code == 303
    assert fang.post(f"{where}/lines/{one}/accept", data=data | {"note": "别的"}).status_code == 409
    accepted = lines()["WL0001", "2026-10"]
    assert (accepted.state, accepted.note, accepted.accepted_by_id) == ("ACCEPTED", "旧表漏了一笔", 9)
    for cause in ("NO_OUTLET", "NOT_THEIRS", "MONTH_OPEN"):
        data = {"id": str(new_id()), "note": "已核"}
        assert "一起接受" in fang.get(f"{where}?cause={cause}").text
        assert fang.post(f"{where}/accept?cause={cause}", data=data).status_code == 303
    assert "每一行都一致，或差异已经说清并接受。" in fang.get(where).text
    assert "全部说清" in fang.get("/commission/parallel").text
    with reading():
        trail = db.session.scalars(select(AuditLine.action).where(AuditLine.subject_kind == "old_sheet")).all()
    assert trail.count("accepted_differences") == 4
    assert fang.post(f"{where}/accept", data={"id": str(new_id()), "note": "全部"}).status_code == 404
    agreed = lines()["WL0002", "2026-10"].id
    assert fang.post(f"{where}/lines/{agreed}/accept", data={"id": str(new_id()), "note": "x"}).status_code == 404


def test_the_lines_are_given_as_a_file_with_their_explanations(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    where = brought(fang).location
    rows = list(csv.reader(io.StringIO(fang.get(f"{where}/lines.csv").data.decode("utf-8-sig"))))
    assert len(rows) == 6
    assert rows[1][1:11] == [
        "WL0001", "小河头村邮站", "2026-10", "0.94", "2", "305.50", "1.41", "3", "509.00", "0.47"
    ]  # fmt: skip
    assert rows[1][11] == "笔数不同（按本系统每笔平均估）：+0.47"
    assert fang.get(f"{where}/lines.xlsx").data[:2] == b"PK"
    assert fang.get(f"{where}/lines.txt").status_code == 404


def test_a_supervisor_reads_the_own_outlets_and_brings_nothing(sign_in: SignIn) -> None:
    an_october()
    where = brought(sign_in("fang")).location
    carol, charlie = sign_in("carol"), sign_in("charlie")
    page = carol.get(where).text
    assert "WL0001" in page
    assert "JX0001" not in page
    assert "XX0009" not in page
    one = lines()["WL0001", "2026-10"].id
    assert carol.get(f"{where}/lines/{one}").status_code == 200
    assert charlie.get(f"{where}/lines/{one}").status_code == 404
    assert brought(carol).status_code == 403
    assert carol.post(f"{where}/lines/{one}/accept", data={}).status_code == 403
    assert sign_in("alice").get(where).status_code == 403


@pytest.mark.parametrize(
    ("text", "rounding", "words"),
    [
        ("", "0", "请选择旧表文件"),
        ("网点编号,月份\nWL0001,2026-10\n", "0", "缺少这些列：代办费（元）"),
        ("网点编号,月份,代办费\nWL0001,2026-13,1\n", "0", "请写成月份，例如 2026-10"),
        ("网点编号,月份,代办费\nWL0001,2026-10,1\nWL0001,202610,2\n", "0", "文件中前面已有相同的一行"),
        ("网点编号,月份,代办费\n小河头村邮站,2026-10,1\n", "0", "要填网点编号，不是名称，例如 WL0001"),
        (SHEET, "10.01", "金额不能超过 10.00 元"),
        (SHEET, "", "请填写"),
    ],
)
def test_a_faulty_sheet_says_where_and_leaves_nothing(sign_in: SignIn, text, rounding, words) -> None:
    an_october()
    answer = brought(sign_in("fang"), text, rounding)
    assert answer.status_code == 422
    assert words in answer.text
    assert counted(OldSheet) == counted(OldSheetLine) == 0


def test_a_sheet_sent_twice_is_one_and_another_under_its_id_a_conflict(sign_in: SignIn) -> None:
    an_october()
    fang, id_ = sign_in("fang"), new_id()
    assert brought(fang, id_=id_).location == brought(fang, id_=id_).location
    assert counted(OldSheet) == 1
    assert brought(fang, rounding="0.05", id_=id_).status_code == 409
    assert brought(fang, scope="FILE", id_=id_).status_code == 409
    assert "还没有放进旧表" not in fang.get("/commission/parallel").text


@pytest.mark.parametrize(
    ("scope", "left_out"),
    [
        ("FILE", set()),
        ("UNITS", {("WL0002", "2026-10")}),
        ("ALL", {("WL0002", "2026-10"), ("JX0001", "2026-10")}),
    ],
)
def test_a_pilots_sheet_is_asked_about_its_own_station_unless_told_otherwise(sign_in: SignIn, scope, left_out) -> None:
    """WL0001 and WL0002 are of one station, JX0001 of another county; WL0002 earned 0.10, JX0001 1.00."""
    an_october()
    assert brought(sign_in("fang"), "网点编号,月份,代办费\nWL0001,2026-10,1.41\n", scope=scope).status_code == 303
    assert set(lines()) == {("WL0001", "2026-10")} | left_out


def test_the_template_is_read_as_it_is_given_and_only_by_who_brings_sheets(sign_in: SignIn) -> None:
    an_october()
    fang = sign_in("fang")
    template = fang.get("/commission/parallel/template.csv").data.decode("utf-8-sig")
    assert template.startswith("网点编号,月份,代办费（元）,笔数,收费金额（元）")
    assert brought(fang, template, scope="FILE").status_code == 303
    assert lines()["WL0001", "2026-10"].theirs_fen == 86_50
    assert fang.get("/commission/parallel/template.xlsx").data[:2] == b"PK"
    assert fang.get("/commission/parallel/template.txt").status_code == 404
    assert sign_in("carol").get("/commission/parallel/template.csv").status_code == 403
    assert "2026年10月" in fang.get(brought(fang).location).text
