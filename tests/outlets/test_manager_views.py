"""The pages of managers, partners and dockings, and a round that passes on."""

import base64
import json
import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select, update

from agentnet.core.ids import new_id
from agentnet.divisions.models import OrgUnit
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import dock_village
from agentnet.outlets.models import Assignment, Docking, Manager, Partner
from tests import world
from tests.conftest import SignIn
from tests.outlets.conftest import Do
from tests.outlets.helpers import count, history, photo

TODAY = world.TODAY.isoformat()


def test_a_place_is_handed_over_or_filled_from_the_outlets_page(sign_in: SignIn) -> None:
    carol = sign_in("carol")
    form = {"id": str(new_id()), "seen": "M001", "manager": "M002", "on": TODAY, "reason": "调整"}
    for _ in range(2):
        assert carol.post("/outlets/WL0002/managers/primary", data=form).status_code == 303
    assert history("WL0002") == [
        ("M001", "PRIMARY", world.LONG_AGO, world.TODAY),
        ("M002", "PRIMARY", world.TODAY, None),
    ]
    form = {"id": str(new_id()), "manager": "M001", "on": TODAY}
    assert carol.post("/outlets/WL0004/managers/deputy", data=form).status_code == 303
    assert carol.post("/outlets/WL0001/managers/deputy/end", data={"on": TODAY}).status_code == 303
    refused = carol.post("/outlets/WL0001/managers/primary/end", data={"on": TODAY})
    assert (refused.status_code, "不能空缺" in refused.text) == (422, True)
    assert carol.get("/outlets/WL0001/managers/third").status_code == 404


def test_a_leaving_managers_round_is_shown_before_it_passes_on(sign_in: SignIn, do: Do) -> None:
    with batch():
        db.session.add(Manager(code="M003", name="戴新宇", work_phone="13800000012", org_unit_id=world.ZEGUO.id))
    carol = sign_in("carol")
    form = {"id": str(new_id()), "on": TODAY, "reason": "退休", "leaves": "yes", "successors": ["M002", "M003"]}
    page = carol.post("/managers/M001/leave", data=form)
    assert page.status_code == 200
    assert "请核对交接名单" in page.text
    assert len(history("WL0001")) == 2
    confirmed = {**form, "confirmed": "yes", "to-WL0001": "M002", "to-WL0002": "M003"}
    for _ in range(2):
        assert carol.post("/managers/M001/leave", data=confirmed).status_code in (303, 422)
    assert history("WL0002")[-1] == ("M003", "PRIMARY", world.TODAY, None)
    assert "离岗" in carol.get("/managers/M001").text


def test_a_round_that_changed_meanwhile_is_shown_anew(sign_in: SignIn) -> None:
    form = {"id": str(new_id()), "on": TODAY, "reason": "退休", "leaves": "yes", "successors": ["M002"]}
    before = count(Assignment)
    answer = sign_in("carol").post("/managers/M001/leave", data={**form, "confirmed": "yes", "to-WL0001": "M002"})
    assert (answer.status_code, "请重新核对交接名单" in answer.text) == (409, True)
    assert count(Assignment) == before


def test_a_refused_round_shows_the_register_as_it_still_is(sign_in: SignIn) -> None:
    form = {"id": str(new_id()), "on": TODAY, "reason": "退休", "leaves": "yes", "successors": ["M002"]}
    places = {"to-WL0001": "M002", "to-WL0002": ""}
    answer = sign_in("carol").post("/managers/M001/leave", data={**form, **places, "confirmed": "yes"})
    assert (answer.status_code, "不能空缺" in answer.text) == (422, True)
    assert 'name="to-WL0001"' in answer.text


def test_a_manager_is_entered_with_photo_and_consent(sign_in: SignIn) -> None:
    carol = sign_in("carol")
    form = {
        "id": str(new_id()), "code": "M009", "name": "戴新宇", "work_phone": "13800000012", "unit": "WL-ZG",
        "consent_on": TODAY,
    }  # fmt: skip
    answer = carol.post("/managers/new", data={**form, "photo": (BytesIO(photo("WEBP")), "dai.webp")})
    assert (answer.status_code, answer.location) == (303, "/managers/M009")
    sent = carol.get("/managers/M009/photo.jpg")
    assert Image.open(BytesIO(sent.data)).size == (800, 533)
    again = carol.post("/managers/new", data={**form, "id": str(new_id()), "code": "M010"})
    assert (again.status_code, "可能是同一个人" in again.text) == (422, True)
    bad = carol.post(
        "/managers/new",
        data={**form, "id": str(new_id()), "code": "M010", "really_another": "y", "photo": (BytesIO(b"junk"), "a.jpg")},
    )
    assert bad.status_code == 422
    no_consent = {**form, "id": str(new_id()), "code": "M011", "consent_on": "", "really_another": "y"}
    answer = carol.post("/managers/new", data={**no_consent, "photo": (BytesIO(photo()), "a.jpg")})
    assert (answer.status_code, "同意公示" in answer.text) == (422, True)
    with reading():
        assert db.session.scalar(select(Manager.id).where(Manager.code.in_(["M010", "M011"]))) is None


def test_managers_are_listed_with_their_loads(sign_in: SignIn) -> None:
    page = sign_in("carol").get("/managers?sort=-held").text
    assert page.index("贝恩宁") < page.index("鲍勃安")
    assert "在岗 2 人，共负责 5 处" in page
    assert "景怡然" not in page
    assert "没有符合条件" in sign_in("carol").get("/managers?post=idle").text
    assert sign_in("alice").get("/managers").status_code == 403


def test_partners_are_entered_by_the_administrator(sign_in: SignIn) -> None:
    form = {"id": str(new_id()), "code": "CHAIN", "name": "东海便利连锁", "kind": "CHAIN", "uscc": "91350100M000100Y43"}
    assert sign_in("carol").post("/partners/new", data=form).status_code == 403
    adam = sign_in("adam")
    for _ in range(2):
        assert adam.post("/partners/new", data=form).status_code == 303
    assert count(Partner) == 3
    wrong = adam.post("/partners/CHAIN/edit", data={**form, "version": "1", "uscc": "91350100M000100Y44"})
    assert (wrong.status_code, "校验位不对" in wrong.text) == (422, True)
    assert adam.post("/partners/CHAIN/edit", data={**form, "version": "1", "name": "东海便利"}).status_code == 303
    assert adam.post("/partners/CHAIN/edit", data={**form, "version": "1", "name": "甲"}).status_code == 409


def test_docking_coverage_counts_docked_registered_and_declared(sign_in: SignIn) -> None:
    page = sign_in("carol").get("/dockings").text
    row = re.sub(r"<[^>]+>|\s+", " ", page.split("温岭供电公司</a>", 1)[1].split("</tr>", 1)[0]).split()
    assert row == ["1", "2", "50.0%", "1", "/", "2", "0", "/", "0", "830", "0.1%"]
    assert "贝恩宁、鲍勃安" in page
    assert "杉青闸" not in page
    assert "垟岙村委会" in sign_in("carol").get("/dockings?docked=no&unit=WL").text


def test_a_units_declared_villages_and_division_count_at_once(sign_in: SignIn) -> None:
    carol = sign_in("carol")
    before = carol.get("/dockings").text
    with batch() as session:
        session.execute(update(OrgUnit).where(OrgUnit.code == "WL").values(declared_villages=415))
    after = carol.get("/dockings").text
    assert ("0.1%" in before, "0.2%" in before) == (True, False)
    assert ("0.1%" in after, "0.2%" in after) == (False, True)
    assert ("垟岙村委会" in after, "杉青闸" in after) == (True, False)
    with batch() as session:
        session.execute(update(OrgUnit).where(OrgUnit.code == "WL").values(division_code="330400000000"))
    moved = carol.get("/dockings").text
    assert ("垟岙村委会" in moved, "杉青闸" in moved) == (False, True)


def test_a_village_is_docked_and_undocked(sign_in: SignIn) -> None:
    carol = sign_in("carol")
    form = {"id": str(new_id()), "outlet": "wl0004", "on": TODAY}
    for _ in range(2):
        assert carol.post(f"/dockings/{world.OTHER_VILLAGE}/new", data=form).status_code == 303
    assert count(Docking) == 2
    wrong = carol.post(
        f"/dockings/{world.OTHER_VILLAGE}/new", data={"id": str(new_id()), "on": TODAY, "outlet": "JX0001"}
    )
    assert (wrong.status_code, "没有找到这个网点" in wrong.text) == (422, True)
    assert carol.post(f"/dockings/{world.VILLAGE}/end", data={"on": TODAY}).status_code == 303


def test_a_docked_villages_contact_persons_are_its_outlets_managers(sign_in: SignIn, do: Do) -> None:
    do("carol", dock_village, world.OTHER_VILLAGE, world.TODAY, outlet_code="WL0004")
    assert "贝恩宁" in sign_in("carol").get("/dockings?q=垟岙").text


@pytest.mark.parametrize("sort", ["held", "-held"])
def test_a_place_in_the_list_that_no_count_reaches_is_an_empty_page(sign_in: SignIn, sort: str) -> None:
    place = base64.urlsafe_b64encode(json.dumps([sort, 0, 10**12, 5]).encode()).decode().rstrip("=")
    assert sign_in("carol").get(f"/managers?sort={sort}&cursor={place}").status_code == 200
