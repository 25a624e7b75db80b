"""``agentnet report``, and two clocks as two programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, select

from agentnet.core.errors import Conflict, Missing
from agentnet.documents.commands import report_group
from agentnet.documents.models import Order, Run, Schedule
from agentnet.infra.db import db
from agentnet.infra.transaction import TransactionalFlask, batch, reading
from reports.head import FiguresDisagree
from tests import world
from tests.documents.conftest import runs
from tests.documents.invented import Facts


def report(app: TransactionalFlask, out: Path, *arguments: str, kind: str = "invented_month") -> Result:
    command = ["run", kind, "--period", "2026-10", "--out", str(out), "--json", *arguments]
    return CliRunner().invoke(report_group, command, obj=app, catch_exceptions=True)


def test_every_document_of_a_period_lands_in_the_folder(app: TransactionalFlask, facts: Facts, tmp_path: Path) -> None:
    said = json.loads(report(app, tmp_path / "out").stdout)
    assert (said["new"], len(said["files"]), said["failed"]) == (5, 5, {})
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(said["files"])
    assert all(path.read_bytes().startswith(b"%PDF") for path in (tmp_path / "out").iterdir())


def test_a_second_run_makes_nothing_new_and_gives_the_same_bytes(
    app: TransactionalFlask, facts: Facts, tmp_path: Path
) -> None:
    report(app, tmp_path / "first")
    said = json.loads(report(app, tmp_path / "second").stdout)
    assert said["new"] == 0
    contents = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("first", "second")]
    assert contents[0] == contents[1]
    assert facts.draws == 5


@pytest.mark.parametrize("subject", ["WL0001", "outlet:WL0001"])
def test_one_subject_is_named_as_people_name_it(
    app: TransactionalFlask, facts: Facts, tmp_path: Path, subject: str
) -> None:
    assert len(json.loads(report(app, tmp_path, "--subject", subject, "--language", "en").stdout)["files"]) == 1
    assert [run.subject for run in runs()] == ["outlet:WL0001:en"]


def test_a_unit_below_the_company_has_its_own_documents_alone(
    app: TransactionalFlask, facts: Facts, tmp_path: Path
) -> None:
    assert len(json.loads(report(app, tmp_path, "--org-unit", "JX").stdout)["files"]) == 1


def test_a_document_that_cannot_be_drawn_is_named_and_the_status_is_1(
    app: TransactionalFlask, facts: Facts, tmp_path: Path
) -> None:
    facts.broken = FiguresDisagree("due: stated 1, its parts add up to 2")
    result = report(app, tmp_path, "--org-unit", "JX")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["failed"].keys() == {"DH-IM-202610-000001"}


@pytest.mark.parametrize(
    ("arguments", "kind", "refusal"),
    [
        (["--period", "2026-11"], "INVENTED_MONTH", Conflict),
        (["--subject", "WL9999"], "INVENTED_MONTH", Missing),
        (["--org-unit", "NOWHERE"], "INVENTED_MONTH", Missing),
        ([], "NO_SUCH_KIND", Missing),
    ],
)
def test_what_cannot_be_made_is_refused_and_leaves_no_rows(
    app: TransactionalFlask,
    facts: Facts,
    tmp_path: Path,
    arguments: list[str],
    kind: str,
    refusal: type[Exception],
) -> None:
    result = report(app, tmp_path, *arguments, kind=kind)
    assert isinstance(result.exception, refusal)
    assert runs() == []


@pytest.mark.slow
def test_two_clocks_as_two_programs_order_and_plan_each_document_once(
    app: TransactionalFlask, database: str, tmp_path: Path
) -> None:
    weeks_ago = datetime.now(UTC) - timedelta(weeks=3)  # the programs go by the real clock
    with batch():
        db.session.execute(
            insert(Schedule).values(
                name="走访周报",
                kind="DUTY_MANAGER_WEEK",
                org_unit_id=world.COMPANY.id,
                language="zh",
                cadence="WEEKLY",
                day=1,
                hour=6,
                minute=0,
                enabled=True,
                starts_on=weeks_ago.date(),
                next_at=weeks_ago,
                version=1,
            )
        )
    environment = {**os.environ, "AGENTNET_HOME": str(tmp_path), "AGENTNET_DATABASE_URL": database}
    clocks = [
        subprocess.Popen([sys.executable, "-m", "agentnet", "clock", "--once"], env=environment, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [clock.communicate()[1].decode() for clock in clocks]
    assert [clock.returncode for clock in clocks] == [0, 0], "\n".join(said)
    with reading():
        periods = list(db.session.scalars(select(Order.period_start)))
        documents = [(run.subject, run.period_start) for run in db.session.scalars(select(Run))]
    assert len(periods) == len(set(periods)) > 0
    assert len(documents) == len(set(documents))
