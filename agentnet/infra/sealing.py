"""Chaining the audit trail: one sealer (a clock job) links what has settled into ``audit_seals``.

What is to be linked is read and hashed with no lock held; the links are then written in a short transaction, unless
another sealer has written its own in the meantime.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Row, Table, func, select, text

from agentnet.core.clock import now
from agentnet.core.ids import content_sha256
from agentnet.infra.audit import AuditLine, AuditSeal
from agentnet.infra.db import db
from agentnet.infra.inserting import insert_typed
from agentnet.infra.transaction import batch, reading

LOOK_BACK = 100_000
"""How many line numbers below the newest seal are searched for lines whose transaction ended late."""

LINKS_AT_ONCE: Final = 1_000
"""So that a transaction stays short beside the counters."""

MOST_AT_ONCE = 50_000
"""So that one turn of the clock ends; a large import's lines are sealed within a few turns."""

lines = cast(Table, AuditLine.__table__)
seals = cast(Table, AuditSeal.__table__)

_ONE_SEALER = text("SELECT pg_advisory_xact_lock(0x7365616c)")


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest seal (id and hash; 0 and zeros where there is none) and the lines to be chained to it."""

    seal_id: int
    sha256: str
    lines: Sequence[Row[Any]]


def seal_settled(at_once: int = LINKS_AT_ONCE) -> int:
    """Chain the lines that have settled, ``at_once`` in each of its own transactions; return how many."""
    with reading():
        newest = db.session.scalar(select(func.max(seals.c.audit_line_id))) or 0
    above, sealed = newest - LOOK_BACK, 0
    while sealed < MOST_AT_ONCE:
        with reading():
            tail = _tail(above, at_once)
        links = _links(tail)
        if links:
            with batch():
                sealed += _write(tail, links)
            above = max(above, links[-1]["audit_line_id"])
        if len(links) < at_once:
            break
    return sealed


def _tail(above: int, most: int) -> Tail:
    """Return at most so many unsealed lines with numbers above one, oldest first."""
    newest = _newest_seal()
    unsealed = (
        select(lines)
        .where(lines.c.id > above, ~select(seals.c.id).where(seals.c.audit_line_id == lines.c.id).exists())
        .order_by(lines.c.id)
        .limit(most)
    )
    return Tail(*newest, db.session.connection().execute(unsealed).all())


def _newest_seal() -> tuple[int, str]:
    newest = select(seals.c.id, seals.c.sha256).order_by(seals.c.id.desc()).limit(1)
    row = db.session.connection().execute(newest).one_or_none()
    return (row.id, row.sha256) if row else (0, "0" * 64)


def _links(tail: Tail) -> list[dict[str, Any]]:
    found, previous, sealed_at = [], tail.sha256, now()
    for line in tail.lines:
        digest = link_sha256(previous, line)
        found.append({"audit_line_id": line.id, "previous_sha256": previous, "sha256": digest, "sealed_at": sealed_at})
        previous = digest
    return found


def _write(tail: Tail, links: Sequence[dict[str, Any]]) -> int:
    """Write the links in the open transaction; return 0 where another sealer was first."""
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_SEALER)
    if _newest_seal()[0] != tail.seal_id:
        return 0
    insert_typed(connection, seals, links)
    return len(links)


def link_sha256(previous: str, line: Row[Any]) -> str:
    """Return the chain hash of a line after ``previous``."""
    return content_sha256(
        {
            "previous": previous,
            "id": line.id,
            "at": line.at,
            "user_id": line.user_id,
            "actor_name": line.actor_name,
            "action": line.action,
            "subject_kind": line.subject_kind,
            "subject_id": line.subject_id,
            "before": line.before,
            "after": line.after,
        }
    )
