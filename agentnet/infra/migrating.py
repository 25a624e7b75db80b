"""Bring a database to the newest schema, from code or from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app

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
        with current_app.app_context(), db.engine.begin() as connection:
            config.attributes["connection"] = connection
            step(config, revision)
    finally:
        writing.reset(token)


def missing_migrations() -> int:
    """Return how many migrations the database lacks; 0 at the newest schema, also on one newer than this program."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    with db.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    revisions = [script.revision for script in scripts.walk_revisions()]
    if present is None:
        return len(revisions)
    return revisions.index(present) if present in revisions else 0
