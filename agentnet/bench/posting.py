"""How fast collections are posted, as a ratio to the same statements executed by something thinner.

*Ours* is the product's one posting path: in process one at a time and in batches, and on PostgreSQL the browser's
route over HTTP with sign-in, form token and receipt number. The *limit* is the posting's own statements by the bare
driver (SQLite) or pgbench (PostgreSQL). The *peer* is the straightforward ORM version. A fast wrong book is worth
nothing: after each round the ledger is summed.
"""

from __future__ import annotations

import json as json_format
import os
import platform
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from agentnet import create_app
from agentnet.bench import orm_posting
from agentnet.bench import posting_world as world
from agentnet.bench.posting_http import post_as_browsers
from agentnet.bench.posting_replay import (
    CLIENTS,
    Statement,
    captured,
    pgbench,
    replay_on_sqlite,
    run_pgbench,
    script_of,
)
from agentnet.collecting.actions import record_collections
from agentnet.collecting.models import Allocation, Collection
from agentnet.infra.actor import Actor
from agentnet.infra.config import Settings
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.models import Balance, Transfer
from agentnet.ledger.queries import wrong_balances
from agentnet.users.models import User
from agentnet.users.queries import actor_for

SINGLES = 200
BATCHES = 6
BATCH_SIZE = 300
ROUNDS = 3

FIRST_STEP = {"sqlite": 0.4, "postgresql": 0.06}


class WrongBook(AssertionError):
    """The ledger does not hold what was posted."""


def run(settings: Settings, json: bool = False) -> dict[str, Any]:
    """Measure SQLite, and PostgreSQL if the settings name one; write the result and return it. Takes under a minute.

    Raises:
        WrongBook: if a round left another sum than it posted.
    """
    results = _on_sqlite(settings)
    if not settings.is_sqlite:
        results += _on_postgresql(settings)
    main = results[0] if settings.is_sqlite else results[-1]
    found: dict[str, Any] = {
        "bench": "posting",
        **{key: main[key] for key in ("ours", "limit", "peer", "ratio")},
        "results": results,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    lines = [json_format.dumps(found, ensure_ascii=False)] if json else _lines(found)
    sys.stdout.write("\n".join(lines) + "\n")
    return found


def _lines(found: dict[str, Any]) -> list[str]:
    lines = []
    for result in found["results"]:
        lines.append(f"{result['database']}, {result['shape']} ({result['unit']})")
        lines += [f"  {key}: {value}" for key, value in result.items() if key not in ("database", "shape", "unit")]
    return [*lines, f"machine: {found['machine']}"]


def _result(database: str, shape: str, ours: float, limit: float, limit_is: str, peer: float) -> dict[str, Any]:
    return {
        "database": database,
        "shape": shape,
        "unit": "collections/s",
        "ours": round(ours),
        "limit": round(limit),
        "peer": round(peer),
        "ratio": round(ours / limit, 3),
        "ratio_to_peer": round(ours / peer, 1),
        "limit_is": limit_is,
        "peer_is": "straightforward ORM, one at a time, in process",
    }


def _keeper() -> Actor:
    with reading():
        return actor_for(db.session.scalars(select(User).where(User.id == world.FIRST_USER)).one())


def _post(size: int, count: int, first: int = 0) -> float:
    """Post ``count`` batches of ``size`` in process; return the seconds."""
    by = _keeper()
    items = [world.collection(first + number) for number in range(size * count)]
    began = time.perf_counter()
    for start in range(0, len(items), size):
        with batch():
            verdicts = record_collections(items[start : start + size], by)
        if any(verdict.status != "created" for verdict in verdicts):
            raise WrongBook("a collection was not recorded")
    return time.perf_counter() - began


def _post_by_orm(count: int, first: int = 0) -> float:
    by = _keeper()
    items = [world.collection(first + number) for number in range(count)]
    began = time.perf_counter()
    for item in items:
        with batch():
            orm_posting.record(item, by)
    return time.perf_counter() - began


def _require_sum(posted: int) -> None:
    """Prove that the book holds exactly what was posted."""
    with reading():
        wanted = (posted, posted * world.AMOUNT_FEN)
        for what, columns in {
            "collections": (func.count(Collection.id), func.sum(Collection.amount_fen)),
            "transfers": (func.count(Transfer.id), func.sum(Transfer.amount_fen)),
        }.items():
            count, total = db.session.execute(select(*columns)).one()
            if (int(count), int(total or 0)) != wanted:
                raise WrongBook(f"{what}: {count} over {total} fen, posted {wanted}")
        allocated = db.session.scalar(select(func.sum(Allocation.principal_fen + Allocation.late_charge_fen)))
        held = db.session.scalar(select(func.sum(Balance.balance_fen)))
        if (int(allocated or 0), int(held or 0)) != (wanted[1], wanted[1]) or wrong_balances():
            raise WrongBook("allocations or balances differ from what was posted")


def _posted() -> int:
    with reading():
        return db.session.scalar(select(func.count(Collection.id))) or 0


def _on_sqlite(settings: Settings) -> list[dict[str, Any]]:
    with world.scratch(settings, None) as filled:
        template = filled.home / "agentnet.db"
        singles = _captured_on_copy(filled, template, lambda: _post(1, SINGLES))
        batches = _captured_on_copy(filled, template, lambda: _post(BATCH_SIZE, BATCHES))
        rates: dict[str, list[float]] = {"ours": [], "limit": [], "peer": [], "ours_batch": [], "limit_batch": []}
        many = BATCH_SIZE * BATCHES
        for _round in range(ROUNDS):
            rates["ours"].append(SINGLES / _on_copy(filled, template, lambda: _post(1, SINGLES), SINGLES))
            rates["limit"].append(SINGLES / _replayed(filled, template, singles, SINGLES))
            rates["peer"].append(SINGLES / _on_copy(filled, template, lambda: _post_by_orm(SINGLES), SINGLES))
            rates["ours_batch"].append(many / _on_copy(filled, template, lambda: _post(BATCH_SIZE, BATCHES), many))
            rates["limit_batch"].append(many / _replayed(filled, template, batches, many))
        middle = {name: statistics.median(values) for name, values in rates.items()}
    one = _result(
        "sqlite", "one at a time", middle["ours"], middle["limit"], "its statements by the bare driver", middle["peer"]
    )
    some = _result(
        "sqlite",
        f"batches of {BATCH_SIZE}",
        middle["ours_batch"],
        middle["limit_batch"],
        "its statements by the bare driver, same batches",
        middle["peer"],
    )
    return [{**one, "first_step": FIRST_STEP["sqlite"]}, some]


def _copy(settings: Settings, template: Path) -> Settings:
    path = settings.home / "copy.db"
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copy(template, path)
    return replace(settings, database_url=f"sqlite:///{path}")


def _on_copy(settings: Settings, template: Path, work: Callable[[], float], posted: int) -> float:
    app = create_app(_copy(settings, template))
    with app.app_context():
        took = work()
        _require_sum(posted)
    world.close(app)
    return took


def _captured_on_copy(settings: Settings, template: Path, work: Callable[[], float]) -> list[list[Statement]]:
    """Return the statements of each transaction that writes."""
    app = create_app(_copy(settings, template))
    with app.app_context(), captured(db.engine) as statements:
        work()
    world.close(app)
    transactions: list[list[Statement]] = []
    for statement in statements:
        if statement[0].startswith("BEGIN"):
            transactions.append([])
        transactions[-1].append(statement)
    return [each for each in transactions if each[0][0] == "BEGIN IMMEDIATE"]


def _replayed(settings: Settings, template: Path, transactions: Sequence[Sequence[Statement]], posted: int) -> float:
    copy = _copy(settings, template)
    took = replay_on_sqlite(settings.home / "copy.db", transactions)
    app = create_app(copy)
    with app.app_context():
        _require_sum(posted)
    world.close(app)
    return took


def _on_postgresql(settings: Settings) -> list[dict[str, Any]]:
    program = pgbench()
    if program is None:
        raise RuntimeError("the bench measures PostgreSQL's limit with pgbench: install postgresql-contrib or its like")
    with world.scratch(settings, settings.database_url) as filled:
        app = create_app(filled)
        with app.app_context():
            _post(1, 20)  # plans and caches are warm in every later round
            with captured(db.engine) as statements:
                _post(1, 1, 20)
            many = BATCH_SIZE * BATCHES
            peer = SINGLES / _post_by_orm(SINGLES, 21)
            batched = many / _post(BATCH_SIZE, BATCHES, 1000)
            _require_sum(21 + SINGLES + many)
            script = filled.home / "posting.sql"
            script.write_text(_script(statements, 20))
        world.close(app)
        before = run_pgbench(program, filled.database_url, script)
        with app.app_context():
            already = _posted()
        posted, ours, p99 = post_as_browsers(filled, CLIENTS)
        with app.app_context():
            if _posted() != already + posted:
                raise WrongBook(f"{posted} were answered as posted, {_posted() - already} are in the book")
            if wrong_balances():
                raise WrongBook("balances differ from what was posted")
        world.close(app)
        # Before and after, for the machine may have other work.
        limit = (before + run_pgbench(program, filled.database_url, script)) / 2
    shape = f"batches of {BATCH_SIZE}, in process, one client"
    limit_is = f"its statements by pgbench, {CLIENTS} clients, prepared"
    browsers = _result("postgresql", f"browser route over HTTP, {CLIENTS} clients", ours, limit, limit_is, peer)
    return [
        _result("postgresql", shape, batched, limit, limit_is, peer),
        {**browsers, "p99_ms": round(p99, 1), "first_step": FIRST_STEP["postgresql"]},
    ]


def _script(statements: Sequence[Statement], household: int) -> str:
    """Return the captured posting of one household as a pgbench script."""
    with reading():
        last = db.session.execute(
            select(Collection.id, Collection.receipt_no).where(
                Collection.household_id == world.FIRST_HOUSEHOLD + household
            )
        ).one()
    # The keeper is loaded once a session; reading who posts is no part of the posting.
    own = [each for each in statements if "FROM users" not in each[0] and "FROM grants" not in each[0]]
    return script_of(own, last.id, household, last.receipt_no)
