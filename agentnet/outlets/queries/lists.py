"""The list of outlets: what can be searched, filtered, sorted and counted, always inside the viewer's territory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, or_, select

from agentnet.core.clock import now, shanghai, today
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import SortBy
from agentnet.infra.revisions import REGISTER, remembered
from agentnet.infra.statements import built_once
from agentnet.ledger.models import Account, Balance
from agentnet.outlets.models import Agreement, Assignment, Manager, OpeningHours, Outlet, Partner
from agentnet.outlets.queries.permitted import held_on, visible_outlets
from agentnet.outlets.rules import Slot, State
from agentnet.users.permissions import Permission

NEAR_CEILING_TENTHS = 9
"""Cash counts as near its ceiling from nine tenths on."""

OUTLET_COLUMNS: Mapping[str, SortBy] = {
    "code": SortBy(Outlet.code),
    "name": SortBy(Outlet.name),
    "unit": SortBy(OrgUnit.path),
    "manager": SortBy(Manager.name, nullable=True),
    "opened_on": SortBy(Outlet.opened_on, type(today()), nullable=True),
}


@dataclass(frozen=True, slots=True)
class OutletFilter:
    """What the list is narrowed to; empty means everything."""

    words: str = ""
    state: str = ""
    kind: str = ""
    setting: str = ""
    unit_path: str = ""
    partner: str = ""
    open_now: bool = False
    lacks: str = ""
    """``manager``: open to business without a primary; ``agreement``: without one in force; ``position``: no place."""
    cash_high: bool = False


_SHOWN = (
    Outlet.code,
    Outlet.name,
    Outlet.kind,
    Outlet.state,
    Outlet.setting,
    Outlet.opened_on,
    OrgUnit.name.label("unit_name"),
    OrgUnit.name_en.label("unit_name_en"),
    Manager.name.label("manager_name"),
)
"""What the page shows of an outlet; the file shows more."""


def outlet_list(viewer: Actor, chosen: OutletFilter) -> Select[Outlet, OrgUnit, Partner, Manager]:
    """Return the select of outlets with their unit, partner and primary manager of today."""
    return _narrowed(_with_all(select(Outlet, OrgUnit, Partner, Manager)), viewer, chosen)


def shown_outlets(viewer: Actor, chosen: OutletFilter) -> Select[*tuple[Any, ...]]:
    """Return the select of what the page shows of the same outlets; unordered, for paging."""
    return _open_now(_shown_outlets(viewer, replace(chosen, open_now=False)), chosen)


@built_once
def _shown_outlets(viewer: Actor, chosen: OutletFilter) -> Select[*tuple[Any, ...]]:
    return _narrowed(_with_all(select(*_SHOWN)), viewer, chosen)


@built_once
def _counted_outlets(viewer: Actor, chosen: OutletFilter) -> Select[*tuple[Any, ...]]:
    counted = select(Outlet.setting, func.count()).group_by(Outlet.setting)
    # Each outlet has one row with its neighbours or without them; they are joined if something is asked of them.
    asked = chosen.words or chosen.unit_path or chosen.partner or chosen.lacks == "manager"
    return _narrowed(_with_all(counted) if asked else counted, viewer, chosen)


def _with_all(statement: Any) -> Any:
    return (
        statement.select_from(Outlet)
        .join(OrgUnit, OrgUnit.id == Outlet.org_unit_id)
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .outerjoin(
            Assignment,
            (Assignment.outlet_id == Outlet.id) & (Assignment.slot == Slot.PRIMARY) & held_on(today()),
        )
        .outerjoin(Manager, Manager.id == Assignment.manager_id)
    )


def _narrowed(statement: Any, viewer: Actor, chosen: OutletFilter) -> Any:
    statement = statement.where(visible_outlets(viewer, Permission.OUTLET_READ))
    if chosen.words:
        statement = statement.where(
            or_(
                Outlet.code.icontains(chosen.words, autoescape=True),
                Outlet.name.icontains(chosen.words, autoescape=True),
                Outlet.address.icontains(chosen.words, autoescape=True),
                Outlet.phone.contains(chosen.words, autoescape=True),
                Outlet.keeper_name.contains(chosen.words, autoescape=True),
                Outlet.partner_outlet_no.icontains(chosen.words, autoescape=True),
                Manager.name.contains(chosen.words, autoescape=True),
            )
        )
    for column, value in (
        (Outlet.state, chosen.state),
        (Outlet.kind, chosen.kind),
        (Outlet.setting, chosen.setting),
        (Partner.code, chosen.partner),
    ):
        if value:
            statement = statement.where(column == value)
    if chosen.unit_path:
        statement = statement.where(OrgUnit.path.startswith(chosen.unit_path, autoescape=True))
    return _special(_open_now(statement, chosen), chosen)


def _open_now(statement: Any, chosen: OutletFilter) -> Any:
    if chosen.open_now:
        clock = shanghai(now())
        minute = clock.hour * 60 + clock.minute
        opened = select(OpeningHours.id).where(
            OpeningHours.outlet_id == Outlet.id,
            OpeningHours.weekday == clock.isoweekday(),
            OpeningHours.opens_minute <= minute,
            OpeningHours.closes_minute > minute,
        )
        statement = statement.where(Outlet.state == State.ACTIVE, opened.exists())
    return statement


def _special(statement: Any, chosen: OutletFilter) -> Any:
    day = today()
    if chosen.lacks == "manager":
        statement = statement.where(Manager.id.is_(None), Outlet.state != State.CLOSED)
    if chosen.lacks == "agreement":
        in_force = select(Agreement.id).where(
            Agreement.outlet_id == Outlet.id,
            Agreement.starts_on <= day,
            or_(Agreement.ends_on.is_(None), Agreement.ends_on > day),
        )
        statement = statement.where(~in_force.exists(), Outlet.state != State.CLOSED)
    if chosen.lacks == "position":
        statement = statement.where(Outlet.longitude.is_(None), Outlet.state != State.CLOSED)
    if chosen.cash_high:
        full = (
            select(Account.owner_id)
            .join(Balance, Balance.account_id == Account.id)
            .where(
                Account.owner_kind == "OUTLET",
                Account.code == "CASH_HELD",
                Balance.balance_fen * 10 >= Balance.maximum_fen * NEAR_CEILING_TENTHS,
            )
        )
        statement = statement.where(Outlet.id.in_(full))
    return statement


def count_by_setting(viewer: Actor, chosen: OutletFilter) -> dict[str, int]:
    """Return how many outlets a list holds, urban and rural apart (S29)."""

    def counted() -> dict[str, int]:
        statement = _open_now(_counted_outlets(viewer, replace(chosen, open_now=False)), chosen)
        found = db.session.connection().execute(statement)
        return {Setting.URBAN.value: 0, Setting.RURAL.value: 0} | dict(found.all())

    of_register = OutletFilter(state=chosen.state, kind=chosen.kind, setting=chosen.setting, unit_path=chosen.unit_path)
    if chosen != of_register:  # typed words, or what agreements, hours or cash decide
        return counted()
    return remembered(REGISTER, ("outlets by setting", viewer, chosen), counted)


def partner_list() -> list[tuple[Partner, int]]:
    """Return the company's partners with the number of their outlets that are not closed."""
    counted = (
        select(func.count(Outlet.id))
        .where(Outlet.partner_id == Partner.id, Outlet.state != State.CLOSED)
        .scalar_subquery()
    )
    return [(row[0], row[1]) for row in db.session.execute(select(Partner, counted).order_by(Partner.code))]


def suggested_code(viewer: Actor) -> str:
    """Return the code after the last one in the viewer's territory, as a first guess on a form; empty if none fits."""
    last = db.session.scalar(
        select(Outlet.code).where(visible_outlets(viewer, Permission.OUTLET_EDIT)).order_by(Outlet.id.desc()).limit(1)
    )
    letters = (last or "").rstrip("0123456789")
    digits = (last or "")[len(letters) :]
    return f"{letters}{int(digits) + 1:0{len(digits)}d}" if letters and digits else ""


def lookalike_outlets(
    viewer: Actor, phone: str | None, longitude: float | None, latitude: float | None, own: str = ""
) -> list[Outlet]:
    """Return outlets that may be the same one registered twice: the same phone, or within some 20 m."""
    same = []
    if phone:
        same.append(Outlet.phone == phone)
    if longitude is not None and latitude is not None:
        near = 0.0002  # degrees
        same.append(
            Outlet.longitude.between(longitude - near, longitude + near)
            & Outlet.latitude.between(latitude - near, latitude + near)
        )
    if not same:
        return []
    return list(
        db.session.scalars(
            select(Outlet)
            .where(or_(*same), Outlet.code != own, Outlet.state != State.CLOSED)
            .where(visible_outlets(viewer, Permission.OUTLET_READ))
            .order_by(Outlet.code)
            .limit(5)
        )
    )
