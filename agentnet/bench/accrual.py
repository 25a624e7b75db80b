"""How fast a month's commission is worked out and written down: 3,000 outlets, a million collections, five components.

*Ours* is the close's own step in a fresh process, start of the application included: facts read, worked by the engine,
lines, monthly figures and transfers stored, outlet by outlet in short transactions. The *limit* is one pass over the
facts in SQL, summed by outlet. A fast wrong answer is worth nothing: the sum due is worked out a second time
from that pass alone.
"""

from __future__ import annotations

import json as json_format
import os
import platform
import resource
import sys
import time
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import case, func, insert, select

from agentnet import create_app
from agentnet.bench import posting_world
from agentnet.bench.children import WrongResult, in_child
from agentnet.bench.crowd import Crowd, Root, add, add_register
from agentnet.bench.crowd_facts import collection_of, household_of, transfer_of
from agentnet.closing.actions import accrue_all
from agentnet.collecting.models import Collection, Household
from agentnet.commission.actions import create_plan
from agentnet.commission.engine.language import Band, Component, Kind, Scope, Step, Tier, Version
from agentnet.commission.models import OutletAccrual
from agentnet.core.clock import Month, now, today
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import SYSTEM
from agentnet.infra.config import Settings
from agentnet.infra.db import db
from agentnet.infra.transaction import batch, reading
from agentnet.ledger.actions import begin_closing
from agentnet.ledger.models import Transfer

MOST_SECONDS: Final = 20
MOST_MEGABYTES: Final = 500
OUTLETS, COLLECTIONS = 3_000, 1_000_000
LAST_YEAR: Final = 50
"""Of so many collections one is last year's: growth has something to be compared with."""

FEE, RATE_PPM, BAND_FEE = 50, 2_000, 10
TIER_EDGE, TIER_PPM, NEXT_PPM = 10_000_00, 1_000, 500
PLAN: Final = (
    Component(Kind.PER_COLLECTION, "现金每笔", Scope(tenders=frozenset({"CASH"})), group="每笔", fee_fen=FEE),
    Component(Kind.PER_COLLECTION, "其他", group="每笔", rate_ppm=RATE_PPM, minimum_fen=1, maximum_fen=10_00),
    Component(Kind.BANDED, "分档", bands=(Band(0, 1_00, fee_fen=0), Band(1_00, None, fee_fen=BAND_FEE))),
    Component(
        Kind.TIERED, "阶梯", tiers=(Tier(0, TIER_EDGE, rate_ppm=TIER_PPM), Tier(TIER_EDGE, None, rate_ppm=NEXT_PPM))
    ),
    Component(Kind.GROWTH, "增长", steps=(Step(1_000_000, None, 1_000),)),
)


def run(
    settings: Settings, json: bool = False, outlets: int = OUTLETS, collections: int = COLLECTIONS
) -> dict[str, Any]:
    """Measure SQLite, and PostgreSQL if the settings name one; write the result and return it.

    Raises:
        WrongResult: if what was written down is not what the facts come to.
    """
    size = (outlets, collections)
    results = [_measure("sqlite", settings, None, size)]
    if not settings.is_sqlite:
        results.append(_measure("postgresql", settings, settings.database_url, size))
    main = results[-1]
    found: dict[str, Any] = {
        "bench": "accrual",
        "unit": "collections/s",
        **{key: main[key] for key in ("ours", "limit", "ratio")},
        "seconds": max(result["seconds"] for result in results),
        "megabytes": max(result["megabytes"] for result in results),
        "bar": f"under {MOST_SECONDS} s and {MOST_MEGABYTES} MB",
        "met": all(result["seconds"] < MOST_SECONDS and result["megabytes"] < MOST_MEGABYTES for result in results),
        "results": results,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    lines = [json_format.dumps(found, ensure_ascii=False)] if json else _lines(found, size)
    sys.stdout.write("\n".join(lines) + "\n")
    return found


def _lines(found: dict[str, Any], size: tuple[int, int]) -> list[str]:
    lines = []
    for result in found["results"]:
        lines.append(f"{result['database']}, {size[0]} outlets, {size[1]} collections ({found['unit']})")
        lines += [f"  {key}: {value}" for key, value in result.items() if key != "database"]
    return [*lines, f"bar: {found['bar']}: {'met' if found['met'] else 'NOT met'}", f"machine: {found['machine']}"]


def _measure(name: str, settings: Settings, server: str | None, size: tuple[int, int]) -> dict[str, Any]:
    with posting_world.scratch(settings, server, filled=False) as scratch:
        in_child(_fill, scratch, size)
        limit = in_child(_limit, scratch)
        ours = in_child(_ours, scratch)
    if ours["earned"] != limit["earned"]:
        raise WrongResult(f"{ours['earned']} fen were written down, the facts come to {limit['earned']}")
    return {
        "database": name,
        "ours": round(limit["count"] / ours["seconds"]),
        "limit": round(limit["count"] / limit["seconds"]),
        "ratio": round(limit["seconds"] / ours["seconds"], 3),
        "seconds": round(ours["seconds"], 1),
        "seconds_processor": round(ours["processor"], 1),
        "megabytes": round(ours["megabytes"]),
        "limit_is": "one pass over the facts in SQL, summed by outlet and month",
    }


def _month() -> Month:
    return Month.of(today()).previous()


def _amount(number: int) -> int:
    """Return the fen of a collection: forty thousand different amounts, so that few are met again soon."""
    return 20_00 + number * 7_919 % 40_000


def _fill(settings: Settings, size: tuple[int, int]) -> dict[str, Any]:
    """Insert the network and its collections of last month, a few of the same month last year."""
    outlets, collections = size
    month, app = _month(), create_app(settings)
    then = Month(month.year - 1, month.month)
    households = max(collections // 3, 1)
    root = Root(1, "/1/")
    crowd = Crowd(outlets, collections, weeks=0, months=0, at=now(), today=today(), root=root)

    def day(number: int) -> date:
        of = then if number % LAST_YEAR == 0 else month
        return of.starts_on + timedelta(days=number // outlets % of.days)

    with app.app_context():
        with batch():
            unit = {"id": 1, "code": "BENCH", "name": "试速供电公司", "kind": "COMPANY", "path": root.path}
            db.session.execute(insert(OrgUnit), [unit])
            add_register(crowd)
            create_plan("BENCH", "试速代办费", Version(crowd.long_ago, PLAN, note="试速"), SYSTEM)
            add(Household, (household_of(crowd, number) for number in range(households)))
        for start in range(0, collections, 100_000):
            numbers = range(start, min(start + 100_000, collections))
            with batch():
                add(
                    Transfer,
                    (
                        {**transfer_of(crowd, one), "business_on": day(one), "amount_fen": _amount(one)}
                        for one in numbers
                    ),
                )
                add(
                    Collection,
                    (
                        {**collection_of(crowd, one, households), "business_on": day(one), "amount_fen": _amount(one)}
                        for one in numbers
                    ),
                )
        posting_world.settle(settings)
        posting_world.close(app)
    return {}


def _limit(settings: Settings) -> dict[str, Any]:
    """Sum the facts by outlet and month, the fees of each collection rounded in SQL; work the rest out by hand."""
    app = create_app(settings)
    recent_ones = Collection.business_on >= _month().starts_on
    percent = (Collection.amount_fen * RATE_PPM + 500_000) // 1_000_000
    each = case((Collection.tender == "CASH", FEE), (percent < 1, 1), else_=percent)
    with app.app_context(), reading() as session:
        began = time.perf_counter()
        rows = session.execute(
            select(
                Collection.outlet_id, recent_ones, func.count(), func.sum(Collection.amount_fen), func.sum(each)
            ).group_by(Collection.outlet_id, recent_ones)
        ).all()
        seconds = time.perf_counter() - began
    last_year = {outlet_id: int(volume) for outlet_id, recent, _count, volume, _fees in rows if not recent}
    count = earned = 0
    for outlet_id, recent, number, summed, fees in rows:
        if recent:
            volume, last = int(summed), last_year.get(outlet_id, 0)
            marginal = min(volume, TIER_EDGE) * TIER_PPM + max(0, volume - TIER_EDGE) * NEXT_PPM
            grown = max(0, volume - last) if last else 0
            count += number
            earned += int(fees) + BAND_FEE * number
            earned += (marginal + 500_000) // 1_000_000 + (grown * 1_000 + 500_000) // 1_000_000
    with app.app_context():
        posting_world.close(app)
    return {"seconds": seconds, "count": count, "earned": earned}


def _ours(settings: Settings) -> dict[str, Any]:
    """Work out and write down every outlet's month as its close does."""
    began, used = time.perf_counter(), time.process_time()
    app = create_app(settings)
    with app.app_context():
        with batch():
            begin_closing(_month(), SYSTEM)
        accrue_all(_month(), SYSTEM)
        ended, processor = time.perf_counter(), time.process_time() - used
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with reading() as session:
            earned = int(session.scalar(select(func.sum(OutletAccrual.earned_fen))) or 0)
        posting_world.close(app)
    return {"seconds": ended - began, "processor": processor, "megabytes": megabytes, "earned": earned}
