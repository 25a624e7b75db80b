"""The database pages are measured in: filled once a day and kept, for the pages ask about today."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import event, insert

from agentnet import create_app
from agentnet.bench.crowd import FIRST_ID, Crowd, Root, add_register
from agentnet.bench.crowd_facts import add_facts, close_months
from agentnet.bench.posting_world import close
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
    """Return settings on a filled database under the home; it is filled if today's does not stand there yet."""
    folder = settings.home / "bench"
    home = folder / f"pages-{size.outlets}-{size.collections}-{today():%Y%m%d}-{_schema()}"
    filled = replace(settings, home=home, database_url=f"sqlite:///{home / 'agentnet.db'}")
    if (home / "filled").exists():
        return filled
    if folder.exists():
        for stale in folder.glob(f"pages-{size.outlets}-{size.collections}-*"):
            shutil.rmtree(stale)
    home.mkdir(parents=True)
    _fill(filled, size)
    (home / "filled").touch()
    return filled


def _schema() -> str:
    """Return a mark of the tables as they are now."""
    texts = (path.read_bytes() for path in sorted((MIGRATIONS / "versions").glob("*.py")))
    return hashlib.sha256(b"".join(texts)).hexdigest()[:8]


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
        roll_up(now())  # as the clock would have, ten minutes ago
        close(app)


@contextmanager
def _carelessly() -> Iterator[None]:
    """Fill without syncing and without looking up each foreign key: a database half filled is thrown away."""

    def let_go(connection: object, _record: object, _proxy: object) -> None:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-1500000"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

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
    db.session.execute(insert(OrgUnit), [company])
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
    """Insert the company's office and its commission plan."""
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
    db.session.execute(insert(Plan), [{"id": FIRST_ID, "code": "BENCH", "name": "试速代办费", "is_default": True}])
    each = Component(Kind.PER_COLLECTION, "每笔", fee_fen=50)
    says = Version(crowd.long_ago, (each,))
    version = {"id": 1, "plan_id": FIRST_ID, "number": 1, "starts_on": crowd.long_ago, "note": "", "created_at": now()}
    written = {"content": write_version(says), "content_sha256": version_sha256(says)}
    db.session.execute(insert(PlanVersion), [version | written])
    component = {"version_id": 1, "position": 0, "kind": each.kind.value, "name": each.name}
    db.session.execute(insert(PlanComponent), [component])
