"""Pages of adjustments: the list, and the form that shows the amount once more before it moves."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.commission.adjusting import NewAdjustment, collection_meant, record_adjustment
from agentnet.commission.adjustments import adjustment_page, line_so_far, month_so_far
from agentnet.commission.disputes.actions import accept_dispute
from agentnet.commission.disputes.queries import DisputedLine, dispute_for, lines_of
from agentnet.commission.disputes.rules import LONGEST_REASON, require_open
from agentnet.commission.disputes.words import line_text
from agentnet.commission.forms import PAY_MORE, AdjustmentForm
from agentnet.commission.queries import closed_months, locked_months
from agentnet.commission.rules import paying_month
from agentnet.core.clock import Month
from agentnet.core.errors import Refusal
from agentnet.core.ids import parse_id
from agentnet.infra.dates import month_text
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import money_text
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]


@needs(Permission.COMMISSION_READ)
def adjustments() -> str:
    """List the adjustments of the viewer's outlets, newest first."""
    return render_template(
        "commission/adjustments.html",
        page=adjustment_page(viewer(), request.args),
        may_edit=may(viewer(), Permission.COMMISSION_EDIT),
        any_closed=bool(closed_months()),
    )


@needs(Permission.COMMISSION_EDIT)
def new_adjustment() -> Answer:
    """Show the form, then the amount once more in full, then record it."""
    form = AdjustmentForm()
    form.offer(closed_months())
    if request.method == "GET":
        form.outlet.data = request.args.get("outlet", "")
        form.of_month.data = request.args.get("month", "")
        if request.args.get("dispute"):
            _fill_in(form, parse_id(request.args["dispute"]))
        return _form(form)
    if "change" in request.form:
        return _form(form)
    if not form.validate():
        return _form(form), 422
    new = form.new_adjustment()
    disputed = parse_id(form.dispute.data) if form.dispute.data else None
    try:
        outlet = outlet_for(viewer(), new.outlet_code, Permission.COMMISSION_EDIT)
        if not form.confirmed.data:
            return _confirm(form, new, outlet)
        made = accept_dispute(disputed, new, viewer()) if disputed else record_adjustment(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal, {"outlet_missing": "outlet"})
        form.confirmed.data = ""
        return _form(form), refusal.status
    words = {
        "outlet": outlet.name,
        "amount": money_text(abs(made.amount_fen)),
        "month": month_text(Month.parse(made.month)),
    }
    tell(
        _("已从%(outlet)s扣回 %(amount)s，计入%(month)s", **words)
        if made.amount_fen < 0
        else _("已给%(outlet)s补付 %(amount)s，计入%(month)s", **words)
    )
    if disputed:
        return redirect(url_for("disputes.dispute", dispute_id=disputed), 303)
    return redirect(url_for("commission.adjustments"), 303)


def _confirm(form: AdjustmentForm, new: NewAdjustment, outlet: Outlet) -> str:
    """Show the amount beside what the month, and the collection if one is meant, has paid so far.

    Raises:
        Invalid: ``month_still_open``, ``receipt_elsewhere``.
    """
    collection_id = collection_meant(outlet, new)
    return render_template(
        "commission/adjustment_confirm.html",
        form=form,
        new=new,
        outlet=outlet,
        paid_in=paying_month(new.of_month, locked_months()),
        month=month_so_far(outlet, new.of_month),
        line=line_so_far(outlet, collection_id) if collection_id else None,
    )


def _fill_in(form: AdjustmentForm, dispute_id: UUID) -> None:
    """Fill in what a dispute says: outlet, month, receipt and reason; the amount is for finance to say."""
    dispute, outlet = dispute_for(viewer(), dispute_id, Permission.COMMISSION_EDIT)
    require_open(dispute.state)
    line = lines_of([dispute])[dispute.id]
    form.dispute.data = str(dispute.id)
    form.outlet.data, form.of_month.data, form.direction.data = outlet.code, dispute.month, PAY_MORE
    form.receipt_no.data = line.receipt_no if line.of_month is None else None
    form.reason.data = _("认可异议：%(reason)s", reason=dispute.reason)[:LONGEST_REASON]


def _form(form: AdjustmentForm) -> str:
    about: DisputedLine | None = None
    dispute = None
    if form.dispute.data:
        dispute, _outlet = dispute_for(viewer(), parse_id(form.dispute.data), Permission.COMMISSION_EDIT)
        about = lines_of([dispute])[dispute.id]
    return render_template(
        "commission/adjustment_form.html", form=form, dispute=dispute, about=about, line_text=line_text
    )
