"""District managers: their record, photo and consent. Leaving is a hand-over (``assignment.hand_over_all``)."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import select

from agentnet.core.clock import today
from agentnet.core.errors import Invalid
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.outlets.actions.common import apply_changes, audit_change, once, plain, require_version
from agentnet.outlets.models import Manager
from agentnet.outlets.queries import manager_for, unit_for
from agentnet.outlets.rules import clean_code, clean_phone
from agentnet.users.models import User
from agentnet.users.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class ManagerFacts:
    """What is written down about a manager."""

    name: str
    work_phone: str
    unit_code: str
    consent_on: date | None = None
    """When they agreed to photo, name and work phone being posted in public (PIPL)."""
    username: str | None = None
    """Their sign-in, linked by an administrator."""


def register_manager(code: str, facts: ManagerFacts, by: Actor, request_id: uuid.UUID | None = None) -> str:
    """Enter a district manager; return their code.

    Raises:
        Forbidden, Missing: the org unit is not in the territory.
        Conflict: ``id_reused``.
        Invalid: ``code_shape``, ``code_taken``, ``phone_shape``, ``in_future``, ``user_missing``, ``user_taken``,
            ``user_link_not_permitted``.
    """

    def work() -> str:
        unit = unit_for(by, facts.unit_code, Permission.MANAGER_EDIT)
        clean = clean_code(code)
        if db.session.scalar(select(Manager.id).where(Manager.code == clean)):
            raise Invalid("code_taken", "编号 %(taken)s 已经用过，请换一个", field="code", taken=clean)
        values = _columns(facts, unit, by, None)
        db.session.add(Manager(code=clean, version=1, **values))
        db.session.flush()
        after = {name: plain(value) for name, value in values.items()}
        write_audit(by, "register_manager", "manager", clean, None, after)
        return clean

    return once(request_id, "register_manager", by, {"code": code, **asdict(facts)}, work)


def change_manager(code: str, facts: ManagerFacts, by: Actor, version: int | None = None) -> None:
    """Write down new facts about a manager. Withdrawn consent takes the photo away.

    Raises:
        Forbidden, Missing: as ``manager_for``; the org unit is not in the territory.
        Conflict: ``changed_meanwhile``.
        Invalid: ``manager_left``, ``phone_shape``, ``in_future``, ``user_missing``, ``user_taken``,
            ``user_link_not_permitted``.
    """
    manager = manager_to_change(by, code, version)
    unit = unit_for(by, facts.unit_code, Permission.MANAGER_EDIT)
    values = _columns(facts, unit, by, manager)
    if facts.consent_on is None:
        values["photo_sha256"] = None
    if audit_change(by, "change_manager", "manager", code, apply_changes(manager, values)):
        manager.version += 1
        db.session.flush()


def set_manager_photo(code: str, sha256: str | None, by: Actor, version: int | None = None) -> None:
    """Show another stored photo of a manager, or none; the public notice prints it.

    Raises:
        Forbidden, Missing: as ``manager_for``.
        Conflict: ``changed_meanwhile``.
        Invalid: ``manager_left``, ``photo_needs_consent``.
    """
    manager = manager_to_change(by, code, version)
    if sha256 is not None and manager.consent_on is None:
        raise Invalid("photo_needs_consent", "请先登记本人同意公示的日期，再放照片", field="consent_on")
    if audit_change(by, "set_manager_photo", "manager", code, apply_changes(manager, {"photo_sha256": sha256})):
        manager.version += 1
        db.session.flush()


def manager_to_change(by: Actor, code: str, version: int | None) -> Manager:
    """Return a manager in the territory, locked, unless they have left.

    Raises:
        Forbidden, Missing: as ``manager_for``.
        Conflict: ``changed_meanwhile``.
        Invalid: ``manager_left``.
    """
    manager = manager_for(by, code, Permission.MANAGER_EDIT, for_change=True)
    require_version(manager.version, version)
    if manager.left_on is not None and manager.left_on <= today():
        raise Invalid("manager_left", "%(name)s已经离岗", name=manager.name)
    return manager


def _columns(facts: ManagerFacts, unit: OrgUnit, by: Actor, manager: Manager | None) -> dict[str, object]:
    if facts.consent_on is not None and facts.consent_on > today():
        raise Invalid("in_future", "日期不能晚于今天", field="consent_on")
    return {
        "name": facts.name,
        "work_phone": clean_phone(facts.work_phone, "work_phone"),
        "org_unit_id": unit.id,
        "consent_on": facts.consent_on,
        "user_id": _user_id(facts.username, by, manager),
    }


def _user_id(username: str | None, by: Actor, manager: Manager | None) -> int | None:
    """Return the sign-in a manager is linked to: who holds it sees the manager's outlets, so only an administrator
    may change it.
    """
    present = manager.user_id if manager else None
    wanted = None
    if username:
        wanted = db.session.scalar(select(User.id).where(User.username == username))
        if wanted is None:
            raise Invalid("user_missing", "没有这个登录账号", field="username")
    if wanted == present:
        return present
    if not may(by, Permission.USER_EDIT):
        raise Invalid("user_link_not_permitted", "登录账号由管理员关联", field="username")
    if wanted is not None and db.session.scalar(select(Manager.id).where(Manager.user_id == wanted)):
        raise Invalid("user_taken", "这个登录账号已关联另一位台区经理", field="username")
    return wanted
