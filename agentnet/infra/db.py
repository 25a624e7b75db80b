"""The database: base class, column types that refuse what the house refuses, and how each engine is opened."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import pysqlite3.dbapi2
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Integer, MetaData, String, event
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry
from sqlalchemy.types import TypeDecorator

from agentnet.infra.config import Settings
from agentnet.infra.connections import prepare_postgres

MINIMUM_SQLITE = (3, 51, 3)
"""Older SQLite can lose or corrupt WAL commits when several connections race on a reset."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536", "temp_store=MEMORY")

writing: ContextVar[bool] = ContextVar("writing", default=False)
"""True inside a door that may commit; set by ``infra.transaction`` alone."""


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    return instant.astimezone(UTC)


def _sqlite_text(instant: datetime | None) -> str | None:
    return None if instant is None else _utc(instant).replace(tzinfo=None).isoformat(" ", "microseconds")


def _of_sqlite(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: refuses naive values, stores UTC, returns aware UTC (SQLite drops zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return what turns an instant into the driver's value; SQLite keeps text, which is written in one step."""
        return _sqlite_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = _utc(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Return what reads the driver's value; SQLite's text is read in one step."""
        return _of_sqlite if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigId = BigInteger().with_variant(Integer, "sqlite")
"""BIGINT that SQLite can number by itself."""

Key = Annotated[int, mapped_column(BigId, primary_key=True)]
"""Primary key of reference data, numbered by the database."""

Name = Annotated[str, mapped_column(String(120))]
Code = Annotated[str, mapped_column(String(32))]


class Base(DeclarativeBase):
    """Base of every table; constraints get stable names so that refusals can be told apart."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: UtcDateTime, int: BigInteger, dict[str, Any]: JSON, list[Any]: JSON},
    )
    metadata = registry.metadata


db = SQLAlchemy(model_class=Base)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def init_db(app: Flask, settings: Settings) -> None:
    """Bind the database to the application and open engines the way money needs them opened."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def engine_options(url: str) -> Mapping[str, Any]:
    """Return the arguments every engine on this address is made with."""
    if url.startswith("sqlite"):
        if pysqlite3.dbapi2.sqlite_version_info < MINIMUM_SQLITE:
            raise RuntimeError(f"SQLite {pysqlite3.dbapi2.sqlite_version} can lose WAL commits; need >= 3.51.3")
        return {"module": pysqlite3.dbapi2, "connect_args": {"timeout": 30, "check_same_thread": False}}
    return {"pool_size": 10, "max_overflow": 10, "pool_use_lifo": True}


def prepare_engine(engine: Engine) -> None:
    """Attach connection set-up: on SQLite WAL, full durability, foreign keys, and an explicit kind of BEGIN."""
    if engine.dialect.name != "sqlite":
        prepare_postgres(engine)
        return

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # Straight to the driver: every request begins, and nothing of a statement's machinery is needed for that.
        connection.connection.dbapi_connection.execute("BEGIN IMMEDIATE" if writing.get() else "BEGIN")


@event.listens_for(Session, "before_flush")
def refuse_writes_while_reading(session: Session, _context: Any, _instances: Any) -> None:
    """Queries never write: a flush outside a writing door is a bug."""
    if not writing.get() and (session.new or session.dirty or session.deleted):
        raise RuntimeError("a read tried to write; open infra.transaction.batch() or use an unsafe method")
