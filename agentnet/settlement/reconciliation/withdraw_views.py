"""Asking to withdraw a file that was taken by mistake."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.core.errors import Refusal
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.templating import tell
from agentnet.outlets.models import Partner
from agentnet.settlement.reconciliation import queries
from agentnet.settlement.reconciliation.file_sums import file_sums
from agentnet.settlement.reconciliation.forms import ReasonForm
from agentnet.settlement.reconciliation.withdrawals import ask_withdrawal, require_withdrawable
from agentnet.settlement.reconciliation.words import SOURCES
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

Answer = Response | str | tuple[str, int]


@needs(Permission.RECONCILE)
def withdraw(file_id: int) -> Answer:
    """Show what withdrawing undoes, or why it cannot be; posted, hand it to a second person."""
    file = queries.file_for(viewer(), file_id, Permission.RECONCILE)
    form, status = ReasonForm(), 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                ask_withdrawal(file_id, UUID(str(form.id.data)), form.reason.data or "", viewer())
            except Refusal as refusal:
                show_refusal(form, refusal)
                status = refusal.status
            else:
                tell(_("已申请撤回，等另一个人批准"))
                return redirect(url_for(".file", file_id=file_id), 303)
    refused = None
    try:
        require_withdrawable(file)
    except Refusal as refusal:
        refused = refusal
    page = render_template(
        "reconciliation/withdraw.html",
        file=file,
        partner=db.session.get(Partner, file.partner_id) if file.partner_id else None,
        sums=file_sums(file),
        refused=refused,
        form=form,
        sources=SOURCES,
    )
    return page if status == 200 else (page, status)
