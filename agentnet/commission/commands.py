"""``agentnet commission``: what a plan would have cost, from files alone. No database is opened or made."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from agentnet.commission.engine.faults import PlanRefused
from agentnet.commission.engine.language import Basis, Kind, Plan
from agentnet.commission.engine.reading import read_plan
from agentnet.commission.simulating.beside import begin_beside, worth_two
from agentnet.commission.simulating.collections_file import Collections, read_collections
from agentnet.commission.simulating.running import Days, Ruler, outlet_months
from agentnet.commission.simulating.telling import Totals, month_content, outlets_compared, table
from agentnet.core.clock import Month
from agentnet.core.errors import Invalid
from agentnet.infra.clikit import answer, progress
from agentnet.infra.quiet_heap import quiet_heap

FILES_WITH_FAULTS = 1


@click.group("commission")
def commission_group() -> None:
    """Work with commission plans. / 代办费方案。"""


@commission_group.command("simulate")
@click.option("--plan", "plan_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--collections", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--against", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An older plan to compare with."
)
@click.option("--as-of", metavar="YYYY-MM", help="Rule every collection by the version in force in that month.")
@click.option("--json", "as_json", is_flag=True, help="Every outlet's month and component with its working.")
def simulate_command(plan_file: Path, file: Path, against: Path | None, as_of: str | None, as_json: bool) -> None:
    """Say what a plan would have paid for the collections of a file. / 试算方案。

    The file is CSV (UTF-8 or GBK) or XLSX with outlet_code, household_no, amount, tender, collected_at, and if the
    plan asks for them settled_at, reversed_at, outlet_kind, setting, partner, campaign. What was reversed in the month
    it was paid in was never there; later, it is taken back in the month of the reversal. Status 1: a plan or rows are
    faulty, and all of it is listed.
    """
    month = Month.parse(as_of) if as_of else None
    plans = [_plan(path, as_json) for path in ([plan_file, against] if against else [plan_file])]
    rulers = [Ruler(plan, month) for plan in plans]
    with quiet_heap():
        _simulate(file, rulers, as_json)


def _simulate(file: Path, rulers: list[Ruler], as_json: bool) -> None:
    found = read_collections(file, _needs(rulers), lambda rows: progress(rows, f"reading {file.name}"))
    if found.error_count:
        _refuse_rows(found, as_json)
    codes = sorted(found.outlets)
    half = len(codes) // 2 if worth_two(found.rows) else len(codes)
    others = begin_beside(lambda write: _work(found, codes[half:], rulers, write, as_json)) if codes[half:] else None
    if as_json:
        sys.stdout.write('{"months": [')
    number, totals = _work(found, codes[:half], rulers, sys.stdout.write, as_json)
    if others is not None:
        (more, sums), text = others()
        sys.stdout.write("," if number and more else "")
        shutil.copyfileobj(text, sys.stdout)
        for mine, theirs in zip(totals, sums, strict=True):
            mine.join(theirs)
    if as_json:
        sys.stdout.write("\n], " + json.dumps(_rest(totals, found, rulers), ensure_ascii=False)[1:] + "\n")
    else:
        answer({}, _lines(totals, found, rulers), as_json=False)


def _plan(path: Path, as_json: bool) -> Plan:
    """Read a plan; list its faults and leave if it has any."""
    try:
        return read_plan(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise Invalid("plan_encoding", "方案文件 %(name)s 不是 UTF-8 编码的 JSON", name=path.name) from None
    except PlanRefused as refused:
        faults = [{"path": one.path, "code": one.code, "message": one.text()} for one in refused.faults]
        lines = [f"{path.name} {one['path']}: {one['message']}" for one in faults]
        answer({"plan": path.name, "fault_count": refused.count, "faults": faults}, lines, as_json)
        sys.exit(FILES_WITH_FAULTS)


def _needs(rulers: list[Ruler]) -> dict[str, str]:
    """Return which columns the plans cannot do without, each with what asks for it."""
    needs: dict[str, str] = {}
    for ruler in rulers:
        if ruler.basis is Basis.SETTLED:
            needs["settled_at"] = "basis SETTLED"
        scopes = [component.scope for version in ruler.versions for component in version.components]
        for name, column in (
            ("outlet_kinds", "outlet_kind"),
            ("settings", "setting"),
            ("partners", "partner"),
            ("campaigns", "campaign"),
        ):
            if any(getattr(scope, name) for scope in scopes):
                needs.setdefault(column, f"scope.{name}")
    return needs


def _refuse_rows(found: Collections, as_json: bool) -> None:
    errors = [
        {"row": one.row, "column": one.column, "code": one.refusal.code, "message": one.refusal.text()}
        for one in found.errors
    ]
    lines = [f"row {one['row']}, {one['column'] or 'row'}: {one['message']}" for one in errors]
    more = found.error_count - len(errors)
    lines.append(f"{found.error_count} errors{f', {more} not shown' if more else ''}; nothing was worked out")
    answer({"error_count": found.error_count, "errors": errors}, lines, as_json)
    sys.exit(FILES_WITH_FAULTS)


def _work(
    found: Collections, codes: Sequence[str], rulers: list[Ruler], write: Callable[[str], object], as_json: bool
) -> tuple[int, list[Totals]]:
    """Work outlet by outlet, freeing each, and add every plan up; return the sums.

    As JSON the months of the first plan are written, one at a time: a year of a network is more than memory should
    hold. Their number is returned.
    """
    days, number = Days(), 0
    totals = [Totals(ruler.plan) for ruler in rulers]
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for code in progress(codes, "working", len(codes)):
        rows = found.outlets.pop(code)
        for ruler, sums in zip(rulers, totals, strict=True):
            for one in outlet_months(code, rows, found.tenders, ruler, days):
                by_component = sums.add(one)
                if as_json and sums is totals[0]:
                    write(("," if number else "") + "\n" + encode(month_content(sums, one, by_component)))
                    number += 1
    return number, totals


def _rest(totals: list[Totals], found: Collections, rulers: list[Ruler]) -> dict[str, Any]:
    """Return what the JSON says behind the months."""
    rest: dict[str, Any] = {
        "rows": found.rows,
        "passed_over_columns": list(found.passed_over),
        "assumptions": _assumptions(rulers),
        "totals": totals[0].content(),
    }
    if len(totals) > 1:
        rest["against"] = totals[1].content()
        rest["outlets"] = [
            {"outlet_code": code, "total_fen": fen, "against_fen": before, "change_fen": fen - before}
            for code, fen, before in outlets_compared(totals[0], totals[1])
        ]
    return rest


def _assumptions(rulers: list[Ruler]) -> list[str]:
    components = [component for ruler in rulers for version in ruler.versions for component in version.components]
    found = []
    if any(one.minimum_open_days or one.minimum_visits for one in components):
        found.append("conditions of subsidies count as met: the file knows no opening days and visits")
    if any(one.kind is Kind.MANDATE_BONUS for one in components):
        found.append("no mandates: the file knows none, so their bonus is left out")
    if any(one.kind is Kind.GROWTH for one in components):
        found.append("growth is compared with the file's own rows of the year before")
    return found


def _lines(totals: list[Totals], found: Collections, rulers: list[Ruler]) -> Iterator[str]:
    new, old = totals[0], totals[1] if len(totals) > 1 else None
    yield f"{found.rows} collections, {len(new.outlets)} outlets, plan {new.plan.code}" + (
        f" against {old.plan.code}" if old else ""
    )
    yield from table(new, old)
    for one in totals:
        if one.unruled:
            yield f"{one.unruled} collections lie before any version of {one.plan.code}: choose one by --as-of YYYY-MM"
    if found.passed_over:
        yield f"columns passed over: {', '.join(found.passed_over)}"
    yield from _assumptions(rulers)
