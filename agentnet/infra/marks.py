"""Marks that no writer waits for: of a business day, of what comes many rows at once, or of what a posting does.

A mark of ``infra.revisions`` is one row that writers meet at. Here each writer leaves a mark of its own and takes away
those that stood before, except one that another writer is taking away at that moment; all marks of a subject together
are what it is known by. None is ever given twice, so once a change is committed its subject is known by another text.
Triggers give them, in the transaction of the change.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, String, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from agentnet.infra.db import Model, db
from agentnet.infra.straight import Straight


class Mark(Model):
    """A mark of a subject, written by triggers alone; a subject that never changed has none."""

    __tablename__ = "marks"

    subject: Mapped[str] = mapped_column(String(24), primary_key=True)
    """A day (YYYY-MM-DD) or a name."""
    mark: Mapped[str] = mapped_column(String(36), primary_key=True)
    transaction_id: Mapped[int | None] = mapped_column(BigInteger)
    """On PostgreSQL the transaction that left the mark: one is enough for all its rows."""


_MARKS = Straight(select(Mark.mark).where(Mark.subject.in_(bindparam("subjects", expanding=True, type_=String()))))


def marks_of(*subjects: str) -> str:
    """Return what the subjects are known by now: another text once a change of one of them is committed.

    Whatever is read after it in the same transaction is not older than it is.
    """
    rows = _MARKS.rows(db.session.connection(), {"subjects": list(subjects)})
    return "".join(sorted(mark for (mark,) in rows))
