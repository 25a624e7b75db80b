"""``agentnet import`` and ``agentnet export``: tables in and out, by the same rules as the pages."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click
from flask import Flask
from rich.console import Console

from agentnet.books.journal_actions import export_journal
from agentnet.core.clock import Month
from agentnet.core.errors import Missing
from agentnet.core.money import format_yuan
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import write_audit
from agentnet.infra.clikit import answer, progress
from agentnet.infra.i18n import refusal_text
from agentnet.infra.importing import CellError, Importer, Plan, carry_out, check, export_rows, parse
from agentnet.infra.sheets import KINDS, csv_bytes, xlsx_bytes
from agentnet.infra.tables import look_at
from agentnet.infra.transaction import batch, reading

FILE_WITH_ERRORS = 1


@click.command("import")
@click.argument("kind")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.pass_obj
def import_command(app: Flask, kind: str, file: Path, dry_run: bool, as_json: bool) -> None:
    """Import a CSV or XLSX file. / 导入表格。

    KIND is divisions, org-units, partners, outlets, managers, assignments, campaign-outlets, remittance-days,
    households or bills. All
    rows or none: with a single error nothing is imported and the exit status is 1. The same file twice changes nothing.
    """
    with app.app_context():
        importer = _importer(app, kind)
        parsed = parse(importer, look_at(file), lambda rows, total: progress(rows, f"reading {file.name}", total))
        with _waiting("checking"), reading():
            plan = check(importer, parsed, SYSTEM)
        if not plan.errors.count and not dry_run:
            with _waiting(f"writing {plan.new + plan.changed:,} rows"), batch():
                plan = carry_out(importer, parsed, SYSTEM, file.name)
        errors = [_error(importer, error) for error in plan.errors.sorted()]
    result = {
        "kind": importer.kind,
        "sha256": parsed.sha256,
        "rows": len(parsed.rows),
        "imported": not dry_run and not plan.errors.count,
        **plan.counts(),
        "error_count": plan.errors.count,
        "errors": errors,
    }
    answer(result, _lines(result, plan, dry_run), as_json)
    if plan.errors.count:
        sys.exit(FILE_WITH_ERRORS)


def _waiting(what: str) -> AbstractContextManager[object]:
    """Show on a terminal that one long statement is at work; silence elsewhere."""
    return Console(stderr=True).status(what) if sys.stderr.isatty() else nullcontext()


def _importer(app: Flask, kind: str) -> Importer:
    importers: dict[str, Importer] = app.extensions["agentnet.importers"]
    if kind not in importers:
        raise Missing(
            "import_kind", "没有这类数据：%(kind)s。可用的有：%(kinds)s", kind=kind, kinds=", ".join(importers)
        )
    return importers[kind]


def _error(importer: Importer, error: CellError) -> dict[str, Any]:
    return {
        "row": error.row,
        "column": error.column,
        "code": error.refusal.code,
        "message": refusal_text(error.refusal),
    }


def _lines(result: dict[str, Any], plan: Plan, dry_run: bool) -> Iterable[str]:
    for error in result["errors"]:
        yield f"row {error['row']}, {error['column'] or 'row'}: {error['message']}"
    if plan.errors.count:
        more = plan.errors.count - len(result["errors"])
        yield f"{plan.errors.count} errors{f', {more} not shown' if more else ''}; nothing was imported"
        return
    verb = "would be" if dry_run else "are"
    yield f"{result['rows']} rows: {plan.new} {verb} new, {plan.changed} {verb} changed, {plan.unchanged} unchanged"


@click.command("export")
@click.argument("kind")
@click.option(
    "--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="File to write; else stdout."
)
@click.option(
    "--format", "file_format", type=click.Choice(list(KINDS)), help="By default what --out ends in, else csv."
)
@click.option("--reveal", metavar="REASON", help="Show personal data in full; the reason goes into the audit trail.")
@click.option("--period", metavar="YYYY-MM", help="For journal: the closed month.")
@click.option("--mapping", metavar="NAME", help="For journal: the saved mapping.")
@click.pass_obj
def export_command(
    app: Flask,
    kind: str,
    out: Path | None,
    file_format: str | None,
    reveal: str | None,
    period: str | None,
    mapping: str | None,
) -> None:
    """Export a table with the columns its import knows, or a month's journal. / 导出表格或凭证。

    KIND is what import takes, or journal with --period and --mapping: the totals printed are those of the trial
    balance. Names, phones, addresses and household numbers are masked unless --reveal gives a reason.
    """
    if kind == "journal":
        _export_journal(app, out, period, mapping)
        return
    wanted = file_format or (
        out.suffix.lstrip(".").lower() if out and out.suffix.lstrip(".").lower() in KINDS else "csv"
    )
    with app.app_context():
        importer = _importer(app, kind)
        if reveal:
            with batch():
                write_audit(SYSTEM, "exported_unmasked", "export", importer.kind, after={"reason": reveal[:200]})
        with reading():
            rows = export_rows(importer, SYSTEM, reveal=bool(reveal))
            head = [column.name for column in importer.shown]
            watched = progress(rows, f"writing {importer.kind}")
            data = csv_bytes(head, watched) if wanted == "csv" else xlsx_bytes(importer.kind, head, watched)
    if out:
        out.write_bytes(data)
        click.echo(f"wrote {out}", err=True)
    else:
        sys.stdout.buffer.write(data)


def _export_journal(app: Flask, out: Path | None, period: str | None, mapping: str | None) -> None:
    """Write a closed month's journal; the totals go to standard error, so that a pipe holds the file alone."""
    if not period or not mapping:
        raise click.UsageError("journal needs --period YYYY-MM and --mapping NAME")
    with app.app_context(), batch():
        found = export_journal(mapping, Month.parse(period), SYSTEM)
    journal = found.journal
    if out:
        out.write_bytes(found.data)
    else:
        sys.stdout.buffer.write(found.data)
    click.echo(
        f"{period} by {mapping}: {len(journal.vouchers)} vouchers, {journal.lines} lines,"
        f" debit {format_yuan(journal.debit_fen)}, credit {format_yuan(journal.credit_fen)} yuan,"
        f" as the trial balance; sha256 {found.sha256}",
        err=True,
    )
