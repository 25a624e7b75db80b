"""Pages around payouts: payees, outlets on hold, settings, the bank's sheet and the bank's files."""

from __future__ import annotations

from urllib.parse import quote

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from agentnet.commission.mailing.rules import mask_mail
from agentnet.commission.payout import pages
from agentnet.commission.payout.actions import batch_label
from agentnet.commission.payout.bank_sheet import SOURCES, Layout, SheetColumn, sheet
from agentnet.commission.payout.forms import HoldForm, LayoutForm, PayeeForm, ReasonForm, SettingsForm
from agentnet.commission.payout.models import Payee, PayoutHold, PayoutLayout
from agentnet.commission.payout.office_actions import lift_hold, place_hold, save_layout, set_settings
from agentnet.commission.payout.pain import VERSIONS, document
from agentnet.commission.payout.payee_actions import set_payee
from agentnet.commission.payout.queries import (
    accounts_on,
    batch_for,
    require_office,
    setting_on,
    settings_entered,
    terms_on,
)
from agentnet.commission.payout.rules import KEEPER
from agentnet.commission.payout.words import TYPES, share_text
from agentnet.core.clock import today
from agentnet.core.errors import Missing
from agentnet.core.ids import parse_id
from agentnet.infra.audit import write_audit
from agentnet.infra.db import db
from agentnet.infra.forms import HouseForm
from agentnet.infra.pages import typed_text
from agentnet.infra.sheets import KINDS, download
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet, Partner
from agentnet.outlets.queries import visible_outlets
from agentnet.outlets.views.common import attempt
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission, covers_company

Answer = Response | str | tuple[str, int]
READ, EDIT = Permission.PAYOUT_READ, Permission.PAYOUT_EDIT


@needs(READ)
def payees() -> str:
    """List who gets which share, with masked accounts."""
    words = typed_text(request.args, "q")
    page = pages.payees_page(viewer(), request.args, words)
    return render_template(
        "payout/payees.html",
        page=page,
        words=words,
        accounts=pages.accounts_shown([row.PayeeTerm.payee_id for row in page.items]),
        types=TYPES,
        share_text=share_text,
        mask_mail=mask_mail,
        may_edit=covers_company(viewer(), EDIT),
        today=today(),
    )


@needs(EDIT)
def new_payee() -> Answer:
    """Name who gets a share, and where to it is paid."""
    require_office(viewer())
    form = PayeeForm()
    status = 200
    if request.method == "GET":
        _show_present(form)
    else:
        status = 422
        if form.validate():
            status = attempt(form, lambda: set_payee(form.new_payee(), viewer()))
            if not status:
                tell(_("已登记收款人"))
                return redirect(url_for(".payees"), 303)
    page = render_template("payout/payee_form.html", form=form)
    return page if status == 200 else (page, status)


def _show_present(form: PayeeForm) -> None:
    """Begin with who gets the share today, so that a change names no second person; the account number is not shown."""
    code, share = typed_text(request.args, "outlet", 32), typed_text(request.args, "share", 80) or KEEPER
    partner_code = typed_text(request.args, "partner", 32)
    form.outlet.data, form.partner.data = code, partner_code
    form.share.data, form.starts_on.data, form.code.data = share_text(share), today(), code or partner_code
    terms = terms_on(today())
    if code:
        outlet = db.session.execute(
            select(Outlet.id, Outlet.keeper_name, Outlet.partner_id).where(
                Outlet.code == code, visible_outlets(viewer(), EDIT)
            )
        ).one_or_none()
        if outlet is None:
            return
        form.name.data = outlet.keeper_name if share == KEEPER else ""
        payee_id = terms.payee_id(outlet.id, outlet.partner_id, share)
    else:
        partner_id = db.session.scalar(select(Partner.id).where(Partner.code == partner_code))
        payee_id = terms.of_partner.get((partner_id or 0, share))
    account = accounts_on(today(), [payee_id]).get(payee_id) if payee_id is not None else None
    if account is not None:
        form.code.data = db.session.get_one(Payee, account.payee_id).code
        form.name.data, form.type.data = account.name, account.type


@needs(READ)
def holds() -> str:
    """List outlets on hold, and those that were."""
    return _holds_page(HoldForm(formdata=None))


def _holds_page(form: HouseForm) -> str:
    return render_template(
        "payout/holds.html",
        page=pages.holds_page(viewer(), request.args),
        form=form,
        may_edit=covers_company(viewer(), EDIT),
    )


@needs(EDIT)
def hold() -> Answer:
    """Put an outlet on hold."""
    require_office(viewer())
    form = HoldForm()
    status = 422
    if form.validate():
        code, reason = str(form.outlet.data).upper(), str(form.reason.data)
        status = attempt(form, lambda: _placed(form, code, reason))
        if not status:
            tell(_("已暂停付款"))
            return redirect(url_for(".holds"), 303)
    return _holds_page(form), status


def _placed(form: HoldForm, code: str, reason: str) -> None:
    try:
        place_hold(form.id.data, code, reason, viewer())
    except Missing as missing:
        missing.field = "outlet"
        raise


@needs(EDIT)
def lift(id_: str) -> Answer:
    """Ask why a hold is lifted; posted, lift it."""
    row = db.session.execute(
        select(PayoutHold, Outlet.code, Outlet.name)
        .join(Outlet, Outlet.id == PayoutHold.outlet_id)
        .where(PayoutHold.id == parse_id(id_), visible_outlets(viewer(), EDIT))
    ).one_or_none()
    if row is None:
        raise Missing("hold_missing", "没有找到这项暂停")
    require_office(viewer())
    form = ReasonForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            status = attempt(form, lambda: lift_hold(row.PayoutHold.id, form.id.data, str(form.reason.data), viewer()))
            if not status:
                tell(_("已解除暂停，下一批起照常付款"))
                return redirect(url_for(".holds"), 303)
    page = render_template("payout/lift.html", row=row, form=form)
    return page if status == 200 else (page, status)


@needs(EDIT)
def settings() -> Answer:
    """Show what holds and what was entered; posted, set it from a day on."""
    require_office(viewer())
    form = SettingsForm()
    present = setting_on(today())
    status = 200
    if request.method == "GET":
        form.starts_on.data = today()
        if present is not None:
            form.minimum.data, form.withholds.data = present.minimum_fen, present.withholds
            form.holder.data, form.bank.data, form.bank_no.data = present.holder, present.bank, present.bank_no
    else:
        status = 422
        if form.validate():
            status = attempt(form, lambda: set_settings(form.new_setting(present.number if present else ""), viewer()))
            if not status:
                tell(_("已保存付款设置"))
                return redirect(url_for(".settings"), 303)
    page = render_template(
        "payout/settings.html",
        form=form,
        present=present,
        entered=settings_entered(),
        layouts=pages.layouts(),
    )
    return page if status == 200 else (page, status)


@needs(EDIT)
def layout() -> Answer:
    """Show how a bank wants its sheet; posted, save it."""
    require_office(viewer())
    form = LayoutForm()
    status = 200
    if request.method == "GET":
        name = typed_text(request.args, "name", 30)
        found = db.session.scalar(select(PayoutLayout).where(PayoutLayout.name == name))
        shown = Layout(found.heading, tuple(SheetColumn(*one) for one in found.columns)) if found else None
        form.show(name, shown or pages.layout_named(""), found.version if found else 0)
    else:
        status = 422
        if form.validate():
            name, version = str(form.name.data), form.version.data or 0
            status = attempt(form, lambda: save_layout(name, version, form.layout(), viewer()))
            if not status:
                tell(_("已保存表格格式"))
                return redirect(url_for(".settings"), 303)
    page = render_template("payout/layout.html", form=form, sources=SOURCES)
    return page if status == 200 else (page, status)


@needs(EDIT)
def bank_file(id_: str) -> Response:
    """Give a paid batch as the bank wants it; whole account numbers leave the system, and a line says so.

    Raises:
        Invalid: ``batch_not_paid``. Missing: ``file_kind_missing``. Conflict: ``batch_answered``, ``file_disagrees``.
    """
    found = batch_for(viewer(), parse_id(id_))
    require_office(viewer())
    kind, name = request.form.get("kind", ""), request.form.get("layout", "")[:40]
    order, label = pages.order_of(found), batch_label(found)
    if kind in VERSIONS:
        assert found.paid_at is not None
        data = document(kind, order, found.paid_at)
        response = Response(data, content_type="application/xml; charset=utf-8")
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'payout-{label}-{kind}.xml')}"
    elif kind in KINDS:
        head, rows = sheet(pages.layout_named(name), order)
        response = download(kind, f"payout-{label}", head, rows)
    else:
        raise Missing("file_kind_missing", "没有这种文件格式")
    after = {"kind": kind, "layout": name, "payments": found.payments, "net_fen": found.net_fen}
    write_audit(viewer(), "payout_file_made", "payout", label, after=after)
    return response
