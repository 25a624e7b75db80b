"""The throw-away server gives separate databases, and copies a template that is built once."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.machines import postgres

_builds = 0


def _build_note_table(url: str) -> None:
    global _builds
    _builds += 1
    _run(url, "CREATE TABLE notes (words text)")


def _run(url: str, statement: str) -> list[object]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        return list(result.scalars()) if result.returns_rows else []


def test_two_databases_of_one_template_do_not_see_each_other() -> None:
    first = postgres.fresh_database(postgres.server(), _build_note_table)
    second = postgres.fresh_database(postgres.server(), _build_note_table)
    _run(first, "INSERT INTO notes VALUES ('村')")
    assert _run(first, "SELECT words FROM notes") == ["村"]
    assert _run(second, "SELECT words FROM notes") == []
    assert _builds <= 1


def test_a_database_without_a_template_is_empty() -> None:
    url = postgres.fresh_database(postgres.server())
    assert _run(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [0]


def test_a_dropped_database_is_gone() -> None:
    url = postgres.fresh_database(postgres.server())
    postgres.drop_database(url)
    name = url.split("?")[0].rsplit("/", 1)[1]
    assert _run(postgres.server(), f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == []


def test_a_database_of_somebody_else_is_not_dropped() -> None:
    with pytest.raises(ValueError, match="not made by this test run"):
        postgres.drop_database(postgres.server())


def test_the_benchmark_program_comes_with_the_server() -> None:
    assert (postgres.binaries() / "pgbench").exists()
