"""Remittance days on screen: what holds for kinds, which outlets have their own, and the form that changes them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from agentnet.core.clock import today
from agentnet.core.errors import Missing, Refusal
from agentnet.infra.actor import Actor
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import in_english
from agentnet.infra.pages import SortBy, page_of, typed_text
from agentnet.infra.statements import built_once
from agentnet.infra.templating import tell
from agentnet.outlets.display import WEEKDAYS, listed
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for, visible_outlets
from agentnet.outlets.rules import OutletKind
from agentnet.settlement.ageing.calendar_actions import may_set_kinds, set_kind_days, set_outlet_days
from agentnet.settlement.ageing.forms import DaysForm, KindDaysForm
from agentnet.settlement.ageing.models import RemittanceDays
from agentnet.settlement.ageing.queries import calendars_of, day_kinds, kind_calendars
from agentnet.settlement.ageing.rules import USUAL_SUSPEND_AFTER, DaysRule, Rhythm, in_force, opportunities
from agentnet.settlement.words import RHYTHMS
from agentnet.users.guard import needs, viewer
from agentnet.users.models import User
from agentnet.users.permissions import Permission, may

Answer = Response | str | tuple[str, int]

DAYS_SHOWN = 31
"""How far ahead an outlet's page shows the days on which it can remit."""

ENTERED_COLUMNS = {
    "entered": SortBy(RemittanceDays.id, int),
    "starts": SortBy(RemittanceDays.starts_on, date),
    "code": SortBy(Outlet.code),
}


def days_text(rule: Any) -> str:
    """Return in words when an outlet under a rule can remit."""
    return _days_text(rule.rhythm, tuple(rule.weekdays), in_english())


@lru_cache(maxsize=512)
def _days_text(rhythm: str, weekdays: tuple[str | int, ...], _english: bool) -> str:
    if rhythm != Rhythm.WEEKDAYS:
        return _(RHYTHMS[rhythm])
    days = listed(_(WEEKDAYS[int(number) - 1]) for number in weekdays)
    return _("%(days)s，节假日除外", days=days)


@needs(Permission.SETTLEMENT_READ)
def calendar() -> str:
    """Show what holds for each kind of outlet today, and what was entered for single outlets of the territory."""
    code = typed_text(request.args, "outlet", 32)
    entered = _entered(viewer(), code)
    return render_template(
        "settlement/calendar.html",
        kinds={kind: found.kind_rule_on(today()) for kind, found in kind_calendars().items()},
        page=page_of(db.session(), entered, request.args, columns=ENTERED_COLUMNS, default="-entered", key=_KEY),
        code=code,
        days_text=days_text,
        may_set_kinds=may_set_kinds(viewer()),
        built_in=date.min,
    )


_KEY = ENTERED_COLUMNS["entered"]


@built_once
def _entered(by: Actor, code: str) -> Select[*tuple[Any, ...]]:
    entered: Select[*tuple[Any, ...]] = (
        select(RemittanceDays, Outlet.code, Outlet.name, User.display_name)
        .join(Outlet, Outlet.id == RemittanceDays.outlet_id)
        .outerjoin(User, User.id == RemittanceDays.user_id)
        .where(visible_outlets(by, Permission.SETTLEMENT_READ))
    )
    return entered.where(Outlet.code == code) if code else entered


@needs(Permission.REMITTANCE_DAYS_EDIT)
def kind_days(kind: str) -> Answer:
    """Show the form of a kind's remittance days, or set them."""
    if kind not in tuple(OutletKind):
        raise Missing("kind_missing", "没有这种网点类型")
    form = KindDaysForm()
    form.offer_days(of_kind=True)
    rule = kind_calendars()[kind].kind_rule_on(today())
    if request.method == "GET":
        _prefill(form, rule)
        form.suspend_after.data = USUAL_SUSPEND_AFTER if rule.suspend_after is None else rule.suspend_after
        return _kind_page(kind, form, rule)
    if not form.validate():
        return _kind_page(kind, form, rule), 422
    try:
        set_kind_days(kind, form.days(form.suspend_after.data), UUID(str(form.id.data)), viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _kind_page(kind, form, rule), refusal.status
    tell(_("解款日已更新；各网点的账龄十分钟内重新计算"))
    return redirect(url_for(".calendar"), 303)


def _prefill(form: DaysForm, rule: DaysRule) -> None:
    form.starts_on.data = today()
    form.rhythm.data, form.weekdays.data = rule.rhythm, list(rule.weekdays)


def _kind_page(kind: str, form: KindDaysForm, rule: DaysRule) -> str:
    entered = db.session.execute(
        select(RemittanceDays, User.display_name)
        .outerjoin(User, User.id == RemittanceDays.user_id)
        .where(RemittanceDays.kind == kind)
        .order_by(RemittanceDays.id.desc())
        .limit(20)
    ).all()
    return render_template(
        "settlement/kind_days.html",
        kind=OutletKind(kind),
        form=form,
        rule=rule,
        entered=entered,
        days_text=days_text,
        may_edit=may_set_kinds(viewer()),
        usual=USUAL_SUSPEND_AFTER,
    )


@needs(Permission.SETTLEMENT_READ)
def outlet_days(code: str) -> str:
    """Show when an outlet can remit, which days those are next, and what was entered for it."""
    outlet = outlet_for(viewer(), code, Permission.SETTLEMENT_READ)
    found = calendars_of([outlet])[outlet.id]
    until = today() + timedelta(days=DAYS_SHOWN)
    yesterday = today() - timedelta(days=1)
    entered = db.session.execute(
        select(RemittanceDays, User.display_name)
        .outerjoin(User, User.id == RemittanceDays.user_id)
        .where(RemittanceDays.outlet_id == outlet.id)
        .order_by(RemittanceDays.id.desc())
        .limit(20)
    ).all()
    own = in_force(found.own, today())
    return render_template(
        "settlement/outlet_days.html",
        outlet=outlet,
        rule=found.rule_on(today()),
        is_own=own is not None and own.rhythm != Rhythm.AS_KIND,
        suspend_after=found.kind_rule_on(today()).suspend_after or 0,
        days=opportunities(found, day_kinds(yesterday, until), yesterday, until),
        entered=entered,
        days_text=days_text,
        may_edit=may(viewer(), Permission.REMITTANCE_DAYS_EDIT),
    )


@needs(Permission.REMITTANCE_DAYS_EDIT)
def change_outlet_days(code: str) -> Answer:
    """Show the form of an outlet's remittance days, or set them."""
    outlet = outlet_for(viewer(), code, Permission.REMITTANCE_DAYS_EDIT)
    form = DaysForm()
    form.offer_days(of_kind=False)
    if request.method == "GET":
        _prefill(form, calendars_of([outlet])[outlet.id].rule_on(today()))
        return _form_page(form, outlet)
    if not form.validate():
        return _form_page(form, outlet), 422
    try:
        set_outlet_days(outlet.code, form.days(), UUID(str(form.id.data)), viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _form_page(form, outlet), refusal.status
    tell(_("解款日已更新，账龄已重新计算"))
    return redirect(url_for(".outlet_days", code=outlet.code), 303)


def _form_page(form: DaysForm, outlet: Outlet) -> str:
    return render_template("settlement/days_form.html", form=form, outlet=outlet)
