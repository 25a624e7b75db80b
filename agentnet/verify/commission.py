"""Commission: every figure of a closed month worked out again, from its collections, agreements and stored versions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.plan_language import Fact, Outlet, alone, span_sums
from agentnet.verify.register import as_day

FAR_FUTURE = date(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Agreements by outlet, versions by plan, and each version's document and component ids."""

    agreements: Mapping[int, Sequence[tuple[date, date, int | None]]]
    versions: Mapping[int, Sequence[tuple[date, int]]]
    documents: Mapping[int, Mapping[str, Any]]
    components: Mapping[int, Sequence[int]]
    default_plan: int | None

    def version(self, outlet: int, day: date) -> int | None:
        plan = self.default_plan
        for starts_on, ends_on, agreed in self.agreements.get(outlet, ()):
            if starts_on <= day < ends_on:
                plan = agreed if agreed is not None else self.default_plan
        version = None
        for starts_on, candidate in self.versions.get(plan or 0, ()):
            if starts_on <= day:
                version = candidate
        return version

    def of_id(self, component_id: int) -> Mapping[str, Any]:
        """Return a component's words by its id."""
        for version, ids in self.components.items():
            if component_id in ids:
                found: Mapping[str, Any] = self.documents[version]["components"][ids.index(component_id)]
                return found
        return {"kind": "PER_COLLECTION"}

    def settles(self, version: int) -> bool:
        """Return whether a version pays what was settled."""
        return bool(self.documents[version].get("basis") == "SETTLED")

    def spans(self, outlet: int, first: date, end: date) -> list[tuple[int, date, date]]:
        """Return which version rules which days, day by day."""
        found: list[tuple[int, date, date]] = []
        for day in (first + timedelta(days=n) for n in range((end - first).days)):
            version = self.version(outlet, day)
            if version is None:
                continue
            if found and found[-1][0] == version and found[-1][2] == day:
                found[-1] = (version, found[-1][1], day + timedelta(days=1))
            else:
                found.append((version, day, day + timedelta(days=1)))
        return found


def tariffs_known(connection: Connection, at: datetime | None = None) -> Tariffs:
    """Return the tariffs as they are, or without what was written of versions after an instant."""
    agreements: dict[int, list[tuple[date, date, int | None]]] = defaultdict(list)
    for row in rows(connection, "SELECT * FROM agreements ORDER BY outlet_id, starts_on, id"):
        ends_on = as_day(row.ends_on) if row.ends_on else FAR_FUTURE
        agreements[row.outlet_id].append((as_day(row.starts_on), ends_on, row.plan_id))
    versions: dict[int, list[tuple[date, int]]] = defaultdict(list)
    documents = {}
    for row in rows(connection, "SELECT * FROM plan_versions ORDER BY plan_id, starts_on, number"):
        if at is None or as_instant(row.created_at) <= at:
            versions[row.plan_id].append((as_day(row.starts_on), row.id))
        documents[row.id] = json.loads(row.content)
    components: dict[int, list[int]] = defaultdict(list)
    for row in rows(connection, "SELECT id, version_id FROM plan_components ORDER BY version_id, position"):
        components[row.version_id].append(row.id)
    default = next(iter(rows(connection, "SELECT id FROM plans WHERE is_default")), None)
    return Tariffs(agreements, versions, documents, components, default.id if default else None)


@dataclass(slots=True)
class ClosedMonth:
    """One outlet's closed month as it was stored."""

    month: str
    outlet_id: int
    code: str
    outlet: Outlet
    inputs: Mapping[str, Any] | None
    lines: list[Row[Any]] = field(default_factory=list)

    @property
    def ruling(self) -> list[tuple[int, date, date]]:
        """Which version ruled which days, as it was written down."""
        return [
            (id_, date.fromisoformat(first), date.fromisoformat(end))
            for id_, first, end in (self.inputs or {}).get("ruling", ())
        ]

    @property
    def days(self) -> tuple[date, date]:
        first = date.fromisoformat(f"{self.month}-01")
        return first, (first + timedelta(days=32)).replace(day=1)


_ACCRUALS = """
    SELECT a.month, a.outlet_id, o.code, a.outlet_kind, a.setting, a.inputs
    FROM outlet_accruals a JOIN outlets o ON o.id = a.outlet_id ORDER BY a.month, a.outlet_id
"""
_LINES = """
    SELECT l.month, l.outlet_id, l.component_id, l.parts, l.base_fen, l.commission_fen, c.receipt_no, c.amount_fen,
           c.tender, c.household_id, c.business_on, c.outlet_id AS of_outlet, l.collection_id,
           l.amount_fen AS stood_fen, l.settled_from_fen, l.settled_to_fen,
           COALESCE(r.before_close, 0) AS before_close, COALESCE(r.ever, 0) AS ever, COALESCE(r.moved, 0) AS moved
    FROM commission_lines l JOIN collections c ON c.id = l.collection_id
    LEFT JOIN (
      SELECT k.collection_id,
             p.month,
             SUM(CASE WHEN k.kind = 'REFUND' AND k.carried_at < m.closing_at THEN k.amount_fen ELSE 0 END)
               AS before_close,
             SUM(CASE WHEN k.kind = 'REFUND' THEN k.amount_fen ELSE 0 END) AS ever,
             SUM(CASE WHEN k.kind = 'WRONG_HOUSEHOLD' THEN 1 ELSE 0 END) AS moved
      FROM corrections k JOIN commission_lines p ON p.outlet_id = k.outlet_id AND p.collection_id = k.collection_id
      JOIN accounting_months m ON m.month = p.month
      GROUP BY k.collection_id, p.month
    ) r ON r.collection_id = c.id AND r.month = l.month
    ORDER BY l.month, l.outlet_id, c.business_on, c.id
"""


def closed_months(connection: Connection) -> Iterator[ClosedMonth]:
    """Yield every outlet's closed month with its lines, in the order of day and collection id."""
    lines = rows(connection, _LINES)
    line = next(lines, None)
    for row in rows(connection, _ACCRUALS):
        inputs = json.loads(row.inputs) if isinstance(row.inputs, str) else row.inputs
        of_plan = inputs or {}
        outlet = Outlet(
            row.outlet_kind,
            row.setting,
            of_plan.get("partner", ""),
            tuple(
                (code, date.fromisoformat(first), date.fromisoformat(end))
                for code, first, end in of_plan.get("campaigns", ())
            ),
        )
        found = ClosedMonth(row.month, row.outlet_id, row.code, outlet, inputs)
        while line is not None and (line.month, line.outlet_id) == (row.month, row.outlet_id):
            found.lines.append(line)
            line = next(lines, None)
        yield found


Parts = list[list[tuple[int, int]]]


Spans = Sequence[tuple[int, date, date]]


def worked(
    tariffs: Tariffs,
    outlet: Outlet,
    days: tuple[date, date],
    spans: Spans,
    facts: Sequence[Fact],
    outside: Mapping[str, Any],
) -> tuple[Parts, dict[tuple[int, str], int]]:
    """Return what each fact earns by component id, and what each component and span earns by the month."""
    parts: Parts = [[] for _ in facts]
    monthly: dict[tuple[int, str], int] = {}
    for version, starts_on, ends_on in spans:
        components = tariffs.documents[version].get("components", [])
        inside = [at for at, fact in enumerate(facts) if starts_on <= fact[0] < ends_on]
        of_span = [facts[at] for at in inside]
        of_version = (starts_on, ends_on), days, outside, tariffs.settles(version)
        sums = span_sums(components, outlet, of_span, *of_version)
        ids = tariffs.components[version]
        for at, several in zip(inside, sums.parts, strict=True):
            parts[at] = [(ids[position], fen) for position, fen in several]
        monthly |= {(ids[position], starts_on.isoformat()): fen for position, fen in sums.monthly.items()}
    return parts, monthly


def _worked(month: ClosedMonth, tariffs: Tariffs, bases: Sequence[int]) -> tuple[Parts, dict[tuple[int, str], int]]:
    """Work a month by the versions its close wrote down; one from before by the component of each line."""
    if month.inputs is None:
        return [
            [] if line.component_id is None else [(line.component_id, alone(tariffs.of_id(line.component_id), base))]
            for line, base in zip(month.lines, bases, strict=True)
        ], {}
    facts = [
        (
            as_day(line.business_on),
            line.tender,
            line.household_id,
            base,
            min(line.settled_from_fen or 0, base),
            min(line.settled_to_fen or 0, base),
        )
        for line, base in zip(month.lines, bases, strict=True)
    ]
    return worked(tariffs, month.outlet, month.days, month.ruling, facts, month.inputs)


def _stored_parts(line: Row[Any]) -> list[tuple[int, int]]:
    parts = json.loads(line.parts) if isinstance(line.parts, str) else line.parts
    if parts:
        return [(id_, fen) for id_, fen in parts]
    return [] if line.component_id is None else [(line.component_id, line.commission_fen)]


def lines_are_recomputed(connection: Connection) -> Iterator[Finding]:
    """Each stored line and monthly figure is what its version, its collections and the stored inputs come to."""
    tariffs = tariffs_known(connection)
    stored: dict[tuple[str, int], dict[tuple[int, str], int]] = defaultdict(dict)
    for row in rows(
        connection, "SELECT month, outlet_id, component_id, starts_on, commission_fen FROM monthly_commissions"
    ):
        stored[row.month, row.outlet_id][row.component_id, as_day(row.starts_on).isoformat()] = row.commission_fen
    for month in closed_months(connection):
        bases = [line.amount_fen - int(line.before_close) for line in month.lines]
        parts, monthly = _worked(month, tariffs, bases)
        for line, base_fen, expected in zip(month.lines, bases, parts, strict=True):
            yield from _judge_line(line, base_fen, expected)
        found = stored.pop((month.month, month.outlet_id), {})
        for key in sorted({*found, *monthly}):
            if found.get(key) != monthly.get(key):
                says = f"component {key[0]} is stored with {found.get(key)} fen and earns {monthly.get(key)}"
                yield Finding("commission_monthly", f"{month.code} {month.month}", says)
    for (of_month, outlet_id), _figures in sorted(stored.items()):
        yield Finding("commission_monthly", f"{outlet_id} {of_month}", "has monthly figures and no accrual")


def _judge_line(line: Row[Any], stood_fen: int, expected: list[tuple[int, int]]) -> Iterator[Finding]:
    total = sum(fen for _, fen in expected)
    settled = line.settled_to_fen is not None
    base_fen = line.settled_to_fen - line.settled_from_fen if settled else stood_fen
    if settled and line.stood_fen != stood_fen:
        yield Finding(
            "commission_line", line.receipt_no, f"counts {yuan(line.stood_fen)} of what was {yuan(stood_fen)}"
        )
    if (line.base_fen, line.commission_fen) != (base_fen, total):
        yield Finding(
            "commission_line",
            line.receipt_no,
            f"paid {yuan(line.commission_fen)} on {yuan(line.base_fen)};"
            f" {yuan(base_fen)} by {line.tender} earns {yuan(total)}",
        )
    elif _stored_parts(line) != expected:
        yield Finding("commission_line", line.receipt_no, f"names {_stored_parts(line)}, it is paid by {expected}")
    day = as_day(line.business_on)
    later = settled and line.month > f"{day:%Y-%m}"
    if line.outlet_id != line.of_outlet or (line.month != f"{day:%Y-%m}" and not later):
        yield Finding("commission_line", line.receipt_no, f"is paid in {line.month} to outlet {line.outlet_id}")


def closed_months_are_complete(connection: Connection) -> Iterator[Finding]:
    """In a closed month every collection that stood has one line; one that was voided or wholly put right has none."""
    for row in rows(
        connection,
        """
        SELECT c.receipt_no, l.id AS line
        FROM collections c JOIN accounting_months m ON m.month = SUBSTR(CAST(c.business_on AS VARCHAR(10)), 1, 7)
        LEFT JOIN voids v ON v.collection_id = c.id
        LEFT JOIN commission_lines l ON l.outlet_id = c.outlet_id AND l.collection_id = c.id
          AND l.month = m.month
        LEFT JOIN (
          SELECT collection_id, MIN(carried_at) AS cleared_at FROM corrections WHERE clears GROUP BY collection_id
        ) k ON k.collection_id = c.id
        WHERE m.state = 'CLOSED'
          AND (v.collection_id IS NULL AND (k.cleared_at IS NULL OR k.cleared_at >= m.closing_at)) <> (l.id IS NOT NULL)
        """,
    ):
        says = "did not stand and is paid for" if row.line is not None else "is not on any statement"
        yield Finding("commission_missing", row.receipt_no, says)


def lines_have_their_like(connection: Connection) -> Iterator[Finding]:
    """A line is for a collection that exists, paid once (by month where what is settled pays), by a known component.

    Whatever the outlet: two of them could each pay it.
    """
    for row in rows(
        connection,
        """
        SELECT l.id, l.component_id, c.id AS known, p.id AS component FROM commission_lines l
        LEFT JOIN collections c ON c.id = l.collection_id LEFT JOIN plan_components p ON p.id = l.component_id
        WHERE (l.collection_id IS NOT NULL AND c.id IS NULL) OR (l.component_id IS NOT NULL AND p.id IS NULL)
        """,
    ):
        says = "is for no collection there is" if row.component_id == row.component else "is paid by no known component"
        yield Finding("commission_line_source", str(row.id), says)
    for row in rows(
        connection,
        """
        SELECT c.receipt_no, COUNT(*) AS n FROM commission_lines l JOIN collections c ON c.id = l.collection_id
        GROUP BY c.receipt_no
        HAVING COUNT(*) > COUNT(DISTINCT l.month)
          OR (COUNT(*) > 1 AND SUM(CASE WHEN l.settled_to_fen IS NULL THEN 1 ELSE 0 END) > 0)
        """,
    ):
        yield Finding("commission_line_source", row.receipt_no, f"is paid {row.n} times")


def corrections_are_followed(connection: Connection) -> Iterator[Finding]:
    """What a closed month paid, with what corrections took back since, is what the month earns on what stands.

    Where what is settled pays, a collection may stand in several months: those of an outlet are proved together.
    """
    tariffs = tariffs_known(connection)
    together: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    adjusted = {
        (row.of_month, row.outlet_id): int(row.fen)
        for row in rows(
            connection,
            """
            SELECT j.of_month, j.outlet_id, SUM(j.amount_fen) AS fen FROM commission_adjustments j
            JOIN corrections k ON k.id = j.id GROUP BY j.of_month, j.outlet_id
            """,
        )
    }
    earned = {
        (row.month, row.outlet_id): row.earned_fen
        for row in rows(connection, "SELECT month, outlet_id, earned_fen FROM outlet_accruals")
    }
    for month in closed_months(connection):
        key = (month.month, month.outlet_id)
        if key not in adjusted and all(line.ever == line.before_close and not line.moved for line in month.lines):
            continue
        bases = [0 if line.moved else line.amount_fen - int(line.ever) for line in month.lines]
        parts, monthly = _worked(month, tariffs, bases)
        expected = sum(fen for several in parts for _, fen in several) + sum(monthly.values())
        paid = earned[key] + adjusted.get(key, 0)
        if any(line.settled_to_fen is not None for line in month.lines):
            together[month.code][0] += paid
            together[month.code][1] += expected
        elif paid != expected:
            yield Finding(
                "commission_correction",
                f"{month.code} {month.month}",
                f"paid {yuan(paid)} with its adjustments; what stands earns {yuan(expected)}",
            )
    for code, (paid, expected) in sorted(together.items()):
        if paid != expected:
            says = f"paid {yuan(paid)} as it was settled, with adjustments; what stands earns {yuan(expected)}"
            yield Finding("commission_correction", code, says)
