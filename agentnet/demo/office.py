"""The demo's back office: a process beside the counters' that visits, closes months, seals the audit trail and prints.

That is how the product runs, too: the clock and a worker are processes of their own and do their work while the
counters go on. Tasks are done one at a time in the order they were given; the first that fails ends the demo.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event
from typing import Any

from flask import Flask

from agentnet import create_app
from agentnet.closing.actions import close_month
from agentnet.closing.jobs import close_due_month
from agentnet.core.clock import Month, frozen_at, shanghai_instant
from agentnet.demo.haste import hasten
from agentnet.demo.printing import schedule_duties, schedule_money, some_of_each_kind
from agentnet.demo.visiting import Duties, play_rounds
from agentnet.documents.jobs import TICK
from agentnet.documents.worker import draw_some
from agentnet.infra.actor import SYSTEM
from agentnet.infra.config import Settings
from agentnet.infra.db import db
from agentnet.infra.processes import clock_jobs, run_job
from agentnet.infra.quiet_heap import loading_for_good, walk_seldom
from agentnet.infra.sealing import seal_settled
from agentnet.infra.transaction import batch

LINES_AT_ONCE = 20_000
"""Lines in one transaction: the counters write almost without pause, and nobody waits at them yet."""


class ClockFailed(Exception):
    """A job of the ordinary clock failed while the demo was made; its log says why."""


class Office:
    """What the counters ask of the back office."""

    def __init__(self, pool: ProcessPoolExecutor, stop: Event, last: Month, at: datetime) -> None:
        self._pool, self._stop, self._last, self._at = pool, stop, last, at
        self._given: list[Future[None]] = []

    def visit(self, duties: Duties) -> None:
        """Live through the weeks of duty, and plan their reports."""
        self._give(_visit, duties, self._at)

    def close(self, month: Month) -> None:
        """Close a month that takes no further facts, on the 1st after it.

        The last one is closed by the ordinary clock, which then plans the commission papers; they are drawn.
        """
        if month == self._last:
            self._give(_plan_money, self._at)
            self._give(_draw)
        else:
            self._give(_close, month)

    def seal(self) -> None:
        """Chain what has been written so far, unless that is still waiting to be done."""
        if not self._given or self._given[-1].done():
            self._give(_seal)

    def draw(self) -> None:
        """Draw whatever is planned."""
        self._give(_draw)

    def tick(self, *, but: str) -> None:
        """Let the ordinary clock do what is due, but for one of its jobs."""
        self._give(_tick, but)

    def stop_drawing(self) -> None:
        """Leave what is not drawn yet to somebody else."""
        self._stop.set()

    @property
    def busy(self) -> bool:
        """Whether anything given is still to be done."""
        return not all(given.done() for given in self._given)

    def wait(self) -> None:
        """Wait until everything given is done; raise what failed."""
        for task in self._given:
            task.result()

    def _give(self, task: Callable[..., None], *arguments: Any) -> None:
        for given in self._given:
            if given.done():
                given.result()
        self._given = [given for given in self._given if not given.done()]
        self._given.append(self._pool.submit(task, *arguments))


@contextmanager
def office_beside(settings: Settings, last: Month, at: datetime) -> Iterator[Office]:
    """Open the back office for as long as the block lasts; what is left undone when the block fails is dropped.

    ``last`` is the month the ordinary clock closes at ``at``, the end of the history.
    """
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(1, mp_context=context, initializer=_open, initargs=(settings, stop))
    office = Office(pool, stop, last, at)
    try:
        yield office
        office.wait()
    finally:
        pool.shutdown(cancel_futures=True)


def tick(app: Flask, *, only: str = "", but: str = "") -> None:
    """Let the ordinary clock do once whatever is due, or only one of its jobs, or all but one.

    Raises:
        ClockFailed: naming the job.
    """
    jobs = [job for job in clock_jobs(app) if job.name != but and only in ("", job.name)]
    failed = [job.name for job in jobs if run_job(app, job) is None]
    if failed:
        raise ClockFailed(", ".join(failed))


_apps: list[Flask] = []
_stops: list[Event] = []
"""The office's application, once it is open, and what tells it to draw no more: it lives in a process of its own."""


def _open(settings: Settings, stop: Event) -> None:
    with loading_for_good():
        app = create_app(settings)
    walk_seldom()
    with app.app_context():
        hasten(db.engine)
    _apps.append(app)
    _stops.append(stop)
    parent = parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _visit(duties: Duties, at: datetime) -> None:
    with _apps[0].app_context():
        play_rounds(duties)
        with batch():
            schedule_duties(duties.units, at)
        TICK.run()
        draw_some(only=some_of_each_kind())


def _close(month: Month) -> None:
    with _apps[0].app_context(), frozen_at(shanghai_instant(month.ends_on, 2, 30)):
        close_month(month, SYSTEM, kinds=(), lines_at_once=LINES_AT_ONCE)
        seal_settled(LINES_AT_ONCE)


def _seal() -> None:
    with _apps[0].app_context():
        seal_settled(LINES_AT_ONCE)


def _plan_money(at: datetime) -> None:
    """Do the two of the clock's jobs this takes: what adds up the book must not run while its past is written."""
    with _apps[0].app_context():
        close_due_month()
        with batch():
            schedule_money(at)
        TICK.run()


def _draw() -> None:
    with _apps[0].app_context():
        while not _stops[0].is_set() and draw_some():
            continue


def _tick(but: str) -> None:
    tick(_apps[0], but=but)
