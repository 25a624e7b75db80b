"""Provisional statements: what each collection known by then earned, worked out again for a month not closed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.campaigns import taking_part
from agentnet.verify.cash_history import as_instant
from agentnet.verify.commission import Spans, Tariffs, tariffs_known, worked
from agentnet.verify.findings import Finding, rows
from agentnet.verify.plan_language import Outlet
from agentnet.verify.printed import Outlets, Paper, differs, findings_of_paper, papers
from agentnet.verify.register import as_day

Key = tuple[int, str]
"""Outlet and month."""


class _Facts:
    """What the statements rest on, by outlet and month."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.outlets = Outlets(connection)
        self.partners = {row.id: row.code for row in rows(connection, "SELECT id, code FROM partners")}
        self.collections: dict[Key, list[Any]] = defaultdict(list)
        for row in rows(
            connection,
            """
            SELECT c.id, c.outlet_id, c.household_id, c.business_on, c.receipt_no, c.tender, c.amount_fen, c.posted_at,
                   v.voided_at
            FROM collections c JOIN (
              SELECT DISTINCT outlet_id, period_start, period_end FROM runs WHERE kind = 'COMMISSION_PROVISIONAL'
            ) r ON r.outlet_id = c.outlet_id AND c.business_on >= r.period_start AND c.business_on < r.period_end
            LEFT JOIN voids v ON v.collection_id = c.id
            ORDER BY c.outlet_id, c.business_on, c.id
            """,
        ):
            self.collections[row.outlet_id, f"{as_day(row.business_on):%Y-%m}"].append(row)
        self.corrections: dict[Any, list[Any]] = defaultdict(list)
        for row in rows(
            connection,
            "SELECT collection_id, kind, amount_fen, clears, carried_at FROM corrections"
            " WHERE collection_id IS NOT NULL AND outlet_id IN ("
            "   SELECT outlet_id FROM runs WHERE kind = 'COMMISSION_PROVISIONAL')",
        ):
            self.corrections[row.collection_id].append(row)
        self.adjustments: dict[Key, list[Any]] = defaultdict(list)
        for row in rows(connection, "SELECT outlet_id, month, amount_fen, made_at FROM commission_adjustments"):
            self.adjustments[row.outlet_id, row.month].append(row)
        self.agreed: dict[str, datetime] = {}
        for row in rows(
            connection,
            "SELECT subject_id, MAX(at) AS at FROM audit_lines WHERE subject_kind = 'outlet'"
            " AND action IN ('sign_agreement', 'end_agreement') GROUP BY subject_id",
        ):
            self.agreed[row.subject_id] = as_instant(row.at)
        self.campaigns = taking_part(connection)
        self.took_part: dict[str, datetime] = {}
        """When campaigns were last changed, and by outlet when it last began or ended to take part."""
        for row in rows(
            connection,
            "SELECT subject_id, subject_kind, MAX(at) AS at FROM audit_lines WHERE action IN"
            " ('join_campaign', 'leave_campaign', 'change_campaign') GROUP BY subject_id, subject_kind",
        ):
            key = row.subject_id if row.subject_kind == "outlet" else ""
            self.took_part[key] = max(as_instant(row.at), self.took_part.get(key, as_instant(row.at)))
        self._tariffs: dict[datetime, Tariffs] = {}

    def tariffs(self, at: datetime) -> Tariffs:
        """Return the tariffs as they were written down at an instant."""
        if at not in self._tariffs:
            if len(self._tariffs) > 2:  # statements of a month are made together
                self._tariffs.clear()
            self._tariffs[at] = tariffs_known(self.connection, at)
        return self._tariffs[at]


def provisional_statements_are_recomputed(connection: Connection) -> Iterator[Finding]:
    """A provisional statement prints what the collections that stood when it was made earn, one by one."""
    printed = list(papers(connection, "COMMISSION_PROVISIONAL"))
    if not printed:
        return
    facts = _Facts(connection)
    for paper in printed:

        def differences(at: datetime, paper: Paper = paper) -> list[str]:
            return list(_differences(facts, paper, at))

        yield from findings_of_paper("provisional_paper", paper, differences)


def _differences(facts: _Facts, paper: Paper, at: datetime) -> Iterator[str]:
    outlet_id, figures = paper.outlet_id or 0, paper.figures
    key = outlet_id, f"{paper.starts_on:%Y-%m}"
    standing = [(row, base) for row in facts.collections[key] if (base := _stands(facts, row, at)) is not None]
    of_day = [(as_day(row.business_on), row.tender, row.household_id, base, 0, 0) for row, base in standing]
    days = paper.starts_on, (paper.starts_on + timedelta(days=32)).replace(day=1)
    tariffs = facts.tariffs(at)
    parts, _monthly = worked(tariffs, _outlet(facts, outlet_id, at), days, tariffs.spans(outlet_id, *days), of_day, {})
    found: Counter[tuple[str, int, int]] = Counter(
        (row.receipt_no, base, sum(fen for _, fen in several))
        for (row, base), several in zip(standing, parts, strict=True)
    )
    stated = Counter((one["receipt_no"], one["amount_fen"], one["commission_fen"]) for one in figures["collections"])
    own = {row.receipt_no for row in facts.collections[key]}
    # Money of earlier months that arrived since: what had arrived when it was made is not followed here.
    elsewhere = Counter({line: n for line, n in stated.items() if line[0] not in own and any_settles(tariffs)})
    stated -= elsewhere
    if any(tariffs.settles(version) for version, _first, _end in tariffs.spans(outlet_id, *days)):
        # What of the money had arrived by then is not followed here: the paper's own lines have to add up.
        found = stated
    elif _later_known(facts, outlet_id, tariffs.spans(outlet_id, *days), at):
        # Which agreement was known then is not kept: what was collected can be proved, what it earned cannot.
        stated, found = (Counter((receipt, base, 0) for receipt, base, _ in one.elements()) for one in (stated, found))
    yield from (f"prints {line}, which the facts do not have" for line in stated - found)
    yield from (f"leaves out {line}" for line in found - stated)
    adjusted = [row.amount_fen for row in facts.adjustments[key] if as_instant(row.made_at) <= at]
    printed = [one["commission_fen"] for one in figures["adjustments"]]
    yield from differs("adjustments", sorted(printed), sorted(adjusted))
    # What was earned by the month rests on facts that were not kept: its own lines have to add up.
    by_month = sum(one["commission_fen"] for one in figures["components"] if one["tender"] == "ALL")
    earned = sum(one["commission_fen"] for one in figures["collections"]) + by_month
    collected = sum(base * n for counted in (found, elsewhere) for (_, base, _), n in counted.items())
    yield from differs("collected", figures["collected_fen"], collected)
    yield from differs("earned", figures["earned_fen"], earned)
    yield from differs("adjusted", figures["adjusted_fen"], sum(adjusted))
    yield from differs("due", figures["due_fen"], earned + sum(adjusted))


def any_settles(tariffs: Tariffs) -> bool:
    """Return whether some version pays what was settled."""
    return any(tariffs.settles(version) for version in tariffs.documents)


def _outlet(facts: _Facts, outlet_id: int, at: datetime) -> Outlet:
    kind, setting, partner_id = (facts.outlets.was(outlet_id, name, at) for name in ("kind", "setting", "partner_id"))
    days = tuple(facts.campaigns.get(outlet_id, ()))
    return Outlet(kind, setting, facts.partners.get(partner_id, ""), days)


def _later_known(facts: _Facts, outlet_id: int, spans: Spans, at: datetime) -> bool:
    """Return whether agreements, or campaigns the plan pays by, were put down otherwise after an instant."""
    code = facts.outlets.by_id[outlet_id].code
    if facts.agreed.get(code, at) > at:
        return True
    documents = facts.tariffs(at).documents
    by_campaign = any(
        "campaigns" in component.get("scope", {})
        for version, _first, _end in spans
        for component in documents[version].get("components", ())
    )
    return by_campaign and max(facts.took_part.get(code, at), facts.took_part.get("", at)) > at


def _stands(facts: _Facts, row: Any, at: datetime) -> int | None:
    """Return what a collection counts for, None if it did not stand at an instant."""
    if as_instant(row.posted_at) > at or (row.voided_at is not None and as_instant(row.voided_at) <= at):
        return None
    known = [one for one in facts.corrections[row.id] if as_instant(one.carried_at) <= at]
    if any(one.clears for one in known):
        return None
    return int(row.amount_fen) - sum(one.amount_fen for one in known if one.kind == "REFUND")
