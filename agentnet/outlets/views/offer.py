"""An outlet's opening hours, tenders, services and terminals; and the tenders of the whole company."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from agentnet.core.clock import today
from agentnet.infra.db import db
from agentnet.infra.templating import tell
from agentnet.outlets.actions import (
    install_terminal,
    open_tender,
    remove_terminal,
    set_opening_hours,
    set_services,
    set_tenders,
)
from agentnet.outlets.display import choices, named
from agentnet.outlets.forms import EndForm, HoursForm, OfferForm, TerminalForm
from agentnet.outlets.models import Outlet, Service, Tender
from agentnet.outlets.queries import enabled_tenders, hours_of, outlet_for, services_of, tenders_of
from agentnet.outlets.rules import Span, TerminalKind, same_every_day, write_spans
from agentnet.outlets.views.common import Answer, attempt, end_page
from agentnet.outlets.words import TERMINAL_KINDS
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission


@needs(Permission.OUTLET_EDIT)
def hours(code: str) -> Answer:
    """Set an outlet's opening hours."""
    outlet = outlet_for(viewer(), code, Permission.OUTLET_EDIT)
    form = HoursForm()
    if request.method == "GET":
        week = hours_of(outlet.id)
        form.version.data = outlet.version
        form.like_monday.data = same_every_day(week)
        for box, spans in zip(form.days, week, strict=True):
            box.data = "" if form.like_monday.data and box is not form.monday else write_spans(spans)
        return render_template("outlets/hours.html", form=form, outlet=outlet)
    status = 422
    if form.validate_on_submit():
        week_typed: list[tuple[Span, ...]] = [box.spans for box in form.days]
        if form.like_monday.data:
            week_typed = [week_typed[0]] * 7
        status = attempt(form, lambda: set_opening_hours(code, week_typed, viewer(), form.version.data))
        if not status:
            tell(_("已保存 %(name)s 的营业时间", name=outlet.name))
            return redirect(url_for("outlets.show", code=code), 303)
    return render_template("outlets/hours.html", form=form, outlet=outlet), status


@needs(Permission.OUTLET_EDIT)
def offer(code: str) -> Answer:
    """Set an outlet's tenders and services."""
    outlet = outlet_for(viewer(), code, Permission.OUTLET_EDIT)
    form = OfferForm()
    accepted = tenders_of(outlet.id)
    offered = {tender.code: tender for tender in [*accepted, *enabled_tenders()]}
    form.tenders.choices = [
        (tender.code, named(tender)) for tender in sorted(offered.values(), key=lambda one: one.position)
    ]
    form.services.choices = [
        (service.code, named(service)) for service in db.session.scalars(select(Service).order_by(Service.position))
    ]
    if request.method == "GET":
        form.version.data = outlet.version
        form.tenders.data = [tender.code for tender in accepted]
        form.services.data = [service.code for service in services_of(outlet.id)]
        return render_template("outlets/offer.html", form=form, outlet=outlet)
    status = 422
    if form.validate_on_submit():
        status = attempt(form, lambda: _save_offer(outlet, form))
        if not status:
            tell(_("已保存 %(name)s 的支付方式和服务", name=outlet.name))
            return redirect(url_for("outlets.show", code=code), 303)
    return render_template("outlets/offer.html", form=form, outlet=outlet), status


def _save_offer(outlet: Outlet, form: OfferForm) -> None:
    set_tenders(outlet.code, form.tenders.data or [], viewer(), form.version.data)
    set_services(outlet.code, form.services.data or [], viewer())


@needs(Permission.OUTLET_EDIT)
def new_terminal(code: str) -> Answer:
    """Enter a terminal put up at an outlet."""
    outlet = outlet_for(viewer(), code, Permission.OUTLET_EDIT)
    form = TerminalForm()
    form.kind.choices = choices(TERMINAL_KINDS)
    if request.method == "GET":
        form.on.data = today()
        return render_template("outlets/terminal.html", form=form, outlet=outlet)
    status = 422
    if form.validate_on_submit():
        kind = TerminalKind(form.kind.data)
        status = attempt(
            form,
            lambda: install_terminal(code, kind, form.serial_no.data, form.on.data, viewer(), form.id.data),
            {"code_shape": "serial_no"},
        )
        if not status:
            tell(_("已登记终端 %(serial)s", serial=form.serial_no.data))
            return redirect(url_for("outlets.show", code=code), 303)
    return render_template("outlets/terminal.html", form=form, outlet=outlet), status


@needs(Permission.OUTLET_EDIT)
def remove_terminal_page(code: str, serial_no: str) -> Answer:
    """Enter that a terminal was taken away."""
    outlet = outlet_for(viewer(), code, Permission.OUTLET_EDIT)
    form = EndForm()
    words = {
        "title": _("撤走终端 %(serial)s", serial=serial_no),
        "lead": _("撤走后不再显示为在用，登记记录会保留。"),
        "button": _("撤走终端"),
    }
    form.on.label.text = _("撤走日期")
    del form.reason
    return end_page(
        form,
        outlet,
        words,
        lambda day: remove_terminal(code, serial_no, day, viewer()),
        _("终端 %(serial)s 已撤走", serial=serial_no),
        url_for("outlets.show", code=code),
    )


@needs(Permission.ORG_EDIT)
def tenders() -> Answer:
    """Show which tenders the company has opened."""
    return render_template(
        "outlets/tenders.html", tenders=db.session.scalars(select(Tender).order_by(Tender.position)).all()
    )


@needs(Permission.ORG_EDIT)
def switch_tender(code: str) -> Answer:
    """Open or close a tender for the company."""
    enabled = request.form.get("enabled") == "yes"
    open_tender(code, enabled, viewer())
    tender = db.session.get_one(Tender, code)
    opened = _("已开通%(tender)s，各网点可以选用", tender=named(tender))
    tell(opened if enabled else _("已停用%(tender)s，不再用它收费", tender=named(tender)))
    return redirect(url_for("outlets.tenders"), 303)
