"""Campaigns entered and changed, outlets that begin and end to take part. No month that is closed is touched."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import insert, select

from agentnet.core.clock import Month, today
from agentnet.core.errors import Conflict, Invalid, Missing
from agentnet.infra.actor import Actor
from agentnet.infra.audit import audit_row, write_audit, write_audit_rows
from agentnet.infra.db import db
from agentnet.ledger.queries import require_open
from agentnet.outlets.actions.common import apply_changes, audit_change, once, require_for_company, require_version
from agentnet.outlets.campaigns.models import Campaign, CampaignOutlet
from agentnet.outlets.campaigns.queries import (
    Chosen,
    campaign_by_code,
    first_open_day,
    not_in_yet,
)
from agentnet.outlets.campaigns.rules import changed_edges, require_open_days, require_period
from agentnet.outlets.queries import outlet_for
from agentnet.outlets.rules import clean_code
from agentnet.users.permissions import Permission, require

MONTHS_HELD = 3
"""Months before the present one that may still be open when something is entered."""


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What is written down about a campaign; ``ends_on`` is the first day that no longer belongs, None no end."""

    name: str
    starts_on: date
    ends_on: date | None = None
    note: str = ""


def register_campaign(code: str, facts: CampaignFacts, by: Actor, request_id: uuid.UUID | None = None) -> str:
    """Enter a campaign; return its code.

    Raises:
        Forbidden: ``not_permitted``, ``for_whole_company``.
        Invalid: ``code_shape``, ``code_taken``, ``campaign_period``.
        Conflict: ``id_reused``.
    """
    require_for_company(by, Permission.CAMPAIGN_EDIT)

    def work() -> str:
        clean = clean_code(code)
        if db.session.scalar(select(Campaign.id).where(Campaign.code == clean)):
            raise Invalid("code_taken", "编号 %(taken)s 已经用过，请换一个", field="code", taken=clean)
        require_period(facts.starts_on, facts.ends_on)
        db.session.add(Campaign(code=clean, version=1, **asdict(facts)))
        db.session.flush()
        write_audit(by, "register_campaign", "campaign", clean, None, _plain(facts))
        return clean

    return once(request_id, "register_campaign", by, {"code": code, **asdict(facts)}, work)


def change_campaign(code: str, facts: CampaignFacts, by: Actor, version: int | None = None) -> None:
    """Write down new facts about a campaign; its days only where no month has closed over them.

    Raises:
        Forbidden: ``not_permitted``, ``for_whole_company``. Missing: ``campaign_missing``.
        Invalid: ``campaign_period``.
        Conflict: ``changed_meanwhile``, ``campaign_closed_month``.
    """
    require_for_company(by, Permission.CAMPAIGN_EDIT)
    campaign = campaign_by_code(code, for_change=True)
    require_version(campaign.version, version)
    require_period(facts.starts_on, facts.ends_on)
    edges = changed_edges((campaign.starts_on, campaign.ends_on), (facts.starts_on, facts.ends_on))
    if edges:
        field = "starts_on" if campaign.starts_on != facts.starts_on else "ends_on"
        require_open_days(edges, first_open_day(), field)
        hold_open(min(edges))
    if audit_change(by, "change_campaign", "campaign", code, apply_changes(campaign, asdict(facts))):
        campaign.version += 1
        db.session.flush()


def add_outlets(code: str, chosen: Chosen, seen: int, on: date, by: Actor, request_id: uuid.UUID | None = None) -> int:
    """Let the chosen outlets take part from a day on; return how many.

    ``seen`` is how many the sender was shown: if it is another number by now, nothing is done.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``campaign_missing``.
        Invalid: ``nothing_chosen``, ``campaign_over``.
        Conflict: ``chosen_changed``, ``campaign_closed_month``, ``id_reused``.
    """
    require(by, Permission.CAMPAIGN_JOIN)

    def work() -> str:
        campaign = campaign_by_code(code, for_change=True)
        require_running(campaign, on)
        require_open_days([on], first_open_day(), "on")
        hold_open(on)
        outlets = db.session.execute(not_in_yet(by, campaign.id, chosen, on)).all()
        if not outlets:
            raise Invalid("nothing_chosen", "没有选到还没参加的网点，请换一个条件", field="on")
        if len(outlets) != seen:
            raise Conflict("chosen_changed", "符合条件的网点刚有变化，请重新核对数量后再提交")
        rows = [{"campaign_id": campaign.id, "outlet_id": one.id, "starts_on": on, "ends_on": None} for one in outlets]
        db.session.execute(insert(CampaignOutlet), rows)
        write_audit_rows([joined_line(by, one.code, code, on, None) for one in outlets])
        return str(len(outlets))

    content = {"campaign": code, **chosen.content(), "seen": seen, "on": on}
    return int(once(request_id, "add_to_campaign", by, content, work))


def end_participation(code: str, outlet_code: str, on: date, by: Actor) -> None:
    """Let an outlet take part no longer from a day on; on its first day it never took part. Sent twice is once.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``campaign_missing``, ``outlet_missing``, ``not_in_campaign``.
        Invalid: ``campaign_left_early``. Conflict: ``campaign_closed_month``.
    """
    outlet = outlet_for(by, outlet_code, Permission.CAMPAIGN_JOIN)
    campaign = campaign_by_code(code, for_change=True)
    rows = select(CampaignOutlet).where(
        CampaignOutlet.campaign_id == campaign.id, CampaignOutlet.outlet_id == outlet.id
    )
    last = db.session.scalar(rows.order_by(CampaignOutlet.starts_on.desc()).limit(1))
    if last is None:
        raise Missing("not_in_campaign", "这个网点没有参加这个活动")
    if last.ends_on == on:
        return
    if on < last.starts_on:
        raise Invalid(
            "campaign_left_early", "退出日期不能早于参加日期 %(day)s", field="on", day=last.starts_on.isoformat()
        )
    edges = [min(on, last.ends_on or date.max)]
    require_open_days(edges, first_open_day(), "on")
    hold_open(edges[0])
    before = {"campaign": code, "starts_on": last.starts_on.isoformat(), "ends_on": _day(last.ends_on)}
    if on == last.starts_on:
        db.session.delete(last)
        after = None
    else:
        last.ends_on = on
        after = {**before, "ends_on": on.isoformat()}
    db.session.flush()
    write_audit(by, "leave_campaign", "outlet", outlet.code, before, after)


def require_running(campaign: Campaign, on: date) -> None:
    """Refuse a day on which a campaign is over.

    Raises:
        Invalid: ``campaign_over``.
    """
    if campaign.ends_on is not None and on >= campaign.ends_on:
        raise Invalid(
            "campaign_over", "活动到 %(day)s 就结束了，请选更早的日期", field="on", day=campaign.ends_on.isoformat()
        )


def joined_line(by: Actor, outlet_code: str, campaign: str, on: date, ends_on: date | None) -> dict[str, object]:
    """Return the audit line of an outlet that takes part."""
    after = {"campaign": campaign, "starts_on": on.isoformat(), "ends_on": _day(ends_on)}
    return audit_row(by, "join_campaign", "outlet", outlet_code, None, after)


def hold_open(since: date) -> None:
    """Let none of the months from a day on begin to close until the transaction ends."""
    month, first = Month.of(today()), first_open_day()
    for _ in range(MONTHS_HELD):
        if since < month.ends_on and month.starts_on >= first:
            require_open(month.starts_on)
        month = month.previous()


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _plain(facts: CampaignFacts) -> dict[str, object]:
    return {**asdict(facts), "starts_on": facts.starts_on.isoformat(), "ends_on": _day(facts.ends_on)}
