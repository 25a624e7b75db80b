"""Files as offices bring them, and one call that does what the command does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from agentnet.infra.actor import SYSTEM, Actor
from agentnet.infra.importing import Plan, carry_out, check, parse
from agentnet.infra.tables import look_at
from agentnet.infra.transaction import batch, reading

Bring = Callable[..., Plan]


@pytest.fixture
def bring(app: Flask, tmp_path: Path) -> Bring:
    """Import text, bytes or a file: read, check, and carry out when there are no errors."""

    def bring_in(kind: str, content: str | bytes | Path, by: Actor = SYSTEM, dry_run: bool = False) -> Plan:
        path = content
        if not isinstance(path, Path):
            path = tmp_path / "brought"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        importer = app.extensions["agentnet.importers"][kind]
        parsed = parse(importer, look_at(path))
        with reading():
            plan = check(importer, parsed, by)
        if plan.errors.count or dry_run:
            return plan
        with batch():
            return carry_out(importer, parsed, by, path.name)

    return bring_in


@pytest.fixture
def wrong() -> Callable[[Plan], list[tuple[int, str, str]]]:
    """Return row, column and code of every error kept."""

    def listed(plan: Plan) -> list[tuple[int, str, str]]:
        return [(error.row, error.column, error.refusal.code) for error in plan.errors.sorted()]

    return listed


def counts(plan: Plan) -> tuple[int, int, int]:
    """Return new, changed, unchanged."""
    return plan.new, plan.changed, plan.unchanged


def only(rows: list[Any]) -> Any:
    """Return the one row there is."""
    assert len(rows) == 1
    return rows[0]
