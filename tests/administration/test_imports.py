"""The upload page: try first, confirm after, errors where they are, nothing twice."""

from __future__ import annotations

from io import BytesIO

from flask import Flask
from sqlalchemy import func, select

from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from agentnet.outlets.models import Manager, Partner
from tests import world

GOOD = "编号,名称,类型\nCHAIN,东海连锁,连锁商户\n"
MANAGERS = "经理编号,姓名,工作电话,供电所编号\n"


def upload(client, kind: str, text: str, name: str = "文件.csv"):
    return client.post("/imports", data={"kind": kind, "file": (BytesIO(text.encode()), name)})


def count(model: type) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def waiting(app: Flask) -> int:
    folder = app.extensions["agentnet"].home / "imports"
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_a_file_is_tried_first_and_imported_when_confirmed(app: Flask, sign_in) -> None:
    adam = sign_in("adam")
    tried = upload(adam, "partners", GOOD)
    assert tried.status_code == 303
    page = adam.get(tried.location)
    assert page.status_code == 200
    assert "将新增" in page.get_data(as_text=True)
    assert (count(Partner), waiting(app)) == (2, 1)
    confirmed = adam.post(tried.location.split("?")[0], data={"name": "文件.csv"})
    assert (confirmed.status_code, confirmed.location) == (303, "/imports")
    assert "新增 1 行" in adam.get("/imports").get_data(as_text=True)
    assert (count(Partner), waiting(app)) == (3, 0)


def test_confirming_twice_imports_once(app: Flask, sign_in) -> None:
    adam = sign_in("adam")
    address = upload(adam, "partners", GOOD).location.split("?")[0]
    assert [adam.post(address).status_code for _ in range(2)] == [303, 404]
    assert count(Partner) == 3


def test_errors_are_shown_by_row_and_column_and_nothing_is_confirmed(sign_in) -> None:
    adam = sign_in("adam")
    address = upload(adam, "partners", GOOD + "BAD,,邮局里\n").location
    page = adam.get(address)
    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert "第 3 行" in text
    assert "合作单位名称" in text
    assert "请从这些中选一个" in text
    answer = adam.post(address.split("?")[0])
    assert (answer.status_code, "dry" not in answer.location) == (303, True)
    assert count(Partner) == 2


def test_a_file_of_the_wrong_shape_says_why(sign_in) -> None:
    adam = sign_in("adam")
    for text, words in (("", "文件是空的"), ("编号,颜色\nA,红\n", "不认识这些列：颜色")):
        page = adam.get(upload(adam, "partners", text).location)
        assert page.status_code == 422
        assert words in page.get_data(as_text=True)


def test_no_file_and_no_kind_are_shown_on_the_form(sign_in) -> None:
    adam = sign_in("adam")
    answer = adam.post("/imports", data={"kind": ""})
    assert answer.status_code == 422
    assert "请选择要导入的文件" in answer.get_data(as_text=True)
    assert upload(adam, "nonsense", GOOD).status_code == 422


def test_a_supervisor_imports_into_the_own_territory_alone(sign_in) -> None:
    carol, charlie = sign_in("carol"), sign_in("charlie")
    rows = MANAGERS + "M009,钱一,13800000009,WL-TP\n"
    assert charlie.get(upload(charlie, "managers", rows).location).status_code == 422
    address = upload(carol, "managers", rows).location.split("?")[0]
    assert charlie.post(address).location.startswith(address)  # his copy of it leads back to its errors
    hers = upload(carol, "managers", rows.replace("M009", "M010")).location.split("?")[0]
    assert charlie.post(hers).status_code == 404
    assert count(Manager) == 3
    assert carol.post(address).status_code == 303
    assert count(Manager) == 4


def test_a_supervisor_may_not_bring_what_belongs_to_the_company(sign_in) -> None:
    carol = sign_in("carol")
    assert upload(carol, "partners", GOOD).status_code == 422  # not among her choices
    assert carol.get(f"/imports/partners/{'0' * 64}").status_code == 403


def test_who_may_not_import_uploads_nothing(app: Flask, sign_in) -> None:
    for name in ("alice", "bob", "paul", "audrey"):
        client = sign_in(name)
        assert upload(client, "partners", GOOD).status_code == 403
        assert client.post(f"/imports/partners/{'0' * 64}").status_code == 403
    fang = sign_in("fang")  # brings payees alone
    assert upload(fang, "partners", GOOD).status_code == 422
    assert fang.post(f"/imports/partners/{'0' * 64}").status_code == 404
    assert waiting(app) == 0


def test_names_of_waiting_files_are_hashes_and_nothing_else(sign_in) -> None:
    adam = sign_in("adam")
    for name in ("..%2f..%2fagentnet.db", "x" * 64, world.MEI):
        assert adam.get(f"/imports/partners/{name}").status_code == 404


def test_an_export_masks_people_and_keeps_to_the_territory(sign_in) -> None:
    text = sign_in("carol").get("/exports/managers.csv").get_data(as_text=True)
    assert "**安" in text
    assert "鲍勃安" not in text
    assert "M101" not in text
    assert sign_in("carol").get("/exports/households.csv").status_code == 403
    assert "3310810000017" not in sign_in("fang").get("/exports/households.csv").get_data(as_text=True)
