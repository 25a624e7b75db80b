"""Commission: every line of a closed month computed again from its collection, agreement and plan of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row

from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows, yuan
from agentnet.verify.register import as_day

FAR_FUTURE = date(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Agreements by outlet, versions by plan and components by version, as plain tuples."""

    agreements: Mapping[int, Sequence[tuple[date, date, int | None]]]
    versions: Mapping[int, Sequence[tuple[date, int]]]
    components: Mapping[int, Mapping[tuple[str | None, str | None], Row[Any]]]
    default_plan: int | None

    def component(self, outlet: int, kind: str, tender: str, day: date) -> Row[Any] | None:
        plan = self.default_plan
        for starts_on, ends_on, agreed in self.agreements.get(outlet, ()):
            if starts_on <= day < ends_on:
                plan = agreed if agreed is not None else self.default_plan
        version = None
        for starts_on, candidate in self.versions.get(plan or 0, ()):
            if starts_on <= day:
                version = candidate
        if version is None:
            return None
        table = self.components.get(version, {})
        for scope in ((kind, tender), (kind, None), (None, tender), (None, None)):
            if scope in table:
                return table[scope]
        return None


def tariffs_known(connection: Connection, at: datetime | None = None) -> Tariffs:
    """Return the tariffs as they are, or without what was written of versions after an instant."""
    agreements: dict[int, list[tuple[date, date, int | None]]] = defaultdict(list)
    for row in rows(connection, "SELECT * FROM agreements ORDER BY outlet_id, starts_on, id"):
        ends_on = as_day(row.ends_on) if row.ends_on else FAR_FUTURE
        agreements[row.outlet_id].append((as_day(row.starts_on), ends_on, row.plan_id))
    versions: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for row in rows(connection, "SELECT * FROM plan_versions ORDER BY plan_id, starts_on, number"):
        if at is None or as_instant(row.created_at) <= at:
            versions[row.plan_id].append((as_day(row.starts_on), row.id))
    components: dict[int, dict[tuple[str | None, str | None], Row[Any]]] = defaultdict(dict)
    for row in rows(connection, "SELECT * FROM plan_components"):
        components[row.version_id][row.outlet_kind, row.tender] = row
    default = next(iter(rows(connection, "SELECT id FROM plans WHERE is_default")), None)
    return Tariffs(agreements, versions, components, default.id if default else None)


def commission_of(component: Row[Any] | None, amount_fen: int) -> int:
    """Fixed fee plus rate, rounded half up to the fen, held between minimum and maximum."""
    if component is None:
        return 0
    fen = int(component.fixed_fen) + (2 * amount_fen * int(component.rate_ppm) + 1_000_000) // 2_000_000
    if component.minimum_fen is not None and fen < component.minimum_fen:
        fen = int(component.minimum_fen)
    if component.maximum_fen is not None and fen > component.maximum_fen:
        fen = int(component.maximum_fen)
    return fen


def lines_are_recomputed(connection: Connection) -> Iterator[Finding]:
    """Each stored line equals what its collection earns under the component in force on its business day."""
    tariffs = tariffs_known(connection)
    for row in rows(
        connection,
        """
        SELECT l.month, l.outlet_id, l.component_id, l.base_fen, l.commission_fen, c.receipt_no, c.amount_fen, c.tender,
               c.business_on, c.outlet_id AS of_outlet, a.outlet_kind, COALESCE(r.refunded, 0) AS refunded
        FROM commission_lines l JOIN collections c ON c.id = l.collection_id
        JOIN outlet_accruals a ON a.month = l.month AND a.outlet_id = l.outlet_id
        LEFT JOIN (
          SELECT k.collection_id, SUM(k.amount_fen) AS refunded FROM corrections k
          JOIN collections c ON c.id = k.collection_id
          JOIN accounting_months m ON m.month = SUBSTR(CAST(c.business_on AS VARCHAR(10)), 1, 7)
          WHERE k.kind = 'REFUND' AND k.carried_at < m.closing_at GROUP BY k.collection_id
        ) r ON r.collection_id = c.id
        """,
    ):
        day = as_day(row.business_on)
        component = tariffs.component(row.outlet_id, row.outlet_kind, row.tender, day)
        base_fen = row.amount_fen - int(row.refunded)  # what was refunded before the close earns nothing
        expected = commission_of(component, base_fen)
        if (row.base_fen, row.commission_fen) != (base_fen, expected):
            yield Finding(
                "commission_line",
                row.receipt_no,
                f"paid {yuan(row.commission_fen)} on {yuan(row.base_fen)};"
                f" {yuan(base_fen)} by {row.tender} earns {yuan(expected)}",
            )
        if row.component_id != (component.id if component is not None else None):
            yield Finding("commission_line", row.receipt_no, f"names component {row.component_id}, another is in force")
        if row.outlet_id != row.of_outlet or row.month != f"{day:%Y-%m}":
            yield Finding("commission_line", row.receipt_no, f"is paid in {row.month} to outlet {row.outlet_id}")


def closed_months_are_complete(connection: Connection) -> Iterator[Finding]:
    """In a closed month every collection that stood has one line; one that was voided or wholly put right has none."""
    for row in rows(
        connection,
        """
        SELECT c.receipt_no, l.id AS line
        FROM collections c JOIN accounting_months m ON m.month = SUBSTR(CAST(c.business_on AS VARCHAR(10)), 1, 7)
        LEFT JOIN voids v ON v.collection_id = c.id LEFT JOIN commission_lines l ON l.collection_id = c.id
        LEFT JOIN (
          SELECT collection_id, MIN(carried_at) AS cleared_at FROM corrections WHERE clears GROUP BY collection_id
        ) k ON k.collection_id = c.id
        WHERE m.state = 'CLOSED'
          AND (v.collection_id IS NULL AND (k.cleared_at IS NULL OR k.cleared_at >= m.closing_at)) <> (l.id IS NOT NULL)
        """,
    ):
        says = "did not stand and is paid for" if row.line is not None else "is not on any statement"
        yield Finding("commission_missing", row.receipt_no, says)


def corrections_are_followed(connection: Connection) -> Iterator[Finding]:
    """What a corrected collection of a closed month earned, adjustments added, is what it earns on what stands."""
    tariffs = tariffs_known(connection)
    for row in rows(
        connection,
        """
        SELECT c.receipt_no, c.amount_fen, c.tender, c.business_on, c.outlet_id, a.outlet_kind, l.commission_fen,
               k.refunded, k.moved, COALESCE(k.adjusted, 0) AS adjusted
        FROM commission_lines l JOIN collections c ON c.id = l.collection_id
        JOIN outlet_accruals a ON a.month = l.month AND a.outlet_id = l.outlet_id
        JOIN (
          SELECT k.collection_id, SUM(CASE WHEN k.kind = 'REFUND' THEN k.amount_fen ELSE 0 END) AS refunded,
                 SUM(CASE WHEN k.kind = 'WRONG_HOUSEHOLD' THEN 1 ELSE 0 END) AS moved, SUM(j.amount_fen) AS adjusted
          FROM corrections k LEFT JOIN commission_adjustments j ON j.id = k.id
          WHERE k.collection_id IS NOT NULL GROUP BY k.collection_id
        ) k ON k.collection_id = c.id
        """,
    ):
        component = tariffs.component(row.outlet_id, row.outlet_kind, row.tender, as_day(row.business_on))
        base_fen = 0 if row.moved else row.amount_fen - int(row.refunded)
        expected = commission_of(component, base_fen) if base_fen else 0
        paid = row.commission_fen + int(row.adjusted)
        if paid != expected:
            yield Finding(
                "commission_correction",
                row.receipt_no,
                f"paid {yuan(paid)} with its adjustments; {yuan(base_fen)} stand and earn {yuan(expected)}",
            )


def accruals_add_up(connection: Connection) -> Iterator[Finding]:
    """An outlet's month is the sum of its lines, and its transfer moves exactly that to the outlet."""
    for row in rows(
        connection,
        """
        SELECT a.month, o.code, a.collections_count, a.collected_fen, a.earned_fen, a.adjusted_fen, a.due_fen,
               COALESCE(s.n, 0) AS n, COALESCE(s.base, 0) AS base, COALESCE(s.earned, 0) AS earned,
               COALESCE(s.adjusted, 0) AS adjusted
        FROM outlet_accruals a JOIN outlets o ON o.id = a.outlet_id LEFT JOIN (
          SELECT month, outlet_id, COUNT(collection_id) AS n,
                 SUM(CASE WHEN kind = 'COLLECTION' THEN base_fen ELSE 0 END) AS base,
                 SUM(CASE WHEN kind = 'COLLECTION' THEN commission_fen ELSE 0 END) AS earned,
                 SUM(CASE WHEN kind = 'ADJUSTMENT' THEN commission_fen ELSE 0 END) AS adjusted
          FROM commission_lines GROUP BY month, outlet_id
        ) s ON s.month = a.month AND s.outlet_id = a.outlet_id
        """,
    ):
        stored = (row.collections_count, row.collected_fen, row.earned_fen, row.adjusted_fen)
        summed = (int(row.n), int(row.base), int(row.earned), int(row.adjusted))
        if stored != summed or row.due_fen != row.earned_fen + row.adjusted_fen:
            yield Finding("accrual", f"{row.code} {row.month}", f"stored {stored}, its lines add up to {summed}")
    for row in rows(
        connection,
        """
        SELECT a.month, o.code, a.due_fen, a.outlet_id, t.amount_fen, d.code AS debit_code, d.owner_id AS debit_owner,
               k.code AS credit_code, k.owner_id AS credit_owner
        FROM outlet_accruals a JOIN outlets o ON o.id = a.outlet_id LEFT JOIN transfers t ON t.id = a.transfer_id
        LEFT JOIN accounts d ON d.id = t.debit_account_id LEFT JOIN accounts k ON k.id = t.credit_account_id
        WHERE a.due_fen <> 0 OR a.transfer_id IS NOT NULL
        """,
    ):
        code, owner = (row.credit_code, row.credit_owner) if row.due_fen > 0 else (row.debit_code, row.debit_owner)
        if row.amount_fen != abs(row.due_fen) or code != "COMMISSION_PAYABLE" or owner != row.outlet_id:
            moved = yuan(row.amount_fen) if row.amount_fen is not None else "nothing"
            yield Finding("accrual_transfer", f"{row.code} {row.month}", f"due {yuan(row.due_fen)}, moved {moved}")


def adjustments_are_paid_once(connection: Connection) -> Iterator[Finding]:
    """An adjustment whose month is closed stands on that month's statement, with its own amount."""
    for row in rows(
        connection,
        """
        SELECT j.id, j.month, j.amount_fen, l.month AS paid_in, l.commission_fen
        FROM commission_adjustments j JOIN accounting_months m ON m.month = j.month AND m.state = 'CLOSED'
        LEFT JOIN commission_lines l ON l.adjustment_id = j.id
        WHERE l.id IS NULL OR l.month <> j.month OR l.commission_fen <> j.amount_fen
        """,
    ):
        yield Finding("adjustment", str(row.id), f"of {yuan(row.amount_fen)} for {row.month} is not on its statement")
