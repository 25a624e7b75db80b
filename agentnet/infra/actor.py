"""Who acts: a frozen value handed to every action and query, so that nothing below the views knows of sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may be in the network; what each may do stands in ``users.permissions``."""

    AGENT = "AGENT"
    MANAGER = "MANAGER"
    SUPERVISOR = "SUPERVISOR"
    FINANCE = "FINANCE"
    PARTNER = "PARTNER"
    AUDITOR = "AUDITOR"
    ADMINISTRATOR = "ADMINISTRATOR"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role and where it holds: an org unit and all below it (by path), one outlet, or one partner's outlets."""

    role: Role
    org_path: str | None = None
    outlet_id: int | None = None
    partner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or the system itself, with the grants that hold today."""

    user_id: int | None
    name: str
    grants: tuple[Grant, ...] = ()
    locale: str | None = None

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(grant.role for grant in self.grants)

    def has(self, *roles: Role) -> bool:
        """Return whether any of the roles is held somewhere."""
        return any(grant.role in roles for grant in self.grants)


SYSTEM = Actor(user_id=None, name="system", grants=(Grant(Role.ADMINISTRATOR, org_path="/"),))
"""The clock, the worker and the command line."""
