"""Pages of month end: what is open, what to check, the totals before it is done, how far it is, the result."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.closing.actions import order_close
from agentnet.closing.checks import before_closing
from agentnet.closing.forms import SignForm
from agentnet.closing.obstacles import final_expected_on, month_end, obstacles_of, signer_of
from agentnet.closing.queries import (
    closed_at,
    closing_month,
    documents_planned,
    first_open_month,
    month_lines,
    outlets_due,
    written,
)
from agentnet.commission.month_figures import month_figures
from agentnet.commission.queries import require_company_wide
from agentnet.commission.words import MONTH_STATES, Words
from agentnet.core.clock import Month, today
from agentnet.core.errors import Missing, Refusal
from agentnet.infra.dates import month_text
from agentnet.infra.forms import show_refusal
from agentnet.infra.templating import tell
from agentnet.ledger.queries import month_state
from agentnet.ledger.rules import CLOSED, CLOSING
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

CLOSE = Permission.MONTH_CLOSE

SIGNATURES = frozenset({"month_not_settled", "month_not_sorted", "signature_shape"})
"""Refusals that are shown beside the reason: it, or a little patience, puts them right."""

Answer = Response | str | tuple[str, int]


def _asked(text: str) -> Month:
    """Return the month in the address, for whoever may close the company's months.

    Raises:
        Forbidden: ``company_only``.
        Invalid: ``month_shape``.
        Missing: ``month_to_come``.
    """
    require_company_wide(viewer(), CLOSE)
    month = Month.parse(text)
    if month > Month.of(today()):
        raise Missing("month_to_come", "这个月还没有到")
    return month


@needs(CLOSE)
def months() -> str:
    """List the months: what is open, what is closed."""
    require_company_wide(viewer(), CLOSE)
    present = Month.of(today())
    opened = first_open_month()
    waiting = closing_month() or opened
    return render_template(
        "closing/months.html",
        lines=month_lines(present, opened),
        waiting=waiting if waiting is not None and waiting < present else None,
        states=MONTH_STATES,
    )


@needs(CLOSE)
def month(text: str) -> Response | str:
    """Show a month: the check list while it is open, progress while it closes, the result once it is closed."""
    asked = _asked(text)
    state = month_state(asked)
    if state == CLOSING:
        return _progress(asked)
    if state == CLOSED:
        if "HX-Request" in request.headers:
            return Response(headers={"HX-Refresh": "true"})
        return render_template(
            "closing/closed.html",
            month=asked,
            figures=month_figures(viewer(), asked),
            sums=written(asked),
            documents=documents_planned(asked),
            closed_at=closed_at(asked),
            signed=month_end(asked),
            signer=signer_of(asked),
            words=Words(),
        )
    return render_template(
        "closing/open.html",
        month=asked,
        before=before_closing(asked),
        obstacles=obstacles_of(asked),
        expected_on=final_expected_on(asked),
        end=month_end(asked),
        today=today(),
    )


def _progress(asked: Month) -> str:
    done = written(asked)
    return render_template(
        "closing/_progress.html" if "HX-Request" in request.headers else "closing/progress.html",
        month=asked,
        done=done.outlets,
        total=max(outlets_due(asked), done.outlets),
        documents=documents_planned(asked),
    )


@needs(CLOSE)
def confirm(text: str) -> Response | str:
    """Show the totals once more, in figures and capitals, before the month closes."""
    asked = _asked(text)
    if month_state(asked) in (CLOSING, CLOSED):
        return redirect(url_for("closing.month", text=asked), 303)
    if not before_closing(asked).may_close:
        return redirect(url_for("closing.month", text=asked), 303)
    return _confirming(asked, SignForm())


def _confirming(asked: Month, form: SignForm) -> str:
    return render_template(
        "closing/confirm.html", month=asked, before=before_closing(asked), obstacles=obstacles_of(asked), form=form
    )


@needs(CLOSE)
def close(text: str) -> Answer:
    """Put the month to closing; the clock does the rest. Sent twice is once."""
    asked, form = _asked(text), SignForm()
    if month_state(asked) == CLOSED:
        return redirect(url_for("closing.month", text=asked), 303)
    if not form.validate():
        return _confirming(asked, form), 422
    try:
        order_close(asked, viewer(), str(form.signature.data or ""))
    except Refusal as refusal:
        if refusal.code not in SIGNATURES:
            raise
        show_refusal(form, refusal)
        return _confirming(asked, form), refusal.status
    tell(_("%(month)s已停止记账，正在封账", month=month_text(asked)))
    return redirect(url_for("closing.month", text=asked), 303)
