"""One sign-in for each role, with passwords generated for this demo and kept in a file of the installation's home."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select

from agentnet.demo.network import POST
from agentnet.demo.world import People
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import SYSTEM, Role
from agentnet.infra.db import db
from agentnet.outlets.actions import ManagerFacts, change_manager
from agentnet.outlets.models import Outlet, Partner
from agentnet.users.actions import Place, add_user, change_own_password, grant_role
from agentnet.users.models import User
from agentnet.users.passwords import generated_password, hash_password, password_matches
from agentnet.users.queries import actor_for

FILE = "demo-sign-ins.json"

AGENT, MANAGER, FINANCE, REVIEWER = "agent", "manager", "finance", "reviewer"
KEEPERS = "keepers"
"""The keepers of the other outlets, as one person who never signs in."""

ROLES: Mapping[str, tuple[Role, str]] = {
    AGENT: (Role.AGENT, "代办员（演示）"),
    MANAGER: (Role.MANAGER, "台区经理（演示）"),
    "supervisor": (Role.SUPERVISOR, "温岭主管（演示）"),
    FINANCE: (Role.FINANCE, "公司财务（演示）"),
    REVIEWER: (Role.FINANCE, "财务复核（演示）"),
    "partner": (Role.PARTNER, "邮政专员（演示）"),
    "auditor": (Role.AUDITOR, "审计员（演示）"),
    "administrator": (Role.ADMINISTRATOR, "系统管理员（演示）"),
}
"""Each sign-in's role and the name it shows."""

COMPANY, COUNTY = "DH", "WL"


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in to show; ``password`` is None once its owner has chosen another."""

    role: Role
    username: str
    display_name: str
    password: str | None


class Keys:
    """The demo's passwords, in a file that only its owner reads."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE
        self.made = not self.path.exists()
        if self.made:
            self.path.touch(mode=0o600)
            self.path.write_text(json.dumps({username: generated_password() for username in ROLES}, indent=2) + "\n")
        self.passwords: Mapping[str, str] = json.loads(self.path.read_text())
        self._hashing: Future[Mapping[str, str]] | None = None

    def begin_hashing(self) -> None:
        """Begin to hash the passwords beside whatever is done until they are asked for."""
        if self._hashing is None:
            pool = ThreadPoolExecutor(1)
            self._hashing = pool.submit(self._hashed)
            pool.shutdown(wait=False)

    def hashes(self) -> Mapping[str, str]:
        """Return the passwords hashed, which takes a while: call it before a transaction."""
        self.begin_hashing()
        assert self._hashing is not None
        return self._hashing.result()

    def _hashed(self) -> Mapping[str, str]:
        return {username: hash_password(password) for username, password in self.passwords.items()}

    def password_of(self, user: User) -> str | None:
        """Return the password a person signs in with, None once it is another."""
        password = self.passwords[user.username]
        hashed_here = self._hashing is not None and user.password_hash == self.hashes()[user.username]
        return password if hashed_here or password_matches(user.password_hash, password) else None


def add_sign_ins(people: People, hashes: Mapping[str, str], starts_on: date) -> None:
    """Add one person for each role, with the place where the role holds."""
    outlet_id = db.session.scalars(select(Outlet.id).where(Outlet.code == people.agents_code)).one()
    partner_id = db.session.scalars(select(Partner.id).where(Partner.code == POST)).one()
    manager = next(one for one in people.staff.managers if one.code == people.managers_code)
    units = dict(db.session.execute(select(OrgUnit.code, OrgUnit.id)).all())
    places = {
        Role.AGENT: Place(outlet_id=outlet_id),
        Role.MANAGER: Place(org_unit_id=units[manager.station_code]),
        Role.SUPERVISOR: Place(org_unit_id=units[COUNTY]),
        Role.PARTNER: Place(partner_id=partner_id),
    }
    for username, (role, display_name) in ROLES.items():
        user = add_user(username, display_name, hashes[username], SYSTEM, must_change=False)
        grant_role(user.id, role, places.get(role, Place(org_unit_id=units[COMPANY])), SYSTEM, starts_on)
    add_user(KEEPERS, "各网点代办员（演示）", hash_password(generated_password()), SYSTEM, must_change=False)
    facts = ManagerFacts(manager.name, manager.work_phone, manager.station_code, manager.consent_on, MANAGER)
    change_manager(manager.code, facts, SYSTEM)


def replace_passwords(hashes: Mapping[str, str]) -> None:
    """Give the demo's people the passwords of a new file: the old file is gone."""
    for user in _people():
        change_own_password(hashes[user.username], None, actor_for(user))


def shown(keys: Keys) -> list[SignIn]:
    """Return the sign-ins as they work now."""
    people = {user.username: user for user in _people()}
    return [
        SignIn(role, username, people[username].display_name, keys.password_of(people[username]))
        for username, (role, _) in ROLES.items()
        if username in people
    ]


def _people() -> Sequence[User]:
    return db.session.scalars(select(User).where(User.username.in_(ROLES)).order_by(User.id)).all()
