"""Statements built once: the same question for the same arguments, and another day another question."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Integer, Select, literal, select

from agentnet.core.clock import frozen_at, now, today
from agentnet.infra.statements import built_once


@built_once
def _days_since(number: int, *, doubled: bool = False) -> Select[int]:
    return select(literal(today().toordinal() - number * (1 + doubled), Integer))


def _said(statement: Select[int]) -> str:
    return str(statement.compile(compile_kwargs={"literal_binds": True}))


def test_a_statement_is_built_once_for_the_same_arguments() -> None:
    assert _days_since(7) is _days_since(7)
    assert _said(_days_since(7)) != _said(_days_since(8))
    assert _said(_days_since(7)) != _said(_days_since(7, doubled=True))


def test_another_day_has_statements_of_its_own() -> None:
    present = _said(_days_since(7))
    with frozen_at(now() + timedelta(days=1)):
        assert _said(_days_since(7)) != present
    assert _said(_days_since(7)) == present
