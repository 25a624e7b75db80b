"""Whose turn it is to write on SQLite: one thread of a process, then one process of the machine, after another.

SQLite lets a process that waits ask again every so often, up to a tenth of a second apart, so that one that writes
almost without pause keeps the others out. Here a process that waits holds the place of who comes next, so that whoever
lets go of the turn and wants it again comes after it. Both are locks on bytes of a file beside the database: they are
handed on the moment they are let go, and a process that dies lets go of them.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

TURN, NEXT = 0, 1
"""The bytes that are locked."""

_thread = threading.Lock()
_handles: list[int] = []
"""The one open handle of this process while it waits or has its turn: closing any other would let go of its locks."""


@contextmanager
def writers_turn(engine: Engine) -> Iterator[None]:
    """Wait for the turn to write and keep it; on PostgreSQL everyone may write at once."""
    if engine.dialect.name != "sqlite":
        yield
        return
    with _thread:
        file = engine.url.database
        if not file or file == ":memory:":
            yield
            return
        handle = os.open(f"{file}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _handles.append(handle)
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX, 1, NEXT)
            fcntl.lockf(handle, fcntl.LOCK_EX, 1, TURN)
            fcntl.lockf(handle, fcntl.LOCK_UN, 1, NEXT)
            yield
        finally:
            _handles.remove(handle)
            os.close(handle)


def another_waits() -> bool:
    """Return whether another process waits for the turn that this thread has; False if it has none."""
    for handle in _handles:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, NEXT)
        except OSError:
            return True
        fcntl.lockf(handle, fcntl.LOCK_UN, 1, NEXT)
    return False
