"""One at a time across machines: a named lock that lives exactly as long as its holder's database connection.

On PostgreSQL it is an advisory lock of a connection kept for it alone: a process that dies, or loses its network,
loses the lock. On SQLite the installation is one machine and every write is serialised, so the lock is always free;
unique rows guard what must not happen twice on either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from agentnet.infra.db import db


@contextmanager
def sole_holder(name: str) -> Iterator[Callable[[], bool]]:
    """Try to take the named lock; yield a function that says whether it is (still) held.

    It never waits. Ask again before each piece of work: a connection lost in between has lost the lock.
    """
    if db.engine.dialect.name != "postgresql":
        yield lambda: True
        return
    key = int.from_bytes(hashlib.sha256(f"agentnet {name}".encode()).digest()[:8], "big", signed=True)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        held = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))

        def still_held() -> bool:
            nonlocal held
            try:
                held = held and connection.scalar(text("SELECT 1")) == 1
            except SQLAlchemyError:
                held = False  # for good: a connection made anew would not hold the lock
            return held

        try:
            yield still_held
        finally:
            if still_held():
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
