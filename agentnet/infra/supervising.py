"""``agentnet serve``: web, clock and worker as children of one process.

The children have their own session, so that Ctrl-C reaches the parent alone and it stops them in good order. Each
holds one end of a pipe as its standard input: if the parent is killed outright, they notice and stop by themselves. A
child that dies is started again, later and later.
"""

from __future__ import annotations

import os
import signal
import subprocess  # nosec B404 - starts this very program and nothing else
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from agentnet.infra.stopping import Stop

LONGEST_BACKOFF_SECONDS = 30.0
SETTLED_AFTER_SECONDS = 60.0
"""A child that lived this long starts again at once when it dies."""
GRACE_SECONDS = 20.0
"""How long children may take to finish what they do before they are killed."""


@dataclass
class Child:
    """One process of the family."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    start_again_at: float = 0.0


class Supervisor:
    """Starts children, passes their lines on with their names before them, restarts and stops them."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None]) -> None:
        self.children = children
        self._say = say
        self._width = max(len(child.name) for child in children)

    def run(self, stop: Stop) -> None:
        """Keep the children running until asked to stop, then stop them and wait for their end."""
        try:
            while not stop.asked:
                for child in self.children:
                    self._look_after(child)
                stop.wait(0.2)
        finally:
            self._stop_all()

    def _look_after(self, child: Child) -> None:
        present = time.monotonic()
        if child.process is not None and child.process.poll() is not None:
            lived = present - child.started
            child.deaths = 0 if lived > SETTLED_AFTER_SECONDS else child.deaths + 1
            pause = min(2.0 ** (child.deaths - 1), LONGEST_BACKOFF_SECONDS) if child.deaths else 0.0
            self._line(child, f"ended with status {child.process.returncode}; starting again in {pause:.0f} s")
            child.process, child.start_again_at = None, present + pause
        if child.process is None and present >= child.start_again_at:
            self._start(child)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603  # nosec B603 - our own program, arguments from a fixed list
            list(child.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **child.environment},
            start_new_session=True,
        )
        child.started = time.monotonic()
        if child.process.stdout is not None:
            threading.Thread(target=self._pass_on, args=(child, child.process.stdout), daemon=True).start()

    def _pass_on(self, child: Child, lines: IO[bytes]) -> None:
        for line in lines:
            self._line(child, line.decode(errors="replace").rstrip())

    def _line(self, child: Child, text: str) -> None:
        self._say(f"{child.name.ljust(self._width)} | {text}")

    def _stop_all(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            _signal_group(process, signal.SIGTERM, leader_only=True)
        deadline = time.monotonic() + GRACE_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()
            # What a child leaves behind in its own session goes with it.
            _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals, *, leader_only: bool = False) -> None:
    try:
        if leader_only:
            process.send_signal(number)
        else:
            os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def program(*arguments: str) -> list[str]:
    """Return the command line of a subcommand of this very program."""
    return [sys.executable, "-m", "agentnet", *arguments]
