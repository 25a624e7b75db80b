"""Pages of adjustments: the list, and the form that shows the amount once more before it moves."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.commission.actions import record_adjustment
from agentnet.commission.adjustments import adjustment_page
from agentnet.commission.forms import AdjustmentForm
from agentnet.commission.queries import closed_months, locked_months
from agentnet.commission.rules import paying_month
from agentnet.core.clock import Month
from agentnet.core.errors import Refusal
from agentnet.infra.dates import month_text
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import money_text
from agentnet.infra.templating import tell
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
        return render_template("commission/adjustment_form.html", form=form)
    if "change" in request.form:
        return render_template("commission/adjustment_form.html", form=form)
    if not form.validate():
        return render_template("commission/adjustment_form.html", form=form), 422
    new = form.new_adjustment()
    try:
        outlet = outlet_for(viewer(), new.outlet_code, Permission.COMMISSION_EDIT)
        if not form.confirmed.data:
            paid_in = paying_month(new.of_month, locked_months())
            return render_template(
                "commission/adjustment_confirm.html", form=form, new=new, outlet=outlet, paid_in=paid_in
            )
        made = record_adjustment(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal, {"outlet_missing": "outlet"})
        form.confirmed.data = ""
        return render_template("commission/adjustment_form.html", form=form), refusal.status
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
    return redirect(url_for("commission.adjustments"), 303)
