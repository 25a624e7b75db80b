"""Every page of the office opens for whom it is meant, in both languages, and for nobody else."""

from __future__ import annotations

import pytest

from agentnet.infra.transaction import batch
from agentnet.users.actions import set_locale
from tests import world

PAGES = {
    "/imports": {"adam", "carol", "charlie", "fang"},
    "/imports/outlets/template.xlsx": {"adam", "carol", "charlie", "fang"},
    "/exports/outlets.csv": {"adam", "carol", "charlie", "fang", "paul", "audrey"},
    "/org-units": {"adam"},
    "/org-units/new": {"adam"},
    "/org-units/WL": {"adam"},
    "/org-units/WL/move": {"adam"},
    "/people": {"adam"},
    "/people/new": {"adam"},
    "/people/6": {"adam"},
    "/people/6/roles": {"adam"},
    "/audit": {"adam", "audrey"},
    "/divisions": {"adam", "carol", "charlie", "fang", "audrey", "bob"},
    f"/divisions/{world.VILLAGE}": {"adam", "carol", "charlie", "fang", "audrey", "bob"},
}
CAST = ("adam", "carol", "charlie", "fang", "paul", "audrey", "bob", "alice")


@pytest.mark.parametrize("address", PAGES)
def test_a_page_opens_for_those_it_is_meant_for_alone(sign_in, address: str) -> None:
    got = {name: sign_in(name).get(address).status_code for name in CAST}
    assert got == {name: 200 if name in PAGES[address] else 403 for name in CAST}


@pytest.mark.parametrize("address", [address for address in PAGES if not address.startswith("/exports")])
def test_an_english_page_has_no_chinese_but_names(app, sign_in, address: str) -> None:
    with batch():
        set_locale("en", world.actor("adam"))
    answer = sign_in("adam").get(address)
    assert answer.status_code == 200
    if answer.mimetype == "text/html":
        assert 'lang="en"' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "address", ["/people/999", "/org-units/NOBODY", "/divisions/123", "/imports/nothing/template.csv", "/exports/x.csv"]
)
def test_what_is_not_there_is_missing(sign_in, address: str) -> None:
    assert sign_in("adam").get(address).status_code == 404
