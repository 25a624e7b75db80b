"""Whose turn it is to write on SQLite: one thread of a process, then one process of the machine, after another.

SQLite lets a process that waits ask again every so often, up to a tenth of a second apart, so that one that writes
almost without pause keeps the others out. A lock on a file beside the database is handed on the moment it is let go,
and a process that dies lets go of it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

_thread = threading.Lock()


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
        # Opened anew each time: a handle that a fork inherited would share the lock instead of waiting for it.
        handle = os.open(f"{file}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
