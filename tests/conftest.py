"""Every test that touches the database runs on SQLite and on PostgreSQL, on a fresh copy of the cast's world."""

from __future__ import annotations

import functools
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright import sync_api as playwright
from sqlalchemy import insert, select, text
from werkzeug.serving import make_server

from agentnet import create_app
from agentnet.core.clock import frozen_at, frozen_everywhere_at
from agentnet.infra.config import Settings, read_settings
from agentnet.infra.db import db
from agentnet.infra.migrating import upgrade
from agentnet.infra.transaction import TransactionalFlask, batch
from agentnet.users.models import SignInSession, User
from agentnet.users.queries import token_sha256
from tests import world
from tests.machines import chromium, postgres


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql", "both"], default="both")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that touches the database on both, unless it says itself on which (a page looks the same on both)."""
    own = any("database" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "database" in metafunc.fixturenames and not own:
        chosen = metafunc.config.getoption("--database")
        metafunc.parametrize("database", ["sqlite", "postgresql"] if chosen == "both" else [chosen], indirect=True)


def settings_for(home: Path, url: str | None = None) -> Settings:
    """Return test settings with their own home; SQLite in it unless an address is given."""
    settings = read_settings({"AGENTNET_HOME": str(home), "AGENTNET_SECRET_KEY": "k" * 40})
    return replace(settings, database_url=url) if url else settings


def fill(url: str, home: Path) -> None:
    """Migrate an empty database and let the cast move in."""
    app = create_app(settings_for(home, url))
    with app.app_context():
        upgrade()
        with frozen_at(world.NOW), batch():
            world.build_world()
        with db.engine.begin() as connection:
            _number_on(connection)
        db.engine.dispose()


def _number_on(connection) -> None:
    """The cast brings its own ids; let PostgreSQL number on from there."""
    if connection.dialect.name != "postgresql":
        return
    for table in db.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            sequence = connection.scalar(text(f"SELECT pg_get_serial_sequence('{table.name}', '{column.name}')"))
            if sequence:
                connection.execute(text(f"SELECT setval('{sequence}', 1000)"))


def fill_postgresql(url: str) -> None:
    """Fill the template all PostgreSQL tests copy."""
    fill(url, Path(tempfile.mkdtemp()))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template")
    fill(f"sqlite:///{home / 'agentnet.db'}", home)
    return home / "agentnet.db"


@pytest.fixture(scope="session")
def worker_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory this process's tests run in, one after the other."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def home(worker_home: Path) -> Path:
    """Return the application's home, empty."""
    for left in worker_home.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return worker_home


@pytest.fixture
def database(request: pytest.FixtureRequest, home: Path) -> str:
    """Return the URL of a database with nothing but the cast in it; the next test of this process has the same URL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), home / "agentnet.db")
        return f"sqlite:///{home / 'agentnet.db'}"
    return postgres.renewed_database(postgres.server(), fill_postgresql)


class Browser(FlaskClient):
    """A client whose every request has an application context of its own, as on a server."""

    def open(self, *args, **kwargs):
        with self.application.app_context():
            return super().open(*args, **kwargs)


def _make(url: str, home: Path) -> TransactionalFlask:
    app = create_app(settings_for(home, url))
    app.testing = True
    app.test_client_class = Browser
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@functools.cache
def _made(url: str, home: Path) -> tuple[TransactionalFlask, dict[str, Any], dict[str, Any]]:
    """Return the application on a database, and its configuration and extensions as they were when it was made.

    It is made once a process: what it compiles (templates, statements) would cost each test more than the test itself.
    """
    app = _make(url, home)
    return app, dict(app.config), dict(app.extensions)


@pytest.fixture
def app(database: str, home: Path) -> Iterator[TransactionalFlask]:
    """The application on this test's database, at ten o'clock on 18 November 2026, as if it had just been made."""
    app, config, extensions = _made(database, home)
    for changed, first in ((app.config, config), (app.extensions, extensions)):
        changed.clear()
        changed.update(first)
    with _at_ten(app):
        yield app


@pytest.fixture
def own_app(database: str, home: Path) -> Iterator[TransactionalFlask]:
    """The application made for this test alone, which may give it pages of its own."""
    app = _make(database, home)
    with _at_ten(app):
        yield app


@contextmanager
def _at_ten(app: TransactionalFlask) -> Iterator[None]:
    with frozen_at(world.NOW), app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[playwright.Browser]:
    """One Chromium for the whole run; each test opens its own context."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium.executable(), args=chromium.launch_args())
        yield browser
        browser.close()


@pytest.fixture
def address(app: TransactionalFlask) -> Iterator[str]:
    """The application served over HTTP to a real browser, at ten o'clock on 18 November 2026 for every thread."""
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with frozen_everywhere_at(world.NOW):
        yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def sign_in(app: TransactionalFlask) -> SignIn:
    """Return a function that gives a browser with one of the cast signed in."""

    def sign_in_as(username: str) -> FlaskClient:
        token = secrets.token_urlsafe(16)
        with batch():
            user_id = db.session.scalar(select(User.id).where(User.username == username))
            db.session.execute(
                insert(SignInSession).values(
                    token_sha256=token_sha256(token),
                    user_id=user_id,
                    started_at=world.NOW,
                    seen_at=world.NOW,
                    address="127.0.0.1",
                    device="test",
                )
            )
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = token
            session["_fresh"] = True
        return client

    return sign_in_as
