"""Putting a difference right from its page: the fields filled in, shown once more, then done or asked for."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import Field

from agentnet.collecting.models import Collection
from agentnet.collecting.queries import tender_names, tenders_of
from agentnet.collecting.rules import CASH
from agentnet.core.errors import Refusal
from agentnet.core.masks import mask_household_no
from agentnet.infra.db import db
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import in_english, money_text, refusal_text
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for
from agentnet.settlement.corrections.rules import BY_BANK, BY_CASH
from agentnet.settlement.corrections.words import PAY_BY
from agentnet.settlement.reconciliation import queries
from agentnet.settlement.reconciliation.bookings import household_of
from agentnet.settlement.reconciliation.difference_actions import require_nothing_asked
from agentnet.settlement.reconciliation.fees import fee_of
from agentnet.settlement.reconciliation.forms import RemedyForm
from agentnet.settlement.reconciliation.models import Difference, FileRow
from agentnet.settlement.reconciliation.remedies import AT_AN_OUTLET, Remedy, require_some_remedy
from agentnet.settlement.reconciliation.remedy_actions import NewRemedy, outlet_code_of, put_right, remedy_of
from agentnet.settlement.reconciliation.rules import require_open
from agentnet.settlement.reconciliation.sides import PAID_TYPES
from agentnet.settlement.reconciliation.words import KINDS, REMEDIES, REMEDY_HINTS, explanation
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

Answer = Response | str | tuple[str, int]

OUR_TENDERS = {theirs: ours for ours, theirs in PAID_TYPES.items()}


def _back(difference_id: int, refusal: Refusal) -> Response:
    """Go back to the difference, which shows what became of it, with the reason."""
    tell(refusal_text(refusal), careful=True)
    return redirect(url_for(".difference", difference_id=difference_id), 303)


@needs(Permission.RECONCILE)
def remedy(difference_id: int) -> Answer:
    """Ask what a remedy needs, filled in as far as known; posted, show it once more."""
    found = queries.difference_for(viewer(), difference_id, Permission.RECONCILE)
    try:
        require_open(found.state)
        require_nothing_asked(found)
        wanted = require_some_remedy(remedy_of(found))
    except Refusal as refusal:
        return _back(difference_id, refusal)
    form = _form(found, wanted)
    if request.method == "GET":
        _fill_in(form, found, wanted)
        return _page(form, found, wanted)
    if request.form.get("back"):  # from the page that shows it once more: nothing typed is lost
        return _page(form, found, wanted)
    if not _complete(form, found, wanted):
        return _page(form, found, wanted), 422
    code = _code(form, found)
    outlet = None
    if wanted in AT_AN_OUTLET:
        try:
            outlet = outlet_for(viewer(), code, Permission.RECONCILE)
        except Refusal as refusal:
            show_refusal(form, refusal, {"outlet_missing": "outlet"})
            return _page(form, found, wanted), refusal.status
    return render_template(
        "reconciliation/remedy_check.html",
        form=form,
        found=found,
        remedy=wanted,
        outlet=outlet,
        household=_household(found),
        fee_fen=fee_of(found),
        tenders=tender_names(in_english()),
        pay_by=PAY_BY,
        words=REMEDIES,
        hints=REMEDY_HINTS,
    )


@needs(Permission.RECONCILE)
def record(difference_id: int) -> Answer:
    """Put the difference right, or hand it to a second person; the same page sent twice is once."""
    found = queries.difference_for(viewer(), difference_id, Permission.RECONCILE)
    wanted = request.form.get("remedy", "")
    if wanted not in tuple(Remedy):
        return redirect(url_for(".remedy", difference_id=difference_id), 303)
    form = _form(found, Remedy(wanted))
    if not _complete(form, found, Remedy(wanted)):
        return _page(form, found, Remedy(wanted)), 422
    new = NewRemedy(
        UUID(str(form.id.data)),
        difference_id,
        wanted,
        form.reason.data or "",
        outlet_code=_code(form, found),
        tender=form.tender.data or "",
        reference=form.reference.data or "",
        pay_by=form.pay_by.data or "",
    )
    try:
        done = put_right(new, viewer())
    except Refusal as refusal:
        if refusal.code in ("difference_ended", "write_off_waiting", "remedy_changed"):
            return _back(difference_id, refusal)
        show_refusal(form, refusal, {"outlet_missing": "outlet", "outlet_not_active": "outlet"})
        return _page(form, found, Remedy(wanted)), refusal.status
    amount = money_text(found.amount_fen)
    if done:
        tell(_("已冲正 %(amount)s", amount=amount), careful=True)
    else:
        tell(_("%(what)s %(amount)s 已提出，等另一个人批准", what=_(REMEDIES[wanted]), amount=amount))
    return redirect(url_for(".difference", difference_id=difference_id), 303)


def _form(found: Difference, wanted: Remedy) -> RemedyForm:
    form = RemedyForm()
    ways, tenders = [(BY_BANK, _(PAY_BY[BY_BANK]))], list(tender_names(in_english()).items())
    if wanted is Remedy.REFUND:
        collection = db.session.get(Collection, found.collection_id) if found.collection_id is not None else None
        if collection is not None and collection.tender == CASH:
            ways.insert(0, (BY_CASH, _(PAY_BY[BY_CASH])))
    else:
        ways = [("", "-"), *ways]
    if found.outlet_id is not None:
        names = tender_names(in_english())
        outlet = db.session.get_one(Outlet, found.outlet_id)
        tenders = [(one.code, names[one.code]) for one in tenders_of(outlet)] or tenders
    form.pay_by.offer(ways)
    form.tender.offer([("", _("请选择")), *tenders])
    form.remedy.data = wanted.value
    return form


def _fill_in(form: RemedyForm, found: Difference, wanted: Remedy) -> None:
    row = db.session.get(FileRow, (found.file_id, found.line_no)) if found.line_no is not None else None
    form.outlet.data = outlet_code_of(found)
    if row is not None and found.partner_id is not None:
        if not form.outlet.data:
            form.outlet.data = _outlet_in(row.reference, found.partner_id)
        form.reference.data = row.order_no[:40] if _told_tender(found) not in ("", CASH) else ""
    what = _(KINDS[found.kind])
    form.reason.data = _("对账差异 #%(number)s：%(what)s", number=found.id, what=what)


def _outlet_in(receipt_no: str, partner_id: int) -> str:
    """Return the outlet whose receipt a row names, if it is the partner's; empty otherwise."""
    code = receipt_no.rsplit("-", 2)[0]
    named = select(Outlet.code).where(Outlet.code == code, Outlet.partner_id == partner_id)
    return db.session.scalar(named) or ""


def _told_tender(found: Difference) -> str:
    """Return how the partner's row says it was paid: shown, never chosen for a person; empty where it says nothing."""
    row = db.session.get(FileRow, (found.file_id, found.line_no)) if found.line_no is not None else None
    return OUR_TENDERS.get(row.paid_type.upper(), "") if row is not None and found.partner_id is not None else ""


def _complete(form: RemedyForm, found: Difference, wanted: Remedy) -> bool:
    """Return whether all that a remedy needs was typed and chosen; what is missing is said at its field."""
    needed: list[tuple[Field, str]] = []
    if wanted in AT_AN_OUTLET and not _code(form, found):
        needed.append((form.outlet, _("请填写%(label)s", label=form.outlet.label.text)))
    if wanted is Remedy.BOOK and not form.tender.data:
        needed.append((form.tender, _("请选择%(label)s", label=form.tender.label.text)))
    if wanted is Remedy.REFUND and not form.pay_by.data:
        needed.append((form.pay_by, _("请选择%(label)s", label=form.pay_by.label.text)))
    complete = form.validate()
    for field, words in needed:
        field.errors = [words]
    return complete and not needed


def _code(form: RemedyForm, found: Difference) -> str:
    return outlet_code_of(found) or (form.outlet.data or "").strip().upper()


def _household(found: Difference) -> str:
    """Return whose payment it is, masked; empty for a bank's line."""
    if found.partner_id is None:
        return ""
    try:
        return mask_household_no(household_of(found).household_no)
    except Refusal:
        return ""


def _page(form: RemedyForm, found: Difference, wanted: Remedy) -> str:
    told = _told_tender(found) if wanted is Remedy.BOOK else ""
    return render_template(
        "reconciliation/remedy.html",
        form=form,
        found=found,
        remedy=wanted,
        outlet=db.session.get(Outlet, found.outlet_id) if found.outlet_id is not None else None,
        household=_household(found),
        words=REMEDIES,
        hints=REMEDY_HINTS,
        explained=explanation(found, wanted),
        asks_outlet=wanted in AT_AN_OUTLET,
        told=tender_names(in_english())[told] if told else "",
    )
