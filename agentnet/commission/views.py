"""Pages of a month's commission: the territory, its outlets, one outlet and why it is paid what it is paid."""

from __future__ import annotations

from collections.abc import Sequence

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from agentnet.commission import exporting
from agentnet.commission.disputes.queries import newest_by_line
from agentnet.commission.disputes.words import STATES
from agentnet.commission.engine.language import PAYS_COLLECTIONS
from agentnet.commission.line_working import line_working
from agentnet.commission.month_figures import (
    OutletFilter,
    month_figures,
    only_of_partners,
    outlet_page,
    require_own_month,
)
from agentnet.commission.outlet_figures import LineShown, closed_months_of, outlet_figures
from agentnet.commission.payout.showing import shown_states
from agentnet.commission.queries import closed_months, tenders
from agentnet.commission.words import Words
from agentnet.core.clock import Month, now, today
from agentnet.core.errors import Invalid, Missing
from agentnet.divisions.models import OrgUnit, Setting
from agentnet.divisions.queries import org_unit_by_code
from agentnet.infra.actor import Actor
from agentnet.infra.dates import month_text
from agentnet.infra.db import db
from agentnet.infra.pages import chosen, typed_text
from agentnet.infra.sheets import KINDS, download
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CLOSED
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for, outlet_shown
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, grants_for, may, org_paths, require

READ = Permission.COMMISSION_READ


def asked_month(default: Month) -> Month:
    """Return the month in the address; the default if there is none.

    Raises:
        Invalid: ``month_shape``.
        Missing: ``month_to_come``.
    """
    text = request.args.get("month", "")
    month = Month.parse(text) if text else default
    if month > Month.of(today()):
        raise Missing("month_to_come", "这个月还没有到")
    return month


def usual_month() -> Month:
    """Return the newest closed month, else the present one."""
    return next(iter(closed_months()), Month.of(today()))


def asked_unit(who: Actor) -> OrgUnit | None:
    """Return the org unit in the address if it lies in the viewer's territory.

    Raises:
        Missing: ``org_unit_missing``.
    """
    code = typed_text(request.args, "unit", 32)
    if not code:
        return None
    unit = org_unit_by_code(code)
    if unit is None or not any(unit.path.startswith(path) for path in org_paths(who, READ)):
        raise Missing("org_unit_missing", "没有找到这个单位，或它不在您的管辖范围内")
    return unit


def asked_filter(who: Actor) -> OutletFilter:
    """Return what the list of outlets is narrowed to."""
    settings = {str(setting): str(setting) for setting in Setting}
    return OutletFilter(asked_unit(who), chosen(request.args, "setting", settings, ""), typed_text(request.args, "q"))


def _own_outlet(who: Actor) -> str | None:
    """Return the code of the one outlet the viewer reads, for a keeper whose page it is."""
    grants = grants_for(who, READ)
    if len(grants) != 1 or grants[0].outlet_id is None:
        return None
    outlet = db.session.get(Outlet, grants[0].outlet_id)
    return outlet.code if outlet is not None else None


@needs(READ)
def overview() -> Response | str:
    """Show the month by station, urban and rural apart; a keeper goes straight to the own outlet."""
    own = _own_outlet(viewer())
    if own is not None:
        return redirect(url_for("commission.outlet", code=own), 303)
    month = asked_month(usual_month())
    return render_template(
        "commission/overview.html",
        figures=month_figures(viewer(), month),
        month=month,
        last=Month.of(today()),
        words=Words(),
        made_at=now(),
        may_edit=may(viewer(), Permission.COMMISSION_EDIT),
        may_close=may(viewer(), Permission.MONTH_CLOSE),
        may_export=may(viewer(), Permission.EXPORT),
    )


@needs(READ)
def outlets() -> str:
    """List the outlets of a month."""
    month, wanted = asked_month(usual_month()), asked_filter(viewer())
    return render_template(
        "commission/outlets.html",
        page=outlet_page(viewer(), month, wanted, request.args),
        month=month,
        wanted=wanted,
        closed=month_state(month) == CLOSED,
        words=Words(),
        made_at=now(),
        may_export=may(viewer(), Permission.EXPORT),
    )


@needs(READ)
def outlet(code: str) -> str:
    """Show an outlet's month: what is due and why, and the months before."""
    who = viewer()
    found = outlet_shown(who, code, READ)
    month = asked_month(Month.of(today()))
    require_own_month(who, found, month)
    figures = outlet_figures(found, month, month_state(month) == CLOSED, request.args)
    words = Words(tenders)
    return render_template(
        "commission/outlet.html",
        outlet=found,
        month=month,
        last=Month.of(today()),
        figures=figures,
        month_names={one.of_month: month_text(Month.parse(one.of_month)) for one in figures.adjustments},
        history=closed_months_of(found, only_of_partners(who)),
        paid_states=shown_states(found.id, month) if figures.closed else [],
        may_see_batches=may(who, Permission.PAYOUT_READ),
        words=words,
        tender_names={one.code: words.tender(one.code) for one in tenders()},
        whys=_whys(words, figures.lines.items),
        made_at=now(),
        is_keeper=_own_outlet(who) == found.code,
        may_adjust=may(who, Permission.COMMISSION_EDIT),
        may_export=may(who, Permission.EXPORT),
        disputes=newest_by_line(found, month) if figures.closed else {},
        may_dispute=may(who, Permission.COMMISSION_DISPUTE),
        dispute_states=STATES,
    )


def _whys(words: Words, lines: Sequence[LineShown]) -> dict[tuple[int, ...], str]:
    """Return why collections earn what they do, by the components that pay them: of fifty lines mostly the same."""
    components = {one.component_ids: one.components for one in lines}
    return {ids: words.why(paying) for ids, paying in components.items()}


@needs(READ)
def line(code: str, receipt_no: str) -> str:
    """Show how one collection's commission came about, from the version and inputs of a month that paid it.

    Raises:
        Invalid: ``month_shape``.
    """
    outlet = outlet_for(viewer(), code, READ)
    text = request.args.get("month", "")
    found = line_working(outlet, receipt_no, Month.parse(text) if text else None)
    require_own_month(viewer(), outlet, found.month)
    return render_template(
        "commission/line.html",
        outlet=outlet,
        found=found,
        words=Words(tenders),
        monthly=found.version is not None and any(one.kind not in PAYS_COLLECTIONS for one in found.version.components),
        is_keeper=_own_outlet(viewer()) == outlet.code,
        disputes=newest_by_line(outlet, found.month) if found.closed else {},
        may_dispute=may(viewer(), Permission.COMMISSION_DISPUTE),
        dispute_states=STATES,
    )


@needs(Permission.EXPORT)
def export(kind: str) -> Response:
    """Give the lines of a closed month as CSV or XLSX.

    Raises:
        Invalid: ``month_not_closed``; ``too_many_rows`` if the file would be too long to open well.
    """
    require(viewer(), READ)
    if kind not in KINDS:
        raise Missing("file_kind_missing", "没有这种文件格式")
    month, wanted = asked_month(usual_month()), asked_filter(viewer())
    if month_state(month) != CLOSED:
        raise Invalid("month_not_closed", "%(month)s还没有封账，封账后才能导出明细", month=month)
    if exporting.count_rows(viewer(), month, wanted) > exporting.MOST_ROWS:
        raise Invalid(
            "too_many_rows", "明细超过 %(most)s 行，请先按供电所筛选，再分别导出", most=f"{exporting.MOST_ROWS:,}"
        )
    name = "-".join(["commission", str(month)] + ([wanted.unit.code] if wanted.unit else []))
    return download(kind, name, exporting.head(), exporting.rows(viewer(), month, wanted))
