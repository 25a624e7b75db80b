"""``agentnet db``: the schema."""

from __future__ import annotations

import click
from flask import Flask

from agentnet.infra.migrating import upgrade


@click.group("db")
def db_group() -> None:
    """Look after the database schema. / 数据库结构。"""


@db_group.command("upgrade")
@click.pass_obj
def upgrade_command(app: Flask) -> None:
    """Bring the database to the newest schema; safe to repeat."""
    with app.app_context():
        upgrade()
    click.echo("database is at the newest schema")
