"""How fast a partner's day of 200,000 rows is reconciled: the file read, matched with the ledger and stored.

*Ours* is the product's own path in a fresh process, start of the application included: parse, match, and one
transaction with rows, matches and differences. The *limit* is the bare CSV parser, the same rows in a temporary table
and one SQL join. The *peer* looks each row up through the ORM, on a tenth of the rows. A fast wrong answer is worth
nothing: the planted differences have to be found, all of them and nothing else.
"""

from __future__ import annotations

import csv
import json as json_format
import os
import platform
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select, text

from agentnet import create_app
from agentnet.bench import posting_world as world
from agentnet.bench import reconcile_world as day
from agentnet.bench.children import in_child
from agentnet.collecting.models import Collection, Household
from agentnet.core.clock import today
from agentnet.core.ids import new_id
from agentnet.infra.config import Settings
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.settlement.reconciliation.models import Difference, FileRow, RowMatch
from agentnet.settlement.reconciliation.reading import read_file
from agentnet.settlement.reconciliation.taking import ReadPartnerFile, take_partner_file
from agentnet.users.models import User
from agentnet.users.queries import actor_for

MOST_SECONDS: Final = 20
MOST_MEGABYTES: Final = 500
_PEER_SHARE: Final = 10
_TOLD: Final = "CREATE TEMPORARY TABLE told (line INTEGER, receipt VARCHAR(48), household VARCHAR(13), fen INTEGER)"
_JOINED: Final = (
    "CREATE TEMPORARY TABLE joined AS SELECT t.line, c.id FROM told t JOIN collections c ON c.receipt_no = t.receipt"
    " JOIN households h ON h.id = c.household_id AND h.household_no = t.household AND c.amount_fen = t.fen"
)


class WrongMatch(AssertionError):
    """What was found is not what was planted."""


def run(settings: Settings, json: bool = False) -> dict[str, Any]:
    """Measure SQLite, and PostgreSQL if the settings name one; write the result and return it.

    Raises:
        WrongMatch: if anything but the planted differences was found.
    """
    results = [_measure("sqlite", settings, None)]
    if not settings.is_sqlite:
        results.append(_measure("postgresql", settings, settings.database_url))
    main = results[-1]
    found: dict[str, Any] = {
        "bench": "reconcile",
        "unit": "rows/s",
        **{key: main[key] for key in ("ours", "limit", "peer", "ratio", "ratio_to_peer")},
        "seconds": max(result["seconds"] for result in results),
        "megabytes": max(result["megabytes"] for result in results),
        "bar": f"under {MOST_SECONDS} s and {MOST_MEGABYTES} MB",
        "met": all(result["seconds"] < MOST_SECONDS and result["megabytes"] < MOST_MEGABYTES for result in results),
        "results": results,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    lines = [json_format.dumps(found, ensure_ascii=False)] if json else _lines(found)
    sys.stdout.write("\n".join(lines) + "\n")
    return found


def _lines(found: dict[str, Any]) -> list[str]:
    lines = []
    for result in found["results"]:
        lines.append(f"{result['database']}, {day.ROWS} rows ({found['unit']})")
        lines += [f"  {key}: {value}" for key, value in result.items() if key != "database"]
    return [*lines, f"bar: {found['bar']}: {'met' if found['met'] else 'NOT met'}", f"machine: {found['machine']}"]


def _measure(name: str, settings: Settings, server: str | None) -> dict[str, Any]:
    with world.scratch(settings, server) as scratch, tempfile.TemporaryDirectory(prefix="agentnet-bench-") as folder:
        file = Path(folder) / f"{day.PARTNER}_COLLECTION_{today():%Y%m%d}.csv"
        in_child(_fill, scratch, file)
        limit = in_child(_limit, scratch, file)
        peer = in_child(_peer, scratch, file)
        ours = in_child(_ours, scratch, file)
    return {
        "database": name,
        "ours": round(day.ROWS / ours["seconds"]),
        "limit": round(day.ROWS / limit["seconds"]),
        "peer": round(day.ROWS / _PEER_SHARE / peer["seconds"]),
        "ratio": round(limit["seconds"] / ours["seconds"], 3),
        "ratio_to_peer": round(_PEER_SHARE * peer["seconds"] / ours["seconds"], 1),
        "seconds": round(ours["seconds"], 1),
        "seconds_writing": round(ours["writing"], 1),
        "seconds_processor": round(ours["processor"], 1),
        "megabytes": round(ours["megabytes"]),
        "differences": ours["differences"],
        "limit_is": "csv, a temporary table and one join",
        "peer_is": f"one look-up a row through the ORM, {day.ROWS // _PEER_SHARE} rows",
    }


def _fill(settings: Settings, file: Path) -> dict[str, Any]:
    day.fill(settings, file)
    return {}


def _ours(settings: Settings, file: Path, count: int = day.ROWS) -> dict[str, Any]:
    """Read, match and store the file as the upload page does."""
    began, used = time.perf_counter(), time.process_time()
    app = create_app(settings)
    with app.app_context():
        with reading():
            finance = actor_for(db.session.scalars(select(User).where(User.id == day.FINANCE)).one())
            found = read_file("PARTNER", file, "", file.name, day.PARTNER, "", finance)
        writing = time.perf_counter()
        assert isinstance(found, ReadPartnerFile)
        with batch():
            file_id = take_partner_file(new_id(), found, finance)
        ended, processor = time.perf_counter(), time.process_time() - used
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        del found
        with reading():
            _check(file_id, count)
        world.close(app)
    return {
        "seconds": ended - began,
        "writing": ended - writing,
        "processor": processor,
        "megabytes": megabytes,
        "differences": sum(day.EXPECTED.values()),
    }


def _check(file_id: int, count: int) -> None:
    """Compare what was stored with what was planted.

    Raises:
        WrongMatch: naming both.
    """
    kinds = dict(db.session.execute(select(Difference.kind, func.count()).group_by(Difference.kind)).all())
    rows = db.session.scalar(select(func.count()).where(FileRow.file_id == file_id))
    matched = db.session.scalar(select(func.count()).where(RowMatch.file_id == file_id))
    if (kinds, rows, matched) != (day.EXPECTED, count, count - 2 * day.PLANTED):
        raise WrongMatch(f"{kinds}, {rows} rows, {matched} matches")


def _limit(settings: Settings, file: Path) -> dict[str, Any]:
    """Parse the file, put it into a temporary table and join once, with nothing checked and nothing kept."""
    app = create_app(settings)
    with app.app_context(), batch() as session:
        session.execute(select(1))
        began = time.perf_counter()
        session.execute(text(_TOLD))
        with file.open(newline="", encoding="ascii") as lines:
            rows = csv.reader(lines)
            next(rows)
            told = [(at, row[6], row[2], int(row[3].replace(".", ""))) for at, row in enumerate(rows)]
        driver: Any = session.connection().connection.driver_connection
        if settings.is_sqlite:
            driver.executemany("INSERT INTO told VALUES (?, ?, ?, ?)", told)
        else:
            with driver.cursor() as cursor, cursor.copy("COPY told FROM STDIN") as copy:
                for row in told:
                    copy.write_row(row)
        session.execute(text(_JOINED))
        seconds = time.perf_counter() - began
    with app.app_context():
        world.close(app)
    return {"seconds": seconds}


def _peer(settings: Settings, file: Path) -> dict[str, Any]:
    """Look up each row of a tenth of the file, the straightforward way."""
    app = create_app(settings)
    with app.app_context(), reading() as session, file.open(newline="", encoding="ascii") as lines:
        rows = csv.reader(lines)
        next(rows)
        began = time.perf_counter()
        found: Counter[bool] = Counter()
        for at, row in enumerate(rows):
            if at >= day.ROWS // _PEER_SHARE:
                break
            pair = session.execute(
                select(Collection, Household)
                .join(Household, Household.id == Collection.household_id)
                .where(Collection.receipt_no == row[6])
            ).one_or_none()
            found[pair is not None and pair.Household.household_no == row[2]] += 1
        seconds = time.perf_counter() - began
    with app.app_context():
        world.close(app)
    return {"seconds": seconds}
