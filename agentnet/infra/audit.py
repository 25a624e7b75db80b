"""The audit trail: who did what, when, to what, before and after; append-only and chained by hash.

Lines are written unchained inside the action's own transaction; ``infra.sealing`` chains them within seconds, so that
writers never wait for each other. ``verify`` recomputes the chain and reports the unsealed tail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.core.clock import now
from agentnet.infra.actor import Actor
from agentnet.infra.db import BigId, Key, Model, db
from agentnet.infra.inserting import insert_typed


class AuditLine(Model):
    """One thing done. Never changed, never deleted (the database refuses)."""

    __tablename__ = "audit_lines"
    __table_args__ = (Index("ix_audit_lines_subject", "subject_kind", "subject_id"), Index("ix_audit_lines_at", "at"))

    id: Mapped[Key]
    at: Mapped[datetime]
    user_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


class AuditSeal(Model):
    """A link of the chain: ``sha256`` covers the previous link and the line."""

    __tablename__ = "audit_seals"

    id: Mapped[Key]
    audit_line_id: Mapped[int] = mapped_column(BigId, ForeignKey("audit_lines.id"), unique=True)
    previous_sha256: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]


def audit_row(
    by: Actor,
    action: str,
    subject_kind: str,
    subject_id: object,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Return the row of one audit line, for actions that insert many at once."""
    return {
        "at": now(),
        "user_id": by.user_id,
        "actor_name": by.name,
        "action": action,
        "subject_kind": subject_kind,
        "subject_id": str(subject_id),
        "before": dict(before) if before is not None else None,
        "after": dict(after) if after is not None else None,
    }


def write_audit(
    by: Actor,
    action: str,
    subject_kind: str,
    subject_id: object,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Write one audit line in the open transaction. Values must be JSON: text, whole numbers, booleans, lists."""
    write_audit_rows([audit_row(by, action, subject_kind, subject_id, before, after)])


def write_audit_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many audit lines in one statement."""
    insert_typed(db.session.connection(), cast(Table, AuditLine.__table__), rows)
