"""The audit trail: every link recomputed; the unsealed tail is reported, not hidden."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping

from agentnet.verify.findings import Finding, rows


def chain_is_whole(connection: Connection) -> Iterator[Finding]:
    """Each seal covers its line and the seal before it; none is missing, altered or out of order."""
    previous = "0" * 64
    for row in rows(
        connection,
        """
        SELECT s.id AS seal, s.previous_sha256, s.sha256, l.* FROM audit_seals s
        LEFT JOIN audit_lines l ON l.id = s.audit_line_id ORDER BY s.id
        """,
    ):
        if row.id is None:
            yield Finding("audit_chain", f"seal {row.seal}", "its line is gone")
        elif row.previous_sha256 != previous:
            yield Finding("audit_chain", f"line {row.id}", "does not follow the seal before it")
        elif _digest(previous, row._mapping) != row.sha256:
            yield Finding("audit_chain", f"line {row.id}", f"was changed after sealing ({row.action})")
        previous = row.sha256


def unsealed_tail(connection: Connection) -> int:
    """Return how many lines are not sealed yet."""
    return int(
        next(
            rows(
                connection,
                "SELECT COUNT(*) AS n FROM audit_lines l"
                " WHERE NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.audit_line_id = l.id)",
            )
        ).n
    )


def _digest(previous: str, line: RowMapping) -> str:
    row = dict(line)
    content = {
        "previous": previous,
        "id": row["id"],
        "at": _instant(row["at"]),
        "user_id": row["user_id"],
        "actor_name": row["actor_name"],
        "action": row["action"],
        "subject_kind": row["subject_kind"],
        "subject_id": row["subject_id"],
        "before": _json(row["before"]),
        "after": _json(row["after"]),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _instant(value: object) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()


def _json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value
