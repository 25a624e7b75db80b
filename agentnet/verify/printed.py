"""What was printed, and as of when: papers with their frozen figures, and the register as it was at an instant."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, text

from agentnet.verify.cash_history import as_instant
from agentnet.verify.findings import Finding, rows
from agentnet.verify.register import as_day

SLACK = timedelta(minutes=1)
"""Facts stamped so shortly before or after a paper was made may have been seen by it or not."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A document with its figures as they were frozen; the period is half-open."""

    number: str
    kind: str
    starts_on: date
    ends_on: date
    outlet_id: int | None
    org_unit_id: int
    org_path: str
    made_at: datetime
    figures: dict[str, Any]
    subject: str = ""


def papers(connection: Connection, *kinds: str) -> Iterator[Paper]:
    """Yield the documents of some kinds; what cannot be read any more is another check's."""
    statement = text(
        "SELECT number, kind, period_start, period_end, outlet_id, org_unit_id, org_path, frozen, subject FROM runs"
        " WHERE kind IN :kinds ORDER BY number"
    ).bindparams(bindparam("kinds", expanding=True))
    for row in connection.execute(statement, {"kinds": kinds}, execution_options={"yield_per": 200}):
        figures = figures_of(row.frozen)
        if figures is not None:
            yield Paper(
                row.number,
                row.kind,
                as_day(row.period_start),
                as_day(row.period_end),
                row.outlet_id,
                row.org_unit_id,
                row.org_path,
                as_instant(figures["head"]["made_at"]),
                figures,
                row.subject,
            )


def figures_of(frozen: bytes) -> dict[str, Any] | None:
    """Return stored figures, None if they are not readable."""
    try:
        return dict(json.loads(zlib.decompress(frozen)))
    except (zlib.error, ValueError):
        return None


def findings_of_paper(check: str, paper: Paper, differences: Callable[[datetime], Sequence[str]]) -> Iterator[Finding]:
    """Yield what differs as of the instant the paper was made, unless a moment earlier or later nothing does."""
    first = differences(paper.made_at)
    if first and all(differences(paper.made_at + slack) for slack in (SLACK, -SLACK)):
        for says in first:
            yield Finding(check, paper.number, says)


def differs(what: str, printed: object, found: object) -> list[str]:
    """Return one sentence if what is printed is not what was found."""
    return [] if printed == found else [f"prints {what} {printed}, the facts say {found}"]


def stored(connection: Connection, at: datetime) -> object:
    """Return an instant as the database compares it with what it stores."""
    if connection.dialect.name == "sqlite":
        return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return at


class Outlets:
    """The register of outlets, and what it said of each at an instant."""

    def __init__(self, connection: Connection) -> None:
        found = rows(connection, "SELECT id, code, kind, setting, partner_id, org_unit_id FROM outlets ORDER BY id")
        self.by_id = {row.id: row for row in found}
        self.id_of = {row.code: row.id for row in self.by_id.values()}
        self._changes: dict[str, list[tuple[datetime, dict[str, Any]]]] = defaultdict(list)
        for row in rows(
            connection,
            "SELECT subject_id, at, before FROM audit_lines"
            " WHERE subject_kind = 'outlet' AND action IN ('change_outlet', 'move_outlet') ORDER BY at, id",
        ):
            before = json.loads(row.before) if isinstance(row.before, str) else row.before
            if before:
                self._changes[row.subject_id].append((as_instant(row.at), before))

    def was(self, outlet_id: int, field: str, at: datetime) -> Any:
        """Return a field of an outlet as it was at an instant: what the first change after it found."""
        outlet = self.by_id[outlet_id]
        for changed_at, before in self._changes.get(outlet.code, ()):
            if changed_at > at and field in before:
                return before[field]
        return getattr(outlet, field)


def unit_paths(connection: Connection) -> dict[int, str]:
    """Return the org path of each unit."""
    return {row.id: row.path for row in rows(connection, "SELECT id, path FROM org_units")}
