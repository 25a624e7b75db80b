"""The list of outlets: what can be searched, filtered, sorted and counted, always inside the viewer's territory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select

from agentnet.core.clock import now, shanghai, today
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.pages import SortBy
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


def outlet_list(viewer: Actor, chosen: OutletFilter) -> Select[Outlet, OrgUnit, Partner, Manager]:
    """Return the select of outlets with their unit, partner and primary manager of today."""
    statement = (
        select(Outlet, OrgUnit, Partner, Manager)
        .join(OrgUnit, OrgUnit.id == Outlet.org_unit_id)
        .outerjoin(Partner, Partner.id == Outlet.partner_id)
        .outerjoin(
            Assignment,
            (Assignment.outlet_id == Outlet.id) & (Assignment.slot == Slot.PRIMARY) & held_on(today()),
        )
        .outerjoin(Manager, Manager.id == Assignment.manager_id)
        .where(visible_outlets(viewer, Permission.OUTLET_READ))
    )
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
    return _special(statement, chosen)


def _special(
    statement: Select[Outlet, OrgUnit, Partner, Manager], chosen: OutletFilter
) -> Select[Outlet, OrgUnit, Partner, Manager]:
    day, clock = today(), shanghai(now())
    if chosen.open_now:
        minute = clock.hour * 60 + clock.minute
        opened = select(OpeningHours.id).where(
            OpeningHours.outlet_id == Outlet.id,
            OpeningHours.weekday == clock.isoweekday(),
            OpeningHours.opens_minute <= minute,
            OpeningHours.closes_minute > minute,
        )
        statement = statement.where(Outlet.state == State.ACTIVE, opened.exists())
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


def count_by_setting(statement: Select[Outlet, OrgUnit, Partner, Manager]) -> dict[str, int]:
    """Return how many outlets a list holds, urban and rural apart (S29)."""
    rows = db.session.execute(
        statement.with_only_columns(Outlet.setting, func.count(), maintain_column_froms=True).group_by(Outlet.setting)
    )
    return {Setting.URBAN.value: 0, Setting.RURAL.value: 0} | {row[0]: row[1] for row in rows}


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
