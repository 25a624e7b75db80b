"""Divisions on screen: down the tree, by name, by code."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from agentnet.divisions.models import Division
from agentnet.infra.db import db
from agentnet.infra.pages import PAGE_SIZE
from agentnet.infra.transaction import batch
from tests import world


def page(sign_in, address: str) -> str:
    return sign_in("carol").get(address).get_data(as_text=True)


def test_the_tree_opens_level_by_level(sign_in) -> None:
    assert "浙江省" in page(sign_in, "/divisions")
    township = page(sign_in, "/divisions/331081001000")
    for name in ("浙江省", "台州市", "温岭市", "小河头村委会"):
        assert name in township
    assert "垟岙村委会" not in township


@pytest.mark.parametrize("words", ["垟岙", "331081100"])
def test_a_village_is_found_by_name_and_by_the_beginning_of_its_code(sign_in, words: str) -> None:
    found = page(sign_in, f"/divisions?q={words}")
    assert "垟岙村委会" in found
    assert "小河头村委会" not in found


@pytest.mark.parametrize("words", ["%", "_", "' OR 1=1 --", "<b>", "不存在的村"])
def test_hostile_words_find_nothing_and_harm_nothing(sign_in, words: str) -> None:
    found = sign_in("carol").get("/divisions", query_string={"q": words})
    assert found.status_code == 200
    assert "小河头村委会" not in found.get_data(as_text=True)
    assert "<b>" not in found.get_data(as_text=True)


def test_a_long_list_pages_by_cursor(app, sign_in) -> None:
    rows = [
        {"code": f"331081001{number}", "level": "VILLAGE", "name": f"第{number}村", "parent_code": "331081001000"}
        for number in range(300, 300 + PAGE_SIZE + 5)
    ]
    with batch():
        db.session.execute(insert(Division), rows)
    first = page(sign_in, "/divisions/331081001000")
    assert first.count("/divisions/331081001") - first.count("/divisions/331081001000") == PAGE_SIZE
    assert "下一页" in first
    assert world.VILLAGE in first
