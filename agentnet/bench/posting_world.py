"""A scratch network to post in: outlets with agreements and keepers, households with one bill each.

The real database is never touched. Ids are large and different in kind, so that a statement's parameters can be told
apart by their values when postings are turned into a script for another client.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, insert, make_url, text

from agentnet import create_app
from agentnet.collecting.models import Bill, Household
from agentnet.collecting.rules import NewCollection
from agentnet.core.clock import now, today
from agentnet.core.ids import new_id
from agentnet.divisions.models import Division, OrgUnit
from agentnet.infra.config import Settings
from agentnet.infra.db import db
from agentnet.infra.migrating import upgrade
from agentnet.infra.transaction import batch
from agentnet.ledger.models import Account, Balance
from agentnet.outlets.models import Agreement, Outlet, OutletTender
from agentnet.users.models import RoleGrant, User
from agentnet.users.passwords import hash_password

OUTLETS = 8
HOUSEHOLDS = 20_000
FIRST_OUTLET = 700_001
FIRST_CASH = 710_001
FIRST_RECEIVED = 720_001
FIRST_USER = 730_001
FIRST_HOUSEHOLD = 1_000_001
FIRST_BILL = 2_000_001
AMOUNT_FEN = 12_345
PASSWORD = "bench-of-posting-only"  # noqa: S105  # of a database that lives for a minute
VILLAGE = "331081001204"


def outlet_code(number: int) -> str:
    """Return the code of the bench's outlet with this number from 0."""
    return f"BENCH{number:02d}"


def household_no(number: int) -> str:
    """Return the number of the bench's household with this number from 0."""
    return f"33109{number:08d}"


def collection(number: int, outlet: int = 0) -> NewCollection:
    """Return a collection of the household with this number."""
    return NewCollection(new_id(), outlet_code(outlet), household_no(number), "CASH", AMOUNT_FEN, now())


@contextmanager
def scratch(settings: Settings, server: str | None, filled: bool = True) -> Iterator[Settings]:
    """Give settings with a migrated database of their own, on the PostgreSQL server or in a folder, filled or empty."""
    with tempfile.TemporaryDirectory(prefix="agentnet-bench-") as folder:
        home = Path(folder)
        if server is None:
            yield _migrated(replace(settings, home=home, database_url=f"sqlite:///{home / 'agentnet.db'}"), filled)
            return
        name = f"agentnet_bench_{new_id().hex}"
        maintenance = create_engine(server, isolation_level="AUTOCOMMIT")
        with maintenance.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            url = make_url(server).set(database=name).render_as_string(hide_password=False)
            yield _migrated(replace(settings, home=home, database_url=url), filled)
        finally:
            with maintenance.connect() as connection:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
            maintenance.dispose()


def _migrated(settings: Settings, filled: bool) -> Settings:
    app = create_app(settings)
    with app.app_context():
        upgrade()
        if filled:
            with batch():
                _fill()
        settle(settings)
        close(app)
    return settings


def settle(settings: Settings) -> None:
    """Let PostgreSQL know what it holds, as its own housekeeping would have by then."""
    if not settings.is_sqlite:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def close(app: Flask) -> None:
    """Let go of an application's database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _fill() -> None:
    session = db.session
    long_ago = today() - timedelta(days=400)
    unit = {"id": 1, "code": "BENCH", "name": "试速供电公司", "kind": "COMPANY", "path": "/1/"}
    session.execute(insert(OrgUnit), [unit])
    session.execute(insert(Division), [{"code": VILLAGE, "level": "VILLAGE", "name": "试速村", "setting": "RURAL"}])
    hashed = hash_password(PASSWORD)
    numbers = range(OUTLETS)
    session.execute(
        insert(User),
        [
            {
                "id": FIRST_USER + number,
                "username": f"bench{number}",
                "display_name": f"试速 {number}",
                "password_hash": hashed,
                "must_change_password": False,
                "created_at": now(),
            }
            for number in numbers
        ],
    )
    session.execute(
        insert(Outlet),
        [
            {
                "id": FIRST_OUTLET + number,
                "code": outlet_code(number),
                "name": f"试速点 {number}",
                "kind": "SERVICE_POINT",
                "state": "ACTIVE",
                "setting": "RURAL",
                "org_unit_id": 1,
                "division_code": VILLAGE,
                "address": "1号",
                "applied_on": long_ago,
                "opened_on": long_ago,
            }
            for number in numbers
        ],
    )
    outlets = [FIRST_OUTLET + number for number in numbers]
    session.execute(insert(OutletTender), [{"outlet_id": id_, "tender": "CASH"} for id_ in outlets])
    session.execute(
        insert(RoleGrant),
        [
            {"user_id": FIRST_USER + number, "role": "AGENT", "outlet_id": FIRST_OUTLET + number, "starts_on": long_ago}
            for number in numbers
        ],
    )
    session.execute(
        insert(Agreement),
        [
            {
                "outlet_id": id_,
                "number": f"BENCH-{id_}",
                "starts_on": long_ago,
                "holding_mode": "POSTPAID",
                "ceiling_fen": 10**14,
                "single_limit_fen": 10**9,
            }
            for id_ in outlets
        ],
    )
    for first, code, side, guarded in (
        (FIRST_CASH, "CASH_HELD", "DEBIT", True),
        (FIRST_RECEIVED, "RECEIVED", "CREDIT", False),
    ):
        session.execute(
            insert(Account),
            [
                {
                    "id": first + number,
                    "owner_kind": "OUTLET",
                    "owner_id": FIRST_OUTLET + number,
                    "code": code,
                    "normal_side": side,
                    "guarded": guarded,
                }
                for number in numbers
            ],
        )
    session.execute(
        insert(Balance),
        [
            {"account_id": FIRST_CASH + number, "balance_fen": 0, "minimum_fen": 0, "maximum_fen": 0}
            for number in numbers
        ],
    )
    session.execute(
        insert(Household),
        [
            {
                "id": FIRST_HOUSEHOLD + number,
                "household_no": household_no(number),
                "name": "无名氏",
                "address": "试速村1号",
                "division_code": VILLAGE,
            }
            for number in range(HOUSEHOLDS)
        ],
    )
    session.execute(
        insert(Bill),
        [
            {
                "id": FIRST_BILL + number,
                "household_id": FIRST_HOUSEHOLD + number,
                "bill_month": "2026-10",
                "principal_fen": AMOUNT_FEN,
                "late_charge_fen": 0,
                "due_on": today(),
                "delivered_at": now(),
            }
            for number in range(HOUSEHOLDS)
        ],
    )
