"""Stopping a long-running process: asked by a signal or by its parent's death, obeyed between two pieces of work."""

from __future__ import annotations

import os
import select
import signal
import threading
from types import FrameType


class Stop:
    """Whether this process has been asked to stop, by SIGTERM or Ctrl-C. Make one, in the main thread."""

    def __init__(self) -> None:
        self.asked = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        # Takes no lock: a handler may interrupt the very code that holds it.
        self.asked = True
        os.write(self._write, b"x")

    def wait(self, seconds: float) -> bool:
        """Wait this long, or shorter if asked to stop; return whether that has happened."""
        if not self.asked:
            select.select([self._read], [], [], seconds)
        return self.asked


def stop_with_parent() -> None:
    """End this process (as by SIGTERM) when the parent that holds the other end of its standard input is gone."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
