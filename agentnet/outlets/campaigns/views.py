"""Campaigns: the list, one campaign with its outlets, and the forms that change them."""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from agentnet.core.clock import today
from agentnet.infra.db import db
from agentnet.infra.importing import administers_company
from agentnet.infra.pages import SortBy, page_of, typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.campaigns.actions import (
    CampaignFacts,
    add_outlets,
    change_campaign,
    end_participation,
    register_campaign,
)
from agentnet.outlets.campaigns.forms import AddForm, CampaignForm, LeaveForm
from agentnet.outlets.campaigns.models import Campaign, CampaignOutlet
from agentnet.outlets.campaigns.queries import (
    Chosen,
    campaign_by_code,
    campaign_list,
    first_open_day,
    not_in_yet,
    participants,
)
from agentnet.outlets.campaigns.rules import standing_on
from agentnet.outlets.display import choices
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for, units_of
from agentnet.outlets.views.common import Answer, attempt, choices_of
from agentnet.outlets.words import CAMPAIGN_STANDINGS, OUTLET_KINDS
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

SHOWN = 50
"""How many of the outlets to be added the page names; the rest it counts."""

COLUMNS = {
    "code": SortBy(Outlet.code),
    "name": SortBy(Outlet.name),
    "from": SortBy(CampaignOutlet.starts_on, type(today())),
}


@needs(Permission.OUTLET_READ)
def campaigns() -> Answer:
    """List the campaigns with how many outlets of the territory take part."""
    return render_template(
        "outlets/campaigns/index.html",
        rows=campaign_list(viewer(), today()),
        standing=_standing,
        may_edit=_may_edit(),
    )


@needs(Permission.OUTLET_READ)
def campaign(code: str) -> Answer:
    """Show a campaign and the outlets of the territory that take part."""
    found = campaign_by_code(code)
    words = typed_text(request.args, "q", 60)
    page = page_of(
        db.session(),
        participants(viewer(), found.id, words),
        request.args,
        columns=COLUMNS,
        default="code",
        key=SortBy(CampaignOutlet.id, int),
    )
    return render_template(
        "outlets/campaigns/show.html",
        campaign=found,
        standing=_standing(found),
        page=page,
        words=words,
        may_edit=_may_edit(),
        may_choose=may(viewer(), Permission.CAMPAIGN_JOIN),
        may_see_collections=may(viewer(), Permission.COLLECTION_READ) and found.starts_on <= today(),
        last_day=min(found.ends_on - timedelta(days=1), today()) if found.ends_on else today(),
    )


@needs(Permission.CAMPAIGN_EDIT)
def new_campaign() -> Answer:
    """Enter a campaign."""
    return _edited(None)


@needs(Permission.CAMPAIGN_EDIT)
def edit_campaign(code: str) -> Answer:
    """Change a campaign's record."""
    return _edited(campaign_by_code(code))


def _edited(found: Campaign | None) -> Answer:
    form = CampaignForm()
    if found is not None:
        del form.code, form.id
    status = 200
    if request.method == "GET":
        form.starts_on.data = today()
        if found is not None:
            form.version.data, form.name.data, form.note.data = found.version, found.name, found.note
            form.starts_on.data = found.starts_on
            form.last_on.data = found.ends_on - timedelta(days=1) if found.ends_on else None
    elif form.validate_on_submit():
        last_on = form.last_on.data
        facts = CampaignFacts(
            name=form.name.data or "",
            starts_on=form.starts_on.data,
            ends_on=last_on + timedelta(days=1) if last_on else None,
            note=form.note.data or "",
        )
        status = attempt(
            form,
            lambda: (
                change_campaign(found.code, facts, viewer(), form.version.data)
                if found
                else register_campaign(form.code.data or "", facts, viewer(), form.id.data)
            ),
            {"campaign_period": "last_on", "campaign_closed_month": "starts_on"},
        )
        if not status:
            tell(_("已保存活动“%(name)s”", name=facts.name))
            return redirect(url_for("outlets.campaigns"), 303)
    else:
        status = 422
    return render_template("outlets/campaigns/edit.html", form=form, campaign=found), status


@needs(Permission.CAMPAIGN_JOIN)
def add_to_campaign(code: str) -> Answer:
    """Choose outlets by search, unit and kind, see which they are, and let them take part from a day on."""
    found = campaign_by_code(code)
    units = units_of(viewer(), Permission.CAMPAIGN_JOIN)
    chosen = Chosen(
        typed_text(request.args, "q", 60),
        _known(request.args.get("unit", ""), {unit.code for unit in units}),
        _known(request.args.get("kind", ""), set(OUTLET_KINDS)),
    )
    form, status = AddForm(), 200
    if request.method == "GET":
        form.on.data = max(found.starts_on, today())
    elif form.validate_on_submit():
        seen = form.seen.data or 0
        added: list[int] = []
        status = attempt(
            form, lambda: added.append(add_outlets(code, chosen, seen, form.on.data, viewer(), form.id.data))
        )
        if not status:
            tell(ngettext("%(num)d 个网点参加了活动", "%(num)d 个网点参加了活动", added[0]))
            return redirect(url_for("outlets.campaign", code=code), 303)
    else:
        status = 422
    wanted = not_in_yet(viewer(), found.id, chosen, form.on.data or today())
    count = db.session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    form.seen.data = count
    return (
        render_template(
            "outlets/campaigns/add.html",
            form=form,
            campaign=found,
            outlets=db.session.execute(wanted.limit(SHOWN)).all(),
            count=count,
            chosen=chosen,
            units=choices_of(units, _("全部单位")),
            kinds=choices(OUTLET_KINDS, _("全部类型")),
            earliest=first_open_day(),
        ),
        status,
    )


@needs(Permission.CAMPAIGN_JOIN)
def leave_campaign(code: str, outlet_code: str) -> Answer:
    """End an outlet's part in a campaign."""
    outlet = outlet_for(viewer(), outlet_code, Permission.CAMPAIGN_JOIN)
    found = campaign_by_code(code)
    form, status = LeaveForm(), 200
    if request.method == "GET":
        form.on.data = today()
    elif form.validate_on_submit():
        status = attempt(form, lambda: end_participation(code, outlet.code, form.on.data, viewer()))
        if not status:
            tell(_("%(outlet)s退出了活动", outlet=outlet.name))
            return redirect(url_for("outlets.campaign", code=code), 303)
    else:
        status = 422
    return render_template("outlets/campaigns/leave.html", form=form, campaign=found, outlet=outlet), status


def _may_edit() -> bool:
    return may(viewer(), Permission.CAMPAIGN_EDIT) and administers_company(viewer())


def _known(text: str, allowed: set[str]) -> str:
    return text if text in allowed else ""


def _standing(found: Campaign) -> tuple[str, str]:
    """Return the word and shape of how a campaign stands today."""
    words, tone = CAMPAIGN_STANDINGS[standing_on(found.starts_on, found.ends_on, today())]
    return _(words), tone
