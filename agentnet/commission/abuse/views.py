"""Pages of patterns worth a look: the month's list, one finding with its collections, and what a person says of it."""

from __future__ import annotations

import uuid

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.commission.abuse import queries
from agentnet.commission.abuse.actions import NewMark, finding_for, look_now, mark_finding
from agentnet.commission.abuse.finding import MOST_EVIDENCE
from agentnet.commission.abuse.forms import MarkForm
from agentnet.commission.abuse.rules import thresholds_on
from agentnet.commission.abuse.words import COSTS, PATTERNS, STATES, rule_text
from agentnet.commission.queries import tenders
from agentnet.commission.words import Words
from agentnet.core.clock import Month, today
from agentnet.core.errors import Missing, Refusal
from agentnet.infra.forms import show_refusal
from agentnet.infra.pages import chosen, typed_text
from agentnet.infra.sheets import KINDS, download
from agentnet.infra.templating import tell
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may, require

READ = Permission.COMMISSION_ANALYSE
Answer = Response | str | tuple[str, int]


def _asked_month() -> Month:
    """Return the month in the address, the running one by itself.

    Raises:
        Invalid: ``month_shape``. Missing: ``month_to_come``.
    """
    text = request.args.get("month", "")
    month = Month.parse(text) if text else Month.of(today())
    if month > Month.of(today()):
        raise Missing("month_to_come", "这个月还没有到")
    return month


def _wanted() -> queries.Wanted:
    return queries.Wanted(
        _asked_month(),
        chosen(request.args, "pattern", {str(name): str(name) for name in PATTERNS}, ""),
        chosen(request.args, "state", {name: name for name in STATES}, ""),
        typed_text(request.args, "q", 60),
    )


@needs(READ)
def patterns() -> str:
    """List what was found in a month, the costliest first."""
    wanted = _wanted()
    limits = thresholds_on(wanted.month.starts_on)
    return render_template(
        "commission/abuse/list.html",
        page=queries.finding_page(viewer(), wanted, request.args),
        wanted=wanted,
        month=wanted.month,
        last=Month.of(today()),
        sums=[(*one, rule_text(one[0], limits)) for one in queries.sums_of(viewer(), wanted.month)],
        scan=queries.scan_of(wanted.month),
        patterns=PATTERNS,
        states=STATES,
        may_mark=may(viewer(), Permission.PATTERN_MARK),
        may_export=may(viewer(), Permission.EXPORT),
    )


@needs(Permission.PATTERN_MARK)
def look() -> Response:
    """Look a month through now, or have the clock do it."""
    month = _asked_month()
    if look_now(month, viewer()):
        tell(_("查完了，下面是查到的线索"))
    else:
        tell(_("这个月收费较多，几分钟内在后台查完"))
    return redirect(url_for("commission.patterns", month=month), 303)


def _page(finding_id: int, form: MarkForm) -> str:
    found, outlet = finding_for(viewer(), finding_id, READ)
    limits = thresholds_on(Month.parse(found.month).starts_on)
    return render_template(
        "commission/abuse/finding.html",
        finding=found,
        outlet=outlet,
        month=Month.parse(found.month),
        groups=queries.evidence_of(found),
        most=MOST_EVIDENCE,
        name=PATTERNS[found.pattern],
        cost_words=COSTS[found.pattern],
        rule=rule_text(found.pattern, limits),
        states=STATES,
        marked_by=queries.marked_by(found),
        words=Words(tenders),
        form=form,
        may_mark=may(viewer(), Permission.PATTERN_MARK),
    )


@needs(READ)
def pattern(finding_id: int) -> str:
    """Show a finding with the collections as evidence."""
    return _page(finding_id, MarkForm(formdata=None))


@needs(Permission.PATTERN_MARK)
def mark(finding_id: int) -> Answer:
    """Take down what a person says of a finding."""
    form = MarkForm()
    finding_for(viewer(), finding_id, Permission.PATTERN_MARK)
    if not form.validate():
        return _page(finding_id, form), 422
    try:
        new = NewMark(uuid.UUID(str(form.id.data)), finding_id, str(form.state.data), form.note.data or "")
        found = mark_finding(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _page(finding_id, form), refusal.status
    tell(_("已记下"))
    return redirect(url_for("commission.patterns", month=found.month), 303)


@needs(READ)
def export(kind: str) -> Response:
    """Give the month's findings as CSV or XLSX.

    Raises:
        Forbidden: ``not_permitted``. Missing: ``file_kind_missing``.
    """
    require(viewer(), Permission.EXPORT)
    if kind not in KINDS:
        raise Missing("file_kind_missing", "没有这种文件格式")
    wanted = _wanted()
    return download(kind, f"patterns-{wanted.month}", queries.head(), queries.rows(viewer(), wanted))
