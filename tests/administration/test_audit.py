"""The trail in a person's words."""

from __future__ import annotations

import ast

import pytest
from flask import Flask

from agentnet.administration.words import ACTIONS, SUBJECTS
from agentnet.divisions.models import Setting
from agentnet.infra.audit import write_audit
from agentnet.infra.sealing import seal_settled
from agentnet.infra.transaction import batch
from agentnet.outlets.actions import change_outlet
from agentnet.outlets.actions.outlet import OutletFacts
from agentnet.outlets.rules import OutletKind
from tests import world
from tests.house import sources

WRITERS = {"write_audit", "audit_row", "audit_change"}


def renamed() -> None:
    facts = OutletFacts(
        "改名村邮站",
        OutletKind.VILLAGE_POST,
        Setting.RURAL,
        world.VILLAGE,
        "小河头村邮站旁 1 号",
        "13800000000",
        "周阿姨",
        "POST",
        "P-1001",
    )
    with batch():
        change_outlet("WL0001", facts, world.actor("carol"))


def test_a_change_shows_what_was_and_what_is(app: Flask, sign_in) -> None:
    renamed()
    text = sign_in("audrey").get("/audit").get_data(as_text=True)
    assert "修改网点资料" in text
    assert "<del>小河头村邮站</del>" in text
    assert "<ins>改名村邮站</ins>" in text
    assert "change_outlet" not in text.replace('value="change_outlet"', "")


def test_a_line_says_whether_it_is_sealed(app: Flask, sign_in) -> None:
    renamed()
    audrey = sign_in("audrey")
    assert "待封存" in audrey.get("/audit").get_data(as_text=True)
    seal_settled()
    page = audrey.get("/audit").get_data(as_text=True)
    assert "已封存" in page
    assert "待封存" not in page


def test_filters_narrow_the_trail(app: Flask, sign_in) -> None:
    renamed()
    audrey = sign_in("audrey")
    for query, there in (
        ("person=carol", True),
        ("person=Carol", True),
        ("person=fang", False),
        ("action=change_outlet", True),
        ("action=signed_in", False),
        ("kind=outlet&subject=WL0001", True),
        ("kind=outlet&subject=WL0002", False),
        ("day=2026-11-18", True),
        ("day=2026-11-17", False),
        ("day=junk&action=junk&cursor=junk", True),
    ):
        assert ("<ins>改名村邮站</ins>" in audrey.get(f"/audit?{query}").get_data(as_text=True)) is there, query


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "soon"])
def test_a_day_that_is_none_is_no_filter(app: Flask, sign_in, day: str) -> None:
    assert sign_in("audrey").get(f"/audit?day={day}").status_code == 200


def test_hostile_words_in_the_trail_are_only_words(app: Flask, sign_in) -> None:
    with batch():
        write_audit(world.actor("carol"), "imported", "import", "x", after={"file": "<script>alert(1)</script>"})
    assert "<script>alert" not in sign_in("audrey").get("/audit").get_data(as_text=True)


def _said(position: int) -> set[str]:
    found = set()
    for path in sources.files("agentnet"):
        for call in sources.calls(path):
            if sources.called_name(call) in WRITERS and len(call.args) > position:
                argument = call.args[position]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.add(argument.value)
    return found


def test_every_action_and_subject_written_anywhere_has_words() -> None:
    assert _said(1) - set(ACTIONS) == set(), "add them to agentnet/administration/words.py"
    assert _said(2) - set(SUBJECTS) == set(), "add them to agentnet/administration/words.py"
