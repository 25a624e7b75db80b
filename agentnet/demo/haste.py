"""Write quickly while the demo is made: what a power cut could spoil is made again, not restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Engine, event

PAGES_IN_THE_LOG = 50_000
"""Pages SQLite lets its log grow to (200 MB): pages written again and again reach the database once."""


def hasten(engine: Engine) -> None:
    """Let SQLite not wait for the disk from now on; a process that is killed loses nothing by it."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "checkout", _hurry)


def _hurry(connection: Any, _record: Any, _proxy: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(f"PRAGMA wal_autocheckpoint={PAGES_IN_THE_LOG}")


@contextmanager
def in_haste(engine: Engine) -> Iterator[None]:
    """Let SQLite not wait for the disk inside the block; at its end everything is on the disk."""
    if engine.dialect.name != "sqlite":
        yield
        return
    hasten(engine)
    try:
        yield
    finally:
        event.remove(engine, "checkout", _hurry)
        engine.dispose()
        with closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
