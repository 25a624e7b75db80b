"""Pages of orders: have documents made now, and watch how far they are."""

from __future__ import annotations

import uuid

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.core.clock import now
from agentnet.core.errors import Missing, Refusal
from agentnet.core.ids import parse_id
from agentnet.documents import actions, queries
from agentnet.documents.display import (
    period_text,
    recent_spans,
    remaining_text,
    seconds_between,
    unit_name,
)
from agentnet.documents.forms import OrderForm
from agentnet.documents.kinds import Period, ReportKind, report_kind
from agentnet.documents.rules import AnySpan, OrderState, read_period, seconds_left
from agentnet.infra.forms import show_refusal
from agentnet.infra.templating import tell
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]


@needs(Permission.DOCUMENT_RUN)
def order() -> Answer:
    """Order documents of one kind for a unit or a single subject, now."""
    actor = viewer()
    kinds = queries.permitted_kinds(actor)
    kind = next((one for one in kinds if one.code == request.args.get("kind")), None)
    if kind is None:
        return render_template("documents/order_kinds.html", kinds=kinds)
    form = OrderForm()
    form.org_unit.choices = [(unit.code, unit_name(unit)) for unit in queries.units_for(actor, Permission.DOCUMENT_RUN)]
    ready = ready_spans(kind)
    form.period.choices = [(str(span), period_text(span)) for span in ready]
    if request.method == "GET":
        return render_template("documents/order.html", form=form, kind=kind, ready=ready)
    if not form.validate():
        return render_template("documents/order.html", form=form, kind=kind, ready=ready), 422
    try:
        order_id = actions.place_order(_new_order(form, kind), actor)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return render_template("documents/order.html", form=form, kind=kind, ready=ready), refusal.status
    return redirect(url_for("documents.progress", order_id=order_id), 303)


def ready_spans(kind: ReportKind) -> list[AnySpan]:
    """Return the recent periods that may be ordered, newest first."""
    return [span for span in recent_spans(kind.cadence) if kind.may_be_ordered(Period(span.starts_on, span.ends_on))]


def _new_order(form: OrderForm, kind: ReportKind) -> actions.NewOrder:
    span = read_period(kind.cadence, form.period.data)
    return actions.NewOrder(
        id=parse_id(str(form.id.data)),
        kind=kind.code,
        org_unit_code=form.org_unit.data,
        period=Period(span.starts_on, span.ends_on),
        language=form.language.data,
        subject=form.subject.data or None,
    )


@needs(Permission.DOCUMENT_RUN)
def progress(order_id: uuid.UUID) -> Answer:
    """Show how far an order is; htmx asks for the middle of the page alone."""
    found = queries.order_for(viewer(), order_id)
    so_far = queries.progress_of(order_id)
    left = None
    if found.planned_at is not None:
        elapsed = seconds_between(found.planned_at, now())
        left = seconds_left(so_far.done + so_far.failed, so_far.total, elapsed)
    finished = found.state == OrderState.FAILED or (found.state == OrderState.PLANNED and so_far.finished)
    inside = bool(request.headers.get("HX-Request"))
    return render_template(
        "documents/_progress.html" if inside else "documents/progress.html",
        order=found,
        progress=so_far,
        remaining=remaining_text(left),
        finished=finished,
    )


@needs(Permission.DOCUMENT_RUN)
def reopen_order(order_id: uuid.UUID) -> Answer:
    """Let the clock look at a failed order again."""
    actions.reopen_order(queries.order_for(viewer(), order_id), viewer())
    tell(_("好的，会再安排一次"))
    return redirect(url_for("documents.progress", order_id=order_id), 303)


def kind_or_missing(code: str) -> ReportKind:
    """Return a kind the viewer may read.

    Raises:
        Missing: ``report_kind_missing``.
    """
    kind = report_kind(code)
    if not may(viewer(), kind.permission):
        raise Missing("report_kind_missing", "没有这种报表")
    return kind
