"""Alembic environment: the application's own engine, one transaction for all steps."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from agentnet.infra.db import db


def run() -> None:
    """Run the migrations on the connection given in the config, else on one of the application's engine."""
    given = context.config.attributes.get("connection")
    if given is not None:
        _on(given)
        return
    with db.engine.connect() as connection:
        _on(connection)


def _on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
