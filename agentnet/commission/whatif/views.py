"""Pages of what a plan would have cost: what was tried, what came of it, and why an outlet gains or loses."""

from __future__ import annotations

import uuid

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.commission.engine.reading import read_version
from agentnet.commission.queries import tenders
from agentnet.commission.whatif import queries
from agentnet.commission.whatif.words import DIRECTIONS, SOURCES, STATES, finding, share_text, signed, why_texts
from agentnet.commission.words import Words
from agentnet.core.clock import Month
from agentnet.core.errors import Conflict, Missing
from agentnet.divisions.models import Setting
from agentnet.infra.dates import month_text
from agentnet.infra.pages import chosen, typed_text
from agentnet.infra.sheets import KINDS, download
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may, require

READ = Permission.COMMISSION_ANALYSE


@needs(READ)
def what_ifs() -> str:
    """List what was tried, newest first."""
    return render_template(
        "commission/whatif/list.html",
        page=queries.what_if_page(request.args),
        states=STATES,
        sources=SOURCES,
        may_edit=may(viewer(), Permission.COMMISSION_EDIT),
    )


def _wanted() -> queries.OutletWanted:
    settings = {str(setting): str(setting) for setting in Setting}
    return queries.OutletWanted(
        chosen(request.args, "direction", {name: name for name in DIRECTIONS}, ""),
        chosen(request.args, "setting", settings, ""),
        typed_text(request.args, "q", 60),
    )


def _drawing(figures: queries.Figures) -> dict[str, object]:
    return {
        "kind": "bars",
        "labels": [month_text(Month.parse(month)) for month in figures.months],
        "unit": _("元"),
        "money": True,
        "series": [
            {"label": _("实付"), "values": [split.whole.paid_fen for split in figures.months.values()]},
            {"label": _("试算"), "values": [split.whole.new_fen for split in figures.months.values()]},
        ],
    }


@needs(READ)
def what_if(what_if_id: uuid.UUID) -> str:
    """Show how far the work is, then what came of it; htmx asks for the middle of a page that waits."""
    found = queries.asked_by_id(what_if_id)
    asked = found.what_if
    if not asked.is_done:
        inside = bool(request.headers.get("HX-Request"))
        return render_template(
            "commission/whatif/_progress.html" if inside else "commission/whatif/progress.html", asked=asked
        )
    figures, wanted = queries.figures_of(viewer(), asked), _wanted()
    return render_template(
        "commission/whatif/show.html",
        asked=asked,
        months=[month_text(month) for month in dict.fromkeys((found.first_month, found.last_month))],
        says=read_version(asked.content),
        figures=figures,
        month_names={month: month_text(Month.parse(month)) for month in figures.months},
        finding=finding(figures.whole.whole),
        drawing=_drawing(figures),
        page=queries.outlet_page(viewer(), asked, wanted, request.args),
        wanted=wanted,
        directions=DIRECTIONS,
        sources=SOURCES,
        signed=signed,
        share=share_text,
        words=Words(tenders),
        may_export=may(viewer(), Permission.EXPORT),
        plan_code=found.plan_code if may(viewer(), Permission.COMMISSION_EDIT) else None,
    )


@needs(READ)
def outlet(what_if_id: uuid.UUID, code: str) -> str:
    """Show one outlet on both sides, and why it gains or loses."""
    asked = queries.asked_by_id(what_if_id).what_if
    found, tried = queries.outlet_of(viewer(), asked, code)
    names = sorted({*tried.why["paid_by"], *tried.why["new_by"]})
    return render_template(
        "commission/whatif/outlet.html",
        asked=asked,
        outlet=found,
        tried=tried,
        both=queries.Both(tried.paid_fen, tried.new_fen),
        components=[
            (name, queries.Both(tried.why["paid_by"].get(name, 0), tried.why["new_by"].get(name, 0))) for name in names
        ],
        months=[(Month.parse(text), queries.Both(*both)) for text, both in sorted(tried.why["months"].items())],
        reasons=list(why_texts(tried.why)),
        signed=signed,
        share=share_text,
    )


@needs(READ)
def export(what_if_id: uuid.UUID, kind: str) -> Response:
    """Give the outlets as CSV or XLSX.

    Raises:
        Missing: ``file_kind_missing``, ``what_if_missing``. Conflict: ``what_if_running``.
    """
    require(viewer(), Permission.EXPORT)
    if kind not in KINDS:
        raise Missing("file_kind_missing", "没有这种文件格式")
    asked = queries.asked_by_id(what_if_id).what_if
    if not asked.is_done:
        raise Conflict("what_if_running", "这次试算还没有算完，请稍后再导出")
    name = f"what-if-{asked.first_month}-{asked.last_month}"
    return download(kind, name, queries.head(), queries.rows(viewer(), asked, _wanted()))
