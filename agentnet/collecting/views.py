"""The counter: household number, amount and tender, confirm. Each page works without script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from flask import current_app, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from agentnet.collecting import queries
from agentnet.collecting.actions import NewCollection, Verdict, record_collections
from agentnet.collecting.forms import ConfirmForm, NumberForm, TakeForm
from agentnet.collecting.models import Household
from agentnet.collecting.rules import CASH, change_due, due_total
from agentnet.collecting.words import ROOM_WORDS, Notice
from agentnet.core.clock import now, today
from agentnet.core.errors import Invalid, Refusal
from agentnet.core.ids import parse_id
from agentnet.infra.forms import show_refusal
from agentnet.infra.i18n import in_english, money_text
from agentnet.infra.pages import typed_text
from agentnet.infra.templating import tell
from agentnet.outlets.models import Outlet
from agentnet.outlets.queries import outlet_for, outlet_shown
from agentnet.outlets.rules import TenderCode
from agentnet.users.guard import needs, viewer
from agentnet.users.permissions import Permission

T = TypeVar("T")
Answer = Response | str | tuple[str, int]


def chosen_outlet(code: str | None) -> Outlet:
    """Return the outlet named, or the viewer's only one.

    Raises:
        Missing: ``outlet_missing``. Invalid: ``outlet_not_chosen`` if there are several and none is named.
    """
    if code:
        return outlet_for(viewer(), code, Permission.COLLECTION_RECORD)
    return _only_one(queries.own_outlets(viewer()))


def chosen_shown(code: str | None) -> Any:
    """Return the outlet ``chosen_outlet`` would, as its columns: enough for a page that only shows it.

    Raises:
        Missing: ``outlet_missing``. Invalid: ``outlet_not_chosen``.
    """
    if code:
        return outlet_shown(viewer(), code, Permission.COLLECTION_RECORD)
    return _only_one(queries.own_shown(viewer()))


def _only_one(own: Sequence[T]) -> T:
    if len(own) != 1:
        raise Invalid("outlet_not_chosen", "请先选择在哪个网点收费", field="outlet")
    return own[0]


@needs(Permission.COLLECTION_RECORD)
def start() -> Answer:
    """Ask for the household number; show the outlet's day so far and the cash it holds."""
    own = queries.own_outlets(viewer())
    code = typed_text(request.args, "outlet", 32)
    outlet = chosen_outlet(code) if code or len(own) == 1 else None
    form = NumberForm(request.args)
    status = 200
    if "household_no" in request.args and outlet is not None:
        if form.validate():
            try:
                found = queries.household_by_no(str(form.household_no.data))
                several = outlet.code if len(own) > 1 else None
                return redirect(url_for(".take", household_no=found.household_no, outlet=several), 303)
            except Refusal as refusal:
                show_refusal(form, refusal)
        status = 422
    page = render_template(
        "collecting/start.html",
        form=form,
        outlet=outlet,
        own=own,
        total=queries.total_since(outlet.id, today()) if outlet else None,
        notices=_notices(outlet) if outlet else [],
        parts=_parts(outlet) if outlet else [],
        **_drawer(outlet),
    )
    return page, status


def _notices(outlet: Outlet) -> list[Notice]:
    """Return what other features must tell this outlet's keeper."""
    return [notice for ask in current_app.extensions["agentnet.counter_notices"] for notice in ask(outlet)]


def _parts(outlet: Outlet) -> list[tuple[str, Mapping[str, Any]]]:
    """Return what features above show below the counter (``agentnet.counter_parts``): a template and its values."""
    return [part(outlet) for part in current_app.extensions["agentnet.counter_parts"]]


def _drawer(outlet: Outlet | None) -> dict[str, object]:
    """Return what a page says about the money held: the figures, and a word once there is something to do."""
    if outlet is None:
        return {"drawer": None, "drawer_word": None}
    drawer = queries.drawer_of(outlet, today())
    return {"drawer": drawer, "drawer_word": ROOM_WORDS.get(drawer.word or "")}


def _tender_choices(outlet: Outlet) -> list[tuple[str, str]]:
    return [(each.code, each.name_en if in_english() else each.name) for each in queries.tenders_of(outlet)]


def _take_form(form_class: type[TakeForm], outlet: Outlet) -> TakeForm:
    form = form_class()
    form.tender.choices = _tender_choices(outlet)
    form.outlet.data = outlet.code
    return form


@needs(Permission.COLLECTION_RECORD)
def take(household_no: str) -> Answer:
    """Echo the household and its bills and ask for amount and tender; posted, show it all once more to confirm."""
    outlet = chosen_outlet(typed_text(request.values, "outlet", 32))
    household = queries.household_by_no(household_no)
    form = _take_form(TakeForm, outlet)
    if request.method == "GET":
        return _take_page(form, outlet, household, prefill=True)
    if not form.validate():
        return _take_page(form, outlet, household), 422
    try:
        _require_payment(form)
    except Refusal as refusal:
        show_refusal(form, refusal)
        return _take_page(form, outlet, household), refusal.status
    due_fen = due_total(queries.echo_of(household).bills)
    return _confirm_page(_take_form(ConfirmForm, outlet), outlet, household, due_fen)


def _require_payment(form: TakeForm) -> None:
    """Refuse before the confirm page what the posting would refuse after it."""
    if form.tender.data != CASH:
        form.cash_received.data = None
        tenders = queries.tenders_of(chosen_outlet(form.outlet.data))
        needing = {tender.code for tender in tenders if tender.needs_reference}
        if form.tender.data in needing and not form.reference.data:
            raise Invalid("reference_missing", "请填写 POS 小票上的参考号", field="reference")
    elif form.cash_received.data is not None:
        change_due(form.amount.data or 0, form.cash_received.data)


def _take_page(form: TakeForm, outlet: Outlet, household: Household, prefill: bool = False) -> str:
    echo = queries.echo_of(household)
    due_fen = due_total(echo.bills)
    if prefill:
        form.amount.data = max(due_fen - echo.advance_fen, 0) or None
        form.tender.data = CASH
    return render_template(
        "collecting/take.html", form=form, outlet=outlet, echo=echo, due_fen=due_fen, **_drawer(outlet)
    )


def _confirm_page(
    form: ConfirmForm | TakeForm, outlet: Outlet, household: Household, due_fen: int, asks: bool = False
) -> str:
    if form.tender.data != CASH:
        form.cash_received.data, form.cash_received.raw_data = None, None
    else:
        form.reference.data, form.reference.raw_data = None, None
    received = form.cash_received.data
    return render_template(
        "collecting/confirm.html",
        form=form,
        outlet=outlet,
        echo=queries.echo_of(household),
        due_fen=due_fen,
        tender_name=dict(form.tender.choices).get(form.tender.data, ""),
        change_fen=None if received is None else change_due(form.amount.data or 0, received),
        asks=asks,
    )


@needs(Permission.COLLECTION_RECORD)
def record(household_no: str) -> Answer:
    """Record the collection; the same page sent twice leads to the same receipt.

    Outlet, household and tender are looked up by the posting itself, and again only for a page that says why not.
    """
    form = ConfirmForm()
    form.tender.choices = [(code, code) for code in TenderCode]
    if not form.validate():
        return _not_recorded(None, form, household_no)
    is_cash = form.tender.data == CASH
    item = NewCollection(
        id=UUID(str(form.id.data)),
        outlet_code=form.outlet.data or chosen_outlet(None).code,
        household_no=household_no,
        tender=form.tender.data,
        amount_fen=form.amount.data or 0,
        collected_at=now(),
        cash_received_fen=form.cash_received.data if is_cash else None,
        reference=None if is_cash else form.reference.data or None,
        due_seen_fen=form.due_seen_fen.data,
        lookalike_confirmed=form.lookalike_confirmed.data,
    )
    verdict = record_collections([item], viewer())[0]
    if verdict.refusal is not None:
        return _not_recorded(verdict.refusal, form, household_no)
    _tell_recorded(verdict, item)
    return redirect(url_for(".receipt", receipt_no=verdict.receipt_no), 303)


def _tell_recorded(verdict: Verdict, item: NewCollection) -> None:
    if verdict.status == "exists":
        tell(_("这一笔刚才已经收过，没有重复入账"))
    else:
        tell(_("已收 %(amount)s", amount=money_text(item.amount_fen)))


def _not_recorded(refusal: Refusal | None, form: ConfirmForm, household_no: str) -> Answer:
    """Show why not, on the page where it can be put right."""
    outlet = chosen_outlet(form.outlet.data)
    household = queries.household_by_no(household_no)
    form.outlet.data = outlet.code
    form.tender.choices = _tender_choices(outlet)
    if refusal is None:
        return _take_page(form, outlet, household), 422
    if refusal.code == "look_alike":
        return _confirm_page(form, outlet, household, form.due_seen_fen.data or 0, asks=True), refusal.status
    show_refusal(form, refusal)
    return _take_page(form, outlet, household), refusal.status


@needs(Permission.COLLECTION_RECORD)
def status(id_: str) -> Response:
    """Say whether a collection whose answer was lost was recorded, and where its receipt is."""
    receipt_no = queries.own_receipt_no(viewer(), parse_id(id_))
    address = url_for(".receipt", receipt_no=receipt_no) if receipt_no else None
    return jsonify(recorded=receipt_no is not None, receipt=address)
