"""What the web, clock and worker processes do. They know the features only by the lists that ``create_app`` filled."""

from __future__ import annotations

import gc
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from gunicorn.app.base import BaseApplication

from agentnet.core.clock import now
from agentnet.infra.config import Settings, WrongSetting
from agentnet.infra.db import db
from agentnet.infra.jobs import ClockJob, WorkerLoop
from agentnet.infra.locks import sole_holder
from agentnet.infra.migrating import missing_migrations
from agentnet.infra.stopping import Stop
from agentnet.infra.workbook_guard import load_reader

IDLE_SECONDS = 1.0
"""How long a worker that found nothing waits before it looks again."""
AFTER_FAILURE_SECONDS = 5.0

log = logging.getLogger("agentnet.processes")


def require_newest_schema(app: Flask) -> None:
    """Refuse to start on a database that lacks migrations.

    Raises:
        WrongSetting: saying how to bring it up.
    """
    with app.app_context():
        missing = missing_migrations()
        db.engine.dispose()
    if missing:
        raise WrongSetting(f"the database lacks {missing} migration(s); run: agentnet db upgrade")


def clock_jobs(app: Flask) -> Sequence[ClockJob]:
    """Return the jobs ``create_app`` listed."""
    jobs: Sequence[ClockJob] = app.extensions["agentnet.clock_jobs"]
    return jobs


def worker_loops(app: Flask) -> Sequence[WorkerLoop]:
    """Return the loops ``create_app`` listed."""
    loops: Sequence[WorkerLoop] = app.extensions["agentnet.workers"]
    return loops


def run_job(app: Flask, job: ClockJob) -> int | None:
    """Do a clock job once; a failure is logged and answered with None, so that the next job goes on.

    On PostgreSQL a job runs in one clock at a time; one that another clock is busy with counts as nothing to do.
    """
    try:
        with app.app_context(), sole_holder(f"clock {job.name}") as mine:
            count = job.run() if mine() else 0
    except Exception:
        log.exception("clock job %s failed", job.name)
        return None
    if count:
        log.info("%s: %d", job.name, count)
    return count


def run_clock_once(app: Flask) -> dict[str, int | None]:
    """Do every clock job once, in the order of the list; return what each did, None where it failed."""
    return {job.name: run_job(app, job) for job in clock_jobs(app)}


def run_clock(app: Flask, stop: Stop) -> None:
    """Do every clock job at its pace until asked to stop.

    APScheduler runs in a thread of its own with its store in memory: which documents are due stands in the database.
    The main thread only waits, because a signal handler must not call into the scheduler's locks.
    """
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(4)})
    for job in clock_jobs(app):
        scheduler.add_job(
            run_job,
            "interval",
            args=(app, job),
            id=job.name,
            seconds=job.every_seconds,
            next_run_time=now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    log.info("clock runs %d jobs", len(clock_jobs(app)))
    while not stop.wait(3600):
        continue
    scheduler.shutdown(wait=False)
    log.info("clock stops")


def drain(app: Flask) -> dict[str, int]:
    """Work until nothing waits; return how many things each loop did."""
    done = {loop.name: 0 for loop in worker_loops(app)}
    while True:
        counts = {loop.name: _turn(app, loop.run) for loop in worker_loops(app)}
        if not any(counts.values()):
            return done
        for name, count in counts.items():
            done[name] += count


def run_worker(app: Flask, stop: Stop) -> None:
    """Work until asked to stop, between two batches; a failure is logged and tried again a little later."""
    log.info("worker runs %d loops", len(worker_loops(app)))
    while not stop.asked:
        try:
            busy = sum(_turn(app, loop.run) for loop in worker_loops(app))
            pause = 0.0 if busy else IDLE_SECONDS
        except Exception:
            log.exception("worker failed")
            pause = AFTER_FAILURE_SECONDS
        stop.wait(pause)
    log.info("worker stops")


def _turn(app: Flask, work: Callable[[], int]) -> int:
    with app.app_context():
        return work()


class WebServer(BaseApplication):
    """Gunicorn with our settings: threads, a graceful stop, and one process on SQLite."""

    def __init__(self, app: Flask, options: Mapping[str, Any]) -> None:
        self._app, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        # What is loaded by now stays for good: the collector need not walk it again and again while pages are made.
        gc.collect()
        gc.freeze()
        return self._app


def web_options(settings: Settings, tls: bool) -> dict[str, Any]:
    """Return gunicorn's options.

    Raises:
        WrongSetting: if TLS is asked for without a certificate, its key, or cookies that are sent over TLS only.
    """
    options: dict[str, Any] = {
        "bind": settings.bind,
        "workers": 1 if settings.is_sqlite else settings.web_processes,
        "worker_class": "gthread",
        "threads": settings.web_threads,
        "timeout": 60,
        "graceful_timeout": 10,
        "keepalive": 5,
        "proc_name": "agentnet-web",
        "control_socket_disable": True,
    }
    if not tls:
        return options
    if settings.tls_certificate is None or settings.tls_key is None:
        raise WrongSetting("TLS needs AGENTNET_TLS_CERTIFICATE and AGENTNET_TLS_KEY (see docs/running.md)")
    if not settings.secure_cookies:
        raise WrongSetting("AGENTNET_SECURE_COOKIES must be yes where the web process itself speaks TLS")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (OSError, ValueError) as error:
        raise WrongSetting(f"AGENTNET_TLS_CERTIFICATE and AGENTNET_TLS_KEY do not fit together: {error}") from error
    return options | {"certfile": str(settings.tls_certificate), "keyfile": str(settings.tls_key)}


def run_web(app: Flask, tls: bool) -> None:
    """Serve requests until asked to stop; requests in flight are finished first.

    Raises:
        WrongSetting: as ``web_options``.
    """
    options = web_options(app.extensions["agentnet"], tls)
    load_reader()
    WebServer(app, options).run()
