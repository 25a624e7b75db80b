"""The database pages are measured in: filled once a day and kept, for the pages ask about today."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, insert, make_url, text

from agentnet import create_app
from agentnet.bench.crowd import COUNTY, FIRST_ID, Crowd, Root, add, add_register
from agentnet.bench.crowd_claims import add_claims
from agentnet.bench.crowd_commission import add_commission
from agentnet.bench.crowd_facts import add_facts, close_months
from agentnet.bench.crowd_money import add_money
from agentnet.bench.posting_world import close, settle
from agentnet.commission.engine.language import Component, Kind, Version
from agentnet.commission.engine.writing import version_sha256, write_version
from agentnet.commission.models import Plan, PlanComponent, PlanVersion
from agentnet.core.clock import now, today
from agentnet.divisions.models import OrgUnit
from agentnet.infra.config import Settings
from agentnet.infra.db import db
from agentnet.infra.migrating import MIGRATIONS, upgrade
from agentnet.infra.transaction import batch
from agentnet.ledger.rolling import roll_up
from agentnet.users.models import RoleGrant, User
from agentnet.users.passwords import hash_password

PASSWORD = "bench-of-pages-only"  # noqa: S105  # of a database that holds nothing but invented rows
PLANS = 60
KEEPER, MANAGER = "keeper0", "manager0"
OFFICE = ("SUPERVISOR", "FINANCE", "AUDITOR", "ADMINISTRATOR")
"""Each has one person for the whole company: the widest territory there is."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the measured network is."""

    outlets: int = 3_000
    collections: int = 1_000_000
    weeks: int = 56
    months: int = 11


def crowded(settings: Settings, size: Size) -> Settings:
    """Return settings on a filled database, of the engine the settings name; it is filled if today's stands nowhere.

    On SQLite it is a file under the home, on PostgreSQL a database of its own on the same server.
    """
    stem = f"pages-{size.outlets}-{size.collections}-"
    name = f"{stem}{today():%Y%m%d}-{_mark()}"
    return _in_folder(settings, size, stem, name) if settings.is_sqlite else _on_server(settings, size, stem, name)


def _in_folder(settings: Settings, size: Size, stem: str, name: str) -> Settings:
    folder = settings.home / "bench"
    home = folder / name
    filled = replace(settings, home=home, database_url=f"sqlite:///{home / 'agentnet.db'}")
    if (home / "filled").exists():
        return filled
    if folder.exists():
        for stale in folder.glob(f"{stem}*"):
            shutil.rmtree(stale)
    home.mkdir(parents=True)
    _fill(filled, size)
    (home / "filled").touch()
    return filled


def _on_server(settings: Settings, size: Size, stem: str, name: str) -> Settings:
    """Fill under another name and rename at last: a database of the right name is whole."""
    home = settings.home / "bench" / f"{name}-postgresql"
    home.mkdir(parents=True, exist_ok=True)
    stem, name = (f"agentnet-bench-{one}" for one in (stem, name))
    server = make_url(settings.database_url)
    maintenance = create_engine(server, isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        there = text("SELECT datname FROM pg_database WHERE starts_with(datname, :stem)")
        found = list(connection.scalars(there, {"stem": stem}))
        if name not in found:
            for stale in found:
                connection.execute(text(f'DROP DATABASE "{stale}" WITH (FORCE)'))
            filling = f"{name}-filling"
            connection.execute(text(f'CREATE DATABASE "{filling}"'))
            address = server.set(database=filling).render_as_string(hide_password=False)
            _fill(replace(settings, home=home, database_url=address), size)
            connection.execute(text(f'ALTER DATABASE "{filling}" RENAME TO "{name}"'))
    maintenance.dispose()
    return replace(settings, home=home, database_url=server.set(database=name).render_as_string(hide_password=False))


def _mark() -> str:
    """Return a mark of the tables and of the crowd as they are now."""
    files = [*sorted((MIGRATIONS / "versions").glob("*.py")), *sorted(Path(__file__).parent.glob("crowd*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8]


def _fill(settings: Settings, size: Size) -> None:
    app = create_app(settings)
    with app.app_context():
        upgrade()
        with _carelessly(), batch():
            crowd = _root(size)
            add_register(crowd)
            _office(crowd)
            add_facts(crowd)
            close_months(crowd)
            add_money(crowd)
            add_claims(crowd)
            add_commission(crowd, write_version(_version(crowd)))
        roll_up(now())  # as the clock would have, ten minutes ago
        settle(settings)
        close(app)


@contextmanager
def _carelessly() -> Iterator[None]:
    """Fill without syncing and without looking up each foreign key: a database half filled is thrown away."""

    def let_go(connection: Any, _record: object, _proxy: object) -> None:
        if db.engine.dialect.name == "sqlite":
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-1500000"):
                connection.execute(f"PRAGMA {pragma}")
        elif connection.info.parameter_status("is_superuser") == "on":
            connection.autocommit = True
            connection.execute("SET session_replication_role = replica")
            connection.autocommit = False

    db.session.remove()
    db.engine.dispose()
    event.listen(db.engine, "checkout", let_go)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", let_go)
        db.session.remove()
        db.engine.dispose()


def _root(size: Size) -> Crowd:
    """Insert the company; return the crowd that is to live under it."""
    company = {"id": 1, "code": "BENCH", "name": "试速供电公司", "kind": "COMPANY", "path": "/1/"}
    lies_in = {"division_code": f"{COUNTY}000000", "declared_villages": size.outlets}
    db.session.execute(insert(OrgUnit), [company | lies_in])
    return Crowd(
        outlets=size.outlets,
        collections=size.collections,
        weeks=size.weeks,
        months=size.months,
        at=now(),
        today=today(),
        root=Root(1, "/1/"),
        password_hash=hash_password(PASSWORD),
    )


def _office(crowd: Crowd) -> None:
    """Insert the company's office and its commission plans."""
    for number, role in enumerate(OFFICE, 1):
        person = {
            "id": number,
            "username": role.lower(),
            "display_name": role.title(),
            "password_hash": crowd.password_hash,
            "must_change_password": False,
            "created_at": crowd.at,
        }
        db.session.execute(insert(User), [person])
        grant = {"user_id": number, "role": role, "org_unit_id": crowd.root.id, "starts_on": crowd.long_ago}
        db.session.execute(insert(RoleGrant), [grant])
    _plans(crowd)


def _plans(crowd: Crowd) -> None:
    """Insert the plan everybody is paid by, and others that are kept."""
    says = _version(crowd)
    each = says.components[0]
    written = {"content": write_version(says), "content_sha256": version_sha256(says)}
    number_one = {"number": 1, "starts_on": crowd.long_ago, "note": "", "created_at": now()}
    for number in range(PLANS):
        plan = {"id": FIRST_ID + number, "code": f"BENCH-{number}", "name": "试速代办费", "is_default": number == 0}
        version = {"id": 1 + number, "plan_id": plan["id"], **number_one, **written}
        component = {"version_id": version["id"], "position": 0, "kind": each.kind.value, "name": each.name}
        for model, row in ((Plan, plan), (PlanVersion, version), (PlanComponent, component)):
            add(model, [row])


def _version(crowd: Crowd) -> Version:
    """Return what the crowd is paid by: something for each collection."""
    return Version(crowd.long_ago, (Component(Kind.PER_COLLECTION, "每笔", fee_fen=50),))
