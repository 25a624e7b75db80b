"""The commands say what they did to people and to scripts, and their exit status tells the truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select

from agentnet.administration.commands import export_command, import_command
from agentnet.core.errors import Missing
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.outlets.models import Partner
from tests import world

GOOD = "编号,名称,类型\nCHAIN,东海连锁,连锁商户\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "partners.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


def run(app: Flask, command, *arguments: object) -> Result:
    words: Sequence[str] = [str(argument) for argument in arguments]
    return CliRunner().invoke(command, words, obj=app)


def partners() -> int:
    return db.session.scalar(select(func.count()).select_from(Partner)) or 0


def test_an_import_says_what_it_did(app: Flask, file: Path) -> None:
    first = run(app, import_command, "partners", file)
    assert (first.exit_code, first.output) == (0, "1 rows: 1 are new, 0 are changed, 0 unchanged\n")
    again = json.loads(run(app, import_command, "partners", file, "--json").output)
    assert (again["imported"], again["new"], again["unchanged"], again["errors"]) == (True, 0, 1, [])
    assert partners() == 3


def test_a_dry_run_changes_nothing(app: Flask, file: Path) -> None:
    answer = run(app, import_command, "partners", file, "--dry-run", "--json")
    assert (answer.exit_code, json.loads(answer.output)["imported"], partners()) == (0, False, 2)


def test_errors_are_listed_and_the_exit_status_says_so(app: Flask, file: Path) -> None:
    file.write_text(GOOD + "BAD,,邮政\n", encoding="utf-8")
    answer = run(app, import_command, "partners", file)
    assert answer.exit_code == 1
    assert "row 3, name: 不能为空" in answer.output
    assert "1 errors; nothing was imported" in answer.output
    found = json.loads(run(app, import_command, "partners", file, "--json").output)
    assert found["errors"] == [{"row": 3, "column": "name", "code": "cell_missing", "message": "不能为空"}]
    assert partners() == 2


def test_an_unknown_kind_names_the_known_ones(app: Flask, file: Path) -> None:
    answer = run(app, import_command, "villages", file)
    assert isinstance(answer.exception, Missing)
    assert "org-units" in answer.exception.text()


def test_an_export_is_masked_unless_a_reason_is_given_and_kept(app: Flask, tmp_path: Path) -> None:
    out = tmp_path / "households.xlsx"
    assert run(app, export_command, "households", "--out", out).exit_code == 0
    cells = [row[1] for row in load_workbook(out).active.iter_rows(min_row=2, values_only=True)]
    assert cells == ["**明", "**梅", "**刚"]
    shown = run(app, export_command, "households", "--reveal", "电话核对")
    assert world.MEI in shown.stdout_bytes.decode("utf-8-sig")
    line = db.session.scalars(select(AuditLine).where(AuditLine.action == "exported_unmasked")).one()
    assert line.after == {"reason": "电话核对"}
