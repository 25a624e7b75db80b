"""The first weeks of the demo, made for real on an empty database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from agentnet import create_app
from agentnet.approvals.models import Approval
from agentnet.closing.actions import close_month
from agentnet.collecting.models import Collection, Void
from agentnet.commission.disputes.models import Dispute
from agentnet.commission.mailing.models import MailAddress
from agentnet.commission.payout.models import Payee, PayoutPart, PayoutPayment
from agentnet.core.clock import Month, frozen_at, shanghai_instant
from agentnet.demo import households
from agentnet.demo.history import play_counters
from agentnet.demo.paying import play_payout
from agentnet.demo.preparing import LOADED, load_people, open_counters
from agentnet.demo.printing import schedule_duties, schedule_money
from agentnet.demo.sign_ins import KEEPERS, ROLES, Keys
from agentnet.demo.timeline import Timeline
from agentnet.demo.visiting import Duties, play_rounds
from agentnet.demo.world import World, invent, invent_people
from agentnet.infra.actor import SYSTEM
from agentnet.infra.audit import AuditLine
from agentnet.infra.db import db
from agentnet.infra.migrating import upgrade
from agentnet.infra.sealing import seal_settled
from agentnet.infra.transaction import TransactionalFlask, batch, reading
from agentnet.outlets.models import Docking, Outlet
from agentnet.users.models import RoleGrant, User
from agentnet.users.passwords import password_matches
from agentnet.verify.commands import CHECKS, findings_of
from agentnet.visits.models import Duty, DutyVisit, Visit
from tests.conftest import settings_for
from tests.machines import postgres

FIRST_WEEKS_END = date(2025, 10, 16)


def unwatched(_stage: str, _done: int, _total: int) -> None:
    """Watch nothing."""


@pytest.fixture(scope="module")
def small() -> Iterator[World]:
    """A world of one whole month and a half, with fewer households, so that a test can live through it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(households, "HOUSEHOLDS", 1_500)
        yield invent(invent_people(Timeline(FIRST_WEEKS_END, (Month(2025, 9),), Month(2025, 10))))


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'agentnet.db'}"
    else:
        url = postgres.fresh_database(postgres.server())
        yield url
        postgres.drop_database(url)


@pytest.fixture
def empty(database: str, tmp_path: Path) -> Iterator[TransactionalFlask]:
    """The application on a migrated database, at noon after the last of the first weeks."""
    app = create_app(settings_for(tmp_path, database))
    with app.app_context(), frozen_at(shanghai_instant(FIRST_WEEKS_END, 12)):
        upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


class OfficeHere:
    """A back office that does everything at once, in this process."""

    def close(self, month: Month) -> None:
        if month == Month(2025, 9):
            return  # the last whole month is the ordinary clock's
        with frozen_at(shanghai_instant(month.ends_on, 1, 30)):
            close_month(month, SYSTEM, kinds=())

    def seal(self) -> None:
        seal_settled()


def make(app: TransactionalFlask, world: World, keys: Keys) -> None:
    """Load and live through a world, as the command does, without its documents."""
    if not db.session.scalar(select(AuditLine.id).where(AuditLine.action == LOADED)):
        load_people(world.people)
    agent_id = open_counters(world, keys)
    play_counters(world, agent_id, unwatched, OfficeHere())
    play_rounds(Duties.of(world.people))
    with batch():
        schedule_money(shanghai_instant(world.people.timeline.today, 12))
        schedule_duties(world.people.units, shanghai_instant(world.people.timeline.today, 12))


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_first_weeks_agree_with_the_witness_and_twice_is_once(
    empty: TransactionalFlask, small: World, tmp_path: Path
):
    keys = Keys(tmp_path)
    make(empty, small, keys)
    tables = (Outlet, Docking, Collection, Void, Visit, Duty, DutyVisit, User, RoleGrant)
    before = [count(table) for table in tables]
    payments = [one for month in small.months for found in month.payments.values() for one in found]
    assert before[:2] == [len(small.people.outlets), 368]
    assert before[2] == len(payments)
    assert before[3] == sum(payment.void_id is not None for payment in payments)
    assert before[4] > 5_000
    with reading():
        for check in CHECKS:
            assert findings_of(check, db.session.connection()) == ([], 0)
    make(empty, small, keys)
    assert [count(table) for table in tables] == before
    _pay_out_twice(small)


def _pay_out_twice(world: World) -> None:
    """Close September and let the office pay it, twice: everything is there once and agrees with the witness."""
    close_month(Month(2025, 9), SYSTEM, kinds=())
    kept = []
    for _ in range(2):
        play_payout(world.people.timeline)
        kept.append([count(table) for table in (Payee, PayoutPart, Dispute, Approval, MailAddress, AuditLine)])
    assert kept[0] == kept[1]
    assert (kept[0][0], kept[0][2], kept[0][3]) == (33, 3, 2)
    states = dict(db.session.execute(select(PayoutPayment.state, func.count()).group_by(PayoutPayment.state)).all())
    assert (states["SENT"], states["RETURNED"]) == (1, 1)
    assert states["CONFIRMED"] > 10
    assert set(db.session.scalars(select(Dispute.state))) == {"OPEN", "ACCEPTED", "REFUSED"}
    db.session.rollback()
    with reading():
        for check in CHECKS:
            assert findings_of(check, db.session.connection()) == ([], 0)


def test_one_person_for_each_role_signs_in_with_the_password_of_the_file(
    empty: TransactionalFlask, small: World, tmp_path: Path
):
    keys = Keys(tmp_path)
    load_people(small.people)
    open_counters(small, keys)
    assert keys.path.stat().st_mode & 0o777 == 0o600
    assert Keys(tmp_path).passwords == keys.passwords
    people = {user.username: user for user in db.session.scalars(select(User))}
    keepers = people.pop(KEEPERS)
    assert people.keys() == ROLES.keys()
    assert not any(password_matches(keepers.password_hash, password) for password in keys.passwords.values())
    for username, user in people.items():
        assert password_matches(user.password_hash, keys.passwords[username])
        assert not user.must_change_password
    granted = dict(db.session.execute(select(User.username, RoleGrant.role).join(RoleGrant)).all())
    assert granted == {username: role.value for username, (role, _) in ROLES.items()}
