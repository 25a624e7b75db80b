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

from agentnet.infra.db import db
from agentnet.infra.migrating import MIGRATIONS, downgrade, upgrade
from tests.machines import postgres


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database, instead of the one with the cast in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = postgres.fresh_database(postgres.server())
        yield url
        postgres.drop_database(url)


@pytest.fixture
def migrated(app: Flask) -> None:
    """Bring the application's empty database to the newest schema."""
    assert inspect(db.engine).get_table_names() == []
    upgrade()


def test_there_is_one_head() -> None:
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


@pytest.mark.usefixtures("migrated")
def test_a_migrated_database_is_what_the_models_describe() -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, db.metadata) == []


@pytest.mark.usefixtures("migrated")
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


@pytest.mark.usefixtures("migrated")
def test_the_migrations_lead_down_to_nothing_and_up_again() -> None:
    before = set(inspect(db.engine).get_table_names())
    downgrade("base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade()
    assert set(inspect(db.engine).get_table_names()) == before


def _names(constraints: list[ReflectedCheckConstraint]) -> set[str | None]:
    return {constraint["name"] for constraint in constraints}
