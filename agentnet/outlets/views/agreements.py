"""Agreements: enter one with its scanned paper, end one early, read the paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from flask import Response, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _

from agentnet.core.clock import today
from agentnet.core.errors import Invalid, Missing, Refusal
from agentnet.infra import files
from agentnet.infra.forms import show_refusal
from agentnet.infra.pictures import MOST_BYTES, clean_jpeg
from agentnet.infra.preparing import prepared, prepared_by
from agentnet.infra.templating import tell
from agentnet.outlets.actions import NewAgreement, end_agreement, sign_agreement
from agentnet.outlets.actions.agreement import agreement_of
from agentnet.outlets.display import choices
from agentnet.outlets.forms import AgreementForm, EndForm
from agentnet.outlets.queries import agreement_on, outlet_for
from agentnet.outlets.rules import HoldingMode
from agentnet.outlets.views.common import Answer, attempt, end_page
from agentnet.outlets.words import HOLDING_MODES
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

PAPER_SIDE = 2400
"""Longest side of a photographed agreement in pixels: small print stays legible."""

PDF_MARK = b"%PDF-"


def _stored_paper() -> str | None:
    """Store the uploaded agreement, a PDF or a photo, and return its SHA-256; None when nothing was sent.

    Raises:
        Invalid: ``picture_too_large``, ``picture_unreadable``.
    """
    sent = request.files.get("document")
    if sent is None or not sent.filename:
        return None
    data = sent.stream.read(MOST_BYTES + 1)
    if data.startswith(PDF_MARK):
        if len(data) > MOST_BYTES:
            raise Invalid("picture_too_large", "照片太大，请换一张 20 MB 以内的照片", field="document")
        return files.put(data)
    return files.put(clean_jpeg(data, PAPER_SIDE, "document"))


@needs(Permission.OUTLET_EDIT)
@prepared_by(_stored_paper)
def new(code: str) -> Answer:
    """Enter a signed agreement."""
    outlet = outlet_for(viewer(), code, Permission.OUTLET_EDIT)
    present = agreement_on(outlet.id, today())
    form = AgreementForm()
    form.holding_mode.choices = choices(HOLDING_MODES)
    plans = _plans()
    form.plan.choices = [("", _("公司默认方案")), *((str(number), name) for number, name in plans)]
    if request.method == "GET":
        form.starts_on.data = today()
        form.holding_mode.data = present.holding_mode if present else HoldingMode.POSTPAID
        if present:
            form.ceiling.data, form.single_limit.data = present.ceiling_fen, present.single_limit_fen
            form.own_qr_allowed.data = present.own_qr_allowed
            form.plan.data = str(present.plan_id or "")
        return render_template("outlets/agreement.html", form=form, outlet=outlet, present=present, plans=plans)
    status = 422
    if form.validate_on_submit():
        try:
            paper = prepared()
        except Refusal as refusal:
            show_refusal(form, refusal)
        else:
            wish = _agreement(form, paper)
            status = attempt(form, lambda: sign_agreement(code, wish, viewer(), form.id.data), {"code_shape": "number"})
            if not status:
                tell(_("已登记 %(name)s 的协议 %(number)s", name=outlet.name, number=form.number.data))
                return redirect(url_for("outlets.show", code=code), 303)
    return render_template("outlets/agreement.html", form=form, outlet=outlet, present=present, plans=plans), status


def _plans() -> Sequence[tuple[int, str]]:
    """Return the commission plans to choose from; commission lies above and says so in ``create_app``."""
    offered = current_app.extensions.get("agentnet.plan_choices")
    return cast(Callable[[], Sequence[tuple[int, str]]], offered)() if offered else ()


def _agreement(form: AgreementForm, paper: str | None) -> NewAgreement:
    return NewAgreement(
        number=form.number.data,
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        ceiling_fen=form.ceiling.data,
        single_limit_fen=form.single_limit.data,
        holding_mode=HoldingMode(form.holding_mode.data),
        plan_id=int(form.plan.data) if form.plan.data else None,
        document_sha256=paper,
        own_qr_allowed=form.own_qr_allowed.data,
    )


@needs(Permission.OUTLET_EDIT)
def end(code: str, number: str) -> Answer:
    """End an agreement early."""
    outlet = outlet_for(viewer(), code, Permission.OUTLET_EDIT)
    agreement_of(outlet, number)
    form = EndForm()
    words = {
        "title": _("终止协议 %(number)s", number=number),
        "lead": _("从终止日起，网点不能再按这份协议收费。"),
        "button": _("终止协议"),
    }
    del form.reason
    return end_page(
        form,
        outlet,
        words,
        lambda day: end_agreement(code, number, day, viewer()),
        _("协议 %(number)s 已终止", number=number),
        url_for("outlets.show", code=code),
        careful=True,
    )


@needs(Permission.OUTLET_READ)
def document(code: str, number: str) -> Response:
    """Show the scanned paper of an agreement.

    Raises:
        Missing: ``document_missing``.
    """
    row = agreement_of(outlet_for(viewer(), code), number)
    if row.document_sha256 is None:
        raise Missing("document_missing", "这份协议还没有扫描件")
    data = files.read(row.document_sha256)
    kind = "application/pdf" if data.startswith(PDF_MARK) else "image/jpeg"
    return Response(data, content_type=kind, headers={"Content-Disposition": "inline"})
