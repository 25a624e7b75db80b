"""``agentnet report``: make the documents of a period now and put them into a folder."""

from __future__ import annotations

import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import select

from agentnet.core.errors import Conflict, Missing
from agentnet.divisions.models import OrgUnit
from agentnet.documents.actions import LANGUAGES, plan_documents
from agentnet.documents.downloads import file_name
from agentnet.documents.kinds import Period, ReportKind, Subject, report_kind, report_kinds
from agentnet.documents.models import Run
from agentnet.documents.rules import SUBJECTS_A_TRANSACTION, RunState, read_period
from agentnet.documents.worker import draw_some
from agentnet.infra import files
from agentnet.infra.actor import SYSTEM
from agentnet.infra.clikit import answer, progress
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The documents one command is about."""

    kind: ReportKind
    period: Period
    language: str
    unit: OrgUnit
    subjects: list[Subject]


@click.group("report")
def report_group() -> None:
    """Make documents. / 报表。"""


@report_group.command("kinds")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def kinds_command(app: Flask, as_json: bool) -> None:
    """List the kinds of report. / 报表种类。"""
    with app.app_context():
        kinds = list(report_kinds().values())
    answer(
        {kind.code: {"name": kind.name, "cadence": kind.cadence} for kind in kinds},
        [f"{kind.code}  {kind.name}  {kind.cadence.lower()}" for kind in kinds],
        as_json,
    )


@report_group.command("run")
@click.argument("kind_code", metavar="KIND")
@click.option("--period", required=True, help="2026-10 for a monthly kind, 2026-W47 for a weekly one.")
@click.option("--subject", help="Only this one: an outlet's, manager's or unit's code, or outlet:WL0001.")
@click.option("--org-unit", help="Only below this org unit; the company unless given.")
@click.option("--language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the PDFs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def run_command(
    app: Flask,
    kind_code: str,
    period: str,
    subject: str | None,
    org_unit: str | None,
    language: str,
    out: Path,
    as_json: bool,
) -> None:
    """Make every document of KIND for a period and copy the PDFs to a folder. / 出报表。

    Documents made before are copied as they are. Status 1 if one could not be made.
    """
    with app.app_context():
        with reading():
            wanted = _wanted(kind_code, period, subject, org_unit, language)
        new = _plan(wanted)
        made, failed = _make(wanted, out)
    result: dict[str, Any] = {"new": new, "files": made, "failed": failed}
    lines = [f"{len(made)} documents in {out} ({new} new)", *(f"failed: {name}: {why}" for name, why in failed.items())]
    answer(result, lines, as_json)
    if failed:
        sys.exit(1)


def _wanted(kind_code: str, period_text: str, subject: str | None, org_unit: str | None, language: str) -> _Wanted:
    """Find what the command names.

    Raises:
        Missing: ``report_kind_missing``, ``org_unit_missing``, ``subject_missing``.
        Conflict: ``period_not_final``.
    """
    kind = report_kind(kind_code.upper())
    span = read_period(kind.cadence, period_text)
    period = Period(span.starts_on, span.ends_on)
    by_code = OrgUnit.code == org_unit if org_unit else OrgUnit.parent_id.is_(None)
    unit = db.session.scalar(select(OrgUnit).where(by_code).order_by(OrgUnit.id).limit(1))
    if unit is None:
        raise Missing("org_unit_missing", "没有找到这个单位，或它不在您的管辖范围内", field="org_unit")
    if not kind.may_be_ordered(period):
        raise Conflict("period_not_final", kind.not_ready, field="period")
    subjects = [one for one in kind.subjects(unit, period) if subject in (None, one.code, one.code.partition(":")[2])]
    if subject is not None and not subjects:
        raise Missing("subject_missing", "这个单位下没有这个对象的报表，请核对编号", field="subject")
    db.session.expunge_all()
    return _Wanted(kind, period, language, unit, subjects)


def _plan(wanted: _Wanted) -> int:
    starts = range(0, len(wanted.subjects), SUBJECTS_A_TRANSACTION)
    new = 0
    for start in progress(starts, "freeze", len(starts)):
        with batch():
            chunk = wanted.subjects[start : start + SUBJECTS_A_TRANSACTION]
            new += plan_documents(wanted.kind, wanted.unit, wanted.period, wanted.language, SYSTEM, subjects=chunk).new
    return new


def _make(wanted: _Wanted, out: Path) -> tuple[list[str], dict[str, str]]:
    """Draw what is not drawn yet and copy the newest revision of each document; return files made, and failures."""
    out.mkdir(parents=True, exist_ok=True)
    made, failed = [], {}
    for run_id in progress(_newest_runs(wanted), "draw"):
        draw_some(1, [run_id])
        with reading():
            run = db.session.get_one(Run, run_id)
            name = file_name(run)
            if run.state == RunState.DONE and run.file_sha256:
                (out / name).write_bytes(files.read(run.file_sha256, ".pdf"))
                made.append(name)
            else:
                failed[run.number] = run.failure or "another worker is drawing it"
    return made, failed


def _newest_runs(wanted: _Wanted) -> list[uuid.UUID]:
    keys = [f"{subject.code}:{wanted.language}" for subject in wanted.subjects]
    with reading():
        rows = db.session.execute(
            select(Run.subject, Run.id)
            .where(Run.kind == wanted.kind.code, Run.subject.in_(keys))
            .where(Run.period_start == wanted.period.starts_on, Run.period_end == wanted.period.ends_on)
            .order_by(Run.revision)
        ).all()
    return list({row.subject: row.id for row in rows}.values())
