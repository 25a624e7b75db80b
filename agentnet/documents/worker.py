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
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, bindparam, func, literal, or_, select, update

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
DISK_WRITERS = 4
"""Threads that wait for the disk, which takes about as long for a file as drawing it."""

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


@dataclass(frozen=True, slots=True)
class Drawing:
    """What came of drawing a run: the file and its hash, or why not and whether trying again may help."""

    data: bytes = b""
    sha256: str = ""
    version: int = 0
    failure: str = ""
    again: bool = False


def draw_some(most: int = RUNS_A_LEASE, only: Sequence[uuid.UUID] | None = None) -> int:
    """Lease, draw and finish up to ``most`` planned documents; return how many were taken in hand.

    ``only`` restricts it to these runs. While one is drawn the disk may still be writing those before it.
    """
    leased = lease(most, only)
    if not leased:
        return 0
    renewed = time.monotonic()
    with ThreadPoolExecutor(DISK_WRITERS, "store") as disk:
        drawing: list[Future[Drawing]] = []
        for place, one in enumerate(leased):
            if time.monotonic() - renewed > RENEW_AFTER_SECONDS:
                renew(leased[place:])
                renewed = time.monotonic()
            drawn = _drawn(one)
            drawing.append(disk.submit(copy_context().run, _stored, one, drawn))
    finish(leased, [result.result() for result in drawing])
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


def finish(leased: Sequence[Leased], drawings: Sequence[Drawing]) -> int:
    """Write down what came of each run; return how many were still this worker's to finish."""
    done = [_done_row(one, drawing) for one, drawing in zip(leased, drawings, strict=True) if not drawing.failure]
    failed = [(one, drawing) for one, drawing in zip(leased, drawings, strict=True) if drawing.failure]
    with batch():
        ends = [db.session.execute(_held(one).values(_failed_values(one, drawing))) for one, drawing in failed]
        if done:
            ends.append(db.session.connection().execute(_FINISHED, done))
    return sum(int(getattr(end, "rowcount", 0)) for end in ends)


def _done_row(one: Leased, drawing: Drawing) -> dict[str, object]:
    return {
        "run_id": one.id,
        "held_token": one.token,
        "file_sha256": drawing.sha256,
        "file_bytes": len(drawing.data),
        "pages": len(_PAGE.findall(drawing.data)),
        "drawing_version": drawing.version,
        "done_at": now(),
    }


_RUNS = cast(Table, Run.__table__)
_FINISHED = (
    update(_RUNS)
    .where(Run.id == bindparam("run_id"), Run.token == bindparam("held_token"), Run.state == RunState.LEASED)
    .values(state=RunState.DONE, failure=None, lease_until=None)
    .values({name: bindparam(name) for name in ("file_sha256", "file_bytes", "pages", "drawing_version", "done_at")})
)
"""Only the newest holder of the lease finishes a run: the fencing token."""


def _failed_values(one: Leased, drawing: Drawing) -> dict[str, Any]:
    if drawing.again and one.attempts < MOST_ATTEMPTS:
        return {"state": RunState.PLANNED, "failure": drawing.failure, "lease_until": _lease_end(WAIT_BEFORE_RETRY)}
    return {"state": RunState.FAILED, "failure": drawing.failure, "lease_until": None}


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


def _drawn(one: Leased) -> Drawing:
    """Draw one document; a failure is returned, not raised, so that it does not hold up the others."""
    kind = report_kinds().get(one.kind)
    if kind is None:
        return Drawing(failure=failure_note("kind_gone", one.kind))
    try:
        return Drawing(data=kind.draw(read_figures(kind, one.frozen)), version=kind.drawing_version)
    except Exception as error:
        return _failure_of(one, error)


def _stored(one: Leased, drawing: Drawing) -> Drawing:
    """Store what was drawn."""
    if drawing.failure:
        return drawing
    try:
        return replace(drawing, sha256=files.put(drawing.data, ".pdf"))
    except OSError as error:
        return _failure_of(one, error)


def _failure_of(one: Leased, error: Exception) -> Drawing:
    note, again = _reason(error)
    log.warning("document %s not drawn: %s", one.id, note, exc_info=error)
    return Drawing(failure=note, again=again)


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
