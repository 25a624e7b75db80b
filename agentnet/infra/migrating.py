"""Bring a database to the newest schema, from code or from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection

from agentnet.infra.db import db, writing

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(revision: str = "head") -> None:
    """Run every missing migration in one transaction of the present application's database."""
    _run(command.upgrade, revision)


def downgrade(revision: str) -> None:
    """Step back to a revision (``base`` empties the database)."""
    _run(command.downgrade, revision)


def _run(step: Callable[[Config, str], None], revision: str) -> None:
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    token = writing.set(True)
    try:
        with current_app.app_context(), db.engine.connect() as connection, _tables_may_be_made_anew(connection):
            config.attributes["connection"] = connection
            with connection.begin():
                step(config, revision)
                _require_whole_references(connection)
    finally:
        writing.reset(token)


@contextmanager
def _tables_may_be_made_anew(connection: Connection) -> Iterator[None]:
    """Let SQLite replace a table that others point to, as its manual does it (sqlite.org/lang_altertable.html, 7)."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = cast(Any, connection.connection.dbapi_connection)
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _require_whole_references(connection: Connection) -> None:
    """Refuse a step that left a row pointing to nothing; PostgreSQL watches over that itself."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise RuntimeError(f"the migration broke a reference: {tuple(broken)}")


def missing_migrations() -> int:
    """Return how many migrations the database lacks; 0 at the newest schema, also on one newer than this program."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    with db.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    revisions = [script.revision for script in scripts.walk_revisions()]
    if present is None:
        return len(revisions)
    return revisions.index(present) if present in revisions else 0
