"""The home page of each role, and search from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.collecting.sums import Taken
from agentnet.core.clock import IsoWeek, Month, now, today
from agentnet.dashboard import queries
from agentnet.dashboard.rules import growth_tenths, growth_text, same_day_last_year
from agentnet.infra.actor import Actor, Role
from agentnet.infra.dates import week_label
from agentnet.infra.pages import typed_text
from agentnet.ledger.queries import month_state
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may
from agentnet.visits.queries import Breakdown, compliance
from agentnet.visits.queries import territory_total as compliance_total
from agentnet.visits.rules import Tally

WEEKS_SHOWN = 8


@needs(Permission.SIGNED_IN)
def home() -> str | Response:
    """Lead to what this person does first: the counter, the week's visits, or what is stuck."""
    actor = viewer()
    if actor.has(Role.AGENT):
        return redirect(url_for("collecting.start"), 303)
    if actor.has(Role.MANAGER):
        return redirect(url_for("visits.duties"), 303)
    if actor.has(Role.PARTNER):
        return _partner(actor)
    return _overview(actor) if actor.grants else render_template("dashboard/nothing.html")


def _overview(actor: Actor) -> str:
    day = today()
    before, month, week = same_day_last_year(day), Month.of(day), IsoWeek.of(day)
    one_day = timedelta(days=1)
    present, past = queries.taken_in(
        actor, (month.starts_on, day + one_day), (Month.of(before).starts_on, before + one_day)
    )
    settings = {setting: _compared(present[setting], past[setting]) for setting in present}
    figures = queries.figures_of(actor)
    duties = compliance_total(actor, week, week) if may(actor, Permission.COMPLIANCE_READ) else None
    return render_template(
        "dashboard/overview.html",
        month=month,
        week=week,
        settings=settings,
        whole=_compared(_sum(present), _sum(past)),
        duties=duties,
        trend=_trend(actor, week) if may(actor, Permission.COMPLIANCE_READ) else None,
        cash_fen=int(figures.cash_fen),
        stuck=queries.stuck(actor, day, figures),
        last_month=month.previous(),
        last_month_state=month_state(month.previous()),
        documents=queries.newest_documents(actor),
        made_at=now(),
    )


def _sum(settings: Mapping[str, Taken]) -> Taken:
    return sum(settings.values(), Taken())


def _compared(present: Taken, past: Taken) -> tuple[Taken, str]:
    return present, growth_text(growth_tenths(present.total_fen, past.total_fen))


def _trend(actor: Actor, week: IsoWeek) -> dict[str, object]:
    weeks = [week.previous()]
    while len(weeks) < WEEKS_SHOWN:
        weeks.insert(0, weeks[0].previous())
    found = {row.code: row.whole for row in compliance(actor, Breakdown.WEEK, weeks[0], weeks[-1])}
    tallies = [found.get(str(one), Tally()) for one in weeks]
    rates = [(200 * tally.done + tally.due) // (2 * tally.due) if tally.due else None for tally in tallies]
    known = [rate for rate in rates if rate is not None]
    return {
        "drawing": {
            "kind": "line",
            "labels": [week_label(one) for one in weeks],
            "unit": "%",
            "series": [{"label": _("完成率"), "values": rates}],
            "target": {"label": _("目标"), "value": 100},
        },
        "rows": list(zip(weeks, tallies, strict=True)),
        "finding": _("上周走访完成率 %(rate)s%%", rate=known[-1]) if known else _("还没有走访记录"),
    }


def _partner(actor: Actor) -> str:
    day = today()
    tomorrow, month, last = day + timedelta(days=1), Month.of(day), Month.of(day).previous()
    this_month, last_month, today_taken = queries.taken_in(
        actor, (month.starts_on, tomorrow), (last.starts_on, last.ends_on), (day, tomorrow)
    )
    return render_template(
        "dashboard/partner.html",
        month=month,
        this_month=_sum(this_month),
        last_month=_sum(last_month),
        today_taken=_sum(today_taken),
        documents=queries.newest_documents(actor),
    )


@needs(Permission.SIGNED_IN)
def search() -> str | Response:
    """Find an outlet, a household or a manager; a keeper who types a household number is taken to collect."""
    actor = viewer()
    words = typed_text(request.args, "q", 60)
    outlets = queries.found_outlets(actor, words) if words else []
    managers = queries.found_managers(actor, words) if words else []
    households = queries.found_households(actor, words) if words else []
    if len(outlets) == 1 and not managers and not households:
        return redirect(url_for("outlets.show", code=outlets[0].code), 303)
    return render_template(
        "dashboard/search.html",
        search_words=words,
        outlets=outlets,
        managers=managers,
        households=households,
        most=queries.FOUND,
        may_collect=may(actor, Permission.COLLECTION_RECORD),
    )
