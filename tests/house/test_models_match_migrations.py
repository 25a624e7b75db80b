"""The migrations build what the models describe, in both directions, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import CheckConstraint, inspect
from sqlalchemy.engine.interfaces import ReflectedCheckConstraint

from agentnet import create_app
from agentnet.infra.config import read_settings
from agentnet.infra.db import db
from agentnet.infra.migrating import MIGRATIONS, downgrade, upgrade
from tests.machines import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """Yield an application on a migrated database of its own."""
    settings = {"AGENTNET_HOME": str(tmp_path)}
    if request.param == "postgresql":
        settings["AGENTNET_DATABASE_URL"] = postgres.fresh_database(postgres.server())
    app = create_app(read_settings(settings))
    with app.app_context():
        upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()
    if request.param == "postgresql":
        postgres.drop_database(settings["AGENTNET_DATABASE_URL"])


def test_there_is_one_head() -> None:
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


@pytest.mark.usefixtures("app")
def test_a_migrated_database_is_what_the_models_describe() -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, db.metadata) == []


@pytest.mark.usefixtures("app")
def test_every_check_of_the_models_is_in_the_database() -> None:
    # Alembic does not compare CHECK constraints, and the database is the last guard.
    inspector = inspect(db.engine)
    missing = {
        f"{table.name}.{constraint.name}"
        for table in db.metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
        and constraint.name not in _names(inspector.get_check_constraints(table.name))
    }
    assert missing == set()


@pytest.mark.usefixtures("app")
def test_the_migrations_lead_down_to_nothing_and_up_again() -> None:
    before = set(inspect(db.engine).get_table_names())
    downgrade("base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade()
    assert set(inspect(db.engine).get_table_names()) == before


def _names(constraints: list[ReflectedCheckConstraint]) -> set[str | None]:
    return {constraint["name"] for constraint in constraints}
