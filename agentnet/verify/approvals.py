"""Four eyes: nobody decided what they asked for, what was approved is what was asked, and delegates had their days."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection

from agentnet.verify.findings import Finding, rows
from agentnet.verify.register import as_day

SHANGHAI = timezone(timedelta(hours=8))


def requests_are_decided_by_another(connection: Connection) -> Iterator[Finding]:
    """Who asked did not decide, nor did anybody in their name."""
    for row in rows(
        connection,
        """
        SELECT subject_label, kind, requested_by_id, decided_by_id, on_behalf_of_id FROM approvals
        WHERE state IN ('APPROVED', 'REJECTED')
          AND (decided_by_id IS NULL OR decided_by_id = requested_by_id OR on_behalf_of_id = requested_by_id)
        """,
    ):
        yield Finding(
            "four_eyes", f"{row.kind} {row.subject_label}", f"asked by {row.requested_by_id}, decided by itself"
        )


def what_was_asked_is_unchanged(connection: Connection) -> Iterator[Finding]:
    """A request's content has the hash it was asked for and decided by."""
    for row in rows(connection, "SELECT kind, subject_label, content, content_sha256 FROM approvals"):
        content: Any = json.loads(row.content) if isinstance(row.content, str) else row.content
        plain = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if hashlib.sha256(plain.encode()).hexdigest() != row.content_sha256:
            yield Finding("approval_content", f"{row.kind} {row.subject_label}", "is not what was asked for")


def delegates_had_their_days(connection: Connection) -> Iterator[Finding]:
    """Who decided in another's name stood in for them on that day."""
    given: dict[tuple[int, int], list[tuple[date, date]]] = {}
    for row in rows(connection, "SELECT user_id, delegate_id, starts_on, ends_on FROM delegations"):
        given.setdefault((row.user_id, row.delegate_id), []).append((as_day(row.starts_on), as_day(row.ends_on)))
    for row in rows(
        connection,
        """
        SELECT kind, subject_label, on_behalf_of_id, decided_by_id, decided_at FROM approvals
        WHERE on_behalf_of_id IS NOT NULL
        """,
    ):
        decided_at = datetime.fromisoformat(row.decided_at) if isinstance(row.decided_at, str) else row.decided_at
        decided_on = decided_at.replace(tzinfo=decided_at.tzinfo or UTC).astimezone(SHANGHAI).date()
        spans = given.get((row.on_behalf_of_id, row.decided_by_id), [])
        # A delegation taken back on the day itself ends that day.
        if not any(starts_on <= decided_on <= ends_on for starts_on, ends_on in spans):
            yield Finding(
                "delegate",
                f"{row.kind} {row.subject_label}",
                f"{row.decided_by_id} did not stand in for {row.on_behalf_of_id} on {decided_on}",
            )
