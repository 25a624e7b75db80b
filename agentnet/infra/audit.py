"""The audit trail: who did what, when, to what, before and after; append-only and chained by hash.

Lines are written unchained inside the action's own transaction. One sealer (a clock job) chains what has settled into
``audit_seals`` within seconds, so writers never wait for each other. ``verify`` recomputes the chain and reports the
unsealed tail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, String, Table, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.core.clock import now
from agentnet.core.ids import content_sha256
from agentnet.infra.actor import Actor
from agentnet.infra.db import BigId, Key, Model, db
from agentnet.infra.inserting import insert_typed

LOOK_BACK = 100_000
"""How many line numbers below the newest seal are searched for lines whose transaction ended late."""


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


def seal_audit(limit: int = 5000) -> int:
    """Chain up to ``limit`` settled lines in the open transaction; return how many were sealed."""
    last = db.session.execute(select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1)).scalar_one_or_none()
    newest = db.session.execute(
        select(AuditSeal.audit_line_id).order_by(AuditSeal.audit_line_id.desc()).limit(1)
    ).scalar()
    lines = db.session.scalars(
        select(AuditLine)
        .where(AuditLine.id > (newest or 0) - LOOK_BACK)
        .where(~select(AuditSeal.id).where(AuditSeal.audit_line_id == AuditLine.id).exists())
        .order_by(AuditLine.id)
        .limit(limit)
    ).all()
    previous = last.sha256 if last else "0" * 64
    seals, sealed_at = [], now()
    for line in lines:
        digest = link_sha256(previous, line)
        seals.append({"audit_line_id": line.id, "previous_sha256": previous, "sha256": digest, "sealed_at": sealed_at})
        previous = digest
    if seals:
        db.session.execute(insert(AuditSeal), seals)
    return len(seals)


def link_sha256(previous: str, line: AuditLine) -> str:
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
