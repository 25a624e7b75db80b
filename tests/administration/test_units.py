"""The organisation on screen: added, renamed, moved with all below, by whoever administers it."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from sqlalchemy import func, select

from agentnet.divisions.models import OrgUnit
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import reading
from tests import world

NEW = {"parent": "WL", "code": "wl-new", "name": "新河供电所", "name_en": "Xinhe Station", "kind": "STATION"}


def unit(code: str) -> OrgUnit | None:
    with reading():
        found = db.session.scalar(select(OrgUnit).where(OrgUnit.code == code))
        db.session.expunge_all()
        return found


def path_of(code: str) -> str:
    found = unit(code)
    assert found is not None
    return found.path


def units() -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(OrgUnit)) or 0


def test_a_unit_is_added_below_another_and_the_trail_says_so(app: Flask, sign_in) -> None:
    adam = sign_in("adam")
    assert [adam.post("/org-units/new", data=NEW).status_code for _ in range(2)] == [303, 422]
    added = unit("WL-NEW")
    assert added is not None
    assert (added.path, added.name_en) == (f"{world.WENLING.path}{added.id}/", "Xinhe Station")
    with reading():
        assert db.session.scalars(select(AuditLine.subject_id).where(AuditLine.action == "added_org_unit")).all() == [
            "WL-NEW"
        ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"kind": "COMPANY"},
        {"kind": "X"},
        {"code": "a b"},
        {"parent": "NOBODY"},
        {"declared_villages": "-1"},
    ],
)
def test_a_unit_with_a_mistake_is_not_added(sign_in, wrong: dict[str, str]) -> None:
    before = units()
    assert sign_in("adam").post("/org-units/new", data={**NEW, **wrong}).status_code == 422
    assert units() == before


def test_a_renamed_unit_keeps_its_place(sign_in) -> None:
    adam = sign_in("adam")
    seen = {
        "name": "温岭供电公司",
        "kind": "COUNTY",
        "name_en": "Wenling Power Supply",
        "division_code": "331081000000",
        "declared_villages": 830,
    }
    form = {
        "name": "温岭市供电公司",
        "kind": "COUNTY",
        "declared_villages": "830",
        "division_code": "331081",
        "seen": json.dumps(seen),
    }
    assert adam.post("/org-units/WL", data=form).status_code == 303
    renamed = unit("WL")
    assert renamed is not None
    assert (renamed.name, renamed.path, renamed.declared_villages) == ("温岭市供电公司", world.WENLING.path, 830)
    assert adam.post("/org-units/WL", data={**form, "name": "别人改的"}).status_code == 409
    assert adam.post("/org-units/WL", data={**form, "seen": "{"}).status_code == 422


def test_a_move_takes_everything_below_along(sign_in) -> None:
    adam = sign_in("adam")
    assert adam.post("/org-units/WL/move", data={"parent": "JX"}).status_code == 303
    assert path_of("WL") == f"{world.JIAXING.path}{world.WENLING.id}/"
    assert path_of("WL-ZG") == f"{world.JIAXING.path}{world.WENLING.id}/{world.ZEGUO.id}/"
    assert path_of("JX-NH-1") == world.NANHU_STATION.path
    assert adam.post("/org-units/WL/move", data={"parent": "JX"}).status_code == 422  # it is there already


@pytest.mark.parametrize("parent", ["WL", "WL-TP", "NOBODY", ""])
def test_a_unit_does_not_move_below_itself_or_to_nowhere(sign_in, parent: str) -> None:
    assert sign_in("adam").post("/org-units/WL/move", data={"parent": parent}).status_code == 422
    assert path_of("WL") == world.WENLING.path


def test_the_company_does_not_move(sign_in) -> None:
    assert sign_in("adam").post("/org-units/DH/move", data={"parent": "JX"}).status_code == 422


@pytest.mark.parametrize("name", ["carol", "fang", "audrey", "bob"])
def test_nobody_else_changes_the_organisation(sign_in, name: str) -> None:
    client = sign_in(name)
    for address in ("/org-units/new", "/org-units/WL", "/org-units/WL/move"):
        assert client.post(address, data=NEW).status_code == 403
    assert (units(), path_of("WL")) == (8, world.WENLING.path)
