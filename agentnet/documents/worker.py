"""Draw planned documents: lease a few, draw with no transaction open, store by hash, finish with the fencing token.

A lease is taken in one guarded statement and ends by the database's clock. A worker that dies leaves its lease to
expire; whoever takes it over draws the same bytes, because the figures are frozen. A worker that wakes up late finds
its token outdated and changes nothing.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, update

from agentnet.core.clock import now
from agentnet.documents.freezing import read_figures
from agentnet.documents.kinds import report_kinds
from agentnet.documents.models import Run
from agentnet.documents.rules import MOST_ATTEMPTS, RunState, failure_note
from agentnet.infra import files
from agentnet.infra.db import UtcDateTime, db
from agentnet.infra.jobs import WorkerLoop
from agentnet.infra.transaction import batch
from reports.frozen import FrozenShape
from reports.head import FiguresDisagree
from reports.kit.fonts import MissingGlyph

RUNS_A_LEASE = 20
LEASE = timedelta(seconds=120)
RENEW_AFTER_SECONDS = 40
"""A lease is renewed between two drawings, never during one: a drawing that hangs loses its lease."""
WAIT_BEFORE_RETRY = timedelta(seconds=30)

_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")

log = logging.getLogger("agentnet.documents")


@dataclass(frozen=True, slots=True)
class Leased:
    """A run in this worker's hands for as long as its token is the newest."""

    id: uuid.UUID
    token: int
    kind: str
    attempts: int
    frozen: bytes


def draw_some(most: int = RUNS_A_LEASE, only: Sequence[uuid.UUID] | None = None) -> int:
    """Lease, draw and finish up to ``most`` planned documents; return how many were taken in hand.

    ``only`` restricts it to these runs.
    """
    leased = lease(most, only)
    results: list[dict[str, Any]] = []
    renewed = time.monotonic()
    for place, one in enumerate(leased):
        if time.monotonic() - renewed > RENEW_AFTER_SECONDS:
            renew(leased[place:])
            renewed = time.monotonic()
        results.append(_drawn(one))
    if results:
        finish(leased, results)
    return len(leased)


def lease(most: int, only: Sequence[uuid.UUID] | None = None) -> list[Leased]:
    """Take up to ``most`` runs in hand: planned ones, and those whose worker let its lease expire."""
    with batch():
        at = _database_now()
        expired = and_(Run.state == RunState.LEASED, Run.lease_until <= at)
        due = or_(
            and_(Run.state == RunState.PLANNED, or_(Run.lease_until.is_(None), Run.lease_until <= at)),
            and_(expired, Run.attempts < MOST_ATTEMPTS),
        )
        db.session.execute(
            update(Run)
            .where(expired, Run.attempts >= MOST_ATTEMPTS)
            .values(state=RunState.FAILED, failure=failure_note("worker_died", str(MOST_ATTEMPTS)))
            .execution_options(synchronize_session=False)
        )
        found = select(Run.id).where(due, Run.id.in_(only) if only is not None else literal(True))
        chosen = found.order_by(Run.id).limit(most).with_for_update(skip_locked=True).cte("chosen")
        rows = db.session.execute(
            update(Run)
            .where(Run.id.in_(select(chosen.c.id)))
            .values(
                state=RunState.LEASED,
                lease_until=_lease_end(),
                token=Run.token + 1,
                attempts=Run.attempts + 1,
                failure=None,
            )
            .returning(Run.id, Run.token, Run.kind, Run.attempts, Run.frozen)
            .execution_options(synchronize_session=False)
        ).all()
    return sorted((Leased(*row) for row in rows), key=lambda one: one.id)


def renew(leased: Sequence[Leased]) -> None:
    """Put off the end of leases that are still this worker's."""
    with batch():
        for one in leased:
            db.session.execute(_held(one).values(lease_until=_lease_end()))


def finish(leased: Sequence[Leased], results: Sequence[dict[str, Any]]) -> int:
    """Write down what came of each run; return how many were still this worker's to finish."""
    with batch():
        ends = [db.session.execute(_held(one).values(result)) for one, result in zip(leased, results, strict=True)]
    return sum(int(getattr(end, "rowcount", 0)) for end in ends)


def _held(one: Leased) -> Any:
    mine = (Run.id == one.id, Run.token == one.token, Run.state == RunState.LEASED)
    return update(Run).where(*mine).execution_options(synchronize_session=False)


def _database_now() -> ColumnElement[datetime]:
    """Return the clock leases go by: the server's, so that machines need not agree; SQLite's machine is our own."""
    if db.session.get_bind().dialect.name == "postgresql":
        return func.clock_timestamp(type_=UtcDateTime())
    return literal(now(), UtcDateTime())


def _lease_end(length: timedelta = LEASE) -> ColumnElement[datetime]:
    if db.session.get_bind().dialect.name == "postgresql":
        return _database_now() + literal(length)
    return literal(now() + length, UtcDateTime())


def _drawn(one: Leased) -> dict[str, Any]:
    """Draw and store one document; return the columns that tell how it went."""
    kind = report_kinds().get(one.kind)
    if kind is None:
        return {"state": RunState.FAILED, "failure": failure_note("kind_gone", one.kind), "lease_until": None}
    try:
        data = kind.draw(read_figures(kind, one.frozen))
        return {
            "state": RunState.DONE,
            "file_sha256": files.put(data, ".pdf"),
            "file_bytes": len(data),
            "pages": len(_PAGE.findall(data)),
            "drawing_version": kind.drawing_version,
            "failure": None,
            "lease_until": None,
            "done_at": now(),
        }
    except Exception as error:
        note, again = _reason(error)
        log.warning("document %s not drawn: %s", one.id, note, exc_info=error)
        if again and one.attempts < MOST_ATTEMPTS:
            return {"state": RunState.PLANNED, "failure": note, "lease_until": _lease_end(WAIT_BEFORE_RETRY)}
        return {"state": RunState.FAILED, "failure": note, "lease_until": None}


def _reason(error: Exception) -> tuple[str, bool]:
    """Return why a drawing failed, and whether trying again by itself may help."""
    if isinstance(error, MissingGlyph):
        return failure_note("missing_glyph", f"{error.character} (U+{ord(error.character):04X})"), False
    if isinstance(error, FiguresDisagree):
        return failure_note("figures_disagree", str(error)), False
    if isinstance(error, FrozenShape):
        return failure_note("figures_unreadable", str(error)), False
    if isinstance(error, OSError):
        return failure_note("storage", error.strerror or type(error).__name__), True
    return failure_note("unexpected", type(error).__name__), True


DRAWING = WorkerLoop("documents", draw_some)
