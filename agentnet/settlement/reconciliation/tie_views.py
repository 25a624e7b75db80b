"""The day's three-way tie on screen: by outlet for a territory, and one outlet's day with everything behind it."""

from __future__ import annotations

from datetime import date, timedelta

from flask import render_template, request
from werkzeug.wrappers import Response

from agentnet.collecting.queries import tender_names
from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.infra.i18n import in_english
from agentnet.infra.pages import PAGE_SIZE, Page, Sorting, typed_day, typed_text
from agentnet.outlets.queries import outlet_for, units_of
from agentnet.settlement.queries import tender_totals
from agentnet.settlement.reconciliation import tie as ties
from agentnet.settlement.reconciliation.words import KINDS, STATES
from agentnet.settlement.words import REMITTANCE_STATES
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str


@needs(Permission.RECONCILIATION_READ)
def tie() -> Answer:
    """Show which outlets of a territory tie on a day, those that do not first."""
    day = typed_day(request.args, "day") or today() - timedelta(days=1)
    units = units_of(viewer(), Permission.RECONCILIATION_READ)
    code = typed_text(request.args, "unit", 32)
    unit = next((one for one in units if one.code == code), None) if code else None
    only = request.args.get("only", "") == "untied"
    found = ties.day_ties(
        viewer(),
        day,
        unit.path if unit else None,
        only_untied=only,
        skipped=_skip(request.args.get("cursor", "")),
        size=PAGE_SIZE,
    )
    skipped, beyond = found.skipped, found.skipped + PAGE_SIZE
    page = Page(
        found.shown,
        Sorting("code"),
        next_cursor=str(beyond) if beyond < (found.untied if only else found.count) else None,
        previous_cursor=str(max(0, skipped - PAGE_SIZE)) if skipped else None,
    )
    return render_template(
        "reconciliation/tie.html",
        day=day,
        today=today(),
        step=timedelta(days=1),
        units=units,
        unit=unit,
        page=page,
        only=only,
        count=found.count,
        untied=found.untied,
        taken_fen=found.taken_fen,
        file=found.file,
        counts=found.counts,
        cards=found.cards,
        bank=found.bank,
        nobodys=ties.of_no_outlet(viewer(), day),
    )


def _skip(cursor: str) -> int:
    return int(cursor) if cursor.isdecimal() and len(cursor) < 8 else 0


@needs(Permission.RECONCILIATION_READ)
def outlet_tie(code: str, day: str) -> Answer:
    """Show one outlet's day: each figure, what stands against it, and the entries behind both."""
    outlet = outlet_for(viewer(), code, Permission.RECONCILIATION_READ)
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise Missing("tie_missing", "没有这一天") from None
    found = ties.ties_of(viewer(), on, code=outlet.code)
    return render_template(
        "reconciliation/outlet_tie.html",
        outlet=outlet,
        settled=may(viewer(), Permission.SETTLEMENT_READ),
        day=on,
        tie=found[0] if found else None,
        totals=tender_totals(outlet.id, on),
        tender_names=tender_names(in_english()),
        deposits=ties.deposits_of(outlet.id, on),
        file=ties.files_of(on, outlet.partner_id) if outlet.partner_id else None,
        differences=ties.differences_of(viewer(), outlet.id, on),
        kinds=KINDS,
        states=STATES,
        remittance_states=REMITTANCE_STATES,
    )
