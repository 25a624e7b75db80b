"""The register: one or two managers at an active outlet, states that follow their history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection

from agentnet.core.clock import today
from agentnet.verify.findings import Finding, rows


def active_outlets_have_their_managers(connection: Connection) -> Iterator[Finding]:
    """An active outlet has exactly one primary manager today and at most one deputy (S36)."""
    for row in rows(
        connection,
        """
        SELECT o.code, COUNT(CASE WHEN a.slot = 'PRIMARY' THEN 1 END) AS primaries,
               COUNT(CASE WHEN a.slot = 'DEPUTY' THEN 1 END) AS deputies
        FROM outlets o LEFT JOIN assignments a ON a.outlet_id = o.id AND a.starts_on <= :today
          AND (a.ends_on IS NULL OR a.ends_on > :today)
        WHERE o.state = 'ACTIVE' GROUP BY o.id, o.code
        HAVING COUNT(CASE WHEN a.slot = 'PRIMARY' THEN 1 END) <> 1 OR COUNT(CASE WHEN a.slot = 'DEPUTY' THEN 1 END) > 1
        """,
        {"today": today()},
    ):
        yield Finding("managers", row.code, f"has {row.primaries} primary and {row.deputies} deputy managers")


def assignments_never_overlap(connection: Connection) -> Iterator[Finding]:
    """At no time did two managers hold one slot, nor one manager both."""
    for row in rows(
        connection,
        """
        SELECT o.code, a.slot, a.starts_on, b.starts_on AS other_starts_on FROM assignments a
        JOIN assignments b ON b.outlet_id = a.outlet_id AND b.id > a.id
          AND (b.slot = a.slot OR b.manager_id = a.manager_id)
          AND (a.ends_on IS NULL OR a.ends_on > b.starts_on) AND (b.ends_on IS NULL OR b.ends_on > a.starts_on)
        JOIN outlets o ON o.id = a.outlet_id
        """,
    ):
        yield Finding(
            "assignment_overlap", row.code, f"{row.slot} from {row.starts_on} overlaps one from {row.other_starts_on}"
        )


def states_follow_history(connection: Connection) -> Iterator[Finding]:
    """An outlet's state is the last step of its history, and each step may follow the one before."""
    follows = {
        None: {"APPLIED", "SITE_CHECK", "APPROVED", "ACTIVE", "SUSPENDED", "CLOSED"},
        "APPLIED": {"SITE_CHECK", "CLOSED"},
        "SITE_CHECK": {"APPROVED", "CLOSED"},
        "APPROVED": {"ACTIVE", "CLOSED"},
        "ACTIVE": {"SUSPENDED", "CLOSED"},
        "SUSPENDED": {"ACTIVE", "CLOSED"},
        "CLOSED": set(),
    }
    last: dict[str, tuple[str, str]] = {}
    for row in rows(
        connection,
        """
        SELECT o.code, o.state AS present, s.state FROM outlets o JOIN outlet_states s ON s.outlet_id = o.id
        ORDER BY o.id, s.id
        """,
    ):
        before = last[row.code][0] if row.code in last else None
        if row.state not in follows[before]:
            yield Finding("outlet_state", row.code, f"went from {before} to {row.state}")
        last[row.code] = (row.state, row.present)
    for code, (state, present) in last.items():
        if state != present:
            yield Finding("outlet_state", code, f"is {present}, its history ends in {state}")


def as_day(value: object) -> date:
    """Return a day as SQLite (text) or PostgreSQL (date) give it."""
    return value if isinstance(value, date) else date.fromisoformat(str(value))
