"""Campaigns as they stand, who takes part, and on which days a campaign counts at an outlet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select

from agentnet.core.clock import Month
from agentnet.core.errors import Missing
from agentnet.divisions.models import OrgUnit
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.ledger.models import AccountingMonth
from agentnet.outlets.campaigns.models import Campaign, CampaignOutlet
from agentnet.outlets.campaigns.rules import common_days
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.rules import State
from agentnet.users.permissions import Permission, require


class CampaignDays(NamedTuple):
    """Days (half-open) on which a campaign counts at an outlet: it runs, and the outlet takes part."""

    code: str
    starts_on: date
    ends_on: date


def first_open_day() -> date:
    """Return the first day after every month that is closed or closing; ``date.min`` while none is."""
    locked = select(func.max(AccountingMonth.month)).where(AccountingMonth.state.in_(("CLOSING", "CLOSED")))
    last = db.session.scalar(locked)
    return Month.parse(last).ends_on if last else date.min


def campaign_by_code(code: str, *, for_change: bool = False) -> Campaign:
    """Return the campaign with this code; campaigns are known to the whole company.

    ``for_change`` locks its row until the transaction ends, so that one writer at a time judges who takes part.

    Raises:
        Missing: ``campaign_missing``.
    """
    statement = select(Campaign).where(Campaign.code == code)
    if for_change:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise Missing("campaign_missing", "没有找到这个活动")
    return found


def campaign_codes() -> set[str]:
    """Return the codes of all campaigns."""
    return set(db.session.scalars(select(Campaign.code)))


def campaign_names() -> list[tuple[str, str]]:
    """Return code and name of all campaigns, the latest first."""
    rows = db.session.execute(select(Campaign.code, Campaign.name).order_by(Campaign.starts_on.desc(), Campaign.code))
    return [(row.code, row.name) for row in rows]


def campaign_list(viewer: Actor, day: date) -> list[tuple[Campaign, int]]:
    """Return the campaigns, the latest first, with how many outlets of the territory take part on a day or later."""
    counted = (
        select(func.count(func.distinct(CampaignOutlet.outlet_id)))
        .join(Outlet, Outlet.id == CampaignOutlet.outlet_id)
        .where(
            CampaignOutlet.campaign_id == Campaign.id,
            or_(CampaignOutlet.ends_on.is_(None), CampaignOutlet.ends_on > day),
            visible_outlets(viewer, Permission.OUTLET_READ),
        )
        .correlate(Campaign)
        .scalar_subquery()
    )
    statement = select(Campaign, counted).order_by(Campaign.starts_on.desc(), Campaign.code)
    return [(row[0], row[1]) for row in db.session.execute(statement)]


def participants(viewer: Actor, campaign_id: int, words: str = "") -> Select[*tuple[Any, ...]]:
    """Return the select of a campaign's outlets in the territory with their days; unordered, for paging."""
    statement = (
        select(CampaignOutlet, Outlet, OrgUnit)
        .join(Outlet, Outlet.id == CampaignOutlet.outlet_id)
        .join(OrgUnit, OrgUnit.id == Outlet.org_unit_id)
        .where(CampaignOutlet.campaign_id == campaign_id, visible_outlets(viewer, Permission.OUTLET_READ))
    )
    if words:
        statement = statement.where(
            or_(Outlet.code.icontains(words, autoescape=True), Outlet.name.icontains(words, autoescape=True))
        )
    return statement


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which outlets are meant: by words in code or name, by unit, by kind; empty means all of the territory."""

    words: str = ""
    unit: str = ""
    kind: str = ""

    def content(self) -> dict[str, object]:
        """Return what makes a resend the same request."""
        return asdict(self)


def not_in_yet(by: Actor, campaign_id: int, chosen: Chosen, on: date) -> Select[*tuple[Any, ...]]:
    """Return the select of id, code and name of the chosen outlets that do not take part on a day or later.

    Raises:
        Forbidden: ``not_permitted``.
    """
    require(by, Permission.CAMPAIGN_JOIN)
    inside = select(CampaignOutlet.outlet_id).where(
        CampaignOutlet.campaign_id == campaign_id,
        or_(CampaignOutlet.ends_on.is_(None), CampaignOutlet.ends_on > on),
    )
    statement = select(Outlet.id, Outlet.code, Outlet.name, Outlet.kind).where(
        visible_outlets(by, Permission.CAMPAIGN_JOIN), Outlet.state != State.CLOSED, Outlet.id.not_in(inside)
    )
    if chosen.words:
        statement = statement.where(
            or_(
                Outlet.code.icontains(chosen.words, autoescape=True),
                Outlet.name.icontains(chosen.words, autoescape=True),
            )
        )
    if chosen.kind:
        statement = statement.where(Outlet.kind == chosen.kind)
    if chosen.unit:
        path = select(OrgUnit.path).where(OrgUnit.code == chosen.unit).scalar_subquery()
        under = select(OrgUnit.id).where(OrgUnit.path.startswith(path))
        statement = statement.where(Outlet.org_unit_id.in_(under))
    return statement.order_by(Outlet.code)


def counts_in_campaign(code: str, outlet_id: Any, day: Any) -> ColumnElement[bool]:
    """Return the condition that a campaign counts at an outlet on a day, both given as columns."""
    periods = (
        condition
        for row in (Campaign, CampaignOutlet)
        for condition in (row.starts_on <= day, or_(row.ends_on.is_(None), row.ends_on > day))
    )
    found = select(CampaignOutlet.id).join(Campaign, Campaign.id == CampaignOutlet.campaign_id)
    return found.where(Campaign.code == code, CampaignOutlet.outlet_id == outlet_id, *periods).exists()


def campaigns_of(outlet_id: int, day: date) -> Sequence[Campaign]:
    """Return the campaigns that count at an outlet on a day."""
    return db.session.scalars(
        select(Campaign)
        .join(CampaignOutlet, CampaignOutlet.campaign_id == Campaign.id)
        .where(
            CampaignOutlet.outlet_id == outlet_id,
            *(
                condition
                for row in (Campaign, CampaignOutlet)
                for condition in (row.starts_on <= day, or_(row.ends_on.is_(None), row.ends_on > day))
            ),
        )
        .order_by(Campaign.code)
    ).all()


def campaign_days(outlet_ids: Collection[int], since: date, until: date) -> dict[int, tuple[CampaignDays, ...]]:
    """Return by outlet on which days from ``since`` until ``until`` (exclusive) which campaign counts."""
    rows = db.session.connection().execute(
        select(
            CampaignOutlet.outlet_id,
            Campaign.code,
            Campaign.starts_on,
            Campaign.ends_on,
            CampaignOutlet.starts_on,
            CampaignOutlet.ends_on,
        )
        .join(Campaign, Campaign.id == CampaignOutlet.campaign_id)
        .where(
            CampaignOutlet.outlet_id.in_(outlet_ids),
            CampaignOutlet.starts_on < until,
            or_(CampaignOutlet.ends_on.is_(None), CampaignOutlet.ends_on > since),
        )
        .order_by(CampaignOutlet.outlet_id, Campaign.code, CampaignOutlet.starts_on)
    )
    found: dict[int, list[CampaignDays]] = defaultdict(list)
    for outlet_id, code, starts_on, ends_on, joined_on, left_on in rows:
        common = common_days(starts_on, ends_on, joined_on, left_on)
        if common is not None and max(common[0], since) < min(common[1], until):
            found[outlet_id].append(CampaignDays(code, max(common[0], since), min(common[1], until)))
    return {id_: tuple(days) for id_, days in found.items()}
