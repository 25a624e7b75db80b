"""The program as people run it: started, asked, killed and stopped for real."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pysqlite3 import dbapi2

from agentnet import create_app
from agentnet.infra.config import WrongSetting
from agentnet.infra.db import db
from agentnet.infra.jobs import ClockJob, WorkerLoop
from agentnet.infra.locks import sole_holder
from agentnet.infra.processes import drain, run_clock_once, run_job, web_options
from agentnet.infra.supervising import Child, Supervisor
from agentnet.infra.transaction import TransactionalFlask
from tests.conftest import settings_for

CERTIFICATE = Path(__file__).parent / "localhost.pem"
PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """A running ``agentnet serve`` and what it said."""

    def __init__(self, home: Path, *options: str, **settings: str) -> None:
        self.port = free_port()
        self.lines: list[str] = []
        environment = {
            **os.environ,
            "AGENTNET_HOME": str(home),
            "AGENTNET_BIND": f"127.0.0.1:{self.port}",
            **{f"AGENTNET_{name.upper()}": value for name, value in settings.items()},
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agentnet", "serve", *options],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(self.process.stderr)

    def status(self, scheme: str = "http") -> int | None:
        """Return how the web process answers, or None if it does not."""
        trusting = ssl.create_default_context(cafile=str(CERTIFICATE)) if scheme == "https" else None
        try:
            with urllib.request.urlopen(
                f"{scheme}://127.0.0.1:{self.port}/sign-in", timeout=5, context=trusting
            ) as page:
                return int(page.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert self.process.poll() is None, "".join(self.lines)
            assert time.monotonic() < deadline, "".join(self.lines)
            time.sleep(0.1)

    def descendants(self) -> set[int]:
        found, parents = set(), {self.process.pid}
        while parents:
            parents = {pid for pid, parent in _parents().items() if parent in parents} - found
            found |= parents
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


def _parents() -> Mapping[int, int]:
    """Return every running process with its parent; dead ones nobody has waited for are not running."""
    found: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if pid in _parents()}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*options: str, **settings: str) -> Served:
        served = Served(tmp_path, *options, **settings)
        started.append(served)
        served.until(lambda: served.status("https" if "--tls" in options else "http") == 200)
        served.until(lambda: served.said("clock runs") and served.said("worker runs"))
        return served

    yield start
    for served in started:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_command_serves_and_stops_cleanly_with_everything_it_started(
    serve: Callable[..., Served], number: signal.Signals
) -> None:
    served = serve()
    family = served.descendants()
    assert len(family) >= 4, "web and its process, clock, worker"
    began = time.monotonic()
    assert served.stop(number) == 0
    assert time.monotonic() - began < 10
    assert alive(family) == set()
    assert served.said("web    | ")


@pytest.mark.slow
def test_sqlite_gets_exactly_one_web_process_and_the_newest_schema(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    served = serve(web_processes="4")
    assert sum("Booting worker" in line for line in served.lines) == 1
    with dbapi2.connect(tmp_path / "agentnet.db") as database:
        assert database.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


@pytest.mark.slow
def test_a_child_that_dies_is_started_again(serve: Callable[..., Served]) -> None:
    served = serve()
    web = next(pid for pid, parent in _parents().items() if parent == served.process.pid)
    for pid in (web, *(pid for pid, parent in _parents().items() if parent == web)):
        os.kill(pid, signal.SIGKILL)
    served.until(lambda: served.said("starting again"))
    served.until(lambda: served.status() == 200)
    assert served.stop() == 0


@pytest.mark.slow
def test_no_orphan_is_left_when_the_parent_is_killed_outright(serve: Callable[..., Served]) -> None:
    served = serve()
    family = served.descendants()
    served.process.kill()
    served.process.wait()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while alive(family):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_tls_is_spoken_and_the_cookie_is_for_tls_alone(serve: Callable[..., Served]) -> None:
    served = serve("--tls", tls_certificate=str(CERTIFICATE), tls_key=str(CERTIFICATE))
    assert served.status("http") is None
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    with urllib.request.urlopen(f"https://127.0.0.1:{served.port}/sign-in", context=trusting) as page:
        assert "max-age" in page.headers["Strict-Transport-Security"]
        assert page.headers["Set-Cookie"].startswith("__Host-agentnet=")
        assert "Secure" in page.headers["Set-Cookie"]
    assert served.stop() == 0


def run(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AGENTNET_HOME": str(home)}
    environment |= {f"AGENTNET_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "agentnet", *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_an_address_in_use_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = run(tmp_path, "serve", bind=f"127.0.0.1:{taken.getsockname()[1]}")
    assert answer.returncode == 2
    assert "cannot listen on" in answer.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", ["web", "clock", "worker"])
def test_no_process_starts_on_an_old_schema(tmp_path: Path, command: str) -> None:
    answer = run(tmp_path, command)
    assert answer.returncode == 2
    assert "agentnet db upgrade" in answer.stderr


@pytest.mark.slow
def test_clock_and_worker_once_do_what_is_due_and_end(tmp_path: Path) -> None:
    assert run(tmp_path, "db", "upgrade").returncode == 0
    clock = run(tmp_path, "clock", "--once", "--json")
    worker = run(tmp_path, "worker", "--once", "--json")
    assert (clock.returncode, worker.returncode) == (0, 0)
    assert json.loads(clock.stdout)["documents tick"] == 0
    assert json.loads(worker.stdout) == {"documents": 0, "what-if": 0, "mail": 0}


@pytest.fixture
def plain_app(tmp_path: Path) -> TransactionalFlask:
    return create_app(settings_for(tmp_path))


def test_a_clock_job_that_fails_is_logged_and_the_next_goes_on(
    plain_app: TransactionalFlask, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> int:
        raise ZeroDivisionError

    plain_app.extensions["agentnet.clock_jobs"] = (ClockJob("broken", 1, broken), ClockJob("whole", 1, lambda: 3))
    assert run_clock_once(plain_app) == {"broken": None, "whole": 3}
    assert "clock job broken failed" in caplog.text


def test_a_job_another_clock_is_busy_with_is_left_to_it(app: TransactionalFlask) -> None:
    done: list[str] = []

    def work() -> int:
        done.append("ours")
        return 1

    with sole_holder("clock of two") as mine:
        assert mine()
        counted = run_job(app, ClockJob("of two", 1, work))
    # On SQLite both clocks are on one machine and take turns at writing; unique rows guard the rest.
    assert (counted, done) == ((1, ["ours"]) if db.engine.dialect.name == "sqlite" else (0, []))


def test_draining_goes_on_until_nothing_waits(plain_app: TransactionalFlask) -> None:
    waiting = [20, 20, 3]
    loop = WorkerLoop("documents", lambda: waiting.pop(0) if waiting else 0)
    plain_app.extensions["agentnet.workers"] = (loop,)
    assert drain(plain_app) == {"documents": 43}


class CountedStop:
    """Asks to stop after so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def asked(self) -> bool:
        self.looks -= 1
        return self.looks < 0

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return False


def test_a_child_that_keeps_dying_is_started_less_and_less_often() -> None:
    said: list[str] = []
    child = Child("fragile", [sys.executable, "-c", "raise SystemExit(3)"])
    Supervisor([child], said.append).run(CountedStop(25))  # type: ignore[arg-type]
    assert any("status 3; starting again in 1 s" in line for line in said)
    assert any("status 3; starting again in 2 s" in line for line in said)
    assert not any("in 8 s" in line for line in said)


def test_postgresql_gets_the_web_processes_that_are_set(tmp_path: Path) -> None:
    on_sqlite = replace(settings_for(tmp_path), web_processes=3)
    on_postgresql = replace(on_sqlite, database_url="postgresql+psycopg://somewhere/agentnet")
    assert (web_options(on_sqlite, False)["workers"], web_options(on_postgresql, False)["workers"]) == (1, 3)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, "AGENTNET_TLS_CERTIFICATE"),
        ({"tls_certificate": CERTIFICATE}, "AGENTNET_TLS_KEY"),
        ({"tls_certificate": CERTIFICATE, "tls_key": CERTIFICATE}, "AGENTNET_SECURE_COOKIES"),
        ({"tls_certificate": CERTIFICATE, "tls_key": Path(__file__), "secure_cookies": True}, "do not fit"),
    ],
)
def test_tls_without_what_it_needs_names_the_setting(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    with pytest.raises(WrongSetting, match=named):
        web_options(replace(settings_for(tmp_path), **changes), True)
