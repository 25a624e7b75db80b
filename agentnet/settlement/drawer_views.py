"""The keeper's pages: the drawer, counting and closing the day, declaring a deposit. Each works without script."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.collecting.queries import drawer_of, open_day_of, tender_names
from agentnet.collecting.rules import HELD_TENDERS
from agentnet.collecting.views import chosen_outlet
from agentnet.collecting.words import ROOM_WORDS
from agentnet.core.clock import today
from agentnet.core.errors import Invalid, Refusal
from agentnet.infra import files
from agentnet.infra.dates import day_text
from agentnet.infra.forms import show_refusal
from agentnet.infra.held_photos import photo_from_token, photo_token
from agentnet.infra.i18n import in_english, money_text
from agentnet.infra.pages import typed_text
from agentnet.infra.pictures import clean_jpeg
from agentnet.infra.preparing import prepared, prepared_by
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.settlement import queries
from agentnet.settlement.ageing.notices import overdue_notices
from agentnet.settlement.ageing.queries import oldest_cash_day
from agentnet.settlement.day_actions import close_day
from agentnet.settlement.forms import CloseForm, RemittanceForm
from agentnet.settlement.remittance_actions import PHOTO_SUFFIX, declare_remittance
from agentnet.settlement.rules import (
    NewClose,
    NewRemittance,
    differences,
    require_count,
    require_own_qr,
    require_remittance,
)
from agentnet.settlement.words import FACES, REMITTANCE_STATES
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

Answer = Response | str | tuple[str, int]

SLIP_PHOTO = "deposit slip"
"""What tokens of slips' photos are for."""
LONGEST_PHOTO_SIDE = 1600
"""Pixels: a slip's print stays readable, and a photo passes a weak signal."""


def _outlet() -> Outlet:
    return chosen_outlet(typed_text(request.values, "outlet", 32))


@needs(Permission.DAY_CLOSE)
def drawer() -> Answer:
    """Show the cash held and in transit, the day that is to be closed next, and what was closed and banked."""
    outlet = _outlet()
    held = drawer_of(outlet, today())
    return render_template(
        "settlement/drawer.html",
        outlet=outlet,
        drawer=held,
        drawer_word=ROOM_WORDS.get(held.word or ""),
        in_transit_fen=queries.in_transit_fen(outlet.id),
        oldest=oldest_cash_day(outlet.id, held.cash_held_fen),
        notices=overdue_notices(outlet),
        day_to_close=_day_to_close(outlet),
        closes=queries.closes_page(viewer(), {}, outlet.code).items[:7],
        remittances=queries.remittances_page(viewer(), {}, Permission.SETTLEMENT_READ, code=outlet.code).items[:7],
        states=REMITTANCE_STATES,
    )


def _day_to_close(outlet: Outlet) -> date | None:
    """Return the oldest day that is not closed, else today unless it is closed."""
    first = queries.first_open_day(outlet.id)
    if first is not None and first <= today():
        return first
    return today() if open_day_of(outlet.id) == today() else None


@needs(Permission.DAY_CLOSE)
def close() -> Answer:
    """Ask what is in the drawer; posted, show what it comes to against the book before the day is locked."""
    outlet = _outlet()
    day = _day_to_close(outlet)
    if day is None:
        tell(_("今天已经日结；之后收的钱记入明天"))
        return redirect(url_for(".drawer", outlet=outlet.code), 303)
    form = CloseForm()
    if request.method == "GET":
        form.outlet.data, form.business_on.data = outlet.code, day.isoformat()
        return _count_page(form, outlet, day)
    if not form.validate():
        return _count_page(form, outlet, day), 422
    return _check_page(form, outlet, day)


def _count_page(form: CloseForm, outlet: Outlet, day: date) -> str:
    sheet = queries.day_sheet(outlet, day)
    names = tender_names(in_english())
    form.name_batches(names)
    form.system_seen_fen.data = sheet.cash_held_fen
    form.system_seen_fen.raw_data = None
    return render_template(
        "settlement/count.html",
        form=form,
        outlet=outlet,
        sheet=sheet,
        faces=FACES,
        tender_names=names,
        other_tenders=[total.tender for total in sheet.totals if total.tender not in HELD_TENDERS],
    )


def _check_page(form: CloseForm, outlet: Outlet, day: date, status: int = 200) -> Answer:
    """Show the count beside the book: what differs, and what locking the day means."""
    sheet = queries.day_sheet(outlet, day)
    count = form.count()
    try:
        require_count(count)
        require_own_qr(count.own_qr_fen, sheet.own_qr_most_fen)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _count_page(form, outlet, day), refusal.status
    names = tender_names(in_english())
    form.name_batches(names)
    page = render_template(
        "settlement/check.html",
        form=form,
        outlet=outlet,
        sheet=sheet,
        count=count,
        found=differences(sheet.cash_held_fen, count, sheet.totals, form.batches()),
        tender_names=names,
        held_tenders=HELD_TENDERS,
    )
    return page if status == 200 else (page, status)


@needs(Permission.DAY_CLOSE)
def close_record() -> Answer:
    """Close the day; the same page sent twice leads to the same closed day."""
    outlet = _outlet()
    form = CloseForm()
    day = _typed_day(form) or _day_to_close(outlet) or today()
    if not form.validate():
        return _count_page(form, outlet, day), 422
    new = NewClose(
        id=UUID(str(form.id.data)),
        outlet_code=outlet.code,
        business_on=day,
        count=form.count(),
        batches=form.batches(),
        system_seen_fen=form.system_seen_fen.data if form.system_seen_fen.data is not None else -1,
        explanation=form.explanation.data or "",
    )
    try:
        close_day(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        if refusal.code == "difference_unexplained":
            return _check_page(form, outlet, day, refusal.status)
        return _count_page(form, outlet, day), refusal.status
    tell(_("%(day)s 已日结，之后收的钱记入下一个营业日", day=day_text(day)))
    return redirect(url_for(".day", code=outlet.code, day=day.isoformat()), 303)


def _typed_day(form: CloseForm) -> date | None:
    try:
        return date.fromisoformat(form.business_on.data or "")
    except ValueError:
        return None


def _read_photo() -> bytes | None:
    """Decode the slip's photo before the transaction, in a process of its own; None if none was sent."""
    sent = request.files.get("photo")
    data = sent.read() if sent else b""
    return clean_jpeg(data, LONGEST_PHOTO_SIDE) if data else None


@needs(Permission.REMITTANCE_DECLARE)
@prepared_by(_read_photo)
def declare() -> Answer:
    """Ask for the deposit slip; posted, show it once more in full before the cash leaves the drawer."""
    outlet = _outlet()
    held = drawer_of(outlet, today())
    form = RemittanceForm()
    if request.method == "GET":
        form.outlet.data, form.deposited_on.data = outlet.code, today()
        form.amount.data = held.cash_held_fen or None
        return _declare_page(form, outlet)
    wrong = not form.validate()
    try:
        _keep_photo(form)
        if wrong:
            return _declare_page(form, outlet), 422
        if "again" in request.form:
            return _declare_page(form, outlet)
        require_remittance(_new_remittance(form, outlet), held.cash_held_fen, today())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _declare_page(form, outlet), refusal.status
    return render_template("settlement/declare_check.html", form=form, outlet=outlet, drawer=held)


def _keep_photo(form: RemittanceForm) -> None:
    """Store the photo that was sent now and let the form hold it; what was typed stays, whatever the photo is.

    Raises:
        Invalid: as ``clean_jpeg``.
    """
    jpeg = prepared()
    if jpeg is not None:
        form.photo_token.data = photo_token(SLIP_PHOTO, viewer().user_id, files.put(jpeg, PHOTO_SUFFIX))


def _held_photo(form: RemittanceForm) -> str | None:
    """Return the hash of the photo the form holds.

    Raises:
        Invalid: ``photo_lost`` if it says that it holds one and does not.
    """
    token = form.photo_token.data
    sha256 = photo_from_token(SLIP_PHOTO, viewer().user_id, token)
    if token and sha256 is None:
        form.photo_token.data = ""
        raise Invalid("photo_lost", "照片没有带过来，请重新拍一张", field="photo")
    return sha256


def _new_remittance(form: RemittanceForm, outlet: Outlet) -> NewRemittance:
    return NewRemittance(
        id=UUID(str(form.id.data)),
        outlet_code=outlet.code,
        slip_no=str(form.slip_no.data),
        amount_fen=form.amount.data or 0,
        deposited_on=form.deposited_on.data,
        photo_sha256=_held_photo(form),
    )


def _declare_page(form: RemittanceForm, outlet: Outlet) -> str:
    return render_template("settlement/declare.html", form=form, outlet=outlet, drawer=drawer_of(outlet, today()))


@needs(Permission.REMITTANCE_DECLARE)
def declare_record() -> Answer:
    """Declare the deposit; the same page sent twice is one deposit."""
    outlet = _outlet()
    form = RemittanceForm()
    if not form.validate():
        return _declare_page(form, outlet), 422
    try:
        new = _new_remittance(form, outlet)
        declare_remittance(new, viewer())
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _declare_page(form, outlet), refusal.status
    tell(_("已报交款 %(amount)s，等待财务确认到账", amount=money_text(new.amount_fen)))
    return redirect(url_for(".remittance", id_=new.id), 303)
