"""Two offices at once: a slot goes to one manager, and a form sent many times is one assignment."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from agentnet.core.ids import new_id
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.outlets.actions import ManagerFacts, assign_manager, hand_over, register_manager
from agentnet.outlets.rules import Slot
from tests import world
from tests.at_once import at_once
from tests.outlets.conftest import Do
from tests.outlets.helpers import history

THREADS = 16


@pytest.fixture
def free(do: Do) -> list[str]:
    """As many managers in Wenling as there are threads, with nothing to do yet."""
    codes = [f"M2{number:02d}" for number in range(THREADS)]
    for number, code in enumerate(codes):
        do("carol", register_manager, code, ManagerFacts("无名氏", f"138000001{number:02d}", "WL-ZG", world.TODAY))
    return codes


def assigned_lines(action: str) -> int:
    with reading():
        return len(db.session.scalars(select(AuditLine.id).where(AuditLine.action == action)).all())


def test_of_many_managers_put_into_one_slot_at_once_exactly_one_gets_it(app: Flask, free: list[str]) -> None:
    with reading():
        carol = world.actor("carol")
    before = assigned_lines("assign_manager")
    works = [
        lambda code=code: assign_manager("WL0002", code, Slot.DEPUTY, world.TODAY, carol)  # type: ignore[misc]
        for code in free
    ]
    answers = at_once(app, works, batch)
    assert sorted(answers) == ["WL0002"] + ["slot_taken"] * (THREADS - 1)
    winner = free[answers.index("WL0002")]
    assert [row for row in history("WL0002") if row[1] == "DEPUTY"] == [(winner, "DEPUTY", world.TODAY, None)]
    assert assigned_lines("assign_manager") == before + 1


def test_of_many_hand_overs_at_once_one_happens_and_the_outlet_has_one_primary(app: Flask, free: list[str]) -> None:
    with reading():
        carol = world.actor("carol")
    works = [
        lambda code=code: hand_over("WL0002", Slot.PRIMARY, code, world.TODAY, carol)  # type: ignore[misc]
        for code in free
    ]
    answers = at_once(app, works, batch)
    assert sorted(answers) == ["WL0002"] + ["hand_over_same_day"] * (THREADS - 1)
    assert [row[3] for row in history("WL0002") if row[1] == "PRIMARY"] == [world.TODAY, None]


def test_an_assignment_sent_by_many_threads_at_once_is_made_once(app: Flask, free: list[str]) -> None:
    with reading():
        carol = world.actor("carol")
    one = new_id()
    work = lambda: assign_manager("WL0002", free[0], Slot.DEPUTY, world.TODAY, carol, request_id=one)  # noqa: E731
    assert at_once(app, [work] * THREADS, batch) == ["WL0002"] * THREADS
    assert len([row for row in history("WL0002") if row[1] == "DEPUTY"]) == 1
