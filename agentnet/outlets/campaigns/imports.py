"""Who takes part in campaigns, from files: from a day on, and until a day if one is given.

An outlet that takes part from the same day on already gets the file's end; days that overlap others are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from agentnet.core.errors import Invalid, Refusal
from agentnet.core.words import translatable
from agentnet.infra.actor import Actor
from agentnet.infra.audit import audit_row, write_audit_rows
from agentnet.infra.bulk import all_rows_with, insert_rows, rows_with, update_many
from agentnet.infra.columns import Column, day
from agentnet.infra.db import db
from agentnet.infra.importing import Importer, Parsed, Plan
from agentnet.infra.sheets import Cell
from agentnet.outlets.campaigns.actions import hold_open, joined_line, require_running
from agentnet.outlets.campaigns.models import Campaign, CampaignOutlet
from agentnet.outlets.campaigns.queries import first_open_day
from agentnet.outlets.campaigns.rules import changed_edges, require_open_days, require_period
from agentnet.outlets.imports.comparing import table_of
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.rules import State, clean_code
from agentnet.users.permissions import Permission, require

CAMPAIGNS, PARTICIPANTS, OUTLETS = table_of(Campaign), table_of(CampaignOutlet), table_of(Outlet)

COLUMNS = (
    Column("campaign", translatable("活动编号"), clean_code, ("campaign code",), example="ZNJF-2026"),
    Column("outlet", translatable("网点编号"), clean_code, ("outlet code",), example="WL0001"),
    Column("starts_on", translatable("参加日期"), day, ("开始日期", "from"), example="2026-11-01"),
    Column("ends_on", translatable("退出日期"), day, ("结束日期", "until"), needed=False),
)


def plan(parsed: Parsed, by: Actor) -> Plan:
    """Judge every row against who takes part now; reads only."""
    require(by, Permission.CAMPAIGN_JOIN)
    records = list(parsed.records())
    campaigns = rows_with(CAMPAIGNS, "code", [values["campaign"] for _, values in records])
    outlets = rows_with(OUTLETS, "code", [values["outlet"] for _, values in records], "id", "code", "state")
    mine = set(db.session.scalars(select(Outlet.id).where(visible_outlets(by, Permission.CAMPAIGN_JOIN))))
    known: dict[tuple[int, int], list[Any]] = {}
    for row in all_rows_with(PARTICIPANTS, "outlet_id", [one.id for one in outlets.values()]):
        known.setdefault((row.campaign_id, row.outlet_id), []).append(row)
    found, first_open = Plan(work=([], []), errors=parsed.errors), first_open_day()
    for line, values in records:
        campaign, outlet = campaigns.get(values["campaign"]), outlets.get(values["outlet"])
        try:
            if campaign is None:
                raise Invalid("campaign_missing", "没有找到这个活动", field="campaign")
            if outlet is None or outlet.id not in mine:
                raise Invalid("outlet_missing", "没有找到这个网点，或它不在您的管辖范围内", field="outlet")
            if outlet.state == State.CLOSED:
                raise Invalid("outlet_closed", "网点已经关闭，不能再改", field="outlet")
            _judge(values, campaign, outlet, known.setdefault((campaign.id, outlet.id), []), first_open, found)
        except Refusal as refusal:
            found.errors.add(line, refusal.field or "", refusal)
    return found


def _judge(
    values: dict[str, Any], campaign: Any, outlet: Any, rows: Sequence[Any], first_open: date, found: Plan
) -> None:
    starts_on, ends_on = values["starts_on"], values.get("ends_on")
    require_period(starts_on, ends_on)
    same = next((row for row in rows if row.starts_on == starts_on), None)
    if same is not None and (ends_on is None or same.ends_on == ends_on):
        found.unchanged += 1
        return
    require_running(campaign, starts_on)
    others = [row for row in rows if row is not same]
    if any((row.ends_on or date.max) > starts_on and row.starts_on < (ends_on or date.max) for row in others):
        raise Invalid("campaign_twice", "这个网点在这段日期里已经参加了这个活动", field="starts_on")
    new, changed = found.work
    if same is None:
        require_open_days([starts_on], first_open, "starts_on")
        new.append((campaign, outlet, starts_on, ends_on))
        found.new += 1
    else:
        edges = changed_edges((same.starts_on, same.ends_on), (starts_on, ends_on))
        require_open_days(edges, first_open, "ends_on")
        changed.append((campaign, outlet, same, ends_on))
        found.changed += 1


def write(found: Plan, by: Actor) -> None:
    """Begin and end what the file says, with a line for each."""
    new, changed = found.work
    hold_open(min([*(starts_on for *_, starts_on, _end in new), *(row.ends_on or end for _c, _o, row, end in changed)]))
    insert_rows(
        PARTICIPANTS,
        [
            {"campaign_id": campaign.id, "outlet_id": outlet.id, "starts_on": starts_on, "ends_on": ends_on}
            for campaign, outlet, starts_on, ends_on in new
        ],
    )
    update_many(PARTICIPANTS, "id", [(row.id, {"ends_on": ends_on}) for _campaign, _outlet, row, ends_on in changed])
    write_audit_rows(
        [
            *(joined_line(by, outlet.code, campaign.code, start, end) for campaign, outlet, start, end in new),
            *(
                audit_row(
                    by,
                    "leave_campaign",
                    "outlet",
                    outlet.code,
                    {"campaign": campaign.code, "ends_on": row.ends_on.isoformat() if row.ends_on else None},
                    {"campaign": campaign.code, "ends_on": ends_on.isoformat()},
                )
                for campaign, outlet, row, ends_on in changed
            ),
        ]
    )


def export(by: Actor) -> Iterable[Sequence[Cell]]:
    """Yield who takes part in which campaign and when, in the territory."""
    statement = (
        select(Campaign.code, Outlet.code, CampaignOutlet.starts_on, CampaignOutlet.ends_on)
        .join(Campaign, Campaign.id == CampaignOutlet.campaign_id)
        .join(Outlet, Outlet.id == CampaignOutlet.outlet_id)
        .where(visible_outlets(by, Permission.EXPORT))
        .order_by(Campaign.code, Outlet.code, CampaignOutlet.starts_on)
    )
    for row in db.session.execute(statement):
        yield tuple(row)


IMPORTER = Importer(
    kind="campaign-outlets",
    words=translatable("活动参加网点"),
    columns=COLUMNS,
    key=("campaign", "outlet", "starts_on"),
    plan=plan,
    write=write,
    export=export,
    tables=(PARTICIPANTS,),
)
